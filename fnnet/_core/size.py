"""`Size`: the shape of a tensor, a tuple of ints with PyTorch's name and methods."""

from __future__ import annotations

import math
from typing import Any, SupportsIndex, overload


class Size(tuple[int, ...]):
    """A shape: a tuple of ints.

    Example:
        >>> Size((2, 3)).numel()
        6
        >>> Size((2, 3)) + (4,)
        fnnet.Size([2, 3, 4])
    """

    __slots__ = ()

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
        return Size(r) if isinstance(at, slice) else r

    def __add__(self, other: Any, /) -> Size:  # any tuple of ints
        return Size(tuple.__add__(self, tuple(other)))

    def __mul__(self, n: SupportsIndex, /) -> Size:
        return Size(tuple.__mul__(self, n))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[Any, ...]:
        return Size, (tuple(self),)
