"""Initial values: each function overwrites a tensor in place and returns it, recording nothing."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fnnet._core.errors import OptionError, ShapeError
from fnnet.autograd.modes import no_grad
from fnnet.functional import creation, ranges, sampling
from fnnet.functional.random import randperm
from fnnet.plugins import manager

if TYPE_CHECKING:
    from fnnet._tensor import Tensor
    from fnnet.functional.generators import Generator

_LINEAR = frozenset(
    ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid")
)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity shrinks the standard deviation, to be made up for.

    Args:
        nonlinearity: "linear", "conv2d", "sigmoid" (1), "tanh" (5/3), "relu" (sqrt 2), "leaky_relu", "selu" (3/4) ...
        param: The negative slope of leaky_relu. Default: 0.01.

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
    """How many inputs feed one output of a weight (out, in, *kernel), and how many outputs one input feeds.

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


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform on [a, b).

    Example:
        >>> import fnnet
        >>> bool((fnnet.nn.init.uniform_(fnnet.empty(9), 1, 2) >= 1).all())
        True
    """
    with no_grad():
        return sampling.uniform_(tensor, a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with `mean` and standard deviation `std`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.normal_(fnnet.empty(2), 5.0, 0.0)
        tensor([5., 5.])
    """
    with no_grad():
        return sampling.normal_(tensor, mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Normal, redrawn until within [a, b].

    Where the bounds hold more than 0.3 of the mass, from the normal distribution; else uniform candidates on [a, b] are
    accepted by their density.

    Example:
        >>> import fnnet
        >>> float(fnnet.nn.init.trunc_normal_(fnnet.empty(99)).abs().max()) <= 2.0
        True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=2,
        )

    def cdf(x: float) -> float:
        return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0

    with no_grad():
        if cdf((b - mean) / std) - cdf((a - mean) / std) > 0.3:
            low, high = tensor.new_tensor(a).item(), tensor.new_tensor(b).item()
            sampling.normal_(tensor, mean, std, generator=generator)
            while True:
                outside = (tensor < low) | (tensor > high)
                if not outside.any():
                    return tensor
                again = sampling.normal_(creation.empty_like(tensor), mean, std, generator=generator)
                tensor.copy_(again.where(outside, tensor))
        peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
        sampling.uniform_(tensor, a, b, generator=generator)
        candidates = tensor.clone()
        pending: Tensor | None = None
        while True:
            density = ((candidates - mean) / std).pow(2).mul(-0.5).sub(peak)
            accept = sampling.uniform_(creation.empty_like(tensor), generator=generator).log()
            rejected = accept > density
            pending = rejected if pending is None else rejected & pending
            if not pending.any():
                return tensor
            sampling.uniform_(candidates, a, b, generator=generator)
            tensor.copy_(candidates.where(pending, tensor))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element `val`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.constant_(fnnet.empty(2), 0.5)
        tensor([0.5000, 0.5000])
    """
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Ones.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.ones_(fnnet.empty(2))
        tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.zeros_(fnnet.ones(2))
        tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix.

    Raises:
        ShapeError: Not 2 dims.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.eye_(fnnet.empty(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    if tensor.ndim != 2:
        raise ShapeError(f"Only tensors with 2 dimensions are supported, got {tuple(tensor.shape)}")
    with no_grad():
        return tensor.copy_(ranges.eye(*tensor.shape, dtype=tensor.dtype, device=tensor.device))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The convolution that passes its input channels through, as many as there are outputs; per group.

    Raises:
        ShapeError: Not 3, 4 or 5 dims.
        OptionError: dim 0 is not divisible by `groups`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.dirac_(fnnet.empty(1, 1, 3))
        tensor([[[0., 1., 0.]]])
    """
    if tensor.ndim not in (3, 4, 5):
        raise ShapeError(f"Only tensors with 3, 4, or 5 dimensions are supported, got {tuple(tensor.shape)}")
    out, inner = tensor.shape[0], tensor.shape[1]
    if out % groups:
        raise OptionError(f"dim 0 must be divisible by groups ({out} by {groups})")
    per = out // groups
    host = np.zeros(tuple(tensor.shape))
    centre = tuple(n // 2 for n in tensor.shape[2:])
    for g in range(groups):
        for d in range(min(per, inner)):
            host[(g * per + d, d, *centre)] = 1
    with no_grad():
        return tensor.copy_(tensor.new_tensor(host))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform on [-a, a) with a = gain * sqrt(6 / (fan_in + fan_out)) (Glorot, Bengio 2010).

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(1)
        >>> float(fnnet.nn.init.xavier_uniform_(fnnet.empty(3, 3)).abs().max()) <= 1
        True
    """
    bound = gain * math.sqrt(2.0 / float(sum(fan_in_and_fan_out(tensor)))) * math.sqrt(3.0)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot, Bengio 2010).

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.xavier_normal_(fnnet.empty(2, 3)).shape
        fnnet.Size([2, 3])
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / float(sum(fan_in_and_fan_out(tensor)))), generator)


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
    """Uniform on [-b, b) with b = gain * sqrt(3 / fan) (He et al. 2015).

    Args:
        tensor: The weight (out, in, *kernel).
        a: The negative slope of leaky_relu. Default: 0.
        mode: "fan_in" keeps the variance of the forward pass, "fan_out" that of the backward pass.
        nonlinearity: As for `calculate_gain`.
        generator: Source of random numbers. Default: the global one.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.kaiming_uniform_(fnnet.empty(2, 3)).shape
        fnnet.Size([2, 3])
    """
    if _empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * (calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Normal with standard deviation gain / sqrt(fan) (He et al. 2015); arguments as `kaiming_uniform_`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.kaiming_normal_(fnnet.empty(2, 3)).shape
        fnnet.Size([2, 3])
    """
    if _empty(tensor):
        return tensor
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """A (semi-)orthogonal matrix, uniformly distributed, times `gain` (Saxe et al. 2013).

    Further dims count as columns.

    Raises:
        ShapeError: Fewer than 2 dims.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.init.orthogonal_(fnnet.empty(2, 2))
        >>> fnnet.allclose(w @ w.T, fnnet.eye(2), atol=1e-5)
        True
    """
    if tensor.ndim < 2:
        raise ShapeError(f"Only tensors with 2 or more dimensions are supported, got {tuple(tensor.shape)}")
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    drawn = sampling.normal_(tensor.new_empty(rows, tensor.numel() // rows), 0, 1, generator=generator)
    flat: Any = drawn.cpu().numpy()
    wide = flat.shape[0] < flat.shape[1]
    q, r = np.linalg.qr(flat.T if wide else flat)
    q = q * np.sign(np.diag(r))  # which makes Q uniform (Mezzadri 2007)
    with no_grad():
        values = np.ascontiguousarray(q.T if wide else q) * np.float64(gain)
        return tensor.copy_(tensor.new_tensor(values).reshape(tuple(tensor.shape)))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Normal, with a share of each column set to zero (Martens 2010).

    Args:
        tensor: Matrix (rows, columns).
        sparsity: Share of zeros in each column.
        std: Standard deviation of the others. Default: 0.01.
        generator: Source of random numbers. Default: the global one.

    Raises:
        ShapeError: Not 2 dims.

    Example:
        >>> import fnnet
        >>> int((fnnet.nn.init.sparse_(fnnet.empty(4, 2), 0.5) == 0).sum())
        4
    """
    if tensor.ndim != 2:
        raise ShapeError(f"Only tensors with 2 dimensions are supported, got {tuple(tensor.shape)}")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        sampling.normal_(tensor, 0, std, generator=generator)
        for column in range(columns):
            tensor[randperm(rows)[:zeros], column] = 0
    return tensor


def get(name: str) -> Callable[..., Tensor]:
    """The initializer of a name, case aside and without its underscore; a plugin may have brought it.

    Raises:
        LookupNameError: Nobody provides it; the message lists the names that there are.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.get("xavier_uniform") is fnnet.nn.init.xavier_uniform_
        True
    """
    return cast("Callable[..., Tensor]", manager().initializers.get(name).load())


__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "get", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_",
    "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip
