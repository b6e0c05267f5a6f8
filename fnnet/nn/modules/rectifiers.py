"""ReLU and those that bend below 0: each calls the function of its name."""

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

    Args:
        inplace: Write into the input. Default: False.

    Shape:
        `(*)` to `(*)`, floating point or whole numbers.

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

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

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

    Shape:
        `(*)` to `(*)`; with several parameters `(N, C, *)` to `(N, C, *)`, C = num_parameters. State: weight
        `(num_parameters,)`.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.
        ShapeError: The weights are neither one nor one per channel.

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

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

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

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

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

    Args:
        inplace: Write into the input. Default: False.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.SELU()(fnnet.tensor([-1.0, 0.5]))
        tensor([-1.1113,  0.5254])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


__all__ = ["CELU", "ELU", "LeakyReLU", "PReLU", "ReLU", "SELU"]
