"""Losses of classifiers that ask for a margin. Each calls the function of its name."""

from __future__ import annotations

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.modules.loss import _Loss, _WeightedLoss


class SoftMarginLoss(_Loss):
    """log(1 + exp(-target * input)), for targets 1 and -1: `F.soft_margin_loss`.

    Args:
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Input and target `(*)`; a 0-d loss, or `(*)` with "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: The target does not broadcast to the input.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.SoftMarginLoss()(fnnet.tensor([0.0]), fnnet.tensor([1]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """sum over the other classes c of max(0, margin - x[t] + x[c])^p / C: `F.multi_margin_loss`.

    State: the buffer weight `(C,)`, where given.

    Args:
        p: The exponent, 1 or 2. Default: 1.
        margin: By how much the target's score shall exceed the others. Default: 1.
        weight: Weight of each class (C). Default: 1.
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Input `(N, C)` or `(C)`, target `(N)` or `()`, int64; a 0-d loss, or the target's shape with "none".

    Raises:
        OptionError: `p` is neither 1 nor 2, `weight` is not 1-d, or called with another reduction.
        ShapeError: Input, target and weight do not fit together.
        GatherIndexError: A target is no class.
        DTypeError: The input is not of floating point, the target not int64, or the weight of another dtype.

    Example:
        >>> import fnnet
        >>> fnnet.nn.MultiMarginLoss()(fnnet.tensor([[1.0, 0.5, 3.0, 0.0]]), fnnet.tensor([0]))
        tensor(0.8750)
    """

    p: int
    margin: float

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        if p not in (1, 2):
            raise OptionError(f"MultiMarginLoss: only p == 1 and p == 2 supported, got {p}")
        if weight is not None and weight.dim() != 1:
            raise OptionError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead")
        super().__init__(weight, size_average, reduce, reduction)
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(_Loss):
    """sum over targets t and other classes c of max(0, 1 - x[t] + x[c]) / C: `F.multilabel_margin_loss`.

    Args:
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Input `(N, C)` or `(C)`, target of this shape, int64, classes up to a -1; a 0-d loss, or `(N)` or `()` with
        "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: Input and target do not fit together.
        GatherIndexError: A target is neither a class nor -1.
        DTypeError: The input is not of floating point, or the target not int64.

    Example:
        >>> import fnnet
        >>> x, target = fnnet.tensor([[0.1, 0.2, 0.4, 0.8]]), fnnet.tensor([[3, 0, -1, 1]])
        >>> fnnet.nn.MultiLabelMarginLoss()(x, target)
        tensor(0.8500)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The mean over classes of the binary cross-entropy of the input's sigmoid: `F.multilabel_soft_margin_loss`.

    State: the buffer weight `(C,)`, where given.

    Args:
        weight: Weight of each class (C). Default: 1.
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Input and target `(N, C)`; a 0-d loss, or `(N)` with "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: The shapes do not broadcast.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.MultiLabelSoftMarginLoss()(fnnet.zeros(1, 2), fnnet.tensor([[1.0, 0.0]]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


__all__ = ["MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "SoftMarginLoss"]
