"""The core's own backend, optimizers, initializers and formats, registered through the same hooks as any plugin's.

Only names stand here: what they name is imported when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fnnet.plugins.hookspecs import hookimpl
from fnnet.plugins.lazy import lazy
from fnnet.plugins.manager import CORE, Manager
from fnnet.plugins.specs import (
    API_VERSION,
    BackendSpec,
    InitializerSpec,
    OptimizerSpec,
    PluginInfo,
    SerializerSpec,
)
from fnnet.version import __version__

OPTIMIZERS: Final = {
    "sgd": ("fnnet.optim.sgd:SGD", "stochastic gradient descent, with momentum and Nesterov's"),
    "adam": ("fnnet.optim.adam:Adam", "adaptive moments (Kingma and Ba 2015)"),
    "adamw": ("fnnet.optim.adam:AdamW", "Adam with decoupled weight decay (Loshchilov and Hutter 2019)"),
    "adadelta": ("fnnet.optim.adadelta:Adadelta", "steps whose length follows from those before (Zeiler 2012)"),
    "adafactor": ("fnnet.optim.adafactor:Adafactor", "adaptive rates in little memory (Shazeer and Stern 2018)"),
    "adagrad": ("fnnet.optim.adagrad:Adagrad", "rates by the sum of squared gradients (Duchi et al. 2011)"),
    "adamax": ("fnnet.optim.adamax:Adamax", "Adam by the largest gradient (Kingma and Ba 2015)"),
    "asgd": ("fnnet.optim.asgd:ASGD", "averaged stochastic gradient descent (Polyak and Juditsky 1992)"),
    "lbfgs": ("fnnet.optim.lbfgs:LBFGS", "quasi-Newton steps from the last gradients (Nocedal and Wright 2006)"),
    "muon": ("fnnet.optim.muon:Muon", "momentum made orthogonal, of matrices (Jordan 2024)"),
    "nadam": ("fnnet.optim.nadam:NAdam", "Adam with Nesterov's momentum (Dozat 2016)"),
    "radam": ("fnnet.optim.radam:RAdam", "Adam with a rectified start (Liu et al. 2020)"),
    "rmsprop": ("fnnet.optim.rmsprop:RMSprop", "rates by the running mean of squared gradients (Hinton 2012)"),
    "rprop": ("fnnet.optim.rprop:Rprop", "steps by the gradient's sign alone (Riedmiller and Braun 1993)"),
}
INITIALIZERS: Final = (
    "uniform",
    "normal",
    "trunc_normal",
    "constant",
    "ones",
    "zeros",
    "eye",
    "dirac",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "orthogonal",
    "sparse",
)
"""PyTorch's `nn.init`, without the underscore that marks a function which writes in place."""


class Core:
    """The hooks of the distribution `fnnet` itself."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    @hookimpl
    def fnnet_plugin_info(self) -> PluginInfo:
        return PluginInfo(name="core", version=__version__, api=API_VERSION, summary="what fnnet brings itself")

    @hookimpl
    def fnnet_backends(self) -> Iterable[BackendSpec]:
        yield BackendSpec(
            name="numpy",
            device_type="cpu",
            load=lazy("fnnet.backends.numpy_backend:BACKEND"),
            summary="every op on NumPy arrays",
        )

    @hookimpl
    def fnnet_optimizers(self) -> Iterable[OptimizerSpec]:
        for name, (target, summary) in OPTIMIZERS.items():
            yield OptimizerSpec(name=name, load=lazy(target), summary=summary)

    @hookimpl
    def fnnet_initializers(self) -> Iterable[InitializerSpec]:
        for name in INITIALIZERS:
            yield InitializerSpec(name=name, load=lazy(f"fnnet.nn.init:{name}_"))

    @hookimpl
    def fnnet_serializers(self) -> Iterable[SerializerSpec]:
        yield SerializerSpec(
            name="safetensors",
            suffixes=(".safetensors",),
            # Eight bytes of length, then a JSON object (huggingface/safetensors, "Format").
            magic=b"{",
            magic_offset=8,
            load=lazy("fnnet.serialization.safetensors_format:FORMAT"),
            summary="tensors by name, nothing that could run",
        )
        yield SerializerSpec(
            name="pth",
            suffixes=(".pth", ".pt", ".bin"),
            magic=b"PK\x03\x04",  # a zip archive's first local file header (APPNOTE 4.3.7)
            load=lazy("fnnet.serialization.zip_format:FORMAT"),
            summary="PyTorch's zip container",
        )

    @hookimpl(trylast=True)
    def fnnet_select_serializer(self, source: str, head: bytes) -> str | None:
        """By content: of the magics that fit the longest, before it one whose suffix fits too. Else by suffix."""
        specs = self._manager.serializers.all()
        known = [spec for spec in specs if spec.recognises(head)]
        if known:
            return max(known, key=lambda spec: (spec.has_suffix(source), len(spec.magic))).name
        return next((spec.name for spec in specs if spec.has_suffix(source)), None)

    @hookimpl(trylast=True)
    def fnnet_select_backend(self, requested: str) -> str | None:
        """The first in order that can serve here."""
        specs = self._manager.backends_for(requested)
        return next((spec.name for spec in specs if spec.unavailable() is None), None)


def register_core(manager: Manager) -> None:
    """Let the core's own descriptors be found in `manager`."""
    manager.register(Core(manager), distribution=CORE, version=__version__, module=__name__)
