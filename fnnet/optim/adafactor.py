"""Adafactor.

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
from fnnet.functional._common import dtype_of
from fnnet.functional.creation import zeros, zeros_like
from fnnet.functional.queries import finfo
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.rules import advance, check, check_dtypes, new_number, number, run_rule, scalar

K = Namespace


def adafactor(
    k: K[A], p: A, grad: A, rows: A, columns: A, rate: float, share: float, shrink: float, *, eps1: float, eps2: float,
    d: float, maximize: bool,
) -> tuple[A, A, A]:  # fmt: skip
    """rows, columns <- running means of grad^2 along rows and columns, whose product estimates that of grad^2."""
    grad = -grad if maximize else grad
    squares = grad * grad
    rows = rows + (_mean(k, squares, -1) - rows) * share
    columns = columns + (_mean(k, squares, -2) - columns) * share
    estimate = rows * columns / k.maximum(_mean(k, rows, -2), eps1)
    return _stepped(k, p, grad, estimate, rate, shrink, eps1, eps2, d), rows, columns


def adafactor_unfactored(
    k: K[A], p: A, grad: A, v: A, rate: float, share: float, shrink: float, *, eps1: float, eps2: float, d: float,
    maximize: bool,
) -> tuple[A, A]:  # fmt: skip
    """v <- running mean of grad^2, of a vector or a number."""
    grad = -grad if maximize else grad
    v = v + (grad * grad - v) * share
    return _stepped(k, p, grad, v, rate, shrink, eps1, eps2, d), v


def _stepped(k: K[A], p: A, grad: A, estimate: A, rate: float, shrink: float, eps1: float, eps2: float, d: float) -> A:
    """p after a step of the length rate * rms(p) along grad / sqrt(estimate), which is clipped to an rms of d."""
    update = grad / k.sqrt(k.maximum(estimate, eps1 * eps1))
    length = k.maximum(_rms(k, p), eps2) * rate / k.maximum(_rms(k, update) / d, 1.0)
    return p * shrink - update * length


def _mean(k: K[A], x: A, dim: int) -> A:
    """Along one dim, which is kept."""
    at = x.ndim + dim
    return k.sum(x, dim=(at,), keepdim=True) / max(1, x.shape[at])


def _rms(k: K[A], x: A) -> A:
    """The root of the mean of all squares."""
    return k.sqrt(k.sum(x * x, dim=tuple(range(x.ndim)))) / math.sqrt(max(1, math.prod(x.shape)))


def _samples(make: Make) -> Iterator[Sample]:
    for shape, shrink, maximize in (((3, 4), 1.0, False), ((2, 3, 2), 0.99, True)):
        rows, columns = (*shape[:-1], 1), (*shape[:-2], 1, shape[-1])
        yield Sample(
            make(*shape), make(*shape, low=0.2, high=1), make(*rows, low=0.5, high=2), make(*columns, low=0.5, high=2),
            0.1, 0.3, shrink, eps1=1e-3, eps2=1e-3, d=1.0, maximize=maximize,
        )  # fmt: skip


def _unfactored_samples(make: Make) -> Iterator[Sample]:
    for shape, shrink, maximize in (((5,), 1.0, False), ((), 0.99, True)):
        yield Sample(
            make(*shape, low=0.2, high=1), make(*shape, low=0.2, high=1), make(*shape, low=0.5, high=2), 0.1, 0.3,
            shrink, eps1=1e-3, eps2=1e-3, d=1.0, maximize=maximize,
        )  # fmt: skip


ADAFACTOR_STEP = Op("adafactor_step", forward=adafactor, n_out=3, kind=Kind.SAME, samples=_samples)
ADAFACTOR_UNFACTORED_STEP = Op(
    "adafactor_unfactored_step", forward=adafactor_unfactored, n_out=2, kind=Kind.SAME, samples=_unfactored_samples
)


class Adafactor(Optimizer):
    """Adafactor: Adam's denominator from the means of rows and columns, which take little memory.

    With `s = t**beta2_decay`: of a matrix (or the last two dims of more) `R <- (1 - s) R + s mean_rows(g**2)`,
    `C <- (1 - s) C + s mean_columns(g**2)`, `V = R C / max(mean(R), eps1)`; of a vector `V <- (1 - s) V + s g**2`.
    `u = g / max(sqrt(V), eps1)`, `p <- p - max(eps2, rms(p)) min(lr, 1 / sqrt(t)) u / max(1, rms(u) / d)`. State per
    parameter: step (0-d float32), and row_var `(..., N, 1)` with col_var `(..., 1, M)` of a parameter `(..., N, M)`,
    or variance of a vector or number.

    Args:
        params: Parameters or groups; real ones.
        lr: Upper bound of the relative step, >= 0. Default: 1e-2.
        beta2_decay: Power of t that weighs the newest squares, <= 0. Default: -0.8.
        eps: eps1, below which the root is not trusted (None: the dtype's `finfo.eps`), and eps2, the smallest rms of a
            parameter that counts; each >= 0. Default: (None, 1e-3).
        d: The largest rms of u, >= 1. Default: 1.0.
        weight_decay: Share of each weight that lr takes away per step, >= 0. Default: 0.
        foreach: Accepted; how the update is executed is the device's matter.
        maximize: Ascend. Default: False.

    Raises:
        OptionError: An option out of its range.
        DTypeError: In `step`: a complex parameter.

    Source: Shazeer, Stern 2018, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost; without momentum, as in
        PyTorch.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0]))
        >>> optimizer = fnnet.optim.Adafactor([w], lr=0.1)
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
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Learning rate should be >= 0 but is: {lr}")
        check(beta2_decay <= 0.0, f"beta2_decay should be <= 0 but is: {beta2_decay}")
        check(eps[0] is None or eps[0] >= 0.0, f"epsilon1 should be >= 0 but is: {eps[0]}")
        check(eps[1] >= 0.0, f"epsilon2 should be >= 0 but is: {eps[1]}")
        check(d >= 1.0, f"Clipping threshold d should be >= 1 but is: {d}")
        check(weight_decay >= 0.0, f"weight_decay should be >= 0 but is: {weight_decay}")
        super().__init__(params, {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize,
        })  # fmt: skip

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One parameter's step."""
        if dtype_of(p).category == 3:
            raise DTypeError(f"Adafactor does not support complex parameters, got one of shape {tuple(p.shape)}")
        names = ("row_var", "col_var") if grad.ndim > 1 else ("variance",)
        if not state:
            state["step"] = new_number()
            if grad.ndim > 1:
                shape, options = tuple(grad.shape), {"dtype": grad.dtype, "device": grad.device}
                state["row_var"] = zeros((*shape[:-1], 1), **options)
                state["col_var"] = zeros((*shape[:-2], 1, shape[-1]), **options)
            else:
                state["variance"] = zeros_like(grad)
        check_dtypes(self, p, state, *names)
        t, lr, (eps1, eps2) = advance(state), number(group["lr"]), group["eps"]
        states = [state[name] for name in names]
        run_rule(
            ADAFACTOR_STEP if grad.ndim > 1 else ADAFACTOR_UNFACTORED_STEP, (p, *states), p, grad, *states,
            min(lr, t**-0.5), t ** group["beta2_decay"], 1 - lr * group["weight_decay"],
            eps1=finfo(dtype_of(p)).eps if eps1 is None else eps1, eps2=eps2, d=group["d"], maximize=group["maximize"],
        )  # fmt: skip


__all__ = ["Adafactor"]
