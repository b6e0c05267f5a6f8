"""Channels rearranged among themselves, or with the pixels of an image."""

from __future__ import annotations

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module


class PixelShuffle(Module):
    """Channels laid out as pixels: `F.pixel_shuffle`.

    Args:
        upscale_factor: r, by which height and width grow.

    Shape:
        `(*, C r^2, H, W)` to `(*, C, H r, W r)`.

    Raises:
        ShapeError: Called with fewer than 3 dims, or channels that `r^2` does not divide.
        OptionError: Called with r below 1.

    Source: Shi et al. 2016, Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel CNN.

    Example:
        >>> import fnnet
        >>> fnnet.nn.PixelShuffle(3)(fnnet.zeros(1, 9, 4, 4)).shape
        fnnet.Size([1, 1, 12, 12])
    """

    upscale_factor: int

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Pixels laid out as channels, the inverse of `PixelShuffle`: `F.pixel_unshuffle`.

    Args:
        downscale_factor: r, by which height and width shrink.

    Shape:
        `(*, C, H r, W r)` to `(*, C r^2, H, W)`.

    Raises:
        ShapeError: Called with fewer than 3 dims, or a height or width that r does not divide.
        OptionError: Called with r below 1.

    Example:
        >>> import fnnet
        >>> fnnet.nn.PixelUnshuffle(3)(fnnet.zeros(1, 1, 12, 12)).shape
        fnnet.Size([1, 9, 4, 4])
    """

    downscale_factor: int

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Channels seen as `(groups, C / groups)` and transposed: `F.channel_shuffle`.

    Args:
        groups: Into how many groups the channels are divided.

    Shape:
        `(N, C, *)` to the same.

    Raises:
        ShapeError: Called with fewer than 3 dims, or channels that `groups` does not divide.
        OptionError: Called with `groups` below 1.

    Source: Zhang et al. 2018, ShuffleNet.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ChannelShuffle(2)(fnnet.arange(4).reshape(1, 4, 1, 1)).flatten()
        tensor([0, 2, 1, 3])
    """

    groups: int

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


__all__ = ["ChannelShuffle", "PixelShuffle", "PixelUnshuffle"]
