"""where, sigmoid, logit, copysign, heaviside. Expected values without a derivation were printed by PyTorch 2.13."""

from __future__ import annotations

import math

import pytest

import fnnet

MASK = fnnet.tensor([True, False])


@pytest.mark.parametrize(
    ("a", "b", "dtype", "expected"),
    [
        (1, 2, "int64", [1, 2]),
        (1.0, 2, "float32", [1.0, 2.0]),
        ([1, 2], 2.5, "float32", [1.0, 2.5]),
        ([1, 2], [0.5, 0.5], "float32", [1.0, 0.5]),
        ([1.5, 2.5], 3, "float32", [1.5, 3.0]),
        ([True, True], False, "bool", [True, False]),
    ],
)
def test_where_promotes(a, b, dtype, expected):
    a, b = (fnnet.tensor(x) if isinstance(x, list) else x for x in (a, b))
    r = fnnet.where(MASK, a, b)
    assert str(r.dtype).endswith("." + dtype)
    assert r.tolist() == expected


def test_where_broadcasts_and_differentiates():
    a = fnnet.tensor([[1.0], [2.0]], requires_grad=True)
    b = fnnet.tensor(5.0, requires_grad=True)
    r = fnnet.where(MASK, a, b)
    assert r.tolist() == [[1.0, 5.0], [2.0, 5.0]]
    r.sum().backward()
    assert (a.grad.tolist(), b.grad.item()) == ([[1.0], [1.0]], 2.0)
    assert fnnet.tensor([1.0, 2.0]).where(MASK, 0.0).tolist() == [1.0, 0.0]
    assert [i.tolist() for i in fnnet.where(MASK)] == [[0]]


def test_where_does_not_mix_in_what_was_not_chosen():
    x = fnnet.tensor([0.0, 1.0], requires_grad=True)
    fnnet.where(fnnet.tensor([False, True]), fnnet.tensor([math.inf, 2.0]) * 1, x).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0]


def test_where_refuses():
    with pytest.raises(RuntimeError, match="where expected condition to be a boolean tensor"):
        fnnet.where(fnnet.tensor([1, 0]), 1, 2)
    with pytest.raises(TypeError, match="where"):
        fnnet.where(True, MASK, MASK)
    with pytest.raises(RuntimeError, match="must match the size"):
        fnnet.where(MASK, fnnet.ones(3), 0.0)
    out = fnnet.ones(2)
    with pytest.raises(TypeError, match="'out' needs 'input' and 'other'"):
        fnnet.where(MASK, out=out)
    assert out.tolist() == [1.0, 1.0]


def test_sigmoid():
    x = fnnet.tensor([-200.0, -1.0, 0.0, 200.0], dtype=fnnet.float64, requires_grad=True)
    y = fnnet.sigmoid(x)
    y.sum().backward()
    s = 1 / (1 + math.e)
    assert y.tolist() == pytest.approx([math.exp(-200), s, 0.5, 1.0], rel=1e-14)
    assert x.grad.tolist() == pytest.approx([math.exp(-200), s * (1 - s), 0.25, 0.0], rel=1e-14)
    assert fnnet.tensor([0.0]).sigmoid_().tolist() == [0.5]
    assert fnnet.tensor([0]).sigmoid().dtype is fnnet.float32


def test_logit():
    x = fnnet.tensor([0.0, 0.25, 1.0, 2.0], dtype=fnnet.float64, requires_grad=True)
    assert fnnet.logit(x).tolist()[:3] == pytest.approx([-math.inf, -math.log(3), math.inf])
    assert math.isnan(fnnet.logit(x).tolist()[3])
    y = fnnet.logit(x, eps=0.1)
    y.sum().backward()
    assert y.tolist() == pytest.approx([-math.log(9), -math.log(3), math.log(9), math.log(9)])
    assert x.grad.tolist() == pytest.approx([0.0, 16 / 3, 0.0, 0.0])


def test_copysign():
    x = fnnet.tensor([1.0, -2.0, 0.0], requires_grad=True)
    y = fnnet.copysign(x, fnnet.tensor([-0.0, 3.0, -1.0]))
    y.sum().backward()
    assert y.tolist() == [-1.0, 2.0, -0.0]
    assert math.copysign(1, y.tolist()[2]) == -1.0
    assert x.grad.tolist() == [-1.0, -1.0, 0.0]
    assert fnnet.copysign(fnnet.tensor([1, 2]), -1).tolist() == [-1.0, -2.0]


def test_heaviside():
    x = fnnet.tensor([-1.0, 0.0, 2.0])
    assert fnnet.heaviside(x, fnnet.tensor(0.5)).tolist() == [0.0, 0.5, 1.0]
    with pytest.raises(RuntimeError, match="not yet implemented for tensors with different dtypes"):
        fnnet.heaviside(x, fnnet.tensor(1))
