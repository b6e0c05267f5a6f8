"""Distances and similarities between vectors: pairwise, of all pairs, cosine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, DTypeError, OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OPS, OUT, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.functional._common import (
    _title,
    broadcast_shape,
    detached,
    dtype_of,
    is_number,
    need_one_device,
    need_tensor,
    result_dtype,
    to_dtype,
    wrap_dim,
)
from fnnet.functional.arithmetic import sub
from fnnet.functional.diagonals import triu_indices
from fnnet.functional.extremes import clamp_min
from fnnet.functional.products import reshape
from fnnet.functional.statistics import norm

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# cosine_similarity -----------------------------------------------------------------------------------------------
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """`sum(x1 * x2) / (max(norm(x1), eps) * max(norm(x2), eps))` along a dim.

    Args:
        x1: Floating point, any shape.
        x2: Of a shape that broadcasts with x1's.
        dim: The dim of the vectors, of the common shape. Default: 1.
        eps: Least norm that is divided by. Default: 1e-8.

    Returns:
        The common shape without `dim`, in the promoted dtype, from -1 to 1; 0 for a zero vector.

    Raises:
        DTypeError: The promoted dtype is not floating-point.
        ShapeError: The shapes do not broadcast.
        IndexRangeError: `dim` is not there.

    Differentiable: Any order; by a zero vector zero.

    Example:
        >>> import fnnet
        >>> fnnet.cosine_similarity(fnnet.tensor([[1.0, 0.0]]), fnnet.tensor([[1.0, 1.0]]))
        tensor([0.7071])
    """
    name = "cosine_similarity"
    need_tensor(name, x1=x1, x2=x2)
    need_one_device(name, x1=x1, x2=x2)
    dtype = result_dtype(x1, x2)
    if dtype.category != 2:
        raise DTypeError(f"{name}: expected common dtype to be floating point, yet common dtype is {_title(dtype)}")
    shape = broadcast_shape(name, tuple(x1._data.shape), tuple(x2._data.shape))
    d = wrap_dim(dim, len(shape), name)
    unit = []
    for x in (x1, x2):
        x = cast("Tensor", apply(OPS["expand"], to_dtype(x, dtype), shape=shape))
        length = norm(x, 2.0, d, keepdim=True)
        # Bounded from below outside of the graph: the gradient is that of the norm, as PyTorch's is.
        known = detached(length)
        unit.append(x / (length + (clamp_min(known, eps) - known)))
    return (unit[0] * unit[1]).sum(d)


# pairwise_distance -----------------------------------------------------------------------------------------------
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """`norm(x1 - x2 + eps, p)` along the last dim.

    Args:
        x1: `(N, D)` or `(D,)`, any dtype but bool.
        x2: Of a shape that broadcasts with x1's.
        p: Order of the norm, any number. Default: 2.
        eps: Added to each difference, so that none is zero. Default: 1e-6.
        keepdim: Keep the last dim, of size 1. Default: False.

    Returns:
        `(N,)` (`(N, 1)` with `keepdim`), in the promoted dtype, whole numbers in the default float dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: Both are bool.

    Differentiable: As `norm`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.pairwise_distance(fnnet.tensor([[3.0, 4.0]]), fnnet.tensor([[0.0, 0.0]]))
        tensor([5.0000])
    """
    need_tensor("pairwise_distance", x1=x1, x2=x2)
    broadcast_shape("pairwise_distance", tuple(x1._data.shape), tuple(x2._data.shape))
    gap = sub(x1, x2) + eps
    return entitle(norm(gap, p, -1, keepdim=keepdim), "NormBackward1")


# cdist -----------------------------------------------------------------------------------------------------------
_PRODUCT_FROM = 25  # PyTorch's: for more vectors, squared distances are computed by a product of matrices
_AT_ONCE = 1 << 20  # elements of differences that are made at a time


def _parts(k: K[A], x: A, y: A, *more: A) -> Iterator[tuple[Any, ...]]:
    """Some rows of `x` (and of `more`, one row per row of x), and their differences from all rows of `y`."""
    batch, rows, size = x.shape
    many = max(1, _AT_ONCE // max(1, batch * y.shape[1] * size))
    across: Any = k.reshape(y, shape=(batch, 1, *y.shape[1:]))
    for begin in range(0, rows, many):
        piece = (slice(None), slice(begin, begin + many))
        some = k.getitem(x, index=piece)
        yield (
            k.reshape(some, shape=(batch, some.shape[1], 1, size)) - across,
            *(k.getitem(m, index=piece) for m in more),
        )


def _lengths(k: K[A], gap: A, p: float) -> A:
    if p == 0:
        return k.sum(k.cast(k.ne(gap, 0), dtype=gap.dtype), dim=(3,))
    if p == 2:
        return k.sqrt(k.sum(gap * gap, dim=(3,)))
    if p == 1:
        return k.sum(k.abs(gap), dim=(3,))
    if p == math.inf:
        return k.amax(k.abs(gap), dim=(3,))
    return k.pow(k.sum(k.pow(k.abs(gap), p), dim=(3,)), 1.0 / p)


def _cdist(k: K[A], x: A, y: A, *, p: float, product: bool) -> A:
    """`x` `(B, P, M)` and `y` `(B, R, M)`: `(B, P, R)`."""
    if 0 in x.shape or 0 in y.shape:
        return k.full((x.shape[0], x.shape[1], y.shape[1]), 0, dtype=x.dtype)
    if product:
        square: Any = k.sum(x * x, dim=(2,), keepdim=True)
        across: Any = k.permute(k.sum(y * y, dim=(2,), keepdim=True), dims=(0, 2, 1))
        both: Any = k.matmul(x, k.permute(y, dims=(0, 2, 1)))
        return k.sqrt(k.maximum(square + across - both * 2, 0))
    found = [_lengths(k, gap, p) for (gap,) in _parts(k, x, y)]
    return found[0] if len(found) == 1 else k.cat(*found, dim=1)


def _cdist_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, y, out, p = c.inputs[0], c.inputs[1], c.out, c.static["p"]
    if p == 0 or 0 in x.shape or 0 in y.shape:
        return tuple(k.full(v.shape, 0, dtype=g.dtype) if n else None for v, n in zip((x, y), c.needs, strict=True))
    flat = k.eq(out, 0)
    per: Any = g if p in (1, math.inf) else k.where(flat, 0, g / k.pow(k.where(flat, 1, out), p - 1.0))
    if c.static["product"]:
        back = k.permute(per, dims=(0, 2, 1))
        return (
            x * k.sum(per, dim=(2,), keepdim=True) - k.matmul(per, y) if c.needs[0] else None,
            y * k.sum(back, dim=(2,), keepdim=True) - k.matmul(back, x) if c.needs[1] else None,
        )
    rows = []
    at_y: Any = None
    for gap, scale, length in _parts(k, x, y, per, out):
        slope = _slope(k, gap, k.reshape(scale, shape=(*scale.shape, 1)), k.reshape(length, shape=(*scale.shape, 1)), p)
        if c.needs[0]:
            rows.append(k.sum(slope, dim=(2,)))
        if c.needs[1]:
            part: Any = k.sum(slope, dim=(1,))
            at_y = part if at_y is None else at_y + part
    at_x = None if not rows else rows[0] if len(rows) == 1 else k.cat(*rows, dim=1)
    return at_x, None if at_y is None else -at_y


def _slope(k: K[A], gap: Any, scale: Any, length: A, p: float) -> Any:
    """The gradient by the differences `(B, P, R, M)`, given it by the p-th powers, but for a factor."""
    if p == 2:
        return gap * scale
    if p == 1:
        return k.sign(gap) * scale
    if p == math.inf:
        return k.where(k.eq(k.abs(gap), length), k.sign(gap) * scale, 0)
    still = k.eq(gap, 0)
    size = k.where(still, 1, k.abs(gap))
    return k.where(still, 0, k.sign(gap) * k.pow(size, p - 1.0) * scale)


def _cdist_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4), make(2, 2, 4), p=2.0, product=False)
    yield Sample(make(2, 3, 4), make(2, 2, 4), p=2.0, product=True)
    yield Sample(make(1, 3, 2), make(1, 4, 2), p=1.0, product=False)
    yield Sample(make(1, 3, 2), make(1, 4, 2), p=3.0, product=False)
    yield Sample(make(1, 3, 2), make(1, 2, 2), p=math.inf, product=False)
    yield Sample(make(1, 3, 2), make(1, 2, 2), p=0.0, product=False)
    yield Sample(make(1, 2, 0), make(1, 3, 0), p=2.0, product=False)


CDIST = Op(
    "cdist", forward=_cdist, backward=_cdist_backward, uses=((0, 1, OUT),), real=True,
    title=lambda node: "EuclideanDistBackward0" if node.static["product"] else "CdistBackward0",
    samples=_cdist_samples,
)  # fmt: skip

_COMPUTE_MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norm distance of every row of `x1` from every row of `x2`.

    Args:
        x1: `(*, P, M)`, float32 or float64.
        x2: `(*, R, M)`, of the same dtype, with batch dims that broadcast with x1's.
        p: Order of the norm, from 0 (how many elements differ) to inf. Default: 2.
        compute_mode: For p = 2, "use_mm_for_euclid_dist" computes `|a|**2 + |b|**2 - 2 a b`, a product of matrices,
            fast and less exact for vectors that lie near each other; "donot_use_mm_for_euclid_dist" computes the
            differences; "use_mm_for_euclid_dist_if_necessary" does the former from 26 rows on. Default: the last.

    Returns:
        `(*, P, R)`, of input's dtype.

    Raises:
        DTypeError: The dtypes differ or are none of the two.
        ShapeError: Fewer than two dims, other numbers of columns, or batches that do not broadcast.
        OptionError: A negative p, or an unknown mode.

    Differentiable: Any order; zero where two vectors are equal and for p = 0.

    Example:
        >>> import fnnet
        >>> fnnet.cdist(fnnet.tensor([[0.0, 0.0], [1.0, 0.0]]), fnnet.tensor([[3.0, 4.0], [1.0, 1.0]]), p=1.0)
        tensor([[7., 2.],
                [6., 1.]])
    """
    need_tensor("cdist", x1=x1, x2=x2)
    need_one_device("cdist", x1=x1, x2=x2)
    if compute_mode not in _COMPUTE_MODES:
        raise OptionError(f"cdist: {compute_mode} is not a valid value for compute_mode")
    a, b = tuple(x1._data.shape), tuple(x2._data.shape)
    for what, x, shape in (("X1", x1, a), ("X2", x2, b)):
        _need_float("cdist", x, f", {what} got: {_title(dtype_of(x))}")
        if len(shape) < 2:
            raise ShapeError(f"cdist only supports at least 2D tensors, {what} got: {len(shape)}D")
    if a[-1] != b[-1]:
        raise ShapeError(f"cdist: X1 and X2 must have the same number of columns. X1: {a[-1]} X2: {b[-1]}")
    if dtype_of(x1) is not dtype_of(x2):
        raise DTypeError(f"cdist: expected scalar type {_title(dtype_of(x1))} but found {_title(dtype_of(x2))}")
    order = _order("cdist", p)
    batch = broadcast_shape("cdist", a[:-2], b[:-2])
    wanted = compute_mode == _COMPUTE_MODES[1] or (
        compute_mode == _COMPUTE_MODES[0] and max(a[-2], b[-2]) > _PRODUCT_FROM
    )
    product = order == 2 and wanted and 0 not in (*batch, a[-2], b[-2])
    operands = [
        reshape(cast("Tensor", apply(OPS["expand"], x, shape=(*batch, *s[-2:]))), (math.prod(batch), *s[-2:]))
        for x, s in ((x1, a), (x2, b))
    ]
    r = cast("Tensor", apply(CDIST, *operands, p=order, product=product))
    return entitle(reshape(r, (*batch, a[-2], b[-2])), "ViewBackward0" if product else "CdistBackward0")


def _need_float(name: str, x: Tensor, got: str = "") -> None:
    if dtype_of(x).category != 2:
        raise DTypeError(f"{name} only supports floating-point dtypes{got or f', got: {_title(dtype_of(x))}'}")
    if dtype_of(x) in dtypes.HALF:
        raise UnsupportedDTypeError(f"\"{name}\" not implemented for '{_title(dtype_of(x))}'")


def _order(name: str, p: float) -> float:
    if not is_number(p):
        raise ArgumentError(f"{name}(): argument 'p' must be Number, not {type(p).__name__}")
    if p < 0:
        raise OptionError(f"{name} only supports non-negative p values, got {p}")
    return float(p)


# pdist -----------------------------------------------------------------------------------------------------------
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distances of all pairs of rows, each once: the upper triangle of `cdist(input, input)`, row by row.

    Args:
        input: `(N, M)`, float32 or float64.
        p: Order of the norm, from 0 (how many elements differ) to inf. Default: 2.

    Returns:
        `(N * (N - 1) / 2,)`, of input's dtype.

    Raises:
        DTypeError: `input` is of another dtype.
        ShapeError: `input` does not have two dims.
        OptionError: A negative p.

    Differentiable: Any order; zero where two vectors are equal and for p = 0.

    Example:
        >>> import fnnet
        >>> fnnet.pdist(fnnet.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
        tensor([5.0000, 1.0000, 4.2426])
    """
    need_tensor("pdist", input=input)
    _need_float("pdist", input)
    shape = tuple(input._data.shape)
    if len(shape) != 2:
        raise ShapeError(f"pdist only supports 2D tensors, got: {len(shape)}D")
    order = _order("pdist", p)
    n = shape[0]
    rows = cast("Tensor", apply(OPS["reshape"], input, shape=(1, *shape)))
    every = reshape(cast("Tensor", apply(CDIST, rows, rows, p=order, product=False)), (n * n,))
    pairs = triu_indices(n, n, 1, device=input._device)
    return entitle(cast("Tensor", apply(OPS["take"], every, pairs[0] * n + pairs[1])), "PdistBackward0")


# dist ------------------------------------------------------------------------------------------------------------
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """`norm(input - other, p)`, over all elements.

    Args:
        input: Floating point or complex, any shape.
        other: Of a shape that broadcasts with input's.
        p: Order of the norm, any number. Default: 2.

    Returns:
        A 0-d tensor, real, in the promoted dtype.

    Raises:
        DTypeError: Both are of whole numbers or bool.
        ShapeError: The shapes do not broadcast.
        ArgumentError: `p` is no number.

    Differentiable: As `norm`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.dist(fnnet.tensor([3.0, 4.0]), fnnet.tensor([0.0, 0.0]))
        tensor(5.)
    """
    need_tensor("dist", input=input, other=other)
    if not is_number(p):
        raise ArgumentError(f"dist(): argument 'p' (position 3) must be Number, not {type(p).__name__}")
    if result_dtype(input, other).category < 2:
        raise DTypeError(
            "dist: norm(): input dtype should be either floating point or complex. Got "
            f"{_title(result_dtype(input, other))} instead."
        )
    broadcast_shape("dist", tuple(input._data.shape), tuple(other._data.shape))
    return entitle(norm(sub(input, other), p), "DistBackward0")


__all__ = ["CDIST", "cdist", "cosine_similarity", "dist", "pairwise_distance", "pdist"]
