"""The records of the ZIP format that reader and writer share.

Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 to 4.5. All numbers are little-endian.
"""

from __future__ import annotations

import struct
from typing import Final

LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
"""Signature, version, flags, method, time, date, CRC, stored size, size, length of name, length of extra."""

CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
"""Signature, made by, version, flags, method, time, date, CRC, stored size, size, lengths of name, extra and comment,
disk, internal and external attributes, offset of the local header."""

END: Final = struct.Struct("<4sHHHHIIH")
"""Signature, disk, disk of directory, entries here, entries, size and offset of the directory, length of comment."""

END64: Final = struct.Struct("<4sQHHIIQQQQ")
"""Signature, size of the rest, made by, version, disk, disk of directory, entries here, entries, size and offset of the
directory."""

LOCATOR64: Final = struct.Struct("<4sIQI")
"""Signature, disk, offset of END64, number of disks."""

LOCAL_SIGNATURE: Final = b"PK\x03\x04"
CENTRAL_SIGNATURE: Final = b"PK\x01\x02"
END_SIGNATURE: Final = b"PK\x05\x06"
END64_SIGNATURE: Final = b"PK\x06\x06"
LOCATOR64_SIGNATURE: Final = b"PK\x06\x07"

STORED: Final = 0
DEFLATED: Final = 8

FLAG_ENCRYPTED: Final = 0x0001
FLAG_UTF8: Final = 0x0800

LIMIT32: Final = 0xFFFFFFFF
"""A 32-bit field with this value says: see the zip64 record."""
LIMIT16: Final = 0xFFFF

ZIP64_EXTRA: Final = 0x0001
"""Extra field with the 64-bit sizes and offset."""

PADDING_EXTRA: Final = 0x4246
"""The extra field ("FB") with which PyTorch aligns a record's data."""

ALIGNMENT: Final = 64
"""Data begin at multiples of this (PyTorch's default, and a cache line)."""
