"""Elementwise rounding, fractions and signs: functions that are constant piece by piece, or nearly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ArgumentError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OPS, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.functional._common import dtype_of, into, is_tensor, need_tensor, quick_unary, refuse_dtype, unary
from fnnet.functional._rules import zero_backward

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# floor, ceil, trunc, round -------------------------------------------------------------------------------------------
def _steps(make: Make) -> Any:
    """Within one step, and on its edge."""
    yield Sample(make(3, 4, low=1.1, high=1.4))
    yield Sample(make(low=-0.4, high=-0.1))
    yield Sample(make(2, low=2, high=2), smooth=False)
    yield Sample(make(0, 2))


FLOOR = Op("floor", backward=zero_backward, uses=((),), onnx="Floor", samples=_steps, real=True)
CEIL = Op("ceil", backward=zero_backward, uses=((),), onnx="Ceil", samples=_steps, real=True)
TRUNC = Op("trunc", backward=zero_backward, uses=((),), samples=_steps, real=True)
ROUND = Op("round", backward=zero_backward, uses=((),), onnx="Round", samples=_steps, real=True)


def rounded(op: Op, x: Tensor) -> Tensor:
    """A rounding op; whole numbers are copied."""
    need_tensor(op.name, input=x)
    r: Tensor | None = quick_unary(op, x)
    if r is not None:
        return r
    dtype = dtype_of(x)
    refuse_dtype(op.name + "_vml_cpu", dtype, 0, 3)
    return unary(op, x) if dtype.category == 2 else apply(OPS["clone"], x)


def floor(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The largest whole number that is not larger.

    Args:
        input: Floating point; whole numbers are copied.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Raises:
        DTypeError: `input` is bool or complex.

    Differentiable: Zero everywhere.

    Example:
        >>> import fnnet
        >>> fnnet.floor(fnnet.tensor([-1.5, 1.5]))
        tensor([-2.,  1.])
    """
    r = rounded(FLOOR, input)
    return r if out is None else into("floor", out, r, beside=(input,))


def ceil(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smallest whole number that is not smaller.

    Args:
        input: Floating point; whole numbers are copied.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Raises:
        DTypeError: `input` is bool or complex.

    Differentiable: Zero everywhere.

    Example:
        >>> import fnnet
        >>> fnnet.ceil(fnnet.tensor([-1.5, 1.5]))
        tensor([-1.,  2.])
    """
    r = rounded(CEIL, input)
    return r if out is None else into("ceil", out, r, beside=(input,))


def trunc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Rounded towards zero.

    Args:
        input: Floating point; whole numbers are copied.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Raises:
        DTypeError: `input` is bool or complex.

    Differentiable: Zero everywhere.

    Example:
        >>> import fnnet
        >>> fnnet.trunc(fnnet.tensor([-1.5, 1.5]))
        tensor([-1.,  1.])
    """
    r = rounded(TRUNC, input)
    return r if out is None else into("trunc", out, r, beside=(input,))


fix = trunc


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Rounded to the nearest, halves to the even neighbour.

    Args:
        input: Floating point; whole numbers are copied.
        decimals: Digits to keep after the decimal point; if negative, before it. Default: 0.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Raises:
        DTypeError: `input` is bool or complex, or holds whole numbers and `decimals` is not 0.

    Differentiable: Zero everywhere.

    Example:
        >>> import fnnet
        >>> fnnet.round(fnnet.tensor([0.5, 1.5, -2.5]))
        tensor([ 0.,  2., -2.])
        >>> fnnet.round(fnnet.tensor([0.1234]), decimals=2)
        tensor([0.1200])
    """
    r = rounded(ROUND, input) if decimals == 0 else rounded_to(input, decimals)
    return r if out is None else into("round", out, r, beside=(input,))


def _round_decimals_forward(k: K[A], x: A, *, decimals: int) -> A:
    scale = 10.0 ** (decimals if decimals > 0 else -decimals)
    return k.round(x * scale) / scale if decimals > 0 else k.round(x / scale) * scale


ROUND_DECIMALS = Op(
    "round_decimals", title="RoundBackward1", forward=_round_decimals_forward, backward=zero_backward, uses=((),),
    real=True, samples=lambda make: (
        Sample(make(3, low=0.121, high=0.124), decimals=2), Sample(make(3, low=60, high=90), decimals=-2),
        Sample(make(0), decimals=1),
    ),
)  # fmt: skip


def rounded_to(x: Tensor, decimals: int) -> Tensor:
    """`round` with decimals."""
    need_tensor("round", input=x)
    if not hasattr(decimals, "__index__"):
        raise ArgumentError(f"round(): argument 'decimals' must be int, not {type(decimals).__name__}")
    refuse_dtype("round_cpu", dtype_of(x), 0, 1, 3)
    r: Tensor = apply(ROUND_DECIMALS, x, decimals=decimals)
    return r


# frac ----------------------------------------------------------------------------------------------------------------
FRAC = Op(
    "frac", forward=lambda k, x: x - k.trunc(x), backward=lambda k, c, g: (g,), uses=((),), real=True, samples=_steps
)  # fmt: skip


def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input - trunc(input)`, the fraction with the sign of `input`.

    Args:
        input: Floating point; of infinities, NaN.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Raises:
        DTypeError: `input` is not floating point.

    Differentiable: 1 everywhere, at whole numbers too.

    Example:
        >>> import fnnet
        >>> fnnet.frac(fnnet.tensor([-1.5, 1.25]))
        tensor([-0.5000,  0.2500])
    """
    need_tensor("frac", input=input)
    refuse_dtype("frac_cpu", dtype_of(input), 0, 1, 3)
    return unary(FRAC, input, out)


# abs, signs ----------------------------------------------------------------------------------------------------------
def _abs_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    if g.dtype != x.dtype:  # the absolute value of a complex number is real
        return (k.cast(g, dtype=x.dtype) * k.sgn(x),)
    return (g * k.sign(x),)


def _abs_samples(make: Make) -> Any:
    yield Sample(make(3, 4, low=0.1, high=1))
    yield Sample(make(3, low=-1, high=-0.1))
    yield Sample(make(2, low=0, high=0), smooth=False)
    yield Sample(make(0))


ABS = Op("abs", backward=_abs_backward, uses=((0,),), holomorphic=False, onnx="Abs", samples=_abs_samples)


def abs(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The absolute value, real for complex numbers too.

    Args:
        input: Any dtype but bool; the least number of a whole-number dtype stays what it is.
        out: Where to write the result.

    Returns:
        Input's shape and dtype; of complex numbers, the dtype of their parts.

    Raises:
        DTypeError: `input` is bool.

    Differentiable: Zero at 0.

    Example:
        >>> import fnnet
        >>> fnnet.abs(fnnet.tensor([-1.0, 2.0]))
        tensor([1., 2.])
    """
    need_tensor("abs", input=input)
    refuse_dtype("abs_cpu", dtype_of(input), 0)
    return unary(ABS, input, out)


absolute = abs


def _sign_forward(k: K[A], x: A) -> A:
    return k.cast(k.gt(x, 0), dtype=x.dtype) - k.cast(k.lt(x, 0), dtype=x.dtype)


SIGN = Op(
    "sign", forward=_sign_forward, backward=zero_backward, uses=((),), onnx="Sign", real=True, samples=_abs_samples
)  # fmt: skip


def sign(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """-1, 0 or 1; 0 for NaN, bool stays what it is.

    Args:
        input: Any real dtype.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Raises:
        DTypeError: `input` is complex (see `sgn`).

    Differentiable: Zero everywhere.

    Example:
        >>> import fnnet
        >>> fnnet.sign(fnnet.tensor([-3.0, 0.0, 2.0]))
        tensor([-1.,  0.,  1.])
    """
    need_tensor("sign", input=input)
    if dtype_of(input).category == 0:
        r: Tensor = apply(OPS["clone"], input)
        return r if out is None else into("sign", out, r, beside=(input,))
    refuse_dtype("sign_cpu", dtype_of(input), 3)
    return unary(SIGN, input, out)


def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sign` of real numbers; of complex ones `input / abs(input)`, 0 at 0.

    Args:
        input: Any dtype.
        out: Where to write the result.

    Returns:
        Input's shape and dtype.

    Differentiable: Zero at 0, and of real numbers everywhere.

    Example:
        >>> import fnnet
        >>> fnnet.sgn(fnnet.tensor([3 + 4j]))
        tensor([0.6000+0.8000j])
    """
    if is_tensor(input) and dtype_of(input).category == 3:
        return entitle(unary(OPS["sgn"], input, out), "SgnBackward0")
    return entitle(sign(input, out=out), "SgnBackward0")


SIGNBIT = Op(
    "signbit", samples=lambda make: (Sample(make(3, 4), smooth=False), Sample(make(0), smooth=False)), real=True
)


def signbit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether the sign bit is set: True for -0.0 too.

    Args:
        input: Any real dtype.
        out: Where to write the result.

    Returns:
        bool, input's shape.

    Raises:
        DTypeError: `input` is complex.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.signbit(fnnet.tensor([-0.0, 0.0, -1.0]))
        tensor([ True, False,  True])
    """
    need_tensor("signbit", input=input)
    refuse_dtype("signbit_cpu", dtype_of(input), 3)
    return unary(SIGNBIT, input, out)


__all__ = [
    "floor", "ceil", "trunc", "fix", "round", "frac", "abs", "absolute", "sign", "sgn", "signbit",
]  # fmt: skip
