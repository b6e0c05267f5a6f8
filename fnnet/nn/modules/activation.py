"""Smooth activations: each calls the function of its name."""

from __future__ import annotations

from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.modules._inplace import InPlace


class GELU(Module):
    """x * P(N(0, 1) < x): `F.gelu`.

    Args:
        approximate: "none", or "tanh" for an approximation by tanh. Default: "none".

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.
        OptionError: Called with another `approximate`.

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

    Args:
        inplace: Write into the input. Default: False.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.SiLU()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.2689,  0.3112])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(InPlace):
    """x * tanh(softplus(x)): `F.mish`.

    Args:
        inplace: Write into the input. Default: False.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Mish()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.3034,  0.3752])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class Sigmoid(Module):
    """1 / (1 + exp(-x)): `F.sigmoid`.

    Shape:
        `(*)` to `(*)`, floating point; whole numbers are taken in the default float dtype.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Sigmoid()(fnnet.tensor([-1.0, 0.5]))
        tensor([0.2689, 0.6225])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Module):
    """log(1 / (1 + exp(-x))): `F.logsigmoid`.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.LogSigmoid()(fnnet.tensor([-1.0, 0.5]))
        tensor([-1.3133, -0.4741])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent: `F.tanh`.

    Shape:
        `(*)` to `(*)`, floating point; whole numbers are taken in the default float dtype.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Tanh()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.7616,  0.4621])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Tanhshrink(Module):
    """x - tanh(x): `F.tanhshrink`.

    Shape:
        `(*)` to `(*)`, floating point; whole numbers are taken in the default float dtype.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Tanhshrink()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.2384,  0.0379])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Softsign(Module):
    """`x / (1 + |x|)`: `F.softsign`.

    Shape:
        `(*)` to `(*)`, floating point; whole numbers are taken in the default float dtype.

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

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

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

    Shape:
        `(*, 2 M, *)` to `(*, M, *)`, halved along `dim`.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.
        ShapeError: The halved dim's size is odd.

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


__all__ = ["GELU", "GLU", "LogSigmoid", "Mish", "SiLU", "Sigmoid", "Softplus", "Softsign", "Tanh", "Tanhshrink"]
