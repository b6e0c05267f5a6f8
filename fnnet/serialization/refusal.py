"""How readers say no: one internal exception, and a `repr` that a hostile value can't make expensive."""

from __future__ import annotations

import pickle
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from fnnet._core.errors import FnnetError, SerializationError

SHOWN_CHARACTERS: Final = 80
"""How much of a value from a file is quoted in an error."""

SHOWN_CAUSE: Final = 200
"""How many characters of an exception's text are quoted."""

# What Python's own parsers (struct, str.decode, zlib, NumPy's constructors) raise when they are handed nonsense.
MALFORMED: Final = (
    ValueError, TypeError, LookupError, ArithmeticError, AttributeError, MemoryError, RecursionError,
    struct.error, zlib.error,
)  # fmt: skip


class PickleRefusedError(SerializationError, pickle.UnpicklingError):
    """A pickle is malformed or asks for what may not be built. PyTorch raises pickle's UnpicklingError there."""


class Refusal(Exception):  # noqa: N818 - it is no error yet: the reader adds file and offset and raises SerializationError
    """A part of a file is refused for this reason."""


def show(value: object) -> str:
    """A short description of a value that came from a file, at bounded cost.

    Example:
        >>> show("weight"), show(["x"] * 1000)
        ("'weight'", 'a list')
    """
    if isinstance(value, str | bytes):
        text = repr(value[: SHOWN_CHARACTERS + 1])
        return text if len(value) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        # str() of a number with thousands of digits takes quadratic time (and raises): bits are cheap.
        return repr(value) if value.bit_length() <= 128 else f"a number of {value.bit_length()} bits"
    if type(value) is tuple and len(value) <= 8 and all(item is None or isinstance(item, int | str) for item in value):
        return f"({', '.join(map(show, value))})"
    return f"a {type(value).__name__}"


@contextmanager
def refusals_in(
    where: str, offset: Callable[[], int] | None = None, error: type[SerializationError] = SerializationError
) -> Iterator[None]:
    """Turn a Refusal, or whatever Python raised on nonsense, into a SerializationError that names the place.

    Args:
        where: The file, and the record in it.
        offset: Asked for the byte offset when something is refused.
        error: What to raise.
    """
    try:
        yield
    except FnnetError:
        raise
    except Refusal as refusal:
        place = where if offset is None else f"{where}, byte {offset()}"
        raise error(f"{place}: {refusal}") from None
    except MALFORMED as cause:
        place = where if offset is None else f"{where}, byte {offset()}"
        raise error(f"{place}: malformed: {type(cause).__name__}: {str(cause)[:SHOWN_CAUSE]}") from cause
