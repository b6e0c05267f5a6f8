"""Negative log-likelihoods of samples. Each calls the function of its name."""

from __future__ import annotations

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.modules.loss import _Loss


class PoissonNLLLoss(_Loss):
    """exp(input) - target * input, of counts under Poisson distributions: `F.poisson_nll_loss`.

    Args:
        log_input: Whether the input is logarithms of the rates, else the rates. Default: True.
        full: Whether to add the target's term, by Stirling's formula. Default: False.
        size_average: Deprecated.
        eps: Added to rates before the logarithm. Default: 1e-8.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Input and target `(*)`; a 0-d loss, or `(*)` with "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: Input and target do not broadcast.

    Example:
        >>> import fnnet
        >>> fnnet.nn.PoissonNLLLoss()(fnnet.tensor([0.0]), fnnet.tensor([2.0]))
        tensor(1.)
    """

    log_input: bool
    full: bool
    eps: float

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """(log(v) + (input - target)² / v) / 2, of values under normal distributions: `F.gaussian_nll_loss`.

    Args:
        full: Whether to add the constant log(2 pi) / 2. Default: False.
        eps: Least variance. Default: 1e-6.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Input and target `(N, *)`, variances of this shape, with one dim of 1, without the last dim, or a float; a 0-d
        loss, or `(N, *)` with "none".

    Raises:
        OptionError: Called with another reduction or a negative variance.
        ShapeError: The shapes do not fit together.

    Example:
        >>> import fnnet
        >>> fnnet.nn.GaussianNLLLoss()(fnnet.tensor([0.0]), fnnet.tensor([1.0]), fnnet.tensor([1.0]))
        tensor(0.5000)
    """

    full: bool
    eps: float

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(None, None, reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


__all__ = ["GaussianNLLLoss", "PoissonNLLLoss"]
