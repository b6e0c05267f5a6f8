"""The hooks: what fnnet asks a plugin. They run at discovery and at look-ups of files and devices, never per op.

A plural noun yields descriptors (`fnnet_optimizers`), a verb decides (`fnnet_select_backend`): the first plugin that
does not answer None wins, the core answers last. Only functions marked with `hookimpl` are asked.

They are declarations, whose bodies plugins give: hence `ignore[empty-body]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pluggy

from fnnet.plugins.specs import (
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

GROUP: Final = "fnnet"
"""The entry-point group, and pluggy's project name."""

hookspec: Final = pluggy.HookspecMarker(GROUP)
hookimpl: Final = pluggy.HookimplMarker(GROUP)
"""Marks a plugin's function as the implementation of the hook of its name."""


@hookspec(firstresult=True)
def fnnet_plugin_info() -> PluginInfo:  # type: ignore[empty-body]
    """What the plugin is, and for which `API_VERSION` it was written. Every plugin has this one."""


@hookspec
def fnnet_backends() -> Iterable[BackendSpec]:  # type: ignore[empty-body]
    """Backends for types of devices."""


@hookspec
def fnnet_kernels() -> Iterable[KernelSpec]:  # type: ignore[empty-body]
    """Faster kernels for devices that others serve."""


@hookspec
def fnnet_ops() -> Iterable[OpSpec]:  # type: ignore[empty-body]
    """New operations."""


@hookspec
def fnnet_optimizers() -> Iterable[OptimizerSpec]:  # type: ignore[empty-body]
    """Optimizers, for `optim.create(name, ...)`."""


@hookspec
def fnnet_initializers() -> Iterable[InitializerSpec]:  # type: ignore[empty-body]
    """Initializers, for `nn.init.get(name)`."""


@hookspec
def fnnet_serializers() -> Iterable[SerializerSpec]:  # type: ignore[empty-body]
    """File formats, for `save` and `load`."""


@hookspec
def fnnet_process_groups() -> Iterable[ProcessGroupSpec]:  # type: ignore[empty-body]
    """Ways for processes to exchange tensors."""


@hookspec(firstresult=True)
def fnnet_select_serializer(source: str, head: bytes) -> str | None:
    """The name of the serializer for a file, or None: no opinion.

    Args:
        source: The file's path or name; empty for a stream without one.
        head: Its first bytes (at most 64); empty when it is about to be written.
    """


@hookspec(firstresult=True)
def fnnet_select_backend(requested: str) -> str | None:
    """The name of the backend that shall serve a device type, or None: no opinion."""


YIELDS: Final[Mapping[str, tuple[str, type[AnySpec]]]] = {
    "fnnet_backends": ("backend", BackendSpec),
    "fnnet_kernels": ("kernels", KernelSpec),
    "fnnet_ops": ("op", OpSpec),
    "fnnet_optimizers": ("optimizer", OptimizerSpec),
    "fnnet_initializers": ("initializer", InitializerSpec),
    "fnnet_serializers": ("serializer", SerializerSpec),
    "fnnet_process_groups": ("process group", ProcessGroupSpec),
}
"""What each plural hook yields: the kind in words, and its descriptor."""

DECIDES: Final = ("fnnet_select_serializer", "fnnet_select_backend")
"""The hooks that answer a question."""

HOOKS: Final = ("fnnet_plugin_info", *YIELDS, *DECIDES)
"""All hooks."""

HEAD_SIZE: Final = 64
"""How many bytes of a file `fnnet_select_serializer` is shown: more than any magic number in use."""
