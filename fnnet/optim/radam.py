"""RAdam.

As in the base class, states and groups hold `Any`.
"""

from __future__ import annotations

import math
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
    shrunk,
)

K = Namespace
TRACTABLE = 5.0
"""Length of the averaged past above which the variance of the adaptive rate is finite enough to be rectified.

The paper's bound is 4; PyTorch and the authors' own code take 5.
"""


def radam(
    k: K[A], p: A, grad: A, m: A, v: A, step_size: float, shrink: float, *, rectified: bool, beta1: float,
    beta2: float, eps: float, weight_decay: float, maximize: bool,
) -> tuple[A, A, A]:  # fmt: skip
    """m, v <- running means;  p <- p * shrink - step_size * m / (sqrt(v) + eps), or without the denominator."""
    grad = decayed(grad, p, weight_decay, maximize)
    m = m + (grad - m) * (1 - beta1)
    v = v * beta2 + grad * grad * (1 - beta2)
    direction = m / (k.sqrt(v) + eps) if rectified else m
    return shrunk(p, shrink) - direction * step_size, m, v


def _samples(make: Make) -> Iterator[Sample]:
    cases = (((3, 4), 1.0, 0.0, False, True), ((5,), 0.99, 0.3, True, True), ((), 1.0, 0.0, True, False))
    for shape, shrink, weight_decay, maximize, rectified in cases:
        yield Sample(
            make(*shape), make(*shape), make(*shape), make(*shape, low=0.5, high=2), 0.1, shrink, rectified=rectified,
            beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=weight_decay, maximize=maximize,
        )  # fmt: skip


RADAM_STEP = Op("radam_step", forward=radam, n_out=3, kind=Kind.SAME, samples=_samples)


def rectification(t: float, beta2: float) -> float | None:
    """The factor r_t that steadies the adaptive rate at step t; None while too little past is averaged for one."""
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2**t / (1 - beta2**t)
    if length <= TRACTABLE:
        return None
    return math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))


class RAdam(Optimizer):
    """RAdam: Adam whose adaptive rate is rectified in the first steps, when few squares have been averaged.

    `m <- beta1 m + (1 - beta1) g`, `v <- beta2 v + (1 - beta2) g**2`; with `rho = 2 / (1 - beta2) - 1` and
    `rho_t = rho - 2 t beta2**t / (1 - beta2**t)`: where `rho_t > 5`,
    `p <- p - lr r_t m / (1 - beta1**t) sqrt(1 - beta2**t) / (sqrt(v) + eps)`,
    `r_t = sqrt((rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t))`, else `p <- p - lr m / (1 - beta1**t)`.
    State per parameter: step (0-d float32), exp_avg (m) and exp_avg_sq (v), of its shape.

    Args:
        params: Parameters or groups.
        lr: Learning rate, >= 0. Default: 1e-3.
        betas: Decay of the running means of gradient and squared gradient, each in [0, 1). Default: (0.9, 0.999).
        eps: Added to the root in the denominator, >= 0. Default: 1e-8.
        weight_decay: L2 penalty (or decoupled decay), >= 0. Default: 0.
        decoupled_weight_decay: Decay as in AdamW. Default: False.
        foreach: Accepted; how the update is executed is the device's matter.
        maximize: Ascend. Default: False.
        capturable: As `foreach`.
        differentiable: Record the update, so that it can be differentiated. Default: False.

    Raises:
        OptionError: An option out of its range.

    Source: Liu et al. 2020, On the Variance of the Adaptive Learning Rate and Beyond.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.RAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.8000])
    """

    counters = ("step",)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
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
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        })  # fmt: skip

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step."""
        if not state:
            begin(p, state, "exp_avg", "exp_avg_sq")
        check_dtypes(self, p, state, "exp_avg", "exp_avg_sq")
        t, (beta1, beta2) = advance(state), group["betas"]
        lr, decay = recorded_number(group["lr"], group["differentiable"]), group["weight_decay"]
        decoupled, factor = group["decoupled_weight_decay"], rectification(t, beta2)
        adaptive = 1.0 if factor is None else factor * (1 - beta2**t) ** 0.5
        means = (state["exp_avg"], state["exp_avg_sq"])
        run_rule(
            RADAM_STEP, (p, *means), p, grad, *means, lr / (1 - beta1**t) * adaptive,
            1 - lr * decay if decoupled else 1.0, rectified=factor is not None, beta1=beta1, beta2=beta2,
            eps=group["eps"], weight_decay=0 if decoupled else decay, maximize=group["maximize"],
            differentiable=group["differentiable"],
        )  # fmt: skip


__all__ = ["RAdam"]
