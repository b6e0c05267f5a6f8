"""Elementwise kernels block by block: the temporaries of one block stay in the processor's cache.

Arguments are `Any`: arrays or numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def write_blockwise(function: Callable[..., Any], dsts: Sequence[Raw], args: Sequence[Any]) -> bool:
    """Overwrite `dsts` by the outputs of an elementwise function of `args`, block by block; False where it can't be.

    Args:
        function: Of arrays and numbers; gives one array for each of `dsts` (the array alone where there is one).
        dsts: Arrays of one layout. They may be among `args`.
        args: Arrays of that layout, and numbers.
    """
    first = dsts[0]
    n = first.size
    arrays = [*dsts, *(a for a in args if isinstance(a, np.ndarray))]
    if n <= BLOCK or not first.flags.forc or any(a.strides != first.strides or a.shape != first.shape for a in arrays):
        return False
    flat = [a.ravel("K") if isinstance(a, np.ndarray) else a for a in args]
    targets = [d.ravel("K") for d in dsts]
    for start in range(0, n, BLOCK):
        at = slice(start, start + BLOCK)
        outs = function(*[a[at] if isinstance(a, np.ndarray) else a for a in flat])
        for target, out in zip(targets, outs if isinstance(outs, tuple) else (outs,), strict=True):
            target[at] = out
    return True


def horner(x: Raw, coefficients: tuple[float, ...], out: Raw) -> None:
    """out = the polynomial in x, highest power first."""
    np.multiply(x, coefficients[0], out)
    np.add(out, coefficients[1], out)
    for c in coefficients[2:]:
        np.multiply(out, x, out)
        np.add(out, c, out)
