"""Writing PyTorch's zip container."""

from __future__ import annotations

import io
import pickle
import sys
from typing import BinaryIO, Final

from fnnet._core.errors import OptionError, SerializationError
from fnnet.serialization.pickle_writer import PickleWriter, TensorFinder
from fnnet.serialization.protocol import SaveOptions
from fnnet.serialization.refusal import refusals_in
from fnnet.serialization.storage_plan import StoragePlan
from fnnet.serialization.zip_writer import ZipWriter

PREFIX: Final = "archive"
"""The folder within the archive; PyTorch takes the file's name, readers take any."""

VERSION: Final = b"3\n"
"""Of PyTorch's container (caffe2/serialize/versions.h, kProducedFileFormatVersion)."""

PROTOCOLS: Final = range(2, 6)


def write_archive(obj: object, file: BinaryIO, options: SaveOptions) -> None:
    """Write an object to an archive that PyTorch reads. Nothing is written unless all of it can be.

    Args:
        obj: Plain data, tensors, and whatever pickle can write.
        file: Where to.
        options: What the caller of `save` asked for.

    Raises:
        SerializationError: Something can't be pickled.
        OptionError: An option that this format does not serve.
    """
    protocol = options.pickle_protocol
    if options.pickle_module is not pickle:
        raise OptionError(
            f"save: pickle_module is {options.pickle_module.__name__}; only pickle can write tensors by PyTorch's names"
        )
    if protocol not in PROTOCOLS:
        raise OptionError(f"save: pickle_protocol is {protocol}; expected {PROTOCOLS.start} to {PROTOCOLS.stop - 1}")
    if options.metadata is not None:
        raise OptionError("save: PyTorch's format carries no metadata; put it into the object, or save .safetensors")
    stream = io.BytesIO()
    where = f"save: {options.name}"
    try:
        finder = TensorFinder(protocol)
        finder.look_in(obj)
        with refusals_in(where):
            plan = StoragePlan(parts for _, parts in finder.found.values())
        writer = PickleWriter(stream, protocol, plan, finder.found)
        writer.dump(obj)
    except (pickle.PicklingError, AttributeError, TypeError, RecursionError) as error:
        raise SerializationError(
            f"{where}: the object can't be pickled: {error}; nothing was written (a module's state_dict() always can)"
        ) from error
    archive = ZipWriter(file)
    archive.add(f"{PREFIX}/data.pkl", stream.getbuffer())
    if options.byte_order_record:
        archive.add(f"{PREFIX}/byteorder", sys.byteorder.encode())
    for key, block in enumerate(writer.blocks):
        archive.add(f"{PREFIX}/data/{key}", block.bytes().data)
    archive.add(f"{PREFIX}/version", VERSION)
    archive.close()
