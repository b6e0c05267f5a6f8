"""Averaged stochastic gradient descent.

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
from fnnet.optim.rules import advance, check, decayed, new_number, number, run_rule, scalar

K = Namespace


def asgd(
    k: K[A], p: A, grad: A, average: A, eta: float, shrink: float, mu: float, *, averaging: bool, weight_decay: float,
    maximize: bool,
) -> tuple[A, A]:  # fmt: skip
    """p <- p * shrink - eta * grad;  average <- average + mu * (p - average), which is p until averaging begins."""
    grad = decayed(grad, p, weight_decay, maximize)
    p = p * shrink - grad * eta
    return p, average + (p - average) * mu if averaging else p


def _samples(make: Make) -> Iterator[Sample]:
    cases = (((3, 4), 0.0, False, True), ((5,), 0.3, True, True), ((), 0.0, True, False))
    for shape, weight_decay, maximize, averaging in cases:
        yield Sample(
            make(*shape), make(*shape), make(*shape), 0.1, 0.9, 0.25, averaging=averaging, weight_decay=weight_decay,
            maximize=maximize,
        )  # fmt: skip


ASGD_STEP = Op("asgd_step", forward=asgd, n_out=2, kind=Kind.SAME, samples=_samples)


class ASGD(Optimizer):
    """Averaged stochastic gradient descent: keeps the mean of the parameters of all steps after the first t0.

    `p <- p (1 - lambd eta) - eta g`, `ax <- ax + mu (p - ax)`; then `eta <- lr / (1 + lambd lr t)**alpha` and
    `mu <- 1 / max(1, t - t0)`. State per parameter: step, eta and mu (0-d float32), and ax, of its shape: the mean,
    which the caller takes for the parameter at the end.

    Args:
        params: Parameters or groups.
        lr: Learning rate, >= 0. Default: 1e-2.
        lambd: Decay, of the parameters and of eta. Default: 1e-4.
        alpha: Power by which eta falls. Default: 0.75.
        t0: Number of the step after which the mean begins. Default: 1e6.
        weight_decay: L2 penalty, >= 0. Default: 0.
        foreach: Accepted; how the update is executed is the device's matter.
        maximize: Ascend. Default: False.
        differentiable: Record the update, so that it can be differentiated. Default: False.
        capturable: As `foreach`.

    Raises:
        OptionError: An option out of its range.

    Source: Polyak, Juditsky 1992, Acceleration of Stochastic Approximation by Averaging.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.ASGD([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.8000])
    """

    counters = ("step", "eta", "mu")

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Invalid learning rate: {lr}")
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        super().__init__(params, {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step, with the eta and mu that the step before left."""
        lr, lambd = number(group["lr"]), group["lambd"]
        if not state:
            state["step"], state["eta"], state["mu"] = new_number(), new_number(lr), new_number(1.0)
            state["ax"] = zeros_like(p)
        t, eta, mu = advance(state), number(state["eta"]), number(state["mu"])
        run_rule(
            ASGD_STEP, (p, state["ax"]), p, grad, state["ax"], eta, 1 - lambd * eta, mu, averaging=mu != 1,
            weight_decay=group["weight_decay"], maximize=group["maximize"], differentiable=group["differentiable"],
        )  # fmt: skip
        with no_grad():
            state["eta"].fill_(lr / (1 + lambd * lr * t) ** group["alpha"])
            state["mu"].fill_(1 / max(1.0, t - group["t0"]))


__all__ = ["ASGD"]
