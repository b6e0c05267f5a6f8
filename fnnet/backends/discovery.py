"""Backends and kernels that plugins supply: found through the hooks of floor 1, loaded on first use."""

from __future__ import annotations

from typing import cast

from fnnet._core.errors import DeviceError
from fnnet.backends.base import Backend
from fnnet.plugins import manager

KNOWN = {"cuda": "fnnet-cuda"}
"""Distributions that serve a device type: named where one is missing."""


def load_backend(type: str) -> Backend:  # noqa: A002 - PyTorch's name
    """The backend that a plugin supplies for a device type.

    Raises:
        DeviceError: No plugin serves it; the message says what to install.
    """
    specs = manager().backends_for(type)
    reasons = []
    for spec in specs:
        reason = spec.unavailable()
        if reason is None:
            return cast("Backend", spec.load())
        reasons.append(f"{spec.name}: {reason}")
    if reasons:
        raise DeviceError(f"device {type!r} is not available: " + "; ".join(reasons))
    hint = f"; {KNOWN[type]} would: pip install {KNOWN[type]}" if type in KNOWN else ""
    raise DeviceError(
        f"Expected one of {', '.join(['cpu', *sorted({s.device_type for s in manager().backend_specs()} - {'cpu'})])} "
        f"device types: no installed plugin serves device type {type!r}{hint}"
    )
