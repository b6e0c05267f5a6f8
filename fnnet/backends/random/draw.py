"""`draw`: every sampler by the name that `Backend.random` knows it by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fnnet._core.errors import ArgumentError, OptionError
from fnnet.backends.dtypes import F64
from fnnet.backends.random import continuous, discrete
from fnnet.backends.random.arithmetic import cast
from fnnet.backends.random.generator import Generator, default_generator

Sampler = Callable[..., NDArray[Any]]


def _permutation(generator: Generator, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
    return discrete.sample_permutation(generator, shape[0], dtype)


def _multinomial(
    generator: Generator,
    shape: Sequence[int],
    dtype: np.dtype[Any],
    *,
    probabilities: NDArray[Any],
    num_samples: int,
    replacement: bool,
) -> NDArray[Any]:
    return discrete.sample_multinomial(generator, probabilities, num_samples, replacement)


def _rrelu(
    generator: Generator, shape: Sequence[int], dtype: np.dtype[Any], *, x: NDArray[Any], lower: float, upper: float
) -> NDArray[Any]:
    """Slopes uniform in [lower, upper) where x <= 0, drawn for these elements alone; 1 elsewhere."""
    slopes = np.ones(shape, dtype)
    falling = x <= 0
    drawn = continuous.sample_uniform(generator, (int(np.count_nonzero(falling)),), F64, lower, upper)
    slopes[falling] = cast(drawn, dtype)
    return slopes


_SAMPLERS: Final[Mapping[str, Sampler]] = {
    "uniform": continuous.sample_uniform, "normal": continuous.sample_normal,
    "log_normal": continuous.sample_log_normal, "exponential": continuous.sample_exponential,
    "cauchy": continuous.sample_cauchy, "geometric": discrete.sample_geometric,
    "bernoulli": discrete.sample_bernoulli, "dropout": discrete.sample_dropout,
    "integers": discrete.sample_integers, "random": discrete.sample_random,
    "permutation": _permutation, "multinomial": _multinomial, "rrelu": _rrelu,
}  # fmt: skip


def draw(
    kind: str,
    shape: Sequence[int],
    dtype: np.dtype[Any],
    generator: Generator | None,
    parameters: Mapping[str, Any],  # the kind's own
) -> NDArray[Any]:
    """Draw from the distribution called `kind`; see `Backend.random`.

    Example:
        >>> import numpy as np
        >>> import fnnet
        >>> generator = fnnet.backends.random.Generator().manual_seed(0)
        >>> draw("permutation", (4,), np.dtype(np.int64), generator, {}).tolist()
        [0, 1, 3, 2]
    """
    sampler = _SAMPLERS.get(kind)
    if sampler is None:
        raise OptionError(f"random: unknown kind {kind!r}, expected one of {', '.join(sorted(_SAMPLERS))}")
    if generator is None:
        generator = default_generator()
    elif not isinstance(generator, Generator):
        raise ArgumentError(
            f"random: argument 'generator' must be Generator, not {type(generator).__name__}: Expected a 'cpu' device "
            "type for generator"
        )
    return sampler(generator, shape, dtype, **parameters)
