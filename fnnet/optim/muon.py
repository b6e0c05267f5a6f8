"""Muon.

As in the base class, states and groups hold `Any`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from fnnet._core.errors import DTypeError
from fnnet._core.namespace import A, Namespace
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import float32
from fnnet.functional._common import dtype_of
from fnnet.functional.creation import zeros_like
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.rules import check, check_dtypes, number, run_rule, scalar

K = Namespace
COEFFICIENTS = (3.4445, -4.775, 2.0315)
"""a, b, c of the iteration x <- a x + (b (x x^T) + c (x x^T)^2) x, chosen for a steep slope at 0 (Jordan 2024)."""
SPLIT = 2.0**16 + 1
"""Parts the 24 bits of a float32 into 8 and 16 (Dekker 1971, A floating-point technique, section 5)."""
MOST_STEPS = 100
"""PyTorch refuses as many steps of the iteration, or more."""
RATES = ("original", "match_rms_adamw")


def muon(
    k: K[A], p: A, grad: A, buffer: A, lr: float, shrink: float, *, momentum: float, nesterov: bool,
    coefficients: tuple[float, float, float], eps: float, steps: int,
) -> tuple[A, A]:  # fmt: skip
    """buffer <- running mean of grad;  p <- p * shrink - lr * orthogonal(buffer)."""
    buffer = buffer + (grad - buffer) * (1 - momentum)
    update = grad + (buffer - grad) * momentum if nesterov else buffer
    return p * shrink - orthogonal(k, update, coefficients, steps, eps) * lr, buffer


def orthogonal(k: K[A], x: A, coefficients: tuple[float, float, float], steps: int, eps: float) -> A:
    """About the nearest matrix with orthogonal rows or columns: x by Newton and Schulz's iteration, in bfloat16."""
    a, b, c = coefficients
    dtype, tall = x.dtype, x.shape[0] > x.shape[1]
    x = _bfloat16(k.cast(x, dtype=float32))
    if tall:
        x = k.permute(x, dims=(1, 0))
    size = _bfloat16(k.sqrt(k.sum(x * x, dim=(0, 1))))
    x = _bfloat16(x / k.maximum(size, eps))
    for _ in range(steps):
        gram = _bfloat16(k.matmul(x, k.permute(x, dims=(1, 0))))
        factor = _bfloat16(gram * b + k.matmul(gram, gram) * c)
        x = _bfloat16(x * a + k.matmul(factor, x))
    if tall:
        x = k.permute(x, dims=(1, 0))
    return k.cast(x, dtype=dtype)


def _bfloat16(x: A) -> A:
    """float32 rounded to the 8 significant bits of a bfloat16, which not every device has: Veltkamp's splitting."""
    far = x * SPLIT
    return far - (far - x)


def _samples(make: Make) -> Iterator[Sample]:
    for shape, nesterov in (((3, 4), True), ((4, 2), False)):
        yield Sample(
            make(*shape), make(*shape), make(*shape), 0.1, 0.99, momentum=0.9, nesterov=nesterov,
            coefficients=COEFFICIENTS, eps=1e-7, steps=2, smooth=False,
        )  # fmt: skip


MUON_STEP = Op("muon_step", forward=muon, n_out=2, kind=Kind.SAME, samples=_samples)


class Muon(Optimizer):
    """Muon: momentum whose matrix is made orthogonal, so that all directions of a hidden layer move alike.

    `B <- momentum B + (1 - momentum) g`, `O = NS(momentum B + (1 - momentum) g)` (`NS(B)` without `nesterov`),
    `p <- p (1 - lr weight_decay) - lr' O`, where NS is Newton and Schulz's iteration in bfloat16, which brings all
    singular values near 1, and lr' is `lr sqrt(max(1, N / M))` ("original") or `0.2 lr sqrt(max(N, M))`
    ("match_rms_adamw") of a parameter `(N, M)`. State per parameter: momentum_buffer (B), of its shape.

    Args:
        params: Parameters or groups; real matrices only. Others, and embeddings, want another optimizer, such as AdamW.
        lr: Learning rate, >= 0. Default: 1e-3.
        weight_decay: Share of each weight that lr takes away per step, >= 0. Default: 0.1.
        momentum: Decay of the running mean of gradients, >= 0. Default: 0.95.
        nesterov: Look ahead by the momentum. Default: True.
        ns_coefficients: Of the iteration's polynomial, `(a, b, c)`. Default: (3.4445, -4.775, 2.0315).
        eps: The smallest norm that is divided by. Default: 1e-7.
        ns_steps: Number of iterations, < 100. Default: 5.
        adjust_lr_fn: How lr follows from the shape: "original" or "match_rms_adamw"; None: "original". Default: None.

    Raises:
        OptionError: An option out of its range, a parameter that is no matrix; in `step`: coefficients that are not
            three, too many iterations.
        DTypeError: In `step`: a complex parameter.

    Source: Jordan 2024, Muon: An optimizer for hidden layers in neural networks; "match_rms_adamw": Liu et al. 2025,
        Muon is Scalable for LLM Training.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.eye(2))
        >>> optimizer = fnnet.optim.Muon([w], lr=0.1, weight_decay=0)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> bool((w.detach().diag() < 0.95).all())
        True
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = COEFFICIENTS,
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Learning rate should be >= 0 but is: {lr}")
        check(momentum >= 0.0, f"momentum should be >= 0 but is: {momentum}")
        check(weight_decay >= 0.0, f"weight decay should be >= 0 but is: {weight_decay}")
        check(
            adjust_lr_fn is None or adjust_lr_fn in RATES,
            f"Adjust learning rate function {adjust_lr_fn} is not supported, expected one of {RATES}",
        )
        super().__init__(params, {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        })  # fmt: skip
        for group in self.param_groups:
            for p in group["params"]:
                check(
                    p.ndim == 2,
                    f"Muon only supports 2D parameters whereas we found a parameter with size: {tuple(p.shape)}",
                )

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step."""
        if dtype_of(p).category == 3:
            raise DTypeError(f"Muon does not support complex parameters, got one of shape {tuple(p.shape)}")
        steps, coefficients = group["ns_steps"], tuple(group["ns_coefficients"])
        check(steps < MOST_STEPS, f"Number of steps must be less than 100 for computational efficiency, got {steps}")
        check(grad.ndim == 2, f"Param gradient must be a 2D matrix, got shape {tuple(grad.shape)}")
        check(len(coefficients) == 3, f"Coefficients must be a tuple of exactly 3 values, got {coefficients}")
        if not state:
            state["momentum_buffer"] = zeros_like(grad)
        check_dtypes(self, p, state, "momentum_buffer")
        lr, buffer = number(group["lr"]), state["momentum_buffer"]
        run_rule(
            MUON_STEP, (p, buffer), p, grad, buffer, lr * _factor(group["adjust_lr_fn"], *p.shape),
            1 - lr * group["weight_decay"], momentum=group["momentum"], nesterov=group["nesterov"],
            coefficients=coefficients, eps=group["eps"], steps=steps,
        )  # fmt: skip


def _factor(rate: str | None, rows: int, columns: int) -> float:
    """By which lr is multiplied, so that updates of all shapes have one scale."""
    if rate == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1.0, rows / columns))


__all__ = ["Muon"]
