"""Rectified and exponential linear units: linear where positive, and less below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import OPS, OUT, Op, Sample
from fnnet.autograd import tape
from fnnet.autograd.tape import apply
from fnnet.functional._common import (
    dtype_of,
    is_tensor,
    need_number,
    need_tensor,
)
from fnnet.functional.activation import _floating, _kinked, _real, need_float

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

_SELU_ALPHA = 1.6732632423543772848170429916717  # Klambauer et al. 2017, "Self-Normalizing Neural Networks"
_SELU_SCALE = 1.0507009873554804934193349852946


# relu ----------------------------------------------------------------------------------------------------------------
def _relu_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (k.where(k.le(c.out, 0), 0, g),)


RELU = Op(
    "relu", forward=lambda k, x: k.maximum(x, 0), backward=_relu_backward, uses=((OUT,),), onnx="Relu", real=True,
    samples=_kinked,
)  # fmt: skip


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """`max(0, x)`.

    Args:
        input: Any shape; any real dtype but bool.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Shape and dtype of `input`; `input` itself with `inplace`.

    Raises:
        DTypeError: `input` is bool or complex.
        AutogradError: With `inplace`, `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; the subgradient at 0 is 0.

    Source:
        V. Nair and G. E. Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines" (2010).

    Example:
        >>> import fnnet
        >>> fnnet.relu(fnnet.tensor([-1.0, 0.0, 2.0]))
        tensor([0., 0., 2.])
    """
    # The quick path serves plain floats alone; whatever else it is goes the long way, with its checks.
    r: Tensor | None = None if inplace or not is_tensor(input) else tape.unary(RELU, input)
    return _real(RELU, input, inplace) if r is None else r


def relu_(input: Tensor) -> Tensor:
    """`relu` in place.

    Args:
        input: As of `relu`; overwritten.

    Returns:
        `input` itself.

    Raises:
        DTypeError: `input` is bool or complex.
        AutogradError: `input` is a leaf that requires grad.

    Differentiable: As `relu`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.relu_(fnnet.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    return _real(RELU, input, True)


# leaky_relu, prelu, rrelu --------------------------------------------------------------------------------------------
def _leaky_forward(k: K[A], x: A, *, negative_slope: float) -> A:
    return k.where(k.gt(x, 0), x, x * negative_slope)


def _leaky_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (k.where(k.gt(c.inputs[0], 0), g, g * c.static["negative_slope"]),)


LEAKY_RELU = Op(
    "leaky_relu", forward=_leaky_forward, backward=_leaky_backward, uses=((0,),), onnx="LeakyRelu",
    real=True, samples=lambda make: (
        Sample(make(3, 4, low=0.1), negative_slope=0.01), Sample(make(2, 3, low=-2, high=-0.1), negative_slope=0.3),
        Sample(make(0, 2), negative_slope=-0.5),
    ),
)  # fmt: skip
_LEAKY_RELU_ = LEAKY_RELU.titled("LeakyReluBackward1")  # in place, PyTorch's overload is another one


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """`x` where positive, else `negative_slope * x`.

    Args:
        input: Any shape, floating point.
        negative_slope: Slope below 0. Default: 0.01.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Shape and dtype of `input`; `input` itself with `inplace`.

    Raises:
        DTypeError: `input` is not floating-point.
        AutogradError: With `inplace`, `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; the subgradient at 0 is `negative_slope`.

    Source:
        A. L. Maas et al., "Rectifier Nonlinearities Improve Neural Network Acoustic Models" (2013).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.leaky_relu(fnnet.tensor([-1.0, 2.0]), 0.1)
        tensor([-0.1000,  2.0000])
    """
    need_number("leaky_relu", negative_slope=negative_slope)
    return _floating(_LEAKY_RELU_ if inplace else LEAKY_RELU, input, inplace, negative_slope=float(negative_slope))


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu` in place.

    Args:
        input: As of `leaky_relu`; overwritten.
        negative_slope: Slope below 0. Default: 0.01.

    Returns:
        `input` itself.

    Raises:
        DTypeError: `input` is not floating-point.
        AutogradError: `input` is a leaf that requires grad.

    Differentiable: As `leaky_relu`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.leaky_relu_(fnnet.tensor([-1.0, 2.0]), 0.5)
        tensor([-0.5000,  2.0000])
    """
    return leaky_relu(input, negative_slope, True)


def _prelu_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, w = c.inputs
    positive = k.gt(x, 0)
    return (
        k.where(positive, g, g * w) if c.needs[0] else None,
        sum_to(k, k.where(positive, 0, g * x), c.shapes[1]) if c.needs[1] else None,
    )


PRELU = Op(
    "prelu", title="PreluKernelBackward0",
    forward=lambda k, x, w: k.where(k.gt(x, 0), x, x * w), backward=_prelu_backward, uses=((0, 1), (0,)),
    onnx="PRelu",
    real=True, samples=lambda make: (
        Sample(make(2, 3, 4, low=0.1), make(3, 1)), Sample(make(2, 3, low=-2, high=-0.1), make(3)),
        Sample(make(5, low=-2, high=-0.1), make(1)),
    ),
)  # fmt: skip


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`x` where positive, else `weight * x`, with a learnt weight for all channels or one for each.

    Args:
        input: `(N, C, *)`, floating point; with fewer than two dims there is one channel.
        weight: `(C,)`, `(1,)` or 0-d, of the same dtype.

    Returns:
        Shape and dtype of `input`.

    Raises:
        ShapeError: `weight` does not have one value or one per channel.
        DTypeError: `input` is not floating-point, or `weight` of another dtype.

    Differentiable: In `input` and `weight`, any order; where `input` is 0, its subgradient is `weight`.

    Source:
        K. He et al., "Delving Deep into Rectifiers" (2015).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.prelu(fnnet.tensor([-1.0, 2.0]), fnnet.tensor([0.25]))
        tensor([-0.2500,  2.0000])
    """
    need_float("prelu", input)
    need_tensor("prelu", weight=weight)
    shape, w = tuple(input._data.shape), tuple(weight._data.shape)
    if dtype_of(input) is not dtype_of(weight):
        raise DTypeError(
            f"prelu: Type promoting not supported. Got {dtype_of(input)} for input and {dtype_of(weight)} for weight"
        )
    if len(w) > 1:
        raise ShapeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {len(w)}")
    if len(w) == 1 and w[0] != 1:
        if not shape:
            raise ShapeError("prelu: Not allow zero-dim input tensor.")
        channels = shape[1] if len(shape) > 1 else 1
        if channels != w[0]:
            raise ShapeError(
                f"prelu: Mismatch of parameter numbers and input channel size. Found parameter numbers = {w[0]} and "
                f"channel size = {channels} (input: {shape})"
            )
    target = () if not shape else (w[0] if w else 1, *(1,) * max(len(shape) - 2, 0))
    if target != w:
        weight = apply(OPS["reshape"], weight, shape=target)
    return cast("Tensor", apply(PRELU, input, weight))


# elu, celu, selu -----------------------------------------------------------------------------------------------------
def _elu_forward(k: K[A], x: A, *, alpha: float, scale: float, input_scale: float) -> A:
    # Both zeros keep their sign.
    return k.where(k.ge(x, 0), x * scale, k.expm1(k.minimum(x, 0) * input_scale) * (alpha * scale))


def _elu_backward(k: K[A], c: Call[A], g: A) -> Grads:
    s = c.static
    x = c.inputs[0]
    # The exponential of what is positive would overflow, and infinity times a zero gradient is NaN one order higher.
    falling = k.exp(k.where(k.lt(x, 0), x, 0.0) * s["input_scale"]) * (s["alpha"] * s["scale"] * s["input_scale"])
    return (g * k.where(k.le(x, 0), falling, s["scale"]),)


ELU = Op(
    "elu", forward=_elu_forward, backward=_elu_backward, uses=((0,),),
    real=True, samples=lambda make: (
        Sample(make(3, 4, low=0.1), alpha=1.0, scale=1.0, input_scale=1.0),
        Sample(make(3, low=-3, high=-0.1), alpha=0.7, scale=1.5, input_scale=2.0),
        Sample(make(0, 2), alpha=1.0, scale=1.0, input_scale=1.0),
    ),
)  # fmt: skip
_ELU_ = ELU.titled("EluBackward1")  # in place, PyTorch's overload is another one
_CELU = ELU.titled("CeluBackward0"), ELU.titled("CeluBackward1")


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`x` where positive, else `alpha * (exp(x) - 1)`.

    Args:
        input: Any shape, floating point.
        alpha: The limit at minus infinity is `-alpha`. Default: 1.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Shape and dtype of `input`; `input` itself with `inplace`.

    Raises:
        DTypeError: `input` is not floating-point.
        AutogradError: With `inplace`, `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; the subgradient at 0 is the derivative from below, `alpha`, the second one 0.
        At NaN the slope is 1.

    Source:
        D.-A. Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units" (2015).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.elu(fnnet.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """
    need_number("elu", alpha=alpha)
    return _floating(_ELU_ if inplace else ELU, input, inplace, alpha=float(alpha), scale=1.0, input_scale=1.0)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu` in place.

    Args:
        input: As of `elu`; overwritten.
        alpha: The limit at minus infinity is `-alpha`. Default: 1.

    Returns:
        `input` itself.

    Raises:
        DTypeError: `input` is not floating-point.
        AutogradError: `input` is a leaf that requires grad.

    Differentiable: As `elu`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.elu_(fnnet.tensor([0.0, 2.0]))
        tensor([0., 2.])
    """
    return elu(input, alpha, True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`x` where positive, else `alpha * (exp(x / alpha) - 1)`: its derivative has no jump for any alpha.

    Args:
        input: Any shape, floating point.
        alpha: Not 0; above 0, the limit at minus infinity is `-alpha`. Default: 1.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Shape and dtype of `input`; `input` itself with `inplace`.

    Raises:
        OptionError: `alpha` is 0.
        DTypeError: `input` is not floating-point.
        AutogradError: With `inplace`, `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; at 0 the second derivative is 0. At NaN the slope is 1.

    Source:
        J. T. Barron, "Continuously Differentiable Exponential Linear Units" (2017).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.celu(fnnet.tensor([-1.0, 2.0]), 2.0)
        tensor([-0.7869,  2.0000])
    """
    if alpha == 0:
        raise OptionError("celu: ZeroDivisionError: alpha cannot be 0 for CELU")
    return _floating(_CELU[inplace], input, inplace, alpha=float(alpha), scale=1.0, input_scale=1.0 / alpha)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu` in place.

    Args:
        input: As of `celu`; overwritten.
        alpha: Not 0. Default: 1.

    Returns:
        `input` itself.

    Raises:
        OptionError: `alpha` is 0.
        DTypeError: `input` is not floating-point.
        AutogradError: `input` is a leaf that requires grad.

    Differentiable: As `celu`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.celu_(fnnet.tensor([0.0, 2.0]))
        tensor([0., 2.])
    """
    return celu(input, alpha, True)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`scale * elu(x, alpha)` with the constants that keep mean 0 and variance 1 from layer to layer.

    Args:
        input: Any shape, floating point.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Shape and dtype of `input`; `input` itself with `inplace`.

    Raises:
        DTypeError: `input` is not floating-point.
        AutogradError: With `inplace`, `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order; the subgradient at 0 is the derivative from below, `scale * alpha` = 1.758,
        the second one 0. At NaN the slope is `scale`.

    Source:
        G. Klambauer et al., "Self-Normalizing Neural Networks" (2017).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.selu(fnnet.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """
    op = _ELU_ if inplace else ELU
    return _floating(op, input, inplace, alpha=_SELU_ALPHA, scale=_SELU_SCALE, input_scale=1.0)


def selu_(input: Tensor) -> Tensor:
    """`selu` in place.

    Args:
        input: As of `selu`; overwritten.

    Returns:
        `input` itself.

    Raises:
        DTypeError: `input` is not floating-point.
        AutogradError: `input` is a leaf that requires grad.

    Differentiable: As `selu`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.selu_(fnnet.tensor([0.0, 2.0]))
        tensor([0.0000, 2.1014])
    """
    return selu(input, True)


__all__ = [
    "celu", "celu_", "elu", "elu_", "leaky_relu", "leaky_relu_", "prelu", "relu", "relu_", "selu", "selu_",
]  # fmt: skip
