"""Rearranged copies: flips, rolls, repetitions, triangles, diagonals, and copies with a part replaced."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fnnet._core.errors import ArgumentError, IndexRangeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, View
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.backends import dtypes
from fnnet.functional._common import dtype_of, into, need_tensor, sizes, to_dtype, wrap_dim
from fnnet.functional.creation import finish
from fnnet.functional.indexing import index_put_, take_rows
from fnnet.functional.layout import with_own_memory
from fnnet.functional.movement import CLONE, VIEW_SET, canonical, fill_
from fnnet.functional.ranges import arange
from fnnet.functional.reduction import sum as _sum
from fnnet.functional.shape import EXPAND, GETITEM, RESHAPE, diagonal, reshape, select
from fnnet.functional.transposition import transpose

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor
    from fnnet.backends.devices import Device
    from fnnet.backends.dtypes import DType

K = Namespace
Grads = tuple[Any, ...]


# flip --------------------------------------------------------------------------------------------------------------
FLIP = Op(
    "flip", backward=lambda k, c, g: (k.flip(g, dims=c.static["dims"]),), uses=((),), kind=Kind.MOVE,
    samples=lambda make: (Sample(make(2, 3), dims=(0, 1)), Sample(make(2, 3), dims=()), Sample(make(0, 2), dims=(0,))),
)  # fmt: skip


def flip(input: Tensor, dims: Sequence[int] | int) -> Tensor:
    """Reversed along the given dims: a copy.

    Example:
        >>> import fnnet
        >>> fnnet.flip(fnnet.tensor([[1, 2], [3, 4]]), (0,))
        tensor([[3, 4],
                [1, 2]])
    """
    need_tensor("flip", input=input)
    ndim = input._data.ndim
    found = tuple(wrap_dim(d, ndim, "flip") for d in ((dims,) if isinstance(dims, int) else dims))
    if len(set(found)) != len(found):
        raise ShapeError(
            f"flip: dim {next(d for d in found if found.count(d) > 1)} appears multiple times in the list of dims"
        )
    r: Tensor = apply(FLIP, input, dims=found if ndim else ())
    return r


def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order.

    Example:
        >>> import fnnet
        >>> fnnet.fliplr(fnnet.tensor([[1, 2], [3, 4]]))
        tensor([[2, 1],
                [4, 3]])
    """
    need_tensor("fliplr", input=input)
    if input._data.ndim < 2:
        raise ShapeError("Input must be >= 2-d.")
    return flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order.

    Example:
        >>> import fnnet
        >>> fnnet.flipud(fnnet.tensor([1, 2]))
        tensor([2, 1])
    """
    need_tensor("flipud", input=input)
    if input._data.ndim < 1:
        raise ShapeError("Input must be >= 1-d.")
    return flip(input, (0,))


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by `k` times 90 degrees in the plane of two dims, from the first towards the second.

    Example:
        >>> import fnnet
        >>> fnnet.rot90(fnnet.tensor([[1, 2], [3, 4]]))
        tensor([[2, 4],
                [1, 3]])
    """
    need_tensor("rot90", input=input)
    ndim = input._data.ndim
    if len(dims) != 2:
        raise ShapeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise ShapeError(f"expected total dims >= 2, but got total dims = {ndim}")
    a, b = (wrap_dim(d, ndim, "rot90") for d in dims)
    if a == b:
        raise ShapeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    turns = k % 4
    if turns == 0:
        r: Tensor = apply(CLONE, input)
        return r
    if turns == 2:
        return flip(input, (a, b))
    return flip(transpose(input, a, b), (a,) if turns == 1 else (b,))


# roll --------------------------------------------------------------------------------------------------------------
def _roll_forward(k: K[A], x: A, /, *, shifts: tuple[int, ...], dims: tuple[int, ...]) -> A:
    for shift, dim in zip(shifts, dims, strict=True):
        lead = (slice(None),) * dim
        cut = x.shape[dim] - shift
        x = k.cat(
            k.getitem(x, index=(*lead, slice(cut, x.shape[dim]))), k.getitem(x, index=(*lead, slice(0, cut))), dim=dim
        )
    return x


def _roll_backward(k: K[A], c: Call[A], g: A) -> Grads:
    dims = c.static["dims"]
    back = tuple((g.shape[d] - s) % g.shape[d] for s, d in zip(c.static["shifts"], dims, strict=True))
    return (k.roll(g, shifts=back, dims=dims),)


ROLL = Op(
    "roll", forward=_roll_forward, backward=_roll_backward, uses=((),), kind=Kind.MOVE,
    samples=lambda make: (Sample(make(3, 4), shifts=(1, 2), dims=(0, 1)), Sample(make(5), shifts=(3,), dims=(0,))),
)  # fmt: skip


def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] = ()) -> Tensor:
    """Shifted along dims, what leaves at one end coming in at the other; without dims, as if flattened.

    Example:
        >>> import fnnet
        >>> fnnet.roll(fnnet.arange(4), 1)
        tensor([3, 0, 1, 2])
    """
    need_tensor("roll", input=input)
    by = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    along = (dims,) if isinstance(dims, int) else tuple(dims)
    shape = tuple(input._data.shape)
    if not by:
        raise ShapeError("`shifts` required")
    if not along and len(by) == 1:
        flat = reshape(input, (-1,)) if input.numel() else input
        return reshape(roll(flat, by, (0,)), shape) if input.numel() else flat.clone()
    if len(by) != len(along):
        raise ShapeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}")
    found = tuple(wrap_dim(d, len(shape), "roll") for d in along)
    if not shape:
        raise IndexRangeError("roll: Dimension specified as 0 but tensor has no dimensions")
    if not input.numel():
        r: Tensor = apply(CLONE, input)
    else:
        r = apply(ROLL, input, shifts=tuple(s % shape[d] for s, d in zip(by, found, strict=True)), dims=found)
    return r


# repetitions -------------------------------------------------------------------------------------------------------
def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """Copies of the tensor side by side, so many along each dim (more numbers than dims: new leading dims).

    Example:
        >>> import fnnet
        >>> fnnet.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
    """
    times = sizes("repeat", repeats)
    shape = tuple(self._data.shape)
    if len(times) < len(shape):
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor "
            f"({len(times)} repeats, {len(shape)} dims)"
        )
    if any(n < 0 for n in times):
        raise ShapeError(f"Trying to create tensor with negative dimension: repeats {list(times)}")
    shape = (1,) * (len(times) - len(shape)) + shape
    apart: tuple[int, ...] = ()
    whole: tuple[int, ...] = ()
    for r, n in zip(times, shape, strict=True):
        apart, whole = (*apart, 1, n), (*whole, r, n)
    x = apply(EXPAND, apply(RESHAPE, self, shape=apart), shape=whole)
    return with_own_memory(apply(RESHAPE, x, shape=tuple(r * n for r, n in zip(times, shape, strict=True))))


def tile(input: Tensor, dims: Sequence[int]) -> Tensor:
    """As `repeat`, with ones put before too few numbers.

    Example:
        >>> import fnnet
        >>> fnnet.tile(fnnet.tensor([[1], [2]]), (2,))
        tensor([[1, 1],
                [2, 2]])
    """
    need_tensor("tile", input=input)
    times = tuple(dims)
    return repeat(input, (1,) * (input._data.ndim - len(times)) + times)


def repeat_interleave(
    input: Tensor, repeats: int | Tensor | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element (each slice along `dim`) repeated in place; without `dim`, of the flattened tensor.

    Args:
        input: Any tensor. Given alone, it holds repeats, and the result their indices.
        repeats: How often: one number, or one per slice.
        dim: Along which dim. Default: flattened.
        output_size: The result's size along `dim`, if known (accepted; nothing is saved by it here).

    Example:
        >>> import fnnet
        >>> fnnet.repeat_interleave(fnnet.tensor([1, 2]), fnnet.tensor([2, 1]))
        tensor([1, 1, 2])
    """
    need_tensor("repeat_interleave", input=input)
    if repeats is None:
        if input._data.ndim != 1:
            raise ShapeError("repeat_interleave only accept 1D vector as repeat")
        return _repeated_indices(input, input._data.shape[0])
    x = reshape(input, (-1,)) if dim is None else input if input._data.ndim else reshape(input, (1,))
    d = 0 if dim is None else wrap_dim(dim, x._data.ndim, "repeat_interleave")
    n = x._data.shape[d]
    if isinstance(repeats, int):
        if repeats < 0:
            raise ShapeError("repeats must be non-negative")
        shape = tuple(x._data.shape)
        apart = apply(RESHAPE, x, shape=(*shape[: d + 1], 1, *shape[d + 1 :]))
        wide = apply(EXPAND, apart, shape=(*shape[: d + 1], repeats, *shape[d + 1 :]))
        return with_own_memory(apply(RESHAPE, wide, shape=(*shape[:d], n * repeats, *shape[d + 1 :])))
    need_tensor("repeat_interleave", repeats=repeats)
    if repeats._data.ndim > 1:
        raise ShapeError("repeats must be 0-dim or 1-dim tensor")
    if repeats.numel() == 1:
        return repeat_interleave(x, int(repeats.tolist() if not repeats._data.ndim else repeats.tolist()[0]), d)
    if repeats._data.shape[0] != n:
        raise ShapeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{repeats._data.shape[0]} and input.size({d}) = {n}"
        )
    indices = _repeated_indices(repeats, n)
    if output_size is not None and indices._data.shape[0] != output_size:
        raise OptionError(f"repeat_interleave: allocated size does not match required size ({output_size})")
    return take_rows(x, indices, d)


def _repeated_indices(repeats: Tensor, n: int) -> Tensor:
    """0, 1 .. n-1, each as often as `repeats` says: how many running totals lie at or below each place."""
    if dtype_of(repeats).category != 1:
        raise ArgumentError(f"repeats has to be Long or Int tensor, got {dtype_of(repeats)}")
    counts = repeats.tolist()
    if any(r < 0 for r in counts):
        raise ShapeError("repeats can not be negative")
    device = repeats._device
    k = namespace_of(device)
    parts = [k.full((r,), i, dtype=dtypes.int64) for i, r in enumerate(counts) if r]
    raw = k.cat(*parts, dim=0) if parts else k.full((0,), 0, dtype=dtypes.int64)
    return make(raw, device)  # type: ignore[no-any-return]


# triangles ---------------------------------------------------------------------------------------------------------
def _triangle(k: K[A], x: A, diagonal: int, lower: bool) -> A:
    n, m = x.shape[-2:]
    rows, columns = k.reshape(k.arange(n), shape=(n, 1)) + diagonal, k.arange(m)
    inside = k.ge(rows, columns) if lower else k.le(rows, columns)
    return k.where(inside, x, k.full((), 0, dtype=x.dtype))


def _triangle_samples(make: Make) -> Any:
    yield Sample(make(3, 4), diagonal=0)
    yield Sample(make(2, 3, 3), diagonal=1)
    yield Sample(make(4, 2), diagonal=-1)
    yield Sample(make(0, 2), diagonal=0)


TRIL = Op(
    "tril", forward=lambda k, x, /, *, diagonal: _triangle(k, x, diagonal, lower=True),
    backward=lambda k, c, g: (k.tril(g, diagonal=c.static["diagonal"]),), uses=((),), kind=Kind.MOVE, onnx="Trilu",
    samples=_triangle_samples,
)  # fmt: skip
TRIU = Op(
    "triu", forward=lambda k, x, /, *, diagonal: _triangle(k, x, diagonal, lower=False),
    backward=lambda k, c, g: (k.triu(g, diagonal=c.static["diagonal"]),), uses=((),), kind=Kind.MOVE, onnx="Trilu",
    samples=_triangle_samples,
)  # fmt: skip


def _checked_triangle(op: Op, input: Tensor, diagonal: int, out: Tensor | None) -> Tensor:
    need_tensor(op.name, input=input)
    if input._data.ndim < 2:
        raise ShapeError(f"{op.name}: input tensor must have at least 2 dimensions")
    r: Tensor = apply(op, input, diagonal=operator.index(diagonal))
    return r if out is None else into(out, r)


def tril(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The lower triangle of matrices (last two dims), up to a diagonal; zeros above.

    Example:
        >>> import fnnet
        >>> fnnet.tril(fnnet.ones(2, 2))
        tensor([[1., 0.],
                [1., 1.]])
    """
    return _checked_triangle(TRIL, input, diagonal, out)


def triu(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The upper triangle of matrices (last two dims), from a diagonal on; zeros below.

    Example:
        >>> import fnnet
        >>> fnnet.triu(fnnet.ones(2, 2), 1)
        tensor([[0., 1.],
                [0., 0.]])
    """
    return _checked_triangle(TRIU, input, diagonal, out)


def _triangle_indices(
    name: str, row: int, col: int, offset: int, lower: bool, dtype: DType | None, device: Device | str | None
) -> Tensor:
    if row < 0 or col < 0:
        raise ShapeError(f"{name}: row and col must be non-negative, got row={row}, col={col}")
    places = [
        (i, j)
        for i in range(row)
        for j in (range(min(i + offset + 1, col)) if lower else range(max(i + offset, 0), col))
    ]
    target = canonical(device)
    host = np.array(places, dtype=np.int64).reshape(-1, 2).T
    raw = target.backend.from_host(np.ascontiguousarray(host), target.index or 0)
    return to_dtype(finish(raw, target), dtype or dtypes.int64)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: Device | str | None = None,
    layout: object = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Rows and columns (2, n) of the lower triangle of a (row, col) matrix, row by row.

    Example:
        >>> import fnnet
        >>> fnnet.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """
    return _triangle_indices("tril_indices", row, col, offset, True, dtype, device)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: Device | str | None = None,
    layout: object = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Rows and columns (2, n) of the upper triangle of a (row, col) matrix, row by row.

    Example:
        >>> import fnnet
        >>> fnnet.triu_indices(2, 2)
        tensor([[0, 0, 1],
                [0, 1, 1]])
    """
    return _triangle_indices("triu_indices", row, col, offset, False, dtype, device)


# diagonals and replaced parts --------------------------------------------------------------------------------------
def _zeros(like: Tensor, shape: Sequence[int]) -> Tensor:
    zeros: Tensor = make(namespace_of(like._device).full(tuple(shape), 0, dtype=like._data.dtype), like._device)
    return zeros


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last dim of `input` on a diagonal, zeros elsewhere.

    Args:
        input: (..., n).
        offset: Which diagonal: above (positive) or below the main one. Default: 0.
        dim1: Place of the rows in the result. Default: -2.
        dim2: Place of the columns. Default: -1.

    Example:
        >>> import fnnet
        >>> fnnet.diag_embed(fnnet.tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    need_tensor("diag_embed", input=input)
    shape = tuple(input._data.shape)
    a, b = wrap_dim(dim1, len(shape) + 1, "diag_embed"), wrap_dim(dim2, len(shape) + 1, "diag_embed")
    if a == b:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    n = shape[-1] + abs(offset)
    size = list(shape[:-1])
    for d in sorted((a, b)):
        size.insert(d, n)
    view: View = (("diagonal", {"offset": offset, "dim1": a, "dim2": b}),)
    r: Tensor = apply(VIEW_SET, _zeros(input, size), input, view=view)
    return r


def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """A vector as the diagonal of a matrix; of a matrix, its diagonal (a copy).

    Example:
        >>> import fnnet
        >>> fnnet.diag(fnnet.tensor([[1, 2], [3, 4]]), 1)
        tensor([2])
    """
    need_tensor("diag", input=input)
    ndim = input._data.ndim
    if ndim not in (1, 2):
        raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    r = diag_embed(input, diagonal) if ndim == 1 else with_own_memory(_diagonal(input, diagonal, 0, 1))
    return r if out is None else into(out, r)


_diagonal = diagonal


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements on the diagonal of a matrix.

    Example:
        >>> import fnnet
        >>> fnnet.diagflat(fnnet.tensor([1, 2]), -1)
        tensor([[0, 0, 0],
                [1, 0, 0],
                [0, 2, 0]])
    """
    need_tensor("diagflat", input=input)
    return diag_embed(reshape(input, (-1,)), offset)


def fill_diagonal_(self: Tensor, fill_value: Number, wrap: bool = False) -> Tensor:
    """Overwrite the main diagonal, where all indices are equal.

    Args:
        self: At least two dims; more than two must have one size.
        fill_value: What to write.
        wrap: In a tall matrix, begin anew below each square, with one row between. Default: False.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(2, 2).fill_diagonal_(5)
        tensor([[5., 0.],
                [0., 5.]])
    """
    shape = tuple(self._data.shape)
    if len(shape) < 2:
        raise ShapeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ShapeError(f"all dimensions of input must be of equal length, got {shape}")
    if len(shape) > 2:
        n = shape[0]
        line = arange(n, device=self._device)
        index_put_(self, (line,) * len(shape), self.new_full((), fill_value))
        return self
    rows, columns = shape
    for top in range(0, rows, columns + 1) if wrap and columns else (0,):
        fill_(_diagonal(apply(GETITEM, self, index=(slice(top, rows),))), fill_value)
    return self


def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal.

    Example:
        >>> import fnnet
        >>> fnnet.trace(fnnet.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor(5.)
    """
    need_tensor("trace", input=input)
    if input._data.ndim != 2:
        raise ShapeError("trace: expected a matrix, but got tensor with dim " + str(input._data.ndim))
    return _sum(_diagonal(input))


def _replaced(name: str, input: Tensor, src: Tensor, view: View, part: Tensor) -> Tensor:
    need_tensor(name, src=src)
    if tuple(src._data.shape) != tuple(part._data.shape):
        raise ShapeError(
            f"{name}: expected src to have a size equal to the slice of self. src size = "
            f"{list(src._data.shape)}, slice "
            f"size = {list(part._data.shape)}"
        )
    r: Tensor = apply(VIEW_SET, input, to_dtype(src, dtype_of(input)), view=view)
    return r


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of `input` with `src` as its slice at `index` of `dim`.

    Example:
        >>> import fnnet
        >>> fnnet.select_scatter(fnnet.zeros(2, 2), fnnet.ones(2), 0, 1)
        tensor([[0., 0.],
                [1., 1.]])
    """
    need_tensor("select_scatter", input=input)
    part = select(input, dim, index)
    d = wrap_dim(dim, input._data.ndim, "select_scatter")
    at = (*(slice(None),) * d, index % input._data.shape[d])
    return _replaced("select_scatter", input, src, (("getitem", {"index": at}),), part)


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of `input` with `src` as its slice `start:end:step` along `dim`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(4).slice_scatter(fnnet.ones(2), start=0, end=4, step=2)
        tensor([1., 0., 1., 0.])
    """
    need_tensor("slice_scatter", input=input)
    d = wrap_dim(dim, input._data.ndim, "slice_scatter")
    if step <= 0:
        raise OptionError("slice step must be positive")
    first, last, _ = slice(start, end, step).indices(input._data.shape[d])
    at = (*(slice(None),) * d, slice(first, max(first, last), step))
    part: Tensor = apply(GETITEM, input, index=at)
    return _replaced("slice_scatter", input, src, (("getitem", {"index": at}),), part)


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of `input` with `src` as its diagonal.

    Example:
        >>> import fnnet
        >>> fnnet.diagonal_scatter(fnnet.zeros(2, 2), fnnet.ones(2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    need_tensor("diagonal_scatter", input=input)
    part = _diagonal(input, offset, dim1, dim2)
    ndim = input._data.ndim
    static = {"offset": offset, "dim1": wrap_dim(dim1, ndim), "dim2": wrap_dim(dim2, ndim)}
    return _replaced("diagonal_scatter", input, src, (("diagonal", static),), part)


__all__ = [
    "diag", "diag_embed", "diagflat", "diagonal_scatter", "flip", "fliplr", "flipud", "repeat_interleave", "roll",
    "rot90", "select_scatter", "slice_scatter", "tile", "trace", "tril", "tril_indices", "triu", "triu_indices",
]  # fmt: skip
