"""Reductions: sums, products, means, truth; the scale of exponentials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import OPS, OUT, Kind, Make, Op, Sample, keep_dims
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DEFAULT, DType
from fnnet.functional._common import _title as title
from fnnet.functional._common import (
    dtype_of,
    into,
    is_tensor,
    need_dtype,
    need_tensor,
    to_dtype,
    wrap_dims,
)
from fnnet.functional.masking import masked_fill

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]
Dims = int | Sequence[int] | None


def kept(k: Namespace[A], reduced: A, c: Call[A]) -> A:
    """What a reduction gave (or its gradient), with the reduced dims as dims of size 1."""
    return k.reshape(reduced, shape=keep_dims(c.shapes[0], c.static["dim"]))


def spread(k: Namespace[A], reduced: A, c: Call[A]) -> A:
    """The same, expanded to the input's shape."""
    return k.expand(kept(k, reduced, c), shape=c.shapes[0])


def count(shape: Shape, dim: Shape) -> int:
    """How many elements are reduced to one."""
    return math.prod(shape[d] for d in dim)


def reduction_samples(make: Make) -> Any:  # a generator of samples
    """One dim, several, all; kept or not; 0-d."""
    yield Sample(make(3, 4), dim=(0, 1))
    yield Sample(make(2, 3, 4), dim=(1,))
    yield Sample(make(2, 3, 4), dim=(0, 2), keepdim=True)
    yield Sample(make(), dim=())


def refuse_complex(name: str, x: Tensor) -> None:
    """Raise where numbers must have an order."""
    if dtype_of(x).category == 3:
        raise UnsupportedDTypeError(f"{name}(): does not support complex input")


def finish_pair(
    make_pair: Any,  # a named tuple's class
    values: Tensor,
    indices: Tensor,
    out: tuple[Tensor, Tensor] | None = None,
) -> Any:  # the named tuple that `make_pair` makes
    """Values and indices as a named tuple, written into `out=` if given."""
    if out is not None:
        name = make_pair.__name__
        need_tensor(name, **{f"out[{i}]": t for i, t in enumerate(out)})
        need_dtype(name, out[0], dtype_of(values))
        need_dtype(name, out[1], dtypes.int64)
        values, indices = into(name, out[0], values), into(name, out[1], indices)
    return make_pair(values, indices)


# sum, mean ---------------------------------------------------------------------------------------------------------
SUM = Op(
    "sum", backward=lambda k, c, g: (spread(k, g, c),), uses=((),), onnx="ReduceSum",
    samples=lambda make: (*reduction_samples(make), Sample(make(0, 2), dim=(0,))),
)  # fmt: skip


def _mean_forward(k: K[A], x: A, /, *, dim: Shape, keepdim: bool = False) -> A:
    return k.div(k.sum(x, dim=dim, keepdim=keepdim), count(x.shape, dim))


def _mean_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (spread(k, k.div(g, count(c.shapes[0], c.static["dim"])), c),)


MEAN = Op(
    "mean", forward=_mean_forward, backward=_mean_backward, uses=((),), onnx="ReduceMean", samples=reduction_samples
)


_ALONG_DIMS = {"sum": SUM.titled("SumBackward1"), "mean": MEAN.titled("MeanBackward1")}
"""With `dim`, PyTorch's overload is another one."""


def _reduce(op: Op, name: str, input: object, dim: Dims, keepdim: bool, out: Tensor | None = None) -> Tensor:
    need_tensor(name, input=input)
    x = cast("Tensor", input)
    if dim is not None:
        op = _ALONG_DIMS.get(name, op)
    r: Tensor = apply(op, x, dim=wrap_dims(dim, x._data.ndim, name), keepdim=keepdim)
    return r if out is None else into(name, out, r)


def sum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None, out: Tensor | None = None
) -> Tensor:
    """The sum over all elements, or over the given dims; of none, 0.

    Args:
        input: Any dtype, any shape; bool and whole numbers add up in int64.
        dim: A dim or several. Default: all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        dtype: The input is cast to it first. Default: its own.
        out: Where to write the result.

    Returns:
        Input's shape without the reduced dims, in its dtype (int64 for bool and whole numbers) or `dtype`.

    Raises:
        IndexRangeError: A dim is not there.
        ShapeError: A dim is named twice.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.sum(fnnet.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
        tensor([4., 6.])
    """
    if dtype is not None and is_tensor(input):
        input = to_dtype(input, dtype)
    r = _reduce(SUM, "sum", input, dim, keepdim)
    if dtype is not None:
        r = to_dtype(r, dtype)
    return r if out is None else into("sum", out, r)


def mean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None, out: Tensor | None = None
) -> Tensor:
    """The mean over all elements, or over the given dims; of none, NaN.

    Args:
        input: Floating point or complex (or give `dtype`), any shape.
        dim: A dim or several. Default: all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        dtype: The input is cast to it first; floating point or complex. Default: its own.
        out: Where to write the result.

    Returns:
        Input's shape without the reduced dims, in its dtype or `dtype`.

    Raises:
        DTypeError: `input` (or `dtype`) is bool or a whole-number dtype.
        IndexRangeError: A dim is not there.
        ShapeError: A dim is named twice.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.mean(fnnet.tensor([1.0, 2.0, 6.0]))
        tensor(3.)
    """
    need_tensor("mean", input=input)
    if dtype is not None:
        if dtype.category < 2:
            raise DTypeError(
                "mean(): could not infer output dtype. Optional dtype must be either a floating point or "
                "complex dtype. "
                f"Got: {title(dtype)}"
            )
        input = to_dtype(input, dtype)
    elif dtype_of(input).category < 2:
        raise DTypeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {title(dtype_of(input))}"
        )
    return _reduce(MEAN, "mean", input, dim, keepdim, out)


def _without_nan(x: Tensor) -> tuple[Tensor, Tensor]:
    """`x` with zeros for NaN, and where they are."""
    mask: Tensor = make(namespace_of(x._device).isnan(x._data), x._device)
    return masked_fill(x, mask, 0), mask


def nansum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None, out: Tensor | None = None
) -> Tensor:
    """The sum of what is not NaN; of nothing else, 0.

    Args:
        input: Any real dtype, any shape; bool and whole numbers add up in int64.
        dim: A dim or several. Default: all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        dtype: What is not NaN is cast to it first. Default: its own.
        out: Where to write the result.

    Returns:
        Input's shape without the reduced dims, in its dtype (int64 for bool and whole numbers) or `dtype`.

    Raises:
        DTypeError: `input` is complex.
        IndexRangeError: A dim is not there.
        ShapeError: A dim is named twice.

    Differentiable: Everywhere; zero where `input` is NaN.

    Example:
        >>> import fnnet
        >>> fnnet.nansum(fnnet.tensor([1.0, float("nan"), 2.0]))
        tensor(3.)
    """
    need_tensor("nansum", input=input)
    if dtype_of(input).category == 3:
        raise DTypeError("nansum does not support complex inputs")
    x = _without_nan(input)[0] if dtype_of(input).category == 2 else input
    return entitle(sum(x, dim, keepdim, dtype=dtype, out=out), "NansumBackward0")


def nanmean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None, out: Tensor | None = None
) -> Tensor:
    """The mean of what is not NaN; of nothing else, NaN.

    Args:
        input: Floating point, any shape.
        dim: A dim or several. Default: all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        dtype: What is not NaN is cast to it first. Default: its own.
        out: Where to write the result.

    Returns:
        Input's shape without the reduced dims, in its dtype or `dtype`.

    Raises:
        DTypeError: `input` is not floating point.
        IndexRangeError: A dim is not there.
        ShapeError: A dim is named twice.

    Differentiable: Everywhere; zero where `input` is NaN.

    Example:
        >>> import fnnet
        >>> fnnet.nanmean(fnnet.tensor([1.0, float("nan"), 2.0]))
        tensor(1.5000)
    """
    need_tensor("nanmean", input=input)
    if dtype_of(input).category < 2:
        raise DTypeError(f"nanmean(): expected input to have floating point dtype but got {dtype_of(input)}")
    if dtype_of(input).category == 3:
        raise DTypeError("nanmean does not support complex inputs")
    x, mask = _without_nan(input)
    total = sum(x, dim, keepdim, dtype=dtype)
    k = namespace_of(input._device)
    numbers: Tensor = make(k.logical_not(mask._data), input._device)
    r: Tensor = apply(OPS["div"], total, to_dtype(sum(numbers, dim, keepdim), dtype_of(total)))
    return r if out is None else into("nanmean", out, r)


# prod --------------------------------------------------------------------------------------------------------------
def others_product(k: Namespace[A], x: A) -> A:
    """For each element, the product of all others along the last dim: exact where some are zero."""
    one = k.full((*x.shape[:-1], 1), 1, dtype=x.dtype)
    n, last = x.shape[-1], x.ndim - 1
    if n == 0:
        return x
    before = k.cumprod(k.cat(one, k.getitem(x, index=(Ellipsis, slice(0, n - 1))), dim=last), dim=last)
    turned = k.flip(x, dims=(last,))
    after = k.cumprod(k.cat(one, k.getitem(turned, index=(Ellipsis, slice(0, n - 1))), dim=last), dim=last)
    return before * k.flip(after, dims=(last,))


def _prod_backward(k: K[A], c: Call[A], g: A) -> Grads:
    shape, dim = c.shapes[0], c.static["dim"]
    rest = tuple(d for d in range(len(shape)) if d not in dim)
    order = (*rest, *dim)
    turned = k.permute(c.inputs[0], dims=order)
    flat = k.reshape(turned, shape=(*[shape[d] for d in rest], count(shape, dim)))
    others = k.reshape(others_product(k, flat), shape=turned.shape)
    back = tuple(sorted(range(len(order)), key=order.__getitem__))
    return (k.permute(others, dims=back) * spread(k, g, c),)


PROD = Op("prod", backward=_prod_backward, uses=((0,),), onnx="ReduceProd", samples=reduction_samples)


def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DType | None = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The product of all elements, or along one dim; of none, 1.

    Args:
        input: Any dtype, any shape; bool and whole numbers multiply in int64.
        dim: One dim. Default: all.
        keepdim: Keep the reduced dim, of size 1. Default: False.
        dtype: The input is cast to it first. Default: its own.
        out: Where to write the result.

    Returns:
        Input's shape without the reduced dim, in its dtype (int64 for bool and whole numbers) or `dtype`.

    Raises:
        IndexRangeError: `dim` is not there.

    Differentiable: Everywhere, exact also where elements are zero.

    Example:
        >>> import fnnet
        >>> fnnet.prod(fnnet.tensor([2.0, 3.0]))
        tensor(6.)
    """
    need_tensor("prod", input=input)
    if dtype is not None:
        input = to_dtype(input, dtype)
    r = _reduce(PROD, "prod", input, None if dim is None else (dim,), keepdim)
    if dtype is not None:
        r = to_dtype(r, dtype)
    return r if out is None else into("prod", out, r)


_ALONG_DIMS["prod"] = PROD.titled("ProdBackward1")


# truth -------------------------------------------------------------------------------------------------------------
ANY = Op("any", kind=Kind.BOOL, samples=reduction_samples)
ALL = Op("all", kind=Kind.BOOL, samples=reduction_samples)


def _truth(op: Op, input: Tensor, dim: Dims, keepdim: bool, out: Tensor | None) -> Tensor:
    r = _reduce(op, op.name, input, dim, keepdim)
    if dtype_of(input) is dtypes.uint8:  # PyTorch keeps what was its first mask type
        r = to_dtype(r, dtypes.uint8)
    return r if out is None else into(op.name, out, r)


def any(input: Tensor, dim: Dims = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Whether some element (along the given dims) is not zero; NaN is not. Of none, False.

    Args:
        input: Any dtype, any shape.
        dim: A dim or several. Default: all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        out: Where to write the result.

    Returns:
        bool (uint8 for uint8), input's shape without the reduced dims.

    Raises:
        IndexRangeError: A dim is not there.
        ShapeError: A dim is named twice.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.any(fnnet.tensor([[False, True], [False, False]]), 1)
        tensor([ True, False])
    """
    return _truth(ANY, input, dim, keepdim, out)


def all(input: Tensor, dim: Dims = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Whether every element (along the given dims) is not zero; NaN is not. Of none, True.

    Args:
        input: Any dtype, any shape.
        dim: A dim or several. Default: all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        out: Where to write the result.

    Returns:
        bool (uint8 for uint8), input's shape without the reduced dims.

    Raises:
        IndexRangeError: A dim is not there.
        ShapeError: A dim is named twice.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.all(fnnet.tensor([[True, True], [False, True]]), 1)
        tensor([ True, False])
    """
    return _truth(ALL, input, dim, keepdim, out)


def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements (along the given dims) are not zero; NaN is not.

    Args:
        input: Any dtype, any shape.
        dim: A dim or several. Default: all.

    Returns:
        int64, input's shape without the reduced dims.

    Raises:
        IndexRangeError: A dim is not there.
        ShapeError: A dim is named twice.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.count_nonzero(fnnet.tensor([0, 2, 3]))
        tensor(2)
    """
    need_tensor("count_nonzero", input=input)
    k = namespace_of(input._device)
    return sum(make(k.asarray(k.ne(input._data, 0)), input._device), dim)


# logsumexp ---------------------------------------------------------------------------------------------------------
def _logsumexp_forward(k: K[A], x: A, /, *, dim: Shape, keepdim: bool = False) -> A:
    top = k.amax(x, dim=dim, keepdim=True) if count(x.shape, dim) else k.sum(x, dim=dim, keepdim=True)
    top = k.where(k.isfinite(top), top, k.full((), 0, dtype=x.dtype))  # inf - inf would be NaN
    r = k.log(k.sum(k.exp(x - top), dim=dim, keepdim=True)) + top
    return r if keepdim else k.reshape(r, shape=tuple(n for i, n in enumerate(x.shape) if i not in dim))


def _logsumexp_backward(k: K[A], c: Call[A], g: A) -> Grads:
    out = kept(k, c.out, c)
    finite = k.where(k.eq(out, -math.inf), k.full((), 0, dtype=g.dtype), out)
    return (k.exp(c.inputs[0] - finite) * kept(k, g, c),)


LOGSUMEXP = Op(
    "logsumexp", forward=_logsumexp_forward, backward=_logsumexp_backward, uses=((0, OUT),), kind=Kind.FLOAT,
    onnx="ReduceLogSumExp", real=True, samples=reduction_samples,
)  # fmt: skip


def _complex_logsumexp(z: Tensor, dim: Shape, keepdim: bool) -> Tensor:
    """The same of complex numbers, whose exponentials are as large as their real parts say."""
    top = z.detach().real.amax(dim, True)
    top = top.masked_fill(top.isinf(), 0)  # inf - inf would be NaN
    r: Tensor = (z - top).exp().sum(dim, True).log() + top
    return r if keepdim or not dim else r.squeeze(dim)


def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """`log(sum(exp(input)))` over the given dims, without overflow; of none, -inf.

    Args:
        input: Any dtype, any shape; bool and whole numbers count as the default dtype.
        dim: A dim or several; `()` is all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        out: Where to write the result.

    Returns:
        Floating point or complex, input's shape without the reduced dims.

    Raises:
        IndexRangeError: A dim is not there.
        ShapeError: A dim is named twice.

    Differentiable: Everywhere, any order; zero where all are -inf.

    Example:
        >>> import fnnet
        >>> fnnet.logsumexp(fnnet.tensor([1000.0, 1000.0]), 0)
        tensor(1000.6932)
    """
    need_tensor("logsumexp", input=input)
    if dtype_of(input).category == 3:
        r = _complex_logsumexp(input, wrap_dims(dim, input._data.ndim, "logsumexp"), keepdim)
        return r if out is None else into("logsumexp", out, r)
    if dtype_of(input).category < 2:
        input = to_dtype(input, DEFAULT.float)
    return _reduce(LOGSUMEXP, "logsumexp", input, dim, keepdim, out)


__all__ = ["all", "any", "count_nonzero", "logsumexp", "mean", "nanmean", "nansum", "prod", "sum"]
