"""Pooling: the maximum or the mean of each window of given size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import OptionError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace, Number, Shape
from fnnet._core.op import OUT, Make, Op, Sample
from fnnet.functional._common import dtype_of, need_tensor
from fnnet.functional.windows import (
    along,
    batched,
    check_options,
    count_windows,
    extend,
    per_dim,
    scatter,
    spread,
    taps,
)

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# max_pool --------------------------------------------------------------------------------------------------------
def _apart(static: dict[str, Any]) -> bool:
    """Whether windows do not overlap."""
    return all(s > e * (m - 1) for m, s, e in zip(static["size"], static["stride"], static["dilation"], strict=True))


def _max_pool(
    k: K[A], x: A, *, size: Shape, stride: Shape, padding: Shape, dilation: Shape, grid: Shape, fill: Number
) -> A:
    """The largest of each window. `fill` is the least value of the dtype; `grid` says how many windows there are."""
    x = extend(k, x, grid, size=size, stride=stride, padding=padding, dilation=dilation, fill=fill)
    y = along(k, k.maximum, x, grid, size, stride, dilation)
    return k.clone(y) if math.prod(size) == 1 else y


def _max_pool_backward(k: K[A], c: Call[A], g: A) -> Grads:
    index = k.max_pool_with_indices(c.inputs[0], **c.static)[1]
    return (scatter(k, index, g, c.shapes[0], apart=_apart(c.static)),)


def _max_pool_with_indices(
    k: K[A], x: A, *, size: Shape, stride: Shape, padding: Shape, dilation: Shape, grid: Shape, fill: Number
) -> tuple[A, A]:
    """The largest of each window and its place in the plane. Of equals the first, of NaNs the last, as in PyTorch."""
    n, c, *plane = x.shape
    d = len(plane)
    steps = [math.prod(plane[i + 1 :]) for i in range(d)]
    x = extend(k, x, grid, size=size, stride=stride, padding=padding, dilation=dilation, fill=fill)
    corner: Any = None  # where each window begins, which is outside for those that begin in the padding
    inside: Any = None  # how much further its first element within the plane lies
    for i in range(d):
        begin: Any = k.arange(grid[i]) * stride[i] - padding[i]
        skip = k.mul(k.floor_divide(k.maximum(begin * -1, 0) + (dilation[i] - 1), dilation[i]), dilation[i] * steps[i])
        begin, skip = spread(k, begin * steps[i], i, d), spread(k, skip, i, d)
        corner, inside = (begin, skip) if i == 0 else (corner + begin, inside + skip)
    best: Any = None
    place: Any = None
    for at, view in taps(k, x, grid, size, stride, dilation):
        if best is None:
            best, place = k.clone(view), k.expand(inside, shape=(n, c, *grid))
            continue
        better = k.logical_or(k.gt(view, best), k.ne(view, view))
        best = k.maximum(best, view)
        place = k.where(better, sum(i * e * s for i, e, s in zip(at, dilation, steps, strict=True)), place)
    return best, k.add(place, corner)


def with_indices_backward(k: K[A], c: Call[Any], g: Any) -> Grads:  # two outputs
    """Of an op with the outputs (values, indices)."""
    return (scatter(k, c.out[1], g[0], c.shapes[0]),)


def _max_pool_with_indices_backward(k: K[A], c: Call[Any], g: Any) -> Grads:
    return (scatter(k, c.out[1], g[0], c.shapes[0], apart=_apart(c.static)),)


def _max_pool_samples(make: Make) -> Any:
    inf = -math.inf
    yield Sample(make(2, 3, 4, 6), size=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), grid=(2, 3), fill=inf)
    yield Sample(make(1, 2, 5, 5), size=(3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), grid=(3, 3), fill=inf)
    yield Sample(make(2, 1, 5), size=(2,), stride=(2,), padding=(0,), dilation=(1,), grid=(3,), fill=inf)
    yield Sample(
        make(1, 1, 3, 3, 3), size=(2,) * 3, stride=(1,) * 3, padding=(0,) * 3, dilation=(1,) * 3, grid=(2,) * 3,
        fill=inf,
    )  # fmt: skip


def _max_title(node: Any) -> str:
    """PyTorch pools signals as images of one row."""
    d = len(node.static["size"])
    return f"MaxPool{d}DWithIndicesBackward0" if d > 1 else "SqueezeBackward1"


def _avg_title(node: Any) -> str:
    d = len(node.static["size"])
    return f"AvgPool{d}DBackward0" if d > 1 else "SqueezeBackward1"


MAX_POOL = Op(
    "max_pool", title=_max_title, forward=_max_pool, backward=_max_pool_backward, uses=((0,),), onnx="MaxPool",
    real=True, samples=_max_pool_samples,
)  # fmt: skip
MAX_POOL_WITH_INDICES = Op(
    "max_pool_with_indices", title=_max_title,
    forward=_max_pool_with_indices, backward=_max_pool_with_indices_backward, uses=((OUT,),),
    n_out=2, keeps=(1,), onnx="MaxPool", real=True, samples=_max_pool_samples,
)  # fmt: skip


# avg_pool --------------------------------------------------------------------------------------------------------
def _divisor(
    k: K[A], shape: Shape, dtype: Any, *, size: Shape, stride: Shape, padding: Shape, grid: Shape, include_pad: bool
) -> Any:
    """How many elements each window counts: a number where all count alike."""
    whole = all(
        (o - 1) * s + m <= n + (2 * p if include_pad else p) and (include_pad or p == 0)
        for n, m, s, p, o in zip(shape, size, stride, padding, grid, strict=True)
    )
    if whole:
        return math.prod(size)
    found: Any = None
    for i, (n, m, s, p, o) in enumerate(zip(shape, size, stride, padding, grid, strict=True)):
        begin: Any = k.arange(o) * s - p
        end = k.minimum(begin + m, n + p)
        if not include_pad:
            begin, end = k.maximum(begin, 0), k.minimum(end, n)
        counted = spread(k, end - begin, i, len(grid))
        found = counted if found is None else found * counted
    return k.cast(found, dtype=dtype)


def _mean(k: K[A], total: A, divisor: Any, whole: bool) -> A:
    """Divided; whole numbers are cut towards zero."""
    if whole:
        if isinstance(divisor, int) and divisor < 0:
            total, divisor = -total, -divisor
        return k.mul(k.sign(total), k.floor_divide(k.abs(total), divisor))
    return k.div(total, divisor)


def _avg_pool(
    k: K[A], x: A, *, size: Shape, stride: Shape, padding: Shape, grid: Shape, include_pad: bool, divisor: int | None,
    whole: bool = False,
) -> A:  # fmt: skip
    ones = (1,) * len(size)
    by: Any = divisor
    if divisor is None:
        by = _divisor(
            k, x.shape[2:], x.dtype, size=size, stride=stride, padding=padding, grid=grid, include_pad=include_pad
        )
    if grid == ones and size == x.shape[2:] and not any(padding):
        return _mean(k, k.sum(x, dim=tuple(range(2, x.ndim)), keepdim=True), by, whole)
    x = extend(k, x, grid, size=size, stride=stride, padding=padding, dilation=ones, fill=0)
    return _mean(k, along(k, k.add, x, grid, size, stride, ones), by, whole)


def _avg_pool_backward(k: K[A], c: Call[A], g: A) -> Grads:
    static, shape = c.static, c.shapes[0]
    size, stride, padding, grid = (static[name] for name in ("size", "stride", "padding", "grid"))
    by: Any = static["divisor"]
    if by is None:
        by = _divisor(
            k, shape[2:], g.dtype, size=size, stride=stride, padding=padding, grid=grid,
            include_pad=static["include_pad"],
        )  # fmt: skip
    g = k.reshape(g / by, shape=(*shape[:2], *(1,) * len(size), *grid))
    if math.prod(grid) == 1 and size == shape[2:] and not any(padding):
        return (k.expand(k.reshape(g, shape=(*shape[:2], *grid)), shape=shape),)
    g = k.expand(g, shape=(*shape[:2], *size, *grid))
    options = {"size": size, "stride": stride, "dilation": (1,) * len(size)}
    axes = list(zip(shape[2:], size, stride, padding, grid, strict=True))
    if all((o - 1) * s + m <= n + 2 * p for n, m, s, p, o in axes):
        return (k.fold(g, shape=shape, padding=padding, **options),)
    # ceil_mode: the last windows reach over the padding, so the gradient is cut from a larger one
    wide = tuple(max(n + p, (o - 1) * s + m) for n, m, s, p, o in axes)
    g = k.fold(g, shape=(*shape[:2], *wide), padding=(0,) * len(size), **options)
    return (k.getitem(g, index=(slice(None), slice(None), *(slice(p, p + n) for n, _, _, p, _ in axes))),)


def _avg_pool_samples(make: Make) -> Any:
    plain: dict[str, Any] = {"include_pad": True, "divisor": None}
    yield Sample(make(2, 3, 4, 6), size=(2, 2), stride=(2, 2), padding=(0, 0), grid=(2, 3), **plain)
    yield Sample(
        make(1, 2, 5, 5), size=(3, 2), stride=(2, 1), padding=(1, 0), grid=(3, 4), include_pad=False, divisor=None
    )
    yield Sample(make(2, 1, 6), size=(3,), stride=(2,), padding=(1,), grid=(4,), **plain)
    yield Sample(make(2, 1, 5), size=(5,), stride=(5,), padding=(0,), grid=(1,), include_pad=True, divisor=3)


AVG_POOL = Op(
    "avg_pool", title=_avg_title, forward=_avg_pool, backward=_avg_pool_backward, uses=((),), onnx="AveragePool",
    real=True, samples=_avg_pool_samples,
)  # fmt: skip


def _least(input: Tensor) -> Number:
    """The least value of a dtype."""
    dtype = dtype_of(input)
    if dtype.category >= 2:
        return -math.inf
    return 0 if dtype.name == "uint8" else -(1 << (8 * dtype.itemsize - 1))


Sizes = int | Sequence[int]
Pooled = Any
"""A Tensor, or (values, indices) where they are asked for; typed as in PyTorch, whose stubs do not tell which."""


def _pool_max(
    d: int, input: Tensor, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes, ceil_mode: bool,
    return_indices: bool,
) -> Pooled:  # fmt: skip
    name = f"max_pool{d}d"
    size = per_dim(name, "kernel_size", kernel_size, d)
    steps = size if stride is None or stride in ([], ()) else per_dim(name, "stride", stride, d)
    pads, gaps = per_dim(name, "padding", padding, d), per_dim(name, "dilation", dilation, d)
    check_options(name, size, steps, pads, gaps)
    grid = count_windows(name, input, size, steps, pads, gaps, ceil_mode)
    return batched(
        MAX_POOL_WITH_INDICES if return_indices else MAX_POOL, d, input,
        size=size, stride=steps, padding=pads, dilation=gaps, grid=grid, fill=_least(input),
    )  # fmt: skip


def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Pooled:
    """The largest element of each window along one dim.

    Args:
        input: `(N, C, L)`, or `(C, L)` without a batch; any real dtype but bool.
        kernel_size: How many elements a window has.
        stride: Steps between windows. Default: the kernel size, so that windows tile the signal.
        padding: How much of a window may lie beyond either end, at most half of it; what lies there does not count.
            Default: 0.
        dilation: Steps between the elements of a window. Default: 1.
        ceil_mode: Let the last window reach over the end instead of leaving elements out. Default: False.
        return_indices: Return also where each maximum lies along L. Default: False.

    Returns:
        `(N, C, L')` (`(C, L')`) in input's dtype, `L' = (L + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1`
        rounded down (with `ceil_mode` up, less a window that would begin in the padding at the end); with
        `return_indices`, that and int64 indices of its shape.

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, or no window fits.
        OptionError: Sizes below 1, or padding of more than half a window.
        DTypeError: `input` is bool or complex.

    Differentiable:
        The gradient goes to the element that was chosen: of equal ones the first, of NaNs the last.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.max_pool1d(fnnet.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[3., 2.]])
    """
    return _pool_max(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Pooled:
    """The largest element of each window.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` without a batch; any real dtype but bool.
        kernel_size: Of a window, one int or one per dim.
        stride: Steps between windows. Default: the kernel size, so that windows tile the image.
        padding: How much of each window may lie beyond the border, at most half of it; what lies there does not count.
            Default: 0.
        dilation: Steps between the elements of a window. Default: 1.
        ceil_mode: Let the last windows reach over the end instead of leaving elements out. Default: False.
        return_indices: Return also where each maximum lies in its plane, `h * W + w`. Default: False.

    Returns:
        `(N, C, H', W')` in input's dtype (sizes as in `max_pool1d`); with `return_indices`, that and int64 indices of
        its shape.

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, or no window fits.
        OptionError: Sizes below 1, or padding of more than half a window.
        DTypeError: `input` is bool or complex.

    Differentiable:
        The gradient goes to the element that was chosen: of equal ones the first, of NaNs the last.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 8.0, 7.0]]])
        >>> fnnet.nn.functional.max_pool2d(x, 2)
        tensor([[[4., 8.]]])
    """
    return _pool_max(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Pooled:
    """The largest element of each window of volumes.

    Args:
        input: `(N, C, D, H, W)`, or `(C, D, H, W)` without a batch; any real dtype but bool.
        kernel_size: Of a window, one int or one per dim.
        stride: Steps between windows. Default: the kernel size, so that windows tile the volume.
        padding: How much of each window may lie beyond the border, at most half of it; what lies there does not count.
            Default: 0.
        dilation: Steps between the elements of a window. Default: 1.
        ceil_mode: Let the last windows reach over the end instead of leaving elements out. Default: False.
        return_indices: Return also where each maximum lies in its volume, `(d * H + h) * W + w`. Default: False.

    Returns:
        `(N, C, D', H', W')` in input's dtype (sizes as in `max_pool1d`); with `return_indices`, that and int64 indices
        of its shape.

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, or no window fits.
        OptionError: Sizes below 1, or padding of more than half a window.
        DTypeError: `input` is bool or complex.

    Differentiable:
        The gradient goes to the element that was chosen: of equal ones the first, of NaNs the last.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.max_pool3d(fnnet.ones(1, 2, 2, 2), 2).flatten()
        tensor([1.])
    """
    return _pool_max(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _pool_avg(
    d: int, input: Tensor, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None,
) -> Tensor:  # fmt: skip
    name = f"avg_pool{d}d"
    need_tensor(name, input=input)
    whole = dtype_of(input).category < 2
    if whole and dtype_of(input).name != "int64":
        raise UnsupportedDTypeError(f"{name}: not implemented for {dtype_of(input).name}")
    size = per_dim(name, "kernel_size", kernel_size, d)
    steps = size if stride is None or stride in ([], ()) else per_dim(name, "stride", stride, d)
    pads = per_dim(name, "padding", padding, d)
    if divisor_override == 0:
        raise OptionError(f"{name}: divisor must be not zero")
    check_options(name, size, steps, pads, (1,) * d)
    grid = count_windows(name, input, size, steps, pads, (1,) * d, ceil_mode)
    extra = {"whole": True} if whole else {}
    return cast(
        "Tensor",
        batched(
            AVG_POOL, d, input, size=size, stride=steps, padding=pads, grid=grid,
            include_pad=bool(count_include_pad), divisor=divisor_override, **extra,
        ),
    )  # fmt: skip


def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window along one dim.

    Args:
        input: `(N, C, L)`, or `(C, L)` without a batch; floating point, or int64, of which means are cut towards zero.
        kernel_size: How many elements a window has.
        stride: Steps between windows. Default: the kernel size, so that windows tile the signal.
        padding: Zeros at either end, at most half a window. Default: 0.
        ceil_mode: Let the last window reach over the end instead of leaving elements out; what lies beyond the padding
            does not count. Default: False.
        count_include_pad: Count the zeros of the padding. Default: True.

    Returns:
        `(N, C, L')` (`(C, L')`) in input's dtype, `L' = (L + 2 padding - kernel_size) / stride + 1` rounded down
        (with `ceil_mode` up, less a window that would begin in the padding at the end).

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, or no window fits.
        OptionError: Sizes below 1, or padding of more than half a window.
        DTypeError: `input` is complex, bool, or of a whole-number dtype but int64.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.avg_pool1d(fnnet.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[2., 1.]])
    """
    return _pool_avg(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` without a batch; floating point, or int64, of which means are cut towards
            zero.
        kernel_size: Of a window, one int or one per dim.
        stride: Steps between windows. Default: the kernel size, so that windows tile the image.
        padding: Zeros around the image, at most half a window. Default: 0.
        ceil_mode: Let the last windows reach over the end instead of leaving elements out; what lies beyond the padding
            does not count. Default: False.
        count_include_pad: Count the zeros of the padding. Default: True.
        divisor_override: What to divide sums by, in place of the count. Default: the count.

    Returns:
        `(N, C, H', W')` in input's dtype, sizes as in `avg_pool1d`.

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, or no window fits.
        OptionError: Sizes below 1, padding of more than half a window, or a divisor of 0.
        DTypeError: `input` is complex, bool, or of a whole-number dtype but int64.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 8.0, 7.0]]])
        >>> fnnet.nn.functional.avg_pool2d(x, 2)
        tensor([[[2.5000, 6.5000]]])
    """
    return _pool_avg(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of volumes.

    Args:
        input: `(N, C, D, H, W)`, or `(C, D, H, W)` without a batch; floating point, or int64, of which means are cut
            towards zero.
        kernel_size: Of a window, one int or one per dim.
        stride: Steps between windows. Default: the kernel size, so that windows tile the volume.
        padding: Zeros around the volume, at most half a window. Default: 0.
        ceil_mode: Let the last windows reach over the end instead of leaving elements out; what lies beyond the padding
            does not count. Default: False.
        count_include_pad: Count the zeros of the padding. Default: True.
        divisor_override: What to divide sums by, in place of the count. Default: the count.

    Returns:
        `(N, C, D', H', W')` in input's dtype, sizes as in `avg_pool1d`.

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, or no window fits.
        OptionError: Sizes below 1, padding of more than half a window, or a divisor of 0.
        DTypeError: `input` is complex, bool, or of a whole-number dtype but int64.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.avg_pool3d(fnnet.ones(1, 2, 2, 2), 2).flatten()
        tensor([1.])
    """
    return _pool_avg(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


__all__ = [
    "AVG_POOL", "MAX_POOL", "MAX_POOL_WITH_INDICES", "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d",
    "max_pool2d", "max_pool3d",
]  # fmt: skip
