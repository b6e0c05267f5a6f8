"""Distances and similarities of vectors."""

from __future__ import annotations

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module


class PairwiseDistance(Module):
    """The p-norm of the difference of two vectors: `F.pairwise_distance`.

    Args:
        p: Order of the norm, any number. Default: 2.
        eps: Added to each difference, so that none is zero. Default: 1e-6.
        keepdim: Keep the dim of the vectors, of size 1. Default: False.

    Shape:
        Two of `(N, D)` or `(D,)` to `(N,)` or `()`; with `keepdim` to `(N, 1)` or `(1,)`.

    Raises:
        ShapeError: Called with shapes that do not broadcast.

    Example:
        >>> import fnnet
        >>> fnnet.nn.PairwiseDistance(p=1)(fnnet.tensor([[1.0, 2.0]]), fnnet.tensor([[0.0, 0.0]]))
        tensor([3.0000])
    """

    norm: float
    eps: float
    keepdim: bool

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between two vectors: `F.cosine_similarity`.

    Args:
        dim: The dim of the vectors. Default: 1.
        eps: Least norm that is divided by. Default: 1e-8.

    Shape:
        Two of `(*, D, *)`, D at `dim`, to `(*, *)`.

    Raises:
        ShapeError: Called with shapes that do not broadcast.
        IndexRangeError: Called with an input that has no such dim.
        DTypeError: Called with whole numbers.

    Example:
        >>> import fnnet
        >>> fnnet.nn.CosineSimilarity()(fnnet.tensor([[1.0, 0.0]]), fnnet.tensor([[1.0, 1.0]]))
        tensor([0.7071])
    """

    dim: int
    eps: float

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


__all__ = ["CosineSimilarity", "PairwiseDistance"]
