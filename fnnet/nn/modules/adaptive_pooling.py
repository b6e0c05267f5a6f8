"""Adaptive pooling: the largest or the mean of each cell of a grid."""

from __future__ import annotations

from collections.abc import Sequence

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.modules.pooling import Pooled

GridSizes = int | None | Sequence[int | None]


class _AdaptiveMaxPoolNd(Module):
    output_size: GridSizes
    return_indices: bool

    def __init__(self, output_size: GridSizes, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveAvgPoolNd(Module):
    output_size: GridSizes

    def __init__(self, output_size: GridSizes) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The largest element of each cell of a grid over (N, C, L) or (C, L): `F.adaptive_max_pool1d`.

    Args:
        output_size: Cells of the grid; None keeps the input's size.
        return_indices: Return each one's index, too. Default: False.

    Shape:
        `(N, C, L)` to `(N, C, *output_size)`, or both without N.

    Raises:
        ShapeError: The input has other dims, or an empty one.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.AdaptiveMaxPool1d(3)(fnnet.zeros(2, 3, 8)).shape
        fnnet.Size([2, 3, 3])
    """

    def forward(self, input: Tensor) -> Pooled:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The largest element of each cell of a grid over (N, C, H, W) or (C, H, W): `F.adaptive_max_pool2d`.

    Args:
        output_size: Cells of the grid, one number or one per dim; None keeps a dim's size.
        return_indices: Return each one's index in its plane, `h * W + w`, too. Default: False.

    Shape:
        `(N, C, H, W)` to `(N, C, *output_size)`, or both without N.

    Raises:
        ShapeError: The input has other dims, or an empty one.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.AdaptiveMaxPool2d(3)(fnnet.zeros(2, 3, 8, 6)).shape
        fnnet.Size([2, 3, 3, 3])
    """

    def forward(self, input: Tensor) -> Pooled:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The largest element of each cell of a grid over (N, C, D, H, W) or (C, D, H, W): `F.adaptive_max_pool3d`.

    Args:
        output_size: Cells of the grid, one number or one per dim; None keeps a dim's size.
        return_indices: Return each one's index in its volume, `(d * H + h) * W + w`, too. Default: False.

    Shape:
        `(N, C, D, H, W)` to `(N, C, *output_size)`, or both without N.

    Raises:
        ShapeError: The input has other dims, or an empty one.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.AdaptiveMaxPool3d(3)(fnnet.zeros(1, 2, 4, 8, 6)).shape
        fnnet.Size([1, 2, 3, 3, 3])
    """

    def forward(self, input: Tensor) -> Pooled:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The mean of each cell of a grid over (N, C, L) or (C, L): `F.adaptive_avg_pool1d`.

    Args:
        output_size: Cells of the grid; None keeps the input's size.

    Shape:
        `(N, C, L)` to `(N, C, *output_size)`, or both without N.

    Raises:
        ShapeError: The input has other dims, or an empty one.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.AdaptiveAvgPool1d(3)(fnnet.zeros(2, 3, 8)).shape
        fnnet.Size([2, 3, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The mean of each cell of a grid over (N, C, H, W) or (C, H, W): `F.adaptive_avg_pool2d`.

    Args:
        output_size: Cells of the grid, one number or one per dim; None keeps a dim's size.

    Shape:
        `(N, C, H, W)` to `(N, C, *output_size)`, or both without N.

    Raises:
        ShapeError: The input has other dims, or an empty one.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.AdaptiveAvgPool2d(3)(fnnet.zeros(2, 3, 8, 6)).shape
        fnnet.Size([2, 3, 3, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The mean of each cell of a grid over (N, C, D, H, W) or (C, D, H, W): `F.adaptive_avg_pool3d`.

    Args:
        output_size: Cells of the grid, one number or one per dim; None keeps a dim's size.

    Shape:
        `(N, C, D, H, W)` to `(N, C, *output_size)`, or both without N.

    Raises:
        ShapeError: The input has other dims, or an empty one.
        DTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.AdaptiveAvgPool3d(3)(fnnet.zeros(1, 2, 4, 8, 6)).shape
        fnnet.Size([1, 2, 3, 3, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d", "AdaptiveMaxPool3d",
]  # fmt: skip
