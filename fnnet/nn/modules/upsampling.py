"""Resampling layers."""

from __future__ import annotations

from collections.abc import Sequence

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module

Sizes = int | Sequence[int] | None
Scales = float | Sequence[float] | None


class Upsample(Module):
    """A signal, an image or a volume in another size: `F.interpolate`.

    Args:
        size: Of the result, one int or one per spatial dim.
        scale_factor: The result's size is this times the input's, rounded down; a number or a tuple of them. Either it
            or `size` is given.
        mode: "nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic" or "trilinear". Default: "nearest".
        align_corners: Let the outermost elements lie upon each other; for the modes from "linear" on. Default: False.
        recompute_scale_factor: Compute positions from the sizes, where True, not from `scale_factor`. Default: False.

    Shape:
        `(N, C, L)`, `(N, C, H, W)` or `(N, C, D, H, W)` to the same with other spatial sizes.

    Raises:
        OptionError: Called where options do not go together, or not with the input's dims.
        ShapeError: Called with an empty input, or where a size would be below 1.
        DTypeError: Called with an input that is neither floating-point nor uint8.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Upsample(scale_factor=2, mode="bilinear")(fnnet.zeros(1, 3, 4, 5)).shape
        fnnet.Size([1, 3, 8, 10])
    """

    name: str
    size: Sizes
    scale_factor: Scales
    mode: str
    align_corners: bool | None
    recompute_scale_factor: bool | None

    def __init__(
        self,
        size: Sizes = None,
        scale_factor: Scales = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, Sequence):
            self.scale_factor = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        asked = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{asked}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """An image in another size, each element the nearest of the input: `F.interpolate` in the mode "nearest".

    PyTorch calls it deprecated in favor of `Upsample`.

    Args:
        size: Of the result, an int or `(H, W)`.
        scale_factor: The result's size is this times the input's, rounded down. Either it or `size` is given.

    Shape:
        `(N, C, H, W)` to `(N, C, H', W')`.

    Raises:
        OptionError: Called where both or neither of the arguments is given.
        ShapeError: Called with an empty input.

    Example:
        >>> import fnnet
        >>> fnnet.nn.UpsamplingNearest2d(scale_factor=2)(fnnet.tensor([[[[1.0, 2.0]]]]))
        tensor([[[[1., 1., 2., 2.],
                  [1., 1., 2., 2.]]]])
    """

    def __init__(self, size: Sizes = None, scale_factor: Scales = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """An image in another size, linear between the elements, corners aligned: `F.interpolate` in the mode "bilinear".

    PyTorch calls it deprecated in favor of `Upsample`.

    Args:
        size: Of the result, an int or `(H, W)`.
        scale_factor: The result's size is this times the input's, rounded down. Either it or `size` is given.

    Shape:
        `(N, C, H, W)` to `(N, C, H', W')`.

    Raises:
        OptionError: Called where both or neither of the arguments is given.
        ShapeError: Called with an empty input.

    Example:
        >>> import fnnet
        >>> fnnet.nn.UpsamplingBilinear2d(size=(1, 3))(fnnet.tensor([[[[1.0, 2.0]]]]))
        tensor([[[[1.0000, 1.5000, 2.0000]]]])
    """

    def __init__(self, size: Sizes = None, scale_factor: Scales = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]
