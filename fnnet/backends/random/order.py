"""The order in which PyTorch fills a strided tensor with random numbers: that of its memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def storage_order(shape: Sequence[int], strides: Sequence[int]) -> tuple[int, ...]:
    """The dims from slowest to fastest, as PyTorch's TensorIterator walks one tensor.

    Args:
        shape: Size of each dim.
        strides: Stride of each dim, in any unit.

    Example:
        >>> storage_order((2, 3), (1, 2))
        (1, 0)
    """
    order = list(range(len(shape) - 1, -1, -1))  # fastest first, which is a contiguous tensor's last dim
    for start in range(1, len(order)):
        here = start
        for before in range(start - 1, -1, -1):
            verdict = _compare(shape, strides, order[before], order[here])
            if verdict > 0:
                order[before], order[here] = order[here], order[before]
                here = before
            elif verdict < 0:
                break
    return tuple(reversed(order))


def in_storage_order(array: NDArray[Any]) -> NDArray[Any]:
    """A view of `array` whose elements follow its memory: fill it with what a sampler returns.

    Example:
        >>> import numpy as np
        >>> import fnnet
        >>> table = np.zeros((2, 3)).T
        >>> view = fnnet.backends.random.in_storage_order(table)
        >>> view[...] = np.arange(6).reshape(view.shape)
        >>> table.tolist()
        [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    """
    return np.transpose(array, storage_order(array.shape, array.strides))


def _compare(shape: Sequence[int], strides: Sequence[int], a: int, b: int) -> int:
    """1: a belongs outside b; -1: inside; 0: no matter (broadcast dims)."""
    if strides[a] == 0 or strides[b] == 0:
        return 0
    if strides[a] != strides[b]:
        return 1 if strides[a] > strides[b] else -1
    return 1 if shape[a] > shape[b] else 0
