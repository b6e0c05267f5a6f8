"""LeCun's initialization: the variance, and what it refuses."""

from __future__ import annotations

import pytest
from fnnet_example.initializers import lecun_normal_

import fnnet
from fnnet import nn


@pytest.mark.parametrize(("shape", "fan_in"), [((400, 250), 250), ((64, 16, 5, 5), 400)])
def test_variance_is_one_over_fan_in(shape, fan_in):
    fnnet.manual_seed(0)
    values = lecun_normal_(fnnet.empty(*shape)).numpy().astype(float)
    # Of n normal values, the sample variance is off by a fraction of sqrt(2 / n): five of these is beyond chance.
    assert abs(values.var() * fan_in - 1) < 5 * (2 / values.size) ** 0.5
    assert abs(values.mean()) < 5 * (1 / (fan_in * values.size)) ** 0.5


def test_by_name():
    assert nn.init.get("lecun_normal") is lecun_normal_


def test_a_vector_has_no_fan_in():
    bias = fnnet.ones(3)
    with pytest.raises(ValueError, match=r"Fan in and fan out can not be computed .*\(3,\)"):
        lecun_normal_(bias)
    assert bias.tolist() == [1.0, 1.0, 1.0]
