"""RMSprop.

As in the base class, states and groups hold `Any`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fnnet._core.namespace import A, Namespace
from fnnet._core.op import Kind, Make, Op, Sample, Samples
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


def rmsprop(
    k: K[A], p: A, grad: A, v: A, lr: float, *, alpha: float, eps: float, weight_decay: float, maximize: bool
) -> tuple[A, A]:
    """v <- running mean of grad^2;  p <- p - lr * grad / (sqrt(v) + eps)."""
    grad = decayed(grad, p, weight_decay, maximize)
    v = v * alpha + grad * grad * (1 - alpha)
    return p - grad / (k.sqrt(v) + eps) * lr, v


def rmsprop_momentum(
    k: K[A], p: A, grad: A, v: A, buffer: A, lr: float, *, alpha: float, eps: float, weight_decay: float,
    momentum: float, maximize: bool,
) -> tuple[A, A, A]:  # fmt: skip
    """As `rmsprop`, through a buffer: buffer <- momentum * buffer + grad / (sqrt(v) + eps);  p <- p - lr * buffer."""
    grad = decayed(grad, p, weight_decay, maximize)
    v = v * alpha + grad * grad * (1 - alpha)
    buffer = buffer * momentum + grad / (k.sqrt(v) + eps)
    return p - buffer * lr, v, buffer


def rmsprop_centered(
    k: K[A], p: A, grad: A, v: A, m: A, lr: float, *, alpha: float, eps: float, weight_decay: float, maximize: bool
) -> tuple[A, A, A]:
    """As `rmsprop`, with the variance in place of v: m <- running mean of grad, v - m^2 under the root."""
    grad = decayed(grad, p, weight_decay, maximize)
    v = v * alpha + grad * grad * (1 - alpha)
    m = m + (grad - m) * (1 - alpha)
    return p - grad / (k.sqrt(v - m * m) + eps) * lr, v, m


def rmsprop_centered_momentum(
    k: K[A], p: A, grad: A, v: A, buffer: A, m: A, lr: float, *, alpha: float, eps: float, weight_decay: float,
    momentum: float, maximize: bool,
) -> tuple[A, A, A, A]:  # fmt: skip
    """As `rmsprop_centered`, through the buffer of `rmsprop_momentum`."""
    grad = decayed(grad, p, weight_decay, maximize)
    v = v * alpha + grad * grad * (1 - alpha)
    m = m + (grad - m) * (1 - alpha)
    buffer = buffer * momentum + grad / (k.sqrt(v - m * m) + eps)
    return p - buffer * lr, v, buffer, m


def _samples(states: int, **more: Any) -> Samples:
    """Samples of a rule with so many states, of which the first, v, exceeds the square of the last."""

    def samples(make: Make) -> Iterator[Sample]:
        for shape, weight_decay, maximize in (((3, 4), 0.0, False), ((5,), 0.3, True), ((), 0.0, True)):
            yield Sample(
                make(*shape), make(*shape), make(*shape, low=2, high=3), *[make(*shape) for _ in range(states - 1)],
                0.1, alpha=0.9, eps=1e-8, weight_decay=weight_decay, maximize=maximize, **more,
            )  # fmt: skip

    return samples


RMSPROP_STEP = Op("rmsprop_step", forward=rmsprop, n_out=2, kind=Kind.SAME, samples=_samples(1))
RMSPROP_MOMENTUM_STEP = Op(
    "rmsprop_momentum_step", forward=rmsprop_momentum, n_out=3, kind=Kind.SAME, samples=_samples(2, momentum=0.8)
)
RMSPROP_CENTERED_STEP = Op(
    "rmsprop_centered_step", forward=rmsprop_centered, n_out=3, kind=Kind.SAME, samples=_samples(2)
)
RMSPROP_CENTERED_MOMENTUM_STEP = Op(
    "rmsprop_centered_momentum_step", forward=rmsprop_centered_momentum, n_out=4, kind=Kind.SAME,
    samples=_samples(3, momentum=0.8),
)  # fmt: skip
RULES = {
    (False, False): RMSPROP_STEP,
    (False, True): RMSPROP_MOMENTUM_STEP,
    (True, False): RMSPROP_CENTERED_STEP,
    (True, True): RMSPROP_CENTERED_MOMENTUM_STEP,
}
"""By whether it is centered and whether it has momentum."""


class RMSprop(Optimizer):
    """RMSprop: steps by the gradient over the root of the running mean of its squares.

    `v <- alpha v + (1 - alpha) g**2`, `p <- p - lr g / (sqrt(v) + eps)`. With `centered`, `v - m**2` is under the
    root, `m <- alpha m + (1 - alpha) g`. With momentum `b <- momentum b + g / (sqrt(v) + eps)`, `p <- p - lr b`.
    State per parameter: step (0-d float32), square_avg (v) and, of its shape too, momentum_buffer (b) with momentum
    and grad_avg (m) with `centered`.

    Args:
        params: Parameters or groups.
        lr: Learning rate, >= 0. Default: 1e-2.
        alpha: Decay of the running means, >= 0. Default: 0.99.
        eps: Added to the root in the denominator, >= 0. Default: 1e-8.
        weight_decay: L2 penalty, >= 0. Default: 0.
        momentum: Factor of the running sum of steps, >= 0. Default: 0.
        centered: Divide by an estimate of the standard deviation. Default: False.
        capturable: Accepted; how the update is executed is the device's matter.
        foreach: As `capturable`.
        maximize: Ascend. Default: False.
        differentiable: Record the update, so that it can be differentiated. Default: False.

    Raises:
        OptionError: An option out of its range.

    Source: Tieleman, Hinton 2012, Neural Networks for Machine Learning, lecture 6.5; centered: Graves 2013, Generating
        Sequences With Recurrent Neural Networks.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.RMSprop([w], lr=0.01)
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
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Invalid learning rate: {lr}")
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check(momentum >= 0.0, f"Invalid momentum value: {momentum}")
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        check(alpha >= 0.0, f"Invalid alpha value: {alpha}")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        })  # fmt: skip

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step."""
        momentum, centered = group["momentum"], group["centered"]
        names = ["square_avg", *(["momentum_buffer"] if momentum > 0 else ()), *(["grad_avg"] if centered else ())]
        if not state:
            begin(p, state, *names)
        check_dtypes(self, p, state, "grad_avg")
        advance(state)
        states = [state[name] for name in names]
        run_rule(
            RULES[bool(centered), momentum > 0], (p, *states), p, grad, *states,
            recorded_number(group["lr"], group["differentiable"]), alpha=group["alpha"], eps=group["eps"],
            weight_decay=group["weight_decay"], maximize=group["maximize"], differentiable=group["differentiable"],
            **({"momentum": momentum} if momentum > 0 else {}),
        )  # fmt: skip


__all__ = ["RMSprop"]
