"""Elementwise trigonometric and hyperbolic functions, and their inverses. Angles are in radians."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import OUT, Kind, Make, Op, Sample
from fnnet.functional._common import binary, need_tensor, unary
from fnnet.functional._rules import between, tensor_pairs

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# circular ------------------------------------------------------------------------------------------------------------
SIN = Op(
    "sin", backward=lambda k, c, g: (g * k.cos(c.inputs[0]),), uses=((0,),), kind=Kind.FLOAT, onnx="Sin",
    samples=between(-2, 2),
)  # fmt: skip


def sin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sine.

    Args:
        input: Angles in radians, any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point, in [-1, 1].

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.sin(fnnet.tensor([0.0, 1.0]))
        tensor([0.0000, 0.8415])
    """
    return unary(SIN, input, out)


COS = Op(
    "cos", backward=lambda k, c, g: (-(g * k.sin(c.inputs[0])),), uses=((0,),), kind=Kind.FLOAT, onnx="Cos",
    samples=between(-2, 2),
)  # fmt: skip


def cos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The cosine.

    Args:
        input: Angles in radians, any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point, in [-1, 1].

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.cos(fnnet.tensor([0.0, 1.0]))
        tensor([1.0000, 0.5403])
    """
    return unary(COS, input, out)


TAN = Op(
    "tan", backward=lambda k, c, g: (g * (c.out * c.out + 1),), uses=((OUT,),), kind=Kind.FLOAT, onnx="Tan",
    samples=between(-1, 1),
)  # fmt: skip


def tan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tangent.

    Args:
        input: Angles in radians, any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere but at the poles, any order.

    Example:
        >>> import fnnet
        >>> fnnet.tan(fnnet.tensor([0.0, 1.0]))
        tensor([0.0000, 1.5574])
    """
    return unary(TAN, input, out)


ASIN = Op(
    "asin", backward=lambda k, c, g: (g * k.rsqrt(1 - c.inputs[0] * c.inputs[0]),), uses=((0,),), kind=Kind.FLOAT,
    onnx="Asin", samples=between(-0.8, 0.8),
)  # fmt: skip


def asin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse sine; NaN outside [-1, 1].

    Args:
        input: Any shape, in [-1, 1]; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        Radians in [-pi/2, pi/2], `input`'s shape, floating point.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Within (-1, 1), any order; infinite at its ends.

    Example:
        >>> import fnnet
        >>> fnnet.asin(fnnet.tensor([0.0, 1.0]))
        tensor([0.0000, 1.5708])
    """
    return unary(ASIN, input, out)


arcsin = asin


ACOS = Op(
    "acos", backward=lambda k, c, g: (-(g * k.rsqrt(1 - c.inputs[0] * c.inputs[0])),), uses=((0,),), kind=Kind.FLOAT,
    onnx="Acos", samples=between(-0.8, 0.8),
)  # fmt: skip


def acos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse cosine; NaN outside [-1, 1].

    Args:
        input: Any shape, in [-1, 1]; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        Radians in [0, pi], `input`'s shape, floating point.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Within (-1, 1), any order; minus infinity at its ends.

    Example:
        >>> import fnnet
        >>> fnnet.acos(fnnet.tensor([0.0, 1.0]))
        tensor([1.5708, 0.0000])
    """
    return unary(ACOS, input, out)


arccos = acos


ATAN = Op(
    "atan", backward=lambda k, c, g: (g / (c.inputs[0] * c.inputs[0] + 1),), uses=((0,),), kind=Kind.FLOAT,
    onnx="Atan", samples=between(-2, 2),
)  # fmt: skip


def atan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse tangent.

    Args:
        input: Any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        Radians in [-pi/2, pi/2], `input`'s shape, floating point.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.atan(fnnet.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7854])
    """
    return unary(ATAN, input, out)


arctan = atan


def _atan2_backward(k: K[A], c: Call[A], g: A) -> Grads:
    y, x = c.inputs
    square = x * x + y * y
    scale = g / k.where(k.eq(square, 0), 1.0, square)
    return (
        sum_to(k, scale * x, c.shapes[0]) if c.needs[0] else None,
        sum_to(k, -(scale * y), c.shapes[1]) if c.needs[1] else None,
    )


ATAN2 = Op("atan2", backward=_atan2_backward, uses=((0, 1),), kind=Kind.FLOAT, samples=tensor_pairs, real=True)


def atan2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of the point (x, y) = (`other`, `input`): `atan(input / other)` in the right quadrant.

    Args:
        input: y, any shape; whole numbers and bool are taken in the default float dtype.
        other: x, a tensor that broadcasts with it.
        out: Where to write the result.

    Returns:
        Radians in [-pi, pi], the broadcast shape, floating point; the sign of a zero `input` decides between the ends.

    Raises:
        UnsupportedDTypeError: One of them is complex.
        ArgumentError: `input` or `other` is no tensor.
        ShapeError: They do not broadcast.
        DTypeError: `out` can't hold floating point.

    Differentiable: By both, any order; zero at the origin.

    Example:
        >>> import fnnet
        >>> fnnet.atan2(fnnet.tensor([1.0, 1.0]), fnnet.tensor([1.0, -1.0]))
        tensor([0.7854, 2.3562])
    """
    need_tensor("atan2", input=input, other=other)
    return binary(ATAN2, input, other, out)


arctan2 = atan2


# hyperbolic ----------------------------------------------------------------------------------------------------------
SINH = Op(
    "sinh", backward=lambda k, c, g: (g * k.cosh(c.inputs[0]),), uses=((0,),), kind=Kind.FLOAT, onnx="Sinh",
    samples=between(-2, 2),
)  # fmt: skip


def sinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic sine.

    Args:
        input: Any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.sinh(fnnet.tensor([0.0, 1.0]))
        tensor([0.0000, 1.1752])
    """
    return unary(SINH, input, out)


COSH = Op(
    "cosh", backward=lambda k, c, g: (g * k.sinh(c.inputs[0]),), uses=((0,),), kind=Kind.FLOAT, onnx="Cosh",
    samples=between(-2, 2),
)  # fmt: skip


def cosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic cosine.

    Args:
        input: Any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.cosh(fnnet.tensor([0.0, 1.0]))
        tensor([1.0000, 1.5431])
    """
    return unary(COSH, input, out)


TANH = Op(
    "tanh", backward=lambda k, c, g: (g * (1 - c.out * c.out),), uses=((OUT,),), kind=Kind.FLOAT, onnx="Tanh",
    samples=between(-2, 2),
)  # fmt: skip


def tanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic tangent.

    Args:
        input: Any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point, in [-1, 1].

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.tanh(fnnet.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7616])
    """
    return unary(TANH, input, out)


ASINH = Op(
    "asinh", backward=lambda k, c, g: (g * k.rsqrt(c.inputs[0] * c.inputs[0] + 1),), uses=((0,),), kind=Kind.FLOAT,
    onnx="Asinh", samples=between(-2, 2),
)  # fmt: skip


def asinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse hyperbolic sine.

    Args:
        input: Any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.asinh(fnnet.tensor([0.0, 1.0]))
        tensor([0.0000, 0.8814])
    """
    return unary(ASINH, input, out)


arcsinh = asinh


ACOSH = Op(
    "acosh", backward=lambda k, c, g: (g * k.rsqrt(c.inputs[0] * c.inputs[0] - 1),), uses=((0,),), kind=Kind.FLOAT,
    onnx="Acosh", samples=between(1.3, 3),
)  # fmt: skip


def acosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse hyperbolic cosine; NaN below 1.

    Args:
        input: Any shape, at least 1; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        Not negative, `input`'s shape, floating point.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Above 1, any order; infinite at 1.

    Example:
        >>> import fnnet
        >>> fnnet.acosh(fnnet.tensor([1.0, 2.0]))
        tensor([0.0000, 1.3170])
    """
    return unary(ACOSH, input, out)


arccosh = acosh


ATANH = Op(
    "atanh", backward=lambda k, c, g: (g / (1 - c.inputs[0] * c.inputs[0]),), uses=((0,),), kind=Kind.FLOAT,
    onnx="Atanh", samples=between(-0.8, 0.8),
)  # fmt: skip


def atanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse hyperbolic tangent; NaN outside [-1, 1].

    Args:
        input: Any shape, in [-1, 1]; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point; infinite at -1 and 1.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Within (-1, 1), any order; infinite at its ends.

    Example:
        >>> import fnnet
        >>> fnnet.atanh(fnnet.tensor([0.0, 0.5]))
        tensor([0.0000, 0.5493])
    """
    return unary(ATANH, input, out)


arctanh = atanh


# sinc ----------------------------------------------------------------------------------------------------------------
def _sinc_forward(k: K[A], x: A) -> A:
    angle = k.where(k.eq(x, 0), 1.0, x) * math.pi
    return k.where(k.eq(x, 0), 1.0, k.sin(angle) / angle)


def _sinc_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    zero = k.eq(x, 0)
    safe = k.where(zero, 1.0, x)
    angle = safe * math.pi
    return (k.where(zero, 0.0, g * ((k.cos(angle) - k.sin(angle) / angle) / safe)),)


def _sinc_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.2, high=2))
    yield Sample(make(low=-2, high=-0.2))
    yield Sample(make(3, low=0, high=0), smooth=False)


SINC = Op(
    "sinc", forward=_sinc_forward, backward=_sinc_backward, uses=((0,),), kind=Kind.FLOAT, samples=_sinc_samples
)  # fmt: skip


def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sin(pi * input) / (pi * input)`; 1 at 0.

    Args:
        input: Any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere; second derivatives are taken as 0 at 0, where they are -pi ** 2 / 3.

    Example:
        >>> import fnnet
        >>> fnnet.sinc(fnnet.tensor([0.0, 0.5]))
        tensor([1.0000, 0.6366])
    """
    return unary(SINC, input, out)


# units of angles -----------------------------------------------------------------------------------------------------
DEG2RAD = Op(
    "deg2rad", forward=lambda k, x: x * (math.pi / 180), backward=lambda k, c, g: (g * (math.pi / 180),), uses=((),),
    kind=Kind.FLOAT, real=True, samples=between(-2, 2),
)  # fmt: skip


def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Degrees as radians.

    Args:
        input: Angles in degrees, any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        Radians, `input`'s shape, floating point.

    Raises:
        UnsupportedDTypeError: `input` is complex.
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, by pi / 180.

    Example:
        >>> import fnnet
        >>> fnnet.deg2rad(fnnet.tensor([180.0, 90.0]))
        tensor([3.1416, 1.5708])
    """
    return unary(DEG2RAD, input, out)


RAD2DEG = Op(
    "rad2deg", forward=lambda k, x: x * (180 / math.pi), backward=lambda k, c, g: (g * (180 / math.pi),), uses=((),),
    kind=Kind.FLOAT, real=True, samples=between(-2, 2),
)  # fmt: skip


def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Radians as degrees.

    Args:
        input: Angles in radians, any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        Degrees, `input`'s shape, floating point.

    Raises:
        UnsupportedDTypeError: `input` is complex.
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, by 180 / pi.

    Example:
        >>> import fnnet
        >>> fnnet.rad2deg(fnnet.tensor([3.1415927410125732]))
        tensor([180.])
    """
    return unary(RAD2DEG, input, out)


__all__ = [
    "sin", "cos", "tan", "asin", "arcsin", "acos", "arccos", "atan", "arctan", "atan2", "arctan2", "sinh", "cosh",
    "tanh", "asinh", "arcsinh", "acosh", "arccosh", "atanh", "arctanh", "sinc", "deg2rad", "rad2deg",
]  # fmt: skip
