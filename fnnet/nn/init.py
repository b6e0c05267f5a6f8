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
from fnnet.nn.fans import calculate_gain, kaiming_normal_, kaiming_uniform_, xavier_normal_, xavier_uniform_
from fnnet.plugins import manager

if TYPE_CHECKING:
    from fnnet._tensor import Tensor
    from fnnet.functional.generators import Generator


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform on [a, b).

    Args:
        tensor: Floating point, any shape.
        a: Lower bound. Default: 0.
        b: Upper bound, not below `a`. Default: 1.
        generator: Source of random numbers. Default: the global one.

    Returns:
        `tensor`.

    Raises:
        OptionError: `a` is above `b`.

    Example:
        >>> import fnnet
        >>> bool((fnnet.nn.init.uniform_(fnnet.empty(9), 1, 2) >= 1).all())
        True
    """
    with no_grad():
        return sampling.uniform_(tensor, a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with `mean` and standard deviation `std`.

    Args:
        tensor: Floating point, any shape.
        mean: Its mean. Default: 0.
        std: Its standard deviation, not negative. Default: 1.
        generator: Source of random numbers. Default: the global one.

    Returns:
        `tensor`.

    Raises:
        OptionError: `std` is negative.

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

    Args:
        tensor: Floating point, any shape.
        mean: Of the normal distribution. Default: 0.
        std: Of the normal distribution. Default: 1.
        a: Lower bound. Default: -2.
        b: Upper bound. Default: 2.
        generator: Source of random numbers. Default: the global one.

    Returns:
        `tensor`. A warning tells where the mean is more than two `std` outside the bounds.

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

    Args:
        tensor: Any shape and dtype.
        val: The value.

    Returns:
        `tensor`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.constant_(fnnet.empty(2), 0.5)
        tensor([0.5000, 0.5000])
    """
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Ones.

    Args:
        tensor: Any shape and dtype.

    Returns:
        `tensor`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.ones_(fnnet.empty(2))
        tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros.

    Args:
        tensor: Any shape and dtype.

    Returns:
        `tensor`.

    Example:
        >>> import fnnet
        >>> fnnet.nn.init.zeros_(fnnet.ones(2))
        tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix.

    Args:
        tensor: `(n, m)`; ones where row and column agree, zeros elsewhere.

    Returns:
        `tensor`.

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

    Args:
        tensor: The weight `(out, in / groups, *kernel)` of one to three spatial dims.
        groups: Of the convolution. Default: 1.

    Returns:
        `tensor`.

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


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """A (semi-)orthogonal matrix, uniformly distributed, times `gain`.

    Args:
        tensor: `(rows, *)`, floating point; further dims count as columns.
        gain: Factor. Default: 1.
        generator: Source of random numbers. Default: the global one.

    Returns:
        `tensor`.

    Raises:
        ShapeError: Fewer than 2 dims.

    Source: Saxe et al. 2013, Exact solutions to the nonlinear dynamics of learning in deep linear neural networks.

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
    """Normal with mean 0, with a share of each column set to zero.

    Args:
        tensor: `(rows, columns)`, floating point.
        sparsity: Share of zeros in each column, rounded up to whole rows.
        std: Standard deviation of the others. Default: 0.01.
        generator: Source of the normal numbers; the rows are drawn from the global one. Default: the global one.

    Returns:
        `tensor`.

    Raises:
        ShapeError: Not 2 dims.

    Source: Martens 2010, Deep learning via Hessian-free optimization.

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

    Args:
        name: Such as "kaiming_normal".

    Returns:
        The function, which overwrites its first argument and returns it.

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
