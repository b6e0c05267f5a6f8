"""Normalization: to mean 0 and variance 1 over a batch, a layer, a group or an instance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape, sum_to
from fnnet._core.op import OPS, OUT, Make, Op, Sample
from fnnet.autograd.modes import set_grad
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.autograd.writes import apply_
from fnnet.backends import dtypes
from fnnet.backends.dtypes import HALF
from fnnet.functional._common import dtype_of, need_tensor, to_dtype
from fnnet.functional.activation import need_float
from fnnet.functional.layout import contiguous, in_usual_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# sums that are accurate in float32 -----------------------------------------------------------------------------------
def _count(shape: Shape, dim: Shape) -> int:
    return math.prod(shape[d] for d in dim)


def _mean(k: K[A], x: A, dim: Shape) -> A:
    """The mean over `dim`, which stays with size 1.

    The last dims are summed as they lie in memory, which backends do pairwise; what is left is small and summed in
    float64: statistics of a batch in plain float32 would lose digits with its size.
    """
    last = x.ndim - 1
    tail = tuple(d for d in dim if all(e in dim for e in range(d, last + 1)))
    rest = tuple(d for d in dim if d not in tail)
    s = k.sum(x, dim=tail, keepdim=True) if tail else x
    if rest:
        s = k.sum(k.cast(s, dtype=dtypes.float64), dim=rest, keepdim=True)
        return k.cast(s / _count(x.shape, dim), dtype=x.dtype)
    return s / _count(x.shape, dim)


# standardize: what batch, layer, group and instance norm share -------------------------------------------------------
def _standardize_forward(
    k: K[A], x: A, weight: A | None, bias: A | None, *, dim: Shape, affine: Shape, eps: float
) -> tuple[A, A, A]:
    if 0 in x.shape:
        kept = tuple(1 if d in dim else n for d, n in enumerate(x.shape))
        return k.clone(x), k.full(kept, 0, dtype=x.dtype), k.full(kept, 0, dtype=x.dtype)
    mean = _mean(k, x, dim)
    centred = x - mean
    rstd = (_mean(k, centred * centred, dim) + eps) ** -0.5
    out = centred * (rstd if weight is None or affine != rstd.shape else rstd * k.reshape(weight, shape=affine))
    if weight is not None and affine != rstd.shape:
        out = out * k.reshape(weight, shape=affine)
    return out if bias is None else out + k.reshape(bias, shape=affine), mean, rstd


def _standardize_backward(k: K[A], c: Call[A], grads: tuple[A | None, ...]) -> Grads:
    g, g_mean, g_rstd = grads
    x, weight = c.inputs[0], c.inputs[1]
    outs: Any = c.out
    mean, rstd = outs[1], outs[2]
    dim, affine = c.static["dim"], c.static["affine"]
    if 0 in c.shapes[0]:
        g = k.full(c.shapes[0], 0, dtype=mean.dtype) if g is None else g
        none = sum_to(k, g, affine)
        return (
            k.clone(g) if c.needs[0] else None,
            k.reshape(none, shape=c.shapes[1]) if c.needs[1] else None,
            k.reshape(none, shape=c.shapes[2]) if c.needs[2] else None,
        )
    n = _count(c.shapes[0], dim)
    d_weight = d_bias = dx = None
    centred = None if x is None else x - mean
    if g is not None and affine == mean.shape:  # one weight per mean: the sums for both serve x too
        total = _mean(k, g, dim) * n
        if c.needs[2]:
            d_bias = k.reshape(total, shape=c.shapes[2])
        if centred is not None:
            along = _mean(k, g * centred, dim) * n
            if c.needs[1]:
                d_weight = k.reshape(along * rstd, shape=c.shapes[1])
            if c.needs[0]:
                scale = rstd if weight is None else rstd * k.reshape(weight, shape=affine)
                dx = g * scale - (centred * (along * scale * rstd * rstd / n) + total * scale / n)
    elif g is not None:
        if c.needs[1]:
            d_weight = k.reshape(sum_to(k, g * centred * rstd, affine), shape=c.shapes[1])
        if c.needs[2]:
            d_bias = k.reshape(sum_to(k, g, affine), shape=c.shapes[2])
        if c.needs[0]:
            scaled = g if weight is None else g * k.reshape(weight, shape=affine)
            along = _mean(k, scaled * centred, dim) * rstd * rstd
            dx = (scaled - (centred * along + _mean(k, scaled, dim))) * rstd
    if c.needs[0]:
        # The statistics have gradients of their own in derivatives of higher order.
        if g_mean is not None:
            dx = k.expand(g_mean / n, shape=c.shapes[0]) if dx is None else dx + g_mean / n
        if g_rstd is not None:
            more = centred * (g_rstd * rstd * rstd * rstd * (-1 / n))
            dx = more if dx is None else dx + more
    return dx, d_weight, d_bias


def _standardize_samples(make: Make) -> Any:
    for shape, dim, affine in (
        ((4, 3), (0,), (1, 3)), ((3, 2, 4), (0, 2), (1, 2, 1)), ((2, 5), (1,), (1, 5)), ((2, 2, 3), (1, 2), (1, 2, 3)),
        ((0, 3), (0,), (1, 3)),
    ):  # fmt: skip
        n = math.prod(affine)
        yield Sample(make(*shape), make(n), make(n), dim=dim, affine=affine, eps=1e-5)
        yield Sample(make(*shape), None, None, dim=dim, affine=affine, eps=0.1)


_STANDARDIZE: dict[str, Any] = {
    "forward": _standardize_forward, "backward": _standardize_backward, "uses": ((0, 1, OUT), (0, OUT), (OUT,)),
    "n_out": 3, "keeps": (1, 2), "samples": _standardize_samples,
}  # fmt: skip
# Two ops of one rule, so that a provider can serve them by different kernels.
# Their outputs: the result, the mean, 1 / sqrt(var + eps).
BATCH_NORM_TRAIN = Op("batch_norm_train", title="NativeBatchNormBackward0", **_STANDARDIZE, real=True)
LAYER_NORM = Op("layer_norm", title="NativeLayerNormBackward0", **_STANDARDIZE, onnx="LayerNormalization", real=True)


# batch_norm: with given statistics -----------------------------------------------------------------------------------
def _batch_norm_forward(
    k: K[A], x: A, mean: A, var: A, weight: A | None, bias: A | None, *, affine: Shape, eps: float
) -> A:
    scale = (var + eps) ** -0.5
    if weight is not None:
        scale = scale * weight
    out = (x - k.reshape(mean, shape=affine)) * k.reshape(scale, shape=affine)
    return out if bias is None else out + k.reshape(bias, shape=affine)


def _batch_norm_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, mean, var, weight = c.inputs[:4]
    affine = c.static["affine"]
    rstd = (var + c.static["eps"]) ** -0.5
    scale = rstd if weight is None else rstd * weight
    spread = None  # of the gradient along the standardized input, per channel
    if c.needs[2] or c.needs[3]:
        spread = k.reshape(sum_to(k, g * (x - k.reshape(mean, shape=affine)), affine), shape=c.shapes[1])
    total = k.reshape(sum_to(k, g, affine), shape=c.shapes[1]) if c.needs[1] or c.needs[4] else None
    return (
        g * k.reshape(scale, shape=affine) if c.needs[0] else None,
        -total * scale if c.needs[1] and total is not None else None,
        spread * scale * rstd * rstd * -0.5 if c.needs[2] and spread is not None else None,
        spread * rstd if c.needs[3] and spread is not None else None,
        total if c.needs[4] else None,
    )


def _batch_norm_samples(make: Make) -> Any:
    for shape, affine in (((4, 3), (1, 3)), ((2, 3, 2), (1, 3, 1)), ((0, 3), (1, 3))):
        var = make(3, low=0.5, high=2)
        yield Sample(make(*shape), make(3), var, make(3), make(3), affine=affine, eps=1e-5)
        yield Sample(make(*shape), make(3), var, None, None, affine=affine, eps=0.1)


BATCH_NORM = Op(
    "batch_norm", title="NativeBatchNormBackward0", forward=_batch_norm_forward, backward=_batch_norm_backward,
    uses=((2, 3), (2, 3), (0, 1, 2, 3), (0, 1, 2), (2,)), onnx="BatchNormalization", real=True,
    samples=_batch_norm_samples,
)  # fmt: skip


def _widen(*ts: Tensor | None) -> tuple[Any, ...]:
    """Half types as float32: statistics stay in float32, whatever the input is."""
    return tuple(t if t is None or dtype_of(t) not in HALF else to_dtype(t, dtypes.float32) for t in ts)


def _check_dtypes(name: str, x: Tensor, **values: Tensor | None) -> None:
    """Raise unless parameters and statistics are of the input's dtype, or of float32 beside a half type."""
    own = dtype_of(x)
    found = {what: dtype_of(t) for what, t in values.items() if t is not None}
    if all(d is own for d in found.values()) or (own in HALF and all(d is dtypes.float32 for d in found.values())):
        return
    given = ", ".join(f"{what}: {d}" for what, d in found.items())
    raise DTypeError(
        f"{name}: mixed dtype (CPU): all inputs must share same datatype, or be fnnet.float32 beside a half type "
        f"(input: {own}, {given})"
    )


def _check_channels(name: str, channels: int, x: Tensor, **values: Tensor | None) -> None:
    for what, t in values.items():
        if t is None:
            continue
        need_tensor(name, **{what: t})
        if tuple(t._data.shape) != (channels,):
            raise ShapeError(
                f"{name}: {what} should contain {channels} elements not {math.prod(t._data.shape)} "
                f"({what}: {tuple(t._data.shape)}, input: {tuple(x._data.shape)})"
            )
    _check_dtypes(name, x, **values)


def _update(running: Tensor, new: Tensor, momentum: float) -> None:
    """running = (1 - momentum) * running + momentum * new, in its memory."""
    new = to_dtype(new, dtype_of(running))
    with set_grad(False):
        if dtype_of(running) in HALF:
            wide = to_dtype(running, dtypes.float32)
            mixed = apply(OPS["add"], apply(OPS["mul"], wide, 1 - momentum), apply(OPS["mul"], new, momentum))
            apply_(OPS["copy"], running, running, to_dtype(mixed, dtype_of(running)))
            return
        apply_(OPS["mul"], running, running, 1 - momentum)
        apply_(OPS["add"], running, running, apply(OPS["mul"], new, momentum))


def _reshape(t: Tensor, shape: Shape) -> Tensor:
    return t if tuple(t._data.shape) == shape else cast("Tensor", apply(OPS["reshape"], t, shape=shape))


def _unbiased(rstd: Tensor, eps: float, n: int) -> Tensor:
    """The variance with divisor n - 1 from 1 / sqrt(var + eps)."""
    var = apply(OPS["sub"], apply(OPS["pow"], rstd, -2.0), eps)
    return cast("Tensor", apply(OPS["mul"], var, n / (n - 1) if n > 1 else math.nan))


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """`(x - mean) / sqrt(var + eps) * weight + bias`, with the statistics of each channel.

    Args:
        input: `(N, C, *)`, floating point.
        running_mean: `(C,)` or None. Training updates it in place.
        running_var: `(C,)` or None. Training updates it in place, with the unbiased variance.
        weight: `(C,)`. Default: ones.
        bias: `(C,)`. Default: zeros.
        training: Take the statistics of this batch (biased variance), not the running ones. Default: False.
        momentum: Share of the new statistics in the running ones. Default: 0.1.
        eps: Added to the variance. Default: 1e-5.

    Returns:
        A new tensor of the input's shape and dtype; half types are computed in float32.

    Raises:
        OptionError: One value per channel when training; `eps` is negative, or 0 in training.
        ShapeError: A parameter does not have one value per channel; no running statistics in evaluation; fewer than 2
            dims.
        DTypeError: `input` holds whole numbers, bools or complex numbers.

    Differentiable: By `input`, `weight` and `bias`, any order; in training through the batch's statistics.

    Source:
        S. Ioffe and C. Szegedy, "Batch Normalization" (2015).

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([[1.0, 10.0], [3.0, 30.0]])
        >>> fnnet.nn.functional.batch_norm(x, None, None, training=True)
        tensor([[-1.0000, -1.0000],
                [ 1.0000,  1.0000]])
    """
    need_float("batch_norm", input)
    shape = tuple(input._data.shape)
    if shape == (0,):  # PyTorch lets it pass: there is nothing to normalize
        return cast("Tensor", apply(OPS["clone"], input))
    if len(shape) < 2:
        raise ShapeError(f"batch_norm: expected input (N, C, *), got {shape}")
    if training:
        if math.prod(shape[:1] + shape[2:]) == 1:
            raise OptionError(
                f"batch_norm: Expected more than 1 value per channel when training, got input size {list(shape)}"
            )
        if eps <= 0:
            raise OptionError(f"batch_norm eps must be positive during training, but got {eps}")
    elif eps < 0:
        raise OptionError(f"batch_norm eps must be non-negative, but got {eps}")
    elif running_mean is None or running_var is None:
        raise ShapeError("batch_norm: Expected running_mean and running_var to be defined when training=False")
    _check_channels(
        "batch_norm", shape[1], input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    affine = (1, shape[1], *(1,) * (len(shape) - 2))
    dtype = dtype_of(input)
    x, w, b = _widen(in_usual_order(input), weight, bias)
    if not training:
        assert running_mean is not None
        assert running_var is not None
        mean, var = (to_dtype(t, dtype_of(x)) for t in (running_mean.detach(), running_var.detach()))
        return to_dtype(apply(BATCH_NORM, x, mean, var, w, b, affine=affine, eps=float(eps)), dtype)
    dim = (0, *range(2, len(shape)))
    out, mean, rstd = apply(BATCH_NORM_TRAIN, x, w, b, dim=dim, affine=affine, eps=float(eps))
    n = _count(shape, dim)
    if n:
        with set_grad(False):
            if running_mean is not None:
                _update(running_mean, _reshape(mean, (shape[1],)), momentum)
            if running_var is not None:
                _update(running_var, _unbiased(_reshape(rstd, (shape[1],)), eps, n), momentum)
    return to_dtype(out, dtype)


# layer_norm ----------------------------------------------------------------------------------------------------------
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """`(x - mean) / sqrt(var + eps) * weight + bias`, with the statistics over the last dims of each element.

    Args:
        input: `(*, *normalized_shape)`, floating point.
        normalized_shape: The last dims.
        weight: Of shape `normalized_shape`. Default: ones.
        bias: Of shape `normalized_shape`. Default: zeros.
        eps: Added to the (biased) variance. Default: 1e-5.

    Returns:
        A new tensor of the input's shape and dtype; half types are computed in float32.

    Raises:
        ShapeError: `input` does not end with `normalized_shape`, or `weight` or `bias` is of another shape.
        DTypeError: `input` holds whole numbers, bools or complex numbers.

    Differentiable: By `input`, `weight` and `bias`, any order.

    Source:
        J. L. Ba et al., "Layer Normalization" (2016).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.layer_norm(fnnet.tensor([[1.0, 3.0], [10.0, 30.0]]), (2,))
        tensor([[-1.0000,  1.0000],
                [-1.0000,  1.0000]])
    """
    need_float("layer_norm", input)
    shape, target = tuple(input._data.shape), _last_dims("layer_norm", input, normalized_shape, weight, bias)
    _check_dtypes("layer_norm", input, weight=weight, bias=bias)
    dim = tuple(range(len(shape) - len(target), len(shape)))
    dtype = dtype_of(input)
    x, w, b = _widen(contiguous(input), weight, bias)
    affine = (*(1,) * (len(shape) - len(target)), *target)
    return to_dtype(apply(LAYER_NORM, x, w, b, dim=dim, affine=affine, eps=float(eps))[0], dtype)


def _last_dims(name: str, x: Tensor, given: Sequence[int], weight: Tensor | None, bias: Tensor | None = None) -> Shape:
    """`normalized_shape`, checked."""
    target = (given,) if isinstance(given, int) else tuple(int(n) for n in given)
    shape = tuple(x._data.shape)
    if not target:
        raise ShapeError(f"{name}: Expected normalized_shape to be at least 1-dimensional, got {given}")
    if shape[len(shape) - len(target) :] != target or len(shape) < len(target):
        stars = ", ".join(map(str, target))
        raise ShapeError(
            f"{name}: Given normalized_shape={list(target)}, expected input with shape [*, {stars}], but got input of "
            f"size {list(shape)}"
        )
    for what, t in (("weight", weight), ("bias", bias)):
        if t is not None and tuple(t._data.shape) != target:
            raise ShapeError(
                f"{name}: Expected {what} to be of same shape as normalized_shape, but got {what} of shape "
                f"{list(t._data.shape)} and normalized_shape = {list(target)}"
            )
    return target


# group_norm, instance_norm -------------------------------------------------------------------------------------------
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """`(x - mean) / sqrt(var + eps) * weight + bias`, with the statistics over groups of channels of each element.

    Args:
        input: `(N, C, *)`, floating point.
        num_groups: Into how many groups the channels are cut; a divisor of C.
        weight: `(C,)`. Default: ones.
        bias: `(C,)`. Default: zeros.
        eps: Added to the (biased) variance. Default: 1e-5.

    Returns:
        A new tensor of the input's shape and dtype; half types are computed in float32.

    Raises:
        OptionError: `input` has one value only.
        ShapeError: C is no multiple of `num_groups`, a parameter is not `(C,)`, or `input` has fewer than two dims.
        DTypeError: `input` holds whole numbers, bools or complex numbers.

    Differentiable: By `input`, `weight` and `bias`, any order.

    Source:
        Y. Wu and K. He, "Group Normalization" (2018).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.group_norm(fnnet.tensor([[1.0, 3.0, 10.0, 30.0]]), 2)
        tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    need_float("group_norm", input)
    shape = tuple(input._data.shape)
    if len(shape) < 2:
        raise ShapeError(f"group_norm: Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if num_groups <= 0 or shape[1] % num_groups:
        raise ShapeError(
            f"group_norm: Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(shape)} and num_groups={num_groups}"
        )
    if math.prod(shape) // max(num_groups, 1) == 1:
        raise OptionError(
            f"group_norm: Expected more than 1 value per channel when training, got input size {list(shape)}"
        )
    _check_channels("group_norm", shape[1], input, weight=weight, bias=bias)
    dtype = dtype_of(input)
    x, w, b = _widen(input, weight, bias)
    rows, inner = shape[0] * num_groups, (shape[1] // num_groups, *shape[2:])
    x = _reshape(x, (rows, math.prod(inner)))
    x = _reshape(apply(LAYER_NORM, x, None, None, dim=(1,), affine=(1, math.prod(inner)), eps=float(eps))[0], shape)
    return entitle(to_dtype(_affine(x, w, b), dtype), "NativeGroupNormBackward0")


def _affine(x: Any, weight: Any, bias: Any) -> Any:
    """`x * weight + bias`, channel by channel."""
    per_channel = (-1, *(1,) * (x._data.ndim - 2))
    if weight is not None:
        x = apply(OPS["mul"], x, _reshape(weight, (weight._data.shape[0], *per_channel[1:])))
    if bias is not None:
        x = apply(OPS["add"], x, _reshape(bias, (bias._data.shape[0], *per_channel[1:])))
    return x


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """`batch_norm` with the statistics of each channel of each element.

    Args:
        input: `(N, C, *)`, floating point.
        running_mean: `(C,)` or None; updated with the mean over the batch.
        running_var: `(C,)` or None; updated with the mean over the batch of the unbiased variances.
        weight: `(C,)`. Default: ones.
        bias: `(C,)`. Default: zeros.
        use_input_stats: False: take the running statistics. Default: True.
        momentum: Share of the new statistics in the running ones. Default: 0.1.
        eps: Added to the (biased) variance. Default: 1e-5.

    Returns:
        A new tensor of the input's shape and dtype; half types are computed in float32.

    Raises:
        OptionError: One value per channel of each element, where their statistics are taken.
        ShapeError: A parameter is not `(C,)`; no running statistics where they are asked for; fewer than two dims.
        DTypeError: `input` holds whole numbers, bools or complex numbers.

    Differentiable: By `input`, `weight` and `bias`, any order; through the statistics where they are the input's.

    Source:
        D. Ulyanov et al., "Instance Normalization: The Missing Ingredient for Fast Stylization" (2016).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.instance_norm(fnnet.tensor([[[1.0, 3.0], [10.0, 30.0]]]))
        tensor([[[-1.0000,  1.0000],
                 [-1.0000,  1.0000]]])
    """
    need_float("instance_norm", input)
    shape = tuple(input._data.shape)
    if len(shape) < 2:
        raise ShapeError(f"instance_norm: expected input (N, C, *), got {shape}")
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ShapeError(
                "instance_norm: Expected running_mean and running_var to be defined when use_input_stats is false"
            )
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if math.prod(shape[2:]) == 1:
        raise OptionError(
            f"instance_norm: Expected more than 1 spatial element when training, got input size {list(shape)}"
        )
    _check_channels(
        "instance_norm", shape[1], input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    dtype = dtype_of(input)
    x, w, b = _widen(contiguous(input), weight, bias)
    dim, n = tuple(range(2, len(shape))), math.prod(shape[2:])
    out, mean, rstd = apply(LAYER_NORM, x, None, None, dim=dim, affine=(1, 1, *shape[2:]), eps=float(eps))
    if shape[0] and n:
        with set_grad(False):
            for running, new in ((running_mean, mean), (running_var, _unbiased(rstd, eps, n))):
                if running is not None:
                    per_channel = apply(OPS["sum"], _reshape(new, shape[:2]), dim=(0,))
                    _update(running, apply(OPS["div"], per_channel, shape[0]), momentum)
    return entitle(to_dtype(_affine(out, w, b), dtype), "ViewBackward0")


# rms_norm ------------------------------------------------------------------------------------------------------------
def _rms_norm_forward(k: K[A], x: A, weight: A | None, *, dim: Shape, eps: float) -> tuple[A, A]:
    if 0 in x.shape:
        return k.clone(x), k.full(tuple(1 if d in dim else n for d, n in enumerate(x.shape)), 0, dtype=x.dtype)
    scale = (_mean(k, x * x, dim) + eps) ** -0.5
    return x * scale if weight is None else x * scale * weight, scale


def _rms_norm_backward(k: K[A], c: Call[A], grads: tuple[A | None, ...]) -> Grads:
    (g, g_scale), (x, weight), outs, dim = grads, c.inputs, c.out, c.static["dim"]
    scale: Any = outs[1]  # type: ignore[index]  # several outputs: a tuple
    if 0 in c.shapes[0]:
        g = k.full(c.shapes[0], 0, dtype=scale.dtype) if g is None else g
        return k.clone(g) if c.needs[0] else None, sum_to(k, g, c.shapes[1]) if c.needs[1] else None
    unit = x * scale
    dx = d_weight = None
    if g is not None:
        if c.needs[1]:
            d_weight = sum_to(k, g * unit, c.shapes[1])
        if c.needs[0]:
            scaled = g if weight is None else g * weight
            dx = (scaled - unit * _mean(k, scaled * unit, dim)) * scale
    if c.needs[0] and g_scale is not None:
        more = unit * (g_scale * scale * scale * (-1 / _count(c.shapes[0], dim)))
        dx = more if dx is None else dx + more
    return dx, d_weight


RMS_NORM = Op(
    "rms_norm", title="MulBackward0",
    forward=_rms_norm_forward, backward=_rms_norm_backward, uses=((0, 1, OUT), (0, OUT)), n_out=2,
    keeps=(1,), onnx="RMSNormalization",
    samples=lambda make: (
        Sample(make(2, 5), make(5), dim=(1,), eps=1e-5), Sample(make(2, 2, 3), make(2, 3), dim=(1, 2), eps=1e-5),
        Sample(make(3, 2), None, dim=(1,), eps=0.1), Sample(make(0, 2), make(2), dim=(1,), eps=1e-5),
    ),
)  # fmt: skip


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """`x / sqrt(mean(x^2) + eps) * weight`, with the mean over the last dims of each element.

    Args:
        input: `(*, *normalized_shape)`, floating-point or complex.
        normalized_shape: The last dims.
        weight: Of shape `normalized_shape`. Default: None, ones.
        eps: Added to the mean. Default: None, the dtype's machine epsilon (half types: float32's).

    Returns:
        A new tensor of the input's shape and dtype; half types are computed in float32.

    Raises:
        ShapeError: `input` does not end with `normalized_shape`, or `weight` is of another shape.
        DTypeError: `input` holds whole numbers or bools.

    Differentiable: By `input` and `weight`, any order.

    Source:
        B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization" (2019).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.rms_norm(fnnet.tensor([3.0, 4.0]), (2,))
        tensor([0.8485, 1.1314])
    """
    need_float("rms_norm", input)
    target = _last_dims("rms_norm", input, normalized_shape, weight)
    ndim, dtype = input._data.ndim, dtype_of(input)
    x, w = _widen(input, weight)
    if eps is None:
        eps = _EPSILON[dtype_of(x).itemsize // (2 if dtype_of(x).is_complex else 1)]
    dim = tuple(range(ndim - len(target), ndim))
    return to_dtype(apply(RMS_NORM, x, w, dim=dim, eps=float(eps))[0], dtype)


_EPSILON = {4: 2.0**-23, 8: 2.0**-52}  # IEEE 754 binary32 and binary64


__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"]
