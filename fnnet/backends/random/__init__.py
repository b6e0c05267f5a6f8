"""Random numbers on the CPU, equal to PyTorch's CPU generator for a seed.

`Generator` is the stream of words; each `sample_*` turns words into numbers: a pure function of the generator's
state, a shape, a dtype and parameters. Equality holds bit for bit with PyTorch 2.13 on x86-64 with AVX2 (elsewhere
PyTorch's own float32 normals and scaled uniforms differ in the last bit) and a C library like PyTorch's.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fnnet.backends.random.generator import (
    DEFAULT_SEED,
    STATE_BYTES,
    Generator,
    default_generator,
    register_generator_class,
)
from fnnet.backends.random.order import in_storage_order, storage_order

if TYPE_CHECKING:
    from fnnet.backends.random.continuous import (
        sample_cauchy,
        sample_exponential,
        sample_log_normal,
        sample_normal,
        sample_uniform,
    )
    from fnnet.backends.random.discrete import (
        sample_bernoulli,
        sample_dropout,
        sample_geometric,
        sample_integers,
        sample_multinomial,
        sample_permutation,
        sample_random,
    )

__all__ = [
    "DEFAULT_SEED",
    "STATE_BYTES",
    "Generator",
    "default_generator",
    "register_generator_class",
    "in_storage_order",
    "storage_order",
    "sample_bernoulli",
    "sample_cauchy",
    "sample_dropout",
    "sample_exponential",
    "sample_geometric",
    "sample_integers",
    "sample_log_normal",
    "sample_multinomial",
    "sample_normal",
    "sample_permutation",
    "sample_random",
    "sample_uniform",
]


_SAMPLERS = ("continuous", "discrete")


def __getattr__(name: str) -> Any:  # a sampler, or a submodule's own error
    """Samplers are imported when one is asked for: most programs draw later than they import."""
    if name in __all__:
        for module in _SAMPLERS:
            found = getattr(importlib.import_module(f"{__name__}.{module}"), name, None)
            if found is not None:
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
