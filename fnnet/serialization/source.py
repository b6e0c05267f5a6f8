"""`Source`: bytes that a reader may ask for anywhere, and that are never asked for beyond their end."""

from __future__ import annotations

import io
import mmap
import os
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from fnnet.serialization.refusal import Refusal

if TYPE_CHECKING:
    import numpy.typing as npt

BUFFER: Final = 4096
"""Small reads (headers, names) are served from a block of this size."""


class Source:
    """A file object as a window of bytes `0 .. size`, beginning where the file object stood.

    Attributes:
        name: What errors call it.
        size: How many bytes there are; nothing is allocated for more.
    """

    def __init__(self, file: BinaryIO, name: str, *, mapped: bool = False) -> None:
        """Take the rest of `file` from its present position.

        Args:
            file: A binary file object that can seek.
            name: What errors call it.
            mapped: Hand out views of a private (copy-on-write) memory map; `file` must have a file descriptor.
        """
        self._file = file
        self._base = file.tell()
        self.name = name
        self.size = file.seek(0, io.SEEK_END) - self._base
        self._block_start = 0
        self._block = b""
        self._map: npt.NDArray[np.uint8] | None = None
        if mapped and self.size > 0:
            descriptor = file.fileno()
            self._map = np.frombuffer(mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY), np.uint8)

    @property
    def is_mapped(self) -> bool:
        """Whether `array` gives views of the mapped file."""
        return self._map is not None

    def _check(self, offset: int, count: int) -> None:
        if offset < 0 or count < 0 or offset + count > self.size:
            raise Refusal(f"bytes {offset} to {offset + count} lie outside the file of {self.size} bytes (truncated?)")

    def read(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset`."""
        self._check(offset, count)
        start = offset - self._block_start
        if 0 <= start and start + count <= len(self._block):
            return self._block[start : start + count]
        if count < BUFFER:
            self._block_start = offset
            self._block = self._fetch(offset, min(BUFFER, self.size - offset))
            return self._block[:count]
        return self._fetch(offset, count)

    def _fetch(self, offset: int, count: int) -> bytes:
        if self._map is not None:
            return self._map[offset : offset + count].tobytes()
        self._file.seek(self._base + offset)
        parts = []
        while count:
            part = self._file.read(count)
            if not part:
                raise Refusal(f"the file ended at byte {offset}, {count} bytes early")
            parts.append(part)
            count -= len(part)
            offset += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def array(self, offset: int, count: int) -> npt.NDArray[np.uint8]:
        """`count` bytes from `offset` as a writable array: fresh memory, or the private map's."""
        self._check(offset, count)
        if self._map is not None:
            return self._map[offset : offset + count]
        out = np.empty(count, np.uint8)
        readinto = getattr(self._file, "readinto", None)
        if readinto is None:
            out[:] = np.frombuffer(self._fetch(offset, count), np.uint8)
            return out
        self._file.seek(self._base + offset)
        view, done = out.data, 0
        while done < count:
            got = readinto(view[done:])
            if not got:
                raise Refusal(f"the file ended at byte {offset + done}, {count - done} bytes early")
            done += got
        return out


def file_name(file: object) -> str:
    """What errors call a file object: its path where it has one."""
    name = getattr(file, "name", None)
    return os.fspath(name) if isinstance(name, str | os.PathLike) else f"<{type(file).__name__}>"
