"""`map_location`: where loaded tensors go."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest

import fnnet
from fnnet.autograd.variable import make
from fnnet.backends.devices import set_cpu_devices
from tests.serialization import crafted as c

RAW = np.arange(6, dtype=np.float32)
STORAGES = {"0": RAW.tobytes()}
CUDA = c.archive(c.program(c.tensor(6, (6,), (1,), location="cuda:7")), STORAGES)
TWO = c.archive(
    c.program(
        c.MARK, c.tensor(6, (6,), (1,), location="cuda:0"), c.tensor(1, (1,), (1,), key="1", location="cpu"), c.TUPLE
    ),
    {**STORAGES, "1": RAW[:1].tobytes()},
)


@pytest.fixture
def two_cpus() -> Iterator[None]:
    set_cpu_devices(2)
    yield
    set_cpu_devices(1)


def test_locations_of_the_writer_are_ignored() -> None:
    t = c.load(CUDA)
    assert t.device is fnnet.device("cpu")
    np.testing.assert_array_equal(t.numpy(), RAW)


@pytest.mark.usefixtures("two_cpus")
@pytest.mark.parametrize(
    "where",
    [
        "cpu:1",
        fnnet.device("cpu:1"),
        {"cuda:7": "cpu:1"},
        lambda storage, location: storage.to("cpu:1") if location == "cuda:7" else None,
    ],
)
def test_to_a_device(where: object) -> None:
    t = c.load(CUDA, map_location=where)
    assert t.device is fnnet.device("cpu:1")
    np.testing.assert_array_equal(t.cpu().numpy(), RAW)


@pytest.mark.usefixtures("two_cpus")
def test_each_storage_is_asked_for_once() -> None:
    asked = []

    def choose(storage: object, location: str) -> object:
        asked.append((location, storage.nbytes(), str(storage.device)))
        return None if location == "cpu" else storage

    a, b = c.load(TWO, map_location=choose)
    assert asked == [("cuda:0", 24, "cpu"), ("cpu", 4, "cpu")]
    assert a.device is b.device is fnnet.device("cpu")
    a, b = c.load(TWO, map_location={"cuda:0": "cpu:1"})
    assert (str(a.device), str(b.device)) == ("cpu:1", "cpu")


@pytest.mark.usefixtures("two_cpus")
def test_what_shared_memory_shares_it_on_the_device() -> None:
    base = np.arange(12, dtype=np.float32).reshape(3, 4)
    cpu = fnnet.device("cpu")
    views = [base, base[1:], base.T, base[1], base[:, 1], base[2, 3:]]
    loaded = c.round_trip([make(view, cpu) for view in views])
    moved = c.load(c.saved(loaded), map_location="cpu:1")
    for got, want in zip(moved, views, strict=True):
        assert got.device is fnnet.device("cpu:1")
        np.testing.assert_array_equal(got.cpu().numpy(), want)
    whole = moved[0]._data
    whole[1, 0] = 50
    for index, at in [(1, (0, 0)), (2, (0, 1)), (3, (0,))]:
        assert moved[index]._data[at] == 50


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(RuntimeError, match="cuda"):
        c.load(CUDA, map_location="cuda:0")
    with pytest.raises(RuntimeError, match="cuda"):
        c.load(CUDA, map_location=lambda storage, location: storage.cuda(1))
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        c.load(CUDA, map_location="cpu:5")
    with pytest.raises(RuntimeError, match="Invalid device string"):
        c.load(CUDA, map_location="cpu 1")
    assert c.load(CUDA, map_location={"cuda:1": "cuda:0"}).device.type == "cpu"


def test_what_is_no_location() -> None:
    with pytest.raises(TypeError, match="map_location must be a device, a string, a dict or a function, got int"):
        c.load(CUDA, map_location=3)
    with pytest.raises(TypeError, match="map_location returned str for 'cuda:7'"):
        c.load(CUDA, map_location=lambda storage, location: "cpu")


@pytest.mark.usefixtures("two_cpus")
def test_safetensors_go_there_too() -> None:
    stream = io.BytesIO(c.saved({"w": fnnet.ones(2)}, format="safetensors"))
    assert str(fnnet.load(stream, map_location="cpu:1")["w"].device) == "cpu:1"


@pytest.mark.usefixtures("two_cpus")
def test_tensors_of_any_device_are_saved() -> None:
    t = make(RAW.copy(), fnnet.device("cpu:1"))
    loaded = c.round_trip({"a": t, "b": t})
    assert loaded["a"] is loaded["b"]
    assert str(loaded["a"].device) == "cpu"
    np.testing.assert_array_equal(loaded["a"].numpy(), RAW)
