"""Statistics: variance, standard deviation, norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Number, Shape
from fnnet._core.op import OUT, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.backends.dtypes import DType
from fnnet.functional._common import dtype_of, into, into_same, need_tensor, to_dtype, wrap_dims
from fnnet.functional.reduction import count, kept, mean

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]
Dims = int | Sequence[int] | None


# variance ----------------------------------------------------------------------------------------------------------
def _var_forward(k: K[A], x: A, /, *, dim: Shape, correction: float, keepdim: bool = False) -> A:
    away = x - k.div(k.sum(x, dim=dim, keepdim=True), count(x.shape, dim))
    return k.div(k.sum(away * away, dim=dim, keepdim=keepdim), _freedom(x.shape, dim, correction))


def _freedom(shape: Shape, dim: Shape, correction: float) -> float:
    left = count(shape, dim) - correction
    return left if left > 0 else 0


def _var_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, dim = c.inputs[0], c.static["dim"]
    away = x - k.div(k.sum(x, dim=dim, keepdim=True), count(x.shape, dim))
    return (k.div(away * 2, _freedom(x.shape, dim, c.static["correction"])) * kept(k, g, c),)


def _var_samples(make: Make) -> Any:
    yield Sample(make(3, 4), dim=(0, 1), correction=1)
    yield Sample(make(2, 3, 4), dim=(1,), correction=0, keepdim=True)
    yield Sample(make(5), dim=(0,), correction=2)


VAR = Op("var", forward=_var_forward, backward=_var_backward, uses=((0,),), samples=_var_samples)


def _std_backward(k: K[A], c: Call[A], g: A) -> Grads:
    out = c.out
    zero = k.eq(out, 0)
    half = k.where(zero, k.full((), 0, dtype=g.dtype), k.div(g, k.where(zero, k.full((), 1, dtype=g.dtype), out) * 2))
    return _var_backward(k, c, half)


STD = Op(
    "std", forward=lambda k, x, /, **static: k.sqrt(k.var(x, **static)), backward=_std_backward, uses=((0, OUT),),
    samples=_var_samples,
)  # fmt: skip


def _spread(
    op: Op, input: Tensor, dim: Any, unbiased: bool | None, correction: Number | None, keepdim: bool, out: Tensor | None
) -> Tensor:
    need_tensor(op.name, input=input)
    if isinstance(dim, bool):  # var(input, unbiased)
        dim, unbiased = None, dim
    if dtype_of(input).category == 3:  # E|z - E z|^2 is the sum of the parts' variances
        parts = [_spread(VAR, part, dim, unbiased, correction, keepdim, None) for part in (input.real, input.imag)]
        total = parts[0] + parts[1]
        total = total if op is VAR else total.sqrt()
        return total if out is None else into(op.name, out, total)
    if dtype_of(input).category != 2:
        raise DTypeError(f"{op.name}: std and var only support floating point dtypes here, got {dtype_of(input)}")
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    r: Tensor = apply(
        op,
        input,
        dim=wrap_dims(dim, input._data.ndim, op.name),
        correction=float(cast("float", correction)),
        keepdim=keepdim,
    )
    return r if out is None else into(op.name, out, r)


def var(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The variance `sum((x - mean)**2) / (n - correction)`, in two passes.

    Args:
        input: Floating point or complex, any shape.
        dim: A dim or several. Default: all.
        unbiased: True is `correction=1`, False `correction=0`; may stand in the place of `dim`.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        correction: What is subtracted from n; goes before `unbiased`. Default: 1 (Bessel's correction).
        out: Where to write the result.

    Returns:
        `input` without the reduced dims, in its dtype (of complex numbers the real one: the mean of
        `|z - mean|**2`). Where `n - correction` is not positive: infinity, or NaN if all
        elements are equal.

    Raises:
        DTypeError: `input` is of whole numbers or bool.
        IndexRangeError: `dim` is out of range.
        ShapeError: A dim is named twice.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.var(fnnet.tensor([1.0, 2.0, 3.0]))
        tensor(1.)
    """
    return _spread(VAR, input, dim, unbiased, correction, keepdim, out)


def std(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The standard deviation `sqrt(sum((x - mean)**2) / (n - correction))`.

    Args:
        input: Floating point or complex, any shape.
        dim: A dim or several. Default: all.
        unbiased: True is `correction=1`, False `correction=0`; may stand in the place of `dim`.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        correction: What is subtracted from n; goes before `unbiased`. Default: 1 (Bessel's correction).
        out: Where to write the result.

    Returns:
        `input` without the reduced dims, in its dtype; NaN or infinity as in `var`.

    Raises:
        DTypeError: `input` is of whole numbers or bool.
        IndexRangeError: `dim` is out of range.
        ShapeError: A dim is named twice.

    Differentiable: Any order; 0 where the deviation is 0.

    Example:
        >>> import fnnet
        >>> fnnet.std(fnnet.tensor([1.0, 2.0, 3.0]))
        tensor(1.)
    """
    return _spread(STD, input, dim, unbiased, correction, keepdim, out)


def _with_mean(
    op: Op, input: Tensor, dim: Dims, unbiased: bool | None, correction: Number | None, keepdim: bool
) -> tuple[Tensor, Tensor]:
    over = None if isinstance(dim, bool) else dim
    return _spread(op, input, dim, unbiased, correction, keepdim, None), mean(input, over, keepdim)


def var_mean(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Variance and mean.

    Args:
        input: Floating point or complex, any shape.
        dim: A dim or several. Default: all.
        unbiased: True is `correction=1`, False `correction=0`; may stand in the place of `dim`.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        correction: What is subtracted from n; goes before `unbiased`. Default: 1.

    Returns:
        `(var(input, ...), mean(input, ...))`, of one shape, in `input`'s dtype; the first is real.

    Raises:
        DTypeError, IndexRangeError, ShapeError: As in `var`.

    Differentiable: Both, everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.var_mean(fnnet.tensor([1.0, 2.0, 3.0]))
        (tensor(1.), tensor(2.))
    """
    return entitle(_with_mean(VAR, input, dim, unbiased, correction, keepdim), "VarMeanBackward0")


def std_mean(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Standard deviation and mean.

    Args:
        input: Floating point or complex, any shape.
        dim: A dim or several. Default: all.
        unbiased: True is `correction=1`, False `correction=0`; may stand in the place of `dim`.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        correction: What is subtracted from n; goes before `unbiased`. Default: 1.

    Returns:
        `(std(input, ...), mean(input, ...))`, of one shape, in `input`'s dtype; the first is real.

    Raises:
        DTypeError, IndexRangeError, ShapeError: As in `std`.

    Differentiable: Both, any order; the deviation's gradient is 0 where it is 0.

    Example:
        >>> import fnnet
        >>> fnnet.std_mean(fnnet.tensor([1.0, 2.0, 3.0]))
        (tensor(1.), tensor(2.))
    """
    return entitle(_with_mean(STD, input, dim, unbiased, correction, keepdim), "StdMeanBackward0")


# norm --------------------------------------------------------------------------------------------------------------
def _norm_forward(k: K[A], x: A, /, *, p: float, dim: Shape, keepdim: bool = False) -> A:
    if p == 2:
        return k.sqrt(k.sum(x * x, dim=dim, keepdim=keepdim))
    size = k.abs(x)
    if p == 1:
        return k.sum(size, dim=dim, keepdim=keepdim)
    if p == math.inf:
        return k.amax(size, dim=dim, keepdim=keepdim)
    if p == -math.inf:
        return k.amin(size, dim=dim, keepdim=keepdim)
    if p == 0:
        return k.sum(k.cast(k.ne(x, 0), dtype=x.dtype), dim=dim, keepdim=keepdim)
    return k.pow(k.sum(k.pow(size, p), dim=dim, keepdim=keepdim), 1.0 / p)


def _norm_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, p, dim = c.inputs[0], c.static["p"], c.static["dim"]
    zero, one = k.full((), 0, dtype=g.dtype), k.full((), 1, dtype=g.dtype)
    g, out = kept(k, g, c), kept(k, c.out, c)
    if p == 0:
        return (k.full(c.shapes[0], 0, dtype=g.dtype),)
    if p == 1:
        return (k.sign(x) * g,)
    if p in (math.inf, -math.inf):
        at = k.cast(k.eq(k.abs(x), out), dtype=g.dtype)
        return (k.sign(x) * at * k.div(g, k.sum(at, dim=dim, keepdim=True)),)
    flat = k.eq(out, 0)
    safe = k.where(flat, one, out)
    if p == 2:
        return (x * k.where(flat, zero, k.div(g, safe)),)
    scale = k.where(flat, zero, k.div(g, k.pow(safe, p - 1.0)))
    still = k.eq(x, 0)
    size = k.where(still, one, k.abs(x))
    return (k.where(still, zero, k.sign(x) * k.pow(size, p - 1.0)) * scale,)


def _norm_samples(make: Make) -> Any:
    yield Sample(make(3, 4), p=2.0, dim=(0, 1))
    yield Sample(make(3, 4), p=1.0, dim=(1,), keepdim=True)
    yield Sample(make(3, 4, low=0.5, high=2), p=3.0, dim=(0,))
    yield Sample(make(3, 4, low=0.5, high=2), p=0.5, dim=(0,))
    yield Sample(make(3, 4), p=math.inf, dim=(1,))
    yield Sample(make(2, 3, low=0, high=0), p=2.0, dim=(1,), smooth=False)


NORM = Op(
    "norm", title="LinalgVectorNormBackward0",
    forward=_norm_forward, backward=_norm_backward, uses=((0, OUT),), samples=_norm_samples,
)  # fmt: skip


def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False,
    out: Tensor | None = None, dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """The p-norm `sum(|x|**p)**(1/p)` of the elements, over all or the given dims.

    Args:
        input: Floating point or complex, any shape; whole numbers with `dtype` alone.
        p: The order: a number, inf (largest `|x|`), -inf (smallest), 0 (how many are not 0), "fro" or None (2).
            Default: "fro".
        dim: A dim or several. Default: all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        out: Where to write the result.
        dtype: `input` is cast to it first. Default: its own.

    Returns:
        `input` without the reduced dims, real and not negative, in its dtype or `dtype`.

    Raises:
        DTypeError: What is to be summed is of whole numbers or bool.
        OptionError: `p` is another string ("nuc" included).
        IndexRangeError: `dim` is out of range.
        ShapeError: A dim is named twice, or is empty where `p` is negative or infinite.

    Differentiable: Any order; 0 where the norm is 0, by elements that are 0, and for `p=0`; for inf and -inf shared
        evenly among equal extremes.

    Example:
        >>> import fnnet
        >>> fnnet.norm(fnnet.tensor([3.0, 4.0]))
        tensor(5.)
    """
    need_tensor("norm", input=input)
    if dtype is not None:
        input = to_dtype(input, dtype)
    if dtype_of(input).category == 3:
        input = input.abs()
    if dtype_of(input).category != 2:
        raise DTypeError(f"norm: Expected a floating point tensor as input. Got {dtype_of(input)}")
    order = 2.0 if p in ("fro", None) else p
    if isinstance(order, str):
        raise OptionError(f"norm: Order {order} not supported; expected a number, inf, -inf or 'fro'")
    dims = wrap_dims(dim, input._data.ndim, "norm")
    order = float(order)
    if order in (math.inf, -math.inf) and any(input._data.shape[d] == 0 for d in dims):
        raise ShapeError(f"norm: the operation does not have an identity for p={order} on an empty dim")
    if order < 0 and any(input._data.shape[d] == 0 for d in dims):
        raise ShapeError(f"norm: cannot compute the {order} norm on an empty dim")
    r: Tensor = apply(NORM, input, p=order, dim=dims, keepdim=keepdim)
    return r if out is None else into_same("norm", out, r)


__all__ = ["norm", "std", "std_mean", "var", "var_mean"]
