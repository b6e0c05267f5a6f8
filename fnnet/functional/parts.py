"""Views of a part: places along a dim, slices across it, diagonals, windows."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import IndexRangeError, ShapeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import Kind, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.views import apply_view
from fnnet.functional._common import dtype_of, is_tensor, need_tensor, wrap_dim
from fnnet.functional.shape import GETITEM, PART, inverse, reshape, view_backward

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


DIAGONAL = Op(
    "diagonal", backward=view_backward("diagonal"), uses=((),), kind=Kind.MOVE, is_view=True,
    samples=lambda make: (
        Sample(make(3, 4), offset=0, dim1=0, dim2=1), Sample(make(2, 3, 4), offset=-1, dim1=2, dim2=0),
    ),
)  # fmt: skip


def _sliding_backward(k: K[A], c: Call[A], g: A) -> Grads:
    shape, dim, size, step = c.shapes[0], c.static["dim"], c.static["size"], c.static["step"]
    rest = tuple(i for i in range(len(shape)) if i != dim)
    count = g.shape[dim]
    at = k.reshape(k.arange(count) * step, shape=(count, 1)) + k.arange(size)
    windows = k.permute(g, dims=(dim, len(shape), *rest))
    summed = k.index_add(k.full((shape[dim], *[shape[i] for i in rest]), 0, dtype=g.dtype), at, windows)
    return (k.permute(summed, dims=inverse((dim, *rest))),)


SLIDING = Op(
    "sliding", title="UnfoldBackward0", backward=_sliding_backward, uses=((),), kind=Kind.MOVE, is_view=True,
    samples=lambda make: (
        Sample(make(7), dim=0, size=3, step=2), Sample(make(2, 5, 3), dim=1, size=2, step=1),
    ),
)  # fmt: skip


def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """`length` elements along `dim` from `start` on: a view.

    Args:
        input: Any dtype, of at least one dim.
        dim: Along which dim.
        start: First place, an int or a 0-d tensor of one; negative ones count from the end.
        length: How many, at least 0.

    Returns:
        A view of size `length` along `dim`.

    Raises:
        IndexRangeError: `dim` or `start` is not there.
        ShapeError: There are fewer elements than `length`, or it is negative; `input` is 0-d; `start` is a tensor, but
            no 0-d one of whole numbers.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.narrow(fnnet.arange(5), 0, 1, 3)
        tensor([1, 2, 3])
    """
    need_tensor("narrow", input=input)
    if not input._data.ndim:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise ShapeError("narrow(): length must be non-negative.")
    d = wrap_dim(dim, input._data.ndim, "narrow")
    n = input._data.shape[d]
    if is_tensor(start) and (start._data.ndim or dtype_of(start).category != 1):
        raise ShapeError(
            f"narrow(): start must be an 0-dim integral Tensor. Got shape {tuple(start._data.shape)}, {dtype_of(start)}"
        )
    first = int(start.item()) if is_tensor(start) else operator.index(start)  # type: ignore[arg-type]  # an int here
    if not -n <= first <= n:
        raise IndexRangeError(f"narrow(): start out of range (expected to be in range of [{-n}, {n}], but got {first})")
    if first < 0:
        first += n
    if first + length > n:
        raise ShapeError(f"narrow(): start ({first}) + length ({length}) exceeds dimension size ({n}).")
    r: Tensor = apply_view(PART, input, index=(*(slice(None),) * d, slice(first, first + length)))
    return r


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at `index` of `dim`, without the dim: a view.

    Args:
        input: Any dtype, of at least one dim.
        dim: Across which dim.
        index: Which slice; negative ones count from the end.

    Returns:
        A view of one dim fewer.

    Raises:
        IndexRangeError: `dim` or `index` is not there, or `input` is 0-d.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.select(fnnet.tensor([[1, 2], [3, 4]]), 1, -1)
        tensor([2, 4])
    """
    need_tensor("select", input=input)
    shape = input._data.shape
    if not shape:
        raise IndexRangeError("select() cannot be applied to a 0-dim tensor.")
    d = wrap_dim(dim, len(shape), "select")
    i = operator.index(index)
    if not -shape[d] <= i < shape[d]:
        raise IndexRangeError(f"select(): index {i} out of range for tensor of size {list(shape)} at dimension {d}")
    r: Tensor = apply_view(GETITEM, input, index=(*(slice(None),) * d, i % shape[d]))
    return r


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of the planes spanned by two dims, as the last dim: a view.

    Args:
        input: Any dtype, of at least two dims.
        offset: How far above (positive) or below the main diagonal. Default: 0.
        dim1: First dim of the planes. Default: 0.
        dim2: Second dim of the planes. Default: 1.

    Returns:
        A view without the two dims, and with one of the diagonal's length at the end.

    Raises:
        ShapeError: `dim1` and `dim2` are the same.
        IndexRangeError: A dim is not there.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.diagonal(fnnet.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
    """
    need_tensor("diagonal", input=input)
    ndim = input._data.ndim
    a, b = wrap_dim(dim1, ndim, "diagonal"), wrap_dim(dim2, ndim, "diagonal")
    if a == b:
        raise ShapeError(f"diagonal: diagonal dimensions cannot be identical {dim1}, {dim2}")
    r: Tensor = apply_view(DIAGONAL, input, offset=offset, dim1=a, dim2=b)
    return r


def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows along a dim; their elements lie along a new last dim: a view.

    Args:
        self: Any dtype, any shape.
        dimension: Along which dim.
        size: Elements of a window, at most the dim's size.
        step: Places from one window to the next, positive.

    Returns:
        A view of size `(n - size) / step + 1`, rounded down, along `dimension`, and with a last dim of `size`. Its
        windows may share memory.

    Raises:
        ShapeError: `size` is negative or above the dim's, or `step` is not positive.
        IndexRangeError: `dimension` is not there.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.arange(5).unfold(0, 3, 2)
        tensor([[0, 1, 2],
                [2, 3, 4]])
    """
    d = wrap_dim(dimension, self._data.ndim, "unfold")
    x = self if self._data.ndim else reshape(self, (1,))
    n = x._data.shape[d]
    if size < 0:
        raise ShapeError(f"unfold: size is {size} but must be >= 0")
    if size > n:
        raise ShapeError(f"unfold: maximum size for tensor at dimension {d} is {n} but size is {size}")
    if step <= 0:
        raise ShapeError(f"unfold: step is {step} but must be > 0")
    r: Tensor = apply_view(SLIDING, x, dim=d, size=size, step=step)
    return r if self._data.ndim else entitle(reshape(r, (size,)), "UnfoldBackward0")


__all__ = ["diagonal", "narrow", "select"]
