"""Checks of the entry point and its hooks."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final, get_type_hints

from fnnet.plugins import PluginInfo, PluginReport, State, hookspecs, manager
from fnnet.plugins.hookspecs import HOOKS
from fnnet.testing.plugin_kit.check import Check, require

# A package without its __init__: floor 1 alone is imported, so that whatever else comes in is the plugin's doing.
_IMPORT: Final = """
import importlib, json, sys, types
fnnet = types.ModuleType("fnnet")
fnnet.__path__ = [sys.argv[1]]
sys.modules["fnnet"] = fnnet
import fnnet.plugins
before = set(sys.modules)
importlib.import_module(sys.argv[2])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def checks(distribution: str) -> Iterator[Check]:
    """The checks of one distribution's entry points."""
    reports = [report for report in manager().report() if report.distribution == distribution]
    yield Check("is active and without problems", partial(_sound, distribution, reports))
    for report in reports:
        yield Check(f"entry point is light: {report.module}", partial(_light, report))
        yield Check(f"hooks are declared as they are specified: {report.module}", partial(_declared, report))
        yield Check(f"version is the distribution's: {report.module}", partial(_version, report))


def _sound(distribution: str, reports: list[PluginReport]) -> None:
    require(bool(reports), f"no distribution {distribution!r} with an entry point in the group 'fnnet' is installed")
    wrong = [str(problem) for problem in manager().problems() if problem.distribution == distribution]
    require(not wrong, "\n".join(wrong))
    for report in reports:
        require(report.state is State.ACTIVE, f"{report.module} is {report.state.value}")


def _light(report: PluginReport) -> None:
    """The module needs the standard library, `fnnet.plugins` and its own package."""
    module = report.module.partition(":")[0]
    floor = Path(hookspecs.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT, str(floor), module],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    require(done.returncode == 0, f"{module} can't be imported beside fnnet.plugins alone:\n{done.stderr}")
    own = module.partition(".")[0]
    allowed = {own, *sys.stdlib_module_names}
    floors = ("fnnet.plugins", "fnnet._core", "fnnet.version")
    heavy = [
        name
        for name in json.loads(done.stdout)
        if not (name.startswith(floors) if name.startswith("fnnet.") else name.partition(".")[0] in allowed)
    ]
    require(
        not heavy,
        f"importing {module} imports {', '.join(heavy[:10])}: every `import fnnet` imports it, so it may use the "
        "standard library and fnnet.plugins only (name the rest by lazy('module:attribute'))",
    )


def _plugin(report: PluginReport) -> object:
    module, _, attribute = report.module.partition(":")
    found: object = import_module(module)
    for part in filter(None, attribute.split(".")):
        found = getattr(found, part)
    return found


def _implementations(report: PluginReport) -> Iterator[tuple[str, Callable[..., object]]]:
    plugin = _plugin(report)
    for name in dir(plugin):
        function = getattr(plugin, name)
        options = getattr(function, f"{hookspecs.GROUP}_impl", None)
        if callable(function) and isinstance(options, dict):
            yield options.get("specname") or name, function


def _declared(report: PluginReport) -> None:
    """Arguments and annotations are those of the hookspecs."""
    for hook, function in _implementations(report):
        require(hook in HOOKS, f"{hook} is no hook")
        spec: Callable[..., object] = getattr(hookspecs, hook)
        expected, got = list(inspect.signature(spec).parameters), list(inspect.signature(function).parameters)
        require(got == expected, f"{hook}: its arguments are ({', '.join(got)}), expected ({', '.join(expected)})")
        try:
            found = get_type_hints(function)
        except NameError as error:
            require(False, f"{hook}: an annotation can't be resolved, import its name at run time: {error}")
        wanted = get_type_hints(spec)
        require(found == wanted, f"{hook}: its annotations are {_shown(found)}, expected {_shown(wanted)}")


def _shown(hints: dict[str, object]) -> str:
    return (
        "{" + ", ".join(f"{name}: {str(hint).removeprefix('collections.abc.')}" for name, hint in hints.items()) + "}"
    )


def _version(report: PluginReport) -> None:
    for hook, function in _implementations(report):
        if hook == "fnnet_plugin_info":
            info = function()
            require(
                isinstance(info, PluginInfo) and info.version == report.version,
                f"fnnet_plugin_info says {info}, the distribution's version is {report.version}",
            )
