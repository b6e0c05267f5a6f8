"""Storages: the blocks of memory in a file that tensors are views of.

A tensor in a checkpoint is (storage, offset, size, stride); several may share one storage. Every view is checked
against its storage before it is made.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fnnet.backends import dtypes
from fnnet.backends.devices import Device
from fnnet.backends.dtypes import DType
from fnnet.serialization.plain_data import Intermediate
from fnnet.serialization.refusal import Refusal, show
from fnnet.serialization.zip_reader import ZipReader

if TYPE_CHECKING:
    import numpy.typing as npt

MAX_DIMS: Final = 64
"""NumPy 2's largest number of dims."""

MAX_EXTENT: Final = 2**63
"""NumPy counts bytes and elements in signed 64-bit numbers."""

COPIES: Final = 4
"""How many times its own size the copies may take that are made of a storage (of conjugated views, on devices)."""

FREE_COPIES: Final = 1 << 20
"""Copies of small storages need not be counted."""

STORAGE_DTYPES: Final[dict[str, DType]] = {
    "DoubleStorage": dtypes.float64,
    "FloatStorage": dtypes.float32,
    "HalfStorage": dtypes.float16,
    "BFloat16Storage": dtypes.bfloat16,
    "LongStorage": dtypes.int64,
    "IntStorage": dtypes.int32,
    "ShortStorage": dtypes.int16,
    "CharStorage": dtypes.int8,
    "ByteStorage": dtypes.uint8,
    "BoolStorage": dtypes.bool_,
    "ComplexFloatStorage": dtypes.complex64,
    "ComplexDoubleStorage": dtypes.complex128,
}
"""PyTorch's classes of typed storages."""


class StorageType(Intermediate):
    """A class of storages, as a file names it; `dtype` is None for bytes without a type."""

    __slots__ = ("dtype", "name")

    def __init__(self, name: str, dtype: DType | None) -> None:
        """Name a class of storages.

        Args:
            name: PyTorch's name.
            dtype: Of its elements; None for UntypedStorage.
        """
        self.name, self.dtype = name, dtype

    @property
    def label(self) -> str:
        """What errors call it."""
        return self.name


class Storage(Intermediate):
    """A block of bytes in a file; read when the first view of it is made.

    Attributes:
        key: Its name in the file.
        dtype: Of its elements; None where each view says its own.
        device: Where its tensors go.
    """

    __slots__ = ("_bytes", "_copied", "_read", "device", "dtype", "key", "nbytes", "views")

    def __init__(
        self, key: str, nbytes: int, dtype: DType | None, device: Device, read: Callable[[], npt.NDArray[np.uint8]]
    ) -> None:
        """Describe a storage.

        Args:
            key: Its name in the file.
            nbytes: Its size, which the file has been seen to hold.
            dtype: Of its elements, or None.
            device: Where its tensors go.
            read: Gives its bytes.
        """
        self.key, self.nbytes, self.dtype, self.device = key, nbytes, dtype, device
        self._read = read
        self._bytes: npt.NDArray[np.uint8] | None = None
        self._copied = 0
        self.views: dict[object, Any] = {}  # raw arrays of whatever backend, made from this storage for its device

    @property
    def label(self) -> str:
        """What errors call it."""
        return f"a bare storage (key {show(self.key)})"

    def bytes(self) -> npt.NDArray[np.uint8]:
        """All its bytes; every call gives the same memory."""
        if self._bytes is None:
            self._bytes = self._read()
        return self._bytes

    def spend(self, nbytes: int) -> None:
        """Count bytes that a tensor takes in addition to its storage: a file may not ask for many times its size."""
        self._copied += nbytes
        if self._copied > max(COPIES * self.nbytes, FREE_COPIES):
            raise Refusal(f"copies of storage {show(self.key)} take {show(self._copied)} bytes, it has {self.nbytes}")

    def view(self, dtype: DType, offset: object, size: object, stride: object) -> np.ndarray[Any, Any]:
        """The elements that a tensor of this geometry has.

        Args:
            dtype: Of the elements.
            offset: Of the first element, in elements.
            size: The shape.
            stride: In elements, one per dim.

        Raises:
            Refusal: The geometry is malformed, or leaves the storage.
        """
        start, shape, steps = checked_geometry(self.nbytes // dtype.itemsize, dtype.itemsize, offset, size, stride)
        n = dtype.itemsize
        data = self.bytes()
        if 0 in shape:
            return np.empty(shape, dtype.numpy)
        return np.ndarray(shape, dtype.numpy, data, start * n, tuple(step * n for step in steps))


def checked_geometry(
    n_elements: int, itemsize: int, offset: object, size: object, stride: object
) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Offset, shape and strides, if every element that they reach lies in a storage of `n_elements`.

    Raises:
        Refusal: They are no whole numbers, negative, of different lengths, too many, or reach beyond the storage.

    Example:
        >>> checked_geometry(6, 4, 0, (2, 3), (3, 1))
        (0, (2, 3), (3, 1))
    """
    start = _whole_numbers("offset", (offset,))[0]
    shape = _whole_numbers("size", size)
    steps = _whole_numbers("stride", stride)
    if len(shape) != len(steps):
        raise Refusal(f"a tensor of {len(shape)} dims with {len(steps)} strides")
    if len(shape) > MAX_DIMS:
        raise Refusal(f"a tensor of {len(shape)} dims; at most {MAX_DIMS} are served")
    if math.prod(n for n in shape if n) * itemsize >= MAX_EXTENT:
        raise Refusal(f"a tensor of size {show(shape)}: too large to address")
    empty = 0 in shape
    last = start if empty else start + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
    if last > n_elements or (last == n_elements and not empty):
        raise Refusal(
            f"a tensor of size {show(shape)}, stride {show(steps)} and offset {show(start)} reaches element "
            f"{show(last)} of a storage that has {n_elements}"
        )
    return start, shape, steps


def _whole_numbers(what: str, value: object) -> tuple[int, ...]:
    if not isinstance(value, tuple | list) or any(type(n) is not int or n < 0 for n in value):
        raise Refusal(f"{what} {show(value)} of a tensor; expected whole numbers that are not negative")
    return tuple(value)


class StorageReader:
    """The storages of one archive, by the persistent ids of its pickle."""

    def __init__(
        self, archive: ZipReader, prefix: str, locate: Callable[[int, str], Device], *, swap: bool = False
    ) -> None:
        """Prepare to read storages.

        Args:
            archive: Where they lie.
            prefix: Of the records' names.
            locate: The device for a storage of (bytes, location in the file).
            swap: Whether the file's byte order is not this machine's.
        """
        self._archive, self._prefix, self._locate, self._swap = archive, prefix, locate, swap
        self._known: dict[str, Storage] = {}

    def find(self, pid: object) -> Storage:
        """The storage that a persistent id `("storage", type, key, location, elements)` names.

        Raises:
            Refusal: The id is malformed, or the file has no such storage of that size.
        """
        if type(pid) is not tuple or len(pid) != 5 or _text(pid[0]) != "storage":
            raise Refusal(f"persistent id {show(pid)}; expected ('storage', type, key, location, elements)")
        _, kind, key, location, count = pid
        key, location = _text(key), _text(location)
        if type(kind) is not StorageType or type(key) is not str or type(location) is not str:
            raise Refusal(f"a storage with type {show(kind)}, key {show(key)} and location {show(location)}")
        if type(count) is not int or count < 0:
            raise Refusal(f"storage {show(key)} of {show(count)} elements")
        nbytes = count if kind.dtype is None else count * kind.dtype.itemsize
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._new(key, nbytes, kind.dtype, location)
        elif known.nbytes != nbytes:
            raise Refusal(f"storage {show(key)} has {known.nbytes} bytes in one place and {show(nbytes)} in another")
        return known

    def _new(self, key: str, nbytes: int, dtype: DType | None, location: str) -> Storage:
        record = f"{self._prefix}/data/{key}"
        size = self._archive.size(record)
        if size != nbytes:
            raise Refusal(f"storage {show(key)} is declared with {show(nbytes)} bytes, its record has {size}")
        if self._swap and dtype is None:
            raise Refusal(f"storage {show(key)} has no dtype and the other byte order")

        def read() -> npt.NDArray[np.uint8]:
            data = self._archive.array(record)
            if self._swap and dtype is not None and nbytes:
                unit = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
                data = np.ascontiguousarray(data.reshape(-1, unit)[:, ::-1]).reshape(-1)
            if dtype is not None and address(data) % dtype.itemsize:
                data = data.copy()  # mapped where the file does not align it
            if dtype is dtypes.bool_ and nbytes and data.max() > 1:
                np.minimum(data, 1, out=data)  # any other byte than 0 and 1 in a bool is undefined to NumPy
            return data

        return Storage(key, nbytes, dtype, self._locate(nbytes, location), read)


def address(array: np.ndarray[Any, Any]) -> int:
    """Where an array's first element lies in memory."""
    start: int = array.__array_interface__["data"][0]
    return start


def _text(value: object) -> object:
    """Python 2's byte strings as text."""
    return value.decode("ascii") if type(value) is bytes else value


def foreign_byte_order(record: bytes | None) -> bool:
    """Whether an archive's `byteorder` record says that its bytes must be swapped here; without one, little-endian."""
    order = b"little" if record is None else record
    if order not in (b"little", b"big"):
        raise Refusal(f"byte order {show(order)}; expected 'little' or 'big'")
    return order.decode() != sys.byteorder


def dense_order(shape: Sequence[int], strides: Sequence[int]) -> tuple[int, ...] | None:
    """The dims from the slowest to the fastest if the elements fill their memory without gap or overlap, else None.

    Args:
        shape: Sizes.
        strides: In elements.

    Example:
        >>> dense_order((2, 3), (1, 2)), dense_order((2, 3), (4, 1))
        ((1, 0), None)
    """
    order = sorted(range(len(shape)), key=lambda dim: (-strides[dim], -shape[dim]))
    expected = 1
    for dim in reversed(order):
        if shape[dim] != 1:
            if strides[dim] != expected:
                return None
            expected *= shape[dim]
    return tuple(order)
