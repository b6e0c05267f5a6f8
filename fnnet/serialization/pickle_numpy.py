"""NumPy's arrays, scalars and dtypes in a pickle: rebuilt from checked parts.

Source: numpy/_core/src/multiarray/methods.c (array_reduce, array_setstate) and descriptor.c (arraydescr_reduce).
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from fnnet.serialization.refusal import Refusal, show

MAX_DIMS: Final = 64
"""NumPy 2's largest number of dims."""

KINDS: Final = "biufcSU"
"""Bool, whole, unsigned, floating-point and complex numbers, and strings: no objects, no records."""


def dtype(name: object, align: object = False, copy: object = False) -> np.dtype[Any]:
    """`numpy.dtype("f4", False, True)`: how pickles spell a dtype."""
    if isinstance(name, np.dtype):
        return name
    if type(name) is not str or not 1 <= len(name) <= 12 or not name[0].isalpha() or not name[1:].isdecimal():
        raise Refusal(f"numpy dtype {show(name)} is not served")
    found = np.dtype(name)
    if found.kind not in KINDS or found.hasobject:
        raise Refusal(f"numpy dtype {show(name)} is not served")
    return found


def with_byte_order(kind: np.dtype[Any], state: object) -> np.dtype[Any]:
    """The dtype in the byte order that its state names; a state with fields or metadata is refused."""
    if type(state) is not tuple or len(state) not in (8, 9) or state[2:5] != (None, None, None):
        raise Refusal(f"the state {show(state)} of a numpy dtype")
    order = state[1]
    if type(order) is not str or order not in ("<", ">", "|", "="):
        raise Refusal(f"byte order {show(order)} of a numpy dtype")
    return kind.newbyteorder(order)  # type: ignore[arg-type]  # one of the four


def scalar(kind: object, raw: object = b"") -> object:
    """A NumPy scalar of that dtype and those bytes."""
    if not isinstance(kind, np.dtype) or type(raw) is not bytes or len(raw) != kind.itemsize or kind.itemsize == 0:
        raise Refusal(f"a numpy scalar of dtype {show(kind)} and value {show(raw)}")
    value: object = np.frombuffer(raw, kind, 1)[0]
    return value


def empty_array(kind: object, shape: object = (0,), code: object = b"b") -> np.ndarray[Any, Any]:
    """`_reconstruct(ndarray, (0,), b"b")`: an empty array, whose state follows."""
    if kind is not np.ndarray or shape != (0,):
        raise Refusal(f"numpy's _reconstruct of {show(kind)}, shape {show(shape)}")
    return np.empty(0, np.int8)


def _checked_shape(shape: object, itemsize: int, n_bytes: int) -> tuple[int, ...]:
    if type(shape) is not tuple or len(shape) > MAX_DIMS or any(type(n) is not int or n < 0 for n in shape):
        raise Refusal(f"shape {show(shape)} of a numpy array")
    if math.prod(shape) * itemsize != n_bytes:
        raise Refusal(f"a numpy array of shape {show(shape)} and {itemsize} bytes per element, in {n_bytes} bytes")
    return shape


def set_array_state(array: np.ndarray[Any, Any], state: object) -> None:
    """Fill an empty array with `(version, shape, dtype, is_fortran, bytes)`."""
    if type(state) is not tuple or len(state) != 5 or array.shape != (0,):
        raise Refusal(f"the state {show(state)} of a numpy array")
    version, shape, kind, fortran, raw = state
    if version != 1 or not isinstance(kind, np.dtype) or type(fortran) is not bool or type(raw) is not bytes:
        raise Refusal(f"the state of a numpy array: version {show(version)}, dtype {show(kind)}, data {show(raw)}")
    if kind.hasobject:
        raise Refusal("a numpy array of objects")
    checked = _checked_shape(shape, kind.itemsize, len(raw))
    array.__setstate__((1, checked, kind, fortran, raw))  # type: ignore[arg-type]  # NumPy's stub asks for its own bool


def from_buffer(raw: object, kind: object, shape: object, order: object = "C") -> np.ndarray[Any, Any]:
    """`_frombuffer(bytes, dtype, shape, order)`: how protocol 5 spells an array."""
    if not isinstance(raw, bytes | bytearray) or not isinstance(kind, np.dtype) or order not in ("C", "F"):
        raise Refusal(f"numpy's _frombuffer of {show(raw)} as {show(kind)}")
    checked = _checked_shape(shape, kind.itemsize, len(raw))
    return np.frombuffer(bytearray(raw), kind).reshape(checked, order="F" if order == "F" else "C")
