"""Sizes per dim, as the modules of convolution, pooling and padding keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

N = TypeVar("N", int, float)


def repeated(n: int, value: N | Sequence[N]) -> tuple[N, ...]:
    """A number as `n` equal ones; a sequence as it is: the function that takes it checks its length."""
    return tuple(value) if isinstance(value, Sequence) else (value,) * n
