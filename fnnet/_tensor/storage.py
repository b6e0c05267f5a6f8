"""The memory that a tensor and its views share: where it begins, how much there is, copies that keep the sharing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fnnet._core.errors import ArgumentError, AutogradError, DTypeError, ShapeError
from fnnet._core.namespace import Shape
from fnnet.autograd.variable import Variable, make
from fnnet.backends.devices import Device
from fnnet.backends.memory_formats import MemoryFormat, contiguous_format
from fnnet.functional import layout
from fnnet.functional._common import dtype_of, sizes, wrap_dim

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

Raw = np.ndarray[Any, Any]


def memory_of(raw: Raw) -> Raw:
    """The array that owns the memory in which `raw` lies."""
    owner = raw
    base: Any = raw.base
    while base is not None:
        if isinstance(base, np.ndarray):
            owner = base
        base = getattr(base, "base", None)
    return owner


def _bytes(owner: Raw) -> Raw | None:
    """All the memory of an array that is dense in C or Fortran order; None where it has gaps."""
    for dense in (owner, owner.T):
        if dense.flags.c_contiguous:
            return dense.reshape(-1).view(np.uint8)
    return None


def _offset(raw: Raw, owner: Raw) -> int:
    """Bytes from the beginning of the memory to the first element."""
    return address(raw) - address(owner)


def address(raw: Raw) -> int:
    """Where the first element lies."""
    found: int = raw.__array_interface__["data"][0]
    return found


def copied_with_memory(t: Variable, memo: dict[Any, Any]) -> Any:
    """A copy of the raw array whose memory is shared with the other copies that were made with the same `memo`.

    A whole memory is copied once, however small the part is that a tensor sees of it; but memory that maps a file is
    copied tensor by tensor, and so is that of devices other than the host.
    """
    raw, backend = t._data, t._device.backend
    if not isinstance(raw, np.ndarray):
        return backend.dense_like(raw, raw)
    owner = memory_of(raw)
    memory = _bytes(owner)
    if memory is None or type(getattr(owner.base, "obj", owner.base)).__name__ == "mmap":
        return backend.dense_like(raw, raw)
    copies = memo.setdefault("fnnet", {})
    if id(owner) not in copies:
        copies[id(owner)] = owner, memory.copy()  # the owner stays alive with its number
    return _seen(copies[id(owner)][1], raw.shape, raw.dtype, _offset(raw, owner), raw.strides)


def _seen(memory: Raw, shape: Shape, dtype: Any, offset: int, strides: Shape | None = None) -> Raw:
    """An array in memory that is given as bytes."""
    if 0 in shape:
        offset = 0  # there is no element that would lie anywhere
    return np.ndarray(shape, dtype, memory, offset, strides)


class UntypedStorage:
    """The memory of a tensor, as bytes: shared by all tensors that are views of one another.

    Example:
        >>> import fnnet
        >>> x = fnnet.zeros(2, 3)
        >>> x[1].untyped_storage().nbytes(), x[1].untyped_storage().data_ptr() == x.data_ptr()
        (24, True)
    """

    __slots__ = ("_owner", "device")

    def __init__(self, owner: Raw, device: Device) -> None:
        self._owner, self.device = owner, device

    def nbytes(self) -> int:
        """Bytes of the whole memory."""
        return self._owner.nbytes

    size = __len__ = nbytes

    def element_size(self) -> int:
        """1: the memory is counted in bytes."""
        return 1

    def data_ptr(self) -> int:
        """The address of its first byte."""
        return address(self._owner)

    def tolist(self) -> list[int]:
        """The bytes as whole numbers from 0 to 255."""
        memory = _bytes(self._owner)
        if memory is None:
            raise DTypeError("tolist: the memory has gaps, which belong to an array that is none of fnnet's")
        return cast("list[int]", memory.tolist())

    def __repr__(self) -> str:
        return f"fnnet.UntypedStorage(device={self.device}, size={self.nbytes()})"


def _with_steps(shape: Shape, strides: Shape) -> Shape:
    """Strides in which a dim of size 1 has a step even where NumPy gives 0; an expanded dim keeps 0."""
    found = list(strides)
    step = 1
    for d in range(len(shape) - 1, -1, -1):
        if shape[d] == 1 and found[d] == 0:
            found[d] = step
        step = shape[d] * found[d]
    return tuple(found)


class StorageMethods(Variable):
    """Where a tensor's elements lie in memory."""

    def untyped_storage(self) -> UntypedStorage:
        """The memory in which this tensor lies, all of it.

        Returns:
            An `UntypedStorage`, shared by all views of that memory.

        Raises:
            DTypeError: It is not a NumPy array's.
        """
        return UntypedStorage(memory_of(self._host("untyped_storage")), self._device)

    def data_ptr(self) -> int:
        """The address of the first element.

        Returns:
            A whole number.

        Raises:
            DTypeError: The memory is not a NumPy array's.
        """
        return address(self._host("data_ptr"))

    def storage_offset(self) -> int:
        """Elements between the start of the memory and the first element.

        Returns:
            A whole number.

        Raises:
            DTypeError: The memory is not a NumPy array's.
        """
        raw = self._host("storage_offset")
        return _offset(raw, memory_of(raw)) // max(raw.itemsize, 1)

    def _host(self, what: str) -> Raw:
        """The raw array where it is an ndarray."""
        if not isinstance(self._data, np.ndarray):
            raise DTypeError(f"{what}: the tensor's memory is not a NumPy array's (device {self._device})")
        return self._data

    def stride(self, dim: int | None = None) -> Any:  # a tuple of ints, or an int where a dim is given
        """Elements to step over per dim.

        A tensor without elements has the strides of a dense one. A dim of size 1 that has no step of its own (NumPy's
        of `x[None]`) is given PyTorch's: over all that follows it.

        Args:
            dim: Which; negative counts from the end. Default: all.

        Returns:
            A tuple of ints, or an int.

        Raises:
            IndexRangeError: There is no such dim.
        """
        shape = self._data.shape
        strides = self._device.backend.strides(self._data)
        if strides is None or 0 in shape:
            found = layout.dense_strides(shape, 1)
        else:
            size = dtype_of(self).itemsize
            found = tuple(s // size for s in strides)
            if 0 in found:
                found = _with_steps(shape, found)
        return found if dim is None else found[wrap_dim(dim, len(shape))]

    def is_contiguous(self, *, memory_format: MemoryFormat = contiguous_format) -> bool:
        """Whether the elements lie densely in the order of a memory format.

        Args:
            memory_format: Default: C order.

        Returns:
            True or False.

        Raises:
            ArgumentError: `memory_format` is none.
        """
        return layout.is_dense(cast("Tensor", self), layout.order_of("is_contiguous", memory_format))

    @property
    def data(self) -> Tensor:
        """The same memory without history, with a version of its own: writes through it are not checked."""
        return cast("Tensor", make(self._data, self._device))

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Variable):
            raise ArgumentError(f"data must be a Tensor, got {type(value).__name__}")
        if self._leaf_grad and dtype_of(value).category < 2:
            raise DTypeError(
                "data set to a tensor that requires gradients must be floating point or complex dtype, "
                f"got {dtype_of(value)}"
            )
        self._data, self._device = value._data, value._device

    def pin_memory(self) -> Tensor:
        """The tensor itself: host memory needs no pinning here."""
        return cast("Tensor", self)

    def is_pinned(self) -> bool:
        """False: host memory is not pinned."""
        return False

    def share_memory_(self) -> Tensor:
        """The tensor itself: its memory is moved to shared memory when it travels to another process."""
        return cast("Tensor", self)

    def is_set_to(self, tensor: Tensor) -> bool:
        """Whether two tensors have the same memory, shape and strides.

        Args:
            tensor: The other.

        Returns:
            True or False.
        """
        return self._data is tensor._data or (
            self.data_ptr() == tensor.data_ptr()
            and tuple(self._data.shape) == tuple(tensor._data.shape)
            and self.stride() == tensor.stride()
        )

    def set_(self, source: Tensor) -> Tensor:
        """Let this tensor have the memory of another.

        Args:
            source: The other.

        Returns:
            The tensor itself.
        """
        self._data, self._device = source._data, source._device
        return cast("Tensor", self)

    def resize_(self, *size: Any, memory_format: MemoryFormat = contiguous_format) -> Tensor:  # sizes, or a shape
        """Change the shape in place, dense from the first element on; the memory is kept where it is large enough.

        Otherwise this tensor gets new memory: elements that it had are copied, those that are new have any value.
        Views that were taken before keep the old memory (in PyTorch they would see the new one).

        Args:
            size: The new sizes.
            memory_format: `contiguous_format`, or the order of dims to give memory in.

        Raises:
            AutogradError: The tensor requires grad.

        Example:
            >>> import fnnet
            >>> x = fnnet.tensor([1, 2, 3, 4])
            >>> x.resize_(1, 3)
            tensor([[1, 2, 3]])
        """
        if self._edge() is not None:
            raise AutogradError("cannot resize variables that require grad")
        shape = sizes("resize_", size)
        if any(n < 0 for n in shape):
            raise ShapeError(f"resize_: Trying to create tensor with negative dimension, got {list(shape)}")
        order = None if memory_format is None else layout.order_of("resize_", memory_format)
        if order is not None and len(order) != len(shape):
            raise ShapeError(f"required rank {len(order)} tensor to use {memory_format} format, got {len(shape)} dims")
        if shape == tuple(self._data.shape) and order is None:
            return cast("Tensor", self)
        placed = shape if order is None else tuple(shape[d] for d in order)
        raw = self._within(placed)
        if raw is None:
            raw = self._enlarged(placed)
            self._counter = [0, None]
        if order is not None:
            raw = self._device.backend.view(raw, (("permute", {"dims": tuple(map(order.index, range(len(order))))}),))
        self._data, self._view = raw, None
        return cast("Tensor", self)

    def resize_as_(self, the_template: Tensor, *, memory_format: Any = None) -> Tensor:  # a format
        """`resize_` to the shape of another tensor.

        Args:
            the_template: The other.
            memory_format: As for `resize_`. Default: C order.

        Returns:
            The tensor itself.

        Raises:
            AutogradError: The tensor requires grad.
        """
        return self.resize_(tuple(the_template._data.shape), memory_format=memory_format)

    def _within(self, shape: Shape) -> Any:
        """The memory from the first element on in another shape; None where there is not enough of it."""
        raw = self._data
        n = math.prod(shape)
        if isinstance(raw, np.ndarray):
            owner = memory_of(raw)
            memory, start = _bytes(owner), _offset(raw, owner)
            if memory is None or start + n * raw.itemsize > memory.nbytes:
                return None
            return _seen(memory, shape, raw.dtype, start)
        if n > math.prod(raw.shape) or not layout.is_dense(cast("Tensor", self)):
            return None
        steps = (("reshape", {"shape": (-1,)}), ("getitem", {"index": (slice(0, n),)}), ("reshape", {"shape": shape}))
        return self._device.backend.view(raw, steps)

    def _enlarged(self, shape: Shape) -> Any:
        """New memory for that shape, with this tensor's elements in front."""
        k = self._device.backend
        raw: Any = k.reshape(k.asarray(self._data), shape=(-1,))
        n = math.prod(shape)
        kept = k.getitem(raw, index=(slice(0, min(n, raw.shape[0])),))
        rest = k.full((n - kept.shape[0],), 0, dtype=dtype_of(self))
        return k.reshape(k.cat(kept, rest, dim=0), shape=shape)


__all__ = ["StorageMethods", "UntypedStorage", "copied_with_memory", "memory_of"]
