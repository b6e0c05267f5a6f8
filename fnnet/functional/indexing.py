"""Indexing as Python writes it, `x[...]` and `x[...] = v`, basic and advanced.

Ints, slices, None and Ellipsis give views (one `getitem`). Tensors of indices and masks become places in the flattened
indexed dims, computed on the device, which are then read or written as places.py does it.

An index is `Any`: a whole number, slice, None, Ellipsis, tensor, array, sequence or a tuple of these; so is what is
assigned.
"""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from attrs import evolve, frozen

from fnnet._core.errors import ArgumentError, DeviceError, DTypeError, IndexRangeError, OptionError, ShapeError
from fnnet._core.namespace import Number, Shape
from fnnet.autograd.modes import MODE
from fnnet.autograd.tape import namespace_of
from fnnet.autograd.variable import INFERENCE, Variable, make
from fnnet.autograd.views import apply_view
from fnnet.autograd.writes import refuse_partial_overlap
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DType
from fnnet.backends.errstate import silently
from fnnet.functional._common import dtype_of, fit_number, need_one_device, need_tensor, plain_number, to_dtype
from fnnet.functional.broadcasting import EXPAND
from fnnet.functional.creation import tensor
from fnnet.functional.host_data import fitting_number
from fnnet.functional.movement import copy_, overwrite, to_device
from fnnet.functional.places import (
    INDEX_ADD,
    INDEX_SET,
    Places,
    along,
    checked,
    read,
    true_places,
    whole_index,
    write,
    written,
)
from fnnet.functional.shape import GETITEM, RESHAPE

if TYPE_CHECKING:
    from fnnet._tensor import Tensor
    from fnnet.backends.devices import Device


# what stands between the brackets ----------------------------------------------------------------------------------
@frozen(eq=False)
class _Group:
    """One tensor of indices: into `count` dims from `dim` on, flattened to `rows`."""

    dim: int
    count: int
    rows: int
    at: Any  # raw
    mask: bool = False


_KINDS = "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices"


def _items(index: Any) -> tuple[Any, ...]:
    if isinstance(index, tuple):
        return index
    if isinstance(index, list) and any(
        isinstance(i, (Variable, list, tuple, slice)) or i is None or i is Ellipsis for i in index[:32]
    ):
        warnings.warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated; use x[tuple(seq)] instead "
            "of x[seq].",
            UserWarning,
            stacklevel=4,
        )
        return tuple(index)
    return (index,)


def _item(i: Any, device: Device) -> Any:
    """One item as int, slice, None, Ellipsis, bool, or a tensor of indices or truth values."""
    if i is None or i is Ellipsis or isinstance(i, (bool, int, slice)):
        return i
    if isinstance(i, Variable):
        t = cast("Tensor", i)
    elif isinstance(i, (list, tuple, range)) or (hasattr(i, "__array__") and np.ndim(i)):
        t = tensor(i if hasattr(i, "__array__") else list(i))
        if not t.numel() and not hasattr(i, "__array__"):
            t = to_dtype(t, dtypes.int64)  # [] holds no floats: it is no index at all
    elif type(i).__name__ == "bool" and hasattr(i, "item"):
        return bool(i)  # NumPy's bool is no Python bool
    elif hasattr(i, "__index__"):
        return operator.index(i)
    elif isinstance(i, str):
        raise ArgumentError(f"{_KINDS} (got str)")
    else:
        raise IndexRangeError(f"{_KINDS} (got {type(i).__name__})")
    dtype = dtype_of(t)
    if dtype.category > 1 or dtype in (dtypes.int8, dtypes.int16):
        raise IndexRangeError(f"tensors used as indices must be long, int, byte or bool tensors (got {dtype})")
    if not t._data.ndim:
        value = t._device.backend.to_host(t._data).item()
        return bool(value) if dtype in (dtypes.bool_, dtypes.uint8) else int(value)
    if dtype is dtypes.uint8:
        warnings.warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
            UserWarning,
            stacklevel=5,
        )
    if t._device is device:
        return t
    if t._device.type != "cpu":
        raise DeviceError(
            f"indices should be either on cpu or on the same device as the indexed tensor ({device}), "
            f"got an index on {t._device}"
        )
    return to_device(t, device)


def _parse(x: Tensor, index: Any) -> tuple[tuple[Any, ...] | None, list[_Group]]:
    """The basic index (None: it changes nothing) and the advanced ones, in the dims that the basic index leaves."""
    device = x._device
    shape = tuple(x._data.shape)
    items = [_item(i, device) for i in _items(index)]
    used = 0
    for i in items:
        if isinstance(i, Variable):
            used += i._data.ndim if dtype_of(i) in (dtypes.bool_, dtypes.uint8) else 1
        elif i is not None and i is not Ellipsis and not isinstance(i, bool):
            used += 1
    if used > len(shape):
        if not shape and all(type(i) is int for i in items):
            raise IndexRangeError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
                "convert a "
                "0-dim tensor to a number"
            )
        raise IndexRangeError(f"too many indices for tensor of dimension {len(shape)} (got {used})")
    basic: list[Any] = []
    groups: list[_Group] = []
    plain = True
    dim = out = 0  # of x; of what the basic index leaves
    for place, i in enumerate(items):
        if i is Ellipsis:
            n = len(shape) - used
            used = len(shape)  # a second Ellipsis stands for nothing
            basic += [slice(None)] * n
            dim, out = dim + n, out + n
        elif i is None or isinstance(i, bool):
            basic.append(None)
            plain = False
            if i is not None:
                k = namespace_of(device)
                groups.append(_Group(out, 1, 1, k.full((int(i),), 0, dtype=dtypes.int64)))
            out += 1
        elif isinstance(i, slice):
            part = _slice(i, shape[dim])
            plain = plain and part == slice(0, shape[dim], 1)
            basic.append(part)
            dim, out = dim + 1, out + 1
        elif isinstance(i, int):
            n = shape[dim]
            if not -n <= i < n:
                raise IndexRangeError(f"index {i} is out of bounds for dimension {dim} with size {n}")
            basic.append(i % n)
            plain = False
            dim += 1
        else:
            groups.append(_group(i, place, shape, dim, out))
            count = groups[-1].count
            basic += [slice(None)] * count
            dim, out = dim + count, out + count
    return None if plain else tuple(basic), groups


def _slice(s: slice, n: int) -> slice:
    if s.step is not None and operator.index(s.step) <= 0:
        raise OptionError("step must be greater than zero")
    start, stop, step = s.indices(n)
    return slice(start, max(start, stop), step)


def _group(i: Tensor, place: int, shape: Shape, dim: int, out: int) -> _Group:
    if dtype_of(i) in (dtypes.bool_, dtypes.uint8):
        size = tuple(i._data.shape)
        if size != shape[dim : dim + len(size)]:
            raise IndexRangeError(
                f"The shape of the mask {list(size)} at index {place} does not match the shape of the indexed tensor "
                f"{list(shape)} at index {dim}"
            )
        return _Group(out, len(size), math.prod(size), true_places(i), True)
    n = shape[dim]

    def complain(at: int) -> Exception:
        return IndexRangeError(f"index {at} is out of bounds for dimension {dim} with size {n}")

    return _Group(out, 1, n, checked(i._device, whole_index(i), n, complain))


def _places(x: Tensor, groups: list[_Group]) -> tuple[Places, Shape]:
    """Where several indices meet, and the shape of what is there."""
    device = x._device
    k = namespace_of(device)
    shape = tuple(x._data.shape)
    dims = tuple(d for g in groups for d in range(g.dim, g.dim + g.count))
    at = groups[0].at
    for g in groups[1:]:
        a, b = tuple(at.shape), tuple(g.at.shape)
        width = max(len(a), len(b))
        if any(
            n != m and n != 1 and m != 1
            for n, m in zip((1,) * (width - len(a)) + a, (1,) * (width - len(b)) + b, strict=True)
        ):
            raise IndexRangeError(
                "shape mismatch: indexing tensors could not be broadcast together with shapes "
                + ", ".join(str(list(g.at.shape)) for g in groups)
            )
        at = at * g.rows + g.at
    if dims == tuple(range(dims[0], dims[0] + len(dims))):
        places = along(device, shape, dims[0], len(dims), at)
        return places, (*shape[: dims[0]], *at.shape, *shape[dims[-1] + 1 :])
    rest = tuple(d for d in range(len(shape)) if d not in dims)
    order = (*dims, *rest)
    flat = along(device, tuple(shape[d] for d in order), 0, len(dims), at)
    return Places(order, flat.flat, k.asarray(flat.at)), (*at.shape, *[shape[d] for d in rest])


def getitem(self: Tensor, index: Any) -> Tensor:
    """`self[index]`: a view for ints, slices, None and Ellipsis; a copy where tensors or lists pick elements."""
    if type(index) is int:
        shape = self._data.shape
        if shape and -shape[0] <= index < shape[0]:
            r: Tensor = apply_view(GETITEM, self, index=(index % shape[0],))
            return r
    basic, groups = _parse(self, index)
    if not groups:
        if basic is None:
            basic = (slice(None),) if isinstance(index, slice) else (Ellipsis,)
        view: Tensor = apply_view(GETITEM, self, index=basic)
        return view
    x = self if basic is None else cast("Tensor", apply_view(GETITEM, self, index=basic))
    return read(x, _places(x, groups)[0], "IndexBackward0")


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """`self[index] = value`: written into the tensor's memory, broadcast and cast."""
    basic, groups = _parse(self, index)
    if not groups:
        if type(value) in (int, float) and _fill(self, (Ellipsis,) if basic is None else basic, value):
            return
        view: Tensor = apply_view(GETITEM, self, index=(Ellipsis,) if basic is None else basic)
        if isinstance(value, Variable) and _same_view(view, value):
            return  # x[0] += 1 has written it already
        v = _value(self, value)
        if v._data.ndim:
            v = _fitted(v, tuple(view._data.shape), "The expanded size of the tensor must match the existing size")
            copy_(view, v)
        else:
            overwrite(view, v)  # one value, perhaps the tensor's own: read before anything is written
        return
    x = self if basic is None else cast("Tensor", apply_view(GETITEM, self, index=basic))
    _refuse_overlapping(x, groups, value, index if isinstance(index, tuple) else (index,))
    places, shape = _places(x, groups)
    if isinstance(value, Variable) and value._data.ndim:
        need_one_device("index_put_", self=self, value=value)
    v = _value(self, value)
    if dtype_of(v) is not dtype_of(self):
        raise DTypeError(
            "Index put requires the source and destination dtypes match, got "
            f"{dtype_of(self)} for the destination and {dtype_of(v)} for the source."
        )
    v = _fitted(v, shape, "shape mismatch: value tensor cannot be broadcast to indexing result")
    write(x, places, INDEX_SET, v, "IndexPutBackward0")


def _stored(number: Number, dtype: DType) -> Any:
    """A number as what is assigned to elements of `dtype`: floating point may overflow, nothing else."""
    return (fitting_number if dtype.category == 1 or isinstance(number, complex) else fit_number)(number, dtype)


def _fill(x: Tensor, index: tuple[Any, ...], number: int | float) -> bool:
    """`x[index] = number` where nothing is recorded and no rule can forbid it; False where it may."""
    state, backend = MODE.state, x._device._backend
    if not state.fast or backend is None or x._counter is INFERENCE:
        return False
    if state.grad and (x._node is not None or x._leaf_grad or x._view is not None):
        return False
    part = backend.getitem(x._data, index=index)
    strides = backend.strides(part)
    if strides is not None and 0 in strides:  # expanded, perhaps: refused where it is looked at closely
        return False
    stored = _stored(number, dtype_of(x))
    try:
        backend.overwrite(part, stored)
    except RuntimeWarning:  # it becomes infinite
        silently(backend.overwrite, part, stored)
    x._counter[0] += 1
    return True


def _refuse_overlapping(x: Tensor, groups: list[_Group], value: Any, indices: Sequence[Any]) -> None:
    """Raise where what is written at indices is read from the same memory, as value or index; PyTorch's rule.

    One value written where one mask is true is read, like the mask, before anything is written.
    """
    if len(groups) == 1 and groups[0].mask and not (isinstance(value, Variable) and math.prod(value._data.shape) != 1):
        refuse_partial_overlap(x, "index_put_", *indices)
    else:
        refuse_partial_overlap(x, "index_put_", value, *indices, or_same=True)


def _value(like: Tensor, value: Any) -> Tensor:
    """What is assigned, as a tensor on the same device."""
    if isinstance(value, Variable):
        v = cast("Tensor", value)
        return to_device(v, like._device) if v._device is not like._device else v
    if not (
        isinstance(value, (bool, int, float, complex))
        or (hasattr(value, "item") and getattr(value, "shape", None) == ())
    ):
        raise ArgumentError(f"can't assign a {type(value).__name__} to a Tensor of {dtype_of(like)}")
    number = _stored(plain_number(value), dtype_of(like))
    full = namespace_of(like._device).full
    try:
        raw = full((), number, dtype=dtype_of(like))
    except RuntimeWarning:  # it becomes infinite
        raw = silently(full, (), number, dtype=dtype_of(like))
    made: Tensor = make(raw, like._device)
    return made


def _same_view(a: Tensor, b: Variable) -> bool:
    """Whether two tensors are the same view of the same base."""
    return (
        a._view is not None and b._view is not None and a._view.base is b._view.base and a._view.steps == b._view.steps
    )


def _fitted(v: Tensor, shape: Shape, phrase: str) -> Tensor:
    """`v` expanded to `shape`; surplus leading dims of size 1 are dropped."""
    own = tuple(v._data.shape)
    if own == shape:
        return v
    short = own
    while len(short) > len(shape) and short[0] == 1:
        short = short[1:]
    lead = len(shape) - len(short)
    if lead < 0 or any(n not in (1, m) for n, m in zip(short, shape[lead:], strict=True)):
        raise ShapeError(
            f"{phrase}: value tensor of shape {list(own)} cannot be broadcast to indexing result of shape {list(shape)}"
        )
    if short != own:
        v = apply_view(RESHAPE, v, shape=short)
    return v if short == shape else cast("Tensor", apply_view(EXPAND, v, shape=shape))


# the same by name --------------------------------------------------------------------------------------------------
def index_put_(self: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False) -> Tensor:
    """`self[indices] = values`, or `+=` with repeated indices adding up.

    Args:
        self: What is written to.
        indices: One tensor per leading dim: int64 or int32 (negative ones count from the end), broadcast together, or a
            mask of bools, which stands for as many dims as it has.
        values: Broadcast to the result of `self[indices]`; of the same dtype.
        accumulate: Add instead of overwriting; repeated places add up. Default: False.

    Returns:
        `self`.

    Raises:
        IndexRangeError: An index is out of range, a mask does not fit, or there are too many indices.
        ShapeError: `values` do not broadcast.
        DTypeError: `values` are not of the dtype of `self`.
        ArgumentError: One of `indices` is no tensor.
        AutogradError: `self` is a leaf that requires grad.

    Differentiable: By `self` and `values`, any order; where places repeat every value gets the gradient.

    Example:
        >>> import fnnet
        >>> x = fnnet.zeros(2)
        >>> x.index_put_((fnnet.tensor([0, 0]),), fnnet.tensor(1.0), accumulate=True)
        tensor([2., 0.])
    """
    places, value = _put_places("index_put_", self, indices, values, in_place=True)
    return write(self, places, INDEX_ADD if accumulate else INDEX_SET, value, "IndexPutBackward0")


def index_put(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values` written at (or added to) the places of `indices`; see `Tensor.index_put_`.

    Args:
        input: Any tensor.
        indices: As in `Tensor.index_put_`.
        values: Broadcast to the result of `input[indices]`; of the same dtype.
        accumulate: Add instead of overwriting; repeated places add up. Default: False.

    Returns:
        A new tensor of the input's shape and dtype.

    Raises:
        IndexRangeError: An index is out of range, a mask does not fit, or there are too many indices.
        ShapeError: `values` do not broadcast.
        DTypeError: `values` are not of the input's dtype.
        ArgumentError: One of `indices` is no tensor.

    Differentiable: By `input` and `values`, any order; where places repeat every value gets the gradient.

    Example:
        >>> import fnnet
        >>> fnnet.index_put(fnnet.zeros(2), (fnnet.tensor([1]),), fnnet.tensor(5.0))
        tensor([0., 5.])
    """
    places, value = _put_places("index_put", input, indices, values, in_place=False)
    return written(input, places, INDEX_ADD if accumulate else INDEX_SET, value, "IndexPutBackward0")


def _put_places(
    name: str, x: Tensor, indices: Sequence[Tensor], values: Tensor, *, in_place: bool
) -> tuple[Places, Tensor]:
    need_tensor(name, input=x, values=values, **{f"indices[{i}]": t for i, t in enumerate(indices)})
    if dtype_of(values) is not dtype_of(x):
        raise DTypeError(
            f"index_put: Index put requires the source and destination dtypes match, got {dtype_of(x)} for the "
            "destination and "
            f"{dtype_of(values)} for the source."
        )
    parts = [cast("Tensor", apply_view(RESHAPE, t, shape=(1,))) if not t._data.ndim else t for t in indices]
    need_one_device(name, self=x, values=values)
    groups = _parse(x, tuple(parts))[1]
    if in_place:
        _refuse_overlapping(x, groups, values, indices)
    places, shape = _places(x, groups)
    if all(not t._data.ndim for t in indices):
        shape = shape[1:]
        places = evolve(places, at=namespace_of(x._device).reshape(places.at, shape=()))
    return places, _fitted(values, shape, "shape mismatch: value tensor cannot be broadcast to indexing result")


__all__ = ["index_put"]
