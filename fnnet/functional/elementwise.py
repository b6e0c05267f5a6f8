"""Elementwise functions of no other family: choosing, the logistic function, copied signs, the step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, DTypeError
from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import OUT, Kind, Make, Op, Sample
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make as make_tensor
from fnnet.backends import dtypes
from fnnet.functional._common import (
    binary,
    broadcast_shape,
    dtype_of,
    fit_number,
    into,
    is_number,
    is_tensor,
    need_tensor,
    plain_number,
    refuse_dtype,
    result_dtype,
    to_dtype,
    unary,
)  # fmt: skip
from fnnet.functional._rules import between, zero_backward
from fnnet.functional.host_data import fitting_number

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# where ---------------------------------------------------------------------------------------------------------------
def _where_backward(k: K[A], c: Call[A], g: A) -> Grads:
    condition = c.inputs[0]
    return (
        None,
        sum_to(k, k.where(condition, g, 0.0), c.shapes[1]) if c.needs[1] else None,
        sum_to(k, k.where(condition, 0.0, g), c.shapes[2]) if c.needs[2] else None,
    )


def _where_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(3, 4, dtype=dtypes.bool_), make(3, 4), make(3, 4))
    yield Sample(make(3, 1, dtype=dtypes.bool_), make(4), make(2, 1, 1))
    yield Sample(make(3, dtype=dtypes.bool_), make(3), 2.5)
    yield Sample(make(3, dtype=dtypes.bool_), -1.0, make(1))
    yield Sample(make(0, 2, dtype=dtypes.bool_), make(2), make())


WHERE = Op("where", backward=_where_backward, uses=((), (0,)), onnx="Where", samples=_where_samples)


def where(
    condition: Tensor,
    input: Tensor | Number | None = None,
    other: Tensor | Number | None = None,
    *,
    out: Tensor | None = None,
) -> Any:  # a Tensor, or a tuple of them where only a condition is given
    """`input` where `condition` holds, `other` elsewhere, broadcast and promoted.

    Args:
        condition: Bool tensor (uint8: not zero). Without `input` and `other`: of any dtype.
        input: Tensor or number.
        other: Tensor or number. Without both: the indices where `condition` is not zero, one tensor per dim.
        out: Where to write the result; only with `input` and `other`.

    Returns:
        The shape to which all three broadcast, in the promoted dtype of `input` and `other`; or a tuple of int64
        vectors.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: `condition` is not bool, or `out` can't hold the result.
        OptionError: A number is outside the range of the whole numbers beside it.
        ArgumentError: Only one of `input` and `other` is given, one is neither tensor nor number, or `out` is given
            without them.

    Differentiable: In `input` and `other`, any order: each gets the gradient where it was chosen.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([-1.0, 2.0])
        >>> fnnet.where(x > 0, x, 0.0)
        tensor([0., 2.])
        >>> fnnet.where(x > 0)
        (tensor([1]),)
    """
    if input is None and other is None:
        from fnnet.functional.masking import nonzero  # a family above this one

        need_tensor("where", condition=condition)
        if out is not None:
            raise ArgumentError("where(): argument 'out' needs 'input' and 'other', got only 'condition'")
        return nonzero(condition, as_tuple=True)
    if not is_tensor(condition):
        kind = type(condition).__name__
        raise ArgumentError(f"where(): argument 'condition' (position 1) must be Tensor, not {kind}")
    for name, x in (("input", input), ("other", other)):
        if not is_tensor(x) and not is_number(x):
            raise ArgumentError(f"where(): argument '{name}' must be Tensor, not {type(x).__name__}")
    mask = dtype_of(condition)
    if mask is dtypes.uint8:
        condition = to_dtype(condition, dtypes.bool_)
    elif mask is not dtypes.bool_:
        raise DTypeError(f"where expected condition to be a boolean tensor, but got a tensor with dtype {mask.name}")
    dtype = result_dtype(input, other)
    a, b = (_filler(x, dtype, condition) for x in (input, other))
    broadcast_shape("where", *(tuple(t._data.shape) for t in (condition, a, b)))
    r: Tensor = apply(WHERE, condition, a, b)
    return r if out is None else into("where", out, r, beside=(condition, input, other))


def _filler(x: Any, dtype: dtypes.DType, like: Tensor) -> Any:
    """An operand of `where`: a number becomes a 0-d tensor, as both may be numbers."""
    if is_tensor(x):
        if x._device is not like._device and x._data.ndim == 0 and x._device.type == "cpu":
            x = cast("Any", x).item()
        else:
            return to_dtype(x, dtype)
    k = namespace_of(like._device)
    fit = fitting_number if dtype.category == 1 else fit_number
    number = fit(plain_number(x), dtype)
    return make_tensor(k.full((), number, dtype=like._device.backend.native(dtype)), like._device)


# sigmoid, logit ------------------------------------------------------------------------------------------------------
SIGMOID = Op(
    "sigmoid", forward=lambda k, x: k.div(1.0, k.exp(-x) + 1), backward=lambda k, c, g: (g * (c.out * (1 - c.out)),),
    uses=((OUT,),), kind=Kind.FLOAT, onnx="Sigmoid", samples=between(-3, 3),
)  # fmt: skip


def sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logistic function `1 / (1 + exp(-input))`.

    Args:
        input: Any shape and dtype; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating-point or complex; of real numbers in [0, 1].

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.sigmoid(fnnet.tensor([0.0, 2.0]))
        tensor([0.5000, 0.8808])
    """
    return unary(SIGMOID, input, out)


expit = sigmoid


def _logit_forward(k: K[A], x: A, *, eps: float | None = None) -> A:
    if eps is not None:
        x = k.minimum(k.maximum(x, eps), 1 - eps)
    return k.log(x / (1 - x))


def _logit_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, eps = c.inputs[0], c.static.get("eps")
    slope = g / (x * (1 - x))
    if eps is None:
        inside = k.logical_and(k.ge(x, 0), k.le(x, 1))
        return (k.where(inside, slope, float("nan")),)
    clamped = k.logical_or(k.lt(x, eps), k.gt(x, 1 - eps))  # NaN is not
    return (k.where(clamped, 0.0, slope),)


LOGIT = Op(
    "logit", forward=_logit_forward, backward=_logit_backward, uses=((0,),), kind=Kind.FLOAT,
    real=True, samples=lambda make: (
        Sample(make(3, 4, low=0.1, high=0.9)), Sample(make(3, low=0.2, high=0.8), eps=0.1), Sample(make(0)),
    ),
)  # fmt: skip


def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """The inverse of `sigmoid`: `log(input / (1 - input))`; NaN outside [0, 1].

    Args:
        input: Probabilities, any shape, real; whole numbers and bool are taken in the default float dtype.
        eps: Clamps `input` to [eps, 1 - eps] first. Default: None (does not).
        out: Where to write the result.

    Returns:
        `input`'s shape, floating point.

    Raises:
        DTypeError: `input` is complex, or `out` can't hold floating point.

    Differentiable: Infinite at 0 and 1, NaN outside. With `eps`, zero where `input` was clamped.

    Example:
        >>> import fnnet
        >>> fnnet.logit(fnnet.tensor([0.5, 0.9]))
        tensor([0.0000, 2.1972])
    """
    if eps is None:
        return unary(LOGIT, input, out)
    need_tensor("logit", input=input)
    if dtype_of(input).category < 2:
        input = to_dtype(input, dtypes.DEFAULT.float)
    r: Tensor = apply(LOGIT, input, eps=float(eps))
    return r if out is None else into("logit", out, r, beside=(input,))


# copysign ------------------------------------------------------------------------------------------------------------
def _copysign_forward(k: K[A], a: A, b: A | float) -> A:
    size = k.abs(a)
    if isinstance(b, (int, float)):
        return -size if str(float(b)).startswith("-") else size
    return k.where(k.signbit(b), -size, size)


def _copysign_backward(k: K[A], c: Call[A], g: A) -> Grads:
    grad_a = None
    if c.needs[0]:
        zero = k.eq(c.inputs[0], 0)
        flipped = c.out / k.where(zero, 1.0, c.inputs[0])
        grad_a = sum_to(k, k.where(zero, 0.0, g * flipped), c.shapes[0])
    return grad_a, k.full(c.shapes[1], 0, dtype=g.dtype) if c.needs[1] else None


def _copysign_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.2, high=1), make(3, 4, low=-1, high=-0.2))
    yield Sample(make(3, 1, low=-1, high=-0.2), make(2, low=0.2, high=1))
    yield Sample(make(3, low=0.2, high=1), -2.0)
    yield Sample(make(0), make(1))


COPYSIGN = Op(
    "copysign", forward=_copysign_forward, backward=_copysign_backward, uses=((0, OUT), ()), kind=Kind.FLOAT,
    real=True, samples=_copysign_samples,
)  # fmt: skip
COPYSIGN_NUMBER = COPYSIGN.titled("CopysignBackward1")  # with a number, PyTorch's overload is another one


def copysign(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """The size of `input` with the sign of `other`, that of -0.0 included.

    Args:
        input: Tensor, real; whole numbers and bool are taken in the default float dtype.
        other: Tensor or number, real; broadcast and promoted.
        out: Where to write the result.

    Returns:
        The broadcast shape, floating point.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: An operand is complex, or `out` can't hold floating point.

    Differentiable: In `input`, zero where it is 0; in `other` zero everywhere.

    Example:
        >>> import fnnet
        >>> fnnet.copysign(fnnet.tensor([1.0, -2.0]), fnnet.tensor([-0.0, 3.0]))
        tensor([-1.,  2.])
    """
    need_tensor("copysign", input=input)
    return binary(COPYSIGN if is_tensor(other) else COPYSIGN_NUMBER, input, other, out)


# heaviside -----------------------------------------------------------------------------------------------------------
HEAVISIDE = Op(
    "heaviside", forward=lambda k, x, v: k.where(k.eq(x, 0), v, k.cast(k.gt(x, 0), dtype=x.dtype)),
    backward=zero_backward, uses=((),),
    real=True, samples=lambda make: (
        Sample(make(3, 4, low=0.1, high=1), make(4)), Sample(make(2, low=0, high=0), make(2), smooth=False),
    ),
)  # fmt: skip


def heaviside(input: Tensor, values: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The unit step: 0 below zero and of NaN, 1 above, `values` at zero.

    Args:
        input: Tensor of any real dtype.
        values: Tensor of the same dtype; broadcast.
        out: Where to write the result.

    Returns:
        The broadcast shape, `input`'s dtype.

    Raises:
        ShapeError: The shapes do not broadcast.
        DTypeError: The dtypes differ or are complex, or `out` can't hold the result.

    Differentiable: Zero everywhere, in `values` too.

    Example:
        >>> import fnnet
        >>> fnnet.heaviside(fnnet.tensor([-1.0, 0.0, 2.0]), fnnet.tensor([0.5]))
        tensor([0.0000, 0.5000, 1.0000])
    """
    need_tensor("heaviside", input=input, values=values)
    if dtype_of(input) is not dtype_of(values):
        raise DTypeError("heaviside is not yet implemented for tensors with different dtypes.")
    refuse_dtype("heaviside_cpu", dtype_of(input), 3)
    return binary(HEAVISIDE, input, values, out)


__all__ = ["where", "sigmoid", "expit", "logit", "copysign", "heaviside"]
