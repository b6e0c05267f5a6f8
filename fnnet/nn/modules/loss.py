"""Losses: how far predictions are from targets. Each calls the function of its name.

`reduction` says what becomes of the losses of the elements: "mean", "sum" or "none". `size_average` and `reduce` are
its deprecated forms.
"""

from __future__ import annotations

from fnnet._core.errors import ArgumentError
from fnnet._tensor import Tensor
from fnnet.functional.loss import reduction_of
from fnnet.nn import functional as F
from fnnet.nn.module import Module


class _Loss(Module):
    reduction: str

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        legacy = size_average is not None or reduce is not None
        self.reduction = reduction_of(type(self).__name__, reduction, size_average, reduce) if legacy else reduction


class _WeightedLoss(_Loss):
    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


# of values ------------------------------------------------------------------------------------------------------------
class L1Loss(_Loss):
    """`|input - target|`: `F.l1_loss`.

    Args:
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Input and target `(*)`, broadcast with a warning where they differ; a 0-d loss, or `(*)` with "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: Input and target do not broadcast.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.L1Loss()(fnnet.tensor([1.0, 2.0]), fnnet.tensor([0.0, 0.0]))
        tensor(1.5000)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """(input - target)²: `F.mse_loss`.

    Args:
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Input and target `(*)`, broadcast with a warning where they differ; a 0-d loss, or `(*)` with "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: Input and target do not broadcast.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.MSELoss()(fnnet.tensor([1.0, 2.0]), fnnet.tensor([0.0, 0.0]))
        tensor(2.5000)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """`0.5 d² / beta` where `d = |input - target| < beta`, else `d - 0.5 beta`: `F.smooth_l1_loss`.

    Args:
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".
        beta: Where the parabola becomes a line, >= 0. Default: 1.

    Shape:
        Input and target `(*)`, broadcast with a warning where they differ; a 0-d loss, or `(*)` with "none".

    Raises:
        OptionError: Called with another reduction or a negative `beta`.
        ShapeError: Input and target do not broadcast.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.SmoothL1Loss(reduction="none")(fnnet.tensor([0.5, 2.0]), fnnet.tensor([0.0, 0.0]))
        tensor([0.1250, 1.5000])
    """

    beta: float

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """`0.5 d²` where `d = |input - target| <= delta`, else `delta (d - 0.5 delta)`: `F.huber_loss`.

    Args:
        reduction: "mean", "sum" or "none". Default: "mean".
        delta: Where the parabola becomes a line, > 0. Default: 1.

    Shape:
        Input and target `(*)`, broadcast with a warning where they differ; a 0-d loss, or `(*)` with "none".

    Raises:
        ArgumentError: `delta` is no number.
        OptionError: Called with another reduction or a `delta` not above 0.
        ShapeError: Input and target do not broadcast.
        DTypeError: The input is not of floating point.

    Source: Huber 1964, Robust Estimation of a Location Parameter.

    Example:
        >>> import fnnet
        >>> fnnet.nn.HuberLoss("none", 2.0)(fnnet.tensor([0.5, 3.0]), fnnet.tensor([0.0, 0.0]))
        tensor([0.1250, 4.0000])
    """

    delta: float

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, (float, int)):
            raise ArgumentError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


# of classes -----------------------------------------------------------------------------------------------------------
class NLLLoss(_WeightedLoss):
    """Minus the log-probability `(N, C, *)` of the target class `(N, *)`: `F.nll_loss`.

    State: the buffer weight `(C,)`, where given.

    Args:
        weight: Weight of each class (C). Default: 1.
        size_average: Deprecated.
        ignore_index: Targets of this class do not count. Default: -100.
        reduce: Deprecated.
        reduction: "mean" (weighted), "sum" or "none". Default: "mean".

    Shape:
        Input `(N, C, *)` or `(C,)`, target `(N, *)` or `()`, int64 or uint8; a 0-d loss, or the target's shape
        with "none".

    Raises:
        IndexRangeError: A target is no class.
        OptionError: Called with another reduction.
        ShapeError: Input, target and weight do not fit together.
        DTypeError: The input is not of floating point; the target is neither int64 nor uint8.

    Example:
        >>> import fnnet
        >>> fnnet.nn.NLLLoss()(fnnet.tensor([[-1.0, -2.0]]), fnnet.tensor([1]))
        tensor(2.)
    """

    ignore_index: int

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(_WeightedLoss):
    """Minus the log-softmax of logits `(N, C, *)` at the target class `(N, *)`: `F.cross_entropy`.

    Targets may also be probabilities `(N, C, *)`. State: the buffer weight `(C,)`, where given.

    Args:
        weight: Weight of each class (C). Default: 1.
        size_average: Deprecated.
        ignore_index: Targets of this class do not count. Default: -100.
        reduce: Deprecated.
        reduction: "mean" (weighted), "sum" or "none". Default: "mean".
        label_smoothing: Share of the target that is spread over all classes, in [0, 1]. Default: 0.

    Shape:
        Input `(N, C, *)` or `(C,)`, target `(N, *)` or `()`, int64 or uint8, or floating point of the input's shape; a
        0-d loss, or with "none" `(N, *)` or `()`.

    Raises:
        IndexRangeError: A target is no class.
        OptionError: Called with another reduction, or `label_smoothing` outside [0, 1].
        ShapeError: Input, target and weight do not fit together.
        DTypeError: The input is not of floating point, or the target of whole numbers neither int64 nor uint8.

    Example:
        >>> import fnnet
        >>> fnnet.nn.CrossEntropyLoss()(fnnet.zeros(1, 2), fnnet.tensor([1]))
        tensor(0.6931)
    """

    ignore_index: int
    label_smoothing: float

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip


# of probabilities -----------------------------------------------------------------------------------------------------
class KLDivLoss(_Loss):
    """target * (log target - input), for an input of log-probabilities: `F.kl_div`.

    Args:
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "batchmean" (the divergence), "mean", "sum" or "none". Default: "mean".
        log_target: Whether the target is log-probabilities, too. Default: False.

    Shape:
        Input and target `(*)`; a 0-d loss, or `(*)` with "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: Input and target do not broadcast.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.KLDivLoss(reduction="sum")(fnnet.tensor([0.5, 0.5]).log(), fnnet.tensor([1.0, 0.0]))
        tensor(0.6931)
    """

    log_target: bool

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class BCELoss(_WeightedLoss):
    """-(target log(input) + (1 - target) log(1 - input)), for an input of probabilities: `F.binary_cross_entropy`.

    State: the buffer weight, where given.

    Args:
        weight: Factor of the losses, broadcast to them. Default: 1.
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Input and target `(*)`, of one shape; a 0-d loss, or `(*)` with "none".

    Raises:
        OptionError: Called with another reduction, or input outside [0, 1].
        ShapeError: Input and target differ in shape.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.BCELoss()(fnnet.tensor([0.5]), fnnet.tensor([1.0]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of the input's sigmoid, exact also for large logits: `F.binary_cross_entropy_with_logits`.

    State: the buffers weight and pos_weight, where given.

    Args:
        weight: Factor of the losses, broadcast to them. Default: 1.
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".
        pos_weight: Factor of the positive targets' losses, broadcast to them. Default: 1.

    Shape:
        Input and target `(*)`, of one shape; a 0-d loss, or `(*)` with "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: Input and target differ in shape.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.BCEWithLogitsLoss()(fnnet.tensor([0.0]), fnnet.tensor([1.0]))
        tensor(0.6931)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "NLLLoss",
    "SmoothL1Loss",
]  # fmt: skip
