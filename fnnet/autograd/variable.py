"""`Variable`: the state of a tensor. `Tensor` adds operators and methods and nothing else.

Memory has a version: a list of two counters that a tensor shares with its views and with what `detach()` made of it.
The first counts writes, the second how often the base's history was replaced by a recorded write.
"""

from __future__ import annotations

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


class InferenceVersion(list[int]):
    """The version of an inference tensor: there is none to read."""

    def __getitem__(self, at: Any) -> Any:
        raise AutogradError(
            "Inference tensors do not track version counter: they can't be saved for backward or modified in place "
            "outside of inference_mode; clone() the tensor outside of it first"
        )


INFERENCE = InferenceVersion()


class ViewOf:
    """What makes a tensor a view: its base, the chain of view ops, and the base's revision when it was last derived.

    `frozen` says why a recorded write through this view is refused, or is None.
    """

    __slots__ = ("base", "frozen", "revision", "steps")

    def __init__(self, base: Variable, steps: View, revision: int, frozen: str | None) -> None:
        self.base, self.steps, self.revision, self.frozen = base, steps, revision, frozen


class Variable:
    """State of a tensor: raw array, device, place in the graph, gradient, version, hooks.

    Attributes:
        _data: The raw array, or a transform's proxy of one.
        _device: The Device.
        _node: The node that made it, or None for a leaf.
        _index: Which output of that node it is.
        _leaf_grad: `requires_grad` of a leaf.
        _grad: The accumulated gradient.
        _version: [writes, revisions of the history], shared by all tensors of one memory.
        _view: ViewOf, or None.
        _hooks: Of a leaf: `kind -> {key: hook}`, or None.

    Example:
        >>> import fnnet
        >>> isinstance(fnnet.ones(2), fnnet.autograd.Variable)
        True
    """

    __slots__ = (
        "__weakref__",
        "_data",
        "_device",
        "_grad",
        "_hooks",
        "_index",
        "_leaf_grad",
        "_node",
        "_version",
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
    _version: list[int]
    _view: ViewOf | None
    _hooks: dict[str, dict[int, Callable[[Any], Any]]] | None

    def _as_view_of(self, source: Variable, step: ViewStep, frozen: str | None = None) -> None:
        """Make this tensor a view of `source` by one more view op."""
        of = source._view
        self._version = source._version
        if frozen is None and not MODE.state.grad:
            frozen = "no_grad"
        if of is None:
            self._view = ViewOf(source, (step,), _revision(source), frozen)
        else:
            self._view = ViewOf(of.base, (*of.steps, step), _revision(source), frozen or of.frozen)

    def _sync(self) -> None:
        """A recorded write through the base or another view replaced the base's history: derive this view's anew."""
        of = self._view
        if of is None or self._version is INFERENCE:
            return
        revision = self._version[1]
        if revision != of.revision:
            with set_grad(True):
                t = of.base
                for name, static in of.steps:
                    t = Variable._derive(OPS[name], t, static)
            self._node, self._index, of.revision = t._node, t._index, revision

    def _edge(self) -> Any:
        """Where a gradient for this tensor goes: its node, (node, output index), the leaf itself, or None."""
        if self._view is not None:
            self._sync()
        node = self._node
        if node is None:
            return self if self._leaf_grad else None
        return (node, self._index) if self._index else node


def _revision(t: Variable) -> int:
    return 0 if t._version is INFERENCE else t._version[1]


def make(raw: Any, device: Device) -> Any:
    """A Tensor without history over a raw array."""
    t = _new(_class)
    t._data = raw
    t._device = device
    t._node = None
    t._index = 0
    t._leaf_grad = False
    t._grad = None
    t._version = [0, 0]
    t._view = None
    t._hooks = None
    return t


_class: type[Variable] = Variable


def bind_tensor(cls: type[Variable]) -> None:
    """Let `make` make tensors of this class."""
    global _class
    _class = cls
