"""Scans along a dim: running sums, products, extremes, and differences of neighbours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ArgumentError, DTypeError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OPS, OUT, Kind, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DEFAULT, DType
from fnnet.functional import return_types
from fnnet.functional._common import (
    copy_into,
    dtype_of,
    into,
    need_number,
    need_tensor,
    refuse_dtype,
    to_dtype,
    wrap_dim,
)
from fnnet.functional.gathering import pick
from fnnet.functional.joining import cat
from fnnet.functional.movement import CLONE
from fnnet.functional.reduction import finish_pair
from fnnet.functional.shape import GETITEM

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


def _part(k: Namespace[A], x: A, dim: int, start: int, stop: int) -> A:
    return k.getitem(x, index=(*(slice(None),) * dim, slice(start, stop)))


def _samples(make: Make) -> Any:
    yield Sample(make(4), dim=0)
    yield Sample(make(3, 5), dim=1)
    yield Sample(make(0, 2), dim=0)


# running sum -------------------------------------------------------------------------------------------------------
def _cumsum_backward(k: K[A], c: Call[A], g: A) -> Grads:
    dim = c.static["dim"]
    return (k.flip(k.cumsum(k.flip(g, dims=(dim,)), dim=dim), dims=(dim,)),)


CUMSUM = Op("cumsum", backward=_cumsum_backward, uses=((),), onnx="CumSum", samples=_samples)


# running product ---------------------------------------------------------------------------------------------------
def _cumprod_backward(k: K[A], c: Call[A], g: A) -> Grads:
    """Each x[i] has the gradient L[i] R[i], exact where elements are zero too.

    L[i] is the product of what stands before; R[i] = g[i] + x[i+1] R[i+1] is a linear recurrence from the end, solved
    in log2(n) steps: after the step s, R[i] covers 2s terms and `factor` holds products of 2s neighbours.
    """
    x, dim = c.inputs[0], c.static["dim"]
    n = x.shape[dim]
    if n == 0:
        return (g,)
    edge = (*x.shape[:dim], 1, *x.shape[dim + 1 :])
    before = k.cumprod(k.cat(k.full(edge, 1, dtype=x.dtype), _part(k, x, dim, 0, n - 1), dim=dim), dim=dim)
    factor = k.cat(_part(k, x, dim, 1, n), k.full(edge, 0, dtype=x.dtype), dim=dim)
    r = g
    step = 1
    while step < n:
        pad = k.full((*x.shape[:dim], step, *x.shape[dim + 1 :]), 0, dtype=x.dtype)
        r = r + factor * k.cat(_part(k, r, dim, step, n), pad, dim=dim)
        factor = factor * k.cat(_part(k, factor, dim, step, n), pad, dim=dim)
        step *= 2
    return (before * r,)


CUMPROD = Op("cumprod", backward=_cumprod_backward, uses=((0,),), samples=_samples)


def _scan(op: Op, input: Tensor, dim: int, dtype: DType | None, out: Tensor | None) -> Tensor:
    need_tensor(op.name, input=input)
    d = wrap_dim(dim, input._data.ndim, op.name)
    if dtype is not None:
        input = to_dtype(input, dtype)
    if not input._data.ndim:
        x = to_dtype(input, dtypes.int64) if dtype_of(input).category < 2 else input
        r: Tensor = apply(CLONE, x)
    else:
        r = apply(op, input, dim=d)
    if dtype is not None:
        r = to_dtype(r, dtype)
    return r if out is None else into(op.name, out, r, beside=(input,))


def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None, out: Tensor | None = None) -> Tensor:
    """The running sum along a dim: `y[i] = x[0] + ... + x[i]`.

    Args:
        input: Any dtype, any shape; bool and whole numbers add up in int64.
        dim: Along which dim.
        dtype: The input is cast to it first. Default: its own.
        out: Where to write the result.

    Returns:
        Input's shape, in its dtype (int64 for bool and whole numbers) or `dtype`.

    Raises:
        IndexRangeError: `dim` is not there.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.cumsum(fnnet.tensor([1.0, 2.0, 3.0]), 0)
        tensor([1., 3., 6.])
    """
    return entitle(_scan(CUMSUM, input, dim, dtype, out), "CumsumBackward0")


def cumprod(input: Tensor, dim: int, *, dtype: DType | None = None, out: Tensor | None = None) -> Tensor:
    """The running product along a dim: `y[i] = x[0] * ... * x[i]`.

    Args:
        input: Any dtype, any shape; bool and whole numbers multiply in int64.
        dim: Along which dim.
        dtype: The input is cast to it first. Default: its own.
        out: Where to write the result.

    Returns:
        Input's shape, in its dtype (int64 for bool and whole numbers) or `dtype`.

    Raises:
        IndexRangeError: `dim` is not there.

    Differentiable: Everywhere, exact also where elements are zero.

    Example:
        >>> import fnnet
        >>> fnnet.cumprod(fnnet.tensor([1.0, 2.0, 3.0]), 0)
        tensor([1., 2., 6.])
    """
    return entitle(_scan(CUMPROD, input, dim, dtype, out), "CumprodBackward0")


def cumsum_(self: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """`cumsum` in place.

    Args:
        self: Any dtype but bool (0-d: any), any shape.
        dim: Along which dim.
        dtype: What to add up in; the result is cast back. Default: as in `cumsum`.

    Returns:
        The tensor itself.

    Raises:
        IndexRangeError: `dim` is not there.
        DTypeError: The tensor is bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.ones(3).cumsum_(0)
        tensor([1., 2., 3.])
    """
    need_tensor("cumsum_", input=self)
    if self._data.ndim:
        refuse_dtype("cumsum_", dtype_of(self), 0)
    return copy_into(self, cumsum(self, dim, dtype=dtype))


def cumprod_(self: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """`cumprod` in place.

    Args:
        self: Any dtype but bool (0-d: any), any shape.
        dim: Along which dim.
        dtype: What to multiply in; the result is cast back. Default: as in `cumprod`.

    Returns:
        The tensor itself.

    Raises:
        IndexRangeError: `dim` is not there.
        DTypeError: The tensor is bool.

    Differentiable: Everywhere, exact also where elements are zero.

    Example:
        >>> import fnnet
        >>> fnnet.tensor([2.0, 2.0]).cumprod_(0)
        tensor([2., 4.])
    """
    need_tensor("cumprod_", input=self)
    if self._data.ndim:
        refuse_dtype("cumprod_", dtype_of(self), 0)
    return copy_into(self, cumprod(self, dim, dtype=dtype))


# running extremes --------------------------------------------------------------------------------------------------
def _running_index(k: Any, x: Any, dim: int, beats: str) -> Any:
    """Index of the running extreme: a later one wins where equal, NaN wins always; log2(n) steps."""
    n = x.shape[dim]
    index = k.expand(k.reshape(k.arange(n), shape=(n, *[1] * (x.ndim - dim - 1))), shape=x.shape)
    step = 1
    while step < n:
        old, new = _part(k, x, dim, 0, n - step), _part(k, x, dim, step, n)
        stays = k.logical_or(getattr(k, beats)(old, new), k.logical_and(k.ne(old, old), k.eq(new, new)))
        x = k.cat(_part(k, x, dim, 0, step), k.where(stays, old, new), dim=dim)
        index = k.cat(
            _part(k, index, dim, 0, step),
            k.where(stays, _part(k, index, dim, 0, n - step), _part(k, index, dim, step, n)),
            dim=dim,
        )
        step *= 2
    return index


def _running(name: str, beats: str, input: Tensor, dim: int, out: Any) -> Any:
    need_tensor(name, input=input)
    d = wrap_dim(dim, input._data.ndim, name)
    k = namespace_of(input._device)
    pair = return_types.cummax if name == "cummax" else return_types.cummin
    if not input._data.ndim:
        zero: Tensor = make(k.full((), 0, dtype=dtypes.int64), input._device)
        return finish_pair(pair, apply(CLONE, input), zero, out)
    refuse_dtype(name, dtype_of(input), 3)
    raw = k.cast(input._data, dtype=dtypes.float32) if dtype_of(input) in dtypes.HALF else input._data
    indices: Tensor = apply(CLONE, make(_running_index(k, raw, d, beats), input._device), contiguous=True)
    return finish_pair(pair, pick(input, d, indices), indices, out)


def cummax(input: Tensor, dim: int, *, out: tuple[Tensor, Tensor] | None = None) -> return_types.cummax:
    """The running maximum along a dim, and the index where it was found; from a NaN on, NaN.

    Args:
        input: Any real dtype, any shape.
        dim: Along which dim.
        out: Where to write values and indices.

    Returns:
        The named tuple (values, indices): input's dtype and int64, both of its shape. Of equal elements the last is
        named.

    Raises:
        IndexRangeError: `dim` is not there.
        DTypeError: `input` is complex.

    Differentiable: The values: each gradient goes to the element at the index.

    Example:
        >>> import fnnet
        >>> values, indices = fnnet.cummax(fnnet.tensor([1, 3, 2]), 0)
        >>> values, indices
        (tensor([1, 3, 3]), tensor([0, 1, 1]))
    """
    pair: return_types.cummax = _running("cummax", "gt", input, dim, out)
    return entitle(pair, "CummaxBackward0")


def cummin(input: Tensor, dim: int, *, out: tuple[Tensor, Tensor] | None = None) -> return_types.cummin:
    """The running minimum along a dim, and the index where it was found; from a NaN on, NaN.

    Args:
        input: Any real dtype, any shape.
        dim: Along which dim.
        out: Where to write values and indices.

    Returns:
        The named tuple (values, indices): input's dtype and int64, both of its shape. Of equal elements the last is
        named.

    Raises:
        IndexRangeError: `dim` is not there.
        DTypeError: `input` is complex.

    Differentiable: The values: each gradient goes to the element at the index.

    Example:
        >>> import fnnet
        >>> values, indices = fnnet.cummin(fnnet.tensor([3, 1, 2]), 0)
        >>> values, indices
        (tensor([3, 1, 1]), tensor([0, 1, 1]))
    """
    pair: return_types.cummin = _running("cummin", "lt", input, dim, out)
    return entitle(pair, "CumminBackward0")


# running log of sums of exponentials -------------------------------------------------------------------------------
def _logaddexp(k: Namespace[A], a: A, b: A) -> A:
    """log(exp(a) + exp(b)) where one may be -inf, or both; equal infinities give themselves."""
    top = k.maximum(a, b)
    zero = k.full((), 0, dtype=a.dtype)
    apart = k.where(k.eq(a, b), zero, -k.abs(a - b))
    return top + k.where(k.isfinite(top), k.log1p(k.exp(apart)), zero)


def _logcumsumexp_forward(k: K[A], x: A, /, *, dim: int) -> A:
    n, step = x.shape[dim], 1
    while step < n:
        joined = _logaddexp(k, _part(k, x, dim, step, n), _part(k, x, dim, 0, n - step))
        x = k.cat(_part(k, x, dim, 0, step), joined, dim=dim)
        step *= 2
    return k.clone(x)


def _logcumsumexp_backward(k: K[A], c: Call[A], g: A) -> Grads:
    """dx[j] = sum over i >= j of g[i] exp(x[j] - out[i]), positive and negative g apart, in logarithms."""
    x, dim = c.inputs[0], c.static["dim"]
    nothing, zero = k.full((), -math.inf, dtype=g.dtype), k.full((), 0, dtype=g.dtype)

    def side(positive: A) -> A:
        some = k.gt(positive, 0)
        logs = k.where(some, k.log(k.where(some, positive, zero + 1.0)) - c.out, nothing)
        total = k.flip(k.logcumsumexp(k.flip(logs, dims=(dim,)), dim=dim), dims=(dim,))
        return k.exp(total + x)

    return (side(g) - side(-g),)


LOGCUMSUMEXP = Op(
    "logcumsumexp", forward=_logcumsumexp_forward, backward=_logcumsumexp_backward, uses=((0, OUT),), kind=Kind.FLOAT,
    real=True, samples=_samples,
)  # fmt: skip


def logcumsumexp(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """`log(cumsum(exp(input)))` along a dim, without overflow.

    Args:
        input: Floating point, any shape.
        dim: Along which dim.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Raises:
        DTypeError: `input` is not floating point.
        IndexRangeError: `dim` is not there.

    Differentiable: Everywhere.

    Example:
        >>> import fnnet
        >>> fnnet.logcumsumexp(fnnet.tensor([1000.0, 1000.0]), 0)
        tensor([1000.0000, 1000.6932])
    """
    need_tensor("logcumsumexp", input=input)
    if dtype_of(input).category != 2:
        raise UnsupportedDTypeError(f"logcumsumexp: not implemented for {dtype_of(input)}")
    return entitle(_scan(LOGCUMSUMEXP, input, dim, None, out), "LogcumsumexpBackward0")


# differences and integrals -----------------------------------------------------------------------------------------
def _sides(x: Tensor, d: int) -> tuple[Tensor, Tensor]:
    """All but the first, and all but the last, along a dim."""
    lead = (slice(None),) * d
    n = x._data.shape[d]
    return apply(GETITEM, x, index=(*lead, slice(min(1, n), n))), apply(
        GETITEM, x, index=(*lead, slice(0, max(n - 1, 0)))
    )


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The n-th differences of neighbours along a dim: `y[i] = x[i + 1] - x[i]`, n times.

    Args:
        input: Any dtype, of at least one dim; of bool, whether neighbours differ.
        n: How often to take differences; 0 copies. Default: 1.
        dim: Along which dim. Default: -1.
        prepend: Put before the input first, of its shape but for `dim`. Default: nothing.
        append: Put behind it first, likewise. Default: nothing.
        out: Where to write the result.

    Returns:
        Input's shape but for n fewer along `dim` (none below 0), and what was put around it; in the promoted dtype.

    Raises:
        ShapeError: `input` is 0-d, `n` is negative, or what is put around does not fit.
        IndexRangeError: `dim` is not there.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.diff(fnnet.tensor([1, 4, 9]))
        tensor([3, 5])
    """
    need_tensor("diff", input=input)
    if not input._data.ndim:
        raise ShapeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise ShapeError(f"diff: order must be non-negative but got {n}")
    d = wrap_dim(dim, input._data.ndim, "diff")
    if n == 0:
        same: Tensor = entitle(apply(CLONE, input), "torch::autograd::CopyBackwards")
        return same if out is None else into("diff", out, same)
    parts = [t for t in (prepend, input, append) if t is not None]
    x = cat(parts, d) if len(parts) > 1 else input
    for _ in range(min(n, x._data.shape[d])):
        later, earlier = _sides(x, d)
        op = OPS["logical_xor" if dtype_of(x) is dtypes.bool_ else "sub"]
        x = apply(op, later, earlier)
    return x if out is None else into("diff", out, x)


def _areas(name: str, y: Tensor, x: Tensor | None, dx: Any, dim: int) -> tuple[Tensor, int]:
    need_tensor(name, y=y, **({} if x is None else {"x": x}))
    need_number(name, dx=dx)
    if x is not None and dx is not None:
        raise ArgumentError(f"{name}() takes the points `x` or their distance `dx`, got both")
    if dtypes.bool_ in (dtype_of(y), None if x is None else dtype_of(x)):
        raise DTypeError(f"{name}: received a bool input for `x` or `y`, but bool is not supported")
    d = wrap_dim(dim, y._data.ndim, name)
    if not y._data.ndim:
        raise ShapeError(f"{name}: expected y to be at least one-dimensional")
    if dtype_of(y).category < 2:
        y = to_dtype(y, DEFAULT.float)
    later, earlier = _sides(y, d)
    heights: Any = later + earlier
    if x is None:
        return heights * ((1 if dx is None else dx) / 2.0), d
    if x._data.ndim == 1:
        if x._data.shape[0] != y._data.shape[d]:
            raise ShapeError(
                f"{name}: There must be one `x` value for each sample point ({x._data.shape[0]} and {y._data.shape[d]})"
            )
        widths: Any = diff(x).reshape((-1, *[1] * (y._data.ndim - 1 - d)))
    else:
        widths = diff(x, dim=d - y._data.ndim)
    return heights * widths / 2.0, d


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The integral along a dim by the trapezoidal rule: `sum((y[i] + y[i + 1]) / 2 * (x[i + 1] - x[i]))`.

    Args:
        y: Values at the points, any dtype but bool, of at least one dim; whole numbers count as the default dtype.
        x: The points, one for each value along `dim` or one for each value. Default: None, points `dx` apart.
        dx: Distance of the points, only without `x`. Default: None, which is 1.
        dim: Along which dim. Default: -1.

    Returns:
        The shape of `y` without `dim`; floating point or complex.

    Raises:
        ShapeError: `y` is 0-d, or `x` does not fit.
        IndexRangeError: `dim` is not there.
        DTypeError: `y` or `x` is bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.trapezoid(fnnet.tensor([1.0, 2.0, 3.0]))
        tensor(4.)
    """
    areas, d = _areas("trapezoid", y, x, dx, dim)
    return entitle(areas.sum(d), "MulBackward1" if x is None else "DivBackward1")


trapz = trapezoid


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The running integral along a dim by the trapezoidal rule, see `trapezoid`.

    Args:
        y: Values at the points, any dtype but bool, of at least one dim; whole numbers count as the default dtype.
        x: The points, one for each value along `dim` or one for each value. Default: None, points `dx` apart.
        dx: Distance of the points, only without `x`. Default: None, which is 1.
        dim: Along which dim. Default: -1.

    Returns:
        The shape of `y` but for one fewer along `dim`; floating point or complex.

    Raises:
        ShapeError: `y` is 0-d, or `x` does not fit.
        IndexRangeError: `dim` is not there.
        DTypeError: `y` or `x` is bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.cumulative_trapezoid(fnnet.tensor([1.0, 2.0, 3.0]))
        tensor([1.5000, 4.0000])
    """
    areas, d = _areas("cumulative_trapezoid", y, x, dx, dim)
    return entitle(cumsum(areas, d), "CumsumBackward0" if x is None else "DivBackward1")


__all__ = [
    "cummax", "cummin", "cumprod", "cumsum", "cumulative_trapezoid", "diff", "logcumsumexp", "trapezoid", "trapz",
]  # fmt: skip
