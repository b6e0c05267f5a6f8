"""Counting multiply-adds: what a forward computes, seen from below.

A namespace lies over the device's backend and counts in the primitive that multiplies and adds, the matrix product:
convolutions, attention, recurrent layers and linear maps are made of it, in fnnet and in any plugin. So nothing has to
be known about layers, and a function call inside `forward` counts as much as a module.

`Any` are the raw arrays of whatever backend lies below.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from fnnet._core.op import OPS, Op
from fnnet.autograd.modes import MODE, use_namespace
from fnnet.backends.devices import Device


class Counting:
    """A backend's namespace that tells `count` the multiply-adds of every matrix product."""

    def __init__(self, backend: Any, count: Callable[[int], None]) -> None:
        self._backend, self._count = backend, count

    def __getattr__(self, name: str) -> Any:
        op = OPS.get(name)
        if op is not None and op.forward is not None:
            return lambda *args, **static: self.run(op, args, static)
        return getattr(self._backend, name)

    def run(self, op: Op, args: Sequence[Any], static: dict[str, Any], needs: tuple[bool, ...] = ()) -> Any:
        """A composite op by its definition, so that the products in it are seen."""
        if op.forward is None:
            return getattr(self, op.name)(*args, **static)
        return op.forward(self, *args, **static)

    def matmul(self, a: Any, b: Any) -> Any:
        """The product, counted: `M * N * K` for each matrix of the batch."""
        product = self._backend.matmul(a, b)
        self._count(math.prod(product.shape) * a.shape[-1])
        return product


def counting(count: Callable[[int], None]) -> use_namespace:
    """A context that tells `count` the multiply-adds of each matrix product that is computed inside."""
    before = MODE.state.namespace

    def namespace(device: Device) -> Any:  # the namespace of a device
        return Counting(device.backend if before is None else before(device), count)

    return use_namespace(namespace)


__all__ = ["counting"]
