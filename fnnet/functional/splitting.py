"""Splitting: adjacent parts of a tensor, as views."""

from __future__ import annotations

import builtins
import functools
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ArgumentError, DTypeError, IndexRangeError, ShapeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import Kind, Op
from fnnet.autograd.modes import MODE
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.autograd.variable import INFERENCE
from fnnet.backends import dtypes
from fnnet.functional._common import dtype_of, is_tensor, need_int, need_tensor, wrap_dim
from fnnet.functional.shape import GETITEM, PART

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# pieces: several views from one node -------------------------------------------------------------------------------
def _pieces_forward(k: K[A], x: A, /, *, dim: int, places: tuple[Any, ...]) -> tuple[A, ...]:
    lead = (slice(None),) * dim
    return tuple(k.getitem(x, index=(*lead, at)) for at in places)


def _pieces_backward(k: K[A], c: Call[A], grads: tuple[A | None, ...]) -> Grads:
    shape, dim = c.shapes[0], c.static["dim"]
    like = next(g for g in grads if g is not None)
    parts = []
    for at, g in zip(c.static["places"], grads, strict=True):
        n = 1 if isinstance(at, int) else at.stop - at.start
        full = (*shape[:dim], n, *shape[dim + 1 :])
        parts.append(k.full(full, 0, dtype=like.dtype) if g is None else k.reshape(g, shape=full))
    return (k.cat(*parts, dim=dim),)


@functools.cache
def _pieces_op(count: int, title: str) -> Op:
    """An op has a fixed number of outputs; these, of any number, stand beside the table of ops."""
    return Op(
        "split", forward=_pieces_forward, backward=_pieces_backward, uses=((),), n_out=count, kind=Kind.MOVE,
        title=title, register=False,
    )  # fmt: skip


def _pieces(x: Tensor, dim: int, places: Sequence[Any], title: str) -> tuple[Tensor, ...]:
    """Adjacent parts of `x` along `dim` that cover it; recorded writes through them are refused, as in PyTorch."""
    lead = (slice(None),) * dim
    if len(places) < 2:
        outs: tuple[Tensor, ...] = tuple(entitle(apply(GETITEM, x, index=(*lead, at)), title) for at in places)
    else:
        outs = apply(_pieces_op(len(places), title), x, dim=dim, places=tuple(places))
        for out, at in zip(outs, places, strict=True):
            out._as_view_of(x, ("getitem", {"index": (*lead, at)}))
            if MODE.state.inference:
                out._counter = INFERENCE
    for out in outs:
        if out._view is not None and out._view.frozen != "no_grad":
            out._view.frozen = "multi"
    return outs


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without it: a tuple of views.

    Args:
        input: At least 1-d, any dtype.
        dim: Along which dim. Default: 0.

    Returns:
        As many views as `input` is long along `dim`. Through several of them nothing can be written where gradients are
        recorded.

    Raises:
        IndexRangeError: `dim` is out of range, or `input` is 0-d.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> fnnet.unbind(fnnet.tensor([[1, 2], [3, 4]]))
        (tensor([1, 2]), tensor([3, 4]))
    """
    need_tensor("unbind", input=input)
    if not input._data.ndim:
        raise IndexRangeError("unbind: Dimension specified as 0 but tensor has no dimensions")
    d = wrap_dim(dim, input._data.ndim, "unbind")
    return _pieces(input, d, range(input._data.shape[d]), "UnbindBackward0")


def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts along `dim`: of one size (the last may be smaller), or of the sizes given. A tuple of views.

    Args:
        tensor: What to split, at least 1-d, any dtype.
        split_size_or_sections: The size of every part, or a list of sizes that add up to the dim's.
        dim: Along which dim. Default: 0.

    Returns:
        `ceil(n / size)` views (at least one), or one for each size.

    Raises:
        ShapeError: The sizes don't fit or are negative, or `tensor` is 0-d.
        IndexRangeError: `dim` is out of range.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> fnnet.split(fnnet.arange(5), 2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
        >>> fnnet.split(fnnet.arange(5), [1, 4])
        (tensor([0]), tensor([1, 2, 3, 4]))
    """
    if not hasattr(split_size_or_sections, "__index__"):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    need_tensor("split", tensor=tensor)
    if not tensor._data.ndim:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    size = operator.index(split_size_or_sections)
    d = wrap_dim(dim, tensor._data.ndim, "split")
    n = tensor._data.shape[d]
    if size < 0:
        raise ShapeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0:
        if n:
            raise ShapeError(f"split: split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
        return _pieces(tensor, d, [slice(0, 0)], "SplitBackward0")
    places = [slice(i, min(i + size, n)) for i in range(0, max(n, 1), size)]
    return _pieces(tensor, d, places, "SplitBackward0")


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of the given sizes along `dim`: a tuple of views.

    Args:
        input: At least 1-d, any dtype.
        split_sizes: The sizes, which add up to the dim's.
        dim: Along which dim. Default: 0.

    Returns:
        One view for each size.

    Raises:
        ShapeError: The sizes don't add up or are negative, or `input` is 0-d.
        IndexRangeError: `dim` is out of range.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> fnnet.split_with_sizes(fnnet.arange(3), [2, 1])
        (tensor([0, 1]), tensor([2]))
    """
    need_tensor("split_with_sizes", input=input)
    if isinstance(split_sizes, str) or not hasattr(split_sizes, "__iter__"):
        raise ArgumentError(
            f"split_with_sizes(): argument 'split_sizes' must be tuple of ints, not {type(split_sizes).__name__}"
        )
    need_int("split_with_sizes", **{f"split_sizes[{i}]": s for i, s in enumerate(split_sizes)})
    if not input._data.ndim:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    d = wrap_dim(dim, input._data.ndim, "split_with_sizes")
    n = input._data.shape[d]
    counts = [operator.index(s) for s in split_sizes]
    if any(s < 0 for s in counts):
        raise ShapeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={counts}"
        )
    if builtins.sum(counts) != n:
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {d}), "
            f"but got split_sizes={counts}"
        )
    ends = [builtins.sum(counts[: i + 1]) for i in range(len(counts))]
    places = [slice(end - size, end) for size, end in zip(counts, ends, strict=True)]
    return _pieces(input, d, places, "SplitWithSizesBackward0")


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of one size (the last may be smaller) along `dim`: a tuple of views.

    Args:
        input: At least 1-d, any dtype.
        chunks: How many parts, at least 1; there are fewer where parts of `ceil(n / chunks)` cover the dim already.
        dim: Along which dim. Default: 0.

    Returns:
        At most `chunks` views.

    Raises:
        ShapeError: `chunks` is below 1, or `input` is 0-d.
        IndexRangeError: `dim` is out of range.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> fnnet.chunk(fnnet.arange(5), 2)
        (tensor([0, 1, 2]), tensor([3, 4]))
    """
    need_tensor("chunk", input=input)
    need_int("chunk", chunks=chunks)
    if not input._data.ndim:
        raise ShapeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    d = wrap_dim(dim, input._data.ndim, "chunk")
    n = input._data.shape[d]
    if n == 0:
        return split_with_sizes(input, [0] * chunks, d)
    return split(input, -(-n // chunks), d)


def tensor_split(input: Tensor, indices_or_sections: int | Sequence[int] | Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts along `dim`: so many of nearly equal size, or cut at the indices given. A tuple of views.

    Args:
        input: At least 1-d, any dtype.
        indices_or_sections: How many parts (the first `n % parts` are one longer), or the indices before which to cut:
            negative ones count from the end, those beyond it cut nothing off. A sequence, or a tensor of whole numbers.
        dim: Along which dim. Default: 0.

    Returns:
        As many views as asked for, or one more than there are indices.

    Raises:
        ShapeError: Fewer than one part, or `input` is 0-d.
        IndexRangeError: `dim` is out of range.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> fnnet.tensor_split(fnnet.arange(5), 3)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
        >>> fnnet.tensor_split(fnnet.arange(5), (1, 3))
        (tensor([0]), tensor([1, 2]), tensor([3, 4]))
    """
    need_tensor("tensor_split", input=input)
    if not input._data.ndim:
        raise ShapeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    d = wrap_dim(dim, input._data.ndim, "tensor_split")
    n = input._data.shape[d]
    cuts: Any = indices_or_sections
    if is_tensor(cuts):
        if dtype_of(cuts) is not dtypes.int64:
            raise DTypeError(
                "tensor_split expected tensor_indices_or_sections to have dtype of long, but got "
                f"{dtypes.TITLES[dtype_of(cuts).name]}"
            )
        cuts = cuts.tolist()
    elif isinstance(cuts, str):
        raise ArgumentError("tensor_split(): argument 'indices_or_sections' must be int or tuple of ints, not str")
    if isinstance(cuts, int):
        if cuts <= 0:
            raise ShapeError(f"tensor_split: number of sections must be larger than 0, got {cuts}")
        small, larger = divmod(n, cuts)
        cuts = [i * small + min(i, larger) for i in range(1, cuts)]
    places = []
    start = 0
    for cut in (*cuts, n):
        stop = slice(start, cut).indices(n)[1]
        places.append(slice(start, max(start, stop)))
        start = slice(cut, n).indices(n)[0]
    lead = (slice(None),) * d  # unlike those of split, the parts may be written in place; they may overlap
    return tuple(apply(PART, input, index=(*lead, at)) for at in places)


def _split_at(name: str, input: Tensor, at: int | Sequence[int], dim: int) -> tuple[Tensor, ...]:
    n = input._data.shape[dim]
    if isinstance(at, int) and (at <= 0 or n % at):
        raise ShapeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {n} is not "
            "divisible "
            f"by the split_size {at}!"
        )
    return tensor_split(input, at, dim)


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along the columns (the only dim of a vector) into equal parts or at indices.

    Args:
        input: At least 1-d, any dtype.
        indices_or_sections: How many parts, or the indices before which to cut.

    Returns:
        A tuple of views, as of `tensor_split`.

    Raises:
        ShapeError: `input` is 0-d, or so many parts can't be equal.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> fnnet.hsplit(fnnet.arange(4), 2)
        (tensor([0, 1]), tensor([2, 3]))
    """
    need_tensor("hsplit", input=input)
    if not input._data.ndim:
        raise ShapeError(
            "torch.hsplit requires a tensor with at least 1 dimension, but got a tensor with 0 dimensions!"
        )
    return _split_at("hsplit", input, indices_or_sections, 0 if input._data.ndim == 1 else 1)


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along the rows into equal parts or at indices.

    Args:
        input: At least 2-d, any dtype.
        indices_or_sections: How many parts, or the indices before which to cut.

    Returns:
        A tuple of views, as of `tensor_split`.

    Raises:
        ShapeError: `input` has fewer than 2 dims, or so many parts can't be equal.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> fnnet.vsplit(fnnet.tensor([[1], [2]]), 2)
        (tensor([[1]]), tensor([[2]]))
    """
    need_tensor("vsplit", input=input)
    if input._data.ndim < 2:
        raise ShapeError(
            f"torch.vsplit requires a tensor with at least 2 dimension, but got a tensor with {input._data.ndim} "
            "dimensions!"
        )
    return _split_at("vsplit", input, indices_or_sections, 0)


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along the third dim into equal parts or at indices.

    Args:
        input: At least 3-d, any dtype.
        indices_or_sections: How many parts, or the indices before which to cut.

    Returns:
        A tuple of views, as of `tensor_split`.

    Raises:
        ShapeError: `input` has fewer than 3 dims, or so many parts can't be equal.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> [tuple(p.shape) for p in fnnet.dsplit(fnnet.zeros(2, 2, 4), 2)]
        [(2, 2, 2), (2, 2, 2)]
    """
    need_tensor("dsplit", input=input)
    if input._data.ndim < 3:
        raise ShapeError(
            f"torch.dsplit requires a tensor with at least 3 dimension, but got a tensor with {input._data.ndim} "
            "dimensions!"
        )
    return _split_at("dsplit", input, indices_or_sections, 2)


__all__ = ["chunk", "dsplit", "hsplit", "split", "split_with_sizes", "tensor_split", "unbind", "vsplit"]
