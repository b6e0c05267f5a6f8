"""Files that PyTorch 2.13 wrote (`data/make.py` says how) are read as what they hold."""

from __future__ import annotations

import collections
import pickle
from pathlib import Path

import numpy as np
import pytest

import fnnet
from fnnet import nn
from tests.serialization import crafted as c

DATA = Path(__file__).resolve().parent / "data"
NAMES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
    "complex128",
)  # fmt: skip
RAMP = np.arange(6).reshape(2, 3)


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("file", ["dtypes.pth", "dtypes.safetensors"])
def test_every_dtype(file: str, mmap: bool) -> None:
    loaded = fnnet.load(DATA / file, mmap=mmap)
    expected = NAMES if file.endswith(".pth") else NAMES[:-1]  # safetensors has no complex128
    assert sorted(loaded) == sorted(expected)
    for name, t in loaded.items():
        assert t.dtype is getattr(fnnet, name), name
        assert t.shape == (2, 3)
        want = RAMP.astype(bool) if name == "bool" else RAMP
        np.testing.assert_array_equal(t.numpy().astype(np.complex128), want)


@pytest.mark.parametrize("mmap", [False, True])
def test_views(mmap: bool) -> None:
    loaded = fnnet.load(DATA / "views.pth", mmap=mmap)
    base = np.arange(24.0, dtype=np.float32).reshape(4, 6)
    np.testing.assert_array_equal(loaded["rows"].numpy(), base[1:3])
    np.testing.assert_array_equal(loaded["turned"].numpy(), base.T)
    assert loaded["turned"].stride() == (1, 6)
    np.testing.assert_array_equal(loaded["tail"].numpy(), [20, 21, 22, 23])
    np.testing.assert_array_equal(loaded["expanded"].numpy(), np.full((2, 3), 7))
    assert loaded["scalar"].shape == ()
    assert loaded["scalar"].item() == 2.5
    assert loaded["empty"].shape == (0, 3)
    np.testing.assert_array_equal(loaded["conjugate"].numpy(), [1 - 2j, 3 + 4j])
    np.testing.assert_array_equal(loaded["negative"].numpy(), [-2, 4])
    np.testing.assert_array_equal(loaded["untyped"].numpy(), [1.5, -2.5])
    # They lie in one storage in the file: a write through one is seen by the other.
    loaded["turned"].numpy()[:] = -1
    assert loaded["rows"].numpy().max() == -1


def test_checkpoint() -> None:
    loaded = fnnet.load(DATA / "checkpoint.pth")
    model = loaded["model"]
    assert type(model) is collections.OrderedDict
    assert list(model)[:2] == ["0.weight", "0.bias"]
    assert model._metadata[""] == {"version": 1}
    assert model._metadata["1"] == {"version": 2}
    # Adam's first step moves by lr against the gradient's sign (bias-corrected moments of a constant gradient).
    np.testing.assert_allclose(model["3.bias"].numpy(), np.arange(2) + 5 - 0.5, rtol=1e-6)
    optimizer = loaded["optimizer"]
    group = optimizer["param_groups"][0]
    assert (group["lr"], group["betas"], group["params"]) == (0.5, (0.5, 0.75), [0, 1, 2, 3, 4, 5])
    np.testing.assert_allclose(optimizer["state"][3]["exp_avg_sq"].numpy(), np.full(2, 1.0))  # 0.25 * 2**2
    assert optimizer["state"][0]["step"].item() == 1
    assert loaded["epoch"] == 3


def test_values() -> None:
    loaded = fnnet.load(DATA / "values.pth")
    assert type(loaded["parameter"]) is nn.Parameter
    assert not loaded["parameter"].requires_grad
    assert loaded["grad"].requires_grad
    assert type(loaded["grad"]) is fnnet.Tensor
    assert type(loaded["named"]) is nn.Parameter
    assert loaded["named"].tag == "mine"
    assert type(loaded["buffer"]) is nn.Buffer
    assert loaded["buffer"].persistent is False
    np.testing.assert_array_equal(loaded["buffer"].numpy(), np.arange(4))
    assert loaded["device"] is fnnet.device("cuda:1")
    assert loaded["dtype"] is fnnet.bfloat16
    assert loaded["size"] == (2, 3)
    assert type(loaded["size"]) is fnnet.Size
    assert loaded["numbers"] == [True, -1, 2**40, 2**70, 0.5, 1 + 2j, None]
    assert loaded["text"] == ("ascii", "Größe", b"\x00\xff", bytearray(b"ab"))
    assert loaded["sets"] == ({1, "a"}, frozenset({2}))
    assert list(loaded["ordered"].items()) == [("b", 1), ("a", 2)]
    assert type(loaded["default"]) is collections.defaultdict
    assert loaded["default"]["x"] == [1]
    assert loaded["default"]["new"] == []
    assert loaded["counter"] == collections.Counter("aab")
    assert type(loaded["counter"]) is collections.Counter
    assert loaded[3] == {"integer": "key"}


def test_numpy_values() -> None:
    loaded = fnnet.load(DATA / "numpy.pth")
    np.testing.assert_array_equal(loaded["array"], np.arange(6, dtype=np.int16).reshape(2, 3))
    assert loaded["array"].dtype == np.int16
    np.testing.assert_array_equal(loaded["fortran"], np.arange(6.0).reshape(2, 3))
    assert loaded["fortran"].flags.f_contiguous
    np.testing.assert_array_equal(loaded["big"], [0, 1, 2])
    assert loaded["scalar"] == 0.25
    assert type(loaded["scalar"]) is np.float64
    assert list(loaded["text"]) == ["a", "bc"]
    assert loaded["dtype"] == np.dtype("float32")


def test_protocol_4() -> None:
    loaded = fnnet.load(DATA / "protocol4.pth")
    np.testing.assert_array_equal(loaded["w"].numpy(), [0, 1, 2])
    assert (loaded["s"], loaded["b"]) == ({1, 2}, b"xy")


def test_checksums_switched_off() -> None:
    """`torch.serialization.set_crc32_options(False)` writes 0 for every checksum."""
    np.testing.assert_array_equal(fnnet.load(DATA / "no_crc.pth")["w"].numpy(), [0, 1, 2])


def test_python_2() -> None:
    """Python 2 pickled keys as SHORT_BINSTRING, an OrderedDict as a list of pairs; PyTorch 0.3 had 4 arguments."""
    old = c.call(
        "torch._utils", "_rebuild_tensor", c.storage(2), c.number(0), c.tuple_of(c.number(2)), c.tuple_of(c.number(1))
    )
    pair = c.EMPTY_LIST + c.MARK + b"U\x01w" + old + c.APPENDS
    loaded = c.load_pickle(
        c.program(c.call("collections", "OrderedDict", c.EMPTY_LIST + pair + c.APPEND)),
        {"0": np.array([1, 2], np.float32).tobytes()},
    )
    assert list(loaded) == ["w"]
    np.testing.assert_array_equal(loaded["w"].numpy(), [1, 2])


def test_python_2_encoding() -> None:
    data = c.program(b"U\x01\xe9")
    assert c.load_pickle(data, encoding="latin1") == "é"
    assert c.load_pickle(data, encoding="bytes") == b"\xe9"
    with pytest.raises(fnnet.serialization.SerializationError, match="decode"):
        c.load_pickle(data)


def test_other_byte_order() -> None:
    pickle_of = c.program(
        c.MARK, c.tensor(2, (2,), (1,)), c.tensor(1, (1,), (1,), kind="ComplexFloatStorage", key="1"), c.TUPLE
    )
    storages = {"0": np.array([1.5, -2], ">f4").tobytes(), "1": np.array([1 - 3j], ">c8").tobytes()}
    real, imaginary = c.load(c.archive(pickle_of, storages, byteorder=b"big"))
    np.testing.assert_array_equal(real.numpy(), [1.5, -2])
    np.testing.assert_array_equal(imaginary.numpy(), [1 - 3j])


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("legacy.pth", "legacy format"),
        ("sparse.pth", "sparse tensors are not served"),
        ("quantized.pth", "quantised"),
        ("uint16.pth", r"torch\.uint16: none of fnnet's dtypes"),
        ("storage.pth", "bare storage"),
        ("script.pt", "TorchScript"),
        ("module.pth", r"torch\.nn\.modules\.container\.Sequential, torch\.nn\.modules\.linear\.Linear"),
    ],
)
def test_what_is_refused_is_named(file: str, words: str) -> None:
    with pytest.raises(fnnet.serialization.SerializationError, match=words) as caught:
        fnnet.load(DATA / file)
    assert str(DATA / file) in str(caught.value)


def test_a_module_of_pytorch_stays_refused_when_code_may_run() -> None:
    with pytest.raises(pickle.UnpicklingError, match=r"torch\.nn\.modules\.container\.Sequential.*state_dict"):
        fnnet.load(DATA / "module.pth", weights_only=False)


def test_the_checkpoint_without_weights_only() -> None:
    """Ordinary unpickling of the same container gives the same."""
    safe, plain = fnnet.load(DATA / "checkpoint.pth"), fnnet.load(DATA / "checkpoint.pth", weights_only=False)
    assert plain["model"]._metadata == safe["model"]._metadata
    for key, t in safe["model"].items():
        np.testing.assert_array_equal(plain["model"][key].numpy(), t.numpy())
    assert fnnet.load(DATA / "numpy.pth", weights_only=False)["scalar"] == 0.25
