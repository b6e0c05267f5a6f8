"""Rounding and signs. Expected values without a derivation were printed by PyTorch 2.13."""

from __future__ import annotations

import math

import pytest

import fnnet

NAN = math.nan


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("floor", [-2.0, -1.0, 0.0, 1.0, 2.0]),
        ("ceil", [-1.0, 0.0, 1.0, 2.0, 3.0]),
        ("trunc", [-1.0, 0.0, 0.0, 1.0, 2.0]),
        ("fix", [-1.0, 0.0, 0.0, 1.0, 2.0]),
        ("round", [-2.0, 0.0, 0.0, 2.0, 2.0]),
        ("frac", [-0.5, -0.5, 0.5, 0.5, 0.5]),
        ("abs", [1.5, 0.5, 0.5, 1.5, 2.5]),
        ("sign", [-1.0, -1.0, 1.0, 1.0, 1.0]),
        ("sgn", [-1.0, -1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_values(name, expected):
    x = fnnet.tensor([-1.5, -0.5, 0.5, 1.5, 2.5])
    assert getattr(fnnet, name)(x).tolist() == expected
    assert getattr(x, name)().tolist() == expected
    assert getattr(x, name + "_")() is x
    assert x.tolist() == expected


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round", "abs", "sign"])
def test_whole_numbers_stay(name):
    x = fnnet.tensor([3, 2**53 + 1])
    r = getattr(fnnet, name)(x)
    assert (r.dtype, r is x) == (fnnet.int64, False)
    assert r.tolist() == ([1, 1] if name == "sign" else [3, 2**53 + 1])
    assert getattr(x, name + "_")().tolist() == r.tolist()


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round", "sign"])
def test_gradient_is_zero(name):
    x = fnnet.tensor([0.3, 1.0], requires_grad=True)
    getattr(fnnet, name)(x).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_round_to_decimals():
    x = fnnet.tensor([1234.5678])
    assert fnnet.round(x, decimals=2).tolist() == pytest.approx([1234.57])
    assert fnnet.round(x, decimals=-2).tolist() == [1200.0]
    assert x.round_(decimals=-3).tolist() == [1000.0]
    with pytest.raises(RuntimeError, match="\"round_cpu\" not implemented for 'Long'"):
        fnnet.round(fnnet.tensor([1]), decimals=1)


@pytest.mark.parametrize(("name", "kind"), [("floor", "Bool"), ("abs", "Bool"), ("frac", "Long")])
def test_refused_dtypes(name, kind):
    x = fnnet.tensor([True]) if kind == "Bool" else fnnet.tensor([1])
    with pytest.raises(RuntimeError, match=f"not implemented for '{kind}'"):
        getattr(fnnet, name)(x)


def test_sign_of_what_is_special():
    assert fnnet.sign(fnnet.tensor([NAN, 0.0, -0.0])).tolist() == [0.0, 0.0, 0.0]
    assert fnnet.sign(fnnet.tensor([True, False])).tolist() == [True, False]
    assert fnnet.sign(fnnet.tensor([200, 0], dtype=fnnet.uint8)).tolist() == [1, 0]
    assert fnnet.signbit(fnnet.tensor([-0.0, 0.0, -1.0])).tolist() == [True, False, True]


def test_abs_at_zero():
    x = fnnet.tensor([0.0, -2.0], requires_grad=True)
    abs(x).sum().backward()
    assert x.grad.tolist() == [0.0, -1.0]
