"""Blocks that slide over an image as columns of a matrix (im2col), and their sum back into an image (col2im)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.functional._common import dtype_of, need_tensor

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]
Sizes = int | Sequence[int]
OPTIONS = ("kernel_size", "dilation", "padding", "stride")


# the ops, of images (*, C, H, W) and columns (*, C * KH * KW, L); * is N or nothing ------------------------------
def _grid(shape: Shape, size: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    return tuple(
        (n + 2 * p - e * (m - 1) - 1) // s + 1
        for n, m, s, p, e in zip(shape, size, stride, padding, dilation, strict=True)
    )


def _im2col(k: K[A], x: A, *, size: Shape, **options: Any) -> A:
    *lead, c, h, w = x.shape
    n = math.prod(lead)
    seen = k.windows(k.reshape(x, shape=(n, c, h, w)), size=size, **options)
    rows, columns = c * math.prod(size), math.prod(seen.shape[4:])
    return k.reshape(k.clone(seen, contiguous=True), shape=(*lead, rows, columns))


def _im2col_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (k.col2im(g, shape=c.shapes[0][-2:], **c.static),)


def _col2im(k: K[A], x: A, *, shape: Shape, size: Shape, **options: Shape) -> A:
    *lead, rows, _ = x.shape
    n, c = math.prod(lead), rows // math.prod(size)
    grid = _grid(shape, size, **options)
    cols = k.reshape(x, shape=(n, c, *size, *grid))
    return k.reshape(k.fold(cols, shape=(n, c, *shape), size=size, **options), shape=(*lead, c, *shape))


def _col2im_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (k.im2col(g, **{name: value for name, value in c.static.items() if name != "shape"}),)


def _static(size: Shape, stride: Shape = (1, 1), padding: Shape = (0, 0), dilation: Shape = (1, 1)) -> dict[str, Any]:
    return {"size": size, "stride": stride, "padding": padding, "dilation": dilation}


def _im2col_samples(make: Make) -> Any:
    yield Sample(make(2, 1, 4, 5), **_static((2, 3), padding=(1, 0)))
    yield Sample(make(2, 5, 3), **_static((2, 1), stride=(2, 1), dilation=(2, 1)))
    yield Sample(make(0, 1, 2, 2), **_static((2, 2)))
    yield Sample(make(1, 2, 2, 2), **_static((1, 1)))


def _col2im_samples(make: Make) -> Any:
    yield Sample(make(2, 6, 15), shape=(4, 5), **_static((2, 3), padding=(1, 0)))
    yield Sample(make(4, 6), shape=(5, 3), **_static((2, 1), stride=(2, 1), dilation=(2, 1)))
    yield Sample(make(0, 4, 1), shape=(2, 2), **_static((2, 2)))


IM2COL = Op(
    "im2col", title="Im2ColBackward0", forward=_im2col, backward=_im2col_backward, uses=((),), kind=Kind.MOVE,
    samples=_im2col_samples,
)  # fmt: skip
COL2IM = Op(
    "col2im", title="Col2ImBackward0", forward=_col2im, backward=_col2im_backward, uses=((),), onnx="Col2Im",
    samples=_col2im_samples,
)  # fmt: skip


# the public functions --------------------------------------------------------------------------------------------
def _pair(name: str, option: str, value: Any) -> Shape:
    """One int or two, as two."""
    if isinstance(value, bool) or not isinstance(value, (int, Sequence)) or isinstance(value, str):
        raise ArgumentError(f"{name}(): argument '{option}' must be tuple of ints, not {type(value).__name__}")
    found = (value, value) if isinstance(value, int) else tuple(value)
    if not all(isinstance(v, int) for v in found):
        raise ArgumentError(f"{name}(): argument '{option}' must be tuple of ints, got {value!r}")
    if len(found) != 2:
        raise ShapeError(f"{name}: It is expected {option} equals to 2, but got size {len(found)}")
    return found


def _options(name: str, kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> dict[str, Shape]:
    """The options as the ops take them."""
    given = (kernel_size, dilation, padding, stride)
    size, gaps, pads, steps = (_pair(name, option, value) for option, value in zip(OPTIONS, given, strict=True))
    for option, value in (("kernel size", size), ("dilation", gaps), ("stride", steps)):
        if min(value) <= 0:
            raise OptionError(f"{name}: {option} should be greater than zero, but got {value}")
    if min(pads) < 0:
        raise OptionError(f"{name}: padding should be non-negative, but got {pads}")
    return {"size": size, "stride": steps, "padding": pads, "dilation": gaps}


def _refuse_whole_numbers(name: str, input: Tensor) -> None:
    dtype = dtype_of(input)
    if dtype.category == 1:
        raise UnsupportedDTypeError(f"{name}: not implemented for '{dtypes.TITLES[dtype.name]}'")


def unfold(input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """Sliding blocks of images as columns (im2col).

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` without a batch; floating point, complex or bool.
        kernel_size: Of a block, one int or one per dim.
        dilation: Steps between the elements of a block, one int or one per dim. Default: 1.
        padding: Zeros on both sides of each dim, one int or one per dim. Default: 0.
        stride: Steps between blocks, one int or one per dim. Default: 1.

    Returns:
        `(N, C * KH * KW, L)` or `(C * KH * KW, L)`, input's dtype, new memory: in each column a block, channel after
        channel, with `L` the product of `(H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1` and its like.

    Raises:
        ShapeError: Another number of dims, an empty one besides N, options that are neither one int nor two, or no
            block fits.
        OptionError: Sizes or steps below 1, or padding below 0.
        DTypeError: `input` is of whole numbers.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.unfold(fnnet.arange(6.0).reshape(1, 2, 3), 2)
        tensor([[0., 1.],
                [1., 2.],
                [3., 4.],
                [4., 5.]])
    """
    need_tensor("unfold", input=input)
    options = _options("unfold", kernel_size, dilation, padding, stride)
    shape = tuple(input._data.shape)
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise ShapeError(
            "unfold: Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions "
            f"for input, but got: {list(shape)}"
        )
    _refuse_whole_numbers("unfold", input)
    grid = _grid(shape[-2:], **options)
    if min(grid) < 1:
        raise ShapeError(
            f"unfold: Given input with spatial size {shape[-2:]}, kernel_size={options['size']}, "
            f"dilation={options['dilation']}, padding={options['padding']}, calculated shape of the array of sliding "
            f"blocks as {grid}, but its components must be at least one."
        )
    return cast("Tensor", apply(IM2COL, input, **options))


def fold(
    input: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """Images as the sums of sliding blocks (col2im): the gradient of `unfold`, not its inverse where blocks overlap.

    Args:
        input: `(N, C * KH * KW, L)`, or `(C * KH * KW, L)` without a batch, in each column a block; floating point,
            complex or bool.
        output_size: `(H, W)` of the images, or one int for both.
        kernel_size: Of a block, one int or one per dim.
        dilation: Steps between the elements of a block, one int or one per dim. Default: 1.
        padding: What of the blocks lies beyond the border on both sides of each dim and is dropped. Default: 0.
        stride: Steps between blocks, one int or one per dim. Default: 1.

    Returns:
        `(N, C, H, W)` or `(C, H, W)`, input's dtype.

    Raises:
        ShapeError: Another number of dims, an empty one besides N, options that are neither one int nor two, rows that
            the size of a block does not divide, or another number of columns than the image has blocks.
        OptionError: Sizes or steps below 1, or padding below 0.
        DTypeError: `input` is of whole numbers.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.fold(fnnet.ones(4, 2), (2, 3), 2)
        tensor([[[1., 2., 1.],
                 [1., 2., 1.]]])
    """
    need_tensor("fold", input=input)
    shape = _pair("fold", "output_size", output_size)
    options = _options("fold", kernel_size, dilation, padding, stride)
    given = tuple(input._data.shape)
    if len(given) not in (2, 3) or 0 in given[-2:]:
        raise ShapeError(
            "fold: Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions "
            f"for input, but got: {list(given)}"
        )
    _refuse_whole_numbers("fold", input)
    at = len(given) - 2
    if given[-2] % math.prod(options["size"]):
        raise ShapeError(
            f"fold: Expected size of input's dimension {at} to be divisible by the product of kernel_size, but got "
            f"input.size({at})={given[-2]} and kernel_size={options['size']}."
        )
    grid = _grid(shape, **options)
    if min(grid) < 1 or math.prod(grid) != given[-1]:
        raise ShapeError(
            f"fold: Given output_size={shape}, kernel_size={options['size']}, dilation={options['dilation']}, "
            f"padding={options['padding']}, stride={options['stride']}, expected size of input's dimension {at + 1} to "
            f"match the calculated number of sliding blocks {grid[0]} * {grid[1]} = {math.prod(grid)}, but got "
            f"input.size({at + 1})={given[-1]}."
        )
    return cast("Tensor", apply(COL2IM, input, shape=shape, **options))


__all__ = ["COL2IM", "IM2COL", "fold", "unfold"]
