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
    """(N, C, *spatial) -> (N, C, *size, *windows): what each window sees, `fill` in the padding.

    Without `out` a read-only view, of `x` or of its padded copy: whoever reshapes it into columns copies once, in the
    order that suits the product.
    """
    if any(padding):
        padded = np.full((*x.shape[:2], *(n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True))), fill, x.dtype)
        inside: Any = (Ellipsis, *(slice(p, p + n) for n, p in zip(x.shape[2:], padding, strict=True)))
        padded[inside] = x
        x = padded
    counts = tuple(output_size(n, k, s, 0, e) for n, k, s, e in zip(x.shape[2:], size, stride, dilation, strict=True))
    step = x.strides[2:]
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
        return seen
    np.copyto(out, seen)
    return out


def _reach(n: int, count: int, offset: int, stride: int) -> tuple[slice, slice]:
    """Of taps at `offset`, `offset + stride` ...: where among `n` elements those within lie, and which they are."""
    first = max(0, -(offset // stride))
    last = min(count - 1, (n - 1 - offset) // stride)
    if last < first:
        return slice(0, 0), slice(0, 0)
    start = offset + first * stride
    return slice(start, start + (last - first) * stride + 1, stride), slice(first, last + 1)


def fold(
    x: Raw, /, *, shape: Shape, size: Shape, stride: Shape, padding: Shape, dilation: Shape, out: Raw | None = None
) -> Raw:
    """The adjoint of `windows`: add each window back to where it was seen; what lay in the padding is dropped."""
    d = len(size)
    counts = x.shape[2 + d :]
    if out is None:
        out = np.zeros(shape, x.dtype)
    else:
        out.fill(0)
    apart = all(s > e * (k - 1) for k, s, e in zip(size, stride, dilation, strict=True))  # windows do not overlap
    every = slice(None)
    axes = list(zip(shape[2:], counts, stride, padding, dilation, strict=True))
    for at in itertools.product(*map(range, size)):
        reach = [_reach(n, c, i * e - p, s) for i, (n, c, s, p, e) in zip(at, axes, strict=True)]
        target = out[(every, every, *[to for to, _ in reach])]
        source = x[(every, every, *at, *[of for _, of in reach])]  # type: ignore[arg-type]  # mixed index
        if apart:
            target[...] = source
        else:
            target += source
    return out
