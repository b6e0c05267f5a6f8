"""What optimizers' rules share: running one over parameter and state, and options that are numbers or tensors.

What a rule runs on is `Any`: tensors or numbers, perhaps not yet checked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

from fnnet._core.errors import DTypeError, OptionError
from fnnet._core.namespace import A
from fnnet._core.op import Op
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.autograd.tape import tensors
from fnnet.autograd.variable import Variable
from fnnet.autograd.writes import apply_many_
from fnnet.backends.dtypes import DEFAULT, float32, float64
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


def new_number(value: float = 0.0) -> Tensor:
    """A number that is state, such as the count of steps: a 0-d tensor on the host, as PyTorch keeps it.

    Its dtype is float64 where that is the default, else float32.
    """
    return creation.full((), value, dtype=float64 if DEFAULT.float is float64 else float32)


def begin(p: Any, state: dict[str, Any], *names: str) -> None:
    """A parameter's state before its first step: the count, and zeros of its shape under `names`."""
    state["step"] = new_number()
    for name in names:
        state[name] = creation.zeros_like(p)


def advance(state: dict[str, Any]) -> float:
    """Count one step; its number, from 1."""
    with no_grad():
        state["step"] += 1
    return number(state["step"])


def check_dtypes(optimizer: object, p: Any, state: dict[str, Any], *names: str) -> None:
    """Refuse running means in another dtype than the parameter's.

    Raises:
        DTypeError: The parameter was converted after the first step.
    """
    for name in names:
        if name in state and dtype_of(state[name]) is not dtype_of(p):
            raise DTypeError(
                f"{type(optimizer).__name__}: expected dtype {dtype_of(state[name])} as in state[{name!r}] but got "
                f"dtype {dtype_of(p)}: the parameter's dtype was changed after the first step; make a new "
                "optimizer and load the old one's state_dict into it"
            )


def decayed(grad: A, p: A, weight_decay: float, maximize: bool) -> A:
    """The gradient to follow: negated to maximize, with L2 regularization."""
    if maximize:
        grad = -grad
    return grad + p * weight_decay if weight_decay else grad


def shrunk(p: A, shrink: float) -> A:
    """Decoupled weight decay."""
    return p if shrink == 1.0 else p * shrink


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
    "advance",
    "as_real",
    "begin",
    "check",
    "check_dtypes",
    "check_execution",
    "decayed",
    "new_number",
    "number",
    "recorded_number",
    "run_rule",
    "scalar",
    "shrunk",
]
