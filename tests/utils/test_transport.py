"""What travels between processes: values, memory, and what is left of it."""

from __future__ import annotations

import contextlib
import copy
import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

import fnnet
from fnnet import nn
from fnnet.utils.data import transport

ROOT = Path(__file__).resolve().parents[2]
SHM = Path("/dev/shm")
LARGE = transport.OWN_MEMORY
Point = namedtuple("Point", "x y")


@pytest.fixture
def send():
    """A function that sends a value through a channel and gives what arrives."""
    ours, theirs = multiprocessing.Pipe(duplex=True)
    a, b = transport.Channel(ours), transport.Channel(theirs)

    def through(value):
        a.post(transport.Letter(7, value))
        parcel = b.receive()
        assert parcel.kind == 7
        return parcel.unpack()

    yield through
    a.hang_up()
    b.close()


def same(got, sent):
    """Tensors and arrays of one dtype, shape and value."""
    assert type(got) is type(sent)
    assert (got.dtype, tuple(got.shape)) == (sent.dtype, tuple(sent.shape))
    assert bool((got == sent).all())


TENSORS = {
    "tiny": lambda: fnnet.arange(3),
    "large": lambda: fnnet.arange(LARGE),
    "empty": lambda: fnnet.zeros(0, 3),
    "0-d": lambda: fnnet.tensor(2.5),
    "bool": lambda: fnnet.tensor([True, False]),
    "bfloat16": lambda: fnnet.arange(LARGE).to(fnnet.bfloat16),
    "complex64": lambda: fnnet.tensor([1 + 2j]),
    "strided": lambda: fnnet.arange(2.0 * LARGE)[::2],
    "reversed": lambda: fnnet.from_numpy(np.arange(LARGE)).flip(0),
    "transposed": lambda: fnnet.arange(LARGE).reshape(2, -1).t(),
    "expanded": lambda: fnnet.arange(3.0).expand(2, 3),
    "channels_last": lambda: fnnet.rand(2, 3, 64, 128).contiguous(memory_format=fnnet.channels_last),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors(send, name):
    t = TENSORS[name]()
    got = send(t)
    same(got, t)
    assert not got.requires_grad
    if name in ("channels_last", "transposed"):
        assert got.stride() == t.stride()
    got.zero_()  # its memory is its own
    assert t.numel() == 0 or bool((t == TENSORS[name]()).all()) or name == "channels_last"


ARRAYS = {
    "tiny": lambda: np.arange(3),
    "large": lambda: np.arange(LARGE),
    "strided": lambda: np.arange(2 * LARGE)[::2],
    "Fortran": lambda: np.asfortranarray(np.arange(LARGE).reshape(4, -1)),
    "texts": lambda: np.array(["a", "bc"]),
    "records": lambda: np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    "objects": lambda: np.array([1, "a"], dtype=object),
    "0-d": lambda: np.array(3),
    "big-endian": lambda: np.arange(LARGE, dtype=">i4"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(send, name):
    same(send(ARRAYS[name]()), ARRAYS[name]())


def test_nested(send):
    big, small = fnnet.arange(LARGE), fnnet.tensor([1])
    value = {"a": [big, (small, "text")], "p": Point(np.arange(LARGE), None), "long": "x" * 10**6, "again": big}
    got = send(value)
    assert list(got) == list(value)
    same(got["a"][0], big)
    same(got["a"][1][0], small)
    assert got["again"] is got["a"][0]
    assert type(got["p"]) is Point
    same(got["p"].x, value["p"].x)
    assert (got["a"][1][1], got["p"].y, got["long"]) == ("text", None, value["long"])


def test_leaves(send):
    weight = nn.Parameter(fnnet.rand(LARGE))
    got = send(weight)
    same(got, weight)
    assert got.requires_grad
    assert got.is_leaf
    named = fnnet.zeros(2, requires_grad=True)
    named.note = "kept"
    assert (send(named).note, send(named).requires_grad) == ("kept", True)
    fixed = fnnet.from_numpy(np.frombuffer(bytes(8), np.float32).copy())
    fixed._data.flags.writeable = False
    assert send(fixed).zero_().tolist() == [0.0, 0.0]


def test_many_large_arrays(send):
    """More than one message passes by descriptors."""
    arrays = [np.full(LARGE, i, np.uint8) for i in range(transport.MOST_DESCRIPTORS + 9)]
    for i, got in enumerate(send(arrays)):
        assert got.shape == (LARGE,)
        assert (got == i).all()


def test_without_shared_memory(send, monkeypatch):
    """As on systems that have none: all goes through the socket, in whatever order the ends are read."""
    monkeypatch.setattr(transport, "_shares", lambda: False)
    value = [fnnet.arange(LARGE), np.arange(LARGE), "x" * 10**6]
    for _ in range(2):
        got = send(value)
        same(got[0], value[0])
        same(got[1], value[1])
        assert got[2] == value[2]


def test_memory_ends_with_its_last_user(send):
    folder = Path("/proc/self/fd")
    if not folder.exists():
        folder = Path("/dev/fd")
    before = len(list(folder.iterdir()))
    got = send([fnnet.zeros(LARGE), fnnet.ones(LARGE)])
    part = got[1][:3]
    del got
    gc.collect()
    assert part.tolist() == [1.0, 1.0, 1.0]
    assert len(list(folder.iterdir())) == before
    unread = transport.Letter(0, fnnet.zeros(LARGE))
    unread.close()
    assert len(list(folder.iterdir())) == before


def test_small_arrays_do_not_keep_the_batch(send):
    image, label = send((fnnet.zeros(LARGE), fnnet.arange(64)))
    assert label.untyped_storage().nbytes() < LARGE < image.untyped_storage().nbytes()


def test_a_channel_that_was_hung_up():
    ours, theirs = multiprocessing.Pipe(duplex=True)
    a, b = transport.Channel(ours), transport.Channel(theirs)
    inherited = os.dup(ours.fileno())  # as another process might hold
    a.hang_up()
    with pytest.raises((EOFError, OSError)):
        b.receive()
    with pytest.raises(OSError, match=r".*"):
        b.send(transport.Letter(0, fnnet.zeros(LARGE)))
    os.close(inherited)
    b.close()


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_pickle(name):
    t = TENSORS[name]()
    same(pickle.loads(pickle.dumps(t)), t)
    same(copy.deepcopy(t), t)


# whole programs ------------------------------------------------------------------------------------------------------
PROGRAM = r"""
    import os, signal, sys, time
    import numpy as np
    import fnnet
    from fnnet.utils import data
    from fnnet.utils.data import worker_pool

    class Images(data.Dataset):
        def __len__(self):
            return 64

        def __getitem__(self, i):
            if mode == "hang" and i >= 8:
                os.write(1, f"{os.getpid()}\n".encode())  # a line at once
                time.sleep(60)
            return np.full((3, 64, 64), i, np.float32), i

    if __name__ == "__main__":
        mode = sys.argv[1]
        # A shell's background jobs, and so their children, ignore Ctrl-C: this one must not.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        worker_pool.CHECK_INTERVAL = 1.0  # seconds that workers have to end by themselves
        loader = data.DataLoader(Images(), 4, num_workers=2, multiprocessing_context="fork",
                                 persistent_workers=mode == "persistent")
        kept = []
        for n, (x, y) in enumerate(loader):
            kept.append(x)
            if mode == "hang" and n == 1:
                os.write(1, b"waits\n")  # the main process, for what does not come
            if mode == "leave" and n == 3:
                iterator = iter(loader)  # still there when Python ends
                next(iterator)
                break
        assert all((x[:, 0, 0, 0] == 4 * i + fnnet.arange(4)).all() for i, x in enumerate(kept))
"""
# A machine with one processor says that two workers are many; all else that is told is a failure.
QUIET = "ignore:This DataLoader will create"


def start(mode, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": f"error,{QUIET}"}
    return subprocess.Popen(
        [sys.executable, str(program), mode],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("mode", ["whole", "leave", "persistent"])
def test_nothing_is_left(mode, tmp_path):
    """Neither shared memory, nor warnings, nor messages of a resource tracker."""
    before = set(SHM.iterdir()) if SHM.exists() else set()
    with start(mode, tmp_path) as program:
        assert program.communicate(timeout=60) == ("", "")
    assert program.returncode == 0
    assert [p for p in (SHM.iterdir() if SHM.exists() else ()) if p not in before and "fnnet" in p.name] == []


def gone(pid):
    """Whether a process has ended, or does within some time."""
    for _ in range(400):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.025)
    return False


@pytest.mark.parametrize(
    ("kind", "reach"),
    [(signal.SIGKILL, "main process"), (signal.SIGINT, "main process"), (signal.SIGINT, "terminal")],
)
def test_workers_end_with_the_main_process(kind, reach, tmp_path):
    """Though they are in the midst of a batch: after a kill, and after Ctrl-C."""
    with start("hang", tmp_path) as program:
        try:
            lines = sorted(program.stdout.readline().strip() for _ in range(3))
            assert lines[2] == "waits"
            workers = [int(line) for line in lines[:2]]
            if reach == "terminal":
                os.killpg(program.pid, kind)
            else:
                program.send_signal(kind)
            _, told = program.communicate(timeout=60)
            assert program.returncode == -kind
            assert all(gone(pid) for pid in workers)
            assert told.count("Traceback") == (kind == signal.SIGINT)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
