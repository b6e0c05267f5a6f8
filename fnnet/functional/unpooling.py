"""Max-unpooling: maxima put back where they were found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import (
    ArgumentError,
    DTypeError,
    GatherIndexError,
    OptionError,
    ShapeError,
    UnsupportedDTypeError,
)
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.autograd.node import entitle, name_of
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make as wrap
from fnnet.backends import dtypes
from fnnet.functional._common import dtype_of, need_one_device, need_tensor
from fnnet.functional.layout import laid_out_as
from fnnet.functional.places import OUTSIDE, host_number
from fnnet.functional.products import reshape
from fnnet.functional.windows import per_dim, scatter

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]
Sizes = int | Sequence[int]


# the op ----------------------------------------------------------------------------------------------------------
def _max_unpool(k: K[A], x: A, index: A, *, shape: Shape) -> A:
    """Zeros (N, C, *shape) but for the elements of `x`, each at its place in the plane."""
    return scatter(k, index, x, (*x.shape[:2], *shape), apart=True)


def _max_unpool_backward(k: K[A], c: Call[A], g: A) -> Grads:
    shape, area = c.shapes[0], math.prod(c.static["shape"])
    planes = shape[0] * shape[1]
    at: Any = k.reshape(c.inputs[1], shape=(planes, math.prod(shape[2:])))
    at = at + k.reshape(k.arange(planes) * area, shape=(planes, 1))
    return (k.reshape(k.take(k.reshape(g, shape=(planes * area,)), at), shape=shape), None)


def _samples(make: Make) -> Any:
    yield Sample(make(2, 3, 1), make(2, 3, 1, low=0, high=2.99, dtype=dtypes.int64), shape=(3,))
    yield Sample(make(2, 1, 1, 1), make(2, 1, 1, 1, low=0, high=5.99, dtype=dtypes.int64), shape=(2, 3))


def _title(node: Any) -> str:
    """PyTorch treats signals as images of one column."""
    d = len(node.static["shape"])
    return f"MaxUnpool{d}DBackward0" if d > 1 else "SqueezeBackward1"


MAX_UNPOOL = Op(
    "max_unpool", title=_title, forward=_max_unpool, backward=_max_unpool_backward, uses=((1,), ()), kind=Kind.MOVE,
    onnx="MaxUnpool", samples=_samples,
)  # fmt: skip


# the public functions --------------------------------------------------------------------------------------------
def _output_sizes(name: str, given: Shape, size: Shape, stride: Shape, padding: Shape, output_size: Any) -> Shape:
    """The spatial sizes of the result: those asked for, or the least that pool to what is given."""
    d = len(size)
    usual = tuple((n - 1) * s + m - 2 * p for n, m, s, p in zip(given[-d:], size, stride, padding, strict=True))
    found = usual
    if output_size is not None:
        if isinstance(output_size, str) or not isinstance(output_size, Sequence):
            raise ArgumentError(
                f"{name}(): argument 'output_size' must be tuple of ints, not {type(output_size).__name__}"
            )
        wanted = tuple(output_size)
        found = wanted[2:] if len(wanted) == d + 2 else wanted
        if len(found) != d:
            raise OptionError(
                f"{name}: output_size should be a sequence containing {d} or {d + 2} elements, but it has a length of "
                f"'{len(wanted)}'"
            )
        if not all(isinstance(n, int) for n in found):
            raise ArgumentError(f"{name}(): argument 'output_size' must be tuple of ints, got {output_size!r}")
        for i, (n, least, s) in enumerate(zip(found, usual, stride, strict=True)):
            if not least - s < n < least + s:
                raise OptionError(
                    f'{name}: invalid output_size "{found}" (dim {i} must be between {least - s} and {least + s})'
                )
    for i, n in enumerate(found):
        if n < 0:
            raise OptionError(
                f"{name}: output_size must contain non-negative spatial dimensions, but got output_size[{i}]={n}"
            )
    return found


def _check(name: str, d: int, input: Tensor, indices: Tensor) -> None:
    need_tensor(name, input=input, indices=indices)
    need_one_device(name, input=input, indices=indices)
    shape, places = tuple(input._data.shape), tuple(indices._data.shape)
    if len(shape) not in (d + 1, d + 2):
        raise ShapeError(
            f"{name}: Input should be a {d + 1}d or {d + 2}d Tensor, but got a tensor with {len(shape)} dimensions"
        )
    if 0 in shape[-d - 1 :]:
        raise ShapeError(
            f"{name}: Expected input to have non-zero size for non-batch dimensions, but got {list(shape)}"
        )
    if shape != places:
        raise ShapeError(
            f"{name}: Expected shape of indices to be same as that of the input tensor ({list(shape)}) but got indices "
            f"tensor with shape: {list(places)}"
        )
    if dtype_of(indices) is not dtypes.int64:
        raise DTypeError(
            f"{name}: elements in indices should be type int64 but got: {dtypes.TITLES[dtype_of(indices).name]}"
        )
    if dtype_of(input).category != 2:
        raise UnsupportedDTypeError(f"{name}: not implemented for '{dtypes.TITLES[dtype_of(input).name]}'")


def _inside(name: str, indices: Tensor, sizes: Shape) -> Tensor:
    """The indices, known to be within a plane: looked at in host memory, elsewhere sent where the op refuses them."""
    n, raw = math.prod(sizes), indices._data
    if not math.prod(raw.shape):
        return indices
    k = namespace_of(indices._device)
    if indices._device.type == "cpu":
        every = tuple(range(raw.ndim))
        for end in (k.amin(raw, dim=every), k.amax(raw, dim=every)):
            at = int(host_number(indices._device, end))
            if not 0 <= at < n:
                raise GatherIndexError(
                    f"{name}: Found an invalid max index: {at} (output volumes are of size {'x'.join(map(str, sizes))})"
                )
        return indices
    outside = k.full((), OUTSIDE, dtype=dtypes.int64)
    found = k.where(k.logical_and(k.ge(raw, 0), k.lt(raw, n)), raw, outside)
    return cast("Tensor", wrap(found, indices._device))


def _unpool(
    d: int, input: Tensor, indices: Tensor, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, output_size: Any
) -> Tensor:
    name = f"max_unpool{d}d"
    _check(name, d, input, indices)
    size = per_dim(name, "kernel_size", kernel_size, d)
    steps = size if stride is None else per_dim(name, "stride", stride, d)
    pads = per_dim(name, "padding", padding, d)
    if min(steps) <= 0:
        raise OptionError(f"{name}: strides should be greater than zero, but got stride: {list(steps)}")
    given = tuple(input._data.shape)
    sizes = _output_sizes(name, given, size, steps, pads, output_size)
    indices = _inside(name, indices, sizes)
    if len(given) == d + 2:
        return laid_out_as(cast("Tensor", apply(MAX_UNPOOL, input, indices, shape=sizes)), input)
    y = cast("Tensor", apply(MAX_UNPOOL, reshape(input, (1, *given)), reshape(indices, (1, *given)), shape=sizes))
    return entitle(reshape(y, (given[0], *sizes)), name_of(y))


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Maxima put back where `max_pool1d` found them, zeros elsewhere; see `max_unpool2d`.

    Args:
        input: `(N, C, L)`, or `(C, L)` without a batch; floating point.
        indices: int64 of input's shape: each one's place along L'.
        kernel_size: That of the pooling.
        stride: That of the pooling. Default: the kernel size.
        padding: That of the pooling. Default: 0.
        output_size: `(L',)` or `(N, C, L')`. Default: `(L - 1) * stride + kernel_size - 2 * padding`.

    Returns:
        `(N, C, L')` or `(C, L')`, input's dtype.

    Raises:
        ShapeError: Another number of dims, an empty one besides N, or indices of another shape.
        OptionError: A stride below 1, or an output_size that is a stride or more from the default.
        DTypeError: `input` is not floating point, or `indices` not int64.
        GatherIndexError: An index lies outside the result.

    Differentiable: In input, any order; each element gets the gradient at its place.

    Example:
        >>> import fnnet
        >>> F = fnnet.nn.functional
        >>> y, at = F.max_pool1d(fnnet.tensor([[1.0, 3.0, 2.0, 0.0]]), 2, return_indices=True)
        >>> F.max_unpool1d(y, at, 2)
        tensor([[0., 3., 2., 0.]])
    """
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Maxima put back where `max_pool2d` found them, zeros elsewhere: an inverse as far as there is one.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` without a batch; floating point.
        indices: int64 of input's shape: each one's place in its plane, `h * W' + w`. Of several at one place, as
            overlapping windows give them, one is kept; they are equal where they come from `max_pool2d`.
        kernel_size: That of the pooling, one int or one per dim.
        stride: That of the pooling. Default: the kernel size.
        padding: That of the pooling. Default: 0.
        output_size: `(H', W')` or `(N, C, H', W')`: several sizes pool to one, this says which.
            Default: `(H - 1) * stride + kernel_size - 2 * padding`, and W' alike.

    Returns:
        `(N, C, H', W')` or `(C, H', W')`, input's dtype.

    Raises:
        ShapeError: Another number of dims, an empty one besides N, or indices of another shape.
        OptionError: A stride below 1, or an output_size that is a stride or more from the default.
        DTypeError: `input` is not floating point, or `indices` not int64.
        GatherIndexError: An index lies outside its plane.

    Differentiable: In input, any order; each element gets the gradient at its place.

    Source:
        Zeiler, Fergus (2014), Visualizing and understanding convolutional networks.

    Example:
        >>> import fnnet
        >>> F = fnnet.nn.functional
        >>> y, at = F.max_pool2d(fnnet.tensor([[[1.0, 2.0], [4.0, 3.0]]]), 2, return_indices=True)
        >>> F.max_unpool2d(y, at, 2)
        tensor([[[0., 0.],
                 [4., 0.]]])
    """
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Maxima put back where `max_pool3d` found them, zeros elsewhere; see `max_unpool2d`.

    Args:
        input: `(N, C, D, H, W)`, or `(C, D, H, W)` without a batch; floating point.
        indices: int64 of input's shape: each one's place in its volume, `(d * H' + h) * W' + w`.
        kernel_size: That of the pooling, one int or one per dim.
        stride: That of the pooling. Default: the kernel size.
        padding: That of the pooling. Default: 0.
        output_size: `(D', H', W')` or `(N, C, D', H', W')`.
            Default: `(D - 1) * stride + kernel_size - 2 * padding`, H' and W' alike.

    Returns:
        `(N, C, D', H', W')` or `(C, D', H', W')`, input's dtype.

    Raises:
        ShapeError: Another number of dims, an empty one besides N, or indices of another shape.
        OptionError: A stride below 1, or an output_size that is a stride or more from the default.
        DTypeError: `input` is not floating point, or `indices` not int64.
        GatherIndexError: An index lies outside its volume.

    Differentiable: In input, any order; each element gets the gradient at its place.

    Example:
        >>> import fnnet
        >>> F = fnnet.nn.functional
        >>> y, at = F.max_pool3d(fnnet.arange(8.0).reshape(1, 2, 2, 2), 2, return_indices=True)
        >>> F.max_unpool3d(y, at, 2).flatten()
        tensor([0., 0., 0., 0., 0., 0., 0., 7.])
    """
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)


__all__ = ["MAX_UNPOOL", "max_unpool1d", "max_unpool2d", "max_unpool3d"]
