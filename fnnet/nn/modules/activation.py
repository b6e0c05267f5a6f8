"""Smooth activations, and those of the family of ReLU: each calls the function of its name."""

from __future__ import annotations

from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.nn import functional as F
from fnnet.nn import init as initial
from fnnet.nn.module import Module
from fnnet.nn.modules._inplace import InPlace, and_inplace
from fnnet.nn.modules._state import DeviceLike, parameter
from fnnet.nn.parameter import Parameter


class ReLU(InPlace):
    """max(0, x): `F.relu`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ReLU()(fnnet.tensor([-1.0, 0.5]))
        tensor([0.0000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class LeakyReLU(Module):
    """x where positive, else negative_slope * x: `F.leaky_relu`.

    Args:
        negative_slope: Slope below 0. Default: 0.01.
        inplace: Write into the input. Default: False.

    Example:
        >>> import fnnet
        >>> fnnet.nn.LeakyReLU(0.1)(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.1000,  0.5000])
    """

    negative_slope: float
    inplace: bool

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}" + and_inplace(self.inplace)


class PReLU(Module):
    """x where positive, else weight * x with a learnt weight (num_parameters): `F.prelu`.

    Args:
        num_parameters: 1, or the number of channels. Default: 1.
        init: Initial value of the weight. Default: 0.25.
        device: Where the weight lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.

    Source: He et al. 2015, Delving Deep into Rectifiers.

    Example:
        >>> import fnnet
        >>> fnnet.nn.PReLU()(fnnet.tensor([-1.0, 0.5])).detach()
        tensor([-0.2500,  0.5000])
    """

    num_parameters: int
    init: float
    weight: Parameter

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: DeviceLike = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = parameter((num_parameters,), device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Fill the weight with its initial value."""
        initial.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(Module):
    """x where positive, else alpha * (exp(x) - 1): `F.elu`.

    Args:
        alpha: Minus the limit towards -inf. Default: 1.
        inplace: Write into the input. Default: False.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ELU()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.6321,  0.5000])
    """

    alpha: float
    inplace: bool

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + and_inplace(self.inplace)


class CELU(Module):
    """x where positive, else alpha * (exp(x / alpha) - 1): `F.celu`.

    Args:
        alpha: Minus the limit towards -inf. Default: 1.
        inplace: Write into the input. Default: False.

    Example:
        >>> import fnnet
        >>> fnnet.nn.CELU(2.0)(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.7869,  0.5000])
    """

    alpha: float
    inplace: bool

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + and_inplace(self.inplace)


class SELU(InPlace):
    """scale * elu(x), which keeps mean 0 and variance 1: `F.selu`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.SELU()(fnnet.tensor([-1.0, 0.5]))
        tensor([-1.1113,  0.5254])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class GELU(Module):
    """x * P(N(0, 1) < x): `F.gelu`.

    Args:
        approximate: "none", or "tanh" for an approximation by tanh. Default: "none".

    Example:
        >>> import fnnet
        >>> fnnet.nn.GELU()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.1587,  0.3457])
    """

    approximate: str

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(InPlace):
    """x * sigmoid(x): `F.silu`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.SiLU()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.2689,  0.3112])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(InPlace):
    """x * tanh(softplus(x)): `F.mish`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Mish()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.3034,  0.3752])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class Sigmoid(Module):
    """1 / (1 + exp(-x)): `F.sigmoid`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Sigmoid()(fnnet.tensor([-1.0, 0.5]))
        tensor([0.2689, 0.6225])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Module):
    """log(1 / (1 + exp(-x))): `F.logsigmoid`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.LogSigmoid()(fnnet.tensor([-1.0, 0.5]))
        tensor([-1.3133, -0.4741])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent: `F.tanh`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Tanh()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.7616,  0.4621])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Tanhshrink(Module):
    """x - tanh(x): `F.tanhshrink`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Tanhshrink()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.2384,  0.0379])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Softsign(Module):
    """x / (1 + |x|): `F.softsign`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Softsign()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.5000,  0.3333])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Softplus(Module):
    """log(1 + exp(beta * x)) / beta: `F.softplus`.

    Args:
        beta: How sharp the bend is. Default: 1.
        threshold: x itself where beta * x is above this. Default: 20.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Softplus()(fnnet.tensor([-1.0, 0.5]))
        tensor([0.3133, 0.9741])
    """

    beta: float
    threshold: float

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class GLU(Module):
    """One half of a dim times the sigmoid of the other: `F.glu`.

    Args:
        dim: The dim to halve. Default: -1.

    Example:
        >>> import fnnet
        >>> fnnet.nn.GLU()(fnnet.tensor([1.0, 0.0]))
        tensor([0.5000])
    """

    dim: int

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


__all__ = [
    "CELU", "ELU", "GELU", "GLU", "LeakyReLU", "LogSigmoid", "Mish", "PReLU", "ReLU", "SELU", "SiLU", "Sigmoid",
    "Softplus", "Softsign", "Tanh", "Tanhshrink",
]  # fmt: skip
