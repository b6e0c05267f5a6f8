"""Random zeros in training; nothing in evaluation."""

from __future__ import annotations

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module


class _DropoutNd(Module):
    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise OptionError(f"{type(self).__name__}: dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training each element becomes zero with probability `p`; the others are scaled by 1/(1-p): `F.dropout`.

    Args:
        p: Probability of a zero, in [0, 1]. Default: 0.5.
        inplace: Write into the input. Default: False.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        OptionError: `p` is no probability.
        UnsupportedDTypeError: The input is not of floating point, in training.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Dropout(0.2).eval()(fnnet.ones(2))
        tensor([1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """As Dropout, for whole channels of (N, C, L) or (C, L): `F.dropout1d`.

    Args:
        p: Probability of a zero, in [0, 1]. Default: 0.5.
        inplace: Write into the input. Default: False.

    Shape:
        `(N, C, L)` or `(C, L)` to the same.

    Raises:
        OptionError: `p` is no probability.
        UnsupportedDTypeError: The input is not of floating point, in training.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Dropout1d(0.2)(fnnet.ones(2, 3, 4)).shape
        fnnet.Size([2, 3, 4])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """As Dropout, for whole channels of (N, C, H, W): `F.dropout2d`.

    Args:
        p: Probability of a zero, in [0, 1]. Default: 0.5.
        inplace: Write into the input. Default: False.

    Shape:
        `(N, C, H, W)` to the same; three dims are taken as `(N, C, L)`, as PyTorch does, with a warning.

    Raises:
        OptionError: `p` is no probability.
        UnsupportedDTypeError: The input is not of floating point, in training.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Dropout2d(0.2)(fnnet.ones(2, 3, 4, 4)).shape
        fnnet.Size([2, 3, 4, 4])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """As Dropout, for whole channels of (N, C, D, H, W) or (C, D, H, W): `F.dropout3d`.

    Args:
        p: Probability of a zero, in [0, 1]. Default: 0.5.
        inplace: Write into the input. Default: False.

    Shape:
        `(N, C, D, H, W)` or `(C, D, H, W)` to the same.

    Raises:
        OptionError: `p` is no probability.
        UnsupportedDTypeError: The input is not of floating point, in training.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Dropout3d(0.2)(fnnet.ones(1, 3, 2, 2, 2)).shape
        fnnet.Size([1, 3, 2, 2, 2])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean 0 and variance 1, for use with SELU: `F.alpha_dropout`.

    Args:
        p: Probability of being dropped, in [0, 1]. Default: 0.5.
        inplace: Accepted, without effect, as in PyTorch. Default: False.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        OptionError: `p` is no probability.
        UnsupportedDTypeError: The input is not of floating point, in training.

    Source: Klambauer et al. 2017, Self-Normalizing Neural Networks.

    Example:
        >>> import fnnet
        >>> fnnet.nn.AlphaDropout(0.2)(fnnet.ones(2, 3)).shape
        fnnet.Size([2, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """As AlphaDropout, for whole channels of `(N, C, *)`: `F.feature_alpha_dropout`.

    Args:
        p: Probability of being dropped, in [0, 1]. Default: 0.5.
        inplace: Accepted, without effect, as in PyTorch. Default: False.

    Shape:
        `(N, C, *)` to `(N, C, *)`.

    Raises:
        OptionError: `p` is no probability.
        UnsupportedDTypeError: The input is not of floating point, in training.

    Example:
        >>> import fnnet
        >>> fnnet.nn.FeatureAlphaDropout(0.2)(fnnet.ones(2, 3, 4)).shape
        fnnet.Size([2, 3, 4])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)


__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]
