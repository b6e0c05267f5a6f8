"""Elementwise kernels block by block: the temporaries of one block stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Raw = np.ndarray[Any, Any]
BLOCK = 16384
"""Elements: with three temporaries of float32 200 kB, which a second-level cache holds."""


def blockwise(kernel: Callable[..., None], *xs: Raw, spare: int) -> Raw:
    """A fresh array of the layout and dtype of `xs[0]`, filled by `kernel(*blocks of xs, block of it, *spares)`.

    Args:
        kernel: Computes one block; all that it gets are vectors of one length.
        xs: Arrays of one shape and dtype.
        spare: How many vectors of the same dtype the kernel needs to work in.
    """
    first = xs[0]
    if not first.flags.forc:
        first = first.copy("C" if 0 in first.strides else "K")
    out = np.empty_like(first)
    strides = first.strides
    flat = [first.ravel("K"), *(_as(x, strides).ravel("K") for x in xs[1:]), out.ravel("K")]
    n = first.size
    spares = [np.empty(min(n, BLOCK), first.dtype) for _ in range(spare)]
    if n <= BLOCK:
        kernel(*flat, *spares)
        return out
    for start in range(0, n, BLOCK):
        blocks = [x[start : start + BLOCK] for x in flat]
        if n - start < BLOCK:
            spares = [s[: n - start] for s in spares]
        kernel(*blocks, *spares)
    return out


def _as(x: Raw, strides: tuple[int, ...]) -> Raw:
    """`x` laid out by these strides, which are those of a dense array."""
    if x.strides == strides:
        return x
    same = np.lib.stride_tricks.as_strided(np.empty(x.size, x.dtype), x.shape, strides)
    np.copyto(same, x)
    return same


def horner(x: Raw, coefficients: tuple[float, ...], out: Raw) -> None:
    """out = the polynomial in x, highest power first."""
    np.multiply(x, coefficients[0], out)
    np.add(out, coefficients[1], out)
    for c in coefficients[2:]:
        np.multiply(out, x, out)
        np.add(out, c, out)
