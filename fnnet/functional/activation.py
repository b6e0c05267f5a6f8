"""Activations: rectifiers and their smooth relatives, gates, shrinkage, softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import OPS, OUT, Kind, Make, Op, Sample
from fnnet.autograd import tape
from fnnet.autograd.tape import apply, apply_
from fnnet.backends.dtypes import HALF
from fnnet.functional._common import (
    _title,
    check_leaf,
    copy_into,
    dtype_of,
    is_tensor,
    need_tensor,
    unary,
    wrap_dim,
)
from fnnet.functional.arithmetic import add, div

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

_SELU_ALPHA = 1.6732632423543772848170429916717  # Klambauer et al. 2017, "Self-Normalizing Neural Networks"
_SELU_SCALE = 1.0507009873554804934193349852946
_INV_SQRT_2 = 0.7071067811865476
_INV_SQRT_2PI = 0.3989422804014327
_SQRT_2_OVER_PI = 0.7978845608028654
_GELU_CUBIC = 0.044715  # Hendrycks and Gimpel 2016, "Gaussian Error Linear Units"


def need_float(name: str, x: Any) -> None:
    """Raise unless `x` is a tensor of a floating-point dtype."""
    need_tensor(name, input=x)
    if dtype_of(x).category < 2:
        raise DTypeError(f"{name}: \"{name}\" not implemented for '{_title(dtype_of(x))}', expected a floating dtype")


def in_place(op: Op, target: Tensor, *others: Tensor, **static: Any) -> Tensor:
    """`target = op(target, *others)` in target's memory; half types are computed beside it."""
    if dtype_of(target) in HALF:
        check_leaf(op, target)
        return copy_into(target, apply(op, target, *others, **static))
    return cast("Tensor", apply_(op, target, target, *others, **static))


def _floating(op: Op, x: Tensor, inplace: bool = False, **static: Any) -> Tensor:
    """An activation of floating-point tensors."""
    need_float(op.name, x)
    return in_place(op, x, **static) if inplace else cast("Tensor", apply(op, x, **static))


def _real(op: Op, x: Tensor, inplace: bool = False, **static: Any) -> Tensor:
    """An activation of any dtype but bool."""
    need_tensor(op.name, input=x)
    if dtype_of(x).category == 0:
        raise DTypeError(f"{op.name}: Boolean inputs not supported for {op.name}")
    return in_place(op, x, **static) if inplace else cast("Tensor", apply(op, x, **static))


def _smooth(make: Make) -> Any:
    """Both sides of zero, 0-d, empty."""
    return Sample(make(3, 4, low=-3, high=3)), Sample(make()), Sample(make(0, 2))


def _kinked(make: Make) -> Any:
    """Away from the kink at zero."""
    return (
        Sample(make(3, 4, low=0.1, high=2)), Sample(make(3, 4, low=-2, high=-0.1)), Sample(make(low=0.1)),
        Sample(make(0, 2)),
    )  # fmt: skip


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
        input: Tensor of any dtype but bool.
        inplace: Overwrite `input`. Default: False.

    Differentiable: yes; 0 at 0.

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


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """`x` where positive, else `negative_slope * x`.

    Differentiable: yes; `negative_slope` at 0.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.leaky_relu(fnnet.tensor([-1.0, 2.0]), 0.1)
        tensor([-0.1000,  2.0000])
    """
    return _floating(LEAKY_RELU, input, inplace, negative_slope=float(negative_slope))


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu` in place.

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
    "prelu", forward=lambda k, x, w: k.where(k.gt(x, 0), x, x * w), backward=_prelu_backward, uses=((0, 1), (0,)),
    onnx="PRelu",
    real=True, samples=lambda make: (
        Sample(make(2, 3, 4, low=0.1), make(3, 1)), Sample(make(2, 3, low=-2, high=-0.1), make(3)),
        Sample(make(5, low=-2, high=-0.1), make(1)),
    ),
)  # fmt: skip


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`x` where positive, else `weight * x`, with a learnt weight for all channels or one for each.

    Args:
        input: `(N, C, *)`, floating point.
        weight: `(C,)`, `(1,)` or 0-d, of the same dtype.

    Raises:
        ShapeError: `weight` does not have one value or one per channel.

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
    return k.where(k.gt(x, 0), x * scale, k.expm1(k.minimum(x, 0) * input_scale) * (alpha * scale))


def _elu_backward(k: K[A], c: Call[A], g: A) -> Grads:
    s = c.static
    x = c.inputs[0]
    # The exponential of what is positive would overflow, and infinity times a zero gradient is NaN one order higher.
    falling = k.exp(k.minimum(x, 0) * s["input_scale"]) * (s["alpha"] * s["scale"] * s["input_scale"])
    return (g * k.where(k.gt(x, 0), s["scale"], falling),)


ELU = Op(
    "elu", forward=_elu_forward, backward=_elu_backward, uses=((0,),),
    real=True, samples=lambda make: (
        Sample(make(3, 4, low=0.1), alpha=1.0, scale=1.0, input_scale=1.0),
        Sample(make(3, low=-3, high=-0.1), alpha=0.7, scale=1.5, input_scale=2.0),
        Sample(make(0, 2), alpha=1.0, scale=1.0, input_scale=1.0),
    ),
)  # fmt: skip


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`x` where positive, else `alpha * (exp(x) - 1)`.

    Source:
        D.-A. Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units" (2015).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.elu(fnnet.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """
    return _floating(ELU, input, inplace, alpha=float(alpha), scale=1.0, input_scale=1.0)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu` in place.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.elu_(fnnet.tensor([0.0, 2.0]))
        tensor([0., 2.])
    """
    return elu(input, alpha, True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`x` where positive, else `alpha * (exp(x / alpha) - 1)`: its derivative has no jump for any alpha.

    Raises:
        OptionError: `alpha` is 0.

    Source:
        J. T. Barron, "Continuously Differentiable Exponential Linear Units" (2017).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.celu(fnnet.tensor([-1.0, 2.0]), 2.0)
        tensor([-0.7869,  2.0000])
    """
    if alpha == 0:
        raise OptionError("celu: ZeroDivisionError: alpha cannot be 0 for CELU")
    return _floating(ELU, input, inplace, alpha=float(alpha), scale=1.0, input_scale=1.0 / alpha)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu` in place.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.celu_(fnnet.tensor([0.0, 2.0]))
        tensor([0., 2.])
    """
    return celu(input, alpha, True)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`scale * elu(x, alpha)` with the constants that keep mean 0 and variance 1 from layer to layer.

    Source:
        G. Klambauer et al., "Self-Normalizing Neural Networks" (2017).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.selu(fnnet.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """
    return _floating(ELU, input, inplace, alpha=_SELU_ALPHA, scale=_SELU_SCALE, input_scale=1.0)


def selu_(input: Tensor) -> Tensor:
    """`selu` in place.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.selu_(fnnet.tensor([0.0, 2.0]))
        tensor([0.0000, 2.1014])
    """
    return selu(input, True)


# gelu, silu, mish ----------------------------------------------------------------------------------------------------
def _gelu_forward(k: K[A], x: A, *, approximate: str) -> A:
    if approximate == "tanh":
        return x * 0.5 * (k.tanh((x + x * x * x * _GELU_CUBIC) * _SQRT_2_OVER_PI) + 1)
    r: A = x * 0.5 * (k.erf(x * _INV_SQRT_2) + 1)
    return r


def _gelu_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    if c.static["approximate"] == "tanh":
        t = k.tanh((x + x * x * x * _GELU_CUBIC) * _SQRT_2_OVER_PI)
        slope = (x * x * (3 * _GELU_CUBIC) + 1) * _SQRT_2_OVER_PI
        return (g * ((t + 1) * 0.5 + x * 0.5 * (1 - t * t) * slope),)
    below = (k.erf(x * _INV_SQRT_2) + 1) * 0.5
    return (g * (below + x * k.exp(x * x * -0.5) * _INV_SQRT_2PI),)


GELU = Op(
    "gelu", forward=_gelu_forward, backward=_gelu_backward, uses=((0,),), onnx="Gelu",
    real=True, samples=lambda make: tuple(
        Sample(make(*shape, low=-3, high=3), approximate=approximate)
        for shape in ((3, 4), (), (0, 2)) for approximate in ("none", "tanh")
    ),
)  # fmt: skip


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """`x * P(Z <= x)` of a standard normal Z: `x / 2 * (1 + erf(x / sqrt(2)))`.

    Args:
        input: Floating point.
        approximate: "none", or "tanh": `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`. Default: "none".

    Raises:
        OptionError: Another value of `approximate`.

    Source:
        D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units" (2016).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.gelu(fnnet.tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])
    """
    if approximate not in ("none", "tanh"):
        raise OptionError(f"gelu: approximate argument must be either none or tanh, got {approximate!r}")
    return _floating(GELU, input, approximate=approximate)


def _silu_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    s = k.sigmoid(x)
    return (g * (s * (x * (1 - s) + 1)),)


SILU = Op(
    "silu", forward=lambda k, x: x * k.sigmoid(x), backward=_silu_backward, uses=((0,),), samples=_smooth
)  # fmt: skip


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """`x * sigmoid(x)`, also called swish.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.silu(fnnet.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])
    """
    return _floating(SILU, input, inplace)


def _log1p_exp(k: K[A], x: A) -> A:
    """log(1 + exp(x)), exact to rounding on both sides of zero."""
    return k.maximum(x, 0) + k.log1p(k.exp(-k.abs(x)))


def _mish_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    t = k.tanh(k.softplus(x, beta=1.0, threshold=_SOFTPLUS_LINEAR))
    return (g * (t + x * k.sigmoid(x) * (1 - t * t)),)


_SOFTPLUS_LINEAR = 20.0  # log(1 + exp(x)) - x is below float32's resolution from 17 on; PyTorch's bound is 20
MISH = Op(
    "mish", forward=lambda k, x: x * k.tanh(_log1p_exp(k, x)), backward=_mish_backward, uses=((0,),), onnx="Mish",
    real=True, samples=_smooth,
)  # fmt: skip


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """`x * tanh(softplus(x))`.

    Source:
        D. Misra, "Mish: A Self Regularized Non-Monotonic Neural Activation Function" (2019).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.mish(fnnet.tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.9440])
    """
    return _floating(MISH, input, inplace)


# softplus, logsigmoid, softsign, tanhshrink --------------------------------------------------------------------------
def _softplus_forward(k: K[A], x: A, *, beta: float, threshold: float) -> A:
    scaled = x * beta
    return k.where(k.gt(scaled, threshold), x, _log1p_exp(k, scaled) / beta)


def _softplus_backward(k: K[A], c: Call[A], g: A) -> Grads:
    scaled = c.inputs[0] * c.static["beta"]
    return (g * k.where(k.gt(scaled, c.static["threshold"]), 1.0, k.sigmoid(scaled)),)


SOFTPLUS = Op(
    "softplus", forward=_softplus_forward, backward=_softplus_backward, uses=((0,),), onnx="Softplus",
    real=True, samples=lambda make: (
        Sample(make(3, 4, low=-3, high=3), beta=1.0, threshold=20.0),
        Sample(make(3), beta=2.5, threshold=0.0, smooth=False),
        Sample(make(3, low=1, high=2), beta=-1.5, threshold=-1.0), Sample(make(0), beta=1.0, threshold=20.0),
    ),
)  # fmt: skip


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """`log(1 + exp(beta * x)) / beta`, and `x` itself where `beta * x > threshold`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.softplus(fnnet.tensor([-1.0, 2.0]))
        tensor([0.3133, 2.1269])
    """
    return _floating(SOFTPLUS, input, beta=float(beta), threshold=float(threshold))


LOGSIGMOID = Op(
    "logsigmoid", forward=lambda k, x: -_log1p_exp(k, -x), backward=lambda k, c, g: (g * k.sigmoid(-c.inputs[0]),),
    uses=((0,),), real=True, samples=_smooth,
)  # fmt: skip


def logsigmoid(input: Tensor) -> Tensor:
    """`log(sigmoid(x))`, exact for large negative x.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.logsigmoid(fnnet.tensor([-100.0, 0.0]))
        tensor([-100.0000,   -0.6931])
    """
    return _floating(LOGSIGMOID, input)


def _softsign_backward(k: K[A], c: Call[A], g: A) -> Grads:
    one_more = k.abs(c.inputs[0]) + 1
    return (g / (one_more * one_more),)


SOFTSIGN = Op(
    "softsign", forward=lambda k, x: x / (k.abs(x) + 1), backward=_softsign_backward, uses=((0,),), kind=Kind.FLOAT,
    onnx="Softsign", samples=_kinked,
)  # fmt: skip


def softsign(input: Tensor) -> Tensor:
    """`x / (1 + |x|)`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.softsign(fnnet.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """
    if is_tensor(input) and dtype_of(input).is_complex:
        return div(input, add(abs(input), 1))  # the rule is that of real numbers
    r: Tensor = unary(SOFTSIGN, input)
    return r


def _tanhshrink_backward(k: K[A], c: Call[A], g: A) -> Grads:
    t = k.tanh(c.inputs[0])
    return (g * t * t,)


TANHSHRINK = Op(
    "tanhshrink", forward=lambda k, x: x - k.tanh(x), backward=_tanhshrink_backward, uses=((0,),), kind=Kind.FLOAT,
    samples=_smooth,
)  # fmt: skip


def tanhshrink(input: Tensor) -> Tensor:
    """`x - tanh(x)`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.tanhshrink(fnnet.tensor([-1.0, 2.0]))
        tensor([-0.2384,  1.0360])
    """
    r: Tensor = unary(TANHSHRINK, input)
    return r


# glu -----------------------------------------------------------------------------------------------------------------
def _halves(x: Any, dim: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The two indices that cut `x` in the middle of `dim`."""
    n, lead = x.shape[dim] // 2, (slice(None),) * dim
    return (*lead, slice(0, n)), (*lead, slice(n, 2 * n))


def _glu_forward(k: K[A], x: A, *, dim: int) -> A:
    first, second = _halves(x, dim)
    gate: A = k.sigmoid(k.getitem(x, index=second))
    return k.getitem(x, index=first) * gate


def _glu_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, dim = c.inputs[0], c.static["dim"]
    first, second = _halves(x, dim)
    gate = k.sigmoid(k.getitem(x, index=second))
    through = g * gate
    return (k.cat(through, through * (1 - gate) * k.getitem(x, index=first), dim=dim),)


GLU = Op(
    "glu", forward=_glu_forward, backward=_glu_backward, uses=((0,),),
    real=True,
    samples=lambda make: (Sample(make(3, 4), dim=1), Sample(make(2, 6, 3), dim=1), Sample(make(0, 4), dim=1)),
)  # fmt: skip


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """`a * sigmoid(b)`, where a and b are the halves of `input` along `dim`.

    Raises:
        ShapeError: `input` is 0-d or has an odd size along `dim`.

    Source:
        Y. N. Dauphin et al., "Language Modeling with Gated Convolutional Networks" (2016).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.glu(fnnet.tensor([3.0, 0.0]))
        tensor([1.5000])
    """
    need_float("glu", input)
    shape = tuple(input._data.shape)
    if not shape:
        raise ShapeError("glu does not support scalars because halving size must be even")
    dim = wrap_dim(dim, len(shape))
    if shape[dim] % 2:
        raise ShapeError(
            f"glu: Halving dimension must be even, but dimension {dim} is size {shape[dim]} (input: {shape})"
        )
    return _floating(GLU, input, dim=dim)


__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "leaky_relu", "leaky_relu_", "logsigmoid", "mish",
    "prelu", "relu", "relu_", "selu", "selu_", "silu", "softplus", "softsign", "tanhshrink",
]  # fmt: skip
