"""What the environment says, read in one place.

| variable | meaning |
|---|---|
| `FNNET_PLUGINS` | comma-separated allow-list of plugin distributions; unset: all |
| `FNNET_DISABLE_PLUGINS` | comma-separated deny-list of plugin distributions, or `*` |
| `FNNET_PREFER` | comma-separated distributions that are asked first, and win where two provide one name |
| `FNNET_CPU_DEVICES` | how many virtual CPU devices there are (default 1) |
"""

from __future__ import annotations

import os


def names(variable: str) -> tuple[str, ...] | None:
    """The comma-separated names in an environment variable, or None where it is not set."""
    value = os.environ.get(variable)
    if value is None:
        return None
    return tuple(part.strip() for part in value.split(",") if part.strip())


def positive(variable: str, default: int) -> int:
    """A whole number of at least 1 from the environment; anything else is the default."""
    value = os.environ.get(variable, "")
    return int(value) if value.isdecimal() and int(value) > 0 else default
