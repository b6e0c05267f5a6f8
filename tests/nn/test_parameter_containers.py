"""ParameterList and ParameterDict. Texts (but for the names of dtypes) and orders are PyTorch 2.13's."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import pytest

import fnnet as torch
from fnnet import nn


def test_list() -> None:
    p = nn.Parameter(torch.ones(2))
    m = nn.ParameterList([p, torch.zeros(1, 3), 5])
    assert m[0] is p
    assert type(m[1]) is nn.Parameter  # made one
    assert (len(m), m[-1], list(m.state_dict())) == (3, 5, ["0", "1"])
    m += [torch.ones(())]
    m.append("word").extend([None])
    assert [n for n, _ in m.named_parameters()] == ["0", "1", "3"]
    part = m[:4:3]
    assert type(part) is nn.ParameterList
    assert list(part) == [p, m[3]]
    m[1] = torch.full((1,), 7.0)
    assert type(m[1]) is nn.Parameter
    assert not [name for name in dir(m) if name.isdigit()]
    assert repr(nn.ParameterList([p, 5])) == (
        "ParameterList(\n    (0): Parameter containing: [fnnet.float32 of size 2]\n    (1): Object of type: int\n)"
    )


def test_list_errors() -> None:
    m = nn.ParameterList([torch.ones(1)])
    with pytest.raises(IndexError, match="index 1 is out of range"):
        _ = m[1]
    with pytest.raises(IndexError, match="index -2 is out of range"):
        m[-2] = torch.ones(1)
    for wrong in (5, torch.ones(2)):
        with pytest.raises(TypeError, match=r"ParameterList.extend should be called with an iterable, but got"):
            m.extend(wrong)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match=r"ParameterList should not be called\."):
        m(1)
    assert len(m) == 1


def test_dict() -> None:
    p = nn.Parameter(torch.ones(2))
    m = nn.ParameterDict({"b": p, "a": torch.zeros(1)})
    assert list(m) == ["a", "b"]  # a plain dict is sorted
    m.update(OrderedDict([("d", 5), ("c", torch.ones(3))]))
    m.update([("0", None)])
    assert list(m.keys()) == ["a", "b", "d", "c", "0"] == list(reversed(list(reversed(m))))
    assert m["b"] is p
    assert [n for n, _ in m.named_parameters()] == ["a", "b", "c"]
    assert (m.get("d"), m.get("z", 3), m.setdefault("d", 6), m.setdefault("e")) == (5, 3, 5, None)
    assert m.popitem() == ("e", None)
    assert m.pop("d") == 5
    assert ("d" in m, len(m)) == (False, 4)
    both = m | nn.ParameterDict({"b": torch.zeros(1), "x": torch.zeros(1)})
    assert list(both) == ["a", "b", "c", "0", "x"]
    assert both["a"] is m["a"]
    assert m["b"] is p
    filled = m.fromkeys(["u", "v"], p)
    assert dict(filled.items()) == {"u": p, "v": p}
    m.clear()
    assert not list(m.values())
    assert repr(nn.ParameterDict({"b": p})) == (
        "ParameterDict(  (b): Parameter containing: [fnnet.FloatTensor of size 2])"
    )


def test_dict_errors() -> None:
    m = nn.ParameterDict({"a": torch.ones(1)})
    with pytest.raises(TypeError, match="cannot be used as a key as it is not a string"):
        m[5] = 1  # type: ignore[index]
    with pytest.raises(KeyError, match="already exists"):
        m["keys"] = torch.ones(1)
    with pytest.raises(TypeError, match="should be called with an iterable of key/value pairs"):
        m.update(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="element #0 should be Iterable"):
        m.update([5])
    with pytest.raises(ValueError, match="element #0 has length 3; 2 is required"):
        m.update([(1, 2, 3)])
    with pytest.raises(AttributeError):
        m.pop("z")
    with pytest.raises(RuntimeError, match="should not be called"):
        m(1)
    assert list(m) == ["a"]


def test_copies_and_loading() -> None:
    for m in (nn.ParameterList([torch.ones(1), 5]), nn.ParameterDict({"a": torch.ones(1), "b": 5})):
        for twin in (copy.deepcopy(m), pickle.loads(pickle.dumps(m))):
            twin.load_state_dict({k: v * 3 for k, v in m.state_dict().items()})
            assert [p.item() for p in twin.parameters()] == [3.0]
            assert len(twin) == 2
            assert repr(twin) == repr(m)
