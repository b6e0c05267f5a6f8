"""`.fnx`: the bytes on disk, and files made to do harm. (The kit round-trips, truncates and damages.)"""

from __future__ import annotations

import io
import json
import struct
import zlib

import pytest

import fnnet
from fnnet import nn

ONE = struct.pack("<f", 1.0)


def file(header: object, data: bytes = ONE, length: int | None = None) -> io.BytesIO:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return io.BytesIO(b"FNX1" + struct.pack("<Q", len(text) if length is None else length) + text + data)


def entry(**changes: object) -> dict[str, object]:
    return {"name": "x", "dtype": "float32", "shape": [1], "crc32": zlib.crc32(ONE)} | changes


def test_layout():
    written = io.BytesIO()
    fnnet.save({"x": fnnet.ones(1)}, written, format="fnx")
    assert written.getvalue() == file([entry()]).getvalue()
    assert fnnet.load(file([entry()]))["x"].tolist() == [1.0]


def test_a_network_by_suffix(tmp_path):
    net, other = nn.Linear(3, 2), nn.Linear(3, 2)
    fnnet.save(net.state_dict(), tmp_path / "net.fnx")
    other.load_state_dict(fnnet.load(tmp_path / "net.fnx"))
    assert other.weight.tolist() == net.weight.tolist()
    assert (tmp_path / "net.fnx").read_bytes()[:4] == b"FNX1"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (file([entry()], b"1234"), "the bytes of 'x' are damaged"),
        (file([entry(shape=[2**62, 2**62])]), "'x' ends at byte"),
        (file([entry(shape=[-1])]), r"shape \[-1\]"),
        (file([entry(shape=[1.0])]), r"shape \[1.0\]"),
        (file([entry(shape=[0, 10**40])], b""), "load"),
        (file([entry(dtype="object")]), "object"),
        (file([entry(), entry()], ONE + ONE), "twice"),
        (file([entry()], ONE + b"more"), "it has"),
        (file([entry()], length=2**63), "its header ends at byte"),
        (file({"x": 1}), "load"),
        (file(3), "load"),
        (file(b"[" * 100_000), "load"),
        (file(b"\xff\xfe"), "load"),
    ],
)
def test_hostile_files(made, reason):
    with pytest.raises(fnnet.serialization.SerializationError, match=reason):
        fnnet.load(made)


def test_what_the_format_does_not_hold(tmp_path):
    path = tmp_path / "net.fnx"
    for obj, message in (([1], "dict of tensors, got list"), ({"a": 1}, "got 'a': 1"), ({1: fnnet.ones(1)}, "got 1")):
        with pytest.raises(TypeError, match=message):
            fnnet.save(obj, path)
    with pytest.raises(ValueError, match=r"'a' is bool, \.fnx knows float16, float32"):
        fnnet.save({"a": fnnet.ones(1) > 0}, path)
    assert not path.exists()
