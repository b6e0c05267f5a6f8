"""Elementwise exponentials and logarithms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import OUT, Kind, Make, Op, Sample
from fnnet.functional._common import binary, into, need_tensor, refuse_dtype, result_dtype, unary
from fnnet.functional._rules import between, tensor_pairs

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

LN2 = math.log(2)
LN10 = math.log(10)


# exponentials --------------------------------------------------------------------------------------------------------
EXP = Op(
    "exp", backward=lambda k, c, g: (g * c.out,), uses=((OUT,),), kind=Kind.FLOAT, onnx="Exp",
    samples=between(-2, 2),
)  # fmt: skip


def exp(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`e ** input`.

    Args:
        input: Any shape and dtype; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating-point or complex.

    Raises:
        DTypeError: `out` can't hold the result.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.exp(fnnet.tensor([0.0, 1.0]))
        tensor([1.0000, 2.7183])
    """
    return unary(EXP, input, out)


EXP2 = Op(
    "exp2", forward=lambda k, x: k.pow(2.0, x), backward=lambda k, c, g: (g * (c.out * LN2),), uses=((OUT,),),
    kind=Kind.FLOAT, samples=between(-2, 2),
)  # fmt: skip


def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`2 ** input`.

    Args:
        input: Any shape and dtype; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating-point or complex.

    Raises:
        DTypeError: `out` can't hold the result.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.exp2(fnnet.tensor([0.0, 3.0]))
        tensor([1., 8.])
    """
    return unary(EXP2, input, out)


EXPM1 = Op(
    "expm1", backward=lambda k, c, g: (g * (c.out + 1),), uses=((OUT,),), kind=Kind.FLOAT, samples=between(-2, 2),
)  # fmt: skip


def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`e ** input - 1`, accurate near 0.

    Args:
        input: Any shape and dtype; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating-point or complex.

    Raises:
        DTypeError: `out` can't hold the result.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.expm1(fnnet.tensor([0.0, 1e-08]))
        tensor([0.0000e+00, 1.0000e-08])
    """
    return unary(EXPM1, input, out)


# logarithms ----------------------------------------------------------------------------------------------------------
LOG = Op(
    "log", backward=lambda k, c, g: (g / c.inputs[0],), uses=((0,),), kind=Kind.FLOAT, onnx="Log",
    samples=between(0.3, 3),
)  # fmt: skip


def log(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The natural logarithm; NaN for negative numbers, minus infinity for 0.

    Args:
        input: Any shape and dtype; whole numbers and bool are taken in the default float dtype, of complex numbers the
            principal value.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating-point or complex.

    Raises:
        DTypeError: `out` can't hold the result.

    Differentiable: Where `input` is above 0, any order; infinite at 0.

    Example:
        >>> import fnnet
        >>> fnnet.log(fnnet.tensor([1.0, 10.0]))
        tensor([0.0000, 2.3026])
    """
    return unary(LOG, input, out)


LOG2 = Op(
    "log2", backward=lambda k, c, g: (g / (c.inputs[0] * LN2),), uses=((0,),), kind=Kind.FLOAT,
    samples=between(0.3, 3),
)  # fmt: skip


def log2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to base 2; NaN for negative numbers, minus infinity for 0.

    Args:
        input: Any shape and dtype; whole numbers and bool are taken in the default float dtype, of complex numbers the
            principal value.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating-point or complex.

    Raises:
        DTypeError: `out` can't hold the result.

    Differentiable: Where `input` is above 0, any order; infinite at 0.

    Example:
        >>> import fnnet
        >>> fnnet.log2(fnnet.tensor([1.0, 8.0]))
        tensor([0., 3.])
    """
    return unary(LOG2, input, out)


LOG10 = Op(
    "log10", backward=lambda k, c, g: (g / (c.inputs[0] * LN10),), uses=((0,),), kind=Kind.FLOAT,
    samples=between(0.3, 3),
)  # fmt: skip


def log10(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to base 10; NaN for negative numbers, minus infinity for 0.

    Args:
        input: Any shape and dtype; whole numbers and bool are taken in the default float dtype, of complex numbers the
            principal value.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating-point or complex.

    Raises:
        DTypeError: `out` can't hold the result.

    Differentiable: Where `input` is above 0, any order; infinite at 0.

    Example:
        >>> import fnnet
        >>> fnnet.log10(fnnet.tensor([1.0, 2.0]))
        tensor([0.0000, 0.3010])
    """
    return unary(LOG10, input, out)


LOG1P = Op(
    "log1p", backward=lambda k, c, g: (g / (c.inputs[0] + 1),), uses=((0,),), kind=Kind.FLOAT,
    samples=between(-0.6, 3),
)  # fmt: skip


def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`log(1 + input)`, accurate near 0; NaN below -1, minus infinity for -1.

    Args:
        input: Any shape and dtype; whole numbers and bool are taken in the default float dtype, of complex numbers the
            principal value.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating-point or complex.

    Raises:
        DTypeError: `out` can't hold the result.

    Differentiable: Where `input` is above -1, any order; infinite at -1.

    Example:
        >>> import fnnet
        >>> fnnet.log1p(fnnet.tensor([0.0, 1e-08]))
        tensor([0.0000e+00, 1.0000e-08])
    """
    return unary(LOG1P, input, out)


# sums of exponentials ------------------------------------------------------------------------------------------------
def _logaddexp_forward(k: K[A], a: A, b: A) -> A:
    # The equal case apart: the difference of two infinities is NaN.
    return k.where(k.eq(a, b), a + LN2, k.maximum(a, b) + k.log1p(k.exp(-k.abs(a - b))))


def _logaddexp_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    return (
        sum_to(k, g * k.sigmoid(a - b), c.shapes[0]) if c.needs[0] else None,
        sum_to(k, g * k.sigmoid(b - a), c.shapes[1]) if c.needs[1] else None,
    )


LOGADDEXP = Op(
    "logaddexp", forward=_logaddexp_forward, backward=_logaddexp_backward, uses=((0, 1),),
    real=True, samples=tensor_pairs,
)  # fmt: skip


def _complex_logaddexp(a: Tensor, b: Tensor) -> Tensor:
    """The same of complex numbers, by the one whose exponential is the larger."""
    first = a.real >= b.real
    high, low = a.where(first, b), b.where(first, a)
    return high + (low - high).exp().log1p()


def logaddexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`log(exp(input) + exp(other))`, without overflow on the way.

    Args:
        input: Tensor, floating-point or complex.
        other: Tensor; broadcast and promoted.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: The promoted dtype is bool or of whole numbers, or `out` can't hold it.

    Differentiable: In `input` and `other`, any order; NaN where both are the same infinity.

    Example:
        >>> import fnnet
        >>> fnnet.logaddexp(fnnet.tensor([-1.0, 1000.0]), fnnet.tensor([-1.0, 1.0]))
        tensor([-3.0685e-01,  1.0000e+03])
    """
    need_tensor("logaddexp", input=input, other=other)
    refuse_dtype("logaddexp_cpu", result_dtype(input, other), 0, 1)
    if result_dtype(input, other).category == 3:
        r = _complex_logaddexp(input, other)
        return r if out is None else into("logaddexp", out, r, beside=(input, other))
    return binary(LOGADDEXP, input, other, out)


def _logaddexp2_forward(k: K[A], a: A, b: A) -> A:
    return k.where(k.eq(a, b), a + 1, k.maximum(a, b) + k.log1p(k.exp(k.abs(a - b) * -LN2)) / LN2)


def _logaddexp2_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    return (
        sum_to(k, g * k.sigmoid((a - b) * LN2), c.shapes[0]) if c.needs[0] else None,
        sum_to(k, g * k.sigmoid((b - a) * LN2), c.shapes[1]) if c.needs[1] else None,
    )


LOGADDEXP2 = Op(
    "logaddexp2", forward=_logaddexp2_forward, backward=_logaddexp2_backward, uses=((0, 1),), real=True,
    samples=tensor_pairs,
)  # fmt: skip


def logaddexp2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`log2(2 ** input + 2 ** other)`, without overflow on the way.

    Args:
        input: Tensor, floating point.
        other: Tensor; broadcast and promoted.
        out: Where to write the result.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: The promoted dtype is not floating-point, or `out` can't hold it.

    Differentiable: In `input` and `other`, any order; NaN where both are the same infinity.

    Example:
        >>> import fnnet
        >>> fnnet.logaddexp2(fnnet.tensor([3.0]), fnnet.tensor([3.0]))
        tensor([4.])
    """
    need_tensor("logaddexp2", input=input, other=other)
    refuse_dtype("logaddexp2_cpu", result_dtype(input, other), 0, 1, 3)
    return binary(LOGADDEXP2, input, other, out)


# products with a logarithm -------------------------------------------------------------------------------------------
def _log_of(y: float) -> float:
    """The logarithm of a number, as the op gives it."""
    return math.log(y) if y > 0 else -math.inf if y == 0 else math.nan


def _xlogy_forward(k: K[A], x: A | float, y: A | float) -> A:
    log: Any = _log_of(y) if isinstance(y, (int, float)) else k.log(y)
    if isinstance(x, (int, float)):
        return k.where(k.ne(log, log), log, 0.0) if x == 0 else log * x
    if isinstance(y, (int, float)):
        return x * log if y != y else k.where(k.eq(x, 0), 0.0, x * log)
    return k.where(k.logical_and(k.eq(x, 0), k.eq(y, y)), 0.0, x * log)


def _xlogy_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, y = c.inputs
    grad_x = None
    if c.needs[0]:
        if isinstance(y, (int, float)):
            log = _log_of(y)
            grad_x = k.where(k.eq(x, 0), 0.0, g * log) if y <= 0 else g * log
        else:
            flat = k.logical_and(k.eq(x, 0), k.le(y, 0))
            grad_x = k.where(flat, 0.0, g * k.log(k.where(flat, 1.0, y)))
        grad_x = sum_to(k, grad_x, c.shapes[0])
    return grad_x, sum_to(k, g * x / y, c.shapes[1]) if c.needs[1] else None


def _xlogy_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.2, high=2), make(3, 4, low=0.2, high=2))
    yield Sample(make(3, 1, low=0.2, high=2), make(2, low=0.2, high=2))
    yield Sample(make(3, low=0.2, high=2), 2.5)
    yield Sample(1.5, make(3, low=0.2, high=2))
    yield Sample(make(0, 2), make(2, low=0.2, high=2))


XLOGY = Op(
    "xlogy", forward=_xlogy_forward, backward=_xlogy_backward, uses=((0, 1),), kind=Kind.FLOAT, real=True,
    samples=_xlogy_samples,
)  # fmt: skip


def xlogy(input: Tensor | float, other: Tensor | float, *, out: Tensor | None = None) -> Tensor:
    """`input * log(other)`; 0 where `input` is 0, also for `other` 0, but NaN where `other` is.

    Args:
        input: Tensor or number, real; whole numbers and bool are taken in the default float dtype.
        other: Tensor or number, likewise; one of the two is a tensor.
        out: Where to write the result.

    Returns:
        The broadcast shape, floating point.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: An operand is complex, or `out` can't hold the result.
        ArgumentError: Both are numbers, or one is neither tensor nor number.

    Differentiable:
        In `input`, `log(other)`, taken as 0 where `input` is 0 and `other` is not above 0; in `other`, `input / other`.

    Example:
        >>> import fnnet
        >>> fnnet.xlogy(fnnet.tensor([0.0, 2.0]), fnnet.tensor([0.0, 1.0]))
        tensor([0., 0.])
    """
    return binary(XLOGY, input, other, out)


__all__ = [
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "logaddexp2", "xlogy",
]  # fmt: skip
