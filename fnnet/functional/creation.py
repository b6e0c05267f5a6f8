"""New tensors: from data, from a shape, like another."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fnnet._core.errors import ArgumentError, DTypeError, OptionError, ShapeError
from fnnet._core.namespace import Number, Shape
from fnnet.autograd.modes import MODE
from fnnet.autograd.tape import namespace_of
from fnnet.autograd.variable import INFERENCE, Variable, make
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU, Device
from fnnet.backends.dtypes import DEFAULT, DType
from fnnet.backends.random.order import storage_order
from fnnet.functional._common import dtype_of, into, is_tensor, need_tensor, number_dtype, plain_number, to_dtype
from fnnet.functional._common import sizes as as_sizes
from fnnet.functional.host_data import as_dtype, fitting_number, host_array
from fnnet.functional.movement import canonical, clone, to_device

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

DeviceLike = Device | str | int | None
Raw = np.ndarray[Any, Any]


def finish(raw: Any, device: Device, requires_grad: bool = False) -> Tensor:
    """A new leaf over a raw array.

    Raises:
        DTypeError: A gradient is asked for whole numbers.
    """
    t = make(raw, device)
    if MODE.state.inference:
        t._counter = INFERENCE
    if requires_grad:
        if dtype_of(t).category < 2:
            raise DTypeError(
                f"Only Tensors of floating point and complex dtype can require gradients, got {dtype_of(t)}"
            )
        t._leaf_grad = True
    return cast("Tensor", t)


# from data -----------------------------------------------------------------------------------------------------------
def tensor(
    data: Any,  # numbers, nested sequences, an array or a tensor
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new tensor that holds a copy of `data`.

    Args:
        data: A number, nested lists or tuples of numbers, a NumPy array, or a tensor.
        dtype: Default: as inferred: Python floats become the default dtype, ints int64; arrays keep theirs.
        device: Where it lies. Default: the CPU.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here.

    Raises:
        ShapeError: The sequences are ragged.
        ArgumentError: Something is no number.
        OptionError: A number does not fit the dtype.

    Example:
        >>> import fnnet
        >>> fnnet.tensor([[1.0, 2.0], [3.0, 4.0]])
        tensor([[1., 2.],
                [3., 4.]])
    """
    target = canonical(device) if device is not None or not isinstance(data, Variable) else data._device
    if isinstance(data, Variable):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
    raw = host_array(data, None if dtype is None else as_dtype("tensor", dtype))
    return finish(
        raw if target.type == "cpu" else target.backend.from_host(raw, target.index or 0), target, requires_grad
    )


def as_tensor(data: Any, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:  # data: as for tensor()
    """`data` as a tensor; a tensor or a NumPy array of fitting dtype and device is shared, not copied.

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
        dtype: Default: that of `obj`.
        device: Where it shall lie. Default: where `obj` lies.
        copy: True: memory of its own; False: never; None: only where needed.
        requires_grad: Whether gradients are accumulated; False cuts the history off. Default: as `obj` has it.

    Raises:
        OptionError: `copy` is False and a copy is needed.

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
        ndarray: Any dtype of fnnet, any shape.

    Raises:
        ArgumentError: It is no array.
        DTypeError: Its dtype has no counterpart.
        OptionError: Its byte order is not the machine's, or a stride is negative.

    Example:
        >>> import fnnet, numpy
        >>> a = numpy.arange(3)
        >>> t = fnnet.from_numpy(a)
        >>> _ = t.fill_(7)
        >>> a.tolist()
        [7, 7, 7]
    """
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentError(f"expected np.ndarray (got {type(ndarray).__name__})")
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

    Raises:
        DTypeError: The object does not speak the protocol.

    Example:
        >>> import fnnet, numpy
        >>> fnnet.from_dlpack(numpy.ones(2, dtype=numpy.float32))
        tensor([1., 1.])
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        raise DTypeError(f"from_dlpack: expected an object with __dlpack__, got {type(ext_tensor).__name__}")
    if type(ext_tensor) is np.ndarray and ext_tensor.flags.writeable and ext_tensor.dtype in dtypes.FROM_NUMPY:
        return finish(ext_tensor.view(), CPU)  # the protocol of NumPy 2.0 would make it read-only
    return finish(np.from_dlpack(ext_tensor), CPU)


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
        buffer: Object with the buffer protocol.
        dtype: How its bytes are read.
        count: Elements; -1 all that follow `offset`.
        offset: Bytes to leave out at the start.
        requires_grad: Whether gradients are accumulated. Default: False.

    Raises:
        OptionError: The object has no buffer, or the buffer is too short or no multiple of an element.

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
        raise OptionError(f"both buffer length ({len(view)}) and count ({count}) must not be 0")
    if not 0 <= offset < len(view):
        raise OptionError(
            f"offset must be non-negative and no greater than buffer length ({len(view)}) minus 1, got {offset}"
        )
    if count < 0 and (len(view) - offset) % dtype.itemsize:
        raise OptionError(
            f"buffer length ({len(view) - offset} bytes) after offset ({offset} bytes) must be a multiple of element "
            f"size ({dtype.itemsize})"
        )
    if count > 0 and offset + count * dtype.itemsize > len(view):
        raise OptionError(
            f"requested buffer length ({count * dtype.itemsize} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({len(view)} bytes)"
        )
    return finish(np.frombuffer(buffer, dtype.numpy, max(count, -1), offset), CPU, requires_grad)


# from a shape --------------------------------------------------------------------------------------------------------
def _filled(
    name: str, shape: Shape, value: Number, dtype: DType, device: DeviceLike, requires_grad: bool, out: Tensor | None
) -> Tensor:
    if any(n < 0 for n in shape):
        raise ShapeError(f"{name}: Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    target = canonical(device) if out is None else out._device
    dtype = as_dtype(name, dtype)
    raw = namespace_of(target).full(shape, fitting_number(value, dtype), dtype=dtype)
    if out is not None:
        return into(out, finish(raw, target))
    return finish(raw, target, requires_grad)


def _shape(name: str, args: tuple[Any, ...], size: Sequence[int] | None) -> Shape:
    """The shape of `f(2, 3)`, `f((2, 3))` or `f(size=(2, 3))`."""
    if size is not None and not args:
        args = (size,)
    if not args:
        raise ArgumentError(f'{name}() missing 1 required positional arguments: "size"')
    if isinstance(args[0], bool):
        raise ArgumentError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not bool")
    return as_sizes(name, args)


def _fill_value(name: str, value: Any) -> Number:
    """A number, or the value of a 0-d tensor."""
    if not is_tensor(value):
        return cast("Number", plain_number(value))
    if value._data.ndim:
        raise ArgumentError(f"{name}(): argument 'fill_value' (position 2) must be Number, not Tensor")
    return value.item()


def full(
    size: Sequence[int],
    fill_value: Number,
    *,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of shape `size` filled with `fill_value`.

    Args:
        size: The shape.
        fill_value: Number or 0-d tensor.
        out: Where to write the result.
        dtype: Default: that of the value.
        layout: Accepted; memory is strided.
        device: Where it lies. Default: the CPU.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here.

    Example:
        >>> import fnnet
        >>> fnnet.full((2, 2), 7)
        tensor([[7, 7],
                [7, 7]])
    """
    if isinstance(size, int):
        raise ArgumentError("full(): argument 'size' (position 1) must be tuple of ints, not int")
    value = _fill_value("full", fill_value)
    found = dtype or (dtype_of(out) if out is not None else number_dtype(value))
    return _filled("full", as_sizes("full", (size,)), value, found, device, requires_grad, out)


def zeros(
    *sizes: int | Sequence[int],
    size: Sequence[int] | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of zeros.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
    found = dtype or (DEFAULT.float if out is None else dtype_of(out))
    return _filled("zeros", _shape("zeros", sizes, size), 0, found, device, requires_grad, out)


def ones(
    *sizes: int | Sequence[int],
    size: Sequence[int] | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of ones.

    Example:
        >>> import fnnet
        >>> fnnet.ones(2, dtype=fnnet.int64)
        tensor([1, 1])
    """
    found = dtype or (DEFAULT.float if out is None else dtype_of(out))
    return _filled("ones", _shape("ones", sizes, size), 1, found, device, requires_grad, out)


def empty(
    *sizes: int | Sequence[int],
    size: Sequence[int] | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: object = None,
) -> Tensor:
    """A tensor whose values mean nothing yet (here: zeros).

    Example:
        >>> import fnnet
        >>> fnnet.empty(2, 3).shape
        fnnet.Size([2, 3])
    """
    found = dtype or (DEFAULT.float if out is None else dtype_of(out))
    return _filled("empty", _shape("empty", sizes, size), 0, found, device, requires_grad, out)


def scalar_tensor(
    s: Number, *, dtype: DType | None = None, layout: object = None, device: DeviceLike = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A 0-d tensor of the default dtype.

    Example:
        >>> import fnnet
        >>> fnnet.scalar_tensor(2)
        tensor(2.)
    """
    return _filled("scalar_tensor", (), s, dtype or DEFAULT.float, device, requires_grad, None)


# like another --------------------------------------------------------------------------------------------------------
def _like(name: str, t: Tensor, value: Number, dtype: DType | None, device: DeviceLike, requires_grad: bool) -> Tensor:
    need_tensor(name, input=t)
    where = t._device if device is None else canonical(device)
    dtype = dtype_of(t) if dtype is None else as_dtype(name, dtype)
    value = fitting_number(value, dtype)
    shape = tuple(t._data.shape)
    order = _order(t)
    if order == tuple(range(len(shape))):
        return _filled(name, shape, value, dtype, where, requires_grad, None)
    k = namespace_of(where)
    raw = k.full(tuple(shape[d] for d in order), value, dtype=dtype)
    return finish(k.permute(raw, dims=tuple(sorted(range(len(order)), key=order.__getitem__))), where, requires_grad)


def _order(t: Tensor) -> Shape:
    """The dims from slowest to fastest in memory, which a tensor alike keeps."""
    strides = t._device.backend.strides(t._data)
    return tuple(range(t._data.ndim)) if strides is None else storage_order(t._data.shape, strides)


def zeros_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: object = None,
) -> Tensor:
    """Zeros of the shape, dtype and device of `input`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros_like(fnnet.ones(2))
        tensor([0., 0.])
    """
    return _like("zeros_like", input, 0, dtype, device, requires_grad)


def ones_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: object = None,
) -> Tensor:
    """Ones of the shape, dtype and device of `input`.

    Example:
        >>> import fnnet
        >>> fnnet.ones_like(fnnet.zeros(2))
        tensor([1., 1.])
    """
    return _like("ones_like", input, 1, dtype, device, requires_grad)


def empty_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: object = None,
) -> Tensor:
    """A tensor of the shape, dtype and device of `input`, whose values mean nothing yet (here: zeros).

    Example:
        >>> import fnnet
        >>> fnnet.empty_like(fnnet.zeros(2)).shape
        fnnet.Size([2])
    """
    return _like("empty_like", input, 0, dtype, device, requires_grad)


def full_like(
    input: Tensor,
    fill_value: Number,
    *,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: object = None,
) -> Tensor:
    """`fill_value` in the shape, dtype and device of `input`.

    Example:
        >>> import fnnet
        >>> fnnet.full_like(fnnet.zeros(2), 3)
        tensor([3., 3.])
    """
    value = _fill_value("full_like", fill_value)
    return _like("full_like", input, value, dtype, device, requires_grad)


# the default dtype ---------------------------------------------------------------------------------------------------
def set_default_dtype(d: DType) -> None:
    """Let new floating-point tensors have the dtype `d` (process-wide).

    Raises:
        DTypeError: It is no floating-point dtype.

    Example:
        >>> import fnnet
        >>> fnnet.set_default_dtype(fnnet.float64)
        >>> fnnet.ones(1).dtype
        fnnet.float64
        >>> fnnet.set_default_dtype(fnnet.float32)
    """
    if not isinstance(d, DType) or d.category != 2:
        raise DTypeError(f"only floating-point types are supported as the default type, got {d}")
    DEFAULT.float = d


def get_default_dtype() -> DType:
    """The dtype of new floating-point tensors.

    Example:
        >>> import fnnet
        >>> fnnet.get_default_dtype()
        fnnet.float32
    """
    return DEFAULT.float


__all__ = [
    "as_tensor", "asarray", "empty", "empty_like", "frombuffer", "from_dlpack", "from_numpy", "full", "full_like",
    "get_default_dtype", "ones", "ones_like", "scalar_tensor", "set_default_dtype", "tensor", "zeros", "zeros_like",
]  # fmt: skip
