"""Maxima, minima, clamping, nan_to_num. Expected values without a derivation were printed by PyTorch 2.13."""

from __future__ import annotations

import math

import pytest

import fnnet

NAN, INF = math.nan, math.inf


def grads(compute, *values):
    xs = [fnnet.tensor(v, requires_grad=True) for v in values]
    compute(*xs).sum().backward()
    return [x.grad.tolist() for x in xs]


def test_nan_wins_or_loses():
    a, b = fnnet.tensor([1.0, NAN, 2.0]), fnnet.tensor([3.0, 1.0, NAN])
    for op in (fnnet.maximum, fnnet.minimum):
        assert [math.isnan(v) for v in op(a, b).tolist()] == [False, True, True]
    assert fnnet.fmax(a, b).tolist() == [3.0, 1.0, 2.0]
    assert fnnet.fmin(a, b).tolist() == [1.0, 1.0, 2.0]


def test_ties_share_the_gradient():
    assert grads(fnnet.maximum, [1.0, 2.0, 5.0], [1.0, 3.0, 4.0]) == [[0.5, 0.0, 1.0], [0.5, 1.0, 0.0]]
    assert grads(fnnet.minimum, [1.0, 2.0, 5.0], [1.0, 3.0, 4.0]) == [[0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]
    assert grads(fnnet.fmax, [1.0, 2.0], [1.0, 3.0]) == [[1.0, 0.0], [0.0, 1.0]]
    assert grads(fnnet.fmin, [1.0, NAN], [1.0, 3.0]) == [[1.0, 0.0], [0.0, 1.0]]


def test_maximum_promotes_and_wants_tensors():
    r = fnnet.maximum(fnnet.tensor([1, 5]), fnnet.tensor([2.5]))
    assert (r.dtype, r.tolist()) == (fnnet.float32, [2.5, 5.0])
    with pytest.raises(TypeError, match="must be Tensor, not int"):
        fnnet.maximum(r, 1)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-1, 1, [-1.0, 0.5, 1.0]),
        (None, 0, [-2.0, 0.0, 0.0]),
        (0, None, [0.0, 0.5, 3.0]),
        (2, 1, [1.0, 1.0, 1.0]),  # the upper bound wins
    ],
)
def test_clamp(low, high, expected):
    x = fnnet.tensor([-2.0, 0.5, 3.0])
    assert fnnet.clamp(x, low, high).tolist() == expected
    assert fnnet.clip(x, min=low, max=high).tolist() == expected
    assert x.clamp_(low, high).tolist() == expected


def test_clamp_by_tensors_promotes():
    r = fnnet.clamp(fnnet.tensor([1, 2]), min=1.5)
    assert (r.dtype, r.tolist()) == (fnnet.float32, [1.5, 2.0])
    low, high = fnnet.tensor([[0.0], [1.0]]), fnnet.tensor([0.5, 2.0])
    assert fnnet.clamp(fnnet.tensor([5.0, -5.0]), low, high).tolist() == [[0.5, 0.0], [0.5, 1.0]]
    assert math.isnan(fnnet.clamp(fnnet.tensor(NAN), 0, 1).item())


def test_gradients_of_clamp():
    assert grads(lambda x: fnnet.clamp(x, -1, 1), [-2.0, -1.0, 0.0, 1.0, 2.0]) == [[0.0, 1.0, 1.0, 1.0, 0.0]]
    assert grads(fnnet.clamp, [-2.0, 0.0, 2.0, 0.0], [-1.0] * 3 + [5.0], [1.0] * 4) == [
        [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0],
    ]  # fmt: skip


def test_clamp_refuses():
    x = fnnet.tensor([1, 2])
    with pytest.raises(RuntimeError, match="At least one of 'min' or 'max' must not be None"):
        fnnet.clamp(x)
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output type"):
        x.clamp_(0.5)
    assert x.tolist() == [1, 2]


def test_nan_to_num():
    x = fnnet.tensor([NAN, INF, -INF, 1.5], requires_grad=True)
    largest = 3.4028234663852886e38
    y = fnnet.nan_to_num(x)
    y.sum().backward()
    assert y.tolist() == [0.0, largest, -largest, 1.5]
    assert x.grad.tolist() == [0.0, 0.0, 0.0, 1.0]
    assert fnnet.nan_to_num(x.detach(), nan=7, posinf=8, neginf=9).tolist() == [7.0, 8.0, 9.0, 1.5]
    assert fnnet.nan_to_num(fnnet.tensor([INF]).half()).tolist() == [65504.0]
    assert fnnet.nan_to_num(fnnet.tensor([1, 2])).tolist() == [1, 2]
