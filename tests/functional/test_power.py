"""Powers, roots, exponentials and logarithms. Expected values without a derivation were printed by PyTorch 2.13."""

from __future__ import annotations

import math

import pytest

import fnnet

NAN, INF = math.nan, math.inf


def grads(compute, *values):
    """The gradients of the sum of `compute` at float64 scalars or lists."""
    xs = [fnnet.tensor(v, dtype=fnnet.float64, requires_grad=True) for v in values]
    compute(*xs).sum().backward()
    return [x.grad.tolist() for x in xs]


# pow -----------------------------------------------------------------------------------------------------------------
def test_corner_cases_of_pow():
    x = fnnet.tensor([0.0, -2.0, -8.0, INF])
    assert (x**0).tolist() == [1.0, 1.0, 1.0, 1.0]
    assert (x**2).tolist() == [0.0, 4.0, 64.0, INF]
    assert (x**3).tolist() == [0.0, -8.0, -512.0, INF]
    r = (x**0.5).tolist()
    assert (r[0], r[3]) == (0.0, INF)
    assert all(map(math.isnan, r[1:3]))
    assert (x**-1).tolist() == [INF, -0.5, -0.125, 0.0]


def test_whole_powers():
    x = fnnet.tensor([1, -1, 2, -3])
    assert (x**2).tolist() == [1, 1, 4, 9]
    assert (x**2).dtype is fnnet.int64
    assert (2 ** x.abs()).tolist() == [2, 2, 4, 8]
    assert fnnet.pow(x, fnnet.tensor([-1, -3, -1, 3])).tolist() == [1, -1, 0, -27]
    assert fnnet.pow(fnnet.tensor([True, False]), 2).tolist() == [1, 0]
    assert (x**2.0).dtype is fnnet.float32
    assert (fnnet.tensor([3], dtype=fnnet.int8) ** 5).tolist() == [-13]  # 243 - 256
    with pytest.raises(RuntimeError, match="Integers to negative integer powers are not allowed"):
        x**-1
    with pytest.raises(RuntimeError, match="not implemented for 'Bool'"):
        fnnet.tensor([True]) ** fnnet.tensor([True])


def test_gradients_of_pow_at_zero():
    assert grads(lambda x: x**0, [0.0, 2.0]) == [[0.0, 0.0]]
    assert grads(lambda x: x**1, [0.0]) == [[1.0]]
    assert grads(lambda x: x**2, [0.0, 3.0]) == [[0.0, 6.0]]
    dx, dy = grads(lambda x, y: x**y, [0.0, 0.0, 2.0], [0.0, 2.0, 3.0])
    assert dx == [0.0, 0.0, 12.0]
    assert dy == pytest.approx([0.0, 0.0, 8 * math.log(2)])
    assert grads(lambda y: 0**y, [2.0]) == [[0.0]]
    assert grads(lambda y: 2**y, [3.0]) == [[pytest.approx(8 * math.log(2))]]


def test_second_derivative_by_the_exponent_at_zero():
    x = fnnet.tensor([0.0, 2.0], dtype=fnnet.float64, requires_grad=True)
    y = fnnet.tensor([2.0, 2.0], dtype=fnnet.float64, requires_grad=True)
    (dy,) = fnnet.autograd.grad((x**y).sum(), y, create_graph=True)
    (d2y,) = fnnet.autograd.grad(dy.sum(), y)
    assert d2y.tolist() == pytest.approx([0.0, 4 * math.log(2) ** 2])


def test_in_place_powers():
    x = fnnet.tensor([2.0, 3.0])
    assert x.pow_(2).tolist() == [4.0, 9.0]
    assert fnnet.tensor([2, 3]).pow_(2).tolist() == [4, 9]
    with pytest.raises(RuntimeError, match="result type Float can't be cast"):
        fnnet.tensor([2, 3]).pow_(0.5)
    with pytest.raises(RuntimeError, match="the base given to float_power_ has dtype"):
        x.float_power_(2)


def test_float_power_is_double():
    r = fnnet.float_power(fnnet.tensor([1, 2]), -2)
    assert r.dtype is fnnet.float64
    assert r.tolist() == [1.0, 0.25]


# roots and their kin -------------------------------------------------------------------------------------------------
def test_roots():
    x = fnnet.tensor([4.0, 0.0, -1.0])
    assert fnnet.sqrt(x).tolist()[:2] == [2.0, 0.0]
    assert fnnet.rsqrt(x).tolist()[:2] == [0.5, INF]
    assert fnnet.reciprocal(x).tolist() == [0.25, INF, -1.0]
    assert fnnet.square(fnnet.tensor([True, False])).tolist() == [1, 0]
    assert fnnet.sqrt(fnnet.tensor([4, 9])).tolist() == [2.0, 3.0]
    assert grads(fnnet.sqrt, [4.0, 0.0]) == [[0.25, INF]]


def test_hypot_does_not_overflow():
    big = fnnet.tensor([3e38, 0.0, INF, 1e-30])
    r = fnnet.hypot(big, fnnet.tensor([1e38, 0.0, 1.0, 1e-30])).tolist()
    assert r[0] == pytest.approx(3.1622776e38)
    assert r[1:3] == [0.0, INF]
    assert r[3] == pytest.approx(math.sqrt(2) * 1e-30)


def test_ldexp():
    assert fnnet.ldexp(fnnet.tensor([1.5]), fnnet.tensor([4])).tolist() == [24.0]
    assert fnnet.ldexp(fnnet.tensor([3]), fnnet.tensor([-1])).tolist() == [1.5]


# exponentials and logarithms -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "at", "value", "slope"),
    [
        ("exp", 0.5, math.exp(0.5), math.exp(0.5)),
        ("exp2", 3.0, 8.0, 8 * math.log(2)),
        ("expm1", 1e-10, math.expm1(1e-10), 1 + 1e-10),
        ("log", 0.5, math.log(0.5), 2.0),
        ("log2", 8.0, 3.0, 1 / (8 * math.log(2))),
        ("log10", 1000.0, 3.0, 1e-3 / math.log(10)),
        ("log1p", 1e-10, math.log1p(1e-10), 1 / (1 + 1e-10)),
    ],
)
def test_value_and_slope(name, at, value, slope):
    x = fnnet.tensor(at, dtype=fnnet.float64, requires_grad=True)
    y = getattr(fnnet, name)(x)
    y.backward()
    assert y.item() == pytest.approx(value, rel=1e-15)
    assert x.grad.item() == pytest.approx(slope, rel=1e-14)
    assert getattr(x.detach(), name + "_")().item() == y.item()


def test_whole_numbers_become_floats():
    assert fnnet.exp(fnnet.tensor([0, 1])).dtype is fnnet.float32
    assert fnnet.exp(fnnet.tensor([True, False])).tolist() == pytest.approx([math.e, 1.0])
    assert fnnet.log(fnnet.tensor([0.0])).tolist() == [-INF]
    assert fnnet.exp(fnnet.tensor([1.0]).half()).dtype is fnnet.float16
    with pytest.raises(RuntimeError, match="can't be cast to the desired output type"):
        fnnet.tensor([1, 2]).exp_()
    with pytest.raises(TypeError, match=r"exp\(\): argument 'input' \(position 1\) must be Tensor, not int"):
        fnnet.exp(1)


def test_logaddexp():
    a = fnnet.tensor([1000.0, -INF, INF, 0.0])
    b = fnnet.tensor([1000.0, -INF, 1.0, -1e30])
    assert fnnet.logaddexp(a, b).tolist() == pytest.approx([1000 + math.log(2), -INF, INF, 0.0])
    assert fnnet.logaddexp2(a, b).tolist() == pytest.approx([1001.0, -INF, INF, 0.0])
    z, out = fnnet.tensor([1 + 1j]), fnnet.zeros(1, dtype=fnnet.complex64)
    assert fnnet.logaddexp(z, z, out=out) is out
    assert out.tolist() == pytest.approx([1 + math.log(2) + 1j])
    assert grads(fnnet.logaddexp, [0.0, 1000.0], [0.0, -1000.0]) == [[0.5, 1.0], [0.5, 0.0]]


def test_xlogy():
    assert fnnet.xlogy(fnnet.tensor([0.0, 0.0, 2.0]), fnnet.tensor([0.0, INF, 1.0])).tolist() == [0.0, 0.0, 0.0]
    assert math.isnan(fnnet.xlogy(fnnet.tensor([0.0]), fnnet.tensor([NAN])).item())
    assert fnnet.xlogy(2, fnnet.tensor([math.e])).tolist() == pytest.approx([2.0])
    dx, dy = grads(fnnet.xlogy, [0.0, 2.0], [0.0, 4.0])
    assert dx == pytest.approx([0.0, math.log(4)])
    assert dy[1] == 0.5
