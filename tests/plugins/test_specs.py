"""Descriptors: checked when made, frozen, loaded once."""

from __future__ import annotations

import threading
import time

import attrs
import pytest

from fnnet import plugins
from fnnet._core.errors import ArgumentError, FnnetError, OptionError, PluginError
from fnnet.plugins import (
    BackendSpec,
    KernelSpec,
    OptimizerSpec,
    PluginInfo,
    ProcessGroupSpec,
    SerializerSpec,
    hookspecs,
    lazy,
)


def test_frozen_and_keyword_only():
    spec = OptimizerSpec(name="a", load=lambda: int)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        spec.name = "b"
    with pytest.raises(TypeError):
        OptimizerSpec("a", lambda: int)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: OptimizerSpec(name="", load=int), OptionError, "OptimizerSpec: name must be a non-empty"),
        (lambda: OptimizerSpec(name=" a", load=int), OptionError, "blanks, got ' a'"),
        (lambda: OptimizerSpec(name=3, load=int), ArgumentError, "OptimizerSpec: name must be a string, got 3"),
        (lambda: OptimizerSpec(name="a", load="m:x"), ArgumentError, "load must be callable, got 'm:x'"),
        (lambda: PluginInfo(name="a", version="1", api="1"), ArgumentError, "api must be an int, got '1'"),
        (lambda: BackendSpec(name="a", load=int, device_type=None), ArgumentError, "device_type must be a string"),
        (lambda: BackendSpec(name="a", load=int, device_type="x", probe=True), ArgumentError, "probe must be callable"),
        (lambda: BackendSpec(name="a", load=int, device_type="x", priority=True), ArgumentError, "priority must be an"),
        (lambda: KernelSpec(device_type="cpu", provides="gelu", load=int), ArgumentError, "provides must be a tuple"),
        (lambda: KernelSpec(device_type="cpu", provides=(), load=int), ArgumentError, "provides must be a tuple"),
        (lambda: SerializerSpec(name="a", suffixes=("x",), load=int), OptionError, "begin with a dot, got"),
        (lambda: lazy("no.colon"), OptionError, "expected 'module:attribute'"),
        (lambda: lazy("a:"), OptionError, "expected 'module:attribute'"),
        (lambda: lazy("a-b:c"), OptionError, "expected 'module:attribute'"),
    ],
)
def test_bad_values(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert isinstance(caught.value, FnnetError)


def test_load_is_called_once_by_many_threads():
    calls = []

    def load():
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return object

    spec, results = OptimizerSpec(name="a", load=load), []
    threads = [threading.Thread(target=lambda: results.append(spec.load())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert results == [object] * 8


def test_load_may_ask_for_itself():
    """A backend that looks itself up while it loads must not wait for itself."""
    found = []

    def load():
        if not found:
            found.append("inner")
            spec.load()
        return object

    spec = OptimizerSpec(name="a", load=load)
    assert spec.load() is object


def test_a_failed_load_names_the_plugin_and_is_tried_again():
    attempts = []

    def load():
        attempts.append(1)
        if len(attempts) == 1:
            raise ImportError("libx.so: cannot open")
        return object

    spec = OptimizerSpec(name="lion", load=load, distribution="some-plugin")
    with pytest.raises(PluginError, match=r"some-plugin: OptimizerSpec 'lion' can't be loaded: ImportError: libx"):
        spec.load()
    assert spec.load() is object


def test_lazy_reaches_into_attributes():
    assert lazy("collections:OrderedDict.fromkeys")()("a") == {"a": None}
    assert repr(lazy("a.b:c")) == "lazy('a.b:c')"


def test_lazy_of_something_missing():
    with pytest.raises(PluginError, match="AttributeError"):
        OptimizerSpec(name="a", load=lazy("collections:Nothing")).load()


def test_probe_that_raises_is_a_reason():
    def probe():
        raise OSError("driver too old")

    spec = ProcessGroupSpec(name="nccl", load=object, probe=probe)
    assert spec.unavailable() == "its probe failed: OSError: driver too old"
    assert ProcessGroupSpec(name="local", load=object).unavailable() is None


def test_kernels_are_called_like_their_device_unless_named():
    assert KernelSpec(device_type="cpu", provides=("gelu",), load=dict).name == "cpu"
    assert KernelSpec(name="fused", device_type="cpu", provides=("gelu",), load=dict).name == "fused"


def test_magic_and_suffix():
    spec = SerializerSpec(name="a", suffixes=(".Ab",), load=object, magic=b"xy", magic_offset=2)
    assert spec.recognises(b"..xy.")
    assert not spec.recognises(b"xy")
    assert not SerializerSpec(name="a", suffixes=(".ab",), load=object).recognises(b"anything")
    assert spec.has_suffix("MODEL.aB")
    assert not spec.has_suffix("modelab")


def test_every_hook_is_declared_documented_and_listed():
    declared = {name for name, value in vars(hookspecs).items() if hasattr(value, "fnnet_spec")}
    assert declared == set(hookspecs.HOOKS)
    for name in declared:
        hook = getattr(hookspecs, name)
        assert hook.__doc__, name
        assert "return" in hook.__annotations__, name


def test_every_descriptor_is_exported_and_documented():
    for _, descriptor in hookspecs.YIELDS.values():
        assert descriptor.__name__ in plugins.__all__
        assert descriptor.__doc__
