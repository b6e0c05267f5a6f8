"""Helpers around parameters and gradients."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

from fnnet.nn.utils import rnn
from fnnet.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm
from fnnet.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

if TYPE_CHECKING:
    from fnnet.nn.utils import fusion, parametrizations, parametrize
    from fnnet.nn.utils.fusion import (
        fuse_conv_bn_eval,
        fuse_conv_bn_weights,
        fuse_linear_bn_eval,
        fuse_linear_bn_weights,
    )
    from fnnet.nn.utils.spectral_normalization import remove_spectral_norm, spectral_norm
    from fnnet.nn.utils.uninitialized import skip_init
    from fnnet.nn.utils.weight_normalization import remove_weight_norm, weight_norm

__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "fuse_conv_bn_eval", "fuse_conv_bn_weights",
    "fuse_linear_bn_eval", "fuse_linear_bn_weights", "fusion", "get_total_norm", "parameters_to_vector",
    "parametrizations", "parametrize", "remove_spectral_norm", "remove_weight_norm", "rnn", "skip_init",
    "spectral_norm", "vector_to_parameters", "weight_norm",
]  # fmt: skip

_LATER = {
    "fuse_conv_bn_eval": "fusion", "fuse_conv_bn_weights": "fusion", "fuse_linear_bn_eval": "fusion",
    "fuse_linear_bn_weights": "fusion", "remove_spectral_norm": "spectral_normalization",
    "remove_weight_norm": "weight_normalization", "skip_init": "uninitialized",
    "spectral_norm": "spectral_normalization", "weight_norm": "weight_normalization",
}  # fmt: skip
"""Names that are found on first use, and where."""


def __getattr__(name: str) -> Any:  # a function or a module
    if name in ("fusion", "parametrizations", "parametrize"):
        return _import_module(f"{__name__}.{name}")
    if name in _LATER:
        found = globals()[name] = getattr(_import_module(f"{__name__}.{_LATER[name]}"), name)
        return found
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
