"""Triangles and diagonals of matrices, and copies of tensors with a part replaced."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fnnet._core.errors import ArgumentError, IndexRangeError, OptionError, ShapeError
from fnnet._core.namespace import A, Namespace, View
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.backends import dtypes
from fnnet.functional._common import dtype_of, into_same, need_int, need_tensor, refuse_dtype, to_dtype, wrap_dim
from fnnet.functional.creation import finish
from fnnet.functional.host_data import as_dtype
from fnnet.functional.indexing import index_put_
from fnnet.functional.layout import with_own_memory
from fnnet.functional.movement import VIEW_SET, canonical, fill_
from fnnet.functional.parts import diagonal, select
from fnnet.functional.ranges import arange
from fnnet.functional.reduction import sum as _sum
from fnnet.functional.shape import GETITEM, reshape

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor
    from fnnet.backends.devices import Device
    from fnnet.backends.dtypes import DType

K = Namespace


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
    need_int(op.name, diagonal=diagonal)
    if input._data.ndim < 2:
        raise ShapeError(f"{op.name}: input tensor must have at least 2 dimensions")
    r: Tensor = apply(op, input, diagonal=operator.index(diagonal))
    return r if out is None else into_same(op.name, out, r)


def tril(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The lower triangle of matrices (last two dims), up to a diagonal; zeros above: a copy.

    Args:
        input: `(..., N, M)`, any dtype.
        diagonal: The last diagonal that is kept: 0 the main one, above it positive, below it negative. Default: 0.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Raises:
        ShapeError: `input` has fewer than two dims.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.tril(fnnet.ones(2, 2))
        tensor([[1., 0.],
                [1., 1.]])
    """
    return _checked_triangle(TRIL, input, diagonal, out)


def triu(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The upper triangle of matrices (last two dims), from a diagonal on; zeros below: a copy.

    Args:
        input: `(..., N, M)`, any dtype.
        diagonal: The first diagonal that is kept: 0 the main one, above it positive, below it negative. Default: 0.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Raises:
        ShapeError: `input` has fewer than two dims.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.triu(fnnet.ones(2, 2), 1)
        tensor([[0., 1.],
                [0., 0.]])
    """
    return _checked_triangle(TRIU, input, diagonal, out)


def _triangle_indices(
    name: str, row: int, col: int, offset: int, lower: bool, dtype: DType | None, device: Device | str | None,
    requires_grad: bool,
) -> Tensor:  # fmt: skip
    found = dtypes.int64 if dtype is None else as_dtype(name, dtype)
    if found.name not in ("int64", "int32"):
        refuse_dtype(name, found, found.category)
    need_int(name, row=row, col=col, offset=offset)
    if row < 0 or col < 0:
        raise ShapeError(f"{name}: row and col must be non-negative, got row={row}, col={col}")
    places = [
        (i, j)
        for i in range(row)
        for j in (range(min(i + offset + 1, col)) if lower else range(max(i + offset, 0), col))
    ]
    target = canonical(device)
    host = np.array(places, dtype=found.numpy).reshape(-1, 2).T
    raw = target.backend.from_host(np.ascontiguousarray(host), target.index or 0)
    return finish(raw, target, requires_grad)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: Device | str | None = None,
    layout: object = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Rows and columns of the lower triangle of a `(row, col)` matrix, row by row.

    Args:
        row: Rows of the matrix.
        col: Columns of the matrix.
        offset: The last diagonal, as in `tril`. Default: 0.
        dtype: int64 or int32. Default: int64.
        device: Where they lie. Default: the CPU.
        layout: Accepted; memory is strided.
        requires_grad: Whole numbers can't: True raises. Default: False.

    Returns:
        `(2, n)` for the n elements of the triangle.

    Raises:
        ShapeError: `row` or `col` is negative.
        DTypeError: Another `dtype`, or `requires_grad`.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """
    return _triangle_indices("tril_indices", row, col, offset, True, dtype, device, requires_grad)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: Device | str | None = None,
    layout: object = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Rows and columns of the upper triangle of a `(row, col)` matrix, row by row.

    Args:
        row: Rows of the matrix.
        col: Columns of the matrix.
        offset: The first diagonal, as in `triu`. Default: 0.
        dtype: int64 or int32. Default: int64.
        device: Where they lie. Default: the CPU.
        layout: Accepted; memory is strided.
        requires_grad: Whole numbers can't: True raises. Default: False.

    Returns:
        `(2, n)` for the n elements of the triangle.

    Raises:
        ShapeError: `row` or `col` is negative.
        DTypeError: Another `dtype`, or `requires_grad`.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.triu_indices(2, 2)
        tensor([[0, 0, 1],
                [0, 1, 1]])
    """
    return _triangle_indices("triu_indices", row, col, offset, False, dtype, device, requires_grad)


# diagonals and replaced parts --------------------------------------------------------------------------------------
def _zeros(like: Tensor, shape: Sequence[int]) -> Tensor:
    zeros: Tensor = make(namespace_of(like._device).full(tuple(shape), 0, dtype=like._data.dtype), like._device)
    return zeros


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last dim of `input` on a diagonal, zeros elsewhere.

    Args:
        input: `(..., n)`, any dtype.
        offset: Which diagonal: above (positive) or below the main one. Default: 0.
        dim1: Place of the rows in the result. Default: -2.
        dim2: Place of the columns. Default: -1.

    Returns:
        `(..., n + |offset|, n + |offset|)` in input's dtype, the new dims at `dim1` and `dim2`.

    Raises:
        ShapeError: `dim1` and `dim2` are the same.
        IndexRangeError: A dim is not there, or `input` is 0-d.

    Differentiable: Everywhere, any order.

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
        raise ShapeError(f"diag_embed: diagonal dimensions cannot be identical {dim1}, {dim2}")
    n = shape[-1] + abs(offset)
    size = list(shape[:-1])
    for d in sorted((a, b)):
        size.insert(d, n)
    view: View = (("diagonal", {"offset": offset, "dim1": a, "dim2": b}),)
    r: Tensor = apply(VIEW_SET, _zeros(input, size), input, view=view)
    return entitle(r, "DiagEmbedBackward0")


def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """A vector as the diagonal of a matrix; of a matrix, its diagonal (a copy).

    Args:
        input: `(N,)` or `(N, M)`, any dtype.
        diagonal: Which one: above (positive) or below the main one. Default: 0.
        out: Where to write the result.

    Returns:
        Of a vector, `(N + |diagonal|, N + |diagonal|)`; of a matrix, a vector of the diagonal's length. Input's dtype.

    Raises:
        ShapeError: `input` has not one or two dims.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.diag(fnnet.tensor([[1, 2], [3, 4]]), 1)
        tensor([2])
    """
    need_tensor("diag", input=input)
    ndim = input._data.ndim
    if ndim not in (1, 2):
        raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    if ndim == 1:
        r = diag_embed(input, diagonal)
    else:
        r = entitle(with_own_memory(_diagonal(input, diagonal, 0, 1)), "DiagonalBackward0_copy")
    return r if out is None else into_same("diag", out, r)


_diagonal = diagonal


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements on the diagonal of a matrix.

    Args:
        input: Any dtype, any shape; n elements.
        offset: Which diagonal: above (positive) or below the main one. Default: 0.

    Returns:
        `(n + |offset|, n + |offset|)` in input's dtype.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.diagflat(fnnet.tensor([1, 2]), -1)
        tensor([[0, 0, 0],
                [1, 0, 0],
                [0, 2, 0]])
    """
    need_tensor("diagflat", input=input)
    if not hasattr(offset, "__index__"):
        raise ArgumentError(f"diagflat(): argument 'offset' must be int, not {type(offset).__name__}")
    return diag_embed(reshape(input, (-1,)), offset)


def fill_diagonal_(self: Tensor, fill_value: Number, wrap: bool = False) -> Tensor:
    """Overwrite the main diagonal, where all indices are equal.

    Args:
        self: At least two dims; more than two must have one size. Any dtype.
        fill_value: What to write.
        wrap: In a tall matrix, begin anew below each square, with one row between. Default: False.

    Returns:
        The tensor itself.

    Raises:
        ShapeError: There are fewer than two dims, or more of different sizes.

    Differentiable: By what stood elsewhere.

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

    Args:
        input: `(N, M)`, any dtype but bool; whole numbers add up in int64.

    Returns:
        A 0-d tensor of input's dtype (int64 for whole numbers).

    Raises:
        ShapeError: `input` is no matrix.
        DTypeError: `input` is bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.trace(fnnet.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor(5.)
    """
    need_tensor("trace", input=input)
    if input._data.ndim != 2:
        raise ShapeError("trace: expected a matrix, but got tensor with dim " + str(input._data.ndim))
    refuse_dtype("trace", dtype_of(input), 0)
    return entitle(_sum(_diagonal(input)), "TraceBackward0")


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

    Args:
        input: Any dtype, of at least one dim.
        src: Input's shape without `dim`; cast to its dtype.
        dim: Across which dim.
        index: Which slice; negative ones count from the end.

    Returns:
        Input's shape and dtype.

    Raises:
        ShapeError: `src` has another shape than the slice.
        IndexRangeError: `dim` or `index` is not there.

    Differentiable: By `input` (zero in the slice) and `src`.

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
    return entitle(
        _replaced("select_scatter", input, src, (("getitem", {"index": at}),), part), "SelectScatterBackward0"
    )


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of `input` with `src` as its slice `start:end:step` along `dim`.

    Args:
        input: Any dtype, of at least one dim.
        src: The shape of the slice; cast to input's dtype.
        dim: Along which dim. Default: 0.
        start: First place; negative ones count from the end. Default: the beginning.
        end: Bound, which is left out. Default: the end.
        step: Distance of the places, positive. Default: 1.

    Returns:
        Input's shape and dtype.

    Raises:
        ShapeError: `src` has another shape than the slice.
        IndexRangeError: `dim` is not there, or `input` is 0-d.
        OptionError: `step` is not positive.

    Differentiable: By `input` (zero in the slice) and `src`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(4).slice_scatter(fnnet.ones(2), start=0, end=4, step=2)
        tensor([1., 0., 1., 0.])
    """
    need_tensor("slice_scatter", input=input)
    if not input._data.ndim:
        raise IndexRangeError("slice_scatter: slice() cannot be applied to a 0-dim tensor.")
    d = wrap_dim(dim, input._data.ndim, "slice_scatter")
    if step <= 0:
        raise OptionError(f"slice_scatter: slice step must be positive, got {step}")
    first, last, _ = slice(start, end, step).indices(input._data.shape[d])
    at = (*(slice(None),) * d, slice(first, max(first, last), step))
    part: Tensor = apply(GETITEM, input, index=at)
    return entitle(_replaced("slice_scatter", input, src, (("getitem", {"index": at}),), part), "SliceScatterBackward0")


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of `input` with `src` as its diagonal.

    Args:
        input: Any dtype, of at least two dims.
        src: The shape of `diagonal(input, offset, dim1, dim2)`; cast to input's dtype.
        offset: Which diagonal: above (positive) or below the main one. Default: 0.
        dim1: First dim of the planes. Default: 0.
        dim2: Second dim of the planes. Default: 1.

    Returns:
        Input's shape and dtype.

    Raises:
        ShapeError: `src` has another shape than the diagonal, or `dim1` and `dim2` are the same.
        IndexRangeError: A dim is not there.

    Differentiable: By `input` (zero on the diagonal) and `src`.

    Example:
        >>> import fnnet
        >>> fnnet.diagonal_scatter(fnnet.zeros(2, 2), fnnet.ones(2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    need_tensor("diagonal_scatter", input=input)
    part = _diagonal(input, offset, dim1, dim2)
    ndim = input._data.ndim
    static = {
        "offset": offset,
        "dim1": wrap_dim(dim1, ndim, "diagonal_scatter"),
        "dim2": wrap_dim(dim2, ndim, "diagonal_scatter"),
    }
    return entitle(_replaced("diagonal_scatter", input, src, (("diagonal", static),), part), "DiagonalScatterBackward0")


__all__ = [
    "diag", "diag_embed", "diagflat", "diagonal_scatter", "select_scatter", "slice_scatter", "trace", "tril",
    "tril_indices", "triu", "triu_indices",
]  # fmt: skip
