"""The Manager: order, conflicts, settings, look-ups."""

from __future__ import annotations

import itertools
import threading

import pytest

from fnnet._core.errors import DeviceError, LookupNameError, PluginError, SerializationError
from fnnet.plugins import KernelSpec, Manager, OptimizerSpec, PluginInfo, Stage, State, hookimpl
from fnnet.plugins.core import INITIALIZERS, OPTIMIZERS

OPTIMIZER = """
@hookimpl
def fnnet_optimizers():
    yield OptimizerSpec(name={name!r}, load=lambda: {value!r})
"""
KERNELS = """
@hookimpl
def fnnet_kernels():
    yield KernelSpec(device_type="cpu", provides=("gelu",), load=dict, priority={priority})
    yield KernelSpec(name="b", device_type="other", provides=("gelu",), load=dict)
"""


def states(manager: Manager) -> dict[str, State]:
    return {report.distribution: report.state for report in manager.report()}


def test_core_is_registered_through_the_same_hooks(site):
    manager = site.manager(core=True)
    # PyTorch 2.13's torch.optim without SparseAdam.
    assert manager.optimizers.names() == tuple(sorted(OPTIMIZERS)) == (
        "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "asgd", "lbfgs", "muon", "nadam", "radam",
        "rmsprop", "rprop", "sgd",
    )  # fmt: skip
    # The 14 functions of PyTorch 2.13's torch.nn.init.__all__ that end in an underscore; its 15th is calculate_gain.
    assert manager.initializers.names() == tuple(sorted(INITIALIZERS)) == (
        "constant", "dirac", "eye", "kaiming_normal", "kaiming_uniform", "normal", "ones", "orthogonal", "sparse",
        "trunc_normal", "uniform", "xavier_normal", "xavier_uniform", "zeros",
    )  # fmt: skip
    assert manager.serializers.names() == ("pth", "safetensors")
    assert [spec.device_type for spec in manager.backends_for("cpu")] == ["cpu"]
    assert manager.optimizers.get("sgd").distribution == "fnnet"


def test_every_core_descriptor_loads(site):
    for hook in ("fnnet_backends", "fnnet_optimizers", "fnnet_initializers", "fnnet_serializers"):
        for spec in site.manager(core=True).specs(hook):
            assert spec.load() is spec.load()


def test_an_installed_plugin_is_found(site):
    site.add("fnnet-lion", OPTIMIZER.format(name="Lion", value=7), version="1.2")
    manager = site.manager(core=True)
    assert manager.optimizers.get("lION").load() == 7
    assert manager.optimizers.names() == tuple(sorted([*OPTIMIZERS, "lion"]))
    assert "LION" in manager.optimizers
    assert 3 not in manager.optimizers
    assert len(manager.optimizers) == len(OPTIMIZERS) + 1
    assert list(manager.optimizers) == sorted([*OPTIMIZERS, "lion"])
    assert repr(manager.optimizers).startswith("<optimizers: adadelta, adafactor, ")
    [report] = [r for r in manager.report() if r.distribution == "fnnet-lion"]
    assert (report.version, report.state, report.api, report.module) == ("1.2", State.ACTIVE, 1, "fnnet_lion.plugin")
    assert report.provides == (("optimizer", "Lion"),)
    assert manager.problems() == ()


def test_two_entry_points_of_one_distribution_and_an_object_as_plugin(site):
    package = site.add("fnnet-two", OPTIMIZER.format(name="a", value=1))
    source = """
    from fnnet.plugins import *
    from fnnet.plugins import hookimpl
    class Hooks:
        @hookimpl
        def fnnet_plugin_info(self):
            return PluginInfo(name="fnnet-two", version="1.0", api=1)
        @hookimpl
        def fnnet_optimizers(self):
            yield OptimizerSpec(name="b", load=lambda: 2)
    class Namespace:
        PLUGIN = Hooks()
    """
    (site.folder / package / "more.py").write_text("\n".join(line[4:] for line in source.splitlines()))
    points = "[fnnet]\none = fnnet_two.plugin\ntwo = fnnet_two.more:Namespace.PLUGIN\n"
    (site.folder / "fnnet_two-1.0.dist-info" / "entry_points.txt").write_text(points)
    manager = site.manager()
    assert manager.optimizers.names() == ("a", "b")
    assert manager.problems() == ()


# look-ups -----------------------------------------------------------------------------------------------------


def test_missing_name(site):
    manager = site.manager(core=True)
    with pytest.raises(LookupNameError) as caught:
        manager.optimizers.get("adamm")
    known = ", ".join(sorted(OPTIMIZERS))
    assert str(caught.value) == f"no optimizer is called 'adamm'; did you mean 'adam'? (known: {known})"
    assert isinstance(caught.value, KeyError | ValueError)
    with pytest.raises(LookupNameError, match=r"no plugin provides any process group"):
        manager.process_groups.get("mpi")


def test_missing_name_mentions_plugins_that_failed(site):
    site.add("fnnet-lion", "raise OSError('no')", version="1.2")
    with pytest.raises(LookupNameError, match=r"plugins that failed: fnnet-lion 1\.2 \(`fnnet plugins` says why\)"):
        site.manager(core=True).optimizers.get("lion")


def test_two_providers_of_one_name_are_an_error_at_look_up(site):
    site.add("fnnet-b", OPTIMIZER.format(name="lion", value="b"))
    site.add("fnnet-a", OPTIMIZER.format(name="LION", value="a"))
    site.add("fnnet-c", OPTIMIZER.format(name="other", value="c"))
    manager = site.manager()
    assert manager.optimizers.get("other").load() == "c"
    with pytest.raises(PluginError, match="optimizer 'lion' is provided by fnnet-a and fnnet-b: name one of them in"):
        manager.optimizers.get("lion")
    assert [str(p) for p in manager.problems()] == [
        "fnnet-a 1.0: descriptors: optimizer 'lion' is provided by fnnet-a and fnnet-b"
    ]


def test_preference_decides_between_two_providers(site, monkeypatch):
    site.add("fnnet-a", OPTIMIZER.format(name="lion", value="a"))
    site.add("fnnet-b", OPTIMIZER.format(name="lion", value="b"))
    monkeypatch.setenv("FNNET_PREFER", "fnnet_B")
    manager = site.manager()
    assert manager.optimizers.get("lion").load() == "b"
    assert manager.problems() == ()


def test_one_distribution_with_one_name_twice(site, monkeypatch):
    site.add("fnnet-a", OPTIMIZER.format(name="lion", value=1) + "    yield OptimizerSpec(name='Lion', load=int)\n")
    monkeypatch.setenv("FNNET_PREFER", "fnnet-a")
    with pytest.raises(PluginError, match="provided by fnnet-a and fnnet-a"):
        site.manager().optimizers.get("lion")


def test_two_plugins_of_one_name_both_serve_and_are_told(site):
    site.add("fnnet-a", OPTIMIZER.format(name="a", value=1), name="Lion")
    site.add("fnnet-b", OPTIMIZER.format(name="b", value=2), name="lion", version="3")
    manager = site.manager()
    assert manager.optimizers.names() == ("a", "b")
    assert [str(p) for p in manager.problems()] == [
        "fnnet-b 3: api: it calls itself 'lion', as does fnnet-a 1.0",
    ]


# order --------------------------------------------------------------------------------------------------------


def owners(manager: Manager) -> list[str]:
    return [spec.distribution for spec in manager.kernels_for("cpu")]


def test_kernels_don_t_conflict_priority_decides(site):
    for name, priority in (("fnnet-z", 5), ("fnnet-a", 0), ("fnnet-m", 5), ("fnnet-q", -1)):
        site.add(name, KERNELS.format(priority=priority))
    manager = site.manager()
    assert owners(manager) == ["fnnet-m", "fnnet-z", "fnnet-a", "fnnet-q"]
    assert manager.problems() == ()


def test_preferred_first_in_the_order_named(site, monkeypatch):
    for name, priority in (("fnnet-z", 5), ("fnnet-a", 0), ("fnnet-m", 5), ("fnnet-q", -1)):
        site.add(name, KERNELS.format(priority=priority))
    monkeypatch.setenv("FNNET_PREFER", "fnnet-q, fnnet-a")
    assert owners(site.manager()) == ["fnnet-q", "fnnet-a", "fnnet-m", "fnnet-z"]


def test_order_never_depends_on_registration():
    class Hooks:
        def __init__(self, name: str) -> None:
            self.name = name

        @hookimpl
        def fnnet_plugin_info(self) -> PluginInfo:
            return PluginInfo(name=self.name, version="1", api=1)

        @hookimpl
        def fnnet_kernels(self):
            yield KernelSpec(name="second", device_type="cpu", provides=("a",), load=dict)
            yield KernelSpec(name="First", device_type="cpu", provides=("a",), load=dict)

        @hookimpl
        def fnnet_select_backend(self, requested: str) -> str | None:
            return self.name

    expected = [(d, n) for d in ("fnnet-a", "fnnet-b", "fnnet-c") for n in ("First", "second")]
    for order in itertools.permutations(["fnnet-a", "fnnet-b", "fnnet-c"]):
        manager = Manager()
        for name in order:
            assert manager.register(Hooks(name), distribution=name).state is State.ACTIVE
        assert [(s.distribution, s.name) for s in manager.kernels_for("cpu")] == expected
        with pytest.raises(LookupNameError, match="no backend is called 'fnnet-a'"):
            manager.select_backend("cpu")


# settings -----------------------------------------------------------------------------------------------------


def test_allow_list(site, monkeypatch):
    site.add("fnnet-a", "raise OSError")
    site.add("fnnet-b", OPTIMIZER.format(name="b", value=2))
    monkeypatch.setenv("FNNET_PLUGINS", "Fnnet_B")
    manager = site.manager(core=True)
    assert states(manager) == {"fnnet": State.ACTIVE, "fnnet-a": State.DISABLED, "fnnet-b": State.ACTIVE}
    assert manager.problems() == ()


def test_empty_allow_list_allows_nobody_but_the_core(site, monkeypatch):
    site.add("fnnet-a", "raise OSError")
    monkeypatch.setenv("FNNET_PLUGINS", "")
    assert states(site.manager(core=True)) == {"fnnet": State.ACTIVE, "fnnet-a": State.DISABLED}


@pytest.mark.parametrize("denied", ["fnnet-a", "FNNET.A,fnnet_c", "*"])
def test_deny_list(site, monkeypatch, denied):
    site.add("fnnet-a", "raise OSError")
    site.add("fnnet-b", OPTIMIZER.format(name="b", value=2))
    site.add("fnnet-c")
    monkeypatch.setenv("FNNET_DISABLE_PLUGINS", denied)
    manager = site.manager()
    assert states(manager)["fnnet-a"] is State.DISABLED
    assert states(manager)["fnnet-b"] is (State.DISABLED if denied == "*" else State.ACTIVE)
    assert "fnnet_a" not in __import__("sys").modules
    assert manager.problems() == ()


def test_settings_that_name_nobody(site, monkeypatch):
    site.add("fnnet-a")
    monkeypatch.setenv("FNNET_PREFER", "fnnet-x,fnnet")
    monkeypatch.setenv("FNNET_DISABLE_PLUGINS", "fnnet-y")
    monkeypatch.setenv("FNNET_PLUGINS", "fnnet-a,fnnet-z")
    problems = site.manager(core=True).problems()
    assert {problem.stage for problem in problems} == {Stage.SETTINGS}
    assert [str(problem) for problem in problems] == [
        "fnnet-z -: settings: FNNET_PLUGINS names it, but no plugin of that name is installed",
        "fnnet-y -: settings: FNNET_DISABLE_PLUGINS names it, but no plugin of that name is installed",
        "fnnet-x -: settings: FNNET_PREFER names it, but no plugin of that name is installed",
    ]


# deciding hooks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "head", "expected"),
    [
        ("w.safetensors", b"", "safetensors"),
        ("W.PTH", b"", "pth"),
        ("w.pt", b"", "pth"),
        ("w.bin", b"", "pth"),
        ("w.pth", b"PK\x03\x04....", "pth"),
        ("w.safetensors", b"PK\x03\x04....", "pth"),  # content is stronger than the name
        ("", b'\x10\0\0\0\0\0\0\0{"a"', "safetensors"),
        ("w.pth", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "pth"),  # PyTorch's old format: by name, refused later
        ("w.fnx", b"FNX1....", "fnx"),
        ("w.fnx", b"", "fnx"),
        ("w.npz", b"PK\x03\x04....", "zipped"),  # of two magics that fit, the one whose suffix fits too
        ("w", b"PK\x03\x04....", "pth"),
    ],
)
def test_select_serializer(site, source, head, expected):
    site.add(
        "fnnet-formats",
        """
        @hookimpl
        def fnnet_serializers():
            yield SerializerSpec(name="fnx", suffixes=(".fnx",), magic=b"FNX1", load=int)
            yield SerializerSpec(name="zipped", suffixes=(".npz",), magic=b"PK\\x03\\x04", load=int)
        """,
    )
    assert site.manager(core=True).select_serializer(source, head).name == expected


def test_select_serializer_of_nothing_known(site):
    expected = r"no serializer for 'w\.xyz' that begins with b'abc': expected one of \.bin, \.pt, \.pth, \.safetensors"
    with pytest.raises(SerializationError, match=expected):
        site.manager(core=True).select_serializer("w.xyz", b"abc")
    with pytest.raises(SerializationError, match="no serializer for 'a stream': expected one of"):
        site.manager(core=True).select_serializer("")


def test_a_plugin_decides_before_the_core_and_sees_a_short_head(site):
    site.add(
        "fnnet-decides",
        """
        HEADS = []
        @hookimpl
        def fnnet_select_serializer(source, head):
            HEADS.append(head)
            return "pth" if source.startswith("old/") else None
        """,
    )
    manager = site.manager(core=True)
    assert manager.select_serializer("old/w.safetensors", bytes(1000)).name == "pth"
    assert manager.select_serializer("new/w.safetensors").name == "safetensors"
    import fnnet_decides.plugin

    assert fnnet_decides.plugin.HEADS == [bytes(64), b""]


def test_a_deciding_hook_that_fails_or_answers_nonsense_is_passed_over(site):
    raising = "@hookimpl\ndef fnnet_select_serializer(source):\n    raise OSError('gone')\n"
    nonsense = "@hookimpl(tryfirst=True)\ndef fnnet_select_serializer(head):\n    return 3\n"
    site.add("fnnet-a", raising)
    site.add("fnnet-b", nonsense)
    manager = site.manager(core=True)
    for _ in range(3):  # told once
        assert manager.select_serializer("w.pth").name == "pth"
    problems = manager.problems()
    assert [str(p) for p in problems] == [
        "fnnet-a 1.0: select: fnnet_select_serializer: OSError: gone",
        "fnnet-b 1.0: select: fnnet_select_serializer returned int, expected str or None",
    ]
    assert "raise OSError('gone')" in problems[0].traceback


BACKENDS = """
@hookimpl
def fnnet_backends():
    yield BackendSpec(name="slow", device_type="cuda", load=lambda: "slow")
    yield BackendSpec(name="fast", device_type="cuda", load=lambda: "fast", priority=1, probe=lambda: {probe!r})
"""


def test_select_backend_takes_the_first_that_can_serve(site):
    site.add("fnnet-cuda", BACKENDS.format(probe=None))
    assert site.manager(core=True).select_backend("cuda").name == "fast"


def test_select_backend_passes_over_what_is_not_available(site):
    site.add("fnnet-cuda", BACKENDS.format(probe="no card"))
    assert site.manager(core=True).select_backend("cuda").load() == "slow"


def test_select_backend_says_why(site):
    site.add(
        "fnnet-cuda",
        """
        @hookimpl
        def fnnet_backends():
            yield BackendSpec(name="c", device_type="cuda", load=int, probe=lambda: "no card found")
        """,
    )
    with pytest.raises(DeviceError, match="device 'cuda' is not available: c: no card found"):
        site.manager(core=True).select_backend("cuda")


def test_select_backend_says_what_to_install(site):
    with pytest.raises(
        DeviceError, match=r"Expected one of cpu device types: .* 'cuda'; fnnet-cuda would: pip install"
    ):
        site.manager(core=True).select_backend("cuda")


def test_a_plugin_that_chooses_an_unavailable_backend(site):
    choice = "\n@hookimpl\ndef fnnet_select_backend(requested):\n    return 'fast'\n"
    site.add("fnnet-cuda", BACKENDS.format(probe="no card") + choice)
    with pytest.raises(DeviceError, match="fnnet-cuda chose 'fast', which says: no card"):
        site.manager(core=True).select_backend("cuda")


# threads ------------------------------------------------------------------------------------------------------


def test_threads_see_all_plugins_or_wait(site):
    """Nobody sees a Manager that has found half of its plugins."""
    site.add("fnnet-slow", "import time\ntime.sleep(0.2)\n" + OPTIMIZER.format(name="slow", value=1))
    manager, seen = Manager(), []

    def ask():
        manager.discover([str(site.folder)])
        seen.append(manager.optimizers.names())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [("slow",)] * 4


def test_a_plugin_may_ask_the_manager_while_it_is_asked():
    manager = Manager()

    class Curious:
        @hookimpl
        def fnnet_plugin_info(self) -> PluginInfo:
            manager.report()
            return PluginInfo(name="curious", version="1", api=1)

        @hookimpl
        def fnnet_optimizers(self):
            yield OptimizerSpec(name=f"seen{len(manager.optimizers)}", load=int)

    report = manager.register(Curious(), distribution="curious")
    assert (report.state, report.problems) == (State.ACTIVE, ())
    assert manager.optimizers.names() == ("seen0",)
