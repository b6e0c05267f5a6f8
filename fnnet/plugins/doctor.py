"""What `fnnet doctor` looks at: versions, plugins, hardware without its plugin, whether every descriptor loads."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from fnnet._core.errors import PluginError
from fnnet.plugins.hookspecs import YIELDS
from fnnet.plugins.manager import KNOWN_PLUGINS, Manager
from fnnet.plugins.report import State
from fnnet.plugins.specs import Probed
from fnnet.version import __version__

NVIDIA_DRIVER: Final = Path("/proc/driver/nvidia/gpus")
"""Where NVIDIA's Linux driver lists its cards (its README, chapter "/proc interface")."""
_REQUIREMENT: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)[^;]*(?:;.*extra\s*==\s*['\"](?P<extra>[^'\"]+)['\"])?.*")
"""A requirement in a distribution's metadata (PEP 508), as far as its name and its extra go."""


class Level(Enum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


class Finding(NamedTuple):
    """One line of the doctor's report.

    Attributes:
        level: How much it matters.
        topic: What it is about: `python`, `plugin`, `backend` ...
        text: What was found.
        details: More of it, such as the end of a traceback.
    """

    level: Level
    topic: str
    text: str
    details: str = ""


def examine(manager: Manager) -> Iterator[Finding]:
    """Everything the doctor finds, from the ground up. Loads whatever plugins provide, so it takes a moment."""
    yield Finding(Level.OK, "fnnet", f"{__version__} in {Path(__file__).parents[1]}")
    yield Finding(Level.OK, "python", f"{platform.python_version()} on {platform.platform()}, {os.cpu_count()} CPUs")
    yield from dependencies()
    for report in manager.report():
        if report.state is not State.FAILED:
            summary = f": {report.summary}" if report.summary else ""
            level = Level.OK if report.state is State.ACTIVE else Level.NOTE
            yield Finding(level, "plugin", f"{report.distribution} {report.version} is {report.state.value}{summary}")
    for problem in manager.problems():
        yield Finding(Level.PROBLEM, "plugin", str(problem), problem.traceback)
    yield from hardware(manager)
    yield from descriptors(manager)


def dependencies() -> Iterator[Finding]:
    """Versions of what fnnet requires, and of what its extras would bring."""
    from importlib.metadata import PackageNotFoundError, requires, version

    try:
        requirements = requires("fnnet") or []
    except PackageNotFoundError:
        yield Finding(Level.NOTE, "dependencies", "fnnet runs from a source tree, so it has no metadata to check by")
        return
    for requirement in requirements:
        parts = _REQUIREMENT.fullmatch(requirement)
        if parts is None:
            continue
        try:
            yield Finding(Level.OK, "dependency", f"{parts['name']} {version(parts['name'])}")
        except PackageNotFoundError:
            if parts["extra"]:
                how = f"pip install 'fnnet[{parts['extra']}]'"
                yield Finding(Level.NOTE, "dependency", f"{parts['name']} is not installed (optional: {how})")
            else:
                yield Finding(Level.PROBLEM, "dependency", f"{parts['name']} is not installed: fnnet requires it")


def hardware(manager: Manager) -> Iterator[Finding]:
    """Which backends and kernels serve here, and hardware that waits for its plugin."""
    for backend in manager.backend_specs():
        reason = backend.unavailable()
        what = f"{backend.name} ({backend.distribution}) for {backend.device_type}"
        yield (
            Finding(Level.OK, "backend", what)
            if reason is None
            else Finding(Level.NOTE, "backend", f"{what} is not available: {reason}")
        )
    for device_type in sorted({backend.device_type for backend in manager.backend_specs()}):
        for kernels in manager.kernels_for(device_type):
            reason = kernels.unavailable()
            what = f"{kernels.distribution} for {device_type}: {', '.join(kernels.provides)}"
            yield (
                Finding(Level.OK, "kernels", what)
                if reason is None
                else Finding(Level.NOTE, "kernels", f"{what}: not available: {reason}")
            )
    card = cuda_card()
    if card is not None and not manager.backends_for("cuda"):
        yield Finding(Level.NOTE, "hardware", f"CUDA card found ({card}), {KNOWN_PLUGINS['cuda']} not installed")


def cuda_card() -> str | None:
    """The model of a CUDA card in this machine, or None. Asks the driver, imports nothing."""
    try:
        for card in sorted(NVIDIA_DRIVER.iterdir()):
            for line in (card / "information").read_text(encoding="utf-8").splitlines():
                if line.startswith("Model:"):
                    return line.partition(":")[2].strip()
    except OSError:  # another system, or no driver
        pass
    return "nvidia-smi is there" if shutil.which("nvidia-smi") else None


def descriptors(manager: Manager) -> Iterator[Finding]:
    """Whether everything that plugins provide can be loaded; what says that it is not available here is passed over."""
    for hook, (kind, _) in YIELDS.items():
        loaded = 0
        for spec in manager.specs(hook):
            if isinstance(spec, Probed) and spec.unavailable() is not None:
                continue
            try:
                spec.load()
                loaded += 1
            except PluginError as error:
                yield Finding(Level.PROBLEM, kind, str(error))
        if loaded:
            yield Finding(Level.OK, kind, f"{loaded} loaded")
