"""Lazy transposed convolutions: the first input tells their in_channels."""

from __future__ import annotations

from fnnet.backends.dtypes import DType
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.convolution import PaddingMode, Sizes
from fnnet.nn.modules.lazy_convolution import LazyConvNd
from fnnet.nn.modules.transposed_convolution import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d


class _LazyConvTranspose(LazyConvNd):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: PaddingMode = "zeros",
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode,
            device=device, dtype=dtype,
        )  # fmt: skip
        self._wait(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """`ConvTranspose1d` whose first input tells in_channels; becomes one then.

    State: weight `(in, out / groups, k)` and bias `(out,)`, uninitialized until the first call, which draws
    both as `ConvTranspose1d` does.

    Args:
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel.
        stride: Step of the kernel in the output. Default: 1.
        padding: Elements taken off both sides of the output. Default: 0.
        output_padding: Elements added at the end of the output. Default: 0.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        dilation: Distance between the kernel's elements. Default: 1.
        padding_mode: Only "zeros". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, L)` to `(N, C', L')`, or both without N, as of `ConvTranspose1d`.

    Raises:
        OptionError: As of `ConvTranspose1d`, in part at the first call; the parameters are used before it.
        ShapeError: The first input has another number of dims.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyConvTranspose1d(4, 3, stride=2)
        >>> m(fnnet.zeros(1, 2, 5)).shape, type(m).__name__
        (fnnet.Size([1, 4, 11]), 'ConvTranspose1d')
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """`ConvTranspose2d` whose first input tells in_channels; becomes one then.

    State: weight `(in, out / groups, kh, kw)` and bias `(out,)`, uninitialized until the first call, which draws
    both as `ConvTranspose2d` does.

    Args:
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel, one number or one per dim.
        stride: Step of the kernel in the output, one number or one per dim. Default: 1.
        padding: Elements taken off both sides of the output, one number or one per dim. Default: 0.
        output_padding: Elements added at the end of the output, one number or one per dim. Default: 0.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        dilation: Distance between the kernel's elements, one number or one per dim. Default: 1.
        padding_mode: Only "zeros". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, H, W)` to `(N, C', H', W')`, or both without N, as of `ConvTranspose2d`.

    Raises:
        OptionError: As of `ConvTranspose2d`, in part at the first call; the parameters are used before it.
        ShapeError: The first input has another number of dims.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyConvTranspose2d(4, 3, stride=2)
        >>> m(fnnet.zeros(1, 2, 5, 6)).shape, type(m).__name__
        (fnnet.Size([1, 4, 11, 13]), 'ConvTranspose2d')
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """`ConvTranspose3d` whose first input tells in_channels; becomes one then.

    State: weight `(in, out / groups, kd, kh, kw)` and bias `(out,)`, uninitialized until the first call, which draws
    both as `ConvTranspose3d` does.

    Args:
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel, one number or one per dim.
        stride: Step of the kernel in the output, one number or one per dim. Default: 1.
        padding: Elements taken off both sides of the output, one number or one per dim. Default: 0.
        output_padding: Elements added at the end of the output, one number or one per dim. Default: 0.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        dilation: Distance between the kernel's elements, one number or one per dim. Default: 1.
        padding_mode: Only "zeros". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, D, H, W)` to `(N, C', D', H', W')`, or both without N, as of `ConvTranspose3d`.

    Raises:
        OptionError: As of `ConvTranspose3d`, in part at the first call; the parameters are used before it.
        ShapeError: The first input has another number of dims.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyConvTranspose3d(4, 3, stride=2)
        >>> m(fnnet.zeros(1, 2, 2, 3, 4)).shape, type(m).__name__
        (fnnet.Size([1, 4, 5, 7, 9]), 'ConvTranspose3d')
    """

    cls_to_become = ConvTranspose3d


__all__ = ["LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d"]
