"""How many threads products of matrices run on: those of the BLAS that NumPy was built with. All else runs on one."""

from __future__ import annotations

import functools
import operator
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from fnnet._core.errors import OptionError

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Iterator

_PREFIXES: Final = ("scipy_openblas", "openblas")
"""OpenBLAS's functions in NumPy's wheels, and where a system's own is linked."""
_SUFFIXES: Final = ("64_", "")
"""With 64-bit indices, and with 32-bit ones."""
_MOST: Final = 2**31 - 1
"""A C int's."""


def _libraries() -> Iterator[ctypes.CDLL]:
    """NumPy's core, in which a loader finds what it is linked with, and the files beside it (Windows looks there)."""
    import ctypes

    core = getattr(sys.modules.get("numpy._core._multiarray_umath"), "__file__", None)
    beside = Path(np.__file__).parent.parent / "numpy.libs"
    for path in (core, *beside.glob("*openblas*.dll")):
        if path is not None:
            try:
                yield ctypes.CDLL(str(path))  # it is loaded already: this counts one user more
            except OSError:
                continue


@functools.cache
def _function(name: str) -> ctypes._NamedFuncPointer | None:
    """OpenBLAS's function `name`, or None where NumPy's BLAS is another."""
    for library in _libraries():
        for prefix in _PREFIXES:
            for suffix in _SUFFIXES:
                found: ctypes._NamedFuncPointer | None = getattr(library, f"{prefix}_{name}{suffix}", None)
                if found is not None:
                    return found
    return None


def set_num_threads(threads: int) -> None:
    """Let products of matrices run on so many threads, in the whole process.

    Where NumPy's BLAS is not OpenBLAS (its wheels have that), a warning says that nothing was set.

    Args:
        threads: At least 1.

    Raises:
        OptionError: It is no whole number from 1 on.

    Example:
        >>> import fnnet
        >>> before = fnnet.get_num_threads()
        >>> fnnet.set_num_threads(1)
        >>> fnnet.get_num_threads()
        1
        >>> fnnet.set_num_threads(before)
    """
    if isinstance(threads, bool) or not hasattr(threads, "__index__"):
        raise OptionError(f"set_num_threads expects an int, but got {type(threads).__name__}")
    n = operator.index(threads)
    if not 1 <= n <= _MOST:
        raise OptionError(f"set_num_threads expects a positive integer, got {n}")
    function = _function("set_num_threads")
    if function is None:
        warnings.warn(
            "set_num_threads: NumPy's BLAS is not OpenBLAS; set its environment variable before Python starts",
            UserWarning,
            stacklevel=2,
        )
        return
    function(n)


def get_num_threads() -> int:
    """On how many threads products of matrices run; 1 where NumPy's BLAS is not OpenBLAS and does not say.

    Returns:
        Their number.

    Example:
        >>> import fnnet
        >>> fnnet.get_num_threads() >= 1
        True
    """
    function = _function("get_num_threads")
    return 1 if function is None else int(function())


__all__ = ["get_num_threads", "set_num_threads"]
