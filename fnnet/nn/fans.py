"""Initial values scaled by a weight's fans: how many inputs feed one output, how many outputs one input feeds."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

from fnnet._core.errors import OptionError, ShapeError
from fnnet.autograd.modes import no_grad
from fnnet.functional import sampling

if TYPE_CHECKING:
    from fnnet._tensor import Tensor
    from fnnet.functional.generators import Generator

_LINEAR = frozenset(
    ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid")
)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity shrinks the standard deviation, to be made up for.

    Args:
        nonlinearity: "linear", a convolution's name, "sigmoid" (all 1), "tanh" (5/3), "relu" (sqrt 2), "leaky_relu"
            (sqrt(2 / (1 + param**2))) or "selu" (3/4).
        param: The negative slope of leaky_relu. Default: 0.01.

    Returns:
        The factor.

    Raises:
        OptionError: An unknown nonlinearity, or a slope that is no number.

    Example:
        >>> from fnnet import nn
        >>> nn.init.calculate_gain("leaky_relu", 1.0)
        1.0
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if param is None:
            param = 0.01
        elif isinstance(param, bool) or not isinstance(param, (int, float)):
            raise OptionError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + param**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise OptionError(f"Unsupported nonlinearity {nonlinearity}")


def fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs feed one output of a weight, and how many outputs one input feeds.

    Args:
        tensor: The weight `(out, in, *kernel)`.

    Returns:
        `(in * k, out * k)`, k elements of the kernel.

    Raises:
        ShapeError: Fewer than 2 dims.
    """
    shape = tensor._data.shape
    if len(shape) < 2:
        raise ShapeError(
            f"Fan in and fan out can not be computed for tensor with fewer than 2 dimensions (shape: {tuple(shape)})"
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _uniform(tensor: Tensor, bound: float, generator: Generator | None) -> Tensor:
    with no_grad():
        return sampling.uniform_(tensor, -bound, bound, generator=generator)


def _normal(tensor: Tensor, std: float, generator: Generator | None) -> Tensor:
    with no_grad():
        return sampling.normal_(tensor, 0.0, std, generator=generator)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform on [-a, a) with a = gain * sqrt(6 / (fan_in + fan_out)).

    Args:
        tensor: The weight `(out, in, *kernel)`, floating point.
        gain: Factor, see `calculate_gain`. Default: 1.
        generator: Source of random numbers. Default: the global one.

    Returns:
        `tensor`.

    Raises:
        ShapeError: Fewer than 2 dims.

    Source: Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural networks.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(1)
        >>> float(fnnet.nn.init.xavier_uniform_(fnnet.empty(3, 3)).abs().max()) <= 1
        True
    """
    bound = gain * math.sqrt(2.0 / float(sum(fan_in_and_fan_out(tensor)))) * math.sqrt(3.0)
    return _uniform(tensor, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with mean 0 and standard deviation gain * sqrt(2 / (fan_in + fan_out)).

    Args:
        tensor: The weight `(out, in, *kernel)`, floating point.
        gain: Factor, see `calculate_gain`. Default: 1.
        generator: Source of random numbers. Default: the global one.

    Returns:
        `tensor`.

    Raises:
        ShapeError: Fewer than 2 dims.

    Source: Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural networks.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.xavier_normal_(fnnet.empty(2, 3)).shape
        fnnet.Size([2, 3])
    """
    return _normal(tensor, gain * math.sqrt(2.0 / float(sum(fan_in_and_fan_out(tensor)))), generator)


def _fan(tensor: Tensor, mode: str) -> int:
    modes = ("fan_in", "fan_out")
    if mode.lower() not in modes:
        raise OptionError(f"Mode {mode} not supported, please use one of {list(modes)}")
    return fan_in_and_fan_out(tensor)[modes.index(mode.lower())]


def _empty(tensor: Tensor) -> bool:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return True
    return False


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Uniform on [-b, b) with b = gain * sqrt(3 / fan).

    Args:
        tensor: The weight `(out, in, *kernel)`, floating point; left alone, with a warning, where it has no elements.
        a: The negative slope of leaky_relu. Default: 0.
        mode: "fan_in" keeps the variance of the forward pass, "fan_out" that of the backward pass. Default: "fan_in".
        nonlinearity: As for `calculate_gain`. Default: "leaky_relu".
        generator: Source of random numbers. Default: the global one.

    Returns:
        `tensor`.

    Raises:
        ShapeError: Fewer than 2 dims.
        OptionError: Another mode or nonlinearity.

    Source: He et al. 2015, Delving Deep into Rectifiers.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.kaiming_uniform_(fnnet.empty(2, 3)).shape
        fnnet.Size([2, 3])
    """
    if _empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * (calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)))
    return _uniform(tensor, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Normal with mean 0 and standard deviation gain / sqrt(fan).

    Args:
        tensor: The weight `(out, in, *kernel)`, floating point; left alone, with a warning, where it has no elements.
        a: The negative slope of leaky_relu. Default: 0.
        mode: "fan_in" keeps the variance of the forward pass, "fan_out" that of the backward pass. Default: "fan_in".
        nonlinearity: As for `calculate_gain`. Default: "leaky_relu".
        generator: Source of random numbers. Default: the global one.

    Returns:
        `tensor`.

    Raises:
        ShapeError: Fewer than 2 dims.
        OptionError: Another mode or nonlinearity.

    Source: He et al. 2015, Delving Deep into Rectifiers.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.kaiming_normal_(fnnet.empty(2, 3)).shape
        fnnet.Size([2, 3])
    """
    if _empty(tensor):
        return tensor
    return _normal(tensor, calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)), generator)


__all__ = [
    "calculate_gain", "fan_in_and_fan_out", "kaiming_normal_", "kaiming_uniform_", "xavier_normal_", "xavier_uniform_",
]  # fmt: skip
