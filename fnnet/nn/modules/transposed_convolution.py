"""Transposed convolutions over one, two and three dims."""

from __future__ import annotations

from collections.abc import Sequence

from fnnet._core.errors import ArgumentError, OptionError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.nn import functional as F
from fnnet.nn.modules._sizes import repeated
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.convolution import PaddingMode, Sizes, _ConvNd


class _ConvTransposeNd(_ConvNd):
    """State and options of a transposed convolution; the input sizes decide the output's, but for `output_padding`."""

    _transposed = True
    padding: tuple[int, ...]

    def __init__(
        self,
        in_channels: int,
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
        name = type(self).__name__
        if padding_mode != "zeros":
            raise OptionError(f'{name}: Only "zeros" padding mode is supported for {name}, got {padding_mode!r}')
        if isinstance(padding, str):
            raise ArgumentError(f"{name}: padding must be an int or a tuple of ints, got {padding!r}")
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype
        )
        self.output_padding = repeated(self._dims, output_padding)

    def _padding_for(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """The output_padding with which the result has the size asked for."""
        n = self._dims
        if output_size is None:
            return self.output_padding
        lead = 2 if input.ndim == n + 2 else 1
        wanted = list(output_size)
        if len(wanted) == lead + n:
            wanted = wanted[lead:]
        if len(wanted) != n:
            raise OptionError(
                f"{type(self).__name__}: for {input.ndim}D input, output_size must have {n} or {lead + n} elements "
                f"(got {len(wanted)})"
            )
        options = zip(input.shape[-n:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        least = [(size - 1) * s - 2 * p + e * (m - 1) + 1 for size, m, s, p, e in options]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        if not all(a <= size <= b for a, size, b in zip(least, wanted, most, strict=True)):
            raise OptionError(
                f"{type(self).__name__}: requested an output size of {wanted}, but valid sizes range from {least} to "
                f"{most} (for an input of {input.shape[-n:]})"
            )
        return tuple(size - a for size, a in zip(wanted, least, strict=True))

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        padding = self._padding_for(input, output_size)
        function = type(self)._function
        return function(input, self.weight, self.bias, self.stride, self.padding, padding, self.groups, self.dilation)


class ConvTranspose1d(_ConvTransposeNd):
    """Transposed convolution of (N, C, L) or (C, L): `F.conv_transpose1d`.

    Called with `output_size`, `(L',)` or that with the dims before it, it finds the output_padding that gives it.
    State: weight `(in, out / groups, k)` and bias `(out,)`, both drawn uniformly from
    [-1/sqrt(fan), 1/sqrt(fan)), fan = out / groups * k.

    Args:
        in_channels: Channels C of the input.
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel.
        stride: Steps between the copies of the kernel. Default: 1.
        padding: Elements cut off at both ends of the output. Default: 0.
        output_padding: Elements added at its end, fewer than stride or dilation. Default: 0.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        dilation: Distance between the kernel's elements. Default: 1.
        padding_mode: "zeros". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, L)` to `(N, C', L')`, or both without N;
        L' = (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1.

    Raises:
        OptionError: Channels that `groups` does not divide, another padding mode, or an output_size out of reach.
        ArgumentError: `padding` is a word.
        ShapeError: The input has other dims or channels.
        DTypeError: The input's dtype is not the weight's.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.ConvTranspose1d(16, 33, 3, stride=2)
        >>> m(fnnet.zeros(2, 16, 5)).shape, m(fnnet.zeros(2, 16, 5), output_size=[12]).shape
        (fnnet.Size([2, 33, 11]), fnnet.Size([2, 33, 12]))
    """

    _dims = 1
    _function = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """Transposed convolution of (N, C, H, W) or (C, H, W): `F.conv_transpose2d`.

    Called with `output_size`, `(H', W')` or that with the dims before it, it finds the output_padding that gives it.
    State: weight `(in, out / groups, kh, kw)` and bias `(out,)`, both drawn uniformly from
    [-1/sqrt(fan), 1/sqrt(fan)), fan = out / groups * kh * kw.

    Args:
        in_channels: Channels C of the input.
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel, one number or one per dim.
        stride: Steps between the copies of the kernel, one number or one per dim. Default: 1.
        padding: Elements cut off on both sides of the output, one number or one per dim. Default: 0.
        output_padding: Elements added at the end of each dim, fewer than stride or dilation, one number or one per
            dim. Default: 0.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        dilation: Distance between the kernel's elements, one number or one per dim. Default: 1.
        padding_mode: "zeros". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, H, W)` to `(N, C', H', W')`, or both without N;
        H' = (H - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1, W' alike.

    Raises:
        OptionError: Channels that `groups` does not divide, another padding mode, or an output_size out of reach.
        ArgumentError: `padding` is a word.
        ShapeError: The input has other dims or channels.
        DTypeError: The input's dtype is not the weight's.

    Example:
        >>> import fnnet
        >>> down, up = fnnet.nn.Conv2d(3, 3, 3, stride=2, padding=1), fnnet.nn.ConvTranspose2d(3, 3, 3, 2, padding=1)
        >>> x = fnnet.zeros(1, 3, 12, 12)
        >>> up(down(x), output_size=x.size()).shape
        fnnet.Size([1, 3, 12, 12])
    """

    _dims = 2
    _function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """Transposed convolution of (N, C, D, H, W) or (C, D, H, W): `F.conv_transpose3d`.

    Called with `output_size`, `(D', H', W')` or that with the dims before it, it finds the output_padding that gives
    it. State: weight `(in, out / groups, kd, kh, kw)` and bias `(out,)`, both drawn uniformly from
    [-1/sqrt(fan), 1/sqrt(fan)), fan = out / groups * kd * kh * kw.

    Args:
        in_channels: Channels C of the input.
        out_channels: Channels C' of the output.
        kernel_size: Size of the kernel, one number or one per dim.
        stride: Steps between the copies of the kernel, one number or one per dim. Default: 1.
        padding: Elements cut off on both sides of the output, one number or one per dim. Default: 0.
        output_padding: Elements added at the end of each dim, fewer than stride or dilation, one number or one per
            dim. Default: 0.
        groups: Into how many groups the channels are divided. Default: 1.
        bias: Whether there is a bias. Default: True.
        dilation: Distance between the kernel's elements, one number or one per dim. Default: 1.
        padding_mode: "zeros". Default: "zeros".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(N, C, D, H, W)` to `(N, C', D', H', W')`, or both without N; sizes as of `ConvTranspose2d`.

    Raises:
        OptionError: Channels that `groups` does not divide, another padding mode, or an output_size out of reach.
        ArgumentError: `padding` is a word.
        ShapeError: The input has other dims or channels.
        DTypeError: The input's dtype is not the weight's.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ConvTranspose3d(2, 4, 3, stride=2)(fnnet.zeros(1, 2, 2, 3, 4)).shape
        fnnet.Size([1, 4, 5, 7, 9])
    """

    _dims = 3
    _function = staticmethod(F.conv_transpose3d)


__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]
