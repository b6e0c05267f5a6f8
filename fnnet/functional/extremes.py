"""Elementwise maxima and minima, clamping, replacing of what is not finite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import OptionError
from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import OPS, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.autograd.variable import Variable
from fnnet.functional._common import (
    binary,
    dtype_of,
    elementwise,
    into,
    is_tensor,
    need_number,
    need_tensor,
    plain_number,
    refuse_dtype,
    result_dtype,
)
from fnnet.functional._rules import tensor_pairs
from fnnet.functional.host_data import fitting_number

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# maximum, minimum ----------------------------------------------------------------------------------------------------
def _shared(k: K[A], g: A, a: A, b: A, larger: Any) -> A:
    """The gradient of the operand `a` that wins where `larger(a, b)`: half of it where both are equal, all at NaN."""
    return k.where(larger(b, a), 0.0, k.where(k.eq(a, b), g / 2, g))


def _maximum_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    return (
        sum_to(k, _shared(k, g, a, b, k.gt), c.shapes[0]) if c.needs[0] else None,
        sum_to(k, _shared(k, g, b, a, k.gt), c.shapes[1]) if c.needs[1] else None,
    )


def _minimum_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    return (
        sum_to(k, _shared(k, g, a, b, k.lt), c.shapes[0]) if c.needs[0] else None,
        sum_to(k, _shared(k, g, b, a, k.lt), c.shapes[1]) if c.needs[1] else None,
    )


def _extreme_samples(make: Make) -> Iterator[Sample]:
    yield from tensor_pairs(make)
    tied = make(4)
    yield Sample(tied, tied, smooth=False)


MAXIMUM = Op("maximum", backward=_maximum_backward, uses=((0, 1),), onnx="Max", samples=_extreme_samples, real=True)
MINIMUM = Op("minimum", backward=_minimum_backward, uses=((0, 1),), onnx="Min", samples=_extreme_samples, real=True)


def maximum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of two elements, NaN where one is NaN.

    Args:
        input: Any real dtype or bool.
        other: As `input`, broadcast with it.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both.

    Raises:
        ArgumentError: One of them is no tensor.
        DTypeError: A dtype is complex.
        ShapeError: The shapes do not broadcast.

    Differentiable:
        Both, any order. Where both are equal each gets half of the gradient; where one is NaN, each gets all.

    Example:
        >>> import fnnet
        >>> fnnet.maximum(fnnet.tensor([1, 5]), fnnet.tensor([3, 2]))
        tensor([3, 5])
    """
    need_tensor("maximum", input=input, other=other)
    return binary(MAXIMUM, input, other, out)


def minimum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of two elements, NaN where one is NaN.

    Args:
        input: Any real dtype or bool.
        other: As `input`, broadcast with it.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both.

    Raises:
        ArgumentError: One of them is no tensor.
        DTypeError: A dtype is complex.
        ShapeError: The shapes do not broadcast.

    Differentiable:
        Both, any order. Where both are equal each gets half of the gradient; where one is NaN, each gets all.

    Example:
        >>> import fnnet
        >>> fnnet.minimum(fnnet.tensor([1, 5]), fnnet.tensor([3, 2]))
        tensor([1, 2])
    """
    need_tensor("minimum", input=input, other=other)
    return binary(MINIMUM, input, other, out)


# fmax, fmin: as maximum and minimum, but a number beats NaN ----------------------------------------------------------
def _fmax_forward(k: K[A], a: A, b: A) -> A:
    return k.where(_first(k, a, b, k.ge), a, b)


def _fmin_forward(k: K[A], a: A, b: A) -> A:
    return k.where(_first(k, a, b, k.le), a, b)


def _first(k: K[A], a: A, b: A, wins: Any) -> A:
    """Where the first operand is the result."""
    return k.logical_or(wins(a, b), k.ne(b, b))


def _chosen(k: K[A], c: Call[A], g: A, first: A) -> Grads:
    return (
        sum_to(k, k.where(first, g, 0.0), c.shapes[0]) if c.needs[0] else None,
        sum_to(k, k.where(first, 0.0, g), c.shapes[1]) if c.needs[1] else None,
    )


def _fmax_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return _chosen(k, c, g, _first(k, c.inputs[0], c.inputs[1], k.ge))


def _fmin_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return _chosen(k, c, g, _first(k, c.inputs[0], c.inputs[1], k.le))


FMAX = Op("fmax", forward=_fmax_forward, backward=_fmax_backward, uses=((0, 1),), samples=_extreme_samples, real=True)
FMIN = Op("fmin", forward=_fmin_forward, backward=_fmin_backward, uses=((0, 1),), samples=_extreme_samples, real=True)


def fmax(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of two elements; where one is NaN, the other.

    Args:
        input: Any real dtype or bool.
        other: As `input`, broadcast with it.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both; NaN only where both are.

    Raises:
        ArgumentError: One of them is no tensor.
        DTypeError: A dtype is complex.
        ShapeError: The shapes do not broadcast.

    Differentiable:
        Both, any order. The gradient goes to the operand that was chosen; `input` where both are equal or `other` is
        NaN.

    Example:
        >>> import fnnet
        >>> fnnet.fmax(fnnet.tensor([1.0, float("nan")]), fnnet.tensor([3.0, 2.0]))
        tensor([3., 2.])
    """
    need_tensor("fmax", input=input, other=other)
    return binary(FMAX, input, other, out)


def fmin(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of two elements; where one is NaN, the other.

    Args:
        input: Any real dtype or bool.
        other: As `input`, broadcast with it.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both; NaN only where both are.

    Raises:
        ArgumentError: One of them is no tensor.
        DTypeError: A dtype is complex.
        ShapeError: The shapes do not broadcast.

    Differentiable:
        Both, any order. The gradient goes to the operand that was chosen; `input` where both are equal or `other` is
        NaN.

    Example:
        >>> import fnnet
        >>> fnnet.fmin(fnnet.tensor([1.0, float("nan")]), fnnet.tensor([3.0, 2.0]))
        tensor([1., 2.])
    """
    need_tensor("fmin", input=input, other=other)
    return binary(FMIN, input, other, out)


# clamp ---------------------------------------------------------------------------------------------------------------
def _clamp_forward(k: K[A], x: A, low: Any, high: Any) -> A:
    if low is not None:
        x = k.maximum(x, low)
    return x if high is None else k.minimum(x, high)


def _clamp_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, low, high = c.inputs
    inside = k.ge(x, low) if low is not None else None
    if high is not None:
        below = k.le(x, high)
        inside = below if inside is None else k.logical_and(inside, below)
    grad_low = grad_high = None
    if c.needs[1]:
        at_low = k.lt(x, low)
        if high is not None:
            at_low = k.logical_and(at_low, k.lt(low, high))
        grad_low = sum_to(k, k.where(at_low, g, 0.0), c.shapes[1])
    if c.needs[2]:
        at_high = k.gt(x, high)
        if low is not None:
            at_high = k.logical_or(at_high, k.gt(low, high))
        grad_high = sum_to(k, k.where(at_high, g, 0.0), c.shapes[2])
    return (sum_to(k, k.where(inside, g, 0.0), c.shapes[0]) if c.needs[0] else None, grad_low, grad_high)


def _clamp_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(3, 4), -0.5, 0.5)
    yield Sample(make(3, 4), None, 0.25)
    yield Sample(make(3, 4), make(4, low=-0.6, high=-0.1), make(2, 1, 1, low=0.1, high=0.6))
    yield Sample(make(), 0.5, None)
    yield Sample(make(0, 4), make(4), None)
    yield Sample(make(4), 0.5, -0.5, smooth=False)


CLAMP = Op(
    "clamp", forward=_clamp_forward, backward=_clamp_backward, uses=((0, 1, 2),), onnx="Clip", real=True,
    samples=_clamp_samples,
)  # fmt: skip


CLAMP_NUMBERS = CLAMP.titled("ClampBackward1")
CLAMP_MIN = CLAMP.titled("ClampMinBackward1"), CLAMP.titled("ClampMinBackward0")
CLAMP_MAX = CLAMP.titled("ClampMaxBackward1"), CLAMP.titled("ClampMaxBackward0")
"""By a tensor, by a number: PyTorch's overloads."""


def clamp_op(low: object, high: object) -> Op:
    """`CLAMP` under the name of PyTorch's overload."""
    return CLAMP if isinstance(low, Variable) or isinstance(high, Variable) else CLAMP_NUMBERS


def check_clamp(low: Tensor | Number | None, high: Tensor | Number | None, x: Tensor) -> None:
    """Raise where there is nothing to clamp to, or no order of numbers."""
    if low is None and high is None:
        raise OptionError("torch.clamp: At least one of 'min' or 'max' must not be None")
    need_number("clamp", **{what: bound for what, bound in (("min", low), ("max", high)) if not is_tensor(bound)})
    if dtype_of(x).category == 1 and not (is_tensor(low) or is_tensor(high)):
        dtype = result_dtype(x, low, high)
        for bound in (low, high):
            if bound is not None and dtype.category == 1:
                fitting_number(plain_number(bound), dtype)
    if dtype_of(x).category != 2:  # of floating point, a complex bound is refused by the op
        refuse_dtype("clamp", result_dtype(x, low, high), 3, *(() if low is None or high is None else (0,)))


def clamp(
    input: Tensor,
    min: Tensor | Number | None = None,
    max: Tensor | Number | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """`minimum(maximum(input, min), max)`: `max` wins where the bounds cross.

    Args:
        input: Any real dtype or bool.
        min: Lower bound, number or tensor, broadcast; None: none. Default: None.
        max: Upper bound, number or tensor, broadcast; None: none. Default: None.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of all that is given: whole numbers with a fractional bound
        become floating-point. NaN in `input` or in a bound gives NaN.

    Raises:
        OptionError: Neither bound is given, or a number is outside the range of the whole numbers clamped.
        DTypeError: A dtype is complex.
        ShapeError: The shapes do not broadcast.

    Differentiable: `input` where it lies between the bounds or on them, else the bound that was taken; any order.

    Example:
        >>> import fnnet
        >>> fnnet.clamp(fnnet.tensor([-2.0, 0.5, 3.0]), min=-1, max=1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
    need_tensor("clamp", input=input)
    check_clamp(min, max, input)
    r = elementwise(clamp_op(min, max), input, min, max)
    return r if out is None else into("clamp", out, r, beside=(input, min, max))


clip = clamp


def clamp_min(input: Tensor, min: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`clamp` with a lower bound only.

    Args:
        input: Any real dtype or bool.
        min: Lower bound, number or tensor, broadcast.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both.

    Raises:
        OptionError: `min` is None.
        DTypeError: A dtype is complex.
        ShapeError: The shapes do not broadcast.

    Differentiable: `input` where it is at least `min`, else `min`; any order.

    Example:
        >>> import fnnet
        >>> fnnet.clamp_min(fnnet.tensor([-2.0, 3.0]), 0)
        tensor([0., 3.])
    """
    return entitle(clamp(input, min=min, out=out), f"ClampMinBackward{int(isinstance(min, Variable))}")


def clamp_max(input: Tensor, max: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`clamp` with an upper bound only.

    Args:
        input: Any real dtype or bool.
        max: Upper bound, number or tensor, broadcast.
        out: Where to write the result.

    Returns:
        A tensor of the broadcast shape and the common dtype of both.

    Raises:
        OptionError: `max` is None.
        DTypeError: A dtype is complex.
        ShapeError: The shapes do not broadcast.

    Differentiable: `input` where it is at most `max`, else `max`; any order.

    Example:
        >>> import fnnet
        >>> fnnet.clamp_max(fnnet.tensor([-2.0, 3.0]), 0)
        tensor([-2.,  0.])
    """
    return entitle(clamp(input, max=max, out=out), f"ClampMaxBackward{int(isinstance(max, Variable))}")


# nan_to_num ----------------------------------------------------------------------------------------------------------
def _nan_to_num_forward(k: K[A], x: A, *, nan: float, posinf: float, neginf: float) -> A:
    x = k.where(k.ne(x, x), nan, x)
    return k.where(k.eq(x, float("inf")), posinf, k.where(k.eq(x, float("-inf")), neginf, x))


def _nan_to_num_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (k.where(k.isfinite(c.inputs[0]), g, 0.0),)


NAN_TO_NUM = Op(
    "nan_to_num", forward=_nan_to_num_forward, backward=_nan_to_num_backward, uses=((0,),),
    samples=lambda make: (
        Sample(make(3, 4), nan=0.0, posinf=1e3, neginf=-1e3), Sample(make(0), nan=0.0, posinf=1.0, neginf=0.0),
    ),
)  # fmt: skip


def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """`input` with numbers in place of what is not finite.

    Args:
        input: Any dtype; whole numbers and bools are copied, of complex numbers both parts are treated.
        nan: In place of NaN. Default: None, 0.
        posinf: In place of infinity. Default: None, the largest number of the dtype.
        neginf: In place of minus infinity. Default: None, the smallest number of the dtype.
        out: Where to write the result.

    Returns:
        A new tensor of the input's shape and dtype.

    Raises:
        ArgumentError: `input` is no tensor, or a replacement no number.

    Differentiable: Everywhere, any order; what was replaced gets no gradient.

    Example:
        >>> import fnnet
        >>> fnnet.nan_to_num(fnnet.tensor([float("nan"), float("inf"), 1.0]), posinf=9.0)
        tensor([0., 9., 1.])
    """
    need_tensor("nan_to_num", input=input)
    need_number("nan_to_num", nan=nan, posinf=posinf, neginf=neginf)
    dtype = dtype_of(input)
    if dtype.category == 3:
        parts = nan_to_num(apply(OPS["view_as_real"], input), nan, posinf, neginf)
        r: Tensor = apply(OPS["view_as_complex"], parts)
    elif dtype.category < 2:
        r = apply(OPS["clone"], input)
    else:
        largest = LARGEST[dtype.name]
        r = apply(
            NAN_TO_NUM, input, nan=0.0 if nan is None else float(nan),
            posinf=largest if posinf is None else float(posinf), neginf=-largest if neginf is None else float(neginf),
        )  # fmt: skip
    return r if out is None else into("nan_to_num", out, r, beside=(input,))


LARGEST = {
    "float16": 65504.0,
    "bfloat16": (2 - 2.0**-7) * 2.0**127,
    "float32": (2 - 2.0**-23) * 2.0**127,
    "float64": (2 - 2.0**-52) * 2.0**1023,
}
"""The largest finite number of each floating-point dtype (IEEE 754; bfloat16 has float32's exponents)."""


__all__ = [
    "maximum", "minimum", "fmax", "fmin", "clamp", "clip", "clamp_min", "clamp_max", "nan_to_num",
]  # fmt: skip
