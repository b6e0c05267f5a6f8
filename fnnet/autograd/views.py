"""The quick path of view ops: what `apply` does for them, with fewer tests.

What is viewed and made is `Any`: a Tensor, which floors above define.
"""

from __future__ import annotations

from typing import Any

from fnnet._core.op import Op
from fnnet.autograd.modes import MODE
from fnnet.autograd.node import Node
from fnnet.autograd.tape import apply
from fnnet.autograd.variable import make
from fnnet.backends.dtypes import F32, F64

_ONE = (True,)


def apply_view(op: Op, a: Any, **static: Any) -> Any:
    """`apply` for a view op, whose gradient needs nothing that would have to be kept."""
    state = MODE.state
    device = a._device
    backend = device._backend  # None until the device's backend is loaded: `apply` loads it
    if not state.fast or backend is None:
        return apply(op, a, **static)
    x = a._data
    edge = None
    if state.grad:
        edge = a._node
        if a._view is not None or a._index:
            edge = a._edge()
        elif edge is None and a._leaf_grad:
            edge = a
        if edge is not None and x.dtype is not F32 and x.dtype is not F64:
            return apply(op, a, **static)
    r = getattr(backend, op.name)(x, **static)
    t = make(r, device)
    if backend.shares(r, x):
        t._as_view_of(a, (op.name, static))
    if edge is not None:
        t._node = Node(op, backend, device, (edge,), _ONE, (x.shape,), static, [None], [])
    return t
