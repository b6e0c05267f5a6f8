"""`backward` and `grad` with their options. PyTorch 2.13 runs this file unchanged."""

from __future__ import annotations

from typing import Any

import pytest

import fnnet as torch


def leaf(*values: float) -> Any:
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


# what can be asked --------------------------------------------------------------------------------------------------
def test_scalars_need_no_gradient() -> None:
    x = leaf()
    (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_others_do() -> None:
    x = leaf()
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (x * x).backward()
    (x * x).backward(torch.tensor([1.0, 0.5, 0.0]))
    assert x.grad.tolist() == [2.0, 2.0, 0.0]


def test_a_gradient_of_another_shape_raises() -> None:
    x = leaf()
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (x * x).backward(torch.ones(2))
    assert x.grad is None


def test_nothing_to_differentiate_raises() -> None:
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad and does not have a grad_fn"):
        torch.ones(1).sum().backward()
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch.autograd.grad(torch.ones(1).sum(), leaf())


def test_gradients_accumulate_in_place() -> None:
    x = leaf()
    (x * 2).sum().backward()
    held = x.grad
    (x * 3).sum().backward()
    assert held is x.grad
    assert held.tolist() == [5.0, 5.0, 5.0]


def test_with_create_graph_they_are_replaced() -> None:
    x = leaf()
    with torch.no_grad():
        x.grad = torch.ones(3)
    held = x.grad
    (x * x * x).sum().backward(create_graph=True)
    assert held.tolist() == [1.0, 1.0, 1.0]
    assert x.grad.tolist() == [4.0, 13.0, 28.0]
    assert x.grad.requires_grad


def test_a_gradient_is_the_leafs_own() -> None:
    x, w = leaf(), leaf()
    g = torch.ones(3)
    (x + w).backward(g)
    x.grad.mul_(5)
    assert w.grad.tolist() == [1.0, 1.0, 1.0]
    assert g.tolist() == [1.0, 1.0, 1.0]


def test_one_tensor_used_often() -> None:
    x = leaf(2.0)
    y = x * x + x * x * x + x
    y.backward()
    assert x.grad.tolist() == [17.0]


def test_several_roots() -> None:
    x = leaf(1.0, 2.0)
    torch.autograd.backward([(x * 2).sum(), x * x], [None, torch.tensor([1.0, 10.0])])
    assert x.grad.tolist() == [4.0, 42.0]


def test_backward_frees_the_graph() -> None:
    x = leaf()
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()


def test_retain_graph() -> None:
    x = leaf()
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 8.0, 12.0]


def test_inputs_alone_are_filled() -> None:
    x, w = leaf(), leaf()
    y = x * w
    y.sum().backward(inputs=[w])
    assert x.grad is None
    assert w.grad.tolist() == [1.0, 2.0, 3.0]


def test_inputs_may_be_no_leaves() -> None:
    x = leaf()
    y = x * 2
    z = (y * y).sum()
    z.backward(inputs=[y])
    assert y.grad.tolist() == [4.0, 8.0, 12.0]
    assert x.grad is None


def test_empty_inputs_raise() -> None:
    x = leaf()
    with pytest.raises(RuntimeError, match=r"`inputs` argument to `backward..` cannot be empty"):
        x.sum().backward(inputs=[])


# grad ---------------------------------------------------------------------------------------------------------------
def test_grad_leaves_grad_alone() -> None:
    x = leaf()
    (g,) = torch.autograd.grad((x * x).sum(), x)
    assert g.tolist() == [2.0, 4.0, 6.0]
    assert x.grad is None
    assert not g.requires_grad


def test_higher_orders() -> None:
    x = leaf(3.0)
    y = x**4
    for expected in (108.0, 108.0, 72.0, 24.0):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(expected)


def test_unused_inputs() -> None:
    x, w = leaf(), leaf()
    y = (x * 2).sum()
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        torch.autograd.grad(y, [x, w], retain_graph=True)
    assert torch.autograd.grad(y, [x, w], allow_unused=True, retain_graph=True)[1] is None
    found = torch.autograd.grad(y, [x, w], materialize_grads=True)
    assert found[1].tolist() == [0.0, 0.0, 0.0]


def test_materialized_gradients_must_be_allowed() -> None:
    x = leaf()
    with pytest.raises((RuntimeError, ValueError), match="Expected allow_unused to be True or not passed"):
        torch.autograd.grad(x.sum(), x, allow_unused=False, materialize_grads=True)


def test_inputs_that_need_no_gradient_raise() -> None:
    x = leaf()
    with pytest.raises(RuntimeError, match="One of the differentiated Tensors does not require grad"):
        torch.autograd.grad(x.sum(), torch.ones(3))


def test_grad_outputs() -> None:
    x = leaf(1.0, 2.0)
    y = torch.stack([x.sum(), (x * x).sum()])
    (g,) = torch.autograd.grad(y, x, torch.tensor([1.0, 10.0]))
    assert g.tolist() == [21.0, 41.0]


def test_batched_gradients() -> None:
    x = leaf(1.0, 2.0)
    (g,) = torch.autograd.grad(x * x, x, torch.eye(2), is_grads_batched=True)
    assert g.tolist() == [[2.0, 0.0], [0.0, 4.0]]


def test_intermediate_inputs() -> None:
    x = leaf()
    y = x * 2
    z = (y * y).sum()
    gy, gx = torch.autograd.grad(z, [y, x])
    assert gy.tolist() == [4.0, 8.0, 12.0]
    assert gx.tolist() == [8.0, 16.0, 24.0]


def test_one_of_several_outputs() -> None:
    x = leaf(1.0, 2.0, 3.0, 4.0)
    a, b = x.split(2)
    (g,) = torch.autograd.grad((b * b).sum(), x)
    assert g.tolist() == [0.0, 0.0, 6.0, 8.0]
    assert a.requires_grad


def test_double_backward_through_a_gradient() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (g,) = torch.autograd.grad((x * x * w).sum(), x, create_graph=True)
    (g * g).sum().backward()
    assert x.grad.tolist() == [72.0, 256.0]
    assert w.grad.tolist() == [24.0, 128.0]


# leaves and flags ---------------------------------------------------------------------------------------------------
def test_flags() -> None:
    x = leaf()
    y = x * 2
    assert (x.is_leaf, y.is_leaf, x.requires_grad, y.requires_grad) == (True, False, True, True)
    assert y.grad_fn.name() == "MulBackward0"
    assert y.grad_fn.next_functions[0][0].name() in ("AccumulateGrad", "torch::autograd::AccumulateGrad")
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf variables"):
        y.requires_grad_(False)
    with pytest.raises(
        RuntimeError, match=r"only Tensors of floating point (and complex )?dtype can require gradients"
    ):
        torch.ones(2, dtype=torch.int64).requires_grad_()


def test_assigned_gradients_are_checked() -> None:
    x = leaf()
    with pytest.raises(RuntimeError, match="size"):
        x.grad = torch.ones(2)
    with pytest.raises(RuntimeError, match="type"):
        x.grad = torch.ones(3, dtype=torch.float64)
    x.grad = torch.ones(3)
    (x * 2).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0, 3.0]


def test_whole_numbers_carry_no_gradient() -> None:
    x = leaf()
    y = x.argmax()
    assert not y.requires_grad
    values, indices = x.max(0)
    assert values.requires_grad
    assert not indices.requires_grad
