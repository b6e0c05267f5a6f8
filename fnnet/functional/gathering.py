"""Gathering and scattering of elements: gather, scatter, take, put and their kin.

They are `take`, `index_add` and `index_set` on the flattened tensor; only the places are computed here.

Raw arrays are `Any`: their class is the backend's own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from attrs import evolve

from fnnet._core.errors import ArgumentError, DTypeError, GatherIndexError, IndexRangeError, OptionError, ShapeError
from fnnet._core.namespace import Shape
from fnnet._core.op import Op
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.autograd.writes import refuse_partial_overlap
from fnnet.backends import dtypes
from fnnet.functional._common import (
    broadcast_shape,
    copy_into,
    dtype_of,
    into,
    into_same,
    is_tensor,
    need_dtype,
    need_one_device,
    need_tensor,
    plain_number,
    wrap_dim,
)
from fnnet.functional.broadcasting import EXPAND, broadcast_to
from fnnet.functional.host_data import fitting_number
from fnnet.functional.places import (
    INDEX_ADD,
    INDEX_SET,
    OUTSIDE,
    Places,
    checked,
    host_number,
    read,
    whole_index,
    write,
    written,
)
from fnnet.functional.segments import combine
from fnnet.functional.shape import GETITEM, RESHAPE

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor


# gather and scatter ------------------------------------------------------------------------------------------------
def grid_places(x: Tensor, dim: int, at: Any) -> Places:
    """Places x[i, at[i, j], ...] in the flattened `x`: `at` is a raw array of as many dims, none larger than x's."""
    k = namespace_of(x._device)
    shape = tuple(x._data.shape)
    stride = math.prod(shape[dim + 1 :])
    flat = at if stride == 1 else at * stride
    for i, n in enumerate(at.shape):
        if i != dim and n > 1:
            step = math.prod(shape[i + 1 :])
            line = k.arange(n) if step == 1 else k.arange(n) * step
            flat = flat + k.reshape(line, shape=(n, *[1] * (len(shape) - 1 - i)))
    return Places(None, (math.prod(shape),), flat)


def pick(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """`gather` with indices that are known to be in range: how max, sort and their kin fetch values."""
    if not x._data.ndim:
        r: Tensor = apply(RESHAPE, x, shape=tuple(index._data.shape))
        return r
    return read(x, grid_places(x, dim, index._data), "GatherBackward0")


def _checked_grid(
    name: str, x: Tensor, dim: int, index: object, limit: Shape | None, *, from_end: bool = False
) -> tuple[Places, Shape]:
    """The places of gather or scatter, and the index's shape; `limit` is the shape of what is scattered.

    `from_end`: negative indices count from the end, and are no error.
    """
    need_tensor(name, input=x, index=index)
    need_one_device(name, input=x, index=index)
    i = cast("Tensor", index)
    own, shape = tuple(x._data.shape), tuple(i._data.shape)
    d = wrap_dim(dim, len(own), name)
    if not math.prod(shape):
        return Places(None, (math.prod(own),), whole_index(i)), shape
    if dtype_of(i) not in (dtypes.int32, dtypes.int64):
        raise DTypeError(f"{name}(): Expected dtype int32/int64 for index, got {dtype_of(i)}")
    if len(own or (1,)) != len(shape or (1,)):
        raise ShapeError(
            f"{name}(): Index tensor must have the same number of dimensions as {'input' if limit is None else 'self'} "
            f"tensor (index: {shape}, input: {own})"
        )
    own, shape = own or (1,), shape or (1,)
    if any(n > m for j, (n, m) in enumerate(zip(shape, own, strict=True)) if j != d):
        raise ShapeError(
            f"{name}(): Size does not match at dimension "
            f"{next(j for j, (n, m) in enumerate(zip(shape, own, strict=True)) if j != d and n > m)} "
            f"expected index {list(shape)} to be no larger than self {list(own)} apart from dimension {d}"
        )
    if limit is not None and (
        len(limit or (1,)) != len(shape) or any(n > m for n, m in zip(shape, limit or (1,), strict=True))
    ):
        raise ShapeError(
            f"{name}(): Expected index {list(shape)} to be no larger than src {list(limit)} in every dimension"
        )
    n = own[d]

    def complain(at: int) -> Exception:
        return GatherIndexError(f"{name}(): index {at} is out of bounds for dimension {d} with size {n}")

    k = namespace_of(i._device)
    raw = k.reshape(whole_index(i), shape=shape)
    found = checked(i._device, raw, n, complain)
    if found is not raw and i._device.type == "cpu" and not from_end:  # it had negative ones
        raise complain(int(host_number(i._device, k.amin(raw, dim=tuple(range(raw.ndim))))))
    reshaped = x if x._data.ndim else cast("Tensor", apply(RESHAPE, x, shape=(1,)))
    places = grid_places(reshaped, d, found)
    if i._device.type != "cpu":
        outside = k.full((), OUTSIDE, dtype=dtypes.int64)
        places = evolve(places, at=k.where(k.eq(found, OUTSIDE), outside, places.at))
    return places, tuple(i._data.shape)


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None) -> Tensor:
    """Elements picked along a dim: `out[i, j] = input[i, index[i, j]]` for dim 1.

    Args:
        input: Any tensor.
        dim: Along which dim.
        index: int64 or int32, each from 0 to the dim's size - 1; as many dims as `input`, and no larger than it in the
            others.
        sparse_grad: Accepted; the gradient is dense. Default: False.
        out: Where to write the result, of the input's dtype.

    Returns:
        A new tensor of the index's shape and the input's dtype.

    Raises:
        GatherIndexError: An index is negative or too large.
        ShapeError: `index` has another number of dims, or is larger than `input` in a dim but `dim`.
        DTypeError: `index` is neither int64 nor int32, or `out` is of another dtype.
        IndexRangeError: `dim` is out of range.

    Differentiable: By `input`, any order: elements that are picked several times add up.

    Example:
        >>> import fnnet
        >>> fnnet.gather(fnnet.tensor([[1, 2], [3, 4]]), 1, fnnet.tensor([[0, 0], [1, 0]]))
        tensor([[1, 1],
                [4, 3]])
    """
    places, shape = _checked_grid("gather", input, dim, index, None)
    r = read(input, places, "GatherBackward0")
    if tuple(r._data.shape) != shape:
        r = entitle(apply(RESHAPE, r, shape=shape), "GatherBackward0")
    if out is None:
        return r
    need_dtype("gather", out, dtype_of(r))
    return into("gather", out, r, input, index)


def _scattered(name: str, input: Tensor, dim: int, index: Tensor, src: Any) -> tuple[Places, Tensor]:
    """Places, and the part of `src` (a tensor or a number) that goes there."""
    need_tensor(name, input=input, index=index)
    need_one_device(name, input=input, index=index, src=src)
    if is_tensor(src) and (src._data.ndim or not index._data.ndim or not input._data.ndim):
        if dtype_of(src) is not dtype_of(input):
            raise DTypeError(
                f"{name}(): Expected self.dtype to be equal to src.dtype, got {dtype_of(input)} and {dtype_of(src)}"
            )
        places, shape = _checked_grid(name, input, dim, index, tuple(src._data.shape))
        if tuple(src._data.shape) != shape and 0 not in shape:
            src = apply(GETITEM, src, index=tuple(slice(0, n) for n in shape))
    else:
        places, shape = _checked_grid(name, input, dim, index, None)
        if not is_tensor(src) or dtype_of(src) is not dtype_of(input):
            number = fitting_number(src.item() if is_tensor(src) else plain_number(src), dtype_of(input))
            src = make(namespace_of(input._device).full((), number, dtype=dtype_of(input)), input._device)
        src = apply(EXPAND, src, shape=shape)
    wanted = tuple(places.at.shape)
    if tuple(src._data.shape) != wanted:
        src = src.new_zeros(wanted) if not math.prod(wanted) else apply(RESHAPE, src, shape=wanted)
    return places, src


def _scatter(name: str, input: Tensor, dim: int, index: Tensor, src: Any, op: Op, in_place: bool) -> Tensor:
    places, part = _scattered(name, input, dim, index, src)
    if in_place:
        refuse_partial_overlap(input, name, index, src, or_same=True)
    title = "ScatterAddBackward0" if op is INDEX_ADD else f"ScatterBackward{int(not is_tensor(src))}"
    return (write if in_place else written)(input, places, op, part, title)


def _one_source(src: Any, value: Any) -> Any:
    if (src is None) == (value is None):
        raise ArgumentError("scatter(): expected one of the arguments 'src' and 'value'")
    return value if src is None else src


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Tensor | Number | None = None, *, value: Number | None = None,
    reduce: str | None = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """A copy with elements of `src` written along a dim: `out[i, index[i, j]] = src[i, j]` for dim 1.

    Args:
        input: Any tensor.
        dim: Along which dim.
        index: int64 or int32, each from 0 to the dim's size - 1; as many dims as `input`, no larger than `src`, and no
            larger than `input` in the dims but `dim`. Where places repeat, one of the values stays.
        src: A tensor of the input's dtype, or a number. Default: None, `value`.
        value: The number, by name. Default: None, `src`.
        reduce: "add" or "multiply" instead of overwriting. Default: None.
        out: Where to write the result.

    Returns:
        A new tensor of the input's shape and dtype.

    Raises:
        GatherIndexError: An index is negative or too large.
        ShapeError: The shapes do not fit.
        DTypeError: `index` is neither int64 nor int32, or `src` is not of the input's dtype.
        IndexRangeError: `dim` is out of range.
        OptionError: `reduce` is none of these, or a number does not fit the dtype.
        ArgumentError: Neither or both of `src` and `value` are given.

    Differentiable: By `input` and a `src` of its dtype, any order; where places repeat every value gets the gradient.

    Example:
        >>> import fnnet
        >>> fnnet.scatter(fnnet.zeros(2, 3), 1, fnnet.tensor([[2], [0]]), 1.0)
        tensor([[0., 0., 1.],
                [1., 0., 0.]])
    """
    need_tensor("scatter", input=input, index=index)
    given = _one_source(src, value)
    if reduce is None:
        r = _scatter("scatter", input, dim, index, given, INDEX_SET, in_place=False)
    else:
        r = _reduced("scatter", input, dim, index, given, reduce)
    return (
        r
        if out is None
        else into_same("scatter", out, r, index, *((given,) if is_tensor(given) else ()), beside=(input,))
    )


def scatter_(
    self: Tensor, dim: int, index: Tensor, src: Tensor | Number | None = None, *, value: Number | None = None,
    reduce: str | None = None,
) -> Tensor:  # fmt: skip
    """Write elements of `src` along a dim (see `scatter`).

    Args:
        self: What is written to.
        dim: Along which dim.
        index: As in `scatter`.
        src: A tensor of the dtype of `self`, or a number. Default: None, `value`.
        value: The number, by name. Default: None, `src`.
        reduce: "add" or "multiply" instead of overwriting. Default: None.

    Returns:
        `self`.

    Raises:
        AutogradError: `self` is a leaf that requires grad. For the others see `scatter`; they change nothing.

    Differentiable: As `scatter`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(3).scatter_(0, fnnet.tensor([1]), 5.0)
        tensor([0., 5., 0.])
    """
    given = _one_source(src, value)
    if reduce is None:
        return _scatter("scatter_", self, dim, index, given, INDEX_SET, in_place=True)
    r = _reduced("scatter_", self, dim, index, given, reduce)
    refuse_partial_overlap(self, "scatter_", index, given, or_same=True)
    return copy_into(self, r)


def _reduced(name: str, input: Tensor, dim: int, index: Tensor, src: Any, reduce: str) -> Tensor:
    if reduce == "add":
        return _scatter(name, input, dim, index, src, INDEX_ADD, in_place=False)
    if reduce != "multiply":
        raise OptionError(f"{name}(): reduce argument must be either add or multiply, got {reduce!r}")
    places, part = _scattered(name, input, dim, index, src)
    return combine(input, places, part, "prod", include_self=True)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy with elements of `src` added along a dim: `out[i, index[i, j]] += src[i, j]` for dim 1.

    Args:
        input: Any tensor.
        dim: Along which dim.
        index: int64 or int32, as in `scatter`; repeated places add up.
        src: Of the input's dtype, in no dim smaller than `index`.
        out: Where to write the result.

    Returns:
        A new tensor of the input's shape and dtype.

    Raises:
        GatherIndexError: An index is negative or too large.
        ShapeError: The shapes do not fit.
        DTypeError: `index` is neither int64 nor int32, or `src` is not of the input's dtype.
        IndexRangeError: `dim` is out of range.
        ArgumentError: `src` is no tensor.

    Differentiable: By `input` and `src`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.scatter_add(fnnet.zeros(2), 0, fnnet.tensor([1, 1]), fnnet.tensor([1.0, 2.0]))
        tensor([0., 3.])
    """
    need_tensor("scatter_add", src=src)
    r = _scatter("scatter_add", input, dim, index, src, INDEX_ADD, in_place=False)
    return r if out is None else into_same("scatter_add", out, r, index, src, beside=(input,))


def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Add elements of `src` along a dim (see `scatter_add`).

    Args:
        self: What is added to.
        dim: Along which dim.
        index: As in `scatter`; repeated places add up.
        src: Of the dtype of `self`, in no dim smaller than `index`.

    Returns:
        `self`.

    Raises:
        AutogradError: `self` is a leaf that requires grad. For the others see `scatter_add`; they change nothing.

    Differentiable: As `scatter_add`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(2).scatter_add_(0, fnnet.tensor([1, 1]), fnnet.tensor([1.0, 2.0]))
        tensor([0., 3.])
    """
    need_tensor("scatter_add_", src=src)
    return _scatter("scatter_add_", self, dim, index, src, INDEX_ADD, in_place=True)


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """A copy where all that is scattered to a place is reduced with what was there.

    Args:
        input: Any tensor; real for "amax" and "amin".
        dim: Along which dim.
        index: int64 or int32, as in `scatter`.
        src: Of the input's dtype, in no dim smaller than `index`.
        reduce: "sum", "prod", "mean" (of whole numbers rounded down), "amax" or "amin".
        include_self: Whether the input's own elements take part, where something is scattered. Default: True.
        out: Where to write the result.

    Returns:
        A new tensor of the input's shape and dtype.

    Raises:
        GatherIndexError: An index is negative or too large.
        ShapeError: The shapes do not fit.
        DTypeError: `index` is neither int64 nor int32, `src` is not of the input's dtype, or extremes of complex
            numbers.
        IndexRangeError: `dim` is out of range.
        OptionError: `reduce` is none of these.

    Differentiable: By `input` and `src`, any order; elements that share an extreme get equal parts.

    Example:
        >>> import fnnet
        >>> index, src = fnnet.tensor([1, 1]), fnnet.tensor([2.0, 3.0])
        >>> fnnet.scatter_reduce(fnnet.ones(2), 0, index, src, "prod")
        tensor([1., 6.])
    """
    need_tensor("scatter_reduce", src=src)
    places, part = _scattered("scatter_reduce", input, dim, index, src)
    r = combine(input, places, part, reduce, include_self=include_self)
    entitle(r, "ScatterReduceBackward0")
    return r if out is None else into_same("scatter_reduce", out, r, index, src, beside=(input,))


def scatter_reduce_(
    self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """`scatter_reduce` in place.

    Args:
        self: What is reduced into.
        dim: Along which dim.
        index: As in `scatter`.
        src: Of the dtype of `self`, in no dim smaller than `index`.
        reduce: As in `scatter_reduce`.
        include_self: Whether the elements of `self` take part, where something is scattered. Default: True.

    Returns:
        `self`.

    Raises:
        AutogradError: `self` is a leaf that requires grad. For the others see `scatter_reduce`; they change nothing.

    Differentiable: As `scatter_reduce`.

    Example:
        >>> import fnnet
        >>> fnnet.ones(2).scatter_reduce_(0, fnnet.tensor([1, 1]), fnnet.tensor([2.0, 3.0]), "sum")
        tensor([1., 6.])
    """
    r = scatter_reduce(self, dim, index, src, reduce, include_self=include_self)
    refuse_partial_overlap(self, "scatter_reduce_", index, src, or_same=True)
    return copy_into(self, r)


# places in the flattened tensor ------------------------------------------------------------------------------------
def _flat_places(name: str, x: Tensor, index: Tensor) -> Places:
    need_tensor(name, input=x, index=index)
    need_one_device(name, input=x, index=index)
    if dtype_of(index) is not dtypes.int64:
        raise DTypeError(f"{name}(): Expected a long tensor for index, but got {dtype_of(index)}")
    n = math.prod(x._data.shape)
    if not n and math.prod(index._data.shape):
        raise IndexRangeError(f"{name}(): tried to take from an empty tensor")

    def complain(at: int) -> Exception:
        return IndexRangeError(f"{name}(): out of range: tried to access index {at} on a tensor of {n} elements.")

    return Places(None, (n,), checked(index._device, index._data, n, complain))


def take(input: Tensor, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elements by their place in the flattened tensor, in the shape of `index`.

    Args:
        input: Any tensor.
        index: int64, any shape; negative ones count from the end.
        out: Where to write the result.

    Returns:
        A new tensor of the index's shape and the input's dtype.

    Raises:
        IndexRangeError: An index is out of range.
        DTypeError: `index` is not int64.

    Differentiable: By `input`, any order: elements that are picked several times add up.

    Example:
        >>> import fnnet
        >>> fnnet.take(fnnet.tensor([[1, 2], [3, 4]]), fnnet.tensor([0, -1]))
        tensor([1, 4])
    """
    r = read(input, _flat_places("take", input, index), "TakeBackward0")
    return r if out is None else into_same("take", out, r, input, index)


def _put(name: str, x: Tensor, index: Tensor, source: Tensor) -> tuple[Places, Tensor]:
    places = _flat_places(name, x, index)
    need_tensor(name, source=source)
    n, m = math.prod(index._data.shape), math.prod(source._data.shape)
    if n != m:
        raise GatherIndexError(
            f"{name}(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{m}, index.numel() = {n}"
        )
    if dtype_of(source) is not dtype_of(x):
        raise DTypeError(
            f"{name}(): self and source expected to have the same dtype, but got {dtype_of(x)} and {dtype_of(source)}"
        )
    return places, cast("Tensor", apply(RESHAPE, source, shape=tuple(index._data.shape)))


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with `source` written at (or added to) places of the flattened tensor.

    Args:
        input: Any tensor.
        index: int64, any shape; negative ones count from the end. Where places repeat, one of the values stays.
        source: Of the input's dtype, with as many elements as `index`.
        accumulate: Add instead of overwriting; repeated places add up. Default: False.

    Returns:
        A new tensor of the input's shape and dtype.

    Raises:
        IndexRangeError: An index is out of range, or `source` has another number of elements than `index`.
        DTypeError: `index` is not int64, or `source` is not of the input's dtype.

    Differentiable: By `input` and `source`, any order; where places repeat every value gets the gradient.

    Example:
        >>> import fnnet
        >>> fnnet.put(fnnet.zeros(2, 2), fnnet.tensor([3]), fnnet.tensor([1.0]))
        tensor([[0., 0.],
                [0., 1.]])
    """
    places, part = _put("put", input, index, source)
    return written(input, places, INDEX_ADD if accumulate else INDEX_SET, part, "PutBackward0")


def put_(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Write `source` at (or add it to) places of the flattened tensor.

    Args:
        self: What is written to.
        index: As in `put`.
        source: Of the dtype of `self`, with as many elements as `index`.
        accumulate: Add instead of overwriting; repeated places add up. Default: False.

    Returns:
        `self`.

    Raises:
        AutogradError: `self` is a leaf that requires grad. For the others see `put`; they change nothing.

    Differentiable: As `put`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(3).put_(fnnet.tensor([2]), fnnet.tensor([1.0]))
        tensor([0., 0., 1.])
    """
    places, part = _put("put_", self, index, source)
    refuse_partial_overlap(self, "put_", index, source, or_same=True)
    return write(self, places, INDEX_ADD if accumulate else INDEX_SET, part, "PutBackward0")


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """`gather`, with the other dims of both broadcast; without `dim`, from the flattened tensor.

    Args:
        input: Any tensor.
        indices: int64 (without `dim` int32 too), as many dims as `input`; negative ones count from the end.
        dim: Along which dim. Default: None, both are flattened.
        out: Where to write the result.

    Returns:
        A new tensor of the input's dtype, as large as `indices` along `dim`, broadcast in the other dims.

    Raises:
        GatherIndexError: An index is out of range.
        ShapeError: The numbers of dims differ, or the other dims do not broadcast.
        DTypeError: `indices` is of another dtype.
        IndexRangeError: `dim` is out of range.

    Differentiable: By `input`, any order: elements that are picked several times add up.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([[3, 1], [2, 4]])
        >>> fnnet.take_along_dim(x, fnnet.argmax(x, 1, keepdim=True), 1)
        tensor([[3],
                [4]])
    """
    need_tensor("take_along_dim", input=input, indices=indices)
    if dim is None:
        flat: Tensor = apply(RESHAPE, input, shape=(math.prod(input._data.shape),))
        return _from_either_end(flat, 0, apply(RESHAPE, indices, shape=(math.prod(indices._data.shape),)), out)
    if dtype_of(indices) is not dtypes.int64:
        raise DTypeError(f"take_along_dim(): dtype of indices should be Long but got {dtype_of(indices)}")
    a, b = tuple(input._data.shape), tuple(indices._data.shape)
    if len(a) != len(b):
        raise ShapeError(
            f"take_along_dim(): input and indices should have the same number of dimensions, but got {len(a)} "
            "dimensions "
            f"for input, and {len(b)} dimensions for indices"
        )
    d = wrap_dim(dim, len(a), "take_along_dim")
    shape = broadcast_shape("take_along_dim", (*a[:d], 1, *a[d + 1 :]), (*b[:d], 1, *b[d + 1 :]))
    x = broadcast_to(input, (*shape[:d], a[d], *shape[d + 1 :]))
    return _from_either_end(x, d, broadcast_to(indices, (*shape[:d], b[d], *shape[d + 1 :])), out)


def _from_either_end(x: Tensor, dim: int, indices: Tensor, out: Tensor | None) -> Tensor:
    places, _ = _checked_grid("take_along_dim", x, dim, indices, None, from_end=True)
    r = read(x, places, "GatherBackward0")
    return r if out is None else into("take_along_dim", out, r)


__all__ = [
    "gather", "put", "scatter", "scatter_add", "scatter_reduce", "take", "take_along_dim",
]  # fmt: skip
