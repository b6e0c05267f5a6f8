"""Reading ZIP archives from strangers: every offset and size is checked before it is used.

The standard library's `zipfile` is made for archives that are meant well; here every entry must have one name, lie
inside the file, overlap no other, and hold the bytes whose CRC it declares.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from fnnet.serialization import zip_layout as layout
from fnnet.serialization.refusal import Refusal, show
from fnnet.serialization.source import Source

if TYPE_CHECKING:
    import numpy.typing as npt

END_SEARCH: Final = layout.END.size + layout.LIMIT16
"""The end record lies in the last bytes: 22, and a comment of at most 65535."""

MAX_INFLATION: Final = 20
"""A compressed entry may hold this many times its stored bytes: weights shrink a little, a bomb a thousandfold."""

ABSENT_CRC: Final = 0
"""What PyTorch writes where checksums are switched off (`torch.serialization.set_crc32_options(False)`)."""


class Entry(NamedTuple):
    """One record of an archive."""

    name: str
    header: int
    """Offset of the local header."""
    limit: int
    """Offset that the stored bytes may not pass: the next entry's header, or the directory."""
    stored: int
    size: int
    crc: int
    method: int


class ZipReader:
    """The records of a ZIP archive, by name.

    Attributes:
        entries: What the central directory lists.
    """

    def __init__(self, source: Source) -> None:
        """Read and check the directory; nothing else is read.

        Args:
            source: The file.

        Raises:
            Refusal: The directory is malformed.
        """
        self._source = source
        count, offset, size = _find_directory(source)
        self.entries = _read_directory(source.read(offset, size), count, offset)

    def _data_offset(self, entry: Entry) -> int:
        """Where an entry's bytes begin, by its local header, which must agree with the directory."""
        head = self._source.read(entry.header, layout.LOCAL.size)
        signature, _, flags, method, _, _, _, _, _, n_name, n_extra = layout.LOCAL.unpack(head)
        where = f"record {show(entry.name)}"
        if signature != layout.LOCAL_SIGNATURE:
            raise Refusal(f"{where}: no local header at byte {entry.header}")
        if method != entry.method or flags & layout.FLAG_ENCRYPTED:
            raise Refusal(f"{where}: local header and directory disagree")
        name = self._source.read(entry.header + layout.LOCAL.size, n_name)
        if name != entry.name.encode():
            raise Refusal(f"{where}: the local header at byte {entry.header} has another name, {show(name)}")
        start: int = entry.header + layout.LOCAL.size + n_name + n_extra
        if start + entry.stored > entry.limit:
            raise Refusal(f"{where}: {entry.stored} bytes from byte {start} run into what begins at byte {entry.limit}")
        return start

    def _entry(self, name: str) -> Entry:
        try:
            return self.entries[name]
        except KeyError:
            raise Refusal(f"record {show(name)} is missing") from None

    def size(self, name: str) -> int:
        """How many bytes a record holds."""
        return self._entry(name).size

    def array(self, name: str) -> npt.NDArray[np.uint8]:
        """A record's bytes as a writable array; their CRC is checked, except in a mapped file."""
        entry = self._entry(name)
        start = self._data_offset(entry)
        if entry.method == layout.DEFLATED:
            return np.frombuffer(bytearray(self._inflate(entry, start)), np.uint8)
        out = self._source.array(start, entry.size)
        if not self._source.is_mapped:
            _check_crc(entry, out.data)
        return out

    def read(self, name: str) -> bytes:
        """A record's bytes, their CRC checked."""
        entry = self._entry(name)
        start = self._data_offset(entry)
        if entry.method == layout.DEFLATED:
            return self._inflate(entry, start)
        data = self._source.read(start, entry.size)
        _check_crc(entry, data)
        return data

    def _inflate(self, entry: Entry, start: int) -> bytes:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        # One byte more than declared: an entry that holds more is caught without inflating all of it.
        data = inflater.decompress(self._source.read(start, entry.stored), entry.size + 1)
        if len(data) != entry.size or not inflater.eof:
            raise Refusal(f"record {show(entry.name)}: inflates to other than the declared {entry.size} bytes")
        _check_crc(entry, data)
        return data


def _check_crc(entry: Entry, data: bytes | memoryview) -> None:
    if entry.crc != ABSENT_CRC:
        found = zlib.crc32(data)
        if found != entry.crc:
            raise Refusal(
                f"record {show(entry.name)}: checksum is {found:08x}, expected {entry.crc:08x}: the file is damaged"
            )


def _find_directory(source: Source) -> tuple[int, int, int]:
    """Number of entries, offset and size of the central directory, from the end of the file."""
    n_tail = min(END_SEARCH, source.size)
    tail = source.read(source.size - n_tail, n_tail)
    at = tail.rfind(layout.END_SIGNATURE)
    if at < 0 or at + layout.END.size > n_tail:
        raise Refusal("no end-of-archive record: not a zip file, or truncated")
    _, disk, start_disk, here, count, size, offset, n_comment = layout.END.unpack_from(tail, at)
    end = source.size - n_tail + at
    if end + layout.END.size + n_comment != source.size:
        raise Refusal(f"the end-of-archive record at byte {end} is not the end of the file")
    if disk != start_disk or here != count or disk not in (0, layout.LIMIT16):
        raise Refusal("an archive in several volumes")
    locator = end - layout.LOCATOR64.size
    if locator >= 0 and source.read(locator, 4) == layout.LOCATOR64_SIGNATURE:
        _, _, end64, _ = layout.LOCATOR64.unpack(source.read(locator, layout.LOCATOR64.size))
        record = source.read(end64, layout.END64.size)
        signature, _, _, _, _, _, here, count, size, offset = layout.END64.unpack(record)
        if signature != layout.END64_SIGNATURE or here != count:
            raise Refusal(f"no zip64 end record at byte {end64}")
        end = end64
    if offset + size > end:
        raise Refusal(f"the directory (bytes {offset} to {offset + size}) runs beyond its end record at byte {end}")
    if count * layout.CENTRAL.size > size:
        raise Refusal(f"the directory of {size} bytes can't hold the {count} entries it declares")
    return count, offset, size


def _read_directory(data: bytes, count: int, directory: int) -> dict[str, Entry]:
    found: list[Entry] = []
    names: set[str] = set()
    at = 0
    for _ in range(count):
        fields = layout.CENTRAL.unpack_from(data, at)
        signature, _, _, flags, method, _, _, crc, stored, size, n_name, n_extra, n_comment, _, _, _, header = fields
        if signature != layout.CENTRAL_SIGNATURE:
            raise Refusal(f"no directory entry at byte {directory + at}")
        at += layout.CENTRAL.size
        if at + n_name + n_extra + n_comment > len(data):
            raise Refusal(f"the directory entry at byte {directory + at} runs beyond the directory")
        name = _checked_name(data[at : at + n_name])
        if name in names:
            raise Refusal(f"two records are called {show(name)}")
        names.add(name)
        extra = data[at + n_name : at + n_name + n_extra]
        size, stored, header = _widen(extra, size, stored, header)
        at += n_name + n_extra + n_comment
        if flags & layout.FLAG_ENCRYPTED:
            raise Refusal(f"record {show(name)} is encrypted")
        if method == layout.STORED:
            if stored != size:
                raise Refusal(f"record {show(name)}: stored size {stored} and size {size} differ")
        elif method != layout.DEFLATED:
            raise Refusal(f"record {show(name)}: compression method {method} is not served")
        elif size > stored * MAX_INFLATION:
            raise Refusal(f"record {show(name)}: {stored} bytes that inflate to {size} look like a bomb")
        found.append(Entry(name, header, 0, stored, size, crc, method))
    found.sort(key=lambda entry: entry.header)
    entries = {}
    for entry, limit in zip(found, [entry.header for entry in found[1:]] + [directory], strict=True):
        if entry.header + layout.LOCAL.size + len(entry.name.encode()) + entry.stored > limit:
            raise Refusal(f"record {show(entry.name)} overlaps what begins at byte {limit}")
        entries[entry.name] = entry._replace(limit=limit)
    return entries


def _checked_name(raw: bytes) -> str:
    name = raw.decode("utf-8", "strict")
    if not name or "\0" in name or "\\" in name or name.startswith("/") or ".." in name.split("/"):
        raise Refusal(f"a record's name leads out of the archive: {show(name)}")
    return name


def _widen(extra: bytes, size: int, stored: int, header: int) -> tuple[int, int, int]:
    """Replace fields of 32 bits that say so by those of the zip64 extra field, which come in this order."""
    wide = [size, stored, header]
    if layout.LIMIT32 not in wide:
        return size, stored, header
    at = 0
    while at + 4 <= len(extra):
        tag = int.from_bytes(extra[at : at + 2], "little")
        length = int.from_bytes(extra[at + 2 : at + 4], "little")
        body = extra[at + 4 : at + 4 + length]
        at += 4 + length
        if tag == layout.ZIP64_EXTRA:
            for i, value in enumerate(wide):
                if value == layout.LIMIT32:
                    if len(body) < 8:
                        raise Refusal("a zip64 field is too short")
                    wide[i], body = int.from_bytes(body[:8], "little"), body[8:]
            break
    return wide[0], wide[1], wide[2]
