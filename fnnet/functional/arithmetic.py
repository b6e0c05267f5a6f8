"""Elementwise arithmetic of two operands: sums, products, quotients, powers, extremes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import OUT, Kind, Make, Op, Sample
from fnnet.functional._common import binary

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


def _pairs(make: Make) -> Any:
    """Equal shapes, broadcasting both ways, 0-d, a number, empty."""
    yield Sample(make(3, 4), make(3, 4))
    yield Sample(make(3, 1, 4), make(2, 1))
    yield Sample(make(4), make())
    yield Sample(make(2, 3), 2)
    yield Sample(make(0, 3), make(3))


def _positive_pairs(make: Make) -> Any:
    """As `_pairs`, away from zero."""
    yield Sample(make(3, 4, low=0.5, high=2), make(3, 4, low=0.5, high=2))
    yield Sample(make(3, 1, 4, low=0.5, high=2), make(2, 1, low=0.5, high=2))
    yield Sample(make(2, 3, low=0.5, high=2), 3)


# add -------------------------------------------------------------------------------------------------------------------
def _add_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.shapes
    return (sum_to(k, g, a) if c.needs[0] else None, sum_to(k, g, b) if c.needs[1] else None)


ADD = Op("add", backward=_add_backward, uses=((),), onnx="Add", samples=_pairs)


def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | None = None) -> Tensor:
    """`input + alpha * other`, broadcast and promoted.

    Args:
        input: Tensor or number.
        other: Tensor or number.
        alpha: Factor of `other`. Default: 1.
        out: Where to write the result.

    Example:
        >>> import fnnet
        >>> fnnet.add(fnnet.tensor([1.0, 2.0]), 10, alpha=2)
        tensor([21., 22.])
    """
    if alpha != 1:
        other = other * alpha
    return binary(ADD, input, other, out)  # type: ignore[no-any-return]


# sub -------------------------------------------------------------------------------------------------------------------
def _sub_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.shapes
    return (sum_to(k, g, a) if c.needs[0] else None, sum_to(k, -g, b) if c.needs[1] else None)


SUB = Op("sub", backward=_sub_backward, uses=((),), onnx="Sub", samples=_pairs)


def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | None = None) -> Tensor:
    """`input - alpha * other`, broadcast and promoted.

    Example:
        >>> import fnnet
        >>> fnnet.sub(fnnet.tensor([1, 2]), 1)
        tensor([0, 1])
    """
    _no_bool("sub", input, other)
    if alpha != 1:
        other = other * alpha
    return binary(SUB, input, other, out)  # type: ignore[no-any-return]


# mul -------------------------------------------------------------------------------------------------------------------
def _mul_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    return (
        sum_to(k, g * b, c.shapes[0]) if c.needs[0] else None,
        sum_to(k, g * a, c.shapes[1]) if c.needs[1] else None,
    )


MUL = Op("mul", backward=_mul_backward, uses=((1,), (0,)), onnx="Mul", samples=_pairs)


def mul(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input * other`, broadcast and promoted.

    Example:
        >>> import fnnet
        >>> fnnet.mul(fnnet.tensor([1, 2]), 2.5)
        tensor([2.5000, 5.0000])
    """
    return binary(MUL, input, other, out)  # type: ignore[no-any-return]


# div -------------------------------------------------------------------------------------------------------------------
def _div_backward(k: K[A], c: Call[A], g: A) -> Grads:
    b = c.inputs[1]
    return (
        sum_to(k, g / b, c.shapes[0]) if c.needs[0] else None,
        sum_to(k, -(g * c.out) / b, c.shapes[1]) if c.needs[1] else None,
    )


DIV = Op("div", backward=_div_backward, uses=((1,), (1, OUT)), kind=Kind.FLOAT, onnx="Div", samples=_positive_pairs)


def _no_bool(name: str, *xs: Any) -> None:
    from fnnet._core.errors import DTypeError
    from fnnet.backends.dtypes import bool_
    from fnnet.functional._common import dtype_of, is_tensor

    if any(is_tensor(x) and x._data.dtype is bool_.numpy and dtype_of(x) is bool_ for x in xs) and all(
        (is_tensor(x) and dtype_of(x) is bool_) or isinstance(x, bool) for x in xs
    ):
        raise DTypeError(f"{name}: Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.")


__all__ = ["ADD", "DIV", "MUL", "SUB", "add", "mul", "sub"]
