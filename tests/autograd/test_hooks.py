"""Hooks of tensors and of nodes. PyTorch 2.13 runs this file unchanged."""

from __future__ import annotations

from typing import Any

import pytest

import fnnet as torch


def leaf(*values: float) -> Any:
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


def test_a_hook_sees_and_replaces_a_gradient() -> None:
    x = leaf()
    seen: list[Any] = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    x.register_hook(lambda g: g * 2)
    x.register_hook(lambda g: seen.append(g.tolist()))
    (x * 3).sum().backward()
    assert seen == [[3.0, 3.0, 3.0], [6.0, 6.0, 6.0]]
    assert x.grad.tolist() == [6.0, 6.0, 6.0]


def test_a_hook_of_a_leaf_sees_the_whole_gradient_once() -> None:
    x = leaf(2.0)
    seen: list[Any] = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    (x * x + x * 3).backward()
    assert seen == [[7.0]]


def test_a_hook_of_an_intermediate() -> None:
    x = leaf()
    y = x * 2
    y.register_hook(lambda g: g * 10)
    (y * y).sum().backward()
    assert x.grad.tolist() == [80.0, 160.0, 240.0]


def test_handles() -> None:
    x = leaf()
    handle = x.register_hook(lambda g: g * 2)
    handle.remove()
    handle.remove()
    with x.register_hook(lambda g: g * 5):
        x.sum().backward()
    x.sum().backward()
    assert x.grad.tolist() == [6.0, 6.0, 6.0]


def test_hooks_need_a_gradient() -> None:
    with pytest.raises(RuntimeError, match="cannot register a hook on a tensor that doesn't require gradient"):
        torch.ones(1).register_hook(lambda g: g)


def test_hooks_before_and_after_a_write() -> None:
    x = leaf()
    y = x * 2
    log: list[Any] = []
    y.register_hook(lambda g: log.append(("before", g.tolist())))
    y.mul_(3)
    y.register_hook(lambda g: log.append(("after", g.tolist())))
    y.sum().backward()
    assert log == [("after", [1.0, 1.0, 1.0]), ("before", [3.0, 3.0, 3.0])]


def test_a_hook_on_a_view_before_a_write_on_its_base() -> None:
    x = leaf()
    y = x * 2
    v = y[1:]
    log: list[Any] = []
    v.register_hook(lambda g: log.append(g.tolist()))
    y.mul_(3)
    v.sum().backward()
    assert log == []
    assert x.grad.tolist() == [0.0, 6.0, 6.0]


def test_retain_grad() -> None:
    x = leaf()
    y = x * 2
    assert not y.retains_grad
    y.retain_grad()
    y.retain_grad()
    assert y.retains_grad
    (y * y).sum().backward()
    assert y.grad.tolist() == [4.0, 8.0, 12.0]
    x.retain_grad()
    assert not x.retains_grad
    with pytest.raises(RuntimeError, match="can't retain_grad on Tensor that has requires_grad=False"):
        torch.ones(1).retain_grad()


def test_a_retained_input_of_backward_is_added_to_once() -> None:
    x = leaf()
    y = x * 2
    y.retain_grad()
    (y * 3).sum().backward(inputs=[x, y])
    assert y.grad.tolist() == [3.0, 3.0, 3.0]  # PyTorch 2.13
    assert x.grad.tolist() == [6.0, 6.0, 6.0]


def test_retain_grad_comes_after_hooks() -> None:
    x = leaf()
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    assert y.grad.tolist() == [10.0, 10.0, 10.0]


def test_retain_grad_follows_writes() -> None:
    x = leaf()
    y = x * 2
    y.retain_grad()
    y.mul_(5)
    (y * y).sum().backward()
    assert y.grad.tolist() == [20.0, 40.0, 60.0]
    assert x.grad.tolist() == [200.0, 400.0, 600.0]


def test_grad_takes_before_hooks_where_the_walk_goes_on() -> None:
    x = leaf(1.0, 2.0)
    y = x * 1
    y.register_hook(lambda g: g * 2)
    s = y.sum()
    assert [g.tolist() for g in torch.autograd.grad(s, [x, y], retain_graph=True)] == [[2.0, 2.0], [1.0, 1.0]]
    assert [g.tolist() for g in torch.autograd.grad(s, [y])] == [[2.0, 2.0]]


def test_post_accumulate_grad_hooks() -> None:
    x = leaf()
    seen: list[Any] = []

    def step(p: Any) -> None:
        seen.append(p.grad.tolist())
        with torch.no_grad():
            p -= p.grad
        p.grad = None

    x.register_post_accumulate_grad_hook(step)
    (x * x).sum().backward()
    assert seen == [[2.0, 4.0, 6.0]]
    assert x.tolist() == [-1.0, -2.0, -3.0]
    assert x.grad is None
    with pytest.raises(RuntimeError, match="post accumulate grad hooks cannot be registered on non-leaf tensors"):
        (x * 2).register_post_accumulate_grad_hook(step)


def test_node_hooks() -> None:
    x = leaf(2.0, 3.0)
    y = x * 5
    log: list[Any] = []
    y.grad_fn.register_prehook(lambda outs: (log.append(("pre", outs[0].tolist())), (outs[0] * 2,))[1])
    y.grad_fn.register_hook(lambda ins, outs: log.append(("post", ins[0].tolist(), outs[0].tolist())))
    handle = y.grad_fn.register_hook(lambda ins, outs: (ins[0] + 1, *ins[1:]))
    y.sum().backward(retain_graph=True)
    assert log == [("pre", [1.0, 1.0]), ("post", [10.0, 10.0], [2.0, 2.0])]
    assert x.grad.tolist() == [11.0, 11.0]
    handle.remove()
    y.sum().backward()
    assert x.grad.tolist() == [21.0, 21.0]


def test_what_a_hook_returns_is_checked() -> None:
    x = leaf()
    x.register_hook(lambda g: 3)
    with pytest.raises((TypeError, RuntimeError)):
        x.sum().backward()


def test_hooks_under_create_graph_are_differentiable() -> None:
    x = leaf(2.0)
    y = x * x
    y.register_hook(lambda g: g * x)
    (g,) = torch.autograd.grad(y, x, torch.ones(1), create_graph=True)
    assert g.tolist() == [8.0]
    assert torch.autograd.grad(g, x)[0].tolist() == [8.0]
