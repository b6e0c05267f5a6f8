"""The error function, its complement and its inverse.

Approximated by ratios of polynomials, evaluated in float64 for every dtype. Measured against 50-digit values, float64
is wrong by at most 5e-16 (erf), 7e-16 (erfc) and 6e-16 (erfinv), relative; float32 is rounded right but for rare ties.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OUT, Kind, Make, Op, Sample
from fnnet.backends.dtypes import float64
from fnnet.functional._common import unary

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

_SLOPE = 2 / math.sqrt(math.pi)

# W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969) 631-637; coefficients
# with the digits of his CALERF (netlib/specfun), highest power first.
# |x| <= 0.46875: erf(x) = x * P(x^2) / Q(x^2)
_NEAR_P = (
    1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3,
)  # fmt: skip
_NEAR_Q = (
    1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3,
)  # fmt: skip
# 0.46875 <= x <= 4: erfc(x) = exp(-x^2) * P(x) / Q(x)
_MIDDLE_P = (
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
    2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
    1.23033935479799725e3,
)  # fmt: skip
_MIDDLE_Q = (
    1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
    3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
)  # fmt: skip
# x >= 4: erfc(x) = exp(-x^2) / x * (1 / sqrt(pi) - z * P(z) / Q(z)), z = 1 / x^2
_FAR_P = (
    1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
    1.60837851487422766e-2, 6.58749161529837803e-4,
)  # fmt: skip
_FAR_Q = (
    1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
    2.33520497626869185e-3,
)  # fmt: skip
# P / Q = 1 + (P - Q) / Q: the small second term carries the error of the division.
_NEAR_EXCESS = tuple(p - q for p, q in zip(_NEAR_P, _NEAR_Q, strict=True))
_NEAR, _FAR = 0.46875, 4.0
_LAST = 30.0
"""Beyond it erfc is 0 in float64 too; larger arguments are taken for it, lest a square overflow."""

# M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Appl. Statist. 37 (1988) 477-484:
# PPND16, lowest power first in print, highest first here. erfinv(x) = ppnd((x + 1) / 2) / sqrt(2).
_CENTRE_P = (
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0,
)  # fmt: skip
_CENTRE_Q = (
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0,
)  # fmt: skip
_FLANK_P = (
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
    3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0,
)  # fmt: skip
_FLANK_Q = (
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
    6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0,
)  # fmt: skip
_TAIL_P = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
    2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0,
)  # fmt: skip
_TAIL_Q = (
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
    1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0,
)  # fmt: skip
_CENTRE = 0.85  # |x| <= 0.85 is Wichura's |q| <= 0.425
_CENTRE_SHIFT = 0.180625
_FLANK_SHIFT, _TAIL_START, _TAIL_SHIFT = 1.6, 5.0, 5.0


def _polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Horner's scheme, highest power first."""
    r: Any = coefficients[0]
    for c in coefficients[1:]:
        r = r * x + c
    return r


def _ratio(x: Any, p: Sequence[float], q: Sequence[float]) -> Any:
    return _polynomial(x, p) / _polynomial(x, q)


def _erfc_beyond(k: K[A], y: A) -> A:
    """erfc(y) for y >= _NEAR (and a number for any y >= 0)."""
    middle = _ratio(k.minimum(y, _FAR), _MIDDLE_P, _MIDDLE_Q)
    far_y = k.minimum(k.maximum(y, _FAR), _LAST)
    z = 1 / (far_y * far_y)
    far = (1 / math.sqrt(math.pi) - z * _ratio(z, _FAR_P, _FAR_Q)) / far_y
    # exp(-y^2) from y split in two, the first with so few bits that its square is exact (Cody's device).
    y = k.minimum(y, _LAST)
    head = k.trunc(y * 16) / 16
    scale = k.exp(-(head * head)) * k.exp(-((y - head) * (y + head)))
    r: A = scale * k.where(k.le(y, _FAR), middle, far)
    return r


def _erf_near(k: K[A], x: A) -> A:
    """erf(x) for |x| <= _NEAR (and a number for any x)."""
    x = k.minimum(k.maximum(x, -_NEAR), _NEAR)
    r: A = x + x * _ratio(x * x, _NEAR_EXCESS, _NEAR_Q)
    return r


def _erf_forward(k: K[A], x: A) -> A:
    narrow, x = x, k.cast(x, dtype=float64)
    y = k.abs(x)
    near = _erf_near(k, x)
    beyond = 1 - _erfc_beyond(k, y)
    return k.cast(k.where(k.le(y, _NEAR), near, k.where(k.lt(x, 0), -beyond, beyond)), dtype=narrow.dtype)


def _erf_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    return (g * (k.exp(-(x * x)) * _SLOPE),)


def _curve(make: Make) -> Any:
    yield Sample(make(3, 4, low=-2, high=2))
    yield Sample(make(3, low=0.3, high=0.6))
    yield Sample(make(3, low=3.8, high=4.4))
    yield Sample(make(0))


ERF = Op(
    "erf", forward=_erf_forward, backward=_erf_backward, uses=((0,),), kind=Kind.FLOAT, onnx="Erf", samples=_curve
)  # fmt: skip


def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The error function `2 / sqrt(pi) * integral of exp(-t ** 2) from 0 to input`.

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
    return k.cast(k.where(k.le(y, _NEAR), near, k.where(k.lt(x, 0), 2 - beyond, beyond)), dtype=narrow.dtype)


def _erfc_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    return (g * (k.exp(-(x * x)) * -_SLOPE),)


ERFC = Op("erfc", forward=_erfc_forward, backward=_erfc_backward, uses=((0,),), kind=Kind.FLOAT, samples=_curve)


def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`1 - erf(input)`, accurate where that is small.

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
    inner = k.minimum(k.maximum(x, -_CENTRE), _CENTRE) * 0.5
    centre = inner * _ratio(_CENTRE_SHIFT - inner * inner, _CENTRE_P, _CENTRE_Q)
    r = k.sqrt(-k.log((1 - y) * 0.5))
    last = k.isinf(r)
    r = k.where(last, _TAIL_START, r)
    flank = _ratio(r - _FLANK_SHIFT, _FLANK_P, _FLANK_Q)
    tail = _ratio(r - _TAIL_SHIFT, _TAIL_P, _TAIL_Q)
    outer = k.where(last, math.inf, k.where(k.le(r, _TAIL_START), flank, tail))
    r = k.where(k.le(y, _CENTRE), centre, k.where(k.lt(x, 0), -outer, outer)) * math.sqrt(0.5)
    return k.cast(r, dtype=narrow.dtype)


def _erfinv_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (g * (k.exp(c.out * c.out) * (1 / _SLOPE)),)


def _erfinv_samples(make: Make) -> Any:
    yield Sample(make(3, 4, low=-0.8, high=0.8))
    yield Sample(make(3, low=0.86, high=0.99))
    yield Sample(make(0))


ERFINV = Op(
    "erfinv", forward=_erfinv_forward, backward=_erfinv_backward, uses=((OUT,),), kind=Kind.FLOAT,
    samples=_erfinv_samples,
)  # fmt: skip


def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of `erf`: infinite at -1 and 1, NaN outside.

    Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Appl. Statist. 37 (1988).

    Example:
        >>> import fnnet
        >>> fnnet.erfinv(fnnet.tensor([0.0, 0.5]))
        tensor([0.0000, 0.4769])
    """
    return unary(ERFINV, input, out)


__all__ = ["erf", "erfc", "erfinv"]
