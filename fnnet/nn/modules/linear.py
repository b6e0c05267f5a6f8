"""Linear and bilinear layers."""

from __future__ import annotations

import math
from typing import Any

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.nn import functional as F
from fnnet.nn import init
from fnnet.nn.fans import fan_in_and_fan_out
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike, parameter
from fnnet.nn.parameter import Parameter


class Identity(Module):
    """Returns its input.

    Args:
        args: Ignored, as `kwargs` are, so that it can stand in for any layer.
        kwargs: Ignored.

    Shape:
        `(*)` to `(*)`: the input itself.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Identity(54, unused=1)(fnnet.ones(1))
        tensor([1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # whatever another layer takes
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """y = x Wᵀ + b: `F.linear`.

    State: weight `(out_features, in_features)` and bias `(out_features,)`, both drawn uniformly from
    [-1/sqrt(in_features), 1/sqrt(in_features)).

    Args:
        in_features: Size of the last dim of the input.
        out_features: Size of the last dim of the output.
        bias: Whether there is a bias. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(*, in_features)` to `(*, out_features)`.

    Raises:
        ShapeError: Called with another last dim.
        DTypeError: The input's dtype is not the weight's.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Linear(20, 30)(fnnet.zeros(128, 20)).shape
        fnnet.Size([128, 30])
    """

    in_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = parameter((out_features, in_features), device, dtype)
        self.register_parameter("bias", parameter((out_features,), device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        reset_weight_and_bias(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class NonDynamicallyQuantizableLinear(Linear):
    """The last projection of `MultiheadAttention`: a `Linear` under the name by which PyTorch prints it.

    Args:
        in_features: Size of the last dim of the input.
        out_features: Size of the last dim of the output.
        bias: Whether there is a bias. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(*, in_features)` to `(*, out_features)`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.modules.linear.NonDynamicallyQuantizableLinear(2, 3)
        NonDynamicallyQuantizableLinear(in_features=2, out_features=3, bias=True)
    """


def reset_weight_and_bias(weight: Tensor, bias: Tensor | None) -> None:
    """Values uniform on [-1/sqrt(fan_in), 1/sqrt(fan_in)), the weight's drawn first: Linear's, the convolutions'."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))  # the slope that gives this bound
    if bias is not None:
        fan_in, _ = fan_in_and_fan_out(weight)
        bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
        init.uniform_(bias, -bound, bound)


class Bilinear(Module):
    """y = x1ᵀ A x2 + b: `F.bilinear`.

    State: weight `(out_features, in1_features, in2_features)` and bias `(out_features,)`, both drawn uniformly from
    [-1/sqrt(in1_features), 1/sqrt(in1_features)).

    Args:
        in1_features: Size of the last dim of the first input, > 0.
        in2_features: Size of the last dim of the second input.
        out_features: Size of the last dim of the output.
        bias: Whether there is a bias. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(*, in1_features)` and `(*, in2_features)` to `(*, out_features)`.

    Raises:
        OptionError: in1_features is not positive.
        ShapeError: Called with other last dims, or with dims before them that differ.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Bilinear(20, 30, 40)(fnnet.zeros(128, 20), fnnet.zeros(128, 30)).shape
        fnnet.Size([128, 40])
    """

    in1_features: int
    in2_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = parameter((out_features, in1_features, in2_features), device, dtype)
        self.register_parameter("bias", parameter((out_features,), device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        if self.in1_features <= 0:
            raise OptionError(
                f"{type(self).__name__}: in1_features must be > 0, but got (in1_features={self.in1_features})"
            )
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


__all__ = ["Bilinear", "Identity", "Linear", "NonDynamicallyQuantizableLinear"]
