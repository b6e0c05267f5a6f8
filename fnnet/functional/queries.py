"""Questions about tensors and dtypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import ml_dtypes
import numpy as np

from fnnet._core.errors import ArgumentError
from fnnet._core.namespace import Number
from fnnet.autograd.variable import Variable
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DEFAULT, DType
from fnnet.functional import _common

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


def is_tensor(obj: object) -> TypeGuard[Tensor]:
    """Whether `obj` is a tensor.

    Args:
        obj: Anything.

    Returns:
        True or False; a type checker narrows `obj` to `Tensor`.

    Example:
        >>> import fnnet
        >>> fnnet.is_tensor([1])
        False
    """
    return isinstance(obj, Variable)


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating-point dtype.

    Args:
        input: A tensor.

    Returns:
        True or False; False for complex dtypes.

    Example:
        >>> import fnnet
        >>> fnnet.is_floating_point(fnnet.arange(2))
        False
    """
    _common.need_tensor("is_floating_point", input=input)
    return _common.dtype_of(input).is_floating_point


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex.

    Args:
        input: A tensor.

    Returns:
        True or False.

    Example:
        >>> import fnnet
        >>> fnnet.is_complex(fnnet.ones(1))
        False
    """
    _common.need_tensor("is_complex", input=input)
    return _common.dtype_of(input).is_complex


def is_nonzero(input: Tensor) -> bool:
    """Whether the one element of a tensor is not zero.

    Args:
        input: A tensor of one element, any dtype; NaN is not zero.

    Returns:
        True or False.

    Raises:
        ShapeError: There is not exactly one element.

    Example:
        >>> import fnnet
        >>> fnnet.is_nonzero(fnnet.tensor([0.5]))
        True
    """
    _common.need_tensor("is_nonzero", input=input)
    return bool(input)


def numel(input: Tensor) -> int:
    """The number of elements.

    Args:
        input: A tensor.

    Returns:
        An int; 1 for a 0-d tensor.

    Example:
        >>> import fnnet
        >>> fnnet.numel(fnnet.zeros(2, 3))
        6
    """
    _common.need_tensor("numel", input=input)
    return input.numel()


def result_type(tensor1: Tensor | Number, tensor2: Tensor | Number) -> DType:
    """The dtype in which two operands meet, as arithmetic promotes them.

    Args:
        tensor1: Tensor or number.
        tensor2: Tensor or number. Within one category (bool, whole, floating point, complex) tensors with dims count
            before 0-d tensors, those before numbers.

    Returns:
        A dtype.

    Example:
        >>> import fnnet
        >>> fnnet.result_type(fnnet.arange(2), 1.0)
        fnnet.float32
    """
    _common.need_operand("result_type", tensor1=tensor1, tensor2=tensor2)
    return _common.result_dtype(tensor1, tensor2)


def can_cast(from_: DType, to: DType) -> bool:
    """Whether an in-place op may cast a result so: not to a lower category (complex, float, whole, bool).

    Args:
        from_: The dtype of the result.
        to: The dtype of the memory that it is written to; its width does not matter.

    Returns:
        True or False.

    Example:
        >>> import fnnet
        >>> fnnet.can_cast(fnnet.float64, fnnet.int64)
        False
    """
    for argument, dtype in (("from_", from_), ("to", to)):
        if not isinstance(dtype, DType):
            raise ArgumentError(f"can_cast(): argument '{argument}' must be fnnet.dtype, not {type(dtype).__name__}")
    return from_.category <= to.category


class finfo:
    """The limits of a floating-point dtype.

    Args:
        type: A floating-point or complex dtype, which has those of its parts. Default: the default dtype.

    Attributes:
        dtype: The dtype's name.
        bits: Bits of a number.
        eps: The distance from 1 to the next number.
        max: The largest finite number.
        min: The smallest finite number.
        tiny: The smallest positive normal number; also `smallest_normal`.
        resolution: The decimal resolution.

    Raises:
        ArgumentError: A dtype of whole numbers, or bool.

    Example:
        >>> import fnnet
        >>> fnnet.finfo(fnnet.float32).eps
        1.1920928955078125e-07
    """

    def __init__(self, type: DType | None = None) -> None:
        dtype = DEFAULT.float if type is None else type
        if dtype.category < 2:
            raise ArgumentError(
                f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{dtype}'"
            )
        real = dtype if dtype.category == 2 else dtypes.float32 if dtype is dtypes.complex64 else dtypes.float64
        limits: Any = ml_dtypes.finfo if real is dtypes.bfloat16 else np.finfo  # ml_dtypes' has no annotations
        info = limits(real.numpy)
        self.dtype, self.bits = real.name, int(info.bits)
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = 10.0**-info.precision

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and (self.dtype, self.bits) == (other.dtype, other.bits)

    def __hash__(self) -> int:
        return hash((self.dtype, self.bits))

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """The limits of a whole-number dtype.

    Args:
        type: A whole-number dtype.

    Attributes:
        dtype: The dtype's name.
        bits: Bits of a number.
        max: The largest number.
        min: The smallest number.

    Raises:
        ArgumentError: Another dtype.

    Example:
        >>> import fnnet
        >>> fnnet.iinfo(fnnet.int8).max
        127
    """

    def __init__(self, type: DType) -> None:
        if type.category != 1:
            raise ArgumentError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{type}'")
        info = np.iinfo(type.numpy)
        self.dtype, self.bits, self.max, self.min = type.name, int(info.bits), int(info.max), int(info.min)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


__all__ = [
    "can_cast", "finfo", "iinfo", "is_complex", "is_floating_point", "is_nonzero", "is_tensor", "numel", "result_type",
]  # fmt: skip
