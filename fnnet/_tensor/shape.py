"""Methods of the shape family: views, their order of dims, parts, rearranged copies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from fnnet.autograd.modes import MODE
from fnnet.autograd.node import entitle
from fnnet.autograd.variable import Variable
from fnnet.autograd.writes import check_writable
from fnnet.functional import (
    broadcasting,
    complex_numbers,
    diagonals,
    layout,
    parts,
    rearrangement,
    shape,
    splitting,
    transposition,
)
from fnnet.functional._common import copy_into, sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor


_INPUT: Final = re.compile(r"^ {8}input: .*\n(?: {12}.*\n)*", re.MULTILINE)
"""What a function's docstring says of the tensor, which is the method's own."""


def _several(function: Any) -> Any:
    """The method of a function of a tensor and a sequence: the sequence may be given as arguments."""

    def method(self: Tensor, *args: Any, dims: Sequence[int] | None = None) -> Tensor:
        given = sizes(function.__name__, args) if dims is None else tuple(dims)
        made: Tensor = function(self, given)
        return made

    name = function.__name__
    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__ = _INPUT.sub("        args: `dims`, one by one or as one sequence.\n", function.__doc__ or "")
    return method


def _become(self: Variable, seen: Tensor, title: str) -> Tensor:
    """Let a tensor be its own view `seen`: PyTorch's in-place changes of shape."""
    check_writable(self, "in-place change of shape", MODE.state.grad, memory=False)
    self._become(entitle(seen, title))
    return cast("Tensor", self)


class ShapeMethods(Variable):
    """Methods of the shape family."""

    reshape = shape.reshape_method
    reshape_as = shape.reshape_as
    view = shape.view
    view_as = shape.view_as
    ravel = shape.ravel
    flatten = shape.flatten
    squeeze = shape.squeeze
    unsqueeze = shape.unsqueeze
    broadcast_to = broadcasting.broadcast_to
    expand = broadcasting.expand
    expand_as = broadcasting.expand_as
    narrow = parts.narrow
    select = parts.select
    diagonal = parts.diagonal
    unfold = parts.unfold
    contiguous = layout.contiguous

    def unflatten(self, dim: int, *sizes: int | Sequence[int]) -> Tensor:
        """One dim as several: a view (see `fnnet.unflatten`).

        Args:
            dim: Which; negative counts from the end.
            sizes: What it becomes, as arguments or as one sequence; one may be -1.

        Returns:
            A view.

        Raises:
            ShapeError: The sizes do not multiply up to the dim's.
            IndexRangeError: `dim` is out of range.
        """
        given: Any = sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
        return shape.unflatten(cast("Tensor", self), dim, given)

    unbind = splitting.unbind
    split_with_sizes = splitting.split_with_sizes
    chunk = splitting.chunk
    tensor_split = splitting.tensor_split
    hsplit = splitting.hsplit
    vsplit = splitting.vsplit
    dsplit = splitting.dsplit

    def split(self, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Parts along a dim, of one size (the last may be smaller) or of the sizes given: views (see `fnnet.split`).

        Args:
            split_size: The size of every part, or a list of sizes that add up to the dim's.
            dim: Along which dim. Default: 0.

        Returns:
            A tuple of views.

        Raises:
            ShapeError: The sizes don't fit.
            IndexRangeError: `dim` is out of range.
        """
        return splitting.split(cast("Tensor", self), split_size, dim)

    permute = _several(transposition.permute)
    transpose = transposition.transpose
    swapaxes = transposition.swapaxes
    swapdims = transposition.swapdims
    t = transposition.t
    movedim = transposition.movedim
    moveaxis = transposition.moveaxis

    @property
    def T(self) -> Tensor:
        """The dims in reverse order: of a matrix, its transpose. A view."""
        return transposition.reverse_dims(cast("Tensor", self))

    @property
    def mT(self) -> Tensor:
        """The last two dims exchanged. A view."""
        return transposition.matrix_transpose(cast("Tensor", self))

    @property
    def mH(self) -> Tensor:
        """The last two dims exchanged, and conjugated: a view of a real tensor."""
        return complex_numbers.adjoint(cast("Tensor", self))

    @property
    def H(self) -> Tensor:
        """A matrix transposed and conjugated: a view of a real one."""
        return complex_numbers.conjugate_transpose(cast("Tensor", self))

    adjoint = complex_numbers.adjoint

    flip = _several(rearrangement.flip)
    fliplr = rearrangement.fliplr
    flipud = rearrangement.flipud
    roll = rearrangement.roll
    rot90 = rearrangement.rot90
    tile = _several(rearrangement.tile)
    repeat = rearrangement.repeat
    repeat_interleave = rearrangement.repeat_interleave
    tril = diagonals.tril
    triu = diagonals.triu
    diag = diagonals.diag
    diagflat = diagonals.diagflat
    diag_embed = diagonals.diag_embed
    diagonal_scatter = diagonals.diagonal_scatter
    select_scatter = diagonals.select_scatter
    slice_scatter = diagonals.slice_scatter
    trace = diagonals.trace

    def squeeze_(self, dim: int | Sequence[int] | None = None) -> Tensor:
        """Drop dims of size 1 of this tensor."""
        return _become(
            self,
            shape.squeeze(cast("Tensor", self), dim),
            f"SqueezeBackward{3 if dim is None else 4 if isinstance(dim, int) else 5}",
        )

    def unsqueeze_(self, dim: int) -> Tensor:
        """Give this tensor a new dim of size 1."""
        return _become(self, shape.unsqueeze(cast("Tensor", self), dim), "UnsqueezeBackward1")

    def transpose_(self, dim0: int, dim1: int) -> Tensor:
        """Exchange two dims of this tensor."""
        return _become(self, transposition.transpose(cast("Tensor", self), dim0, dim1), "TransposeBackward1")

    def t_(self) -> Tensor:
        """Transpose this matrix."""
        return _become(self, transposition.t(cast("Tensor", self)), "TBackward1")

    swapdims_ = transpose_

    def swapaxes_(self, axis0: int, axis1: int) -> Tensor:
        """Exchange two dims of this tensor."""
        return self.transpose_(axis0, axis1)

    def tril_(self, diagonal: int = 0) -> Tensor:
        """Overwrite what is above a diagonal with zeros."""
        return copy_into(cast("Tensor", self), diagonals.tril(cast("Tensor", self), diagonal))

    def triu_(self, diagonal: int = 0) -> Tensor:
        """Overwrite what is below a diagonal with zeros."""
        return copy_into(cast("Tensor", self), diagonals.triu(cast("Tensor", self), diagonal))

    def fill_diagonal_(self, fill_value: Number, wrap: bool = False) -> Tensor:
        """Overwrite the main diagonal, which runs on (after a gap of one) down a tall matrix with `wrap`."""
        return diagonals.fill_diagonal_(cast("Tensor", self), fill_value, wrap)
