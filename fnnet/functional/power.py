"""Elementwise powers and roots."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import DTypeError
from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import OUT, Kind, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.backends import dtypes
from fnnet.functional._common import (
    binary,
    dtype_of,
    is_tensor,
    need_operand,
    need_tensor,
    refuse_dtype,
    result_dtype,
    to_dtype,
    unary,
)  # fmt: skip
from fnnet.functional._rules import between, tensor_pairs
from fnnet.functional.arithmetic import mul

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# pow -----------------------------------------------------------------------------------------------------------------
def _not_negative(k: K[A], b: A) -> A:
    """Where an exponent, of complex ones the real part, is 0 at least."""
    if k.abs(b).dtype != b.dtype:  # the absolute value of a complex number is real
        b = k.getitem(k.view_as_real(b), index=(Ellipsis, 0))
    return k.ge(b, 0)


def _pow_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    grad_a = grad_b = None
    if c.needs[0]:
        if isinstance(b, (int, float, complex)):
            grad_a = g * 0 if b == 0 else g * (a * 2) if b == 2 else g * (k.pow(a, b - 1) * b)
        else:
            grad_a = k.where(k.eq(b, 0), 0.0, g * (b * k.pow(a, b - 1)))
        grad_a = sum_to(k, grad_a, c.shapes[0])
    if c.needs[1]:
        if isinstance(a, complex):
            grad_b = g * (c.out * k.log(k.full((), a, dtype=g.dtype))) if a else g * 0
        elif isinstance(a, (int, float)):
            log = math.log(a) if a > 0 else -math.inf if a == 0 else math.nan
            grad_b = g * (c.out * log)
            if a == 0:
                grad_b = k.where(_not_negative(k, b), 0.0, grad_b)
        else:
            # 0 ** b is constant for b >= 0; the logarithm is taken elsewhere only, lest its own derivative be NaN.
            flat = k.logical_and(k.eq(a, 0), _not_negative(k, b))
            grad_b = k.where(flat, 0.0, g * (c.out * k.log(k.where(flat, 1.0, a))))
        grad_b = sum_to(k, grad_b, c.shapes[1])
    return grad_a, grad_b


def _pow_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.5, high=2), make(3, 4))
    yield Sample(make(3, 1, 4, low=0.5, high=2), make(2, 1))
    yield Sample(make(3, 4), 2)
    yield Sample(make(3, 4), 3)
    yield Sample(make(3, 4, low=0.5, high=2), -0.5)
    yield Sample(2, make(3, 4))
    yield Sample(make(3, low=0.5, high=2), make())
    yield Sample(make(0, 3), 2)


POW = Op(
    "pow", title="PowBackward1",
    backward=_pow_backward, uses=((0, 1), (0, 1, OUT)), onnx="Pow", samples=_pow_samples,
)  # fmt: skip


POW_NUMBER = POW.titled("PowBackward0")
NUMBER_POW = POW.titled("PowBackward2")


def pow_op(base: object, exponent: object) -> Op:
    """`POW` under the name of PyTorch's overload."""
    return POW_NUMBER if not is_tensor(exponent) else POW if is_tensor(base) else NUMBER_POW


def _integer_pow_forward(k: K[A], a: Any, b: Any) -> A:
    if not hasattr(a, "shape"):
        a = k.full(b.shape, a, dtype=b.dtype)
    odd = k.eq(k.remainder(b, 2), 1)
    inverse = k.where(k.eq(a, 1), 1, k.where(k.eq(a, -1), k.where(odd, a, a * a), 0 * a))
    return k.where(k.lt(b, 0), inverse, k.pow(a, k.maximum(b, 0)))


def _integer_pow_samples(make: Make) -> Iterator[Sample]:
    whole = dtypes.int64
    yield Sample(make(3, 4, low=-4, high=4, dtype=whole), make(4, low=0, high=4, dtype=whole))
    yield Sample(make(3, 4, low=1, high=4, dtype=whole), make(3, 4, low=-3, high=0, dtype=whole))


INTEGER_POW = Op("integer_pow", forward=_integer_pow_forward, samples=_integer_pow_samples)


def pow(input: Tensor | Number, exponent: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input ** exponent`, broadcast and promoted; 0 ** 0 is 1.

    Args:
        input: Base, tensor or number, at least one of the two a tensor. A negative one with a fractional exponent gives
            NaN.
        exponent: Tensor or number. Whole numbers to negative powers are allowed in a tensor only, and give the
            reciprocal rounded towards zero.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: A whole base with a negative whole number as exponent; bool to the power of bool.

    Differentiable: By `input` zero where `exponent` is 0; by `exponent` zero where `input` is 0 and `exponent` is not
        negative.

    Example:
        >>> import fnnet
        >>> fnnet.pow(fnnet.tensor([1.0, 2.0, 3.0]), 2)
        tensor([1., 4., 9.])
        >>> fnnet.pow(2, fnnet.tensor([3, 4]))
        tensor([ 8, 16])
    """
    need_operand("pow", input=input, exponent=exponent)
    dtype = result_dtype(input, exponent)
    if dtype.category >= 2:
        op = POW_NUMBER if type(exponent) is int or type(exponent) is float else pow_op(input, exponent)
        return binary(op, input, exponent, out)
    refuse_dtype("pow", dtype, 0)
    if is_tensor(exponent):
        return binary(INTEGER_POW, input, exponent, out)
    if exponent < 0:  # type: ignore[operator]  # no complex number: the category is below 2
        raise DTypeError("Integers to negative integer powers are not allowed.")
    return binary(pow_op(input, exponent), input, exponent, out)


def float_power(input: Tensor | Number, exponent: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input ** exponent` in float64 (complex128 where one is complex).

    Args:
        input: Base, tensor or number of any dtype, at least one of the two a tensor. A negative real one with a
            fractional exponent gives NaN.
        exponent: Tensor or number, broadcast with `input`.
        out: Where to write the result.

    Returns:
        The broadcast shape, float64 or complex128.

    Raises:
        ShapeError: The shapes do not broadcast.

    Differentiable: As `pow`.

    Example:
        >>> import fnnet
        >>> fnnet.float_power(fnnet.tensor([1, 2]), -1)
        tensor([1.0000, 0.5000], dtype=fnnet.float64)
    """
    need_operand("float_power", input=input, exponent=exponent)
    wide = dtypes.complex128 if result_dtype(input, exponent).category == 3 else dtypes.float64
    if out is not None:
        need_tensor("float_power", out=out)
        if dtype_of(out) is not wide:
            raise DTypeError(
                f"the output given to float_power has dtype {dtype_of(out)} but the operation's result requires dtype "
                f"{dtypes.TITLES[wide.name]}"
            )
    a: Any = to_dtype(input, wide) if is_tensor(input) else input
    b: Any = to_dtype(exponent, wide) if is_tensor(exponent) else exponent
    return binary(pow_op(a, b), a, b, out)


def check_float_power_(base: Any) -> None:  # checked here
    """Raise unless the base of an in-place float_power is float64 (or complex128)."""
    if dtype_of(base) not in (dtypes.float64, dtypes.complex128):
        raise DTypeError(
            f"the base given to float_power_ has dtype {dtype_of(base).name} but the operation's result requires dtype "
            "Double"
        )


# square, roots, reciprocal -------------------------------------------------------------------------------------------
SQUARE = Op(
    "square", title="PowBackward0",
    forward=lambda k, x: k.mul(x, x), backward=lambda k, c, g: (g * (c.inputs[0] * 2),), uses=((0,),),
    samples=between(-2, 2),
)  # fmt: skip


def square(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input ** 2`.

    Args:
        input: Any dtype; bool counts as int64.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.square(fnnet.tensor([-3.0, 2.0]))
        tensor([9., 4.])
    """
    if is_tensor(input) and dtype_of(input).category == 0:
        input = to_dtype(input, dtypes.int64)
    return unary(SQUARE, input, out)


SQRT = Op(
    "sqrt", backward=lambda k, c, g: (g / (c.out * 2),), uses=((OUT,),), kind=Kind.FLOAT, onnx="Sqrt",
    samples=between(0.2, 4),
)  # fmt: skip


def sqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The square root; NaN for negative real numbers.

    Args:
        input: Any dtype; bool and whole numbers count as the default dtype.
        out: Where to write the result.

    Returns:
        Input's shape; floating point or complex. Of complex numbers the root with a real part that is not negative.

    Differentiable: Infinite at 0.

    Example:
        >>> import fnnet
        >>> fnnet.sqrt(fnnet.tensor([4.0, 9.0]))
        tensor([2., 3.])
    """
    return unary(SQRT, input, out)


RSQRT = Op(
    "rsqrt", forward=lambda k, x: k.div(1.0, k.sqrt(x)),
    backward=lambda k, c, g: (g * (c.out * c.out * c.out * -0.5),), uses=((OUT,),), kind=Kind.FLOAT,
    samples=between(0.2, 4),
)  # fmt: skip


def rsqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`1 / sqrt(input)`; NaN for negative real numbers, infinite at 0.

    Args:
        input: Any dtype; bool and whole numbers count as the default dtype.
        out: Where to write the result.

    Returns:
        Input's shape; floating point or complex.

    Differentiable: `-inf` at 0.

    Example:
        >>> import fnnet
        >>> fnnet.rsqrt(fnnet.tensor([4.0, 16.0]))
        tensor([0.5000, 0.2500])
    """
    return unary(RSQRT, input, out)


RECIPROCAL = Op(
    "reciprocal", forward=lambda k, x: k.div(1.0, x), backward=lambda k, c, g: (-(g * (c.out * c.out)),),
    uses=((OUT,),), kind=Kind.FLOAT, onnx="Reciprocal", samples=between(0.3, 2),
)  # fmt: skip


def reciprocal(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`1 / input`; infinite at 0.

    Args:
        input: Any dtype; bool and whole numbers count as the default dtype.
        out: Where to write the result.

    Returns:
        Input's shape; floating point or complex.

    Differentiable: Everywhere but at 0, any order.

    Example:
        >>> import fnnet
        >>> fnnet.reciprocal(fnnet.tensor([4, -2]))
        tensor([ 0.2500, -0.5000])
    """
    return unary(RECIPROCAL, input, out)


# hypot, ldexp --------------------------------------------------------------------------------------------------------
def _hypot_forward(k: K[A], a: A, b: A) -> A:
    # Scaled by the larger, so that no square overflows.
    a, b = k.abs(a), k.abs(b)
    large, small = k.maximum(a, b), k.minimum(a, b)
    endless = k.isinf(large)
    ratio = small / k.where(k.logical_or(endless, k.eq(large, 0)), 1.0, large)
    return k.where(endless, large, large * k.sqrt(ratio * ratio + 1))


def _hypot_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    return (
        sum_to(k, g * (a / c.out), c.shapes[0]) if c.needs[0] else None,
        sum_to(k, g * (b / c.out), c.shapes[1]) if c.needs[1] else None,
    )


HYPOT = Op(
    "hypot", forward=_hypot_forward, backward=_hypot_backward, uses=((0, OUT), (1, OUT)), real=True,
    samples=tensor_pairs,
)  # fmt: skip


def hypot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sqrt(input ** 2 + other ** 2)`, without overflow on the way.

    Args:
        input: Floating point, or whole numbers where `other` is floating point.
        other: Likewise, broadcast with `input`.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: The promoted dtype is not floating point.

    Differentiable: NaN where both are 0.

    Example:
        >>> import fnnet
        >>> fnnet.hypot(fnnet.tensor([3.0]), fnnet.tensor([4.0]))
        tensor([5.])
    """
    need_tensor("hypot", input=input, other=other)
    refuse_dtype("hypot_cpu", result_dtype(input, other), 0, 1, 3)
    return binary(HYPOT, input, other, out)


def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input * 2 ** other`.

    Args:
        input: Any dtype.
        other: Exponents of any dtype, fractional ones too, broadcast with `input`.
        out: Where to write the result.

    Returns:
        The broadcast shape; floating point or complex: whole numbers count as the default dtype.

    Raises:
        ShapeError: The shapes do not broadcast.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.ldexp(fnnet.tensor([1.0]), fnnet.tensor([4]))
        tensor([16.])
    """
    need_tensor("ldexp", input=input, other=other)
    return entitle(mul(input, pow(2.0, other), out=out), "LdexpBackward0")


__all__ = ["pow", "float_power", "square", "sqrt", "rsqrt", "reciprocal", "hypot", "ldexp"]
