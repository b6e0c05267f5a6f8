"""Lion against its definition (Chen et al. 2023, algorithm 2), step by step in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from fnnet_example.lion import Lion

import fnnet
from fnnet import nn, optim


def test_by_name():
    assert optim.get("LION") is Lion
    assert isinstance(optim.create("lion", [nn.Parameter(fnnet.zeros(2))], lr=0.1), Lion)


def test_the_rule():
    rng = np.random.default_rng(0)
    lr, (beta1, beta2), decay = 0.02, (0.8, 0.95), 0.3
    p, m = rng.standard_normal((3, 4)), np.zeros((3, 4))
    parameter = nn.Parameter(fnnet.from_numpy(p.copy()))
    optimizer = Lion([parameter], lr=lr, betas=(beta1, beta2), weight_decay=decay)
    for _ in range(6):
        g = rng.standard_normal((3, 4))
        parameter.grad = fnnet.from_numpy(g)
        optimizer.step()
        p = p - lr * (np.sign(beta1 * m + (1 - beta1) * g) + decay * p)
        m = beta2 * m + (1 - beta2) * g
    np.testing.assert_allclose(parameter.detach().numpy(), p, rtol=1e-12)
    np.testing.assert_allclose(optimizer.state[parameter]["exp_avg"].numpy(), m, rtol=1e-12)


def test_groups_have_their_own_options():
    slow, fast = nn.Parameter(fnnet.zeros(1)), nn.Parameter(fnnet.zeros(1))
    optimizer = Lion([{"params": [slow]}, {"params": [fast], "lr": 0.5}], lr=0.25)
    (slow + fast).sum().backward()
    optimizer.step()
    assert [slow.item(), fast.item()] == [-0.25, -0.5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": -1}, "lr must be at least 0, got -1"),
        ({"betas": (0.9, 1.0)}, r"betas must be at least 0 and below 1, got \(0.9, 1.0\)"),
        ({"weight_decay": -0.1}, "weight_decay must be at least 0, got -0.1"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Lion([nn.Parameter(fnnet.zeros(1))], **options)
