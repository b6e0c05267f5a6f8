"""Running means of metrics, each batch weighted by its number of samples.

A batch is `Any`, whatever a loader gives; so is a metric before it has been looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from fnnet._core.errors import ArgumentError
from fnnet._tensor import Tensor


class Means:
    """Weighted sums by name, and their weights."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.weights: dict[str, float] = {}

    def add(self, metrics: Mapping[str, Tensor | float], batch: Any) -> dict[str, float]:
        """Take in what a step said of a batch; the same as numbers."""
        numbers = {name: number(name, value) for name, value in metrics.items()}
        weight = samples_in(batch)
        for name, value in numbers.items():
            self.sums[name] = self.sums.get(name, 0.0) + weight * value
            self.weights[name] = self.weights.get(name, 0.0) + weight
        return numbers

    def values(self) -> dict[str, float]:
        """The means so far."""
        return {name: total / self.weights[name] for name, total in self.sums.items()}


def number(name: str, value: Any) -> float:
    """A metric as a number."""
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise ArgumentError(f"fit: metric {name!r} must be one number, got shape {tuple(value.shape)}")
        return float(cast("float", value.item()))
    if not isinstance(value, (int, float)):
        raise ArgumentError(f"fit: metric {name!r} must be a number, got {type(value).__name__}")
    return float(value)


def samples_in(batch: Any) -> int:
    """The length of the first tensor in a batch; 1 where there is none."""
    if isinstance(batch, Tensor):
        return batch.shape[0] if batch.ndim else 1
    if isinstance(batch, Mapping):
        batch = tuple(batch.values())
    return samples_in(batch[0]) if isinstance(batch, (tuple, list)) and batch else 1


__all__ = ["Means"]
