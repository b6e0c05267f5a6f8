"""Losses that draw similar things together and push others apart. Each calls the function of its name."""

from __future__ import annotations

from collections.abc import Callable

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.modules.distance import PairwiseDistance
from fnnet.nn.modules.loss import _Loss


# pairs ---------------------------------------------------------------------------------------------------------------
class CosineEmbeddingLoss(_Loss):
    """1 - cosine for pairs of target 1, max(0, cosine - margin) for those of -1: `F.cosine_embedding_loss`.

    Args:
        margin: How similar others may be for nothing, in [-1, 1]. Default: 0.
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Two inputs `(N, D)` or `(D)`, target `(N)` or `()`; a 0-d loss, or `(N)` or `()` with "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: The shapes do not fit together.

    Example:
        >>> import fnnet
        >>> x, y = fnnet.tensor([[1.0, 0.0]]), fnnet.tensor([[0.0, 2.0]])
        >>> fnnet.nn.CosineEmbeddingLoss()(x, y, fnnet.tensor([1]))
        tensor(1.)
    """

    margin: float

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(_Loss):
    """x where the target is 1, max(0, margin - x) where it is -1: `F.hinge_embedding_loss`.

    Args:
        margin: How far others have to be. Default: 1.
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Input and target `(*)`; a 0-d loss, or `(*)` with "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: Input and target do not broadcast.

    Example:
        >>> import fnnet
        >>> fnnet.nn.HingeEmbeddingLoss(reduction="sum")(fnnet.tensor([0.5, 0.25]), fnnet.tensor([1, -1]))
        tensor(1.2500)
    """

    margin: float

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_Loss):
    """max(0, -target (x1 - x2) + margin): `F.margin_ranking_loss`.

    Args:
        margin: By how much one shall rank higher. Default: 0.
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Two inputs and the target `(*)`, of as many dims; a 0-d loss, or `(*)` with "none".

    Raises:
        OptionError: Called with another reduction.
        ShapeError: The shapes do not fit together.

    Example:
        >>> import fnnet
        >>> fnnet.nn.MarginRankingLoss()(fnnet.tensor([1.0]), fnnet.tensor([3.0]), fnnet.tensor([1]))
        tensor(2.)
    """

    margin: float

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


# triplets ------------------------------------------------------------------------------------------------------------
def _check_margin(name: str, margin: float) -> None:
    if margin <= 0:
        raise OptionError(f"{name}: expected margin to be greater than 0, got {margin} instead")


class TripletMarginLoss(_Loss):
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), d a p-norm: `F.triplet_margin_loss`.

    Args:
        margin: How much farther the negative has to be, more than 0. Default: 1.
        p: Order of the norm. Default: 2.
        eps: Added to the differences. Default: 1e-6.
        swap: Take d(positive, negative) where it is less. Default: False.
        size_average: Deprecated.
        reduce: Deprecated.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Three inputs `(N, D)` or `(D)`; a 0-d loss, or `(N)` or `()` with "none".

    Raises:
        OptionError: `margin` is not positive, or called with another reduction.
        ShapeError: The shapes do not fit together.

    Example:
        >>> import fnnet
        >>> a, p, n = fnnet.tensor([[0.0, 0.0]]), fnnet.tensor([[3.0, 4.0]]), fnnet.tensor([[0.0, 2.0]])
        >>> fnnet.nn.TripletMarginLoss()(a, p, n)
        tensor(4.0000)
    """

    margin: float
    p: float
    eps: float
    swap: bool

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        _check_margin("TripletMarginLoss", margin)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor, positive, negative, margin=self.margin, p=self.p, eps=self.eps, swap=self.swap,
            reduction=self.reduction,
        )  # fmt: skip


class TripletMarginWithDistanceLoss(_Loss):
    """max(0, margin + d(anchor, positive) - d(anchor, negative)): `F.triplet_margin_with_distance_loss`.

    Args:
        distance_function: d, `(Tensor, Tensor) -> Tensor`. Default: None, `PairwiseDistance()`.
        margin: How much farther the negative has to be, more than 0. Default: 1.
        swap: Take d(positive, negative) where it is less. Default: False.
        reduction: "mean", "sum" or "none". Default: "mean".

    Shape:
        Three inputs that the distance takes, of as many dims; a 0-d loss, or the distances' shape with "none".

    Raises:
        OptionError: `margin` is not positive, or called with another reduction.
        ShapeError: The shapes do not fit together.

    Example:
        >>> import fnnet
        >>> loss = fnnet.nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs())
        >>> loss(fnnet.tensor([0.0]), fnnet.tensor([3.0]), fnnet.tensor([2.0]))
        tensor(2.)
    """

    distance_function: Callable[[Tensor, Tensor], Tensor]
    margin: float
    swap: bool

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(None, None, reduction)
        _check_margin("TripletMarginWithDistanceLoss", margin)
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function, margin=self.margin, swap=self.swap,
            reduction=self.reduction,
        )  # fmt: skip


__all__ = [
    "CosineEmbeddingLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]  # fmt: skip
