"""Multiply-add rounded once, against exact fractions; the float32 Box-Muller, against the same in float64."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fnnet.backends import dtypes
from fnnet.backends.random.arithmetic import cast, libm, multiply_add
from fnnet.backends.random.normal import box_muller_blocks, box_muller_pairs


def nearest(exact: Fraction, kind: type[np.floating[Any]]) -> np.floating[Any]:
    """The number of `kind` nearest to a fraction, ties to even."""
    guess = kind(float(exact))
    around = [guess, np.nextafter(guess, kind(-math.inf)), np.nextafter(guess, kind(math.inf))]
    odd = {np.float32: np.uint32, np.float64: np.uint64}[kind]
    return min(around, key=lambda x: (abs(Fraction(float(x)) - exact), int(x.view(odd)) & 1))


def floats(kind: type[np.floating[Any]]) -> st.SearchStrategy[float]:
    def between(low: float, high: float) -> st.SearchStrategy[float]:
        return st.floats(low, high, width=32 if kind is np.float32 else 64)

    return between(2.0**-20, 2.0**20) | between(-(2.0**20), -(2.0**-20))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_multiply_add_is_rounded_once(kind: type[np.floating[Any]]) -> None:
    @given(x=floats(kind), factor=floats(kind), addend=floats(kind) | st.just(0.0))
    def check(x: float, factor: float, addend: float) -> None:
        got = multiply_add(np.array([x], kind), factor, addend)
        assert got[0] == nearest(Fraction(x) * Fraction(factor) + Fraction(addend), kind)

    check()


@pytest.mark.parametrize(
    ("x", "factor", "addend"),
    [
        (1 + 2.0**-23, 1 + 2.0**-23, 2.0**30),  # the product's last bit decides what lies below a half
        (1 + 2.0**-12, 1 + 2.0**-12, -(1 + 2.0**-11)),  # everything cancels but the last bit of the product
        (1 + 2.0**-23, 2.0**-24 * (1 + 2.0**-22), 1.0),  # just above halfway; in float64 it is rounded to halfway
        (1 - 2.0**-23, 2.0**-24 * (1 + 2.0**-23), 1 + 2.0**-23),
        (1 + 2.0**-20, 2.0**-53 * (1 + 2.0**-20), 1.0),
    ],
)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_multiply_add_where_two_roundings_go_wrong(
    kind: type[np.floating[Any]], x: float, factor: float, addend: float
) -> None:
    x, factor, addend = (float(kind(value)) for value in (x, factor, addend))
    for sign in (1, -1):
        got = multiply_add(np.array([sign * x], kind), factor, sign * addend)[0]
        assert got == nearest(sign * (Fraction(x) * Fraction(factor) + Fraction(addend)), kind)


def test_multiply_add_keeps_chunks_and_shapes_apart() -> None:
    x = np.random.RandomState(0).rand(7, 5000)
    whole = multiply_add(x, 0.7, -0.3)
    assert whole.shape == x.shape
    assert np.array_equal(whole[3], multiply_add(x[3], 0.7, -0.3))
    np.testing.assert_allclose(whole, x * 0.7 - 0.3, rtol=0, atol=2**-53)


def test_multiply_add_of_the_very_large() -> None:
    assert multiply_add(np.array([0.5]), 1.1e300, 2e300).tolist() == [0.5 * 1.1e300 + 2e300]
    assert multiply_add(np.array([0.5, 0.0], np.float32), math.inf, 1.0)[0] == math.inf


def test_libm_is_the_c_librarys() -> None:
    x = np.linspace(0.1, 30, 60).reshape(3, 20)
    assert libm(math.sin, x).tolist() == [[math.sin(value) for value in row] for row in x.tolist()]


def test_casts() -> None:
    assert cast(np.array([300.0, -1.0]), np.dtype(np.uint8)).tolist() == [44, 255]
    assert cast(np.array([1e39]), np.dtype(np.float32)).tolist() == [math.inf]
    # By way of float32: 1 + 2**-11 + 2**-30 is above halfway between two float16, its float32 is halfway.
    assert cast(np.array([1 + 2.0**-11 + 2.0**-30]), np.dtype(np.float16)).tolist() == [1.0]
    assert cast(np.array([1 + 2.0**-8 + 2.0**-30]), dtypes.BFLOAT16).tolist() == [1.0]


def box_muller(u: NDArray[Any]) -> NDArray[np.float64]:
    radius, angle = np.sqrt(-2 * np.log(1 - u[:, :8].astype(np.float64))), 2 * math.pi * u[:, 8:].astype(np.float64)
    return np.concatenate((radius * np.cos(angle), radius * np.sin(angle)), axis=1)


@pytest.mark.parametrize(("kind", "bound"), [(np.float32, 3e-6), (np.float64, 1e-14)])
def test_blocks_are_box_mullers(kind: type[np.floating[Any]], bound: float) -> None:
    """Every octant, both ends of [0, 1), and more rows than are done at a time."""
    u = (np.random.RandomState(1).randint(0, 2**24, (5000, 16)) * 2.0**-24).astype(kind)
    u[:16, :8], u[:16, 8:] = (np.arange(16) / 16)[:, None], (np.arange(8) / 8)[None, :]
    u[16, :8], u[16, 8:] = 1 - 2.0**-24, 1 - 2.0**-24
    expected = box_muller(u)
    drawn = u.copy()
    box_muller_blocks(drawn, 0.0, 1.0)
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=bound)
    scaled = u.copy()
    box_muller_blocks(scaled, 0.25, 3.0)
    np.testing.assert_allclose(scaled, 3 * expected + 0.25, rtol=0, atol=4 * bound)


def test_pairs_are_box_mullers() -> None:
    u = np.array([[0.0, 0.0], [0.25, 0.5], [0.5, 0.9], [0.125, 0.75]])
    radius, angle = np.sqrt(-2 * np.log(1 - u[:, 1])), 2 * math.pi * u[:, 0]
    np.testing.assert_allclose(
        box_muller_pairs(u), np.stack((radius * np.cos(angle), radius * np.sin(angle)), 1), rtol=0, atol=1e-15
    )
