"""Losses of classifiers that ask for a margin: the score of the right class shall exceed the others'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, GatherIndexError, IndexRangeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import OPS, Make, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.functional._common import _title, broadcast_shape, dtype_of, need_tensor, refuse_dtype, to_dtype
from fnnet.functional.activation import logsigmoid, need_float
from fnnet.functional.checks import bounds, constant
from fnnet.functional.classification import flattened
from fnnet.functional.loss import REDUCTIONS, each, reduce_composed, reduced, reduction_of

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# soft margins --------------------------------------------------------------------------------------------------------
def _soft_forward(k: K[A], x: A, target: A, *, reduction: str) -> A:
    z = -(x * target)
    return reduced(k, k.maximum(z, 0) + k.log1p(k.exp(-k.abs(z))), reduction)


def _soft_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, target = c.inputs
    return -(target * k.sigmoid(-(x * target))) * each(g, c.shapes[0], c.static["reduction"]), None


def _soft_samples(make: Make) -> Any:
    for reduction in REDUCTIONS:
        yield Sample(make(2, 3, low=-3, high=3), make(2, 3), reduction=reduction)
    yield Sample(make(), make(), reduction="mean")
    yield Sample(make(0), make(0), reduction="sum")


SOFT_MARGIN_LOSS = Op(
    "soft_margin_loss", forward=_soft_forward, backward=_soft_backward, uses=((0, 1), ()), real=True,
    samples=_soft_samples,
)  # fmt: skip


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`log(1 + exp(-target * input))`, without overflow: the logistic loss of two classes, 1 and -1.

    Args:
        input: `(*)`, scores, floating-point.
        target: `(*)` or what broadcasts to it, 1 or -1, any real dtype.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".

    Returns:
        `(*)` with "none", else 0-d; of the input's dtype. The mean of no elements is NaN.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: `target` does not broadcast to the input.
        DTypeError: `input` is not floating-point, or `target` is complex.
        AutogradError: `target` requires grad.

    Differentiable: By `input`, everywhere, any order.

    Example:
        >>> import fnnet
        >>> x, target = fnnet.tensor([0.0, 1000.0]), fnnet.tensor([1, -1])
        >>> fnnet.nn.functional.soft_margin_loss(x, target, reduction="none")
        tensor([6.9315e-01, 1.0000e+03])
    """
    name = "soft_margin_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    need_float(name, input)
    need_tensor(name, target=target)
    constant(name, target=target)
    refuse_dtype(name, dtype_of(input), 3)
    refuse_dtype(name, dtype_of(target), 3)
    shape = tuple(input._data.shape)
    common = broadcast_shape(name, shape, tuple(target._data.shape))
    if common != shape:
        raise ShapeError(f"{name}: output with shape {list(shape)} doesn't match the broadcast shape {list(common)}")
    t = to_dtype(target, dtype_of(input))
    if tuple(t._data.shape) != shape:
        t = apply(OPS["expand"], t, shape=shape)
    return cast("Tensor", apply(SOFT_MARGIN_LOSS, input, t, reduction=reduction))


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`-mean over classes of t log(s) + (1 - t) log(1 - s)`, where `s = sigmoid(input)`, without overflow.

    Args:
        input: `(N, C)`, `(C)` or `(*, C)`, scores, floating-point.
        target: Of the same shape, t is 1 for the classes that apply, else 0; dtypes are promoted.
        weight: `(C)` or what broadcasts to the input, multiplied. Default: None, ones.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean". Default: "mean".

    Returns:
        `(N)`, `()` or `(*)` with "none", else 0-d; of the common dtype.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: The shapes do not broadcast.
        IndexRangeError: `input` is 0-d.
        DTypeError: `input` is not floating-point.

    Differentiable: Everywhere, any order, by `input`, `target` and `weight`.

    Example:
        >>> import fnnet
        >>> x, target = fnnet.tensor([[0.0, 1000.0]]), fnnet.tensor([[1.0, 1.0]])
        >>> fnnet.nn.functional.multilabel_soft_margin_loss(x, target)
        tensor(0.3466)
    """
    name = "multilabel_soft_margin_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    need_float(name, input)
    need_tensor(name, target=target)
    if weight is not None:
        need_tensor(name, weight=weight)
    shape = tuple(input._data.shape)
    if not shape:
        raise IndexRangeError(f"{name}: Dimension specified as -1 but tensor has no dimensions")
    broadcast_shape(name, shape, *(tuple(t._data.shape) for t in (target, weight) if t is not None))
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return reduce_composed(loss.sum(len(shape) - 1) / shape[-1], reduction)


# one class of several ------------------------------------------------------------------------------------------------
def _over_rows(k: K[A], loss: A, reduction: str) -> A:
    """As `reduced`; the mean over no rows is 0."""
    if reduction == "none":
        return loss
    total = k.sum(loss, dim=(0,))
    return total if reduction == "sum" else total / max(loss.shape[0], 1)


def _of_rows(k: K[A], g: A, shape: Shape, reduction: str) -> A:
    """The gradient of each row's loss as a column of `(N, C)`."""
    if reduction == "none":
        return k.reshape(g, shape=(shape[0], 1))
    return g / max(shape[0], 1) if reduction == "mean" else g


def _row_places(k: K[A], shape: Shape, index: A) -> A:
    """Where the classes `index`, `(N, J)`, stand in the flattened `(N, C)`: a vector."""
    n, classes = shape
    return flattened(k, index + k.reshape(k.arange(n), shape=(n, 1)) * classes)


def _excess(k: K[A], x: A, target: A, margin: float) -> A:
    """By how much the other classes come too near to the target's score, and 0."""
    (n, classes), column = x.shape, k.reshape(target, shape=(target.shape[0], 1))
    right = k.take(flattened(k, x), _row_places(k, x.shape, column))
    z = x - k.reshape(right, shape=(n, 1)) + margin
    counts = k.logical_and(k.ne(k.arange(classes), column), k.gt(z, 0))
    return k.where(counts, z, 0)


def _by_class(k: K[A], weight: A | None, target: A) -> A | int:
    """The weights of the rows, a column."""
    return 1 if weight is None else k.reshape(k.take(weight, target), shape=(target.shape[0], 1))


def _multi_forward(
    k: K[A], x: A, target: A, weight: A | None, *, reduction: str, power: int, margin: float
) -> A:  # fmt: skip
    z = _excess(k, x, target, margin)
    z = (z * z if power == 2 else z) * _by_class(k, weight, target)
    return _over_rows(k, k.sum(z, dim=(1,)) / x.shape[1], reduction)


def _multi_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, target, weight = c.inputs
    z = _excess(k, x, target, c.static["margin"])
    z = z * 2 if c.static["power"] == 2 else k.cast(k.gt(z, 0), dtype=x.dtype)
    dx = z * (_of_rows(k, g, x.shape, c.static["reduction"]) * _by_class(k, weight, target) / x.shape[1])
    places = _row_places(k, x.shape, k.reshape(target, shape=(x.shape[0], 1)))
    flat = k.index_set(flattened(k, dx), places, -k.sum(dx, dim=(1,)))
    return k.reshape(flat, shape=x.shape), None, None


def _multi_samples(make: Make) -> Any:
    target = make(3, low=0, high=4, dtype=dtypes.int64)
    for reduction in REDUCTIONS:
        for power in (1, 2):
            yield Sample(make(3, 4), target, None, reduction=reduction, power=power, margin=1.0)
    weight = make(4, low=0.5, high=2)
    yield Sample(make(3, 4), target, weight, reduction="mean", power=2, margin=0.5)
    yield Sample(make(0, 4), make(0, dtype=dtypes.int64), None, reduction="mean", power=1, margin=1.0)


MULTI_MARGIN_LOSS = Op(
    "multi_margin_loss", forward=_multi_forward, backward=_multi_backward, uses=((0, 1, 2), (), ()), real=True,
    samples=_multi_samples,
)  # fmt: skip


def _rows_of_classes(name: str, x: Tensor) -> Shape:
    """The input's shape as `(N, C)`."""
    shape = tuple(x._data.shape)
    if len(shape) > 2 or 0 in shape[-1:]:
        raise ShapeError(
            f"{name}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(shape)}"
        )
    return shape if len(shape) == 2 else (1, *(shape or (1,)))


def _need_long(name: str, target: Tensor) -> None:
    need_tensor(name, target=target)
    if dtype_of(target) is not dtypes.int64:
        raise DTypeError(f"{name}: expected scalar type Long but found {_title(dtype_of(target))} (target)")


def _need_classes(name: str, target: Tensor, least: int, classes: int) -> None:
    found = bounds(target)
    if found is not None and (found[0] < least or found[1] >= classes):
        raise GatherIndexError(
            f"{name}: target out of range: argument 'target' is out of range, expected {least} to {classes - 1}, got "
            f"{found[0]} to {found[1]}"
        )


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`sum over the other classes c of weight[t] * max(0, margin - x[t] + x[c])^p / C`, for the target class t.

    Args:
        input: Scores `(N, C)` or `(C)`, floating-point.
        target: Classes `(N)` or `()`, int64, in [0, C).
        p: The exponent, 1 or 2. Default: 1.
        margin: By how much the target's score shall exceed the others. Default: 1.
        weight: `(C)`, of each class, of the input's dtype. Default: None, ones.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean" over the rows. Default: "mean".

    Returns:
        The target's shape with "none", else 0-d; of the input's dtype. Of no rows it is 0; NaN counts as 0.

    Raises:
        OptionError: `p` is neither 1 nor 2, `weight` is not 1-d, or `reduction` is none of these.
        ShapeError: Input, target and weight do not fit together.
        GatherIndexError: A target is no class (checked in host memory only).
        DTypeError: `input` is not floating-point, `target` not int64, or `weight` of another dtype.
        AutogradError: `weight` requires grad.

    Differentiable: By `input`, any order; 0 where a hinge begins.

    Source:
        K. Crammer and Y. Singer, "On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines" (2001).

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.multi_margin_loss(fnnet.tensor([[1.0, 0.5, 3.0, 0.0]]), fnnet.tensor([0]))
        tensor(0.8750)
    """
    name = "multi_margin_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    need_float(name, input)
    refuse_dtype(name, dtype_of(input), 3)
    if p not in (1, 2):
        raise OptionError(f"{name}: only p == 1 and p == 2 supported, got {p}")
    constant(name, weight=weight)
    if weight is not None and weight._data.ndim != 1:
        raise OptionError(f"{name}: weight must be one-dimensional, got {tuple(weight._data.shape)}")
    rows = _rows_of_classes(name, input)
    _need_long(name, target)
    given = tuple(target._data.shape)
    if len(given) > 1 or (given or (1,)) != rows[:1]:
        raise ShapeError(
            f"{name}: target tensor should be 1-D with size equal to the number of input samples (batch size). "
            f"Expected target size [{rows[0]}], but got {list(given)}. Input has shape {list(input._data.shape)}."
        )
    if weight is not None:
        if weight._data.shape[0] != rows[1]:
            raise ShapeError(f"{name}: inconsistent weight size, expected {rows[1]} but got {list(weight._data.shape)}")
        if dtype_of(weight) is not dtype_of(input):
            raise DTypeError(
                f"{name}: expected scalar type {_title(dtype_of(input))} but found {_title(dtype_of(weight))} (weight)"
            )
    _need_classes(name, target, 0, rows[1])
    x, t = _shaped(input, rows), _shaped(target, rows[:1])
    loss = apply(MULTI_MARGIN_LOSS, x, t, weight, reduction=reduction, power=int(p), margin=float(margin))
    return _shaped(loss, given) if reduction == "none" else cast("Tensor", loss)


def _shaped(t: Tensor, shape: Shape) -> Tensor:
    return t if tuple(t._data.shape) == shape else cast("Tensor", apply(OPS["reshape"], t, shape=shape))


# several classes -----------------------------------------------------------------------------------------------------
def _shortfalls(k: K[A], x: A, target: A) -> tuple[A, A]:
    """`1 - x[t] + x[c]` where positive, else 0, for targets t and classes c that are none, `(N, J, C)`; the targets.

    Those behind the first negative one do not count; they are given as class 0.
    """
    (n, classes), count = x.shape, target.shape[1]
    counts = k.eq(k.cumsum(k.cast(k.lt(target, 0), dtype=target.dtype), dim=1), 0)
    index = k.where(counts, target, 0)
    places = _row_places(k, x.shape, index)
    met = k.index_add(k.full((n * classes,), 0, dtype=x.dtype), places, flattened(k, k.cast(counts, dtype=x.dtype)))
    others = k.eq(k.reshape(met, shape=(n, 1, classes)), 0)
    right = k.reshape(k.take(flattened(k, x), places), shape=(n, count, 1))
    z = 1 - right + k.reshape(x, shape=(n, 1, classes))
    applies = k.logical_and(k.logical_and(k.reshape(counts, shape=(n, count, 1)), others), k.gt(z, 0))
    return k.where(applies, z, 0), index


def _multilabel_forward(k: K[A], x: A, target: A, *, reduction: str) -> A:
    z, _ = _shortfalls(k, x, target)
    return _over_rows(k, k.sum(z, dim=(1, 2)) / x.shape[1], reduction)


def _multilabel_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, target = c.inputs
    z, index = _shortfalls(k, x, target)
    applies = k.cast(k.gt(z, 0), dtype=x.dtype)
    of_rows = _of_rows(k, g, x.shape, c.static["reduction"]) / x.shape[1]
    dx = k.sum(applies, dim=(1,)) * of_rows
    down = k.sum(applies, dim=(2,)) * of_rows
    flat = k.index_add(
        flattened(k, dx), _row_places(k, x.shape, index), -flattened(k, down)
    )  # fmt: skip
    return k.reshape(flat, shape=x.shape), None


def _multilabel_samples(make: Make) -> Any:
    target = make(3, 4, low=-2, high=4, dtype=dtypes.int64)
    for reduction in REDUCTIONS:
        yield Sample(make(3, 4), target, reduction=reduction)
    yield Sample(make(2, 5), make(2, 2, low=0, high=5, dtype=dtypes.int64), reduction="mean")
    yield Sample(make(0, 4), make(0, 4, dtype=dtypes.int64), reduction="mean")


MULTILABEL_MARGIN_LOSS = Op(
    "multilabel_margin_loss", forward=_multilabel_forward, backward=_multilabel_backward, uses=((0, 1), ()), real=True,
    samples=_multilabel_samples,
)  # fmt: skip


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`sum over target classes t, and others c, of max(0, 1 - x[t] + x[c]) / C`.

    Args:
        input: Scores `(N, C)` or `(C)`, floating-point.
        target: Of the same shape, int64: the classes that apply, in [0, C), one after the other; -1 ends the list, and
            what follows does not count.
        size_average: Deprecated, see `reduction`. Default: None.
        reduce: Deprecated, see `reduction`. Default: None.
        reduction: "none", "sum" or "mean" over the rows. Default: "mean".

    Returns:
        `(N)` or `()` with "none", else 0-d; of the input's dtype. Of no rows it is 0; NaN counts as 0.

    Raises:
        OptionError: `reduction` is none of these.
        ShapeError: `target` is of another shape, or they are no vector or matrix of classes.
        GatherIndexError: A target is neither a class nor -1 (checked in host memory only).
        DTypeError: `input` is not floating-point, or `target` not int64.

    Differentiable: By `input`, any order; 0 where a hinge begins.

    Example:
        >>> import fnnet
        >>> x, target = fnnet.tensor([[0.1, 0.2, 0.4, 0.8]]), fnnet.tensor([[3, 0, -1, 1]])
        >>> fnnet.nn.functional.multilabel_margin_loss(x, target)
        tensor(0.8500)
    """
    name = "multilabel_margin_loss"
    reduction = reduction_of(name, reduction, size_average, reduce)
    need_float(name, input)
    refuse_dtype(name, dtype_of(input), 3)
    rows = _rows_of_classes(name, input)
    _need_long(name, target)
    shape, given = tuple(input._data.shape), tuple(target._data.shape)
    fits = given == shape if len(shape) == 2 else len(given) <= 1 and (given or (1,)) == rows[1:]
    if not fits:
        raise ShapeError(f"{name}: inconsistent target size: {list(given)} for input of size: {list(shape)}")
    _need_classes(name, target, -1, rows[1])
    x, t = _shaped(input, rows), _until_end(_shaped(target, rows))
    loss = apply(MULTILABEL_MARGIN_LOSS, x, t, reduction=reduction)
    return _shaped(loss, rows[:1] if len(shape) == 2 else ()) if reduction == "none" else cast("Tensor", loss)


def _until_end(target: Tensor) -> Tensor:
    """The columns up to the end of the longest list: every pair of a column and a class takes memory."""
    ended = (target < 0).cumsum(1)
    longest = bounds((ended == 0).sum(1))
    if longest is None or longest[1] == target._data.shape[1]:
        return target
    return cast("Tensor", apply(OPS["getitem"], target, index=(slice(None), slice(0, longest[1]))))


__all__ = ["multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss", "soft_margin_loss"]
