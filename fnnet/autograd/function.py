"""`Function`: a user's own op, forward and backward on Tensors, as a door to the same tape.

What a function of the user's takes and gives is its own: hence `Any`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fnnet._core.errors import ArgumentError, AutogradError
from fnnet._core.namespace import Shape, sum_to
from fnnet._core.op import Op
from fnnet.autograd.modes import MODE, no_grad, set_grad
from fnnet.autograd.node import Node, describe_here
from fnnet.autograd.tape import namespace_of, tensors
from fnnet.autograd.variable import Variable, ViewOf, make
from fnnet.autograd.writes import check_writable, rebase
from fnnet.backends.devices import CPU

T = TypeVar("T", bound=Callable[..., Any])


class _Saved:
    """A saved tensor: its array and its place in the graph, so that saving an output makes no cycle."""

    __slots__ = ("at_output", "device", "edge", "keep", "packed", "raw", "then", "version")

    def __init__(self, t: Any, at_output: int | None, tensor: Any) -> None:
        self.raw, self.device, self.at_output = t._data, t._device, at_output
        self.version, self.then = t._counter, t._counter[0]
        self.edge = t._edge() if at_output is None else None
        self.keep = tensor  # a leaf is kept itself: its identity and attributes count
        self.packed: tuple[Callable[[Any], Any], Any] | None = None
        hooks = MODE.state.saved_hooks
        if hooks:
            pack, unpack = hooks[-1]
            self.packed = unpack, pack(make(self.raw, self.device))
            self.raw = self.keep = None

    def get(self, node: Node) -> Any:
        if self.version[0] != self.then:
            raise AutogradError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: a "
                f"tensor saved by {node.name()} is at version {self.version[0]}; expected version {self.then} instead"
            )
        if self.keep is not None:
            return self.keep
        if self.packed is not None:
            unpack, handle = self.packed
            t = make(unpack(handle)._data, self.device)
        else:
            t = make(self.raw, self.device)
            t._counter = self.version
        if self.at_output is not None:
            t._node, t._index = node, self.at_output
        elif isinstance(self.edge, Variable):
            t._leaf_grad = True
        elif self.edge is not None:
            t._node, t._index = self.edge if type(self.edge) is tuple else (self.edge, 0)
        return t


class FunctionCtx:
    """What a Function's forward leaves for its backward; any attribute may be set on it."""

    def __init__(self) -> None:
        self._to_save: tuple[Any, ...] = ()
        self._saved: list[_Saved | None] | None = None
        self._node: Node | None = None
        self._dirty: tuple[Any, ...] = ()
        self._no_gradient: tuple[Any, ...] = ()
        self._materialize = True
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:  # tensors or None
        """Keep tensors for backward, where `saved_tensors` gives them back.

        Args:
            tensors: Tensors or None: inputs, outputs, or others.

        Raises:
            ArgumentError: Something is neither.
        """
        for t in tensors:
            if t is not None and not isinstance(t, Variable):
                raise ArgumentError(
                    f"save_for_backward can only save variables, but argument is of type {type(t).__name__}"
                )
        self._to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:  # tensors or None
        """Keep tensors for forward-mode derivatives, which are derived from backward here: without effect."""

    def mark_dirty(self, *args: Any) -> None:  # tensors
        """Say which inputs forward modified in place; each must be returned.

        Args:
            args: These inputs.
        """
        self._dirty = args

    def mark_non_differentiable(self, *args: Any) -> None:  # tensors
        """Say which outputs have no gradient.

        Args:
            args: These outputs.
        """
        self._no_gradient = args

    def set_materialize_grads(self, value: bool) -> None:
        """Say what backward gets for outputs without a gradient.

        Args:
            value: True (as it is without this call): zeros; False: None.
        """
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, checked for writes in between."""
        if self._saved is None:
            return self._to_save
        node = self._node
        if node is None or node.inputs is None:
            name = "this Function" if node is None else node.name()
            raise AutogradError(
                f"Trying to backward through the graph a second time: the saved tensors of {name} have already been "
                "freed"
            )
        return tuple(None if s is None else s.get(node) for s in self._saved)


class Function:
    """An op of one's own: subclass it, define static `forward` and `backward`, call `apply`.

    `forward(ctx, *args)` computes with recording off. `backward(ctx, *grads)` gives one gradient per argument of
    forward, None where there is none; it may be differentiated in turn. Alternatively `forward(*args)` and
    `setup_context(ctx, inputs, output)`.

    Example:
        >>> import fnnet
        >>> class Cube(fnnet.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x * x
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         (x,) = ctx.saved_tensors
        ...         return 3 * x * x * grad
        >>> x = fnnet.tensor(2.0, requires_grad=True)
        >>> Cube.apply(x).backward()
        >>> x.grad
        tensor(12.)
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute: `forward(ctx, *args)`, or `forward(*args)` where there is a `setup_context`.

        Args:
            args: `ctx`, a FunctionCtx, where there is no `setup_context`; then what `apply` was given.
            kwargs: What `apply` was given.

        Returns:
            A tensor, or a tuple of tensors and other things.
        """
        raise AutogradError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Leave in `ctx` what backward needs.

        Args:
            ctx: A FunctionCtx.
            inputs: What forward was given.
            output: What it returned.
        """
        raise AutogradError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of forward's arguments, from those of its outputs.

        Args:
            ctx: What forward left.
            grad_outputs: One per output, of its shape and dtype.

        Returns:
            One gradient per argument of forward, None where there is none.
        """
        raise AutogradError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward, record this Function as one node, and return what forward returns.

        Args:
            args: What forward takes after `ctx`.
            kwargs: The same by name; they get no gradients.

        Raises:
            AutogradError: Forward's marks contradict what it returns; in backward: gradients of wrong number or shape.
        """
        ctx = FunctionCtx()
        edges = [a._edge() if isinstance(a, Variable) else None for a in args]
        ctx.needs_input_grad = tuple(e is not None for e in edges)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                result = cls.forward(ctx, *args, **kwargs)
            else:
                result = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, result)
        recording = MODE.state.grad and any(ctx.needs_input_grad)
        many = isinstance(result, tuple)
        outs = list(result) if many else [result]
        for d in ctx._dirty:
            if not any(d is o for o in outs):
                raise AutogradError(
                    "Some elements marked as dirty during the forward method were not returned as output. The inputs "
                    "that are modified inplace must all be outputs of the Function."
                )
            if recording:
                check_writable(d, cls.__name__, True, certain=True)
        for d in ctx._dirty:
            d._counter[0] += 1
        for i, o in enumerate(outs):
            if isinstance(o, Variable) and not any(o is d for d in ctx._dirty):
                if any(o is a for a in args) or o._node is not None or o._leaf_grad:
                    outs[i] = _alias(o)  # an input handed through: a view of it, with history of its own
        if recording:
            cls._record(ctx, args, edges, result if many else (result,), outs)
        return tuple(outs) if many else outs[0]

    @classmethod
    def _record(
        cls, ctx: FunctionCtx, args: tuple[Any, ...], edges: Sequence[Any], given: tuple[Any, ...], outs: list[Any]
    ) -> None:
        device = next((a._device for a in args if isinstance(a, Variable)), CPU)
        shapes = tuple(tuple(a._data.shape) if isinstance(a, Variable) else () for a in args)
        metas = [(o._data.shape, o._data.dtype, o._device) if isinstance(o, Variable) else None for o in outs]
        op = Op(
            cls.__name__,
            backward=functools.partial(_backward, cls, ctx, metas, len(args)),
            n_out=len(outs),
            register=False,
        )
        node = _FunctionNode(op, namespace_of(device), device, edges, ctx.needs_input_grad, shapes, {}, [], [])
        node.n_out = len(outs)
        node.owner_class = cls
        if MODE.state.anomaly:
            node.where = describe_here()
        ctx._node = node
        ctx._saved = [None if t is None else _save(t, given, args, ctx._dirty) for t in ctx._to_save]
        ctx._to_save = ()
        node.ctx = ctx
        for i, o in enumerate(outs):
            if not isinstance(o, Variable) or any(given[i] is n or o is n for n in ctx._no_gradient):
                continue
            if o._device.backend.dtype_of(o._data).category < 2:
                continue
            if any(o is d for d in ctx._dirty):
                o._leaf_grad = False
                rebase(o, node, namespace_of(o._device), i)
            else:
                o._node, o._index = node, i
                if o._view is not None:  # a write would have to go through this Function, which can't tell how
                    o._view.frozen = "custom"


class _FunctionNode(Node):
    """The node of a Function: named after it, its ctx at hand."""

    owner_class: type[Function]
    ctx: FunctionCtx

    def name(self) -> str:
        return self.owner_class.__name__ + "Backward"

    def as_tensors(self) -> Any:
        return self

    def release(self) -> None:
        super().release()
        self.ctx._saved = [] if self.ctx._saved is not None else None
        if self.ctx._node is self:
            self.ctx._node = None


def _save(t: Any, given: tuple[Any, ...], args: tuple[Any, ...], dirty: tuple[Any, ...]) -> _Saved:
    """An output is saved by its place; an input, leaf or intermediate by its edge."""
    for i, o in enumerate(given):
        if o is t and not any(t is a for a in args):
            return _Saved(t, i, None)
        if o is t and any(t is d for d in dirty):
            return _Saved(t, i, None)
    return _Saved(t, None, t if t._node is None and t._view is None else None)


def _alias(t: Any) -> Any:
    new = make(t._data, t._device)
    new._counter, of = t._counter, t._view
    new._view = ViewOf(t if of is None else of.base, () if of is None else of.steps, t._counter, None)
    return new


def _backward(
    cls: type[Function], ctx: FunctionCtx, metas: list[Any], n_args: int, k: Any, call: Any, grad: Any
) -> Sequence[Any]:
    """Call the user's backward with Tensors; give back what the walk carries."""
    grads = grad if len(metas) > 1 else (grad,)
    create = MODE.state.grad
    wrapped: list[Any] = []
    for g, meta in zip(grads, metas, strict=True):
        if g is None and ctx._materialize and meta is not None:
            shape, dtype, device = meta
            g = make(namespace_of(device).full(shape, 0, dtype=dtype), device)
        elif g is not None and not isinstance(g, Variable):
            g = make(namespace_of(call.device).asarray(g), call.device)
        wrapped.append(g)
    rule = cls.backward if cls.backward is not Function.backward else cls.vjp
    with set_grad(create):
        given = rule(ctx, *wrapped)
    found = list(given) if isinstance(given, (tuple, list)) else [given]
    if len(found) > n_args and all(f is None for f in found[n_args:]):
        found = found[:n_args]
    if len(found) != n_args:
        raise AutogradError(
            f"function {cls.__name__}Backward returned an incorrect number of gradients "
            f"(expected {n_args}, got {len(found)})"
        )
    results: list[Any] = []
    for i, (f, need, shape) in enumerate(zip(found, call.needs, call.shapes, strict=True)):
        if f is None or not need:
            results.append(None)
            continue
        if not isinstance(f, Variable):
            raise ArgumentError(
                f"expected Variable or None (got {type(f).__name__}) as gradient {i} of {cls.__name__}Backward"
            )
        if tuple(f._data.shape) != tuple(shape) and _widens(tuple(shape), tuple(f._data.shape)):
            with set_grad(create):
                f = sum_to(tensors(f._device), f, tuple(shape))
        if tuple(f._data.shape) != tuple(shape):
            raise AutogradError(
                f"Function {cls.__name__}Backward returned an invalid gradient at index {i} - got "
                f"{list(f._data.shape)} but expected shape compatible with {list(shape)}"
            )
        results.append(f if create else f._data)
    return results


def _widens(shape: Shape, to: Shape) -> bool:
    """Whether `shape` broadcasts to the shape `to`."""
    return len(shape) <= len(to) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(to), strict=False))


def once_differentiable(fn: T) -> T:
    """Mark a Function's backward as not differentiable in turn: a second derivative raises.

    Example:
        >>> import fnnet
        >>> from fnnet.autograd.function import once_differentiable
        >>> @once_differentiable
        ... def backward(ctx, grad):
        ...     return grad
    """

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        with no_grad():
            given = fn(ctx, *args)
        if not MODE.state.grad or not any(isinstance(a, Variable) and a._edge() is not None for a in args):
            return given
        many = isinstance(given, tuple)
        refused = [g if g is None else _refuse(g, args) for g in (given if many else (given,))]
        return tuple(refused) if many else refused[0]

    return wrapper  # type: ignore[return-value]  # same signature, which wraps() cannot express


def _refuse(g: Any, args: tuple[Any, ...]) -> Any:
    """A copy of a gradient whose own backward raises."""

    def rule(k: Any, call: Any, grad: Any) -> Any:
        raise AutogradError("trying to differentiate twice a function that was marked with @once_differentiable")

    new = make(g._data, g._device)
    op = Op("once_differentiable", backward=rule, register=False)
    edges = [a._edge() for a in args if isinstance(a, Variable)]
    new._node = Node(op, None, g._device, edges, tuple(e is not None for e in edges), (), {}, [None], [])
    return new
