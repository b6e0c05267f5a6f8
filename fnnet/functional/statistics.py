"""Statistics: variance, standard deviation, norms, median, mode, quantiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, IndexRangeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Number, Shape
from fnnet._core.op import OPS, OUT, Make, Op, Sample
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DType
from fnnet.functional import return_types
from fnnet.functional._common import (
    dtype_of,
    into,
    is_tensor,
    need_tensor,
    refuse_overlap,
    to_dtype,
    wrap_dim,
    wrap_dims,
)
from fnnet.functional.creation import tensor
from fnnet.functional.gathering import pick
from fnnet.functional.layout import contiguous
from fnnet.functional.masking import masked_fill
from fnnet.functional.reduction import count, finish_pair, kept, mean
from fnnet.functional.shape import RESHAPE, reshape
from fnnet.functional.sorting import ordered_indices

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]
Dims = int | Sequence[int] | None


# variance ----------------------------------------------------------------------------------------------------------
def _var_forward(k: K[A], x: A, /, *, dim: Shape, correction: float, keepdim: bool = False) -> A:
    away = x - k.div(k.sum(x, dim=dim, keepdim=True), count(x.shape, dim))
    return k.div(k.sum(away * away, dim=dim, keepdim=keepdim), _freedom(x.shape, dim, correction))


def _freedom(shape: Shape, dim: Shape, correction: float) -> float:
    left = count(shape, dim) - correction
    return left if left > 0 else 0


def _var_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, dim = c.inputs[0], c.static["dim"]
    away = x - k.div(k.sum(x, dim=dim, keepdim=True), count(x.shape, dim))
    return (k.div(away * 2, _freedom(x.shape, dim, c.static["correction"])) * kept(k, g, c),)


def _var_samples(make: Make) -> Any:
    yield Sample(make(3, 4), dim=(0, 1), correction=1)
    yield Sample(make(2, 3, 4), dim=(1,), correction=0, keepdim=True)
    yield Sample(make(5), dim=(0,), correction=2)


VAR = Op("var", forward=_var_forward, backward=_var_backward, uses=((0,),), samples=_var_samples)


def _std_backward(k: K[A], c: Call[A], g: A) -> Grads:
    out = c.out
    zero = k.eq(out, 0)
    half = k.where(zero, k.full((), 0, dtype=g.dtype), k.div(g, k.where(zero, k.full((), 1, dtype=g.dtype), out) * 2))
    return _var_backward(k, c, half)


STD = Op(
    "std", forward=lambda k, x, /, **static: k.sqrt(k.var(x, **static)), backward=_std_backward, uses=((0, OUT),),
    samples=_var_samples,
)  # fmt: skip


def _spread(
    op: Op, input: Tensor, dim: Any, unbiased: bool | None, correction: Number | None, keepdim: bool, out: Tensor | None
) -> Tensor:
    need_tensor(op.name, input=input)
    if isinstance(dim, bool):  # var(input, unbiased)
        dim, unbiased = None, dim
    if dtype_of(input).category != 2:
        raise DTypeError(f"{op.name}: std and var only support floating point dtypes here, got {dtype_of(input)}")
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    r: Tensor = apply(
        op,
        input,
        dim=wrap_dims(dim, input._data.ndim, op.name),
        correction=float(cast("float", correction)),
        keepdim=keepdim,
    )
    return r if out is None else into(out, r)


def var(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The variance `sum((x - mean)**2) / (n - correction)`, in two passes.

    Args:
        input: Floating point.
        dim: A dim or several. Default: all.
        unbiased: True is correction=1, False correction=0.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        correction: What is subtracted from n. Default: 1 (Bessel's correction).
        out: Where to write the result.

    Returns:
        The variance; NaN where n - correction is not positive.

    Example:
        >>> import fnnet
        >>> fnnet.var(fnnet.tensor([1.0, 2.0, 3.0]))
        tensor(1.)
    """
    return _spread(VAR, input, dim, unbiased, correction, keepdim, out)


def std(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The standard deviation, the square root of `var` (see there).

    Differentiable: with 0 where it is 0.

    Example:
        >>> import fnnet
        >>> fnnet.std(fnnet.tensor([1.0, 2.0, 3.0]))
        tensor(1.)
    """
    return _spread(STD, input, dim, unbiased, correction, keepdim, out)


def _with_mean(op: Op, input: Tensor, dim: Any, unbiased: bool | None, correction: Number | None, keepdim: bool) -> Any:
    over = None if isinstance(dim, bool) else dim
    return _spread(op, input, dim, unbiased, correction, keepdim, None), mean(input, over, keepdim)


def var_mean(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Variance and mean.

    Example:
        >>> import fnnet
        >>> fnnet.var_mean(fnnet.tensor([1.0, 2.0, 3.0]))
        (tensor(1.), tensor(2.))
    """
    return _with_mean(VAR, input, dim, unbiased, correction, keepdim)  # type: ignore[no-any-return]


def std_mean(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Standard deviation and mean.

    Example:
        >>> import fnnet
        >>> fnnet.std_mean(fnnet.tensor([1.0, 2.0, 3.0]))
        (tensor(1.), tensor(2.))
    """
    return _with_mean(STD, input, dim, unbiased, correction, keepdim)  # type: ignore[no-any-return]


# norm --------------------------------------------------------------------------------------------------------------
def _norm_forward(k: K[A], x: A, /, *, p: float, dim: Shape, keepdim: bool = False) -> A:
    if p == 2:
        return k.sqrt(k.sum(x * x, dim=dim, keepdim=keepdim))
    size = k.abs(x)
    if p == 1:
        return k.sum(size, dim=dim, keepdim=keepdim)
    if p == math.inf:
        return k.amax(size, dim=dim, keepdim=keepdim)
    if p == -math.inf:
        return k.amin(size, dim=dim, keepdim=keepdim)
    if p == 0:
        return k.sum(k.cast(k.ne(x, 0), dtype=x.dtype), dim=dim, keepdim=keepdim)
    return k.pow(k.sum(k.pow(size, p), dim=dim, keepdim=keepdim), 1.0 / p)


def _norm_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, p, dim = c.inputs[0], c.static["p"], c.static["dim"]
    zero, one = k.full((), 0, dtype=g.dtype), k.full((), 1, dtype=g.dtype)
    g, out = kept(k, g, c), kept(k, c.out, c)
    if p == 0:
        return (k.full(c.shapes[0], 0, dtype=g.dtype),)
    if p == 1:
        return (k.sign(x) * g,)
    if p in (math.inf, -math.inf):
        at = k.cast(k.eq(k.abs(x), out), dtype=g.dtype)
        return (k.sign(x) * at * k.div(g, k.sum(at, dim=dim, keepdim=True)),)
    flat = k.eq(out, 0)
    safe = k.where(flat, one, out)
    if p == 2:
        return (x * k.where(flat, zero, k.div(g, safe)),)
    scale = k.where(flat, zero, k.div(g, k.pow(safe, p - 1.0)))
    still = k.eq(x, 0)
    size = k.where(still, one, k.abs(x))
    return (k.where(still, zero, k.sign(x) * k.pow(size, p - 1.0)) * scale,)


def _norm_samples(make: Make) -> Any:
    yield Sample(make(3, 4), p=2.0, dim=(0, 1))
    yield Sample(make(3, 4), p=1.0, dim=(1,), keepdim=True)
    yield Sample(make(3, 4, low=0.5, high=2), p=3.0, dim=(0,))
    yield Sample(make(3, 4, low=0.5, high=2), p=0.5, dim=(0,))
    yield Sample(make(3, 4), p=math.inf, dim=(1,))
    yield Sample(make(2, 3, low=0, high=0), p=2.0, dim=(1,), smooth=False)


NORM = Op("norm", forward=_norm_forward, backward=_norm_backward, uses=((0, OUT),), samples=_norm_samples)


def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False,
    out: Tensor | None = None, dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """The p-norm `sum(|x|**p)**(1/p)` of the elements, over all or the given dims.

    Args:
        input: Floating point.
        p: The order: a number, inf, -inf, or "fro" (2). Default: "fro".
        dim: A dim or several. Default: all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        out: Where to write the result.
        dtype: The input is cast to it first. Default: its own.

    Differentiable: with 0 where the norm is 0; for inf, shared evenly among equal extremes.

    Example:
        >>> import fnnet
        >>> fnnet.norm(fnnet.tensor([3.0, 4.0]))
        tensor(5.)
    """
    need_tensor("norm", input=input)
    if dtype is not None:
        input = to_dtype(input, dtype)
    if dtype_of(input).category != 2:
        raise DTypeError(f"norm: Expected a floating point tensor as input. Got {dtype_of(input)}")
    order = 2.0 if p in ("fro", None) else p
    if isinstance(order, str):
        raise OptionError(f"norm: Order {order} not supported; expected a number, inf, -inf or 'fro'")
    dims = wrap_dims(dim, input._data.ndim, "norm")
    order = float(order)
    if order in (math.inf, -math.inf) and any(input._data.shape[d] == 0 for d in dims):
        raise ShapeError(f"norm: the operation does not have an identity for p={order} on an empty dim")
    if order < 0 and any(input._data.shape[d] == 0 for d in dims):
        raise ShapeError(f"norm: cannot compute the {order} norm on an empty dim")
    r: Tensor = apply(NORM, input, p=order, dim=dims, keepdim=keepdim)
    return r if out is None else into(out, r)


# median, mode, quantiles -------------------------------------------------------------------------------------------
def _one_of_sorted(input: Tensor, d: int, ignore_nan: bool) -> Tensor:
    """Indices along dim `d`, kept as size 1, of the lower median."""
    k = namespace_of(input._device)
    shape = tuple(input._data.shape)
    order = ordered_indices(input, d)
    floating = dtype_of(input).category == 2
    if not floating:
        middle: Any = k.full((*shape[:d], 1, *shape[d + 1 :]), (shape[d] - 1) // 2, dtype=dtypes.int64)
        return pick(order, d, make(middle, input._device))
    nan = k.isnan(k.cast(input._data, dtype=dtypes.float32) if dtype_of(input) in dtypes.HALF else input._data)
    numbers = k.sum(k.logical_not(nan), dim=(d,), keepdim=True)
    if ignore_nan:
        middle = k.floor_divide(k.maximum(numbers - 1, k.full((), 0, dtype=dtypes.int64)), 2)
    else:  # NaN are sorted last: with one among them, the median is the first NaN
        middle = k.where(k.lt(numbers, shape[d]), numbers, k.full((), (shape[d] - 1) // 2, dtype=dtypes.int64))
    return pick(order, d, make(middle, input._device))


def _median_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, value = c.inputs
    at = k.cast(k.logical_or(k.eq(x, value), k.logical_and(k.ne(x, x), k.ne(value, value))), dtype=g.dtype)
    return (at * k.div(g, k.sum(at, dim=(0,))), None)


MEDIAN = Op(
    "median", forward=lambda k, x, value, /: k.clone(value), backward=_median_backward, uses=((0, 1), ()),
    samples=lambda make: (Sample(make(5), make(), smooth=False),),
)  # fmt: skip
"""The median `value` of the vector `x`: its gradient is shared evenly among the elements equal to it."""


def _median(name: str, input: Tensor, dim: int | None, keepdim: bool, out: Any) -> Any:
    need_tensor(name, input=input)
    ignore_nan = name == "nanmedian"
    shape = tuple(input._data.shape)
    if dim is None:
        n = math.prod(shape)
        flat = reshape(input, (n,))
        if not n:
            r = tensor(math.nan, dtype=dtype_of(input), device=input._device)
        else:
            chosen = pick(flat.detach(), 0, _one_of_sorted(flat, 0, ignore_nan))
            r = apply(MEDIAN, flat, reshape(chosen, ()))
        return r if out is None else into(out, r)
    d = wrap_dim(dim, len(shape), name)
    x = input if shape else reshape(input, (1,))
    if x._data.shape[d] == 0:
        raise IndexRangeError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
    indices = _one_of_sorted(x, d, ignore_nan)
    return _picked(
        return_types.nanmedian if ignore_nan else return_types.median, x, d, indices, keepdim and shape, shape, out
    )


def _picked(make_pair: Any, x: Tensor, d: int, indices: Tensor, keepdim: object, shape: Shape, out: Any) -> Any:
    indices = contiguous(indices)
    values = pick(x, d, indices)
    if not keepdim:
        final = (*shape[:d], *shape[d + 1 :])
        values, indices = apply(RESHAPE, values, shape=final), apply(RESHAPE, indices, shape=final)
    return finish_pair(make_pair, values, indices, out)


def median(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    out: Any = None,  # a Tensor, or two with dim
) -> Any:  # a Tensor; with dim, values and indices
    """The lower median of all elements, or along a dim with its index; NaN if one is NaN.

    Example:
        >>> import fnnet
        >>> fnnet.median(fnnet.tensor([3, 1, 2, 4]))
        tensor(2)
    """
    return _median("median", input, dim, keepdim, out)


def nanmedian(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    out: Any = None,  # a Tensor, or two with dim
) -> Any:  # a Tensor; with dim, values and indices
    """The lower median of what is not NaN.

    Example:
        >>> import fnnet
        >>> fnnet.nanmedian(fnnet.tensor([3.0, 1.0, float("nan")]))
        tensor(1.)
    """
    return _median("nanmedian", input, dim, keepdim, out)


def kthvalue(
    input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: tuple[Tensor, Tensor] | None = None
) -> return_types.kthvalue:
    """The k-th smallest element (from 1) along a dim, with its index.

    Example:
        >>> import fnnet
        >>> values, indices = fnnet.kthvalue(fnnet.tensor([3, 1, 2]), 2)
        >>> values, indices
        (tensor(2), tensor(2))
    """
    need_tensor("kthvalue", input=input)
    shape = tuple(input._data.shape)
    d = wrap_dim(dim, len(shape), "kthvalue")
    x = input if shape else reshape(input, (1,))
    if not 1 <= k <= x._data.shape[d]:
        raise ShapeError(
            f"kthvalue(): selected number k out of range for dimension {d} (k={k}, size {x._data.shape[d]})"
        )
    if out is not None:
        refuse_overlap(out[0], input)
    indices = ordered_indices(x, d).narrow(d, k - 1, 1)
    return _picked(return_types.kthvalue, x, d, indices, keepdim and shape, shape, out)  # type: ignore[no-any-return]


def mode(
    input: Tensor, dim: int = -1, keepdim: bool = False, *, out: tuple[Tensor, Tensor] | None = None
) -> return_types.mode:
    """The most frequent element along a dim (the smallest among equals), with its last index.

    Example:
        >>> import fnnet
        >>> values, indices = fnnet.mode(fnnet.tensor([2, 1, 2]))
        >>> values, indices
        (tensor(2), tensor(2))
    """
    need_tensor("mode", input=input)
    shape = tuple(input._data.shape)
    d = wrap_dim(dim, len(shape), "mode")
    x = input if shape else reshape(input, (1,))
    n = x._data.shape[d]
    if n == 0:
        raise IndexRangeError(f"mode(): Expected reduction dim {d} to have non-zero size.")
    order = ordered_indices(x, d)
    k = namespace_of(x._device)
    y = pick(make(x._data, x._device), d, order)._data
    # How many of the preceding sorted neighbours are equal: where a value first differs, less its own place.
    lead = (slice(None),) * d
    new = k.ne(k.getitem(y, index=(*lead, slice(1, n))), k.getitem(y, index=(*lead, slice(0, n - 1))))
    first = k.cat(k.full((*y.shape[:d], 1, *y.shape[d + 1 :]), True, dtype=dtypes.bool_), new, dim=d)
    place = k.reshape(k.arange(n), shape=(n, *[1] * (y.ndim - d - 1)))
    starts = k.where(first, place, k.full((), 0, dtype=dtypes.int64))
    since = place - _running_maximum(k, starts, d)
    longest = k.argmax(since, dim=d, keepdim=True)
    indices = pick(order, d, make(longest, x._device))
    return _picked(return_types.mode, x, d, indices, keepdim and shape, shape, out)  # type: ignore[no-any-return]


def _running_maximum(k: Any, x: Any, d: int) -> Any:
    """The largest so far along dim `d`, in log2(n) steps."""
    n = x.shape[d]
    lead = (slice(None),) * d
    step = 1
    while step < n:
        head = k.getitem(x, index=(*lead, slice(0, step)))
        joined = k.maximum(k.getitem(x, index=(*lead, slice(step, n))), k.getitem(x, index=(*lead, slice(0, n - step))))
        x = k.cat(head, joined, dim=d)
        step *= 2
    return x


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(
    name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, out: Tensor | None
) -> Tensor:
    need_tensor(name, input=input)
    if dtype_of(input) not in (dtypes.float32, dtypes.float64):
        raise DTypeError(f"{name}() input tensor must be either float or double dtype, got {dtype_of(input)}")
    if interpolation not in _INTERPOLATIONS:
        raise OptionError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    levels = q if is_tensor(q) else tensor(float(q), dtype=dtype_of(input), device=input._device)
    if dtype_of(levels) is not dtype_of(input):
        raise DTypeError(f"{name}() q tensor must be same dtype as the input tensor")
    if levels._data.ndim > 1:
        raise ShapeError(f"{name}() q must be a scalar or 1D tensor, but got shape {tuple(levels._data.shape)}")
    wanted: list[float] = reshape(levels, (levels.numel(),)).tolist()
    if not all(0 <= v <= 1 for v in wanted):
        raise OptionError(f"{name}() q values must be in the range [0, 1]")
    shape = tuple(input._data.shape)
    if dim is None:
        x, d = reshape(input, (math.prod(shape),)), 0
        kept_shape = (1,) * len(shape)
    else:
        d = wrap_dim(dim, len(shape), name)
        x = input if shape else reshape(input, (1,))
        kept_shape = (*shape[:d], 1, *shape[d + 1 :]) if shape else ()
    n = x._data.shape[d]
    if n == 0:
        raise ShapeError(f"{name}() input tensor must be non-empty")
    k = namespace_of(x._device)
    dtype = dtype_of(x)
    ordered = pick(x, d, ordered_indices(x, d)).movedim(d, -1)
    numbers = k.sum(k.logical_not(k.isnan(ordered._data)), dim=(ordered._data.ndim - 1,), keepdim=True)
    end = k.full((), n - 1, dtype=dtype)
    # One NaN makes a quantile NaN: it is the last of the sorted elements. nanquantile ends before the first NaN.
    last = end if name == "quantile" else k.maximum(k.cast(numbers, dtype=dtype) - 1.0, k.full((), 0, dtype=dtype))
    exact: Tensor = apply(OPS["mul"], reshape(levels, (len(wanted),)), make(k.asarray(last), x._device))
    spots = exact._data
    if name == "quantile":
        spots = k.where(k.lt(numbers, n), end, spots)
    if interpolation == "nearest":
        spots = k.round(spots)
    elif interpolation == "lower":
        spots = k.floor(spots)
    elif interpolation == "higher":
        spots = k.ceil(spots)
    below = k.floor(spots)
    at = ordered._data.ndim - 1
    low = pick(ordered, at, make(k.cast(below, dtype=dtypes.int64), x._device))
    if interpolation in ("linear", "midpoint"):
        high = pick(ordered, at, make(k.cast(k.ceil(spots), dtype=dtypes.int64), x._device))
        if interpolation == "midpoint":
            between = k.gt(spots - below, 0)
            weight: Any = make(k.where(between, k.full((), 0.5, dtype=dtype), k.full((), 0, dtype=dtype)), x._device)
        else:  # q has a gradient through it
            weight = apply(OPS["sub"], exact, make(below, x._device))
            if name == "quantile":
                weight = masked_fill(weight, make(k.asarray(k.lt(numbers, n)), x._device), 0.0)
        low = low + (high - low) * weight
    r = low.movedim(-1, 0)
    final = kept_shape if keepdim else tuple(s for i, s in enumerate(kept_shape) if i != d) if dim is not None else ()
    r = reshape(r, (len(wanted), *final) if levels._data.ndim else final)
    return r if out is None else into(out, r)


def quantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The q-th quantiles of all elements, or along a dim; NaN where one is NaN.

    Args:
        input: float32 or float64.
        q: A number from 0 to 1, or a vector of them: the result's first dim.
        dim: Along which dim. Default: all elements.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        interpolation: Between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        out: Where to write the result.

    Example:
        >>> import fnnet
        >>> fnnet.quantile(fnnet.tensor([0.0, 1.0, 2.0, 3.0]), 0.5)
        tensor(1.5000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, out)


def nanquantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The q-th quantiles of what is not NaN (see `quantile`).

    Example:
        >>> import fnnet
        >>> fnnet.nanquantile(fnnet.tensor([1.0, float("nan"), 3.0]), 0.5)
        tensor(2.)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, out)


__all__ = [
    "kthvalue", "median", "mode", "nanmedian", "nanquantile", "norm", "quantile", "std", "std_mean", "var", "var_mean",
]  # fmt: skip
