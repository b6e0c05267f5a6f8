"""Adagrad.

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
from fnnet.optim.rules import (
    advance,
    check,
    check_execution,
    decayed,
    new_number,
    recorded_number,
    run_rule,
    scalar,
)

K = Namespace


def adagrad(
    k: K[A], p: A, grad: A, total: A, lr: float, *, eps: float, weight_decay: float, maximize: bool
) -> tuple[A, A]:
    """total <- total + grad^2;  p <- p - lr * grad / (sqrt(total) + eps)."""
    grad = decayed(grad, p, weight_decay, maximize)
    total = total + grad * grad
    return p - grad / (k.sqrt(total) + eps) * lr, total


def _samples(make: Make) -> Iterator[Sample]:
    for shape, weight_decay, maximize in (((3, 4), 0.0, False), ((5,), 0.3, True), ((), 0.0, True)):
        yield Sample(
            make(*shape), make(*shape), make(*shape, low=0.5, high=2), 0.1, eps=1e-10, weight_decay=weight_decay,
            maximize=maximize,
        )  # fmt: skip


ADAGRAD_STEP = Op("adagrad_step", forward=adagrad, n_out=2, kind=Kind.SAME, samples=_samples)


class Adagrad(Optimizer):
    """Adagrad: steps by the gradient over the root of the sum of all its squares so far.

    `s <- s + g**2`, `p <- p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps)`. State per parameter, from the
    beginning: step (0-d float32) and sum (s), of its shape.

    Args:
        params: Parameters or groups.
        lr: Learning rate, >= 0. Default: 1e-2.
        lr_decay: How fast lr falls with the number of steps t, >= 0. Default: 0.
        weight_decay: L2 penalty, >= 0. Default: 0.
        initial_accumulator_value: The first s, >= 0. Default: 0.
        eps: Added to the root in the denominator, >= 0. Default: 1e-10.
        foreach: Accepted; how the update is executed is the device's matter.
        maximize: Ascend. Default: False.
        differentiable: Record the update, so that it can be differentiated. Default: False.
        fused: As `foreach`.

    Raises:
        OptionError: An option out of its range.

    Source: Duchi, Hazan, Singer 2011, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.Adagrad([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.9000])
    """

    counters = ("step",)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Invalid learning rate: {lr}")
        check(lr_decay >= 0.0, f"Invalid lr_decay value: {lr_decay}")
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        check(
            initial_accumulator_value >= 0.0,
            f"Invalid initial_accumulator_value value: {initial_accumulator_value}",
        )
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_execution(foreach, fused, differentiable)
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        })  # fmt: skip
        for group in self.param_groups:
            for p in group["params"]:
                self._begin(p, self.state[p])

    def _begin(self, p: Any, state: dict[str, Any]) -> None:
        """The state before the first step. Of a complex parameter both parts begin alike."""
        first = self.defaults["initial_accumulator_value"]
        state["step"] = new_number()
        state["sum"] = full_like(p, complex(first, first) if dtype_of(p).category == 3 else first)

    def share_memory(self) -> None:
        """Move the sums of squares into memory that other processes see."""
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["sum"].share_memory_()

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step."""
        if not state:
            self._begin(p, state)
        lr = recorded_number(group["lr"], group["differentiable"]) / (1 + (advance(state) - 1) * group["lr_decay"])
        run_rule(
            ADAGRAD_STEP, (p, state["sum"]), p, grad, state["sum"], lr, eps=group["eps"],
            weight_decay=group["weight_decay"], maximize=group["maximize"], differentiable=group["differentiable"],
        )  # fmt: skip


__all__ = ["Adagrad"]
