"""Power-average pooling: the p-norm of each window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from fnnet._core.errors import ArgumentError, DivisionError
from fnnet.functional._common import is_number, need_tensor, plain_number
from fnnet.functional.arithmetic import neg
from fnnet.functional.pooling import avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d
from fnnet.functional.power import pow
from fnnet.functional.rectifiers import relu
from fnnet.functional.rounding import abs, sign
from fnnet.functional.windows import check_options, count_windows, per_dim

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

Sizes = int | Sequence[int]

_AVERAGE = {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d}
_LARGEST = {1: max_pool1d, 2: max_pool2d, 3: max_pool3d}


def _pool(d: int, input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None, ceil_mode: bool) -> Tensor:
    name = f"lp_pool{d}d"
    need_tensor(name, input=input)
    if not is_number(norm_type):
        raise ArgumentError(f"{name}(): argument 'norm_type' must be Number, not {type(norm_type).__name__}")
    p = plain_number(norm_type)
    size = per_dim(name, "kernel_size", kernel_size, d)
    steps = size if stride is None else per_dim(name, "stride", stride, d)
    ones, zeros = (1,) * d, (0,) * d
    check_options(name, size, steps, zeros, ones)
    if p == 0:
        raise DivisionError(f"{name}: the root of order 1 / norm_type: float division by zero")
    powers = input if math.isinf(p) else pow(input, p)  # of bool, whole numbers
    count_windows(name, powers, size, steps, zeros, ones, ceil_mode)
    if p == math.inf:
        return cast("Tensor", _LARGEST[d](abs(input), size, steps, 0, 1, ceil_mode))
    if p == -math.inf:
        return neg(_LARGEST[d](neg(abs(input)), size, steps, 0, 1, ceil_mode))
    mean = _AVERAGE[d](powers, size, steps, 0, ceil_mode)
    return pow(sign(mean) * relu(abs(mean)) * math.prod(size), 1.0 / p)


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """`(sum of x^p over the window)^(1 / p)` along one dim, see `lp_pool2d`.

    Args:
        input: `(N, C, L)`, or `(C, L)` without a batch; floating point, int64 or bool.
        norm_type: p, not 0; infinity takes the largest magnitude, minus infinity the smallest.
        kernel_size: How many elements a window has.
        stride: Steps between windows. Default: the kernel size.
        ceil_mode: Let the last window reach over the end instead of leaving elements out; its sum is scaled up to that
            of a whole window. Default: False.

    Returns:
        `(N, C, L')` or `(C, L')`, sizes as in `avg_pool1d`; input's dtype, of others the default dtype.

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, or no window fits.
        OptionError: Sizes below 1.
        DivisionError: p is 0.
        DTypeError: `input` is complex, or of a whole-number dtype but int64.

    Differentiable: Any order where the sum is not 0; where it is, the gradient is 0.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.lp_pool1d(fnnet.tensor([[3.0, 4.0, 6.0, 8.0]]), 2, 2)
        tensor([[ 5., 10.]])
    """
    return _pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """`(sum of x^p over the window)^(1 / p)`: no magnitudes are taken, so an odd p keeps signs in the sum.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` without a batch; floating point, int64 or bool.
        norm_type: p, not 0; infinity takes the largest magnitude, minus infinity the smallest.
        kernel_size: Of a window, one int or one per dim.
        stride: Steps between windows. Default: the kernel size.
        ceil_mode: Let the last windows reach over the end instead of leaving elements out; their sums are scaled up to
            those of whole windows. Default: False.

    Returns:
        `(N, C, H', W')` or `(C, H', W')`, sizes as in `avg_pool2d`; input's dtype, of others the default dtype.

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, or no window fits.
        OptionError: Sizes below 1.
        DivisionError: p is 0.
        DTypeError: `input` is complex, or of a whole-number dtype but int64.

    Differentiable: Any order where the sum is not 0; where it is, the gradient is 0.

    Source:
        Gulcehre, Cho, Pascanu, Bengio (2014), Learned-norm pooling for deep feedforward and recurrent neural networks.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.lp_pool2d(fnnet.ones(1, 2, 2), 2, 2)
        tensor([[[2.]]])
    """
    return _pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """`(sum of x^p over the window)^(1 / p)` of volumes, see `lp_pool2d`.

    Args:
        input: `(N, C, D, H, W)`, or `(C, D, H, W)` without a batch; floating point, int64 or bool.
        norm_type: p, not 0; infinity takes the largest magnitude, minus infinity the smallest.
        kernel_size: Of a window, one int or one per dim.
        stride: Steps between windows. Default: the kernel size.
        ceil_mode: Let the last windows reach over the end instead of leaving elements out; their sums are scaled up to
            those of whole windows. Default: False.

    Returns:
        `(N, C, D', H', W')` or `(C, D', H', W')`, sizes as in `avg_pool3d`; input's dtype, of others the default dtype.

    Raises:
        ShapeError: `input` has another number of dims, an empty one besides N, or no window fits.
        OptionError: Sizes below 1.
        DivisionError: p is 0.
        DTypeError: `input` is complex, or of a whole-number dtype but int64.

    Differentiable: Any order where the sum is not 0; where it is, the gradient is 0.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.lp_pool3d(fnnet.ones(1, 1, 2, 2), 2, (1, 2, 2))
        tensor([[[[2.]]]])
    """
    return _pool(3, input, norm_type, kernel_size, stride, ceil_mode)


__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d"]
