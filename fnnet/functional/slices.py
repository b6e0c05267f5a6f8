"""Whole slices along a dim, by index: selected, added to, overwritten, filled.

Raw arrays are `Any`: their class is the backend's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from attrs import evolve

from fnnet._core.errors import DTypeError, GatherIndexError, IndexDTypeError, IndexRangeError, ShapeError
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.autograd.views import apply_view
from fnnet.autograd.writes import refuse_partial_overlap
from fnnet.backends import dtypes
from fnnet.functional._common import dtype_of, into_same, is_tensor, need_one_device, need_tensor, wrap_dim
from fnnet.functional.masking import MASKED_FILL, fill_where, masked_fill
from fnnet.functional.places import (
    INDEX_ADD,
    INDEX_SET,
    Places,
    along,
    checked,
    host_number,
    read,
    whole_index,
    write,
    written,
)
from fnnet.functional.shape import RESHAPE

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor


# which slices --------------------------------------------------------------------------------------------------------
def index_vector(name: str, index: object) -> Tensor:
    """A vector (or 0-d tensor, which counts as one) of int32 or int64 indices."""
    need_tensor(name, index=index)
    t = cast("Tensor", index)
    if dtype_of(t) not in (dtypes.int32, dtypes.int64):
        raise IndexDTypeError(f"{name}(): Expected dtype int32 or int64 for index, got {dtype_of(t)}")
    if t._data.ndim > 1:
        raise GatherIndexError(f"{name}(): Index is supposed to be a vector, got shape {tuple(t._data.shape)}")
    return t if t._data.ndim else cast("Tensor", apply_view(RESHAPE, t, shape=(1,)))


def not_negative(name: str, index: Tensor, n: int, dim: int) -> Any:
    """Raw indices, checked to lie from 0 to n-1."""

    def complain(at: int) -> Exception:
        return GatherIndexError(
            f"{name}(): index out of range in self: index {at} is out of bounds for dimension {dim} with size {n}"
        )

    raw = whole_index(index)
    found = checked(index._device, raw, n, complain)
    if found is not raw and index._device.type == "cpu":  # it had negative ones
        raise complain(
            int(host_number(index._device, namespace_of(index._device).amin(raw, dim=tuple(range(raw.ndim)))))
        )
    return found


# selected ------------------------------------------------------------------------------------------------------------
def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The slices along `dim` at `index`: a copy.

    Args:
        input: Any tensor.
        dim: Along which dim.
        index: Vector of n int32 or int64, each from 0 to the dim's size - 1.
        out: Where to write the result.

    Returns:
        A new tensor of the input's shape and dtype, but for size n along `dim`.

    Raises:
        IndexRangeError: An index or `dim` is out of range, or `index` has more than one dim.
        DTypeError: `index` is neither int32 nor int64.
        ShapeError: `input` is 0-d, and `index` is not one number.

    Differentiable: By `input`, any order: slices that are picked several times add up.

    Example:
        >>> import fnnet
        >>> fnnet.index_select(fnnet.tensor([[1, 2], [3, 4]]), 1, fnnet.tensor([1, 0]))
        tensor([[2, 1],
                [4, 3]])
    """
    need_tensor("index_select", input=input)
    need_one_device("index_select", input=input, index=index)
    rows = index_vector("index_select", index)
    shape = tuple(input._data.shape)
    d = wrap_dim(dim, len(shape), "index_select")
    if not shape and rows._data.shape[0] != 1:
        raise ShapeError(f"index_select(): Index to scalar can have only 1 value, got {rows._data.shape[0]} value(s)")
    x = input if shape else cast("Tensor", apply_view(RESHAPE, input, shape=(1,)))
    n = x._data.shape[d]
    at = not_negative("index_select", rows, n, d)
    r = read(x, along(x._device, tuple(x._data.shape), d, 1, at), "IndexSelectBackward0")
    if not shape:
        r = entitle(apply_view(RESHAPE, r, shape=()), "IndexSelectBackward0")
    return r if out is None else into_same("index_select", out, r, input, index)


# added to, overwritten -----------------------------------------------------------------------------------------------
def _slices(name: str, x: Tensor, dim: int, index: Tensor, source: Tensor) -> tuple[Places, Tensor]:
    """Places of slices along `dim`, and `source` in the form that goes there."""
    need_tensor(name, input=x, index=index, source=source)
    need_one_device(name, input=x, index=index, source=source)
    i = index_vector(name, index)
    shape = tuple(x._data.shape)
    d = wrap_dim(dim, len(shape), name)
    given = tuple(source._data.shape) or (1,)
    count = i._data.shape[0]
    if dtype_of(source) is not dtype_of(x):
        raise DTypeError(
            f"{name}(): self and source expected to have the same dtype, but got {dtype_of(x)} and {dtype_of(source)}"
        )
    if d >= len(given) or given[d] != count:
        raise _count_error(name)(
            f"{name}(): Number of indices ({count}) should be equal to source.size(dim): "
            f"({given[d] if d < len(given) else 0}), for dim: {d}"
        )
    own = shape or (1,)
    wanted = (*own[:d], count, *own[d + 1 :])
    if given != wanted:
        raise ShapeError(
            f"{name}(): source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            f"self.shape = {list(shape)} source.shape = {list(given)}"
        )
    at = not_negative(name, i, own[d], d)
    places = along(x._device, own, d, 1, at)
    if not shape:
        places = evolve(places, flat=(1,))
    if tuple(source._data.shape) != wanted:
        source = apply(RESHAPE, source, shape=wanted)
    return places, source


def _count_error(name: str) -> type[Exception]:
    return IndexRangeError if name.startswith("index_copy") else ShapeError


def _scaled(source: Tensor, alpha: Number) -> Tensor:
    return source if alpha == 1 else source * alpha


def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """A copy with slices of `source`, times `alpha`, added at `index` along `dim`; repeated indices add up.

    Args:
        input: Any tensor.
        dim: Along which dim.
        index: Vector of n int32 or int64, each from 0 to the dim's size - 1.
        source: Of the input's dtype and shape, but for size n along `dim`.
        alpha: What `source` is multiplied with. Default: 1.
        out: Where to write the result.

    Returns:
        A new tensor of the input's shape and dtype.

    Raises:
        IndexRangeError: An index or `dim` is out of range, or `index` has more than one dim.
        ShapeError: `source` is of another shape.
        DTypeError: `index` is neither int32 nor int64, or `source` is not of the input's dtype.

    Differentiable: By `input` and `source`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.index_add(fnnet.zeros(3), 0, fnnet.tensor([0, 0]), fnnet.tensor([1.0, 2.0]))
        tensor([3., 0., 0.])
    """
    places, part = _slices("index_add", input, dim, index, source)
    r = written(input, places, INDEX_ADD, _scaled(part, alpha), "IndexAddBackward0")
    return r if out is None else into_same("index_add", out, r, index, source, beside=(input,))


def index_add_(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
    """Add slices of `source`, times `alpha`, at `index` along `dim`.

    Args:
        self: What is added to.
        dim: Along which dim.
        index: As in `index_add`.
        source: Of the dtype and shape of `self`, but for the size along `dim`.
        alpha: What `source` is multiplied with. Default: 1.

    Returns:
        `self`.

    Raises:
        AutogradError: `self` is a leaf that requires grad. For the others see `index_add`; they change nothing.

    Differentiable: As `index_add`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(3).index_add_(0, fnnet.tensor([0, 0]), fnnet.tensor([1.0, 2.0]))
        tensor([3., 0., 0.])
    """
    places, part = _slices("index_add_", self, dim, index, source)
    refuse_partial_overlap(self, "index_add_", index, source, or_same=True)
    return write(self, places, INDEX_ADD, _scaled(part, alpha), "IndexAddBackward0")


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy with slices of `source` at `index` along `dim`.

    Args:
        input: Any tensor.
        dim: Along which dim.
        index: Vector of n int32 or int64, each from 0 to the dim's size - 1. Where they repeat, one of the slices
            stays.
        source: Of the input's dtype and shape, but for size n along `dim`.
        out: Where to write the result.

    Returns:
        A new tensor of the input's shape and dtype.

    Raises:
        IndexRangeError: An index or `dim` is out of range, `index` has more than one dim, or n is not the source's
            size.
        ShapeError: `source` is of another shape in another dim.
        DTypeError: `index` is neither int32 nor int64, or `source` is not of the input's dtype.

    Differentiable: By `input` and `source`, any order; where indices repeat every slice gets the gradient.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(3).index_copy(0, fnnet.tensor([2, 0]), fnnet.tensor([1.0, 2.0]))
        tensor([2., 0., 1.])
    """
    places, part = _slices("index_copy", input, dim, index, source)
    r = written(input, places, INDEX_SET, part, "IndexCopyBackward0")
    return r if out is None else into_same("index_copy", out, r, index, source, beside=(input,))


def index_copy_(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """Overwrite slices at `index` along `dim` with those of `source`.

    Args:
        self: What is written to.
        dim: Along which dim.
        index: As in `index_copy`.
        source: Of the dtype and shape of `self`, but for the size along `dim`.

    Returns:
        `self`.

    Raises:
        AutogradError: `self` is a leaf that requires grad. For the others see `index_copy`; they change nothing.

    Differentiable: As `index_copy`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(3).index_copy_(0, fnnet.tensor([2, 0]), fnnet.tensor([1.0, 2.0]))
        tensor([2., 0., 1.])
    """
    places, part = _slices("index_copy_", self, dim, index, source)
    refuse_partial_overlap(self, "index_copy_", index, source, or_same=True)
    return write(self, places, INDEX_SET, part, "IndexCopyBackward0")


# filled --------------------------------------------------------------------------------------------------------------
def _fill_mask(name: str, x: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """Where `x` is to be filled: each slice once, however often its index comes."""
    need_tensor(name, input=x)
    need_one_device(name, input=x, index=index)
    i = index_vector(name, index)
    own = tuple(x._data.shape)
    d = wrap_dim(dim, len(own), name)
    n = (own or (1,))[d]
    if is_tensor(value) and value._data.ndim:
        raise ShapeError(
            f"{name} only supports a 0-dimensional value tensor, but got tensor with {value._data.ndim} dimension(s)."
        )

    def complain(at: int) -> Exception:
        return IndexRangeError(f"index_fill(): index {at} is out of bounds for dimension {d} with size {n}")

    at = checked(i._device, whole_index(i), n, complain)
    k = namespace_of(x._device)
    mask = k.index_set(k.full((n,), False, dtype=dtypes.bool_), at, k.full(at.shape, True, dtype=dtypes.bool_))
    found: Tensor = make(k.reshape(mask, shape=(n, *[1] * (len(own) - d - 1)) if own else ()), x._device)
    return found


def _filler(x: Tensor, value: Any) -> Any:
    """The value that fills `x`; for whole numbers a number in place of a floating-point tensor."""
    whole = is_tensor(value) and dtype_of(x).category < 2 and dtype_of(value).category == 2
    return value.item() if whole else value


def index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | Number) -> Tensor:
    """A copy with `value` in the slices at `index` along `dim`.

    Args:
        input: Any tensor.
        dim: Along which dim.
        index: Vector of int32 or int64; negative ones count from the end.
        value: A number or a 0-d tensor, in the input's dtype; for whole numbers its fraction is cut off.

    Returns:
        A new tensor of the input's shape and dtype.

    Raises:
        IndexRangeError: An index or `dim` is out of range, or `index` has more than one dim.
        ShapeError: `value` is a tensor with dims.
        DTypeError: `index` is neither int32 nor int64, or `value` is complex and `input` not.
        OptionError: A number does not fit the dtype.

    Differentiable: By `input` and a `value` that is a tensor, any order.

    Example:
        >>> import fnnet
        >>> fnnet.index_fill(fnnet.zeros(3), 0, fnnet.tensor([1]), 5)
        tensor([0., 5., 0.])
    """
    mask = _fill_mask("index_fill", input, dim, index, value)
    return entitle(
        masked_fill(input, mask, _filler(input, value)),
        f"IndexFillBackward{int(is_tensor(value))}",
    )


_INDEX_FILLS = MASKED_FILL.titled("IndexFillBackward0"), MASKED_FILL.titled("IndexFillBackward1")
"""With a number, with a tensor: PyTorch's overloads."""


def index_fill_(self: Tensor, dim: int, index: Tensor, value: Tensor | Number) -> Tensor:
    """Fill the slices at `index` along `dim` with `value`.

    Args:
        self: What is written to.
        dim: Along which dim.
        index: As in `index_fill`.
        value: As in `index_fill`.

    Returns:
        `self`.

    Raises:
        AutogradError: `self` is a leaf that requires grad. For the others see `index_fill`; they change nothing.

    Differentiable: As `index_fill`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(3).index_fill_(0, fnnet.tensor([1]), 5)
        tensor([0., 5., 0.])
    """
    mask = _fill_mask("index_fill_", self, dim, index, value)
    refuse_partial_overlap(self, "index_fill_", index, or_same=True)
    return fill_where(self, mask, _filler(self, value), _INDEX_FILLS[is_tensor(value)])


__all__ = ["index_add", "index_copy", "index_fill", "index_select"]
