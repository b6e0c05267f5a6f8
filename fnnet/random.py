"""`fnnet.random`: the default generator's seed and state.

Example:
    >>> import fnnet
    >>> with fnnet.random.fork_rng():
    ...     _ = fnnet.random.manual_seed(0)
"""

from __future__ import annotations

from fnnet.functional.generators import (
    Generator,
    default_generator,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)

__all__ = [
    "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed",
    "set_rng_state",
]  # fmt: skip
