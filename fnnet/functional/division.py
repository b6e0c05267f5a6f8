"""Elementwise quotients, rounded and not, and remainders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import OptionError
from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import OPS, Kind, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.functional._common import (
    binary,
    into,
    is_tensor,
    need_operand,
    need_tensor,
    refuse_dtype,
    result_dtype,
    unary,
)
from fnnet.functional._rules import positive_pairs, zero_backward
from fnnet.functional.arithmetic import SUB

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# div -----------------------------------------------------------------------------------------------------------------
def _div_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    return (
        sum_to(k, g / b, c.shapes[0]) if c.needs[0] else None,
        sum_to(k, -g * (a / b / b), c.shapes[1]) if c.needs[1] else None,
    )


DIV = Op(
    "div", backward=_div_backward, uses=((1,), (0, 1)), kind=Kind.FLOAT, onnx="Div", samples=positive_pairs
)  # fmt: skip


def div(
    input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None = None, out: Tensor | None = None
) -> Tensor:
    """`input / other`, broadcast and promoted; whole numbers divide to floating-point ones.

    Args:
        input: Dividend, tensor or number, any dtype.
        other: Divisor, tensor or number; one of the two is a tensor.
        rounding_mode: None: the quotient itself; "trunc": rounded towards zero, as in C; "floor": rounded down, as
            Python's `//`. With either, whole numbers stay whole. Default: None.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype; whole numbers and bool unrounded in the default float dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        OptionError: Another `rounding_mode`.
        DivisionError: With a `rounding_mode`, whole numbers are divided by zero. (Others give infinity or NaN.)
        DTypeError: Bool or complex numbers with a `rounding_mode`, or `out` can't hold the result.
        ArgumentError: Both are numbers, or one is neither tensor nor number.

    Differentiable: In `input` and `other`, any order; zero with a `rounding_mode`.

    Example:
        >>> import fnnet
        >>> fnnet.div(fnnet.tensor([7, -7]), 2)
        tensor([ 3.5000, -3.5000])
        >>> fnnet.div(fnnet.tensor([7, -7]), 2, rounding_mode="trunc")
        tensor([ 3, -3])
    """
    if rounding_mode is None:
        return binary(DIV, input, other, out)
    r = rounded_division(rounding_mode, input, other)
    return r if out is None else into("div", out, r, beside=(input, other))


divide = div


def true_divide(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input / other`: `div` without rounding.

    Args:
        input: Dividend, tensor or number, any dtype.
        other: Divisor, tensor or number; one of the two is a tensor.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype; whole numbers and bool in the default float dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: `out` can't hold floating point.
        ArgumentError: Both are numbers, or one is neither tensor nor number.

    Differentiable: In `input` and `other`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.true_divide(fnnet.tensor([4.0]), 8)
        tensor([0.5000])
    """
    return binary(DIV, input, other, out)


# division with rounding, remainders ----------------------------------------------------------------------------------
FLOOR_DIVIDE = Op("floor_divide", backward=zero_backward, uses=((),), samples=positive_pairs, real=True)


def rounded_division(rounding_mode: str, input: Any, other: Any) -> Tensor:  # tensors or numbers
    """The quotient of tensors or numbers, rounded "trunc" or "floor"."""
    if rounding_mode not in ("floor", "trunc"):
        raise OptionError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        )
    need_operand("floor_divide" if rounding_mode == "floor" else "div", input=input, other=other)
    dtype = result_dtype(input, other)
    refuse_dtype(f"div_{rounding_mode}_cpu", dtype, 0, 3)
    if rounding_mode == "floor":
        return entitle(binary(FLOOR_DIVIDE, input, other), "DivBackward2")
    if dtype.category == 2:
        return entitle(unary(OPS["trunc"], binary(DIV, input, other)), "DivBackward2")
    # Exact for whole numbers of any size: what is left after the remainder divides without one.
    whole = binary(SUB, input, binary(FMOD, input, other))
    return entitle(binary(FLOOR_DIVIDE, whole, other), "DivBackward2")


def floor_divide(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input // other`: the quotient rounded down, in the promoted dtype.

    Args:
        input: Dividend, tensor or number, not bool or complex.
        other: Divisor, likewise; one of the two is a tensor.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DivisionError: Whole numbers are divided by zero. (Floating-point ones give infinity or NaN.)
        DTypeError: The numbers are bool or complex, or `out` can't hold the result.
        ArgumentError: Both are numbers, or one is neither tensor nor number.

    Differentiable: Zero everywhere, at the jumps too.

    Example:
        >>> import fnnet
        >>> fnnet.floor_divide(fnnet.tensor([7, -7]), 2)
        tensor([ 3, -4])
    """
    r = entitle(rounded_division("floor", input, other), "FloorDivideBackward0")
    return r if out is None else into("floor_divide", out, r, beside=(input, other))


def _remainder_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    return (
        sum_to(k, g, c.shapes[0]) if c.needs[0] else None,
        sum_to(k, -(g * k.floor(a / b)), c.shapes[1]) if c.needs[1] else None,
    )


def _remainder_samples(make: Make) -> Iterator[Sample]:
    """No quotient near a whole number, where the function jumps."""
    yield Sample(make(3, 4, low=2.1, high=2.9), make(3, 4, low=0.95, high=1.0))
    yield Sample(make(3, 4, low=-2.9, high=-2.1), 1)
    yield Sample(make(0, 3, low=2.1, high=2.9), make(3, low=0.95, high=1.0))


REMAINDER = Op(
    "remainder", title="RemainderBackward1", backward=_remainder_backward, uses=((), (0, 1)), onnx="Mod", real=True,
    samples=_remainder_samples,
)  # fmt: skip
REMAINDER_NUMBER = REMAINDER.titled("RemainderBackward0")  # with a number, PyTorch's overload is another one


def remainder(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """Python's `%`: `input - other * floor(input / other)`, which has the sign of `other`.

    Args:
        input: Dividend, tensor or number, not bool or complex.
        other: Divisor, likewise; one of the two is a tensor.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DivisionError: Whole numbers are divided by zero. (Floating-point ones give NaN.)
        DTypeError: The numbers are bool or complex, or `out` can't hold the result.
        ArgumentError: Both are numbers, or one is neither tensor nor number.

    Differentiable: 1 in `input`, `-floor(input / other)` in `other`, at the jumps too.

    Example:
        >>> import fnnet
        >>> fnnet.remainder(fnnet.tensor([-3.0, 3.5]), 2)
        tensor([1.0000, 1.5000])
    """
    need_operand("remainder", input=input, other=other)
    refuse_dtype("remainder_cpu", result_dtype(input, other), 0, 3)
    return binary(REMAINDER if is_tensor(other) else REMAINDER_NUMBER, input, other, out)


def _fmod_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    return (
        sum_to(k, g, c.shapes[0]) if c.needs[0] else None,
        sum_to(k, -(g * k.trunc(a / b)), c.shapes[1]) if c.needs[1] else None,
    )


FMOD = Op(
    "fmod", title="FmodBackward1", backward=_fmod_backward, uses=((), (0, 1)), real=True, samples=_remainder_samples
)  # fmt: skip
FMOD_NUMBER = FMOD.titled("FmodBackward0")  # with a number, PyTorch's overload is another one


def fmod(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """C's fmod: `input - other * trunc(input / other)`, which has the sign of `input`.

    Args:
        input: Dividend, tensor of any dtype but bool and complex ones.
        other: Divisor, tensor or number.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DivisionError: Whole numbers are divided by zero. (Floating-point ones give NaN.)
        DTypeError: The numbers are bool or complex, or `out` can't hold the result.
        ArgumentError: `input` is not a tensor.

    Differentiable: 1 in `input`, `-trunc(input / other)` in `other`, at the jumps too.

    Example:
        >>> import fnnet
        >>> fnnet.fmod(fnnet.tensor([-3.0, 3.5]), 2)
        tensor([-1.0000,  1.5000])
    """
    need_tensor("fmod", input=input)
    need_operand("fmod", other=other)
    refuse_dtype("fmod_cpu", result_dtype(input, other), 0, 3)
    return binary(FMOD if is_tensor(other) else FMOD_NUMBER, input, other, out)


__all__ = ["div", "divide", "true_divide", "floor_divide", "remainder", "fmod"]
