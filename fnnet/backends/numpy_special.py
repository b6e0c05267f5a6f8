"""The error function and its relatives over NumPy arrays: the definitions' approximations, without what they waste.

A definition computes every branch for every element, in whole arrays. Here float64 computes a branch for the elements
that need it, and float32 has an approximation of its own; both go block by block.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from fnnet._core import error_function as table
from fnnet.backends.numpy_blocks import Raw, blockwise, horner

_F32 = np.dtype(np.float32)
_INV_SQRT_PI = 1 / math.sqrt(math.pi)
_INV_SQRT_2 = math.sqrt(0.5)

# erf(x) = tanh(x + x * P(x^2) / Q(x^2)), for float32: tanh forgives what the ratio is wrong by where erf is nearly 1.
# Fitted to atanh(erf(x)) / x - 1 on |x| <= 4.3 by iterated weighted least squares in 60 digits, so that the greatest
# relative error of erf is least: 4e-9. Evaluated in float32 it is wrong by two units in the last place at most, where
# np.tanh is by one. Highest power first.
_TANH_P = (1.8533580463894338e-3, 1.895663745973414e-2, 1.2291425871435126e-1, 1.2837917085006456e-1)
_TANH_Q = (3.2492457344473943e-4, 2.3689932141253634e-2, 1.568926386892672e-1, 1.0)
_TANH_LAST = 4.3**2
"""Of x^2: beyond it erf is 1 in float32, and the ratio stays as it is."""


def erf_float32(x: Raw, out: Raw, z: Raw, r: Raw) -> None:
    """out = erf(x), vectors of float32; z and r are worked in."""
    np.multiply(x, x, z)
    np.minimum(z, _TANH_LAST, out=z)
    horner(z, _TANH_P, r)
    horner(z, _TANH_Q, out)
    np.divide(r, out, r)
    np.multiply(r, x, r)
    np.add(r, x, r)
    np.tanh(r, out)


def _ratio(x: Raw, p: tuple[float, ...], q: tuple[float, ...]) -> Raw:
    above, below = np.empty_like(x), np.empty_like(x)
    horner(x, p, above)
    horner(x, q, below)
    np.divide(above, below, above)
    return above


def _near(x: Raw) -> Raw:
    """erf(x) for |x| <= table.NEAR."""
    r = _ratio(x * x, table.NEAR_EXCESS, table.NEAR_Q)
    r *= x
    r += x
    return r


def _beyond(y: Raw) -> Raw:
    """erfc(y) for y > table.NEAR, NaN for NaN."""
    far = np.flatnonzero(y > table.FAR)
    r = _ratio(np.minimum(y, table.FAR), table.MIDDLE_P, table.MIDDLE_Q)
    if far.size:
        y = np.minimum(y, table.LAST)
        tail = y[far]
        z = 1 / (tail * tail)
        r[far] = (_INV_SQRT_PI - z * _ratio(z, table.FAR_P, table.FAR_Q)) / tail
    # exp(-y^2) from y split in two, the first with so few bits that its square is exact (Cody's device).
    head = np.trunc(y * 16)
    head *= 1 / 16
    rest = (head - y) * (head + y)
    head *= head
    np.negative(head, head)
    r *= np.exp(head, head)
    r *= np.exp(rest, rest)
    return r


def _split(x: Raw, out: Raw, near: Callable[[Raw], Raw], beyond: Callable[[Raw], Raw], at: float) -> None:
    """out = near(x) where |x| <= at, else beyond(x)."""
    inside = np.abs(x) <= at
    outer = np.flatnonzero(~inside)
    if not outer.size:
        out[...] = near(x)
    elif outer.size == x.size:
        out[...] = beyond(x)
    else:
        out[outer] = beyond(x[outer])
        inner = np.flatnonzero(inside)
        out[inner] = near(x[inner])


def _erf_float64(x: Raw, out: Raw) -> None:
    _split(x, out, _near, lambda v: np.copysign(1 - _beyond(np.abs(v)), v), table.NEAR)


def _erfc_tails(x: Raw) -> Raw:
    r = _beyond(np.abs(x))
    return np.where(x < 0, 2 - r, r)


def _erfc_float64(x: Raw, out: Raw) -> None:
    _split(x, out, lambda v: 1 - _near(v), _erfc_tails, table.NEAR)


def _erfinv_centre(x: Raw) -> Raw:
    half = x * 0.5
    r = _ratio(table.CENTRE_SHIFT - half * half, table.CENTRE_P, table.CENTRE_Q)
    r *= half
    r *= _INV_SQRT_2
    return r


def _erfinv_outside(x: Raw) -> Raw:
    with np.errstate(invalid="ignore", divide="ignore"):  # |x| = 1 and |x| > 1 have answers: infinite and NaN
        t = np.sqrt(-np.log((1 - np.abs(x)) * 0.5))
    r = _ratio(t - table.FLANK_SHIFT, table.FLANK_P, table.FLANK_Q)
    tail = np.flatnonzero(t > table.TAIL_START)
    if tail.size:
        last = t[tail]
        end = np.isinf(last)
        last[end] = table.TAIL_START
        r[tail] = np.where(end, np.inf, _ratio(last - table.TAIL_SHIFT, table.TAIL_P, table.TAIL_Q))
    r *= _INV_SQRT_2
    return np.copysign(r, x)


def _erfinv_float64(x: Raw, out: Raw) -> None:
    _split(x, out, _erfinv_centre, _erfinv_outside, table.CENTRE)


def _in_float64(kernel: Callable[[Raw, Raw], None]) -> Callable[[Raw, Raw], None]:
    """The kernel for vectors of another dtype."""

    def block(x: Raw, out: Raw) -> None:
        wide = x.astype(np.float64)
        kernel(wide, wide_out := np.empty_like(wide))
        np.copyto(out, wide_out, casting="same_kind")

    return block


_ERF_WIDE, _ERFC, _ERFINV = map(_in_float64, (_erf_float64, _erfc_float64, _erfinv_float64))


def erf(x: Raw, /) -> Raw:
    """The error function."""
    if x.dtype == _F32:
        return blockwise(erf_float32, x, spare=2)
    return blockwise(_ERF_WIDE, x, spare=0)


def erfc(x: Raw, /) -> Raw:
    """1 - erf(x), accurate where that is small."""
    return blockwise(_ERFC, x, spare=0)


def erfinv(x: Raw, /) -> Raw:
    """The inverse of erf."""
    return blockwise(_ERFINV, x, spare=0)
