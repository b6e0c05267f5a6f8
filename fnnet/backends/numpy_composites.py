"""Ops that the NumPy backend computes its own way where the definition, pass by pass over whole arrays, is slow.

Each function stands in for an op's definition or backward rule and takes what that takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from fnnet._core.op import OPS
from fnnet.backends import numpy_special
from fnnet.backends.numpy_blocks import BLOCK, Raw, blockwise


def _in_blocks(name: str) -> Callable[..., Any]:
    """The definition of an elementwise op of one input, block by block."""

    def forward(k: Any, x: Raw, **static: Any) -> Raw:
        definition: Any = OPS[name].forward
        if x.size <= BLOCK:
            whole: Raw = definition(k, x, **static)
            return whole
        return blockwise(lambda v, out: np.copyto(out, definition(k, v, **static)), x, spare=0)

    return forward


def _backward_in_blocks(name: str) -> Callable[..., Any]:
    """The backward rule of an elementwise op of one input, block by block."""

    def backward(k: Any, call: Any, grad: Raw) -> Sequence[Any]:
        rule: Any = OPS[name].backward
        x, out = call.inputs[0], call.out
        if grad.size <= BLOCK:
            grads: Sequence[Any] = rule(k, call, grad)
            return grads
        kept = [a for a in (x, out) if a is not None]

        def block(g: Raw, *vectors: Raw) -> None:
            v = iter(vectors)
            part = SimpleNamespace(
                inputs=(None if x is None else next(v),), out=None if out is None else next(v), shapes=(g.shape,),
                needs=call.needs, static=call.static,
            )  # fmt: skip
            np.copyto(next(v), rule(k, part, g)[0])

        return (blockwise(block, grad, *kept, spare=0),)

    return backward


STEPS = frozenset(
    ("sgd_step", "sgd_momentum_step", "adam_step", "adam_amsgrad_step", "adadelta_step", "adagrad_step", "adamax_step",
     "asgd_step", "nadam_step", "radam_step", "rmsprop_step", "rmsprop_momentum_step", "rmsprop_centered_step",
     "rmsprop_centered_momentum_step", "rprop_step")
)  # fmt: skip
"""Elementwise updates of optimizers: each block of the targets can be overwritten as soon as it is computed."""
OWN_BACKWARD: dict[str, Callable[..., Any]] = {}
OWN: dict[str, Callable[..., Any]] = {
    "erf": lambda k, x: numpy_special.erf(x),
    "erfc": lambda k, x: numpy_special.erfc(x),
    "erfinv": lambda k, x: numpy_special.erfinv(x),
    "pick": lambda k, x, index, *, dim: np.take(x, index, dim),  # no detour by the first dim
}
for _name in ("elu", "gelu", "logsigmoid", "mish", "silu", "softplus"):
    OWN[_name] = _in_blocks(_name)
    OWN_BACKWARD[_name] = _backward_in_blocks(_name)


def _recurrent(name: str) -> Callable[..., Any]:
    """A rule of recurrent layers, which few programs have."""

    def rule(*args: Any, **static: Any) -> Any:
        from fnnet.backends import numpy_recurrent

        return getattr(numpy_recurrent, name)(*args, **static)

    return rule


for _name in ("lstm_layer", "gru_layer"):
    OWN[_name] = _recurrent(_name)
    OWN_BACKWARD[_name] = _recurrent(_name + "_backward")
