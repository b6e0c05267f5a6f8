"""Division by a norm: along a dim, or over neighbouring channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fnnet._core.errors import OptionError, ShapeError
from fnnet._core.op import OPS
from fnnet.autograd.tape import apply
from fnnet.functional import creation, ranges
from fnnet.functional._common import dtype_of, into, need_tensor, refuse_dtype
from fnnet.functional.activation import need_float

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fnnet._tensor import Tensor


def normalize(
    input: Tensor,
    p: float = 2.0,
    dim: int | Sequence[int] = 1,
    eps: float = 1e-12,
    out: Tensor | None = None,
) -> Tensor:
    """`x / max(norm(x, p, dim), eps)`.

    Args:
        input: Floating point or complex, `(N, C, *)` for the default `dim`.
        p: Order of the norm. Default: 2.
        dim: Along which the norm is taken, a dim or several. Default: 1.
        eps: Least divisor. Default: 1e-12.
        out: Filled and returned.

    Returns:
        Input's shape and dtype; zeros where all is zero.

    Raises:
        DTypeError: `input` is of whole numbers or bool.
        IndexRangeError: `dim` is not there.

    Differentiable: As `norm`; where the norm is below `eps`, by the numerator alone.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.normalize(fnnet.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    need_float("normalize", input)
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps)
    r = input / norm
    return r if out is None else into("normalize", out, r)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """`x / (k + alpha * mean(x^2 over size neighbouring channels))^beta`, zeros beyond the first and last channel.

    Args:
        input: `(N, C, *)` of three dims at least, floating point or whole numbers, of which the mean is rounded down.
        size: How many channels.
        alpha: Weight of the squares. Default: 1e-4.
        beta: Exponent. Default: 0.75.
        k: Added. Default: 1.

    Returns:
        Input's shape and dtype; whole numbers give the default dtype.

    Raises:
        OptionError: Fewer than three dims, or `size` is below 1.
        DTypeError: `input` is bool or complex.

    Differentiable: Everywhere, any order.

    Source:
        A. Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks" (2012).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.local_response_norm(fnnet.ones(1, 2, 1), 2, alpha=2.0, beta=1.0)
        tensor([[[0.5000],
                 [0.3333]]])
    """
    need_tensor("local_response_norm", input=input)
    refuse_dtype("local_response_norm", dtype_of(input), 0, 3)
    shape = tuple(input._data.shape)
    if len(shape) < 3:
        raise OptionError(
            f"local_response_norm: Expected 3D or higher dimensionality input (got {len(shape)} dimensions)"
        )
    if size < 1:
        raise OptionError(f"local_response_norm: size should be greater than zero, but got {size}")
    if 0 in shape:
        return input
    squares = input * input
    before, after = size // 2, (size - 1) // 2

    def zeros(n: int) -> Tensor:
        return creation.zeros(shape[0], n, *shape[2:], dtype=dtype_of(input), device=input._device)

    padded = apply(OPS["cat"], zeros(before), squares, zeros(after), dim=1)
    lead = (slice(None),)
    total = cast("Tensor", apply(OPS["getitem"], padded, index=(*lead, slice(0, shape[1]))))
    for i in range(1, size):
        total = total + apply(OPS["getitem"], padded, index=(*lead, slice(i, i + shape[1])))
    mean = total // size if dtype_of(input).category < 2 else total / size
    return input / (mean * alpha + k) ** beta


def cross_map_lrn(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """`x / (k + alpha / size * s)^beta`, `s` the squares over neighbouring channels, see `nn.CrossMapLRN2d`.

    Args:
        input: `(N, C, H, W)`, floating point.
        size: How many channels; of an even number the channels on both sides are as many as for one less.
        alpha: Weight of the squares. Default: 1e-4.
        beta: Exponent. Default: 0.75.
        k: Added. Default: 1.

    Returns:
        Input's shape and dtype.

    Raises:
        ShapeError: Another number of dims.
        DTypeError: `input` is not of floating point.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.functional.scaling import cross_map_lrn
        >>> cross_map_lrn(fnnet.ones(1, 2, 1, 1), 1, alpha=1.0, beta=1.0).flatten()
        tensor([0.5000, 0.3333])
    """
    need_tensor("CrossMapLRN2d", input=input)
    refuse_dtype("CrossMapLRN2d", dtype_of(input), 0, 1, 3)
    if input.ndim != 4:
        raise ShapeError(f"CrossMapLRN2d: Expected input to be 4D, got {input.ndim}D instead.")
    side = int((size - 1) / 2)
    at = ranges.arange(input.shape[1], device=input.device)
    here, there = at[:, None], at[None, :]
    near = ((there - here).abs() <= side) | ((there == 0) & (here > 0))  # PyTorch never takes the first one out again
    squares = (input * input).flatten(2)
    total = (near.to(dtype_of(input)) @ squares).reshape(input.shape)
    r: Tensor = input / (total * (alpha / size) + k) ** beta
    return r


__all__ = ["cross_map_lrn", "local_response_norm", "normalize"]
