"""Arithmetic with the roundings of PyTorch's compiled kernels: fused multiply-add, and the C library's functions.

PyTorch's kernels for x86-64 CPUs with AVX2 are compiled so that `x * y + z` is rounded once, and take `log`, `sin`
... of doubles from the C library. NumPy rounds twice and brings own functions, which differ in the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fnnet.backends import dtypes

_SPLIT: Final = float(2**27 + 1)  # Veltkamp's constant: cuts a double of 53 bits into two halves of 26
_LARGEST_BFLOAT16: Final = (2 - 2.0**-7) * 2.0**127  # 8 bits of significand, float32's exponents
_CHUNK: Final = 1 << 14  # elements at a time: temporaries of 128 KiB stay in the L2 cache
_LARGE: Final = 2.0**960  # beyond, cutting would overflow
_HALFWAY: Final = 1 << 28  # of the 29 bits that float32 has fewer than float64, the topmost: exactly between two floats
_DROPPED: Final = (1 << 29) - 1


def libm(function: Callable[[float], float], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """`function` of Python's `math`, which is the C library's, elementwise."""
    return np.fromiter(map(function, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)


def cast(x: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """`static_cast` to `dtype`: half types by way of float32, whole numbers modulo their range."""
    with np.errstate(over="ignore", invalid="ignore"):
        if dtype == np.float16 or dtype == dtypes.BFLOAT16:
            return x.astype(np.float32).astype(dtype)
        if dtype.kind in "iu" and x.dtype.kind == "f":
            return x.astype(np.int64).astype(dtype)
        return x.astype(dtype)


def largest(dtype: np.dtype[Any]) -> float:
    """The greatest finite number of a floating-point dtype."""
    return _LARGEST_BFLOAT16 if dtype == dtypes.BFLOAT16 else float(np.finfo(dtype).max)


def multiply_add(x: NDArray[Any], factor: float, addend: float) -> NDArray[Any]:
    """`x * factor + addend`, rounded once.

    Args:
        x: float32 or float64, contiguous.
        factor: Rounded to x's dtype first.
        addend: Rounded to x's dtype first.

    Returns:
        x's shape and dtype.

    Source:
        float64: S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums" (IEEE Trans. Computers 2008).
    """
    with np.errstate(over="ignore", invalid="ignore"):  # infinity and NaN are answers
        factor, addend = x.dtype.type(factor), x.dtype.type(addend)
        product_is_exact = abs(np.frexp(factor)[0]) in (0, 0.5)  # zero or a power of two
        if addend == 0 or product_is_exact or not max(abs(float(factor)), abs(float(addend))) < _LARGE:
            return x * factor + addend
        kernel = _multiply_add32 if x.dtype == np.float32 else _multiply_add64
        flat, out = x.reshape(-1), np.empty(x.size, x.dtype)
        for start in range(0, x.size, _CHUNK):
            part = slice(start, start + _CHUNK)
            out[part] = kernel(flat[part], float(factor), float(addend))
        return out.reshape(x.shape)


def _multiply_add32(x: NDArray[Any], factor: float, addend: float) -> NDArray[Any]:
    product = x.astype(np.float64)
    product *= factor  # exact: 24 + 24 bits
    total = product + addend
    # Rounded to 53 bits here and to 24 below: wrong only where this rounding fell halfway between two floats.
    halfway = (total.view(np.int64) & _DROPPED) == _HALFWAY
    if halfway.any():
        middle, lost = _two_sum(product[halfway], addend)
        total[halfway] = np.where(lost == 0, middle, np.nextafter(middle, np.copysign(np.inf, lost)))
    return total


def _multiply_add64(x: NDArray[Any], factor: float, addend: float) -> NDArray[Any]:
    high, low = _two_product(x, factor)
    tail_high, tail_low = _two_sum(low, addend)
    total, rest = _two_sum(high, tail_high)
    # Round to odd: keeps the sticky bit that the last rounding needs.
    small, lost = _two_sum(rest, tail_low)
    even = (lost != 0) & ((small.view(np.int64) & 1) == 0)
    if even.any():
        small[even] = np.nextafter(small[even], np.copysign(np.inf, lost[even]))
    return total + small


def _two_sum(a: NDArray[np.float64], b: NDArray[np.float64] | float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`a + b` rounded, and what rounding lost (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _two_product(a: NDArray[np.float64], b: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`a * b` rounded, and what rounding lost (Veltkamp, Dekker)."""
    a_scaled, b_scaled = a * _SPLIT, b * _SPLIT
    a_high, b_high = a_scaled - (a_scaled - a), b_scaled - (b_scaled - b)
    a_low, b_low = a - a_high, b - b_high
    product = a * b
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
