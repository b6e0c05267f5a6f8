"""Backends and kernels that plugins supply: found through the hooks of floor 1, loaded on first use."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import cast

from fnnet._core.errors import PluginError
from fnnet.backends.base import Backend
from fnnet.backends.kernels import Kernel, Meta, Plan
from fnnet.plugins import KernelSpec, manager


def load_backend(type: str) -> Backend:
    """The backend that a plugin supplies for a device type, with the kernels that plugins supply for it.

    Raises:
        DeviceError: No plugin serves it; the message says what to install.
    """
    backend = cast("Backend", manager().select_backend(type).load())
    install_kernels(backend)
    return backend


def install_kernels(backend: Backend) -> None:
    """Let the kernels of all plugins for the backend's device type be asked, in the Manager's order.

    They stand in the backend's table at once and are loaded when an op first asks for one. Plugins that are taken in
    later (registered by hand, or imported just now) are put in when the Manager tells.
    """
    installed = _Installed(backend)
    installed.refresh()
    manager().watch(installed.refresh)


class _Installed:
    """Which kernels of plugins a backend has."""

    __slots__ = ("_backend", "_providers")

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._providers: dict[KernelSpec, _Provider] = {}

    def refresh(self) -> None:
        """Install what is new; in order, so what stands behind it is put in again."""
        specs = [s for s in manager().kernels_for(self._backend.device_type) if s.unavailable() is None]
        if list(self._providers) == specs:
            return
        for spec in self._providers:
            self._backend.uninstall(spec.distribution)
        self._providers = {spec: self._providers.get(spec) or _Provider(spec) for spec in specs}
        for spec, provider in self._providers.items():
            self._backend.install(spec.distribution, {name: _Lazy(provider, name) for name in spec.provides})


class _Provider:
    """A provider's kernels, loaded on first use; none where that fails."""

    __slots__ = ("_kernels", "_spec")

    def __init__(self, spec: KernelSpec) -> None:
        self._spec = spec
        self._kernels: Mapping[str, Kernel] | None = None

    def get(self, name: str) -> Kernel | None:
        """One of its kernels."""
        if self._kernels is None:
            try:
                self._kernels = cast("Mapping[str, Kernel]", self._spec.load())
            except PluginError as error:
                # The op has other providers and its definition: slower, and right. Said once.
                warnings.warn(f"{error}; its ops run without it", RuntimeWarning, stacklevel=2)
                self._kernels = {}
        return self._kernels.get(name)


class _Lazy:
    """One kernel of a provider that may not be loaded yet."""

    __slots__ = ("_name", "_provider")

    def __init__(self, provider: _Provider, name: str) -> None:
        self._provider, self._name = provider, name

    def accepts(self, meta: Meta) -> Plan | None:
        """The loaded kernel's answer."""
        kernel = self._provider.get(self._name)
        return None if kernel is None else kernel.accepts(meta)
