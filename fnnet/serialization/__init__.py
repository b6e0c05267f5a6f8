"""Files: saving and loading, safe by construction, in PyTorch's formats and Hugging Face's, and those of plugins."""

from __future__ import annotations

from fnnet._core.errors import SerializationError as SerializationError
from fnnet.serialization.files import load as load
from fnnet.serialization.files import save as save
from fnnet.serialization.inspection import get_unsafe_globals_in_checkpoint as get_unsafe_globals_in_checkpoint
from fnnet.serialization.inspection import read_metadata as read_metadata
from fnnet.serialization.locations import locator as locator
from fnnet.serialization.protocol import LoadOptions as LoadOptions
from fnnet.serialization.protocol import SaveOptions as SaveOptions
from fnnet.serialization.protocol import Serializer as Serializer
from fnnet.serialization.registered import register_buffer as register_buffer
from fnnet.serialization.registered import register_parameter as register_parameter
from fnnet.serialization.trust import add_safe_globals as add_safe_globals
from fnnet.serialization.trust import clear_safe_globals as clear_safe_globals
from fnnet.serialization.trust import get_safe_globals as get_safe_globals
from fnnet.serialization.trust import safe_globals as safe_globals
