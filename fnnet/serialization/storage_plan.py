"""Which bytes a file must hold for the tensors in it: each memory once, shared memory shared, and no more of it.

Tensors whose memory overlaps form a group, which becomes one storage and stays shared. A tensor alone that leaves gaps
(a column of a large matrix) is stored without them. Where several tensors overlap in different ways, the storage spans
them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fnnet.backends.dtypes import DType
from fnnet.serialization.refusal import Refusal
from fnnet.serialization.storages import address

if TYPE_CHECKING:
    import numpy.typing as npt

    from fnnet.serialization.tensors import TensorParts

Array = np.ndarray[Any, Any]  # of any of fnnet's dtypes


class Block:
    """One storage to be written: its size is known at once, its bytes are collected when they are written.

    Attributes:
        nbytes: Its size.
        dtype: Of its elements; None where tensors of different dtypes share it.
        location: Where its tensors lie.
    """

    __slots__ = ("_elements", "_owners", "dtype", "location", "nbytes")

    def __init__(self, elements: Array, dtype: DType | None, location: str, owners: object) -> None:
        """Describe a storage.

        Args:
            elements: Stored in C order.
            dtype: Of the elements, or None.
            location: For the record.
            owners: What owns the memory.
        """
        self._elements, self.dtype, self.location, self._owners = elements, dtype, location, owners
        self.nbytes = elements.nbytes

    def bytes(self) -> npt.NDArray[np.uint8]:
        """The storage's bytes."""
        return np.ascontiguousarray(self._elements).reshape(-1).view(np.uint8)


class _Memory:
    """Memory as NumPy is told of it; the Block holds the tensors that own it."""

    def __init__(self, start: int, end: int) -> None:
        self.__array_interface__ = {"version": 3, "data": (start, True), "shape": (end - start,), "typestr": "|u1"}


class Placement(NamedTuple):
    """A tensor's place: offset and strides count elements."""

    block: Block
    offset: int
    stride: tuple[int, ...]


class _Extent(NamedTuple):
    """The memory from a tensor's first byte to its last."""

    start: int
    end: int
    parts: TensorParts


class StoragePlan:
    """Gives every tensor its place."""

    def __init__(self, tensors: Iterable[TensorParts]) -> None:
        """Plan for these tensors; their memory must stay as long as the plan.

        Args:
            tensors: All that will be asked for.

        Raises:
            Refusal: Tensors overlap by fractions of an element.
        """
        self._placed: dict[tuple[object, ...], Placement] = {}
        self._add(tensors)

    def place(self, parts: TensorParts) -> Placement:
        """The place of a tensor; one that was not planned for gets a storage of its own."""
        key = _key(parts.array)
        if key not in self._placed:
            self._add([parts])
        return self._placed[key]

    def _add(self, tensors: Iterable[TensorParts]) -> None:
        extents = sorted(map(_extent, tensors), key=lambda extent: extent[:2])
        group: list[_Extent] = []
        end = 0
        for extent in extents:
            if group and extent.start >= end:
                self._place_group(group)
                group, end = [], 0
            group.append(extent)
            end = max(end, extent.end)
        if group:
            self._place_group(group)

    def _place_group(self, group: Sequence[_Extent]) -> None:
        """One storage for tensors that overlap; tensors that a storage can't be viewed as get copies of their own."""
        shared = []
        for extent in group:
            array = extent.parts.array
            if array.size == 0 or any(step < 0 or step % array.itemsize for step in array.strides):
                self._place_alone(extent)
            else:
                shared.append(extent)
        if len({_key(extent.parts.array) for extent in shared}) <= 1:
            for extent in shared:
                self._place_alone(extent)
            return
        start, end = min(extent.start for extent in shared), max(extent.end for extent in shared)
        dtypes = {extent.parts.dtype for extent in shared}
        first = shared[0].parts
        block = Block(_memory(start, end), first.dtype if len(dtypes) == 1 else None, first.location, shared)
        for extent in shared:
            array, n = extent.parts.array, extent.parts.dtype.itemsize
            if (extent.start - start) % n or (len(dtypes) == 1 and block.nbytes % n):
                raise Refusal(f"tensors of {extent.parts.dtype.name} that overlap by a fraction of an element")
            stride = tuple(step // n for step in array.strides)
            self._placed[_key(array)] = Placement(block, (extent.start - start) // n, stride)

    def _place_alone(self, extent: _Extent) -> None:
        """A storage for one tensor: as it lies if that takes no more bytes, else its elements in C order."""
        parts, array, n = extent.parts, extent.parts.array, extent.parts.dtype.itemsize
        # Dims that repeat the same elements (an expanded tensor) are stored once.
        dims = zip(array.shape, array.strides, strict=True)
        repeated = [array.size > 0 and size > 1 and step == 0 for size, step in dims]
        once = array[(*(0 if again else slice(None) for again in repeated), ...)]
        if 0 < extent.end - extent.start <= once.nbytes and all(step >= 0 and step % n == 0 for step in array.strides):
            elements = _memory(extent.start, extent.end)
            stride = tuple(step // n for step in array.strides)
        else:
            elements = once
            steps = iter(_c_strides(once.shape))
            stride = tuple(0 if again else next(steps) for again in repeated)
        self._placed[_key(array)] = Placement(Block(elements, parts.dtype, parts.location, array), 0, stride)


def _memory(start: int, end: int) -> Array:
    return np.asarray(_Memory(start, end))


def _key(array: Array) -> tuple[object, ...]:
    return address(array), array.shape, array.strides, array.dtype


def _extent(parts: TensorParts) -> _Extent:
    array = parts.array
    start = address(array)
    if array.size == 0:
        return _Extent(start, start, parts)
    reaches = [(size - 1) * step for size, step in zip(array.shape, array.strides, strict=True)]
    low, high = sum(reach for reach in reaches if reach < 0), sum(reach for reach in reaches if reach > 0)
    return _Extent(start + low, start + high + array.itemsize, parts)


def _c_strides(shape: Sequence[int]) -> tuple[int, ...]:
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))
