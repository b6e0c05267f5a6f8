"""`Manager`: finds plugins, asks their hooks once, keeps what they provide and what went wrong.

The only module that touches pluggy's untyped relay. pluggy holds the hooks and checks signatures; calling is done here,
one plugin at a time, so that a plugin that fails takes nobody along.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, Final, TypeVar, cast

import pluggy
from attrs import evolve

from fnnet._core import config
from fnnet._core.errors import DeviceError, SerializationError
from fnnet.plugins import hookspecs
from fnnet.plugins.discovery import EntryPoint, entry_points, normalized
from fnnet.plugins.hookspecs import GROUP, HEAD_SIZE, HOOKS, YIELDS
from fnnet.plugins.registry import Registry
from fnnet.plugins.report import PluginReport, Problem, Stage, State, one_line, tail
from fnnet.plugins.specs import (
    API_VERSION,
    OLDEST_API_VERSION,
    AnySpec,
    BackendSpec,
    InitializerSpec,
    KernelSpec,
    OpSpec,
    OptimizerSpec,
    PluginInfo,
    ProcessGroupSpec,
    SerializerSpec,
)

CORE: Final = "fnnet"
"""The distribution of the core's own descriptors."""
KNOWN_PLUGINS: Final = {"cuda": "fnnet-cuda"}
"""Distributions that serve a device type: named where one is missing."""

S = TypeVar("S", bound=AnySpec)


class _Plugin:
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


class Manager:
    """All plugins of this process and what they provide. `fnnet.plugins.manager()` is the one that fnnet uses.

    Attributes:
        backends: Registry of BackendSpec, as are the following of theirs.
        ops: New operations.
        optimizers: Optimizers.
        initializers: Initializers.
        serializers: File formats.
        process_groups: Ways for processes to exchange tensors.

    Example:
        >>> from fnnet.plugins import manager
        >>> manager().serializers.get("safetensors").suffixes
        ('.safetensors',)
    """

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager(GROUP)
        self._pluggy.add_hookspecs(hookspecs)
        # Re-entrant: a plugin may ask for the manager while it is being imported by it.
        self._lock = threading.RLock()
        self._plugins: list[_Plugin] = []
        self._settings: list[Problem] = []
        self._discovered = False
        self._prefer: tuple[str, ...] = ()
        self._sorted: dict[str, tuple[AnySpec, ...]] = {}
        self.backends = self._registry("fnnet_backends", BackendSpec)
        self.ops = self._registry("fnnet_ops", OpSpec)
        self.optimizers = self._registry("fnnet_optimizers", OptimizerSpec)
        self.initializers = self._registry("fnnet_initializers", InitializerSpec)
        self.serializers = self._registry("fnnet_serializers", SerializerSpec)
        self.process_groups = self._registry("fnnet_process_groups", ProcessGroupSpec)

    # finding --------------------------------------------------------------------------------------------------
    def discover(self, path: Iterable[str] | None = None) -> None:
        """Import the plugins that are installed and allowed, and ask their hooks. Further calls do nothing.

        Args:
            path: Folders to look in. Default: `sys.path`.
        """
        if self._discovered:
            return
        with self._lock:
            if self._discovered:
                return
            self._discovered = True
            self._prefer = tuple(map(normalized, config.names("FNNET_PREFER") or ()))
            allowed, denied = config.names("FNNET_PLUGINS"), config.names("FNNET_DISABLE_PLUGINS") or ()
            points = sorted(entry_points(GROUP, path), key=lambda p: (p.distribution, p.name))
            installed = {p.distribution for p in points} | {p.point.distribution for p in self._plugins}
            for variable, names in (
                ("FNNET_PLUGINS", allowed or ()),
                ("FNNET_DISABLE_PLUGINS", [name for name in denied if name != "*"]),
                ("FNNET_PREFER", self._prefer),
            ):
                self._settings.extend(_unknown(variable, names, installed))
            for point in points:
                entry = _Plugin(point)
                self._plugins.append(entry)
                if (allowed is not None and point.distribution not in map(normalized, allowed)) or (
                    "*" in denied or point.distribution in map(normalized, denied)
                ):
                    entry.state = State.DISABLED
            self._settle()

    def register(
        self, plugin: object, *, distribution: str, version: str = "unknown", module: str = ""
    ) -> PluginReport:
        """Take in a plugin that is at hand: a module, or an object with hooks as methods (from a notebook, a test).

        Args:
            plugin: What carries the functions marked with `hookimpl`.
            distribution: The name under which it is reported.
            version: The version that is reported.
            module: Where it stands.

        Returns:
            What became of it; nothing is raised for a broken plugin.
        """
        with self._lock:
            name = normalized(distribution)
            entry = _Plugin(EntryPoint(distribution=name, version=version, name=name, module=module))
            self._plugins.append(entry)
            self._adopt(entry, plugin)
            return self._report(entry)

    def _settle(self) -> None:
        """Import and adopt whatever is pending. What is being imported just now stays so."""
        for entry in [p for p in self._plugins if p.state is State.PENDING]:
            point = entry.point
            try:
                module = import_module(point.module)
                # A plugin module that imports fnnet, and by that discovery, before it has defined its hooks: later.
                # (The attribute is the import system's own; importlib reads it for the same purpose.)
                if getattr(getattr(module, "__spec__", None), "_initializing", False):
                    continue
                plugin: object = module
                for part in filter(None, point.attribute.split(".")):
                    plugin = getattr(plugin, part)
            except (Exception, SystemExit) as error:
                where = f"{point.module}:{point.attribute}" if point.attribute else point.module
                entry.fail(Stage.IMPORT, f"{where}: {one_line(error)}", error)
                continue
            self._adopt(entry, plugin)

    def _adopt(self, entry: _Plugin, plugin: object) -> None:
        """Check a plugin's hooks, ask what it is and what it provides."""
        key = f"{entry.point.distribution}:{entry.point.name}"
        for problem in _misspelt(plugin):
            entry.problem(Stage.HOOKS, problem)
        try:
            self._pluggy.register(plugin, key)
            callers = self._pluggy.get_hookcallers(plugin) or []
            impls = {c.name: i for c in callers for i in c.get_hookimpls() if i.plugin is plugin and c.name in HOOKS}
            wrapping = next((name for name, i in impls.items() if i.wrapper or i.hookwrapper), None)
            if wrapping is not None:
                raise ValueError(f"{wrapping} is a wrapper: a plugin can't change what another one provides")
        except Exception as error:
            self._withdraw(key)
            entry.fail(Stage.HOOKS, " ".join(str(error).split()), error)
            return
        if not self._introduce(entry, impls.get("fnnet_plugin_info")):
            self._withdraw(key)
            return
        entry.plugin, entry.state = plugin, State.ACTIVE
        for hook in YIELDS:
            if hook in impls:
                entry.specs[hook] = list(_collect(entry, hook, impls[hook]))
        self._sorted.clear()

    def _introduce(self, entry: _Plugin, impl: pluggy.HookImpl | None) -> bool:
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
        for other in self._plugins:
            if other is not entry and other.info is not None and other.info.name.lower() == info.name.lower():
                if other.point.distribution != entry.point.distribution:
                    who = f"{other.point.distribution} {other.point.version}"
                    entry.problem(Stage.API, f"it calls itself {info.name!r}, as does {who}")
        return True

    def _withdraw(self, key: str) -> None:
        if self._pluggy.has_plugin(key):
            self._pluggy.unregister(name=key)

    # asking ---------------------------------------------------------------------------------------------------
    def backend_specs(self) -> tuple[BackendSpec, ...]:
        """All backends, in order."""
        return self._specs("fnnet_backends", BackendSpec)

    def backends_for(self, device_type: str) -> tuple[BackendSpec, ...]:
        """The backends for a device type, in order; `spec.unavailable()` says which of them can serve here."""
        return tuple(spec for spec in self.backend_specs() if spec.device_type == device_type)

    def kernels_for(self, device_type: str) -> tuple[KernelSpec, ...]:
        """The kernel providers for a device type, in the order in which they are asked."""
        specs = self._specs("fnnet_kernels", KernelSpec)
        return tuple(spec for spec in specs if spec.device_type == device_type)

    def select_backend(self, requested: str) -> BackendSpec:
        """The backend that serves a device type here.

        Raises:
            DeviceError: None does; the message says why, or what to install.
        """
        for distribution, answer in self._ask("fnnet_select_backend", requested=requested):
            spec = self.backends.get(answer)
            reason = spec.unavailable()
            if reason is not None:
                raise DeviceError(
                    f"device {requested!r} is not available: {distribution} chose {answer!r}, which says: {reason}"
                )
            return spec
        reasons = [f"{spec.name}: {spec.unavailable()}" for spec in self.backends_for(requested)]
        if reasons:
            raise DeviceError(f"device {requested!r} is not available: {'; '.join(reasons)}")
        types = ", ".join(sorted({spec.device_type for spec in self.backend_specs()}))
        known = KNOWN_PLUGINS.get(requested)
        hint = f"; {known} would: pip install {known}" if known else ""
        raise DeviceError(
            f"Expected one of {types} device types: no installed plugin serves device type {requested!r}"
            f"{hint}{self._lost()}"
        )

    def select_serializer(self, source: str, head: bytes = b"") -> SerializerSpec:
        """The format of a file, by its first bytes and its name.

        Args:
            source: Path or name; empty for a stream.
            head: The first bytes, if there is a file to look at.

        Raises:
            SerializationError: Nobody serves it.

        Example:
            >>> from fnnet.plugins import manager
            >>> manager().select_serializer("weights.safetensors").name
            'safetensors'
        """
        for _, answer in self._ask("fnnet_select_serializer", source=source, head=bytes(head[:HEAD_SIZE])):
            return self.serializers.get(answer)
        suffixes = ", ".join(sorted({s for spec in self.serializers.all() for s in spec.suffixes}))
        begins = f" that begins with {bytes(head[:8])!r}" if head else ""
        raise SerializationError(
            f"no serializer for {source or 'a stream'!r}{begins}: expected one of {suffixes}{self._lost()}"
        )

    def _ask(self, hook: str, **arguments: object) -> Iterator[tuple[str, str]]:
        """The answers to a deciding hook, best first, with who gave them; a plugin that fails is passed over."""
        self._pending()
        caller = getattr(self._pluggy.hook, hook)
        owners = {id(entry.plugin): entry for entry in self._plugins if entry.state is State.ACTIVE}
        ranked = []
        for impl in caller.get_hookimpls():
            entry = owners[id(impl.plugin)]
            turn = 0 if impl.tryfirst else 2 if impl.trylast else 1
            ranked.append(((turn, *self._rank(entry.point.distribution), entry.point.name), entry, impl))
        for _, entry, impl in sorted(ranked, key=lambda item: item[0]):
            try:
                answer = impl.function(*(arguments[name] for name in impl.argnames))
            except Exception as error:
                entry.problem(Stage.SELECT, f"{hook}: {one_line(error)}", error)
                continue
            if isinstance(answer, str):
                yield entry.point.distribution, answer
            elif answer is not None:
                entry.problem(Stage.SELECT, f"{hook} returned {type(answer).__name__}, expected str or None")

    # telling --------------------------------------------------------------------------------------------------
    def report(self) -> tuple[PluginReport, ...]:
        """All plugins as they stand, sorted by distribution; the core is one of them."""
        self._pending()
        with self._lock:
            return tuple(sorted(map(self._report, self._plugins), key=lambda r: (r.distribution, r.module)))

    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong: with settings, with plugins, and names that two of them claim."""
        reports = self.report()
        return (*self._settings, *(problem for report in reports for problem in report.problems), *self._conflicts())

    def _report(self, entry: _Plugin) -> PluginReport:
        point, info = entry.point, entry.info
        return PluginReport(
            distribution=point.distribution,
            version=point.version,
            module=f"{point.module}:{point.attribute}" if point.attribute else point.module,
            state=entry.state,
            name=info.name if info else "",
            api=info.api if info else None,
            summary=info.summary if info else "",
            url=info.url if info else "",
            provides=tuple(
                (YIELDS[hook][0], name)
                for hook, specs in entry.specs.items()
                for spec in specs
                for name in (spec.provides if isinstance(spec, KernelSpec) else (spec.name,))
            ),
            problems=tuple(entry.problems),
        )

    def _conflicts(self) -> Iterator[Problem]:
        versions = {entry.point.distribution: entry.point.version for entry in self._plugins}
        for hook, (kind, _) in YIELDS.items():
            if hook == "fnnet_kernels":  # they don't conflict: priority decides
                continue
            owners: dict[str, list[str]] = {}
            for spec in self._specs(hook, AnySpec):
                owners.setdefault(spec.name.lower(), []).append(spec.distribution)
            for name, all_of_them in owners.items():
                if len(all_of_them) > 1 and all_of_them[0] not in self._prefer:
                    yield Problem(
                        distribution=all_of_them[0],
                        version=versions[all_of_them[0]],
                        stage=Stage.DESCRIPTORS,
                        reason=f"{kind} {name!r} is provided by {' and '.join(all_of_them)}",
                    )

    def _lost(self) -> str:
        failed = [p for p in self._plugins if p.state is State.FAILED]
        if not failed:
            return ""
        names = ", ".join(f"{p.point.distribution} {p.point.version}" for p in failed)
        return f"; plugins that failed: {names} (`fnnet plugins` says why)"

    # order ----------------------------------------------------------------------------------------------------
    def _pending(self) -> None:
        if any(entry.state is State.PENDING for entry in self._plugins):
            with self._lock:
                self._settle()

    def _registry(self, hook: str, spec: type[S]) -> Registry[S]:
        return Registry(YIELDS[hook][0], lambda: self._specs(hook, spec), self._preferred, self._lost)

    def _preferred(self, distribution: str) -> bool:
        return distribution in self._prefer

    def _rank(self, distribution: str) -> tuple[int, str]:
        known = distribution in self._prefer
        return (self._prefer.index(distribution) if known else len(self._prefer)), distribution

    def _specs(self, hook: str, spec: type[S]) -> tuple[S, ...]:
        self._pending()
        found = self._sorted.get(hook)
        if found is None:
            with self._lock:
                found = tuple(sorted((s for p in self._plugins for s in p.specs.get(hook, ())), key=self._order))
                self._sorted[hook] = found
        return cast("tuple[S, ...]", found)

    def _order(self, spec: AnySpec) -> tuple[int, int, str, str]:
        preference, distribution = self._rank(spec.distribution)
        priority: int = getattr(spec, "priority", 0)
        return preference, -priority, distribution, spec.name.lower()


def _unknown(variable: str, names: Iterable[str], installed: set[str]) -> Iterator[Problem]:
    """A Problem for each name in a setting that no installed plugin has."""
    for name in names:
        if normalized(name) not in installed | {CORE}:
            yield Problem(
                distribution=normalized(name),
                version="-",
                stage=Stage.SETTINGS,
                reason=f"{variable} names it, but no plugin of that name is installed",
            )


def _misspelt(plugin: object) -> Iterator[str]:
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

            close = get_close_matches(hook, HOOKS, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(HOOKS)}"
            yield f"{hook} is no hook; {hint}"


def _collect(entry: _Plugin, hook: str, impl: pluggy.HookImpl) -> Iterator[AnySpec]:
    """The descriptors that one hook of one plugin yields; what is no such descriptor is noted and left out."""
    expected = YIELDS[hook][1]
    try:
        found = cast("Iterable[object] | None", impl.function())
        if found is None:
            raise TypeError(f"returned None, expected an iterable of {expected.__name__}")
        items = list(found)
    except (Exception, SystemExit) as error:
        entry.problem(Stage.DESCRIPTORS, f"{hook}: {one_line(error)}", error)
        return
    for item in items:
        if isinstance(item, expected):
            yield evolve(item, distribution=entry.point.distribution)
        else:
            entry.problem(Stage.DESCRIPTORS, f"{hook} yielded {type(item).__name__}, expected {expected.__name__}")
