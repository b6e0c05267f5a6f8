"""New tensors: from data, of a given shape, like another."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fnnet._core.errors import ArgumentError, DTypeError, ShapeError
from fnnet._core.namespace import Number, Shape
from fnnet.autograd.modes import MODE
from fnnet.autograd.tape import namespace_of
from fnnet.autograd.variable import INFERENCE, Variable, make
from fnnet.backends.devices import Device
from fnnet.backends.dtypes import DEFAULT, DType
from fnnet.backends.memory_formats import MemoryFormat, preserve_format
from fnnet.backends.random.order import storage_order
from fnnet.functional._common import dtype_of, into, is_tensor, need_number, need_tensor, number_dtype, plain_number
from fnnet.functional._common import sizes as as_sizes
from fnnet.functional.host_data import as_dtype, fitting_number, host_array
from fnnet.functional.layout import order_of
from fnnet.functional.movement import canonical
from fnnet.functional.shape import inverse

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

DeviceLike = Device | str | int | None
Raw = np.ndarray[Any, Any]


def finish(raw: Any, device: Device, requires_grad: bool = False) -> Tensor:  # the backend's array
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
        dtype: Default: None, as inferred: Python floats become the default dtype, ints int64; arrays keep theirs.
        device: Where it lies. Default: None, the CPU; of a tensor where that lies.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here. Default: False.

    Returns:
        A new leaf in the shape of the nesting.

    Raises:
        ShapeError: The sequences are ragged.
        ArgumentError: Something is no number.
        DTypeError: `data` is of a kind that has no dtype here, or gradients of whole numbers are asked for.
        OptionError: A number does not fit the dtype.
        DeviceError: The device is not there.

    Differentiable: No: a tensor's history is not kept (`clone` keeps it).

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


# from a shape --------------------------------------------------------------------------------------------------------
def _dtype_of_out(name: str, out: Tensor) -> DType:
    need_tensor(name, out=out)
    return dtype_of(out)


def check_dtype_of_out(name: str, dtype: DType, out: Tensor) -> None:
    """Raise where what is made and `out=` are not of one dtype."""
    if dtype_of(out) is not dtype:
        raise DTypeError(f"{name}(): dtype {dtype} does not match dtype of out parameter ({dtype_of(out)})")


def _filled(
    name: str, shape: Shape, value: Number, dtype: DType, device: DeviceLike, requires_grad: bool, out: Tensor | None
) -> Tensor:
    if any(n < 0 for n in shape):
        raise ShapeError(f"{name}: Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    target = canonical(device) if out is None else out._device
    dtype = as_dtype(name, dtype)
    raw = namespace_of(target).full(shape, fitting_number(value, dtype), dtype=dtype)
    if out is not None:
        check_dtype_of_out(name, dtype, out)
        return into(name, out, finish(raw, target))
    return finish(raw, target, requires_grad)


def _shape(name: str, args: tuple[Any, ...], size: Sequence[int] | None) -> Shape:
    """The shape of `f(2, 3)`, `f((2, 3))` or `f(size=(2, 3))`."""
    if size is not None:
        if args:
            raise ArgumentError(f"{name}() got multiple values for argument 'size'")
        args = (size,)
    if not args:
        raise ArgumentError(f'{name}() missing 1 required positional arguments: "size"')
    if isinstance(args[0], bool):
        raise ArgumentError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not bool")
    return as_sizes(name, args)


def _fill_value(name: str, value: Any) -> Number:
    """A number, or the value of a 0-d tensor."""
    if not is_tensor(value):
        need_number(name, fill_value=value)
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
        size: The shape, a sequence of ints.
        fill_value: Number or 0-d tensor.
        out: Where to write the result.
        dtype: Default: None, that of the value; with `out` that of `out`.
        layout: Accepted; memory is strided. Default: None.
        device: Where it lies. Default: None, the CPU.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here. Default: False.

    Returns:
        A new leaf of shape `size`, or `out`.

    Raises:
        ShapeError: A size is negative.
        ArgumentError: `size` is no sequence of ints, or `fill_value` no number.
        OptionError: The value does not fit the dtype.
        DTypeError: Gradients of whole numbers are asked for, or `out` is of another `dtype`.
        DeviceError: The device is not there.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.full((2, 2), 7)
        tensor([[7, 7],
                [7, 7]])
    """
    if isinstance(size, int):
        raise ArgumentError("full(): argument 'size' (position 1) must be tuple of ints, not int")
    value = _fill_value("full", fill_value)
    found = dtype or (_dtype_of_out("full", out) if out is not None else number_dtype(value))
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

    Args:
        sizes: The shape, as ints or as one sequence of ints.
        size: The shape by name. Default: None, `sizes`.
        out: Where to write the result.
        dtype: Default: None, the default dtype; with `out` that of `out`.
        layout: Accepted; memory is strided. Default: None.
        device: Where it lies. Default: None, the CPU.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here. Default: False.

    Returns:
        A new leaf, or `out`.

    Raises:
        ShapeError: A size is negative.
        ArgumentError: No size is given, or two are, or one is no int.
        DTypeError: Gradients of whole numbers are asked for, or `out` is of another `dtype`.
        DeviceError: The device is not there.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
    found = dtype or (DEFAULT.float if out is None else _dtype_of_out("zeros", out))
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

    Args:
        sizes: The shape, as ints or as one sequence of ints.
        size: The shape by name. Default: None, `sizes`.
        out: Where to write the result.
        dtype: Default: None, the default dtype; with `out` that of `out`.
        layout: Accepted; memory is strided. Default: None.
        device: Where it lies. Default: None, the CPU.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here. Default: False.

    Returns:
        A new leaf, or `out`.

    Raises:
        ShapeError: A size is negative.
        ArgumentError: No size is given, or two are, or one is no int.
        DTypeError: Gradients of whole numbers are asked for, or `out` is of another `dtype`.
        DeviceError: The device is not there.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.ones(2, dtype=fnnet.int64)
        tensor([1, 1])
    """
    found = dtype or (DEFAULT.float if out is None else _dtype_of_out("ones", out))
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
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """A tensor whose values mean nothing yet (here: zeros).

    Args:
        sizes: The shape, as ints or as one sequence of ints.
        size: The shape by name. Default: None, `sizes`.
        out: Where to write the result.
        dtype: Default: None, the default dtype; with `out` that of `out`.
        layout: Accepted; memory is strided. Default: None.
        device: Where it lies. Default: None, the CPU.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here. Default: False.
        memory_format: The order of its memory, without `out`. Default: None, C order.

    Returns:
        A new leaf, or `out`.

    Raises:
        ShapeError: A size is negative.
        ArgumentError: No size is given, or two are, or one is no int.
        DTypeError: Gradients of whole numbers are asked for, or `out` is of another `dtype`.
        DeviceError: The device is not there.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.empty(2, 3).shape
        fnnet.Size([2, 3])
    """
    found = dtype or (DEFAULT.float if out is None else _dtype_of_out("empty", out))
    shape = _shape("empty", sizes, size)
    order = None if memory_format is None else memory_order("empty", len(shape), memory_format)
    if order is None or out is not None:
        return _filled("empty", shape, 0, found, device, requires_grad, out)
    return _laid(shape, order, 0, as_dtype("empty", found), canonical(device), requires_grad)


def scalar_tensor(
    s: Number, *, dtype: DType | None = None, layout: object = None, device: DeviceLike = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A 0-d tensor of the default dtype.

    Args:
        s: The number.
        dtype: Default: None, the default dtype.
        layout: Accepted; memory is strided. Default: None.
        device: Where it lies. Default: None, the CPU.
        pin_memory: Accepted; host memory needs no pinning here. Default: False.
        requires_grad: Whether gradients are accumulated. Default: False.

    Returns:
        A new leaf.

    Raises:
        OptionError: The number does not fit the dtype.
        DTypeError: Gradients of whole numbers are asked for.
        DeviceError: The device is not there.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.scalar_tensor(2)
        tensor(2.)
    """
    need_number("scalar_tensor", s=s)
    return _filled("scalar_tensor", (), s, dtype or DEFAULT.float, device, requires_grad, None)


# like another --------------------------------------------------------------------------------------------------------
def _like(
    name: str, t: Tensor, value: Number, dtype: DType | None, device: DeviceLike, requires_grad: bool,
    memory_format: MemoryFormat | None,
) -> Tensor:  # fmt: skip
    need_tensor(name, input=t)
    where = t._device if device is None else canonical(device)
    dtype = dtype_of(t) if dtype is None else as_dtype(name, dtype)
    shape = tuple(t._data.shape)
    if memory_format is None or memory_format is preserve_format:
        strides = t._device.backend.strides(t._data)
        order = None if strides is None else storage_order(shape, strides)
    else:
        order = memory_order(name, len(shape), memory_format)
    return _laid(shape, order, fitting_number(value, dtype), dtype, where, requires_grad)


def memory_order(name: str, ndim: int, memory_format: MemoryFormat) -> Shape | None:
    """The dims from slowest to fastest in memory; None for C order."""
    order = order_of(name, memory_format)
    if order is not None and len(order) != ndim:
        raise ShapeError(f"{name}: required rank {len(order)} tensor to use {memory_format} format, got {ndim} dims")
    return order


def _laid(
    shape: Shape, order: Shape | None, value: Number, dtype: DType, device: Device, requires_grad: bool
) -> Tensor:
    """A tensor filled with `value` whose dims lie in `order`."""
    k = namespace_of(device)
    if order is None or order == tuple(range(len(shape))):
        return finish(k.full(shape, value, dtype=dtype), device, requires_grad)
    raw = k.full(tuple(shape[d] for d in order), value, dtype=dtype)
    return finish(k.permute(raw, dims=inverse(order)), device, requires_grad)


def zeros_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """Zeros of the shape, dtype and device of `input`.

    Args:
        input: Any tensor.
        dtype: Default: None, that of `input`.
        layout: Accepted; memory is strided. Default: None.
        device: Where it lies. Default: None, where `input` lies.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here. Default: False.
        memory_format: The order of its memory. Default: None, as in `input`.

    Returns:
        A new leaf.

    Raises:
        ArgumentError: `input` is no tensor.
        DTypeError: Gradients of whole numbers are asked for.
        ShapeError: `memory_format` is of another number of dims.
        DeviceError: The device is not there.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.zeros_like(fnnet.ones(2))
        tensor([0., 0.])
    """
    return _like("zeros_like", input, 0, dtype, device, requires_grad, memory_format)


def ones_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """Ones of the shape, dtype and device of `input`.

    Args:
        input: Any tensor.
        dtype: Default: None, that of `input`.
        layout: Accepted; memory is strided. Default: None.
        device: Where it lies. Default: None, where `input` lies.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here. Default: False.
        memory_format: The order of its memory. Default: None, as in `input`.

    Returns:
        A new leaf.

    Raises:
        ArgumentError: `input` is no tensor.
        DTypeError: Gradients of whole numbers are asked for.
        ShapeError: `memory_format` is of another number of dims.
        DeviceError: The device is not there.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.ones_like(fnnet.zeros(2))
        tensor([1., 1.])
    """
    return _like("ones_like", input, 1, dtype, device, requires_grad, memory_format)


def empty_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """A tensor of the shape, dtype and device of `input`, whose values mean nothing yet (here: zeros).

    Args:
        input: Any tensor.
        dtype: Default: None, that of `input`.
        layout: Accepted; memory is strided. Default: None.
        device: Where it lies. Default: None, where `input` lies.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here. Default: False.
        memory_format: The order of its memory. Default: None, as in `input`.

    Returns:
        A new leaf.

    Raises:
        ArgumentError: `input` is no tensor.
        DTypeError: Gradients of whole numbers are asked for.
        ShapeError: `memory_format` is of another number of dims.
        DeviceError: The device is not there.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.empty_like(fnnet.zeros(2)).shape
        fnnet.Size([2])
    """
    return _like("empty_like", input, 0, dtype, device, requires_grad, memory_format)


def full_like(
    input: Tensor,
    fill_value: Number,
    *,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """`fill_value` in the shape, dtype and device of `input`.

    Args:
        input: Any tensor.
        fill_value: Number or 0-d tensor; for whole numbers its fraction is cut off.
        dtype: Default: None, that of `input`.
        layout: Accepted; memory is strided. Default: None.
        device: Where it lies. Default: None, where `input` lies.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here. Default: False.
        memory_format: The order of its memory. Default: None, as in `input`.

    Returns:
        A new leaf.

    Raises:
        ArgumentError: `input` is no tensor, or `fill_value` no number.
        OptionError: The value does not fit the dtype.
        DTypeError: Gradients of whole numbers are asked for.
        ShapeError: `memory_format` is of another number of dims.
        DeviceError: The device is not there.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.full_like(fnnet.zeros(2), 3)
        tensor([3., 3.])
    """
    value = _fill_value("full_like", fill_value)
    return _like("full_like", input, value, dtype, device, requires_grad, memory_format)


__all__ = [
    "empty", "empty_like", "full", "full_like", "ones", "ones_like", "scalar_tensor", "tensor", "zeros", "zeros_like",
]  # fmt: skip
