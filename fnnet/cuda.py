"""`fnnet.cuda`: whether there are CUDA cards that an installed plugin serves, and how many.

Example:
    >>> import fnnet
    >>> device = fnnet.device("cuda" if fnnet.cuda.is_available() else "cpu")
"""

from __future__ import annotations

from fnnet._core.errors import DeviceError, PluginError
from fnnet.backends.devices import backend_of


def device_count() -> int:
    """How many CUDA cards can be used.

    Returns:
        Their number; 0 where there is none or no plugin serves them (`fnnet doctor` says which).

    Example:
        >>> import fnnet
        >>> fnnet.cuda.device_count() >= 0
        True
    """
    try:
        return backend_of("cuda").device_count()
    except (DeviceError, PluginError):
        return 0


def is_available() -> bool:
    """Whether a CUDA card can be used.

    Returns:
        True where there is at least one that a plugin serves.

    Example:
        >>> import fnnet
        >>> x = fnnet.ones(2)
        >>> if fnnet.cuda.is_available():
        ...     x = x.cuda()
    """
    return device_count() > 0


__all__ = ["device_count", "is_available"]
