"""Losses that draw similar things together and push others apart: of pairs, of rankings, of triplets.

PyTorch composes them of other functions, and so are they here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fnnet._core.errors import OptionError, ShapeError
from fnnet.functional._common import broadcast_shape, need_tensor
from fnnet.functional.activation import need_float
from fnnet.functional.distance import pairwise_distance
from fnnet.functional.elementwise import where
from fnnet.functional.extremes import minimum
from fnnet.functional.loss import reduce_composed, reduction_of

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

_LEAST_SQUARE = 1e-12  # PyTorch's, added to the squared lengths: the cosine with a vector of zeros is 0


# pairs ---------------------------------------------------------------------------------------------------------------
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`1 - cos(x1, x2)` of pairs that belong together (target 1), `max(0, cos(x1, x2) - margin)` of others (-1).

    Args:
        input1: `(N, D)` or `(D)`, any real dtype.
        input2: `(N, D)` or `(D)`; shapes are broadcast and dtypes promoted.
        target: `(N)` or `()`, 1 or -1; pairs of another target count as 0.
        margin: How similar others may be for nothing, in [-1, 1]. Default: 0.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".

    Returns:
        `(N)` or `()` with "none", else 0-d; floating-point, whole numbers give the default dtype.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: `target` has more than one dim, the inputs do not have one dim more, or shapes do not broadcast.

    Differentiable:
        By `input1` and `input2`, any order; 0 where the cosine of others is below `margin`.

    Example:
        >>> import fnnet
        >>> x, y = fnnet.tensor([[1.0, 0.0], [1.0, 0.0]]), fnnet.tensor([[0.0, 2.0], [3.0, 0.0]])
        >>> fnnet.nn.functional.cosine_embedding_loss(x, y, fnnet.tensor([1, -1]), reduction="none")
        tensor([1., 1.])
    """
    name = "cosine_embedding_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    need_tensor(name, input1=input1, input2=input2, target=target)
    dim, a, b = target._data.ndim, tuple(input1._data.shape), tuple(input2._data.shape)
    if dim > 1:
        raise ShapeError(
            f"{name}: 0D or 1D target tensor expected, multi-target not supported, got {tuple(target._data.shape)}"
        )
    if len(a) != dim + 1 or len(b) != dim + 1:
        raise ShapeError(
            f"{name}: {dim}D target tensor expects {dim + 1}D input tensors, but found inputs with sizes {list(a)} and "
            f"{list(b)}."
        )
    broadcast_shape(name, a, b)
    product = (input1 * input2).sum(dim)
    square1 = (input1 * input1).sum(dim) + _LEAST_SQUARE
    square2 = (input2 * input2).sum(dim) + _LEAST_SQUARE
    cosine = product / (square1 * square2).sqrt()
    together = where(target == 1, 1 - cosine, 0.0)
    apart = where(target == -1, (cosine - float(margin)).clamp_min(0), 0.0)
    return reduce_composed(together + apart, reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`x` where the target is 1, `max(0, margin - x)` where it is -1; x is a distance.

    Args:
        input: `(*)`, floating-point.
        target: `(*)`, 1 or -1, any dtype; shapes are broadcast. For another target both terms are added.
        margin: How far others have to be. Default: 1.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".

    Returns:
        `(*)` with "none", else 0-d; of the input's dtype. The mean of no elements is NaN.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: The shapes do not broadcast.
        DTypeError: `input` is not floating-point.

    Differentiable: By `input`, any order; 0 where it is beyond `margin` and the target is -1.

    Example:
        >>> import fnnet
        >>> x, target = fnnet.tensor([0.25, 0.25, 2.0]), fnnet.tensor([1, -1, -1])
        >>> fnnet.nn.functional.hinge_embedding_loss(x, target, reduction="none")
        tensor([0.2500, 0.7500, 0.0000])
    """
    name = "hinge_embedding_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    need_float(name, input)
    need_tensor(name, target=target)
    broadcast_shape(name, tuple(input._data.shape), tuple(target._data.shape))
    apart = where(target != 1, (float(margin) - input).clamp_min(0), 0.0)
    together = where(target != -1, input, 0.0)
    return reduce_composed(apart + together, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`max(0, -target * (x1 - x2) + margin)`: with target 1 the first shall rank higher, with -1 the second.

    Args:
        input1: `(*)`, floating-point or whole numbers.
        input2: `(*)`, of as many dims; shapes are broadcast and dtypes promoted.
        target: `(*)`, 1 or -1, of as many dims.
        margin: By how much. Default: 0.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".

    Returns:
        `(*)` with "none", else 0-d; floating-point, whole numbers give the default dtype.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: The numbers of dims differ, or the shapes do not broadcast.

    Differentiable: By all three tensors, any order; 0 below the hinge, 1 in it.

    Example:
        >>> import fnnet
        >>> x, y = fnnet.tensor([1.0, 1.0]), fnnet.tensor([3.0, 0.0])
        >>> fnnet.nn.functional.margin_ranking_loss(x, y, fnnet.tensor([1, 1]), 0.5, reduction="none")
        tensor([2.5000, 0.0000])
    """
    name = "margin_ranking_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    need_tensor(name, input1=input1, input2=input2, target=target)
    shapes = [tuple(t._data.shape) for t in (input1, input2, target)]
    if len(set(map(len, shapes))) > 1:
        raise ShapeError(
            f"{name} : All input tensors should have same dimension but got sizes: input1: {input1.size()}, "
            f"input2: {input2.size()}, target: {target.size()}"
        )
    broadcast_shape(name, *shapes)
    return reduce_composed((-target * (input1 - input2) + float(margin)).clamp_min(0), reduction)


# triplets ------------------------------------------------------------------------------------------------------------
def _check_triplet(name: str, margin: float, anchor: Tensor, positive: Tensor, negative: Tensor) -> None:
    need_tensor(name, anchor=anchor, positive=positive, negative=negative)
    if margin <= 0:
        raise OptionError(f"{name}: margin must be greater than 0, got {margin}")
    shapes = [tuple(t._data.shape) for t in (anchor, positive, negative)]
    a, p, n = map(len, shapes)
    if not a == p == n:
        raise ShapeError(
            f"{name}: The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
            f"but got: anchor {a}D, positive {p}D, and negative {n}D inputs"
        )


def _of_triplet(
    distance: Callable[[Tensor, Tensor], Tensor],
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float,
    swap: bool,
) -> Tensor:
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return (margin + near - far).clamp_min(0)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`max(0, margin + d(a, p) - d(a, n))`, where d is the p-norm of the difference plus `eps`, along the last dim.

    Args:
        anchor: `(N, D)`, `(D)` or `(*, D)`, any dtype.
        positive: Of the same kind as the anchor; shapes are broadcast and dtypes promoted.
        negative: Of another kind.
        margin: How much farther the negative has to be, more than 0. Default: 1.
        p: Order of the norm. Default: 2.
        eps: Added to the differences. Default: 1e-6.
        swap: Take `d(p, n)` for `d(a, n)` where it is less. Default: False.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".

    Returns:
        `(N)`, `()` or `(*)` with "none", else 0-d; floating-point, whole numbers give the default dtype.

    Raises:
        OptionError: `margin` is not positive, or `reduction` is none of these.
        ShapeError: The numbers of dims differ, or the shapes do not broadcast.

    Differentiable: By all three tensors, any order; 0 below the hinge, 1 in it, and as `norm`.

    Source:
        V. Balntas, E. Riba et al., "Learning shallow convolutional feature descriptors with triplet losses" (2016).

    Example:
        >>> import fnnet
        >>> a, p, n = fnnet.tensor([[0.0, 0.0]]), fnnet.tensor([[3.0, 4.0]]), fnnet.tensor([[0.0, 2.0]])
        >>> fnnet.nn.functional.triplet_margin_loss(a, p, n)
        tensor(4.0000)
    """
    name = "triplet_margin_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    _check_triplet(name, margin, anchor, positive, negative)
    loss = _of_triplet(lambda x, y: pairwise_distance(x, y, p, eps), anchor, positive, negative, float(margin), swap)
    return reduce_composed(loss, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`max(0, margin + d(a, p) - d(a, n))` for a distance d of one's own.

    Args:
        anchor: Whatever the distance takes.
        positive: Of the same kind as the anchor, and of as many dims.
        negative: Of another kind.
        distance_function: `(Tensor, Tensor) -> Tensor`. Default: None, `pairwise_distance`.
        margin: How much farther the negative has to be, more than 0. Default: 1.
        swap: Take `d(p, n)` for `d(a, n)` where it is less. Default: False.
        reduction: "none", "sum" or "mean". Default: "mean".

    Returns:
        The shape of the distances with "none", else 0-d; of their dtype.

    Raises:
        OptionError: `margin` is not positive, or `reduction` is none of these.
        ShapeError: The numbers of dims differ.

    Differentiable: As the distance is; 0 below the hinge, 1 in it.

    Source:
        V. Balntas, E. Riba et al., "Learning shallow convolutional feature descriptors with triplet losses" (2016).

    Example:
        >>> import fnnet
        >>> a, p, n = fnnet.tensor([0.0]), fnnet.tensor([3.0]), fnnet.tensor([2.0])
        >>> fnnet.nn.functional.triplet_margin_with_distance_loss(
        ...     a, p, n, distance_function=lambda x, y: (x - y).abs()
        ... )
        tensor(2.)
    """
    name = "triplet_margin_with_distance_loss"
    reduction = reduction_of(name, reduction)
    _check_triplet(name, margin, anchor, positive, negative)
    distance = pairwise_distance if distance_function is None else distance_function
    return reduce_composed(_of_triplet(distance, anchor, positive, negative, margin, swap), reduction)


__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]  # fmt: skip
