"""Trigonometric and hyperbolic functions, against Python's math module."""

from __future__ import annotations

import math

import pytest

import fnnet

FUNCTIONS = {
    "sin": (0.7, math.sin, math.cos),
    "cos": (0.7, math.cos, lambda x: -math.sin(x)),
    "tan": (0.7, math.tan, lambda x: 1 / math.cos(x) ** 2),
    "asin": (0.3, math.asin, lambda x: 1 / math.sqrt(1 - x * x)),
    "acos": (0.3, math.acos, lambda x: -1 / math.sqrt(1 - x * x)),
    "atan": (0.3, math.atan, lambda x: 1 / (1 + x * x)),
    "sinh": (0.7, math.sinh, math.cosh),
    "cosh": (0.7, math.cosh, math.sinh),
    "tanh": (0.7, math.tanh, lambda x: 1 / math.cosh(x) ** 2),
    "asinh": (0.7, math.asinh, lambda x: 1 / math.sqrt(x * x + 1)),
    "acosh": (1.7, math.acosh, lambda x: 1 / math.sqrt(x * x - 1)),
    "atanh": (0.3, math.atanh, lambda x: 1 / (1 - x * x)),
    "deg2rad": (90.0, math.radians, lambda x: math.pi / 180),
    "rad2deg": (0.7, math.degrees, lambda x: 180 / math.pi),
    "sinc": (0.5, lambda x: math.sin(math.pi * x) / (math.pi * x), lambda x: -1 / (math.pi * x * x)),  # cos(pi / 2) = 0
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_slope_and_in_place(name):
    at, function, slope = FUNCTIONS[name]
    x = fnnet.tensor([at, at], dtype=fnnet.float64, requires_grad=True)
    y = getattr(fnnet, name)(x)
    y.sum().backward()
    assert y.tolist() == pytest.approx([function(at)] * 2, rel=1e-14)
    assert x.grad.tolist() == pytest.approx([slope(at)] * 2, rel=1e-13)
    assert getattr(x.detach().clone(), name + "_")().tolist() == y.tolist()
    assert getattr(fnnet.tensor([1, 1]), name)().dtype is fnnet.float32


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "sinh", "cosh", "tanh"])
def test_inverse_names(name):
    assert getattr(fnnet, "arc" + name) is getattr(fnnet, "a" + name)
    assert hasattr(fnnet.Tensor, "arc" + name + "_")


def test_atan2_knows_the_quadrants():
    y = fnnet.tensor([1.0, 1.0, -1.0, -1.0, 0.0], dtype=fnnet.float64, requires_grad=True)
    x = fnnet.tensor([1.0, -1.0, 1.0, -1.0, 0.0], dtype=fnnet.float64, requires_grad=True)
    r = fnnet.atan2(y, x)
    assert r.tolist() == pytest.approx([math.pi / 4, 3 * math.pi / 4, -math.pi / 4, -3 * math.pi / 4, 0.0])
    r.sum().backward()
    assert y.grad.tolist() == [0.5, -0.5, 0.5, -0.5, 0.0]
    assert x.grad.tolist() == [-0.5, -0.5, 0.5, 0.5, 0.0]
    with pytest.raises(TypeError, match="must be Tensor"):
        fnnet.atan2(y, 1.0)


def test_sinc_at_zero():
    x = fnnet.tensor([0.0], requires_grad=True)
    y = fnnet.sinc(x)
    y.backward()
    assert (y.item(), x.grad.item()) == (1.0, 0.0)
