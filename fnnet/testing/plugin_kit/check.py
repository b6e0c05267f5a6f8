"""What a check is, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class CheckError(AssertionError):
    """The plugin does not do what it must; the message says what, and what was expected."""


class UnavailableError(Exception):
    """The check needs something that this machine does not have."""


class Check(NamedTuple):
    """One check.

    Attributes:
        name: What is true of a plugin that passes.
        run: Raises CheckError (or whatever the plugin raises) if it is not.
    """

    name: str
    run: Callable[[], None]


def require(condition: bool, message: str) -> None:
    """Fail unless `condition`."""
    if not condition:
        raise CheckError(message)
