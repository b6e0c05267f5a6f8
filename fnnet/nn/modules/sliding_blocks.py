"""Sliding blocks of images as columns, and back."""

from __future__ import annotations

from collections.abc import Sequence

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module

Sizes = int | Sequence[int]


class Fold(Module):
    """Images as the sums of sliding blocks: `F.fold`.

    Args:
        output_size: `(H, W)` of the images, or one number for both.
        kernel_size: Size of a block, one number or one per dim.
        dilation: Distance between a block's elements, one number or one per dim. Default: 1.
        padding: How far blocks reach beyond the border on both sides, one number or one per dim. Default: 0.
        stride: Steps between blocks, one number or one per dim. Default: 1.

    Shape:
        `(N, C kh kw, L)` to `(N, C, H, W)`, or both without N; L as `Unfold` makes it of such images.

    Raises:
        ShapeError: Called with other dims, or another number of rows or columns.
        OptionError: Called with sizes or steps below 1, or padding below 0.
        DTypeError: The input is of whole numbers.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Fold(output_size=(4, 5), kernel_size=(2, 2))(fnnet.zeros(1, 3 * 2 * 2, 12)).shape
        fnnet.Size([1, 3, 4, 5])
    """

    output_size: Sizes
    kernel_size: Sizes
    dilation: Sizes
    padding: Sizes
    stride: Sizes

    def __init__(
        self, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )


class Unfold(Module):
    """Sliding blocks of (N, C, H, W) or (C, H, W) as columns: `F.unfold`.

    Args:
        kernel_size: Size of a block, one number or one per dim.
        dilation: Distance between a block's elements, one number or one per dim. Default: 1.
        padding: Zeros on both sides, one number or one per dim. Default: 0.
        stride: Steps between blocks, one number or one per dim. Default: 1.

    Shape:
        `(N, C, H, W)` to `(N, C kh kw, L)`, or both without N;
        L is the product of floor((H + 2 padding - dilation (kh - 1) - 1) / stride + 1) and its like.

    Raises:
        ShapeError: Called with other dims, or no block fits.
        OptionError: Called with sizes or steps below 1, or padding below 0.
        DTypeError: The input is of whole numbers.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Unfold(kernel_size=(2, 3))(fnnet.zeros(2, 5, 3, 4)).shape
        fnnet.Size([2, 30, 4])
    """

    kernel_size: Sizes
    dilation: Sizes
    padding: Sizes
    stride: Sizes

    def __init__(self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


__all__ = ["Fold", "Unfold"]
