"""Elementwise logic on truth values, and on the bits of whole numbers. Nothing here has a derivative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import DTypeError
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DType
from fnnet.functional._common import binary, dtype_of, need_operand, need_tensor, refuse_dtype, result_dtype, unary
from fnnet.functional._rules import rough, tensor_pairs

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor


# truth values --------------------------------------------------------------------------------------------------------
_truths = rough(tensor_pairs)
LOGICAL_AND = Op("logical_and", kind=Kind.BOOL, samples=_truths)
LOGICAL_OR = Op("logical_or", kind=Kind.BOOL, samples=_truths)
LOGICAL_XOR = Op("logical_xor", kind=Kind.BOOL, samples=_truths)
LOGICAL_NOT = Op(
    "logical_not", kind=Kind.BOOL,
    samples=lambda make: (Sample(make(3, 4), smooth=False), Sample(make(0), smooth=False)),
)  # fmt: skip


def logical_and(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where both are not zero.

    Args:
        input: Any dtype; NaN is not zero.
        other: Any dtype, broadcast with `input`.
        out: Where to write the result, in its dtype.

    Returns:
        A bool tensor of the broadcast shape.

    Raises:
        ArgumentError: One of them is no tensor.
        ShapeError: The shapes do not broadcast.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.logical_and(fnnet.tensor([2, 0]), fnnet.tensor([1, 1]))
        tensor([ True, False])
    """
    need_tensor("logical_and", input=input, other=other)
    return binary(LOGICAL_AND, input, other, out)


def logical_or(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where at least one is not zero.

    Args:
        input: Any dtype; NaN is not zero.
        other: Any dtype, broadcast with `input`.
        out: Where to write the result, in its dtype.

    Returns:
        A bool tensor of the broadcast shape.

    Raises:
        ArgumentError: One of them is no tensor.
        ShapeError: The shapes do not broadcast.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.logical_or(fnnet.tensor([2, 0]), fnnet.tensor([0, 0]))
        tensor([ True, False])
    """
    need_tensor("logical_or", input=input, other=other)
    return binary(LOGICAL_OR, input, other, out)


def logical_xor(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where exactly one is not zero.

    Args:
        input: Any dtype; NaN is not zero.
        other: Any dtype, broadcast with `input`.
        out: Where to write the result, in its dtype.

    Returns:
        A bool tensor of the broadcast shape.

    Raises:
        ArgumentError: One of them is no tensor.
        ShapeError: The shapes do not broadcast.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.logical_xor(fnnet.tensor([2, 0]), fnnet.tensor([1, 1]))
        tensor([False,  True])
    """
    need_tensor("logical_xor", input=input, other=other)
    return binary(LOGICAL_XOR, input, other, out)


def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where `input` is zero.

    Args:
        input: Any dtype; NaN is not zero.
        out: Where to write the result, in its dtype.

    Returns:
        A bool tensor of the input's shape.

    Raises:
        ArgumentError: `input` is no tensor.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.logical_not(fnnet.tensor([2.0, 0.0]))
        tensor([False,  True])
    """
    return unary(LOGICAL_NOT, input, out)


# bits ----------------------------------------------------------------------------------------------------------------
def _bits(make: Make) -> Iterator[Sample]:
    def whole(*shape: int, dtype: dtypes.DType) -> Any:
        return make(*shape, low=0, high=7, dtype=dtype)

    yield Sample(whole(3, 4, dtype=dtypes.int64), whole(4, dtype=dtypes.int64), smooth=False)
    yield Sample(whole(2, 1, dtype=dtypes.int32), whole(3, dtype=dtypes.int32), smooth=False)
    yield Sample(whole(3, dtype=dtypes.uint8), 3, smooth=False)
    yield Sample(whole(0, dtype=dtypes.int64), whole(1, dtype=dtypes.int64), smooth=False)


BITWISE_AND = Op("bitwise_and", onnx="BitwiseAnd", samples=_bits)
BITWISE_OR = Op("bitwise_or", onnx="BitwiseOr", samples=_bits)
BITWISE_XOR = Op("bitwise_xor", onnx="BitwiseXor", samples=_bits)
BITWISE_LEFT_SHIFT = Op("bitwise_left_shift", samples=_bits)
BITWISE_RIGHT_SHIFT = Op("bitwise_right_shift", samples=_bits)
BITWISE_NOT = Op(
    "bitwise_not", onnx="BitwiseNot",
    samples=lambda make: (
        Sample(make(3, low=0, high=7, dtype=dtypes.int64), smooth=False),
        Sample(make(3, dtype=dtypes.bool_), smooth=False),
    ),
)  # fmt: skip


def on_bits(op: Op, a: Any, b: Any, out: Tensor | None = None) -> Tensor:  # tensors or numbers
    """A bit op of whole numbers or truth values."""
    need_operand(op.name, input=a, other=b)
    need_bits(op, result_dtype(a, b))
    return binary(op, a, b, out)


def need_bits(op: Op, dtype: DType) -> None:
    """Raise unless the bit op is defined for `dtype`: whole numbers and, but for shifts, truth values."""
    shift = op is BITWISE_LEFT_SHIFT or op is BITWISE_RIGHT_SHIFT
    kernel = {"bitwise_left_shift": "lshift", "bitwise_right_shift": "rshift"}.get(op.name, op.name)
    refuse_dtype(kernel + "_cpu", dtype, *((0, 2, 3) if shift else (2, 3)))


def bitwise_and(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """The bits that both have; of bool tensors the logical and.

    Args:
        input: Whole numbers or bools: a tensor, or a number where `other` is a tensor.
        other: As `input`, broadcast with it.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both.

    Raises:
        ArgumentError: Neither is a tensor.
        DTypeError: An operand is floating-point or complex.
        ShapeError: The shapes do not broadcast.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.bitwise_and(fnnet.tensor([6, 5]), 3)
        tensor([2, 1])
    """
    return on_bits(BITWISE_AND, input, other, out)


def bitwise_or(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """The bits that one has; of bool tensors the logical or.

    Args:
        input: Whole numbers or bools: a tensor, or a number where `other` is a tensor.
        other: As `input`, broadcast with it.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both.

    Raises:
        ArgumentError: Neither is a tensor.
        DTypeError: An operand is floating-point or complex.
        ShapeError: The shapes do not broadcast.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.bitwise_or(fnnet.tensor([4, 5]), 3)
        tensor([7, 7])
    """
    return on_bits(BITWISE_OR, input, other, out)


def bitwise_xor(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """The bits that exactly one has; of bool tensors the logical xor.

    Args:
        input: Whole numbers or bools: a tensor, or a number where `other` is a tensor.
        other: As `input`, broadcast with it.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both.

    Raises:
        ArgumentError: Neither is a tensor.
        DTypeError: An operand is floating-point or complex.
        ShapeError: The shapes do not broadcast.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.bitwise_xor(fnnet.tensor([6, 5]), 3)
        tensor([5, 6])
    """
    return on_bits(BITWISE_XOR, input, other, out)


def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Every bit turned over; of a bool tensor the logical not.

    Args:
        input: Whole numbers or bools.
        out: Where to write the result.

    Returns:
        A tensor of the input's shape and dtype; of signed numbers `-input - 1`.

    Raises:
        ArgumentError: `input` is no tensor.
        DTypeError: `input` is floating-point or complex.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.bitwise_not(fnnet.tensor([0, 5]))
        tensor([-1, -6])
    """
    need_tensor("bitwise_not", input=input)
    refuse_dtype("bitwise_not_cpu", dtype_of(input), 2, 3)
    return unary(BITWISE_NOT, input, out)


def bitwise_left_shift(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input * 2 ** other` by shifting bits; 0 where `other` is negative or not less than the number of bits.

    Args:
        input: Whole numbers: a tensor, or a number where `other` is a tensor. What leaves the dtype at the top is lost.
        other: By how many bits; as `input`, broadcast with it.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both.

    Raises:
        ArgumentError: Neither is a tensor.
        DTypeError: The common dtype is floating-point, complex or bool.
        ShapeError: The shapes do not broadcast.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.bitwise_left_shift(fnnet.tensor([1, 3]), 2)
        tensor([ 4, 12])
    """
    return on_bits(BITWISE_LEFT_SHIFT, input, other, out)


def bitwise_right_shift(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input // 2 ** other` by shifting bits, the sign kept; 0 or -1 where `other` is negative or too large.

    Args:
        input: Whole numbers: a tensor, or a number where `other` is a tensor.
        other: By how many bits; as `input`, broadcast with it.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both.

    Raises:
        ArgumentError: Neither is a tensor.
        DTypeError: The common dtype is floating-point, complex or bool.
        ShapeError: The shapes do not broadcast.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.bitwise_right_shift(fnnet.tensor([9, -9]), 1)
        tensor([ 4, -5])
    """
    return on_bits(BITWISE_RIGHT_SHIFT, input, other, out)


def inverted(input: Tensor) -> Tensor:
    """The operator `~`.

    Raises:
        TypeError: `input` is floating-point.
    """
    if dtype_of(input).category >= 2:
        raise DTypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return bitwise_not(input)


__all__ = [
    "logical_and", "logical_or", "logical_xor", "logical_not", "bitwise_and", "bitwise_or", "bitwise_xor",
    "bitwise_not", "bitwise_left_shift", "bitwise_right_shift",
]  # fmt: skip
