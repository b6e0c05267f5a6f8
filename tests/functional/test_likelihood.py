"""Negative log-likelihoods: numbers that PyTorch 2.13 prints, distributions' own formulas, shapes of variances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F


def t64(data: Any, requires_grad: bool = True) -> fnnet.Tensor:
    return fnnet.tensor(data, dtype=fnnet.float64, requires_grad=requires_grad)


def close(t: fnnet.Tensor, expected: Any) -> None:
    np.testing.assert_allclose(t.detach().numpy(), expected, rtol=1e-8, atol=1e-8)


# PyTorch 2.13: options of poisson_nll_loss([0.5, 1, 2], [1, 0.5, 3], reduction="none"), its values, its slopes
POISSON: list[tuple[dict[str, Any], list[float], list[float]]] = [
    ({}, [1.148721271, 2.218281828, 1.389056099], [0.648721271, 2.218281828, 4.389056099]),
    ({"full": True}, [1.148721271, 2.218281828, 3.153137642], [0.648721271, 2.218281828, 4.389056099]),
    ({"log_input": False}, [1.193147161, 0.999999995, -0.079441557], [-0.99999996, 0.500000005, -0.499999993]),
    ({"log_input": False, "full": True, "eps": 0.1}, [1.010825624, 0.95234491, 1.538269509],
     [-0.666666667, 0.545454545, -0.428571429]),
]  # fmt: skip


@pytest.mark.parametrize(("options", "values", "slopes"), POISSON)
def test_poisson_nll_loss(options: dict[str, Any], values: list[float], slopes: list[float]) -> None:
    x, target = t64([0.5, 1.0, 2.0]), t64([1.0, 0.5, 3.0], False)
    loss = F.poisson_nll_loss(x, target, reduction="none", **options)
    close(loss, values)
    close(fnnet.autograd.grad(loss.sum(), x)[0], slopes)
    close(F.poisson_nll_loss(x, target, **options), sum(values) / 3)
    close(F.poisson_nll_loss(x, target, reduction="sum", **options), sum(values))


def test_poisson_nll_loss_of_large_counts_is_the_likelihood() -> None:
    rate, count = 30.0, 40
    exact = rate - count * math.log(rate) + math.lgamma(count + 1)
    loss = F.poisson_nll_loss(t64([rate]), t64([float(count)]), log_input=False, full=True)
    assert loss.item() == pytest.approx(exact, abs=1 / (12 * count))  # what Stirling's formula leaves out


def test_whole_numbers_count_as_floats() -> None:
    loss = F.poisson_nll_loss(fnnet.tensor([0, 1]), fnnet.tensor([2, 3]), reduction="none")
    assert loss.dtype is fnnet.float32
    np.testing.assert_allclose(loss.numpy(), [1.0, math.e - 3], rtol=1e-6)
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        assert F.poisson_nll_loss(fnnet.tensor([0, 0]), fnnet.tensor([2, 3]), size_average=False).item() == 2.0


# PyTorch 2.13: options of gaussian_nll_loss([0.5, 1, 2], [1, 0.5, 3], [0.25, 1, 4]), values, slopes by mean, variance
GAUSSIAN: list[tuple[dict[str, Any], list[float], list[float], list[float]]] = [
    ({}, [-0.193147181, 0.125, 0.818147181], [-2.0, 0.5, -0.25], [0.0, 0.375, 0.09375]),
    ({"full": True}, [0.725791353, 1.043938533, 1.737085714], [-2.0, 0.5, -0.25], [0.0, 0.375, 0.09375]),
    ({"eps": 0.3}, [-0.185319735, 0.125, 0.818147181], [-1.666666667, 0.5, -0.25], [0.277777778, 0.375, 0.09375]),
]  # fmt: skip


@pytest.mark.parametrize(("options", "values", "by_mean", "by_variance"), GAUSSIAN)
def test_gaussian_nll_loss(options: dict[str, Any], values: Any, by_mean: Any, by_variance: Any) -> None:
    x, target, var = t64([0.5, 1.0, 2.0]), t64([1.0, 0.5, 3.0]), t64([0.25, 1.0, 4.0])
    loss = F.gaussian_nll_loss(x, target, var, reduction="none", **options)
    close(loss, values)
    found = fnnet.autograd.grad(loss.sum(), (x, target, var))
    close(found[0], by_mean)
    close(found[1], [-s for s in by_mean])
    close(found[2], by_variance)
    close(F.gaussian_nll_loss(x, target, var, **options), sum(values) / 3)
    close(F.gaussian_nll_loss(x, target, var, reduction="sum", **options), sum(values))
    assert var.tolist() == [0.25, 1.0, 4.0]  # the least variance is not written into it


@pytest.mark.parametrize("shape", [(2, 3), (2, 1), (1, 3), (2,)])
def test_variances_may_be_shared(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, y, v = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.uniform(0.5, 2, shape)
    each = np.broadcast_to(v[:, None] if v.ndim == 1 else v, (2, 3))
    loss = F.gaussian_nll_loss(t64(x), t64(y), t64(v), reduction="none")
    close(loss, 0.5 * (np.log(each) + (x - y) ** 2 / each))


def test_a_number_is_the_variance_of_all() -> None:
    x, y = t64([0.0, 0.0]), t64([1.0, 2.0])
    close(F.gaussian_nll_loss(x, y, 4.0, reduction="none"), 0.5 * (math.log(4) + np.array([0.25, 1.0])))


def test_second_derivatives() -> None:
    x, y, v = t64([0.5, 1.0]), t64([1.0, 2.0]), t64([0.5, 2.0])
    assert fnnet.autograd.gradgradcheck(lambda *xs: F.gaussian_nll_loss(*xs, full=True), (x, y, v))
    assert fnnet.autograd.gradgradcheck(lambda x, y: F.poisson_nll_loss(x, y, full=True), (x, y + 1))
