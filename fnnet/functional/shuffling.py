"""Channels rearranged among themselves, or with the pixels of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Kind, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.functional._common import need_tensor
from fnnet.functional.layout import laid_out_as

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


def _turned(k: K[A], x: A, split: Shape, dims: Shape, shape: Shape) -> A:
    """`x` seen with the sizes `split`, these in another order, as a new array of `shape`: a copy in any case."""
    turned = k.permute(k.reshape(x, shape=split), dims=dims)
    return k.reshape(k.clone(turned, contiguous=True), shape=shape)


# pixel_shuffle and its inverse -----------------------------------------------------------------------------------
def _pixel_shuffle(k: K[A], x: A, *, factor: int) -> A:
    *lead, c, h, w = x.shape
    n, r = len(lead), factor
    return _turned(
        k, x, (*lead, c // r**2, r, r, h, w), (*range(n + 1), n + 3, n + 1, n + 4, n + 2),
        (*lead, c // r**2, h * r, w * r),
    )  # fmt: skip


def _pixel_unshuffle(k: K[A], x: A, *, factor: int) -> A:
    *lead, c, h, w = x.shape
    n, r = len(lead), factor
    return _turned(
        k, x, (*lead, c, h // r, r, w // r, r), (*range(n + 1), n + 2, n + 4, n + 1, n + 3),
        (*lead, c * r**2, h // r, w // r),
    )  # fmt: skip


PIXEL_SHUFFLE = Op(
    "pixel_shuffle", forward=_pixel_shuffle, backward=lambda k, c, g: (k.pixel_unshuffle(g, **c.static),), uses=((),),
    kind=Kind.MOVE, onnx="DepthToSpace",
    samples=lambda make: (Sample(make(2, 8, 2, 3), factor=2), Sample(make(9, 1, 2), factor=3)),
)  # fmt: skip
PIXEL_UNSHUFFLE = Op(
    "pixel_unshuffle", forward=_pixel_unshuffle, backward=lambda k, c, g: (k.pixel_shuffle(g, **c.static),),
    uses=((),), kind=Kind.MOVE, onnx="SpaceToDepth",
    samples=lambda make: (Sample(make(2, 1, 4, 6), factor=2), Sample(make(0, 1, 3, 3), factor=3)),
)  # fmt: skip


def _factor(name: str, argument: str, input: Tensor, factor: int) -> Shape:
    """The shape, of three dims at least, where the factor is positive."""
    need_tensor(name, input=input)
    if isinstance(factor, bool) or not isinstance(factor, int):
        raise ArgumentError(f"{name}(): argument '{argument}' (position 2) must be int, not {type(factor).__name__}")
    shape = tuple(input._data.shape)
    if len(shape) < 3:
        raise ShapeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s) "
            f"(input: {shape})"
        )
    if factor <= 0:
        raise OptionError(f"{name} expects a positive {argument}, but got {factor}")
    return shape


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels laid out as pixels: `y[.., c, h * r + i, w * r + j] = x[.., c * r^2 + i * r + j, h, w]`.

    Args:
        input: `(*, C * r^2, H, W)`, any dtype.
        upscale_factor: r, at least 1.

    Returns:
        `(*, C, H * r, W * r)`, input's dtype, new memory.

    Raises:
        ShapeError: Fewer than three dims, or channels that `r^2` does not divide.
        OptionError: `upscale_factor` is below 1.

    Differentiable: Everywhere, any order.

    Source:
        Shi et al. (2016), Real-time single image and video super-resolution using an efficient sub-pixel convolutional
        neural network.

    Example:
        >>> import fnnet
        >>> fnnet.pixel_shuffle(fnnet.arange(4).reshape(4, 1, 1), 2)
        tensor([[[0, 1],
                 [2, 3]]])
    """
    shape = _factor("pixel_shuffle", "upscale_factor", input, upscale_factor)
    if shape[-3] % upscale_factor**2:
        raise ShapeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={shape[-3]} is not divisible by {upscale_factor**2} (input: {shape})"
        )
    return laid_out_as(cast("Tensor", apply(PIXEL_SHUFFLE, input, factor=upscale_factor)), input)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Pixels laid out as channels: the inverse of `pixel_shuffle`.

    Args:
        input: `(*, C, H * r, W * r)`, any dtype.
        downscale_factor: r, at least 1.

    Returns:
        `(*, C * r^2, H, W)`, input's dtype, new memory.

    Raises:
        ShapeError: Fewer than three dims, or a height or width that `r` does not divide.
        OptionError: `downscale_factor` is below 1.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.pixel_unshuffle(fnnet.arange(4).reshape(1, 2, 2), 2).flatten()
        tensor([0, 1, 2, 3])
    """
    shape = _factor("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    for at, side in ((-2, "height"), (-1, "width")):
        if shape[at] % downscale_factor:
            raise ShapeError(
                f"pixel_unshuffle expects {side} to be divisible by downscale_factor, but input.size({at})={shape[at]} "
                f"is not divisible by {downscale_factor} (input: {shape})"
            )
    return laid_out_as(cast("Tensor", apply(PIXEL_UNSHUFFLE, input, factor=downscale_factor)), input)


# channel_shuffle -------------------------------------------------------------------------------------------------
def _channel_shuffle(k: K[A], x: A, *, groups: int) -> A:
    n, c, *space = x.shape
    each = c // groups if groups else 0
    return _turned(k, x, (n, groups, each, *space), (0, 2, 1, *range(3, 3 + len(space))), x.shape)


def _channel_shuffle_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (k.channel_shuffle(g, groups=g.shape[1] // c.static["groups"]),)


CHANNEL_SHUFFLE = Op(
    "channel_shuffle", forward=_channel_shuffle, backward=_channel_shuffle_backward, uses=((),), kind=Kind.MOVE,
    samples=lambda make: (Sample(make(2, 6, 2), groups=3), Sample(make(1, 4, 1, 2), groups=2)),
)  # fmt: skip


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels dealt out anew: seen as `(groups, C / groups)`, and transposed.

    Args:
        input: `(N, C, *)` of three dims at least, any dtype.
        groups: At least 1; it divides C.

    Returns:
        Input's shape and dtype, new memory.

    Raises:
        ShapeError: Fewer than three dims, or channels that `groups` does not divide.
        OptionError: `groups` is below 1.

    Differentiable: Everywhere, any order.

    Source:
        Zhang et al. (2018), ShuffleNet: an extremely efficient convolutional neural network for mobile devices.

    Example:
        >>> import fnnet
        >>> fnnet.channel_shuffle(fnnet.arange(6).reshape(1, 6, 1), 2).flatten()
        tensor([0, 3, 1, 4, 2, 5])
    """
    need_tensor("channel_shuffle", input=input)
    if isinstance(groups, bool) or not isinstance(groups, int):
        raise ArgumentError(
            f"channel_shuffle(): argument 'groups' (position 2) must be int, not {type(groups).__name__}"
        )
    shape = tuple(input._data.shape)
    if len(shape) < 3:
        raise ShapeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups <= 0:
        raise OptionError(
            f"channel_shuffle: Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    if shape[1] % groups:
        raise ShapeError(
            f"channel_shuffle: Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} "
            f"groups (input: {shape})"
        )
    return laid_out_as(cast("Tensor", apply(CHANNEL_SHUFFLE, input, groups=groups)), input)


__all__ = [
    "CHANNEL_SHUFFLE", "PIXEL_SHUFFLE", "PIXEL_UNSHUFFLE", "channel_shuffle", "pixel_shuffle", "pixel_unshuffle",
]  # fmt: skip
