"""Negative log-likelihoods of samples under a distribution that a network describes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fnnet._core.errors import ArgumentError, OptionError, ShapeError
from fnnet.autograd.modes import no_grad
from fnnet.functional._common import broadcast_shape, dtype_of, is_tensor, need_tensor, refuse_dtype
from fnnet.functional.checks import bounds
from fnnet.functional.creation import full_like
from fnnet.functional.exponential import exp, log
from fnnet.functional.loss import reduce_composed, reduction_of

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`exp(input) - target * input`: of counts under Poisson distributions of the rates `exp(input)`, less a constant.

    Args:
        input: `(*)`, logarithms of the rates, or the rates themselves; any real dtype.
        target: `(*)`, counts; shapes are broadcast and dtypes promoted.
        log_input: Whether the input is logarithms; else the loss is `input - target * log(input + eps)`.
            Default: True.
        full: Whether to add the logarithm of the target's factorial by Stirling's formula,
            `t log(t) - t + log(2 pi t) / 2`, for targets above 1. Default: False.
        size_average: Deprecated, see `reduction`. Default: None.
        eps: Added to rates before the logarithm. Default: 1e-8.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".

    Returns:
        `(*)` with "none", else 0-d; floating-point, whole numbers give the default dtype. The mean of no elements is
        NaN.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: The shapes do not broadcast.

    Differentiable: By `input` and `target`, any order; with `full` NaN by a target of 0.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.poisson_nll_loss(fnnet.tensor([0.0, 1.0]), fnnet.tensor([2.0, 3.0]), reduction="none")
        tensor([ 1.0000, -0.2817])
    """
    name = "poisson_nll_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    need_tensor(name, input=input, target=target)
    broadcast_shape(name, tuple(input._data.shape), tuple(target._data.shape))
    loss = exp(input) - target * input if log_input else input - target * log(input + float(eps))
    if full:
        stirling = target * log(target) - target + 0.5 * log(2 * math.pi * target)
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return reduce_composed(loss, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """`(log(v) + (input - target)^2 / v) / 2`: of values under normal distributions of variance `v = max(var, eps)`.

    Args:
        input: `(N, *)` or `(*)`, the means, floating-point.
        target: `(N, *)` or `(*)`, values; shapes are broadcast and dtypes promoted.
        var: Variances, not negative: of the input's shape, with one dim of 1 or without the last dim where it is
            shared, or one number for all.
        full: Whether to add the constant `log(2 pi) / 2`. Default: False.
        eps: Least variance. Default: 1e-6.
        reduction: "none", "sum" or "mean". Default: "mean".

    Returns:
        The input's shape with "none", else 0-d; of the common dtype.

    Raises:
        OptionError: A variance is negative (checked in host memory only), or `reduction` is none of these.
        ShapeError: `var` is of another shape, or the shapes do not broadcast.
        ArgumentError: `var` is neither a tensor nor a float.

    Differentiable:
        By all three tensors, any order; by variances below `eps` as if they were `eps`.

    Source:
        D. A. Nix and A. S. Weigend, "Estimating the mean and variance of the target probability distribution" (1994).

    Example:
        >>> import fnnet
        >>> mean, x, var = fnnet.tensor([0.0, 0.0]), fnnet.tensor([1.0, 2.0]), fnnet.tensor([1.0, 4.0])
        >>> fnnet.nn.functional.gaussian_nll_loss(mean, x, var, reduction="none")
        tensor([0.5000, 1.1931])
    """
    name = "gaussian_nll_loss"
    need_tensor(name, input=input, target=target)
    refuse_dtype(name, dtype_of(input), 3)
    spread = _variances(name, input, var)
    reduction = reduction_of(name, reduction)
    broadcast_shape(name, tuple(input._data.shape), tuple(target._data.shape), tuple(spread._data.shape))
    spread = spread.clone()
    with no_grad():
        spread.clamp_(min=eps)
    loss = 0.5 * (log(spread) + (input - target) ** 2 / spread)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduce_composed(loss, reduction)


def _variances(name: str, x: Tensor, var: Tensor | float) -> Tensor:
    """The variances in a shape that broadcasts to that of `x`, after checks."""
    if isinstance(var, float):
        if var < 0:
            raise OptionError(f"{name}: var has negative entry/entries, got {var}")
        return full_like(x, var)
    if not is_tensor(var):
        raise ArgumentError(f"{name}(): argument 'var' must be Tensor or float, not {type(var).__name__}")
    negative = bounds(var < 0)
    if negative is not None and negative[1]:
        raise OptionError(f"{name}: var has negative entry/entries")
    a, b = tuple(x._data.shape), tuple(var._data.shape)
    if a == b:
        return var
    if a[:-1] == b:
        return var.unsqueeze(-1)
    # One dim that differs, and it is 1: a sum of 1, as PyTorch asks.
    if len(a) != len(b) or sum(n for m, n in zip(a, b, strict=True) if m != n) != 1:
        raise ShapeError(f"{name}: var is of incorrect size {b}, expected {a}, or 1 for one of its dims")
    return var


__all__ = ["gaussian_nll_loss", "poisson_nll_loss"]
