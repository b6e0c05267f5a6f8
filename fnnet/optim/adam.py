"""Adam and AdamW.

As in the base class, states and groups hold `Any`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fnnet._core.namespace import A, Namespace
from fnnet._core.op import Kind, Make, Op, Sample, Samples
from fnnet._tensor import Tensor
from fnnet.autograd.variable import Variable
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.rules import (
    advance,
    begin,
    check,
    check_dtypes,
    check_execution,
    decayed,
    number,
    recorded_number,
    run_rule,
    scalar,
    shrunk,
)  # fmt: skip

K = Namespace


def adam(
    k: K[A], p: A, grad: A, m: A, v: A, step_size: float, correction: float, shrink: float, *, beta1: float,
    beta2: float, eps: float, weight_decay: float, maximize: bool,
) -> tuple[A, A, A]:  # fmt: skip
    """m, v <- running means of grad and grad^2;  p <- p * shrink - step_size * m / (sqrt(v) / correction + eps)."""
    grad = decayed(grad, p, weight_decay, maximize)
    m = m + (grad - m) * (1 - beta1)
    v = v * beta2 + grad * grad * (1 - beta2)
    return shrunk(p, shrink) - m / (k.sqrt(v) / correction + eps) * step_size, m, v


def adam_amsgrad(
    k: K[A], p: A, grad: A, m: A, v: A, largest: A, step_size: float, correction: float, shrink: float, *, beta1: float,
    beta2: float, eps: float, weight_decay: float, maximize: bool,
) -> tuple[A, A, A, A]:  # fmt: skip
    """As `adam`, with the largest v so far in place of v."""
    grad = decayed(grad, p, weight_decay, maximize)
    m = m + (grad - m) * (1 - beta1)
    v = v * beta2 + grad * grad * (1 - beta2)
    largest = k.maximum(largest, v)
    return shrunk(p, shrink) - m / (k.sqrt(largest) / correction + eps) * step_size, m, v, largest


def _samples(squares: int) -> Samples:
    """Samples of a rule that keeps `squares` means of squared gradients, which are positive."""

    def samples(make: Make) -> Iterator[Sample]:
        for shape, shrink, weight_decay, maximize in (((3, 4), 1.0, 0.0, False), ((5,), 0.99, 0.3, True)):
            yield Sample(
                make(*shape), make(*shape), make(*shape), *[make(*shape, low=0.5, high=2) for _ in range(squares)],
                0.1, 0.7, shrink, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=weight_decay, maximize=maximize,
            )  # fmt: skip

    return samples


ADAM_STEP = Op("adam_step", forward=adam, n_out=3, kind=Kind.SAME, samples=_samples(1))
ADAM_AMSGRAD_STEP = Op("adam_amsgrad_step", forward=adam_amsgrad, n_out=4, kind=Kind.SAME, samples=_samples(2))


class Adam(Optimizer):
    """Adam: steps by the running mean of the gradients over the root of that of their squares.

    `m <- beta1 m + (1 - beta1) g`, `v <- beta2 v + (1 - beta2) g**2`,
    `p <- p - lr m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + eps)`. State per parameter: step (0-d float32),
    exp_avg (m), exp_avg_sq (v) and with `amsgrad` max_exp_avg_sq, of its shape.

    Args:
        params: Parameters or groups.
        lr: Learning rate, >= 0. Default: 1e-3.
        betas: Decay of the running means of gradient and squared gradient, each in [0, 1). Default: (0.9, 0.999).
        eps: Added to the root in the denominator, >= 0. Default: 1e-8.
        weight_decay: L2 penalty (or decoupled decay), >= 0. Default: 0.
        amsgrad: Divide by the largest mean of squares so far. Default: False.
        foreach: Accepted; how the update is executed is the device's matter.
        maximize: Ascend. Default: False.
        capturable: Accepted, as `foreach`.
        differentiable: Record the update, so that it can be differentiated. Default: False.
        fused: As `foreach`.
        decoupled_weight_decay: Decay as in AdamW. Default: False.

    Raises:
        OptionError: An option out of its range.

    Source: Kingma, Ba 2015, Adam: A Method for Stochastic Optimization; AMSGrad: Reddi et al. 2018, On the
        Convergence of Adam and Beyond.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.Adam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.9000])
    """

    counters = ("step",)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        flags: dict[str, Any] = {"foreach": foreach, "capturable": capturable}
        check(scalar("lr", lr, **flags) >= 0.0, f"Invalid learning rate: {lr}")
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        for i, beta in enumerate(betas):
            check(0.0 <= number(beta) < 1.0, f"Invalid beta parameter at index {i}: {beta}")
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        tensors = [isinstance(beta, Variable) for beta in betas]
        check(all(tensors) or not any(tensors), "betas must be either both floats or both Tensors")
        for i, beta in enumerate(betas):
            scalar(f"betas[{i}]", beta, **flags)
        check_execution(foreach, fused, differentiable)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step."""
        if not state:
            begin(p, state, "exp_avg", "exp_avg_sq", *(["max_exp_avg_sq"] if group["amsgrad"] else ()))
        check_dtypes(self, p, state, "exp_avg", "exp_avg_sq", "max_exp_avg_sq")
        t = advance(state)
        beta1, beta2 = (number(b) for b in group["betas"])
        lr, decay = recorded_number(group["lr"], group["differentiable"]), group["weight_decay"]
        decoupled = group["decoupled_weight_decay"]
        means = [state["exp_avg"], state["exp_avg_sq"], *([state["max_exp_avg_sq"]] if group["amsgrad"] else ())]
        run_rule(
            ADAM_AMSGRAD_STEP if group["amsgrad"] else ADAM_STEP, (p, *means), p, grad, *means,
            lr / (1 - beta1**t), (1 - beta2**t) ** 0.5, 1 - lr * decay if decoupled else 1.0,
            beta1=beta1, beta2=beta2, eps=group["eps"], weight_decay=0 if decoupled else decay,
            maximize=group["maximize"], differentiable=group["differentiable"],
        )  # fmt: skip


class AdamW(Adam):
    """Adam with decoupled weight decay: `p <- p (1 - lr weight_decay)` before each of its steps.

    State as `Adam`'s.

    Args:
        params: Parameters or groups.
        lr: Learning rate, >= 0. Default: 1e-3.
        betas: Decay of the running means of gradient and squared gradient, each in [0, 1). Default: (0.9, 0.999).
        eps: Added to the root in the denominator, >= 0. Default: 1e-8.
        weight_decay: Share of each weight that lr takes away per step, >= 0. Default: 1e-2.
        amsgrad: Divide by the largest mean of squares so far. Default: False.
        maximize: Ascend. Default: False.
        foreach: Accepted; how the update is executed is the device's matter.
        capturable: As `foreach`.
        differentiable: Record the update, so that it can be differentiated. Default: False.
        fused: As `foreach`.

    Raises:
        OptionError: An option out of its range.

    Source: Loshchilov, Hutter 2019, Decoupled Weight Decay Regularization.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.AdamW([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.8990])
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip


__all__ = ["Adam", "AdamW"]
