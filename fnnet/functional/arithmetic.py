"""Elementwise arithmetic: sums, products, interpolation.

Operands are `Any` before they are checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import DTypeError, OptionError
from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.functional._common import (
    binary,
    dtype_of,
    elementwise,
    fit_number,
    into,
    is_tensor,
    need_number,
    need_operand,
    need_tensor,
    number_dtype,
    quick_binary,
    quick_unary,
    refuse_dtype,
    result_dtype,
)  # fmt: skip
from fnnet.functional._rules import between, pairs

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor
    from fnnet.backends.dtypes import DType

K = Namespace
Grads = tuple[Any, ...]


# add -----------------------------------------------------------------------------------------------------------------
def _add_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.shapes
    return (sum_to(k, g, a) if c.needs[0] else None, sum_to(k, g, b) if c.needs[1] else None)


ADD = Op("add", backward=_add_backward, uses=((),), onnx="Add", samples=pairs)


def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | None = None) -> Tensor:
    """`input + alpha * other`, broadcast and promoted; of two bool tensors the logical or.

    Args:
        input: Tensor or number, any dtype.
        other: Tensor or number; one of the two is a tensor.
        alpha: Factor of `other`; a whole number where the result is one. Default: 1.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: A fractional `alpha` for whole numbers, or `out` can't hold the result.
        ArgumentError: Both are numbers, or one is neither tensor nor number.

    Differentiable: In `input` and `other`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.add(fnnet.tensor([1.0, 2.0]), 10, alpha=2)
        tensor([21., 22.])
    """
    if alpha != 1:
        other = scaled("add", input, other, alpha)
    return binary(ADD, input, other, out)


def scaled(name: str, input: Tensor | Number, other: Tensor | Number, alpha: Number) -> Any:
    """`alpha * other`, as add and sub take it: `alpha` must fit the dtype of their result."""
    dtype = result_dtype(input, other)
    given = number_dtype(alpha)
    if dtype.category == 0 and given.category > 0 and not (is_tensor(input) and is_tensor(other)):
        raise DTypeError(f"{name}: Boolean alpha only supported for Boolean results.")
    if dtype.category < 2 <= given.category:
        raise DTypeError(f"{name}: For integral input tensors, argument alpha must not be a floating point number.")
    if dtype.category < 3 <= given.category:
        raise DTypeError(f"{name}: For non-complex input tensors, argument alpha must not be a complex number.")
    if dtype.category == 0:
        return other if alpha else elementwise(MUL, other, False)
    if not is_tensor(other):
        return other * alpha
    return elementwise(MUL, other, alpha)


# sub -----------------------------------------------------------------------------------------------------------------
def _sub_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.shapes
    return (sum_to(k, g, a) if c.needs[0] else None, sum_to(k, -g, b) if c.needs[1] else None)


SUB = Op("sub", backward=_sub_backward, uses=((),), onnx="Sub", samples=pairs)
NUMBER_SUB = SUB.titled("RsubBackward1")


def refuse_bool(*xs: Any) -> None:
    """Raise where a bool is an operand of a subtraction."""
    bools = [(dtype_of(x) if is_tensor(x) else number_dtype(x)).category == 0 for x in xs]
    if all(bools):
        raise DTypeError(
            "sub: Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if any(bools):
        raise DTypeError(
            "sub: Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a "
            "mask, use the `~` or `logical_not()` operator instead."
        )


def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | None = None) -> Tensor:
    """`input - alpha * other`, broadcast and promoted.

    Args:
        input: Tensor or number, any dtype but bool.
        other: Tensor or number, not bool; one of the two is a tensor.
        alpha: Factor of `other`; a whole number where the result is one. Default: 1.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: An operand is bool, a fractional `alpha` for whole numbers, or `out` can't hold the result.
        ArgumentError: Both are numbers, or one is neither tensor nor number.

    Differentiable: In `input` and `other`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.sub(fnnet.tensor([1, 2]), 1)
        tensor([0, 1])
    """
    if alpha != 1:
        other = scaled("sub", input, other, alpha)
    r = quick_binary(SUB, input, other) if is_tensor(input) else None
    if r is None:
        need_operand("sub", input=input, other=other)
        refuse_bool(input, other)
        r = binary(SUB if is_tensor(input) else NUMBER_SUB, input, other)
    return r if out is None else into("sub", out, r, beside=(input, other))


def rsub(input: Tensor, other: Tensor | Number, alpha: Number = 1) -> Tensor:
    """`other - alpha * input`, broadcast and promoted.

    Args:
        input: Tensor of any dtype but bool.
        other: Tensor or number, not bool.
        alpha: Factor of `input`; a whole number where the result is one. Default: 1.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: An operand is bool, or a fractional `alpha` for whole numbers.
        ArgumentError: `input` is not a tensor.

    Differentiable: In `input` and `other`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.rsub(fnnet.tensor([1, 2]), 10)
        tensor([9, 8])
    """
    need_tensor("rsub", input=input)
    need_operand("rsub", other=other)
    return (
        sub(other, input, alpha=alpha)
        if not is_tensor(other)
        else entitle(sub(other, input, alpha=alpha), "RsubBackward0")
    )


subtract = sub


# mul -----------------------------------------------------------------------------------------------------------------
def _mul_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    return (
        sum_to(k, g * b, c.shapes[0]) if c.needs[0] else None,
        sum_to(k, g * a, c.shapes[1]) if c.needs[1] else None,
    )


MUL = Op("mul", backward=_mul_backward, uses=((1,), (0,)), onnx="Mul", samples=pairs)


def mul(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input * other`, broadcast and promoted; of two bool tensors the logical and.

    Args:
        input: Tensor or number, any dtype.
        other: Tensor or number; one of the two is a tensor.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: `out` can't hold the result.
        ArgumentError: Both are numbers, or one is neither tensor nor number.

    Differentiable: In `input` and `other`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.mul(fnnet.tensor([1, 2]), 2.5)
        tensor([2.5000, 5.0000])
    """
    return binary(MUL, input, other, out)


multiply = mul


# neg, positive -------------------------------------------------------------------------------------------------------
NEG = Op("neg", backward=lambda k, c, g: (-g,), uses=((),), onnx="Neg", samples=between(-1, 1))


def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`-input`.

    Args:
        input: Any shape; any dtype but bool. uint8 wraps around: -1 is 255.
        out: Where to write the result.

    Returns:
        Shape and dtype of `input`.

    Raises:
        DTypeError: `input` is bool, or `out` can't hold the result.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.neg(fnnet.tensor([1.0, -2.0]))
        tensor([-1.,  2.])
    """
    return negated(input, out)


negative = neg


def negated(input: Tensor, out: Tensor | None = None) -> Tensor:
    """`neg`, without a keyword-only argument: what the operator calls."""
    r = quick_unary(NEG, input) if is_tensor(input) else None
    if r is None:
        need_tensor("neg", input=input)
        if dtype_of(input).category == 0:
            raise DTypeError(
                "neg: Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a "
                "mask, use the `~` or `logical_not()` operator instead."
            )
        r = elementwise(NEG, input)
    return r if out is None else into("neg", out, r, beside=(input,))


def positive(input: Tensor) -> Tensor:
    """`input` itself.

    Args:
        input: Any shape; any dtype but bool.

    Returns:
        `input`, no copy.

    Raises:
        DTypeError: `input` is bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.positive(fnnet.tensor([-1.0]))
        tensor([-1.])
    """
    need_tensor("positive", input=input)
    if dtype_of(input).category == 0:
        raise DTypeError("positive: The `+` operator, on a bool tensor is not supported.")
    return input


# products and quotients added ----------------------------------------------------------------------------------------
def _addcmul_forward(k: K[A], x: A, a: A, b: A, *, value: Number) -> A:
    return x + (a * b if value == 1 else (a * value) * b)


def _addcmul_backward(k: K[A], c: Call[A], g: A) -> Grads:
    _, a, b = c.inputs
    v = c.static["value"]
    return (
        sum_to(k, g, c.shapes[0]) if c.needs[0] else None,
        sum_to(k, g * b * v, c.shapes[1]) if c.needs[1] else None,
        sum_to(k, g * a * v, c.shapes[2]) if c.needs[2] else None,
    )


def _addc_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(3, 4), make(3, 4, low=0.5, high=2), value=1)
    yield Sample(make(3, 1), make(4), make(2, 1, 1, low=0.5, high=2), value=-0.5)
    yield Sample(make(0, 4), make(4), make(low=0.5, high=2), value=2)


ADDCMUL = Op(
    "addcmul", forward=_addcmul_forward, backward=_addcmul_backward, uses=((), (2,), (1,)), samples=_addc_samples
)  # fmt: skip


def addcmul_factor(value: Number, *operands: Tensor) -> Number:
    """`value` in the dtype in which the operands meet, which is not bool."""
    dtype = result_dtype(*operands)
    refuse_dtype("addcmul", dtype, 0)
    need_number("addcmul", value=value)
    return _real_factor("addcmul", value, dtype)


def _real_factor(name: str, value: Number, dtype: DType) -> Number:
    """`value` in `dtype`; a complex one is refused where that is not."""
    if dtype.category < 3 and number_dtype(value).category == 3:
        raise OptionError(f"{name}: value cannot be converted to type {dtype.name} without overflow: {value}")
    factor: Number = fit_number(value, dtype)
    return factor


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1, out: Tensor | None = None) -> Tensor:
    """`input + value * tensor1 * tensor2`, broadcast and promoted.

    Args:
        input: Tensor of any dtype; not all three are bool.
        tensor1: First factor.
        tensor2: Second factor.
        value: Third factor, a number; a whole one where the result is. Default: 1.
        out: Where to write the result.

    Returns:
        The shape to which all three broadcast, in their promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: All three are bool, or `out` can't hold the result.
        OptionError: `value` is complex, and the tensors are real.

    Differentiable: In all three tensors, any order.

    Example:
        >>> import fnnet
        >>> fnnet.addcmul(fnnet.tensor([1.0]), fnnet.tensor([2.0]), fnnet.tensor([3.0]), value=0.5)
        tensor([4.])
    """
    need_tensor("addcmul", input=input, tensor1=tensor1, tensor2=tensor2)
    need_number("addcmul", value=value)
    value = addcmul_factor(value, input, tensor1, tensor2)
    r = elementwise(ADDCMUL, input, tensor1, tensor2, value=value)
    return r if out is None else into("addcmul", out, r, beside=(input, tensor1, tensor2))


def _addcdiv_forward(k: K[A], x: A, a: A, b: A, *, value: Number) -> A:
    return x + (a if value == 1 else a * value) / b


def _addcdiv_backward(k: K[A], c: Call[A], g: A) -> Grads:
    _, a, b = c.inputs
    v = c.static["value"]
    return (
        sum_to(k, g, c.shapes[0]) if c.needs[0] else None,
        sum_to(k, g * v / b, c.shapes[1]) if c.needs[1] else None,
        sum_to(k, -(g * v * a) / (b * b), c.shapes[2]) if c.needs[2] else None,
    )


ADDCDIV = Op(
    "addcdiv", forward=_addcdiv_forward, backward=_addcdiv_backward, uses=((), (2,), (1, 2)), samples=_addc_samples
)  # fmt: skip


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1, out: Tensor | None = None) -> Tensor:
    """`input + value * tensor1 / tensor2`, broadcast and promoted.

    Args:
        input: Tensor of any dtype.
        tensor1: Dividend.
        tensor2: Divisor; it or the dividend is floating-point or complex.
        value: Factor of the quotient, a number. Default: 1.
        out: Where to write the result.

    Returns:
        The shape to which all three broadcast, in their promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: Neither `tensor1` nor `tensor2` is floating-point or complex, or `out` can't hold the result.
        OptionError: `value` is complex, and the tensors are real.

    Differentiable: In all three tensors, any order.

    Example:
        >>> import fnnet
        >>> fnnet.addcdiv(fnnet.tensor([1.0]), fnnet.tensor([3.0]), fnnet.tensor([2.0]), value=2)
        tensor([4.])
    """
    value = addcdiv_factor(value, input, tensor1, tensor2)
    r = elementwise(ADDCDIV, input, tensor1, tensor2, value=value)
    return r if out is None else into("addcdiv", out, r, beside=(input, tensor1, tensor2))


def check_addcdiv(tensor1: Any, tensor2: Any, input: Any) -> None:
    """Raise where addcdiv would divide whole numbers."""
    need_tensor("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    if dtype_of(tensor1).category < 2 and dtype_of(tensor2).category < 2:
        raise DTypeError(
            "Integer division with addcdiv is no longer supported, and in a future release addcdiv will perform a true "
            "division of tensor1 and tensor2. Use (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) or "
            "(input + value * tensor1 / tensor2)."
        )


def addcdiv_factor(value: Number, input: Tensor, tensor1: Tensor, tensor2: Tensor) -> Number:
    """`value` in the dtype in which the operands meet, of which one that divides or is divided has fractions."""
    check_addcdiv(tensor1, tensor2, input)
    need_number("addcdiv", value=value)
    return _real_factor("addcdiv", value, result_dtype(input, tensor1, tensor2))


# lerp ----------------------------------------------------------------------------------------------------------------
def _lerp_forward(k: K[A], a: A, b: A, w: A | float) -> A:
    # From the nearer end, so that weight 1 gives `end` exactly.
    if isinstance(w, (int, float, complex)):
        return a + (b - a) * w if abs(w) < 0.5 else b - (b - a) * (1 - w)
    return k.where(k.lt(k.abs(w), 0.5), a + (b - a) * w, b - (b - a) * (1 - w))


def _lerp_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b, w = c.inputs
    return (
        sum_to(k, g * (1 - w), c.shapes[0]) if c.needs[0] else None,
        sum_to(k, g * w, c.shapes[1]) if c.needs[1] else None,
        sum_to(k, g * (b - a), c.shapes[2]) if c.needs[2] else None,
    )


def _lerp_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(3, 4), make(3, 4))
    yield Sample(make(3, 1), make(4), make(2, 1, 1))
    yield Sample(make(3, 4), make(4), 0.25)
    yield Sample(make(2), make(2), 1.5)
    yield Sample(make(0, 4), make(4), make())


LERP = Op(
    "lerp", title="LerpBackward1",
    forward=_lerp_forward, backward=_lerp_backward, uses=((2,), (2,), (0, 1)), samples=_lerp_samples,
)  # fmt: skip
LERP_NUMBER = LERP.titled("LerpBackward0")  # with a number, PyTorch's overload is another one


def check_lerp(input: Any, end: Any, weight: Any) -> None:
    """Raise where the operands of lerp have not one floating-point dtype."""
    need_tensor("lerp", input=input, end=end)
    need_operand("lerp", weight=weight)
    dtype = dtype_of(input)
    refuse_dtype("lerp_kernel_scalar", dtype, 0, 1)
    if dtype.category < 3 and not is_tensor(weight) and number_dtype(weight).category == 3:
        raise OptionError(f"lerp: value cannot be converted to type {dtype.name} without overflow: {weight}")
    for name, t in (("end", end), ("weight", weight)):
        if is_tensor(t) and dtype_of(t) is not dtype:
            raise DTypeError(f"lerp: expected dtype {dtype.name} for `{name}` but got dtype {dtype_of(t).name}")


def lerp(input: Tensor, end: Tensor, weight: Tensor | float, *, out: Tensor | None = None) -> Tensor:
    """Linear interpolation `input + weight * (end - input)`; exactly `end` at weight 1.

    Args:
        input: Value at weight 0, floating-point or complex.
        end: Value at weight 1, of the same dtype.
        weight: Number, or tensor of the same dtype; beyond [0, 1] it extrapolates.
        out: Where to write the result.

    Returns:
        The shape to which all broadcast, `input`'s dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: The dtypes differ, are bool or of whole numbers, or `out` can't hold the result.
        OptionError: `weight` is a complex number, and the tensors are real.

    Differentiable: In `input`, `end` and `weight`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.lerp(fnnet.tensor([1.0, 2.0]), fnnet.tensor([10.0, 10.0]), 0.5)
        tensor([5.5000, 6.0000])
    """
    check_lerp(input, end, weight)
    r = elementwise(LERP if is_tensor(weight) else LERP_NUMBER, input, end, weight)
    return r if out is None else into("lerp", out, r, beside=(input, end, weight))


__all__ = [
    "add", "sub", "subtract", "rsub", "mul", "multiply", "neg", "negative", "positive", "addcmul", "addcdiv", "lerp",
]  # fmt: skip
