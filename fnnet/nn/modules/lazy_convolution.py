"""Lazy convolutions: the first input tells their in_channels."""

from __future__ import annotations

from typing import Any, cast

from fnnet._core.errors import OptionError, ShapeError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.convolution import (
    Conv1d,
    Conv2d,
    Conv3d,
    PaddingMode,
    Sizes,
)
from fnnet.nn.modules.lazy import LazyModuleMixin, materialize
from fnnet.nn.parameter import Parameter, UninitializedParameter


class LazyConvNd(LazyModuleMixin):
    """What lazy convolutions have in common: the class beside it is theirs."""

    _dims: int
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    groups: int
    transposed: bool
    weight: Parameter
    bias: Parameter | None

    def _wait(self, out_channels: int, bias: bool, device: DeviceLike, dtype: DType | None) -> None:
        """Put uninitialized parameters in the place of those without elements."""
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the initial values anew, once there are parameters."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            cast("Any", super()).reset_parameters()  # of the class beside it

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Make the parameters for the input's channels.

        Args:
            input: The first input.
            args: What else `forward` takes: of no use here.
            kwargs: The same by name.

        Raises:
            ShapeError: The input has neither `dims + 1` nor `dims + 2` dims.
            OptionError: `groups` does not divide its channels.
        """
        if not self.has_uninitialized_params():
            return
        n = self._dims
        if input.ndim not in (n + 1, n + 2):
            raise ShapeError(
                f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {type(self).__name__}, but got input of "
                f"size: {tuple(input.shape)}"
            )
        channels = input.shape[-n - 1]
        if channels % self.groups:
            raise OptionError(
                f"{type(self).__name__}: in_channels must be divisible by groups ({channels} by {self.groups})"
            )
        self.in_channels = channels
        first, second = (channels, self.out_channels) if self.transposed else (self.out_channels, channels)
        materialize(self.weight, (first, second // self.groups, *self.kernel_size))
        materialize(self.bias, (self.out_channels,))
        self.reset_parameters()


class _LazyConv(LazyConvNd):
    def __init__(
        self,
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
        super().__init__(
            0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device=device, dtype=dtype
        )
        self._wait(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):
    """`Conv1d` whose first input tells in_channels; becomes one then.

    State: weight `(out, in / groups, k)` and bias `(out,)`, uninitialized until the first call, which draws both
    as `Conv1d` does.

    Args:
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel.
        stride: Step of the kernel. Default: 1.
        padding: Elements on both sides; "same" or "valid". Default: 0.
        dilation: Distance between the kernel's elements. Default: 1.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        padding_mode: What the padding holds: "zeros", "reflect", "replicate" or "circular". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, L)` to `(N, C', L')`, or both without N, as of `Conv1d`.

    Raises:
        OptionError: As of `Conv1d`, in part at the first call; the parameters are used before it.
        ShapeError: The first input has another number of dims.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyConv1d(4, 3, stride=2)
        >>> m(fnnet.zeros(1, 2, 50)).shape, type(m).__name__
        (fnnet.Size([1, 4, 24]), 'Conv1d')
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """`Conv2d` whose first input tells in_channels; becomes one then.

    State: weight `(out, in / groups, kh, kw)` and bias `(out,)`, uninitialized until the first call, which draws both
    as `Conv2d` does.

    Args:
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel, one number or one per dim.
        stride: Step of the kernel, one number or one per dim. Default: 1.
        padding: Elements on both sides, one number or one per dim; "same" or "valid". Default: 0.
        dilation: Distance between the kernel's elements, one number or one per dim. Default: 1.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        padding_mode: What the padding holds: "zeros", "reflect", "replicate" or "circular". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, H, W)` to `(N, C', H', W')`, or both without N, as of `Conv2d`.

    Raises:
        OptionError: As of `Conv2d`, in part at the first call; the parameters are used before it.
        ShapeError: The first input has another number of dims.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyConv2d(4, 3, stride=2)
        >>> m(fnnet.zeros(1, 2, 50, 100)).shape, type(m).__name__
        (fnnet.Size([1, 4, 24, 49]), 'Conv2d')
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """`Conv3d` whose first input tells in_channels; becomes one then.

    State: weight `(out, in / groups, kd, kh, kw)` and bias `(out,)`, uninitialized until the first call, which
    draws both as `Conv3d` does.

    Args:
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel, one number or one per dim.
        stride: Step of the kernel, one number or one per dim. Default: 1.
        padding: Elements on both sides, one number or one per dim; "same" or "valid". Default: 0.
        dilation: Distance between the kernel's elements, one number or one per dim. Default: 1.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        padding_mode: What the padding holds: "zeros", "reflect", "replicate" or "circular". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, D, H, W)` to `(N, C', D', H', W')`, or both without N, as of `Conv3d`.

    Raises:
        OptionError: As of `Conv3d`, in part at the first call; the parameters are used before it.
        ShapeError: The first input has another number of dims.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyConv3d(4, 3, stride=2)
        >>> m(fnnet.zeros(1, 2, 5, 7, 9)).shape, type(m).__name__
        (fnnet.Size([1, 4, 2, 3, 4]), 'Conv3d')
    """

    cls_to_become = Conv3d


__all__ = ["LazyConv1d", "LazyConv2d", "LazyConv3d"]
