"""Sorting: in order, the largest few, and what is left without repetitions.

Indices come from one stable sort (`argsort`), values from gathering there: so the gradient goes to where they were.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, ShapeError
from fnnet._core.namespace import A, Namespace
from fnnet._core.op import Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.backends import dtypes
from fnnet.functional import return_types
from fnnet.functional._common import dtype_of, into, into_same, need_int, need_tensor, refuse_dtype, to_dtype, wrap_dim
from fnnet.functional.gathering import pick
from fnnet.functional.layout import contiguous
from fnnet.functional.places import host_number, take_rows
from fnnet.functional.reduction import finish_pair
from fnnet.functional.shape import RESHAPE, reshape

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


def _samples(make: Make) -> Any:
    yield Sample(make(3, 4), dim=1, smooth=False)
    yield Sample(make(3, 4), dim=0, descending=True, smooth=False)


ARGSORT = Op("argsort", samples=_samples, real=True)


def _topk_forward(k: Namespace[A], x: A, /, *, count: int, dim: int, largest: bool) -> A:
    order = k.argsort(x, dim=dim, descending=largest)
    return k.getitem(order, index=(*(slice(None),) * dim, slice(0, count)))


def _topk_samples(make: Make) -> Any:
    yield Sample(make(3, 5), count=2, dim=1, largest=True, smooth=False)
    yield Sample(make(3, 5), count=3, dim=0, largest=False, smooth=False)


TOPK = Op("topk", forward=_topk_forward, samples=_topk_samples, real=True)
"""The indices of the `count` largest or smallest; called by namespace, so that a backend's own function serves it."""


def ordered_indices(x: Tensor, dim: int, descending: bool = False) -> Tensor:
    """Indices of a stable sort along a dim that is there; NaN counts as the largest."""
    if dtype_of(x) is dtypes.bool_:
        x = to_dtype(x, dtypes.uint8)
    r: Tensor = apply(ARGSORT, x, dim=dim, descending=descending)
    return r


def _dim(name: str, input: Tensor, dim: int) -> int:
    need_tensor(name, input=input)
    if dtype_of(input).category == 3:
        raise DTypeError(f"{name}: Sort does not support complex dtypes on CPU")
    return wrap_dim(dim, input._data.ndim, name)


def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False, out: Tensor | None = None
) -> Tensor:
    """The indices that sort along a dim.

    Args:
        input: Any real dtype, any shape; NaN counts as the largest.
        dim: Along which dim. Default: -1.
        descending: From the largest on. Default: False.
        stable: Accepted; equal elements always keep their order.
        out: Where to write the result.

    Returns:
        int64, input's shape.

    Raises:
        IndexRangeError: `dim` is not there.
        DTypeError: `input` is complex.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.argsort(fnnet.tensor([3, 1, 2]))
        tensor([1, 2, 0])
    """
    d = _dim("argsort", input, dim)
    if not input._data.ndim:
        r: Tensor = make(namespace_of(input._device).full((), 0, dtype=dtypes.int64), input._device)
    else:
        r = ordered_indices(input, d, descending)
    return r if out is None else into("argsort", out, r)


def sort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False,
    out: tuple[Tensor, Tensor] | None = None,
) -> return_types.sort:  # fmt: skip
    """The elements along a dim in order, and their indices.

    Args:
        input: Any real dtype, any shape; NaN counts as the largest.
        dim: Along which dim. Default: -1.
        descending: From the largest on. Default: False.
        stable: Accepted; equal elements always keep their order.
        out: Where to write values and indices.

    Returns:
        The named tuple (values, indices): input's dtype and int64, both of input's shape.

    Raises:
        IndexRangeError: `dim` is not there.
        DTypeError: `input` is complex.

    Differentiable: The values: each gradient goes to the element that was moved there.

    Example:
        >>> import fnnet
        >>> values, indices = fnnet.sort(fnnet.tensor([3, 1, 2]))
        >>> values, indices
        (tensor([1, 2, 3]), tensor([1, 2, 0]))
    """
    d = _dim("sort", input, dim)
    indices = argsort(input, d, descending)
    pair: return_types.sort = finish_pair(return_types.sort, pick(input, d, indices), indices, out)
    return entitle(pair, f"SortBackward{int(stable)}")


def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements in order along the first dim: `sort(input, 0).values`.

    Args:
        input: Any real dtype, any shape; NaN counts as the largest.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Raises:
        DTypeError: `input` is complex.

    Differentiable: Each gradient goes to the element that was moved there.

    Example:
        >>> import fnnet
        >>> fnnet.msort(fnnet.tensor([3, 1, 2]))
        tensor([1, 2, 3])
    """
    r = sort(input, 0).values
    entitle(r, "SortBackward0")
    return r if out is None else into_same("msort", out, r)


def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *,
    out: tuple[Tensor, Tensor] | None = None,
) -> return_types.topk:  # fmt: skip
    """The `k` largest (or smallest) elements along a dim, and their indices.

    Args:
        input: Any real dtype but bool, any shape; NaN counts as the largest.
        k: How many, from 0 to the dim's size.
        dim: Along which dim. Default: -1.
        largest: The largest, else the smallest. Default: True.
        sorted: Accepted; they are always in order.
        out: Where to write values and indices.

    Returns:
        The named tuple (values, indices): input's dtype and int64, of input's shape but for size `k` along `dim`. Which
        of equal elements are taken is not specified.

    Raises:
        ShapeError: `k` is negative or above the dim's size.
        IndexRangeError: `dim` is not there.
        DTypeError: `input` is bool or complex.

    Differentiable: The values: each gradient goes to the element at the index.

    Example:
        >>> import fnnet
        >>> values, indices = fnnet.topk(fnnet.tensor([3, 1, 2]), 2)
        >>> values, indices
        (tensor([3, 2]), tensor([0, 2]))
    """
    d = _dim("topk", input, dim)
    need_int("topk", k=k)
    if dtype_of(input) is dtypes.bool_:
        raise DTypeError("topk does not support bool dtypes on CPU")
    shape = tuple(input._data.shape)
    x = input if shape else cast("Tensor", apply(RESHAPE, input, shape=(1,)))
    if not 0 <= k <= x._data.shape[d]:
        raise ShapeError(f"topk(): selected index k out of range (k={k}, dimension {d} has size {x._data.shape[d]})")
    space = namespace_of(x._device)
    raw = x._data
    if dtype_of(x) in dtypes.HALF:
        raw = space.cast(raw, dtype=dtypes.float32)
    indices: Tensor = contiguous(make(space.asarray(space.topk(raw, count=k, dim=d, largest=largest)), x._device))
    values = pick(x, d, indices)
    if not shape and k == 1:
        values, indices = reshape(values, ()), reshape(indices, ())
    pair: return_types.topk = finish_pair(return_types.topk, values, indices, out)
    return entitle(pair, "TopkBackward0")


# without repetitions -----------------------------------------------------------------------------------------------
def _answer(values: Tensor, inverse: Tensor | None, counts: Tensor | None) -> Any:
    extra = [t for t in (inverse, counts) if t is not None]
    return (values, *extra) if extra else values


def _rows(name: str, input: Tensor, dim: int | None) -> tuple[Tensor, int]:
    """The slices whose repetitions are looked for, as rows of a matrix, and the dim that they stand along."""
    refuse_dtype(name, dtype_of(input), 3)
    if dim is None:
        return reshape(input, (math.prod(input._data.shape), 1)), 0
    d = wrap_dim(dim, input._data.ndim, name)
    x = input if input._data.ndim else reshape(input, (1,))
    n = x._data.shape[d]
    rest = math.prod(s for i, s in enumerate(x._data.shape) if i != d)
    if n == 0 or rest == 0:
        if n and not rest:
            raise ShapeError(
                f"{name}: There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
            )
    return reshape(x.movedim(d, 0), (n, rest)), d


def _changes(rows: Tensor) -> Any:
    """Raw truth values: where a row differs from the one before."""
    k = namespace_of(rows._device)
    n, m = rows._data.shape
    if n == 0:
        return k.full((0,), False, dtype=dtypes.bool_)
    differs = k.ne(k.getitem(rows._data, index=(slice(1, n),)), k.getitem(rows._data, index=(slice(0, n - 1),)))
    differs = k.getitem(differs, index=(slice(None), 0)) if m == 1 else k.any(differs, dim=(1,))
    return k.cat(k.full((1,), True, dtype=dtypes.bool_), differs, dim=0)


def _groups(first: Any, device: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Of sorted rows: where each group starts, each row's group, each group's size."""
    k = namespace_of(device)
    n = first.shape[0]
    number = int(host_number(device, k.sum(first, dim=(0,))))
    starts = k.nonzero(first, count=number)
    group = k.cumsum(k.cast(first, dtype=dtypes.int64), dim=0) - 1
    if number:
        ends = k.cat(k.getitem(starts, index=(slice(1, number),)), k.full((1,), n, dtype=dtypes.int64), dim=0)
        sizes = ends - starts
    else:
        sizes = starts
    return make(starts, device), make(group, device), make(sizes, device)


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:  # a Tensor, or a tuple of it with the inverse and the counts asked for
    """The different elements (or slices along `dim`), in order.

    Args:
        input: Any real dtype, any shape; each NaN differs from all others.
        sorted: Accepted; they are always in order.
        return_inverse: Also return, for each element, the index of its value. Default: False.
        return_counts: Also return how often each value occurs. Default: False.
        dim: Compare slices along this dim. Default: elements.

    Returns:
        The values: `(U,)`, or with `dim` input's shape but for size U along it; or a tuple of them with what else was
        asked for: the inverse, int64, of input's shape (with `dim`, a vector of the dim's size), and the counts,
        int64 `(U,)`.

    Raises:
        IndexRangeError: `dim` is not there.
        ShapeError: With `dim`, another dim is empty.
        DTypeError: `input` is complex.

    Differentiable: No; the result has no history.

    Example:
        >>> import fnnet
        >>> fnnet.unique(fnnet.tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
    """
    need_tensor("unique", input=input)
    source = input.detach()
    rows, d = _rows("unique", source, dim)
    device = input._device
    k = namespace_of(device)
    n, m = rows._data.shape
    order: Any = k.arange(n)
    for column in range(m - 1, -1, -1):  # stable sorts by the last column first give the lexicographic order
        key = take_rows(rows[:, column], make(order, device), 0)
        order = k.take(order, ordered_indices(key, 0)._data)
    placed = make(order, device)
    first = _changes(take_rows(rows, placed, 0))
    starts, group, sizes = _groups(first, device)
    chosen = take_rows(placed, starts, 0)
    values = take_rows(rows[:, 0] if dim is None else source if source._data.ndim else reshape(source, (1,)), chosen, d)
    inverse = None
    if return_inverse:
        inverse = make(k.index_set(k.full((n,), 0, dtype=dtypes.int64), order, group._data), device)
        if dim is None:
            inverse = reshape(cast("Tensor", inverse), tuple(input._data.shape))
    return _answer(values, inverse, sizes if return_counts else None)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:  # a Tensor, or a tuple of it with the inverse and the counts asked for
    """The first of each run of equal elements (or slices along `dim`).

    Args:
        input: Any real dtype, any shape; each NaN differs from all others.
        return_inverse: Also return, for each element, the index of its run. Default: False.
        return_counts: Also return the length of each run. Default: False.
        dim: Compare slices along this dim. Default: elements, flattened.

    Returns:
        The values: `(U,)`, or with `dim` input's shape but for size U along it; or a tuple of them with what else was
        asked for: the inverse, int64, of input's shape (with `dim`, a vector of the dim's size), and the lengths,
        int64 `(U,)`.

    Raises:
        IndexRangeError: `dim` is not there.
        ShapeError: With `dim`, another dim is empty.
        DTypeError: `input` is complex.

    Differentiable: No; the result has no history.

    Example:
        >>> import fnnet
        >>> fnnet.unique_consecutive(fnnet.tensor([1, 1, 2, 1]), return_inverse=True)
        (tensor([1, 2, 1]), tensor([0, 0, 1, 2]))
    """
    need_tensor("unique_consecutive", input=input)
    source = input.detach()
    rows, d = _rows("unique_consecutive", source, dim)
    starts, group, sizes = _groups(_changes(rows), input._device)
    values = take_rows(rows[:, 0] if dim is None else source if source._data.ndim else reshape(source, (1,)), starts, d)
    inverse = None
    if return_inverse:
        inverse = reshape(group, tuple(input._data.shape)) if dim is None else group
    return _answer(values, inverse, sizes if return_counts else None)


__all__ = ["argsort", "msort", "sort", "topk", "unique", "unique_consecutive"]
