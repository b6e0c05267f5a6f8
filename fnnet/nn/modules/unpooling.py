"""Max-unpooling: maxima put back where they were found."""

from __future__ import annotations

from collections.abc import Sequence

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.modules._sizes import repeated

Sizes = int | Sequence[int]


class _MaxUnpoolNd(Module):
    _dims: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        self.kernel_size = repeated(self._dims, kernel_size)
        self.stride = repeated(self._dims, stride if stride is not None else kernel_size)
        self.padding = repeated(self._dims, padding)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Maxima put back where `MaxPool1d` found them, zeros elsewhere: `F.max_unpool1d`.

    Called with the maxima, their indices, and the `output_size` where it is not the default one.

    Args:
        kernel_size: That of the pooling.
        stride: That of the pooling. Default: kernel_size.
        padding: That of the pooling. Default: 0.

    Shape:
        `(N, C, L)` to `(N, C, L')`, or both without N; L' = (L - 1) stride - 2 padding + kernel_size.

    Raises:
        ShapeError: The input has other dims, or the indices another shape.
        OptionError: Called with a stride below 1, or an output_size out of reach.
        DTypeError: The input is not of floating point, or the indices not int64.
        GatherIndexError: An index lies outside the output.

    Example:
        >>> import fnnet
        >>> pool, unpool = fnnet.nn.MaxPool1d(2, return_indices=True), fnnet.nn.MaxUnpool1d(2)
        >>> unpool(*pool(fnnet.tensor([[1.0, 3.0, 4.0, 2.0, 5.0]])), output_size=(5,))
        tensor([[0., 3., 4., 0., 0.]])
    """

    _dims = 1

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpoolNd):
    """Maxima put back where `MaxPool2d` found them, zeros elsewhere: `F.max_unpool2d`.

    Called with the maxima, their indices, and the `output_size` where it is not the default one.

    Args:
        kernel_size: That of the pooling, one number or one per dim.
        stride: That of the pooling, one number or one per dim. Default: kernel_size.
        padding: That of the pooling, one number or one per dim. Default: 0.

    Shape:
        `(N, C, H, W)` to `(N, C, H', W')`, or both without N; H' = (H - 1) stride - 2 padding + kernel_size, W' alike.

    Raises:
        ShapeError: The input has other dims, or the indices another shape.
        OptionError: Called with a stride below 1, or an output_size out of reach.
        DTypeError: The input is not of floating point, or the indices not int64.
        GatherIndexError: An index lies outside its plane.

    Example:
        >>> import fnnet
        >>> pool, unpool = fnnet.nn.MaxPool2d(2, return_indices=True), fnnet.nn.MaxUnpool2d(2)
        >>> unpool(*pool(fnnet.tensor([[[1.0, 2.0], [4.0, 3.0]]])))
        tensor([[[0., 0.],
                 [4., 0.]]])
    """

    _dims = 2

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpoolNd):
    """Maxima put back where `MaxPool3d` found them, zeros elsewhere: `F.max_unpool3d`.

    Called with the maxima, their indices, and the `output_size` where it is not the default one.

    Args:
        kernel_size: That of the pooling, one number or one per dim.
        stride: That of the pooling, one number or one per dim. Default: kernel_size.
        padding: That of the pooling, one number or one per dim. Default: 0.

    Shape:
        `(N, C, D, H, W)` to `(N, C, D', H', W')`, or both without N;
        D' = (D - 1) stride - 2 padding + kernel_size, H' and W' alike.

    Raises:
        ShapeError: The input has other dims, or the indices another shape.
        OptionError: Called with a stride below 1, or an output_size out of reach.
        DTypeError: The input is not of floating point, or the indices not int64.
        GatherIndexError: An index lies outside its volume.

    Example:
        >>> import fnnet
        >>> pool, unpool = fnnet.nn.MaxPool3d(2, return_indices=True), fnnet.nn.MaxUnpool3d(2)
        >>> unpool(*pool(fnnet.arange(8.0).reshape(1, 2, 2, 2))).flatten()
        tensor([0., 0., 0., 0., 0., 0., 0., 7.])
    """

    _dims = 3

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


__all__ = ["MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]
