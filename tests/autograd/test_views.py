"""Storage, views and in-place writes. Every expectation was printed by PyTorch 2.13, which runs this file unchanged.

(But for the test that says so.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fnnet as torch


def leaf(*values: float) -> Any:
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


def matrix() -> Any:
    return torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


# writes reach memory ------------------------------------------------------------------------------------------------
def test_a_state_dict_is_the_parameters_memory() -> None:
    net = torch.nn.Linear(2, 2)
    net.state_dict()["weight"].zero_()
    assert net.weight.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_data_writes_through() -> None:
    p = torch.nn.Parameter(torch.ones(2))
    p.data.add_(1)
    p.data[0] = 5
    assert p.tolist() == [5.0, 2.0]


def test_numpy_shares_memory() -> None:
    b = torch.ones(3, requires_grad=True)
    n = b.detach().numpy()
    with torch.no_grad():
        b.fill_(5)
    assert n.tolist() == [5.0, 5.0, 5.0]
    n[0] = 7
    assert b.tolist() == [7.0, 5.0, 5.0]


def test_from_numpy_shares_memory() -> None:
    n = np.zeros(2, np.float32)
    t = torch.from_numpy(n)
    t += 1
    n[1] = 9
    assert t.tolist() == [1.0, 9.0]


def test_data_assignment_rebinds() -> None:
    a, b = torch.ones(2), torch.zeros(2)
    view = a[:1]
    a.data = b
    a.fill_(3)
    assert b.tolist() == [3.0, 3.0]
    assert view.tolist() == [1.0]


def test_set_rebinds() -> None:
    a, b = torch.ones(2), torch.zeros(3)
    a.set_(b)
    a.fill_(2)
    assert b.tolist() == [2.0, 2.0, 2.0]


def test_module_to_keeps_parameters() -> None:
    net = torch.nn.Linear(2, 1)
    before = net.weight
    net.to(torch.float64)
    assert net.weight is before
    assert before.dtype == torch.float64


def test_expanded_and_overlapping_targets_raise() -> None:
    e = torch.zeros(1, 3).expand(2, 3)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor refers to a single memory"):
        e.add_(1)
    a = torch.arange(6.0)
    with pytest.raises(RuntimeError, match="some elements of the input tensor and the written-to tensor refer to a"):
        a[1:].add_(a[:-1])
    assert a.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_fill_of_an_expanded_tensor() -> None:
    base = torch.zeros(1, 3)
    base.expand(2, 3).fill_(4)
    assert base.tolist() == [[4.0, 4.0, 4.0]]


def test_a_tensor_may_be_written_from_itself() -> None:
    a = torch.tensor([1.0, 2.0])
    a.add_(a).mul_(a)
    assert a.tolist() == [4.0, 16.0]


# views and autograd -------------------------------------------------------------------------------------------------
def test_a_write_on_the_base_reaches_its_views() -> None:
    x = leaf()
    y = x * 2
    v = y[1:]
    y.mul_(3)
    assert v.tolist() == [12.0, 18.0]
    v.sum().backward()
    assert x.grad.tolist() == [0.0, 6.0, 6.0]


def test_the_grad_fn_of_views_is_regenerated() -> None:
    y = leaf() * 2
    v = y[1:]
    old = v.grad_fn
    y.mul_(3)
    assert v.grad_fn is not old


def test_a_write_on_a_view_reaches_its_base() -> None:
    x = leaf()
    y = x * 2
    y[1:].mul_(3)
    assert y.tolist() == [2.0, 12.0, 18.0]
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 6.0, 6.0]


def test_a_write_on_a_view_reaches_other_views() -> None:
    x = matrix()
    y = x * 1
    row, column = y[0], y[:, 1]
    row.mul_(10)
    assert column.tolist() == [20.0, 4.0]
    column.sum().backward()
    assert x.grad.tolist() == [[0.0, 10.0], [0.0, 1.0]]


def test_chains_of_views_are_replayed() -> None:
    x = torch.arange(12.0, requires_grad=True)
    y = x * 1
    y.view(3, 4).t()[1:3].t()[0].mul_(5)
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 5.0, 5.0] + [1.0] * 9


def test_a_constant_base_gains_a_history() -> None:
    x = leaf(2.0, 3.0)
    base = torch.zeros(2, 2)
    v = base[0]
    assert not v.requires_grad
    base[1] = x
    assert base.requires_grad
    assert v.requires_grad
    base.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_a_view_takes_a_history_from_what_is_copied_in() -> None:
    x = leaf(2.0, 3.0)
    base = torch.ones(2, 2)
    base[0].copy_(x * x)
    (base * base).sum().backward()
    assert x.grad.tolist() == [32.0, 108.0]


def test_setitem_is_differentiable() -> None:
    x, w = leaf(), torch.tensor(4.0, requires_grad=True)
    y = x * 2
    y[0] = w * 3
    (y * y).sum().backward()
    assert w.grad.item() == 72.0
    assert x.grad.tolist() == [0.0, 16.0, 24.0]


def test_setitem_of_many() -> None:
    x = leaf()
    y = x * 2
    y[torch.tensor([0, 2])] = torch.tensor([7.0, 8.0])
    y[y > 7.5] *= 2
    assert y.tolist() == [7.0, 4.0, 16.0]
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 0.0]


def test_the_old_value_is_kept_where_it_is_needed() -> None:
    a, b = leaf(2.0), leaf(3.0)
    y = a * 1
    y.mul_(b)
    y.sum().backward()
    assert (a.grad.item(), b.grad.item()) == (3.0, 2.0)


def test_a_tensor_written_from_itself_is_differentiated() -> None:
    # PyTorch finds in backward that the factor is gone. Here (y * y)' = 2y and (y + y * y / 2)' = 1 + y.
    for write, expected in (
        (lambda y: y.mul_(y), [2.0, 4.0, 6.0]),
        (lambda y: y.addcmul_(y, y, value=0.5), [2.0, 3.0, 4.0]),
    ):
        x = leaf()
        write(y := x * 1)
        y.sum().backward()
        assert x.grad.tolist() == expected


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda y: y.zero_(), [0.0, 0.0, 0.0]),
        (lambda y: y.fill_(3), [0.0, 0.0, 0.0]),
        (lambda y: y.add_(1), [2.0, 2.0, 2.0]),
        (lambda y: y.exp_(), [14.7781, 109.1963, 806.8576]),
        (lambda y: y.relu_(), [2.0, 2.0, 2.0]),
        (lambda y: y.clamp_(max=5), [2.0, 2.0, 0.0]),
        (lambda y: y.copy_(torch.ones(3)), [0.0, 0.0, 0.0]),
        (lambda y: y.masked_fill_(y > 3, 0.0), [2.0, 0.0, 0.0]),
        (lambda y: y.__setitem__(slice(0, 2), 0.0), [0.0, 0.0, 2.0]),
        (lambda y: y.data.mul_(9), [2.0, 2.0, 2.0]),
        (lambda y: y.detach().mul_(9), [2.0, 2.0, 2.0]),
    ],
)
def test_gradients_after_writes(write: Callable[[Any], Any], expected: list[float]) -> None:
    x = leaf()
    y = x * 2
    write(y)
    y.sum().backward()
    assert x.grad.tolist() == pytest.approx(expected, rel=1e-5)


# what is refused ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("several", [lambda y: y.unbind(0), lambda y: y.split(1), lambda y: y.chunk(2)])
def test_writes_to_one_of_several_views_raise(several: Callable[[Any], Any]) -> None:
    y = matrix() * 1
    v = several(y)[0]
    with pytest.raises(RuntimeError, match="function that returns multiple views"):
        v.mul_(2)
    assert y.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_one_of_several_views_is_lost_after_a_write_on_its_base() -> None:
    y = matrix() * 1
    v = y.unbind(0)[0]
    y.mul_(2)
    with pytest.raises(RuntimeError, match="its base or another view of its base has been modified inplace"):
        v * 2


def test_writes_to_views_made_under_no_grad_raise() -> None:
    y = matrix() * 1
    with torch.no_grad():
        v = y[0]
    with pytest.raises(
        RuntimeError, match="A view was created in no_grad mode and is being modified inplace with grad"
    ):
        v.mul_(2)
    with torch.no_grad():
        v.mul_(2)
    assert y.tolist() == [[2.0, 4.0], [3.0, 4.0]]


def test_a_view_made_under_no_grad_requires_grad_and_leads_nowhere() -> None:
    x = leaf()
    y = x * 1
    with torch.no_grad():
        v = y[1:]
    assert (v.requires_grad, v.is_leaf, v.grad_fn) == (True, True, None)
    (v * 2).sum().backward()
    assert x.grad is None


def test_leaves_raise() -> None:
    x = leaf()
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        x.add_(1)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad is being used in an in-place"):
        x[0] = 1
    assert x.tolist() == [1.0, 2.0, 3.0]
    with torch.no_grad():
        x.add_(1)
        x[0] = 0
    assert x.tolist() == [0.0, 3.0, 4.0]


def test_a_whole_number_takes_no_fraction() -> None:
    a = torch.tensor([1, 2])
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output type Long"):
        a.add_(0.5)
    assert a.tolist() == [1, 2]


# detach and data ----------------------------------------------------------------------------------------------------
def test_detach_shares_the_version_and_data_does_not() -> None:
    x = leaf()
    y = x.exp()
    y.data.mul_(2)
    y.sum().backward(retain_graph=True)  # wrong, and not noticed: that is what .data is for
    y.detach().mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_detached_tensors_share_memory() -> None:
    x = leaf()
    d = x.detach()
    d[0] = 9
    assert x.tolist() == [9.0, 2.0, 3.0]
    assert (d.requires_grad, d.is_leaf) == (False, True)


def test_detach_in_place() -> None:
    y = leaf() * 2
    y.detach_()
    assert (y.requires_grad, y.is_leaf, y.grad_fn) == (False, True, None)


# in-place changes of shape ------------------------------------------------------------------------------------------
def test_a_base_may_change_its_shape() -> None:
    x = torch.arange(6.0, requires_grad=True)
    y = (x * 1).view(2, 3).clone()
    v = y[0]
    y.t_()
    v.mul_(10)
    assert y.tolist() == [[0.0, 3.0], [10.0, 4.0], [20.0, 5.0]]
    y.unsqueeze_(0).squeeze_(0).mul_(2)
    v.sum().backward()
    assert x.grad.tolist() == [20.0, 20.0, 20.0, 0.0, 0.0, 0.0]


def test_an_expanded_tensor_may_change_its_shape() -> None:
    e = torch.zeros(1, 3).expand(2, 3)
    assert e.unsqueeze_(0).shape == (1, 2, 3)


# layout -------------------------------------------------------------------------------------------------------------
def test_gradients_have_their_parameters_strides() -> None:
    w = torch.ones(2, 3).t().contiguous().t().requires_grad_()
    assert w.stride() == (1, 2)
    (w * torch.ones(2, 3)).sum().backward()
    assert w.grad.stride() == (1, 2)


def test_tensor_objects_take_attributes_and_weak_references() -> None:
    import weakref

    p = torch.nn.Parameter(torch.ones(2))
    p.tensor_parallel = True
    assert p.tensor_parallel
    reference = weakref.ref(p)
    assert reference() is p
    del p
    assert reference() is None


def test_tensors_and_arrays() -> None:
    t, a = torch.ones(2), np.full(2, 3.0, np.float32)
    assert (t * a).tolist() == [3.0, 3.0]
