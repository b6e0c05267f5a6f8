"""Adamax.

As in the base class, states and groups hold `Any`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fnnet._core.namespace import A, Namespace
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet._tensor import Tensor
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.rules import (
    advance,
    begin,
    check,
    check_dtypes,
    decayed,
    recorded_number,
    run_rule,
    scalar,
)

K = Namespace


def adamax(
    k: K[A], p: A, grad: A, m: A, u: A, step_size: float, *, beta1: float, beta2: float, eps: float,
    weight_decay: float, maximize: bool,
) -> tuple[A, A, A]:  # fmt: skip
    """m <- running mean of grad, u <- max(beta2 * u, |grad| + eps);  p <- p - step_size * m / u."""
    grad = decayed(grad, p, weight_decay, maximize)
    m = m + (grad - m) * (1 - beta1)
    u = k.maximum(u * beta2, k.abs(grad) + eps)
    return p - m / u * step_size, m, u


def _samples(make: Make) -> Iterator[Sample]:
    for shape, weight_decay, maximize in (((3, 4), 0.0, False), ((5,), 0.3, True), ((), 0.0, True)):
        yield Sample(
            make(*shape), make(*shape), make(*shape), make(*shape, low=0.5, high=2), 0.1, beta1=0.9, beta2=0.7,
            eps=1e-8, weight_decay=weight_decay, maximize=maximize,
        )  # fmt: skip


ADAMAX_STEP = Op("adamax_step", forward=adamax, n_out=3, kind=Kind.SAME, samples=_samples)


class Adamax(Optimizer):
    """Adamax: Adam with the largest gradient, decaying, in the place of the root of the mean square.

    `m <- beta1 m + (1 - beta1) g`, `u <- max(beta2 u, |g| + eps)`, `p <- p - lr / (1 - beta1**t) m / u`. State per
    parameter: step (0-d float32), exp_avg (m) and exp_inf (u), of its shape.

    Args:
        params: Parameters or groups.
        lr: Learning rate, >= 0. Default: 2e-3.
        betas: Decay of the running mean of gradients and of the largest gradient, each in [0, 1).
            Default: (0.9, 0.999).
        eps: Added to the size of a gradient, >= 0. Default: 1e-8.
        weight_decay: L2 penalty, >= 0. Default: 0.
        foreach: Accepted; how the update is executed is the device's matter.
        maximize: Ascend. Default: False.
        differentiable: Record the update, so that it can be differentiated. Default: False.
        capturable: As `foreach`.

    Raises:
        OptionError: An option out of its range.

    Source: Kingma, Ba 2015, Adam: A Method for Stochastic Optimization, section 7.1.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.Adamax([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.9000])
    """

    counters = ("step",)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Invalid learning rate: {lr}")
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        for i, beta in enumerate(betas):
            check(0.0 <= beta < 1.0, f"Invalid beta parameter at index {i}: {beta}")
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step."""
        if not state:
            begin(p, state, "exp_avg", "exp_inf")
        check_dtypes(self, p, state, "exp_avg", "exp_inf")
        beta1, beta2 = group["betas"]
        lr = recorded_number(group["lr"], group["differentiable"]) / (1 - beta1 ** advance(state))
        means = (state["exp_avg"], state["exp_inf"])
        run_rule(
            ADAMAX_STEP, (p, *means), p, grad, *means, lr, beta1=beta1, beta2=beta2, eps=group["eps"],
            weight_decay=group["weight_decay"], maximize=group["maximize"], differentiable=group["differentiable"],
        )  # fmt: skip


__all__ = ["Adamax"]
