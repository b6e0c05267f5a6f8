"""Comparisons, logic and bit operations of Tensor: methods, in-place variants, operators.

`self` is a Tensor in every method, which a type checker cannot know of a mixin: hence `ignore[arg-type]`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fnnet._core.op import Op
from fnnet._tensor._methods import binary_, name_method, operand, unary_
from fnnet.autograd.variable import Variable
from fnnet.functional import comparison, logic
from fnnet.functional._common import check_castable, dtype_of, inplace, need_tensor, refuse_dtype, result_dtype

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

Operator = Callable[[Any, Any], "Tensor"]


def _operator(function: Callable[..., Tensor]) -> Operator:
    """The operator of a public function of two operands; the reflected one too, where order does not matter."""

    def method(self: Any, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else function(self, other)

    return method


def _reflected(function: Callable[..., Tensor]) -> Operator:
    """The operator of a public function whose operands are exchanged."""

    def method(self: Any, other: Any) -> Tensor:
        other = operand(other)
        return NotImplemented if other is None else function(other, self)

    return method


def _truth_(op: Op) -> Operator:
    """The in-place method of an op of truth values, which takes no numbers."""

    def method(self: Any, other: Any) -> Tensor:
        need_tensor(op.name + "_", other=other)
        return inplace(op, self, other)

    name_method(method, op.name)
    return method


def _bits_(op: Op) -> Operator:
    """The in-place method of a bit operation."""

    def method(self: Any, other: Any) -> Tensor:
        common = result_dtype(self, other)
        check_castable(op.name + "_", common, dtype_of(self))
        logic.need_bits(op, common)
        return inplace(op, self, other)

    name_method(method, op.name)
    return method


class ComparisonMethods(Variable):
    """Comparisons, logic and bits of Tensor."""

    eq = comparison.eq
    ne = comparison.ne
    lt = comparison.lt
    le = comparison.le
    gt = comparison.gt
    ge = comparison.ge
    not_equal = comparison.ne
    less = comparison.lt
    less_equal = comparison.le
    greater = comparison.gt
    greater_equal = comparison.ge
    isnan = comparison.isnan
    isinf = comparison.isinf
    isfinite = comparison.isfinite
    isposinf = comparison.isposinf
    isneginf = comparison.isneginf
    isreal = comparison.isreal
    isclose = comparison.isclose
    allclose = comparison.allclose
    equal = comparison.equal
    logical_and = logic.logical_and
    logical_or = logic.logical_or
    logical_xor = logic.logical_xor
    logical_not = logic.logical_not
    bitwise_and = logic.bitwise_and
    bitwise_or = logic.bitwise_or
    bitwise_xor = logic.bitwise_xor
    bitwise_not = logic.bitwise_not
    bitwise_left_shift = logic.bitwise_left_shift
    bitwise_right_shift = logic.bitwise_right_shift

    # operators -------------------------------------------------------------------------------------------------------
    def __eq__(self, other: object) -> Any:  # a Tensor; NotImplemented, and so identity, for what is no operand
        other = operand(other)
        return NotImplemented if other is None else comparison.eq(self, other)  # type: ignore[arg-type]

    def __ne__(self, other: object) -> Any:  # as __eq__
        other = operand(other)
        return NotImplemented if other is None else comparison.ne(self, other)  # type: ignore[arg-type]

    __hash__ = object.__hash__
    __lt__ = _operator(comparison.lt)
    __le__ = _operator(comparison.le)
    __gt__ = _operator(comparison.gt)
    __ge__ = _operator(comparison.ge)
    __and__ = _operator(logic.bitwise_and)
    __or__ = _operator(logic.bitwise_or)
    __xor__ = _operator(logic.bitwise_xor)
    __lshift__ = _operator(logic.bitwise_left_shift)
    __rshift__ = _operator(logic.bitwise_right_shift)
    __rand__ = _reflected(logic.bitwise_and)
    __ror__ = _reflected(logic.bitwise_or)
    __rxor__ = _reflected(logic.bitwise_xor)
    __rlshift__ = _reflected(logic.bitwise_left_shift)
    __rrshift__ = _reflected(logic.bitwise_right_shift)
    __invert__ = logic.inverted

    # in place --------------------------------------------------------------------------------------------------------
    eq_ = binary_(comparison.EQ)
    ne_ = binary_(comparison.NE)
    lt_ = binary_(comparison.LT)
    le_ = binary_(comparison.LE)
    gt_ = binary_(comparison.GT)
    ge_ = binary_(comparison.GE)
    not_equal_ = ne_
    less_ = lt_
    less_equal_ = le_
    greater_ = gt_
    greater_equal_ = ge_
    logical_and_ = _truth_(logic.LOGICAL_AND)
    logical_or_ = _truth_(logic.LOGICAL_OR)
    logical_xor_ = _truth_(logic.LOGICAL_XOR)
    logical_not_ = unary_(logic.LOGICAL_NOT)
    bitwise_and_ = _bits_(logic.BITWISE_AND)
    bitwise_or_ = _bits_(logic.BITWISE_OR)
    bitwise_xor_ = _bits_(logic.BITWISE_XOR)
    bitwise_left_shift_ = _bits_(logic.BITWISE_LEFT_SHIFT)
    bitwise_right_shift_ = _bits_(logic.BITWISE_RIGHT_SHIFT)

    def bitwise_not_(self) -> Tensor:
        """`bitwise_not` in place."""
        refuse_dtype("bitwise_not_cpu", dtype_of(self), 2, 3)
        return inplace(logic.BITWISE_NOT, self)  # type: ignore[arg-type]

    __iand__ = bitwise_and_
    __ior__ = bitwise_or_
    __ixor__ = bitwise_xor_
    __ilshift__ = bitwise_left_shift_
    __irshift__ = bitwise_right_shift_
