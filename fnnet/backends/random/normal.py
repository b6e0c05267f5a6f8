"""Box-Muller with PyTorch's roundings: blocks of 16 in float32 and float64, pairs in float64.

The float32 kernel computes what PyTorch's AVX2 kernel does, operation by operation: logarithm, sine and cosine are
Cephes' single-precision polynomials, with a multiplication and the addition that follows it rounded once. Nothing
short of that gives PyTorch's bits: the library functions of NumPy differ in one value of three.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fnnet.backends.random.arithmetic import libm, multiply_add

BLOCK: Final = 16  # PyTorch's block: 8 radii, then 8 angles

_ROWS: Final = 2048  # blocks at a time: scratch of 128 KiB per array stays in the L2 cache


def _single(*values: float) -> tuple[float, ...]:
    return tuple(float(np.float32(value)) for value in values)


# Cephes' logf.c and sinf.c (S. L. Moshier), in the order of Horner's rule, as PyTorch's avx_mathfun.h has them.
_LOG: Final = _single(
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
_LN2_LOW, _LN2_HIGH = _single(-2.12194440e-4, 0.693359375)
_SQRT_HALF_BITS: Final = 0x3F3504F3  # float32's sqrt(1/2); mantissas run from here to sqrt(2)
_MANTISSA: Final = 0x7FFFFF
_FOUR_OVER_PI: Final = np.float32(1.27323954473516)
_MINUS_QUARTER_PI: Final = _single(-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)  # in three parts
_SIN: Final = _single(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS: Final = _single(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_TWO_PI: Final = np.float32(2 * math.pi)


def box_muller_blocks(uniforms: NDArray[Any], mean: float, std: float) -> None:
    """Turn blocks of uniform numbers into normal ones, in place.

    In each block `u` of 16: `r = sqrt(-2 log(1 - u[:8]))`, `t = 2 pi u[8:]`, and the results are `r cos(t)`, then
    `r sin(t)`, times `std` plus `mean`.

    Args:
        uniforms: `(blocks, 16)`, float32 or float64, in `[0, 1)`, contiguous.
        mean: Added.
        std: Multiplied.
    """
    if uniforms.dtype == np.float64:
        _blocks64(uniforms)
        uniforms[...] = multiply_add(uniforms, std, mean)
        return
    for start in range(0, len(uniforms), _ROWS):
        rows = uniforms[start : start + _ROWS]
        _blocks32(rows)
        rows[...] = multiply_add(rows, std, mean)


def box_muller_pairs(uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pairs of uniform numbers to pairs of standard normal ones: `r cos(t)`, `r sin(t)`.

    Args:
        uniforms: `(pairs, 2)` in `[0, 1)`: angle `t = 2 pi u[0]` first, then radius `r = sqrt(-2 log1p(-u[1]))`.

    Returns:
        `(pairs, 2)`.
    """
    radius = np.sqrt(-2.0 * libm(math.log1p, -uniforms[:, 1]))
    angle = 2.0 * math.pi * uniforms[:, 0]
    return np.stack((radius * libm(math.cos, angle), radius * libm(math.sin, angle)), axis=1)


def _blocks64(u: NDArray[np.float64]) -> None:
    radius = np.sqrt(-2.0 * libm(math.log, 1.0 - u[:, :8]))
    angle = 2.0 * math.pi * u[:, 8:]
    u[:, :8] = radius * libm(math.cos, angle)
    u[:, 8:] = radius * libm(math.sin, angle)


def _blocks32(u: NDArray[np.float32]) -> None:
    radius = np.sqrt(np.float32(-2) * _log(np.float32(1) - u[:, :8]))
    sine, cosine = _sincos(u[:, 8:] * _TWO_PI)
    np.multiply(radius, cosine, out=u[:, :8])
    np.multiply(radius, sine, out=u[:, 8:])


# A float32 multiply-add is computed in float64, where the product of two floats is exact, and rounded back. The sum is
# rounded twice; at most once in 2**29 operations that differs from one rounding, by one bit.


def _horner(y: NDArray[np.float64], x: NDArray[np.float64], addend: Any, single: NDArray[np.float32]) -> None:
    """`y = y * x + addend` in float32; y and x are float64 arrays that hold floats, `single` is scratch.

    `addend` may be `single` itself: it is read before it is written.
    """
    y *= x
    y += addend
    single[...] = y
    y[...] = single


def _log(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """log(x) for normal x > 0: x = 2**e (1 + f), log(1 + f) = f - f**2/2 + f**3 P(f)."""
    offset = x.view(np.int32) - np.int32(_SQRT_HALF_BITS)
    exponent = (offset >> 23).astype(np.float64)
    offset &= _MANTISSA
    offset += _SQRT_HALF_BITS
    f32 = offset.view(np.float32) - np.float32(1)
    f, square = f32.astype(np.float64), (f32 * f32).astype(np.float64)
    single = np.empty_like(f32)
    y = np.full_like(f, _LOG[0])
    for coefficient in _LOG[1:]:
        _horner(y, f, coefficient, single)
    _horner(y, f, 0.0, single)
    scratch = exponent * _LN2_LOW
    single[...] = scratch
    _horner(y, square, single, single)
    square *= 0.5
    y -= square
    single[...] = y
    single += f32
    exponent *= _LN2_HIGH
    exponent += single
    single[...] = exponent
    return single


def _sincos(x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """sin(x) and cos(x) for 0 <= x < 8192: x is brought within pi/4 of a multiple j pi/2."""
    octant = (x * _FOUR_OVER_PI).astype(np.int32)
    octant += 1
    octant &= ~1
    count = octant.astype(np.float64)
    single = np.empty_like(x)
    scratch = np.empty_like(count)
    angle = x.astype(np.float64)
    for part in _MINUS_QUARTER_PI:
        np.multiply(count, part, out=scratch)
        angle += scratch
        single[...] = angle
        angle[...] = single
    square = (single * single).astype(np.float64)

    cosine = square * _COS[0]
    cosine += _COS[1]
    single[...] = cosine
    cosine[...] = single
    _horner(cosine, square, _COS[2], single)
    _horner(cosine, square, 0.0, single)
    np.multiply(square, -0.5, out=scratch)
    _horner(cosine, square, scratch, single)
    cosine += 1.0
    cosine32 = cosine.astype(np.float32)

    sine = square * _SIN[0]
    sine += _SIN[1]
    single[...] = sine
    sine[...] = single
    _horner(sine, square, _SIN[2], single)
    _horner(sine, square, 0.0, single)
    sine *= angle
    sine += angle
    sine32 = sine.astype(np.float32)

    swap = (octant & 2) != 0
    sin, cos = np.where(swap, cosine32, sine32), np.where(swap, sine32, cosine32)
    # Bit 2 of the octant, moved to the sign bit: xor flips the sign of zeros too.
    sin.view(np.int32)[...] ^= (octant & 4) << 29
    cos.view(np.int32)[...] ^= (~(octant - 2) & 4) << 29
    return sin, cos
