"""`Manager`: finds plugins, asks their hooks once, keeps what they provide and what went wrong.

The only module that touches pluggy's untyped relay. pluggy holds the hooks and checks signatures; calling is done here,
one plugin at a time, so that a plugin that fails takes nobody along.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Final, TypeVar, cast

import pluggy

from fnnet._core import config
from fnnet._core.errors import DeviceError, SerializationError
from fnnet.plugins import hookspecs
from fnnet.plugins.discovery import EntryPoint, entry_points, normalized
from fnnet.plugins.hookspecs import GROUP, HEAD_SIZE, HOOKS, YIELDS
from fnnet.plugins.intake import Plugin, collect, introduce, misspelt
from fnnet.plugins.registry import Registry
from fnnet.plugins.report import PluginReport, Problem, Stage, State, one_line
from fnnet.plugins.specs import (
    AnySpec,
    BackendSpec,
    InitializerSpec,
    KernelSpec,
    OpSpec,
    OptimizerSpec,
    ProcessGroupSpec,
    SerializerSpec,
)

CORE: Final = "fnnet"
"""The distribution of the core's own descriptors."""
KNOWN_PLUGINS: Final = {"cuda": "fnnet-cuda"}
"""Distributions that serve a device type: named where one is missing."""

S = TypeVar("S", bound=AnySpec)


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
        self._plugins: list[Plugin] = []
        self._settings: list[Problem] = []
        self._discovered = self._busy = False
        self._prefer: tuple[str, ...] = ()
        self._sorted: dict[str, tuple[AnySpec, ...]] = {}
        self._watchers: list[Callable[[], None]] = []
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
            if self._discovered or self._busy:  # busy: a plugin that is being imported asks for the manager
                return
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
                entry = Plugin(point)
                self._plugins.append(entry)
                if (allowed is not None and point.distribution not in map(normalized, allowed)) or (
                    "*" in denied or point.distribution in map(normalized, denied)
                ):
                    entry.state = State.DISABLED
            self._settle()
            self._discovered = True

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
            entry = Plugin(EntryPoint(distribution=name, version=version, name=name, module=module))
            self._plugins.append(entry)
            self._adopt(entry, plugin)
        self._tell()
        return self._report(entry)

    def watch(self, callback: Callable[[], None]) -> None:
        """Call back when plugins were taken in later than at discovery: a pending one, or one given to `register`."""
        self._watchers.append(callback)

    def _tell(self) -> None:
        for callback in self._watchers:
            callback()

    def _settle(self) -> None:
        """Import and adopt whatever is pending; under the lock. What is being imported just now stays pending."""
        if self._busy:
            return
        self._busy = True
        try:
            for entry in [p for p in self._plugins if p.state is State.PENDING]:
                self._import(entry)
        finally:
            self._busy = False
            self._sorted.clear()

    def _import(self, entry: Plugin) -> None:
        point = entry.point
        try:
            module = import_module(point.module)
            # A plugin module that imports fnnet, and by that discovery, before it has defined its hooks: later.
            # (The attribute is the import system's own; importlib reads it for the same purpose.)
            if getattr(getattr(module, "__spec__", None), "_initializing", False):
                return
            plugin: object = module
            for part in filter(None, point.attribute.split(".")):
                plugin = getattr(plugin, part)
        except (Exception, SystemExit) as error:
            where = f"{point.module}:{point.attribute}" if point.attribute else point.module
            entry.fail(Stage.IMPORT, f"{where}: {one_line(error)}", error)
            return
        self._adopt(entry, plugin)

    def _adopt(self, entry: Plugin, plugin: object) -> None:
        """Check a plugin's hooks, ask what it is and what it provides."""
        key = f"{entry.point.distribution}:{entry.point.name}"
        entry.state = State.ACTIVE  # its hooks may look things up: nobody shall adopt it a second time
        try:
            for problem in misspelt(plugin):
                entry.problem(Stage.HOOKS, problem)
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
        if not introduce(entry, impls.get("fnnet_plugin_info"), self._plugins):
            self._withdraw(key)
            return
        entry.plugin = plugin
        for hook in YIELDS:
            if hook in impls:
                entry.specs[hook] = collect(entry, hook, impls[hook])
        self._sorted.clear()

    def _withdraw(self, key: str) -> None:
        if self._pluggy.has_plugin(key):
            self._pluggy.unregister(name=key)

    # asking ---------------------------------------------------------------------------------------------------
    def specs(self, hook: str) -> tuple[AnySpec, ...]:
        """All descriptors that one plural hook yields, in order."""
        return self._specs(hook, YIELDS[hook][1])

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
            entry = owners.get(id(impl.plugin))
            if entry is None:  # it is being adopted just now
                continue
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

    def _report(self, entry: Plugin) -> PluginReport:
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
            for spec in self.specs(hook):
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
        pending = [entry for entry in self._plugins if entry.state is State.PENDING]
        if pending:
            with self._lock:
                self._settle()
            if any(entry.state is State.ACTIVE for entry in pending):
                self._tell()

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
