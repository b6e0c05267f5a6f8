"""Stochastic gradient descent, with momentum.

As in the base class, states and groups hold `Any`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fnnet._core.namespace import A, Namespace
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet._tensor import Tensor
from fnnet.functional import creation
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.rules import check, check_execution, decayed, number, recorded_number, run_rule, scalar

K = Namespace


def sgd(k: K[A], p: A, grad: A, lr: float, *, weight_decay: float, maximize: bool) -> A:
    """p <- p - lr * grad."""
    return p - decayed(grad, p, weight_decay, maximize) * lr


def sgd_momentum(
    k: K[A], p: A, grad: A, buffer: A, lr: float, *, momentum: float, dampening: float, weight_decay: float,
    nesterov: bool, maximize: bool,
) -> tuple[A, A]:  # fmt: skip
    """buffer <- momentum * buffer + (1 - dampening) * grad;  p <- p - lr * buffer.

    Nesterov: p <- p - lr * (grad + momentum * buffer).
    """
    grad = decayed(grad, p, weight_decay, maximize)
    buffer = buffer * momentum + (grad if dampening == 0 else grad * (1 - dampening))
    return p - (grad + buffer * momentum if nesterov else buffer) * lr, buffer


def _sgd_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(3, 4), 0.1, weight_decay=0.0, maximize=False)
    yield Sample(make(5), make(5), 0.5, weight_decay=0.3, maximize=True)


def _momentum_samples(make: Make) -> Iterator[Sample]:
    common: dict[str, Any] = {"momentum": 0.9, "weight_decay": 0.0, "maximize": False}
    yield Sample(make(3, 4), make(3, 4), make(3, 4), 0.1, dampening=0.0, nesterov=False, **common)
    yield Sample(make(3, 4), make(3, 4), make(3, 4), 0.1, dampening=0.0, nesterov=True, **common)
    yield Sample(make(5), make(5), make(5), 0.1, dampening=0.2, nesterov=False, **{**common, "weight_decay": 0.3})


SGD_STEP = Op("sgd_step", forward=sgd, kind=Kind.SAME, samples=_sgd_samples)
SGD_MOMENTUM_STEP = Op(
    "sgd_momentum_step", forward=sgd_momentum, n_out=2, kind=Kind.SAME, samples=_momentum_samples
)  # fmt: skip


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum.

    `b <- momentum b + (1 - dampening) g`, `p <- p - lr b`; with `nesterov` `p <- p - lr (g + momentum b)`. The first b
    is the first g. State: momentum_buffer, of the parameter's shape, where there is momentum.

    Args:
        params: Parameters or groups.
        lr: Learning rate, >= 0. Default: 1e-3.
        momentum: Factor of the running mean of gradients, >= 0. Default: 0.
        dampening: 1 - dampening is the factor of a new gradient in that mean. Default: 0.
        weight_decay: L2 penalty, >= 0. Default: 0.
        nesterov: Look ahead by the momentum; needs momentum > 0 and dampening 0. Default: False.
        maximize: Ascend. Default: False.
        foreach: Accepted; how the update is executed is the device's matter.
        differentiable: Record the update, so that it can be differentiated. Default: False.
        fused: As `foreach`.

    Raises:
        OptionError: An option out of its range.

    Source: Sutskever et al. 2013, On the importance of initialization and momentum in deep learning; in PyTorch's form.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.SGD([w], lr=0.1, momentum=0.9)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.8000])
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Invalid learning rate: {lr}")
        check(momentum >= 0.0, f"Invalid momentum value: {momentum}")
        check(number(weight_decay) >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        check(
            not nesterov or (momentum > 0 and dampening == 0),
            "Nesterov momentum requires a momentum and zero dampening",
        )
        check_execution(foreach, fused, differentiable)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step; the buffer begins as the first gradient."""
        differentiable = group["differentiable"]
        lr, decay = recorded_number(group["lr"], differentiable), number(group["weight_decay"])
        common: dict[str, Any] = {"weight_decay": decay, "maximize": group["maximize"]}
        if group["momentum"] == 0:
            run_rule(SGD_STEP, (p,), p, grad, lr, differentiable=differentiable, **common)
            return
        buffer = state.get("momentum_buffer")
        first = buffer is None
        if first:
            buffer = state["momentum_buffer"] = creation.zeros_like(grad)
        run_rule(
            SGD_MOMENTUM_STEP, (p, buffer), p, grad, buffer, lr, momentum=group["momentum"],
            dampening=0 if first else group["dampening"], nesterov=group["nesterov"],
            differentiable=differentiable, **common,
        )  # fmt: skip


__all__ = ["SGD"]
