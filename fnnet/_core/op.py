"""`Op`: everything that fnnet knows about one operation, and the table of all of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from fnnet._core.namespace import Shape

OUT = -1
"""In `Op.uses`: the output."""


class Kind(Enum):
    """How the dtypes of an op's operands and result go together (PyTorch's TensorIterator configurations)."""

    SAME = "same"
    """Operands are promoted to a common dtype, the result has it."""
    FLOAT = "float"
    """As SAME, and whole numbers become the default float dtype."""
    BOOL = "bool"
    """Operands are promoted to a common dtype, the result is bool."""
    MOVE = "move"
    """Only moves or makes data: any dtype, no arithmetic, nothing to widen."""


class Sample:
    """Arguments on which an op is tested: inputs (arrays or numbers) and static arguments.

    `smooth` says that the op is differentiable at these inputs, so that gradients are checked numerically.
    """

    __slots__ = ("inputs", "smooth", "static")

    def __init__(self, *inputs: Any, smooth: bool = True, **static: Any) -> None:
        self.inputs, self.smooth, self.static = inputs, smooth, static


Make = Callable[..., Any]
"""`make(*shape, low=-1.0, high=1.0, dtype=None)`: a random array; the suite decides its dtype and device."""
Samples = Callable[[Make], Iterable[Sample]]
Title = str | Callable[[Any], str] | None
"""A node's name in PyTorch, a function from the node to it, or None."""


class Op:
    """One operation.

    Args:
        name: Unique in `OPS`; kernels are found by it.
        forward: `(k, *inputs, **static) -> output`, or a tuple of `n_out`. None: a primitive, which backends supply.
        backward: `(k, call, grad) -> one gradient per input`, None where `call.needs` is false; `grad` is a tuple
            where there are several outputs. None: through the definition (or, for a primitive, not differentiable).
        uses: Per input, what its gradient needs: indices of inputs, `OUT`. The last entry serves all further inputs.
            From it and from the gradients wanted, the tape decides what it keeps.
        n_out: Number of outputs.
        keeps: Where `uses` names OUT: which outputs are meant, in ascending order; the others are None in
            `call.out`. None: all.
        kind: How dtypes go together.
        is_view: The result may share the first input's memory.
        holomorphic: Complex-differentiable. The rule is then written as for real numbers, and of complex numbers the
            tape runs `conj(rule(conj(grad)))`, which is PyTorch's gradient; else the rule says what is meant.
        real: Defined for real numbers alone: the tape refuses complex ones.
        onnx: The ONNX operator that says the same, or None.
        title: What PyTorch calls its node (`SumBackward0`), or a function of the node that says so, asked only when
            somebody wants the name. None: the op's name in camel case.
        samples: Arguments to test it on.
    """

    __slots__ = (
        "_kept", "backward", "forward", "holomorphic", "is_view", "keeps", "kind", "n_out", "name", "onnx", "real",
        "samples", "title", "uses",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        forward: Callable[..., Any] | None = None,  # rules are generic in the namespace: no single signature
        backward: Callable[..., Any] | None = None,
        uses: tuple[tuple[int, ...], ...] = (),
        n_out: int = 1,
        keeps: tuple[int, ...] | None = None,
        kind: Kind = Kind.SAME,
        is_view: bool = False,
        holomorphic: bool = True,
        real: bool = False,
        onnx: str | None = None,
        title: Title = None,
        samples: Samples | None = None,
        register: bool = True,
    ) -> None:
        self.name, self.forward, self.backward, self.uses = name, forward, backward, uses
        self.keeps, self.holomorphic, self.real, self.title = keeps, holomorphic, real, title
        self.n_out, self.kind, self.is_view, self.onnx, self.samples = n_out, kind, is_view, onnx, samples
        self._kept: dict[tuple[bool, ...], tuple[tuple[int, ...], bool]] = {}
        if register:
            if name in OPS:
                raise ValueError(f"op {name!r} is already defined")
            OPS[name] = self

    def kept(self, needs: tuple[bool, ...]) -> tuple[tuple[int, ...], bool]:
        """Which inputs to keep, and whether to keep the output, when the gradients `needs` are wanted."""
        try:
            return self._kept[needs]
        except KeyError:
            used = {
                u for i, need in enumerate(needs) if need and self.uses for u in self.uses[min(i, len(self.uses) - 1)]
            }
            found = tuple(sorted(u for u in used if u != OUT)), OUT in used
            self._kept[needs] = found
            return found

    def titled(self, title: Title) -> Op:
        """The same op, for public functions whose node PyTorch calls otherwise. It is not in the table.

        Example:
            >>> from fnnet._core.op import Op
            >>> Op("permute", register=False).titled("TBackward0").name
            'permute'
        """
        other = copy.copy(self)
        other.title = title
        return other

    def __repr__(self) -> str:
        return f"<op {self.name}>"


OPS: dict[str, Op] = {}


def keep_dims(shape: Shape, dim: Shape) -> Shape:
    """`shape` after a reduction over `dim` with keepdim."""
    return tuple(1 if i in dim else n for i, n in enumerate(shape))
