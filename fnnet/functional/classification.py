"""Losses of classifiers: negative log-likelihood and cross-entropy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, IndexRangeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import OPS, OUT, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.backends.dtypes import HALF
from fnnet.functional._common import _title, dtype_of, need_tensor, to_dtype
from fnnet.functional.activation import need_float
from fnnet.functional.checks import bounds, constant
from fnnet.functional.loss import reduce_all, reduction_of
from fnnet.functional.softmaxes import LOG_SOFTMAX

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# picking the target's class ------------------------------------------------------------------------------------------
def _places(k: K[A], shape: Shape, target: A) -> A:
    """Where the target's class stands in the flattened `(N, C, *)`."""
    inner = math.prod(shape[2:])
    flat = k.reshape(target, shape=(shape[0], inner)) * inner
    flat = flat + k.reshape(k.arange(shape[0]), shape=(shape[0], 1)) * (shape[1] * inner)
    if inner != 1:
        flat = flat + k.arange(inner)
    return k.reshape(flat, shape=(shape[0] * inner,))


def _rows(k: K[A], target: A, weight: A | None, ignore_index: int, dtype: Any) -> tuple[A, A, A]:
    """Which targets count, those as indices (others as 0), and the weight of each (others 0)."""
    counts = k.ne(target, ignore_index)
    index = k.where(counts, target, 0)
    if weight is None:
        return counts, index, k.cast(counts, dtype=dtype)
    return counts, index, k.where(counts, k.take(weight, index), 0)


def flattened(k: K[A], x: A) -> A:
    """`x` as a vector."""
    return k.reshape(x, shape=(math.prod(x.shape),))


def _picked(k: K[A], x: A, places: A, shape: Shape) -> A:
    return k.reshape(k.take(flattened(k, x), places), shape=shape)


def _total(k: K[A], x: A) -> A:
    return k.sum(x, dim=tuple(range(x.ndim)))


def _reduced(k: K[A], loss: A, weights: A, reduction: str) -> A:
    if reduction == "none":
        return loss
    return _total(k, loss) if reduction == "sum" else _total(k, loss) / _total(k, weights)


# nll_loss ------------------------------------------------------------------------------------------------------------
def _nll_forward(k: K[A], x: A, target: A, weight: A | None, *, reduction: str, ignore_index: int) -> A:
    counts, index, w = _rows(k, target, weight, ignore_index, x.dtype)
    if 0 in x.shape:
        return _reduced(k, w, w, reduction)
    loss = k.where(counts, -(_picked(k, x, _places(k, x.shape, index), target.shape) * w), 0)
    return _reduced(k, loss, w, reduction)


def _nll_backward(k: K[A], c: Call[A], g: A) -> Grads:
    (_, target, weight), shape = c.inputs, c.shapes[0]
    dx = k.full((math.prod(shape),), 0, dtype=g.dtype)
    if 0 not in shape:
        counts, index, w = _rows(k, target, weight, c.static["ignore_index"], g.dtype)
        # Where all targets are ignored the mean is NaN, and its gradient 0.
        value = k.where(counts, g * (w / _total(k, w) if c.static["reduction"] == "mean" else w), 0)
        dx = k.index_set(dx, _places(k, shape, index), -k.reshape(value, shape=(-1,)))
    return k.reshape(dx, shape=shape), None, None


def _class_samples(make: Make, **more: Any) -> Any:
    for shape in ((3, 4), (2, 3, 2), (2, 3, 2, 2)):
        target = make(shape[0], *shape[2:], low=0, high=shape[1], dtype=dtypes.int64)
        for reduction in ("mean", "sum", "none"):
            yield Sample(make(*shape), target, None, reduction=reduction, ignore_index=-100, **more)
        yield Sample(make(*shape), target, make(shape[1], low=0.5, high=2), reduction="mean", ignore_index=-100, **more)
        yield Sample(make(*shape), target, None, reduction="sum", ignore_index=1, **more)


def _nll_title(node: Any) -> str:
    """PyTorch has a node of its own for images, as which it sees other inputs of more dims than two."""
    dims = len(node.shapes[0])
    if node.static["reduction"] == "none" and dims not in (2, 4):
        return "ViewBackward0"
    return "NllLoss2DBackward0" if dims > 2 else "NllLossBackward0"


NLL_LOSS = Op(
    "nll_loss", title=_nll_title,
    forward=_nll_forward, backward=_nll_backward, uses=((1, 2), (), ()), onnx="NegativeLogLikelihoodLoss",
    real=True, samples=_class_samples,
)  # fmt: skip


# cross_entropy with class indices ------------------------------------------------------------------------------------
def _cross_entropy_forward(
    k: K[A], x: A, target: A, weight: A | None, *, reduction: str, ignore_index: int, label_smoothing: float
) -> tuple[A, A]:
    """The loss, and log(sum(exp(x))) over the classes: with it, the softmax is an exponential away."""
    counts, index, w = _rows(k, target, weight, ignore_index, x.dtype)
    if 0 in x.shape:
        return _reduced(k, w, w, reduction), k.full((x.shape[0], 1, *x.shape[2:]), 0, dtype=x.dtype)
    top = k.amax(x, dim=(1,), keepdim=True)
    below = x - top
    lse = k.log(k.sum(k.exp(below), dim=(1,), keepdim=True))
    log_sum = k.reshape(lse, shape=target.shape)
    loss = (log_sum - _picked(k, below, _places(k, x.shape, index), target.shape)) * w
    if label_smoothing:
        n = x.shape[1]
        if weight is None:
            smooth = log_sum * n - k.sum(below, dim=(1,))
        else:
            column = k.reshape(weight, shape=(n, *(1,) * (x.ndim - 2)))
            smooth = log_sum * k.sum(weight, dim=(0,)) - k.sum(below * column, dim=(1,))
        loss = loss * (1 - label_smoothing) + smooth * (label_smoothing / n)
    return _reduced(k, k.where(counts, loss, 0), w, reduction), lse + top


def _cross_entropy_backward(k: K[A], c: Call[A], grads: tuple[A | None, ...]) -> Grads:
    """softmax(x) - the target's distribution, times the weight of each row."""
    (g, g_lse), (x, target, weight), shape = grads, c.inputs, c.shapes[0]
    if 0 in shape:
        return x * 0, None, None
    outs: Any = c.out
    softmax = k.exp(x - outs[1])
    if g is None:
        return softmax * g_lse, None, None
    s = c.static["label_smoothing"]
    counts, index, w = _rows(k, target, weight, c.static["ignore_index"], x.dtype)
    if c.static["reduction"] == "mean":
        g = g / _total(k, w)
    value = k.where(counts, g * w * (1 - s) if s else g * w, 0)
    column = (shape[0], 1, *shape[2:])
    factor = k.reshape(value, shape=column)
    even = None
    if s:
        even = k.reshape(k.where(counts, g * (s / shape[1]), 0), shape=column)
        if weight is not None:
            even = even * k.reshape(weight, shape=(shape[1], *(1,) * (len(shape) - 2)))
        factor = factor + (even * shape[1] if weight is None else k.sum(even, dim=(1,), keepdim=True))
    dx = softmax * (factor if g_lse is None else factor + g_lse)
    if even is not None:
        dx = dx - even
    flat, places = k.reshape(dx, shape=(-1,)), _places(k, shape, index)
    flat = k.index_set(flat, places, k.take(flat, places) - k.reshape(value, shape=(-1,)))
    return k.reshape(flat, shape=shape), None, None


def _cross_entropy_samples(make: Make) -> Any:
    yield from _class_samples(make, label_smoothing=0.0)
    yield from _class_samples(make, label_smoothing=0.3)


CROSS_ENTROPY = Op(
    "cross_entropy", title=_nll_title, forward=_cross_entropy_forward, backward=_cross_entropy_backward,
    uses=((0, 1, 2, OUT), (), ()), n_out=2, keeps=(1,), onnx="SoftmaxCrossEntropyLoss", real=True,
    samples=_cross_entropy_samples,
)  # fmt: skip


# public --------------------------------------------------------------------------------------------------------------
def _checked(name: str, x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> tuple[Any, Any, Shape]:
    """Input and target as `(N, C, *)` and `(N, *)`, and the target's own shape."""
    need_float(name, x)
    need_tensor(name, target=target)
    constant(name, weight=weight)
    shape, given = tuple(x._data.shape), tuple(target._data.shape)
    if not shape:
        raise ShapeError(f"{name}: Expected 1 or more dimensions (got 0)")
    if dtype_of(target).name not in ("int64", "uint8"):
        raise DTypeError(f"{name}: expected target dtype to be Long or Byte, but got {_title(dtype_of(target))}")
    classes = shape[1] if len(shape) > 1 else shape[0]
    if len(shape) == 1:
        if given not in ((), (1,)):
            raise ShapeError(f"{name}: for 1D input, 0D or 1-element target expected, got {given}")
        expected: Shape = (1,)
    else:
        expected = (shape[0], *shape[2:])
        if given[:1] != expected[:1]:
            raise ShapeError(
                f"{name}: Expected input batch_size ({shape[0]}) to match target batch_size "
                f"({given[0] if given else 'none'}). (input: {shape}, target: {given})"
            )
        if given != expected:
            raise ShapeError(f"{name}: Expected target size {list(expected)}, got {list(given)} (input: {shape})")
    if weight is not None:
        if tuple(weight._data.shape) != (classes,):
            raise ShapeError(
                f"{name}: weight tensor should be defined either for all {classes} classes or no classes but got "
                f"weight tensor of shape: {list(weight._data.shape)}"
            )
        if dtype_of(weight) is not dtype_of(x):
            raise DTypeError(
                f"{name}: expected scalar type {_title(dtype_of(x))} but found {_title(dtype_of(weight))} (weight)"
            )
    found = bounds(target)
    if found is not None and (found[0] < 0 or found[1] >= classes):
        _refuse(name, target, classes, ignore_index)
    if dtype_of(target) is not dtypes.int64:
        target = to_dtype(target, dtypes.int64)
    if len(shape) == 1:
        x = apply(OPS["reshape"], x, shape=(1, classes))
        target = apply(OPS["reshape"], target, shape=(1,))
    return x, target, given


def _refuse(name: str, target: Tensor, classes: int, ignore_index: int) -> None:
    """Raise for the first target that is neither a class nor ignored."""
    k = target._device.backend
    raw = target._data
    wrong = k.logical_and(k.ne(raw, ignore_index), k.logical_or(k.lt(raw, 0), k.ge(raw, classes)))
    flat = k.reshape(wrong, shape=(-1,))
    first = int(k.argmax(flat, dim=0))
    if bool(flat[first]):
        wrong_class = int(k.reshape(raw, shape=(-1,))[first])
        raise IndexRangeError(
            f"{name}: Target {wrong_class} is out of bounds. Expected 0 to {classes - 1} ({classes} classes), or "
            f"ignore_index={ignore_index}"
        )


def _wide(x: Tensor, weight: Tensor | None) -> tuple[Any, Any]:
    """Half types as float32, so that sums stay in float32."""
    if dtype_of(x) not in HALF:
        return x, weight
    return to_dtype(x, dtypes.float32), weight if weight is None else to_dtype(weight, dtypes.float32)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`-weight[target] * input[target]`: the negative log-likelihood of the targets.

    Args:
        input: Log-probabilities `(N, C)`, `(N, C, *)` or `(C,)`, floating point.
        target: Classes `(N)`, `(N, *)` or 0-d, int64 or uint8, in [0, C) or `ignore_index`.
        weight: `(C,)`, of each class, `input`'s dtype. Default: ones.
        size_average: Deprecated, see `reduction`.
        ignore_index: Targets that count for nothing. Default: -100.
        reduce: Deprecated, see `reduction`.
        reduction: "none", "sum", or "mean": the sum over the sum of the targets' weights. Default: "mean".

    Returns:
        0-d, or the target's shape with `reduction="none"`; `input`'s dtype. The mean of no targets is NaN.

    Raises:
        IndexRangeError: A target is out of bounds.
        ShapeError: Shapes do not fit together.
        DTypeError: `input` is not floating-point, `target` neither int64 nor uint8, or `weight` of another dtype.
        OptionError: `reduction` is none of these.
        AutogradError: `weight` requires grad.

    Differentiable: In `input`, any order; zero where all targets are ignored.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.nll_loss(fnnet.tensor([[-1.0, -2.0], [-3.0, -4.0]]), fnnet.tensor([0, 1]))
        tensor(2.5000)
    """
    reduction = reduction_of("nll_loss", reduction, size_average, reduce)
    x, t, given = _checked("nll_loss", input, target, weight, ignore_index)
    x, w = _wide(x, weight)
    loss = to_dtype(apply(NLL_LOSS, x, t, w, reduction=reduction, ignore_index=int(ignore_index)), dtype_of(input))
    return _shaped(loss, reduction, given)


def _shaped(loss: Tensor, reduction: str, given: Shape) -> Tensor:
    if reduction != "none" or tuple(loss._data.shape) == given:
        return loss
    return entitle(cast("Tensor", apply(OPS["reshape"], loss, shape=given)), "NllLossBackward0")


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """`-sum over classes of q log(softmax(input))`, where q is the target's distribution.

    Args:
        input: Unnormalised log-probabilities `(N, C)`, `(N, C, *)` or `(C,)`, floating point.
        target: Classes `(N)`, `(N, *)` or 0-d, int64 or uint8, in [0, C) or `ignore_index`; or probabilities of
            input's shape, floating point.
        weight: `(C,)`, of each class, with class indices of input's dtype. Default: ones.
        size_average: Deprecated, see `reduction`.
        ignore_index: Class indices that count for nothing. Default: -100.
        reduce: Deprecated, see `reduction`.
        reduction: "none", "sum", or "mean": the sum over the sum of the targets' weights (probabilities: over their
            number). Default: "mean".
        label_smoothing: Share of the uniform distribution in q, in [0, 1]. Default: 0.

    Returns:
        0-d, or with `reduction="none"` the shape of class indices, `(N)`, `(N, *)` or 0-d; `input`'s dtype, promoted
        with that of probabilities. The mean of no targets is NaN.

    Raises:
        IndexRangeError: A target is out of bounds.
        ShapeError: Shapes do not fit together.
        DTypeError: `input` or probabilities are not floating-point, class indices neither int64 nor uint8, or `weight`
            of another dtype.
        OptionError: `label_smoothing` or `reduction` is none of these, or `ignore_index` is not negative with
            probabilities.
        AutogradError: `weight` requires grad, and the target is given by class indices.

    Differentiable: In `input`, any order; in probabilities and, with them, in `weight` too.

    Source:
        Label smoothing: C. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision" (2015).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.cross_entropy(fnnet.tensor([[0.0, 0.0], [0.0, 100.0]]), fnnet.tensor([0, 1]))
        tensor(0.3466)
    """
    reduction = reduction_of("cross_entropy", reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise OptionError(f"cross_entropy: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    need_float("cross_entropy", input)
    need_tensor("cross_entropy", target=target)
    if weight is not None:
        need_tensor("cross_entropy", weight=weight)
    if input._data.shape == target._data.shape and input._data.ndim:
        return _soft_cross_entropy(input, target, weight, ignore_index, reduction, float(label_smoothing))
    x, t, given = _checked("cross_entropy", input, target, weight, ignore_index)
    x, w = _wide(x, weight)
    loss = apply(
        CROSS_ENTROPY, x, t, w, reduction=reduction, ignore_index=int(ignore_index),
        label_smoothing=float(label_smoothing),
    )[0]  # fmt: skip
    return _shaped(to_dtype(loss, dtype_of(input)), reduction, given)


def _soft_cross_entropy(
    x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, label_smoothing: float
) -> Tensor:
    """With class probabilities: every factor is differentiable."""
    if dtype_of(target).category != 2:
        raise DTypeError(
            "cross_entropy: Expected floating point type for target with class probabilities, got "
            f"{_title(dtype_of(target))}"
        )
    if ignore_index >= 0:
        raise OptionError("cross_entropy: ignore_index is not supported for floating point target")
    mul, add = OPS["mul"], OPS["add"]
    shape = tuple(x._data.shape)
    dim = 1 if len(shape) > 1 else 0
    if weight is not None and tuple(weight._data.shape) != (shape[dim],):
        raise ShapeError(
            f"cross_entropy: weight tensor should be defined either for all {shape[dim]} classes or no classes but got "
            f"weight tensor of shape: {list(weight._data.shape)}"
        )
    if label_smoothing:
        target = apply(add, apply(mul, target, 1 - label_smoothing), label_smoothing / shape[dim])
    loss = -(apply(LOG_SOFTMAX, x, dim=dim) * target)
    if weight is not None:
        loss = loss * apply(OPS["reshape"], weight, shape=(shape[dim], *(1,) * (len(shape) - 1 - dim)))
    if reduction == "none":
        return entitle(cast("Tensor", apply(OPS["sum"], loss, dim=(dim,))), "NegBackward0")
    total = reduce_all(loss, "sum")
    if reduction == "sum":
        return entitle(total, "NegBackward0")
    mean: Tensor = total / (math.prod(shape) // shape[dim])
    return entitle(mean, "DivBackward1")


__all__ = ["cross_entropy", "nll_loss"]
