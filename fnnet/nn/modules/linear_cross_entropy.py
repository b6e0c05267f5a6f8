"""A last linear layer and its cross-entropy in one. It calls the function of its name."""

from __future__ import annotations

import math

from fnnet._core.errors import OptionError, ShapeError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.functional.linear_cross_entropy import LinearCrossEntropyOptions
from fnnet.nn import functional as F
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.linear import Linear
from fnnet.nn.modules.loss import _WeightedLoss


class LinearCrossEntropyLoss(_WeightedLoss):
    """A linear layer to the classes' logits, and their cross-entropy with the target: `F.linear_cross_entropy`.

    State: the module linear, of C classes times the numbers of `out_features`; the buffer weight `(C,)`, where given.

    Args:
        in_features: Size of each input vector.
        num_classes: C.
        out_features: Further dims of the loss. Default: none.
        bias: Whether the linear layer has a bias. Default: False.
        device: Where the parameters lie. Default: the default device.
        dtype: Of the parameters. Default: the default dtype.
        reduction: "mean" (weighted), "sum" or "none". Default: "mean".
        weight: Weight of each class (C). Default: 1.
        ignore_index: Targets of this class do not count. Default: None, -100.
        label_smoothing: Share of the target that is spread over all classes, in [0, 1]. Default: 0.
        options: How the batch is cut, to save memory. Default: None, not at all.

    Shape:
        Input `(N, F)` or `(F)`, target `(N)`, `(N, *)` or `()`, int64, or floating point `(N, C)`, `(N, C, *)` or
        `(C)`; a 0-d loss, or with "none" `(N)`, `(N, *)` or `()`.

    Raises:
        ShapeError: `weight` is not `(C)`; called with input and target that do not fit together.
        OptionError: `label_smoothing` outside [0, 1], or called with another reduction.
        IndexRangeError: A target is no class.

    Example:
        >>> import fnnet
        >>> loss = fnnet.nn.LinearCrossEntropyLoss(3, 5)
        >>> loss(fnnet.zeros(2, 3), fnnet.tensor([4, 0]))
        tensor(1.6094, grad_fn=<NllLossBackward0>)
    """

    num_classes: int
    out_features: tuple[int, ...]
    ignore_index: int | None
    label_smoothing: float
    linear: Linear
    options: LinearCrossEntropyOptions | None

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: DeviceLike = None,
        dtype: DType | None = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise ShapeError(
                f"LinearCrossEntropyLoss: expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}"
            )
        if not 0 <= label_smoothing <= 1:
            raise OptionError(
                f"LinearCrossEntropyLoss: expected label_smoothing to be in range [0, 1], got {label_smoothing}"
            )
        super().__init__(weight=weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.linear = Linear(in_features, math.prod(out_features, start=num_classes), bias, device, dtype)
        self.options = options

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        dims, bias = (self.num_classes, *self.out_features), self.linear.bias
        return F.linear_cross_entropy(
            input, self.linear.weight.reshape(*dims, self.linear.in_features), target,
            linear_bias=None if bias is None else bias.reshape(dims), weight=self.weight, reduction=self.reduction,
            ignore_index=self.ignore_index, label_smoothing=self.label_smoothing, options=self.options,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )


__all__ = ["LinearCrossEntropyLoss", "LinearCrossEntropyOptions"]
