"""Looking at a file without loading it."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import BinaryIO

from fnnet.serialization.protocol import FileLike


def get_unsafe_globals_in_checkpoint(f: FileLike) -> list[str]:
    """The classes and functions that a `.pth` asks for beyond plain data and what was named as safe; nothing is run.

    Args:
        f: A path, or a binary file object that can seek.

    Returns:
        Their names, `module.name`, in the order of the file.

    Raises:
        SerializationError: The file is no checkpoint in PyTorch's zip format.

    Example:
        >>> import collections, fnnet, io
        >>> file = io.BytesIO()
        >>> fnnet.save({"queue": collections.deque()}, file)
        >>> _ = file.seek(0)
        >>> fnnet.serialization.get_unsafe_globals_in_checkpoint(file)
        ['collections.deque']
    """
    from fnnet.serialization.refusal import refusals_in
    from fnnet.serialization.source import Source, file_name
    from fnnet.serialization.zip_format import PICKLE, open_archive, unsafe_names

    with _opened(f) as file, refusals_in(f"get_unsafe_globals_in_checkpoint: {file_name(file)}"):
        archive, prefix = open_archive(Source(file, file_name(file)))
        return unsafe_names(archive.read(f"{prefix}/{PICKLE}"))


def read_metadata(f: FileLike) -> dict[str, str]:
    """The text by name that a `.safetensors` carries beside its tensors.

    Args:
        f: A path, or a binary file object that can seek.

    Returns:
        The text by name; empty where there is none.

    Raises:
        SerializationError: The file is malformed.

    Example:
        >>> import fnnet, io
        >>> file = io.BytesIO()
        >>> fnnet.save({"w": fnnet.ones(2)}, file, format="safetensors", metadata={"licence": "CC0"})
        >>> _ = file.seek(0)
        >>> fnnet.serialization.read_metadata(file)
        {'licence': 'CC0'}
    """
    from fnnet.serialization.refusal import refusals_in
    from fnnet.serialization.safetensors_format import read_header
    from fnnet.serialization.source import Source, file_name

    with _opened(f) as file, refusals_in(f"read_metadata: {file_name(file)}"):
        return read_header(Source(file, file_name(file))).metadata


def _opened(f: FileLike) -> nullcontext[BinaryIO] | BinaryIO:
    return open(f, "rb") if isinstance(f, str | os.PathLike) else nullcontext(f)
