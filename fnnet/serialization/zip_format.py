"""PyTorch's `.pth`: a zip archive with a pickle `data.pkl` and one record of raw bytes per storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, Final

from fnnet.serialization.files import PICKLE_MAGIC
from fnnet.serialization.locations import locator
from fnnet.serialization.pickle_instructions import names_in
from fnnet.serialization.pickle_reader import PickleReader
from fnnet.serialization.pickle_table import TABLE, collections_table, reason_against
from fnnet.serialization.plain_data import Keys
from fnnet.serialization.protocol import LoadOptions, SaveOptions
from fnnet.serialization.refusal import PickleRefusedError, Refusal, refusals_in
from fnnet.serialization.source import Source
from fnnet.serialization.storages import StorageReader, foreign_byte_order
from fnnet.serialization.trust import known_safe
from fnnet.serialization.zip_layout import LOCAL_SIGNATURE
from fnnet.serialization.zip_reader import ZipReader

PICKLE: Final = "data.pkl"
BYTE_ORDER: Final = "byteorder"

LEGACY_MAGIC: Final = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How files of PyTorch 1.5 and earlier begin: the pickled number 0x1950a86a20f9469cfc6c."""

TAR_MAGIC: Final = b"ustar"
TAR_OFFSET: Final = 257
HEAD: Final = TAR_OFFSET + len(TAR_MAGIC)

PYTORCH: Final = ("torch.", "torchvision.", "torchaudio.")
"""How the names of PyTorch's own classes begin."""

SHOWN_NAMES: Final = 10
SHOWN_LENGTH: Final = 120


class ZipFormat:
    """Reads and writes PyTorch's zip container."""

    def load(self, file: BinaryIO, options: LoadOptions) -> object:
        """Read a checkpoint; by default nothing but plain data and tensors is built.

        Args:
            file: The archive, from its present position to its end.
            options: What the caller of `load` asked for.

        Raises:
            SerializationError: The file is malformed, or asks for what is no plain data.
        """
        where = f"load: {options.name}"
        locate = locator(options.map_location)
        with refusals_in(where):
            archive, prefix = open_archive(Source(file, options.name, mapped=options.mmap))
            order = f"{prefix}/{BYTE_ORDER}"
            swap = foreign_byte_order(archive.read(order) if order in archive.entries else None)
            storages = StorageReader(archive, prefix, locate, swap=swap)
            data = archive.read(f"{prefix}/{PICKLE}")
        if not options.weights_only:
            from fnnet.serialization.pickle_unsafe import unpickle

            return unpickle(data, storages.find, options)
        return _read_plain(data, storages.find, options, f"{where}, {PICKLE}")

    def save(self, obj: object, file: BinaryIO, options: SaveOptions) -> None:
        """Write a checkpoint that PyTorch reads.

        Args:
            obj: Plain data, tensors, and whatever pickle can write.
            file: Where to write.
            options: What the caller of `save` asked for.

        Raises:
            SerializationError: Something can't be pickled; nothing has been written then.
        """
        from fnnet.serialization.zip_save import write_archive

        write_archive(obj, file, options)


FORMAT: Final = ZipFormat()


def open_archive(source: Source) -> tuple[ZipReader, str]:
    """A checkpoint's archive, and the folder in it.

    Args:
        source: The file.

    Raises:
        Refusal: It is something else, which is named.
    """
    _check_container(source)
    archive = ZipReader(source)
    return archive, _prefix(archive)


def _check_container(source: Source) -> None:
    """Say what a file is that is no zip archive."""
    head = source.read(0, min(HEAD, source.size))
    if head.startswith(LOCAL_SIGNATURE):
        return
    if head.startswith(LEGACY_MAGIC):
        raise Refusal(
            "PyTorch's legacy format (1.5 and earlier, or _use_new_zipfile_serialization=False), which is not served: "
            "load it in PyTorch and save it again"
        )
    if head[TAR_OFFSET:].startswith(TAR_MAGIC):
        raise Refusal("PyTorch's tar format (0.1), which is not served: load it in PyTorch and save it again")
    if head.startswith(PICKLE_MAGIC):
        raise Refusal("a bare pickle, not made by torch.save or fnnet.save: reading it would run code")
    raise Refusal("no checkpoint: neither a zip archive nor any other format of PyTorch's")


def _prefix(archive: ZipReader) -> str:
    """The folder within the archive; whatever is no checkpoint is named."""
    prefix = next(iter(archive.entries), "").partition("/")[0]
    if f"{prefix}/constants.pkl" in archive.entries:
        raise Refusal("a TorchScript archive, which holds a program: save the state_dict() of the module instead")
    if f"{prefix}/{PICKLE}" in archive.entries:
        return prefix
    if any(name.endswith(".npy") for name in archive.entries):
        raise Refusal("NumPy's .npz format, no checkpoint: read it with numpy.load")
    raise Refusal(f"a zip archive without {prefix}/{PICKLE}: no checkpoint")


def _read_plain(data: bytes, persistent: Callable[[object], object], options: LoadOptions, where: str) -> object:
    named = known_safe()
    allowed = {id(target) for target in named.values()}

    def safe(thing: object) -> bool:
        return id(thing) in allowed

    keys = Keys(safe)
    own = collections_table(keys)

    def find(module: str, name: str) -> object:
        found = own.get((module, name)) or TABLE.get((module, name))
        if found is None:
            found = named.get(f"{module}.{name}")
            if found is None:
                raise Refusal(_refused(data, module, name))
        return found

    encoding: Any = options.pickle_load_args.get("encoding", "utf-8")
    reader = PickleReader(data, find, persistent, safe, keys, encoding)
    with refusals_in(where, lambda: reader.position, PickleRefusedError):
        return reader.result()


def unsafe_names(data: bytes) -> list[str]:
    """The `module.name` of what a pickle asks for beyond plain data and what the user named as safe.

    Args:
        data: The pickle; nothing in it is run.
    """
    allowed = set(collections_table(Keys(lambda _: False))) | set(TABLE)
    named = known_safe()
    return [f"{m}.{n}" for m, n in names_in(data) if (m, n) not in allowed and f"{m}.{n}" not in named]


def _refused(data: bytes, module: str, name: str) -> str:
    """What to say of a file that asks for `module.name`, which may not be built."""
    reason = reason_against(module, name)
    if reason is not None:
        return f"{module}.{name}: {reason}"[: 2 * SHOWN_LENGTH]
    refused = unsafe_names(data) or [f"{module}.{name}"]
    shown = ", ".join(text[:SHOWN_LENGTH] for text in refused[:SHOWN_NAMES])
    if len(refused) > SHOWN_NAMES:
        shown += f" and {len(refused) - SHOWN_NAMES} more"
    if any(text.startswith(PYTORCH) for text in refused):
        return (
            f"Weights only load failed: the file holds objects of PyTorch's own classes, as a whole module does: "
            f"{shown}. fnnet can't rebuild them and has run nothing: in PyTorch, torch.save(module.state_dict(), ...)"
        )
    return (
        f"Weights only load failed: Unsupported global: GLOBAL {shown} was not an allowed global by default. "
        "Nothing was run. If you trust the file: name what it may build with "
        "fnnet.serialization.add_safe_globals([...]) or the context manager "
        "fnnet.serialization.safe_globals([...]), or let it run its code with weights_only=False. "
        "A state_dict (save(module.state_dict(), ...)) needs neither"
    )


def check_foreign(module: str, name: str) -> None:
    """Refuse a class of PyTorch's that ordinary unpickling would import PyTorch for.

    Raises:
        PickleRefusedError: It is one.
    """
    if f"{module}.".startswith(PYTORCH):
        raise PickleRefusedError(
            f"load: the file holds an object of PyTorch's own class {module}.{name}, which fnnet can't rebuild: in "
            "PyTorch, torch.save(module.state_dict(), ...)"
        )
