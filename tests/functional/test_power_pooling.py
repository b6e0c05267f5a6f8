"""Power-average pooling. Literals were printed by PyTorch 2.13."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F


def test_literals() -> None:
    x = fnnet.tensor([[-3.0, 4, 1, 2, 2]])
    np.testing.assert_allclose(
        F.lp_pool1d(x, 2, 2, ceil_mode=True).numpy(), [[5.0, 2.2360680103302, 2.8284270763397217]], rtol=1e-6
    )
    odd = F.lp_pool1d(fnnet.tensor([[-3.0, 1, 1, 2]]), 3, 2)  # the sum -26 has no real root of this order
    np.testing.assert_allclose(odd.numpy(), [[np.nan, 2.0800838470458984]], rtol=1e-6)
    square = F.lp_pool2d(fnnet.arange(9.0).reshape(1, 3, 3), 2.5, 2, 1)
    expected = [[[4.727300643920898, 6.169930934906006], [9.323267936706543, 10.96980094909668]]]
    np.testing.assert_allclose(square.numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_infinite_orders_take_magnitudes(d: int) -> None:
    x = fnnet.linspace(-3, 5, 2 * 4**d).reshape(2, *(4,) * d)
    pool, largest = getattr(F, f"lp_pool{d}d"), getattr(F, f"max_pool{d}d")
    assert fnnet.equal(pool(x, math.inf, 2), largest(x.abs(), 2))
    assert fnnet.equal(pool(x, -math.inf, 2), -largest(-x.abs(), 2))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_an_order_of_one_is_the_sum(d: int) -> None:
    x = fnnet.rand(1, 2, *(4,) * d, dtype=fnnet.float64)
    found = getattr(F, f"lp_pool{d}d")(x, 1, 2)
    np.testing.assert_allclose(found.numpy(), (getattr(F, f"avg_pool{d}d")(x, 2) * 2**d).numpy(), rtol=1e-12)


@pytest.mark.parametrize(
    ("x", "p", "gradient"),
    [
        ([0.0, 0, 0, 0], 2, [0.0, 0, 0, 0]),
        ([0.0, 0, 0, 0], 1, [0.0, 0, 0, 0]),
        ([-1.0, 1, 3, 4], 3, [0.0, 0.0, 0.4448513388633728, 0.7908468246459961]),
    ],
)
def test_no_gradient_where_the_sum_is_zero(x: list[float], p: float, gradient: list[float]) -> None:
    t = fnnet.tensor([x], requires_grad=True)
    F.lp_pool1d(t, p, 2).sum().backward()
    assert t.grad is not None
    np.testing.assert_allclose(t.grad.numpy(), [gradient], rtol=1e-6)


def test_gradients_of_both_orders() -> None:
    x = (fnnet.rand(1, 5, 4, dtype=fnnet.float64) + 0.5).requires_grad_()
    assert fnnet.autograd.gradcheck(lambda t: F.lp_pool2d(t, 2.5, 2, 1, True), (x,))
    assert fnnet.autograd.gradgradcheck(lambda t: F.lp_pool2d(t, 2.5, 2, 1, True), (x,))


def test_whole_numbers() -> None:
    found = F.lp_pool1d(fnnet.tensor([[3, 4, 1, 2]]), 2, 2)  # means of squares, 12.5 and 2.5, are cut to whole numbers
    assert found.dtype is fnnet.float32
    np.testing.assert_allclose(found.numpy(), [[4.8990, 2.0000]], rtol=1e-4)
