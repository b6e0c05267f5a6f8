"""The authors' kit: what must pass passes, and each way to be wrong is found by the check that is meant for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import fnnet.serialization.files
from fnnet.testing import plugin_kit
from fnnet.testing.plugin_kit import checks

if TYPE_CHECKING:
    from tests.plugins.conftest import Site

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("check", [pytest.param(check, id=check.name) for check in checks("fnnet")])
def test_the_core_passes_its_own_kit(check):
    check.run()


def failures(site: Site, monkeypatch, distribution: str, only: str = "") -> dict[str, str]:
    """Names of the failing checks of one plugin of the site, or of one check, and what they say."""
    found = site.manager(core=True)
    for module in (plugin_kit, plugin_kit.hooks, plugin_kit.serializers, fnnet.serialization.files):
        monkeypatch.setattr(module, "manager", lambda: found)
    result = {}
    for check in checks(distribution):
        if only not in check.name:
            continue
        try:
            check.run()
        except Exception as error:
            result[check.name] = f"{type(error).__name__}: {error}"
    return result


def test_a_sound_plugin_has_no_failures(site, monkeypatch):
    site.add("fnnet-sound", SOUND, header=False, info=False, files={"impl.py": IMPLEMENTATION})
    assert failures(site, monkeypatch, "fnnet-sound") == {}


SOUND = """
from __future__ import annotations

from collections.abc import Iterable

from fnnet.plugins import KernelSpec, InitializerSpec, OptimizerSpec, PluginInfo, SerializerSpec, hookimpl, lazy

@hookimpl
def fnnet_plugin_info() -> PluginInfo:
    return PluginInfo(name="sound", version="1.0", api=1)

@hookimpl
def fnnet_kernels() -> Iterable[KernelSpec]:
    yield KernelSpec(device_type="cpu", provides=("silu", "silu.backward"), load=lazy("fnnet_sound.impl:KERNELS"))

@hookimpl
def fnnet_optimizers() -> Iterable[OptimizerSpec]:
    yield OptimizerSpec(name="plain", load=lazy("fnnet_sound.impl:Plain"))

@hookimpl
def fnnet_initializers() -> Iterable[InitializerSpec]:
    yield InitializerSpec(name="half", load=lazy("fnnet_sound.impl:half_"))

@hookimpl
def fnnet_serializers() -> Iterable[SerializerSpec]:
    yield SerializerSpec(name="other", suffixes=(".other",), magic=b"OTHR", load=lazy("fnnet_sound.impl:FORMAT"))

@hookimpl
def fnnet_select_backend(requested: str) -> str | None:
    return None
"""
IMPLEMENTATION = """
import io
import numpy as np
import fnnet
from fnnet import nn, optim
from fnnet._core.errors import SerializationError
from fnnet.backends.kernels import ArrayMeta
from fnnet.serialization.zip_format import ZipFormat


class Plan:
    def __init__(self, outputs, compute):
        self.outputs, self.compute = outputs, compute

    def prepare(self, args, outs):
        def run():
            for out, value in zip(outs, self.compute(*args)):
                out[...] = value
        return run


def sigmoid(x):
    with np.errstate(all="ignore"):
        return 1 / (1 + np.exp(-x))


class Silu:
    def accepts(self, meta):
        (x,) = meta.inputs
        out = ArrayMeta(x.shape, x.dtype)
        return Plan((out, out), lambda x: (x * sigmoid(x), sigmoid(x)))


class SiluBackward:
    def accepts(self, meta):
        (x,) = meta.inputs
        return Plan((ArrayMeta(x.shape, x.dtype),), lambda x, y, s, g: (g * s * (1 + x * (1 - s)),))


KERNELS = {"silu": Silu(), "silu.backward": SiluBackward()}


class Plain(optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    def update(self, p, grad, state, group):
        p.sub_(grad, alpha=group["lr"])


def half_(tensor):
    return nn.init.constant_(tensor, 0.5)


class Format(ZipFormat):
    def save(self, obj, file, options):
        file.write(b"OTHR")
        super().save(obj, file, options)

    def load(self, file, options):
        if file.read(4) != b"OTHR":
            raise SerializationError("not an .other file")
        return super().load(io.BytesIO(file.read()), options)


FORMAT = Format()
"""


@pytest.mark.parametrize(
    ("old", "new", "failing"),
    [
        ("from __future__", "import numpy\nfrom __future__", None),
        ('provides=("silu", ', 'provides=("silu", "mish", ', "kernels cpu: provides what it says"),
        ("-> str | None:\n    return None", ":\n    return None", "hooks are declared as they are specified: x"),
        ("requested: str", "requested: object", "hooks are declared as they are specified: x"),
        ("Iterable[OptimizerSpec]", "list[OptimizerSpec]", "hooks are declared as they are specified: x"),
        ('version="1.0"', 'version="0.9"', "version is the distribution's: x"),
        ("def fnnet_kernels", "def fnnet_kernel", "is active and without problems"),
        ("import KernelSpec,", "import numpy_not_there, KernelSpec,", "is active and without problems"),
        ('magic=b"OTHR"', 'magic=b"othr"', "serializer other: is chosen by suffix and recognised by content"),
    ],
)
def test_wrong_plugin_modules(site, monkeypatch, old, new, failing):
    assert old in SOUND
    source = SOUND.replace(old, new)
    if failing is None:  # from __future__ must stand first
        source, failing = SOUND.replace("\n\nfrom fnnet", "\n\nimport numpy\nfrom fnnet"), "entry point is light: x"
    site.add("fnnet-sound", source, header=False, info=False, files={"impl.py": IMPLEMENTATION})
    name = failing.replace(": x", ": fnnet_sound.plugin")
    assert name in failures(site, monkeypatch, "fnnet-sound", name)


@pytest.mark.parametrize(
    ("old", "new", "failing", "says"),
    [
        ("g * s * (1 + x", "g * s * (2 + x", "kernels cpu: silu.backward agrees with its definition", "gradient 0 is"),
        ("x * sigmoid(x),", "x * sigmoid(x) * 1.001,", "kernels cpu: silu agrees with its definition", "output 0 is"),
        ("out[...] = value", "out[:1] = value[:1]", "kernels cpu: silu agrees with its definition", "unwritten"),
        ("out[...] = value", "out[...] = value; args[0][...] = 0", "kernels cpu: silu agrees with its definition",
         "writes its inputs"),
        ("out[...] = value", "out[...] += value", "kernels cpu: silu agrees with its definition", "run again"),
        ("ArrayMeta(x.shape, x.dtype)\n        return Plan((out", "ArrayMeta(x.shape[::-1], x.dtype)\n        return "
         "Plan((out", "kernels cpu: silu agrees with its definition", ""),
        ("(x,) = meta.inputs\n        out", "return None\n        out", "kernels cpu: silu agrees with its definition",
         "declines every sample"),
        ("(x,) = meta.inputs\n        out", "self.n = -getattr(self, 'n', 1)\n        if self.n > 0: return None\n"
         "        (x,) = meta.inputs\n        out", "kernels cpu: silu agrees with its definition", "differently"),
        ("alpha=group", "alpha=-group", "optimizer plain: converges on least squares", "after 400 steps"),
        ("p.sub_(grad", "state['n'] = state.get('n', 0); self.n = getattr(self, 'n', 0) + 1\n"
         "        p.sub_(grad * (1 + 1 / self.n)", "optimizer plain: survives its state_dict", "resumed"),
        ("class Plain(optim.Optimizer)", "class Other(optim.Optimizer)", "optimizer plain: loads", "has no attribute"),
        ("super().__init__(params, {", "super().__init__(list(params)[:1], {",
         "optimizer plain: converges on least squares", "after 400 steps"),
        ("nn.init.constant_(tensor, 0.5)", "fnnet.full_like(tensor, 0.5)",
         "initializer half: fills in place and returns its tensor", "not the tensor it was given"),
        ("nn.init.constant_(tensor, 0.5)", "nn.init.constant_(tensor[:1], 0.5) and tensor",
         "initializer half: fills in place and returns its tensor", "unfilled"),
        ("nn.init.constant_(tensor, 0.5)", "nn.init.constant_(tensor, np.random.default_rng().random())",
         "initializer half: follows the seed", "fnnet's generator"),
        ("def half_(tensor)", "def half_(t, tensor=None)", "initializer half: follows the seed", "called 't'"),
        ("super().save(obj", "super().save(dict(list(obj.items())[:-1])", "serializer other: round-trips a state_dict",
         "the names are"),
        ("super().save(obj", "super().save({k: v * 1 for k, v in obj.items()}",
         "serializer other: round-trips every dtype, or refuses it", ""),
        ("SerializationError(", "KeyError(", "serializer other: refuses damaged files, or reads them without harm",
         "raises KeyError"),
    ],
)  # fmt: skip
def test_wrong_implementations(site, monkeypatch, old, new, failing, says):
    assert old in IMPLEMENTATION
    site.add("fnnet-sound", SOUND, header=False, info=False, files={"impl.py": IMPLEMENTATION.replace(old, new)})
    found = failures(site, monkeypatch, "fnnet-sound", failing)
    assert failing in found
    assert says in found[failing]


# pytest's door ------------------------------------------------------------------------------------------------


def pytest_run(*arguments: str, site: Site, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """pytest in a folder, with the plugins of a site and no other plugin of pytest than the door."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("FNNET_", "PYTEST"))}
    environment |= {"PYTHONPATH": os.pathsep.join([str(site.folder), str(ROOT)]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "_fnnet_pytest", "-p", "no:cacheprovider", "-q", *arguments],
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_without_the_flag_nothing_of_fnnet_is_imported(site, tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    assert '_fnnet_pytest' in sys.modules\n"
        "    assert [m for m in sys.modules if m.split('.')[0] in ('fnnet', 'numpy')] == []\n"
    )
    done = pytest_run("test_it.py", site=site, folder=tmp_path)
    assert done.returncode == 0, done.stdout


def test_with_the_flag_the_checks_are_items(site, tmp_path):
    source = SOUND.replace('version="1.0"', 'version="0.9"')
    site.add("fnnet-sound", source, header=False, info=False, files={"impl.py": IMPLEMENTATION})
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    done = pytest_run("--fnnet-plugin", "fnnet-sound", "-rA", site=site, folder=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "PASSED test_own.py::test_own" in done.stdout
    assert "PASSED fnnet-plugin::fnnet-sound: optimizer plain: converges on least squares" in done.stdout
    assert "FAILED fnnet-plugin::fnnet-sound: version is the distribution's: fnnet_sound.plugin" in done.stdout
    assert "the distribution's version is 1.0" in done.stdout
    assert "1 failed" in done.stdout
    chosen = pytest_run("--fnnet-plugin", "fnnet-sound", "-k", "seed", site=site, folder=tmp_path)
    assert chosen.returncode == 0, chosen.stdout
    assert "1 passed" in chosen.stdout


def test_a_backend_without_its_hardware_is_skipped(site, tmp_path):
    source = """
    from collections.abc import Iterable
    from fnnet.plugins import BackendSpec, PluginInfo, hookimpl

    @hookimpl
    def fnnet_plugin_info() -> PluginInfo:
        return PluginInfo(name="far", version="1.0", api=1)

    @hookimpl
    def fnnet_backends() -> Iterable[BackendSpec]:
        yield BackendSpec(name="far", device_type="far", load=lambda: 1 / 0, probe=lambda: "no card found")
    """
    site.add("fnnet-far", source, header=False, info=False)
    done = pytest_run("--fnnet-plugin", "fnnet-far", "-rs", site=site, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "4 passed, 3 skipped" in done.stdout
    assert "hardware absent: far: no card found" in done.stdout


@pytest.mark.parametrize(
    ("distribution", "variables", "message"),
    [
        ("fnnet-nowhere", {}, "no distribution 'fnnet-nowhere' with an entry point in the group 'fnnet' is installed"),
        ("fnnet-a", {"FNNET_DISABLE_PLUGINS": "fnnet-a"}, "'fnnet-a' is disabled by the environment"),
    ],
)
def test_a_distribution_that_is_not_there(site, tmp_path, distribution, variables, message):
    site.add("fnnet-a")
    done = pytest_run("--fnnet-plugin", distribution, site=site, folder=tmp_path, **variables)
    assert done.returncode == 4
    assert message in done.stderr
