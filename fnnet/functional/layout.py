"""The order of a tensor's memory: whether it is dense, and dense copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ArgumentError, ShapeError
from fnnet._core.namespace import Shape
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.backends.memory_formats import MemoryFormat, channels_last, channels_last_3d, contiguous_format
from fnnet.functional._common import need_tensor
from fnnet.functional.movement import CLONE
from fnnet.functional.shape import PERMUTE, inverse

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

CHANNELS_LAST: dict[str, Shape] = {"channels_last": (0, 2, 3, 1), "channels_last_3d": (0, 2, 3, 4, 1)}
"""The order in which the dims of a memory format lie."""
LAST: dict[int, Shape] = {len(order): order for order in CHANNELS_LAST.values()}
"""The same by the number of dims."""


def order_of(name: str, memory_format: Any) -> Shape | None:  # checked here
    """The dims from slowest to fastest in memory; None for C order. `name` is the function's, for the error."""
    if not isinstance(memory_format, MemoryFormat):
        given = type(memory_format).__name__
        raise ArgumentError(f"{name}(): argument 'memory_format' must be fnnet.memory_format, not {given}")
    return CHANNELS_LAST.get(memory_format.name)


def dense_strides(shape: Shape, step: int) -> Shape:
    """The strides of a dense tensor in C order whose elements are `step` apart; a dim of size 0 counts as 1."""
    found = [step] * len(shape)
    for d in range(len(shape) - 2, -1, -1):
        found[d] = found[d + 1] * max(shape[d + 1], 1)
    return tuple(found)


def is_dense(t: Tensor, order: Shape | None = None) -> bool:
    """Whether the elements lie densely: in C order, or with the dims in `order` from slowest to fastest."""
    shape = t._data.shape
    if order is not None and len(order) != len(shape):
        return False
    strides = t._device.backend.strides(t._data)
    if 0 in shape or (strides is None and order is None):
        return order is None
    need = t.itemsize
    if strides is None:
        strides = dense_strides(shape, need)
    for d in reversed(range(len(shape)) if order is None else order):
        if shape[d] != 1:
            if strides[d] != need:
                return False
            need *= shape[d]
    return True


def contiguous(input: Tensor, memory_format: MemoryFormat = contiguous_format) -> Tensor:
    """The tensor itself where its memory is dense in the order asked for, else such a copy.

    Args:
        input: Any tensor.
        memory_format: `contiguous_format` (C order, the default), `channels_last` or `channels_last_3d`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(2, 3).t().contiguous().stride()
        (2, 1)
    """
    need_tensor("contiguous", input=input)
    order = order_of("contiguous", memory_format)
    if order is None:
        if is_dense(input):
            return input
        r: Tensor = apply(CLONE, input, contiguous=True)
        return r
    if input._data.ndim != len(order):
        raise ShapeError(
            f"contiguous: required rank {len(order)} tensor to use {memory_format} format, got {input._data.ndim} dims"
        )
    if is_dense(input, order):
        return input
    turned: Tensor = apply(PERMUTE, input, dims=order)
    dense: Tensor = apply(PERMUTE, apply(CLONE, turned, contiguous=True), dims=inverse(order))
    return dense


def in_usual_order(t: Tensor) -> Tensor:
    """`t` where it is dense in C order or with the channels last, else a copy in C order: what layers compute from."""
    if is_dense(t):
        return t
    order = LAST.get(t._data.ndim)
    return t if order is not None and is_dense(t, order) else contiguous(t)


def laid_out_as(r: Tensor, *operands: Tensor) -> Tensor:
    """`r` with the channels last where one of the operands has them last: how layers keep the order of images."""
    order = LAST.get(r._data.ndim)
    if order is None or all(is_dense(t) or not is_dense(t, order) for t in operands) or is_dense(r, order):
        return r
    node = r._node
    r = contiguous(r, channels_last if len(order) == 4 else channels_last_3d)
    return r if node is None else entitle(r, node.name())


def with_own_memory(r: Tensor) -> Tensor:
    """`r`, which is a copy already or is copied now: for ops that never return a view."""
    if r._view is None:
        return r
    copied: Tensor = apply(CLONE, r, contiguous=True)
    return copied


__all__ = [
    "CHANNELS_LAST", "contiguous", "dense_strides", "in_usual_order", "is_dense", "laid_out_as", "order_of",
    "with_own_memory",
]  # fmt: skip
