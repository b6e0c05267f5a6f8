"""Adaptive pooling: the maximum or the mean of windows of which the number is given, not the size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Namespace, Shape
from fnnet._core.op import OUT, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.functional._common import dtype_of, need_tensor
from fnnet.functional.padding import ordered
from fnnet.functional.pooling import (
    AVG_POOL,
    MAX_POOL,
    MAX_POOL_WITH_INDICES,
    Pooled,
    with_indices_backward,
)
from fnnet.functional.windows import batched, spread

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace


# windows of given number: window i of o over n elements is [floor(i n / o), ceil((i + 1) n / o)) -----------------
def _bounds(k: K[A], n: int, o: int) -> tuple[Any, Any]:
    """Begin and end of each of the `o` windows."""
    i: Any = k.arange(o)
    by = max(o, 1)  # no windows, nothing to divide
    return k.floor_divide(i * n, by), k.floor_divide((i + 1) * n + (o - 1), by)


def _widest(n: int, o: int) -> int:
    return max((-(-(i + 1) * n // o) - i * n // o for i in range(o)), default=0)


def _pick(k: K[A], x: A, index: A, dim: int) -> A:
    """The elements at `index` along a dim."""
    dims = tuple(range(x.ndim))
    front = (dim, *dims[:dim], *dims[dim + 1 :])
    return k.permute(k.take(k.permute(x, dims=front), index), dims=tuple(sorted(dims, key=front.__getitem__)))


def _adaptive_avg_pool(k: K[A], x: A, *, grid: Shape) -> A:
    for d, o in enumerate(grid):
        n = x.shape[2 + d]
        begin, end = _bounds(k, n, o)
        total: Any = None
        for i in range(_widest(n, o)):
            seen = _pick(k, x, k.minimum(begin + i, n - 1), 2 + d)
            seen = k.where(spread(k, k.lt(begin + i, end), d, len(grid)), seen, 0)
            total = seen if total is None else total + seen
        if total is None:  # no windows
            x = k.getitem(x, index=(*(slice(None),) * (2 + d), slice(0, 0)))
        else:
            x = total / k.cast(spread(k, end - begin, d, len(grid)), dtype=x.dtype)
    return ordered(k, x)


ADAPTIVE_AVG_POOL = Op(
    "adaptive_avg_pool", forward=_adaptive_avg_pool,
    real=True, samples=lambda make: (Sample(make(2, 1, 5, 7), grid=(3, 2)), Sample(make(1, 2, 4), grid=(6,))),
)  # fmt: skip


def _adaptive_max_pool(k: K[A], x: A, *, grid: Shape) -> tuple[A, A]:
    n, c, *plane = x.shape
    d = len(plane)
    best: Any = None
    place: Any = None
    bounds = [_bounds(k, m, o) for m, o in zip(plane, grid, strict=True)]
    for at in itertools.product(*(range(max(_widest(m, o), 1)) for m, o in zip(plane, grid, strict=True))):
        view: Any = x
        here: Any = None
        for i, (begin, end) in enumerate(bounds):
            index = k.minimum(begin + at[i], end - 1)  # narrower windows meet their last element again
            view = _pick(k, view, index, 2 + i)
            flat: Any = spread(k, index * math.prod(plane[i + 1 :]), i, d)
            here = flat if here is None else here + flat
        if best is None:
            best, place = view, k.expand(here, shape=(n, c, *grid))
            continue
        better = k.logical_or(k.gt(view, best), k.ne(view, view))
        best, place = k.where(better, view, best), k.where(better, here, place)
    return ordered(k, best), ordered(k, place)


ADAPTIVE_MAX_POOL = Op(
    "adaptive_max_pool", forward=_adaptive_max_pool, backward=with_indices_backward, uses=((OUT,),), n_out=2,
    keeps=(1,),
    real=True, samples=lambda make: (Sample(make(2, 1, 5, 7), grid=(3, 2)), Sample(make(1, 2, 4), grid=(3,))),
)  # fmt: skip


# the public functions --------------------------------------------------------------------------------------------
Sizes = int | None | Sequence[int | None]


def _grid(name: str, d: int, input: Tensor, output_size: Sizes) -> Shape:
    """The number of windows along each dim; None keeps the size."""
    need_tensor(name, input=input)
    shape = tuple(input._data.shape)
    if len(shape) not in (d + 1, d + 2):
        raise ShapeError(
            f"{name}(): Input dimension should be at least {d + 1}: Expected {d + 1}D or {d + 2}D tensor, but got "
            f"{list(shape)}"
        )
    for i in range(len(shape) - d, len(shape)):
        if shape[i] == 0:
            raise ShapeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                f"{list(shape)} with dimension {i} being empty"
            )
    if dtype_of(input).category < 2:
        raise UnsupportedDTypeError(f"{name}: not implemented for {dtype_of(input).name}")
    given = (output_size,) * d if output_size is None or isinstance(output_size, int) else tuple(output_size)
    if len(given) != d:
        raise ShapeError(f"{name}: output_size must be {d}, got {list(given)}")
    grid = tuple(n if o is None else o for o, n in zip(given, shape[-d:], strict=True))
    if any(o < 0 for o in grid):
        raise OptionError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {grid}: Trying to create "
            "tensor with negative dimension"
        )
    return grid


def _even(input: Tensor, grid: Shape) -> Shape | None:
    """The size of the windows where they tile the input, or None."""
    shape = tuple(input._data.shape)[-len(grid) :]
    if all(o and n % o == 0 for n, o in zip(shape, grid, strict=True)):
        return tuple(n // o for n, o in zip(shape, grid, strict=True))
    return None


def _adaptive_avg(d: int, input: Tensor, output_size: Sizes) -> Tensor:
    grid = _grid(f"adaptive_avg_pool{d}d", d, input, output_size)
    size = _even(input, grid)
    if size is None:
        return cast("Tensor", _titled("Avg", d, grid, batched(ADAPTIVE_AVG_POOL, d, input, grid=grid)))
    options = {"stride": size, "padding": (0,) * d, "grid": grid, "include_pad": True, "divisor": None}
    return cast("Tensor", _titled("Avg", d, grid, batched(AVG_POOL, d, input, size=size, **options)))


def _titled(kind: str, d: int, grid: Shape, r: Any) -> Any:
    """PyTorch pools signals as images of one row, and takes one mean where there is one window."""
    title = f"Adaptive{kind}Pool{d}DBackward0" if d > 1 else "SqueezeBackward1"
    if kind == "Avg" and d > 1 and grid == (1,) * d:
        title = "MeanBackward1"
    return entitle(r, title)


def _adaptive_max(d: int, input: Tensor, output_size: Sizes, return_indices: bool) -> Pooled:
    grid = _grid(f"adaptive_max_pool{d}d", d, input, output_size)
    size = _even(input, grid)
    if size is None:
        found = _titled("Max", d, grid, batched(ADAPTIVE_MAX_POOL, d, input, grid=grid))
        return found if return_indices else found[0]
    found = batched(
        MAX_POOL_WITH_INDICES if return_indices else MAX_POOL, d, input,
        size=size, stride=size, padding=(0,) * d, dilation=(1,) * d, grid=grid, fill=-math.inf,
    )  # fmt: skip
    return _titled("Max", d, grid, found)


def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
    """The means of a given number of windows of a signal, which lie as `adaptive_avg_pool2d`'s.

    Args:
        input: `(N, C, L)`, or `(C, L)` without a batch, floating point.
        output_size: `L'`, the number of windows; None keeps the input's size.

    Returns:
        `(N, C, L')` or `(C, L')`, `input`'s dtype.

    Raises:
        ShapeError: `input` has another rank or is empty in L, or `output_size` another length.
        OptionError: A negative size.
        DTypeError: `input` is not floating-point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.adaptive_avg_pool1d(fnnet.tensor([[1.0, 2.0, 3.0]]), 2)
        tensor([[1.5000, 2.5000]])
    """
    return _adaptive_avg(1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Sizes) -> Tensor:
    """The means of a given number of windows.

    Window `i` of `o` over `n` elements is `[floor(i * n / o), ceil((i + 1) * n / o))`; neighbours may share an element.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` without a batch, floating point.
        output_size: `(H', W')`, or one int for both; None keeps the input's size.

    Returns:
        `(N, C, H', W')` or `(C, H', W')`, `input`'s dtype.

    Raises:
        ShapeError: `input` has another rank or is empty in H or W, or `output_size` another length.
        OptionError: A negative size.
        DTypeError: `input` is not floating-point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.adaptive_avg_pool2d(fnnet.tensor([[[1.0, 2.0], [3.0, 6.0]]]), 1)
        tensor([[[3.]]])
    """
    return _adaptive_avg(2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Sizes) -> Tensor:
    """The means of a given number of windows of a volume, which lie as `adaptive_avg_pool2d`'s.

    Args:
        input: `(N, C, D, H, W)`, or `(C, D, H, W)` without a batch, floating point.
        output_size: `(D', H', W')`, or one int for all; None keeps the input's size.

    Returns:
        `(N, C, D', H', W')` or `(C, D', H', W')`, `input`'s dtype.

    Raises:
        ShapeError: `input` has another rank or is empty in D, H or W, or `output_size` another length.
        OptionError: A negative size.
        DTypeError: `input` is not floating-point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.nn.functional.adaptive_avg_pool3d(fnnet.ones(1, 4, 5, 6), (2, 1, None)).shape)
        (1, 2, 1, 6)
    """
    return _adaptive_avg(3, input, output_size)


def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Pooled:
    """The largest elements of a given number of windows of a signal, which lie as `adaptive_avg_pool2d`'s.

    Args:
        input: `(N, C, L)`, or `(C, L)` without a batch, floating point.
        output_size: `L'`, the number of windows; None keeps the input's size.
        return_indices: Return also where each maximum lies in its signal. Default: False.

    Returns:
        `(N, C, L')` or `(C, L')`, `input`'s dtype; with `return_indices` that and its int64 indices.

    Raises:
        ShapeError: `input` has another rank or is empty in L, or `output_size` another length.
        OptionError: A negative size.
        DTypeError: `input` is not floating-point.

    Differentiable:
        The gradient goes to the element that was chosen: of equal ones the first, of NaNs the last.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.adaptive_max_pool1d(fnnet.tensor([[1.0, 2.0, 3.0]]), 2)
        tensor([[2., 3.]])
    """
    return _adaptive_max(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Pooled:
    """The largest elements of a given number of windows, which lie as `adaptive_avg_pool2d`'s.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` without a batch, floating point.
        output_size: `(H', W')`, or one int for both; None keeps the input's size.
        return_indices: Return also where each maximum lies in its plane, `h * W + w`. Default: False.

    Returns:
        `(N, C, H', W')` or `(C, H', W')`, `input`'s dtype; with `return_indices` that and its int64 indices.

    Raises:
        ShapeError: `input` has another rank or is empty in H or W, or `output_size` another length.
        OptionError: A negative size.
        DTypeError: `input` is not floating-point.

    Differentiable:
        The gradient goes to the element that was chosen: of equal ones the first, of NaNs the last.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([[[1.0, 2.0, 5.0], [3.0, 4.0, 8.0]]])
        >>> fnnet.nn.functional.adaptive_max_pool2d(x, (1, 2), return_indices=True)
        (tensor([[[4., 8.]]]), tensor([[[4, 5]]]))
    """
    return _adaptive_max(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Pooled:
    """The largest elements of a given number of windows of a volume, which lie as `adaptive_avg_pool2d`'s.

    Args:
        input: `(N, C, D, H, W)`, or `(C, D, H, W)` without a batch, floating point.
        output_size: `(D', H', W')`, or one int for all; None keeps the input's size.
        return_indices: Return also where each maximum lies in its volume, `(d * H + h) * W + w`. Default: False.

    Returns:
        `(N, C, D', H', W')` or `(C, D', H', W')`, `input`'s dtype; with `return_indices` that and its int64 indices.

    Raises:
        ShapeError: `input` has another rank or is empty in D, H or W, or `output_size` another length.
        OptionError: A negative size.
        DTypeError: `input` is not floating-point.

    Differentiable:
        The gradient goes to the element that was chosen: of equal ones the first, of NaNs the last.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.adaptive_max_pool3d(fnnet.ones(1, 4, 5, 6), 1).flatten()
        tensor([1.])
    """
    return _adaptive_max(3, input, output_size, return_indices)


__all__ = [
    "ADAPTIVE_AVG_POOL", "ADAPTIVE_MAX_POOL", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
    "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d",
]  # fmt: skip
