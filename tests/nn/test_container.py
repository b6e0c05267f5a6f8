"""Sequential, ModuleList, ModuleDict. Expectations are PyTorch 2.13's."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

import fnnet as torch
from fnnet import nn


def linears(n: int) -> list[nn.Module]:
    return [nn.Linear(i + 1, i + 2) for i in range(n)]


def test_three_ways_to_a_sequential() -> None:
    a, b = nn.Linear(2, 3), nn.ReLU()
    by_arguments = nn.Sequential(a, b)
    by_name = nn.Sequential(OrderedDict([("fc", a), ("act", b)]))
    added = nn.Sequential()
    added.add_module("fc", a)
    added.add_module("act", b)
    x = torch.ones(1, 2)
    assert torch.equal(by_arguments(x), by_name(x))
    assert list(by_name._modules) == list(added._modules) == ["fc", "act"]
    assert list(by_arguments._modules) == ["0", "1"]
    assert by_name.fc is a
    assert nn.Sequential()(x) is x


def test_sequential_items() -> None:
    ms = linears(4)
    s = nn.Sequential(*ms)
    assert len(s) == 4
    assert list(s) == ms
    assert s[-1] is ms[3]
    assert list(s[1:3]) == ms[1:3]
    assert list(s[1:3]._modules) == ["1", "2"]  # a slice keeps the names
    with pytest.raises(IndexError, match="index 4 is out of range"):
        s[4]
    s[0] = nn.Tanh()
    assert type(s[0]) is nn.Tanh
    del s[0]
    assert list(s) == ms[1:]
    assert list(s._modules) == ["0", "1", "2"]
    del s[::2]
    assert list(s) == [ms[2]]
    assert s.pop(0) is ms[2]
    assert len(s) == 0


def test_sequential_grows() -> None:
    a, b, c, d = linears(4)
    s = nn.Sequential(a).append(b)
    assert s.insert(1, c) is s
    assert list(s) == [a, c, b]
    s.insert(-1, d)
    assert list(s) == [a, c, d, b]
    assert list(s._modules) == ["0", "1", "2", "3"]
    with pytest.raises(IndexError, match="Index out of range: 9"):
        s.insert(9, a)
    with pytest.raises(AssertionError, match="module should be of type"):
        s.insert(0, 3)  # type: ignore[arg-type]
    total = nn.Sequential(a) + nn.Sequential(b)
    assert list(total) == [a, b]
    total += nn.Sequential(c)
    assert list(total) == [a, b, c]
    assert list(nn.Sequential(a, b) * 2) == list(2 * nn.Sequential(a, b)) == [a, b, a, b]
    total = nn.Sequential(a)
    total *= 3
    assert list(total) == [a, a, a]
    assert list(nn.Sequential(a).extend([b, c])) == [a, b, c]
    with pytest.raises(ValueError, match="Non-positive multiplication factor"):
        nn.Sequential(a) * 0
    with pytest.raises(TypeError, match="unsupported operand type"):
        nn.Sequential(a) * 1.5  # type: ignore[operator]
    with pytest.raises(ValueError, match="add operator supports only"):
        nn.Sequential(a).__add__([b])  # type: ignore[arg-type]


def test_module_list() -> None:
    ms = linears(4)
    m = nn.ModuleList(ms)
    assert len(m) == 4
    assert list(m) == ms
    assert m[-1] is ms[3]
    assert type(m[1:]) is nn.ModuleList
    assert list(m[::2]) == ms[::2]
    assert list(m[1:]._modules) == ["0", "1", "2"]
    with pytest.raises(IndexError, match="index -5 is out of range"):
        m[-5]
    del m[1:3]
    assert list(m) == [ms[0], ms[3]]
    m.insert(1, ms[2])
    assert list(m) == [ms[0], ms[2], ms[3]]
    m[0] = nn.Tanh()
    assert type(m[0]) is nn.Tanh
    assert m.pop(0) is not ms[0]
    assert list(m) == ms[2:]
    m += [ms[0]]
    assert list(m.__add__([ms[1]])) == [ms[2], ms[3], ms[0], ms[1]]
    assert list(m) == [ms[2], ms[3], ms[0]]
    assert m.append(ms[1]) is m
    assert next(m.parameters()) is ms[2].weight
    with pytest.raises(TypeError, match="should be called with an iterable"):
        m.extend(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="is not a Module subclass"):
        m.append(3)  # type: ignore[arg-type]


def test_module_dict() -> None:
    a, b, c = linears(3)
    m = nn.ModuleDict({"a": a, "b": b})
    assert list(m) == list(m.keys()) == ["a", "b"]
    assert list(m.values()) == [a, b]
    assert list(m.items()) == [("a", a), ("b", b)]
    assert "a" in m
    assert len(m) == 2
    assert m["a"] is a
    m["c"] = c
    m.update([("a", c)])
    m.update(nn.ModuleDict({"d": a}))
    assert list(m) == ["a", "b", "c", "d"]
    assert m["a"] is c
    del m["b"]
    assert m.pop("d") is a
    with pytest.raises(KeyError):
        m["b"]
    with pytest.raises(TypeError, match="should be called with an iterable of key/value pairs"):
        m.update(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="#0 should be Iterable"):
        m.update([3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="#0 has length 1; 2 is required"):
        m.update([("a",)])  # type: ignore[list-item]
    m.clear()
    assert len(m) == 0


def test_names_in_the_state() -> None:
    net: Any = nn.Sequential(OrderedDict(body=nn.ModuleList(linears(2)), heads=nn.ModuleDict({"x": nn.Linear(1, 1)})))
    assert list(net.state_dict()) == [
        "body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias", "heads.x.weight", "heads.x.bias",
    ]  # fmt: skip
