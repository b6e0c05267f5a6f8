"""Devices: where a tensor's memory lies, and the backend that computes there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from fnnet._core import config
from fnnet._core.errors import ArgumentError, DeviceError

if TYPE_CHECKING:
    from fnnet.backends.base import Backend


_LOCK = threading.Lock()
_DEVICES: Final[dict[tuple[str, int | None], Device]] = {}
_BACKENDS: Final[dict[str, Backend]] = {}


class Device:
    """A device: a type (`cpu`, `cuda`, ...) and an index. One object per device, so `is` and `==` agree.

    Args:
        type: A device type, `"type:index"`, or a Device (returned as it is).
        index: The device's number among its type. Default: None, the type's current device.

    Raises:
        DeviceError: The string is malformed. (Whether the device is there is asked when it is used.)
        ArgumentError: It is no string, or the index no int.

    Example:
        >>> import fnnet
        >>> fnnet.device("cuda", 1) is fnnet.device("cuda:1")
        True
    """

    __slots__ = ("_backend", "index", "type")

    type: str
    index: int | None
    _backend: Backend | None

    def __new__(cls, type: str | Device, index: int | None = None) -> Device:
        """The device called `type`, which may carry its index: `"cuda:1"`.

        Args:
            type: A device type, `"type:index"`, or a Device (returned as it is).
            index: The device's number among its type; None is the type's current device.

        Raises:
            DeviceError: The string is malformed. (Whether the device is there is asked when it is used.)
            ArgumentError: It is no string.

        Example:
            >>> Device("cpu:1")
            device(type='cpu', index=1)
        """
        if isinstance(type, Device):
            return type
        if not isinstance(type, str):
            raise ArgumentError(f"device: expected a string or a device, got {type!r}")
        if index is not None and not isinstance(index, int):
            raise ArgumentError(f"device(): argument 'index' must be int, not {index.__class__.__name__}")
        name, colon, number = type.partition(":")
        if colon:
            if index is not None or not number.isdecimal():
                raise DeviceError(f"Invalid device string: {type!r}; expected 'type' or 'type:index'")
            index = int(number)
        if not name.isidentifier():
            raise DeviceError(f"Invalid device string: {type!r}; expected 'type' or 'type:index'")
        found = _DEVICES.get((name, index))
        if found is None:
            with _LOCK:
                found = _DEVICES.get((name, index))
                if found is None:
                    found = object.__new__(cls)
                    found.type, found.index, found._backend = name, index, None
                    _DEVICES[name, index] = found
        return found

    @property
    def backend(self) -> Backend:
        """The backend that serves this device; loaded on first use."""
        return self._backend if self._backend is not None else self.load()

    def load(self) -> Backend:
        """Find and load the backend of this device.

        Returns:
            The backend.

        Raises:
            DeviceError: There is no such device, or nothing that serves it; the message says what to install.
        """
        backend = backend_of(self.type)
        count = backend.device_count()
        if (self.index or 0) >= count:
            hint = " (set FNNET_CPU_DEVICES for more)" if self.type == "cpu" else ""
            raise DeviceError(
                f"device {str(self)!r}: invalid device ordinal, there are {count} {self.type} devices{hint}"
            )
        self._backend = backend.on(self.index or 0)
        return self._backend

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Device, (str(self),)


def register_backend(backend: Backend) -> None:
    """Let `backend` serve its device type (tests register the fake device so; plugins use the hook)."""
    _BACKENDS[backend.device_type] = backend
    for found in _DEVICES.values():
        if found.type == backend.device_type:
            found._backend = None


def backend_of(type: str) -> Backend:
    """The backend of a device type; a DeviceError says what to install where there is none."""
    found = _BACKENDS.get(type)
    if found is None:
        if type == "cpu":
            from fnnet.backends.numpy_backend import BACKEND

            found = BACKEND
        else:
            from fnnet.backends.discovery import load_backend

            found = load_backend(type)
        _BACKENDS[type] = found
    return found


device = Device
"""PyTorch's name of the class."""
CPU: Final = Device("cpu")


class _CpuCount:
    """How many virtual CPU devices there are: `FNNET_CPU_DEVICES`, or `set_cpu_devices`."""

    value: int = config.positive("FNNET_CPU_DEVICES", 1)


def cpu_devices() -> int:
    """The number of virtual CPU devices."""
    return _CpuCount.value


def set_cpu_devices(count: int) -> None:
    """Set how many virtual CPU devices (`cpu:0`, `cpu:1`, ...) there are: multi-device code is tested with them."""
    if count < 1:
        raise DeviceError(f"set_cpu_devices: expected at least 1, got {count}")
    _CpuCount.value = count
    for found in _DEVICES.values():
        if found.type == "cpu":
            found._backend = None
