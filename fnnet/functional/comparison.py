"""Elementwise comparisons and tests; closeness and equality of whole tensors. Nothing here has a derivative."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import DTypeError, OptionError
from fnnet._core.namespace import A, Namespace
from fnnet._core.op import OPS, Kind, Make, Op, Sample
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make as make_tensor
from fnnet.backends.dtypes import bool_, complex64, float64
from fnnet.functional._common import (
    binary,
    detached,
    dtype_of,
    elementwise,
    is_tensor,
    need_tensor,
    refuse_dtype,
    to_dtype,
    unary,
)  # fmt: skip
from fnnet.functional._rules import pairs, rough
from fnnet.functional.complex_numbers import imag

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor

K = Namespace


# comparisons ---------------------------------------------------------------------------------------------------------
_samples = rough(pairs)
EQ = Op("eq", kind=Kind.BOOL, onnx="Equal", samples=_samples)
NE = Op("ne", kind=Kind.BOOL, samples=_samples)
LT = Op("lt", kind=Kind.BOOL, onnx="Less", samples=_samples, real=True)
LE = Op("le", kind=Kind.BOOL, onnx="LessOrEqual", samples=_samples, real=True)
GT = Op("gt", kind=Kind.BOOL, onnx="Greater", samples=_samples, real=True)
GE = Op("ge", kind=Kind.BOOL, onnx="GreaterOrEqual", samples=_samples, real=True)


def eq(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input == other`, elementwise, broadcast and promoted; NaN equals nothing.

    Args:
        input: Tensor of any dtype.
        other: Tensor or number.
        out: Where to write the result.

    Returns:
        A bool tensor of the broadcast shape.

    Raises:
        ShapeError: The shapes do not broadcast.
        ArgumentError: `input` is not a tensor, or `other` neither tensor nor number.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.eq(fnnet.tensor([1, 2]), 2)
        tensor([False,  True])
    """
    return binary(EQ, input, other, out)


def ne(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input != other`, elementwise, broadcast and promoted; NaN differs from everything.

    Args:
        input: Tensor of any dtype.
        other: Tensor or number.
        out: Where to write the result.

    Returns:
        A bool tensor of the broadcast shape.

    Raises:
        ShapeError: The shapes do not broadcast.
        ArgumentError: `input` is not a tensor, or `other` neither tensor nor number.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.ne(fnnet.tensor([1, 2]), 2)
        tensor([ True, False])
    """
    return binary(NE, input, other, out)


def lt(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input < other`, elementwise, broadcast and promoted; False where one is NaN.

    Args:
        input: Tensor of any real dtype.
        other: Tensor or number, real.
        out: Where to write the result.

    Returns:
        A bool tensor of the broadcast shape.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: An operand is complex.
        ArgumentError: `input` is not a tensor, or `other` neither tensor nor number.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.lt(fnnet.tensor([1, 2]), 2)
        tensor([ True, False])
    """
    return binary(_ordered(LT, input, other), input, other, out)


def le(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input <= other`, elementwise, broadcast and promoted; False where one is NaN.

    Args:
        input: Tensor of any real dtype.
        other: Tensor or number, real.
        out: Where to write the result.

    Returns:
        A bool tensor of the broadcast shape.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: An operand is complex.
        ArgumentError: `input` is not a tensor, or `other` neither tensor nor number.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.le(fnnet.tensor([1, 2]), 1)
        tensor([ True, False])
    """
    return binary(_ordered(LE, input, other), input, other, out)


def gt(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input > other`, elementwise, broadcast and promoted; False where one is NaN.

    Args:
        input: Tensor of any real dtype.
        other: Tensor or number, real.
        out: Where to write the result.

    Returns:
        A bool tensor of the broadcast shape.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: An operand is complex.
        ArgumentError: `input` is not a tensor, or `other` neither tensor nor number.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.gt(fnnet.tensor([1, 2]), 1)
        tensor([False,  True])
    """
    return binary(_ordered(GT, input, other), input, other, out)


def ge(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input >= other`, elementwise, broadcast and promoted; False where one is NaN.

    Args:
        input: Tensor of any real dtype.
        other: Tensor or number, real.
        out: Where to write the result.

    Returns:
        A bool tensor of the broadcast shape.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: An operand is complex.
        ArgumentError: `input` is not a tensor, or `other` neither tensor nor number.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.ge(fnnet.tensor([1, 2]), 2)
        tensor([False,  True])
    """
    return binary(_ordered(GE, input, other), input, other, out)


def _ordered(op: Op, *xs: Any) -> Op:
    """`op`, unless an operand is complex: these have no order."""
    for x in xs:
        if isinstance(x, complex) or (is_tensor(x) and dtype_of(x).category == 3):
            refuse_dtype(f"{op.name}_cpu", dtype_of(x) if is_tensor(x) else complex64, 3)
    return op


not_equal = ne
less = lt
less_equal = le
greater = gt
greater_equal = ge


# tests of floating-point numbers -------------------------------------------------------------------------------------
def _tested(make: Make) -> Any:
    yield Sample(make(3, 4), smooth=False)
    yield Sample(make(), smooth=False)
    yield Sample(make(0), smooth=False)


ISNAN = Op("isnan", kind=Kind.BOOL, samples=_tested)
ISINF = Op("isinf", kind=Kind.BOOL, samples=_tested)
ISFINITE = Op("isfinite", kind=Kind.BOOL, samples=_tested)


def isnan(input: Tensor) -> Tensor:
    """Where `input` is NaN.

    Args:
        input: Any shape and dtype; complex numbers where a part is.

    Returns:
        A bool tensor of `input`'s shape.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.isnan(fnnet.tensor([1.0, float("nan")]))
        tensor([False,  True])
    """
    return unary(ISNAN, input)


def isinf(input: Tensor) -> Tensor:
    """Where `input` is infinity or minus infinity.

    Args:
        input: Any shape and dtype; complex numbers where a part is.

    Returns:
        A bool tensor of `input`'s shape.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.isinf(fnnet.tensor([1.0, float("-inf")]))
        tensor([False,  True])
    """
    return unary(ISINF, input)


def isfinite(input: Tensor) -> Tensor:
    """Where `input` is neither infinite nor NaN.

    Args:
        input: Any shape and dtype; complex numbers where both parts are.

    Returns:
        A bool tensor of `input`'s shape.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.isfinite(fnnet.tensor([1.0, float("inf")]))
        tensor([ True, False])
    """
    return unary(ISFINITE, input)


def isposinf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where `input` is infinity.

    Args:
        input: Any shape, any real dtype.
        out: Where to write the result.

    Returns:
        A bool tensor of `input`'s shape.

    Raises:
        DTypeError: `input` is complex.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.isposinf(fnnet.tensor([float("-inf"), float("inf")]))
        tensor([False,  True])
    """
    return _is_infinite("isposinf", input, math.inf, out)


def isneginf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where `input` is minus infinity.

    Args:
        input: Any shape, any real dtype.
        out: Where to write the result.

    Returns:
        A bool tensor of `input`'s shape.

    Raises:
        DTypeError: `input` is complex.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.isneginf(fnnet.tensor([float("-inf"), float("inf")]))
        tensor([ True, False])
    """
    return _is_infinite("isneginf", input, -math.inf, out)


def _is_infinite(name: str, x: Tensor, bound: float, out: Tensor | None) -> Tensor:
    need_tensor(name, input=x)
    refuse_dtype(name, dtype_of(x), 3)
    return binary(EQ, x, bound, out)


def isreal(input: Tensor) -> Tensor:
    """Where the imaginary part is 0: everywhere in a real tensor.

    Args:
        input: Any shape and dtype.

    Returns:
        A bool tensor of `input`'s shape.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.isreal(fnnet.tensor([1.0, 2.0]))
        tensor([True, True])
    """
    need_tensor("isreal", input=input)
    if dtype_of(input).category == 3:
        return eq(imag(detached(input)), 0)
    k = namespace_of(input._device)
    r: Tensor = make_tensor(k.full(tuple(input._data.shape), True, dtype=k.native(bool_)), input._device)
    return r


# closeness -----------------------------------------------------------------------------------------------------------
def _isclose_forward(k: K[A], a: A, b: A, *, rtol: float, atol: float, equal_nan: bool) -> A:
    equal = k.eq(a, b)
    if equal_nan:
        equal = k.logical_or(equal, k.logical_and(k.ne(a, a), k.ne(b, b)))
    gap = k.abs(a - b)
    near = k.logical_and(k.isfinite(gap), k.le(gap, k.abs(b * rtol) + atol))
    return k.logical_or(equal, near)


def _close_samples(make: Make) -> Any:
    for s in pairs(make):
        if all(hasattr(x, "shape") for x in s.inputs):
            yield Sample(*s.inputs, smooth=False, rtol=0.5, atol=0.1, equal_nan=False)


ISCLOSE = Op("isclose", forward=_isclose_forward, kind=Kind.FLOAT, samples=_close_samples)


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Where `|input - other| <= atol + rtol * |other|`; infinities are close to themselves only.

    Args:
        input: Tensor of any dtype; whole numbers and bool are compared in float64.
        other: Tensor of the same dtype; broadcast.
        rtol: Relative tolerance, not negative. Default: 1e-5.
        atol: Absolute tolerance, not negative. Default: 1e-8.
        equal_nan: Whether NaN is close to NaN. Default: False.

    Returns:
        A bool tensor of the broadcast shape.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: The dtypes differ.
        OptionError: A tolerance is negative.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.isclose(fnnet.tensor([1.0, 2.0]), fnnet.tensor([1.0 + 1e-9, 2.1]))
        tensor([ True, False])
    """
    need_tensor("isclose", input=input, other=other)
    if dtype_of(input) is not dtype_of(other):
        raise DTypeError(f"isclose: dtypes differ, {dtype_of(input).name} did not match {dtype_of(other).name}")
    if not (rtol >= 0 and atol >= 0):  # NaN is refused, too
        name, value = ("atol", atol) if rtol >= 0 else ("rtol", rtol)
        raise OptionError(f"isclose: {name} must be greater than or equal to zero, but got {value}")
    if dtype_of(input).category < 2:  # float32 would not tell large neighbours apart
        input, other = to_dtype(input, float64), to_dtype(other, float64)
    return elementwise(ISCLOSE, input, other, rtol=float(rtol), atol=float(atol), equal_nan=bool(equal_nan))


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close, see `isclose`.

    Args:
        input: Tensor of any dtype; whole numbers and bool are compared in float64.
        other: Tensor of the same dtype; broadcast.
        rtol: Relative tolerance, not negative. Default: 1e-5.
        atol: Absolute tolerance, not negative. Default: 1e-8.
        equal_nan: Whether NaN is close to NaN. Default: False.

    Returns:
        A Python bool; True of no elements.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: The dtypes differ.
        OptionError: A tolerance is negative.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.allclose(fnnet.tensor([1.0, 2.0]), fnnet.tensor([1.0, 2.1]), rtol=0.1)
        True
    """
    return _all(isclose(input, other, rtol, atol, equal_nan))


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape and the same elements.

    Args:
        input: Tensor of any dtype.
        other: Tensor; another dtype is promoted, another shape is not equal.

    Returns:
        A Python bool; NaN is not equal to itself.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.equal(fnnet.tensor([1, 2]), fnnet.tensor([1, 2]))
        True
    """
    need_tensor("equal", input=input, other=other)
    return tuple(input._data.shape) == tuple(other._data.shape) and _all(binary(EQ, input, other))


def _all(t: Any) -> bool:
    return bool(apply(OPS["all"], t, dim=tuple(range(t._data.ndim))).item())


__all__ = [
    "eq", "ne", "lt", "le", "gt", "ge", "not_equal", "less", "less_equal", "greater", "greater_equal",
    "isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal", "isclose", "allclose", "equal",
]  # fmt: skip
