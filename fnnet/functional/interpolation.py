"""Resampling of signals, images and volumes on regular grids: `interpolate`.

Each dim is resampled on its own. A table says, for each element of the result along a dim, which elements of the input
it is made of (taps) and with what weights; the gradient goes back through the same table.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, OptionError, ShapeError, UnservedOptionError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.backends import dtypes
from fnnet.functional._common import _title, dtype_of, is_number, need_tensor
from fnnet.functional.adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from fnnet.functional.padding import ordered
from fnnet.functional.windows import batched, spread

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Tap = tuple[Any, Any]
"""For each element of the result: the index of one of the input, and its weight (None: 1)."""

_KEYS = -0.75  # the free coefficient of the cubic kernel, as PyTorch (and OpenCV) choose it
_KEYS_ANTIALIAS = -0.5  # with antialias, as PIL chooses it
_REACH = {"linear": 1, "cubic": 2, "lanczos": 3}  # how far a kernel reaches to either side


# kernels ---------------------------------------------------------------------------------------------------------
def cubic_weights(t: Any) -> tuple[Any, Any, Any, Any]:  # arrays of any namespace
    """The weights of the 4 neighbours of a point that lies `t` behind the second."""

    def near(d: Any) -> Any:
        return ((_KEYS + 2) * d - (_KEYS + 3)) * d * d + 1

    def far(d: Any) -> Any:
        return ((_KEYS * d - 5 * _KEYS) * d + 8 * _KEYS) * d - 4 * _KEYS

    return far(t + 1), near(t), near(1 - t), far(2 - t)


def cubic_slopes(t: Any) -> tuple[Any, Any, Any, Any]:  # arrays of any namespace
    """The derivatives of `cubic_weights` by `t`."""

    def near(d: Any) -> Any:
        return (3 * (_KEYS + 2) * d - 2 * (_KEYS + 3)) * d

    def far(d: Any) -> Any:
        return (3 * _KEYS * d - 10 * _KEYS) * d + 8 * _KEYS

    return far(t + 1), near(t), -near(1 - t), -far(2 - t)


def _triangle(k: K[A], d: A) -> A:
    return k.maximum(1 - k.abs(d), 0)


def _cubic(k: K[A], d: A) -> A:
    d, a = k.abs(d), _KEYS_ANTIALIAS
    near: Any = ((a + 2) * d - (a + 3)) * d * d + 1
    far: Any = (((d - 5) * d + 8) * d - 4) * a
    return k.where(k.lt(d, 1), near, k.where(k.lt(d, 2), far, 0))


def _lanczos(k: K[A], d: A) -> A:
    d = d * math.pi
    middle = k.eq(d, 0)
    safe: Any = k.where(middle, 1, d)
    window: Any = 3 * k.sin(safe) * k.sin(safe / 3) / (safe * safe)
    return k.where(k.lt(k.abs(d), 3 * math.pi), k.where(middle, 1, window), 0)


_KERNELS: dict[str, Callable[..., Any]] = {"linear": _triangle, "cubic": _cubic, "lanczos": _lanczos}


# tables ----------------------------------------------------------------------------------------------------------
def _step(n: int, o: int, scale: float | None, align: bool) -> float:
    """How many elements of the input one of the result stands for."""
    if align:
        return (n - 1) / (o - 1) if o > 1 else 0.0
    return 1.0 / scale if scale is not None and scale > 0 else n / o


def _taps(
    k: K[A], n: int, o: int, scale: float | None, dtype: Any, *, mode: str, align: bool, antialias: bool
) -> Iterator[Tap]:
    """The table for a dim of `n` elements, of which the result has `o`."""
    step = _step(n, o, scale, align)
    i: Any = k.cast(k.arange(o), dtype=dtype)
    if antialias:
        yield from _wide_taps(k, n, i, step, mode)
        return
    if mode in ("nearest", "nearest-exact"):
        at = i * step if mode == "nearest" else (i + 0.5) * step
        yield _whole(k, k.minimum(k.floor(at), n - 1)), None
        return
    at = i * step if align else (i + 0.5) * step - 0.5
    if mode == "linear":
        at = k.maximum(at, 0)
        left = k.minimum(k.floor(at), n - 1)
        part: Any = k.minimum(k.maximum(at - left, 0), 1)
        yield _whole(k, left), 1 - part
        yield _whole(k, k.minimum(left + 1, n - 1)), part
        return
    left = k.floor(at)
    for offset, weight in enumerate(cubic_weights(at - left), -1):
        yield _whole(k, k.minimum(k.maximum(left + offset, 0), n - 1)), weight


def _wide_taps(k: K[A], n: int, i: Any, step: float, mode: str) -> Iterator[Tap]:
    """The table of a kernel that is widened to `step`, so that every element of the input has its share."""
    width = max(step, 1.0)
    reach = _REACH[mode] * width
    center = (i + 0.5) * step
    begin: Any = k.maximum(k.trunc(center - reach + 0.5), 0)
    end: Any = k.minimum(k.trunc(center + reach + 0.5), n)
    found = []
    total: Any = 0
    for j in range(2 * math.ceil(reach) + 1):
        at: Any = begin + j
        inside = k.lt(at, end)
        weight = k.where(inside, _KERNELS[mode](k, (at - center + 0.5) / width), 0)
        found.append((_whole(k, k.maximum(k.where(inside, at, end - 1), 0)), weight))
        total = weight + total
    safe: Any = k.where(k.eq(total, 0), 1, total)
    for index, weight in found:
        yield index, weight / safe


def _whole(k: K[A], x: A) -> A:
    return k.cast(x, dtype=dtypes.int64)


def _stays(n: int, o: int, *, mode: str, antialias: bool, **how: Any) -> bool:
    """Whether a dim is left as it is, whatever its scale: PyTorch's rule."""
    return n == o and (antialias or mode not in ("cubic", "nearest-exact"))


def _rows(k: K[A], x: A, d: int) -> A:
    """Dim `d` in front, in memory too, where whole rows are picked and added up; the others behind in their order."""
    return k.clone(k.permute(x, dims=(d, *range(d), *range(d + 1, x.ndim))), contiguous=True)


def _planes(k: K[A], x: A) -> A:
    """`(N, C, *spatial)` as `(N * C, *spatial)`."""
    return k.reshape(x, shape=(x.shape[0] * x.shape[1], *x.shape[2:]))


def _back(k: K[A], x: A, moved: Sequence[int], n: int, c: int) -> A:
    """Undo what `_rows` did with the dims `moved`, in this order, and `_planes`."""
    order = list(range(x.ndim))
    for d in moved:
        order = [order[d], *order[:d], *order[d + 1 :]]
    x = ordered(k, k.permute(x, dims=tuple(sorted(range(x.ndim), key=order.__getitem__))))
    return k.reshape(x, shape=(n, c, *x.shape[1:]))


# pick: slices along a dim ----------------------------------------------------------------------------------------
def _pick(k: K[A], x: A, index: A, *, dim: int) -> A:
    dims = tuple(range(x.ndim))
    front = (dim, *dims[:dim], *dims[dim + 1 :])
    back = tuple(sorted(dims, key=front.__getitem__))
    return ordered(k, k.permute(k.take(k.permute(x, dims=front), index), dims=back))


def _pick_backward(k: K[A], c: Call[A], g: A) -> tuple[A, None]:
    shape, d = c.shapes[0], c.static["dim"]
    total = k.full((shape[d], *shape[:d], *shape[d + 1 :]), 0, dtype=g.dtype)
    total = k.index_add(total, c.inputs[1], _rows(k, g, d))
    return k.permute(total, dims=(*range(1, d + 1), 0, *range(d + 1, len(shape)))), None


PICK = Op(
    "pick", forward=_pick, backward=_pick_backward, uses=((1,), ()), kind=Kind.MOVE,
    samples=lambda make: (Sample(make(2, 3, 4), make(5, low=0, high=3, dtype=dtypes.int64), dim=1),),
)  # fmt: skip


# resample --------------------------------------------------------------------------------------------------------
def _resample(k: K[A], x: A, *, size: Shape, scales: Sequence[float | None], real: Any = None, **how: Any) -> A:
    """`real`: the dtype of positions, where it is not x's."""
    made: Any = None
    for d, (o, scale) in enumerate(zip(size, scales, strict=True), 2):
        n = x.shape[d]
        if _stays(n, o, **how):
            continue
        made = None
        for index, weight in _taps(k, n, o, scale, real or x.dtype, **how):
            seen: Any = k.pick(x, index, dim=d)
            if weight is not None:
                seen = seen * spread(k, weight, d, x.ndim)
            made = seen if made is None else made + seen
        x = made
    return k.clone(x, contiguous=True) if made is None else x


def _place(d: int, moved: Sequence[int]) -> int:
    """Where a dim lies after others have been moved to the front."""
    for at in moved:
        d = 0 if d == at else d + (d < at)
    return d


def _resample_backward(k: K[A], c: Call[A], g: A) -> tuple[A]:
    return (k.resample_transposed(g, shape=c.shapes[0][2:], **c.static),)


def _resample_transposed(k: K[A], g: A, *, shape: Shape, size: Shape, scales: Sequence[float | None], **how: Any) -> A:
    """The transposed matrix: what each element of the input gets from the result's elements that it is in."""
    n, c = g.shape[:2]
    g, moved = _planes(k, g), list[int]()
    for d, (m, o) in enumerate(zip(shape, size, strict=True)):
        if _stays(m, o, **how):
            continue
        at = _place(d + 1, moved)
        moved.append(at)
        rows: Any = _rows(k, g, at)
        total = k.full((m, *rows.shape[1:]), 0, dtype=g.dtype)
        for index, weight in _taps(k, m, o, scales[d], g.dtype, **how):
            total = k.index_add(total, index, rows if weight is None else rows * spread(k, weight, 0, g.ndim))
        g = total
    return _back(k, g, moved, n, c)


def _transposed_backward(k: K[A], c: Call[A], g: A) -> tuple[A]:
    return (k.resample(g, **{name: value for name, value in c.static.items() if name != "shape"}),)


def _node(node: Any) -> str:
    how, d = node.static, len(node.static["size"])
    if how["mode"] in ("nearest", "nearest-exact"):
        kind = "Nearest" if how["mode"] == "nearest" else "NearestExact"
    elif how["mode"] == "linear":
        kind = ("Linear", "Bilinear", "Trilinear")[d - 1]
    else:
        kind = "Bicubic" if how["mode"] == "cubic" else "Lanczos"
    return f"Upsample{kind}{d}D{'Aa' if how['antialias'] else ''}Backward0"


def _options(mode: str, *size: int, align: bool = False, antialias: bool = False, scale: float | None = None) -> Any:
    return {"size": size, "scales": (scale,) * len(size), "mode": mode, "align": align, "antialias": antialias}


def _resample_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(2, 1, 5), **_options("nearest", 7))
    yield Sample(make(1, 2, 5, 3), **_options("nearest-exact", 3, 6))
    yield Sample(make(1, 2, 4, 3), **_options("linear", 7, 2, align=True))
    yield Sample(make(1, 1, 3, 2, 4), **_options("linear", 2, 5, 4, scale=1.3))
    yield Sample(make(1, 2, 4, 3), **_options("cubic", 6, 2))
    yield Sample(make(1, 1, 7, 4), **_options("cubic", 3, 6, antialias=True))
    yield Sample(make(1, 1, 9, 4), **_options("lanczos", 4, 5, antialias=True))
    yield Sample(make(0, 2, 3), **_options("linear", 5))


RESAMPLE = Op(
    "resample", forward=_resample, backward=_resample_backward, real=True, title=_node, samples=_resample_samples
)


def _transposed_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(1, 2, 7, 3), shape=(4, 5), **_options("linear", 7, 3))
    yield Sample(make(2, 1, 6), shape=(4,), **_options("nearest", 6))


RESAMPLE_TRANSPOSED = Op(
    "resample_transposed", forward=_resample_transposed, backward=_transposed_backward, real=True,
    samples=_transposed_samples,
)  # fmt: skip


# resample_bytes: uint8, with whole-number weights ----------------------------------------------------------------
_WEIGHT_BITS, _MOST_BITS = 15, 22  # weights fit into int16, and have at most so many fractional bits (as PIL's)


def _resample_bytes(k: K[A], x: A, *, size: Shape, scales: Sequence[float | None], **how: Any) -> A:
    byte = x.dtype
    x = k.cast(x, dtype=dtypes.float64)
    for d in reversed(range(2, x.ndim)):
        n, o = x.shape[d], size[d - 2]
        if n == o:
            continue
        matrix = k.full((n * o,), 0, dtype=dtypes.float64)
        for index, weight in _taps(k, n, o, scales[d - 2], dtypes.float64, **how):
            at: Any = index * o
            matrix = k.index_add(matrix, at + k.arange(o), weight)
        most = k.amax(matrix, dim=(0,))
        bits: Any = 0
        for q in range(_MOST_BITS):
            fits = k.lt(k.floor(most * 2.0 ** (q + 1) + 0.5), 2**_WEIGHT_BITS)
            bits = k.cast(fits, dtype=dtypes.float64) + bits
        unit: Any = k.pow(k.full((), 2, dtype=dtypes.float64), bits)
        scaled: Any = matrix * unit
        weights = k.trunc(scaled + k.where(k.lt(scaled, 0), -0.5, 0.5))
        last = tuple(range(x.ndim))
        last = (*last[:d], *last[d + 1 :], d)
        made: Any = k.matmul(k.permute(x, dims=last), k.reshape(weights, shape=(n, o)))
        made = k.minimum(k.maximum(k.floor((made + unit * 0.5) / unit), 0), 255)
        x = k.permute(made, dims=tuple(sorted(range(x.ndim), key=last.__getitem__)))
    return ordered(k, k.cast(x, dtype=byte))


def _bytes_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(1, 2, 5, 4, low=0, high=255, dtype=dtypes.uint8), **_options("linear", 8, 3))
    yield Sample(make(1, 1, 5, 4, low=0, high=255, dtype=dtypes.uint8), **_options("cubic", 3, 6, antialias=True))


RESAMPLE_BYTES = Op("resample_bytes", forward=_resample_bytes, samples=_bytes_samples)


# interpolate -----------------------------------------------------------------------------------------------------
Sizes = int | Sequence[int] | None
Scales = float | Sequence[float] | None

_NEAREST = ("nearest", "nearest-exact")
_RANKS = {"linear": 3, "bilinear": 4, "trilinear": 5, "bicubic": 4, "lanczos": 4}
"""How many dims the input of each mode has; the other modes take 3 to 5."""
_WEIGHTED = {"linear": "linear", "bilinear": "linear", "trilinear": "linear", "bicubic": "cubic", "lanczos": "lanczos"}
_MODES = "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact"


def interpolate(
    input: Tensor,
    size: Sizes = None,
    scale_factor: Scales = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """A signal, an image or a volume resampled to another size, or by a factor.

    Element `i` of `o` in a dim of `n` lies at `(i + 0.5) * n / o - 0.5`; with `align_corners` at
    `i * (n - 1) / (o - 1)`. Beyond the border the input repeats its outermost elements.

    Args:
        input: `(N, C, L)`, `(N, C, H, W)` or `(N, C, D, H, W)`, floating point; uint8 too for the nearest modes, for
            "bilinear", "bicubic" and "lanczos", whose results are rounded to 0 ... 255.
        size: Of the result, one int or one per spatial dim.
        scale_factor: The result's size is this times the input's, rounded down; one number or one per dim. Either it
            or `size` is given.
        mode: "nearest" (element `floor(i * n / o)`), "nearest-exact" (the one that lies nearest), "area" (the mean of
            a window, `adaptive_avg_pool2d`), "linear" of 3-d, "bilinear" of 4-d and "trilinear" of 5-d inputs,
            "bicubic" and "lanczos" (with `antialias` alone) of 4-d inputs. Default: "nearest".
        align_corners: Let the outermost elements lie upon each other; for the weighted modes but "lanczos". Default:
            False.
        recompute_scale_factor: Compute positions from the sizes, where True, not from `scale_factor`. Default: False.
        antialias: Widen the kernel when the result is smaller, so that all of the input counts; for "bilinear",
            "bicubic" (whose kernel is then PIL's) and "lanczos". Default: False.

    Returns:
        `(N, C, *size)` in input's dtype, in the memory format of the input.

    Raises:
        OptionError: Both or neither of `size` and `scale_factor`, an option that the mode does not take, or a mode that
            does not fit the number of dims (a NotImplementedError, too).
        ShapeError: A size or scale of another length, below 1, or an empty input.
        ArgumentError: Sizes that are no ints, scales that are no numbers.
        DTypeError: `input` is of a dtype that the mode does not take.

    Differentiable: By `input`, any order, but for uint8.

    Source:
        R. Keys, "Cubic Convolution Interpolation for Digital Image Processing" (1981), for the cubic kernels.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.interpolate(fnnet.tensor([[[1.0, 2.0]]]), scale_factor=2)
        tensor([[[1., 1., 2., 2.]]])
        >>> fnnet.nn.functional.interpolate(fnnet.tensor([[[1.0, 2.0]]]), 4, mode="linear")
        tensor([[[1.0000, 1.2500, 1.7500, 2.0000]]])
    """
    need_tensor("interpolate", input=input)
    _check_options(input._data.ndim, mode, align_corners, size, scale_factor, recompute_scale_factor)
    shape = tuple(input._data.shape)
    given, scales = _sizes(shape, size, scale_factor)
    if recompute_scale_factor or mode == "area":
        scales = None
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and len(shape) == 4):
        raise OptionError(
            "interpolate: Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D "
            f"tensor as input, got mode={mode!r} and a {len(shape)}-D tensor"
        )
    _check_rank(len(shape), mode)
    if mode == "area":
        pool = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[len(given) - 1]
        return pool(input, given)
    if mode == "lanczos" and (align_corners or not antialias):
        wrong = "does not support align_corners=True" if align_corners else "requires antialias=True"
        raise OptionError(f"interpolate: Lanczos mode {wrong}")
    _check_sizes(shape, given, mode)
    how = {"size": given, "scales": scales or (None,) * len(given), "align": bool(align_corners)}
    dtype, d = dtype_of(input), len(given)
    if dtype.category == 2:
        kind = mode if mode in _NEAREST else _WEIGHTED[mode]
        return cast("Tensor", batched(RESAMPLE, d, input, mode=kind, antialias=bool(antialias), **how))
    if dtype is not dtypes.uint8 or mode in ("linear", "trilinear"):
        raise UnsupportedDTypeError(f"\"interpolate, mode '{mode}'\" not implemented for '{_title(dtype)}'")
    if mode in _NEAREST:
        return cast("Tensor", batched(RESAMPLE, d, input, mode=mode, antialias=False, real=dtypes.float32, **how))
    return cast("Tensor", batched(RESAMPLE_BYTES, d, input, mode=_WEIGHTED[mode], antialias=bool(antialias), **how))


def _check_options(
    ndim: int, mode: str, align: bool | None, size: Sizes, scale: Scales, recompute: bool | None
) -> None:
    if mode in (*_NEAREST, "area") and align is not None:
        raise OptionError(
            "interpolate: align_corners option can only be set with the interpolating modes: linear | bilinear | "
            f"bicubic | trilinear, got mode={mode!r}"
        )
    if size is not None and scale is not None:
        raise OptionError(
            f"interpolate: only one of size or scale_factor should be defined, got size={size}, scale_factor={scale}"
        )
    if size is None and scale is None:
        raise OptionError("interpolate: either size or scale_factor should be defined")
    if recompute and size is not None:
        raise OptionError("interpolate: recompute_scale_factor is not meaningful with an explicit size.")


def _sizes(shape: Shape, size: Sizes, scale: Scales) -> tuple[Shape, tuple[float, ...] | None]:
    """The result's spatial sizes, and the factors where these are given."""
    d = len(shape) - 2
    asked: Any = scale if size is None else size
    several = isinstance(asked, Sequence) and not isinstance(asked, str)
    values = tuple(asked) if several else (asked,) * max(d, 0)
    if several and len(values) != d:
        what = "output size of" if size is not None else "scale_factor of shape"
        of = "and output" if size is not None else "and scale_factor"
        raise ShapeError(
            f"interpolate: Input {of} must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {list(shape[2:])} and {what} {asked}. Please provide input tensor in (N, C, d1, d2, ...,dK)"
            " format and one number per spatial dimension."
        )
    if size is not None:
        if not all(hasattr(v, "__index__") for v in values):
            raise ArgumentError(
                "interpolate: expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], "
                f"but got {asked!r}"
            )
        return tuple(v.__index__() for v in values), None
    if not all(is_number(v) for v in values):
        raise ArgumentError(f"interpolate: expected scale_factor to be a number or a sequence of them, got {asked!r}")
    scales = tuple(float(v) for v in values)
    return tuple(int(n * s) for n, s in zip(shape[2:], scales, strict=True)), scales


def _check_rank(ndim: int, mode: str) -> None:
    if mode in (*_NEAREST, "area") and 3 <= ndim <= 5:
        return
    rank = _RANKS.get(mode)
    if rank == ndim:
        return
    if rank is not None and 3 <= ndim <= 5 and mode not in ("bicubic", "lanczos"):
        raise UnservedOptionError(f"interpolate: Got {ndim}D input, but {mode} mode needs {rank}D input")
    raise UnservedOptionError(
        f"interpolate: Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: {_MODES} "
        f"(got {mode})"
    )


def _check_sizes(shape: Shape, size: Shape, mode: str) -> None:
    if 0 in shape[1:2]:
        raise ShapeError(
            f"interpolate: Non-empty {len(shape)}D data tensor expected but got a tensor with sizes {list(shape)}"
        )
    if min(size) <= 0 or min(shape[2:]) <= 0:
        raise ShapeError(
            f"interpolate: Input and output sizes should be greater than 0, but got input {list(shape[2:])} output "
            f"{list(size)} (mode={mode!r})"
        )


# the older names -------------------------------------------------------------------------------------------------
def _deprecated(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", UserWarning, stacklevel=3
    )


def upsample(
    input: Tensor,
    size: Sizes = None,
    scale_factor: Scales = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """`interpolate` under its older name, which warns.

    Args:
        input: As `interpolate` takes it.
        size: Of the result, one int or one per spatial dim.
        scale_factor: The result's size is this times the input's.
        mode: As in `interpolate`. Default: "nearest".
        align_corners: As in `interpolate`. Default: False.

    Returns:
        `(N, C, *size)` in input's dtype.

    Raises:
        OptionError, ShapeError, ArgumentError, DTypeError: As in `interpolate`.

    Differentiable: By `input`, any order.

    Example:
        >>> import fnnet, warnings
        >>> warnings.simplefilter("ignore")
        >>> fnnet.nn.functional.upsample(fnnet.tensor([[[1.0, 2.0]]]), 4)
        tensor([[[1., 1., 2., 2.]]])
    """
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Sizes = None, scale_factor: Scales = None) -> Tensor:
    """`interpolate` in the mode "nearest" under its older name, which warns.

    Args:
        input: As `interpolate` takes it.
        size: Of the result, one int or one per spatial dim.
        scale_factor: The result's size is this times the input's.

    Returns:
        `(N, C, *size)` in input's dtype.

    Raises:
        OptionError, ShapeError, ArgumentError, DTypeError: As in `interpolate`.

    Differentiable: By `input`, any order.

    Example:
        >>> import fnnet, warnings
        >>> warnings.simplefilter("ignore")
        >>> fnnet.nn.functional.upsample_nearest(fnnet.tensor([[[1.0, 2.0]]]), 4)
        tensor([[[1., 1., 2., 2.]]])
    """
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Sizes = None, scale_factor: Scales = None) -> Tensor:
    """`interpolate` in the mode "bilinear" with aligned corners under its older name, which warns.

    Args:
        input: `(N, C, H, W)`, as `interpolate` takes it.
        size: Of the result, one int or one per spatial dim.
        scale_factor: The result's size is this times the input's.

    Returns:
        `(N, C, *size)` in input's dtype.

    Raises:
        OptionError, ShapeError, ArgumentError, DTypeError: As in `interpolate`.

    Differentiable: By `input`, any order.

    Example:
        >>> import fnnet, warnings
        >>> warnings.simplefilter("ignore")
        >>> fnnet.nn.functional.upsample_bilinear(fnnet.tensor([[[[1.0, 2.0]]]]), (1, 3))
        tensor([[[[1.0000, 1.5000, 2.0000]]]])
    """
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


__all__ = ["RESAMPLE", "interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]
