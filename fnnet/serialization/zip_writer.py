"""Writing ZIP archives of stored, aligned records: PyTorch's container.

The same content gives the same bytes: there are no dates and no random ids in it.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO, Final

from fnnet.serialization import zip_layout as layout

VERSION: Final = 20
VERSION_ZIP64: Final = 45
"""The version of the format that a reader needs, times ten."""

WIDE_FROM: int = layout.LIMIT32
"""Sizes and offsets from here on need 64-bit fields."""

DATE: Final = (0, 0x21)
"""DOS time and date: midnight of 1980-01-01, the earliest that there is."""


class ZipWriter:
    """Writes records one after another; `close` writes the directory. Offsets count from the first byte written."""

    def __init__(self, file: BinaryIO) -> None:
        """Begin an archive where `file` stands; it need not be able to seek.

        Args:
            file: Open for writing bytes.
        """
        self._file = file
        self._at = 0
        self._directory: list[bytes] = []

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._at += len(data)

    def add(self, name: str, data: bytes | memoryview) -> None:
        """Append a record.

        Args:
            name: Its name, with the archive's prefix.
            data: Its bytes.
        """
        raw, header, view = name.encode(), self._at, memoryview(data)
        size, crc = view.nbytes, zlib.crc32(view)
        extra = b""
        if size >= WIDE_FROM:
            extra = _field(layout.ZIP64_EXTRA, size.to_bytes(8, "little") * 2)
        start = header + layout.LOCAL.size + len(raw) + len(extra)
        extra += _field(layout.PADDING_EXTRA, b"Z" * (-(start + 4) % layout.ALIGNMENT))
        short = _narrow(size)
        version = VERSION_ZIP64 if size >= WIDE_FROM else VERSION
        flags = layout.FLAG_UTF8
        self._write(
            layout.LOCAL.pack(
                layout.LOCAL_SIGNATURE, version, flags, layout.STORED, *DATE, crc, short, short, len(raw), len(extra)
            )
            + raw
            + extra
        )
        self._write(view)
        wide = b"".join(n.to_bytes(8, "little") for n in (size, size, header) if n >= WIDE_FROM)
        extra = _field(layout.ZIP64_EXTRA, wide) if wide else b""
        version = VERSION_ZIP64 if wide else VERSION
        self._directory.append(
            layout.CENTRAL.pack(
                layout.CENTRAL_SIGNATURE, version, version, flags, layout.STORED, *DATE, crc, short, short, len(raw),
                len(extra), 0, 0, 0, 0, _narrow(header),
            )
            + raw
            + extra
        )  # fmt: skip

    def close(self) -> None:
        """Write the directory and the end records."""
        start, directory, count = self._at, b"".join(self._directory), len(self._directory)
        self._write(directory)
        if start >= WIDE_FROM or len(directory) >= WIDE_FROM or count >= layout.LIMIT16:
            end64 = self._at
            rest = layout.END64.size - 12  # what follows the signature and this field
            self._write(
                layout.END64.pack(
                    layout.END64_SIGNATURE, rest, VERSION_ZIP64, VERSION_ZIP64, 0, 0, count, count,
                    len(directory), start,
                )
            )  # fmt: skip
            self._write(layout.LOCATOR64.pack(layout.LOCATOR64_SIGNATURE, 0, end64, 1))
        short = min(count, layout.LIMIT16)
        self._write(
            layout.END.pack(layout.END_SIGNATURE, 0, 0, short, short, _narrow(len(directory)), _narrow(start), 0)
        )


def _narrow(value: int) -> int:
    """What a 32-bit field says: the value, or that it stands in the zip64 field."""
    return value if value < WIDE_FROM else layout.LIMIT32


def _field(tag: int, body: bytes) -> bytes:
    return tag.to_bytes(2, "little") + len(body).to_bytes(2, "little") + body
