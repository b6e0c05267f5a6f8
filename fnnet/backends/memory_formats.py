"""Memory formats: in which order the elements of a dense tensor lie. The shape does not change with it."""

from __future__ import annotations

from typing import Final


class MemoryFormat:
    """An order of the dims in memory.

    Attributes:
        name: PyTorch's name without prefix; what it means for the dims stands in `fnnet.functional.layout`.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(2, 3, 4, 5).contiguous(memory_format=fnnet.channels_last).stride()
        (60, 1, 15, 3)
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"fnnet.{self.name}"

    def __reduce__(self) -> tuple[object, ...]:
        return memory_format_by_name, (self.name,)


class Layout:
    """How a tensor's elements are kept: strided, the only layout that there is here."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"fnnet.{self.name}"

    def __reduce__(self) -> str:
        return self.name


def memory_format_by_name(name: str) -> MemoryFormat:
    """The memory format called `name`."""
    return BY_NAME[name]


contiguous_format = MemoryFormat("contiguous_format")
preserve_format = MemoryFormat("preserve_format")
channels_last = MemoryFormat("channels_last")
channels_last_3d = MemoryFormat("channels_last_3d")
strided = Layout("strided")

BY_NAME: Final = {f.name: f for f in (contiguous_format, preserve_format, channels_last, channels_last_3d)}


__all__ = [
    "Layout", "MemoryFormat", "channels_last", "channels_last_3d", "contiguous_format", "preserve_format", "strided",
]  # fmt: skip
