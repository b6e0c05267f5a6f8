"""Checks of file formats: what goes in comes out, damage is refused, the file is recognised."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, cast

import numpy as np

import fnnet
from fnnet._core.errors import FnnetError, SerializationError
from fnnet.backends import dtypes
from fnnet.plugins import SerializerSpec, manager
from fnnet.plugins.hookspecs import HEAD_SIZE
from fnnet.plugins.specs import AnySpec
from fnnet.serialization import LoadOptions, SaveOptions, Serializer
from fnnet.testing.plugin_kit.check import Check, CheckError, require

FLIPS: Final = 400
"""Copies with one damaged byte somewhere, besides one for each byte at the beginning."""


def checks(spec: AnySpec) -> Iterator[Check]:
    """The checks of one format."""
    spec = cast("SerializerSpec", spec)
    yield Check("round-trips a state_dict", partial(_round_trip, spec))
    yield Check("round-trips every dtype, or refuses it", partial(_dtypes, spec))
    yield Check("is chosen by suffix and recognised by content", partial(_recognised, spec))
    yield Check("writes to what can't seek", partial(_unseekable, spec))
    yield Check("refuses truncated files", partial(_truncated, spec))
    yield Check("refuses damaged files, or reads them without harm", partial(_damaged, spec))


def _state() -> dict[str, fnnet.Tensor]:
    return {
        "0.weight": fnnet.from_numpy(np.arange(12, dtype=np.float32).reshape(3, 4) / 7),
        "0.bias": fnnet.from_numpy(np.array([1e-30, -1.5, np.inf], np.float32)),
        "transposed": fnnet.from_numpy(np.arange(6, dtype=np.float32).reshape(2, 3)).t(),
        "scalar": fnnet.from_numpy(np.array(2.5, np.float32)),
        "empty": fnnet.from_numpy(np.zeros((0, 3), np.float32)),
        "name with blanks, ümlaut": fnnet.from_numpy(np.ones(1, np.float32)),
    }


def _serializer(spec: SerializerSpec) -> Serializer:
    found = spec.load()
    require(isinstance(found, Serializer), f"load() gives {found!r}, which is no fnnet.serialization.Serializer")
    return cast("Serializer", found)


def _saved(spec: SerializerSpec, obj: object) -> bytes:
    file = io.BytesIO()
    _serializer(spec).save(obj, file, SaveOptions(name="kit"))
    return file.getvalue()


def _loaded(spec: SerializerSpec, data: bytes) -> object:
    return _serializer(spec).load(io.BytesIO(data), LoadOptions(name="kit"))


def _same(found: object, expected: dict[str, fnnet.Tensor]) -> None:
    require(isinstance(found, dict), f"a dict of tensors came back as {type(found).__name__}")
    found = cast("dict[str, fnnet.Tensor]", found)
    require(set(found) == set(expected), f"the names are {sorted(found)}, expected {sorted(expected)}")
    for name, tensor in expected.items():
        got = found[name]
        require(isinstance(got, fnnet.Tensor), f"{name!r} came back as {type(got).__name__}")
        same = got.dtype is tensor.dtype and tuple(got.shape) == tuple(tensor.shape)
        require(same, f"{name!r} came back as {got.dtype} {tuple(got.shape)}, was {tensor.dtype} {tuple(tensor.shape)}")
        require(_bytes(got) == _bytes(tensor), f"{name!r} came back with other values: {got}, was {tensor}")


def _bytes(tensor: fnnet.Tensor) -> bytes:
    # By reinterpretation: bfloat16 has no buffer protocol.
    raw = np.ascontiguousarray(tensor.detach()._data)
    return raw.view(np.uint8).tobytes() if raw.ndim else raw.reshape(1).view(np.uint8).tobytes()


def _round_trip(spec: SerializerSpec) -> None:
    _same(_loaded(spec, _saved(spec, _state())), _state())


def _dtypes(spec: SerializerSpec) -> None:
    served = []
    for dtype in dtypes.ALL:
        state = {"x": fnnet.from_numpy(np.array([0, 1, 1], dtype.numpy))}
        try:
            data = _saved(spec, state)
        except FnnetError:
            continue
        _same(_loaded(spec, data), state)
        served.append(dtype)
    require(dtypes.float32 in served, "float32 is refused")


def _recognised(spec: SerializerSpec) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for suffix in spec.suffixes:
            path = Path(folder) / f"file{suffix}"
            fnnet.save(_state(), path)
            head = path.read_bytes()
            chosen = manager().select_serializer(str(path), head[:64]).name
            require(chosen == spec.name, f"a file {path.name} that fnnet.save wrote is taken for {chosen!r}")
            _same(fnnet.load(path), _state())
            if spec.magic:
                require(spec.recognises(head), f"the magic {spec.magic!r} is not in a file that begins {head[:16]!r}")


class _Pipe(io.RawIOBase):
    """A file that can only be written."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        self.data += memoryview(data)  # type: ignore[arg-type]  # any buffer
        return memoryview(data).nbytes  # type: ignore[arg-type]  # any buffer


def _unseekable(spec: SerializerSpec) -> None:
    pipe = _Pipe()
    _serializer(spec).save(_state(), cast("BinaryIO", pipe), SaveOptions(name="kit"))
    _same(_loaded(spec, bytes(pipe.data)), _state())


def _truncated(spec: SerializerSpec) -> None:
    data = _saved(spec, _state())
    for length in sorted({0, 1, 7, *range(8, len(data), max(1, len(data) // 100)), len(data) - 1}):
        require(
            not _readable(spec, data[:length], f"cut to {length} of {len(data)} bytes"),
            f"the first {length} of {len(data)} bytes were read without complaint",
        )


def _damaged(spec: SerializerSpec) -> None:
    data = _saved(spec, _state())
    random = np.random.default_rng(0)
    beginning = range(min(HEAD_SIZE, len(data)))
    for at in (*beginning, *random.integers(len(data), size=FLIPS).tolist()):
        damaged = bytearray(data)
        damaged[at] ^= int(random.integers(1, 256))
        _readable(spec, bytes(damaged), f"with byte {at} damaged")


def _readable(spec: SerializerSpec, data: bytes, how: str) -> bool:
    """Whether something is read; what is not must be refused with a SerializationError."""
    try:
        _loaded(spec, data)
    except SerializationError:
        return False
    except Exception as error:
        raise CheckError(f"{how} it raises {type(error).__name__}, not SerializationError: {error}") from error
    return True
