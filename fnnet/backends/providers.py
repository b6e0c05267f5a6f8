"""Kernels that plugins supply for a backend: put into its table at once, loaded when an op first asks for one."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import cast

from fnnet._core.errors import PluginError
from fnnet.backends.base import Backend
from fnnet.backends.kernels import Kernel, Meta, Plan
from fnnet.plugins import KernelSpec, manager


def install_kernels(backend: Backend) -> None:
    """Let the kernels of all plugins for the backend's device type be asked, in the Manager's order."""
    for spec in manager().kernels_for(backend.device_type):
        if spec.unavailable() is None:
            provider = _Provider(spec)
            backend.install(spec.distribution, {name: _Lazy(provider, name) for name in spec.provides})


class _Provider:
    """A provider's kernels, loaded on first use; none where that fails."""

    __slots__ = ("_kernels", "_spec")

    def __init__(self, spec: KernelSpec) -> None:
        self._spec = spec
        self._kernels: Mapping[str, Kernel] | None = None

    def get(self, name: str) -> Kernel | None:
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
