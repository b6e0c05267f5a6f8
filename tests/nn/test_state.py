"""state_dict and load_state_dict: what they hold, copy, report, and undo."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

import fnnet as torch
from fnnet import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.bn = nn.BatchNorm1d(2)
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("scratch", torch.zeros(1), persistent=False)


def values(m: nn.Module) -> dict[str, Any]:
    return {k: v.tolist() for k, v in m.state_dict().items()}


def test_what_it_holds() -> None:
    net = Net()
    state = net.state_dict()
    names = ["scale", "fc.weight", "fc.bias", "bn.weight", "bn.bias"]
    names += ["bn.running_mean", "bn.running_var", "bn.num_batches_tracked"]
    assert list(state) == names
    assert state._metadata == OrderedDict([("", {"version": 1}), ("fc", {"version": 1}), ("bn", {"version": 2})])
    assert list(net.state_dict(prefix="net.")) == ["net." + n for n in names]
    assert type(state["fc.weight"]) is torch.Tensor
    assert not state["fc.weight"].requires_grad
    assert net.state_dict(keep_vars=True)["fc.weight"] is net.fc.weight
    mine: OrderedDict[str, Any] = OrderedDict(first=1)
    assert net.state_dict(destination=mine) is mine
    assert list(mine) == ["first", *names]


def test_it_shares_memory() -> None:
    net = Net()
    net.state_dict()["fc.weight"].zero_()
    assert net.fc.weight.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_positional_arguments_are_deprecated() -> None:
    mine: OrderedDict[str, Any] = OrderedDict()
    with pytest.warns(FutureWarning, match="Positional args"):
        nn.Linear(1, 1).state_dict(mine, "x.")
    assert list(mine) == ["x.weight", "x.bias"]


def test_load_copies() -> None:
    source, target = Net(), Net()
    weight = target.fc.weight
    found = target.load_state_dict(source.state_dict())
    assert repr(found) == "<All keys matched successfully>"
    missing, unexpected = found
    assert missing == unexpected == found.missing_keys == []
    assert values(target) == values(source)
    assert target.fc.weight is weight
    source.fc.weight.data.add_(1)
    assert values(target) != values(source)
    target.load_state_dict({k: v.double() for k, v in source.state_dict().items()})
    assert target.fc.weight.dtype == torch.float32
    with pytest.raises(TypeError, match="to be dict-like"):
        target.load_state_dict([1])  # type: ignore[arg-type]


def test_missing_and_unexpected() -> None:
    net = Net()
    state = net.state_dict()
    del state["fc.bias"]
    state["extra"] = torch.ones(1)
    state["fc.extra.x"] = torch.ones(1)
    before = values(net)
    state["fc.weight"] = torch.full((2, 2), 7.0)
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    text = str(caught.value)
    assert text.startswith('Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: "fc.bias". ')
    assert 'Unexpected key(s) in state_dict: "extra", "fc.extra.x". ' in text
    assert values(net) == before
    found = net.load_state_dict(state, strict=False)
    assert found == (["fc.bias"], ["extra", "fc.extra.x"])
    assert repr(found) == "_IncompatibleKeys(missing_keys=['fc.bias'], unexpected_keys=['extra', 'fc.extra.x'])"
    assert net.fc.weight.tolist() == [[7.0, 7.0], [7.0, 7.0]]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("assign", [True, False])
def test_a_wrong_shape_changes_nothing(strict: bool, assign: bool) -> None:
    net = Net()
    before, parameters = values(net), list(net.parameters())
    state = {k: v + 1 for k, v in net.state_dict().items()}
    state["bn.bias"] = torch.ones(3)
    with pytest.raises(RuntimeError, match=r"size mismatch for bn\.bias: copying a param with shape"):
        net.load_state_dict(state, strict, assign)
    assert values(net) == before
    assert all(p is q for p, q in zip(parameters, net.parameters(), strict=True))


def test_no_tensor() -> None:
    net = nn.Linear(1, 1)
    with pytest.raises(
        RuntimeError, match=r"expected torch\.Tensor or Tensor-like object from checkpoint but received"
    ):
        net.load_state_dict({"weight": [[1.0]], "bias": torch.ones(1)})


def test_undoes_what_an_override_wrote() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.zeros(2))
            self.register_buffer("b", torch.zeros(2))

        def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
            with torch.no_grad():
                self.w.fill_(9)
            self.b = torch.full((5,), 9.0)
            self._parameters["w"].data = torch.full((2,), 8.0)
            rest[-1].append("on purpose")

    net = nn.Sequential(nn.Linear(1, 1), Own())
    before, w, b = values(net), net[1].w, net[1].b
    with pytest.raises(RuntimeError, match="on purpose"):
        net.load_state_dict({k: v + 1 for k, v in net.state_dict().items()})
    assert values(net) == before
    assert net[1].w is w
    assert net[1].b is b


def test_undoes_when_a_hook_raises() -> None:
    net = nn.Linear(1, 1)

    def fail(module: nn.Module, found: Any) -> None:
        raise ZeroDivisionError

    net.register_load_state_dict_post_hook(fail)
    before = values(net)
    with pytest.raises(ZeroDivisionError):
        net.load_state_dict({"weight": torch.zeros(1, 1), "bias": torch.zeros(1)})
    assert values(net) == before


def test_assign() -> None:
    net = Net()
    state = {k: v.double() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    state["fc.bias"] = nn.Parameter(state["fc.bias"], requires_grad=False)
    net.bn.weight.requires_grad_(False)
    net.load_state_dict(state, assign=True)
    assert net.fc.weight.dtype == torch.float64
    assert net.fc.weight.data_ptr() == state["fc.weight"].data_ptr()
    assert type(net.fc.weight) is nn.Parameter
    assert net.fc.weight.requires_grad
    assert net.fc.bias is state["fc.bias"]
    assert net.fc.bias.requires_grad  # as the parameter that it replaces
    assert not net.bn.weight.requires_grad
    assert net.bn.running_mean is state["bn.running_mean"]


def test_a_vector_of_one_fits_a_scalar() -> None:
    net = Net()
    state = net.state_dict()
    state["scale"] = torch.tensor([3.0])
    net.load_state_dict(state)
    assert net.scale.item() == 3.0


def test_batches_tracked_of_old_files() -> None:
    """Files older than version 2 lack num_batches_tracked; a file that says version 2 must have it."""
    bn = nn.BatchNorm2d(1)
    bn.num_batches_tracked.fill_(5)
    state = bn.state_dict()
    del state["num_batches_tracked"]
    with pytest.raises(RuntimeError, match="num_batches_tracked"):
        bn.load_state_dict(state)
    plain = dict(state)
    bn.load_state_dict(plain)
    assert bn.num_batches_tracked.item() == 5
    assert "num_batches_tracked" not in plain


def test_instance_norm_refuses_statistics_of_old_files() -> None:
    m = nn.InstanceNorm1d(2)
    with pytest.raises(RuntimeError, match="Unexpected running stats buffer"):
        m.load_state_dict({"running_mean": torch.zeros(2), "running_var": torch.ones(2)})


def test_extra_state() -> None:
    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.n = 0
            self.w = nn.Parameter(torch.zeros(1))

        def get_extra_state(self) -> Any:
            return {"n": self.n}

        def set_extra_state(self, state: Any) -> None:
            self.n = state["n"]

    a, b = nn.Sequential(Counts()), nn.Sequential(Counts())
    a[0].n = 3
    state = a.state_dict()
    assert state["0._extra_state"] == {"n": 3}
    b.load_state_dict(state)
    assert b[0].n == 3
    state["0._extra_state"] = {"n": 4}
    state["0.w"] = torch.zeros(2)
    with pytest.raises(RuntimeError, match="size mismatch"):
        b.load_state_dict(state)
    assert b[0].n == 3
    del state["0._extra_state"]
    with pytest.raises(RuntimeError, match="_extra_state"):
        b.load_state_dict(state)


def test_hooks() -> None:
    seen: list[Any] = []
    net = nn.Sequential(nn.Linear(1, 1))
    net.register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append(("pre", prefix)))

    def post(module: nn.Module, state: Any, prefix: str, metadata: Any) -> None:
        state[prefix + "added"] = torch.ones(1)

    net.register_state_dict_post_hook(post)
    state = net.state_dict(prefix="p.")
    assert seen == [("pre", "p.")]
    assert list(state) == ["p.0.weight", "p.0.bias", "p.added"]
    with pytest.raises(RuntimeError, match="previously registered"):
        net._register_state_dict_hook(post)

    def rename(module: Any, state: Any, prefix: str, metadata: Any, strict: bool, *lists: Any) -> None:
        seen.append(type(module).__name__)
        state[prefix + "weight"] = state.pop(prefix + "w")

    net[0].register_load_state_dict_pre_hook(rename)
    handle = net.register_load_state_dict_post_hook(lambda module, found: found.unexpected_keys.clear())
    net.load_state_dict({"0.w": torch.full((1, 1), 4.0), "0.bias": torch.zeros(1), "more": torch.zeros(1)})
    assert seen[-1] == "Linear"
    assert net[0].weight.item() == 4.0
    handle.remove()


def test_loading_is_seen_by_the_version() -> None:
    net = nn.Linear(1, 1)
    out = net(torch.ones(1, 1, requires_grad=True)) ** 2
    net.load_state_dict({k: v + 1 for k, v in net.state_dict().items()})
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.backward()


def test_post_hooks_return_nothing() -> None:
    m = nn.Linear(1, 1)
    before = m.weight.item()
    m.register_load_state_dict_post_hook(lambda module, found: 5)
    with pytest.raises(AssertionError, match="not expected to return new values") as caught:
        m.load_state_dict({"weight": torch.zeros(1, 1), "bias": torch.zeros(1)})
    assert isinstance(caught.value, RuntimeError)
    assert m.weight.item() == before
