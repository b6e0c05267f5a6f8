"""Resilient backpropagation.

As in the base class, states and groups hold `Any`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fnnet._core.namespace import A, Namespace
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet._tensor import Tensor
from fnnet.functional._common import dtype_of
from fnnet.functional.creation import full_like
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.rules import advance, begin, check, number, run_rule, scalar

K = Namespace


def rprop(
    k: K[A], p: A, grad: A, before: A, size: A, *, shrinks: float, grows: float, smallest: float, largest: float,
    maximize: bool,
) -> tuple[A, A, A]:  # fmt: skip
    """size <- size times `grows` or `shrinks`, as grad kept its sign or changed it;  p <- p - size * sign(grad).

    Where the sign changed grad counts as 0, and so it will in the next step.
    """
    if maximize:
        grad = -grad
    agreement = grad * before
    turned = k.lt(agreement, 0)
    size = k.where(k.gt(agreement, 0), size * grows, k.where(turned, size * shrinks, size))
    size = k.minimum(k.maximum(size, smallest), largest)
    grad = k.where(turned, 0, grad)
    return p - k.sign(grad) * size, grad, size


def _samples(make: Make) -> Iterator[Sample]:
    for shape, maximize in (((3, 4), False), ((5,), True), ((), False)):
        yield Sample(
            make(*shape), make(*shape), make(*shape), make(*shape, low=0.1, high=1), shrinks=0.5, grows=1.2,
            smallest=1e-6, largest=50.0, maximize=maximize,
        )  # fmt: skip


RPROP_STEP = Op("rprop_step", forward=rprop, n_out=3, kind=Kind.SAME, samples=_samples)


class Rprop(Optimizer):
    """Resilient backpropagation: each number has a step size of its own; of the gradient only the sign counts.

    Where the gradient keeps its sign, the step size grows by etas[1]; where it changes, the step size shrinks by
    etas[0] and this step is left out. `p <- p - step_size sign(g)`. For whole batches. State per parameter: step (0-d
    float32), prev (the gradient before) and step_size, of its shape.

    Args:
        params: Parameters or groups.
        lr: The first step size, >= 0. Default: 1e-2.
        etas: Factors of the step size after a change of sign, in (0, 1), and without one, > 1. Default: (0.5, 1.2).
        step_sizes: The smallest and the largest. Default: (1e-6, 50).
        capturable: Accepted; how the update is executed is the device's matter.
        foreach: As `capturable`.
        maximize: Ascend. Default: False.
        differentiable: Record the update, so that it can be differentiated. Default: False.

    Raises:
        OptionError: An option out of its range.

    Source: Riedmiller, Braun 1993, A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.Rprop([w], lr=0.1)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> w.detach()
        tensor([0.7800])
    """

    counters = ("step",)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Invalid learning rate: {lr}")
        check(0.0 < etas[0] < 1.0 < etas[1], f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(params, {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step. Of a complex parameter both parts begin with the same step size."""
        if not state:
            lr = number(group["lr"])
            begin(p, state, "prev")
            state["step_size"] = full_like(grad, complex(lr, lr) if dtype_of(p).category == 3 else lr)
        advance(state)
        (shrinks, grows), (smallest, largest) = group["etas"], group["step_sizes"]
        states = (state["prev"], state["step_size"])
        run_rule(
            RPROP_STEP, (p, *states), p, grad, *states, shrinks=shrinks, grows=grows, smallest=smallest,
            largest=largest, maximize=group["maximize"], differentiable=group["differentiable"],
        )  # fmt: skip


__all__ = ["Rprop"]
