"""Pooling: the largest or the mean of each window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.modules._sizes import repeated

Sizes = int | Sequence[int]
Pooled = Any
"""A Tensor, or (values, indices) where `return_indices` asks for them: PyTorch's annotations do not tell either."""


# the largest of each window -------------------------------------------------------------------------------------------
class _MaxPoolNd(Module):
    kernel_size: Sizes
    stride: Sizes
    padding: Sizes
    dilation: Sizes
    return_indices: bool
    ceil_mode: bool

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """The largest element of each window of (N, C, L) or (C, L): `F.max_pool1d`.

    Args:
        kernel_size: Size of the window.
        stride: Its step. Default: kernel_size.
        padding: Elements of -inf added on both sides, at most half the window. Default: 0.
        dilation: Distance between the window's elements. Default: 1.
        return_indices: Return each one's index, too. Default: False.
        ceil_mode: Let the last windows leave the input at the end, if they begin inside. Default: False.

    Shape:
        `(N, C, L)` to `(N, C, L')`, or both without N;
        L' = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1);
        ceil with `ceil_mode`.

    Raises:
        OptionError: Called with sizes below 1 or padding of more than half a window.
        ShapeError: The input has other dims, or no window fits.
        DTypeError: The input is bool.

    Example:
        >>> import fnnet
        >>> fnnet.nn.MaxPool1d(2)(fnnet.zeros(2, 3, 8)).shape
        fnnet.Size([2, 3, 4])
    """

    def forward(self, input: Tensor) -> Pooled:
        return F.max_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class MaxPool2d(_MaxPoolNd):
    """The largest element of each window of (N, C, H, W) or (C, H, W): `F.max_pool2d`.

    Args:
        kernel_size: Size of the window, one number or one per dim.
        stride: Its step, one number or one per dim. Default: kernel_size.
        padding: Elements of -inf added on both sides, at most half the window, one number or one per dim. Default: 0.
        dilation: Distance between the window's elements, one number or one per dim. Default: 1.
        return_indices: Return each one's index in its plane, `h * W + w`, too. Default: False.
        ceil_mode: Let the last windows leave the input at the end, if they begin inside. Default: False.

    Shape:
        `(N, C, H, W)` to `(N, C, H', W')`, or both without N;
        H' = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1), W' alike;
        ceil with `ceil_mode`.

    Raises:
        OptionError: Called with sizes below 1 or padding of more than half a window.
        ShapeError: The input has other dims, or no window fits.
        DTypeError: The input is bool.

    Example:
        >>> import fnnet
        >>> fnnet.nn.MaxPool2d(2)(fnnet.zeros(2, 3, 8, 6)).shape
        fnnet.Size([2, 3, 4, 3])
    """

    def forward(self, input: Tensor) -> Pooled:
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class MaxPool3d(_MaxPoolNd):
    """The largest element of each window of (N, C, D, H, W) or (C, D, H, W): `F.max_pool3d`.

    Args:
        kernel_size: Size of the window, one number or one per dim.
        stride: Its step, one number or one per dim. Default: kernel_size.
        padding: Elements of -inf added on both sides, at most half the window, one number or one per dim. Default: 0.
        dilation: Distance between the window's elements, one number or one per dim. Default: 1.
        return_indices: Return each one's index in its volume, `(d * H + h) * W + w`, too. Default: False.
        ceil_mode: Let the last windows leave the input at the end, if they begin inside. Default: False.

    Shape:
        `(N, C, D, H, W)` to `(N, C, D', H', W')`, or both without N;
        D' = floor((D + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1), H' and W' alike;
        ceil with `ceil_mode`.

    Raises:
        OptionError: Called with sizes below 1 or padding of more than half a window.
        ShapeError: The input has other dims, or no window fits.
        DTypeError: The input is bool.

    Example:
        >>> import fnnet
        >>> fnnet.nn.MaxPool3d(2)(fnnet.zeros(1, 2, 4, 8, 6)).shape
        fnnet.Size([1, 2, 2, 4, 3])
    """

    def forward(self, input: Tensor) -> Pooled:
        return F.max_pool3d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


# the mean of each window ----------------------------------------------------------------------------------------------
class _AvgPoolNd(Module):
    kernel_size: Sizes
    stride: Sizes
    padding: Sizes
    ceil_mode: bool
    count_include_pad: bool

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """The mean of each window of (N, C, L) or (C, L): `F.avg_pool1d`.

    Args:
        kernel_size: Size of the window.
        stride: Its step. Default: kernel_size.
        padding: Zeros added on both sides, at most half the window. Default: 0.
        ceil_mode: Let the last windows leave the input at the end, if they begin inside. Default: False.
        count_include_pad: Whether the padding counts in the mean. Default: True.

    Shape:
        `(N, C, L)` to `(N, C, L')`, or both without N;
        L' = floor((L + 2 padding - kernel_size) / stride + 1);
        ceil with `ceil_mode`.

    Raises:
        OptionError: Called with sizes below 1 or padding of more than half a window.
        ShapeError: The input has other dims, or no window fits.
        DTypeError: The input is neither of floating point nor int64.

    Example:
        >>> import fnnet
        >>> fnnet.nn.AvgPool1d(3, stride=2)(fnnet.tensor([[1.0, 2, 3, 4, 5, 6, 7]]))
        tensor([[2., 4., 6.]])
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = repeated(1, kernel_size)
        self.stride = repeated(1, stride if stride is not None else kernel_size)
        self.padding = repeated(1, padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _AvgPoolWithDivisor(_AvgPoolNd):
    divisor_override: int | None

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override


class AvgPool2d(_AvgPoolWithDivisor):
    """The mean of each window of (N, C, H, W) or (C, H, W): `F.avg_pool2d`.

    Args:
        kernel_size: Size of the window, one number or one per dim.
        stride: Its step, one number or one per dim. Default: kernel_size.
        padding: Zeros added on both sides, at most half the window, one number or one per dim. Default: 0.
        ceil_mode: Let the last windows leave the input at the end, if they begin inside. Default: False.
        count_include_pad: Whether the padding counts in the mean. Default: True.
        divisor_override: What the window's sum is divided by. Default: the number of its elements.

    Shape:
        `(N, C, H, W)` to `(N, C, H', W')`, or both without N;
        H' = floor((H + 2 padding - kernel_size) / stride + 1), W' alike;
        ceil with `ceil_mode`.

    Raises:
        OptionError: Called with sizes below 1 or padding of more than half a window.
        ShapeError: The input has other dims, or no window fits.
        DTypeError: The input is neither of floating point nor int64.

    Example:
        >>> import fnnet
        >>> fnnet.nn.AvgPool2d(2)(fnnet.zeros(2, 3, 8, 6)).shape
        fnnet.Size([2, 3, 4, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip


class AvgPool3d(_AvgPoolWithDivisor):
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W): `F.avg_pool3d`.

    Args:
        kernel_size: Size of the window, one number or one per dim.
        stride: Its step, one number or one per dim. Default: kernel_size.
        padding: Zeros added on both sides, at most half the window, one number or one per dim. Default: 0.
        ceil_mode: Let the last windows leave the input at the end, if they begin inside. Default: False.
        count_include_pad: Whether the padding counts in the mean. Default: True.
        divisor_override: What the window's sum is divided by. Default: the number of its elements.

    Shape:
        `(N, C, D, H, W)` to `(N, C, D', H', W')`, or both without N;
        D' = floor((D + 2 padding - kernel_size) / stride + 1), H' and W' alike;
        ceil with `ceil_mode`.

    Raises:
        OptionError: Called with sizes below 1 or padding of more than half a window.
        ShapeError: The input has other dims, or no window fits.
        DTypeError: The input is neither of floating point nor int64.

    Example:
        >>> import fnnet
        >>> fnnet.nn.AvgPool3d(2)(fnnet.zeros(1, 2, 4, 8, 6)).shape
        fnnet.Size([1, 2, 2, 4, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip


__all__ = ["AvgPool1d", "AvgPool2d", "AvgPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d"]
