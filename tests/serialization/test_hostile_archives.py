"""Zip archives that lie about themselves: refused by name and place, before memory is taken."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fnnet
from fnnet.serialization import SerializationError
from tests.serialization import crafted as c

PICKLE = c.program(c.tensor(6, (6,), (1,)))
RAW = np.arange(6, dtype=np.float32).tobytes()
GOOD = c.archive(PICKLE, {"0": RAW})


def refused(data: bytes, words: str, **options: object) -> None:
    with pytest.raises(SerializationError, match=words) as caught:
        c.load(data, **options)
    assert "<stream>" in str(caught.value)


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    out = bytearray(data)
    struct.pack_into(form, out, at, *values)
    return bytes(out)


def entries(data: bytes) -> dict[str, int]:
    """The offset of each entry of the directory, by name."""
    found = {}
    at = data.index(b"PK\x01\x02")
    while data[at : at + 4] == b"PK\x01\x02":
        name, extra, comment = struct.unpack_from("<HHH", data, at + 28)
        found[data[at + 46 : at + 46 + name].decode()] = at
        at += 46 + name + extra + comment
    return found


def test_the_good_one_loads() -> None:
    np.testing.assert_array_equal(c.load(GOOD).numpy(), np.arange(6))


def test_truncated_everywhere() -> None:
    for n in range(len(GOOD)):
        refused(GOOD[:n], "load: ")


def test_every_byte_changed() -> None:
    """Either the change does no harm (a date, a version), or it is noticed: no weight changes unseen."""
    for at in range(len(GOOD)):
        changed = bytearray(GOOD)
        changed[at] ^= 0x41
        try:
            loaded = c.load(bytes(changed))
        except SerializationError:
            continue
        np.testing.assert_array_equal(loaded.numpy(), np.arange(6))


def test_not_a_zip_archive() -> None:
    refused(b"", "load: <stream>: the file is empty")
    refused(b"<html>", "load: <stream>: no serializer for 'a stream' that begins with")
    refused(b"\x80\x02N.", "bare pickle")
    refused(b"PK\x03\x04", "no end-of-archive record")
    refused(b"PK\x03\x04" + b"x" * 100, "no end-of-archive record")
    refused(GOOD + b"x", "is not the end of the file")
    stream = io.BytesIO(b"\x80\x02N.")
    stream.name = "model.pth"
    with pytest.raises(SerializationError, match="bare pickle"):
        fnnet.load(stream)
    stream = io.BytesIO(b"<html>")
    stream.name = "model.pth"
    with pytest.raises(SerializationError, match="no checkpoint"):
        fnnet.load(stream)
    stream = io.BytesIO(b"")
    stream.name = "model.pth"
    with pytest.raises(SerializationError, match=r"load: model.pth: the file is empty"):
        fnnet.load(stream)
    stream = io.BytesIO(b"\0" * 257 + b"ustar\0" + b"\0" * 300)
    stream.name = "model.pth"
    with pytest.raises(SerializationError, match="tar format"):
        fnnet.load(stream)


def test_archives_of_something_else() -> None:
    refused(c.archive(None, extra={"a.txt": b"hello"}), r"without archive/data.pkl|without a.txt/data.pkl")
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros(2))
    refused(stream.getvalue(), "NumPy's .npz format")
    refused(c.archive(PICKLE, {"0": RAW}, extra={"archive/constants.pkl": b""}), "TorchScript")


def test_byte_order() -> None:
    refused(c.archive(PICKLE, {"0": RAW}, byteorder=b"middle"), "byte order b'middle'")


@pytest.mark.parametrize(
    "name", ["../evil", "archive/../../evil", "/etc/passwd", "archive\\data", "archive/\0", "..", "a/.."]
)
def test_names_that_lead_out(name: str) -> None:
    # zipfile cleans names that it is given: a name of the same length is written, and changed.
    placeholder = "~" * len(name)
    data = c.archive(PICKLE, {"0": RAW}, extra={placeholder: b""}).replace(placeholder.encode(), name.encode())
    refused(data, "leads out of the archive")


def test_names_that_are_no_text() -> None:
    data = c.archive(PICKLE, {"0": RAW}, extra={"~~": b""}).replace(b"~~", b"\xff\xfe")
    refused(data, "UnicodeDecodeError")


def test_duplicate_names() -> None:
    data = c.archive(PICKLE, {"0": RAW}, extra={"archive/data/~": RAW}).replace(b"archive/data/~", b"archive/data/0")
    refused(data, "two records are called 'archive/data/0'")


def test_entries_that_overlap() -> None:
    """Many entries over the same bytes would take more memory than the file has."""
    data = c.archive(PICKLE, {"0": RAW, "1": RAW})
    at = entries(data)
    header = struct.unpack_from("<I", data, at["archive/data/0"] + 42)[0]
    refused(patched(data, at["archive/data/1"] + 42, "<I", header), "overlaps what begins at byte")


def test_sizes_beyond_the_file() -> None:
    at = entries(GOOD)["archive/data/0"]
    for size in (len(GOOD), 2**31, 2**32 - 2):
        refused(patched(GOOD, at + 20, "<II", size, size), "overlaps what begins at byte")
    refused(patched(GOOD, at + 20, "<II", 2**32 - 1, 2**32 - 1), "overlaps what begins at byte")
    refused(patched(GOOD, at + 20, "<I", 12), "stored size 12 and size 24 differ")
    refused(patched(GOOD, at + 42, "<I", len(GOOD) + 5), "overlaps|lie outside the file")
    refused(patched(GOOD, at + 28, "<H", 60000), "runs beyond the directory")


def test_the_local_header_must_agree() -> None:
    at = entries(GOOD)["archive/data/0"]
    header = struct.unpack_from("<I", GOOD, at + 42)[0]
    refused(patched(GOOD, header, "<I", 0), "no local header at byte")
    refused(patched(GOOD, header + 30, "<B", ord("b")), "has another name, b'brchive/data/0'")
    refused(patched(GOOD, header + 28, "<H", 5), "run into what begins at byte")
    refused(patched(GOOD, header + 8, "<H", 8), "disagree")


def test_encrypted_and_foreign_compression() -> None:
    at = entries(GOOD)["archive/data/0"]
    refused(patched(GOOD, at + 8, "<H", 1), "is encrypted")
    refused(patched(GOOD, at + 10, "<H", 12), "compression method 12 is not served")


def test_end_records() -> None:
    end = GOOD.rindex(b"PK\x05\x06")
    refused(patched(GOOD, end + 4, "<H", 1), "several volumes")
    refused(patched(GOOD, end + 8, "<HH", 3, 4), "several volumes")
    refused(patched(GOOD, end + 8, "<HH", 60000, 60000), "can't hold the 60000 entries")
    refused(patched(GOOD, end + 12, "<I", 2**31), "runs beyond its end record")
    refused(patched(GOOD, end + 16, "<I", 2**31), "runs beyond its end record")
    refused(patched(GOOD, end + 16, "<I", 3), "no directory entry at byte 3")


def test_zip64_records_are_checked() -> None:
    end = GOOD.rindex(b"PK\x05\x06")
    count, size, offset = struct.unpack_from("<HII", GOOD, end + 10)

    def with_end64(count: int, size: int, offset: int, at: int = end, signature: bytes = b"PK\x06\x06") -> bytes:
        record = struct.pack("<4sQHHIIQQQQ", signature, 44, 45, 45, 0, 0, count, count, size, offset)
        return GOOD[:end] + record + struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1) + GOOD[end:]

    np.testing.assert_array_equal(c.load(with_end64(count, size, offset)).numpy(), np.arange(6))
    refused(with_end64(count, size, 2**63), "runs beyond its end record")
    refused(with_end64(2**40, size, offset), "can't hold")
    refused(with_end64(count, size, offset, at=2**62), "lie outside the file")
    refused(with_end64(count, size, offset, signature=b"PK\x06\x05"), "no zip64 end record")


def test_compressed_records_are_read() -> None:
    data = c.archive(PICKLE, {"0": RAW}, compression=zipfile.ZIP_DEFLATED)
    np.testing.assert_array_equal(c.load(data).numpy(), np.arange(6))
    c.load(data).numpy()[:] = 1  # writable


def test_bombs_are_not_inflated() -> None:
    n = 50_000_000
    pickle_of = c.program(c.tensor(n, (n,), (1,), kind="ByteStorage"))
    bomb = c.archive(pickle_of, {"0": bytes(n)}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    at = entries(bomb)["archive/data/0"]
    stored = struct.unpack_from("<I", bomb, at + 20)[0]
    small = c.archive(
        c.program(c.tensor(stored * 20, (1,), (1,), kind="ByteStorage")),
        {"0": bytes(n)},
        compression=zipfile.ZIP_DEFLATED,
    )
    tracemalloc.start()
    try:
        refused(bomb, "look like a bomb")
        # It lies about its size, to pass for a small one.
        refused(patched(bomb, at + 24, "<I", stored * 20), "declared with 50000000 bytes")
        refused(patched(small, entries(small)["archive/data/0"] + 24, "<I", stored * 20), "inflates to other than")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    damaged = bytearray(c.archive(PICKLE, {"0": RAW}, compression=zipfile.ZIP_DEFLATED))
    header = struct.unpack_from("<I", damaged, entries(damaged)["archive/data/0"] + 42)[0]
    damaged[header + 30 + len("archive/data/0") : header + 40 + len("archive/data/0")] = b"\xff" * 10
    refused(bytes(damaged), "malformed: error")


def test_wrong_checksums() -> None:
    for record in ("archive/data.pkl", "archive/data/0"):
        at = entries(GOOD)[record]
        refused(patched(GOOD, at + 16, "<I", 12345), f"record '{record}': checksum is .*, expected 00003039")


def test_a_file_that_shrinks_while_it_is_read() -> None:
    class Shrinking(io.BytesIO):
        """Holds more than it gives."""

        def readinto(self, view: object) -> int:
            return 0

    with pytest.raises(SerializationError, match="the file ended at byte"):
        fnnet.load(Shrinking(GOOD))


@given(st.data())
def test_mutations_of_an_honest_archive(data: st.DataObject) -> None:
    changed = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del changed[data.draw(st.integers(0, len(changed) - 1)) :]
    with suppress(SerializationError):
        c.load(bytes(changed))
