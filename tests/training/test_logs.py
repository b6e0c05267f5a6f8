"""Logs of a training: files that others read."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

import fnnet
from fnnet import nn
from fnnet.training import CSVLog, Curves, TensorBoardLog, fit


def losses(*values: float) -> object:
    rest = iter(values)
    return lambda batch: {"loss": next(rest)}


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    fit(
        losses(1.0, 0.5, 0.25, 0.125), [0, 1], 2, validate=lambda: {"accuracy": 0.75}, callbacks=[CSVLog(path)],  # type: ignore[arg-type]
        progress=False,
    )  # fmt: skip
    assert path.read_text().splitlines() == ["epoch,loss,valid_accuracy", "1,0.75,0.75", "2,0.1875,0.75"]
    assert [file.name for file in tmp_path.iterdir()] == ["log.csv"]


def test_csv_is_whole_after_a_resume(tmp_path: Path) -> None:
    options = {"checkpoint": tmp_path / "c", "state": {"model": nn.Linear(1, 1)}, "progress": False}
    fit(losses(1.0), [0], 1, callbacks=[CSVLog(tmp_path / "log.csv")], **options)  # type: ignore[arg-type]
    fit(losses(0.5), [0], 2, callbacks=[CSVLog(tmp_path / "log.csv")], resume=True, **options)  # type: ignore[arg-type]
    assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,loss", "1,1.0", "2,0.5"]


def scalars(folder: Path) -> list[tuple[str, int, float]]:
    """(tag, step, value) of the event files in a folder, read as TFRecords of tensorboardX's message."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted(folder.iterdir()):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            event = Event.FromString(data[at + 12 : at + 12 + length])
            found += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
            at += 12 + length + 4
    return found


def test_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="optional package absent: tensorboardX")
    log = TensorBoardLog(tmp_path / "events", every=2)
    fit(losses(4.0, 3.0, 2.0, 1.0), [0, 1], 2, callbacks=[log], progress=False)  # type: ignore[arg-type]
    assert sorted(scalars(tmp_path / "events")) == [
        ("epoch/loss", 1, 3.5), ("epoch/loss", 2, 1.5), ("step/loss", 2, 3.0), ("step/loss", 4, 1.0),
    ]  # fmt: skip


def test_curves(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="optional package absent: matplotlib")
    path = tmp_path / "curves.png"
    fit(
        losses(1.0, 0.5), [0], 2, validate=lambda: {"loss": 0.75, "accuracy": 0.5}, callbacks=[Curves(path)],  # type: ignore[arg-type]
        progress=False,
    )  # fmt: skip
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (2 * 540, 432)  # two metrics, 4.5 x 3.6 inches each at 120 dots


@pytest.mark.parametrize(("log", "package"), [(TensorBoardLog, "tensorboardX"), (Curves, "matplotlib")])
def test_an_absent_package_is_named_with_its_extra(
    log: type, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [package, *[name for name in sys.modules if name.startswith(package + ".")]]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf"{log.__name__} needs {package}: pip install 'fnnet\[train\]'"):
        log(tmp_path / "x")


def test_without_rich_progress_is_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ["rich", "rich.progress"]:
        monkeypatch.setitem(sys.modules, name, None)
    fit(losses(0.5, 0.25), [0], 2)  # type: ignore[arg-type]
    assert capsys.readouterr().out.splitlines() == ["epoch 1/2  loss 0.5", "epoch 2/2  loss 0.25"]


def test_tensorboard_refuses() -> None:
    pytest.importorskip("tensorboardX", reason="optional package absent: tensorboardX")
    with pytest.raises(ValueError, match="every must be at least 1, got 0") as caught:
        TensorBoardLog("x", every=0)
    assert isinstance(caught.value, fnnet.FnnetError)
