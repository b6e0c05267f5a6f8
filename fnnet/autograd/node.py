"""`Node`: one recorded application of an op. It is the `Call` that the op's backward sees.

Nodes save raw arrays, never tensors, so a graph has no cycles: it is freed when its last tensor is, with the garbage
collector off. `versions` remembers the version of what was saved; a write in between is found in backward.

A node's arrays are `Any`: raw ones of some backend, tensors, or what a hook packed them into.
"""

from __future__ import annotations

import itertools
import linecache
import os
import re
import sys
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from fnnet._core.errors import AutogradError
from fnnet._core.namespace import Call, Shape
from fnnet._core.op import Op
from fnnet.autograd.modes import MODE
from fnnet.autograd.variable import Variable, make

if TYPE_CHECKING:
    from fnnet.backends.devices import Device

SEQUENCE = itertools.count()
Made = TypeVar("Made")

FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed): what {name} saved is gone; specify retain_graph=True when calling backward() or grad() the first time"
)


class _Rare:
    """What few nodes have: found on the class until it is set."""

    hooks: dict[Any, dict[int, Callable[..., Any]]] | None = None
    """Output index -> hooks of that output's gradient; ("retain", index) -> after those; "pre", "post": of the node."""
    n_out: int = 1
    private: tuple[Any, ...] = ()
    owner: str | None = None
    """Whose kernel ran the forward: its backward alone sees `private`."""
    packed: list[tuple[Callable[[Any], Any], Any] | None] | None = None
    """With saved-tensor hooks in force: (unpack, what pack returned) per input, then per output."""
    conjugates: bool = False
    """Complex numbers under a rule for real ones: the gradients are `conj(rule(conj(grad)))`."""
    title: str | None = None
    """Its name where the op does not tell it: several ops stand for one of PyTorch's."""
    where: str | None = None
    """In anomaly mode: the line that recorded it, with the module's path."""


class Node(_Rare):
    """One recorded application of an op.

    Attributes:
        op: The op.
        k: The namespace that ran it.
        device: Of its outputs.
        edges: Per input, where its gradient goes.
        needs, shapes, static, inputs, out: The `Call`.
        versions: (version, its count when saved) per saved input in order, then for the output.
        sequence: Order of recording: backward goes from the newest to the oldest.

    Example:
        >>> import fnnet
        >>> y = fnnet.ones(2, requires_grad=True).exp()
        >>> y.grad_fn.name(), isinstance(y.grad_fn, fnnet.autograd.graph.Node)
        ('ExpBackward0', True)
    """

    __slots__ = (
        "device", "edges", "inputs", "k", "needs", "op", "out", "sequence", "shapes",
        "static", "versions",
    )  # fmt: skip

    inputs: Any  # a sequence of raw arrays, None when freed
    out: Any

    def __init__(
        self,
        op: Op,
        k: Any,
        device: Device,
        edges: Sequence[Any],
        needs: tuple[bool, ...],
        shapes: tuple[Shape, ...],
        static: dict[str, Any],
        inputs: list[Any],
        versions: list[tuple[list[int], int]],
        out: Any = None,
    ) -> None:
        self.op = op
        self.k = k
        self.device = device
        self.edges = edges
        self.needs = needs
        self.shapes = shapes
        self.static = static
        self.inputs = inputs
        self.versions = versions
        self.out = out
        self.sequence = next(SEQUENCE)

    # PyTorch's names -------------------------------------------------------------------------------------------
    def name(self) -> str:
        """PyTorch's name of it, such as `MulBackward0`: the number is that of the overload.

        Returns:
            The name.
        """
        title = self.title or self.op.title
        if title is None:
            return re.sub(r"(?:^|_|(?<=[0-9]))([a-z0-9])", lambda m: m[1].upper(), self.op.name) + "Backward0"
        return title if isinstance(title, str) else title(self)

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """(node, output index) per input; a leaf appears as `AccumulateGrad`."""
        return tuple(
            (None, 0)
            if e is None
            else (AccumulateGrad(e), 0)
            if isinstance(e, Variable)
            else e
            if type(e) is tuple
            else (e, 0)
            for e in self.edges
        )

    def register_hook(self, fn: Callable[..., Any]) -> Any:
        """Call a function after this node's backward.

        Args:
            fn: Takes (grad_inputs, grad_outputs); what it returns, if not None, replaces grad_inputs.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return self.add_hook("post", fn)

    def register_prehook(self, fn: Callable[..., Any]) -> Any:
        """Call a function before this node's backward.

        Args:
            fn: Takes grad_outputs; what it returns, if not None, replaces them.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return self.add_hook("pre", fn)

    def add_hook(self, place: Any, fn: Callable[..., Any]) -> Handle:
        """Register a hook at one of the places of `hooks`."""
        if self.hooks is None:
            self.hooks = {}
        return Handle(self.hooks.setdefault(place, {}), fn)

    def __repr__(self) -> str:
        return f"<{self.name().rpartition('::')[2]}>"

    # what was saved --------------------------------------------------------------------------------------------
    def check(self) -> None:
        """Raise if what was saved has been freed or overwritten."""
        if self.inputs is None:
            raise AutogradError(FREED.format(name=self.name()))
        for counter, then in self.versions:
            if counter[0] != then:
                raise AutogradError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"a tensor that {self.name()} saved is at version {counter[0]}; expected version {then} instead"
                    + (f"\n{self.where}" if self.where else "; autograd.set_detect_anomaly(True) names the line")
                )

    def _slots(self) -> list[Any]:
        return [*self.inputs, *(self.out if isinstance(self.out, tuple) else (self.out,))]

    def pack(self, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> None:
        """Hand everything saved to saved-tensor hooks; only what they return is kept.

        Called once more, after a write, it hands over the result. A kernel's `private` arrays stay: they are in
        whatever form the kernel likes, and none of the op's tensors.
        """
        slots = self._slots()
        if self.packed is None:
            self.packed = [None] * len(slots)
        for i, raw in enumerate(slots):
            if raw is not None and hasattr(raw, "shape"):
                self.packed[i] = unpack, pack(make(raw, self.device))
                slots[i] = None
        n = len(self.inputs)
        self.inputs, self.out = slots[:n], tuple(slots[n:]) if isinstance(self.out, tuple) else slots[n]

    def unpacked(self) -> Call[Any]:
        """The call with what saved-tensor hooks give back."""
        if self.packed is None:
            return self
        slots = self._slots()
        for i, kept in enumerate(self.packed):
            if kept is not None:
                unpack, handle = kept
                t = unpack(handle)
                if not isinstance(t, Variable):
                    raise AutogradError(
                        f"saved_tensors_hooks: unpack_hook must return a Tensor, got {type(t).__name__}"
                    )
                slots[i] = t._data
        n = len(self.inputs)
        return self.copy(tuple(slots[:n]), tuple(slots[n:]) if isinstance(self.out, tuple) else slots[n])

    def copy(self, inputs: tuple[Any, ...], out: Any) -> Call[Any]:
        """This call with other arrays in it."""
        call = SimpleNamespace(
            inputs=inputs, out=out, shapes=self.shapes, needs=self.needs, static=self.static, private=self.private
        )
        return cast("Call[Any]", call)

    def as_tensors(self) -> Call[Any]:
        """The call over Tensors that stand where its arrays stood in the graph: for derivatives of higher order."""
        call = self.unpacked()
        versions = iter(self.versions)

        def lift(raw: Any, edge: Any) -> Any:
            if raw is None:
                return None
            if not hasattr(raw, "shape"):
                return raw
            counted = next(versions, None)
            if isinstance(edge, Variable):
                if edge._data is raw:
                    return edge
                edge = identity(edge)
            t = make(raw, self.device)
            if counted is not None:
                t._counter = counted[0]
            if edge is not None:
                t._node, t._index = edge if type(edge) is tuple else (edge, 0)
            return t

        inputs = tuple(lift(raw, edge) for raw, edge in zip(call.inputs, self.edges, strict=True))
        if isinstance(call.out, tuple):
            out: Any = tuple(lift(o, (self, i) if i else self) for i, o in enumerate(call.out))
        else:
            out = lift(call.out, self)
        return self.copy(inputs, out)

    def release(self) -> None:
        """Free what was saved."""
        self.inputs = self.out = None
        self.versions = []
        if self.private:
            self.private = ()
        if self.packed is not None:
            self.packed = None


def entitle(made: Made, title: str) -> Made:
    """Name the node that has just made a tensor (or each of a tuple) as PyTorch names the one that stands for it."""
    if not MODE.state.grad:  # nothing has been recorded: a node that is there is of something before
        return made
    parts: tuple[Any, ...] = made if isinstance(made, tuple) else (made,)  # Variables
    for t in parts:
        node = t._node
        if node is not None:
            node.title = title
    return made


def name_of(t: Any) -> str:
    """The name of the node that made a tensor."""
    return "" if t._node is None else t._node.name()


class AccumulateGrad:
    """How a leaf appears in `next_functions`."""

    def __init__(self, variable: Variable) -> None:
        self.variable = variable

    next_functions: tuple[Any, ...] = ()

    def name(self) -> str:
        """PyTorch's name of it."""
        return "torch::autograd::AccumulateGrad"

    def __repr__(self) -> str:
        return "<AccumulateGrad>"


class Handle:
    """What registering a hook returns: `remove()` takes the hook out, also while hooks run; a context manager.

    Args:
        table: Where the hook stands.
        hook: The hook.
        extra: Further tables in which the hook's key is noted (`key -> True`).
        first: Put it before the hooks that are there.
    """

    __slots__ = ("__weakref__", "_extra", "_table", "id")

    def __init__(
        self,
        table: dict[int, Callable[..., Any]],
        hook: Callable[..., Any],
        extra: Sequence[dict[int, bool]] = (),
        first: bool = False,
    ) -> None:
        self._table, self._extra, self.id = table, extra, next(SEQUENCE)
        if first:
            later = list(table.items())
            table.clear()
            table[self.id] = hook
            table.update(later)
        else:
            table[self.id] = hook
        for e in extra:
            e[self.id] = True

    def remove(self) -> None:
        """Take the hook out; a second call does nothing."""
        self._table.pop(self.id, None)
        for e in self._extra:
            e.pop(self.id, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


_IDENTITY = Op("identity", backward=lambda k, call, grad: (grad,), uses=((),), register=False)


def identity(leaf: Variable) -> Node:
    """A node through which a gradient reaches `leaf`, for arrays that are no longer the leaf's own."""
    return Node(_IDENTITY, None, leaf._device, (leaf,), (True,), (), {}, [None], [])


def describe_here() -> str:
    """The user's line that is being recorded, with the path of the module whose forward it stands in."""
    frame: Any = sys._getframe(1)
    lines: list[str] = []
    modules: list[Any] = []
    while frame is not None:
        name = frame.f_code.co_filename
        owner = frame.f_locals.get("self")
        if frame.f_code.co_name == "__call__" and hasattr(owner, "_modules"):
            modules.append(owner)
        elif _PACKAGE not in name and len(lines) < 4:
            lines.append(f"  File {name!r}, line {frame.f_lineno}, in {frame.f_code.co_name}\n"
                         f"    {linecache.getline(name, frame.f_lineno).strip()}")  # fmt: skip
        frame = frame.f_back
    where = "\n".join(reversed(lines))
    path = module_path(list(reversed(modules)))
    return f"recorded in module {path} at:\n{where}" if path else f"recorded at:\n{where}"


_PACKAGE = os.sep + "fnnet" + os.sep


def module_path(modules: Sequence[Any]) -> str:
    """`Net.layer1.0.conv`: the class of the outermost of nested modules, then the names down to the innermost."""
    if not modules:
        return ""
    parts = [type(modules[0]).__name__]
    for outer, inner in itertools.pairwise(modules):
        if outer is not inner:
            named = getattr(outer, "named_modules", None)
            parts.append(
                next((n for n, m in named() if m is inner), type(inner).__name__) if named else type(inner).__name__
            )
    return ".".join(parts)
