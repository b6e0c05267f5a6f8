"""LBFGS and its line search. Numbers of PyTorch are those that version 2.13 prints."""

from __future__ import annotations

import math

import pytest

import fnnet
from fnnet import nn, optim
from fnnet.optim.lbfgs import direction
from fnnet.optim.line_search import Point, cubic_minimum, strong_wolfe

VALLEY = [-1.2, 1.0]


def rosenbrock(x):
    """Rosenbrock's valley; smallest value 0 at (1, 1)."""
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def minimized(steps=1, start=VALLEY, **options):
    p = nn.Parameter(fnnet.tensor(start, dtype=fnnet.float64))
    optimizer = optim.LBFGS([p], **options)
    calls = 0

    def closure():
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = rosenbrock(p)
        loss.backward()
        return loss

    first, *_ = [optimizer.step(closure) for _ in range(steps)]
    assert optimizer.state[p]["func_evals"] == calls
    return p, optimizer, first


def test_the_valley_of_rosenbrock():
    p, optimizer, first = minimized(4, line_search_fn="strong_wolfe")
    assert p.tolist() == pytest.approx([1.0, 1.0], abs=1e-4)
    assert first.item() == pytest.approx(24.2)
    assert optimizer.state_dict()["state"][0]["n_iter"] > 20


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"lr": 0.001, "max_iter": 4}, [-1.1988724606313343, 1.0004946025355945]),
        ({"line_search_fn": "strong_wolfe", "max_iter": 6}, [-1.0203084803940978, 1.0352769866467468]),
        (
            {"line_search_fn": "strong_wolfe", "max_iter": 4, "history_size": 2, "steps": 2},
            [-0.888128305847943, 0.7410177514999237],
        ),
        ({"line_search_fn": "strong_wolfe", "max_eval": 3}, [-1.0245319303460325, 1.0716196202669255]),
        ({"line_search_fn": "strong_wolfe", "lr": 50, "max_iter": 3}, [-1.2, 1.0]),
        ({"lr": 0.1, "max_iter": 5, "tolerance_change": 0.5}, [-1.1289855072463768, 1.0289855072463767]),
        ({"lr": 0.1, "max_iter": 5, "tolerance_grad": 90.0}, [-1.1055651417532057, 1.0398185126407882]),
    ],
)
def test_literals(options, expected):
    p, _, _ = minimized(**options)
    assert p.tolist() == pytest.approx(expected, rel=1e-9)


def test_two_loops_are_the_formula():
    """H = (I - r s y^T) d (I - r y s^T) + r s s^T for one pair of changes."""
    grad, y, s = (fnnet.tensor(v, dtype=fnnet.float64) for v in ([1.0, 2.0, -1.0], [0.5, 1.0, 2.0], [1.0, 1.0, 0.5]))
    r, eye = 1 / y.dot(s), fnnet.eye(3, dtype=fnnet.float64)
    left = eye - r * fnnet.outer(s, y)
    h = left @ (0.7 * left.t()) + r * fnnet.outer(s, s)
    found = direction(grad, [y], [s], [r], [None], 0.7)
    assert found.tolist() == pytest.approx((-(h @ grad)).tolist())
    assert direction(grad, [], [], [], [], 0.5).tolist() == [-0.5, -1.0, 0.5]


def test_cubic_minimum():
    """x**3 - 3 x is least at 1; without a minimum on the line the middle is taken."""
    points = [Point(x, x**3 - 3 * x, None, 3 * x * x - 3) for x in (0.0, 3.0)]
    assert cubic_minimum(*points) == pytest.approx(1.0)
    assert cubic_minimum(*reversed(points)) == pytest.approx(1.0)
    assert cubic_minimum(*points, (1.5, 2.0)) == 1.5
    assert cubic_minimum(Point(0.0, 0.0, None, 1.0), Point(1.0, 0.5, None, 1.0)) == 0.5
    assert cubic_minimum(Point(0.0, 0.0, None, math.nan), Point(1.0, 1.0, None, 1.0)) == 0.5


@pytest.mark.parametrize("length", [1e-3, 0.5, 40.0])
def test_the_line_search_ends_where_wolfe_says(length):
    def value(t):
        return (t - 2) ** 4 + math.sin(3 * t)

    def slope(t):
        return 4 * (t - 2) ** 3 + 3 * math.cos(3 * t)

    one = fnnet.ones(1, dtype=fnnet.float64)
    calls = []

    def evaluate(t):
        calls.append(float(t))
        return value(float(t)), one * slope(float(t))

    start = Point(0, value(0.0), one * slope(0.0), one.dot(one * slope(0.0)))
    found, count = strong_wolfe(evaluate, length, one, start)
    assert count == len(calls)
    t = float(found.length)
    assert found.value == value(t) <= value(0) + 1e-4 * t * slope(0)
    assert abs(slope(t)) <= 0.9 * abs(slope(0))


def test_what_is_refused():
    p, q = nn.Parameter(fnnet.ones(1)), nn.Parameter(fnnet.ones(1))
    with pytest.raises(ValueError, match="LBFGS doesn't support per-parameter options"):
        optim.LBFGS([{"params": [p]}, {"params": [q]}])
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        optim.LBFGS([p], lr=-1)
    optimizer = optim.LBFGS([p], line_search_fn="armijo")
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        optimizer.step(lambda: fnnet.ones(()))
    assert optimizer.state_dict()["state"] == {}


def test_it_stops_where_the_gradient_vanishes():
    p = nn.Parameter(fnnet.zeros(2))
    optimizer = optim.LBFGS([p, nn.Parameter(fnnet.ones(1))])

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 0.0
    assert optimizer.state_dict()["state"] == {0: {"func_evals": 1, "n_iter": 0}}


def test_complex_parameters_are_pairs_of_numbers():
    p = nn.Parameter(fnnet.tensor([1 + 2j, -3.0]))
    optimizer = optim.LBFGS([p], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = ((p - (2 - 1j)).abs() ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert (p.detach() - (2 - 1j)).abs().max().item() < 1e-4
