"""NAdam.

As in the base class, states and groups hold `Any`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fnnet._core.namespace import A, Namespace
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.functional.creation import zeros_like
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.rules import (
    advance,
    check,
    check_dtypes,
    decayed,
    new_number,
    number,
    recorded_number,
    run_rule,
    scalar,
    shrunk,
)

K = Namespace
WARM_UP = 0.96
"""Base of the power by which the momentum rises to beta1 (Dozat 2016, section 3)."""


def nadam(
    k: K[A], p: A, grad: A, m: A, v: A, of_grad: float, of_mean: float, correction: float, shrink: float, *,
    beta1: float, beta2: float, eps: float, weight_decay: float, maximize: bool,
) -> tuple[A, A, A]:  # fmt: skip
    """m, v <- running means;  p <- p * shrink - (of_grad * grad + of_mean * m) / (sqrt(v / correction) + eps)."""
    grad = decayed(grad, p, weight_decay, maximize)
    m = m + (grad - m) * (1 - beta1)
    v = v * beta2 + grad * grad * (1 - beta2)
    return shrunk(p, shrink) - (grad * of_grad + m * of_mean) / (k.sqrt(v / correction) + eps), m, v


def _samples(make: Make) -> Iterator[Sample]:
    cases = (((3, 4), 1.0, 0.0, False), ((5,), 0.99, 0.3, True), ((), 1.0, 0.0, True))
    for shape, shrink, weight_decay, maximize in cases:
        yield Sample(
            make(*shape), make(*shape), make(*shape), make(*shape, low=0.5, high=2), 0.1, 0.3, 0.7, shrink, beta1=0.9,
            beta2=0.99, eps=1e-8, weight_decay=weight_decay, maximize=maximize,
        )  # fmt: skip


NADAM_STEP = Op("nadam_step", forward=nadam, n_out=3, kind=Kind.SAME, samples=_samples)


class NAdam(Optimizer):
    """NAdam: Adam with Nesterov's momentum, which rises with the number of steps.

    `mu_t = beta1 (1 - 0.96**(t momentum_decay) / 2)`, `m <- beta1 m + (1 - beta1) g`,
    `v <- beta2 v + (1 - beta2) g**2`, `m' = mu_{t+1} m / (1 - mu_1 ... mu_{t+1}) + (1 - mu_t) g / (1 - mu_1 ... mu_t)`,
    `p <- p - lr m' / (sqrt(v / (1 - beta2**t)) + eps)`. State per parameter: step and mu_product (`mu_1 ... mu_t`),
    0-d float32, exp_avg (m) and exp_avg_sq (v), of its shape.

    Args:
        params: Parameters or groups.
        lr: Learning rate, >= 0. Default: 2e-3.
        betas: Decay of the running means of gradient and squared gradient, each in [0, 1). Default: (0.9, 0.999).
        eps: Added to the root in the denominator, >= 0. Default: 1e-8.
        weight_decay: L2 penalty (or decoupled decay), >= 0. Default: 0.
        momentum_decay: How fast the momentum rises, >= 0. Default: 4e-3.
        decoupled_weight_decay: Decay as in AdamW. Default: False.
        foreach: Accepted; how the update is executed is the device's matter.
        maximize: Ascend. Default: False.
        capturable: As `foreach`.
        differentiable: Record the update, so that it can be differentiated. Default: False.

    Raises:
        OptionError: An option out of its range.

    Source: Dozat 2016, Incorporating Nesterov Momentum into Adam.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.NAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.8944])
    """

    counters = ("step", "mu_product")

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Invalid learning rate: {lr}")
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        for i, beta in enumerate(betas):
            check(0.0 <= beta < 1.0, f"Invalid beta parameter at index {i}: {beta}")
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        check(momentum_decay >= 0.0, f"Invalid momentum_decay value: {momentum_decay}")
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable,
        })  # fmt: skip

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step."""
        if not state:
            state["step"], state["mu_product"] = new_number(), new_number(1.0)
            state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
        check_dtypes(self, p, state, "exp_avg", "exp_avg_sq")
        t, (beta1, beta2) = advance(state), group["betas"]
        mu, following = (beta1 * (1 - 0.5 * WARM_UP ** (i * group["momentum_decay"])) for i in (t, t + 1))
        with no_grad():
            state["mu_product"] *= mu
        product = number(state["mu_product"])
        lr, decay = recorded_number(group["lr"], group["differentiable"]), group["weight_decay"]
        decoupled = group["decoupled_weight_decay"]
        means = (state["exp_avg"], state["exp_avg_sq"])
        run_rule(
            NADAM_STEP, (p, *means), p, grad, *means, lr * (1 - mu) / (1 - product),
            lr * following / (1 - product * following), 1 - beta2**t, 1 - lr * decay if decoupled else 1.0,
            beta1=beta1, beta2=beta2, eps=group["eps"], weight_decay=0 if decoupled else decay,
            maximize=group["maximize"], differentiable=group["differentiable"],
        )  # fmt: skip


__all__ = ["NAdam"]
