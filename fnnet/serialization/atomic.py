"""Writing a file so that at every moment either the old or the new one is there, whole."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

from fnnet._core.errors import SerializationError

NAME_LIMIT: Final = 200
"""Most bytes of the target's name that the temporary file's name repeats (file systems allow 255 in all)."""


@contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """Open a file beside `path`; when the block ends well, it is flushed to the disk and takes the place of `path`.

    Where anything fails (the block, a full disk, a read-only folder), `path` is as it was and the file beside it is
    gone. A file that was there keeps its permissions and, where the system allows it, its owner; a symbolic link
    stays one. What is no regular file (`/dev/null`, a pipe) is written directly.

    Args:
        path: Where the content shall stand.

    Raises:
        SerializationError: The operating system refused; the message says what and why.

    Example:
        >>> import pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> with replacing(str(folder / "a.bin")) as file:
        ...     _ = file.write(b"whole or not at all")
        >>> [p.name for p in folder.iterdir()]
        ['a.bin']
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise SerializationError(f"save: {path}: Parent directory {folder} does not exist.")
    try:
        old: os.stat_result | None = os.stat(target)
    except FileNotFoundError:
        old = None
    except OSError as error:
        raise SerializationError(f"save: {path}: {error.strerror}") from error
    if old is not None and stat.S_ISDIR(old.st_mode):
        raise SerializationError(f"save: {path}: is a directory; expected the path of a file")
    if old is not None and not stat.S_ISREG(old.st_mode):
        with _reporting(path, "can't be written"), open(target, "wb") as direct:
            yield direct
        return
    if old is not None and not os.access(target, os.W_OK):
        raise SerializationError(f"save: {path}: the file is read-only; nothing was changed")
    name = os.fsdecode(os.fsencode(os.path.basename(target))[:NAME_LIMIT])
    beside = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.tmp")
    with _reporting(path, "can't be written; the file is as it was"):
        file = _open_new(beside, old)
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside)
            raise
        _sync_folder(folder)


@contextmanager
def _reporting(path: str, outcome: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SerializationError(f"save: {path}: {outcome}: {error.strerror or error}") from error


def _open_new(beside: str, old: os.stat_result | None) -> BinaryIO:
    """Create the file beside: private until it has the old file's permissions, or as the umask says."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(beside, flags, 0o666 if old is None else 0o600)
    if old is not None and hasattr(os, "fchown"):
        with suppress(OSError):  # only the superuser may give files away: then the new file is the saver's own
            os.fchown(descriptor, old.st_uid, old.st_gid)
        with suppress(OSError):
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
    return os.fdopen(descriptor, "wb")


def _sync_folder(folder: str) -> None:
    """Flush the folder, so that the new name survives a power cut; where folders can't be opened, nothing is lost."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
