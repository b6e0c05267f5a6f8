"""Normalization of each sample: over its last dims, over groups of channels, over neighbouring channels."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.functional.scaling import cross_map_lrn
from fnnet.nn import functional as F
from fnnet.nn import init
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike, parameter
from fnnet.nn.parameter import Parameter


class LayerNorm(Module):
    """Normalizes over the last dims by their mean and variance: `F.layer_norm`.

    State: weight and bias `normalized_shape`, 1 and 0 at first.

    Args:
        normalized_shape: Sizes of the dims to normalize over, or the size of the last.
        eps: Added to the variance. Default: 1e-5.
        elementwise_affine: Whether there are weight and bias. Default: True.
        bias: Whether there is a bias beside the weight. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(*, *normalized_shape)` to the same.

    Raises:
        ShapeError: Called with other last dims.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Ba et al. 2016, Layer Normalization.

    Example:
        >>> import fnnet
        >>> fnnet.nn.LayerNorm(2, elementwise_affine=False)(fnnet.tensor([1.0, 3.0])).round(decimals=3)
        tensor([-1.,  1.])
    """

    normalized_shape: tuple[int, ...]
    eps: float
    elementwise_affine: bool
    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        shape = self.normalized_shape
        self.register_parameter("weight", parameter(shape, device, dtype) if elementwise_affine else None)
        self.register_parameter("bias", parameter(shape, device, dtype) if elementwise_affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        _reset(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divides by the root of the mean square over the last dims: `F.rms_norm`.

    State: weight `normalized_shape`, 1 at first.

    Args:
        normalized_shape: Sizes of the dims to normalize over, or the size of the last.
        eps: Added to the mean square. Default: the dtype's machine epsilon.
        elementwise_affine: Whether there is a weight. Default: True.
        device: Where the weight lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.

    Shape:
        `(*, *normalized_shape)` to the same.

    Raises:
        ShapeError: Called with other last dims.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Zhang, Sennrich 2019, Root Mean Square Layer Normalization.

    Example:
        >>> import fnnet
        >>> fnnet.nn.RMSNorm(2, elementwise_affine=False)(fnnet.tensor([1.0, 7.0]))
        tensor([0.2000, 1.4000])
    """

    normalized_shape: tuple[int, ...]
    eps: float | None
    elementwise_affine: bool
    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = parameter(self.normalized_shape, device, dtype) if elementwise_affine else None
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1."""
        _reset(self.weight, None)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Normalizes groups of channels of each sample of `(N, C, *)`: `F.group_norm`.

    State: weight and bias `(C,)`, 1 and 0 at first.

    Args:
        num_groups: Groups into which the channels are divided.
        num_channels: Channels C.
        eps: Added to the variance. Default: 1e-5.
        affine: Whether there are weight and bias. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, *)` to the same.

    Raises:
        OptionError: num_groups does not divide num_channels.
        ShapeError: Called with other channels or fewer than 2 dims.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Wu, He 2018, Group Normalization.

    Example:
        >>> import fnnet
        >>> fnnet.nn.GroupNorm(3, 6)(fnnet.randn(2, 6, 4)).shape
        fnnet.Size([2, 6, 4])
    """

    num_groups: int
    num_channels: int
    eps: float
    affine: bool
    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise OptionError(
                f"{type(self).__name__}: num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        shape = (num_channels,)
        self.register_parameter("weight", parameter(shape, device, dtype) if affine else None)
        self.register_parameter("bias", parameter(shape, device, dtype) if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        _reset(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """Divides by a power of the mean square over `size` neighbouring channels of `(N, C, *)`: `F.local_response_norm`.

    Args:
        size: How many channels.
        alpha: Factor of the mean square. Default: 1e-4.
        beta: The power. Default: 0.75.
        k: Added to it. Default: 1.

    Shape:
        `(N, C, *)` to the same.

    Raises:
        OptionError: Called with fewer than 3 dims, or `size` is below 1.

    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks.

    Example:
        >>> import fnnet
        >>> fnnet.nn.LocalResponseNorm(2)(fnnet.randn(2, 5, 4)).shape
        fnnet.Size([2, 5, 4])
    """

    size: int
    alpha: float
    beta: float
    k: float

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """Divides by a power of the sum of squares over neighbouring channels of (N, C, H, W).

    `x / (k + alpha / size * s)^beta`, where `s` sums the squares of `(size - 1) // 2` channels on either side and the
    channel itself; as in PyTorch, the square of the first channel stays in all sums. The gradient is that of this
    formula at any order; PyTorch's is shifted by a channel.

    Args:
        size: How many channels.
        alpha: Factor of the mean square. Default: 1e-4.
        beta: The power. Default: 0.75.
        k: Added to it. Default: 1.

    Shape:
        `(N, C, H, W)` to the same.

    Raises:
        ShapeError: Called with other than 4 dims.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks.

    Example:
        >>> import fnnet
        >>> fnnet.nn.CrossMapLRN2d(3, alpha=3.0, beta=1.0, k=0.0)(fnnet.ones(1, 2, 1, 1)).flatten()
        tensor([0.5000, 0.5000])
    """

    size: int
    alpha: float
    beta: float
    k: float

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return cross_map_lrn(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def _shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(normalized_shape, Sequence):
        return tuple(normalized_shape)
    return (operator.index(normalized_shape),)


def _reset(weight: Tensor | None, bias: Tensor | None) -> None:
    if weight is not None:
        init.ones_(weight)
    if bias is not None:
        init.zeros_(bias)


__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]
