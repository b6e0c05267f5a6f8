"""Windows over the spatial dims of images: what they see, how many there are, whether their options fit.

Windows are met tap by tap: for each place in the kernel, the strided view of the input that all windows have there.
Nothing of the size of all windows is made.

Sizes are `Any` before they are checked; so are a rule's operations and what an op of several outputs gives.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ArgumentError, OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Namespace, Number, Shape
from fnnet._core.op import Op
from fnnet.autograd.node import entitle, name_of
from fnnet.autograd.tape import apply
from fnnet.functional._common import dtype_of, need_tensor
from fnnet.functional.layout import in_usual_order, laid_out_as
from fnnet.functional.padding import Pads
from fnnet.functional.products import reshape

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace


# what windows see ------------------------------------------------------------------------------------------------
def extend(
    k: K[A], x: A, grid: Shape, *, size: Shape, stride: Shape, padding: Shape, dilation: Shape, fill: Number
) -> A:
    """`x` with its padding, and as much more at the ends as the last windows reach."""
    reach = (
        (p, max(0, (o - 1) * s + e * (m - 1) + 1 - n - p))
        for n, o, m, s, p, e in zip(x.shape[2:], grid, size, stride, padding, dilation, strict=True)
    )
    pads: Pads = ((0, 0), (0, 0), *reach)
    return k.pad(x, pads=pads, value=fill) if any(n for pair in pads for n in pair) else x


def _tap(offset: int, count: int, stride: int) -> slice:
    """Where `count` windows have the tap at `offset`."""
    return slice(offset, offset + (count - 1) * stride + 1, stride) if count else slice(0, 0)


def taps(k: K[A], x: A, grid: Shape, size: Shape, stride: Shape, dilation: Shape) -> Iterator[tuple[Shape, A]]:
    """For each place in the kernel: the place, and the view of all windows' elements there, (N, C, *grid)."""
    for at in itertools.product(*map(range, size)):
        view = (_tap(i * e, o, s) for i, e, o, s in zip(at, dilation, grid, stride, strict=True))
        yield at, k.getitem(x, index=(slice(None), slice(None), *view))


def along(k: K[A], combine: Any, x: A, grid: Shape, size: Shape, stride: Shape, dilation: Shape) -> A:
    """Each window's elements combined, one dim after the other."""
    alone = (_tap(0, o, s) if m == 1 else slice(None) for o, m, s in zip(grid, size, stride, strict=True))
    x = k.getitem(x, index=(slice(None), slice(None), *alone))
    for d, (o, m, s, e) in enumerate(zip(grid, size, stride, dilation, strict=True)):
        if m == 1:
            continue
        lead = (slice(None),) * (2 + d)
        found = k.getitem(x, index=(*lead, _tap(0, o, s)))
        for i in range(1, m):
            found = combine(found, k.getitem(x, index=(*lead, _tap(i * e, o, s))))
        x = found
    return x


def spread(k: K[A], vector: A, dim: int, dims: int) -> A:
    """A vector along one of `dims` dims."""
    return k.reshape(vector, shape=(*(1,) * dim, vector.shape[0], *(1,) * (dims - dim - 1)))


def scatter(k: K[A], index: A, g: A, shape: Shape, *, apart: bool = False) -> A:
    """Gradients added where the indices (flat, within each image's channel) point; `apart`: no two at one place."""
    planes, area = shape[0] * shape[1], math.prod(shape[2:])
    per_plane = math.prod(g.shape[2:])
    flat: Any = k.reshape(index, shape=(planes, per_plane)) + k.reshape(k.arange(planes) * area, shape=(planes, 1))
    zeros = k.full((planes * area,), 0, dtype=g.dtype)
    n = planes * per_plane
    put = k.index_set if apart else k.index_add  # setting is many times as fast
    return k.reshape(put(zeros, k.reshape(flat, shape=(n,)), k.reshape(g, shape=(n,))), shape=shape)


# checks ----------------------------------------------------------------------------------------------------------
def per_dim(name: str, option: str, value: Any, d: int) -> Shape:
    """An int, or a sequence of one or `d` ints, as `d` ints."""
    if isinstance(value, bool) or not isinstance(value, (int, Sequence)):
        raise ArgumentError(f"{name}(): argument '{option}' must be tuple of ints, not {type(value).__name__}")
    found = (value,) if isinstance(value, int) else tuple(value)
    if not all(isinstance(v, int) for v in found):
        raise ArgumentError(f"{name}(): argument '{option}' must be tuple of ints, got {value!r}")
    if len(found) not in (1, d):
        words = {1: "one int", 2: "a tuple of two ints", 3: "a tuple of three ints"}
        raise ShapeError(f"{name}: {option} must either be a single int, or {words[d]}, got {value!r}")
    return found * d if len(found) == 1 else found


def _spatial(name: str, d: int, input: Tensor) -> Shape:
    """The sizes of the pooled dims of `(N, C, *spatial)` or `(C, *spatial)`."""
    need_tensor(name, input=input)
    shape = tuple(input._data.shape)
    if len(shape) not in (d + 1, d + 2) or 0 in shape[-d - 1 :]:
        raise ShapeError(
            f"{name}: non-empty {d + 1}D or {d + 2}D (batch mode) tensor expected for input: Expected {d + 1}D or "
            f"{d + 2}D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(shape)}"
        )
    if dtype_of(input).category == 0:
        raise UnsupportedDTypeError(f"{name}: not implemented for 'Bool'")
    return shape[-d:]


def check_options(name: str, size: Shape, stride: Shape, padding: Shape, dilation: Shape) -> None:
    """Raise unless sizes and steps are positive, and padding is at most half a window."""
    if name == "max_pool1d":  # PyTorch words these three in its own way there
        for option, (value,) in (("kernel_size", size), ("stride", stride), ("dilation", dilation)):
            if value <= 0:
                raise OptionError(f"{name}: {option} must be greater than zero, but got {value}")
    if any(m <= 0 for m in size):
        raise OptionError(f"{name}: kernel size should be greater than zero, but got {size}")
    if any(s <= 0 for s in stride):
        problem = "not be zero" if 0 in stride else "be greater than zero"
        raise OptionError(f"{name}: stride should {problem}, but got {stride}")
    if any(e <= 0 for e in dilation):
        raise OptionError(f"{name}: dilation should be greater than zero, but got {dilation}")
    for p, m, e in zip(padding, size, dilation, strict=True):
        if p < 0:
            raise OptionError(f"{name}: pad must be non-negative, but got pad: {p}")
        if p > (e * (m - 1) + 1) // 2:
            raise OptionError(
                f"{name}: pad should be at most half of effective kernel size, but got pad={p}, kernel_size={m} and "
                f"dilation={e}"
            )


def count_windows(
    name: str, input: Tensor, size: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil_mode: bool
) -> Shape:
    """How many windows there are along each dim."""
    shape = _spatial(name, len(size), input)
    grid = []
    for n, m, s, p, e in zip(shape, size, stride, padding, dilation, strict=True):
        room = n + 2 * p - e * (m - 1) - 1
        o = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (o - 1) * s >= n + p:
            o -= 1  # a window may not begin in the padding at the end
        grid.append(o)
    if any(o < 1 for o in grid):
        c = input._data.shape[-len(size) - 1]
        raise ShapeError(
            f"{name}: Given input size: ({'x'.join(map(str, (c, *shape)))}). Calculated output size: "
            f"({'x'.join(map(str, (c, *(max(o, 0) for o in grid))))}). Output size is too small. Invalid computed "
            f"output size: {min(grid)}"
        )
    return tuple(grid)


def batched(op: Op, d: int, input: Tensor, **static: Any) -> Any:
    """Run on `(N, C, *spatial)`; without a batch, on a batch of one."""
    shape = tuple(input._data.shape)
    if len(shape) == d + 2:
        r = apply(op, in_usual_order(input), **static)
        return tuple(laid_out_as(t, input) for t in r) if isinstance(r, tuple) else laid_out_as(r, input)
    r = apply(op, reshape(input, (1, *shape)), **static)
    title = name_of(r[0] if isinstance(r, tuple) else r)
    if isinstance(r, tuple):
        return tuple(entitle(reshape(t, tuple(t._data.shape[1:])), title) for t in r)
    return entitle(reshape(r, tuple(r._data.shape[1:])), title)
