"""What a file format is: a `Serializer`, and the options that `save` and `load` hand to it.

A plugin registers one by the hook `fnnet_serializers`; `save` chooses by suffix, `load` by content.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, runtime_checkable

from attrs import frozen

from fnnet.backends.devices import Device

if TYPE_CHECKING:
    from fnnet.serialization.locations import StorageHandle

DEFAULT_PROTOCOL: Final = 2
"""PyTorch's pickle protocol, the only one that its `weights_only` reader knows whole."""

FileLike = str | os.PathLike[str] | BinaryIO
"""A path, or a binary file object."""

MapLocation = Device | str | Callable[["StorageHandle", str], "StorageHandle | None"] | Mapping[str, str] | None
"""Where tensors go: one device for all; a function of (storage, location); from location to location; None: the CPU."""

_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


@frozen(kw_only=True)
class SaveOptions:
    """What the caller of `save` asked for.

    Args:
        name: What errors call the file.
        pickle_module: Pickles what is no tensor.
        pickle_protocol: Of the pickle.
        byte_order_record: Whether to say in the file which byte order it has.
        metadata: Text by name, for formats that can carry it; None: none.

    Example:
        >>> from fnnet.serialization import SaveOptions
        >>> SaveOptions(name="net.pth").pickle_protocol
        2
    """

    name: str
    pickle_module: ModuleType = pickle
    pickle_protocol: int = DEFAULT_PROTOCOL
    byte_order_record: bool = True
    metadata: Mapping[str, str] | None = None


@frozen(kw_only=True)
class LoadOptions:
    """What the caller of `load` asked for.

    Args:
        name: What errors call the file.
        path: Of the file, where it has one (a memory map needs it).
        map_location: Where tensors go.
        weights_only: Build plain data only; False: run the code that the file asks for.
        mmap: Leave the weights in the file until they are used.
        pickle_module: Unpickles where `weights_only` is False.
        pickle_load_args: For the unpickler; `encoding` concerns the safe reader, too.

    Example:
        >>> from fnnet.serialization import LoadOptions
        >>> LoadOptions(name="net.pth").weights_only
        True
    """

    name: str
    path: str | None = None
    map_location: MapLocation = None
    weights_only: bool = True
    mmap: bool = False
    pickle_module: ModuleType = pickle
    pickle_load_args: Mapping[str, Any] = _NONE  # whatever the pickle module takes


@runtime_checkable
class Serializer(Protocol):
    """A file format. Objects are plain data (dicts, lists, numbers, text) and Tensors; a format may serve less.

    `load` must run nothing that the file asks for unless `options.weights_only` is False, take no memory beyond what
    the file honestly needs, and raise SerializationError for whatever is malformed.

    Example:
        >>> from fnnet.serialization import Serializer
        >>> class Text:
        ...     def save(self, obj, file, options):
        ...         file.write(obj["text"].encode())
        ...
        ...     def load(self, file, options):
        ...         return {"text": file.read().decode()}
        >>> isinstance(Text(), Serializer)
        True
    """

    def save(self, obj: object, file: BinaryIO, options: SaveOptions) -> None:
        """Write `obj` where `file` stands; `file` need not be able to seek."""
        ...

    def load(self, file: BinaryIO, options: LoadOptions) -> object:
        """Read what `save` wrote, from where `file` stands to its end; `file` can seek."""
        ...
