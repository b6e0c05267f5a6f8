"""Hugging Face's `.safetensors`: a length, a JSON header, raw bytes. Nothing in it could run.

Read and written here, without the reference implementation (the tests' oracle): it takes whole files as bytes, which
doubles the memory, maps none writably, and checks less. docs/explanation/dependencies.md has the measurement.

Source: github.com/huggingface/safetensors, README.md, "Format".
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

import numpy as np

from fnnet._core.errors import ArgumentError, OptionError
from fnnet.autograd.variable import Variable, make
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU, Device
from fnnet.backends.dtypes import DType
from fnnet.serialization.locations import locator
from fnnet.serialization.protocol import LoadOptions, SaveOptions
from fnnet.serialization.refusal import Refusal, refusals_in, show
from fnnet.serialization.source import Source
from fnnet.serialization.storages import MAX_DIMS, MAX_EXTENT, address
from fnnet.serialization.tensors import parts_of

MAX_HEADER: Final = 100_000_000
"""The longest header that the reference implementation reads."""

ALIGNMENT: Final = 8
"""The header is padded with blanks, so that the data begin at a multiple of this."""

METADATA: Final = "__metadata__"

NAMES: Final = {
    dtypes.bool_: "BOOL",
    dtypes.uint8: "U8",
    dtypes.int8: "I8",
    dtypes.int16: "I16",
    dtypes.int32: "I32",
    dtypes.int64: "I64",
    dtypes.float16: "F16",
    dtypes.bfloat16: "BF16",
    dtypes.float32: "F32",
    dtypes.float64: "F64",
    dtypes.complex64: "C64",
}
"""The format's names of fnnet's dtypes; it has none for complex128."""

_DTYPES: Final = {name: dtype for dtype, name in NAMES.items()}


class Entry(NamedTuple):
    """A tensor in the file; offsets count from the beginning of the data."""

    dtype: DType
    shape: tuple[int, ...]
    begin: int
    end: int


class Header(NamedTuple):
    """What a file says of itself."""

    metadata: dict[str, str]
    entries: dict[str, Entry]
    data: int
    """Offset of the data in the file."""


class SafetensorsFormat:
    """Reads and writes `.safetensors`: a flat dict of tensors, and text as metadata.

    The format knows no sharing: tensors that share memory are written each on its own.
    """

    def load(self, file: BinaryIO, options: LoadOptions) -> dict[str, Variable]:
        """Read the tensors by name.

        Args:
            file: The file, from its present position to its end.
            options: What the caller of `load` asked for.

        Raises:
            SerializationError: The file is malformed.
        """
        locate = locator(options.map_location)
        source = Source(file, options.name, mapped=options.mmap)
        with refusals_in(f"load: {options.name}"):
            header = read_header(source)
            return {
                name: _tensor(source, header.data, entry, locate(entry.end - entry.begin, "cpu"))
                for name, entry in header.entries.items()
            }

    def save(self, obj: object, file: BinaryIO, options: SaveOptions) -> None:
        """Write tensors by name. Nothing is written unless all of it can be.

        Args:
            obj: A dict from names to tensors, such as a state_dict.
            file: Where to write.
            options: What the caller of `save` asked for; `metadata` is written, too.

        Raises:
            ArgumentError: Anything else than tensors by name, or than text as metadata.
            OptionError: A tensor of complex128.
        """
        header: dict[str, object] = {}
        if options.metadata is not None:
            header[METADATA] = _checked_metadata(options)
        tensors = sorted(_named_tensors(obj, options.name), key=lambda item: (-item[1].itemsize, item[0]))
        at = 0
        for name, dtype, array in tensors:
            header[name] = {
                "dtype": NAMES[dtype], "shape": list(array.shape), "data_offsets": [at, at + array.nbytes],
            }  # fmt: skip
            at += array.nbytes
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
        text += b" " * (-len(text) % ALIGNMENT)
        if len(text) > MAX_HEADER:
            raise OptionError(f"save: {options.name}: a header of {len(text)} bytes; the format allows {MAX_HEADER}")
        file.write(len(text).to_bytes(8, "little") + text)
        for _, _, array in tensors:
            flat = np.ascontiguousarray(array).reshape(-1)
            if sys.byteorder == "big":
                flat = flat.byteswap()
            file.write(flat.view(np.uint8).data)


FORMAT: Final = SafetensorsFormat()


def read_header(source: Source) -> Header:
    """The header of a file, checked against the file's size.

    Args:
        source: The file.

    Raises:
        Refusal: The header is malformed, or tensors overlap, leave gaps or exceed the file.
    """
    length = int.from_bytes(source.read(0, 8), "little")
    if length > MAX_HEADER:
        raise Refusal(f"a header of {length} bytes; at most {MAX_HEADER} are allowed")
    text = source.read(8, length)
    if not text.startswith(b"{"):
        raise Refusal("byte 8: the header does not begin with '{'")
    table = json.loads(text.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    metadata = table.pop(METADATA, {})
    if not isinstance(metadata, dict) or any(type(value) is not str for value in metadata.values()):
        raise Refusal(f"{METADATA} must be text by name, got {show(metadata)}")
    entries = {name: _entry(name, fields) for name, fields in table.items()}
    at = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1][2:]):
        if entry.begin != at:
            raise Refusal(f"tensor {show(name)} begins at byte {show(entry.begin)} of the data, expected {at}")
        at = entry.end
    if 8 + length + at != source.size:
        raise Refusal(f"the header describes {show(at)} bytes of data, the file has {source.size - 8 - length}")
    return Header(metadata, entries, 8 + length)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise Refusal("a name stands twice in the header")
    return table


def _no_constant(text: str) -> NoReturn:
    raise Refusal(f"{text} in the header")


def _entry(name: str, fields: object) -> Entry:
    where = f"tensor {show(name)}"
    if not isinstance(fields, dict) or set(fields) != {"dtype", "shape", "data_offsets"}:
        raise Refusal(f"{where}: expected dtype, shape and data_offsets, got {show(fields)}")
    shape, offsets, dtype = fields["shape"], fields["data_offsets"], fields["dtype"]
    known = _DTYPES.get(dtype) if isinstance(dtype, str) else None
    if known is None:
        raise Refusal(f"{where}: dtype {show(dtype)} is none of fnnet's")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2 or len(shape) > MAX_DIMS:
        raise Refusal(f"{where}: shape {show(shape)}, data_offsets {show(offsets)}")
    begin, end = offsets
    if math.prod(size for size in shape if size) * known.itemsize >= MAX_EXTENT:
        raise Refusal(f"{where}: too large to address")
    if end - begin != math.prod(shape) * known.itemsize:
        raise Refusal(f"{where}: {show(end - begin)} bytes for shape {show(tuple(shape))} of {known.name}")
    return Entry(known, tuple(shape), begin, end)


def _are_sizes(value: object) -> bool:
    return isinstance(value, list) and all(type(n) is int and n >= 0 for n in value)


def _tensor(source: Source, data: int, entry: Entry, device: Device) -> Variable:
    raw = source.array(data + entry.begin, entry.end - entry.begin)
    if address(raw) % entry.dtype.itemsize:
        raw = raw.copy()  # mapped where the file does not align it
    if entry.dtype is dtypes.bool_:
        np.minimum(raw, 1, out=raw)  # any other byte than 0 and 1 in a bool is undefined to NumPy
    array = raw.view(entry.dtype.numpy).reshape(entry.shape)
    if sys.byteorder == "big":
        array = array.byteswap()
    made: Variable = make(array if device is CPU else device.backend.from_host(array, device.index or 0), device)
    return made


def _checked_metadata(options: SaveOptions) -> dict[str, str]:
    metadata = dict(options.metadata or {})
    for key, value in metadata.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise ArgumentError(f"save: {options.name}: metadata must be text by name, got {key!r}: {value!r}")
    return metadata


def _named_tensors(obj: object, name: str) -> Iterable[tuple[str, DType, np.ndarray[tuple[int, ...], Any]]]:
    """The tensors to be written, or an error that names the first that can't be."""
    if not isinstance(obj, Mapping):
        raise ArgumentError(
            f"save: {name}: .safetensors holds a dict of tensors (a state_dict), got {type(obj).__name__};"
            " .pth holds more"
        )
    for key, value in obj.items():
        if not isinstance(key, str) or not isinstance(value, Variable):
            raise ArgumentError(
                f"save: {name}: .safetensors holds tensors by name, got {type(value).__name__} under {key!r};"
                " .pth holds more"
            )
        if key == METADATA:
            raise OptionError(f"save: {name}: no tensor can be called {METADATA}")
        parts = parts_of(value)
        if parts.dtype not in NAMES:
            raise OptionError(f"save: {name}: {key!r} is {parts.dtype.name}, which .safetensors has not; .pth has")
        yield key, parts.dtype, parts.array
