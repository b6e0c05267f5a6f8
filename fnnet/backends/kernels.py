"""The kernel contract: what a plugin implements to make an op faster on somebody's device.

A kernel is found by the op's name (`gelu`), its backward by `gelu.backward`; one provider's pair. It says beforehand
whether it serves a call: `accepts(meta)` is pure and answers a Plan or None. The plan says what it will write, and
`prepare(args, outs)` binds it to arrays; eager and compiled execution differ only in who keeps the closure.

Private outputs (pool indices, log-sum-exp, a workspace) stand behind the op's own in `Plan.outputs`. They are given
back to this provider's backward only: the generic backward and double backward never see them.

Arrays are `Any`: their class is the backend's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen

from fnnet._core.namespace import Number, Shape


@frozen
class ArrayMeta:
    """Shape, native dtype and strides (in bytes; None: C-contiguous) of an array."""

    shape: Shape
    dtype: Any  # the backend's own dtype
    strides: Shape | None = None

    @property
    def contiguous(self) -> bool:
        """Whether the array is dense in C order."""
        if self.strides is None:
            return True
        need = self.dtype.itemsize
        for n, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if n != 1 and stride != need:
                return False
            need *= n
        return True


Slot = ArrayMeta | Number | None


@frozen
class Meta:
    """One call, without its data.

    Attributes:
        inputs: Of the op, in order. In a backward, those that were not kept are None.
        static: The op's static arguments.
        needs: Which gradients are wanted (forward: which inputs will want one).
        out: In a backward: the outputs that were kept.
        private: In a backward: the private outputs of this provider's forward.
        grads: In a backward: the gradients of the outputs.
    """

    inputs: tuple[Slot, ...]
    static: Mapping[str, Any]  # each op has its own static arguments
    needs: tuple[bool, ...]
    out: tuple[Slot, ...] = ()
    private: tuple[Slot, ...] = ()
    grads: tuple[Slot, ...] = ()


class Plan(Protocol):
    """How a kernel will serve one kind of call."""

    @property
    def outputs(self) -> tuple[ArrayMeta | None, ...]:
        """What it writes: the op's outputs, then the provider's private arrays.

        A backward writes one gradient per input, None where none is wanted.
        """

    def prepare(self, args: Sequence[Any], outs: Sequence[Any]) -> Callable[[], None]:
        """Bind to arrays: `args` are the metas' slots in order (inputs, out, private, grads), `outs` are `outputs`."""


class Kernel(Protocol):
    """A provider's kernel for one op, or for its backward."""

    def accepts(self, meta: Meta) -> Plan | None:
        """A plan for this call, or None: the next provider is asked, the generic rule last. Pure."""


@frozen
class Provider:
    """A kernel with the distribution it comes from; a forward and a backward of equal `owner` are a pair."""

    owner: str
    kernel: Kernel


class Fused:
    """What a provider's forward gave: the op's result, its private arrays, and who may see them."""

    __slots__ = ("out", "owner", "private")

    def __init__(self, out: Any, owner: str, private: tuple[Any, ...]) -> None:
        self.out, self.owner, self.private = out, owner, private
