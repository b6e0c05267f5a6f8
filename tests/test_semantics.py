"""Sentences of docs/explanation/semantics.md that no other file holds. PyTorch 2.13 runs this file unchanged.

(But for the tests whose text says "ours".)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fnnet as torch

F = torch.nn.functional


# views ----------------------------------------------------------------------------------------------------------
def test_views_are_replayed_where_memory_has_no_strides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: a backend need not have them."""
    monkeypatch.setattr(type(torch.zeros(1).device.backend), "strides", lambda self, x: None)
    x = torch.arange(6.0, requires_grad=True)
    y = x * 1
    v = y.view(2, 3)[1]
    y.view(3, 2).t()[0].mul_(5)
    assert v.tolist() == [3.0, 20.0, 5.0]
    v.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.0, 1.0, 5.0, 1.0]


# numbers --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "reduce",
    [
        lambda x: x.sum(), lambda x: x.mean(), lambda x: x.amax(), lambda x: x.prod(), lambda x: x.norm(),
        lambda x: x.dot(x), lambda x: x[0], lambda x: x.argmax().float(),
    ],
)  # fmt: skip
def test_results_without_dims_are_arrays_that_can_be_written(reduce: Callable[[Any], Any]) -> None:
    r = reduce(torch.ones(3))
    before = r.item()
    assert type(r.numpy()) is np.ndarray
    same = r.view(())
    r.add_(1)
    assert same.item() == pytest.approx(before + 1)


def test_bfloat16_stays_what_it_is() -> None:
    a = torch.ones(2, 2, dtype=torch.bfloat16)
    for r in (a * 0.5, a @ a, torch.einsum("ij,jk->ik", a, a), a.exp(), a.sum(0), a / 3):
        assert r.dtype is torch.bfloat16
    assert (a.dtype.is_floating_point, a.is_floating_point(), a.dtype.itemsize) == (True, True, 2)
    assert (torch.finfo(torch.bfloat16).eps, torch.finfo(torch.bfloat16).max) == (0.0078125, 3.3895313892515355e38)
    assert torch.ones(1000, dtype=torch.bfloat16).sum().item() == 1000
    assert (torch.tensor(1.0, dtype=torch.bfloat16) / 3).item() == 0.333984375


# random numbers -------------------------------------------------------------------------------------------------
def words_taken(draw: Callable[[], Any]) -> int:
    """How many 32-bit words of the stream `draw` takes, of up to 100."""
    torch.manual_seed(0)
    stream = [torch.empty((), dtype=torch.int32).random_().item() for _ in range(100)]
    torch.manual_seed(0)
    draw()
    return stream.index(torch.empty((), dtype=torch.int32).random_().item())


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: torch.empty(20).bernoulli_(0.3), 40),
        (lambda: F.dropout(torch.ones(20), 0.3), 40),
        (lambda: torch.bernoulli(torch.full((20,), 0.3)), 20),
        (lambda: torch.rand(20), 20),
        (lambda: torch.rand(20, dtype=torch.float64), 40),
        (lambda: torch.randn(16), 16),
        (lambda: torch.randn(17), 33),  # the last 16 are drawn anew
    ],
)
def test_words_per_element(draw: Callable[[], Any], words: int) -> None:
    """Ours, as PyTorch without MKL, which draws Bernoulli numbers its own way on Intel's processors."""
    assert words_taken(draw) == words


def test_a_kept_normal_survives_other_draws_and_lies_in_the_state() -> None:
    torch.manual_seed(0)
    first = torch.randn(1)
    state = torch.get_rng_state()
    assert len(state) == 5056
    torch.rand(1)
    second = torch.randn(1)
    torch.manual_seed(0)
    pair = torch.randn(2)
    assert [first.item(), second.item()] == pair.tolist()
    torch.set_rng_state(state)
    assert torch.randn(1).item() == second.item()


# modules --------------------------------------------------------------------------------------------------------
def test_what_full_backward_hooks_wrap_is_not_written_in_place() -> None:
    class Writer(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.add_(1)

    layer = torch.nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda module, before, after: None)
    y = layer(torch.ones(1, 2, requires_grad=True))
    with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
        y.add_(1)
    writer = Writer()
    writer.register_full_backward_hook(lambda module, before, after: None)
    with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
        writer(torch.ones(2, requires_grad=True) * 1)


def test_there_are_eight_registrars_for_all_modules() -> None:
    from fnnet.nn.modules import module as everywhere

    names = {name for name in dir(everywhere) if name.startswith("register_module_")}
    hooks = ("forward_pre", "forward", "full_backward_pre", "full_backward", "backward")
    kinds = ("buffer_registration", "module_registration", "parameter_registration")
    assert names == {f"register_module_{name}_hook" for name in (*hooks, *kinds)}


# errors ---------------------------------------------------------------------------------------------------------
def test_errors_are_what_users_of_either_kind_catch() -> None:
    """Ours."""
    from fnnet._core import errors

    assert issubclass(errors.ShapeError, RuntimeError)
    assert issubclass(errors.ShapeError, ValueError)
    for error in vars(errors).values():
        if isinstance(error, type) and error is not errors.FnnetError:
            assert issubclass(error, errors.FnnetError)
            assert len(error.__mro__) > len(errors.FnnetError.__mro__) + 1, f"{error} is no builtin error"


# saved tensors --------------------------------------------------------------------------------------------------
def test_what_is_saved_on_the_host_comes_back() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.save_on_cpu():
        y = (x * x).exp()
    y.sum().backward()
    assert x.grad.tolist() == pytest.approx([5.436563, 218.392603], rel=1e-6)
