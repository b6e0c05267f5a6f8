"""The order of dims: views of the same memory with dims exchanged or moved."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fnnet._core.errors import ArgumentError, ShapeError
from fnnet.autograd.views import apply_view
from fnnet.functional._common import need_tensor, wrap_dim
from fnnet.functional.shape import PERMUTE

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

TRANSPOSE = PERMUTE.titled("TransposeBackward0")
T = PERMUTE.titled("TBackward0")


def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The dims in another order: dim i of the result is dim `dims[i]` of the input. A view.

    Args:
        input: Any shape and dtype.
        dims: Every dim once; negative ones count from the end.

    Returns:
        A view.

    Raises:
        ShapeError: `dims` are too many or too few, or name a dim twice.
        IndexRangeError: A dim is out of range.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.permute(fnnet.zeros(2, 3, 4), (2, 0, 1)).shape)
        (4, 2, 3)
    """
    need_tensor("permute", input=input)
    if not isinstance(dims, Sequence) or isinstance(dims, str):
        raise ArgumentError(f"permute(): argument 'dims' (position 2) must be tuple of ints, not {type(dims).__name__}")
    ndim = input._data.ndim
    if len(dims) != ndim:
        raise ShapeError(
            "permute: number of dimensions in the tensor input does not match the length of the desired ordering of "
            f"dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    found = tuple(wrap_dim(d, ndim, "permute") for d in dims)
    if len(set(found)) != ndim:
        raise ShapeError(f"permute(): duplicate dims are not allowed. (dims: {list(dims)})")
    r: Tensor = apply_view(PERMUTE, input, dims=found)
    return r


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """With two dims exchanged: a view.

    Args:
        input: Any shape and dtype.
        dim0: The one dim.
        dim1: The other; negative ones count from the end.

    Returns:
        A view.

    Raises:
        IndexRangeError: A dim is out of range.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> fnnet.transpose(fnnet.tensor([[1, 2], [3, 4]]), 0, 1)
        tensor([[1, 3],
                [2, 4]])
    """
    need_tensor("transpose", input=input)
    ndim = input._data.ndim
    a, b = wrap_dim(dim0, ndim, "transpose"), wrap_dim(dim1, ndim, "transpose")
    dims = list(range(ndim))
    if dims:
        dims[a], dims[b] = b, a
    r: Tensor = apply_view(TRANSPOSE, input, dims=tuple(dims))
    return r


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """With two dims exchanged: a view (`transpose` under NumPy's name).

    Args:
        input: Any shape and dtype.
        axis0: The one dim.
        axis1: The other; negative ones count from the end.

    Returns:
        A view.

    Raises:
        IndexRangeError: A dim is out of range.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.swapaxes(fnnet.zeros(2, 3), 0, 1).shape)
        (3, 2)
    """
    return transpose(input, axis0, axis1)


def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """With two dims exchanged: a view (`transpose` under another name).

    Args:
        input: Any shape and dtype.
        dim0: The one dim.
        dim1: The other; negative ones count from the end.

    Returns:
        A view.

    Raises:
        IndexRangeError: A dim is out of range.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.swapdims(fnnet.zeros(2, 3), 0, 1).shape)
        (3, 2)
    """
    return transpose(input, dim0, dim1)


def t(input: Tensor) -> Tensor:
    """A matrix transposed; a vector or a 0-d tensor as it is. A view.

    Args:
        input: At most 2-d, any dtype.

    Returns:
        A view, `(n, m)` of `(m, n)`.

    Raises:
        ShapeError: `input` has more than 2 dims.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.t(fnnet.zeros(2, 3)).shape)
        (3, 2)
    """
    need_tensor("t", input=input)
    ndim = input._data.ndim
    if ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D")
    r: Tensor = apply_view(T, input, dims=tuple(reversed(range(ndim))))
    return r


def reverse_dims(input: Tensor) -> Tensor:
    """What `.T` is: the dims in reverse order; a warning where there are not two."""
    ndim = input._data.ndim
    if ndim != 2:
        warnings.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it "
            "will throw an error in a future release. Consider `x.mT` to transpose batches of matrices or "
            "`x.permute(*range(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
            UserWarning,
            stacklevel=3,
        )
    r: Tensor = apply_view(PERMUTE, input, dims=tuple(reversed(range(ndim))))
    return r


def matrix_transpose(input: Tensor) -> Tensor:
    """What `.mT` is: the last two dims exchanged."""
    if input._data.ndim < 2:
        raise ShapeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {input._data.ndim}-D tensor."
        )
    return transpose(input, -2, -1)


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dims moved to other places; the others keep their order. A view.

    Args:
        input: Any shape and dtype.
        source: The dim to move, or several.
        destination: Where each goes, as many; negative ones count from the end.

    Returns:
        A view.

    Raises:
        ShapeError: There are not as many places as dims, or one is named twice.
        IndexRangeError: A dim is out of range.

    Differentiable: Any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.movedim(fnnet.zeros(2, 3, 4), 0, -1).shape)
        (3, 4, 2)
    """
    need_tensor("movedim", input=input)
    ndim = input._data.ndim
    from_ = (source,) if isinstance(source, int) else tuple(source)
    to = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(from_) != len(to):
        raise ShapeError(
            f"movedim: Invalid source or destination dims: source ({list(from_)} dims) should contain the same "
            f"number of dims as destination ({list(to)} dims)"
        )
    a, b = (tuple(wrap_dim(d, ndim, "movedim") for d in dims) for dims in (from_, to))
    for name, dims, given in (("source", a, from_), ("destination", b, to)):
        if len(set(dims)) != len(dims):
            raise ShapeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    order: list[int | None] = [None] * ndim
    for s, d in zip(a, b, strict=True) if ndim else ():
        order[d] = s
    rest = iter([i for i in range(ndim) if i not in a])
    r: Tensor = apply_view(PERMUTE, input, dims=tuple(next(rest) if i is None else i for i in order))
    return r


moveaxis = movedim


__all__ = ["moveaxis", "movedim", "permute", "swapaxes", "swapdims", "t", "transpose"]
