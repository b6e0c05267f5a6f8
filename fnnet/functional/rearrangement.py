"""Rearranged copies: flips, rolls, repetitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import IndexRangeError, OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import Kind, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.backends import dtypes
from fnnet.functional._common import dtype_of, need_one_device, need_tensor, sizes, wrap_dim
from fnnet.functional.broadcasting import EXPAND
from fnnet.functional.layout import with_own_memory
from fnnet.functional.movement import CLONE
from fnnet.functional.places import take_rows
from fnnet.functional.shape import RESHAPE, reshape
from fnnet.functional.transposition import transpose

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# flip --------------------------------------------------------------------------------------------------------------
FLIP = Op(
    "flip", backward=lambda k, c, g: (k.flip(g, dims=c.static["dims"]),), uses=((),), kind=Kind.MOVE,
    samples=lambda make: (Sample(make(2, 3), dims=(0, 1)), Sample(make(2, 3), dims=()), Sample(make(0, 2), dims=(0,))),
)  # fmt: skip


def flip(input: Tensor, dims: Sequence[int] | int) -> Tensor:
    """Reversed along the given dims: a copy.

    Args:
        input: Any dtype, any shape.
        dims: A dim or several, each once; of none, a plain copy.

    Returns:
        Input's shape and dtype, new memory.

    Raises:
        IndexRangeError: A dim is not there.
        ShapeError: A dim is named twice.

    Differentiable: Everywhere, any order.

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
    """Columns in reverse order: a copy, flipped along dim 1.

    Args:
        input: Any dtype, of at least two dims.

    Returns:
        Input's shape and dtype, new memory.

    Raises:
        ShapeError: `input` has fewer than two dims.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.fliplr(fnnet.tensor([[1, 2], [3, 4]]))
        tensor([[2, 1],
                [4, 3]])
    """
    need_tensor("fliplr", input=input)
    if input._data.ndim < 2:
        raise ShapeError(f"fliplr: Input must be >= 2-d., got {input._data.ndim}-d")
    return flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order: a copy, flipped along dim 0.

    Args:
        input: Any dtype, of at least one dim.

    Returns:
        Input's shape and dtype, new memory.

    Raises:
        ShapeError: `input` is 0-d.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.flipud(fnnet.tensor([1, 2]))
        tensor([2, 1])
    """
    need_tensor("flipud", input=input)
    if input._data.ndim < 1:
        raise ShapeError(f"flipud: Input must be >= 1-d., got {input._data.ndim}-d")
    return flip(input, (0,))


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by `k` times 90 degrees in the plane of two dims, from the first towards the second: a copy.

    Args:
        input: Any dtype, of at least two dims.
        k: How many quarter turns; negative ones turn back. Default: 1.
        dims: The plane. Default: `(0, 1)`.

    Returns:
        Input's dtype and shape, with the two sizes exchanged for odd `k`; new memory.

    Raises:
        ShapeError: `input` has fewer than two dims, or `dims` are not two different ones.
        IndexRangeError: A dim is not there.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.rot90(fnnet.tensor([[1, 2], [3, 4]]))
        tensor([[2, 4],
                [1, 3]])
    """
    need_tensor("rot90", input=input)
    ndim = input._data.ndim
    if len(dims) != 2:
        raise ShapeError(f"rot90: expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise ShapeError(f"rot90: expected total dims >= 2, but got total dims = {ndim}")
    a, b = (wrap_dim(d, ndim, "rot90") for d in dims)
    if a == b:
        raise ShapeError(
            f"rot90: expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    turns = k % 4
    if turns == 0:
        r: Tensor = apply(CLONE, input)
        return entitle(r, "Rot90Backward0")
    if turns == 2:
        return entitle(flip(input, (a, b)), "Rot90Backward0")
    return entitle(flip(transpose(input, a, b), (a,) if turns == 1 else (b,)), "Rot90Backward0")


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
    """Shifted along dims, what leaves at one end coming in at the other: a copy.

    Args:
        input: Any dtype, any shape.
        shifts: By how many places, one number or one for each of `dims`; negative ones shift to the front.
        dims: Along which dims, one number or several. Default: none, and the tensor is shifted as if flattened.

    Returns:
        Input's shape and dtype, new memory.

    Raises:
        ShapeError: There are not as many `shifts` as `dims`.
        IndexRangeError: A dim is not there.

    Differentiable: Everywhere, any order.

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
        raise ShapeError("roll: `shifts` required")
    if not along and len(by) == 1:
        flat = reshape(input, (-1,)) if input.numel() else input
        return entitle(reshape(roll(flat, by, (0,)), shape) if input.numel() else flat.clone(), "RollBackward0")
    if len(by) != len(along):
        raise ShapeError(f"roll: shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}")
    found = tuple(wrap_dim(d, len(shape), "roll") for d in along)
    if not shape:
        raise IndexRangeError("roll: Dimension specified as 0 but tensor has no dimensions")
    if not input.numel():
        r: Tensor = apply(CLONE, input)
    else:
        r = apply(ROLL, input, shifts=tuple(s % shape[d] for s, d in zip(by, found, strict=True)), dims=found)
    return entitle(r, "RollBackward0")


# repetitions -------------------------------------------------------------------------------------------------------
def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """Copies of the tensor side by side.

    Args:
        self: Any dtype, any shape.
        repeats: How many copies along each dim, as ints or one sequence; more numbers than dims stand for new leading
            dims.

    Returns:
        A tensor of self's dtype, each size times its number; new memory.

    Raises:
        ShapeError: There are fewer numbers than dims, or one is negative.

    Differentiable: Everywhere, any order.

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
            f"repeat: Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor "
            f"({len(times)} repeats, {len(shape)} dims)"
        )
    if any(n < 0 for n in times):
        raise ShapeError(f"repeat: Trying to create tensor with negative dimension: repeats {list(times)}")
    shape = (1,) * (len(times) - len(shape)) + shape
    apart: tuple[int, ...] = ()
    whole: tuple[int, ...] = ()
    for r, n in zip(times, shape, strict=True):
        apart, whole = (*apart, 1, n), (*whole, r, n)
    x = apply(EXPAND, apply(RESHAPE, self, shape=apart), shape=whole)
    return entitle(
        with_own_memory(apply(RESHAPE, x, shape=tuple(r * n for r, n in zip(times, shape, strict=True)))),
        "RepeatBackward0",
    )


def tile(input: Tensor, dims: Sequence[int]) -> Tensor:
    """As `repeat`, with ones put before too few numbers.

    Args:
        input: Any dtype, any shape.
        dims: How many copies along each dim; more numbers than dims stand for new leading dims.

    Returns:
        A tensor of input's dtype, each size times its number; new memory.

    Raises:
        ShapeError: A number is negative.

    Differentiable: Everywhere, any order.

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
        input: Any dtype, any shape. Given alone, it holds repeats, and the result their indices, int64.
        repeats: How often: one number, or one per slice (int64 or int32, `(n,)` or of one element).
        dim: Along which dim. Default: flattened.
        output_size: The result's size along `dim`, if known (nothing is saved by it here); checked where `repeats` is
            one per slice.

    Returns:
        Input's dtype and shape, but for the sum of the repeats along `dim`; new memory.

    Raises:
        ShapeError: Repeats are negative, or not one per slice.
        DTypeError: Repeats are neither int64 nor int32.
        IndexRangeError: `dim` is not there.
        OptionError: `output_size` is not the sum of the repeats.

    Differentiable: By `input` everywhere, any order.

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
            raise ShapeError(f"repeat_interleave: Repeats must be non-negative, got {repeats}")
        shape = tuple(x._data.shape)
        apart = apply(RESHAPE, x, shape=(*shape[: d + 1], 1, *shape[d + 1 :]))
        wide = apply(EXPAND, apart, shape=(*shape[: d + 1], repeats, *shape[d + 1 :]))
        return with_own_memory(apply(RESHAPE, wide, shape=(*shape[:d], n * repeats, *shape[d + 1 :])))
    need_tensor("repeat_interleave", repeats=repeats)
    need_one_device("repeat_interleave", input=input, repeats=repeats)
    if repeats._data.ndim > 1:
        raise ShapeError("repeat_interleave: repeats must be 0-dim or 1-dim tensor")
    if repeats.numel() == 1:
        return repeat_interleave(x, int(repeats.tolist() if not repeats._data.ndim else repeats.tolist()[0]), d)
    if repeats._data.shape[0] != n:
        raise ShapeError(
            "repeat_interleave: repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{repeats._data.shape[0]} and input.size({d}) = {n}"
        )
    indices = _repeated_indices(repeats, n)
    if output_size is not None and indices._data.shape[0] != output_size:
        raise OptionError(f"repeat_interleave: allocated size does not match required size ({output_size})")
    return take_rows(x, indices, d)


def _repeated_indices(repeats: Tensor, n: int) -> Tensor:
    """0, 1 .. n-1, each as often as `repeats` says: how many running totals lie at or below each place."""
    if dtype_of(repeats).name not in ("int64", "int32"):
        raise UnsupportedDTypeError(f"repeat_interleave: repeats has to be Long or Int tensor, got {dtype_of(repeats)}")
    counts = repeats.tolist()
    if any(r < 0 for r in counts):
        raise ShapeError("repeat_interleave: repeats can not be negative")
    device = repeats._device
    k = namespace_of(device)
    parts = [k.full((r,), i, dtype=dtypes.int64) for i, r in enumerate(counts) if r]
    raw = k.cat(*parts, dim=0) if parts else k.full((0,), 0, dtype=dtypes.int64)
    places: Tensor = make(raw, device)
    return places


__all__ = ["flip", "fliplr", "flipud", "repeat_interleave", "roll", "rot90", "tile"]
