"""Softmax over many classes, of which the rare ones are grouped into clusters of their own."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple, cast

from fnnet._core.errors import IndexRangeError, OptionError, ShapeError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.functional.creation import zeros
from fnnet.functional.joining import cat
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.container import ModuleList, Sequential
from fnnet.nn.modules.linear import Linear


class _ASMoutput(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` gives."""

    output: Tensor
    loss: Tensor


class _TargetError(IndexRangeError, RuntimeError):
    """A target is out of range, where PyTorch raises a RuntimeError."""


class AdaptiveLogSoftmaxWithLoss(Module):
    """log softmax over classes sorted by frequency, and the loss of their targets.

    The head gives the frequent classes and one more for each cluster of rare ones; the tail gives those within their
    cluster, from features that are the fewer the rarer the classes are.

    State: head.weight `(cutoffs[0] + clusters, in_features)`, with `head_bias` head.bias; for each cluster i
    tail.i.0.weight `(in_features // div_value ** (i + 1), in_features)` and tail.i.1.weight
    `(classes of the cluster, those features)`; all drawn as `Linear`'s.

    Args:
        in_features: Features of the input, F.
        n_classes: Number of classes, K.
        cutoffs: First class of each cluster, ascending, from 1 to K - 1.
        div_value: By what the number of features is divided from cluster to cluster. Default: 4.
        head_bias: Give the head a bias. Default: False.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, F)` and targets `(N,)`, or `(F,)` and `()`, to a pair: `output`, of the targets' shape, the log
        probability of each target, and `loss`, 0-d, their negative mean.

    Raises:
        OptionError: `cutoffs` are empty, do not ascend, or are out of range.
        ShapeError: Called with input and target of other dims, or of different batches.
        IndexRangeError: Called with a target that is negative or not below K.

    Source:
        E. Grave et al., "Efficient softmax approximation for GPUs" (2017).

    Example:
        >>> import fnnet
        >>> classify = fnnet.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[4, 10])
        >>> classify(fnnet.zeros(3, 16), fnnet.tensor([0, 5, 19])).output.shape
        fnnet.Size([3])
        >>> classify.log_prob(fnnet.zeros(3, 16)).shape
        fnnet.Size([3, 20])
    """

    in_features: int
    n_classes: int
    cutoffs: list[int]
    div_value: float
    head_bias: bool
    head: Linear
    tail: ModuleList

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise OptionError("AdaptiveLogSoftmaxWithLoss: cutoffs should be a sequence of length larger than 0")
        ascending = all(a < b for a, b in itertools.pairwise(cutoffs))
        if not ascending or cutoffs[0] <= 0 or cutoffs[-1] > n_classes - 1 or any(int(c) != c for c in cutoffs):
            raise OptionError(
                "AdaptiveLogSoftmaxWithLoss: cutoffs should be a sequence of unique, positive integers sorted in an "
                f"increasing order, where each value is between 1 and n_classes-1 ({n_classes - 1}), got {cutoffs}"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, device=device, dtype=dtype)
        self.tail = ModuleList()
        for i, (begin, end) in enumerate(itertools.pairwise(self.cutoffs)):
            features = int(in_features // (div_value ** (i + 1)))
            self.tail.append(
                Sequential(
                    Linear(in_features, features, bias=False, device=device, dtype=dtype),
                    Linear(features, end - begin, bias=False, device=device, dtype=dtype),
                )
            )

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        self.head.reset_parameters()
        for cluster in self.tail:
            for layer in cast("Sequential", cluster):
                cast("Linear", layer).reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        self._check(input_, target_)
        batched = target_.ndim > 0
        input = input_ if batched else input_.unsqueeze(0)
        target = target_ if batched else target_.unsqueeze(0)
        in_head = target.clone()
        output = zeros(target.shape[0], dtype=input.dtype, device=input.device)
        for i, (begin, end) in enumerate(itertools.pairwise(self.cutoffs)):
            rows = ((target >= begin) & (target < end)).nonzero().squeeze(1)
            if not rows.numel():
                continue
            within = F.log_softmax(self.tail[i](input.index_select(0, rows)), dim=1)
            chosen = within.gather(1, (target.index_select(0, rows) - begin).unsqueeze(1))
            output = output.index_copy(0, rows, chosen.squeeze(1))
            in_head = in_head.index_fill(0, rows, self.shortlist_size + i)
        head = F.log_softmax(self.head(input), dim=1)
        output = output + head.gather(1, in_head.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output if batched else output.squeeze(0), loss)

    def _check(self, input: Tensor, target: Tensor) -> None:
        shape, name = tuple(input.shape), type(self).__name__
        if target.ndim == 1:
            if shape[:1] != tuple(target.shape):
                raise ShapeError(
                    f"{name}: Input and target should have the same size in the batch dimension. Got {shape} and "
                    f"{tuple(target.shape)}"
                )
            if len(shape) != 2:
                raise ShapeError(
                    f"{name}: 1D target tensor expects 2D input tensors, but found inputs with size {shape}"
                )
        elif target.ndim == 0:
            if len(shape) != 1:
                raise ShapeError(
                    f"{name}: 0D target tensor expects 1D input tensors, but found inputs with size {shape}"
                )
        else:
            raise ShapeError(
                f"{name}: 0D or 1D target tensor expected, multi-target not supported, got {tuple(target.shape)}"
            )
        if target.numel():
            least, most = target.min().item(), target.max().item()
            if least < 0 or most >= self.n_classes:
                raise _TargetError(
                    f"{name}: Target values should be in [0, {self.n_classes - 1}], but values in range [{least}, "
                    f"{most}] were found. "
                )

    def log_prob(self, input: Tensor) -> Tensor:
        """The log probability of every class.

        Args:
            input: `(N, F)`.

        Returns:
            `(N, K)`, of input's dtype.

        Raises:
            ShapeError: `input` has other features.

        Example:
            >>> import fnnet
            >>> classify = fnnet.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[4, 10])
            >>> bool((classify.log_prob(fnnet.zeros(1, 16)).exp().sum() - 1).abs() < 1e-5)
            True
        """
        return self._of_all(input, self.head(input))

    def _of_all(self, input: Tensor, head: Tensor) -> Tensor:
        """`log_prob`, given what the head says."""
        of_head = F.log_softmax(head, dim=1)
        parts = [of_head[:, : self.shortlist_size]]
        for i in range(self.n_clusters):
            cluster = of_head[:, self.shortlist_size + i].unsqueeze(1)
            parts.append(F.log_softmax(self.tail[i](input), dim=1) + cluster)
        return cat(parts, dim=1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class: `log_prob(input).argmax(dim=1)`, without the tail where the head decides.

        Args:
            input: `(N, F)`.

        Returns:
            `(N,)`, int64.

        Raises:
            ShapeError: `input` has other features.

        Example:
            >>> import fnnet
            >>> classify = fnnet.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[4, 10])
            >>> classify.predict(fnnet.zeros(3, 16)).shape
            fnnet.Size([3])
        """
        head = self.head(input)
        found = head.argmax(dim=1)
        rare = (found >= self.shortlist_size).nonzero().squeeze(1)
        if not rare.numel():
            return found
        of_all = self._of_all(input.index_select(0, rare), head.index_select(0, rare))
        return found.index_copy(0, rare, of_all.argmax(dim=1))


__all__ = ["AdaptiveLogSoftmaxWithLoss"]
