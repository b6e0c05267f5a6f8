"""Options that are tensors, groups with names, state. Phrases: PyTorch 2.13."""

from __future__ import annotations

import pytest

import fnnet
from fnnet import nn, optim

ALL = (optim.SGD, optim.Adam, optim.AdamW)


def parameter() -> nn.Parameter:
    return nn.Parameter(fnnet.tensor([1.0, 2.0]))


@pytest.mark.parametrize("kind", ALL)
def test_a_tensor_as_learning_rate_has_one_element(kind) -> None:
    with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
        kind([parameter()], lr=fnnet.tensor([0.1, 0.1]))


@pytest.mark.parametrize("kind", ALL[1:])
def test_betas_are_both_numbers_or_both_tensors(kind) -> None:
    with pytest.raises(ValueError, match="betas must be either both floats or both Tensors"):
        kind([parameter()], betas=(0.9, fnnet.tensor(0.99)))


@pytest.mark.parametrize("kind", ALL[1:])
def test_foreach_takes_no_tensors(kind) -> None:
    with pytest.raises(ValueError, match="lr as a Tensor is not supported for capturable=False and foreach=True"):
        kind([parameter()], lr=fnnet.tensor(0.1), foreach=True)
    with pytest.raises(ValueError, match=r"betas\[0\] as a Tensor is not supported"):
        kind([parameter()], betas=(fnnet.tensor(0.9), fnnet.tensor(0.99)), foreach=True)


def test_groups_with_and_without_names_do_not_mix() -> None:
    optimizer = optim.SGD([("weight", parameter())], lr=0.1)
    with pytest.raises(ValueError, match="cannot add param group without names to the optimizer"):
        optimizer.add_param_group({"params": [parameter()]})


def test_what_keeps_nothing_has_no_state() -> None:
    p = parameter()
    optimizer = optim.SGD([p], lr=0.1)
    p.sum().backward()
    optimizer.step()
    assert optimizer.state_dict()["state"] == {}
