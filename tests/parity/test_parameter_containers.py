"""ParameterList and ParameterDict against PyTorch's: everything that can be done to them, done to both."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import fnnet


def plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor | fnnet.Tensor):
        return type(value).__name__, value.detach().tolist(), value.requires_grad
    if isinstance(value, torch.nn.Module | fnnet.nn.Module):
        state = {k: v.tolist() for k, v in value.state_dict().items()}
        return type(value).__name__, repr(value).replace("torch.", "fnnet."), state
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    return value


def a_list(lib: Any) -> Iterator[Callable[[], Any]]:
    nn = lib.nn
    m = nn.ParameterList()
    p = nn.Parameter(lib.full((2, 3), 2.0))
    yield lambda: m
    yield lambda: m.append(p) is m
    yield lambda: m[0] is p
    yield lambda: m.extend([lib.ones(1), 5, "word", None, lib.tensor(3.0)]) is m
    yield lambda: m
    yield lambda: list(m)
    yield lambda: (len(m), m[-1], m[1:3], m[::-2], m[::-1][0] is m[-1])
    yield lambda: m[6]
    yield lambda: m[-7]
    yield lambda: m["0"]
    yield lambda: m.__setitem__(1, lib.zeros(2))
    yield lambda: m.__setitem__(0, 5)
    yield lambda: m.__setitem__(2, p)
    yield lambda: m.__setitem__(17, p)
    yield lambda: m
    yield lambda: m.__iadd__([lib.ones(1)]) is m
    yield lambda: m.extend(5)
    yield lambda: m.extend(lib.ones(3))
    yield lambda: m.append(lib.tensor([1, 2]))
    yield lambda: len(m)
    yield lambda: nn.ParameterList(lib.ones(2))
    yield lambda: nn.ParameterList(x for x in (lib.ones(1), lib.zeros(1)))
    yield lambda: nn.ParameterList(nn.ParameterList([lib.ones(1)]))
    yield lambda: nn.ParameterList([lib.ones(1)])(1)
    yield lambda: nn.ParameterList([lib.ones(1), nn.Linear(1, 1, bias=False).requires_grad_(False)])[0]
    good = nn.ParameterList([lib.ones(1), lib.zeros(2, 2), lib.tensor(4.0)])
    yield lambda: [n for n, _ in good.named_parameters()]
    yield lambda: [k for k in dir(good) if k.isdigit()]
    yield lambda: copy.deepcopy(good)
    yield lambda: pickle.loads(pickle.dumps(good))
    yield lambda: good.double()
    yield lambda: good.load_state_dict({k: v * 0 + 9 for k, v in good.state_dict().items()}) and good
    yield lambda: nn.Sequential(good)
    yield lambda: list(reversed(good))
    yield lambda: good.__add__([1])
    yield lambda: good.__delitem__(0)
    yield lambda: 5 in good
    yield lambda: (bool(nn.ParameterList()), bool(good))


def a_dict(lib: Any) -> Iterator[Callable[[], Any]]:
    nn = lib.nn
    m = nn.ParameterDict()
    p = nn.Parameter(lib.full((2, 3), 2.0))
    yield lambda: m
    yield lambda: m.update({"b": lib.ones(1), "a": p})
    yield lambda: (list(m), m["a"] is p, m)
    yield lambda: m.update([("d", 5), ["c", lib.zeros(2)]])
    yield lambda: m.update(OrderedDict([("f", "word"), ("e", None)]))
    yield lambda: m.update(nn.ParameterDict({"g": lib.tensor(1.0)}))
    yield lambda: (m, len(m), list(m.keys()), list(m.values()), list(m.items()), list(reversed(m)))
    yield lambda: ("a" in m, "z" in m, 5 in m)
    yield lambda: m["z"]
    yield lambda: m[5]
    yield lambda: m.__setitem__("a", lib.zeros(1))
    yield lambda: m.__setitem__("d", p)
    yield lambda: m.pop("b")
    yield lambda: m.pop("b")
    yield lambda: m.popitem()
    yield lambda: m.setdefault("a", 7)
    yield lambda: m.setdefault("h", lib.ones(1))
    yield lambda: m.setdefault("i")
    yield lambda: (m.get("a"), m.get("z"), m.get("z", 3))
    yield lambda: m.__delitem__("c")
    yield lambda: m.__delitem__("c")
    yield lambda: (m, m.copy(), m.copy()["a"] is m["a"])
    yield lambda: m.fromkeys(["x", "y"], lib.ones(1))
    yield lambda: m.fromkeys(["x", "y"])
    yield lambda: m | nn.ParameterDict({"a": lib.ones(4), "x": lib.ones(1)})
    yield lambda: nn.ParameterDict({"a": lib.ones(4), "x": lib.ones(1)}) | m
    yield lambda: m.__ior__(nn.ParameterDict({"j": lib.ones(1)})) is m
    yield lambda: m.update(5)
    yield lambda: m.update([5])
    yield lambda: m.update([(1, 2, 3)])
    yield lambda: m.update(["ab"])
    yield lambda: m.clear()
    yield lambda: m.popitem()
    yield lambda: m
    yield lambda: nn.ParameterDict({"keys": lib.ones(1)})
    yield lambda: nn.ParameterDict({"a.b": lib.ones(1)})
    yield lambda: nn.ParameterDict({"a": lib.ones(1)})(1)
    good = nn.ParameterDict({"w": lib.ones(1), "b": lib.zeros(2, 2)})
    yield lambda: [n for n, _ in good.named_parameters()]
    yield lambda: (copy.deepcopy(good), pickle.loads(pickle.dumps(good)))
    yield lambda: good.double()
    yield lambda: good.load_state_dict({k: v * 0 + 9 for k, v in good.state_dict().items()}) and good


def outcome(function: Callable[[], Any]) -> Any:
    try:
        return plain(function())
    except Exception as error:
        return error


@pytest.mark.parametrize("scenario", [a_list, a_dict])
def test_both(scenario: Callable[[Any], Any], record_property: Callable[[str, object], None]) -> None:
    record_property("parity", {a_list: "nn.ParameterList", a_dict: "nn.ParameterDict"}[scenario])
    for at, (mine, theirs) in enumerate(zip(scenario(fnnet), scenario(torch), strict=True)):
        got, expected = outcome(mine), outcome(theirs)
        if isinstance(expected, Exception):
            assert isinstance(got, type(expected)), (at, got, expected)
        else:
            assert got == expected, at
