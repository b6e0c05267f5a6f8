"""Where loaded tensors go: `map_location`.

Locations in a file ("cuda:7") say where its writer had the tensors; they are ignored unless the caller maps them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fnnet._core.errors import ArgumentError
from fnnet.backends.devices import CPU, Device
from fnnet.serialization.protocol import MapLocation


class StorageHandle:
    """What a `map_location` function is given: a storage that lies on a device and may be sent to another.

    Example:
        >>> handle = StorageHandle(400, Device("cpu"))
        >>> handle.nbytes(), handle.cpu().device
        (400, device(type='cpu'))
    """

    __slots__ = ("_nbytes", "device")

    def __init__(self, nbytes: int, where: Device) -> None:
        """Describe a storage.

        Args:
            nbytes: Its size.
            where: Its device.
        """
        self._nbytes, self.device = nbytes, where

    def nbytes(self) -> int:
        """Its size in bytes."""
        return self._nbytes

    def to(self, device: Device | str) -> StorageHandle:
        """The storage on another device; the copy is made when a tensor of it is."""
        return StorageHandle(self._nbytes, as_device(device))

    def cpu(self) -> StorageHandle:
        """The storage on the CPU."""
        return StorageHandle(self._nbytes, CPU)

    def cuda(self, device: int | Device | str | None = None) -> StorageHandle:
        """The storage on a CUDA card: the current one, number `device`, or that one."""
        if device is None or isinstance(device, int):
            return self.to("cuda" if device is None else f"cuda:{device}")
        return self.to(device)


def as_device(where: Device | str) -> Device:
    """The device, once it is known to be there."""
    found = Device(where)
    if found is not CPU:
        _ = found.backend  # raises a DeviceError that says what is missing
    return found


def locator(map_location: MapLocation) -> Callable[[int, str], Device]:
    """The function from (bytes of a storage, its location in the file) to the device for it.

    Args:
        map_location: As the caller of `load` gave it.

    Returns:
        The function; it raises as this one does.

    Raises:
        ArgumentError: It is none of the kinds that there are.
        DeviceError: A device is not there.

    Example:
        >>> from fnnet.serialization import locator
        >>> locator({"cuda:7": "cpu"})(400, "cuda:7")
        device(type='cpu')
    """
    if map_location is None:
        return lambda nbytes, location: CPU
    if isinstance(map_location, Device | str):
        target = as_device(map_location)
        return lambda nbytes, location: target
    if isinstance(map_location, Mapping):
        table = map_location
        return lambda nbytes, location: as_device(table[location]) if location in table else CPU
    if not callable(map_location):
        raise ArgumentError(
            f"load: map_location must be a device, a string, a dict or a function, got {type(map_location).__name__}"
        )
    choose = map_location

    def chosen(nbytes: int, location: str) -> Device:
        handle = choose(StorageHandle(nbytes, CPU), location)
        if handle is None:
            return CPU
        if not isinstance(handle, StorageHandle):
            raise ArgumentError(
                f"load: map_location returned {type(handle).__name__} for {location!r}; expected the storage or None"
            )
        return handle.device

    return chosen
