"""Views and other changes of shape."""

from __future__ import annotations

from typing import Any

from fnnet._core.namespace import A, Call, Namespace, Shape, sum_to
from fnnet._core.op import Kind, Op, Sample

K = Namespace
Grads = tuple[Any, ...]


def inverse(dims: Shape) -> Shape:
    """The permutation that undoes `dims`."""
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


RESHAPE = Op(
    "reshape", backward=lambda k, c, g: (k.reshape(g, shape=c.shapes[0]),), uses=((),), kind=Kind.MOVE, is_view=True,
    onnx="Reshape", samples=lambda make: (Sample(make(3, 4), shape=(2, 6)), Sample(make(1), shape=())),
)  # fmt: skip

PERMUTE = Op(
    "permute", backward=lambda k, c, g: (k.permute(g, dims=inverse(c.static["dims"])),), uses=((),), kind=Kind.MOVE,
    is_view=True, onnx="Transpose", samples=lambda make: (Sample(make(2, 3, 4), dims=(2, 0, 1)),),
)  # fmt: skip

EXPAND = Op(
    "expand", backward=lambda k, c, g: (sum_to(k, g, c.shapes[0]),), uses=((),), kind=Kind.MOVE, is_view=True,
    onnx="Expand", samples=lambda make: (Sample(make(3, 1), shape=(2, 3, 4)), Sample(make(), shape=(2,))),
)  # fmt: skip


def _getitem_backward(k: K[A], c: Call[A], g: A) -> Grads:
    zeros = k.full(c.shapes[0], 0, dtype=g.dtype)
    return (k.view_set(zeros, g, view=(("getitem", c.static),)),)


GETITEM = Op(
    "getitem", backward=_getitem_backward, uses=((),), kind=Kind.MOVE, is_view=True,
    samples=lambda make: (
        Sample(make(3, 4), index=(1,)), Sample(make(3, 4), index=(slice(None), slice(0, 3, 2))),
        Sample(make(3, 4), index=(Ellipsis, None, 0)),
    ),
)  # fmt: skip
