"""The order of a tensor's memory: whether it is dense, and dense copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ShapeError
from fnnet._core.namespace import Shape
from fnnet.autograd.tape import apply
from fnnet.functional._common import need_tensor
from fnnet.functional.movement import CLONE
from fnnet.functional.shape import PERMUTE, inverse

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

CHANNELS_LAST: dict[str, Shape] = {"channels_last": (0, 2, 3, 1), "channels_last_3d": (0, 2, 3, 4, 1)}
"""The order in which the dims of a memory format lie."""


def is_dense(t: Tensor) -> bool:
    """Whether the elements lie densely in C order."""
    strides = t._device.backend.strides(t._data)
    if strides is None or 0 in t._data.shape:
        return True
    need = t.itemsize
    for n, s in zip(reversed(t._data.shape), reversed(strides), strict=True):
        if n != 1:
            if s != need:
                return False
            need *= n
    return True


def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:  # a memory format, or its name
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
    name = str(memory_format).rpartition(".")[2]
    order = CHANNELS_LAST.get(name)
    if order is None:
        if is_dense(input):
            return input
        r: Tensor = apply(CLONE, input, contiguous=True)
        return r
    if input._data.ndim != len(order):
        raise ShapeError(f"required rank {len(order)} tensor to use {name} format, got {input._data.ndim} dims")
    turned: Tensor = apply(PERMUTE, input, dims=order)
    if is_dense(turned):
        return input
    dense: Tensor = apply(PERMUTE, apply(CLONE, turned, contiguous=True), dims=inverse(order))
    return dense


def with_own_memory(r: Tensor) -> Tensor:
    """`r`, which is a copy already or is copied now: for ops that never return a view."""
    if r._view is None:
        return r
    copied: Tensor = apply(CLONE, r, contiguous=True)
    return copied


__all__ = ["CHANNELS_LAST", "contiguous", "is_dense", "with_own_memory"]
