"""Fractional max-pooling: windows of one size whose distances are drawn, so that a given number of them fits."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ArgumentError, DTypeError, OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Namespace, Shape
from fnnet._core.op import OUT, Make, Op, Sample
from fnnet.autograd.modes import no_grad
from fnnet.autograd.node import entitle, name_of
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.functional import creation
from fnnet.functional._common import dtype_of, need_one_device, need_tensor, to_dtype
from fnnet.functional.joining import cat
from fnnet.functional.pooling import Pooled, with_indices_backward
from fnnet.functional.products import reshape
from fnnet.functional.random import rand
from fnnet.functional.ranges import arange

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Sizes = int | Sequence[int]
Ratios = float | Sequence[float]


# the op ----------------------------------------------------------------------------------------------------------
def _fractional_max_pool(k: K[A], x: A, *starts: A, size: Shape) -> tuple[A, A]:
    """The largest of each window and its place in the plane; `starts[i]`, (N, C, o): where they begin on dim i."""
    n, c, *plane = x.shape
    d, area = len(plane), math.prod(plane)
    steps = [math.prod(plane[i + 1 :]) for i in range(d)]
    corner: Any = None
    for i, start in enumerate(starts):
        at = k.reshape(start * steps[i], shape=(n, c, *(1,) * i, start.shape[2], *(1,) * (d - i - 1)))
        corner = at if corner is None else corner + at
    planes: Any = k.reshape(k.arange(n * c) * area, shape=(n, c, *(1,) * d))
    flat = k.reshape(x, shape=(n * c * area,))
    best: Any = None
    place: Any = None
    for tap in itertools.product(*map(range, size)):
        here = corner + sum(i * s for i, s in zip(tap, steps, strict=True))
        seen = k.take(flat, planes + here)
        if best is None:
            best, place = seen, here
            continue
        better = k.logical_or(k.gt(seen, best), k.ne(seen, seen))
        best, place = k.where(better, seen, best), k.where(better, here, place)
    return best, place


def _samples(make: Make) -> Any:
    def starts(n: int, c: int, o: int, last: int) -> Any:
        return make(n, c, o, low=0, high=last + 0.99, dtype=dtypes.int64)

    yield Sample(make(2, 1, 4, 5), starts(2, 1, 2, 2), starts(2, 1, 3, 2), size=(2, 3))
    yield Sample(make(1, 2, 3, 2, 3), starts(1, 2, 2, 1), starts(1, 2, 1, 0), starts(1, 2, 2, 2), size=(2, 2, 1))


FRACTIONAL_MAX_POOL = Op(
    "fractional_max_pool", title=lambda node: f"FractionalMaxPool{len(node.static['size'])}DBackward0",
    forward=_fractional_max_pool,
    backward=lambda k, c, g: (*with_indices_backward(k, c, g), *(None for _ in c.shapes[1:])),
    uses=((OUT,), ()), n_out=2, keeps=(1,), real=True, samples=_samples,
)  # fmt: skip


# where windows begin ---------------------------------------------------------------------------------------------
def _starts(sample: Tensor, n: int, o: int, size: int) -> Tensor:
    """Where `o` windows of `size` begin on a dim of `n`, for each number in [0, 1) of `sample`: (*, o), int64.

    `floor((i + u) * a) - floor(u * a)` with `a = (n - size) / (o - 1)`, the last at the end; reckoned in the sample's
    dtype, of which PyTorch's numbers depend in the last bit.
    """
    dtype, device, last = dtype_of(sample), sample._device, n - size
    shape = tuple(sample._data.shape)
    found = creation.full((*shape, min(o, 1)), last, dtype=dtypes.int64, device=device)
    if o < 2:
        return found
    step = creation.tensor(last / (o - 1), dtype=dtype, device=device)
    u = reshape(sample, (*shape, 1))
    before = arange(o - 1, dtype=dtype, device=device)
    begin = to_dtype((before + u) * step, dtypes.int64) - to_dtype(u * step, dtypes.int64)
    return cat((begin.clamp(0, last), found), -1)  # samples outside [0, 1) do not lead out of the plane


# checks ----------------------------------------------------------------------------------------------------------
def _per_dim(name: str, option: str, value: Any, d: int, kind: type = int) -> tuple[Any, ...]:
    """One number or one per dim, as `d` numbers."""
    word = "Int" if kind is int else "number"
    numbers = (int,) if kind is int else (int, float)
    found = (value,) * d if isinstance(value, numbers) else value
    if isinstance(found, str) or not isinstance(found, Sequence) or not all(isinstance(v, numbers) for v in found):
        raise ArgumentError(f"{name}(): argument '{option}' must be a {word} or a tuple of them, got {value!r}")
    if len(found) != d:
        raise OptionError(f"{name}: {option} must either be a single {word} or tuple of {d} {word}s, got {value!r}")
    return tuple(found)


def _check_input(name: str, d: int, input: Tensor) -> Shape:
    need_tensor(name, input=input)
    shape = tuple(input._data.shape)
    if len(shape) not in (d + 1, d + 2):
        raise ShapeError(f"{name}(): Expected {d + 1}D or {d + 2}D tensor, but got: {list(shape)}")
    if 0 in shape[-d - 1 :]:
        raise ShapeError(
            f"{name}(): Expected input to have non-zero size for non-batch dimensions, but got {list(shape)}"
        )
    if dtype_of(input).category != 2:
        raise UnsupportedDTypeError(f"{name}: not implemented for '{dtypes.TITLES[dtype_of(input).name]}'")
    return shape


def _grid(name: str, spatial: Shape, output_size: Sizes | None, output_ratio: Ratios | None) -> Shape:
    """The number of windows along each dim."""
    d = len(spatial)
    if output_size is not None:
        return _per_dim(name, "output_size", output_size, d)
    if output_ratio is None:
        raise OptionError(f"{name} requires specifying either an output_size or an output_ratio")
    ratios = _per_dim(name, "output_ratio", output_ratio, d, float)
    return tuple(int(n * r) for n, r in zip(spatial, ratios, strict=True))


def _check_fit(name: str, spatial: Shape, size: Shape, grid: Shape) -> None:
    """Windows begin at different places, so `grid - 1` steps of one at least must fit; of volumes one more."""
    spare = 0 if len(spatial) == 2 else 1
    sides = ("time", "height", "width")[-len(spatial) :]
    for side, n, m, o in zip(sides, spatial, size, grid, strict=True):
        if m < 1:
            raise OptionError(f"{name}: kernel_size must be greater than zero, but got {size}")
        if o < 0:
            raise ShapeError(f"{name}: Trying to create tensor with negative dimension {o}: {list(grid)}")
        if o + m - 1 + spare > n:
            raise ShapeError(
                f"{name}(): pool {side} {m} too large relative to input {side} {n} (output_size: {grid}, kernel_size: "
                f"{size})"
            )


def _check_samples(name: str, samples: Tensor, input: Tensor, shape: Shape, d: int) -> None:
    """One number per image, channel and dim; images may be fewer."""
    need_tensor(name, _random_samples=samples)
    need_one_device(name, input=input, _random_samples=samples)
    if dtype_of(samples) is not dtype_of(input):
        raise DTypeError(f"{name}: Expect _random_samples to have the same dtype as input")
    found = tuple(samples._data.shape)
    if len(found) != 3:
        raise ShapeError(f"{name}: Expect _random_samples to have 3 dimensions, got {len(found)}")
    if found[0] < shape[0]:
        raise ShapeError(f"{name}: Expect _random_samples.size(0) no less then input batch size.")
    if found[1] != shape[1]:
        raise ShapeError(f"{name}: Expect _random_samples.size(1) equals to input channel size.")
    if found[2] != d:
        raise ShapeError(f"{name}: Expect _random_samples.size(2) equals to {d}; got {found[2]}.")


# the public functions --------------------------------------------------------------------------------------------
def _pool(
    name: str, input: Tensor, kernel_size: Sizes, output_size: Sizes | None, output_ratio: Ratios | None,
    samples: Tensor | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    d = 3 if "3d" in name else 2
    given = _check_input(name, d, input)
    size = _per_dim(name, "kernel_size", kernel_size, d)
    grid = _grid(name, given[-d:], output_size, output_ratio)
    _check_fit(name, given[-d:], size, grid)
    batch = len(given) == d + 2
    shape = given if batch else (1, *given)
    if samples is None:
        samples = rand(*shape[:2], d, dtype=dtype_of(input), device=input.device)
    else:
        _check_samples(name, samples, input, shape, d)
    drawn_for = (1, 0) if d == 2 else (0, 1, 2)  # of images, PyTorch draws for the width first
    with no_grad():
        picked = [
            _starts(samples[: shape[0], :, i], n, o, m)
            for i, n, o, m in zip(drawn_for, shape[2:], grid, size, strict=True)
        ]
    y, at = apply(FRACTIONAL_MAX_POOL, input if batch else reshape(input, shape), *picked, size=size)
    if batch:
        return y, at
    return entitle(reshape(y, (given[0], *grid)), name_of(y)), reshape(at, (given[0], *grid))


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool2d` and where each maximum lies in its plane.

    Args:
        input: As `fractional_max_pool2d` takes it.
        kernel_size: As there.
        output_size: As there.
        output_ratio: As there.
        return_indices: Does nothing: indices are returned in any case.
        _random_samples: As there.

    Returns:
        The maxima `(N, C, H', W')` or `(C, H', W')`, and int64 indices of that shape, `h * W + w`.

    Raises:
        FnnetError: What `fractional_max_pool2d` raises.

    Differentiable: The gradient goes to the element that was chosen: of equal ones the first, of NaNs the last.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([[[1.0, 2.0], [4.0, 3.0]]])
        >>> fnnet.nn.functional.fractional_max_pool2d_with_indices(x, 2, output_size=1)
        (tensor([[[4.]]]), tensor([[[2]]]))
    """
    return _pool("fractional_max_pool2d_with_indices", input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Pooled:
    """The largest element of each of `output_size` windows whose places are drawn, for each image and channel anew.

    Window i begins at `floor((i + u) * a) - floor(u * a)` with `a = (H - kernel_size) / (H' - 1)` and one u, uniform in
    [0, 1), per dim; the last ends with the image.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` without a batch; floating point.
        kernel_size: Of a window, one int or one per dim.
        output_size: `(H', W')`, or one int for both. None: by `output_ratio`.
        output_ratio: `H' / H` and `W' / W`, or one number for both; not used where there is an output_size.
        return_indices: Return also where each maximum lies in its plane, `h * W + w`. Default: False.
        _random_samples: The numbers u in [0, 1), `(N, C, 2)`, for width and height, of input's dtype. Default: drawn.

    Returns:
        `(N, C, H', W')` or `(C, H', W')` in input's dtype; with `return_indices`, that and int64 indices of its shape.

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, windows do not fit, or samples of
            another shape.
        OptionError: Neither size nor ratio, another number of either than dims, or a kernel_size below 1.
        DTypeError: `input` is not floating point, or samples are of another dtype.

    Differentiable: The gradient goes to the element that was chosen: of equal ones the first, of NaNs the last.

    Source:
        Graham (2014), Fractional max-pooling.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([[[1.0, 2.0, 5.0], [3.0, 4.0, 6.0]]])
        >>> fnnet.nn.functional.fractional_max_pool2d(x, (2, 2), output_size=(1, 2))
        tensor([[[4., 6.]]])
    """
    found = _pool("fractional_max_pool2d", input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool3d` and where each maximum lies in its volume.

    Args:
        input: As `fractional_max_pool3d` takes it.
        kernel_size: As there.
        output_size: As there.
        output_ratio: As there.
        return_indices: Does nothing: indices are returned in any case.
        _random_samples: As there.

    Returns:
        The maxima `(N, C, D', H', W')` or `(C, D', H', W')`, and int64 indices of that shape, `(d * H + h) * W + w`.

    Raises:
        FnnetError: What `fractional_max_pool3d` raises.

    Differentiable: The gradient goes to the element that was chosen: of equal ones the first, of NaNs the last.

    Example:
        >>> import fnnet
        >>> x = fnnet.arange(27.0).reshape(1, 3, 3, 3)
        >>> fnnet.nn.functional.fractional_max_pool3d_with_indices(x, 2, output_size=1)[1].item()
        26
    """
    return _pool("fractional_max_pool3d_with_indices", input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Pooled:
    """The largest element of each of `output_size` windows of volumes, see `fractional_max_pool2d`.

    Args:
        input: `(N, C, D, H, W)`, or `(C, D, H, W)` without a batch; floating point.
        kernel_size: Of a window, one int or one per dim.
        output_size: `(D', H', W')`, or one int for all; `D' + kernel_size` is at most D, H' and W' alike. None: by
            `output_ratio`.
        output_ratio: `D' / D`, `H' / H` and `W' / W`, or one number; not used where there is an output_size.
        return_indices: Return also where each maximum lies in its volume, `(d * H + h) * W + w`. Default: False.
        _random_samples: The numbers u in [0, 1), `(N, C, 3)`, for depth, height and width, of input's dtype.
            Default: drawn.

    Returns:
        `(N, C, D', H', W')` or `(C, D', H', W')` in input's dtype; with `return_indices`, that and int64 indices of its
        shape.

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, windows do not fit, or samples of
            another shape.
        OptionError: Neither size nor ratio, another number of either than dims, or a kernel_size below 1.
        DTypeError: `input` is not floating point, or samples are of another dtype.

    Differentiable: The gradient goes to the element that was chosen: of equal ones the first, of NaNs the last.

    Source:
        Graham (2014), Fractional max-pooling.

    Example:
        >>> import fnnet
        >>> x = fnnet.arange(27.0).reshape(1, 3, 3, 3)
        >>> fnnet.nn.functional.fractional_max_pool3d(x, 2, output_size=1).flatten()
        tensor([26.])
    """
    found = _pool("fractional_max_pool3d", input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


__all__ = [
    "FRACTIONAL_MAX_POOL", "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]  # fmt: skip
