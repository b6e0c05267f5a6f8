"""Loading on first use: `lazy` names what to load, `Cell` loads it once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any, Generic, TypeVar, cast

from fnnet._core.errors import OptionError

T = TypeVar("T")


class Lazy:
    """A loader that remembers by name what it loads; made by `lazy`."""

    __slots__ = ("attribute", "module")

    def __init__(self, module: str, attribute: str) -> None:
        self.module, self.attribute = module, attribute

    def __call__(self) -> Any:  # what a string names has no static type
        """Import the module and return the attribute."""
        found: object = import_module(self.module)
        for part in self.attribute.split("."):
            found = getattr(found, part)
        return found

    def __repr__(self) -> str:
        return f"lazy({f'{self.module}:{self.attribute}'!r})"


def lazy(target: str) -> Lazy:
    """A loader of `"module:attribute"`, for the `load` of a descriptor: nothing is imported before it is called.

    Args:
        target: A dotted module, a colon, and an attribute of it (dots reach into it).

    Returns:
        A function without arguments that imports the module and answers the attribute.

    Raises:
        OptionError: `target` does not have that form.

    Example:
        >>> from fnnet.plugins import lazy
        >>> lazy("collections:OrderedDict")()
        <class 'collections.OrderedDict'>
    """
    module, colon, attribute = target.partition(":")
    parts = [*module.split("."), *attribute.split(".")]
    if not colon or not all(part.isidentifier() for part in parts):
        raise OptionError(f"lazy: got {target!r}, expected 'module:attribute'")
    return Lazy(module, attribute)


_EMPTY = object()


class Cell(Generic[T]):
    """A value that is computed once, however many threads ask; a failure is not kept."""

    __slots__ = ("_lock", "_value")

    def __init__(self) -> None:
        # Re-entrant: a backend may look itself up while it loads.
        self._lock = threading.RLock()
        self._value: object = _EMPTY

    def get(self, compute: Callable[[], T]) -> T:
        """The value; `compute` is called if nobody has done so with success."""
        if self._value is _EMPTY:
            with self._lock:
                if self._value is _EMPTY:
                    self._value = compute()
        return cast("T", self._value)
