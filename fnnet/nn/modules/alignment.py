"""Losses of sequences whose alignment in time is unknown. Each calls the function of its name."""

from __future__ import annotations

from collections.abc import Sequence

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.modules.loss import _Loss


class CTCLoss(_Loss):
    """Minus the log-probability of a target, over all its alignments with the outputs in time: `F.ctc_loss`.

    Args:
        blank: The class that stands for no label. Default: 0.
        reduction: "mean" (over the batch, of the losses per label), "sum" or "none". Default: "mean".
        zero_infinity: Whether infinite losses count as 0. Default: False.

    Shape:
        Log-probabilities `(T, N, C)` or `(T, C)`, targets `(N, S)` or all in one, lengths of both `(N)`; a 0-d loss, or
        `(N)` or `()` with "none".

    Raises:
        OptionError: Called with another reduction, a blank that is no class, or a length out of range.
        ShapeError: Shapes and lengths do not fit together.
        GatherIndexError: A target is no class.
        DTypeError: The log-probabilities are not of floating point, targets or lengths not of whole numbers.

    Example:
        >>> import fnnet
        >>> even = fnnet.zeros(2, 1, 2).log_softmax(2)
        >>> fnnet.nn.CTCLoss()(even, fnnet.tensor([[1]]), (2,), (1,)).exp()
        tensor(1.3333)
    """

    blank: int
    zero_infinity: bool

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor | Sequence[int],
        target_lengths: Tensor | Sequence[int],
    ) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )


__all__ = ["CTCLoss"]
