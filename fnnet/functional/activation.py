"""Smooth activations, and what all activations share: gates, the softened rectifier and its relatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.autograd.writes import apply_
from fnnet.backends.dtypes import HALF
from fnnet.functional._common import (
    _title,
    check_leaf,
    copy_into,
    dtype_of,
    need_number,
    need_tensor,
    refuse_dtype,
    unary,
    wrap_dim,
)
from fnnet.functional.arithmetic import add
from fnnet.functional.division import div

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

_INV_SQRT_2 = 0.7071067811865476
_INV_SQRT_2PI = 0.3989422804014327
_SQRT_2_OVER_PI = 0.7978845608028654
_GELU_CUBIC = 0.044715  # Hendrycks and Gimpel 2016, "Gaussian Error Linear Units"


def need_float(name: str, x: Any) -> None:  # checked here
    """Raise unless `x` is a tensor of a floating-point dtype."""
    need_tensor(name, input=x)
    if dtype_of(x).category < 2:
        raise UnsupportedDTypeError(
            f"{name}: \"{name}\" not implemented for '{_title(dtype_of(x))}', expected a floating dtype"
        )


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
        raise UnsupportedDTypeError(f"{op.name}: Boolean inputs not supported for {op.name}")
    return in_place(op, x, **static) if inplace else cast("Tensor", apply(op, x, **static))


def _kinked(make: Make) -> Any:
    """Away from the kink at zero."""
    return (
        Sample(make(3, 4, low=0.1, high=2)), Sample(make(3, 4, low=-2, high=-0.1)), Sample(make(low=0.1)),
        Sample(make(0, 2)),
    )  # fmt: skip


def _smooth(make: Make) -> Any:
    """Both sides of zero, 0-d, empty."""
    return Sample(make(3, 4, low=-3, high=3)), Sample(make()), Sample(make(0, 2))


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
        input: Any shape, floating point.
        approximate: "none", or "tanh": `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`. Default: "none".

    Returns:
        Shape and dtype of `input`.

    Raises:
        OptionError: Another value of `approximate`.
        DTypeError: `input` is not floating-point.

    Differentiable: Everywhere, any order.

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

    Args:
        input: Any shape, floating-point or complex.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Shape and dtype of `input`; `input` itself with `inplace`.

    Raises:
        DTypeError: `input` is bool or of whole numbers.
        AutogradError: With `inplace`, `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order.

    Source:
        S. Elfwing et al., "Sigmoid-Weighted Linear Units for Neural Network Function Approximation in Reinforcement
        Learning" (2017).

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

    Args:
        input: Any shape, floating point.
        inplace: Overwrite `input`. Default: False.

    Returns:
        Shape and dtype of `input`; `input` itself with `inplace`.

    Raises:
        DTypeError: `input` is not floating-point.
        AutogradError: With `inplace`, `input` is a leaf that requires grad.

    Differentiable: Everywhere, any order.

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

    Args:
        input: Any shape, floating point.
        beta: Not 0; the larger, the closer to `relu`. Default: 1.
        threshold: Where the linear part begins, in terms of `beta * x`. Default: 20.

    Returns:
        Shape and dtype of `input`.

    Raises:
        DTypeError: `input` is not floating-point.

    Differentiable: Everywhere, any order; the slope is `sigmoid(beta * x)`, and 1 above the threshold.

    Source:
        C. Dugas et al., "Incorporating Second-Order Functional Knowledge for Better Option Pricing" (2001).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.softplus(fnnet.tensor([-1.0, 2.0]))
        tensor([0.3133, 2.1269])
    """
    need_number("softplus", beta=beta, threshold=threshold)
    return _floating(SOFTPLUS, input, beta=float(beta), threshold=float(threshold))


LOGSIGMOID = Op(
    "logsigmoid", title="LogSigmoidBackward0",
    forward=lambda k, x: 0 - _log1p_exp(k, -x), backward=lambda k, c, g: (g * k.sigmoid(-c.inputs[0]),),
    uses=((0,),), real=True, samples=_smooth,
)  # fmt: skip


def logsigmoid(input: Tensor) -> Tensor:
    """`log(sigmoid(x))`, exact for large negative x.

    Args:
        input: Any shape, floating point.

    Returns:
        Shape and dtype of `input`, at most 0.

    Raises:
        DTypeError: `input` is not floating-point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.logsigmoid(fnnet.tensor([-100.0, 0.0]))
        tensor([-100.0000,   -0.6931])
    """
    return _floating(LOGSIGMOID, input)


def _softsign_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x = c.inputs[0]
    one_more = k.abs(x) + 1
    return (k.where(k.isfinite(x), g / (one_more * one_more), float("nan")),)


SOFTSIGN = Op(
    "softsign", title="DivBackward0",
    forward=lambda k, x: x / (k.abs(x) + 1), backward=_softsign_backward, uses=((0,),), kind=Kind.FLOAT,
    onnx="Softsign", samples=_kinked,
)  # fmt: skip


def softsign(input: Tensor) -> Tensor:
    """`x / (1 + |x|)`.

    Args:
        input: Any shape; any dtype but bool. Whole numbers are taken in the default float dtype.

    Returns:
        `input`'s shape, floating-point or complex; of real numbers in [-1, 1], NaN of infinities.

    Raises:
        DTypeError: `input` is bool.

    Differentiable: Everywhere, any order; from the second derivative on, that of `|x|` at 0 is taken as 0. NaN at
        infinities.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.softsign(fnnet.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """
    need_tensor("softsign", input=input)
    refuse_dtype("softsign", dtype_of(input), 0)
    if dtype_of(input).is_complex:
        return div(input, add(abs(input), 1))  # the rule is that of real numbers
    r: Tensor = unary(SOFTSIGN, input)
    return r


def _tanhshrink_backward(k: K[A], c: Call[A], g: A) -> Grads:
    t = k.tanh(c.inputs[0])
    return (g * t * t,)


TANHSHRINK = Op(
    "tanhshrink", title="SubBackward0",
    forward=lambda k, x: x - k.tanh(x), backward=_tanhshrink_backward, uses=((0,),), kind=Kind.FLOAT,
    samples=_smooth,
)  # fmt: skip


def tanhshrink(input: Tensor) -> Tensor:
    """`x - tanh(x)`.

    Args:
        input: Any shape; any dtype but bool. Whole numbers are taken in the default float dtype.

    Returns:
        `input`'s shape, floating-point or complex.

    Raises:
        DTypeError: `input` is bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.tanhshrink(fnnet.tensor([-1.0, 2.0]))
        tensor([-0.2384,  1.0360])
    """
    need_tensor("tanhshrink", input=input)
    refuse_dtype("tanhshrink", dtype_of(input), 0)
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

    Args:
        input: `(*, 2n, *)`, floating point.
        dim: The dim that is halved. Default: the last.

    Returns:
        `(*, n, *)`, `input`'s dtype.

    Raises:
        ShapeError: `input` is 0-d or has an odd size along `dim`.
        IndexRangeError: There is no such dim.
        DTypeError: `input` is not floating-point.

    Differentiable: Everywhere, any order.

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
    dim = wrap_dim(dim, len(shape), "glu")
    if shape[dim] % 2:
        raise ShapeError(
            f"glu: Halving dimension must be even, but dimension {dim} is size {shape[dim]} (input: {shape})"
        )
    return _floating(GLU, input, dim=dim)


__all__ = ["gelu", "glu", "logsigmoid", "mish", "silu", "softplus", "softsign", "tanhshrink"]
