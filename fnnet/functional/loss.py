"""Losses between an input and a target of its shape: regression, probabilities, divergences."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import OPS, Make, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.functional._common import _title, broadcast_shape, dtype_of, need_tensor, result_dtype, to_dtype
from fnnet.functional.checks import bounds, constant

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

REDUCTIONS = ("none", "mean", "sum")


# reductions ----------------------------------------------------------------------------------------------------------
def reduction_of(reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
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
        raise OptionError(f"{reduction} is not a valid value for reduction, expected one of {', '.join(REDUCTIONS)}")
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


# losses of a difference ----------------------------------------------------------------------------------------------
def _of_difference(
    name: str,
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

    return Op(name, forward=forward, backward=backward, uses=((0, 1),), samples=samples)


MSE_LOSS = _of_difference("mse_loss", lambda k, d: d * d, lambda k, d: d * 2)
L1_LOSS = _of_difference("l1_loss", lambda k, d: k.abs(d), lambda k, d: k.sign(d))
SMOOTH_L1_LOSS = _of_difference(
    "smooth_l1_loss",
    lambda k, d, *, beta: k.where(k.lt(k.abs(d), beta), d * d * (0.5 / beta), k.abs(d) - 0.5 * beta),
    lambda k, d, *, beta: k.minimum(k.maximum(d / beta, -1), 1),
    beta=1.0,
)
HUBER_LOSS = _of_difference(
    "huber_loss",
    lambda k, d, *, delta: k.where(k.le(k.abs(d), delta), d * d * 0.5, (k.abs(d) - 0.5 * delta) * delta),
    lambda k, d, *, delta: k.minimum(k.maximum(d, -delta), delta),
    delta=1.0,
)


def _pair(name: str, input: Tensor, target: Tensor, stacklevel: int = 3) -> tuple[Any, Any]:
    """Input and target, broadcast and promoted; a warning where shapes differ."""
    need_tensor(name, input=input, target=target)
    a, b = tuple(input._data.shape), tuple(target._data.shape)
    if a != b:
        warnings.warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=stacklevel,
        )
        shape = broadcast_shape(name, a, b)
        input, target = _expanded(shape, input, target)
    x, t = _promoted(name, input, target)
    return x, t


def _expanded(shape: Shape, *ts: Tensor) -> tuple[Any, ...]:
    return tuple(t if tuple(t._data.shape) == shape else apply(OPS["expand"], t, shape=shape) for t in ts)


def _promoted(name: str, *ts: Tensor) -> Any:
    dtype = result_dtype(*ts)
    if dtype.category < 2:
        raise DTypeError(f"{name}: \"{name}\" not implemented for '{_title(dtype)}', expected a floating dtype")
    return tuple(to_dtype(t, dtype) for t in ts)


def _weighted(
    name: str, op: Op, x: Any, target: Any, weight: Tensor, reduction: str, divide: bool, **static: float
) -> Any:
    """The losses times `weight`; the mean is over its sum where `divide`, else over their number."""
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
    """`(input - target)^2`.

    Args:
        input: Floating point.
        target: Of input's shape.
        size_average: Deprecated, see `reduction`.
        reduce: Deprecated, see `reduction`.
        reduction: "none", "sum" or "mean". Default: "mean".
        weight: Of input's shape, multiplied; the mean is then over its sum.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: Shapes do not fit together.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.mse_loss(fnnet.tensor([1.0, 2.0]), fnnet.tensor([1.0, 4.0]))
        tensor(2.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    x, t = _pair("mse_loss", input, target)
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
    """`|input - target|`.

    Args:
        input: Floating point.
        target: Of input's shape.
        size_average: Deprecated, see `reduction`.
        reduce: Deprecated, see `reduction`.
        reduction: "none", "sum" or "mean". Default: "mean".
        weight: Of input's shape, multiplied; the mean is then over its sum.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: Shapes do not fit together.

    Differentiable: yes; 0 where both are equal.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.l1_loss(fnnet.tensor([1.0, 2.0]), fnnet.tensor([1.0, 4.0]))
        tensor(1.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
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
        input: Floating point.
        target: Of input's shape.
        size_average: Deprecated, see `reduction`.
        reduce: Deprecated, see `reduction`.
        reduction: "none", "sum" or "mean". Default: "mean".
        beta: Where the parabola ends, at least 0. Default: 1.

    Raises:
        OptionError: `beta` is negative, or `reduction` is none of these.
        ShapeError: Shapes do not fit together.

    Source:
        R. Girshick, "Fast R-CNN" (2015).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.smooth_l1_loss(fnnet.tensor([0.0, 3.0]), fnnet.tensor([1.0, 0.0]), reduction="none")
        tensor([0.5000, 2.5000])
    """
    reduction = reduction_of(reduction, size_average, reduce)
    x, t = _pair("smooth_l1_loss", input, target)
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
        input: Floating point.
        target: Of input's shape.
        reduction: "none", "sum" or "mean". Default: "mean".
        delta: Where the parabola ends, more than 0. Default: 1.
        weight: Of input's shape, multiplied.

    Raises:
        OptionError: `delta` is not positive, or `reduction` is none of these.
        ShapeError: Shapes do not fit together.

    Source:
        P. J. Huber, "Robust Estimation of a Location Parameter" (1964).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.huber_loss(fnnet.tensor([0.0, 3.0]), fnnet.tensor([1.0, 0.0]), "none", 2.0)
        tensor([0.5000, 4.0000])
    """
    reduction = reduction_of(reduction)
    x, t = _pair("huber_loss", input, target)
    if delta <= 0:
        raise OptionError(f"huber_loss does not support non-positive values for delta, got {delta}")
    if weight is not None:
        return cast("Tensor", _weighted("huber_loss", HUBER_LOSS, x, t, weight, reduction, False, delta=float(delta)))
    return cast("Tensor", apply(HUBER_LOSS, x, t, reduction=reduction, delta=float(delta)))


# binary cross-entropy ------------------------------------------------------------------------------------------------
_LEAST_LOG = -100.0  # PyTorch's clamp: the loss of a wrong certainty stays finite
_LEAST_VARIANCE = 1e-12  # PyTorch's, of x (1 - x) in the derivative


def _bce_forward(k: K[A], x: A, target: A, weight: A | None, *, reduction: str) -> A:
    yes, no = k.maximum(k.log(x), _LEAST_LOG), k.maximum(k.log1p(-x), _LEAST_LOG)
    loss = (target - 1) * no - target * yes
    return reduced(k, loss if weight is None else loss * weight, reduction)


def _bce_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, target, weight = c.inputs
    g = each(g, c.shapes[0], c.static["reduction"])
    if weight is not None:
        g = g * weight
    dx = d_target = None
    if c.needs[0]:
        dx = g * ((x - target) / k.maximum((1 - x) * x, _LEAST_VARIANCE))
    if c.needs[1]:
        d_target = g * (k.maximum(k.log1p(-x), _LEAST_LOG) - k.maximum(k.log(x), _LEAST_LOG))
    return dx, d_target, None


def _probabilities(make: Make) -> Any:
    for reduction in REDUCTIONS:
        yield Sample(make(2, 3, low=0.1, high=0.9), make(2, 3, low=0, high=1), None, reduction=reduction)
    yield Sample(make(4, low=0.1, high=0.9), make(4, low=0, high=1), make(4, low=0.5, high=2), reduction="mean")
    yield Sample(make(0), make(0), None, reduction="sum")


BINARY_CROSS_ENTROPY = Op(
    "binary_cross_entropy", forward=_bce_forward, backward=_bce_backward, uses=((0, 1, 2), (0, 2), ()),
    samples=_probabilities,
)  # fmt: skip


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`-weight * (t log(x) + (1 - t) log(1 - x))`, with logarithms of at least -100.

    Args:
        input: Probabilities x in [0, 1].
        target: t of input's shape, in [0, 1].
        weight: Broadcast and multiplied. Default: ones.
        size_average: Deprecated, see `reduction`.
        reduce: Deprecated, see `reduction`.
        reduction: "none", "sum" or "mean". Default: "mean".

    Raises:
        OptionError: An input is outside [0, 1], or `reduction` is none of these.
        ShapeError: Shapes do not fit together.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.binary_cross_entropy(fnnet.tensor([0.5, 0.5]), fnnet.tensor([0.0, 1.0]))
        tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    need_tensor("binary_cross_entropy", input=input, target=target)
    constant("binary_cross_entropy", weight=weight)
    a, b = tuple(input._data.shape), tuple(target._data.shape)
    if a != b:
        raise ShapeError(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) is "
            "deprecated. Please ensure they have the same size."
        )
    if dtype_of(input) is not dtype_of(target):
        raise DTypeError(
            f"binary_cross_entropy: Found dtype {_title(dtype_of(target))} but expected {_title(dtype_of(input))}"
        )
    (x, t), w = _promoted("binary_cross_entropy", input, target), weight
    if w is not None:
        if broadcast_shape("binary_cross_entropy", a, tuple(w._data.shape)) != a:
            raise ShapeError(f"binary_cross_entropy: weight {tuple(w._data.shape)} does not broadcast to input {a}")
        w = to_dtype(apply(OPS["expand"], w, shape=a), dtype_of(x))
    found = bounds(x)
    if found is not None and not (0 <= found[0] and found[1] <= 1):
        raise OptionError(
            "binary_cross_entropy: all elements of input should be between 0 and 1, got values from "
            f"{found[0]} to {found[1]}"
        )
    return cast("Tensor", apply(BINARY_CROSS_ENTROPY, x, t, w, reduction=reduction))


def _softplus(k: K[A], x: A) -> A:
    """log(1 + exp(x))."""
    return k.maximum(x, 0) + k.log1p(k.exp(-k.abs(x)))


def _logits_forward(k: K[A], x: A, target: A, weight: A | None, pos_weight: A | None, *, reduction: str) -> A:
    falling = _softplus(k, -x)
    if pos_weight is not None:
        falling = falling * (target * (pos_weight - 1) + 1)
    loss = (1 - target) * x + falling
    return reduced(k, loss if weight is None else loss * weight, reduction)


def _logits_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, target, weight, pos_weight = c.inputs
    g = each(g, c.shapes[0], c.static["reduction"])
    if weight is not None:
        g = g * weight
    dx = d_target = None
    if c.needs[0]:
        s = k.sigmoid(x)
        if pos_weight is None:
            dx = g * (s - target)
        else:
            positive = target * pos_weight
            dx = g * ((positive + 1 - target) * s - positive)
    if c.needs[1]:
        d_target = g * (-x if pos_weight is None else (pos_weight - 1) * _softplus(k, -x) - x)
    return dx, d_target, None, None


def _logits(make: Make) -> Any:
    for reduction in REDUCTIONS:
        yield Sample(make(2, 3, low=-3, high=3), make(2, 3, low=0, high=1), None, None, reduction=reduction)
    weights = make(2, 3, low=0.5, high=2), make(3, low=0.5, high=2)
    yield Sample(make(2, 3, low=-3, high=3), make(2, 3, low=0, high=1), *weights, reduction="mean")
    yield Sample(make(0), make(0), None, None, reduction="sum")


BCE_WITH_LOGITS = Op(
    "binary_cross_entropy_with_logits", forward=_logits_forward, backward=_logits_backward,
    uses=((0, 1, 2, 3), (0, 2, 3), (), ()), samples=_logits,
)  # fmt: skip


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`-weight * (pos_weight t log(s) + (1 - t) log(1 - s))`, where `s = sigmoid(input)`, without overflow.

    Args:
        input: Logits, floating point.
        target: t of input's shape, in [0, 1].
        weight: Broadcast and multiplied. Default: ones.
        size_average: Deprecated, see `reduction`.
        reduce: Deprecated, see `reduction`.
        reduction: "none", "sum" or "mean". Default: "mean".
        pos_weight: Broadcast; weight of the positive targets. Default: ones.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: Shapes do not fit together.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.binary_cross_entropy_with_logits(fnnet.tensor([0.0, 1000.0]), fnnet.tensor([0.0, 1.0]))
        tensor(0.3466)
    """
    name = "binary_cross_entropy_with_logits"
    reduction = reduction_of(reduction, size_average, reduce)
    need_tensor(name, input=input, target=target)
    constant(name, weight=weight, pos_weight=pos_weight)
    shape = tuple(input._data.shape)
    if shape != tuple(target._data.shape):
        raise ShapeError(f"Target size ({target.size()}) must be the same as input size ({input.size()})")
    x, t = _promoted(name, input, target)
    weights: list[Any] = []
    for what, w in (("weight", weight), ("pos_weight", pos_weight)):
        if w is not None:
            if broadcast_shape(f"{name}: {what}", shape, tuple(w._data.shape)) != shape:
                raise ShapeError(f"{name}: {what} {tuple(w._data.shape)} does not broadcast to input {shape}")
            w = to_dtype(w, dtype_of(x))
        weights.append(w)
    return cast("Tensor", apply(BCE_WITH_LOGITS, x, t, *weights, reduction=reduction))


# kl_div --------------------------------------------------------------------------------------------------------------
def _kl_forward(k: K[A], x: A, target: A, *, reduction: str, log_target: bool) -> A:
    if log_target:
        loss = k.exp(target) * (target - x)
    else:
        certain = k.eq(target, 0)
        loss = k.where(certain, 0, target * k.log(k.where(certain, 1, target))) - target * x
    return reduced(k, loss, reduction)


def _kl_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, target = c.inputs
    g = each(g, c.shapes[0], c.static["reduction"])
    dx = d_target = None
    if c.static["log_target"]:
        p = k.exp(target)
        dx = -(p * g) if c.needs[0] else None
        d_target = g * p * (target - x + 1) if c.needs[1] else None
    else:
        dx = -(target * g) if c.needs[0] else None
        if c.needs[1]:
            certain = k.eq(target, 0)
            d_target = g * (k.where(certain, 0, k.log(k.where(certain, 1, target)) + 1) - x)
    return dx, d_target


def _divergences(make: Make) -> Any:
    for reduction in REDUCTIONS:
        for log_target in (False, True):
            yield Sample(
                make(2, 3, low=-3, high=0), make(2, 3, low=0.1, high=1), reduction=reduction, log_target=log_target
            )
    yield Sample(make(0), make(0), reduction="sum", log_target=False)


KL_DIV = Op("kl_div", forward=_kl_forward, backward=_kl_backward, uses=((1,), (0, 1)), samples=_divergences)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """`t (log(t) - input)`: the Kullback-Leibler divergence of exp(input) from t, element by element.

    Args:
        input: Log-probabilities.
        target: Probabilities t, or with `log_target` their logarithms; broadcast.
        size_average: Deprecated, see `reduction`.
        reduce: Deprecated, see `reduction`.
        reduction: "none", "sum", "mean" over all elements, or "batchmean": the sum over the first dim's size, which is
            the divergence's definition. Default: "mean".
        log_target: Whether the target is given by its logarithms. Default: False.

    Raises:
        OptionError: `reduction` is none of these.

    Source:
        S. Kullback and R. A. Leibler, "On Information and Sufficiency" (1951).

    Example:
        >>> import fnnet
        >>> p, q = fnnet.tensor([[0.5, 0.5]]), fnnet.tensor([[0.25, 0.75]])
        >>> fnnet.nn.functional.kl_div(q.log(), p, reduction="batchmean")
        tensor(0.1438)
    """
    need_tensor("kl_div", input=input, target=target)
    per_batch = size_average is None and reduce is None and reduction == "batchmean"
    if size_average is None and reduce is None and reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition. 'mean' will be changed to behave the "
            "same as 'batchmean' in the next major release.",
            UserWarning,
            stacklevel=2,
        )
    reduction = "sum" if per_batch else reduction_of(reduction, size_average, reduce)
    shape = broadcast_shape("kl_div", tuple(input._data.shape), tuple(target._data.shape))
    x, t = _promoted("kl_div", *_expanded(shape, input, target))
    loss = cast("Tensor", apply(KL_DIV, x, t, reduction=reduction, log_target=bool(log_target)))
    return loss / input._data.shape[0] if per_batch and input._data.ndim else loss


__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "huber_loss", "kl_div", "l1_loss", "mse_loss",
    "smooth_l1_loss",
]  # fmt: skip
