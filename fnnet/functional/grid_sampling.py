"""Images and volumes sampled at given points: `grid_sample`, and the grids of affine maps."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import (
    DTypeError,
    OptionError,
    ShapeError,
    UnservedOptionError,
    UnsupportedDTypeError,
    ValueDTypeError,
)
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Make, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.functional._common import _title, dtype_of, need_one_device, need_tensor
from fnnet.functional.interpolation import cubic_slopes, cubic_weights
from fnnet.functional.layout import in_usual_order

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace


# where points lie ------------------------------------------------------------------------------------------------
def _reflected(k: K[A], x: A, n: int, align: bool) -> tuple[A, Any]:
    """Folded back at the outermost elements' centers (`align`), or at their borders; and the slope, 1 or -1."""
    low, span = (0.0, n - 1.0) if align else (-0.5, float(n))
    if span == 0:
        return x * 0, k.full((), 0, dtype=x.dtype)
    moved: Any = x + -low
    side = k.where(k.lt(moved, 0), -1, k.full((), 1, dtype=x.dtype))
    far: Any = k.abs(moved)
    rest: Any = k.fmod(far, span)
    even = k.eq(k.fmod(k.floor(far / span), 2), 0)
    return k.where(even, rest + low, -rest + (span + low)), k.where(even, side, -side)


def _placed(k: K[A], x: A, n: int, padding: str, align: bool) -> tuple[A, Any]:
    """Positions as the padding mode takes them, and the slope: 0 where they are clipped, at the ends, too."""
    slope: Any = 1.0
    if padding == "reflection":
        x, slope = _reflected(k, x, n, align)
    if padding == "zeros":
        return x, slope
    above, below = k.gt(x, 0), k.lt(x, n - 1)  # NaN is neither, and counts as 0
    inside = k.cast(k.logical_and(above, below), dtype=x.dtype)
    return k.where(above, k.where(below, x, n - 1), 0), inside * slope


Axis = list[tuple[Any, Any, Any]]
"""Along one dim: the places that count for each point, their weights (None: 1), and these weights' slopes."""


def _axis(k: K[A], u: Any, n: int, mode: str, padding: str, align: bool) -> Axis:
    """What counts along a dim of `n` elements for points at `u`, from -1 to 1."""
    at = (u + 1) * ((n - 1) / 2) if align else ((u + 1) * n - 1) / 2
    per = (n - 1) / 2 if align else n / 2
    if mode == "bicubic":
        corner = k.floor(at)
        part = at - corner
        places = (_placed(k, corner + (t - 1), n, padding, align)[0] for t in range(4))
        slopes = (s * per for s in cubic_slopes(part))
        return list(zip(places, cubic_weights(part), slopes, strict=True))
    at, slope = _placed(k, at, n, padding, align)
    if mode == "nearest":
        return [(k.round(at), None, None)]
    corner = k.floor(at)
    part = at - corner
    slope = slope * per
    return [(corner, 1 - part, -slope), (corner + 1, part, slope)]


def _axes(k: K[A], grid: A, shape: Shape, mode: str, padding: str, align: bool) -> list[Axis]:
    """By dim of the input; a point's last coordinate belongs to the first."""
    d = len(shape)
    flat = k.reshape(grid, shape=(grid.shape[0], math.prod(grid.shape[1:-1]), d))
    coordinates = (k.getitem(flat, index=(slice(None), slice(None), d - 1 - i)) for i in range(d))
    return [_axis(k, u, n, mode, padding, align) for u, n in zip(coordinates, shape, strict=True)]


def _index(k: K[A], places: Sequence[Any], shape: Shape) -> tuple[A, A]:
    """Whether places `(N, P)` lie inside, `(N * P, 1)`, and which rows of `(N * area, C)` they are, `(N * P,)`."""
    inside: Any = None
    for at, n in zip(places, shape, strict=True):
        within = k.logical_and(k.ge(at, 0), k.le(at, n - 1))
        inside = within if inside is None else k.logical_and(inside, within)
    flat: Any = 0
    for at, n in zip(places, shape, strict=True):
        flat = k.cast(k.where(inside, at, 0), dtype=dtypes.int64) + flat * n
    batch, points = flat.shape
    flat = k.reshape(k.arange(batch) * math.prod(shape), shape=(batch, 1)) + flat
    return k.reshape(inside, shape=(batch * points, 1)), k.reshape(flat, shape=(batch * points,))


def _product(weights: Sequence[Any]) -> Any:
    """The product of those that are there, as a column; None where none is."""
    found: Any = None
    for w in weights:
        found = w if found is None else w if w is None else found * w
    return found


# grid_sample -----------------------------------------------------------------------------------------------------
def _rows(k: K[A], x: A) -> A:
    """`(N, C, *spatial)` as `(N * area, C)`."""
    n, c, area = x.shape[0], x.shape[1], math.prod(x.shape[2:])
    rows = k.permute(k.reshape(x, shape=(n, c, area)), dims=(0, 2, 1))
    return k.reshape(rows, shape=(n * area, c))


def _images(k: K[Any], rows: Any, shape: Shape) -> Any:
    """`(N * area, C)` as `(N, C, *spatial)`."""
    n, c, area = shape[0], shape[1], math.prod(shape[2:])
    planes = k.permute(k.reshape(rows, shape=(n, area, c)), dims=(0, 2, 1))
    return k.reshape(k.clone(planes, contiguous=True), shape=shape)


def _grid_sample(k: K[A], x: A, grid: A, *, mode: str, padding: str, align: bool) -> A:
    shape = x.shape[2:]
    rows, count = _rows(k, x), grid.shape[0] * math.prod(grid.shape[1:-1])
    total: Any = None
    for taps in itertools.product(*_axes(k, grid, shape, mode, padding, align)):
        inside, index = _index(k, [place for place, _, _ in taps], shape)
        seen: Any = k.where(inside, k.take(rows, index), 0)
        weight = _product([w for _, w, _ in taps])
        if weight is not None:
            seen = seen * k.reshape(weight, shape=(count, 1))
        total = seen if total is None else total + seen
    return cast("A", _images(k, total, (*x.shape[:2], *grid.shape[1:-1])))


def _grid_sample_backward(k: K[A], c: Call[A], g: A) -> tuple[Any, Any]:
    x, grid = c.inputs[0], c.inputs[1]
    shape = c.shapes[0][2:]
    rows, count, d = _rows(k, g), grid.shape[0] * math.prod(grid.shape[1:-1]), len(shape)
    nearest = c.static["mode"] == "nearest"
    seen = _rows(k, x) if c.needs[1] and not nearest else None
    at_x: Any = k.full((c.shapes[0][0] * math.prod(shape), c.shapes[0][1]), 0, dtype=g.dtype)
    at_grid: list[Any] = [None] * d
    for taps in itertools.product(*_axes(k, grid, shape, **c.static)):
        inside, index = _index(k, [place for place, _, _ in taps], shape)
        weights = [w for _, w, _ in taps]
        if c.needs[0]:
            share: Any = rows if nearest else rows * k.reshape(_product(weights), shape=(count, 1))
            at_x = k.index_add(at_x, index, k.where(inside, share, 0))
        if seen is not None:
            told: Any = k.sum(k.where(inside, k.take(seen, index), 0) * rows, dim=(1,))
            for i, (_, _, slope) in enumerate(taps):
                part = told * k.reshape(_product([*weights[:i], slope, *weights[i + 1 :]]), shape=(count,))
                at_grid[i] = part if at_grid[i] is None else at_grid[i] + part
    of_x = _images(k, at_x, c.shapes[0]) if c.needs[0] else None
    if not c.needs[1]:
        return of_x, None
    if nearest:
        return of_x, k.full(c.shapes[1], 0, dtype=g.dtype)
    columns = k.cat(*(k.reshape(part, shape=(count, 1)) for part in reversed(at_grid)), dim=1)
    return of_x, k.reshape(columns, shape=c.shapes[1])


def _grid_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(2, 2, 3, 4), make(2, 3, 2, 2, low=-1.4, high=1.4), mode="bilinear", padding="zeros", align=False)
    yield Sample(make(1, 2, 3, 4), make(1, 2, 2, 2, low=-2, high=2), mode="bilinear", padding="reflection", align=True)
    yield Sample(make(1, 2, 3, 4), make(1, 2, 3, 2, low=-2, high=2), mode="bilinear", padding="border", align=False)
    yield Sample(make(1, 1, 3, 4), make(1, 2, 2, 2, low=-1.5, high=1.5), mode="bicubic", padding="zeros", align=False)
    yield Sample(make(1, 1, 4, 3), make(1, 2, 2, 2, low=-2, high=2), mode="bicubic", padding="reflection", align=False)
    yield Sample(make(1, 2, 3, 4), make(1, 2, 2, 2), mode="nearest", padding="zeros", align=True)
    yield Sample(make(1, 1, 2, 3, 2), make(1, 1, 2, 2, 3), mode="bilinear", padding="zeros", align=True)
    yield Sample(make(1, 2, 3, 4), make(1, 0, 2, 2), mode="bilinear", padding="zeros", align=True)


GRID_SAMPLE = Op(
    "grid_sample", forward=_grid_sample, backward=_grid_sample_backward, uses=((1,), (0, 1)), real=True,
    onnx="GridSample",
    title=lambda node: f"GridSampler{len(node.shapes[0]) - 2}DBackward0", samples=_grid_samples,
)  # fmt: skip

_MODES, _PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")
_CHANGED = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """An image or a volume at the points of a grid.

    A point is `(x, y)` or `(x, y, z)`, from -1 to 1 along W, H and D; beyond that lies the padding.

    Args:
        input: `(N, C, H, W)` or `(N, C, D, H, W)`, floating point.
        grid: `(N, H', W', 2)` or `(N, D', H', W', 3)`, of input's dtype.
        mode: "bilinear" (of volumes trilinear), "nearest" (halves go to the even index) or "bicubic" (of images alone).
            Default: "bilinear".
        padding_mode: Beyond the border, "zeros", "border" (the outermost elements) or "reflection". Default: "zeros".
        align_corners: -1 and 1 are the centers of the outermost elements; where False, their borders. None warns, and
            is False. Default: None.

    Returns:
        `(N, C, H', W')` or `(N, C, D', H', W')`, of input's dtype.

    Raises:
        OptionError: An unknown mode, or "bicubic" of a volume.
        ShapeError: Batches, dims or the last dim of `grid` do not fit, or input is empty in D, H or W.
        DTypeError: `input` is not floating-point, or `grid` of another dtype.

    Differentiable: By both, any order; by `grid` zero in the mode "nearest" and where padding clips.

    Source:
        M. Jaderberg et al., "Spatial Transformer Networks" (2015).

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
        >>> fnnet.nn.functional.grid_sample(x, fnnet.tensor([[[[0.0, 0.0], [1.0, -1.0]]]]), align_corners=True)
        tensor([[[[2.5000, 2.0000]]]])
    """
    name = "grid_sample"
    need_tensor("grid_sampler", input=input, grid=grid)
    if mode not in _MODES:
        raise OptionError(f"{name}(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'")
    if padding_mode not in _PADDINGS:
        raise OptionError(
            f"{name}(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(_CHANGED, UserWarning, stacklevel=2)
    _check_points(input, grid, mode)
    points = in_usual_order(input)
    return cast("Tensor", apply(GRID_SAMPLE, points, grid, mode=mode, padding=padding_mode, align=bool(align_corners)))


def _check_points(input: Tensor, grid: Tensor, mode: str) -> None:
    shape, points = tuple(input._data.shape), tuple(grid._data.shape)
    sizes = f"input with sizes {list(shape)} and grid with sizes {list(points)}"
    need_one_device("grid_sampler", input=input, grid=grid)
    if len(shape) not in (4, 5) or (len(points) != len(shape) and points[:1] == shape[:1]):
        raise ShapeError(
            f"grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got {sizes}"
        )
    if points[:1] != shape[:1]:
        raise ShapeError(f"grid_sampler(): expected grid and input to have same batch size, but got {sizes}")
    if points[-1] != len(shape) - 2:
        raise ShapeError(
            f"grid_sampler(): expected grid to have size {len(shape) - 2} in last dimension, but got grid with sizes "
            f"{list(points)}"
        )
    for i, n in enumerate(shape[2:], 2):
        if n == 0:
            raise ShapeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
                f"{list(shape)} with dimension {i} being empty"
            )
    if mode == "bicubic" and len(shape) != 4:
        raise OptionError(f"grid_sampler(): bicubic interpolation only supports 4D input, got sizes {list(shape)}")
    if dtype_of(input).category != 2:
        raise UnsupportedDTypeError(f"\"grid_sampler\" not implemented for '{_title(dtype_of(input))}'")
    if dtype_of(grid) is not dtype_of(input):
        raise DTypeError(
            f"grid_sampler(): expected scalar type {_title(dtype_of(input))} but found {_title(dtype_of(grid))} (grid)"
        )


# affine_grid -----------------------------------------------------------------------------------------------------
def _points(k: K[Any], size: Shape, align: bool, dtype: Any) -> Any:
    """`(x, y, 1)` or `(x, y, z, 1)` of each point, `(1, area, d + 1)`."""
    d, columns = len(size), []
    for i in reversed(range(d)):  # x, along the last dim, comes first
        n = size[i]
        line: Any = k.cast(k.arange(n), dtype=dtype)
        line = line * 0 if n == 1 else (line * 2 - (n - 1)) / (n - 1 if align else n)
        line = k.expand(k.reshape(line, shape=(*(1,) * i, n, *(1,) * (d - 1 - i))), shape=size)
        columns.append(k.reshape(line, shape=(math.prod(size), 1)))
    columns.append(k.full((math.prod(size), 1), 1, dtype=dtype))
    return k.reshape(k.cat(*columns, dim=1), shape=(1, math.prod(size), d + 1))


def _affine_grid(k: K[A], theta: A, *, size: Shape, align: bool) -> A:
    made = k.matmul(_points(k, size, align, theta.dtype), k.permute(theta, dims=(0, 2, 1)))
    return k.reshape(made, shape=(theta.shape[0], *size, len(size)))


def _affine_grid_backward(k: K[A], c: Call[A], g: A) -> tuple[A]:
    size, batch = c.static["size"], c.shapes[0][0]
    area, d = math.prod(size), len(size)
    rows = k.reshape(g, shape=(batch, area, d))
    return (k.matmul(k.permute(rows, dims=(0, 2, 1)), _points(k, size, c.static["align"], g.dtype)),)


AFFINE_GRID = Op(
    "affine_grid", title="AffineGridGeneratorBackward0", forward=_affine_grid, backward=_affine_grid_backward,
    real=True,
    samples=lambda make: (
        Sample(make(2, 2, 3), size=(2, 3), align=False), Sample(make(1, 3, 4), size=(2, 1, 3), align=True),
    ),
)  # fmt: skip


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid for `grid_sample` that an affine map makes of the result's points.

    Args:
        theta: `(N, 2, 3)` for images or `(N, 3, 4)` for volumes, the maps `[linear part | shift]`, floating point.
        size: Of the result, `(N, C, H, W)` or `(N, C, D, H, W)`.
        align_corners: As `grid_sample` is to take it: -1 and 1 are the centers of the outermost points, or (False)
            their borders. None warns, and is False. Default: None.

    Returns:
        `(N, H, W, 2)` or `(N, D, H, W, 3)` in theta's dtype.

    Raises:
        OptionError: `size` has another length (a NotImplementedError, too), or a size below 1.
        ShapeError: `theta` does not fit `size`.
        DTypeError: `theta` is not floating-point.

    Differentiable: By `theta`, any order.

    Source:
        M. Jaderberg et al., "Spatial Transformer Networks" (2015).

    Example:
        >>> import fnnet
        >>> flip = fnnet.tensor([[[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
        >>> fnnet.nn.functional.affine_grid(flip, (1, 1, 1, 2), align_corners=False)
        tensor([[[[ 0.5000,  0.0000],
                  [-0.5000,  0.0000]]]])
    """
    need_tensor("affine_grid", theta=theta)
    if align_corners is None:
        warnings.warn(_CHANGED, UserWarning, stacklevel=2)
    if dtype_of(theta).category != 2:
        raise ValueDTypeError(f"affine_grid: Expected theta to have floating point type, but got {dtype_of(theta)}")
    shape, d = tuple(theta._data.shape), len(size) - 2
    if d not in (2, 3):
        raise UnservedOptionError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{tuple(size)}."
        )
    if len(shape) != 3 or shape[1:] != (d, d + 1):
        raise ShapeError(
            f"affine_grid: Expected a batch of {d}D affine matrices of shape Nx{d}x{d + 1} for size {tuple(size)}. Got "
            f"{shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This "
            "is not an intended use case of affine_grid. See the documentation of affine_grid for details.",
            UserWarning,
            stacklevel=2,
        )
    if min(size) <= 0:
        raise OptionError(f"affine_grid: Expected non-zero, positive output size. Got {tuple(size)}")
    if shape[0] != size[0]:
        raise ShapeError(
            f"affine_grid: Expected size for first two dimensions of batch2 tensor to be: [{size[0]}, {d + 1}] but "
            f"got: [{shape[0]}, {d + 1}]."
        )
    return cast("Tensor", apply(AFFINE_GRID, theta, size=tuple(size[2:]), align=bool(align_corners)))


__all__ = ["AFFINE_GRID", "GRID_SAMPLE", "affine_grid", "grid_sample"]
