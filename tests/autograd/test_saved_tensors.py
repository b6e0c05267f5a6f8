"""What the tape keeps: versions, saved-tensor hooks for ops and Functions. PyTorch 2.13 runs this file unchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import fnnet as torch

hooks = torch.autograd.graph.saved_tensors_hooks


def leaf(*values: float) -> Any:
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


# versions -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "write",
    [
        lambda y: y.mul_(2), lambda y: y.zero_(), lambda y: y[0].fill_(1), lambda y: y.detach().add_(1),
        lambda y: y.__setitem__(0, 5.0), lambda y: torch.exp(torch.ones(3), out=y.detach()),
        lambda y: y.view(3, 1).mul_(2),
        lambda y: y.unsqueeze_(0), lambda y: y.detach().normal_(),
    ],
)  # fmt: skip
def test_a_write_on_what_was_saved_is_found(write: Callable[[Any], Any]) -> None:
    x = leaf()
    y = x.exp()  # saves its output
    with torch.no_grad():
        write(y)
    with pytest.raises(
        RuntimeError, match=r"modified by an inplace operation.*is at version 1; expected version 0 instead"
    ):
        y.sum().backward()


def test_a_write_on_an_input_is_found() -> None:
    x, w = leaf(), leaf()
    y = x * w
    with torch.no_grad():
        w.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize(
    "op",
    [
        lambda x: x + 1, lambda x: x * 2, lambda x: x.sum(), lambda x: x.view(-1, 1), lambda x: x / 2, lambda x: -x,
        lambda x: x.reshape(3, 1).expand(3, 2), lambda x: torch.cat([x, x]), lambda x: x.clone(), lambda x: x - x,
        lambda x: x.flip(0), lambda x: x.cumsum(0), lambda x: x[1:],
    ],
)  # fmt: skip
def test_ops_that_save_nothing_allow_writes(op: Callable[[Any], Any]) -> None:
    x = leaf()
    z = x * 1
    y = op(z)
    with torch.no_grad():
        z.detach().mul_(5)
    y.sum().backward()
    assert x.grad is not None


def test_quotients_keep_operands_not_results() -> None:
    x, w = leaf(), leaf()
    y = x / w
    y.mul_(2)
    y.sum().backward()
    assert w.grad.tolist() == pytest.approx([-2.0, -1.0, -2 / 3])


# saved-tensor hooks -------------------------------------------------------------------------------------------------
def test_pack_and_unpack_see_built_in_ops() -> None:
    x, w = leaf(), leaf(4.0, 5.0, 6.0)
    packed: list[Any] = []
    unpacked: list[Any] = []

    def pack(t: Any) -> int:
        packed.append(t.clone())
        return len(packed) - 1

    def unpack(at: int) -> Any:
        unpacked.append(at)
        return packed[at]

    with hooks(pack, unpack):
        y = (x * w).exp().sum()
    assert len(packed) == 3
    assert unpacked == []
    y.backward()
    assert sorted(unpacked) == [0, 1, 2]
    want = [5.459815e01 * 4, 2.202647e04 * 5, 6.565997e07 * 6]
    assert x.grad.tolist() == pytest.approx(want, rel=1e-5)


def test_hooks_get_the_result_of_a_write() -> None:
    x = leaf()
    packed: list[Any] = []

    def pack(t: Any) -> int:
        packed.append(t.tolist())
        return len(packed) - 1

    y = x * 1
    with hooks(pack, lambda at: torch.tensor([10.0, 20.0, 30.0])):
        y.exp_()
    assert packed == [pytest.approx([2.718282, 7.389056, 20.085537])]
    y.sum().backward()
    assert x.grad.tolist() == [10.0, 20.0, 30.0]


def test_hooks_get_the_old_value_that_a_write_overwrites() -> None:
    a, b = leaf(2.0), leaf(3.0)
    y = a * 1
    with hooks(lambda t: t, lambda t: t):
        y.mul_(b)
    y.sum().backward()
    assert (a.grad.item(), b.grad.item()) == (3.0, 2.0)


def test_what_unpack_returns_counts() -> None:
    x = leaf()
    with hooks(lambda t: t, lambda t: t * 10):
        y = (x * x).sum()
    y.backward()
    assert x.grad.tolist() == [20.0, 40.0, 60.0]


def test_the_innermost_hooks_count() -> None:
    x = leaf(2.0)
    with hooks(lambda t: t, lambda t: t * 10):
        with hooks(lambda t: t, lambda t: t * 3):
            y = x * x
        z = x * x
    y.backward()
    assert x.grad.tolist() == [12.0]
    x.grad = None
    z.backward()
    assert x.grad.tolist() == [40.0]


def test_unpack_must_return_a_tensor() -> None:
    x = leaf()
    with hooks(lambda t: t, lambda t: 5):
        y = (x * x).sum()
    with pytest.raises((TypeError, RuntimeError), match="unpack"):
        y.backward()


def test_hooks_and_higher_orders() -> None:
    x = leaf(3.0)
    with hooks(lambda t: t.detach().clone(), lambda t: t):
        y = x * x * x
    (g,) = torch.autograd.grad(y, x, torch.ones(1))
    assert g.tolist() == [27.0]


def test_hooks_see_functions() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = leaf(3.0)
    seen: list[Any] = []
    with hooks(lambda t: seen.append(t.tolist()) or t, lambda t: t * 10):
        y = Square.apply(x)
    assert seen == [[3.0]]
    y.backward()
    assert x.grad.tolist() == [60.0]


def test_an_error_in_pack_leaves_no_hooks_behind() -> None:
    x = leaf()

    def pack(t: Any) -> Any:
        raise KeyError("no room")

    with pytest.raises(KeyError), hooks(pack, lambda t: t):
        x * x
    (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]
