"""The tape: `apply` runs an op and records it.

Operands are `Any`: tensors, numbers, None; so are raw arrays, whose class each backend has of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from fnnet._core.errors import DeviceError, DTypeError, UnsupportedDTypeError
from fnnet._core.op import OPS, Kind, Op
from fnnet.autograd.modes import MODE, State
from fnnet.autograd.node import Node, describe_here
from fnnet.autograd.variable import INFERENCE, Variable, make
from fnnet.backends import dtypes
from fnnet.backends.dtypes import F32, F64
from fnnet.backends.errstate import silently
from fnnet.backends.kernels import Fused

if TYPE_CHECKING:
    from fnnet.backends.devices import Device

_HALF: Final = dtypes.HALF


def namespace_of(device: Device) -> Any:
    """The namespace of raw arrays in force: the device's backend, or a transform's over it."""
    inner = MODE.state.namespace
    return device.backend if inner is None else inner(device)


def apply(op: Op, *args: Any, **static: Any) -> Any:
    """Run `op` on tensors (a number may stand for one, None for one left out); record it if someone needs it."""
    state = MODE.state
    grad = state.grad
    raws: list[Any] = []
    edges: list[Any] = []
    recording = odd = False
    device: Any = None
    for a in args:
        if isinstance(a, Variable):
            raw = a._data
            raws.append(raw)
            if a._device is not device:
                device = a._device if device is None else one_device(op, args)
            dtype = raw.dtype
            if dtype is not F32 and dtype is not F64:
                odd = True
            if grad:
                edge: Any = a._node
                if a._view is not None or a._index:
                    edge = a._edge()
                elif edge is None and a._leaf_grad:
                    edge = a
                edges.append(edge)
                if edge is not None:
                    recording = True
        else:
            raws.append(a)
            edges.append(None)
    if odd and op.kind is not Kind.MOVE:
        if op.real:
            refuse_complex(op, args)
        if any(isinstance(a, Variable) and device.backend.dtype_of(a._data) in _HALF for a in args):
            return _in_float32(op, args, static)
    inner = state.namespace
    k = device.backend if inner is None else inner(device)
    if recording and op.backward is None:
        if op.forward is None:
            recording = False
        elif op.name + ".backward" not in device.backend.providers:
            return op.forward(tensors(device), *args, **static)  # its primitives are recorded
    fused = None
    if op.forward is None:
        kernel = getattr(k, op.name)
        try:
            r = kernel(*raws, **static)
        except RuntimeWarning:
            r = silently(kernel, *raws, **static)
    else:
        needs = tuple([e is not None for e in edges]) if recording else (False,) * len(args)
        try:
            r = k.run(op, raws, static, needs)
        except RuntimeWarning:
            r = silently(k.run, op, raws, static, needs)
        if type(r) is Fused:
            fused, r = r, r.out
    if op.n_out == 1:
        if type(r) is not device.backend.array_type:
            r = k.asarray(r)
        t = make(r, device)
        if op.is_view and k.shares(r, raws[0]):
            t._as_view_of(args[0], (op.name, static))
        if state.inference:
            t._counter = INFERENCE
        if recording:
            node = t._node = record(op, k, device, args, raws, edges, static, (t,), r, state)
            if fused is not None:
                node.private, node.owner = fused.private, fused.owner
            if odd:
                mark_complex(node, args, (t,))
        return t
    outs = tuple(make(o if type(o) is device.backend.array_type else k.asarray(o), device) for o in r)
    if state.inference:
        for o in outs:
            o._counter = INFERENCE
    if recording:
        node = record(op, k, device, args, raws, edges, static, outs, tuple(o._data for o in outs), state)
        node.n_out = op.n_out
        if fused is not None:
            node.private, node.owner = fused.private, fused.owner
        if odd:
            mark_complex(node, args, outs)
        for i, o in enumerate(outs):
            if k.dtype_of(o._data).category >= 2:
                o._node, o._index = node, i
    return outs


def binary(op: Op, a: Any, b: Any) -> Any:
    """`apply` for a tensor of a plain dtype and another, or a number: the same steps with fewer tests.

    None where it does not serve.
    """
    state = MODE.state
    x = a._data
    dtype = x.dtype
    device = a._device
    backend = device._backend  # None until the device's backend is loaded: `apply` loads it
    if (dtype is not F32 and dtype is not F64) or not state.fast or backend is None:
        return None
    number = False
    if isinstance(b, Variable):
        y = b._data
        if y.dtype is not dtype or b._device is not device:
            return None
    elif type(b) is float or type(b) is int:
        y, number = b, True
    else:
        return None
    forward = op.forward
    if forward is None:
        kernel = getattr(backend, op.name)
        try:
            r = kernel(x, y)
        except RuntimeWarning:
            r = silently(kernel, x, y)
        except ValueError:  # the shapes do not broadcast: `apply` is asked, and its caller says so
            return None
    elif op.name in backend.providers or op.backward is None:
        return None
    else:
        forward = backend.own.get(op.name, forward)
        try:
            r = forward(backend, x, y)
        except RuntimeWarning:
            r = silently(forward, backend, x, y)
        except ValueError:
            return None
    if type(r) is not backend.array_type:
        r = backend.asarray(r)
    t = make(r, device)
    if state.grad:
        ea = a._node
        if a._view is not None or a._index:
            ea = a._edge()
        elif ea is None and a._leaf_grad:
            ea = a
        if number:
            eb = None
        else:
            eb = b._node
            if b._view is not None or b._index:
                eb = b._edge()
            elif eb is None and b._leaf_grad:
                eb = b
        if (ea is not None or eb is not None) and op.backward is not None:
            needs = (ea is not None, eb is not None)
            try:
                keep, keep_out = op._kept[needs]
            except KeyError:
                keep, keep_out = op.kept(needs)
            inputs: list[Any] = [None, None]
            versions: list[Any] = []
            for i in keep:
                if i == 0:
                    inputs[0] = x
                    v = a._counter
                else:
                    inputs[1] = y
                    if number:
                        continue
                    v = b._counter
                versions.append((v, v[0]))
            if keep_out:
                versions.append((t._counter, 0))
            t._node = Node(
                op, backend, device, (ea, eb), needs, (x.shape, () if number else y.shape), {}, inputs, versions,
                r if keep_out else None,
            )  # fmt: skip
    return t


def unary(op: Op, a: Any) -> Any:
    """`apply` for one tensor of a plain dtype and no static arguments. None where it does not serve."""
    state = MODE.state
    x = a._data
    dtype = x.dtype
    device = a._device
    backend = device._backend
    if (dtype is not F32 and dtype is not F64) or not state.fast or backend is None:
        return None
    forward = op.forward
    if forward is None:
        kernel = getattr(backend, op.name)
        try:
            r = kernel(x)
        except RuntimeWarning:
            r = silently(kernel, x)
    elif op.name in backend.providers or op.backward is None:
        return None
    else:
        forward = backend.own.get(op.name, forward)
        try:
            r = forward(backend, x)
        except RuntimeWarning:
            r = silently(forward, backend, x)
    if type(r) is not backend.array_type:
        r = backend.asarray(r)
    t = make(r, device)
    if state.grad:
        edge = a._node
        if a._view is not None or a._index:
            edge = a._edge()
        elif edge is None and a._leaf_grad:
            edge = a
        if edge is not None and op.backward is not None:
            try:
                keep, keep_out = op._kept[_ONE]
            except KeyError:
                keep, keep_out = op.kept(_ONE)
            v = a._counter
            versions: list[Any] = [(v, v[0])] if keep else []
            if keep_out:
                versions.append((t._counter, 0))
            t._node = Node(
                op, backend, device, (edge,), _ONE, (x.shape,), {}, [x] if keep else [None], versions,
                r if keep_out else None,
            )  # fmt: skip
    return t


_ONE = (True,)


def record(
    op: Op,
    k: Any,
    device: Device,
    args: Sequence[Any],
    raws: Sequence[Any],
    edges: Sequence[Any],
    static: dict[str, Any],
    outs: Sequence[Variable] = (),
    out: Any = None,
    state: State | None = None,
    *,
    pack: bool = True,
) -> Node:
    """A node for one application: all saving goes through here, so saved-tensor hooks and versions see everything.

    With `pack` false the caller hands over to the hooks himself, when all that is saved is there.
    """
    state = MODE.state if state is None else state
    needs = tuple([e is not None for e in edges])
    try:
        keep, keep_out = op._kept[needs]
    except KeyError:
        keep, keep_out = op.kept(needs)
    inputs: list[Any] = [None] * len(raws)
    versions = []
    for i in keep:
        if i >= len(raws):
            continue
        inputs[i] = raws[i]
        a = args[i]
        if isinstance(a, Variable):
            v = a._counter
            versions.append((v, v[0]))
    node = Node(op, k, device, edges, needs, tuple([getattr(r, "shape", ()) for r in raws]), static, inputs, versions)
    if keep_out:
        if op.keeps is not None:
            out = tuple([o if i in op.keeps else None for i, o in enumerate(out)])
            outs = [outs[i] for i in op.keeps]
        node.out = out
        for o in outs:
            versions.append((o._counter, o._counter[0]))
    if not state.fast:
        if pack and state.saved_hooks:
            node.pack(*state.saved_hooks[-1])
        if state.anomaly:
            node.where = describe_here()
    return node


def mark_complex(node: Node, args: Sequence[Any], outs: Sequence[Variable]) -> None:
    """Settle how a node of an op that may have been given complex numbers is differentiated.

    Moves need nothing: their rules have no factors that a conjugate could change.

    Raises:
        DTypeError: The op turned complex numbers into real ones by a definition for real numbers.
    """
    op = node.op
    if not op.holomorphic or op.kind is Kind.MOVE:
        return
    category = max((o._device.backend.dtype_of(o._data).category for o in outs), default=0)
    if category == 3:
        node.conjugates = True
    elif category == 2:
        for a, edge in zip(args, node.edges, strict=True):
            if edge is not None and a._device.backend.dtype_of(a._data).is_complex:
                raise DTypeError(f"{op.name} does not support automatic differentiation for inputs with complex dtype.")


def refuse_complex(op: Op, args: Sequence[Any]) -> None:
    """Raise if an operand of an op for real numbers is complex."""
    for a in args:
        if isinstance(a, Variable) and (dtype := a._device.backend.dtype_of(a._data)).is_complex:
            raise UnsupportedDTypeError(
                f"{op.name}: \"{op.name}\" not implemented for '{dtypes.TITLES[dtype.name]}' ({dtype}), "
                "expected real numbers"
            )


def _in_float32(op: Op, args: tuple[Any, ...], static: dict[str, Any]) -> Any:
    """float16 and bfloat16 compute in float32; the result is cast back to what the operands were."""
    cast = OPS["cast"]
    half = next(d for a in args if isinstance(a, Variable) and (d := a._device.backend.dtype_of(a._data)) in _HALF)

    def widen(a: Any) -> Any:
        if isinstance(a, Variable) and a._device.backend.dtype_of(a._data) in _HALF:
            return apply(cast, a, dtype=dtypes.float32, source=half)
        return a

    r = apply(op, *map(widen, args), **static)

    def narrow(t: Any) -> Any:
        if t._device.backend.dtype_of(t._data) is dtypes.float32:
            return apply(cast, t, dtype=half, source=dtypes.float32)
        return t

    return tuple(map(narrow, r)) if isinstance(r, tuple) else narrow(r)


def one_device(op: Op, args: Sequence[Any]) -> NoReturn:
    """Say which operand lies where."""
    found = [
        f"argument {i}: {a._device}, shape {tuple(a._data.shape)}"
        for i, a in enumerate(args)
        if isinstance(a, Variable)
    ]
    raise DeviceError(
        f"{op.name}: Expected all tensors to be on the same device, but found at least two devices ({'; '.join(found)})"
    )


# in place ----------------------------------------------------------------------------------------------------------
def _derive(op: Op, t: Variable, static: dict[str, Any]) -> Variable:
    """One view op, recorded: how a view derives its history anew."""
    derived: Variable = apply(op, t, **static)
    return derived


Variable._derive = staticmethod(_derive)


# the namespace of Tensors -------------------------------------------------------------------------------------------
class TensorNamespace:
    """`k` over Tensors of one device: every op, recorded. Constants are made by the raw namespace and wrapped."""

    def __init__(self, device: Device) -> None:
        self.device = device

    def full(self, shape: Any, value: Any, /, *, dtype: Any) -> Any:
        """A constant tensor."""
        return make(namespace_of(self.device).full(shape, value, dtype=dtype), self.device)

    def arange(self, n: int, /, *, dtype: Any = None) -> Any:
        """The tensor 0, 1, ... n-1."""
        return make(namespace_of(self.device).arange(n, dtype=dtype), self.device)

    def cast(self, x: Any, /, *, dtype: Any, source: Any = None) -> Any:
        """`x` in another dtype."""
        source = self.device.backend.dtype_of(x._data)
        target = (
            dtype if type(dtype) is dtypes.DType else source if dtype is x._data.dtype else dtypes.FROM_NUMPY[dtype]
        )
        return x if target is source else apply(OPS["cast"], x, dtype=target, source=source)

    def __getattr__(self, name: str) -> Any:
        op = OPS.get(name)
        if op is None:
            raise AttributeError(name)

        def call(*args: Any, **static: Any) -> Any:
            return apply(op, *args, **static)

        setattr(self, name, call)
        return call


def tensors(device: Device) -> Any:
    """The namespace of Tensors on `device`."""
    found = _TENSORS.get(device)
    if found is None:
        found = _TENSORS[device] = TensorNamespace(device)
    return found


_TENSORS: dict[Device, TensorNamespace] = {}
