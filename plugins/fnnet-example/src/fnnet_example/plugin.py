"""What fnnet asks: the plugin's hooks. Only names stand here; what they name is imported when somebody uses it."""

from __future__ import annotations

from collections.abc import Iterable

from fnnet.plugins import InitializerSpec, KernelSpec, OptimizerSpec, PluginInfo, SerializerSpec, hookimpl, lazy


@hookimpl
def fnnet_plugin_info() -> PluginInfo:
    """What this plugin is, and for which plugin interface it was written."""
    return PluginInfo(name="example", version="0.1.0", api=1, summary="one of each kind, to copy from")


@hookimpl
def fnnet_kernels() -> Iterable[KernelSpec]:
    """A faster `gelu(approximate="tanh")` for the CPU."""
    yield KernelSpec(device_type="cpu", provides=("gelu", "gelu.backward"), load=lazy("fnnet_example.kernels:KERNELS"))


@hookimpl
def fnnet_optimizers() -> Iterable[OptimizerSpec]:
    """Lion, for `optim.create("lion", ...)`."""
    yield OptimizerSpec(name="lion", load=lazy("fnnet_example.lion:Lion"), summary="the sign of a momentum")


@hookimpl
def fnnet_initializers() -> Iterable[InitializerSpec]:
    """LeCun's initialization, for `nn.init.get("lecun_normal")`."""
    yield InitializerSpec(name="lecun_normal", load=lazy("fnnet_example.initializers:lecun_normal_"))


@hookimpl
def fnnet_serializers() -> Iterable[SerializerSpec]:
    """The format `.fnx`, for `save` and `load`."""
    yield SerializerSpec(
        name="fnx", suffixes=(".fnx",), magic=b"FNX1", load=lazy("fnnet_example.format:FORMAT"),
        summary="a JSON header and raw bytes",
    )  # fmt: skip
