"""Layers that widen the last dims: with zeros, a constant, the mirrored, the repeated or the opposite edge.

`padding` is a number for all sides, or a tuple that starts with the last dim: (left, right, top, bottom, front, back).
Each calls `F.pad`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fnnet._core.errors import ShapeError
from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.modules._sizes import repeated

Padding = int | tuple[int, ...]


class _PadNd(Module):
    """What all have: the padding of `_dims` dims."""

    _dims: int
    padding: Sequence[int]

    def __init__(self, padding: Padding) -> None:
        super().__init__()
        self.padding = repeated(2 * self._dims, padding)

    def extra_repr(self) -> str:
        return f"{self.padding}"


# circular -------------------------------------------------------------------------------------------------------------
class _CircularPadNd(_PadNd):
    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (self._dims + 1, self._dims + 2):
            raise ShapeError(f"expected {self._dims + 1}D or {self._dims + 2}D input (got {input.ndim}D input)")
        return F.pad(input, self.padding, "circular")


class CircularPad1d(_CircularPadNd):
    """(N, C, L) or (C, L) continued with its other end.

    Args:
        padding: How far, as `(left, right)`, or one number for all sides; negative ones crop.

    Shape:
        `(N, C, L)` to `(N, C, L')`, or without N; L' = L + left + right.

    Raises:
        ShapeError: The input has another number of dims, or a side is longer than its dim.

    Example:
        >>> import fnnet
        >>> fnnet.nn.CircularPad1d(1)(fnnet.tensor([[1, 2, 3]]))
        tensor([[3, 1, 2, 3, 1]])
    """

    _dims = 1


class CircularPad2d(_CircularPadNd):
    """(N, C, H, W) or (C, H, W) continued with its other ends.

    Args:
        padding: How far, as `(left, right, top, bottom)`, or one number for all sides; negative ones crop.

    Shape:
        `(N, C, H, W)` to `(N, C, H', W')`, or without N; H' = H + top + bottom, W' = W + left + right.

    Raises:
        ShapeError: The input has another number of dims, or a side is longer than its dim.

    Example:
        >>> import fnnet
        >>> fnnet.nn.CircularPad2d((1, 0, 0, 0))(fnnet.tensor([[[1, 2], [3, 4]]]))
        tensor([[[2, 1, 2],
                 [4, 3, 4]]])
    """

    _dims = 2


class CircularPad3d(_CircularPadNd):
    """(N, C, D, H, W) or (C, D, H, W) continued with its other ends.

    Args:
        padding: How far, as `(left, right, top, bottom, front, back)`, or one number for all sides; negative ones crop.

    Shape:
        `(N, C, D, H, W)` to `(N, C, D', H', W')`, or without N; each dim grows by its two sides.

    Raises:
        ShapeError: The input has another number of dims, or a side is longer than its dim.

    Example:
        >>> import fnnet
        >>> fnnet.nn.CircularPad3d(1)(fnnet.ones(1, 2, 2, 2)).shape
        fnnet.Size([1, 4, 4, 4])
    """

    _dims = 3


# constant, zero -------------------------------------------------------------------------------------------------------
class _ConstantPadNd(_PadNd):
    value: float

    def __init__(self, padding: Padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """The last dim continued with a constant.

    Args:
        padding: How far, as `(left, right)`, or one number for all sides; negative ones crop.
        value: The constant.

    Shape:
        `(*, L)` to `(*, L')`, L' = L + left + right.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ConstantPad1d((1, 0), 7)(fnnet.tensor([[1, 2]]))
        tensor([[7, 1, 2]])
    """

    _dims = 1


class ConstantPad2d(_ConstantPadNd):
    """The last two dims continued with a constant.

    Args:
        padding: How far, as `(left, right, top, bottom)`, or one number for all sides; negative ones crop.
        value: The constant.

    Shape:
        `(*, H, W)` to `(*, H', W')`, H' = H + top + bottom, W' = W + left + right.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ConstantPad2d((1, 0, 0, 1), 7)(fnnet.tensor([[[1, 2]]]))
        tensor([[[7, 1, 2],
                 [7, 7, 7]]])
    """

    _dims = 2


class ConstantPad3d(_ConstantPadNd):
    """The last three dims continued with a constant.

    Args:
        padding: How far, as `(left, right, top, bottom, front, back)`, or one number for all sides; negative ones crop.
        value: The constant.

    Shape:
        `(*, D, H, W)` to `(*, D', H', W')`, D' = D + front + back, H' = H + top + bottom, W' = W + left + right.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ConstantPad3d(1, 7.0)(fnnet.ones(1, 2, 2, 2)).shape
        fnnet.Size([1, 4, 4, 4])
    """

    _dims = 3


class ZeroPad1d(ConstantPad1d):
    """The last dim continued with zeros.

    Args:
        padding: How far, as `(left, right)`, or one number for all sides; negative ones crop.

    Shape:
        `(*, L)` to `(*, L')`, L' = L + left + right.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ZeroPad1d(1)(fnnet.tensor([[1, 2]]))
        tensor([[0, 1, 2, 0]])
    """

    def __init__(self, padding: Padding) -> None:
        super().__init__(padding, 0.0)

    extra_repr = _PadNd.extra_repr


class ZeroPad2d(ConstantPad2d):
    """The last two dims continued with zeros.

    Args:
        padding: How far, as `(left, right, top, bottom)`, or one number for all sides; negative ones crop.

    Shape:
        `(*, H, W)` to `(*, H', W')`, H' = H + top + bottom, W' = W + left + right.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ZeroPad2d((1, 0, 0, 1))(fnnet.tensor([[[1, 2]]]))
        tensor([[[0, 1, 2],
                 [0, 0, 0]]])
    """

    def __init__(self, padding: Padding) -> None:
        super().__init__(padding, 0.0)

    extra_repr = _PadNd.extra_repr


class ZeroPad3d(ConstantPad3d):
    """The last three dims continued with zeros.

    Args:
        padding: How far, as `(left, right, top, bottom, front, back)`, or one number for all sides; negative ones crop.

    Shape:
        `(*, D, H, W)` to `(*, D', H', W')`, D' = D + front + back, H' = H + top + bottom, W' = W + left + right.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ZeroPad3d(1)(fnnet.ones(1, 2, 2, 2)).shape
        fnnet.Size([1, 4, 4, 4])
    """

    def __init__(self, padding: Padding) -> None:
        super().__init__(padding, 0.0)

    extra_repr = _PadNd.extra_repr


# reflection -----------------------------------------------------------------------------------------------------------
class _ReflectionPadNd(_PadNd):
    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "reflect")


class ReflectionPad1d(_ReflectionPadNd):
    """(N, C, L) or (C, L) continued with its mirror image, the edge not repeated.

    Args:
        padding: How far, as `(left, right)`, or one number for all sides; negative ones crop.

    Shape:
        `(N, C, L)` to `(N, C, L')`, or without N; L' = L + left + right.

    Raises:
        ShapeError: The input has another number of dims, or a side is not shorter than its dim.
        UnsupportedDTypeError: The input is bool.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ReflectionPad1d(2)(fnnet.tensor([[1, 2, 3]]))
        tensor([[3, 2, 1, 2, 3, 2, 1]])
    """

    _dims = 1


class ReflectionPad2d(_ReflectionPadNd):
    """(N, C, H, W) or (C, H, W) continued with its mirror image, the edges not repeated.

    Args:
        padding: How far, as `(left, right, top, bottom)`, or one number for all sides; negative ones crop.

    Shape:
        `(N, C, H, W)` to `(N, C, H', W')`, or without N; H' = H + top + bottom, W' = W + left + right.

    Raises:
        ShapeError: The input has another number of dims, or a side is not shorter than its dim.
        UnsupportedDTypeError: The input is bool.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ReflectionPad2d((1, 0, 0, 0))(fnnet.tensor([[[1, 2], [3, 4]]]))
        tensor([[[2, 1, 2],
                 [4, 3, 4]]])
    """

    _dims = 2


class ReflectionPad3d(_ReflectionPadNd):
    """(N, C, D, H, W) or (C, D, H, W) continued with its mirror image, the edges not repeated.

    Args:
        padding: How far, as `(left, right, top, bottom, front, back)`, or one number for all sides; negative ones crop.

    Shape:
        `(N, C, D, H, W)` to `(N, C, D', H', W')`, or without N; each dim grows by its two sides.

    Raises:
        ShapeError: The input has another number of dims, or a side is not shorter than its dim.
        UnsupportedDTypeError: The input is bool.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ReflectionPad3d(1)(fnnet.ones(1, 2, 2, 2)).shape
        fnnet.Size([1, 4, 4, 4])
    """

    _dims = 3


# replication ----------------------------------------------------------------------------------------------------------
class _ReplicationPadNd(_PadNd):
    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "replicate")


class ReplicationPad1d(_ReplicationPadNd):
    """(N, C, L) or (C, L) continued with its edge.

    Args:
        padding: How far, as `(left, right)`, or one number for all sides; negative ones crop.

    Shape:
        `(N, C, L)` to `(N, C, L')`, or without N; L' = L + left + right.

    Raises:
        ShapeError: The input has another number of dims.
        UnsupportedDTypeError: The input is bool.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ReplicationPad1d(2)(fnnet.tensor([[1.0, 2.0]]))
        tensor([[1., 1., 1., 2., 2., 2.]])
    """

    _dims = 1


class ReplicationPad2d(_ReplicationPadNd):
    """(N, C, H, W) or (C, H, W) continued with its edges.

    Args:
        padding: How far, as `(left, right, top, bottom)`, or one number for all sides; negative ones crop.

    Shape:
        `(N, C, H, W)` to `(N, C, H', W')`, or without N; H' = H + top + bottom, W' = W + left + right.

    Raises:
        ShapeError: The input has another number of dims.
        UnsupportedDTypeError: The input is bool.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ReplicationPad2d((1, 0, 0, 0))(fnnet.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[1., 1., 2.],
                 [3., 3., 4.]]])
    """

    _dims = 2


class ReplicationPad3d(_ReplicationPadNd):
    """(N, C, D, H, W) or (C, D, H, W) continued with its edges.

    Args:
        padding: How far, as `(left, right, top, bottom, front, back)`, or one number for all sides; negative ones crop.

    Shape:
        `(N, C, D, H, W)` to `(N, C, D', H', W')`, or without N; each dim grows by its two sides.

    Raises:
        ShapeError: The input has another number of dims.
        UnsupportedDTypeError: The input is bool.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ReplicationPad3d(1)(fnnet.ones(1, 2, 2, 2)).shape
        fnnet.Size([1, 4, 4, 4])
    """

    _dims = 3


__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d",
    "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip
