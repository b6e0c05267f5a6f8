"""Activations made of pieces of lines: each calls the function of its name."""

from __future__ import annotations

import warnings

from fnnet._core.errors import AssertedOptionError
from fnnet._tensor import Tensor
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.modules._inplace import InPlace, and_inplace


class Hardtanh(Module):
    """x, cut to [min_val, max_val]: `F.hardtanh`.

    Args:
        min_val: Lower bound. Default: -1.
        max_val: Upper bound. Default: 1.
        inplace: Write into the input. Default: False.
        min_value: Deprecated name of min_val.
        max_value: Deprecated name of max_val.

    Shape:
        `(*)` to `(*)`, floating point or whole numbers.

    Raises:
        AssertedOptionError: The upper bound is not above the lower one.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Hardtanh()(fnnet.tensor([-3.0, 0.5]))
        tensor([-1.0000,  0.5000])
    """

    min_val: float
    max_val: float
    inplace: bool

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        if min_value is not None:
            warnings.warn(
                "keyword argument `min_value` is deprecated and renamed to `min_val`", FutureWarning, stacklevel=2
            )
            min_val = min_value
        if max_value is not None:
            warnings.warn(
                "keyword argument `max_value` is deprecated and renamed to `max_val`", FutureWarning, stacklevel=2
            )
            max_val = max_value
        if max_val <= min_val:
            raise AssertedOptionError(
                f"{type(self).__name__}: max_val ({max_val}) must be greater than min_val ({min_val})"
            )
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}" + and_inplace(self.inplace)


class ReLU6(Hardtanh):
    """x, cut to [0, 6]: `F.relu6`.

    Args:
        inplace: Write into the input. Default: False.

    Shape:
        `(*)` to `(*)`, floating point or whole numbers.

    Example:
        >>> import fnnet
        >>> fnnet.nn.ReLU6()(fnnet.tensor([-1.0, 7.0]))
        tensor([0., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Hardsigmoid(InPlace):
    """relu6(x + 3) / 6: `F.hardsigmoid`.

    Args:
        inplace: Write into the input. Default: False.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Hardsigmoid()(fnnet.tensor([-1.0, 0.5]))
        tensor([0.3333, 0.5833])
    """

    extra_repr = Module.extra_repr  # PyTorch does not print it here

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Hardswish(InPlace):
    """x * relu6(x + 3) / 6: `F.hardswish`.

    Args:
        inplace: Write into the input. Default: False.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Hardswish()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.3333,  0.2917])
    """

    extra_repr = Module.extra_repr  # PyTorch does not print it here

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class Threshold(Module):
    """x where above the threshold, else a value: `F.threshold`.

    Args:
        threshold: The threshold.
        value: What stands for all else.
        inplace: Write into the input. Default: False.

    Shape:
        `(*)` to `(*)`, floating point or whole numbers.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Threshold(0.1, 20.0)(fnnet.tensor([-1.0, 0.5]))
        tensor([20.0000,  0.5000])
    """

    threshold: float
    value: float
    inplace: bool

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}" + and_inplace(self.inplace)


class Hardshrink(Module):
    """`x` where `|x| > lambd`, else 0: `F.hardshrink`.

    Args:
        lambd: The threshold. Default: 0.5.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Hardshrink()(fnnet.tensor([-1.0, 0.5]))
        tensor([-1.,  0.])
    """

    lambd: float

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Module):
    """x moved towards 0 by lambd, 0 where `|x| <= lambd`: `F.softshrink`.

    Args:
        lambd: How far. Default: 0.5.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.
        OptionError: Called with a negative `lambd`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Softshrink()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.5000,  0.0000])
    """

    lambd: float

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class RReLU(Module):
    """x where positive, else a slope times x, drawn for each element in training: `F.rrelu`.

    Args:
        lower: Lower bound of the slope. Default: 1/8.
        upper: Upper bound of the slope; in evaluation it is the mean of both. Default: 1/3.
        inplace: Write into the input. Default: False.

    Shape:
        `(*)` to `(*)`, floating point.

    Raises:
        UnsupportedDTypeError: The input is not of floating point.
        OptionError: Called with `lower` above `upper`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.RReLU(0.1, 0.3).eval()(fnnet.tensor([-1.0, 0.5]))
        tensor([-0.2000,  0.5000])
    """

    lower: float
    upper: float
    inplace: bool

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + and_inplace(self.inplace)


__all__ = ["Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "RReLU", "ReLU6", "Softshrink", "Threshold"]
