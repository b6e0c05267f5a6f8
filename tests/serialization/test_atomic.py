"""Saving to a path: the old file or the new one, whole, whatever happens."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import fnnet
from fnnet.serialization import SerializationError
from fnnet.serialization.atomic import replacing

OLD = {"w": fnnet.zeros(3)}
NEW = {"w": fnnet.ones(3)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    fnnet.save(OLD, tmp_path / "model.pth")
    return tmp_path / "model.pth"


def holds(path: Path, value: float) -> None:
    """The folder holds the file alone, and the file that value."""
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    np.testing.assert_array_equal(fnnet.load(path)["w"].numpy(), np.full(3, value))


def test_the_new_one_takes_the_place(path: Path) -> None:
    fnnet.save(NEW, path)
    holds(path, 1)
    fnnet.save(OLD, str(path))
    holds(path, 0)


def test_an_error_while_writing_leaves_the_old_file(path: Path) -> None:
    def half(error: type[BaseException]) -> None:
        with replacing(str(path)) as file:
            file.write(b"half")
            raise error

    for error in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(error):
            half(error)
        holds(path, 0)


def test_what_can_not_be_saved_leaves_the_old_file(path: Path) -> None:
    with pytest.raises(SerializationError, match=f"save: {path}: the object can't be pickled"):
        fnnet.save({"f": lambda: 0}, path)
    holds(path, 0)


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_failing_system_leaves_the_old_file(path: Path, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(SerializationError, match="can't be written; the file is as it was: No space"):
            fnnet.save(NEW, path)
    holds(path, 0)


def test_a_full_disk(path: Path) -> None:
    """/dev/full is a disk without space."""
    if not os.path.exists("/dev/full"):
        pytest.skip("hardware absent: no /dev/full")
    with pytest.raises(SerializationError, match="save: /dev/full: can't be written: No space left"):
        fnnet.save(NEW, "/dev/full")


def test_a_read_only_file_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The superuser may write what is read-only: ask as if this were somebody else.
    monkeypatch.setattr(os, "access", lambda p, mode: not (os.stat(p).st_mode & stat.S_IWUSR == 0 and mode == os.W_OK))
    path.chmod(0o444)
    with pytest.raises(SerializationError, match=r"the file is read-only; nothing was changed"):
        fnnet.save(NEW, path)
    path.chmod(0o644)
    holds(path, 0)


def test_folders(path: Path) -> None:
    with pytest.raises(SerializationError, match=r"Parent directory .*missing does not exist"):
        fnnet.save(NEW, path.parent / "missing" / "model.pth")
    with pytest.raises(SerializationError, match="is a directory"):
        fnnet.save(NEW, path.parent)
    holds(path, 0)


def test_a_name_of_the_longest_length(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 125 + ".pth")
    fnnet.save(NEW, path)
    holds(path, 1)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_permissions_are_kept(path: Path, mode: int) -> None:
    path.chmod(mode)
    fnnet.save(NEW, path)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    holds(path, 1)


def test_a_new_file_has_the_permissions_that_the_umask_allows(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        fnnet.save(NEW, tmp_path / "a.pth")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.pth").stat().st_mode) == 0o640


def test_a_link_stays_a_link(path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("links") / "latest.pth"
    link.symlink_to(path)
    fnnet.save(NEW, link)
    assert link.is_symlink()
    holds(path, 1)


def test_what_is_no_regular_file_is_written_directly() -> None:
    fnnet.save(NEW, os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


CHILD = """
import sys, fnnet
big = fnnet.zeros(500_000)
print("ready", flush=True)
while True:
    for value in (0.0, 1.0):
        fnnet.save({"w": big.fill_(value)}, sys.argv[1])
"""


def test_killed_while_saving(tmp_path: Path) -> None:
    """kill -9 at some moment of a save: what stands under the name can be loaded, and is of one save."""
    path = tmp_path / "model.pth"
    fnnet.save({"w": fnnet.zeros(500_000)}, path)
    for delay in (0.0, 0.003, 0.01, 0.02):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE)
        try:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(delay)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
            child.stdout.close()
        values = np.unique(fnnet.load(path)["w"].numpy())
        assert len(values) == 1
