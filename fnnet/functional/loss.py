"""Losses of the difference between an input and a target of its shape; how all losses are reduced.

Several tensors that a function unpacks are `Any`, and so are nodes of the graph below.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import OPS, Make, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.functional._common import (
    _title,
    broadcast_shape,
    dtype_of,
    need_tensor,
    refuse_dtype,
    result_dtype,
    to_dtype,
)

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

REDUCTIONS = ("none", "mean", "sum")


# reductions ----------------------------------------------------------------------------------------------------------
def reduction_of(name: str, reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """The reduction that was asked for, in the deprecated way too.

    Raises:
        OptionError: There is none of this name.
    """
    if size_average is not None or reduce is not None:
        average, reduced = size_average is not False, reduce is not False
        reduction = ("mean" if average else "sum") if reduced else "none"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            UserWarning,
            stacklevel=3,
        )
    if reduction == "elementwise_mean":
        warnings.warn(
            "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.",
            UserWarning,
            stacklevel=3,
        )
        return "mean"
    if reduction not in REDUCTIONS:
        raise OptionError(
            f"{name}: {reduction} is not a valid value for reduction, expected one of {', '.join(REDUCTIONS)}"
        )
    return reduction


def reduced(k: K[A], loss: A, reduction: str) -> A:
    """The loss of each element, their sum or their mean."""
    if reduction == "none":
        return loss
    total = k.sum(loss, dim=tuple(range(loss.ndim)))
    return total if reduction == "sum" else total / math.prod(loss.shape)


def each(g: A, shape: Shape, reduction: str) -> A:
    """The gradient of each element's loss, from that of their reduction."""
    return g / max(math.prod(shape), 1) if reduction == "mean" else g


def reduce_all(loss: Tensor, reduction: str) -> Tensor:
    """`reduced` for tensors."""
    if reduction == "none":
        return loss
    total = apply(OPS["sum"], loss, dim=tuple(range(loss._data.ndim)))
    return cast("Tensor", total if reduction == "sum" else total / math.prod(loss._data.shape))


def reduce_composed(loss: Tensor, reduction: str) -> Tensor:
    """`reduced` for tensors, by the functions `mean` and `sum`: how PyTorch ends the losses that it composes."""
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


def reduction_title(last: str) -> Callable[[Any], str]:
    """The title of a loss that ends in the op `last` and its reduction."""
    ends = {"none": f"{last}Backward0", "mean": "MeanBackward0", "sum": "SumBackward0"}
    return lambda node: ends[node.static["reduction"]]


# losses of a difference ----------------------------------------------------------------------------------------------
def _of_difference(
    name: str,
    last: str | None,  # PyTorch's last step before the reduction, where it has no node for the whole
    loss: Callable[..., Any],  # rules are generic in the namespace: no single signature
    slope: Callable[..., Any],
    *,
    smooth: bool = True,
    **static: Any,  # numbers; Sample has keywords of other types
) -> Op:
    """An op of `input - target`: `loss(k, d, **static)`, whose derivative is `slope(k, d, **static)`."""

    def forward(k: Any, x: Any, target: Any, *, reduction: str, **more: float) -> Any:
        return reduced(k, loss(k, x - target, **more), reduction)

    def backward(k: Any, c: Call[Any], g: Any) -> Grads:
        x, target = c.inputs
        more = {name: value for name, value in c.static.items() if name != "reduction"}
        dx = slope(k, x - target, **more) * each(g, x.shape, c.static["reduction"])
        return (dx if c.needs[0] else None, -dx if c.needs[1] else None)

    def samples(make: Make) -> Any:
        for reduction in REDUCTIONS:
            # The distance is between 0.1 and 0.4, or beyond 1: away from 0 and from knots at 0.5 and 1.
            yield Sample(make(2, 3, low=0.1, high=0.4), make(2, 3, low=-0.0, high=0.0), reduction=reduction, **static)
            yield Sample(make(3, low=1.2, high=2), make(3, low=-1, high=0), reduction=reduction, **static)
        yield Sample(make(low=0.2, high=0.3), make(low=0.0, high=0.0), reduction="mean", **static)
        yield Sample(make(0, 2), make(0, 2), reduction="sum", **static)

    title = None if last is None else reduction_title(last)
    return Op(name, title=title, forward=forward, backward=backward, uses=((0, 1),), samples=samples)


MSE_LOSS = _of_difference("mse_loss", None, lambda k, d: d * d, lambda k, d: d * 2)
L1_LOSS = _of_difference("l1_loss", "Abs", lambda k, d: k.abs(d), lambda k, d: k.sign(d))
SMOOTH_L1_LOSS = _of_difference(
    "smooth_l1_loss",
    None,
    lambda k, d, *, beta: k.where(k.lt(k.abs(d), beta), d * d * (0.5 / beta), k.abs(d) - 0.5 * beta),
    lambda k, d, *, beta: k.where(k.ge(k.abs(d), beta), k.sign(d), d / beta),
    beta=1.0,
)
HUBER_LOSS = _of_difference(
    "huber_loss",
    None,
    lambda k, d, *, delta: k.where(k.le(k.abs(d), delta), d * d * 0.5, (k.abs(d) - 0.5 * delta) * delta),
    lambda k, d, *, delta: k.where(k.ge(k.abs(d), delta), k.sign(d) * delta, d),
    delta=1.0,
)


def _pair(name: str, input: Tensor, target: Tensor, stacklevel: int = 3) -> tuple[Any, Any]:
    """Input and target, broadcast and promoted; a warning where shapes differ."""
    need_tensor(name, input=input, target=target)
    a, b = tuple(input._data.shape), tuple(target._data.shape)
    if a != b:
        warnings.warn(
            f"{name}: Using a target size ({target.size()}) that is different to the input size ({input.size()}). This "
            "will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=stacklevel,
        )
        shape = broadcast_shape(name, a, b)
        input, target = expanded(shape, input, target)
    x, t = promoted(name, input, target)
    return x, t


def expanded(shape: Shape, *ts: Tensor) -> tuple[Any, ...]:
    """All in one shape."""
    return tuple(t if tuple(t._data.shape) == shape else apply(OPS["expand"], t, shape=shape) for t in ts)


def promoted(name: str, *ts: Tensor) -> Any:
    """All in their common dtype, which has to be floating-point or complex."""
    dtype = result_dtype(*ts)
    if dtype.category < 2:
        raise UnsupportedDTypeError(
            f"{name}: \"{name}\" not implemented for '{_title(dtype)}', expected a floating dtype"
        )
    return tuple(to_dtype(t, dtype) for t in ts)


def _weighted(
    name: str, op: Op, x: Any, target: Any, weight: Tensor, reduction: str, divide: bool, **static: float
) -> Any:
    """The losses times `weight`; the mean is over its sum where `divide`, else over their number."""
    need_tensor(name, weight=weight)
    if tuple(weight._data.shape) != tuple(x._data.shape):
        raise ShapeError(
            f"{name}: Weights and input must have the same size, got {tuple(weight._data.shape)} and "
            f"{tuple(x._data.shape)}."
        )
    loss = apply(op, x, target, reduction="none", **static) * weight
    if reduction == "mean" and divide:
        return reduce_all(loss, "sum") / reduce_all(weight, "sum")
    return reduce_all(loss, reduction)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """`(input - target)^2`: the squared error.

    Args:
        input: Any shape `(*)`, floating-point.
        target: `(*)`; other shapes are broadcast, with a warning, and dtypes promoted.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".
        weight: `(*)`, multiplied; the mean is then over its sum. Default: None, ones.

    Returns:
        `(*)` with "none", else 0-d; of the common dtype. The mean of no elements is NaN.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: The shapes do not broadcast, or `weight` is not of their shape.
        DTypeError: Neither `input` nor `target` is floating-point, or one is complex.

    Differentiable: Everywhere, any order, by `input`, `target` and `weight`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.mse_loss(fnnet.tensor([1.0, 2.0]), fnnet.tensor([1.0, 4.0]))
        tensor(2.)
    """
    reduction = reduction_of("mse_loss", reduction, size_average, reduce)
    x, t = _pair("mse_loss", input, target)
    refuse_dtype("mse_loss", dtype_of(x), 3)
    if weight is not None:
        return cast("Tensor", _weighted("mse_loss", MSE_LOSS, x, t, weight, reduction, True))
    return cast("Tensor", apply(MSE_LOSS, x, t, reduction=reduction))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """`|input - target|`: the absolute error.

    Args:
        input: Any shape `(*)`, floating-point or complex.
        target: `(*)`; other shapes are broadcast, with a warning, and dtypes promoted.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".
        weight: `(*)`, multiplied; the mean is then over its sum. Default: None, ones.

    Returns:
        `(*)` with "none", else 0-d; of the common dtype, real. The mean of no elements is NaN.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: The shapes do not broadcast, or `weight` is not of their shape.
        DTypeError: Neither `input` nor `target` is floating-point or complex.

    Differentiable: Everywhere, any order, by `input`, `target` and `weight`; 0 where `input` and `target` are equal.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.l1_loss(fnnet.tensor([1.0, 2.0]), fnnet.tensor([1.0, 4.0]))
        tensor(1.)
    """
    reduction = reduction_of("l1_loss", reduction, size_average, reduce)
    x, t = _pair("l1_loss", input, target)
    if weight is not None:
        return cast("Tensor", _weighted("l1_loss", L1_LOSS, x, t, weight, reduction, True))
    return cast("Tensor", apply(L1_LOSS, x, t, reduction=reduction))


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """`d^2 / (2 beta)` where `d = |input - target| < beta`, else `d - beta / 2`.

    Args:
        input: Any shape `(*)`, floating-point.
        target: `(*)`; other shapes are broadcast, with a warning, and dtypes promoted.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".
        beta: Where the parabola ends, at least 0; with 0 it is `l1_loss`. Default: 1.

    Returns:
        `(*)` with "none", else 0-d; of the common dtype. The mean of no elements is NaN.

    Raises:
        OptionError: `beta` is negative, or `reduction` is none of these.
        ShapeError: The shapes do not broadcast.
        DTypeError: Neither `input` nor `target` is floating-point, or one is complex.

    Differentiable:
        Everywhere, any order, by `input` and `target`; the second derivative at `beta` is 0.

    Source:
        R. Girshick, "Fast R-CNN" (2015).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.smooth_l1_loss(fnnet.tensor([0.0, 3.0]), fnnet.tensor([1.0, 0.0]), reduction="none")
        tensor([0.5000, 2.5000])
    """
    reduction = reduction_of("smooth_l1_loss", reduction, size_average, reduce)
    x, t = _pair("smooth_l1_loss", input, target)
    refuse_dtype("smooth_l1_loss", dtype_of(x), 3)
    if beta < 0:
        raise OptionError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    if beta == 0:
        return cast("Tensor", apply(L1_LOSS, x, t, reduction=reduction))
    return cast("Tensor", apply(SMOOTH_L1_LOSS, x, t, reduction=reduction, beta=float(beta)))


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """`d^2 / 2` where `d = |input - target| <= delta`, else `delta * (d - delta / 2)`.

    Args:
        input: Any shape `(*)`, floating-point.
        target: `(*)`; other shapes are broadcast, with a warning, and dtypes promoted.
        reduction: "none", "sum" or "mean". Default: "mean".
        delta: Where the parabola ends, more than 0. Default: 1.
        weight: `(*)`, multiplied; the mean is over the number of elements all the same. Default: None, ones.

    Returns:
        `(*)` with "none", else 0-d; of the common dtype. The mean of no elements is NaN.

    Raises:
        OptionError: `delta` is not positive, or `reduction` is none of these.
        ShapeError: The shapes do not broadcast, or `weight` is not of their shape.
        DTypeError: Neither `input` nor `target` is floating-point, or one is complex.

    Differentiable:
        Everywhere, any order, by `input`, `target`, `weight`; the second derivative at `delta` is 0.

    Source:
        P. J. Huber, "Robust Estimation of a Location Parameter" (1964).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.huber_loss(fnnet.tensor([0.0, 3.0]), fnnet.tensor([1.0, 0.0]), "none", 2.0)
        tensor([0.5000, 4.0000])
    """
    reduction = reduction_of("huber_loss", reduction)
    x, t = _pair("huber_loss", input, target)
    refuse_dtype("huber_loss", dtype_of(x), 3)
    if delta <= 0:
        raise OptionError(f"huber_loss does not support non-positive values for delta, got {delta}")
    if weight is not None:
        return cast("Tensor", _weighted("huber_loss", HUBER_LOSS, x, t, weight, reduction, False, delta=float(delta)))
    return cast("Tensor", apply(HUBER_LOSS, x, t, reduction=reduction, delta=float(delta)))


__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]
