"""Whether arrays lie in each other's memory, told from addresses and strides alone."""

from __future__ import annotations

from fnnet._core.namespace import Shape


def dense_size(shape: Shape, strides: Shape, itemsize: int) -> int | None:
    """The bytes of an array that fills its memory, in whatever order of dims; None where it has gaps or repeats."""
    need = itemsize
    for stride, n in sorted((stride, n) for stride, n in zip(strides, shape, strict=True) if n != 1):
        if stride != need:
            return None
        need *= n
    return need


def partial(
    start: int, shape: Shape, strides: Shape, itemsize: int,
    other_start: int, other_shape: Shape, other_strides: Shape, other_itemsize: int, *, or_same: bool = False,
) -> bool:  # fmt: skip
    """Whether two arrays share memory without being the same elements in the same order (or being them: `or_same`).

    As in PyTorch, arrays with gaps or repeated elements are not looked into: False.

    Args:
        start: Address of the first element, in bytes.
        shape: The sizes of the dims.
        strides: In bytes.
        itemsize: Bytes per element.
        other_start: The same of the other array.
        other_shape: The same of the other array.
        other_strides: The same of the other array.
        other_itemsize: The same of the other array.
        or_same: Answer True for the same elements, too.
    """
    size, other_size = dense_size(shape, strides, itemsize), dense_size(other_shape, other_strides, other_itemsize)
    if not size or not other_size:
        return False
    if start + size <= other_start or other_start + other_size <= start:
        return False
    if or_same or start != other_start or size != other_size:
        return True
    steps = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]
    return steps != [(n, s) for n, s in zip(other_shape, other_strides, strict=True) if n != 1]


__all__ = ["dense_size", "partial"]
