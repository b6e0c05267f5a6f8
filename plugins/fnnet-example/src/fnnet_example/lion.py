"""Lion: the sign of an interpolated momentum, with decoupled weight decay.

As in the base class, states and groups hold `Any`.
"""

from __future__ import annotations

from typing import Any

from fnnet._core.errors import OptionError
from fnnet._core.namespace import A, Namespace
from fnnet._core.op import Op
from fnnet.functional.creation import zeros_like
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.rules import run_rule


def lion(
    k: Namespace[A], p: A, grad: A, mean: A, lr: float, *, beta1: float, beta2: float, weight_decay: float
) -> tuple[A, A]:
    """The rule, a pure function: the new parameter and the new running mean of gradients."""
    direction = k.sign(mean * beta1 + grad * (1 - beta1))
    return p * (1 - lr * weight_decay) - direction * lr, mean * beta2 + grad * (1 - beta2)


LION_STEP = Op("lion_step", forward=lion, n_out=2)


class Lion(Optimizer):
    """Lion (EvoLved Sign Momentum): every element moves by the learning rate, in the direction of a momentum's sign.

    `p <- p (1 - lr weight_decay) - lr sign(beta1 m + (1 - beta1) g)`, then `m <- beta2 m + (1 - beta2) g`.

    Args:
        params: Parameters or groups.
        lr: Learning rate, >= 0; three to ten times smaller than Adam's. Default: 1e-4.
        betas: Weights of the mean in the direction and in its own update, in [0, 1). Default: (0.9, 0.99).
        weight_decay: Decoupled weight decay, >= 0; three to ten times larger than AdamW's. Default: 0.

    Raises:
        OptionError: An option out of its range.

    Source:
        X. Chen et al., "Symbolic Discovery of Optimization Algorithms" (2023), algorithm 2.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0, -3.0]))
        >>> optimizer = fnnet.optim.create("lion", [w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([ 0.5000, -2.5000])
    """

    def __init__(
        self, params: Params, lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99), weight_decay: float = 0.0
    ) -> None:
        if lr < 0:
            raise OptionError(f"Lion: lr must be at least 0, got {lr}")
        if not all(0 <= beta < 1 for beta in betas):
            raise OptionError(f"Lion: betas must be at least 0 and below 1, got {betas}")
        if weight_decay < 0:
            raise OptionError(f"Lion: weight_decay must be at least 0, got {weight_decay}")
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    # Any: what a state_dict holds is each optimizer's own.
    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step."""
        if not state:
            state["exp_avg"] = zeros_like(p)
        mean, (beta1, beta2) = state["exp_avg"], group["betas"]
        run_rule(
            LION_STEP, (p, mean), p, grad, mean, group["lr"],
            beta1=beta1, beta2=beta2, weight_decay=group["weight_decay"],
        )  # fmt: skip
