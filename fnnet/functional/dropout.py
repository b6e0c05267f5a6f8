"""Dropout: zeros at random, by element or by channel. The mask is drawn first, and is an input of the op."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape, sum_to
from fnnet._core.op import OPS, Op, Sample
from fnnet.autograd.modes import set_grad
from fnnet.autograd.tape import apply
from fnnet.functional._common import check_leaf, copy_into, dtype_of, need_number, need_tensor
from fnnet.functional.activation import in_place, need_float
from fnnet.functional.random_source import draw, storage_order

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

_SELU_FLOOR = 1.7580993408473766  # SELU's scale * alpha: minus its limit at minus infinity (Klambauer et al. 2017)


def _dropout_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, mask = c.inputs
    return (g * mask if c.needs[0] else None, sum_to(k, g * x, c.shapes[1]) if c.needs[1] else None)


DROPOUT = Op(
    "dropout", title="MulBackward0", forward=lambda k, x, mask: x * mask, backward=_dropout_backward, uses=((1,), (0,)),
    samples=lambda make: (
        Sample(make(3, 4), make(3, 4)), Sample(make(2, 3, 4), make(2, 3, 1)), Sample(make(0), make(0)),
    ),
)  # fmt: skip


def _idle(name: str, x: Tensor, p: float, training: bool) -> bool:
    """Check the arguments; whether there is nothing to do."""
    need_tensor(name, input=x)
    need_number(name, p=p)
    if not 0.0 <= p <= 1.0:
        raise OptionError(f"{name}: dropout probability has to be between 0 and 1, but got {p}")
    idle = not training or p == 0 or 0 in x._data.shape
    if not idle:
        need_float(name, x)
    return idle


def _drop(name: str, x: Tensor, p: float, training: bool, inplace: bool, shape: Shape | None) -> Tensor:
    """Multiply with a mask of `shape`; None: that of `x`, laid out as `x`."""
    if _idle(name, x, p, training):
        return x
    if inplace:
        check_leaf(DROPOUT, x)
    if p == 1:  # PyTorch draws nothing then
        mask = draw("dropout", (), dtype_of(x), x._device, p=1.0)
    elif shape is None:
        mask = draw("dropout", tuple(x._data.shape), dtype_of(x), x._device, order=storage_order(x), p=float(p))
    else:
        mask = draw("dropout", shape, dtype_of(x), x._device, p=float(p))
    return in_place(DROPOUT, x, mask) if inplace else cast("Tensor", apply(DROPOUT, x, mask))


def _alpha_drop(name: str, x: Tensor, p: float, training: bool, inplace: bool, shape: Shape | None) -> Tensor:
    """Set to SELU's lower limit, then scale and shift so that mean 0 and variance 1 stay."""
    if _idle(name, x, p, training):
        return x
    if inplace:
        check_leaf(DROPOUT, x)
    if p == 1:
        mask = draw("dropout", (), dtype_of(x), x._device, p=1.0)
        return in_place(DROPOUT, x, mask) if inplace else cast("Tensor", apply(DROPOUT, x, mask))
    order = storage_order(x) if shape is None else None
    size = tuple(x._data.shape) if shape is None else shape
    kept = draw("bernoulli", size, dtype_of(x), x._device, order=order, p=1.0 - p)
    a = 1.0 / math.sqrt((_SELU_FLOOR**2 * p + 1) * (1 - p))
    add, mul = OPS["add"], OPS["mul"]
    with set_grad(False):
        shift = apply(add, apply(mul, apply(add, kept, -1.0), _SELU_FLOOR * a), _SELU_FLOOR * a * p)
        mask = apply(mul, kept, a)
    r = apply(add, apply(DROPOUT, x, mask), shift)
    return copy_into(x, r) if inplace else cast("Tensor", r)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zero each element with probability `p`, and scale the others by `1 / (1 - p)`.

    Args:
        input: Any shape, floating-point.
        p: Probability of a zero, in [0, 1]. Default: 0.5.
        training: False: `input` itself is returned. Default: True.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself where nothing is to be dropped.

    Raises:
        OptionError: `p` is outside [0, 1].
        DTypeError: In training, `input` is not floating-point.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: By `input`, any order: the gradient is masked and scaled as `input` was.

    Source:
        N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting" (2014).

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.nn.functional.dropout(fnnet.ones(4))
        tensor([0., 0., 2., 0.])
    """
    return _drop("dropout", input, p, training, inplace, None)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for SELU networks: zeros become SELU's lower limit `-scale * alpha`; mean 0 and variance 1 are kept.

    Args:
        input: Any shape, floating-point.
        p: Probability of being dropped, in [0, 1]; 1 gives zeros. Default: 0.5.
        training: False: `input` itself is returned. Default: False.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself where nothing is to be dropped.

    Raises:
        OptionError: `p` is outside [0, 1].
        DTypeError: In training, `input` is not floating-point.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: By `input`, any order: what was dropped gets no gradient.

    Source:
        G. Klambauer et al., "Self-Normalizing Neural Networks" (2017).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.alpha_dropout(fnnet.ones(2))
        tensor([1., 1.])
    """
    return _alpha_drop("alpha_dropout", input, p, training, inplace, None)


def _per_channel(name: str, x: Tensor, batched: bool) -> Shape:
    """The shape of a mask of one value per channel."""
    shape = tuple(x._data.shape)
    lead = 2 if batched else 1
    if len(shape) < lead:
        raise ShapeError(f"{name}: Feature dropout requires at least 2 dimensions in the input, got {shape}")
    return (*shape[:lead], *(1,) * (len(shape) - lead))


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels.

    Args:
        input: `(N, C, L)` or `(C, L)`, floating-point.
        p: Probability of a zero, in [0, 1]. Default: 0.5.
        training: False: `input` itself is returned. Default: True.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself where nothing is to be dropped.

    Raises:
        OptionError: `p` is outside [0, 1].
        DTypeError: In training, `input` is not floating-point.
        ShapeError: `input` has another number of dims.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: By `input`, any order: the gradient is masked and scaled as `input` was.

    Source:
        J. Tompson et al., "Efficient Object Localization Using Convolutional Networks" (2014).

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.nn.functional.dropout1d(fnnet.ones(1, 3, 2))
        tensor([[[0., 0.],
                 [0., 0.],
                 [2., 2.]]])
    """
    _idle("dropout1d", input, p, training)
    n = input._data.ndim
    if n not in (2, 3):
        raise ShapeError(
            f"dropout1d: Expected 2D or 3D input, but received a {n}D input. Note that dropout1d exists to provide "
            "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch "
            "dimension (i.e. 2D or 3D inputs)."
        )
    return _drop("dropout1d", input, p, training, inplace, _per_channel("dropout1d", input, n == 3))


def _warn_dims(name: str, spatial: int, n: int) -> None:
    if n not in (spatial + 1, spatial + 2):
        warnings.warn(
            f"{name}: Received a {n}-D input to {name}, which is deprecated and will result in an error in a future "
            f"release. To retain the behavior and silence this warning, please use dropout instead. Note that {name} "
            f"exists to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel dimension, "
            f"and an optional batch dimension (i.e. {spatial + 1}D or {spatial + 2}D inputs).",
            UserWarning,
            stacklevel=3,
        )


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels.

    Args:
        input: `(N, C, H, W)`, floating-point; three dims are taken as `(N, C, L)`, with a warning, as PyTorch does.
        p: Probability of a zero, in [0, 1]. Default: 0.5.
        training: False: `input` itself is returned. Default: True.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself where nothing is to be dropped.

    Raises:
        OptionError: `p` is outside [0, 1].
        DTypeError: In training, `input` is not floating-point.
        ShapeError: `input` has fewer than two dims.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: By `input`, any order: the gradient is masked and scaled as `input` was.

    Source:
        J. Tompson et al., "Efficient Object Localization Using Convolutional Networks" (2014).

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.nn.functional.dropout2d(fnnet.ones(1, 3, 1, 2)).sum(3)
        tensor([[[0.],
                 [0.],
                 [4.]]])
    """
    _idle("dropout2d", input, p, training)
    n = input._data.ndim
    _warn_dims("dropout2d", 2, n)
    if n == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a "
            "future release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). "
            "To maintain the 1D "
            "channel-wise dropout behavior, please switch to using dropout1d instead.",
            UserWarning,
            stacklevel=2,
        )
    return _drop("dropout2d", input, p, training, inplace, _per_channel("dropout2d", input, True))


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels.

    Args:
        input: `(N, C, D, H, W)` or `(C, D, H, W)`, floating-point; other numbers of dims with a warning.
        p: Probability of a zero, in [0, 1]. Default: 0.5.
        training: False: `input` itself is returned. Default: True.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself where nothing is to be dropped.

    Raises:
        OptionError: `p` is outside [0, 1].
        DTypeError: In training, `input` is not floating-point.
        ShapeError: `input` is 0-d.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: By `input`, any order: the gradient is masked and scaled as `input` was.

    Source:
        J. Tompson et al., "Efficient Object Localization Using Convolutional Networks" (2014).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.dropout3d(fnnet.ones(1, 1, 1, 1, 1), training=False).shape
        fnnet.Size([1, 1, 1, 1, 1])
    """
    _idle("dropout3d", input, p, training)
    n = input._data.ndim
    _warn_dims("dropout3d", 3, n)
    return _drop("dropout3d", input, p, training, inplace, _per_channel("dropout3d", input, n == 5))


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels.

    Args:
        input: `(N, C, *)`, floating-point.
        p: Probability of being dropped, in [0, 1]; 1 gives zeros. Default: 0.5.
        training: False: `input` itself is returned. Default: False.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself where nothing is to be dropped.

    Raises:
        OptionError: `p` is outside [0, 1].
        DTypeError: In training, `input` is not floating-point.
        ShapeError: In training, `input` has fewer than two dims.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: By `input`, any order: what was dropped gets no gradient.

    Source:
        G. Klambauer et al., "Self-Normalizing Neural Networks" (2017).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.feature_alpha_dropout(fnnet.ones(1, 2))
        tensor([[1., 1.]])
    """
    if _idle("feature_alpha_dropout", input, p, training):
        return input
    shape = _per_channel("feature_alpha_dropout", input, True)
    return _alpha_drop("feature_alpha_dropout", input, p, training, inplace, shape)


__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]
