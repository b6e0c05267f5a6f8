"""Arithmetic methods, in-place variants and operators of Tensor.

The hot operators ask the tape first and fall back to promotion. What is neither tensor nor number gets NotImplemented,
so that its own class may answer. `tensor * array` is a tensor; `array * tensor` raises TypeError, as in PyTorch: the
result would otherwise be an array, and its gradient lost.

`self` is a Tensor in every method, which a type checker cannot know of a mixin: hence `ignore[arg-type]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fnnet._tensor._methods import assign, binary_, left_operand, operand
from fnnet.autograd.node import entitle
from fnnet.autograd.variable import Variable
from fnnet.functional import arithmetic, division, extremes, power
from fnnet.functional._common import dtype_of, inplace, quick_binary
from fnnet.functional.arithmetic import ADD, ADDCDIV, ADDCMUL, LERP, MUL, NEG, SUB
from fnnet.functional.division import DIV, FLOOR_DIVIDE, FMOD, REMAINDER
from fnnet.functional.power import POW, pow_op

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor


class ArithmeticMethods(Variable):
    """Arithmetic of Tensor."""

    __array_priority__ = 1000
    """Above ndarray's 0: `array * tensor` asks Tensor."""

    add = arithmetic.add
    sub = arithmetic.sub
    subtract = arithmetic.sub
    mul = arithmetic.mul
    multiply = arithmetic.mul
    div = division.div
    divide = division.div
    true_divide = division.true_divide
    floor_divide = division.floor_divide
    remainder = division.remainder
    fmod = division.fmod
    neg = arithmetic.neg
    negative = arithmetic.neg
    positive = arithmetic.positive
    addcmul = arithmetic.addcmul
    addcdiv = arithmetic.addcdiv
    lerp = arithmetic.lerp
    pow = power.pow
    float_power = power.float_power
    maximum = extremes.maximum
    minimum = extremes.minimum
    fmax = extremes.fmax
    fmin = extremes.fmin
    clamp = extremes.clamp
    clip = extremes.clamp
    clamp_min = extremes.clamp_min
    clamp_max = extremes.clamp_max

    # operators -------------------------------------------------------------------------------------------------------
    def __add__(self, other: Any) -> Tensor:
        r = quick_binary(ADD, self, other)
        if r is None:
            other = operand(other)
            return NotImplemented if other is None else arithmetic.add(self, other)  # type: ignore[arg-type]
        return r

    def __sub__(self, other: Any) -> Tensor:
        r = quick_binary(SUB, self, other)
        if r is None:
            other = operand(other)
            return NotImplemented if other is None else arithmetic.sub(self, other)  # type: ignore[arg-type]
        return r

    def __mul__(self, other: Any) -> Tensor:
        r = quick_binary(MUL, self, other)
        if r is None:
            other = operand(other)
            return NotImplemented if other is None else arithmetic.mul(self, other)  # type: ignore[arg-type]
        return r

    def __truediv__(self, other: Any) -> Tensor:
        r = quick_binary(DIV, self, other)
        if r is None:
            other = operand(other)
            return NotImplemented if other is None else division.div(self, other)  # type: ignore[arg-type]
        return r

    def __floordiv__(self, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else division.floor_divide(self, other)  # type: ignore[arg-type]

    def __mod__(self, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else division.remainder(self, other)  # type: ignore[arg-type]

    def __pow__(self, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else power.pow(self, other)  # type: ignore[arg-type]

    def __radd__(self, other: Any) -> Tensor:
        r = quick_binary(ADD, self, other)
        if r is None:
            other = left_operand(other)
            return NotImplemented if other is None else arithmetic.add(self, other)  # type: ignore[arg-type]
        return r

    def __rsub__(self, other: Any) -> Tensor:
        other = left_operand(other)
        return NotImplemented if other is None else arithmetic.rsub(self, other)  # type: ignore[arg-type]

    def __rmul__(self, other: Any) -> Tensor:
        r = quick_binary(MUL, self, other)
        if r is None:
            other = left_operand(other)
            return NotImplemented if other is None else arithmetic.mul(self, other)  # type: ignore[arg-type]
        return r

    def __rtruediv__(self, other: Any) -> Tensor:
        other = left_operand(other)
        # PyTorch multiplies by the reciprocal.
        return NotImplemented if other is None else entitle(division.div(other, self), "MulBackward0")  # type: ignore[arg-type]

    __rdiv__ = __rtruediv__
    __div__ = __truediv__

    def __rfloordiv__(self, other: Any) -> Tensor:
        other = left_operand(other)
        return NotImplemented if other is None else division.floor_divide(other, self)  # type: ignore[arg-type]

    def __rmod__(self, other: Any) -> Tensor:
        other = left_operand(other)
        return NotImplemented if other is None else division.remainder(other, self)  # type: ignore[arg-type]

    def __rpow__(self, other: Any) -> Tensor:
        other = left_operand(other)
        return NotImplemented if other is None else power.pow(other, self)  # type: ignore[arg-type]

    def __neg__(self) -> Tensor:
        return arithmetic.negated(self)  # type: ignore[arg-type]

    def __pos__(self) -> Tensor:
        return arithmetic.positive(self)  # type: ignore[arg-type]

    # in place --------------------------------------------------------------------------------------------------------
    def add_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """`add` in place."""
        if alpha != 1:
            other = arithmetic.scaled("add_", self, other, alpha)  # type: ignore[arg-type]
        return inplace(ADD, self, other)  # type: ignore[arg-type]

    def sub_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """`sub` in place."""
        arithmetic.refuse_bool(self, other)
        if alpha != 1:
            other = arithmetic.scaled("sub_", self, other, alpha)  # type: ignore[arg-type]
        return inplace(SUB, self, other)  # type: ignore[arg-type]

    subtract_ = sub_
    mul_ = binary_(MUL)
    multiply_ = mul_

    def div_(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """`div` in place."""
        if rounding_mode is None:
            return inplace(DIV, self, other)  # type: ignore[arg-type]
        return assign(DIV, self, division.div, other, rounding_mode=rounding_mode)

    divide_ = div_
    true_divide_ = binary_(DIV, "true_divide")

    def floor_divide_(self, other: Tensor | Number) -> Tensor:
        """`floor_divide` in place."""
        return assign(FLOOR_DIVIDE, self, division.floor_divide, other)

    def remainder_(self, other: Tensor | Number) -> Tensor:
        """`remainder` in place."""
        return assign(REMAINDER, self, division.remainder, other)

    def fmod_(self, other: Tensor | Number) -> Tensor:
        """`fmod` in place."""
        return assign(FMOD, self, division.fmod, other)

    def neg_(self) -> Tensor:
        """`neg` in place."""
        if dtype_of(self).category == 0:
            arithmetic.neg(self)  # type: ignore[arg-type]  # says why not
        return inplace(NEG, self)  # type: ignore[arg-type]

    negative_ = neg_

    def pow_(self, exponent: Tensor | Number) -> Tensor:
        """`pow` in place."""
        if dtype_of(self).category < 2:
            return assign(POW, self, power.pow, exponent)
        return inplace(pow_op(self, exponent), self, exponent)  # type: ignore[arg-type]

    def float_power_(self, exponent: Tensor | Number) -> Tensor:
        """`float_power` in place: the tensor must be float64."""
        power.check_float_power_(self)
        return inplace(pow_op(self, exponent), self, exponent)  # type: ignore[arg-type]

    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """`addcmul` in place."""
        value = arithmetic.addcmul_factor(value, self, tensor1, tensor2)  # type: ignore[arg-type]
        return inplace(ADDCMUL, self, tensor1, tensor2, value=value)  # type: ignore[arg-type]

    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """`addcdiv` in place."""
        value = arithmetic.addcdiv_factor(value, self, tensor1, tensor2)  # type: ignore[arg-type]
        return inplace(ADDCDIV, self, tensor1, tensor2, value=value)  # type: ignore[arg-type]

    def lerp_(self, end: Tensor, weight: Tensor | float) -> Tensor:
        """`lerp` in place."""
        arithmetic.check_lerp(self, end, weight)
        return inplace(LERP if isinstance(weight, Variable) else arithmetic.LERP_NUMBER, self, end, weight)  # type: ignore[arg-type]

    def clamp_(self, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
        """`clamp` in place."""
        extremes.check_clamp(min, max, self)  # type: ignore[arg-type]
        return inplace(extremes.clamp_op(min, max), self, min, max)  # type: ignore[arg-type]

    clip_ = clamp_

    def clamp_min_(self, min: Tensor | Number) -> Tensor:
        """`clamp_min` in place."""
        extremes.check_clamp(min, None, self)  # type: ignore[arg-type]
        return inplace(extremes.CLAMP_MIN[not isinstance(min, Variable)], self, min, None)  # type: ignore[arg-type]

    def clamp_max_(self, max: Tensor | Number) -> Tensor:
        """`clamp_max` in place."""
        extremes.check_clamp(None, max, self)  # type: ignore[arg-type]
        return inplace(extremes.CLAMP_MAX[not isinstance(max, Variable)], self, None, max)  # type: ignore[arg-type]

    # x += y and its like keep the tensor: its memory is overwritten --------------------------------------------------
    def __iadd__(self, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else inplace(ADD, self, other)  # type: ignore[arg-type]

    def __isub__(self, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else self.sub_(other)

    def __imul__(self, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else inplace(MUL, self, other)  # type: ignore[arg-type]

    def __itruediv__(self, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else inplace(DIV, self, other)  # type: ignore[arg-type]

    __idiv__ = __itruediv__

    def __ifloordiv__(self, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else self.floor_divide_(other)

    def __imod__(self, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else self.remainder_(other)

    def __ipow__(self, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else self.pow_(other)
