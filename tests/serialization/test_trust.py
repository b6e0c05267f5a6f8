"""Whole modules and other objects: refused by default, built where the caller says so."""

from __future__ import annotations

import collections
import enum
import io
import pickle
import threading
from typing import ClassVar

import numpy as np
import pytest

import fnnet
from fnnet import nn, serialization
from fnnet.serialization import SerializationError
from tests.serialization import crafted as c


class Net(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.weight = nn.Parameter(fnnet.ones(width))
        self.register_buffer("mean", fnnet.zeros(1))


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Net(2)
        self.tied = self.inner.weight


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a = 1


class Config:
    sprung: ClassVar[list[str]] = []

    def __init__(self, depth: int) -> None:
        self.depth = depth

    def __setstate__(self, state: object) -> None:
        self.sprung.append("setstate")

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


class Colour(enum.Enum):
    RED = 1


def joined(a: str, b: str) -> str:
    return a + b


Point = collections.namedtuple("Point", ["x", "y"])
HERE = __name__


def test_a_module_is_refused_and_its_classes_named() -> None:
    data = c.saved(Outer())
    with pytest.raises(SerializationError, match="Weights only load failed") as caught:
        c.load(data)
    message = str(caught.value)
    assert f"{HERE}.Outer, " in message
    assert f"{HERE}.Net " in message
    for way in ("add_safe_globals", "weights_only=False", "state_dict"):
        assert way in message
    assert serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data)) == [f"{HERE}.Outer", f"{HERE}.Net"]


def test_a_module_loads_without_weights_only() -> None:
    model = Outer()
    loaded = c.load(c.saved(model), weights_only=False)
    assert type(loaded) is Outer
    assert list(loaded.state_dict()) == list(model.state_dict())
    assert loaded.tied is loaded.inner.weight
    assert type(loaded.tied) is nn.Parameter
    assert loaded.inner.width == 2


def test_a_module_loads_where_its_classes_are_named() -> None:
    data = c.saved(Outer())
    with serialization.safe_globals([Outer]), pytest.raises(SerializationError, match=f"GLOBAL {HERE}.Net was"):
        c.load(data)
    with serialization.safe_globals([Outer, Net]):
        assert serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data)) == []
        loaded = c.load(data)
    assert type(loaded.inner) is Net
    assert loaded.tied is loaded.inner.weight
    assert loaded.training is True
    with pytest.raises(SerializationError):
        c.load(data)


def test_state_is_set_without_running_the_classes_code() -> None:
    with serialization.safe_globals([Config]):
        loaded = c.round_trip(Config(3))
    assert loaded.depth == 3
    assert Config.sprung == []
    with serialization.safe_globals([Slotted]):
        assert c.round_trip(Slotted()).a == 1


def test_functions_and_other_classes_that_are_named() -> None:
    with serialization.safe_globals([Colour, Point]):
        assert c.round_trip({"c": Colour.RED, "p": Point(1, 2)}) == {"c": Colour.RED, "p": Point(1, 2)}
        assert c.round_trip({Colour.RED: 1}) == {Colour.RED: 1}
    call = c.program(c.call("elsewhere", "joined", c.text("a"), c.text("b")))
    with serialization.safe_globals([(joined, "elsewhere.joined")]):
        assert c.load_pickle(call) == "ab"
        assert serialization.get_safe_globals() == [(joined, "elsewhere.joined")]
    with serialization.safe_globals([Config]):
        # A class that is data, not called.
        assert c.round_trip([Config]) == [Config]


def test_for_the_process_and_for_the_block() -> None:
    data = c.saved(collections.deque([1, 2]))
    assert serialization.get_safe_globals() == []
    serialization.add_safe_globals([collections.deque])
    try:
        seen: list[object] = []
        thread = threading.Thread(target=lambda: seen.append(serialization.get_safe_globals()))
        thread.start()
        thread.join()
        assert seen == [[collections.deque]]
        with serialization.safe_globals([Net]):
            assert serialization.get_safe_globals() == [collections.deque, Net]
        assert serialization.get_safe_globals() == [collections.deque]
    finally:
        serialization.clear_safe_globals()
    with pytest.raises(SerializationError, match=r"collections\.deque"):
        c.load(data)


def test_a_block_counts_for_its_thread_alone() -> None:
    seen: list[object] = []
    with serialization.safe_globals([Net]):
        thread = threading.Thread(target=lambda: seen.append(serialization.get_safe_globals()))
        thread.start()
        thread.join()
    assert seen == [[]]


def test_what_is_never_safe() -> None:
    import os
    import subprocess

    for function in (os.system, eval, getattr, exec, __import__, subprocess.run):
        with pytest.raises(ValueError, match="can never be called by a file"):
            serialization.add_safe_globals([function])
    for entry in (3, "Net", (Net, 3), (Net, "a", "b")):
        with pytest.raises(TypeError, match="safe globals: expected"):
            serialization.add_safe_globals([entry])
    assert serialization.get_safe_globals() == []


def test_named_classes_do_not_open_other_doors() -> None:
    with serialization.safe_globals([Config]):
        for attack in (
            c.call(HERE, "Config.__init__.__globals__"),
            c.name(HERE, "Config") + c.call("builtins", "eval", c.text("1")) + c.REDUCE,
            c.name(HERE, "Config") + c.EMPTY_TUPLE + c.NEWOBJ + c.EMPTY_LIST + c.BUILD,
        ):
            with pytest.raises(SerializationError):
                c.load_pickle(c.program(attack))


class Anything:
    def __reduce__(self) -> tuple[object, ...]:
        return print, ("this is run",)


def test_without_weights_only_code_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    data = c.saved(Anything())
    with pytest.raises(SerializationError, match=r"__builtin__\.print"):
        c.load(data)
    assert capsys.readouterr().out == ""
    c.load(data, weights_only=False)
    assert capsys.readouterr().out == "this is run\n"


def test_ordinary_unpickling_reports_what_it_lacks() -> None:
    for pickle_of, words in [
        (c.program(c.name("no_such_module", "Thing")), "no_such_module"),
        (c.program(c.name("collections", "Nothing")), "Nothing"),
        (c.program(c.name("torch.nn.modules.linear", "Linear")), "PyTorch's own class torch.nn.modules.linear.Linear"),
        (c.program(c.name("torchvision.models.resnet", "ResNet")), "PyTorch's own class torchvision"),
        (c.program(c.storage(3)), "record 'archive/data/0' is missing"),
        (c.program(b"\x82\x01"), "unregistered extension code"),
        (b"\x80\x02N", "ran out of data|Ran out of input|truncated"),
    ]:
        with pytest.raises(SerializationError, match=words):
            c.load_pickle(pickle_of, weights_only=False)


def test_another_pickle_module_may_load() -> None:
    used = []

    class Module:
        class Unpickler(pickle.Unpickler):
            def load(self) -> object:
                used.append("it")
                return super().load()

    loaded = c.load(c.saved({"w": fnnet.ones(2)}), weights_only=False, pickle_module=Module)
    np.testing.assert_array_equal(loaded["w"].numpy(), [1, 1])
    assert used == ["it"]
