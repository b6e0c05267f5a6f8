"""Transposed convolutions: each element of the input lays down a copy of the kernel, where copies meet they add up.

They are the gradients of the convolutions for their inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.functional._common import dtype_of
from fnnet.functional.convolution import by_x, check_groups, check_operands, check_options, per_dim
from fnnet.functional.layout import laid_out_as
from fnnet.functional.padding import PAD
from fnnet.functional.products import reshape

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]
Sizes = int | Sequence[int]


# the op ----------------------------------------------------------------------------------------------------------
def _least(grid: Shape, size: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    """The smallest spatial sizes over which a convolution has `grid` windows."""
    return tuple(
        (o - 1) * s - 2 * p + e * (m - 1) + 1
        for o, m, s, p, e in zip(grid, size, stride, padding, dilation, strict=True)
    )


def _conv_transpose(k: K[A], x: A, w: A, b: A | None, *, shape: Shape, **options: Any) -> A:
    y: A = k.conv_input(x, w, shape=shape, **options)
    return y if b is None else y + k.reshape(b, shape=(shape[1], *(1,) * len(shape[2:])))


def _conv_transpose_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, w = c.inputs[:2]
    options = {name: c.static[name] for name in ("stride", "padding", "dilation", "groups")}
    return (
        k.conv(g, w, None, **options) if c.needs[0] else None,
        k.conv_weight(g, x, shape=c.shapes[1], **options) if c.needs[1] else None,
        k.sum(g, dim=(0, *range(2, g.ndim))) if c.needs[2] else None,
    )


def _static(
    d: int, *shape: int, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1
) -> dict[str, Any]:
    return {
        "shape": shape, "stride": (stride,) * d, "padding": (padding,) * d, "dilation": (dilation,) * d,
        "groups": groups,
    }  # fmt: skip


def _samples(make: Make) -> Any:
    yield Sample(make(2, 4, 3, 4), make(4, 3, 2, 3), make(3), **_static(2, 2, 3, 2, 4, padding=1))
    yield Sample(make(2, 4, 3), make(4, 2, 3), make(4), **_static(1, 2, 4, 9, stride=2, dilation=2, groups=2))
    yield Sample(make(1, 2, 2, 2, 2), make(2, 1, 2, 2, 2), None, **_static(3, 1, 1, 4, 4, 5, stride=2))
    yield Sample(make(0, 2, 3), make(2, 3, 2), make(3), **_static(1, 0, 3, 4))


CONV_TRANSPOSE = Op(
    "conv_transpose", title="ConvolutionBackward0", forward=_conv_transpose, backward=_conv_transpose_backward,
    uses=((1,), (0,), ()), onnx="ConvTranspose", samples=_samples,
)  # fmt: skip


# the public functions --------------------------------------------------------------------------------------------
def _check_output_padding(name: str, output_padding: Shape, stride: Shape, dilation: Shape) -> None:
    if any(p < 0 for p in output_padding):
        raise OptionError(f"{name}: negative output_padding is not supported, got {output_padding}")
    if any(p >= s and p >= e for p, s, e in zip(output_padding, stride, dilation, strict=True)):
        raise OptionError(
            f"{name}: output padding must be smaller than either stride or dilation, but got output_padding: "
            f"{output_padding}, stride: {stride}, dilation: {dilation}"
        )


def _check_shapes(name: str, x: Shape, w: Shape, bias: Tensor | None, d: int, groups: int) -> None:
    check_groups(name, w, groups)
    c, given = x[-d - 1], f"Given transposed=1, weight of size {list(w)}, expected"
    if c != w[0]:
        raise ShapeError(
            f"{name}: weight has {w[0]} input channels, x has {c} (x: {x}, weight: {w}, groups={groups}): {given} "
            f"input{list(x)} to have {w[0]} channels, but got {c} channels instead"
        )
    if bias is not None and tuple(bias._data.shape) != (w[1] * groups,):
        raise ShapeError(
            f"{name}: {given} bias to be 1-dimensional with {w[1] * groups} elements, but got bias of size "
            f"{list(bias._data.shape)} instead"
        )
    if 0 in x[-d:] or 0 in w[1:]:
        raise ShapeError(
            f"{name}: Only zero batch or zero channel inputs are supported, but got input shape: {list(x)}, weight "
            f"shape: {list(w)}"
        )


def _convolve(
    d: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Sizes, padding: Sizes, output_padding: Sizes,
    groups: int, dilation: Sizes,
) -> Tensor:  # fmt: skip
    name = f"conv_transpose{d}d"
    check_operands(name, d, input, weight, bias)
    if isinstance(padding, str):
        raise ArgumentError(f"{name}(): argument 'padding' must be tuple of ints, not str")
    dtype = dtype_of(input)
    if dtype.category == 1 and dtype is not dtypes.int64:
        raise UnsupportedDTypeError(f"{name}: not implemented for '{dtypes.TITLES[dtype.name]}'")
    x, w = tuple(input._data.shape), tuple(weight._data.shape)
    stride, dilation = per_dim(name, "stride", stride, d), per_dim(name, "dilation", dilation, d)
    padding = per_dim(name, "padding", padding, d)
    output_padding = per_dim(name, "output_padding", output_padding, d)
    check_options(name, stride, padding, dilation, groups)
    _check_shapes(name, x, w, bias, d, groups)
    _check_output_padding(name, output_padding, stride, dilation)
    batched = len(x) == d + 2
    least = _least(x[-d:], w[2:], stride, padding, dilation)
    out = tuple(n + p for n, p in zip(least, output_padding, strict=True))
    if min(out) < 0:
        raise ShapeError(
            f"{name}: Given input size per channel: {by_x(x[-d:])}. Calculated output size per channel: {by_x(out)}. "
            f"Output size is too small (x: {x}, weight: {w}, padding={padding})"
        )
    if not batched:
        input = reshape(input, (1, *x))
    more = tuple(p // s for p, s in zip(output_padding, stride, strict=True))
    if any(more):  # which a dilation allows: as many elements further, of zeros
        input = apply(PAD, input, pads=((0, 0), (0, 0), *((0, m) for m in more)), value=0)
    y = cast(
        "Tensor",
        apply(
            CONV_TRANSPOSE, input, weight, bias, shape=(input._data.shape[0], w[1] * groups, *out), stride=stride,
            padding=padding, dilation=dilation, groups=groups,
        ),
    )  # fmt: skip
    y = laid_out_as(y, input, weight)
    return y if batched else entitle(reshape(y, tuple(y._data.shape[1:])), "SqueezeBackward1")


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Tensor:
    """The transposed convolution of signals, see `conv_transpose2d`.

    Args:
        input: `(N, C, L)`, or `(C, L)` without a batch; floating point, complex, or int64.
        weight: `(C, O / groups, K)`, of input's dtype.
        bias: `(O,)`, of input's dtype, or None. Default: None.
        stride: Steps between the copies of the kernel. Default: 1.
        padding: Elements cut off at both ends of the result. Default: 0.
        output_padding: Elements added at its end, fewer than stride or dilation. Default: 0.
        groups: Groups of channels that do not see each other; `C` and `O` are divisible by it. Default: 1.
        dilation: Steps between the taps of the kernel. Default: 1.

    Returns:
        `(N, O, L')` or `(O, L')`, input's dtype, with
        `L' = (L - 1) * stride - 2 * padding + dilation * (K - 1) + output_padding + 1`.

    Raises:
        ShapeError: Channels, ranks, bias or sizes do not fit, or nothing remains of the result.
        DTypeError: The dtypes differ, or are bool or other whole numbers.
        OptionError: stride, dilation or groups below 1, padding below 0, or too large an output_padding.

    Differentiable: In input, weight and bias, any order.

    Example:
        >>> import fnnet
        >>> x, w = fnnet.tensor([[1.0, 2.0]]), fnnet.tensor([[[1.0, 10.0, 100.0]]])
        >>> fnnet.conv_transpose1d(x, w)
        tensor([[  1.,  12., 120., 200.]])
    """
    return _convolve(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Tensor:
    """The transposed convolution of images: the gradient of `conv2d` for its input, of which `input` is the result's.

    `y[n, o, i', j'] = bias[o] + sum of weight[c, o, a, b] * x[n, c, i, j]` over all c, i, j, a, b with
    `i' = i * stride + a * dilation - padding`, and `j'` alike.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` without a batch; floating point, complex, or int64.
        weight: `(C, O / groups, KH, KW)`, of input's dtype.
        bias: `(O,)`, of input's dtype, or None. Default: None.
        stride: Steps between the copies of the kernel, one int or one per dim. Default: 1.
        padding: Elements cut off on both sides of each dim of the result. Default: 0.
        output_padding: Elements added at the end of each dim, fewer than stride or dilation: which of the sizes that
            `conv2d` would make this one is meant. Default: 0.
        groups: Groups of channels that do not see each other; `C` and `O` are divisible by it. Default: 1.
        dilation: Steps between the taps of a kernel, one int or one per dim. Default: 1.

    Returns:
        `(N, O, H', W')` or `(O, H', W')`, input's dtype, with
        `H' = (H - 1) * stride - 2 * padding + dilation * (KH - 1) + output_padding + 1`, and `W'` alike.

    Raises:
        ShapeError: Channels, ranks, bias or sizes do not fit, or nothing remains of the result.
        DTypeError: The dtypes differ, or are bool or other whole numbers.
        OptionError: stride, dilation or groups below 1, padding below 0, or too large an output_padding.

    Differentiable: In input, weight and bias, any order.

    Source:
        Zeiler, Krishnan, Taylor, Fergus (2010), Deconvolutional networks.

    Example:
        >>> import fnnet
        >>> x, w = fnnet.tensor([[[1.0, 2.0]]]), fnnet.ones(1, 1, 2, 2)
        >>> fnnet.conv_transpose2d(x, w)
        tensor([[[1., 3., 2.],
                 [1., 3., 2.]]])
    """
    return _convolve(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Tensor:
    """The transposed convolution of volumes, see `conv_transpose2d`.

    Args:
        input: `(N, C, D, H, W)`, or `(C, D, H, W)` without a batch; floating point, complex, or int64.
        weight: `(C, O / groups, KD, KH, KW)`, of input's dtype.
        bias: `(O,)`, of input's dtype, or None. Default: None.
        stride: Steps between the copies of the kernel, one int or one per dim. Default: 1.
        padding: Elements cut off on both sides of each dim of the result. Default: 0.
        output_padding: Elements added at the end of each dim, fewer than stride or dilation. Default: 0.
        groups: Groups of channels that do not see each other; `C` and `O` are divisible by it. Default: 1.
        dilation: Steps between the taps of a kernel, one int or one per dim. Default: 1.

    Returns:
        `(N, O, D', H', W')` or `(O, D', H', W')`, input's dtype, each size as `conv_transpose2d`'s.

    Raises:
        ShapeError: Channels, ranks, bias or sizes do not fit, or nothing remains of the result.
        DTypeError: The dtypes differ, or are bool or other whole numbers.
        OptionError: stride, dilation or groups below 1, padding below 0, or too large an output_padding.

    Differentiable: In input, weight and bias, any order.

    Example:
        >>> import fnnet
        >>> fnnet.conv_transpose3d(fnnet.ones(1, 1, 1, 2), fnnet.ones(1, 1, 1, 1, 2)).flatten()
        tensor([1., 2., 1.])
    """
    return _convolve(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


__all__ = ["CONV_TRANSPOSE", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]
