"""How methods and operators of Tensor are made from ops and public functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fnnet._core.errors import ShapeError
from fnnet._core.op import Op
from fnnet.autograd.variable import Variable, make
from fnnet.backends.devices import CPU
from fnnet.functional._common import check_castable, check_leaf, copy_into, dtype_of, inplace, is_number

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

InPlaceUnary = Callable[[Any], "Tensor"]
InPlaceBinary = Callable[[Any, Any], "Tensor"]


def unary_(op: Op, name: str = "") -> InPlaceUnary:
    """The in-place method of an elementwise op of one operand."""

    def method(self: Any) -> Tensor:
        return inplace(op, self)

    name_method(method, name or op.name)
    return method


def binary_(op: Op, name: str = "") -> InPlaceBinary:
    """The in-place method of an elementwise op of two operands, of which the second may be a number."""

    def method(self: Any, other: Any) -> Tensor:
        return inplace(op, self, other)

    name_method(method, name or op.name)
    return method


def name_method(method: Any, name: str) -> None:
    """Name a made method after its op."""
    method.__name__ = name + "_"
    method.__qualname__ = "Tensor." + name + "_"
    method.__doc__ = f"`{name}` in place."


def assign(op: Op, target: Any, compute: Callable[..., Tensor], *args: Any, **options: Any) -> Tensor:
    """target[...] = compute(target, ...), where no single op writes it: refused before anything is computed."""
    check_leaf(op, target)
    value = compute(target, *args, **options)
    check_castable(op.name + "_", dtype_of(value), dtype_of(target))
    if value._data.shape != target._data.shape:
        raise ShapeError(
            f"{op.name}_: output with shape {list(target._data.shape)} doesn't match the broadcast shape "
            f"{list(value._data.shape)}"
        )
    return copy_into(target, value)


def operand(other: Any) -> Any:
    """The right operand of an operator as a tensor or number; None where it is neither, so that its own class answers.

    A host array counts as a tensor: `tensor * array` is a tensor, as in PyTorch (but `array * tensor` is refused).
    """
    if isinstance(other, Variable) or is_number(other):
        return other
    if isinstance(other, np.ndarray):
        return make(other, CPU)
    return None


def left_operand(other: Any) -> Any:
    """The left operand of a reflected operator: a tensor or a number; None, so that Python raises, for an array."""
    return other if isinstance(other, Variable) or (is_number(other) and not isinstance(other, np.ndarray)) else None


__all__ = ["assign", "binary_", "inplace", "left_operand", "name_method", "operand", "unary_"]
