"""`Variable`: the state of a tensor. `Tensor` adds operators and methods and nothing else.

Memory has a version: a list that a tensor shares with its views and with what `detach()` made of it. It counts writes,
then remembers in-place changes of shape (None: there were none), which views taken before have to undo.

Raw arrays are `Any`, as their class is the backend's own; so is what `make` makes: floors above register Tensor.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from fnnet._core.errors import AutogradError
from fnnet._core.namespace import View, ViewStep
from fnnet._core.op import OPS, Op
from fnnet.autograd.modes import MODE, set_grad

if TYPE_CHECKING:
    from fnnet.autograd.node import Node
    from fnnet.backends.devices import Device

_new = object.__new__


class InferenceVersion(list[Any]):
    """The version of an inference tensor: there is none to read."""

    def __getitem__(self, at: Any) -> Any:
        raise AutogradError(
            "Inference tensors do not track version counter: they can't be saved for backward or modified in place "
            "outside of inference_mode; clone() the tensor outside of it first"
        )


INFERENCE = InferenceVersion()


class ViewOf:
    """What makes a tensor a view: its base, the chain of view ops, and the version at which it was last derived.

    `frozen` says why its history can't follow a write, through it or any other tensor of its memory; or is None.
    """

    __slots__ = ("base", "frozen", "reshapes", "steps", "writes")

    def __init__(self, base: Variable, steps: View, version: list[Any], frozen: str | None) -> None:
        self.base, self.steps, self.frozen = base, steps, frozen
        self.writes = self.reshapes = 0
        if version is not INFERENCE:
            self.writes = version[0]
            if version[1] is not None:
                self.reshapes = len(version[1])

    def path(self, version: list[Any]) -> View:
        """The view ops from the base as it is now to the view: its changes of shape since are undone first."""
        changes = version[1]
        if changes is None or len(changes) == self.reshapes:
            return self.steps
        undone = [step for owner, step in changes[self.reshapes :] if owner() is self.base]
        return (*reversed(undone), *self.steps)

    def refusal(self, name: str, direct: bool) -> str:
        """Why a write (`direct`: through the view itself) is refused, in PyTorch's words."""
        assert self.frozen is not None
        enabled = " with grad mode enabled" if self.frozen == "no_grad" else ""
        what = "is being modified" if direct else "its base or another view of its base has been modified"
        return f"{name}: " + _FROZEN[self.frozen].format(what=f"{what} inplace{enabled}")


_FROZEN = {
    "no_grad": (
        "A view was created in no_grad mode and {what}. Given that this use case is ambiguous and error-prone, it is "
        "forbidden. You can clarify your code by moving both the view and the inplace either both inside the no_grad "
        "block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
    ),
    "multi": (
        "Output of unbind, split or chunk is a view and {what}. This view is the output of a function that returns "
        "multiple views. Such functions do not allow the output views to be modified inplace. You should replace the "
        "inplace operation by an out-of-place one."
    ),
    "custom": (
        "Output of a custom Function or of a module with backward hooks is a view and {what}. This view was created "
        "inside a custom Function (or because an input was returned as-is) and the autograd logic to handle "
        "view+inplace would override the custom backward associated with the custom Function, leading to incorrect "
        "gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function."
    ),
}


class Variable:
    """State of a tensor: raw array, device, place in the graph, gradient, version, hooks.

    Attributes:
        _data: The raw array, or a transform's proxy of one.
        _device: The Device.
        _node: The node that made it, or None for a leaf.
        _index: Which output of that node it is.
        _leaf_grad: `requires_grad` of a leaf.
        _grad: The accumulated gradient.
        _counter: [writes, changes of shape], shared by all tensors of one memory.
        _view: ViewOf, or None.
        _hooks: Of a leaf: `kind -> {key: hook}`, or None.

    Example:
        >>> import fnnet
        >>> isinstance(fnnet.ones(2), fnnet.autograd.Variable)
        True
    """

    __slots__ = (
        "__weakref__",
        "_counter",
        "_data",
        "_device",
        "_grad",
        "_hooks",
        "_index",
        "_leaf_grad",
        "_node",
        "_view",
    )

    _derive: ClassVar[Callable[[Op, Variable, dict[str, Any]], Variable]]
    """Applies one view op, recorded: set by the tape, which stands above this room."""

    _data: Any  # the backend's array type
    _device: Device
    _node: Node | None
    _index: int
    _leaf_grad: bool
    _grad: Any
    _counter: list[Any]  # a count, then None or (weak reference to the tensor, view op that undoes the change) each
    _view: ViewOf | None
    _hooks: dict[str, dict[int, Callable[[Any], Any]]] | None

    def _as_view_of(self, source: Variable, step: ViewStep, frozen: str | None = None) -> None:
        """Make this tensor a view of `source` by one more view op."""
        of = source._view
        version = self._counter = source._counter
        if not MODE.state.grad:
            frozen = "no_grad"
        if of is None:
            self._view = ViewOf(source, (step,), version, frozen)
        else:
            self._view = ViewOf(of.base, (*of.steps, step), version, frozen or of.frozen)

    def _sync(self) -> None:
        """After a write into its memory, a view's history is derived anew from its base's."""
        of = self._view
        if of is None or self._counter is INFERENCE:
            return
        writes = self._counter[0]
        if writes != of.writes and (self._node is not None or of.base._requires_grad()):
            if of.frozen is not None:
                raise AutogradError(of.refusal("view", direct=False))
            t = self._derived()
            move_retained(self, t._node, t._index)
            self._node, self._index, of.writes = t._node, t._index, writes

    def _derived(self) -> Variable:
        """This view made once more from its base: its history without hooks."""
        of = self._view
        assert of is not None
        t = of.base
        with set_grad(True):
            for name, static in of.path(self._counter):
                t = Variable._derive(OPS[name], t, static)
        if t._node is not None and t is not of.base:
            t._node.title = "AsStridedBackward0"  # as PyTorch derives it
        return t

    def _become(self, seen: Variable) -> None:
        """Take the place of `seen`, a view of this tensor by one op: an in-place change of shape, which is a write."""
        shape, of = tuple(self._data.shape), seen._view
        if self._node is not None and seen._node is None and of is not None:
            # Under no_grad, too: a history must end in gradients of the tensor's shape.
            name, static = of.steps[-1]
            with set_grad(True):
                seen = Variable._derive(OPS[name], self, static)
        self._data = seen._data
        if seen._node is not None:
            self._node, self._index = seen._node, seen._index
        version = self._counter
        if version is INFERENCE:
            return
        version[0] += 1
        own = self._view
        if own is not None and of is not None:
            of.frozen, of.writes = own.frozen, version[0]  # its history is as new as this write
            self._view = of
        elif of is not None:
            name, static = of.steps[-1]
            if name == "permute":
                undo: ViewStep = "permute", {"dims": tuple(sorted(range(len(shape)), key=static["dims"].__getitem__))}
            else:
                undo = "reshape", {"shape": shape}
            if version[1] is None:
                version[1] = []
            version[1].append((weakref.ref(self), undo))

    def _edge(self) -> Any:
        """Where a gradient for this tensor goes: its node, (node, output index), the leaf itself, or None.

        A view made under no_grad of a tensor that requires grad requires grad, as in PyTorch, but its gradient goes
        nowhere: to a leaf that nobody holds.
        """
        of = self._view
        if of is not None:
            self._sync()
        node = self._node
        if node is not None:
            return (node, self._index) if self._index else node
        if self._leaf_grad:
            return self
        if of is None or not of.base._requires_grad():
            return None
        nowhere = make(self._data, self._device)
        nowhere._counter, nowhere._leaf_grad = self._counter, True
        return nowhere

    def _requires_grad(self) -> bool:
        """Whether a gradient is computed for this tensor; never raises."""
        of = self._view
        return self._node is not None or self._leaf_grad or (of is not None and of.base._requires_grad())


def move_retained(t: Variable, node: Any, index: int) -> None:
    """`retain_grad` follows a tensor to its newest history; other hooks stay with the value they were put on."""
    old = t._node
    if old is None or node is None or old is node or old.hooks is None:
        return
    kept = old.hooks.get(("retain", t._index), {})
    for key, hook in list(kept.items()):
        of = getattr(hook, "of", None)  # the tensor that it is for, weakly
        if of is not None and of() is t:
            if node.hooks is None:
                node.hooks = {}
            node.hooks.setdefault(("retain", index), {})[key] = kept.pop(key)


def make(raw: Any, device: Device) -> Any:
    """A Tensor without history over a raw array."""
    t = _new(_class)
    t._data = raw
    t._device = device
    t._node = None
    t._index = 0
    t._leaf_grad = False
    t._grad = None
    t._counter = [0, None]
    t._view = None
    t._hooks = None
    return t


_class: type[Variable] = Variable


def bind_tensor(cls: type[Variable]) -> None:
    """Let `make` make tensors of this class."""
    global _class
    _class = cls
