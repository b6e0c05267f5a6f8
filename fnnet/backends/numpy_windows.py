"""`windows` and `fold` over NumPy arrays: the adjoint pair beneath every convolution and pooling."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from fnnet._core.namespace import Shape

Raw = np.ndarray[Any, Any]


def output_size(n: int, size: int, stride: int, padding: int, dilation: int) -> int:
    """How many windows fit along one axis of `n` elements, padded on both sides."""
    return (n + 2 * padding - dilation * (size - 1) - 1) // stride + 1


def windows(
    x: Raw,
    /,
    *,
    size: Shape,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    fill: float = 0.0,
    out: Raw | None = None,
) -> Raw:
    """(N, C, *spatial) -> (N, C, *size, *windows): what each window sees, `fill` in the padding."""
    d = len(size)
    if any(padding):
        padded = np.full(
            (*x.shape[:2], *(n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True))), fill, x.dtype
        )
        padded[(..., *(slice(p, p + n) for n, p in zip(x.shape[2:], padding, strict=True)))] = x
        x = padded
    counts = tuple(
        output_size(n, k, s, 0, e) for n, k, s, e in zip(x.shape[2:], size, stride, dilation, strict=True)
    )
    step = x.strides[2 : 2 + d]
    seen = np.lib.stride_tricks.as_strided(
        x,
        (*x.shape[:2], *size, *counts),
        (
            *x.strides[:2],
            *(t * e for t, e in zip(step, dilation, strict=True)),
            *(t * s for t, s in zip(step, stride, strict=True)),
        ),
        writeable=False,
    )
    if out is None:
        return np.ascontiguousarray(seen)
    np.copyto(out, seen)
    return out


def fold(
    x: Raw, /, *, shape: Shape, size: Shape, stride: Shape, padding: Shape, dilation: Shape, out: Raw | None = None
) -> Raw:
    """The adjoint of `windows`: add each window back to where it was seen; what lay in the padding is dropped."""
    d = len(size)
    counts = x.shape[2 + d :]
    full = np.zeros((*shape[:2], *(n + 2 * p for n, p in zip(shape[2:], padding, strict=True))), x.dtype)
    for at in itertools.product(*map(range, size)):
        place = tuple(
            slice(i * e, i * e + s * (c - 1) + 1, s) if c else slice(0, 0)
            for i, e, s, c in zip(at, dilation, stride, counts, strict=True)
        )
        full[(slice(None), slice(None), *place)] += x[(slice(None), slice(None), *at)]
    kept = full[(..., *(slice(p, p + n) for n, p in zip(shape[2:], padding, strict=True)))]
    if out is None:
        return kept
    np.copyto(out, kept)
    return out
