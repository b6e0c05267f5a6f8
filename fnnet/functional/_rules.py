"""Rules and samples that several families of elementwise ops share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import Make, Sample, Samples

Grads = tuple[Any, ...]


def zero_backward(k: Namespace[A], c: Call[A], g: A) -> Grads:
    """Of a function that is constant piece by piece: zero wherever it has a derivative, and by convention elsewhere."""
    return tuple(k.full(s, 0, dtype=g.dtype) if need else None for s, need in zip(c.shapes, c.needs, strict=True))


def linear_backward(k: Namespace[A], c: Call[A], g: A) -> Grads:
    """Of the identity."""
    return (g,)


def pairs(make: Make) -> Iterator[Sample]:
    """Equal shapes, broadcasting both ways, 0-d, a number, empty."""
    yield Sample(make(3, 4), make(3, 4))
    yield Sample(make(3, 1, 4), make(2, 1))
    yield Sample(make(4), make())
    yield Sample(make(2, 3), 2)
    yield Sample(make(0, 3), make(3))


def tensor_pairs(make: Make) -> Iterator[Sample]:
    """As `pairs`, for ops that take no numbers."""
    yield Sample(make(3, 4), make(3, 4))
    yield Sample(make(3, 1, 4), make(2, 1))
    yield Sample(make(4), make())
    yield Sample(make(0, 3), make(3))


def positive_pairs(make: Make) -> Iterator[Sample]:
    """As `pairs`, away from zero."""
    yield Sample(make(3, 4, low=0.5, high=2), make(3, 4, low=0.5, high=2))
    yield Sample(make(3, 1, 4, low=0.5, high=2), make(2, 1, low=0.5, high=2))
    yield Sample(make(2, 3, low=0.5, high=2), 3)
    yield Sample(make(0, 3, low=0.5, high=2), make(3, low=0.5, high=2))


def rough(samples: Samples) -> Samples:
    """The same samples, at which the op is not differentiable (or has no derivative at all)."""

    def roughened(make: Make) -> Iterator[Sample]:
        for s in samples(make):
            yield Sample(*s.inputs, smooth=False, **s.static)

    return roughened


def between(low: float, high: float) -> Callable[[Make], Iterator[Sample]]:
    """Samples of a function of one operand, drawn from an interval on which it is smooth: 2-d, 0-d, empty."""

    def samples(make: Make) -> Iterator[Sample]:
        yield Sample(make(3, 4, low=low, high=high))
        yield Sample(make(low=low, high=high))
        yield Sample(make(0, 2, low=low, high=high))

    return samples
