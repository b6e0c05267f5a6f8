"""Reductions."""

from __future__ import annotations

from typing import Any

from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import Op, keep_dims

K = Namespace
Grads = tuple[Any, ...]


def _sum_backward(k: K[A], c: Call[A], g: A) -> Grads:
    shape = c.shapes[0]
    return (k.expand(k.reshape(g, shape=keep_dims(shape, c.static["dim"])), shape=shape),)


SUM = Op("sum", backward=_sum_backward, uses=((),), onnx="ReduceSum")
