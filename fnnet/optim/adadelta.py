"""Adadelta.

As in the base class, states and groups hold `Any`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fnnet._core.namespace import A, Namespace
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet._tensor import Tensor
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.rules import advance, begin, check, decayed, recorded_number, run_rule, scalar

K = Namespace


def adadelta(
    k: K[A], p: A, grad: A, v: A, u: A, lr: float, *, rho: float, eps: float, weight_decay: float, maximize: bool
) -> tuple[A, A, A]:
    """v, u <- running means of grad^2, delta^2;  p <- p - lr * delta, delta = sqrt(u + eps) / sqrt(v + eps) * grad."""
    grad = decayed(grad, p, weight_decay, maximize)
    v = v * rho + grad * grad * (1 - rho)
    delta = k.sqrt(u + eps) / k.sqrt(v + eps) * grad
    return p - delta * lr, v, u * rho + delta * delta * (1 - rho)


def _samples(make: Make) -> Iterator[Sample]:
    for shape, weight_decay, maximize in (((3, 4), 0.0, False), ((5,), 0.3, True), ((), 0.0, True)):
        yield Sample(
            make(*shape), make(*shape), make(*shape, low=0.5, high=2), make(*shape, low=0.5, high=2), 0.5, rho=0.9,
            eps=1e-6, weight_decay=weight_decay, maximize=maximize,
        )  # fmt: skip


ADADELTA_STEP = Op("adadelta_step", forward=adadelta, n_out=3, kind=Kind.SAME, samples=_samples)


class Adadelta(Optimizer):
    """Adadelta: the length of a step follows from those of the steps before it.

    `v <- rho v + (1 - rho) g**2`, `delta = sqrt(u + eps) / sqrt(v + eps) g`, `u <- rho u + (1 - rho) delta**2`,
    `p <- p - lr delta`. State per parameter: step (0-d float32), square_avg (v) and acc_delta (u), of its shape.

    Args:
        params: Parameters or groups.
        lr: Factor of the step, >= 0. Default: 1.0.
        rho: Decay of both running means, in [0, 1]. Default: 0.9.
        eps: Added under both roots, >= 0. Default: 1e-6.
        weight_decay: L2 penalty, >= 0. Default: 0.
        foreach: Accepted; how the update is executed is the device's matter.
        capturable: As `foreach`.
        maximize: Ascend. Default: False.
        differentiable: Record the update, so that it can be differentiated. Default: False.

    Raises:
        OptionError: An option out of its range.

    Source: Zeiler 2012, ADADELTA: An Adaptive Learning Rate Method.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.Adadelta([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.9968])
    """

    counters = ("step",)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Invalid learning rate: {lr}")
        check(0.0 <= rho <= 1.0, f"Invalid rho value: {rho}")
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        })  # fmt: skip

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step."""
        if not state:
            begin(p, state, "square_avg", "acc_delta")
        advance(state)
        means = (state["square_avg"], state["acc_delta"])
        run_rule(
            ADADELTA_STEP, (p, *means), p, grad, *means, recorded_number(group["lr"], group["differentiable"]),
            rho=group["rho"], eps=group["eps"], weight_decay=group["weight_decay"], maximize=group["maximize"],
            differentiable=group["differentiable"],
        )  # fmt: skip


__all__ = ["Adadelta"]
