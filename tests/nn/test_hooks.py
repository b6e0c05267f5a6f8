"""Hooks of modules: order, what they return, removal, errors. Expectations are PyTorch 2.13's."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

import fnnet as torch
from fnnet import nn
from fnnet.nn.modules import module as everywhere


class Double(nn.Module):
    def forward(self, x: Any, plus: Any = 0) -> Any:
        return x * 2 + plus


class Fails(nn.Module):
    def forward(self, x: Any) -> Any:
        raise ZeroDivisionError("on purpose")


@pytest.fixture
def handles() -> Iterator[list[Any]]:
    """Handles of global hooks, removed when the test ends."""
    made: list[Any] = []
    yield made
    for handle in made:
        handle.remove()


def one() -> Any:
    return torch.ones(1)


# forward --------------------------------------------------------------------------------------------------------------
def test_order(handles: list[Any]) -> None:
    seen: list[str] = []
    m = Double()
    m.register_forward_hook(lambda *a: seen.append("hook"))
    m.register_forward_hook(lambda *a: seen.append("first hook"), prepend=True)
    m.register_forward_pre_hook(lambda *a: seen.append("pre"))
    m.register_forward_pre_hook(lambda *a: seen.append("first pre"), prepend=True)
    handles.append(everywhere.register_module_forward_hook(lambda *a: seen.append("global hook")))
    handles.append(everywhere.register_module_forward_pre_hook(lambda *a: seen.append("global pre")))
    m(one())
    assert seen == ["global pre", "first pre", "pre", "global hook", "first hook", "hook"]


def test_what_they_are_given_and_return() -> None:
    m, x = Double(), one()
    seen: list[Any] = []
    m.register_forward_pre_hook(lambda module, args: seen.append((module, args)))
    m.register_forward_pre_hook(lambda module, args: args[0] + 1)  # what is no tuple becomes one
    m.register_forward_hook(lambda module, args, out: seen.append((module, args, out)))
    m.register_forward_hook(lambda module, args, out: out + 10)
    assert m(x).item() == 14.0
    assert seen[0][0] is m
    assert seen[0][1][0] is x
    assert seen[1][1][0].item() == 2.0
    assert seen[1][2].item() == 4.0


def test_keyword_arguments() -> None:
    m = Double()
    m.register_forward_pre_hook(lambda module, args, kwargs: (args, {"plus": kwargs["plus"] * 2}), with_kwargs=True)
    m.register_forward_hook(lambda module, args, kwargs, out: out + kwargs["plus"], with_kwargs=True)
    assert m(one(), plus=one()).item() == 6.0
    m.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match="must return None or a tuple of"):
        m(one(), plus=one())


def test_removal_while_running() -> None:
    m, seen = Double(), []

    def once(*given: Any) -> None:
        seen.append(1)
        second.remove()
        first.remove()

    first = m.register_forward_hook(once)
    second = m.register_forward_hook(lambda *a: seen.append(2))
    m(one())
    assert seen == [1, 2]  # those that were there when the call began
    m(one())
    assert seen == [1, 2]
    with m.register_forward_hook(lambda *a: seen.append(3)):
        m(one())
    m(one())
    assert seen == [1, 2, 3]
    first.remove()


def test_features_by_a_hook() -> None:
    features = torch.zeros(2, 3)
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    x = torch.ones(2, 4)

    def keep(module: nn.Module, args: Any, output: Any) -> None:
        features.copy_(output.data)

    handle = net[0].register_forward_hook(keep)
    net(x)
    handle.remove()
    assert torch.equal(features, net[0](x))
    features.zero_()
    net(x)
    assert features.abs().sum() == 0


def test_always_call(handles: list[Any]) -> None:
    seen: list[Any] = []
    m = Fails()
    m.register_forward_hook(lambda module, args, out: seen.append("never"))
    m.register_forward_hook(lambda module, args, out: seen.append((args, out)), always_call=True)
    m.register_forward_hook(lambda module, args, kwargs, out: seen.append(kwargs), always_call=True, with_kwargs=True)
    m.register_forward_pre_hook(lambda module, args: (5,))
    handles.append(everywhere.register_module_forward_hook(lambda *a: seen.append("global"), always_call=True))
    with pytest.raises(ZeroDivisionError):
        m(1)
    assert seen == ["global", ((5,), None), {}]


def test_always_call_after_a_failing_hook() -> None:
    seen: list[Any] = []

    def fail(module: nn.Module, args: Any, out: Any) -> None:
        seen.append("failed")
        raise ZeroDivisionError

    m = Double()
    m.register_forward_hook(fail, always_call=True)
    m.register_forward_hook(lambda module, args, out: seen.append(out.item()), always_call=True)
    with pytest.raises(ZeroDivisionError):
        m(one())
    assert seen == ["failed", 2.0]  # once each, with the output that there was
    broken = Fails()
    broken.register_forward_hook(fail, always_call=True)
    with (
        pytest.warns(UserWarning, match="^module forward hook with .* silenced"),
        pytest.raises(ZeroDivisionError, match="on purpose"),
    ):
        broken(one())


# backward -------------------------------------------------------------------------------------------------------------
def test_full_backward_hook() -> None:
    m = Double()
    seen: list[Any] = []
    m.register_full_backward_hook(lambda module, gi, go: seen.append((module, gi[0].item(), go[0].item())))
    m.register_full_backward_hook(lambda module, gi, go: (gi[0] * 10,))
    m.register_full_backward_hook(lambda module, gi, go: seen.append("first"), prepend=True)
    x = torch.ones(1, requires_grad=True)
    (m(x) * 3).backward()
    assert seen == ["first", (m, 6.0, 3.0)]
    assert x.grad.item() == 60.0


def test_full_backward_pre_hook() -> None:
    m = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        m.weight.fill_(2.0)
    seen: list[Any] = []
    m.register_full_backward_pre_hook(lambda module, go: (go[0] * 5,))
    m.register_full_backward_pre_hook(lambda module, go: seen.append(("pre", go[0].item())))
    m.register_full_backward_hook(lambda module, gi, go: seen.append(("hook", gi[0].item(), go[0].item())))
    x = torch.ones(1, 1, requires_grad=True)
    m(x).backward()
    assert seen == [("pre", 5.0), ("hook", 10.0, 5.0)]
    assert m.weight.grad.item() == 5.0
    assert x.grad.item() == 10.0


def test_inputs_that_need_no_gradient() -> None:
    m = nn.Linear(1, 1)
    seen: list[Any] = []
    m.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go[0].item())))
    out = m(torch.ones(1, 1))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        out.backward()
    assert seen == [((None,), 1.0)]


def test_some_inputs_need_no_gradient() -> None:
    class Mixed(nn.Module):
        def forward(self, x: Any, index: Any, scale: Any, word: str) -> Any:
            assert not index.requires_grad
            assert not scale.requires_grad
            return x[index] * scale

    m = Mixed()
    seen: list[Any] = []
    m.register_full_backward_hook(lambda module, gi, go: seen.append(gi))
    x = torch.ones(3, requires_grad=True)
    m(x, torch.tensor([1]), torch.tensor([4.0]), "word").backward()
    assert len(seen[0]) == 4
    assert seen[0][0].tolist() == [0.0, 4.0, 0.0]
    assert [g.tolist() for g in seen[0][1:3]] == [[0], [0.0]]  # as PyTorch fills them
    assert seen[0][3] is None


def test_several_outputs() -> None:
    class Pair(nn.Module):
        def forward(self, x: Any) -> Any:
            return x * 2, x * 3

    m = Pair()
    seen: list[Any] = []
    m.register_full_backward_hook(lambda module, gi, go: seen.append((gi[0].item(), [g.item() for g in go])))
    x = torch.ones(1, requires_grad=True)
    a, b = m(x)
    (a + 10 * b).backward()
    assert seen == [(32.0, [1.0, 10.0])]
    assert x.grad.item() == 32.0


def test_an_output_that_is_not_used() -> None:
    class Pair(nn.Module):
        def forward(self, x: Any, y: Any) -> Any:
            return x * 2, y * 3

    m = Pair()
    seen: list[Any] = []
    m.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go)))
    x, y = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    m(x, y)[0].backward()
    (gi, go) = seen[0]
    assert gi[0].item() == 2.0
    assert go[0].item() == 1.0
    assert gi[1].tolist() == [0.0]
    assert go[1] is None


def test_wrong_returns() -> None:
    x = torch.ones(1, requires_grad=True)
    m = Double()
    handle = m.register_full_backward_hook(lambda module, gi, go: (gi[0], gi[0]))
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 2, but expected 1"):
        m(x).backward()
    handle.remove()
    m.register_full_backward_pre_hook(lambda module, go: (go[0], go[0]))
    with pytest.raises(RuntimeError, match="invalid number of grad_output, got 2, but expected 1"):
        m(x).backward()
    m = Double()
    m.register_full_backward_hook(lambda module, gi, go: None)
    out = m(x)
    with pytest.raises(RuntimeError, match=r"in-?place"):
        out.add_(1)
    with pytest.raises(RuntimeError, match="Cannot use both"):
        m.register_backward_hook(lambda module, gi, go: None)
    listed = nn.Identity()
    listed.register_full_backward_hook(lambda module, gi, go: None)
    with pytest.warns(UserWarning, match="should be a Tensor or a tuple of Tensors"):
        listed([x])


def test_global_backward_hooks(handles: list[Any]) -> None:
    seen: list[str] = []
    handles.append(everywhere.register_module_full_backward_pre_hook(lambda m, go: seen.append("pre")))
    handles.append(everywhere.register_module_full_backward_hook(lambda m, gi, go: seen.append("hook")))
    m = Double()
    m.register_full_backward_hook(lambda module, gi, go: seen.append("own"))
    m(torch.ones(1, requires_grad=True)).backward()
    assert seen == ["pre", "hook", "own"]


def test_deprecated_backward_hook() -> None:
    class Exp(nn.Module):
        def forward(self, x: Any, *words: str) -> Any:
            return x.exp()

    m = Exp()
    seen: list[Any] = []
    m.register_backward_hook(lambda module, gi, go: seen.append((module, go[0].item())))
    x = torch.zeros(1, requires_grad=True)
    with pytest.warns(FutureWarning, match="missing some grad_input"):  # the leaf has no node
        out = m(x)
    out.backward(torch.full((1,), 2.0))
    assert seen == [(m, 2.0)]
    with pytest.warns(FutureWarning, match="does not take as input"):
        m(x, "word")
    m(x * 1)
    with pytest.raises(RuntimeError, match="Cannot use both"):
        m.register_full_backward_hook(lambda module, gi, go: None)


def test_no_hooks_without_grad() -> None:
    m = Double()
    seen: list[int] = []
    m.register_full_backward_hook(lambda module, gi, go: seen.append(1))
    with torch.no_grad():
        out = m(torch.ones(1, requires_grad=True))
    assert not out.requires_grad
    assert not seen


def test_named_tuples_pass() -> None:
    class Found(NamedTuple):
        values: Any
        word: str

    class Net(nn.Module):
        def forward(self, x: Any) -> Any:
            return Found(x * 2, "word")

    m = Net()
    m.register_full_backward_hook(lambda module, gi, go: [gi[0] * 5])  # a list will do
    x = torch.ones(1, requires_grad=True)
    out = m(x)
    assert type(out) is Found
    assert out.word == "word"
    out.values.backward()
    assert x.grad.item() == 10.0


def test_hooks_registered_by_a_hook() -> None:
    """A forward hook sees this call, a backward hook the next."""
    m, seen = Double(), []

    def register(*given: Any) -> None:
        m.register_forward_hook(lambda *a: seen.append("forward"))
        m.register_full_backward_hook(lambda *a: seen.append("backward"))

    handle = m.register_forward_pre_hook(register)
    m(torch.ones(1, requires_grad=True)).backward()
    assert seen == ["forward"]
    handle.remove()
    m(torch.ones(1, requires_grad=True)).backward()
    assert seen == ["forward", "forward", "backward"]


def test_what_an_always_called_hook_returns() -> None:
    seen: list[Any] = []
    m = Fails()
    m.register_forward_hook(lambda module, args, out: 7, always_call=True)
    m.register_forward_hook(lambda module, args, out: seen.append(out), always_call=True)
    with pytest.raises(ZeroDivisionError):
        m(1)
    assert seen == [7]


def doubled(module: nn.Module, args: Any) -> Any:
    """A hook that pickle finds by its name."""
    return (args[0] * 2,)


def test_copies_keep_hooks() -> None:
    m = nn.Identity()
    m.handle = m.register_forward_pre_hook(doubled)
    twins = [copy.deepcopy(m), pickle.loads(pickle.dumps(m))]
    m.handle.remove()
    assert m(one()).item() == 1.0
    for twin in twins:
        assert twin(one()).item() == 2.0
        twin.handle.remove()
        assert twin(one()).item() == 1.0


def test_registration(handles: list[Any]) -> None:
    seen: list[str] = []
    handles.append(everywhere.register_module_parameter_registration_hook(lambda m, name, p: seen.append(name)))
    handles.append(everywhere.register_module_buffer_registration_hook(lambda m, name, b: seen.append(name)))
    handles.append(everywhere.register_module_module_registration_hook(lambda m, name, c: seen.append(name)))
    net = nn.Sequential(nn.BatchNorm1d(1))
    assert seen == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked", "0"]
    seen.clear()
    net.load_state_dict(net.state_dict(), assign=True)
    assert seen == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    made = nn.Parameter(torch.ones(1))
    handles.append(everywhere.register_module_parameter_registration_hook(lambda m, name, p: made))
    net.p = nn.Parameter(torch.zeros(1))
    assert net.p is made
