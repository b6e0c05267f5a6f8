"""`.safetensors`, both ways: with the reference implementation, and against files that lie."""

from __future__ import annotations

import io
import json
import struct
from contextlib import suppress
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

import fnnet
from fnnet.serialization import SerializationError, read_metadata
from tests.serialization import crafted as c

NAMES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
)  # fmt: skip


def saved(obj: object, **options: object) -> bytes:
    return c.saved(obj, format="safetensors", **options)


def file_of(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype: object = "F32", shape: object = (2,), begin: object = 0, end: object = 8) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def refused(data: bytes, words: str) -> None:
    with pytest.raises(SerializationError, match=words) as caught:
        c.load(data)
    assert str(caught.value).startswith("load: <stream>: ")


def test_round_trip_of_every_dtype() -> None:
    tensors = {name: fnnet.tensor([[0, 1, 2], [3, 4, 5]], dtype=getattr(fnnet, name)) for name in NAMES}
    loaded = c.load(saved(tensors))
    assert sorted(loaded) == sorted(tensors)
    for name, t in loaded.items():
        assert t.dtype is getattr(fnnet, name)
        np.testing.assert_array_equal(t.numpy(), tensors[name].numpy())
        t.numpy()[:] = 1  # writable


def test_the_reference_implementation_reads_it() -> None:
    arrays = {
        "w": np.arange(6, dtype=np.float32).reshape(2, 3),
        "i": np.arange(3),
        "b": np.array(True),
        "e": np.zeros((0, 2)),
    }
    data = saved({name: fnnet.from_numpy(a) for name, a in arrays.items()} | {"t": fnnet.from_numpy(arrays["w"].T)})
    read = safetensors.numpy.load(data)
    for name, a in arrays.items():
        np.testing.assert_array_equal(read[name], a)
    np.testing.assert_array_equal(read["t"], arrays["w"].T)
    halves = saved({"h": fnnet.tensor([1.5, -2.0], dtype=fnnet.bfloat16)}, metadata={"k": "Größe"})
    [(name, fields)] = safetensors.deserialize(halves)
    assert (name, fields["dtype"], fields["shape"]) == ("h", "BF16", [2])
    np.testing.assert_array_equal(np.frombuffer(fields["data"], ml_dtypes.bfloat16), [1.5, -2.0])


def test_it_reads_the_reference_implementation() -> None:
    arrays = {
        "w": np.arange(6, dtype=np.float16).reshape(2, 3),
        "c": np.array([1 + 2j], np.complex64),
        "s": np.array(3.0),
        "h": np.array([1.5, -2.0], ml_dtypes.bfloat16),
    }
    loaded = c.load(safetensors.numpy.save(arrays, {"who": "hf"}))
    for name, a in arrays.items():
        assert loaded[name].shape == a.shape
        np.testing.assert_array_equal(loaded[name].numpy(), a)
    assert read_metadata(io.BytesIO(safetensors.numpy.save(arrays, {"who": "hf"}))) == {"who": "hf"}


def test_metadata(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    fnnet.save({"w": fnnet.ones(1)}, path, metadata={"licence": "CC0", "größe": "1"})
    assert read_metadata(path) == {"licence": "CC0", "größe": "1"}
    assert list(fnnet.load(path)) == ["w"]
    assert read_metadata(io.BytesIO(saved({}))) == {}
    assert c.load(saved({})) == {}


def test_the_same_content_gives_the_same_bytes() -> None:
    a, b = fnnet.ones(1), fnnet.zeros(2)
    assert saved({"a": a, "b": b}) == saved({"b": b, "a": a})


def test_large_elements_come_first_and_data_are_aligned() -> None:
    data = saved({"a": fnnet.ones(3, dtype=fnnet.uint8), "z": fnnet.ones(1, dtype=fnnet.float64)})
    length = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8 : 8 + length])
    assert length % 8 == 0
    assert header["z"]["data_offsets"] == [0, 8]
    assert header["a"]["data_offsets"] == [8, 11]


def test_what_it_can_not_hold() -> None:
    for obj, words in [
        ([fnnet.ones(1)], "holds a dict of tensors .*, got list"),
        ({"a": 1}, "got int under 'a'"),
        ({"a": {"b": fnnet.ones(1)}}, "got dict under 'a'"),
        ({1: fnnet.ones(1)}, "got Tensor under 1"),
    ]:
        stream = io.BytesIO()
        with pytest.raises(TypeError, match=words):
            fnnet.save(obj, stream, format="safetensors")
        assert stream.getvalue() == b""
    with pytest.raises(ValueError, match=r"complex128, which \.safetensors has not"):
        saved({"a": fnnet.ones(1, dtype=fnnet.complex128)})
    with pytest.raises(ValueError, match="no tensor can be called __metadata__"):
        saved({"__metadata__": fnnet.ones(1)})
    with pytest.raises(TypeError, match="metadata must be text by name"):
        saved({}, metadata={"epoch": 3})


def test_tied_tensors_are_written_each() -> None:
    t = fnnet.ones(2)
    loaded = c.load(saved({"a": t, "b": t}))
    assert not np.shares_memory(loaded["a"].numpy(), loaded["b"].numpy())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (file_of(b"{}", length=2**63), "a header of 9223372036854775808 bytes; at most 100000000"),
        (file_of(b"{}", length=100_000_001), "at most 100000000"),
        (file_of(b"{}", length=99), "outside the file"),
        (file_of(b"{", length=1), "JSONDecodeError"),
        (file_of(b"{\xff}"), "UnicodeDecodeError"),
        (file_of(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "RecursionError"),
        (file_of(b'{"a":' + b"9" * 5000 + b"}"), "malformed: ValueError|expected dtype"),
        (file_of(b'{"__metadata__":{"a":NaN}}'), "NaN in the header"),
        (file_of(b'{"__metadata__":{"a":1}}'), "__metadata__ must be text by name"),
        (file_of(b'{"__metadata__":[]}'), "__metadata__ must be text by name"),
        (file_of(b'{"a":1}'), "expected dtype, shape and data_offsets, got 1"),
        (file_of({"a": {**entry(), "more": 1}}, bytes(8)), "expected dtype, shape and data_offsets"),
        (file_of({"a": entry()}, bytes(7)), "describes 8 bytes of data, the file has 7"),
        (file_of({"a": entry()}, bytes(9)), "describes 8 bytes of data, the file has 9"),
        (file_of({"a": entry("F8_E4M3", (8,))}, bytes(8)), "dtype 'F8_E4M3' is none of fnnet's"),
        (file_of({"a": entry(3)}, bytes(8)), "dtype 3 is none of fnnet's"),
        (file_of({"a": entry([])}, bytes(8)), "dtype a list is none of fnnet's"),
        (file_of({"a": entry(shape=(3,))}, bytes(8)), r"8 bytes for shape \(3\) of float32"),
        (file_of({"a": entry(shape=(-2,))}, bytes(8)), "shape a list"),
        (file_of({"a": entry(shape=(2.0,))}, bytes(8)), "shape a list"),
        (file_of({"a": entry(shape=(True, 2))}, bytes(8)), "shape a list"),
        (file_of({"a": entry(shape=2)}, bytes(8)), "shape 2"),
        (file_of({"a": entry(shape=[1] * 65 + [2])}, bytes(8)), "shape a list"),
        (file_of({"a": entry(shape=(2**62, 4), end=2**66)}, bytes(8)), "too large to address"),
        (file_of({"a": entry(shape=(0, 2**62, 4), end=0)}), "too large to address"),
        (file_of({"a": entry(begin=8, end=0)}, bytes(8)), "-8 bytes for shape"),
        (file_of({"a": entry(begin=-8, end=0)}, bytes(8)), "data_offsets a list"),
        (file_of({"a": {**entry(), "data_offsets": [0, 8, 16]}}, bytes(8)), "data_offsets a list"),
        (file_of({"a": entry(), "b": entry()}, bytes(8)), "tensor 'b' begins at byte 0 of the data, expected 8"),
        (file_of({"a": entry(), "b": entry(begin=4, end=12)}, bytes(12)), "begins at byte 4 .*, expected 8"),
        (file_of({"a": entry(), "b": entry(begin=12, end=20)}, bytes(20)), "begins at byte 12 .*, expected 8"),
        (file_of({"a": entry(begin=4, end=12)}, bytes(12)), "begins at byte 4 of the data, expected 0"),
        (file_of(b'{"a":' + json.dumps(entry()).encode() + b',"a":' + json.dumps(entry()).encode() + b"}", bytes(8)),
         "a name stands twice"),
        (file_of(b'{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8)), "stands twice"),
    ],
)  # fmt: skip
def test_malformed(data: bytes, words: str) -> None:
    refused(data, words)


def test_the_header_must_begin_with_a_brace() -> None:
    stream = io.BytesIO(file_of(b' {"a":1}'))
    stream.name = "model.safetensors"
    with pytest.raises(SerializationError, match=r"does not begin with '\{'"):
        fnnet.load(stream)


def test_truncated_everywhere() -> None:
    whole = saved({"w": fnnet.ones(3), "b": fnnet.ones(1)}, metadata={"a": "b"})
    for n in range(len(whole)):
        stream = io.BytesIO(whole[:n])
        stream.name = "model.safetensors"
        with pytest.raises(SerializationError, match=r"load: model\.safetensors: "):
            fnnet.load(stream)


def test_bools_are_0_or_1() -> None:
    data = file_of({"a": entry("BOOL", (3,), 0, 3)}, b"\x00\x01\xff")
    assert c.load(data)["a"].numpy().view(np.uint8).tolist() == [0, 1, 1]


def test_mapped_where_nothing_is_aligned(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    text = json.dumps({"a": entry("U8", (1,), 0, 1), "b": entry("F32", (2,), 1, 9)})
    for blanks in range(8):
        path.write_bytes(file_of((text + " " * blanks).encode(), b"\x05" + np.array([1, 2], np.float32).tobytes()))
        t = fnnet.load(path, mmap=True)["b"]
        assert t.numpy().flags.aligned
        np.testing.assert_array_equal(t.numpy(), [1, 2])


@given(st.data())
def test_mutations_of_an_honest_file(data: st.DataObject) -> None:
    changed = bytearray(saved({"w": fnnet.ones(3), "b": fnnet.ones(1, dtype=fnnet.bfloat16)}, metadata={"a": "b"}))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    stream = io.BytesIO(bytes(changed))
    stream.name = "model.safetensors"
    with suppress(SerializationError):
        fnnet.load(stream)
