"""Taking a plugin in: are its hooks spelt right, what is it, does it fit this fnnet, what does it provide.

Whatever is wrong is noted on the `Plugin`; nothing here raises for a plugin's mistake.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, cast

import pluggy
from attrs import evolve

from fnnet.plugins.discovery import EntryPoint
from fnnet.plugins.hookspecs import GROUP, HOOKS, YIELDS
from fnnet.plugins.report import Problem, Stage, State, one_line, tail
from fnnet.plugins.specs import API_VERSION, OLDEST_API_VERSION, AnySpec, PluginInfo


class Plugin:
    """One entry point, from discovery on."""

    __slots__ = ("info", "plugin", "point", "problems", "specs", "state")

    def __init__(self, point: EntryPoint) -> None:
        self.point = point
        self.state = State.PENDING
        self.plugin: object = None
        self.info: PluginInfo | None = None
        self.specs: dict[str, list[AnySpec]] = {}
        self.problems: list[Problem] = []

    def problem(self, stage: Stage, reason: str, error: BaseException | None = None) -> None:
        if any(known.stage is stage and known.reason == reason for known in self.problems):
            return  # a deciding hook may fail at every look-up
        self.problems.append(
            Problem(
                distribution=self.point.distribution,
                version=self.point.version,
                stage=stage,
                reason=reason,
                traceback="" if error is None else tail(error),
            )
        )

    def fail(self, stage: Stage, reason: str, error: BaseException | None = None) -> None:
        self.problem(stage, reason, error)
        self.state = State.FAILED


def misspelt(plugin: object) -> Iterator[str]:
    """What is wrong with the names and marks of a plugin's functions."""
    for name in dir(plugin):
        if name.startswith("__"):
            continue
        static = inspect.getattr_static(plugin, name, None)
        function = getattr(static, "__func__", static)  # of a staticmethod or classmethod
        if not inspect.isfunction(function):
            continue
        options: Any = getattr(static, f"{GROUP}_impl", None) or getattr(function, f"{GROUP}_impl", None)
        hook = (options or {}).get("specname") or name
        if hook in HOOKS and options is None:
            yield f"{name} is not marked with @hookimpl, so it is never asked"
        elif hook not in HOOKS and (options is not None or name.startswith(f"{GROUP}_")):
            from difflib import get_close_matches

            prefix = f"{GROUP}_"  # common to all: it would make any two names alike
            close = get_close_matches(hook.removeprefix(prefix), [name.removeprefix(prefix) for name in HOOKS], 1)
            hint = f"did you mean {prefix}{close[0]}?" if close else f"there are {', '.join(HOOKS)}"
            yield f"{hook} is no hook; {hint}"


def introduce(entry: Plugin, impl: pluggy.HookImpl | None, others: Iterable[Plugin]) -> bool:
    """Ask for the PluginInfo; whether it says that the plugin fits this fnnet."""
    if impl is None:
        entry.fail(Stage.API, "it has no hook fnnet_plugin_info, so its API version is unknown")
        return False
    try:
        info = impl.function()
    except (Exception, SystemExit) as error:
        entry.fail(Stage.API, f"fnnet_plugin_info: {one_line(error)}", error)
        return False
    if not isinstance(info, PluginInfo):
        entry.fail(Stage.API, f"fnnet_plugin_info returned {type(info).__name__}, expected PluginInfo")
        return False
    entry.info = info
    if not OLDEST_API_VERSION <= info.api <= API_VERSION:
        older = "fnnet" if info.api > API_VERSION else entry.point.distribution
        serves = API_VERSION if OLDEST_API_VERSION == API_VERSION else f"{OLDEST_API_VERSION} to {API_VERSION}"
        entry.fail(
            Stage.API,
            f"it was written for plugin API {info.api}, this fnnet serves {serves}: install a newer {older}",
        )
        return False
    for other in others:
        if other is not entry and other.info is not None and other.info.name.lower() == info.name.lower():
            if other.point.distribution != entry.point.distribution:
                who = f"{other.point.distribution} {other.point.version}"
                entry.problem(Stage.API, f"it calls itself {info.name!r}, as does {who}")
    return True


def collect(entry: Plugin, hook: str, impl: pluggy.HookImpl) -> list[AnySpec]:
    """The descriptors that one hook of one plugin yields; what is no such descriptor is noted and left out.

    A hook that raises has yielded nothing: half of what it meant to provide would be a riddle for its users.
    """
    expected = YIELDS[hook][1]
    specs: list[AnySpec] = []
    try:
        found = cast("Iterable[object] | None", impl.function())
        if found is None:
            raise TypeError(f"returned None, expected an iterable of {expected.__name__}")
        for item in found:
            if isinstance(item, expected):
                specs.append(evolve(item, distribution=entry.point.distribution))
            else:
                wrong = type(item).__name__
                entry.problem(Stage.DESCRIPTORS, f"{hook} yielded {wrong}, expected {expected.__name__}")
    except (Exception, SystemExit) as error:
        entry.problem(Stage.DESCRIPTORS, f"{hook}: {one_line(error)}", error)
        return []
    return specs
