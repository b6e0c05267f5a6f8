"""Files: saving and loading, safe by construction, in PyTorch's formats and Hugging Face's, and those of plugins."""

from __future__ import annotations

from fnnet._core.errors import SerializationError
from fnnet.serialization.files import load, save
from fnnet.serialization.inspection import get_unsafe_globals_in_checkpoint, read_metadata
from fnnet.serialization.locations import locator
from fnnet.serialization.protocol import LoadOptions, SaveOptions, Serializer
from fnnet.serialization.registered import register_buffer, register_parameter
from fnnet.serialization.trust import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals

__all__ = [
    "LoadOptions",
    "SaveOptions",
    "SerializationError",
    "Serializer",
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "locator",
    "read_metadata",
    "register_buffer",
    "register_parameter",
    "safe_globals",
    "save",
]
