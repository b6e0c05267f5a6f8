"""Writing into memory: `apply_` runs an op whose result overwrites a tensor, and records it.

Operands are `Any`: tensors, numbers, None; so are raw arrays, whose class each backend has of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fnnet._core.errors import AutogradError, OverlapError
from fnnet._core.op import OPS, Kind, Op
from fnnet.autograd.modes import MODE, set_grad
from fnnet.autograd.node import Node
from fnnet.autograd.tape import mark_complex, namespace_of, one_device, record, refuse_complex
from fnnet.autograd.variable import INFERENCE, Variable, make, move_retained
from fnnet.backends.dtypes import F32, F64
from fnnet.backends.errstate import silently


def check_writable(target: Variable, name: str, recording: bool, *, certain: bool = False, memory: bool = True) -> None:
    """Raise if `target` may not be modified in place now. Changes nothing.

    Args:
        target: The tensor.
        name: Who asks.
        recording: Whether the write would be recorded, were there a gradient to record.
        certain: There is one.
        memory: The elements will be written (not only seen in another shape).
    """
    if target._counter is INFERENCE and not MODE.state.inference:
        raise AutogradError(
            f"{name}: Inplace update to inference tensor outside InferenceMode is not allowed; clone() it first"
        )
    backend = target._device.backend
    strides = backend.strides(target._data) if memory and type(target._data) is backend.array_type else None
    if (
        strides is not None
        and 0 in strides
        and 0 not in target._data.shape
        and any(s == 0 and n > 1 for s, n in zip(strides, target._data.shape, strict=True))
    ):
        raise OverlapError(
            f"{name}: unsupported operation: more than one element of the written-to tensor refers to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )
    if not MODE.state.grad or target._counter is INFERENCE:
        return
    of = target._view
    leaf = target if of is None else of.base
    if leaf._leaf_grad and leaf._node is None:
        kind = "a leaf Variable" if of is None else "a view of a leaf Variable"
        raise AutogradError(f"{name}: {kind} that requires grad is being used in an in-place operation.")
    if recording and of is not None and of.frozen is not None and (certain or target._edge() is not None):
        raise AutogradError(of.refusal(name, direct=True))


def refuse_partial_overlap(target: Any, name: str, *operands: Any, or_same: bool = False) -> None:
    """Raise if `target` is to be written in place, or as `out=`, from memory it partly shares. Changes nothing.

    An operand that is the very same elements in the same order may be: each is read before it is written. Where
    elements go to other places than they come from (`or_same`), it may not.
    """
    for a in operands:
        if (a is target and not or_same) or not (isinstance(a, Variable) and isinstance(target, Variable)):
            continue
        x, y, backend = target._data, a._data, target._device.backend
        if a._device is not target._device or type(x) is not backend.array_type or type(y) is not backend.array_type:
            continue
        if backend.partly_overlap(x, y, or_same=or_same):
            raise OverlapError(
                f"{name}: unsupported operation: some elements of the input tensor and the written-to tensor refer to "
                "a single memory location. Please clone() the tensor before performing the operation."
            )


def apply_(op: Op, target: Any, *args: Any, **static: Any) -> Any:
    """`target[...] = op(*args)`: written into target's memory; its version grows and its history is rebound.

    The result must have the target's shape and dtype, and floating dtypes narrower than float32 are not computed in.
    """
    state = MODE.state
    device = target._device
    dtype = target._data.dtype
    odd = dtype is not F32 and dtype is not F64
    if odd and op.real:
        refuse_complex(op, args)
    k = namespace_of(device)
    raws = [a._data if isinstance(a, Variable) else a for a in args]
    for a in args:
        if isinstance(a, Variable) and a._device is not device:
            one_device(op, args)
    edges = [a._edge() if isinstance(a, Variable) and state.grad else None for a in args]
    recording = state.grad and op.backward is not None and any(e is not None for e in edges)
    had_history = state.grad and target._edge() is not None
    check_writable(target, op.name + "_", recording or had_history, certain=True)
    node = None
    if recording:
        if target._view is not None and target._node is not None:
            # Through the base: a hook on what the view was is none of this value's, as in PyTorch.
            through = target._derived()._edge()
            edges = [through if a is target else e for a, e in zip(args, edges, strict=True)]
        node = record(op, k, device, args, raws, edges, static, pack=False)
        if odd:
            mark_complex(node, args, (target,))
        _keep_old(node, op, k, target, args, raws)
        if state.saved_hooks:
            node.pack(*state.saved_hooks[-1])
    try:
        k.write(target._data, op, tuple(raws), static)
    except RuntimeWarning:  # raised before anything was written
        silently(k.write, target._data, op, tuple(raws), static)
    if target._counter is INFERENCE:
        return target
    target._counter[0] += 1
    if node is not None and op.kept(node.needs)[1]:
        node.out = target._data
        node.versions.append((target._counter, target._counter[0]))
        if state.saved_hooks:
            node.pack(*state.saved_hooks[-1])
    if node is not None or had_history:
        rebase(target, node, k)
    return target


def quick_(op: Op, target: Any, b: Any = None) -> Any:
    """`apply_` for a tensor of a plain dtype alone, with another of its shape or with a number, not recorded.

    None where it does not serve.
    """
    state = MODE.state
    x = target._data
    dtype = x.dtype
    device = target._device
    backend = device._backend
    if (dtype is not F32 and dtype is not F64) or not state.fast or backend is None or target._view is not None:
        return None
    if op.forward is not None or op.kind is Kind.BOOL or target._counter is INFERENCE:
        return None
    grad = state.grad
    if isinstance(b, Variable):
        y = b._data
        if y.dtype is not dtype or b._device is not device or y.shape != x.shape:
            return None
        if b._counter is target._counter and b is not target:  # a view, perhaps of the same memory in another order
            return None
        if grad and (b._node is not None or b._leaf_grad or b._view is not None):
            return None
    elif type(b) is float or type(b) is int or b is None:
        y = b
    else:
        return None
    if grad and (target._node is not None or target._leaf_grad):
        return None
    strides = backend.strides(x)
    if strides is not None and 0 in strides:  # expanded: refused where it is looked at closely
        return None
    args = (x,) if b is None else (x, y)
    try:
        backend.write(x, op, args, {})
    except RuntimeWarning:
        silently(backend.write, x, op, args, {})
    target._counter[0] += 1
    return target


def _keep_old(node: Node, op: Op, k: Any, target: Variable, args: Sequence[Any], raws: Sequence[Any]) -> None:
    """`a.mul_(b)` overwrites the `a` that b's gradient needs: keep a copy of it."""
    if node.inputs is None or not any(
        i is not None and isinstance(a, Variable) and a._counter is target._counter
        for i, a in zip(node.inputs, args, strict=True)
    ):
        return
    versions = []
    for i, a in enumerate(args):
        if node.inputs[i] is None or not isinstance(a, Variable):
            continue
        if a is target:
            node.inputs[i] = k.clone(raws[i])
        else:
            versions.append((a._counter, a._counter[0]))
    node.versions[:] = versions


def rebase(target: Variable, node: Node | None, k: Any, index: int = 0) -> None:
    """Give `target` the history `node` (None: a constant), as a recorded write did; its base's follows."""
    of = target._view
    if of is None:
        move_retained(target, node, index)
        target._node, target._index = node, index
        return
    base = of.base
    value = make(target._data, target._device)
    value._node, value._index = node, index
    edges = (base._edge(), value._edge())
    if edges == (None, None):
        return
    static = {"view": of.path(base._counter)}
    written = record(OPS["view_set"], k, base._device, (base, value), (base._data, value._data), edges, static)
    move_retained(base, written, 0)
    base._node, base._index = written, 0
    target._sync()


def apply_many_(op: Op, targets: Sequence[Any], *args: Any, **static: Any) -> None:
    """An op's outputs, each written into a tensor (an optimizer's update); never recorded."""
    device = targets[0]._device
    k = namespace_of(device)
    with set_grad(False):
        for t in targets:
            check_writable(t, op.name, False)
        raws = [a._data if isinstance(a, Variable) else a for a in args]
        k.write_many([t._data for t in targets], op, raws, static)
        for t in targets:
            if t._counter is not INFERENCE:
                t._counter[0] += 1
