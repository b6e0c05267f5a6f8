"""Power-average pooling: the p-norm of each window."""

from __future__ import annotations

from collections.abc import Sequence

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module

Sizes = int | Sequence[int]


class _LPPoolNd(Module):
    norm_type: float
    kernel_size: Sizes
    stride: Sizes | None
    ceil_mode: bool

    def __init__(
        self, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """`(sum of x^p)^(1 / p)` over each window of (N, C, L) or (C, L): `F.lp_pool1d`.

    Args:
        norm_type: p, not 0; infinity is `MaxPool1d` of the magnitudes.
        kernel_size: Size of the window.
        stride: Its step. Default: kernel_size.
        ceil_mode: Let the last window reach over the end. Default: False.

    Shape:
        `(N, C, L)` to `(N, C, L')`, or both without N; L' = floor((L - kernel_size) / stride + 1);
        ceil with `ceil_mode`.

    Raises:
        OptionError: Called with sizes below 1.
        DivisionError: Called with p = 0.
        ShapeError: The input has other dims, or no window fits.
        DTypeError: The input is complex, or of whole numbers but int64.

    Example:
        >>> import fnnet
        >>> fnnet.nn.LPPool1d(2, 2)(fnnet.tensor([[3.0, 4.0, 6.0, 8.0]]))
        tensor([[ 5., 10.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPoolNd):
    """`(sum of x^p)^(1 / p)` over each window of (N, C, H, W) or (C, H, W): `F.lp_pool2d`.

    Args:
        norm_type: p, not 0; infinity is `MaxPool2d` of the magnitudes.
        kernel_size: Size of the window, one number or one per dim.
        stride: Its step, one number or one per dim. Default: kernel_size.
        ceil_mode: Let the last windows reach over the end. Default: False.

    Shape:
        `(N, C, H, W)` to `(N, C, H', W')`, or both without N; H' = floor((H - kernel_size) / stride + 1), W' alike;
        ceil with `ceil_mode`.

    Raises:
        OptionError: Called with sizes below 1.
        DivisionError: Called with p = 0.
        ShapeError: The input has other dims, or no window fits.
        DTypeError: The input is complex, or of whole numbers but int64.

    Example:
        >>> import fnnet
        >>> fnnet.nn.LPPool2d(1.2, (3, 2), stride=(2, 1))(fnnet.ones(2, 3, 5, 4)).shape
        fnnet.Size([2, 3, 2, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPoolNd):
    """`(sum of x^p)^(1 / p)` over each window of (N, C, D, H, W) or (C, D, H, W): `F.lp_pool3d`.

    Args:
        norm_type: p, not 0; infinity is `MaxPool3d` of the magnitudes.
        kernel_size: Size of the window, one number or one per dim.
        stride: Its step, one number or one per dim. Default: kernel_size.
        ceil_mode: Let the last windows reach over the end. Default: False.

    Shape:
        `(N, C, D, H, W)` to `(N, C, D', H', W')`, or both without N;
        D' = floor((D - kernel_size) / stride + 1), H' and W' alike; ceil with `ceil_mode`.

    Raises:
        OptionError: Called with sizes below 1.
        DivisionError: Called with p = 0.
        ShapeError: The input has other dims, or no window fits.
        DTypeError: The input is complex, or of whole numbers but int64.

    Example:
        >>> import fnnet
        >>> fnnet.nn.LPPool3d(2, 2)(fnnet.ones(1, 2, 4, 4, 2)).shape
        fnnet.Size([1, 2, 2, 2, 1])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


__all__ = ["LPPool1d", "LPPool2d", "LPPool3d"]
