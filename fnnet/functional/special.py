"""The error function, its complement and its inverse.

Approximated by ratios of polynomials, evaluated in float64 for every dtype. Measured against 50-digit values, float64
is wrong by at most 5e-16 (erf), 7e-16 (erfc) and 6e-16 (erfinv), relative; float32 is rounded right but for rare ties.
The NumPy backend's own erf of float32 is wrong by two units in the last place at most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core import error_function as table
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.backends.dtypes import float64
from fnnet.functional._common import unary

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

_SLOPE = 2 / math.sqrt(math.pi)


def _polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Horner's scheme, highest power first."""
    r: Any = coefficients[0]
    for c in coefficients[1:]:
        r = r * x + c
    return r


def _ratio(x: Any, p: Sequence[float], q: Sequence[float]) -> Any:
    return _polynomial(x, p) / _polynomial(x, q)


def _erfc_beyond(k: K[A], y: A) -> A:
    """erfc(y) for y >= table.NEAR (and a number for any y >= 0)."""
    middle = _ratio(k.minimum(y, table.FAR), table.MIDDLE_P, table.MIDDLE_Q)
    far_y = k.minimum(k.maximum(y, table.FAR), table.LAST)
    z = 1 / (far_y * far_y)
    far = (1 / math.sqrt(math.pi) - z * _ratio(z, table.FAR_P, table.FAR_Q)) / far_y
    # exp(-y^2) from y split in two, the first with so few bits that its square is exact (Cody's device).
    y = k.minimum(y, table.LAST)
    head = k.trunc(y * 16) / 16
    scale = k.exp(-(head * head)) * k.exp(-((y - head) * (y + head)))
    r: A = scale * k.where(k.le(y, table.FAR), middle, far)
    return r


def _erf_near(k: K[A], x: A) -> A:
    """erf(x) for |x| <= table.NEAR (and a number for any x)."""
    x = k.minimum(k.maximum(x, -table.NEAR), table.NEAR)
    r: A = x + x * _ratio(x * x, table.NEAR_EXCESS, table.NEAR_Q)
    return r


def _erf_forward(k: K[A], x: A) -> A:
    narrow, x = x, k.cast(x, dtype=float64)
    y = k.abs(x)
    near = _erf_near(k, x)
    beyond = 1 - _erfc_beyond(k, y)
    return k.cast(k.where(k.le(y, table.NEAR), near, k.where(k.lt(x, 0), -beyond, beyond)), dtype=narrow.dtype)


def _erf_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    return (g * (k.exp(-(x * x)) * _SLOPE),)


def _curve(make: Make) -> Any:
    yield Sample(make(3, 4, low=-2, high=2))
    yield Sample(make(3, low=0.3, high=0.6))
    yield Sample(make(3, low=3.8, high=4.4))
    yield Sample(make(0))


ERF = Op(
    "erf", forward=_erf_forward, backward=_erf_backward, uses=((0,),), kind=Kind.FLOAT, onnx="Erf", real=True,
    samples=_curve,
)  # fmt: skip


def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The error function `2 / sqrt(pi) * integral of exp(-t ** 2) from 0 to input`.

    Args:
        input: Any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point, in [-1, 1].

    Raises:
        UnsupportedDTypeError: `input` is complex.
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, any order.

    Source: Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969).

    Example:
        >>> import fnnet
        >>> fnnet.erf(fnnet.tensor([0.0, 1.0]))
        tensor([0.0000, 0.8427])
    """
    return unary(ERF, input, out)


def _erfc_forward(k: K[A], x: A) -> A:
    narrow, x = x, k.cast(x, dtype=float64)
    y = k.abs(x)
    near = 1 - _erf_near(k, x)
    beyond = _erfc_beyond(k, y)
    return k.cast(k.where(k.le(y, table.NEAR), near, k.where(k.lt(x, 0), 2 - beyond, beyond)), dtype=narrow.dtype)


def _erfc_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    return (g * (k.exp(-(x * x)) * -_SLOPE),)


ERFC = Op(
    "erfc", forward=_erfc_forward, backward=_erfc_backward, uses=((0,),), kind=Kind.FLOAT, samples=_curve, real=True
)


def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`1 - erf(input)`, accurate where that is small.

    Args:
        input: Any shape; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point, in [0, 2].

    Raises:
        UnsupportedDTypeError: `input` is complex.
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, any order.

    Source: Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969).

    Example:
        >>> import fnnet
        >>> fnnet.erfc(fnnet.tensor([0.0, 3.0]))
        tensor([1.0000e+00, 2.2090e-05])
    """
    return unary(ERFC, input, out)


def _erfinv_forward(k: K[A], x: A) -> A:
    narrow, x = x, k.cast(x, dtype=float64)
    y = k.abs(x)
    inner = k.minimum(k.maximum(x, -table.CENTRE), table.CENTRE) * 0.5
    centre = inner * _ratio(table.CENTRE_SHIFT - inner * inner, table.CENTRE_P, table.CENTRE_Q)
    r = k.sqrt(-k.log((1 - y) * 0.5))
    last = k.isinf(r)
    r = k.where(last, table.TAIL_START, r)
    flank = _ratio(r - table.FLANK_SHIFT, table.FLANK_P, table.FLANK_Q)
    tail = _ratio(r - table.TAIL_SHIFT, table.TAIL_P, table.TAIL_Q)
    outer = k.where(last, math.inf, k.where(k.le(r, table.TAIL_START), flank, tail))
    r = k.where(k.le(y, table.CENTRE), centre, k.where(k.lt(x, 0), -outer, outer)) * math.sqrt(0.5)
    return k.cast(r, dtype=narrow.dtype)


def _erfinv_backward(k: K[A], c: Call[A], g: A) -> Grads:
    y = k.erfinv(c.inputs[0])
    return (g * (k.exp(y * y) * (1 / _SLOPE)),)


def _erfinv_samples(make: Make) -> Any:
    yield Sample(make(3, 4, low=-0.8, high=0.8))
    yield Sample(make(3, low=0.86, high=0.99))
    yield Sample(make(0))


ERFINV = Op(
    "erfinv", forward=_erfinv_forward, backward=_erfinv_backward, uses=((0,),), kind=Kind.FLOAT,
    real=True, samples=_erfinv_samples,
)  # fmt: skip


def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of `erf`: infinite at -1 and 1, NaN outside.

    Args:
        input: Any shape, in [-1, 1]; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point.

    Raises:
        UnsupportedDTypeError: `input` is complex.
        DTypeError: `out` can't hold floating point.

    Differentiable: Within (-1, 1), any order; infinite at its ends.

    Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Appl. Statist. 37 (1988).

    Example:
        >>> import fnnet
        >>> fnnet.erfinv(fnnet.tensor([0.0, 0.5]))
        tensor([0.0000, 0.4769])
    """
    return unary(ERFINV, input, out)


__all__ = ["erf", "erfc", "erfinv"]
