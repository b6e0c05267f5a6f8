"""Tensors over the memory of other objects, shared where that is possible: arrays, buffers, DLPack."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from fnnet._core.errors import ArgumentError, DTypeError, OptionError
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU
from fnnet.backends.dtypes import DEFAULT, DType
from fnnet.functional._common import dtype_of, is_tensor, to_dtype
from fnnet.functional.creation import DeviceLike, Raw, finish, tensor
from fnnet.functional.host_data import as_dtype
from fnnet.functional.movement import canonical, clone, to_device

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


def as_tensor(data: Any, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:  # data: as for tensor()
    """`data` as a tensor; a tensor or a NumPy array of fitting dtype and device is shared, not copied.

    Args:
        data: What `tensor` takes.
        dtype: Default: None, that of `data`, or as `tensor` infers it.
        device: Where it shall lie. Default: None, where a tensor lies, else the CPU.

    Returns:
        `data` itself if it is a tensor that fits, a leaf over an array's own memory, or else a copy.

    Raises:
        ShapeError: The sequences are ragged.
        ArgumentError: Something is no number.
        DTypeError: `data` is of a kind or of an array's dtype that has no counterpart here.
        OptionError: A number does not fit the dtype, or an array's byte order is foreign or a stride negative.
        DeviceError: The device is not there.

    Differentiable: By a tensor, any order: other dtypes and devices keep its history.

    Example:
        >>> import fnnet, numpy
        >>> a = numpy.zeros(2)
        >>> t = fnnet.as_tensor(a)
        >>> a[0] = 1
        >>> t
        tensor([1., 0.], dtype=fnnet.float64)
    """
    if is_tensor(data):
        t = data if device is None else to_device(data, canonical(device))
        return t if dtype is None else to_dtype(t, as_dtype("as_tensor", dtype))
    if (
        isinstance(data, np.ndarray)
        and canonical(device).type == "cpu"
        and (dtype is None or dtype.numpy == data.dtype)
    ):
        return finish(from_numpy(data)._data, canonical(device))
    return tensor(data, dtype=dtype, device=device)


def asarray(
    obj: Any,  # as for tensor()
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """`obj` as a tensor, shared where possible unless `copy` is True.

    Args:
        obj: A tensor, an array, an object with DLPack or the buffer protocol (read as `dtype`, by default the default
            dtype), or what `tensor` takes.
        dtype: Default: None, that of `obj`.
        device: Where it shall lie. Default: None, where `obj` lies.
        copy: True: memory of its own; False: never; None: only where needed. Default: None.
        requires_grad: Whether gradients are accumulated; False cuts the history off. Default: None, as `obj` has it.

    Returns:
        `obj` itself, a tensor over its memory, or a copy.

    Raises:
        OptionError: `copy` is False and a copy is needed; an array's byte order is foreign or a stride negative.
        DTypeError: The dtype has no counterpart here, or gradients of whole numbers are asked for.
        DeviceError: The device is not there.

    Differentiable: By a tensor, unless `requires_grad` is given.

    Example:
        >>> import fnnet
        >>> fnnet.asarray([1, 2])
        tensor([1, 2])
    """
    t = _shared(obj, dtype)
    shared = t is not None
    if t is None:
        t = tensor(obj, dtype=dtype)
    new = as_tensor(t, dtype, device)
    if copy is False and not (shared and new is t):
        raise OptionError(
            f"asarray: copy=False, but {type(obj).__name__} can't be shared as dtype {dtype or dtype_of(t)} on device "
            f"{new._device}: can't alias it without a copy"
        )
    if copy and shared and new is t:
        new = clone(new)
    if requires_grad is False and new._edge() is not None:
        return new.detach()
    if requires_grad and new._node is not None:
        new = new.detach()
    return new.requires_grad_() if requires_grad else new


def _shared(obj: Any, dtype: DType | None) -> Tensor | None:
    """A tensor over the memory of `obj`, as asarray finds it; None where it has none to share."""
    if is_tensor(obj):
        return obj
    if isinstance(obj, np.ndarray):
        return from_numpy(obj)
    if isinstance(obj, np.generic):
        return None
    if hasattr(obj, "__dlpack__"):
        return from_dlpack(obj)
    try:
        memoryview(obj)
    except TypeError:
        return None
    return frombuffer(obj, dtype=DEFAULT.float if dtype is None else as_dtype("asarray", dtype))


def from_numpy(ndarray: Raw) -> Tensor:
    """A tensor over the array's own memory: writes on either side are seen on the other.

    Args:
        ndarray: An array of any shape and of a dtype that fnnet has.

    Returns:
        A leaf of the array's shape, dtype and strides.

    Raises:
        ArgumentError: It is no array.
        DTypeError: Its dtype has no counterpart.
        OptionError: Its byte order is not the machine's, or a stride is negative.

    Differentiable: No.

    Example:
        >>> import fnnet, numpy
        >>> a = numpy.arange(3)
        >>> t = fnnet.from_numpy(a)
        >>> _ = t.fill_(7)
        >>> a.tolist()
        [7, 7, 7]
    """
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentError(f"from_numpy: expected np.ndarray (got {type(ndarray).__name__})")
    if not ndarray.dtype.isnative:
        raise OptionError(
            f"given numpy array has byte order different from the native byte order ({ndarray.dtype}): "
            "array.astype(array.dtype.newbyteorder('=')) converts it"
        )
    if ndarray.dtype not in dtypes.FROM_NUMPY:
        raise DTypeError(
            f"can't convert np.ndarray of type {ndarray.dtype}. The only supported types are: "
            f"{', '.join(d.name for d in dtypes.ALL)}."
        )
    if any(s < 0 for s in ndarray.strides):
        raise OptionError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array with array.copy().)"
        )
    if not ndarray.flags.writeable:
        warnings.warn(
            "The given NumPy array is not writable: writing to this tensor raises. Copy the array first to be able to.",
            UserWarning,
            stacklevel=2,
        )
    return finish(ndarray.view(np.ndarray), CPU)


def from_dlpack(ext_tensor: Any) -> Tensor:  # any object with __dlpack__
    """A tensor over memory that another library shares by the DLPack protocol.

    Args:
        ext_tensor: An object with `__dlpack__` in host memory.

    Returns:
        A leaf over that memory.

    Raises:
        DTypeError: The object does not speak the protocol, or its dtype has no counterpart.

    Differentiable: No.

    Source:
        Array API standard, "Data interchange mechanisms" (DLPack).

    Example:
        >>> import fnnet, numpy
        >>> fnnet.from_dlpack(numpy.ones(2, dtype=numpy.float32))
        tensor([1., 1.])
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        raise DTypeError(f"from_dlpack: expected an object with __dlpack__, got {type(ext_tensor).__name__}")
    if type(ext_tensor) is np.ndarray and ext_tensor.flags.writeable and ext_tensor.dtype in dtypes.FROM_NUMPY:
        return finish(ext_tensor.view(), CPU)  # the protocol of NumPy 2.0 would make it read-only
    array = np.from_dlpack(ext_tensor)
    if array.dtype not in dtypes.FROM_NUMPY:
        raise DTypeError(
            f"from_dlpack: unsupported dtype {array.dtype}, expected one of {', '.join(d.name for d in dtypes.ALL)}"
        )
    return finish(array, CPU)


def frombuffer(
    buffer: Any,  # any object with the buffer protocol
    *,
    dtype: DType,
    count: int = -1,
    offset: int = 0,
    requires_grad: bool = False,
) -> Tensor:
    """A 1-d tensor over the memory of a buffer.

    Args:
        buffer: Object with the buffer protocol; what is read-only gives a tensor that can't be written to.
        dtype: How its bytes are read.
        count: Elements; -1 all that follow `offset`. Default: -1.
        offset: Bytes to leave out at the start. Default: 0.
        requires_grad: Whether gradients are accumulated. Default: False.

    Returns:
        A leaf `(count,)` over the buffer's memory.

    Raises:
        OptionError: The object has no buffer, or the buffer is empty, too short or no multiple of an element.
        DTypeError: Gradients of whole numbers are asked for.
        ArgumentError: `dtype` is no dtype.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.frombuffer(bytearray(b"abc"), dtype=fnnet.uint8)
        tensor([97, 98, 99], dtype=fnnet.uint8)
    """
    try:
        view = memoryview(buffer).cast("B")
    except TypeError:
        raise OptionError(f"frombuffer: {type(buffer).__name__} does not implement Python buffer protocol.") from None
    dtype = as_dtype("frombuffer", dtype)
    if not len(view) or not count:
        raise OptionError(f"frombuffer: both buffer length ({len(view)}) and count ({count}) must not be 0")
    if not 0 <= offset < len(view):
        raise OptionError(
            f"frombuffer: offset must be non-negative and no greater than buffer length ({len(view)}) minus 1, got "
            f"{offset}"
        )
    if count < 0 and (len(view) - offset) % dtype.itemsize:
        raise OptionError(
            f"frombuffer: buffer length ({len(view) - offset} bytes) after offset ({offset} bytes) must be a multiple "
            "of element "
            f"size ({dtype.itemsize})"
        )
    if count > 0 and offset + count * dtype.itemsize > len(view):
        raise OptionError(
            f"frombuffer: requested buffer length ({count * dtype.itemsize} bytes) after offset ({offset} bytes) must "
            "not be "
            f"greater than actual buffer length ({len(view)} bytes)"
        )
    return finish(np.frombuffer(buffer, dtype.numpy, max(count, -1), offset), CPU, requires_grad)


__all__ = ["as_tensor", "asarray", "from_dlpack", "from_numpy", "frombuffer"]
