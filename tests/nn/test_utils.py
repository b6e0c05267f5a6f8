"""nn.utils: clipping of gradients, parameters as a vector. Expectations are PyTorch 2.13's."""

from __future__ import annotations

import math
from typing import Any

import pytest

import fnnet as torch
from fnnet import nn
from fnnet.nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
)


def with_grads(*grads: Any) -> list[Any]:
    made = []
    for g in grads:
        made.append(nn.Parameter(torch.zeros(2)))
        made[-1].grad = None if g is None else torch.tensor(g)
    return made


@pytest.mark.parametrize(
    ("order", "norm"), [(2.0, 13.0), (1.0, 19.0), (math.inf, 12.0), (-math.inf, 0.0), (3.0, 1882 ** (1 / 3))]
)
def test_norms(order: float, norm: float) -> None:
    tensors = [torch.tensor([3.0, 4.0]), torch.tensor([12.0, 0.0])]
    expected = (27 + 64 + 1728) ** (1 / 3) if order == 3 else norm
    assert get_total_norm(tensors, order).item() == pytest.approx(expected)


def test_norm_is_clipped() -> None:
    ps = with_grads([3.0, 4.0], None, [12.0, 0.0])
    grads = [p.grad for p in ps]
    total = clip_grad_norm_(ps, 6.5)
    assert total.item() == pytest.approx(13.0)
    assert ps[0].grad is grads[0]
    assert ps[0].grad.tolist() == pytest.approx([1.5, 2.0], rel=1e-6)
    assert ps[2].grad.tolist() == pytest.approx([6.0, 0.0], rel=1e-6)
    clip_grad_norm_(iter(ps), 100.0)
    assert ps[2].grad.tolist() == pytest.approx([6.0, 0.0], rel=1e-6)
    clip_grads_with_norm_(ps, 1.0, torch.tensor(2.0))
    assert ps[2].grad.tolist() == pytest.approx([3.0, 0.0], rel=1e-6)


def test_norm_of_nothing() -> None:
    assert clip_grad_norm_([], 1.0).item() == 0.0
    assert clip_grad_norm_(with_grads(None), 1.0).item() == 0.0
    with pytest.warns(UserWarning, match="empty generator"):
        clip_grad_norm_((p for p in ()), 1.0)


def test_infinite_norm_changes_nothing_where_it_raises() -> None:
    ps = with_grads([math.inf, 1.0], [1.0, 1.0])
    with pytest.raises(RuntimeError, match="non-finite, so it cannot be clipped"):
        clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)
    assert ps[1].grad.tolist() == [1.0, 1.0]
    clip_grad_norm_(ps, 1.0)
    assert ps[1].grad.tolist() == [0.0, 0.0]


def test_values_are_clipped() -> None:
    ps = with_grads([3.0, -4.0], None)
    clip_grad_value_(ps, 3.5)
    assert ps[0].grad.tolist() == [3.0, -3.5]
    clip_grad_value_(ps[0], 1)
    assert ps[0].grad.tolist() == [1.0, -1.0]


def test_vectors() -> None:
    net = nn.Linear(2, 1)
    vec = parameters_to_vector(net.parameters())
    assert vec.shape == (3,)
    assert vec.requires_grad
    (vec * vec).sum().backward()
    assert net.bias.grad.tolist() == pytest.approx((2 * net.bias).tolist())
    new = torch.tensor([1.0, 2.0, 3.0])
    weight = net.weight
    vector_to_parameters(new, net.parameters())
    assert net.weight is weight
    assert net.weight.tolist() == [[1.0, 2.0]]
    assert net.bias.tolist() == [3.0]
    new.zero_()
    assert net.bias.tolist() == [0.0]  # slices of the vector's memory
    with pytest.raises(TypeError, match=r"expected torch\.Tensor"):
        vector_to_parameters([1.0], net.parameters())  # type: ignore[arg-type]


def test_short_vector_changes_nothing() -> None:
    net = nn.Linear(2, 1)
    before = net.weight.tolist()
    with pytest.raises(RuntimeError):
        vector_to_parameters(torch.zeros(2), net.parameters())
    assert net.weight.tolist() == before
