"""Convolutions over one, two and three dims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.modules._sizes import repeated
from fnnet.nn.modules._state import DeviceLike, parameter
from fnnet.nn.modules.linear import reset_weight_and_bias
from fnnet.nn.parameter import Parameter

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]
Sizes = int | Sequence[int]

_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """State and options of a convolution over `_dims` dims, or a transposed one; `_function` computes it."""

    _dims: int
    _transposed = False
    _function: Callable[..., Tensor]
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]
    transposed: bool
    output_padding: tuple[int, ...]
    groups: int
    padding_mode: PaddingMode
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: str | Sizes = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: PaddingMode = "zeros",
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        n = self._dims
        if groups <= 0:
            raise OptionError(f"{type(self).__name__}: groups must be a positive integer, got {groups}")
        if in_channels % groups:
            raise OptionError(
                f"{type(self).__name__}: in_channels must be divisible by groups ({in_channels} by {groups})"
            )
        if out_channels % groups:
            raise OptionError(
                f"{type(self).__name__}: out_channels must be divisible by groups ({out_channels} by {groups})"
            )
        self.stride = repeated(n, stride)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise OptionError(
                    f"{type(self).__name__}: Invalid padding string {padding!r}, should be one of 'same', 'valid'"
                )
            if padding == "same" and any(s != 1 for s in self.stride):
                raise OptionError(f"{type(self).__name__}: padding='same' is not supported for strided convolutions")
        if padding_mode not in _MODES:
            raise OptionError(
                f"{type(self).__name__}: padding_mode must be one of {set(_MODES)}, but got "
                f"padding_mode='{padding_mode}'"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = repeated(n, kernel_size)
        self.padding = padding if isinstance(padding, str) else repeated(n, padding)
        self.dilation = repeated(n, dilation)
        self.transposed = self._transposed
        self.output_padding = (0,) * n
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = _as_pad(self.padding, self.kernel_size, self.dilation)
        rows, columns = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = parameter((rows, columns // groups, *self.kernel_size), device, dtype)
        self.register_parameter("bias", parameter((out_channels,), device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        reset_weight_and_bias(self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = (0,) * self._dims
        function = type(self)._function
        return function(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        options = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}",
            f"padding={self.padding}" if self.padding != (0,) * len(self.padding) else "",
            f"dilation={self.dilation}" if self.dilation != (1,) * len(self.dilation) else "",
            f"output_padding={self.output_padding}" if self.output_padding != (0,) * len(self.output_padding) else "",
            f"groups={self.groups}" if self.groups != 1 else "",
            "bias=False" if self.bias is None else "",
            f"padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "",
        ]
        return ", ".join(o for o in options if o)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.__dict__.setdefault("padding_mode", "zeros")  # files of PyTorch before 1.1 lack it


def _as_pad(padding: str | tuple[int, ...], kernel_size: tuple[int, ...], dilation: tuple[int, ...]) -> list[int]:
    """A convolution's padding as `F.pad` takes it: both sides, the last dim first."""
    both: list[tuple[int, int]] = []
    for i, k in enumerate(kernel_size):
        if isinstance(padding, str):
            total = dilation[i] * (k - 1) if padding == "same" else 0
            both.append((total // 2, total - total // 2))
        else:
            both.append((padding[i], padding[i]))
    return [side for pair in reversed(both) for side in pair]


class Conv1d(_ConvNd):
    """Cross-correlation of (N, C, L) or (C, L): `F.conv1d`.

    State: weight `(out, in / groups, k)` and bias `(out,)`, both drawn uniformly from
    [-1/sqrt(fan_in), 1/sqrt(fan_in)), fan_in = in / groups * k.

    Args:
        in_channels: Channels C of the input.
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel.
        stride: Step of the kernel. Default: 1.
        padding: Elements added on both sides; "same" (output as large as input) or "valid" (0).
            Default: 0.
        dilation: Distance between the kernel's elements. Default: 1.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        padding_mode: What the padding holds: "zeros", "reflect", "replicate" or "circular". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, L)` to `(N, C', L')`, or both without N;
        L' = floor((L + 2 padding - dilation (k - 1) - 1) / stride + 1).

    Raises:
        OptionError: Channels that `groups` does not divide, an unknown padding or mode, or "same" with a stride.
        ShapeError: The input has other dims or channels, or is smaller than the kernel.
        DTypeError: The input's dtype is not the weight's.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Conv1d(16, 33, 3, stride=2)(fnnet.zeros(20, 16, 50)).shape
        fnnet.Size([20, 33, 24])
    """

    _dims = 1
    _function = staticmethod(F.conv1d)


class Conv2d(_ConvNd):
    """Cross-correlation of (N, C, H, W) or (C, H, W): `F.conv2d`.

    State: weight `(out, in / groups, kh, kw)` and bias `(out,)`, both drawn uniformly from
    [-1/sqrt(fan_in), 1/sqrt(fan_in)), fan_in = in / groups * kh * kw.

    Args:
        in_channels: Channels C of the input.
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel, one number or one per dim.
        stride: Step of the kernel, one number or one per dim. Default: 1.
        padding: Elements on both sides, one number or one per dim; "same" (output as large as input) or "valid" (0).
            Default: 0.
        dilation: Distance between the kernel's elements, one number or one per dim. Default: 1.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        padding_mode: What the padding holds: "zeros", "reflect", "replicate" or "circular". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, H, W)` to `(N, C', H', W')`, or both without N;
        H' = floor((H + 2 padding - dilation (kh - 1) - 1) / stride + 1), W' alike.

    Raises:
        OptionError: Channels that `groups` does not divide, an unknown padding or mode, or "same" with a stride.
        ShapeError: The input has other dims or channels, or is smaller than the kernel.
        DTypeError: The input's dtype is not the weight's.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Conv2d(16, 33, (3, 5), stride=(2, 1), padding=(4, 2))(fnnet.zeros(2, 16, 50, 100)).shape
        fnnet.Size([2, 33, 28, 100])
    """

    _dims = 2
    _function = staticmethod(F.conv2d)


class Conv3d(_ConvNd):
    """Cross-correlation of (N, C, D, H, W) or (C, D, H, W): `F.conv3d`.

    State: weight `(out, in / groups, kd, kh, kw)` and bias `(out,)`, both drawn uniformly from
    [-1/sqrt(fan_in), 1/sqrt(fan_in)), fan_in = in / groups * kd * kh * kw.

    Args:
        in_channels: Channels C of the input.
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel, one number or one per dim.
        stride: Step of the kernel, one number or one per dim. Default: 1.
        padding: Elements on both sides, one number or one per dim; "same" (output as large as input) or "valid" (0).
            Default: 0.
        dilation: Distance between the kernel's elements, one number or one per dim. Default: 1.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        padding_mode: What the padding holds: "zeros", "reflect", "replicate" or "circular". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, D, H, W)` to `(N, C', D', H', W')`, or both without N;
        D' = floor((D + 2 padding - dilation (kd - 1) - 1) / stride + 1), H' and W' alike.

    Raises:
        OptionError: Channels that `groups` does not divide, an unknown padding or mode, or "same" with a stride.
        ShapeError: The input has other dims or channels, or is smaller than the kernel.
        DTypeError: The input's dtype is not the weight's.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Conv3d(2, 4, 3, stride=2)(fnnet.zeros(1, 2, 5, 7, 9)).shape
        fnnet.Size([1, 4, 2, 3, 4])
    """

    _dims = 3
    _function = staticmethod(F.conv3d)


__all__ = ["Conv1d", "Conv2d", "Conv3d"]
