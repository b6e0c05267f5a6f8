"""The error function and its kin, against values to 17 digits (mpmath 1.3, 50 digits)."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fnnet

INF = math.inf

ERFINV = [
    (1e-300, 8.8622692545275804e-301),
    (1e-05, 8.8622692547595945e-6),
    (0.25, 0.2253120550121781),
    (0.5, 0.47693627620446987),
    (0.84, 0.99353562834730419),
    (0.85, 1.0179024648320276),
    (0.86, 1.0435418436397588),
    (0.99, 1.8213863677184495),
    (0.9999999, 3.7665625816384709),
    (0.9999999999999999, 5.8635847487551679),
]


@pytest.mark.parametrize("x", [1e-300, 1e-8, 0.1, 0.46875, 0.47, 0.9, 1.5, 2.75, 4.0, 4.1, 6.0])
def test_erf_and_erfc_agree_with_the_c_library(x):
    for sign in (1, -1):
        t = fnnet.tensor([sign * x], dtype=fnnet.float64)
        assert fnnet.erf(t).item() == pytest.approx(math.erf(sign * x), rel=1e-15)
        assert fnnet.erfc(t).item() == pytest.approx(math.erfc(sign * x), rel=1.5e-15)


def test_far_tail_of_erfc():
    x = fnnet.tensor([10.0, 26.0, 30.0, -30.0], dtype=fnnet.float64)
    assert fnnet.erfc(x).tolist() == pytest.approx([math.erfc(10), math.erfc(26), 0.0, 2.0], rel=1.5e-15)


def test_float32_is_right_to_the_last_places():
    x = np.concatenate((np.linspace(-6, 6, 20001), 10.0 ** np.linspace(-30, 0.7, 5001))).astype(np.float32)
    for name, most in (("erf", 2), ("erfc", 1)):
        want = np.array([getattr(math, name)(float(v)) for v in x]).astype(np.float32)
        got = getattr(fnnet, name)(fnnet.from_numpy(x)).numpy()
        assert np.all(np.abs(got - want) <= most * np.spacing(np.abs(want))), name


def test_half_and_whole_numbers():
    assert fnnet.erf(fnnet.tensor([1, 2])).dtype is fnnet.float32
    assert fnnet.erf(fnnet.tensor([1.0]).half()).dtype is fnnet.float16


@pytest.mark.parametrize(("x", "expected"), ERFINV)
def test_erfinv(x, expected):
    t = fnnet.tensor([x, -x], dtype=fnnet.float64)
    assert fnnet.erfinv(t).tolist() == pytest.approx([expected, -expected], rel=1e-15)


def test_ends():
    x = fnnet.tensor([INF, -INF, 0.0])
    assert fnnet.erf(x).tolist() == [1.0, -1.0, 0.0]
    assert fnnet.erfc(x).tolist() == [0.0, 2.0, 1.0]
    assert fnnet.erfinv(fnnet.tensor([1.0, -1.0])).tolist() == [INF, -INF]
    assert math.isnan(fnnet.erfinv(fnnet.tensor([1.5])).item())
    assert math.isnan(fnnet.erf(fnnet.tensor([math.nan])).item())


def test_slopes():
    x = fnnet.tensor([0.3, 2.0], dtype=fnnet.float64, requires_grad=True)
    slope = [2 / math.sqrt(math.pi) * math.exp(-v * v) for v in (0.3, 2.0)]
    for function, sign in ((fnnet.erf, 1), (fnnet.erfc, -1)):
        (g,) = fnnet.autograd.grad(function(x).sum(), x)
        assert g.tolist() == pytest.approx([sign * s for s in slope], rel=1e-14)
    y = fnnet.tensor([math.erf(0.3)], dtype=fnnet.float64, requires_grad=True)
    (g,) = fnnet.autograd.grad(fnnet.erfinv(y).sum(), y)
    assert g.item() == pytest.approx(1 / slope[0], rel=1e-13)
    assert fnnet.tensor([0.0]).erfinv_().item() == 0.0
