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
from fnnet.functional._common import dtype_of, into, is_tensor, number_dtype, plain_number, sizes, to_dtype
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
        t._version = INFERENCE
    if requires_grad:
        if dtype_of(t).category < 2:
            raise DTypeError(
                f"Only Tensors of floating point and complex dtype can require gradients, got {dtype_of(t)}"
            )
        t._leaf_grad = True
    return cast("Tensor", t)


# from data -----------------------------------------------------------------------------------------------------------
def host_array(data: Any, dtype: DType | None = None) -> Raw:
    """Data (numbers, nested sequences, arrays, tensors) as a host array of its own; dtype as PyTorch infers it."""
    if isinstance(data, Variable):
        raw = data._device.backend.to_host(data._data)
        copied: Raw = raw.astype(raw.dtype if dtype is None else dtype.numpy)
        return copied
    if isinstance(data, (np.ndarray, np.generic)):
        array = np.array(data)
        if array.dtype not in dtypes.FROM_NUMPY:
            array = _known(array)
        return array if dtype is None else array.astype(dtype.numpy)
    if not isinstance(data, (bool, int, float, complex)) and hasattr(data, "__array__"):
        return host_array(np.asarray(data), dtype)
    first = data
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    if isinstance(first, (Variable, np.ndarray)) or (hasattr(first, "__array__") and not isinstance(first, np.generic)):
        data = _nested(data)
    try:
        array = np.array(data)
    except (ValueError, TypeError, OverflowError):
        _explain(data, 0)
        raise
    if array.dtype.kind == "f" and not _has_numpy_scalar(data):
        found = DEFAULT.float
    elif array.dtype.kind == "c" and not _has_numpy_scalar(data):
        found = dtypes.complex128 if DEFAULT.float is dtypes.float64 else dtypes.complex64
    elif array.size == 0 and array.dtype == np.float64:
        found = DEFAULT.float
    elif array.dtype in dtypes.FROM_NUMPY:
        found = dtypes.FROM_NUMPY[array.dtype]
    else:
        _explain(data, 0)
        raise DTypeError(f"tensor: can't make a tensor of NumPy dtype {array.dtype}")
    target = found if dtype is None else dtype
    if target.category == 1:
        _refuse_overflow(array, target)
    with np.errstate(all="ignore"):
        if target.category < 2 and array.dtype.kind in "fc":
            array = np.trunc(array.real)
        return array.astype(target.numpy)


def _refuse_overflow(array: Raw, target: DType) -> None:
    """Raise where a number does not fit; negative ones wrap around in uint8, as far as their absolute value fits."""
    limits = np.iinfo(target.numpy)
    low = limits.min or -limits.max
    if array.size and array.dtype != target.numpy and array.dtype.kind in "iuf":
        if not (array.min() >= low and array.max() <= limits.max):
            raise OptionError(f"value cannot be converted to type {target.name} without overflow")


def _known(array: Raw) -> Raw:
    """An array whose dtype is one of ours but for its byte order."""
    native = array.dtype.newbyteorder("=")
    if native in dtypes.FROM_NUMPY:
        return array.astype(native)
    raise DTypeError(
        f"can't convert np.ndarray of type {array.dtype}. The only supported types are: "
        f"{', '.join(d.name for d in dtypes.ALL)}."
    )


def _has_numpy_scalar(data: Any) -> bool:
    while isinstance(data, (list, tuple)):
        if not data:
            return False
        data = data[0]
    return isinstance(data, np.generic)


def _nested(data: Any) -> Any:
    """Nested sequences that hold tensors or arrays, as one array."""
    if isinstance(data, (list, tuple)):
        parts = [_nested(d) for d in data]
        return np.stack([np.asarray(p) for p in parts]) if parts else parts
    return host_array(data) if isinstance(data, Variable) or hasattr(data, "__array__") else np.asarray(data)


def _explain(data: Any, dim: int) -> None:
    """Raise PyTorch's error for data that are no array."""
    if isinstance(data, str):
        raise ShapeError(f"too many dimensions '{type(data).__name__}'")
    if isinstance(data, int) and not -(2**63) <= data < 2**63:
        raise OptionError(f"Overflow when unpacking long long: {data}")
    if isinstance(data, (bool, int, float, complex, np.generic, Variable)):
        return
    if not isinstance(data, (list, tuple)):
        raise DTypeError(f"Could not infer dtype of {type(data).__name__}")
    lengths = [len(d) if isinstance(d, (list, tuple)) else None for d in data]
    for d in data:
        _explain(d, dim + 1)
    if any(n != lengths[0] for n in lengths):
        if None in lengths:
            raise ArgumentError("not a sequence: numbers and sequences stand side by side")
        odd = next(n for n in lengths if n != lengths[0])
        raise ShapeError(f"expected sequence of length {lengths[0]} at dim {dim + 1} (got {odd})")


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
        DTypeError: Something is no number.

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
    raw = host_array(data, dtype)
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
        return t if dtype is None else to_dtype(t, dtype)
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
    requires_grad: bool = False,
) -> Tensor:
    """`obj` as a tensor, shared where possible unless `copy` is True.

    Example:
        >>> import fnnet
        >>> fnnet.asarray([1, 2])
        tensor([1, 2])
    """
    if hasattr(obj, "__dlpack__") and not isinstance(obj, (Variable, np.ndarray)):
        obj = from_dlpack(obj)
    t = as_tensor(obj, dtype, device)
    if copy or (requires_grad and isinstance(obj, Variable)):
        t = clone(t.detach())
    elif copy is False and (t._data is not getattr(obj, "_data", None)) and not isinstance(obj, np.ndarray):
        raise OptionError("asarray: can't alias the data without a copy, which copy=False forbids")
    return t.requires_grad_() if requires_grad else t


def from_numpy(ndarray: Raw) -> Tensor:
    """A tensor over the array's own memory: writes on either side are seen on the other.

    Args:
        ndarray: Any dtype of fnnet, any shape.

    Raises:
        ArgumentError: It is no array.
        DTypeError: Its dtype has no counterpart, or its byte order is not the machine's.

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
    if ndarray.dtype not in dtypes.FROM_NUMPY or not ndarray.dtype.isnative:
        raise DTypeError(
            f"can't convert np.ndarray of type {ndarray.dtype}. The only supported types are: "
            f"{', '.join(d.name for d in dtypes.ALL)}, in the machine's byte order."
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

    Example:
        >>> import fnnet, numpy
        >>> fnnet.from_dlpack(numpy.ones(2, dtype=numpy.float32))
        tensor([1., 1.])
    """
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

    Example:
        >>> import fnnet
        >>> fnnet.frombuffer(bytearray(b"abc"), dtype=fnnet.uint8)
        tensor([97, 98, 99], dtype=fnnet.uint8)
    """
    view = memoryview(buffer).cast("B")
    if not 0 <= offset < len(view):
        raise OptionError(
            f"offset must be non-negative and no greater than buffer length ({len(view)}) minus 1, got {offset}"
        )
    if count > 0 and offset + count * dtype.itemsize > len(view):
        raise OptionError(
            f"requested buffer length ({count * dtype.itemsize} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({len(view)} bytes)"
        )
    return finish(np.frombuffer(buffer, dtype.numpy, count, offset), CPU, requires_grad)


# from a shape --------------------------------------------------------------------------------------------------------
def _filled(
    name: str, shape: Shape, value: Number, dtype: DType, device: DeviceLike, requires_grad: bool, out: Tensor | None
) -> Tensor:
    if any(n < 0 for n in shape):
        raise ShapeError(f"{name}: Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    target = canonical(device) if out is None else out._device
    raw = namespace_of(target).full(shape, value, dtype=dtype)
    if out is not None:
        return into(out, finish(raw, target))
    return finish(raw, target, requires_grad)


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
    value = fill_value.item() if is_tensor(fill_value) else plain_number(fill_value)
    found = dtype or (dtype_of(out) if out is not None else number_dtype(value))
    return _filled("full", sizes("full", (size,)), value, found, device, requires_grad, out)


def zeros(
    *size: int | Sequence[int],
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
    return _filled("zeros", sizes("zeros", size), 0, found, device, requires_grad, out)


def ones(
    *size: int | Sequence[int],
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
    return _filled("ones", sizes("ones", size), 1, found, device, requires_grad, out)


def empty(
    *size: int | Sequence[int],
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
    return _filled("empty", sizes("empty", size), 0, found, device, requires_grad, out)


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
    where = t._device if device is None else canonical(device)
    shape = tuple(t._data.shape)
    order = _order(t)
    if order == tuple(range(len(shape))):
        return _filled(name, shape, value, dtype or dtype_of(t), where, requires_grad, None)
    k = namespace_of(where)
    raw = k.full(tuple(shape[d] for d in order), value, dtype=dtype or dtype_of(t))
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
    value = fill_value.item() if is_tensor(fill_value) else plain_number(fill_value)
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
