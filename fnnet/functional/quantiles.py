"""Quantiles and their kin: elements by their place among the sorted ones (median, k-th smallest), and the mode."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import DTypeError, IndexRangeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import OPS, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.backends import dtypes
from fnnet.functional import return_types
from fnnet.functional._common import dtype_of, into, is_tensor, need_tensor, refuse_dtype, refuse_overlap, wrap_dim
from fnnet.functional.creation import tensor
from fnnet.functional.gathering import pick
from fnnet.functional.layout import contiguous
from fnnet.functional.masking import masked_fill
from fnnet.functional.reduction import finish_pair
from fnnet.functional.shape import RESHAPE, reshape
from fnnet.functional.sorting import ordered_indices

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# median, k-th smallest, mode --------------------------------------------------------------------------------------
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
    real=True, samples=lambda make: (Sample(make(5), make(), smooth=False),),
)  # fmt: skip
"""The median `value` of the vector `x`: its gradient is shared evenly among the elements equal to it."""


def _median(name: str, input: Tensor, dim: int | None, keepdim: bool, out: Any) -> Any:
    need_tensor(name, input=input)
    refuse_dtype(name, dtype_of(input), 0, 3)
    ignore_nan = name == "nanmedian"
    shape = tuple(input._data.shape)
    if dim is None:
        n = math.prod(shape)
        flat = reshape(input, (n,))
        if not n:
            # NaN as whole number is the least one of 32 and 64 bits, and of fewer 0: what PyTorch's cast gives.
            dtype = dtype_of(input)
            wide = dtype.category == 1 and dtype.itemsize >= 4
            nothing = -(1 << 8 * dtype.itemsize - 1) if wide else 0 if dtype.category == 1 else math.nan
            r = tensor(nothing, dtype=dtype, device=input._device)
        else:
            chosen = pick(flat.detach(), 0, _one_of_sorted(flat, 0, ignore_nan))
            r = entitle(apply(MEDIAN, flat, reshape(chosen, ())), f"{name.capitalize()}Backward0")
        return r if out is None else into(name, out, r)
    d = wrap_dim(dim, len(shape), name)
    x = input if shape else reshape(input, (1,))
    if x._data.shape[d] == 0:
        raise IndexRangeError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
    indices = _one_of_sorted(x, d, ignore_nan)
    pair = return_types.nanmedian if ignore_nan else return_types.median
    return _picked(pair, x, d, indices, keepdim and shape, shape, out, f"{name.capitalize()}Backward1")


def _picked(
    make_pair: Any, x: Tensor, d: int, indices: Tensor, keepdim: object, shape: Shape, out: Any, title: str
) -> Any:  # the named tuple that `make_pair` makes
    indices = contiguous(indices)
    values = pick(x, d, indices)
    if not keepdim:
        final = (*shape[:d], *shape[d + 1 :])
        values, indices = apply(RESHAPE, values, shape=final), apply(RESHAPE, indices, shape=final)
    return finish_pair(make_pair, entitle(values, title), indices, out)


def median(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    out: Any = None,  # a Tensor, or two with dim
) -> Any:  # a Tensor; with dim, values and indices
    """The lower median of all elements, or along a dim with its index.

    Args:
        input: Whole numbers or floating point, any shape.
        dim: Along which dim. Default: all elements.
        keepdim: Keep the reduced dim, of size 1; without `dim` of no effect. Default: False.
        out: Where to write: a tensor, or with `dim` a pair (values, indices).

    Returns:
        A 0-d tensor in `input`'s dtype, NaN where one is NaN or there is no element; with `dim` a named tuple (values,
        indices) of `input` without that dim, indices int64.

    Raises:
        UnsupportedDTypeError: `input` is bool or complex.
        IndexRangeError: `dim` is out of range, or empty.

    Differentiable: The values: without `dim` shared evenly among elements equal to the median, else to the chosen one.

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
    """The lower median of the elements that are not NaN, or of those along a dim with its index.

    Args:
        input: Whole numbers or floating point, any shape.
        dim: Along which dim. Default: all elements.
        keepdim: Keep the reduced dim, of size 1; without `dim` of no effect. Default: False.
        out: Where to write: a tensor, or with `dim` a pair (values, indices).

    Returns:
        As `median`; NaN where all are NaN.

    Raises:
        UnsupportedDTypeError: `input` is bool or complex.
        IndexRangeError: `dim` is out of range, or empty.

    Differentiable: As `median`.

    Example:
        >>> import fnnet
        >>> fnnet.nanmedian(fnnet.tensor([3.0, 1.0, float("nan")]))
        tensor(1.)
    """
    return _median("nanmedian", input, dim, keepdim, out)


def kthvalue(
    input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: tuple[Tensor, Tensor] | None = None
) -> return_types.kthvalue:
    """The k-th smallest element along a dim, with its index; NaN counts as the largest.

    Args:
        input: Whole numbers or floating point, any shape.
        k: From 1 to the dim's size.
        dim: Along which dim. Default: the last.
        keepdim: Keep the reduced dim, of size 1. Default: False.
        out: Where to write (values, indices).

    Returns:
        A named tuple (values, indices) of `input` without that dim, indices int64: the first of equal elements is the
        smaller.

    Raises:
        UnsupportedDTypeError: `input` is bool or complex.
        IndexRangeError: `dim` is out of range.
        ShapeError: `k` is out of range.
        OverlapError: `out` shares memory with `input`.

    Differentiable: The values, to the chosen element.

    Example:
        >>> import fnnet
        >>> values, indices = fnnet.kthvalue(fnnet.tensor([3, 1, 2]), 2)
        >>> values, indices
        (tensor(2), tensor(2))
    """
    need_tensor("kthvalue", input=input)
    refuse_dtype("kthvalue", dtype_of(input), 0, 3)
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
    pair: return_types.kthvalue = _picked(
        return_types.kthvalue, x, d, indices, keepdim and shape, shape, out, "KthvalueBackward0"
    )
    return pair


def mode(
    input: Tensor, dim: int = -1, keepdim: bool = False, *, out: tuple[Tensor, Tensor] | None = None
) -> return_types.mode:
    """The most frequent element along a dim (the smallest among equally frequent ones), with its last index.

    Args:
        input: Any shape; not complex. A NaN equals no other.
        dim: Along which dim. Default: the last.
        keepdim: Keep the reduced dim, of size 1. Default: False.
        out: Where to write (values, indices).

    Returns:
        A named tuple (values, indices) of `input` without that dim, indices int64.

    Raises:
        UnsupportedDTypeError: `input` is complex.
        IndexRangeError: `dim` is out of range, or empty.

    Differentiable: The values, to the element at the index.

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
    pair: return_types.mode = _picked(return_types.mode, x, d, indices, keepdim and shape, shape, out, "ModeBackward0")
    return pair


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


# quantiles ------------------------------------------------------------------------------------------------------------
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
    r = entitle(reshape(r, (len(wanted), *final) if levels._data.ndim else final), "SqueezeBackward4")
    return r if out is None else into(name, out, r)


def quantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The q-th quantiles of all elements, or along a dim; NaN where one is NaN.

    Args:
        input: float32 or float64, any shape, not empty.
        q: A number from 0 to 1, or a vector of them in `input`'s dtype: the result's first dim.
        dim: Along which dim. Default: all elements.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        interpolation: What to take at a place between two elements: "linear" (by distance), "lower", "higher",
            "midpoint" or "nearest" (the even one where both are as near). Default: "linear".
        out: Where to write the result.

    Returns:
        `(*q.shape, *rest)` in `input`'s dtype, where rest is `input`'s shape without the reduced dims.

    Raises:
        DTypeError: Other dtypes, or `q` of another than `input`.
        OptionError: `q` is outside [0, 1], or the interpolation unknown.
        IndexRangeError: `dim` is out of range.
        ShapeError: `input` is empty, or `q` has more than one dim.

    Differentiable: By the one or two elements at a quantile's place, and with "linear" by a tensor `q`.

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
    """The q-th quantiles of the elements that are not NaN, all or along a dim; NaN where all are.

    Args:
        input: float32 or float64, any shape, not empty.
        q: A number from 0 to 1, or a vector of them in `input`'s dtype: the result's first dim.
        dim: Along which dim. Default: all elements.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        interpolation: As for `quantile`. Default: "linear".
        out: Where to write the result.

    Returns:
        As `quantile`.

    Raises:
        DTypeError, OptionError, IndexRangeError, ShapeError: As in `quantile`.

    Differentiable: As `quantile`.

    Example:
        >>> import fnnet
        >>> fnnet.nanquantile(fnnet.tensor([1.0, float("nan"), 3.0]), 0.5)
        tensor(2.)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, out)


__all__ = ["kthvalue", "median", "mode", "nanmedian", "nanquantile", "quantile"]
