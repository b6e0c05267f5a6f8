"""How batches travel between processes: what is large by shared memory, all else as pickles through a socket.

Shared memory has no name. On Linux it is a file in memory (`memfd_create`) whose descriptor goes through the socket: it
ends with its last user, however that one ends, so nothing is left in `/dev/shm`, and nobody need keep count. Where
there is none, all goes through the socket (on Windows, the pipe).

Both ends belong to one program of one user: the pickles are as trustworthy as the dataset that made them.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import mmap
import os
import pickle
import queue
import select
import socket
import struct
import threading
import weakref
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, ClassVar, Final

import numpy as np

from fnnet._core.errors import WorkerError
from fnnet._tensor import Tensor
from fnnet.autograd.variable import Variable
from fnnet.backends.devices import CPU
from fnnet.backends.dtypes import DType
from fnnet.backends.random.order import storage_order

Raw = np.ndarray[Any, Any]

OWN_MEMORY: Final = 128 * 1024
"""Bytes from which an array gets memory of its own: glibc's threshold for malloc to map memory, for the same reason."""
MOST_DESCRIPTORS: Final = 64
"""Arrays of one message with memory of their own; the kernel passes at most 253 descriptors at once (SCM_MAX_FD)."""
THROUGH_SOCKET: Final = 32 * 1024
"""Bytes of a pickle that still go through the socket; its buffer has 208 KiB in Linux's default."""

_SOCKETS: Final = hasattr(socket, "AF_UNIX")
"""Whether `multiprocessing.Pipe(duplex=True)` is a pair of sockets."""
_HEAD: Final = struct.Struct("<BBQ")
"""Kind of message, number of descriptors, bytes of the pickle where the first descriptor holds it (else 0)."""


@functools.cache
def _shares() -> bool:
    """Whether this system has memory without a name; some sandboxes forbid it."""
    if not hasattr(os, "memfd_create") or not hasattr(socket, "send_fds"):
        return False
    try:
        os.close(os.memfd_create("fnnet", os.MFD_CLOEXEC))
    except OSError:
        return False
    return True


class _Pickler(ForkingPickler):
    """A pickler that leaves the memory of arrays and tensors where it is."""

    def reducer_override(self, obj: Any) -> Any:  # whatever is pickled
        if isinstance(obj, Variable) and obj._device == CPU and obj.is_leaf:  # type: ignore[attr-defined]  # Tensor's
            return _tensor_parts(obj)
        if type(obj) is np.ndarray and not obj.dtype.hasobject and not obj.flags.forc:
            return np.ascontiguousarray(obj).__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        return NotImplemented


def _tensor_parts(t: Any) -> tuple[Any, ...]:
    raw: Raw = t._data
    order = storage_order(raw.shape, raw.strides)
    if not raw.transpose(order).flags.c_contiguous:
        order = tuple(range(raw.ndim))
    dense = np.ascontiguousarray(raw.transpose(order))
    if not dense.flags.writeable:
        dense = dense.copy()
    memory = pickle.PickleBuffer(dense.reshape(-1).view(np.uint8).data)
    shape = tuple(raw.shape[d] for d in order)
    return _tensor_of, (type(t), memory, t.dtype, shape, order, t.requires_grad, dict(t.__dict__))


def _tensor_of(
    cls: type[Tensor], memory: Any, dtype: DType, shape: tuple[int, ...], order: tuple[int, ...], requires_grad: bool,
    attributes: dict[str, Any],
) -> Tensor:  # fmt: skip
    dense: Raw = np.ndarray(shape, dtype.numpy, memory) if len(memory) else np.empty(shape, dtype.numpy)
    inverse = sorted(range(len(order)), key=order.__getitem__)
    t = cls._over(dense.transpose(inverse), CPU)
    t._leaf_grad = requires_grad
    t.__dict__.update(attributes)
    return t


class Letter:
    """A message ready to be sent.

    Args:
        kind: What the message is, 0 to 255.
        value: Anything that pickles.
    """

    def __init__(self, kind: int, value: object = None) -> None:
        large: list[memoryview] = []
        shares = _shares()

        def keep(buffer: pickle.PickleBuffer) -> bool:
            """Whether the buffer stays in the pickle."""
            view = buffer.raw()
            if not shares or view.nbytes < OWN_MEMORY or len(large) == MOST_DESCRIPTORS - 1:
                return True
            large.append(view)
            return False

        pickled = io.BytesIO()
        _Pickler(pickled, pickle.HIGHEST_PROTOCOL, True, keep).dump(value)
        body = pickled.getbuffer()
        apart = shares and len(body) > THROUGH_SOCKET
        if apart:
            large.insert(0, body)
        self.descriptors: list[int] = []
        try:
            for view in large:
                self.descriptors.append(_memory_with(view))
        except BaseException:
            self.close()
            raise
        head = _HEAD.pack(kind, len(large), len(body) if apart else 0)
        self.text = head if apart else b"".join((head, body))

    def close(self) -> None:
        """Let go of the memory: whoever received it holds it by itself."""
        while self.descriptors:
            os.close(self.descriptors.pop())


def _memory_with(view: memoryview) -> int:
    """The descriptor of new shared memory that holds these bytes."""
    descriptor: int = os.memfd_create("fnnet", os.MFD_CLOEXEC)
    try:
        rest = view
        while rest.nbytes:
            rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


class Parcel:
    """A message as it was received: `kind`, and what `unpack` makes of the rest.

    Args:
        text: What came through the socket.
        descriptors: Of the memory that came with it; they are closed here.
    """

    def __init__(self, text: bytes, descriptors: list[int]) -> None:
        self.kind, _, size = _HEAD.unpack_from(text)
        try:
            mapped = [_mapped(d) for d in descriptors]
        finally:
            for d in descriptors:
                os.close(d)
        self._body: Any = mapped.pop(0) if size else memoryview(text)[_HEAD.size :]
        self._buffers = mapped

    def unpack(self) -> Any:  # what was sent
        """The value; arrays lie in the shared memory, which ends with the last of them."""
        return pickle.loads(self._body, buffers=self._buffers)  # noqa: S301  # from the user's own worker


@functools.cache
def _c_library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = (
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_ssize_t,
    )  # fmt: skip
    library.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    return library


def _mapped(descriptor: int) -> ctypes.Array[ctypes.c_char]:
    """The memory behind a descriptor, which ends with the last array in it.

    By the C library's own function: before Python 3.13, `mmap.mmap` holds a descriptor as long as the memory lives, and
    a program that keeps some thousand batches has no more of them.
    """
    size = os.fstat(descriptor).st_size
    library = _c_library()
    flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
    address = library.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, descriptor, 0)
    if address is None or address == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), f"DataLoader: {size} bytes of a worker's memory can't be mapped")
    memory = (ctypes.c_char * size).from_address(address)
    weakref.finalize(memory, library.munmap, address, size).atexit = False
    return memory


class Channel:
    """One end of a way between two processes, both directions.

    Args:
        connection: An end of `multiprocessing.Pipe()`.
    """

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self.connection = connection
        self._letters: queue.SimpleQueue[Letter | None] | None = None
        self._sender: threading.Thread | None = None

    def send(self, letter: Letter) -> None:
        """Send, and wait where the other end is slow to read.

        Raises:
            OSError: The other end is gone.
        """
        try:
            self.connection.send_bytes(letter.text)
            if letter.descriptors:
                with self._socket() as way:
                    socket.send_fds(way, [b"\0"], letter.descriptors)
        finally:
            letter.close()

    def post(self, letter: Letter) -> None:
        """Send without waiting: a thread does it where the other end is slow to read.

        Two processes that both wait until the other one reads would wait for ever.

        Raises:
            OSError: The other end is gone (a thread that finds it so keeps quiet; reading tells).
        """
        if self._letters is None:
            if self._has_room():
                self.send(letter)
                return
            self._letters = queue.SimpleQueue()
            self._sender = threading.Thread(target=self._deliver, args=(self._letters,), daemon=True)
            self._sender.start()
        self._letters.put(letter)

    def _has_room(self) -> bool:
        """Whether a message fits: Linux calls a socket writable while three quarters of its buffer are free.

        With shared memory messages are short; without, any may be long.
        """
        if not _shares():
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLOUT)
        return bool(poll.poll(0))

    def _deliver(self, letters: queue.SimpleQueue[Letter | None]) -> None:
        while (letter := letters.get()) is not None:
            try:
                self.send(letter)
            except OSError:
                return

    def receive(self) -> Parcel:
        """Wait for a message.

        Raises:
            EOFError: The other end is gone.
            OSError: Likewise.
            WorkerError: This process has too many files open to take the memory.
        """
        text = self.connection.recv_bytes()
        count = _HEAD.unpack_from(text)[1]
        descriptors: list[int] = []
        if count:
            with self._socket() as way:
                _, descriptors, _, _ = socket.recv_fds(way, 1, count)
            if len(descriptors) != count:
                for d in descriptors:
                    os.close(d)
                raise WorkerError(
                    f"DataLoader: got {len(descriptors)} of {count} descriptors of shared memory: Too many open files; "
                    "close some, or raise the limit with `ulimit -n`"
                )
        return Parcel(text, descriptors)

    def hang_up(self) -> None:
        """End the way for both ends, whoever else has inherited them."""
        if _SOCKETS and not self.connection.closed:
            with contextlib.suppress(OSError), self._socket() as way:  # the other end may be gone already
                way.shutdown(socket.SHUT_RDWR)
        if self._letters is not None and self._sender is not None:
            self._letters.put(None)
            self._sender.join()
        self.close()

    def close(self) -> None:
        """Close this end in this process."""
        self.connection.close()

    @contextlib.contextmanager
    def _socket(self) -> Iterator[socket.socket]:
        """What the connection is beneath, where it is a socket; the connection closes it."""
        way = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, self.connection.fileno())
        try:
            yield way
        finally:
            way.detach()


class _Ends:
    """The main process's ends of all channels, which a worker that is forked later inherits."""

    known: ClassVar[weakref.WeakSet[Channel]] = weakref.WeakSet()


def main_end(connection: Connection[Any, Any]) -> Channel:  # it carries bytes here, never objects
    """A channel of the main process."""
    channel = Channel(connection)
    _Ends.known.add(channel)
    return channel


def close_inherited_ends() -> None:
    """In a worker: close what forking has copied, so that each channel ends with the main process."""
    for channel in list(_Ends.known):
        channel.close()
