"""How a mode is put in force for a while: around a block, around a function, around the steps of a generator.

What a switch keeps of the state before is its own: hence `Any`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, Self, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Switch:
    """A mode as a context manager and as a decorator of functions and generators.

    A generator is wrapped step by step: the mode is in force while its body runs, never in the consumer.
    """

    def enter(self) -> Any:
        """Put the mode in force; what it returns is handed to `leave`."""
        raise TypeError(f"{type(self).__name__} is no mode")

    def leave(self, before: Any) -> None:
        """Restore what was in force."""
        raise TypeError(f"{type(self).__name__} is no mode")

    def clone(self) -> Switch:
        """A fresh instance for one call of a decorated function."""
        return type(self)()

    def __enter__(self) -> Self:
        self.__dict__.setdefault("_stack", []).append(self.enter())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave(self.__dict__["_stack"].pop())

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def stepped(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
                body = function(*args, **kwargs)
                return (yield from _Stepped(body, self))

            return stepped  # type: ignore[return-value]  # same signature, which wraps() cannot express

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]  # same signature, which wraps() cannot express


class _Stepped:
    """A generator whose every step runs under a mode."""

    def __init__(self, body: Generator[Any, Any, Any], mode: Switch) -> None:
        self.body, self.mode = body, mode

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        with self.mode.clone():
            return next(self.body)

    def send(self, value: Any) -> Any:
        with self.mode.clone():
            return self.body.send(value)

    def throw(self, error: BaseException) -> Any:
        with self.mode.clone():
            return self.body.throw(error)

    def close(self) -> None:
        with self.mode.clone():
            self.body.close()


__all__ = ["Switch"]
