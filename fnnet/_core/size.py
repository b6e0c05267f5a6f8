"""`Size`: the shape of a tensor, a tuple of ints with PyTorch's name and methods."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any, Self, SupportsIndex, overload

from fnnet._core.errors import ArgumentError


class Size(tuple[int, ...]):
    """A shape: a tuple of ints, which slices, sums and products keep.

    Args:
        sizes: A sequence of ints.

    Example:
        >>> Size((2, 3)).numel()
        6
        >>> Size((2, 3)) + (4,)
        fnnet.Size([2, 3, 4])
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[SupportsIndex] = (), /) -> Self:
        """A shape from whole numbers."""
        made = tuple(sizes)
        if all(type(n) is int for n in made):
            return tuple.__new__(cls, made)
        for i, n in enumerate(made):
            if not hasattr(n, "__index__"):
                raise ArgumentError(f"Size() takes an iterable of 'int' (item {i} is '{type(n).__name__}')")
        return tuple.__new__(cls, map(operator.index, made))

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"fnnet.Size([{', '.join(map(str, self))}])"

    @overload
    def __getitem__(self, at: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, at: slice, /) -> Size: ...
    def __getitem__(self, at: Any, /) -> Any:  # an int or a Size, as the overloads say
        r = tuple.__getitem__(self, at)
        return tuple.__new__(Size, r) if isinstance(at, slice) else r

    def __add__(self, other: Any, /) -> Size:  # any tuple of ints
        if not isinstance(other, tuple):
            raise ArgumentError(f"can only concatenate tuple (not {type(other).__name__}) to fnnet.Size")
        return Size(tuple.__add__(self, other))

    def __mul__(self, n: SupportsIndex, /) -> Size:
        return Size(tuple.__mul__(self, n))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[Any, ...]:
        return Size, (tuple(self),)
