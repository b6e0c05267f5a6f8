"""`save` and `load`: which format, which file, and that no file is ever half written."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from contextlib import nullcontext
from types import ModuleType
from typing import Any, BinaryIO, Final, cast

from fnnet._core.errors import ArgumentError, OptionError, PluginError, SerializationError
from fnnet.plugins import manager
from fnnet.plugins.hookspecs import HEAD_SIZE
from fnnet.plugins.specs import SerializerSpec
from fnnet.serialization.protocol import DEFAULT_PROTOCOL, FileLike, LoadOptions, MapLocation, SaveOptions, Serializer

DEFAULT_FORMAT: Final = "pth"

PICKLE_MAGIC: Final = b"\x80"
"""How pickles of protocol 2 and later begin (CPython, Lib/pickle.py, PROTO), PyTorch's legacy files among them."""


def save(
    obj: object,
    f: FileLike,
    pickle_module: ModuleType = pickle,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
    *,
    format: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Save an object to a file.

    The suffix chooses the format: `.safetensors` holds a dict of tensors, `.pth` (and `.pt`, `.bin`, and whatever no
    plugin claims) whatever Python can pickle, in the container that PyTorch reads. A path is written atomically: the
    content is written beside it, flushed to the disk and renamed, so that a crash, a full disk or an error leaves the
    old file as it was.

    In a `.pth`, tensors that share memory share it in the file and after `load`; a view of a large tensor saves what
    it covers, not the large tensor. A module is saved by naming its class: to load it takes `weights_only=False` and
    the same code. Better save its `state_dict()`.

    Args:
        obj: What to save.
        f: A path, or a file object with `write`.
        pickle_module: Must be `pickle`, as nothing else can write PyTorch's names without PyTorch.
        pickle_protocol: 2 to 5; PyTorch's default reader takes 2 only.
        _use_new_zipfile_serialization: Must be True: PyTorch's legacy format is not written.
        _disable_byteorder_record: Leave out the record of the byte order.
        format: The name of a format (`"pth"`, `"safetensors"`, a plugin's) instead of the suffix.
        metadata: Text by name, for `.safetensors`.

    Raises:
        SerializationError: The object can't be pickled, or the file can't be written.
        ArgumentError: The format can't hold the object.
        OptionError: The format does not serve an option.

    Example:
        >>> import fnnet, io
        >>> file = io.BytesIO()
        >>> fnnet.save({"w": fnnet.ones(2), "epoch": 3}, file)
        >>> _ = file.seek(0)
        >>> fnnet.load(file)
        {'w': tensor([1., 1.]), 'epoch': 3}
    """
    if not _use_new_zipfile_serialization:
        raise OptionError("save: PyTorch's legacy format (_use_new_zipfile_serialization=False) is not written")
    path = _path(f)
    if path is None and not hasattr(f, "write"):
        raise ArgumentError(
            f"expected 'f' to be string, path, or a file-like object with a 'write' attribute, got {type(f).__name__}"
        )
    name = path or _name(f)
    serializer = _loaded(_spec_for_saving(name, format))
    options = SaveOptions(
        name=name or "<stream>",
        pickle_module=pickle_module,
        pickle_protocol=pickle_protocol,
        byte_order_record=not _disable_byteorder_record,
        metadata=metadata,
    )
    if path is None:
        serializer.save(obj, cast("BinaryIO", f), options)
        return
    from fnnet.serialization.atomic import replacing

    with replacing(path) as file:
        serializer.save(obj, file, options)


def load(
    f: FileLike,
    map_location: MapLocation = None,
    pickle_module: ModuleType | None = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,  # whatever the pickle module takes
) -> Any:  # whatever the file holds
    """Load what `save`, or PyTorch, saved.

    The content chooses the format, not the suffix. By default nothing in the file is run: an interpreter of its own
    builds tensors, numbers, text and Python's containers, and refuses everything else by name.

    **`weights_only=False` runs whatever code the file asks for, before anything can be looked at. Use it only for
    files that you made yourself, or whose maker you would let use your machine.**

    Args:
        f: A path, or a file object with `read` and `seek`.
        map_location: Where tensors go: a device for all (`"cpu"`, `device("cuda:0")`), a dict from the locations in
            the file to devices, or a function of (storage, location) that returns the storage, moved if it likes
            (`lambda storage, location: storage.cuda(0)`). Default: the CPU, wherever they were saved from.
        pickle_module: Unpickles, with `weights_only=False`. Default: `pickle`.
        weights_only: True (the default): plain data only, and what `add_safe_globals` names. False: see above.
        mmap: Leave the weights in the file (which must be a path, and stay) until they are used; writing to a tensor
            does not change the file. The structure is checked at once, checksums are not.
        **pickle_load_args: For the unpickler; `encoding` (default "utf-8") tells how to read Python 2's strings.

    Returns:
        The object.

    Raises:
        SerializationError: The file is malformed, of a format that nobody serves, or asks for more than plain data.
        FileNotFoundError: There is no such file.
        OptionError: Options that contradict each other.

    Example:
        >>> import fnnet, pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "w.safetensors"
        >>> fnnet.save({"w": fnnet.ones(2)}, path)
        >>> fnnet.load(path)["w"]
        tensor([1., 1.])
    """
    if weights_only is None:
        weights_only = True
    if weights_only and pickle_module is not None:
        raise OptionError(
            "Can not safely load weights when explicit pickle_module is specified: pass weights_only=False, "
            "which runs whatever code the file asks for, or no pickle_module"
        )
    if weights_only and set(pickle_load_args) - {"encoding"}:
        raise ArgumentError(
            f"load: unexpected {', '.join(sorted(pickle_load_args))}: only encoding is served with weights_only=True"
        )
    path = _path(f)
    if mmap and path is None:
        raise OptionError("f must be a file path in order to use the mmap argument")
    if path is None and not (hasattr(f, "read") and hasattr(f, "seek")):
        raise ArgumentError(f"load: expected a path, or a file object with read and seek, got {type(f).__name__}")
    name = path or _name(f)
    options = LoadOptions(
        name=name or "<stream>",
        path=path,
        map_location=map_location,
        weights_only=weights_only,
        mmap=bool(mmap),
        pickle_module=pickle if pickle_module is None else pickle_module,
        pickle_load_args=pickle_load_args,
    )
    with nullcontext(cast("BinaryIO", f)) if path is None else open(path, "rb", buffering=0) as file:
        return _loaded(_spec_for_loading(name, _head(file, options.name), options.name)).load(file, options)


def _path(f: object) -> str | None:
    """The path that `f` is, or None for a file object."""
    return os.fsdecode(f) if isinstance(f, str | os.PathLike) else None


def _name(f: object) -> str:
    """The path of a file object, where it has one."""
    name = getattr(f, "name", None)
    return os.fsdecode(name) if isinstance(name, str | os.PathLike) else ""


def _head(file: BinaryIO, name: str) -> bytes:
    """The first bytes from where the file object stands; it stands there again."""
    try:
        start = file.tell()
        head = file.read(HEAD_SIZE)
        file.seek(start)
    except (OSError, AttributeError) as error:  # io.UnsupportedOperation is an OSError
        raise SerializationError(
            f"load: {name}: {error}. You can only load from a file that is seekable. Please pre-load the "
            "data into a buffer like io.BytesIO and try to load from it instead."
        ) from error
    return head


def _spec_for_saving(name: str, format: str | None) -> SerializerSpec:
    plugins = manager()
    if format is not None:
        return plugins.serializers.get(format)
    try:
        return plugins.select_serializer(name)
    except SerializationError:  # nobody claims the suffix
        return plugins.serializers.get(DEFAULT_FORMAT)


def _spec_for_loading(name: str, head: bytes, shown: str) -> SerializerSpec:
    if not head:
        raise SerializationError(f"load: {shown}: the file is empty")
    plugins = manager()
    try:
        return plugins.select_serializer(name, head)
    except SerializationError as error:
        if head.startswith(PICKLE_MAGIC):
            return plugins.serializers.get(DEFAULT_FORMAT)  # which says what kind of pickle it is
        raise SerializationError(f"load: {shown}: {error}") from error


def _loaded(spec: SerializerSpec) -> Serializer:
    serializer = spec.load()
    if not isinstance(serializer, Serializer):
        raise PluginError(
            f"{spec.distribution}: serializer {spec.name!r} is {type(serializer).__name__}, which has no save and load "
            "(see fnnet.serialization.protocol.Serializer)"
        )
    return serializer
