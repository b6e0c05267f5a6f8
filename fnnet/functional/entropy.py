"""Losses between probabilities: binary cross-entropies, the Kullback-Leibler divergence."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OPS, Make, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.functional._common import _title, broadcast_shape, dtype_of, need_tensor, refuse_dtype, to_dtype
from fnnet.functional.checks import bounds, constant
from fnnet.functional.loss import REDUCTIONS, each, expanded, promoted, reduced, reduction_of, reduction_title

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


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
    real=True, samples=_probabilities,
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
        input: `(*)`, probabilities x in [0, 1], floating-point.
        target: `(*)`, t in [0, 1] (not checked), of the input's dtype.
        weight: Broadcast to `(*)` and multiplied. Default: None, ones.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".

    Returns:
        `(*)` with "none", else 0-d; of the input's dtype. The mean of no elements is NaN.

    Raises:
        OptionError: An input is outside [0, 1] (checked in host memory only), or `reduction` is none of these.
        ShapeError: `target` is of another shape, or `weight` does not broadcast to it.
        DTypeError: `input` is not floating-point, or `target` is of another dtype.
        AutogradError: `weight` requires grad.

    Differentiable:
        By `input` and `target`, any order; in the slope `(x - t) / (x (1 - x))` the denominator is at least 1e-12.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.binary_cross_entropy(fnnet.tensor([0.5, 0.5]), fnnet.tensor([0.0, 1.0]))
        tensor(0.6931)
    """
    reduction = reduction_of("binary_cross_entropy", reduction, size_average, reduce)
    need_tensor("binary_cross_entropy", input=input, target=target)
    refuse_dtype("binary_cross_entropy", dtype_of(input), 3)
    constant("binary_cross_entropy", weight=weight)
    a, b = tuple(input._data.shape), tuple(target._data.shape)
    if a != b:
        raise ShapeError(
            f"binary_cross_entropy: Using a target size ({target.size()}) that is different to the input size "
            f"({input.size()}) is "
            "deprecated. Please ensure they have the same size."
        )
    if dtype_of(input) is not dtype_of(target):
        raise DTypeError(
            f"binary_cross_entropy: Found dtype {_title(dtype_of(target))} but expected {_title(dtype_of(input))}"
        )
    (x, t), w = promoted("binary_cross_entropy", input, target), weight
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
    uses=((0, 1, 2, 3), (0, 2, 3), (), ()), real=True, samples=_logits,
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
        input: `(*)`, logits, floating-point.
        target: `(*)`, t in [0, 1] (not checked); dtypes are promoted.
        weight: Broadcast to `(*)` and multiplied. Default: None, ones.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".
        pos_weight: Broadcast to `(*)`; weight of the positive targets. Default: None, ones.

    Returns:
        `(*)` with "none", else 0-d; of the common dtype of both. The mean of no elements is NaN.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: `target` is of another shape, or a weight does not broadcast to it.
        DTypeError: Neither `input` nor `target` is floating-point, or one is complex.
        AutogradError: A weight requires grad.

    Differentiable: Everywhere, any order, by `input` and `target`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.binary_cross_entropy_with_logits(fnnet.tensor([0.0, 1000.0]), fnnet.tensor([0.0, 1.0]))
        tensor(0.3466)
    """
    name = "binary_cross_entropy_with_logits"
    reduction = reduction_of("binary_cross_entropy_with_logits", reduction, size_average, reduce)
    need_tensor(name, input=input, target=target)
    constant(name, weight=weight, pos_weight=pos_weight)
    shape = tuple(input._data.shape)
    if shape != tuple(target._data.shape):
        raise ShapeError(f"{name}: Target size ({target.size()}) must be the same as input size ({input.size()})")
    x, t = promoted(name, input, target)
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


def _kl_title(node: Any) -> str:
    return reduction_title("Mul" if node.static["log_target"] else "Sub")(node)


KL_DIV = Op(
    "kl_div", title=_kl_title,
    forward=_kl_forward, backward=_kl_backward, uses=((1,), (0, 1)), samples=_divergences, real=True,
)  # fmt: skip


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
        input: `(N, *)`, log-probabilities, floating-point.
        target: Probabilities t, or with `log_target` their logarithms; both are broadcast, and dtypes promoted.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum", "mean" over all elements (with a warning, as in PyTorch), or "batchmean": the sum
            divided by N, which is the divergence's definition. Default: "mean".
        log_target: Whether the target is given by its logarithms. Default: False.

    Returns:
        The broadcast shape with "none", else 0-d; of the common dtype. A negative t gives NaN.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: The shapes do not broadcast.
        DTypeError: Neither `input` nor `target` is floating-point, or one is complex.

    Differentiable: Everywhere, any order, by `input` and `target`; where t is 0, the `t log(t)` counts as constant.

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
    reduction = "sum" if per_batch else reduction_of("kl_div", reduction, size_average, reduce)
    shape = broadcast_shape("kl_div", tuple(input._data.shape), tuple(target._data.shape))
    x, t = promoted("kl_div", *expanded(shape, input, target))
    loss = cast("Tensor", apply(KL_DIV, x, t, reduction=reduction, log_target=bool(log_target)))
    return loss / input._data.shape[0] if per_batch and input._data.ndim else loss


__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"]
