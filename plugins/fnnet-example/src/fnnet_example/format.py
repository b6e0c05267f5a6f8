"""`.fnx`: magic, length of the header, a JSON header, raw little-endian bytes. A state_dict and nothing that could run.

4 bytes      b"FNX1"
8 bytes      length of the header, little-endian
header       [{"name": ..., "dtype": ..., "shape": [...], "crc32": ...}, ...]
data         the tensors' bytes, one after the other, in C order
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

import numpy as np

import fnnet
from fnnet._core.errors import ArgumentError, OptionError, SerializationError
from fnnet.serialization import LoadOptions, SaveOptions
from fnnet.serialization.locations import locator

MAGIC: Final = b"FNX1"
LENGTH: Final = 8
DTYPES: Final = {
    "float16": "<f2", "float32": "<f4", "float64": "<f8", "uint8": "|u1", "int32": "<i4", "int64": "<i8",
}  # fmt: skip
"""The dtypes that the format knows, and how their bytes lie in the file."""


class FnxFormat:
    """Reads and writes `.fnx`."""

    def save(self, obj: object, file: BinaryIO, options: SaveOptions) -> None:
        """Write a dict of tensors; nothing is written unless all of it can be."""
        if not isinstance(obj, Mapping):
            raise ArgumentError(f"save: {options.name}: .fnx holds a dict of tensors, got {type(obj).__name__}")
        header, data = [], []
        for name, tensor in obj.items():
            if not isinstance(name, str) or not isinstance(tensor, fnnet.Tensor):
                raise ArgumentError(f"save: {options.name}: .fnx holds tensors by name, got {name!r}: {tensor!r}")
            dtype = tensor.dtype.name
            if dtype not in DTYPES:
                raise OptionError(f"save: {options.name}: {name!r} is {dtype}, .fnx knows {', '.join(DTYPES)}")
            content = tensor.detach().cpu().numpy().astype(DTYPES[dtype]).tobytes()
            entry = {"name": name, "dtype": dtype, "shape": list(tensor.shape), "crc32": zlib.crc32(content)}
            header.append(entry)
            data.append(content)
        text = json.dumps(header).encode()
        file.write(MAGIC + len(text).to_bytes(LENGTH, "little") + text)
        for content in data:
            file.write(content)

    def load(self, file: BinaryIO, options: LoadOptions) -> dict[str, fnnet.Tensor]:
        """Read what `save` wrote."""
        device_for = locator(options.map_location)
        try:
            arrays = dict(_arrays(memoryview(file.read())))
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:  # nonsense in the header
            raise SerializationError(f"load: {options.name}: {error}") from error
        return {name: fnnet.from_numpy(x).to(device_for(x.nbytes, "cpu")) for name, x in arrays.items()}


def _arrays(content: memoryview) -> Iterator[tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]]:
    """The arrays in a file, each checked before memory is taken for it."""
    start = len(MAGIC) + LENGTH
    if bytes(content[: len(MAGIC)]) != MAGIC:
        raise ValueError(f"it does not begin with {MAGIC!r}")
    at = start + int.from_bytes(content[len(MAGIC) : start], "little")
    if at > len(content):
        raise ValueError(f"its header ends at byte {at}, the file at {len(content)}")
    names: set[str] = set()
    for entry in json.loads(bytes(content[start:at])):
        name, shape, dtype = entry["name"], entry["shape"], np.dtype(DTYPES[entry["dtype"]])
        if type(name) is not str or name in names or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError(f"name {name!r} (or twice), shape {shape!r} in its header")
        names.add(name)
        end = at + math.prod(shape) * dtype.itemsize
        if end > len(content):
            raise ValueError(f"{name!r} ends at byte {end}, the file at {len(content)}")
        if zlib.crc32(content[at:end]) != entry["crc32"]:
            raise ValueError(f"the bytes of {name!r} are damaged")
        # astype copies, and turns the file's byte order into the machine's.
        yield name, np.frombuffer(content[at:end], dtype).reshape(shape).astype(dtype.newbyteorder("="))
        at = end
    if at != len(content):
        raise ValueError(f"its header describes {at} bytes, it has {len(content)}")


FORMAT: Final = FnxFormat()
