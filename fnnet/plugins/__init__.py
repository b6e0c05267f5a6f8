"""Floor 1: plugins. What a plugin's author imports, and the `Manager` that the floors above ask.

A plugin is a distribution with an entry point in the group `fnnet` that names a light module (standard library and
`fnnet.plugins` only) of functions marked with `hookimpl`:

    # fnnet_lion/plugin.py
    from collections.abc import Iterable
    from fnnet.plugins import OptimizerSpec, PluginInfo, hookimpl, lazy

    @hookimpl
    def fnnet_plugin_info() -> PluginInfo:
        return PluginInfo(name="lion", version="1.0", api=1)

    @hookimpl
    def fnnet_optimizers() -> Iterable[OptimizerSpec]:
        yield OptimizerSpec(name="lion", load=lazy("fnnet_lion.optimizer:Lion"))

`plugins/fnnet-example` in fnnet's repository is a whole one; `pytest --fnnet-plugin DISTRIBUTION` tests one.
"""

from __future__ import annotations

from typing import Final

from fnnet.plugins.core import register_core
from fnnet.plugins.hookspecs import hookimpl
from fnnet.plugins.lazy import lazy
from fnnet.plugins.manager import Manager
from fnnet.plugins.registry import Registry
from fnnet.plugins.report import PluginReport, Problem, Stage, State
from fnnet.plugins.specs import (
    API_VERSION,
    BackendSpec,
    InitializerSpec,
    KernelSpec,
    OpSpec,
    OptimizerSpec,
    PluginInfo,
    ProcessGroupSpec,
    SerializerSpec,
)

_MANAGER: Final = Manager()
register_core(_MANAGER)


def manager() -> Manager:
    """The Manager of this process; the first call finds the installed plugins.

    Returns:
        The one Manager, with what the plugins have registered.

    Example:
        >>> import fnnet
        >>> "adam" in fnnet.plugins.manager().optimizers
        True
    """
    _MANAGER.discover()
    return _MANAGER


__all__ = [
    "API_VERSION",
    "BackendSpec",
    "InitializerSpec",
    "KernelSpec",
    "Manager",
    "OpSpec",
    "OptimizerSpec",
    "PluginInfo",
    "PluginReport",
    "Problem",
    "ProcessGroupSpec",
    "Registry",
    "SerializerSpec",
    "Stage",
    "State",
    "hookimpl",
    "lazy",
    "manager",
]
