"""Backward: walk the nodes from the newest to the oldest, call each op's rule, accumulate at the leaves.

Gradients in flight are raw arrays. With `create_graph` they are Tensors, and the same rules run on the namespace of
Tensors, so that what backward computes is recorded in turn. Nothing recurses: a graph may be 100,000 nodes deep.

Gradients and edges are `Any`: raw arrays, or with `create_graph` tensors, and nodes or leaves.
"""

from __future__ import annotations

import heapq
import operator
import sys
import warnings
import weakref
from collections.abc import Sequence
from typing import Any

from fnnet._core.errors import ArgumentError, AutogradError, DeviceError, ShapeError
from fnnet._core.op import OPS
from fnnet.autograd.modes import MODE, set_grad
from fnnet.autograd.node import Handle, Node
from fnnet.autograd.tape import namespace_of, tensors
from fnnet.autograd.variable import Variable, make
from fnnet.autograd.writes import apply_
from fnnet.backends.errstate import silently

NO_GRAPH = "element {i} of tensors does not require grad and does not have a grad_fn"


def run(
    roots: Sequence[Any],
    grads: Sequence[Any],
    *,
    retain_graph: bool,
    create_graph: bool,
    wanted: Sequence[Any] | None,
    accumulate: bool,
) -> list[Any]:
    """Walk back from `roots`, whose gradients are `grads` (Tensors).

    Args:
        roots: Tensors to start from.
        grads: Their gradients.
        retain_graph: Keep what the nodes saved.
        create_graph: Record the walk.
        wanted: Tensors whose gradients are asked for; only what leads to them is computed. None: all leaves.
        accumulate: Add to `.grad` (of the wanted, or of all leaves) instead of returning.

    Returns:
        The gradients of `wanted`: Tensors, or None where no path leads.
    """
    walk = _Walk(retain_graph, create_graph, accumulate)
    if wanted is not None:
        walk.want(wanted)
    with set_grad(create_graph):
        for i, (root, g) in enumerate(zip(roots, grads, strict=True)):
            edge = root._edge()
            if edge is None:
                raise AutogradError(NO_GRAPH.format(i=i))
            walk.send(edge, g if create_graph else g._data)
        if walk.targets is not None:
            walk.mark_needed()
        walk.go()
        return walk.finish(wanted, accumulate)


class _Walk:
    """One backward pass: gradients waiting at nodes and leaves."""

    def __init__(self, retain: bool, create: bool, accumulate: bool) -> None:
        self.retain, self.create, self.accumulate = retain, create, accumulate
        self.pending: dict[Node, list[Any]] = {}
        self.heap: list[tuple[int, Node]] = []
        self.leaves: dict[int, tuple[Variable, Any]] = {}
        self.targets: dict[Any, list[int]] | None = None  # place in the graph -> positions in `wanted`
        self.needed: set[Any] | None = None
        self.found: dict[int, Any] = {}

    def want(self, wanted: Sequence[Any]) -> None:
        """Note the places whose gradients are asked for."""
        self.targets = {}
        for i, t in enumerate(wanted):
            edge = t._edge()
            if edge is None:
                raise AutogradError("One of the differentiated Tensors does not require grad")
            key = id(edge) if isinstance(edge, Variable) else edge if type(edge) is tuple else (edge, 0)
            self.targets.setdefault(key, []).append(i)

    def mark_needed(self) -> None:
        """Find the nodes from which a wanted place is reached; no other is run."""
        assert self.targets is not None
        ends = {key[0] if type(key) is tuple else key for key in self.targets}
        needed: set[Any] = set()
        seen: set[Node] = set()
        stack: list[tuple[Node, bool]] = [(node, False) for _, node in self.heap]
        while stack:
            node, done = stack.pop()
            if done:
                if any(_key(e) in needed or _key(e) in ends for e in node.edges if e is not None):
                    needed.add(node)
                continue
            if node in seen:
                continue
            seen.add(node)
            stack.append((node, True))
            for e in node.edges:
                below = e[0] if type(e) is tuple else e
                if isinstance(below, Node) and below not in seen:
                    stack.append((below, False))
        self.needed = needed

    def send(self, edge: Any, g: Any) -> None:
        """Let a gradient wait where it goes; what is there already is added to."""
        if type(edge) is Node:
            node, index = edge, 0
        elif type(edge) is tuple:
            node, index = edge
        elif isinstance(edge, Node):
            node, index = edge, 0
        else:
            old = self.leaves.get(id(edge))
            self.leaves[id(edge)] = (edge, g if old is None else _sum(old[1], g))
            return
        slots = self.pending.get(node)
        if slots is None:
            slots = self.pending[node] = [None] * node.n_out
            heapq.heappush(self.heap, (-node.sequence, node))
        slots[index] = g if slots[index] is None else _sum(slots[index], g)

    def go(self) -> None:
        """Run the nodes."""
        heap, pending, targets, create = self.heap, self.pending, self.targets, self.create
        needed, retain = self.needed, self.retain
        heappop, heappush = heapq.heappop, heapq.heappush
        check_nan = MODE.state.check_nan
        while heap:
            node = heappop(heap)[1]
            slots = pending.pop(node)
            hooks = node.hooks
            if targets is None:
                if hooks is not None:
                    slots = self._before(node, slots)
            else:
                leads = node in needed  # type: ignore[operator]  # set with targets
                # PyTorch's order: where the walk goes on, what is asked for is taken before the hooks change it.
                given = slots if leads and not self.accumulate else None
                if hooks is not None:
                    slots = self._before(node, slots)
                for i, g in enumerate(slots if given is None else given):
                    for at in targets.get((node, i), ()):
                        self.found[at] = g
                if not leads:
                    continue
            if node.inputs is None:
                node.check()  # says that it was freed
            for counter, then in node.versions:
                if counter[0] != then:
                    node.check()
            conjugates = node.conjugates
            given = self._conjugate(node, slots) if conjugates else slots
            g = given[0] if node.n_out == 1 else tuple(given)
            if create:
                op = node.op
                if op.backward is None:
                    raise AutogradError(f"{node.name()}: no rule for a derivative of higher order")
                pulled = op.backward(tensors(node.device), node.as_tensors(), g)
            else:
                call = node if node.packed is None else node.unpacked()
                k = node.k
                if k is None:
                    assert node.op.backward is not None
                    pulled = node.op.backward(k, call, g)
                else:
                    try:
                        pulled = k.run_backward(node.op, call, g, node.owner)
                    except RuntimeWarning:
                        pulled = silently(k.run_backward, node.op, call, g, node.owner)
            if conjugates:
                pulled = self._conjugate(node, pulled)
            if not retain:
                node.release()
            if check_nan:
                self._check_nan(node, pulled)
            if hooks is not None and "post" in hooks:
                pulled = self._after(node, pulled, slots)
            edges = node.edges
            if len(pulled) != len(edges):
                raise AutogradError(f"{node.name()}: {len(edges)} inputs, but backward gave {len(pulled)} gradients")
            for i, edge in enumerate(edges):
                piece = pulled[i]
                if edge is None or piece is None or (needed is not None and not self._leads(edge)):
                    continue
                if type(edge) is Node and edge not in pending and edge.n_out == 1:  # what `send` does, most often
                    pending[edge] = [piece]
                    heappush(heap, (-edge.sequence, edge))
                else:
                    self.send(edge, piece)

    def _conjugate(self, node: Node, gradients: Sequence[Any]) -> list[Any]:
        k = tensors(node.device) if self.create else node.k
        return [None if g is None else k.conj(g) for g in gradients]

    def _leads(self, edge: Any) -> bool:
        key = _key(edge)
        assert self.targets is not None
        assert self.needed is not None
        if isinstance(edge, Variable):
            return key in self.targets
        return key in self.needed or (edge if type(edge) is tuple else (edge, 0)) in self.targets

    # hooks ------------------------------------------------------------------------------------------------------
    def _wrap(self, node: Node, g: Any) -> Any:
        return g if g is None or isinstance(g, Variable) else make(namespace_of(node.device).asarray(g), node.device)

    def _unwrap(self, g: Any) -> Any:
        return g if g is None or self.create else g._data

    def _before(self, node: Node, slots: list[Any]) -> list[Any]:
        hooks = node.hooks
        assert hooks is not None
        out = [self._unwrap(_chain(hooks.get(i), self._wrap(node, g))) for i, g in enumerate(slots)]
        for i, g in enumerate(out):
            if ("retain", i) in hooks:
                _chain(hooks[("retain", i)], self._wrap(node, g))
        for hook in list(hooks.get("pre", {}).values()):
            wrapped = tuple(self._wrap(node, g) for g in out)
            r = hook(wrapped)
            if r is not None:
                out = [self._unwrap(x) for x in (r if isinstance(r, tuple) else (r,))]
        return out

    def _after(self, node: Node, pulled: Sequence[Any], slots: Sequence[Any]) -> Sequence[Any]:
        assert node.hooks is not None
        for hook in list(node.hooks["post"].values()):
            inputs = tuple(self._wrap(node, p) for p in pulled)
            r = hook(inputs, tuple(self._wrap(node, g) for g in slots))
            if r is not None:
                pulled = tuple(self._unwrap(x) for x in (r if isinstance(r, tuple) else (r,)))
        return pulled

    def _check_nan(self, node: Node, pulled: Sequence[Any]) -> None:
        for i, p in enumerate(pulled):
            if p is None:
                continue
            backend = node.device.backend
            raw = p._data if isinstance(p, Variable) else p
            if backend.dtype_of(backend.asarray(raw)).category >= 2:
                host = backend.to_host(backend.asarray(raw))
                if (host != host).any():
                    raise AutogradError(
                        f"Function '{node.name()}' returned nan values in its {i}th output.\n{node.where or ''}"
                    )

    # leaves -----------------------------------------------------------------------------------------------------
    def finish(self, wanted: Sequence[Any] | None, accumulate: bool) -> list[Any]:
        """Run the leaves' hooks; accumulate, or return what was wanted."""
        leaves = self.leaves
        self.leaves = {}
        while leaves:
            key, (leaf, g) = leaves.popitem()
            if self.targets is not None and key not in self.targets:
                continue
            if leaf._hooks is not None and "pre" in leaf._hooks:
                if not isinstance(g, Variable):
                    g = make(namespace_of(leaf._device).asarray(g), leaf._device)
                g = self._unwrap(_chain(leaf._hooks["pre"], g))
            if self.targets is not None:
                for at in self.targets[key]:
                    self.found[at] = g
                if not accumulate:
                    continue
            shared = sys.getrefcount(g) > _ALONE + len(self.targets[key] if self.targets else ())
            _accumulate(leaf, g, shared)
        if wanted is None:
            return []
        results = []
        for i, t in enumerate(wanted):
            g = self.found.get(i)
            if g is not None and not isinstance(g, Variable):
                g = make(namespace_of(t._device).asarray(g), t._device)
            if accumulate and t._node is not None and g is not None and not t.retains_grad:  # else the walk did it
                t._grad = g if t._grad is None else t._grad + g
            results.append(g)
        return results


def _references_of_a_local() -> int:
    alone = object()
    return sys.getrefcount(alone)


_ALONE = _references_of_a_local()
"""What sys.getrefcount says of what a local variable alone refers to: 2, or 1 where arguments are borrowed."""


def _sum(a: Any, b: Any) -> Any:
    """a + b, of gradients that may be infinite."""
    try:
        return a + b
    except RuntimeWarning:
        return silently(operator.add, a, b)


def _key(edge: Any) -> Any:
    """What stands for an edge's end in sets: the node, or the leaf's id."""
    return edge[0] if type(edge) is tuple else id(edge) if isinstance(edge, Variable) else edge


def _chain(hooks: dict[int, Any] | None, g: Any) -> Any:
    if not hooks or g is None:
        return g
    for hook in list(hooks.values()):
        r = hook(g)
        if r is not None:
            if not isinstance(r, Variable):
                raise ArgumentError(f"a hook must return a Tensor or None, got {type(r).__name__}")
            g = r
    return g


def _accumulate(leaf: Variable, g: Any, shared: bool) -> None:
    """leaf.grad += g, in place as PyTorch: whoever holds the gradient sees the sum."""
    old = leaf._grad
    if isinstance(g, Variable):  # create_graph: the sum is part of the graph
        leaf._grad = g if old is None else old + g
    elif old is not None:
        with set_grad(False):
            apply_(OPS["add"], old, old, make(g, leaf._device))
    else:
        k = namespace_of(leaf._device)
        backend = leaf._device.backend
        if type(g) is not backend.array_type:
            g = k.asarray(g)
        # A gradient that someone else holds, or that is a view of what someone else holds, is copied: the leaf owns
        # its own, laid out as the leaf.
        if type(g) is backend.array_type and (
            shared or getattr(g, "base", None) is not None or backend.strides(g) != backend.strides(leaf._data)
        ):
            g = backend.dense_like(g, leaf._data)
        leaf._grad = make(g, leaf._device)
    if leaf._hooks is not None and "post" in leaf._hooks:
        for hook in list(leaf._hooks["post"].values()):
            hook(leaf)


# hooks of tensors ----------------------------------------------------------------------------------------------------
def add_hook(t: Variable, kind: str, hook: Any) -> Handle:
    """Register on the place in the graph that the tensor has now: an in-place op later leaves the hook behind.

    Args:
        t: The tensor.
        kind: "pre" (its gradient, may replace it) or "post" (a leaf, after accumulation).
        hook: The function.
    """
    edge = t._edge()
    if edge is None:
        raise AutogradError("cannot register a hook on a tensor that doesn't require gradient")
    if isinstance(edge, Variable):
        if edge._hooks is None:
            edge._hooks = {}
        return Handle(edge._hooks.setdefault(kind, {}), hook)
    if kind == "post":
        raise AutogradError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    node, index = edge if type(edge) is tuple else (edge, 0)
    handle: Handle = node.add_hook(index, hook)
    return handle


def retain_grad(t: Variable) -> None:
    """Let a tensor that is no leaf keep its gradient in `.grad`."""
    if not t._requires_grad():
        raise AutogradError("can't retain_grad on Tensor that has requires_grad=False")
    if t._node is None:
        return
    edge = t._edge()
    node, index = edge if type(edge) is tuple else (edge, 0)
    if node.hooks is not None and any(
        getattr(h, "of", None) is not None and h.of() is t for h in node.hooks.get(("retain", index), {}).values()
    ):
        return
    node.add_hook(("retain", index), _Retain(t))


class _Retain:
    """Stores a gradient in a tensor that is alive."""

    def __init__(self, t: Variable) -> None:
        self.of = weakref.ref(t)

    def __call__(self, g: Any) -> None:
        t = self.of()
        if t is not None:
            t._grad = g if t._grad is None else t._grad + g


# the public functions ------------------------------------------------------------------------------------------------
def _sequence(x: Any) -> tuple[Any, ...]:
    return (x,) if isinstance(x, Variable) or x is None else tuple(x)


def _seeds(outputs: Sequence[Any], given: Any, create_graph: bool) -> list[Any]:
    """The gradients to start with: those given, ones for scalars."""
    seeds = _sequence(given) if given is not None else (None,) * len(outputs)
    if len(seeds) != len(outputs):
        raise ShapeError(f"got {len(outputs)} tensors and {len(seeds)} gradients")
    found = []
    for o, g in zip(outputs, seeds, strict=True):
        dtype = o._device.backend.dtype_of(o._data)
        if g is None:
            if _size(o) != 1 and o._edge() is not None:
                raise AutogradError(
                    f"grad can be implicitly created only for scalar outputs, this one has shape {tuple(o._data.shape)}"
                )
            if dtype.category < 2:
                raise AutogradError(f"grad can be implicitly created only for real scalar outputs but got {dtype}")
            if dtype.category == 3:
                raise AutogradError(f"grad can be implicitly created only for real scalar outputs but got {dtype}")
            g = make(namespace_of(o._device).full(tuple(o._data.shape), 1.0, dtype=o._data.dtype), o._device)
        elif not isinstance(g, Variable):
            raise ArgumentError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
        elif tuple(g._data.shape) != tuple(o._data.shape):
            raise ShapeError(
                f"Mismatch in shape: grad_output[0] has a shape of {tuple(g._data.shape)} and output[0] has a shape of "
                f"{tuple(o._data.shape)}."
            )
        elif g._device is not o._device and g._data.ndim:
            raise DeviceError(
                f"invalid gradient at index 0: expected device {o._device}, that of output[0], but got {g._device}. "
                "Expected all tensors to be on the same device."
            )
        elif g._data.dtype != o._data.dtype and not create_graph:
            g = make(namespace_of(o._device).cast(g._data, dtype=o._data.dtype), o._device)
        found.append(g)
    return found


def _size(t: Any) -> int:
    n = 1
    for d in t._data.shape:
        n *= d
    return n


def backward(
    tensors: Any,  # a Tensor or a sequence of them
    grad_tensors: Any = None,  # likewise, or None
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,  # likewise, or None
) -> None:
    """Add the gradient of the sum of `tensors` to the `.grad` of the leaves that they were computed from.

    Args:
        tensors: Tensor or sequence of tensors to differentiate.
        grad_tensors: The gradients of some outer function with respect to each; None for scalars means 1.
        retain_graph: Keep the graph for another pass. Default: the value of `create_graph`.
        create_graph: Record the pass, so that it can be differentiated. Default: False.
        inputs: Accumulate into these tensors only. Default: all leaves.

    Raises:
        AutogradError: No graph, a graph that was freed, saved tensors that were overwritten, or a tensor of several
            elements without its `grad_tensors`.
        ShapeError: `grad_tensors` differ in shape from their tensors.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([1.0, 2.0], requires_grad=True)
        >>> fnnet.autograd.backward((x * x).sum())
        >>> x.grad
        tensor([2., 4.])
    """
    if not isinstance(tensors, Variable) and not tensors:
        raise AutogradError("`tensors` argument to `backward()` cannot be empty.")
    roots = _sequence(tensors)
    wanted = None if inputs is None else _sequence(inputs)
    if wanted is not None and not wanted:
        raise AutogradError("`inputs` argument to `backward()` cannot be empty.")
    run(
        roots, _seeds(roots, grad_tensors, create_graph),
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph, wanted=wanted, accumulate=True,
    )  # fmt: skip


def grad(
    outputs: Any,  # a Tensor or a sequence of them
    inputs: Any,  # likewise
    grad_outputs: Any = None,  # likewise, or None
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of the sum of `outputs` with respect to `inputs`.

    Args:
        outputs: Tensor or sequence of tensors to differentiate.
        inputs: Tensor or sequence of tensors to differentiate by.
        grad_outputs: The vectors of the vector-Jacobian product; None for scalars means 1.
        retain_graph: Keep the graph for another pass. Default: the value of `create_graph`.
        create_graph: Record the pass, so that the result can be differentiated. Default: False.
        only_inputs: Always True, as in PyTorch.
        allow_unused: Answer None for inputs that the outputs do not depend on, instead of raising. Default: the value
            of `materialize_grads`.
        is_grads_batched: The first dim of `grad_outputs` is a batch of vectors. Default: False.
        materialize_grads: Zeros in place of None. Default: False.

    Returns:
        A tuple of one Tensor per input, of its shape and dtype.

    Raises:
        AutogradError: As for `backward`, or an input that the outputs do not depend on.
        ShapeError: `grad_outputs` differ in shape from the outputs.

    Differentiable: With `create_graph`, any order.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor(3.0, requires_grad=True)
        >>> (dx,) = fnnet.autograd.grad(x**3, x, create_graph=True)
        >>> fnnet.autograd.grad(dx, x)
        (tensor(18.),)
    """
    if allow_unused is None:
        allow_unused = materialize_grads
    elif materialize_grads and not allow_unused:
        raise AutogradError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: False."
        )
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True)", FutureWarning, stacklevel=2
        )
    outs, ins = _sequence(outputs), _sequence(inputs)
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        batches = _sequence(grad_outputs)
        n = len(batches[0])
        rows = [
            run(
                outs,
                [b[i] for b in batches],
                retain_graph=keep or i < n - 1,
                create_graph=create_graph,
                wanted=ins,
                accumulate=False,
            )
            for i in range(n)
        ]
        k = tensors(ins[0]._device)
        found: list[Any] = [
            None if col[0] is None else k.cat(*[k.reshape(g, shape=(1, *g.shape)) for g in col], dim=0)
            for col in zip(*rows, strict=True)
        ]
    else:
        seeds = _seeds(outs, grad_outputs, create_graph)
        found = run(outs, seeds, retain_graph=keep, create_graph=create_graph, wanted=ins, accumulate=False)
    for i, (t, g) in enumerate(zip(ins, found, strict=True)):
        if g is None:
            if not allow_unused:
                raise AutogradError(
                    "One of the differentiated Tensors appears to not have been used in the graph. Set "
                    f"allow_unused=True if this is the desired behavior. (input {i}, shape {tuple(t._data.shape)})"
                )
            if materialize_grads:
                found[i] = make(namespace_of(t._device).full(tuple(t._data.shape), 0, dtype=t._data.dtype), t._device)
    return tuple(found)
