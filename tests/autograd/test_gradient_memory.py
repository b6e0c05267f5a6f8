"""Whose memory a leaf's gradient is: the array that backward made where nobody else holds it, else a copy."""

from __future__ import annotations

from typing import Any

import pytest

import fnnet
from fnnet.backends.numpy_backend import NumpyBackend


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of gradients that are copied for a leaf."""
    found: list[tuple[int, ...]] = []
    original = NumpyBackend.dense_like

    def counted(self: NumpyBackend, g: Any, like: Any) -> Any:
        found.append(g.shape)
        return original(self, g, like)

    monkeypatch.setattr(NumpyBackend, "dense_like", counted)
    return found


def test_what_backward_made_for_a_leaf_alone_is_not_copied(copies: list[tuple[int, ...]]) -> None:
    layer = fnnet.nn.Linear(4, 3)
    (layer(fnnet.ones(5, 4)) * 2).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [[10.0] * 4] * 3
    assert copies == []


def test_leaves_do_not_share_a_gradient() -> None:
    a, b, c = (fnnet.ones(2, requires_grad=True) for _ in range(3))
    given = fnnet.tensor([1.0, 2.0])
    (a + b + c.reshape(2)).backward(given)
    for leaf in (a, b, c):
        assert leaf.grad is not None
        leaf.grad.mul_(10)
        assert leaf.grad.tolist() == [10.0, 20.0]
    assert given.tolist() == [1.0, 2.0]


def test_a_gradient_that_a_hook_keeps_is_not_the_leaf_s() -> None:
    kept: list[fnnet.Tensor] = []
    a = fnnet.ones(2, requires_grad=True)
    a.register_hook(kept.append)
    (a * 3).sum().backward()
    assert a.grad is not None
    a.grad.zero_()
    assert kept[0].tolist() == [3.0, 3.0]


def test_gradients_of_inputs_that_are_equal_are_two() -> None:
    a = fnnet.ones(2, requires_grad=True)
    b = a + 0
    (b * 3).backward(fnnet.ones(2), inputs=[a, b])
    assert a.grad is not None
    assert b.grad is not None
    a.grad.zero_()
    assert b.grad.tolist() == [3.0, 3.0]
