"""Numbers in [0, 1) from the generator's words, and the checks that every sampler makes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fnnet._core.errors import UnsupportedDTypeError
from fnnet.backends import dtypes
from fnnet.backends.random.generator import Generator

FLOATS: Final = tuple(d.numpy for d in dtypes.ALL if d.is_floating_point)
COMPLEX: Final = {dtypes.complex64.numpy: dtypes.F32, dtypes.complex128.numpy: dtypes.F64}

CHUNK: Final = 1 << 16  # words drawn at a time: 512 KiB, which the L2 cache holds
_MASK24: Final = np.int64(2**24 - 1)
_MASK53: Final = np.uint64(2**53 - 1)


def unit32(generator: Generator, count: int) -> NDArray[np.float32]:
    """`count` float32 numbers in [0, 1): one word each, its lower 24 bits."""
    out = np.empty(count, np.float32)
    with generator.lock:
        for start in range(0, count, CHUNK):
            part = out[start : start + CHUNK]
            words = generator.words(part.size)
            words &= _MASK24
            part[...] = words
    out *= np.float32(2**-24)
    return out


def unit64(generator: Generator, count: int) -> NDArray[np.float64]:
    """`count` float64 numbers in [0, 1): two words each, the lower 53 of their 64 bits."""
    out = np.empty(count, np.float64)
    with generator.lock:
        for start in range(0, count, CHUNK):
            part = out[start : start + CHUNK]
            words = generator.words64(part.size)
            words &= _MASK53
            part[...] = words.view(np.int64)
    out *= 2.0**-53
    return out


def size_of(shape: Sequence[int]) -> int:
    """The number of elements of `shape`."""
    return math.prod(shape)


def need(name: str, dtype: np.dtype[Any], served: Sequence[np.dtype[Any]]) -> None:
    """Refuse a dtype that the sampler `name` does not serve."""
    if dtype not in served:
        expected = ", ".join(str(d) for d in served)
        raise UnsupportedDTypeError(f"{name}: not implemented for {dtype}, expected one of {expected}")
