"""Which format reads and writes a file: plugins' formats count as much as fnnet's own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

import fnnet
from fnnet.plugins import SerializerSpec, manager
from fnnet.serialization import LoadOptions, SaveOptions, SerializationError, Serializer
from tests.serialization import crafted as c


class Lines:
    """One number per line, after a first line that says what it is."""

    def save(self, obj: object, file: BinaryIO, options: SaveOptions) -> None:
        file.write(b"LINES\n" + b"".join(b"%d\n" % n for n in obj))

    def load(self, file: BinaryIO, options: LoadOptions) -> object:
        assert file.readline() == b"LINES\n"
        return [int(line) for line in file], options.name, options.map_location


class Broken:
    """A format that can neither save nor load."""


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = manager()
    own = plugins.serializers.all()
    more = (
        SerializerSpec(name="lines", suffixes=(".lines",), magic=b"LINES", load=Lines, distribution="test"),
        SerializerSpec(name="broken", suffixes=(".broken",), load=Broken, distribution="test"),
    )
    monkeypatch.setattr(plugins.serializers, "_specs", lambda: own + more)


def test_fnnets_own_formats_are_serializers() -> None:
    for name in ("pth", "safetensors"):
        assert isinstance(manager().serializers.get(name).load(), Serializer)


@pytest.mark.usefixtures("lines")
def test_a_plugins_suffix_and_magic(tmp_path: Path) -> None:
    path = tmp_path / "numbers.lines"
    fnnet.save([1, 2], path)
    assert path.read_bytes() == b"LINES\n1\n2\n"
    assert fnnet.load(path, map_location="cpu") == ([1, 2], str(path), "cpu")
    renamed = path.rename(tmp_path / "numbers.pth")
    assert fnnet.load(renamed)[0] == [1, 2]  # by content, not by suffix
    stream = io.BytesIO()
    fnnet.save([3], stream, format="Lines")
    stream.seek(0)
    assert fnnet.load(stream) == ([3], "<stream>", None)


@pytest.mark.usefixtures("lines")
def test_a_format_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="test: serializer 'broken' is Broken, which has no save and load"):
        fnnet.save({}, tmp_path / "a.broken")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.pth", "a.pt", "a.bin", "a.ckpt", "a.pth.tar", "a", "a.PTH"])
def test_every_other_suffix_is_pytorchs(tmp_path: Path, name: str) -> None:
    fnnet.save({"n": 1}, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(b"PK\x03\x04")
    assert fnnet.load(tmp_path / name) == {"n": 1}


def test_content_counts_when_loading(tmp_path: Path) -> None:
    fnnet.save({"w": fnnet.ones(1)}, tmp_path / "a.safetensors")
    (tmp_path / "a.safetensors").rename(tmp_path / "a.pth")
    assert list(fnnet.load(tmp_path / "a.pth")) == ["w"]
    fnnet.save({"w": fnnet.ones(1)}, tmp_path / "b.pth")
    (tmp_path / "b.pth").rename(tmp_path / "b.safetensors")
    assert list(fnnet.load(tmp_path / "b.safetensors")) == ["w"]


def test_file_objects_with_a_name(tmp_path: Path) -> None:
    with open(tmp_path / "a.safetensors", "wb") as file:
        fnnet.save({"w": fnnet.ones(2)}, file)
    with open(tmp_path / "a.safetensors", "rb") as file:
        np.testing.assert_array_equal(fnnet.load(file)["w"].numpy(), [1, 1])
    assert fnnet.serialization.read_metadata(tmp_path / "a.safetensors") == {}


def test_an_unknown_format() -> None:
    with pytest.raises(KeyError, match="no serializer is called 'pht'; did you mean 'pth'"):
        c.saved({}, format="pht")
    with pytest.raises(SerializationError, match="load: <stream>: no serializer"):
        c.load(b"something else")


def test_looking_at_a_file_of_another_format(tmp_path: Path) -> None:
    fnnet.save({"w": fnnet.ones(2)}, tmp_path / "a.pth")
    with pytest.raises(SerializationError, match=r"read_metadata: .*a\.pth"):
        fnnet.serialization.read_metadata(tmp_path / "a.pth")
    fnnet.save({"w": fnnet.ones(2)}, tmp_path / "a.safetensors")
    with pytest.raises(SerializationError, match=r"get_unsafe_globals_in_checkpoint: .*no checkpoint"):
        fnnet.serialization.get_unsafe_globals_in_checkpoint(tmp_path / "a.safetensors")
    assert fnnet.serialization.get_unsafe_globals_in_checkpoint(tmp_path / "a.pth") == []
