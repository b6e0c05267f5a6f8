"""Files made by hand, by the standard library's zipfile and instruction by instruction: what no honest writer makes."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

import fnnet

PROTO = b"\x80\x02"
STOP = b"."
MARK = b"("
NONE, TRUE, FALSE = b"N", b"\x88", b"\x89"
REDUCE, BUILD, NEWOBJ, BINPERSID = b"R", b"b", b"\x81", b"Q"
TUPLE, TUPLE1, TUPLE2 = b"t", b"\x85", b"\x86"
EMPTY_TUPLE, EMPTY_LIST, EMPTY_DICT = b")", b"]", b"}"
SETITEM, SETITEMS, APPEND, APPENDS = b"s", b"u", b"a", b"e"


def name(module: str, attribute: str) -> bytes:
    return b"c" + f"{module}\n{attribute}\n".encode()


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def tuple_of(*items: bytes) -> bytes:
    return MARK + b"".join(items) + TUPLE


def call(module: str, attribute: str, *args: bytes) -> bytes:
    return name(module, attribute) + tuple_of(*args) + REDUCE


def program(*parts: bytes) -> bytes:
    return PROTO + b"".join(parts) + STOP


def storage(count: int, kind: str = "FloatStorage", key: str = "0", location: str = "cpu") -> bytes:
    return tuple_of(text("storage"), name("torch", kind), text(key), text(location), number(count)) + BINPERSID


def tensor(
    count: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    offset: int = 0,
    kind: str = "FloatStorage",
    key: str = "0",
    location: str = "cpu",
    requires_grad: bytes = FALSE,
) -> bytes:
    """A tensor as PyTorch writes it."""
    return call(
        "torch._utils",
        "_rebuild_tensor_v2",
        storage(count, kind, key, location),
        number(offset),
        tuple_of(*map(number, size)),
        tuple_of(*map(number, stride)),
        requires_grad,
        call("collections", "OrderedDict"),
    )


def archive(
    pickle: bytes | None,
    storages: Mapping[str, bytes] | None = None,
    *,
    prefix: str = "archive",
    byteorder: bytes | None = b"little",
    extra: Mapping[str, bytes] | None = None,
    compression: int = zipfile.ZIP_STORED,
) -> bytes:
    """A zip archive with PyTorch's records."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        if pickle is not None:
            file.writestr(f"{prefix}/data.pkl", pickle)
        if byteorder is not None:
            file.writestr(f"{prefix}/byteorder", byteorder)
        for key, data in (storages or {}).items():
            file.writestr(f"{prefix}/data/{key}", data)
        for key, data in (extra or {}).items():
            file.writestr(key, data)
    return stream.getvalue()


def load(data: bytes, **options: object) -> object:
    return fnnet.load(io.BytesIO(data), **options)


def load_pickle(pickle: bytes, storages: Mapping[str, bytes] | None = None, **options: object) -> object:
    return load(archive(pickle, storages), **options)


def saved(obj: object, **options: object) -> bytes:
    stream = io.BytesIO()
    fnnet.save(obj, stream, **options)
    return stream.getvalue()


def round_trip(obj: object, **options: object) -> object:
    """`obj` saved with these options, and loaded."""
    return load(saved(obj, **options))
