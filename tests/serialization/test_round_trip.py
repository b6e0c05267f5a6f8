"""What `save` wrote, `load` gives back: values, dtypes, layouts, sharing, classes."""

from __future__ import annotations

import collections
import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fnnet
from fnnet import nn
from fnnet.autograd.variable import make
from fnnet.serialization import SerializationError
from tests.serialization import crafted as c

NAMES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
    "complex128",
)  # fmt: skip


def over(array: np.ndarray) -> fnnet.Tensor:
    """A tensor over an array's memory, whatever its layout (NumPy's reversed ones, too)."""
    return make(array, fnnet.device("cpu"))


def memory(t: fnnet.Tensor) -> np.ndarray:
    return t.detach().numpy()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_dtype(protocol: int) -> None:
    tensors = {name: fnnet.tensor([[0, 1, 2], [3, 4, 5]], dtype=getattr(fnnet, name)) for name in NAMES}
    loaded = c.round_trip(tensors, pickle_protocol=protocol)
    for name, t in loaded.items():
        assert t.dtype is getattr(fnnet, name)
        np.testing.assert_array_equal(memory(t), memory(tensors[name]))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_values(protocol: int) -> None:
    loop: list[object] = [1]
    loop.append(loop)
    obj = {
        "plain": [None, True, -3, 2**80, 1.5, float("inf"), 2 - 1j, "Größe \ud800", b"\x00\xff", bytearray(b"x")],
        "containers": ((1, (2,)), {3}, frozenset({"four"}), collections.OrderedDict(b=1, a=2)),
        "counter": collections.Counter("aab"),
        "default": collections.defaultdict(list, k=[1]),
        "own": (fnnet.Size((2, 3)), fnnet.device("cuda:3"), fnnet.device("cpu"), fnnet.bfloat16),
        "numpy": (np.arange(4.0).reshape(2, 2).T, np.float32(0.5), np.int64(-2), np.dtype(">i2"), np.array("text")),
        (1, "tuple"): "key",
        5: "number",
    }
    loaded = c.round_trip(obj, pickle_protocol=protocol)
    for name in ("plain", "containers", "counter", "default", "own", (1, "tuple"), 5):
        assert loaded[name] == obj[name]
        assert type(loaded[name]) is type(obj[name])
    assert loaded["own"][1] is fnnet.device("cuda:3")
    assert type(loaded["own"][0]) is fnnet.Size
    assert [type(x) for x in loaded["plain"]] == [type(x) for x in obj["plain"]]
    for a, b in zip(loaded["numpy"], obj["numpy"], strict=True):
        assert type(a) is type(b)
        np.testing.assert_array_equal(a, b)
    again = c.round_trip(loop, pickle_protocol=protocol)
    assert again[0] == 1
    assert again[1] is again


def test_brain_floats_in_numpy_arrays() -> None:
    array = fnnet.tensor([1.5, -2.0], dtype=fnnet.bfloat16).numpy()
    loaded = c.round_trip({"a": array})["a"]
    assert loaded.dtype == array.dtype
    np.testing.assert_array_equal(loaded.astype(np.float32), [1.5, -2.0])


def test_layouts() -> None:
    base = np.arange(24.0).reshape(4, 6)
    repeated = np.broadcast_to(base[0], (3, 6))
    for view in (base, base.T, base[1:3], base[:, 1], base[::2, ::3], base[0, 0:1], base[:0], repeated):
        loaded = c.round_trip(over(view))
        assert loaded.shape == view.shape
        np.testing.assert_array_equal(memory(loaded), view)
    assert memory(c.round_trip(over(base.T))).strides == (8, 48)
    assert memory(c.round_trip(over(repeated))).strides == (0, 8)
    assert c.round_trip(fnnet.tensor(2.5)).shape == ()


def test_reversed_memory_is_saved_in_order() -> None:
    """NumPy's negative strides are none of PyTorch's."""
    np.testing.assert_array_equal(memory(c.round_trip(over(np.arange(4.0)[::-1]))), [3, 2, 1, 0])


def test_shared_memory_stays_shared() -> None:
    raw = np.zeros((4, 6), np.float32)
    base = over(raw)
    loaded = c.round_trip(
        {"base": base, "row": over(raw[1]), "turned": over(raw.T), "column": over(raw[:, 2]), "same": base}
    )
    assert loaded["same"] is loaded["base"]
    memory(loaded["base"])[1, 2] = 7
    assert memory(loaded["row"])[2] == 7
    assert memory(loaded["turned"])[2, 1] == 7
    assert memory(loaded["column"])[1] == 7


def test_shared_memory_of_two_dtypes_stays_shared() -> None:
    raw = np.zeros(4, np.float32)
    loaded = c.round_trip([over(raw), over(raw.view(np.int32)[1:])])
    memory(loaded[0])[1] = 1
    assert memory(loaded[1])[0] == 0x3F800000  # 1.0 in IEEE 754


def test_disjoint_parts_of_one_buffer() -> None:
    base = np.arange(1000.0)
    data = c.saved({"head": over(base[:10]), "tail": over(base[990:])})
    assert len(data) < 2000
    loaded = c.load(data)
    np.testing.assert_array_equal(memory(loaded["tail"]), np.arange(990, 1000))


@pytest.mark.parametrize(
    "view",
    [
        lambda big: big[5],
        lambda big: big[:, 5],
        lambda big: big[::100, 3],
        lambda big: np.broadcast_to(big[:, :1], (1000, 7)),
        lambda big: big.T[5:6],
    ],
)
def test_a_view_does_not_save_the_large_tensor(view: object) -> None:
    small = view(np.arange(1_000_000, dtype=np.float32).reshape(1000, 1000))
    data = c.saved({"view": over(small)})
    assert len(data) < 4 * 1000 + 1500  # a thousand float32 at most, and the container
    loaded = c.load(data)["view"]
    np.testing.assert_array_equal(memory(loaded), small)


def test_interleaved_views_share_one_storage() -> None:
    base = np.zeros(10, np.float32)
    data = c.saved([over(base[::2]), over(base[1::2]), over(base)])
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert [i.file_size for i in file.infolist() if "/data/" in i.filename] == [40]


def test_gradients_and_classes() -> None:
    weight = nn.Parameter(fnnet.ones(2))
    fixed = nn.Parameter(fnnet.ones(2), requires_grad=False)
    leaf = fnnet.ones(2).requires_grad_()
    named = nn.Parameter(fnnet.ones(2))
    named.tag = {"layer": 3}
    loaded = c.round_trip([weight, fixed, leaf, named, nn.Buffer(fnnet.ones(1), persistent=False), weight.detach()])
    assert [type(t) for t in loaded] == [nn.Parameter] * 2 + [fnnet.Tensor, nn.Parameter, nn.Buffer, fnnet.Tensor]
    assert [t.requires_grad for t in loaded] == [True, False, True, True, False, False]
    assert loaded[3].tag == {"layer": 3}
    assert loaded[4].persistent is False
    memory(loaded[0])[:] = 5
    assert memory(loaded[5])[0] == 5  # what detach() shared is shared again


def test_tensors_in_attributes_share_memory() -> None:
    raw = np.zeros(3)
    t = over(raw)
    t.mate = over(raw[1:])
    loaded = c.round_trip(t)
    memory(loaded)[1] = 4
    assert memory(loaded.mate)[0] == 4


def test_metadata_of_a_state_dict() -> None:
    state = collections.OrderedDict(w=fnnet.ones(1))
    state._metadata = collections.OrderedDict({"": {"version": 2}})
    loaded = c.round_trip(state)
    assert type(loaded) is collections.OrderedDict
    assert loaded._metadata == state._metadata


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    obj = {"w": fnnet.arange(5.0), "n": 1}
    fnnet.save(obj, tmp_path / "one.pth")
    assert (tmp_path / "one.pth").read_bytes() == c.saved({"w": fnnet.arange(5.0), "n": 1})


def test_records_are_aligned_and_plain() -> None:
    data = c.saved({"a": fnnet.ones(3), "b": fnnet.ones(5)})
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        assert file.namelist() == [
            "archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/data/1", "archive/version",
        ]  # fmt: skip
        for info in file.infolist():
            begin = info.header_offset
            lengths = np.frombuffer(data, "<u2", 2, begin + 26)
            assert (begin + 30 + int(lengths.sum())) % 64 == 0


def test_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limit of 32-bit fields lowered, the wide ones are used; Python's zipfile and fnnet read them."""
    obj = {"a": over(np.arange(100, dtype=np.float32)), "b": fnnet.ones(2)}
    plain = c.saved(obj)
    wide = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr("fnnet.serialization.zip_writer.WIDE_FROM", 300)
        fnnet.save(obj, wide)
    assert len(wide.getvalue()) > len(plain)
    with zipfile.ZipFile(wide) as file:
        assert file.testzip() is None
        assert file.getinfo("archive/data/0").file_size == 400
    loaded = c.load(wide.getvalue())
    np.testing.assert_array_equal(memory(loaded["a"]), np.arange(100))


def test_streams_that_can_not_seek(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            Pipe.written += bytes(data)
            return len(bytes(data))

    fnnet.save({"w": fnnet.ones(3)}, Pipe())
    np.testing.assert_array_equal(memory(c.load(Pipe.written)["w"]), [1, 1, 1])
    with pytest.raises(SerializationError, match="You can only load from a file that is seekable"):
        fnnet.load(Pipe())


def test_a_file_object_is_read_from_where_it_stands() -> None:
    stream = io.BytesIO(b"before" + c.saved({"w": fnnet.ones(3)}))
    stream.seek(6)
    np.testing.assert_array_equal(memory(fnnet.load(stream)["w"]), [1, 1, 1])


def test_what_is_no_file() -> None:
    with pytest.raises(TypeError, match="string, path, or a file-like object with a 'write' attribute"):
        fnnet.save({}, 3)
    with pytest.raises(TypeError, match="a path, or a file object with read and seek, got int"):
        fnnet.load(3)
    with pytest.raises(FileNotFoundError):
        fnnet.load("/no/such/file.pth")


def test_what_can_not_be_pickled_is_told_and_nothing_is_written() -> None:
    stream = io.BytesIO()
    with pytest.raises(SerializationError, match=r"can't be pickled.*state_dict"):
        fnnet.save({"f": lambda: 0}, stream)
    assert stream.getvalue() == b""


def test_options_that_are_not_served() -> None:
    with pytest.raises(ValueError, match="legacy format"):
        c.saved({}, _use_new_zipfile_serialization=False)
    with pytest.raises(ValueError, match="pickle_protocol is 0; expected 2 to 5"):
        c.saved({}, pickle_protocol=0)
    with pytest.raises(ValueError, match="no metadata"):
        c.saved({}, metadata={"a": "b"})
    with pytest.raises(ValueError, match="pickle_module is json"):
        c.saved({}, pickle_module=json)
    with pytest.raises(RuntimeError, match="Can not safely load weights when explicit pickle_module is specified"):
        c.load(c.saved({}), pickle_module=pickle)
    with pytest.raises(ValueError, match="f must be a file path in order to use the mmap argument"):
        c.load(c.saved({}), mmap=True)
    with pytest.raises(TypeError, match="unexpected errors"):
        c.load(c.saved({}), errors="strict")
    assert c.load(c.saved({"a": 1}), weights_only=False, pickle_module=pickle, errors="strict") == {"a": 1}


def test_without_the_byte_order_record() -> None:
    data = c.saved({"w": fnnet.ones(1)}, _disable_byteorder_record=True)
    assert b"byteorder" not in data
    assert memory(c.load(data)["w"])[0] == 1


def test_mapped_files(tmp_path: Path) -> None:
    for name in ("w.pth", "w.safetensors"):
        path = tmp_path / name
        fnnet.save({"w": fnnet.arange(1000.0), "b": fnnet.tensor([True, False])}, path)
        before = path.read_bytes()
        loaded = fnnet.load(path, mmap=True)
        np.testing.assert_array_equal(memory(loaded["w"]), np.arange(1000))
        memory(loaded["w"])[:] = 3  # private: the file stays as it is
        loaded["b"].fill_(True)
        assert path.read_bytes() == before
        assert isinstance(memory(loaded["w"]).base, np.ndarray)


def test_a_mapped_file_is_not_read_for_its_checksums(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    data = bytearray(c.saved({"w": fnnet.ones(1000)}))
    at = data.index(np.ones(1000, np.float32).tobytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert fnnet.load(path, mmap=True)["w"].shape == (1000,)
    with pytest.raises(SerializationError, match=r"record 'archive/data/0': checksum is .* the file is damaged"):
        fnnet.load(path)


def test_unaligned_records_can_be_mapped(tmp_path: Path) -> None:
    pickle_of, raw = c.program(c.tensor(2, (2,), (1,))), np.array([1, 2], np.float32).tobytes()
    for n in range(1, 5):
        path = tmp_path / f"{n}.pth"
        path.write_bytes(c.archive(pickle_of, {"0": raw}, prefix="p" * n))
        t = fnnet.load(path, mmap=True)
        assert memory(t).flags.aligned
        np.testing.assert_array_equal(memory(t), [1, 2])


def test_bools_are_0_or_1() -> None:
    data = c.archive(c.program(c.tensor(3, (3,), (1,), kind="BoolStorage")), {"0": b"\x00\x01\xff"})
    assert memory(c.load(data)).view(np.uint8).tolist() == [0, 1, 1]


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
plain = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.integers(-(2**63), 2**63 - 1), inner) | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


@given(plain, st.sampled_from([2, 4]))
def test_plain_data(obj: object, protocol: int) -> None:
    assert c.round_trip(obj, pickle_protocol=protocol) == obj


@given(st.data())
def test_any_view_of_any_layout(data: st.DataObject) -> None:
    """A few slices of one buffer, turned and strided: each comes back, and what overlapped still does."""
    base = np.arange(60, dtype=np.float32)
    views = []
    for _ in range(data.draw(st.integers(1, 4))):
        start, stop = data.draw(st.integers(0, 59)), data.draw(st.integers(0, 60))
        part = base[start : max(start, stop) : data.draw(st.integers(1, 5))]
        if part.size % 2 == 0 and data.draw(st.booleans()):
            part = part.reshape(2, -1).T if part.flags.c_contiguous else part[: part.size // 2]
        views.append(part)
    loaded = [memory(t) for t in c.round_trip([over(view) for view in views])]
    for got, want in zip(loaded, views, strict=True):
        np.testing.assert_array_equal(got, want)
        assert got.shape == want.shape
    for i, a in enumerate(views):
        for j, b in enumerate(views):
            assert np.shares_memory(a, b) == np.shares_memory(loaded[i], loaded[j])
