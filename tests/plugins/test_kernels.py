"""Kernels and backends of plugins in use: put in at once, loaded when asked, in order, and never in the way."""

from __future__ import annotations

import numpy as np
import pytest

import fnnet
from fnnet.backends import discovery
from fnnet.backends.discovery import install_kernels, load_backend
from fnnet.backends.numpy_backend import NumpyBackend
from fnnet.plugins import KernelSpec, PluginInfo, hookimpl

KERNELS = """
LOADED = []

class Plan:
    def __init__(self, x):
        self.outputs = (x,)

    def prepare(self, args, outs):
        def run():
            outs[0][...] = {answer}
        return run

class Kernel:
    def accepts(self, meta):
        return Plan(meta.inputs[0]) if {accepts} else None

def load():
    LOADED.append(1)
    {first}
    return {{"tanhshrink": Kernel()}}

@hookimpl
def fnnet_kernels():
    yield KernelSpec(device_type="cpu", provides=("tanhshrink",), load=load, priority={priority}, probe=lambda: {probe})
"""
ZEROS = np.zeros(3, np.float32)


@pytest.fixture
def use(site, monkeypatch):
    """Lets `install_kernels` and `load_backend` see the plugins of the site; returns a backend without kernels."""

    def prepare() -> NumpyBackend:
        manager = site.manager(core=True)
        monkeypatch.setattr(discovery, "manager", lambda: manager)
        return NumpyBackend()

    return prepare


def kernels(answer: int, priority: int = 0, accepts: bool = True, first: str = "pass", probe: str | None = None) -> str:
    return KERNELS.format(answer=answer, priority=priority, accepts=accepts, first=first, probe=repr(probe))


def loads(package: str) -> int:
    return len(__import__(f"{package}.plugin", fromlist=["LOADED"]).LOADED)


def test_installed_at_once_loaded_when_asked(site, use):
    site.add("fnnet-a", kernels(5))
    backend = use()
    install_kernels(backend)
    assert loads("fnnet_a") == 0
    assert backend.tanhshrink(ZEROS).tolist() == [5, 5, 5]
    assert backend.tanhshrink(ZEROS).tolist() == [5, 5, 5]
    assert loads("fnnet_a") == 1


def test_asked_in_order_and_the_definition_last(site, use):
    site.add("fnnet-a", kernels(1, priority=-1))
    site.add("fnnet-b", kernels(2, priority=7, accepts=False))
    site.add("fnnet-c", kernels(3, probe="no such CPU"))
    site.add("fnnet-d", kernels(4, priority=1))
    backend = use()
    install_kernels(backend)
    assert [provider.owner for provider in backend.providers["tanhshrink"]] == ["fnnet-b", "fnnet-d", "fnnet-a"]
    assert backend.tanhshrink(ZEROS).tolist() == [4, 4, 4]


def test_all_decline(site, use):
    site.add("fnnet-a", kernels(1, accepts=False))
    backend = use()
    install_kernels(backend)
    assert backend.tanhshrink(ZEROS).tolist() == [0, 0, 0]  # x - tanh(x)


def test_a_provider_that_can_t_be_loaded_is_said_once_and_passed_over(site, use):
    site.add("fnnet-a", kernels(1, priority=1, first="raise OSError('libfast.so')"))
    site.add("fnnet-b", kernels(2))
    backend = use()
    install_kernels(backend)
    with pytest.warns(
        RuntimeWarning, match=r"fnnet-a: KernelSpec 'cpu' can't be loaded: OSError: libfast\.so; its ops"
    ):
        assert backend.tanhshrink(ZEROS).tolist() == [2, 2, 2]
    assert backend.tanhshrink(ZEROS).tolist() == [2, 2, 2]


class Late:
    """A plugin that is registered by hand."""

    @hookimpl
    def fnnet_plugin_info(self) -> PluginInfo:
        return PluginInfo(name="late", version="1", api=1)

    @hookimpl
    def fnnet_kernels(self):
        yield KernelSpec(device_type="cpu", provides=("tanhshrink", "mish"), load=dict, priority=5)
        yield KernelSpec(name="other", device_type="elsewhere", provides=("relu",), load=dict)


def test_a_plugin_that_comes_later_takes_its_place_in_the_order(site, use):
    site.add("fnnet-a", kernels(1))
    backend = use()
    install_kernels(backend)
    assert backend.tanhshrink(ZEROS).tolist() == [1, 1, 1]
    discovery.manager().register(Late(), distribution="late")
    assert [provider.owner for provider in backend.providers["tanhshrink"]] == ["late", "fnnet-a"]
    assert "relu" not in backend.providers
    assert backend.tanhshrink(ZEROS).tolist() == [1, 1, 1]  # late's load() gives no kernels
    assert loads("fnnet_a") == 1


def test_import_fnnet_installs_them_on_the_cpu(site):
    site.add("fnnet-a", kernels(5))
    code = "print(fnnet.nn.functional.tanhshrink(fnnet.zeros(2)).tolist())"
    assert site.run("import fnnet\n" + code) == "[5.0, 5.0]\n"
    # Its own module first: it has no hooks yet while fnnet is imported, so its kernels come with the next look-up.
    look = "import fnnet\nassert 'adam' in fnnet.plugins.manager().optimizers\n"
    assert site.run("import fnnet_a.plugin\n" + look + code) == "[5.0, 5.0]\n"


def test_a_backend_of_a_plugin_is_loaded_with_its_kernels(site, use):
    source = """
    from fnnet.backends.numpy_backend import NumpyBackend

    class Far(NumpyBackend):
        device_type = "far"

    @hookimpl
    def fnnet_backends():
        yield BackendSpec(name="first", device_type="far", load=lambda: 1 / 0, priority=9)
        yield BackendSpec(name="chosen", device_type="far", load=Far)

    @hookimpl
    def fnnet_select_backend(requested):
        return "chosen" if requested == "far" else None

    @hookimpl
    def fnnet_kernels():
        yield KernelSpec(device_type="far", provides=("mish",), load=dict)
    """
    site.add("fnnet-far", source)
    use()
    backend = load_backend("far")
    assert backend.device_type == "far"
    assert list(backend.providers) == ["mish"]


def test_a_device_that_nobody_serves(use):
    use()
    with pytest.raises(RuntimeError, match=r"no installed plugin serves device type 'cuda'; fnnet-cuda would: pip"):
        load_backend("cuda")
    assert fnnet.device("cuda").type == "cuda"
