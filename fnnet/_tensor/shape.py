"""Methods of the shape family: views, their order of dims, parts, rearranged copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fnnet.autograd.variable import Variable
from fnnet.functional import layout, rearrangement, shape, splitting, transposition
from fnnet.functional._common import sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fnnet._tensor import Tensor


def _several(function: Any) -> Any:
    """The method of a function of a tensor and a sequence: the sequence may be given as arguments."""

    def method(self: Tensor, *args: Any, dims: Sequence[int] | None = None) -> Tensor:
        given = sizes(function.__name__, args) if dims is None else tuple(dims)
        return function(self, given)  # type: ignore[no-any-return]

    method.__name__, method.__qualname__, method.__doc__ = function.__name__, function.__qualname__, function.__doc__
    return method


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
    broadcast_to = shape.broadcast_to
    expand = shape.expand
    expand_as = shape.expand_as
    narrow = shape.narrow
    select = shape.select
    diagonal = shape.diagonal
    unfold = shape.unfold
    contiguous = layout.contiguous

    def unflatten(self, dim: int, *sizes: Any) -> Tensor:
        """`fnnet.unflatten`, with the sizes as arguments or as one sequence."""
        given = sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
        return shape.unflatten(cast("Tensor", self), dim, given)

    unbind = splitting.unbind
    split_with_sizes = splitting.split_with_sizes
    chunk = splitting.chunk
    tensor_split = splitting.tensor_split
    hsplit = splitting.hsplit
    vsplit = splitting.vsplit
    dsplit = splitting.dsplit

    def split(self, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Parts along `dim` of one size or of given sizes: views (see `fnnet.split`)."""
        return splitting.split(cast("Tensor", self), split_size, dim)

    permute = _several(transposition.permute)
    transpose = transposition.transpose
    swapaxes = transposition.swapaxes
    swapdims = transposition.swapdims
    t = transposition.t
    movedim = transposition.movedim
    moveaxis = transposition.moveaxis
    T = property(transposition.reverse_dims)
    mT = property(transposition.matrix_transpose)

    flip = _several(rearrangement.flip)
    fliplr = rearrangement.fliplr
    flipud = rearrangement.flipud
    roll = rearrangement.roll
    rot90 = rearrangement.rot90
    tile = _several(rearrangement.tile)
    repeat = rearrangement.repeat
    repeat_interleave = rearrangement.repeat_interleave
    tril = rearrangement.tril
    triu = rearrangement.triu
    diag = rearrangement.diag
    diagflat = rearrangement.diagflat
    diag_embed = rearrangement.diag_embed
    diagonal_scatter = rearrangement.diagonal_scatter
    select_scatter = rearrangement.select_scatter
    slice_scatter = rearrangement.slice_scatter
    trace = rearrangement.trace
