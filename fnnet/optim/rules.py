"""What optimizers' rules share: running one over parameter and state, and options that are numbers or tensors.

What a rule runs on is `Any`: tensors or numbers, perhaps not yet checked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

from fnnet._core.errors import OptionError
from fnnet._core.op import Op
from fnnet._tensor import Tensor
from fnnet.autograd.tape import apply_many_, tensors
from fnnet.autograd.variable import Variable
from fnnet.functional import creation
from fnnet.functional._common import dtype_of
from fnnet.functional.complex_numbers import view_as_real


def run_rule(op: Op, targets: Sequence[Any], *args: Any, differentiable: bool = False, **static: Any) -> None:
    """Let a rule's results overwrite `targets`, in order; recorded where the optimizer is differentiable.

    The rules are for real numbers: a complex tensor is two of them.
    """
    if dtype_of(targets[0]).category == 3:
        targets, args = [as_real(t) for t in targets], tuple(as_real(a) for a in args)
    if differentiable:
        assert op.forward is not None
        results = op.forward(tensors(targets[0]._device), *args, **static)
        for t, r in zip(targets, results if isinstance(results, tuple) else (results,), strict=True):
            t.copy_(r)
    else:
        apply_many_(op, targets, *args, **static)


def new_step() -> Tensor:
    """The step count: a 0-d float32 tensor on the host, as PyTorch keeps it."""
    return creation.zeros(())


def as_real(x: Any) -> Any:
    """A complex tensor as a view of real numbers; anything else as it is."""
    return view_as_real(cast("Tensor", x)) if isinstance(x, Variable) and dtype_of(x).category == 3 else x


def recorded_number(x: Any, differentiable: bool) -> Any:
    """An option as a float; a differentiable optimizer keeps a tensor that wants a gradient as it is."""
    return x if differentiable and isinstance(x, Variable) and x._edge() is not None else number(x)


def check_execution(foreach: bool | None, fused: bool | None, differentiable: bool) -> None:
    """Refuse the ways to execute that PyTorch does not combine."""
    check(not (fused and differentiable), "`fused` does not support `differentiable`")
    check(not (fused and foreach), "`fused` and `foreach` cannot be `True` together.")


def number(x: Any) -> float:
    """An option that may be a tensor (a learning rate) as a float."""
    return float(x.item()) if isinstance(x, Variable) else float(x)  # type: ignore[attr-defined]  # a Tensor's item


def scalar(name: str, x: Any, *, foreach: bool | None = None, capturable: bool = True) -> float:
    """An option that may be a tensor of one element, as a float.

    Raises:
        OptionError: The tensor has another number of elements, or PyTorch's `foreach` would not take a tensor.
    """
    if isinstance(x, Variable):
        check(capturable or not foreach, f"{name} as a Tensor is not supported for capturable=False and foreach=True")
        check(math.prod(x._data.shape) == 1, f"Tensor {name} must be 1-element")
    return number(x)


def check(condition: bool, message: str) -> None:
    """Raise an OptionError unless an option is in its range."""
    if not condition:
        raise OptionError(message)


__all__ = [
    "as_real",
    "check",
    "check_execution",
    "new_step",
    "number",
    "recorded_number",
    "run_rule",
    "scalar",
]
