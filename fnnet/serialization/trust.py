"""Classes and functions that the user names as safe to build from a file, in addition to plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import ClassVar, Final

from fnnet._core.errors import ArgumentError, OptionError

SafeGlobal = Callable[..., object] | tuple[Callable[..., object], str]
"""A class or function; or with it the `module.name` by which files call it."""

NEVER: Final = frozenset({"os", "posix", "nt", "sys", "subprocess", "builtins", "importlib", "shutil", "runpy", "pty"})
"""Modules whose functions are never safe, whoever says so (PyTorch refuses sys, os, posix and nt)."""


class _Named:
    """What `add_safe_globals` was given: for the whole process, as in PyTorch."""

    entries: ClassVar[dict[str, Callable[..., object]]] = {}


_within: ContextVar[dict[str, Callable[..., object]] | None] = ContextVar("fnnet_safe_globals", default=None)
"""What the `safe_globals` blocks around the running code were given."""


def _by_name(entries: Iterable[SafeGlobal]) -> dict[str, Callable[..., object]]:
    named: dict[str, Callable[..., object]] = {}
    for entry in entries:
        if isinstance(entry, tuple):
            if len(entry) != 2 or not isinstance(entry[1], str):
                raise ArgumentError(f"safe globals: expected (class or function, 'module.name'), got {entry!r}")
            target, name = entry
        else:
            target, name = entry, ""
        if not callable(target):
            raise ArgumentError(f"safe globals: expected a class or function, got {target!r}")
        module, qualified = getattr(target, "__module__", None), getattr(target, "__qualname__", None)
        if not isinstance(module, str) or not isinstance(qualified, str):
            raise ArgumentError(f"safe globals: {target!r} has no module and name; pass (it, 'module.name')")
        if not isinstance(target, type) and module.partition(".")[0] in NEVER:
            raise OptionError(f"safe globals: {module}.{qualified} can never be called by a file")
        named[name or f"{module}.{qualified}"] = target
    return named


def add_safe_globals(safe_globals: Sequence[SafeGlobal]) -> None:
    """Let files that are loaded with `weights_only=True` build these classes, and call these functions.

    A class is made without `__init__`, and its attributes are set without `__setstate__`; a function is called with
    the arguments that the file gives: name only what does no harm, whatever it is called with.

    Args:
        safe_globals: Classes and functions; or pairs `(class, "module.name")` where files call it otherwise.

    Raises:
        OptionError: A function that can do anything at all (of os, sys, builtins ...).

    Example:
        >>> import fnnet
        >>> class Config:
        ...     depth = 3
        >>> fnnet.serialization.add_safe_globals([Config])
        >>> fnnet.serialization.get_safe_globals() == [Config]
        True
        >>> fnnet.serialization.clear_safe_globals()
    """
    _Named.entries = _Named.entries | _by_name(safe_globals)


def clear_safe_globals() -> None:
    """Forget all that `add_safe_globals` was given.

    Example:
        >>> import fnnet
        >>> fnnet.serialization.clear_safe_globals()
        >>> fnnet.serialization.get_safe_globals()
        []
    """
    _Named.entries = {}


def known_safe() -> dict[str, Callable[..., object]]:
    """What may be built now, by the name that files use."""
    return _Named.entries | (_within.get() or {})


def get_safe_globals() -> list[SafeGlobal]:
    """What may be built now: given to `add_safe_globals`, or to a `safe_globals` block around this call.

    Returns:
        Classes and functions, as `add_safe_globals` takes them.

    Example:
        >>> import collections, fnnet
        >>> with fnnet.serialization.safe_globals([collections.deque]):
        ...     fnnet.serialization.get_safe_globals()
        [<class 'collections.deque'>]
    """
    return [
        target if name == f"{target.__module__}.{target.__qualname__}" else (target, name)
        for name, target in known_safe().items()
    ]


class safe_globals:
    """Context manager: `add_safe_globals` for the block, and only for the thread or task that runs it.

    Args:
        safe_globals: As in `add_safe_globals`.

    Raises:
        OptionError: A function that can do anything at all (of os, sys, builtins ...).
        ArgumentError: Something is neither class nor function.

    Example:
        >>> import collections, fnnet
        >>> with fnnet.serialization.safe_globals([collections.deque]):
        ...     pass  # files loaded here may hold a deque
    """

    def __init__(self, safe_globals: Sequence[SafeGlobal]) -> None:
        self._entries = _by_name(safe_globals)

    def __enter__(self) -> safe_globals:
        self._token = _within.set((_within.get() or {}) | self._entries)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _within.reset(self._token)
