"""Activations that are piecewise linear (or quadratic) with fixed knots: clamps, thresholds, shrinkage."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OPS, OUT, Make, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.functional._common import check_leaf, dtype_of, into, is_tensor, need_number, refuse_dtype
from fnnet.functional.activation import _floating, _real, in_place, need_float
from fnnet.functional.host_data import fitting_number
from fnnet.functional.random_source import draw
from fnnet.functional.rectifiers import LEAKY_RELU

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


def _between(k: K[A], x: A, low: Number, high: Number) -> A:
    """Where `low < x < high`."""
    return k.logical_and(k.gt(x, low), k.lt(x, high))


def _pieces(make: Make, *knots: float, **static: Any) -> Any:
    """Samples between and beyond the knots, and none at all."""
    edges = (knots[0] - 3, *knots, knots[-1] + 3)
    for low, high in itertools.pairwise(edges):
        margin = 0.1 * (high - low)
        yield Sample(make(2, 3, low=low + margin, high=high - margin), **static)
    yield Sample(make(0, 2), **static)


# hardtanh, relu6 -----------------------------------------------------------------------------------------------------
def _hardtanh_forward(k: K[A], x: A, *, low: Number, high: Number) -> A:
    return k.minimum(k.maximum(x, low), high)


def _hardtanh_backward(k: K[A], c: Call[A], g: A) -> Grads:
    seen = c.out if c.inputs[0] is None else c.inputs[0]  # the result tells the same: that is what is left in place
    return (k.where(_between(k, seen, c.static["low"], c.static["high"]), g, 0),)


HARDTANH = Op(
    "hardtanh", forward=_hardtanh_forward, backward=_hardtanh_backward, uses=((0,),), onnx="Clip",
    real=True, samples=lambda make: _pieces(make, -1, 1, low=-1, high=1),
)  # fmt: skip
_HARDTANH_ = Op(
    "hardtanh", forward=_hardtanh_forward, backward=_hardtanh_backward, uses=((OUT,),),
    real=True, register=False,
)  # fmt: skip


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """`min(max(x, min_val), max_val)`.

    Args:
        input: Any shape, real, no bool; whole numbers stay whole, and fractions of the limits are cut off.
        min_val: Lower limit. Default: -1.
        max_val: Upper limit. Default: 1.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself with `inplace`.

    Raises:
        OptionError: `min_val > max_val`.
        DTypeError: `input` is bool or complex, or unsigned where a limit is negative.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; 0 at both limits and beyond.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.hardtanh(fnnet.tensor([-2.0, 0.5, 2.0]))
        tensor([-1.0000,  0.5000,  1.0000])
    """
    if min_val > max_val:
        raise OptionError(f"hardtanh: min_val cannot be greater than max_val, got {min_val} > {max_val}")
    if is_tensor(input) and dtype_of(input).category == 1:
        min_val, max_val = int(min_val), int(max_val)
        if min_val < 0 and not dtype_of(input).is_signed:
            raise DTypeError("hardtanh: cannot do hardtanh on an unsigned type with negative limits")
    return _real(_HARDTANH_ if inplace else HARDTANH, input, inplace, low=min_val, high=max_val)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh` in place.

    Args:
        input: What is overwritten, as in `hardtanh`.
        min_val: Lower limit. Default: -1.
        max_val: Upper limit. Default: 1.

    Returns:
        `input`.

    Raises:
        OptionError: `min_val > max_val`.
        DTypeError: `input` is bool or complex, or unsigned where a limit is negative.
        AutogradError: `input` is a leaf that requires grad.

    Differentiable: As `hardtanh`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.hardtanh_(fnnet.tensor([-2.0, 2.0]))
        tensor([-1.,  1.])
    """
    return hardtanh(input, min_val, max_val, True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """`min(max(0, x), 6)`.

    Args:
        input: Any shape, real, no bool.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself with `inplace`.

    Raises:
        DTypeError: `input` is bool or complex.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; 0 at 0 and 6 and beyond.

    Source:
        A. Krizhevsky, "Convolutional Deep Belief Networks on CIFAR-10" (2010).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.relu6(fnnet.tensor([-1.0, 2.0, 8.0]))
        tensor([0., 2., 6.])
    """
    return _real(_HARDTANH_ if inplace else HARDTANH, input, inplace, low=0, high=6)


# hardsigmoid, hardswish ----------------------------------------------------------------------------------------------
def _hardsigmoid_forward(k: K[A], x: A) -> A:
    return k.minimum(k.maximum(x + 3, 0), 6) / 6


def _hardsigmoid_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (k.where(_between(k, c.inputs[0], -3, 3), g / 6, 0),)


HARDSIGMOID = Op(
    "hardsigmoid", forward=_hardsigmoid_forward, backward=_hardsigmoid_backward, uses=((0,),), onnx="HardSigmoid",
    real=True, samples=lambda make: _pieces(make, -3, 3),
)  # fmt: skip


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """`min(max(x + 3, 0), 6) / 6`.

    Args:
        input: Any shape, floating-point.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself with `inplace`.

    Raises:
        DTypeError: `input` is not floating-point.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; 0 at -3 and 3 and beyond.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.hardsigmoid(fnnet.tensor([-4.0, 0.0, 4.0]))
        tensor([0.0000, 0.5000, 1.0000])
    """
    return _floating(HARDSIGMOID, input, inplace)


def _hardswish_forward(k: K[A], x: A) -> A:
    return x * k.minimum(k.maximum(x + 3, 0), 6) / 6


def _hardswish_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    return (k.where(k.le(x, -3), 0, k.where(k.lt(x, 3), g * (x / 3 + 0.5), g)),)


HARDSWISH = Op(
    "hardswish", forward=_hardswish_forward, backward=_hardswish_backward, uses=((0,),), onnx="HardSwish",
    real=True, samples=lambda make: _pieces(make, -3, 3),
)  # fmt: skip


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """`x * hardsigmoid(x)`.

    Args:
        input: Any shape, floating-point.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself with `inplace`.

    Raises:
        DTypeError: `input` is not floating-point.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; 0 at -3 and below, 1 at 3 and above.

    Source:
        A. Howard et al., "Searching for MobileNetV3" (2019).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.hardswish(fnnet.tensor([-4.0, 1.0, 4.0]))
        tensor([-0.0000, 0.6667, 4.0000])
    """
    return _floating(HARDSWISH, input, inplace)


# threshold -----------------------------------------------------------------------------------------------------------
def _threshold_forward(k: K[A], x: A, *, threshold: Number, value: Number) -> A:
    return k.where(k.le(x, threshold), value, x)


def _threshold_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (k.where(k.le(c.inputs[0], c.static["threshold"]), 0, g),)


THRESHOLD = Op(
    "threshold", forward=_threshold_forward, backward=_threshold_backward, uses=((0,),),
    real=True, samples=lambda make: _pieces(make, 1, threshold=1, value=5),
)  # fmt: skip
_THRESHOLD_ = THRESHOLD.titled("ThresholdBackward1")  # in place, PyTorch's overload is another one


def _threshold(input: Tensor, inplace: bool, threshold: float, value: float) -> Tensor:
    need_number("threshold", threshold=threshold, value=value)
    if is_tensor(input) and dtype_of(input).category in (1, 2):
        threshold, value = (fitting_number(v, dtype_of(input)) for v in (threshold, value))
    return _real(_THRESHOLD_ if inplace else THRESHOLD, input, inplace, threshold=threshold, value=value)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """`x` where it is greater than `threshold`, else `value`.

    Args:
        input: Any shape, real, no bool; whole numbers stay whole, and fractions of the numbers are cut off.
        threshold: What `x` has to exceed.
        value: What stands where it does not.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype, NaN where `input` is; `input` itself with `inplace`.

    Raises:
        OptionError: `threshold` or `value` is outside the range of a whole-number dtype.
        DTypeError: `input` is bool or complex.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; 0 at `threshold` and below.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.threshold(fnnet.tensor([0.5, 2.0]), 1.0, 20.0)
        tensor([20.,  2.])
    """
    return _threshold(input, inplace, threshold, value)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold` in place.

    Args:
        input: What is overwritten, as in `threshold`.
        threshold: What `x` has to exceed.
        value: What stands where it does not.

    Returns:
        `input`.

    Raises:
        OptionError: `threshold` or `value` is outside the range of a whole-number dtype.
        DTypeError: `input` is bool or complex.
        AutogradError: `input` is a leaf that requires grad.

    Differentiable: As `threshold`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.threshold_(fnnet.tensor([0.5, 2.0]), 1.0, 0.0)
        tensor([0., 2.])
    """
    return _threshold(input, True, threshold, value)


# shrinkage -----------------------------------------------------------------------------------------------------------
def _inside(k: K[A], x: A, lambd: float) -> A:
    """Where `-lambd <= x <= lambd`."""
    return k.logical_and(k.ge(x, -lambd), k.le(x, lambd))


def _shrink_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, lambd = c.inputs[0], c.static["lambd"]
    return (k.where(k.logical_or(k.lt(x, -lambd), k.gt(x, lambd)), g, 0),)


HARDSHRINK = Op(
    "hardshrink", forward=lambda k, x, *, lambd: k.where(_inside(k, x, lambd), 0, x), backward=_shrink_backward,
    uses=((0,),), real=True, samples=lambda make: _pieces(make, -0.5, 0.5, lambd=0.5),
)  # fmt: skip


def hardshrink(input: Tensor, lambd: float = 0.5, *, out: Tensor | None = None) -> Tensor:
    """`x`, but 0 where `|x| <= lambd`.

    Args:
        input: Any shape, floating-point.
        lambd: Half the width of what becomes 0. Default: 0.5.
        out: Where to write the result.

    Returns:
        A new tensor of the input's shape and dtype, NaN where `input` is.

    Raises:
        DTypeError: `input` is not floating-point.

    Differentiable: Everywhere, any order; 0 at `-lambd`, at `lambd` and between.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.hardshrink(fnnet.tensor([-1.0, 0.2, 2.0]))
        tensor([-1.,  0.,  2.])
    """
    need_number("hardshrink", lambd=lambd)
    r = _floating(HARDSHRINK, input, lambd=float(lambd))
    return r if out is None else into("hardshrink", out, r, beside=(input,))


def _softshrink_forward(k: K[A], x: A, *, lambd: float) -> A:
    # What is inside is multiplied by 0, so that NaN stays NaN.
    return k.where(k.gt(x, lambd), x - lambd, k.where(k.lt(x, -lambd), x + lambd, x * 0))


SOFTSHRINK = Op(
    "softshrink", forward=_softshrink_forward, backward=_shrink_backward, uses=((0,),), onnx="Shrink",
    real=True, samples=lambda make: _pieces(make, -0.5, 0.5, lambd=0.5),
)  # fmt: skip


def softshrink(input: Tensor, lambd: float = 0.5, *, out: Tensor | None = None) -> Tensor:
    """`x` moved towards 0 by `lambd`, and 0 where `|x| <= lambd`.

    Args:
        input: Any shape, floating-point.
        lambd: Half the width of what becomes 0, at least 0. Default: 0.5.
        out: Where to write the result.

    Returns:
        A new tensor of the input's shape and dtype, NaN where `input` is.

    Raises:
        OptionError: `lambd` is negative.
        DTypeError: `input` is not floating-point.

    Differentiable: Everywhere, any order; 0 at `-lambd`, at `lambd` and between.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.softshrink(fnnet.tensor([-1.0, 0.2, 2.0]))
        tensor([-0.5000,  0.0000,  1.5000])
    """
    if not lambd >= 0:
        raise OptionError(f"softshrink: lambda must be in range [0, maximum of the input dtype], but found {lambd}")
    r = _floating(SOFTSHRINK, input, lambd=float(lambd))
    return r if out is None else into("softshrink", out, r, beside=(input,))


# rrelu ---------------------------------------------------------------------------------------------------------------
def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """`x` where positive, else `slope * x`; in training each slope is uniform in `[lower, upper)`, else their mean.

    Args:
        input: Any shape, floating-point.
        lower: Least slope. Default: 1/8.
        upper: Greatest slope. Default: 1/3.
        training: Whether slopes are drawn, one per element. Default: False.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Of the input's shape and dtype; `input` itself with `inplace`.

    Raises:
        OptionError: `lower > upper`.
        DTypeError: `input` is not floating-point.
        AutogradError: `inplace`, and `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; the slope at 0. Not through the random draw.

    Source:
        B. Xu et al., "Empirical Evaluation of Rectified Activations in Convolutional Network" (2015).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.rrelu(fnnet.tensor([-1.0, 2.0]), 0.25, 0.75)
        tensor([-0.5000,  2.0000])
    """
    need_float("rrelu", input)
    refuse_dtype("rrelu", dtype_of(input), 3)
    if lower > upper:
        raise OptionError(f"rrelu: Lower bound should be less than or equal to the upper bound, got {lower} > {upper}")
    if not training:
        leaky = LEAKY_RELU.titled(f"RreluWithNoiseBackward{int(inplace)}")
        return _floating(leaky, input, inplace, negative_slope=(lower + upper) / 2)
    mul = OPS["mul"]
    if inplace:
        check_leaf(mul, input)
    slopes = draw(
        "rrelu", tuple(input._data.shape), dtype_of(input), input._device, x=input, lower=float(lower),
        upper=float(upper),
    )  # fmt: skip
    mul = mul.titled(f"RreluWithNoiseBackward{int(inplace)}")
    return in_place(mul, input, slopes) if inplace else cast("Tensor", apply(mul, input, slopes))


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """`rrelu` in place.

    Args:
        input: What is overwritten, as in `rrelu`.
        lower: Least slope. Default: 1/8.
        upper: Greatest slope. Default: 1/3.
        training: Whether slopes are drawn, one per element. Default: False.

    Returns:
        `input`.

    Raises:
        OptionError: `lower > upper`.
        DTypeError: `input` is not floating-point.
        AutogradError: `input` is a leaf that requires grad.

    Differentiable: As `rrelu`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.rrelu_(fnnet.tensor([-1.0, 2.0]), 0.25, 0.75)
        tensor([-0.5000,  2.0000])
    """
    return rrelu(input, lower, upper, training, True)


__all__ = [
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hardtanh_", "relu6", "rrelu", "rrelu_", "softshrink",
    "threshold", "threshold_",
]  # fmt: skip
