"""Masks: filling, selecting and scattering where they are true, and the places of what is not zero."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.autograd.writes import refuse_partial_overlap
from fnnet.backends import dtypes
from fnnet.functional._common import (
    broadcast_shape,
    check_leaf,
    copy_into,
    dtype_of,
    into_same,
    is_tensor,
    need_number,
    need_one_device,
    need_tensor,
    plain_number,
    to_dtype,
)
from fnnet.functional.broadcasting import broadcast_to
from fnnet.functional.checks import bounds
from fnnet.functional.host_data import fitting_number
from fnnet.functional.places import INDEX_SET, Places, read, true_places, write, written
from fnnet.functional.shape import RESHAPE

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# masked_fill -------------------------------------------------------------------------------------------------------
def _fill_forward(k: K[A], x: A, mask: A, value: A, /) -> A:
    return k.where(mask, value, x)


def _fill_backward(k: K[A], c: Call[A], g: A) -> Grads:
    mask = c.inputs[1]
    zero = k.full((), 0, dtype=g.dtype)
    return (
        sum_to(k, k.where(mask, zero, g), c.shapes[0]) if c.needs[0] else None,
        None,
        sum_to(k, k.where(mask, g, zero), c.shapes[2]) if c.needs[2] else None,
    )


def _fill_samples(make: Make) -> Any:
    yield Sample(make(3, 4), make(3, 4, low=0, high=2, dtype=dtypes.bool_), make())
    yield Sample(make(3, 1), make(4, low=0, high=2, dtype=dtypes.bool_), make())


MASKED_FILL = Op(
    "masked_fill", forward=_fill_forward, backward=_fill_backward, uses=((1,), (), (1,)), kind=Kind.MOVE,
    samples=_fill_samples,
)  # fmt: skip


_FILLS = MASKED_FILL, MASKED_FILL.titled("MaskedFillBackward1")
"""With a number, with a tensor: PyTorch's overloads."""


def _mask(name: str, input: object, mask: object) -> Tensor:
    need_tensor(name, input=input, mask=mask)
    need_one_device(name, input=input, mask=mask)
    m = cast("Tensor", mask)
    if dtype_of(m) is not dtypes.bool_:
        raise DTypeError(
            f"{name}: expected BoolTensor for mask ({name} only supports boolean masks), but got dtype {dtype_of(m)}"
        )
    return m


def _fill_value(input: Tensor, value: Any) -> Tensor:
    dtype = dtype_of(input)
    if is_tensor(value):
        if value._data.ndim:
            raise ShapeError(
                "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._data.ndim} dimension(s)."
            )
        if dtype_of(value).category > dtype.category:
            raise DTypeError(
                f"masked_fill: value cannot be converted to type {dtype.name} without overflow or loss: it is "
                f"{dtype_of(value)}"
            )
        ends = bounds(value) if dtype.category == 1 and dtype_of(value) is not dtype else None
        if ends is not None:
            fitting_number(ends[0], dtype)
        return to_dtype(value, dtype)
    need_number("masked_fill", value=value)
    number = plain_number(value)
    if isinstance(number, complex) and dtype.category < 3:
        raise DTypeError(f"masked_fill: value cannot be converted to type {dtype.name} without overflow")
    raw = namespace_of(input._device).full((), fitting_number(number, dtype), dtype=dtype)
    made: Tensor = make(raw, input._device)
    return made


def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """`value` where `mask` is true, `input` elsewhere.

    Args:
        input: Any tensor.
        mask: Bool, broadcast with `input`.
        value: A number or a 0-d tensor, in the input's dtype; of a number for whole numbers the fraction is cut off.

    Returns:
        A new tensor of the broadcast shape and the input's dtype.

    Raises:
        DTypeError: `mask` is not bool, or `value` is complex (a tensor: or floating-point) and `input` not.
        ShapeError: The shapes do not broadcast, or `value` is a tensor with dims.
        OptionError: A number does not fit the dtype.

    Differentiable: By `input` where `mask` is false, and by a `value` that is a tensor; any order.

    Example:
        >>> import fnnet
        >>> fnnet.masked_fill(fnnet.tensor([1, 2]), fnnet.tensor([True, False]), 9)
        tensor([9, 2])
    """
    m = _mask("masked_fill", input, mask)
    broadcast_shape("masked_fill", tuple(input._data.shape), tuple(m._data.shape))
    r: Tensor = apply(_FILLS[is_tensor(value)], input, m, _fill_value(input, value))
    return r


def masked_fill_(self: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """Overwrite with `value` where `mask` is true.

    Args:
        self: What is overwritten.
        mask: Bool, broadcast to `self`.
        value: As in `masked_fill`.

    Returns:
        `self`.

    Raises:
        DTypeError: `mask` is not bool, or `value` is of a dtype that `masked_fill` refuses.
        ShapeError: `mask` does not broadcast to `self`, or `value` is a tensor with dims.
        OptionError: A number does not fit the dtype.
        AutogradError: `self` is a leaf that requires grad.

    Differentiable: As `masked_fill`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(2).masked_fill_(fnnet.tensor([True, False]), 9)
        tensor([9., 0.])
    """
    m = _mask("masked_fill_", self, mask)
    shape = tuple(self._data.shape)
    if broadcast_shape("masked_fill_", shape, tuple(m._data.shape)) != shape:
        raise ShapeError(
            f"masked_fill_: output with shape {list(shape)} doesn't match the mask's {list(m._data.shape)}"
        )
    refuse_partial_overlap(self, "masked_fill_", m)
    return fill_where(self, m, value, _FILLS[is_tensor(value)])


def fill_where(self: Tensor, mask: Tensor, value: Tensor | Number, op: Op) -> Tensor:
    """`masked_fill_` with a mask that fits, by `MASKED_FILL` or the same under another title."""
    filler = _fill_value(self, value)
    check_leaf(op, self)
    return copy_into(self, apply(op, self, mask, filler))


def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where `mask` is true, as a vector; both are broadcast.

    Args:
        input: Any tensor.
        mask: Bool, broadcast with `input`.
        out: Where to write the result.

    Returns:
        A new vector of the input's dtype, in C order.

    Raises:
        DTypeError: `mask` is not bool.
        ShapeError: The shapes do not broadcast.

    Differentiable: By `input`, any order; what was not selected gets 0.

    Example:
        >>> import fnnet
        >>> fnnet.masked_select(fnnet.tensor([1, 2, 3]), fnnet.tensor([True, False, True]))
        tensor([1, 3])
    """
    m = _mask("masked_select", input, mask)
    shape = broadcast_shape("masked_select", tuple(input._data.shape), tuple(m._data.shape))
    x, places = _masked_places(input, m, shape)
    r = read(x, places, "MaskedSelectBackward0")
    return r if out is None else into_same("masked_select", out, r, input, m)


def _masked_places(x: Tensor, mask: Tensor, shape: tuple[int, ...]) -> tuple[Tensor, Places]:
    x, mask = broadcast_to(x, shape), broadcast_to(mask, shape)
    return x, Places(None, (math.prod(shape),), true_places(mask))


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with elements of `source`, in order, where `mask` is true.

    Args:
        input: Any tensor.
        mask: Bool, broadcast with `input`.
        source: Of the input's dtype, with at least as many elements as the mask has true ones; its shape does not
            matter.

    Returns:
        A new tensor of the broadcast shape and the input's dtype.

    Raises:
        ShapeError: `source` holds too few elements, or the shapes do not broadcast.
        DTypeError: `mask` is not bool, or `source` is not of the input's dtype.

    Differentiable: By `input` where `mask` is false, and by the elements of `source` that are used; any order.

    Example:
        >>> import fnnet
        >>> fnnet.masked_scatter(fnnet.zeros(3), fnnet.tensor([True, False, True]), fnnet.tensor([1.0, 2.0]))
        tensor([1., 0., 2.])
    """
    m = _mask("masked_scatter_", input, mask)
    shape = broadcast_shape("masked_scatter", tuple(input._data.shape), tuple(m._data.shape))
    x, places = _masked_places(input, m, shape)
    return written(x, places, INDEX_SET, _source(x, places, source), "MaskedScatterBackward0")


def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """Overwrite with elements of `source`, in order, where `mask` is true.

    Args:
        self: What is overwritten.
        mask: Bool, broadcast to `self`.
        source: As in `masked_scatter`.

    Returns:
        `self`.

    Raises:
        ShapeError: `source` holds too few elements, or `mask` does not broadcast to `self`.
        DTypeError: `mask` is not bool, or `source` is not of the dtype of `self`.
        AutogradError: `self` is a leaf that requires grad.

    Differentiable: As `masked_scatter`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(3).masked_scatter_(fnnet.tensor([True, False, True]), fnnet.tensor([1.0, 2.0]))
        tensor([1., 0., 2.])
    """
    m = _mask("masked_scatter_", self, mask)
    _, places = _masked_places(self, m, tuple(self._data.shape))
    return write(self, places, INDEX_SET, _source(self, places, source), "MaskedScatterBackward0")


def _source(x: Tensor, places: Places, source: Tensor) -> Tensor:
    need_tensor("masked_scatter", source=source)
    if dtype_of(source) is not dtype_of(x):
        raise DTypeError(
            f"masked_scatter: expected self and source to have same dtypes but got {dtype_of(x)} and {dtype_of(source)}"
        )
    count = places.at.shape[0]
    n = math.prod(source._data.shape)
    if n < count:
        raise ShapeError(f"masked_scatter: Number of elements of source < number of ones in mask ({n} < {count})")
    flat: Tensor = apply(RESHAPE, source, shape=(n,))
    return flat if n == count else flat[:count]


# places of what is not zero ----------------------------------------------------------------------------------------
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:  # a Tensor, or a tuple of them
    """Indices of the elements that are not zero, in C order.

    Args:
        input: Any tensor; NaN is not zero.
        out: Where to write the result.
        as_tuple: A tuple of one vector per dim (what `x[...]` takes) instead of a matrix. Default: False.

    Returns:
        int64: a matrix `(n, ndim)` of the n elements that are not zero, or `ndim` vectors `(n,)` (of a 0-d tensor one).

    Raises:
        ArgumentError: `input` is no tensor.
        DTypeError: `out` is not int64.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.nonzero(fnnet.tensor([[0, 1], [2, 0]]))
        tensor([[0, 1],
                [1, 0]])
        >>> fnnet.nonzero(fnnet.tensor([0, 1, 2]), as_tuple=True)
        (tensor([1, 2]),)
    """
    need_tensor("nonzero", input=input)
    k = namespace_of(input._device)
    shape = tuple(input._data.shape)
    rest = true_places(input)
    vectors: list[Any] = []
    for i, n in enumerate(shape if not as_tuple or shape else (1,)):
        inner = max(math.prod(shape[i + 1 :]), 1)
        at = rest if inner == 1 else k.floor_divide(rest, inner)
        vectors.append(at if i == 0 else k.remainder(at, max(n, 1)))
    if as_tuple:
        return tuple(make(k.asarray(v), input._device) for v in vectors)
    count = rest.shape[0]
    columns = [k.reshape(v, shape=(count, 1)) for v in vectors]
    raw = k.cat(*columns, dim=1) if columns else k.full((count, 0), 0, dtype=dtypes.int64)
    r: Tensor = make(raw, input._device)
    return r if out is None else into_same("nonzero", out, r)


def argwhere(input: Tensor) -> Tensor:
    """Indices of the elements that are not zero, as a matrix (n, ndim).

    Args:
        input: Any tensor; NaN is not zero.

    Returns:
        An int64 matrix `(n, ndim)`.

    Raises:
        ArgumentError: `input` is no tensor.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.argwhere(fnnet.tensor([0, 1, 1]))
        tensor([[1],
                [2]])
    """
    need_tensor("argwhere", input=input)
    r: Tensor = nonzero(input)
    return r


__all__ = ["argwhere", "masked_fill", "masked_scatter", "masked_select", "nonzero"]
