"""Fractional max-pooling: windows of one size whose distances are drawn, so that a given number of them fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.modules._sizes import repeated
from fnnet.nn.modules.pooling import Pooled

Sizes = int | Sequence[int]
Ratios = float | Sequence[float]


class _FractionalMaxPoolNd(Module):
    _dims: int
    _function: Callable[..., Pooled]
    kernel_size: tuple[int, ...]
    return_indices: bool
    output_size: tuple[int, ...] | None
    output_ratio: tuple[float, ...] | None
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Sizes,
        output_size: Sizes | None = None,
        output_ratio: Ratios | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name, n = type(self).__name__, self._dims
        self.kernel_size = repeated(n, kernel_size)
        if min(self.kernel_size) <= 0:
            raise OptionError(f"{name}: kernel_size must be greater than 0, but got {kernel_size}")
        if output_size is None and output_ratio is None:
            raise OptionError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise OptionError(f"{name}: only one of output_size and output_ratio may be specified")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = repeated(n, output_size) if output_size is not None else None
        self.output_ratio = repeated(n, output_ratio) if output_ratio is not None else None
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise OptionError(f"{name}: output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Pooled:
        function = type(self)._function
        return function(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """The largest element of each of windows whose places are drawn: `F.fractional_max_pool2d`.

    State: the buffer _random_samples `(N, C, 2)` where it is given, for width and height.

    Args:
        kernel_size: Size of the window, one number or one per dim.
        output_size: `(H', W')`, or one number for both. Default: by `output_ratio`.
        output_ratio: H' / H and W' / W, each between 0 and 1, or one number for both. Default: by `output_size`.
        return_indices: Return each one's index in its plane, `h * W + w`, too. Default: False.
        _random_samples: Numbers in [0, 1) that decide the places. Default: drawn in every call.

    Shape:
        `(N, C, H, W)` to `(N, C, H', W')`, or both without N.

    Raises:
        OptionError: Neither of output_size and output_ratio or both, a ratio out of range, or sizes below 1.
        ShapeError: The input has other dims, or the windows do not fit.
        DTypeError: The input is not of floating point.

    Source: Graham 2014, Fractional Max-Pooling.

    Example:
        >>> import fnnet
        >>> fnnet.nn.FractionalMaxPool2d(3, output_ratio=0.5)(fnnet.zeros(2, 3, 12, 10)).shape
        fnnet.Size([2, 3, 6, 5])
    """

    _dims = 2
    _function = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """The largest element of each of windows of volumes whose places are drawn: `F.fractional_max_pool3d`.

    State: the buffer _random_samples `(N, C, 3)` where it is given, for depth, height and width.

    Args:
        kernel_size: Size of the window, one number or one per dim.
        output_size: `(D', H', W')`, or one number for all. Default: by `output_ratio`.
        output_ratio: D' / D, H' / H and W' / W, each between 0 and 1, or one number. Default: by `output_size`.
        return_indices: Return each one's index in its volume, `(d * H + h) * W + w`, too. Default: False.
        _random_samples: Numbers in [0, 1) that decide the places. Default: drawn in every call.

    Shape:
        `(N, C, D, H, W)` to `(N, C, D', H', W')`, or both without N.

    Raises:
        OptionError: Neither of output_size and output_ratio or both, a ratio out of range, or sizes below 1.
        ShapeError: The input has other dims, or the windows do not fit.
        DTypeError: The input is not of floating point.

    Source: Graham 2014, Fractional Max-Pooling.

    Example:
        >>> import fnnet
        >>> fnnet.nn.FractionalMaxPool3d(2, output_size=3)(fnnet.zeros(1, 2, 6, 5, 7)).shape
        fnnet.Size([1, 2, 3, 3, 3])
    """

    _dims = 3
    _function = staticmethod(F.fractional_max_pool3d)


__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]
