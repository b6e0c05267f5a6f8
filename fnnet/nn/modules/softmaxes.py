"""Exponentials that sum to 1 over a dim, and their logarithms."""

from __future__ import annotations

from typing import Any

from fnnet._core.errors import ShapeError
from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module

_USER = 5  # frames from the function's warning up to the line that called the module


class _OverDim(Module):
    """A function over one dim.

    Args:
        dim: The dim; None, which is deprecated: 0 for 0, 1 and 3 dims, else 1.
    """

    dim: int | None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.__dict__.setdefault("dim", None)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_OverDim):
    """exp(x) divided by its sum over a dim: `F.softmax`.

    Args:
        dim: Along which dim. None is deprecated: 0 for 0-d, 1-d and 3-d inputs, else 1. Default: None.

    Shape:
        `(*)`, floating point, to `(*)`, in [0, 1].

    Raises:
        UnsupportedDTypeError: The input is not of floating point.
        IndexRangeError: It has no such dim.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Softmax(0)(fnnet.tensor([0.0, 1.0]))
        tensor([0.2689, 0.7311])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim, _stacklevel=_USER)


class Softmin(_OverDim):
    """The softmax of -x: `F.softmin`.

    Args:
        dim: Along which dim. None is deprecated: 0 for 0-d, 1-d and 3-d inputs, else 1. Default: None.

    Shape:
        `(*)`, floating point, to `(*)`, in [0, 1].

    Raises:
        UnsupportedDTypeError: The input is not of floating point.
        IndexRangeError: It has no such dim.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Softmin(0)(fnnet.tensor([0.0, 1.0]))
        tensor([0.7311, 0.2689])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim, _stacklevel=_USER)


class LogSoftmax(_OverDim):
    """The logarithm of the softmax: `F.log_softmax`.

    Args:
        dim: Along which dim. None is deprecated: 0 for 0-d, 1-d and 3-d inputs, else 1. Default: None.

    Shape:
        `(*)`, floating point, to `(*)`, not positive.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.
        IndexRangeError: It has no such dim.

    Example:
        >>> import fnnet
        >>> fnnet.nn.LogSoftmax(0)(fnnet.tensor([0.0, 1.0]))
        tensor([-1.3133, -0.3133])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim, _stacklevel=_USER)


class Softmax2d(Module):
    """The softmax over the channels of (N, C, H, W) or (C, H, W).

    Shape:
        `(N, C, H, W)` or `(C, H, W)` to the same, in [0, 1].

    Raises:
        ShapeError: Neither 3 nor 4 dims.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Softmax2d()(fnnet.zeros(2, 1, 1)).flatten()
        tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ShapeError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3, _stacklevel=_USER)


__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]
