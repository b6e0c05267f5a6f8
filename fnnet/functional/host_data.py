"""What users hand over, checked: data as host arrays, dtypes and numbers as PyTorch lets them be written.

What users hand over is `Any` until it is checked here.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sized
from typing import Any, Final

import numpy as np

from fnnet._core.errors import ArgumentError, DTypeError, OptionError, ShapeError
from fnnet.autograd.variable import Variable
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DType
from fnnet.functional._common import number_dtype

Raw = np.ndarray[Any, Any]

_PYTHON_TYPES: Final[dict[object, DType]] = {
    bool: dtypes.bool_, int: dtypes.int64, float: dtypes.float64, complex: dtypes.complex128,
}  # fmt: skip
_NUMBERS: Final = (bool, int, float, complex)
_INT64: Final = np.iinfo(np.int64)


# dtypes and numbers --------------------------------------------------------------------------------------------------
def as_dtype(name: str, dtype: object) -> DType:
    """A dtype argument: a DType, or the Python type `bool`, `int`, `float` or `complex` (float is float64).

    Args:
        name: The function's that was given it, for the message.
        dtype: What was given.

    Returns:
        The DType.

    Raises:
        ArgumentError: It is neither.
    """
    if isinstance(dtype, DType):
        return dtype
    if isinstance(dtype, type) and dtype in _PYTHON_TYPES:
        return _PYTHON_TYPES[dtype]
    raise ArgumentError(f"{name}(): argument 'dtype' must be fnnet.dtype, not {type(dtype).__name__}")


def fitting_number(x: Any, dtype: DType) -> Any:
    """A number as a value of `dtype`: fractions are cut off, negative whole numbers wrap around in uint8.

    Args:
        x: A Python number.
        dtype: Any.

    Returns:
        A bool, int, float or complex, as `dtype` holds.

    Raises:
        OptionError: It is outside the dtype's range; infinity and NaN are in those of floating-point dtypes.
    """
    if dtype.category == 0:
        return bool(x)
    if dtype.category == 3:
        return complex(x)
    if isinstance(x, complex):
        if x.imag:
            raise _overflow(x, dtype)
        x = x.real
    if dtype.category == 2:
        if isinstance(x, int) or math.isfinite(x):
            largest = float(np.finfo(dtype.numpy).max) if dtype is not dtypes.bfloat16 else _BFLOAT16_MAX
            if abs(x) > largest:
                raise _overflow(x, dtype)
        return float(x)
    if not math.isfinite(x):
        raise _overflow(x, dtype)
    low, high = _range(dtype)
    if isinstance(x, float) and dtype is dtypes.uint8:
        low = 0  # only whole numbers wrap around
    # A float is compared with the bounds as floats: 2.0**63 passes for int64, where PyTorch's cast wraps it around.
    if not low <= x <= (float(high) if isinstance(x, float) else high):
        raise _overflow(x, dtype)
    whole = int(x)
    if whole > high:
        return low
    return whole % (high + 1) if dtype is dtypes.uint8 else whole


_BFLOAT16_MAX: Final = float.fromhex("0x1.fep127")  # eight bits of significand below float32's largest exponent


def _range(dtype: DType) -> tuple[int, int]:
    """What fits a whole-number dtype; negative numbers wrap around in uint8, as far as their absolute value fits."""
    limits = np.iinfo(dtype.numpy)
    return (int(limits.min) or -int(limits.max)), int(limits.max)


def _overflow(x: object, dtype: DType) -> OptionError:
    return OptionError(f"value cannot be converted to type {dtype.name} without overflow: {x}")


# data ----------------------------------------------------------------------------------------------------------------
def host_array(data: Any, dtype: DType | None = None) -> Raw:
    """Data (numbers, nested sequences, arrays, tensors) as a host array of its own; dtype as PyTorch infers it.

    Args:
        data: What `fnnet.tensor` takes.
        dtype: The array's. Default: that of the data's arrays and tensors; for Python's numbers bool, int64, or the
            default float dtype.

    Returns:
        A new array.

    Raises:
        ShapeError: The sequences are ragged.
        ArgumentError: Something is no number.
        OptionError: A number does not fit the dtype.
        DTypeError: A dtype that there is not (of strings, objects, dates ...).
    """
    if isinstance(data, Variable):
        raw = data._device.backend.to_host(data._data)
        copied: Raw = raw.astype(raw.dtype if dtype is None else dtype.numpy)
        return copied
    if isinstance(data, (np.ndarray, np.generic)):
        array = np.array(data)
        if array.dtype not in dtypes.FROM_NUMPY:
            array = _known(array)
        return array if dtype is None else _cast(array, dtype)
    if not isinstance(data, _NUMBERS):
        if hasattr(data, "__array__"):
            return host_array(np.asarray(data), dtype)
        if isinstance(data, str):
            raise ArgumentError("tensor: new(): invalid data type 'str'")
        data = _as_list(data)
    types: set[type] = set()
    _note_types(data, types)
    found: set[DType] = set()
    if not types <= _PYTHON_TYPES.keys():
        data = _plain(data, found)
    array = _array(data, dtype)
    if dtype is None:
        dtype = _inferred(array, found)
    elif dtype.category < 3 and array.dtype.kind == "c":
        raise ArgumentError(f"must be real number, not complex (to be of dtype {dtype})")
    if dtype.category == 1 and array.size and array.dtype != dtype.numpy and array.dtype.kind in "iuf":
        low, high = _range(dtype)
        if dtype is dtypes.uint8 and array.dtype.kind == "f" and int not in types:
            low = 0  # only whole numbers wrap around
        if not (array.min() >= low and array.max() <= high):  # so that NaN is refused
            raise _overflow(data if isinstance(data, _NUMBERS) else "an element of the data", dtype)
    return _cast(array, dtype)


def _array(data: Any, dtype: DType | None) -> Raw:
    """Plain numbers and arrays in nested lists as one array in NumPy's dtype."""
    try:
        array = np.array(data)
        if array.dtype not in dtypes.FROM_NUMPY and dtype is not None and dtype.category >= 2:
            array = np.array(data, dtype=np.float64)  # whole numbers beyond int64
    except (ValueError, TypeError, OverflowError):
        _explain(data, 0, leading=True)
        raise
    if array.dtype not in dtypes.FROM_NUMPY:
        _explain(data, 0, leading=True)
        raise DTypeError(f"tensor: can't make a tensor of NumPy dtype {array.dtype}")
    return array


def _inferred(array: Raw, found: set[DType]) -> DType:
    """The dtype of data: of their tensors, arrays and NumPy scalars, and of Python's numbers by default."""
    if found:
        return functools.reduce(dtypes.promote_types, found)
    if array.dtype.kind in "fc":  # an empty list's, too
        return number_dtype(array.dtype.type())
    return dtypes.FROM_NUMPY[array.dtype]


def _cast(array: Raw, dtype: DType) -> Raw:
    with np.errstate(all="ignore"):  # what is out of range becomes infinite, silently, as in PyTorch
        cast: Raw = array.astype(dtype.numpy)
        return cast


def _known(array: Raw) -> Raw:
    """An array whose dtype is one of ours but for its byte order."""
    native = array.dtype.newbyteorder("=")
    if native in dtypes.FROM_NUMPY:
        return array.astype(native)
    raise DTypeError(
        f"can't convert np.ndarray of type {array.dtype}. The only supported types are: "
        f"{', '.join(d.name for d in dtypes.ALL)}."
    )


def _as_list(data: Any) -> Any:
    """Any sequence (range, bytearray, array.array ...) as a list; what is none is left to `_explain`."""
    if isinstance(data, (list, tuple)):
        return data
    sequence = isinstance(data, Sized) and hasattr(data, "__getitem__") and not hasattr(data, "keys")
    if not sequence or isinstance(data, (str, bytes)):
        _explain(data, 0, leading=True)
    return list(data)


def _note_types(data: Any, types: set[type]) -> None:
    """The types of all that nested lists hold."""
    if not isinstance(data, (list, tuple)):
        types.add(type(data))
        return
    here = set(map(type, data))
    if list in here or tuple in here:
        for d in data:
            _note_types(d, types)
    else:
        types |= here


def _plain(data: Any, found: set[DType]) -> Any:
    """Nested data with tensors of one element as numbers, other sequences as lists; `found` gets every dtype."""
    if isinstance(data, (list, tuple)):
        return [_plain(d, found) for d in data]
    if isinstance(data, np.generic | np.ndarray):
        array = data if data.dtype in dtypes.FROM_NUMPY else _known(np.asarray(data))
        found.add(dtypes.FROM_NUMPY[array.dtype])
        return array
    if isinstance(data, Variable):
        if math.prod(data._data.shape) != 1:
            raise ArgumentError(
                f"tensor: only tensors of one element can stand in a list of numbers, got shape "
                f"{tuple(data._data.shape)}; stack() joins tensors"
            )
        raw = data._device.backend.to_host(data._data)
        found.add(dtypes.FROM_NUMPY[raw.dtype])
        return raw.reshape(())
    if isinstance(data, _NUMBERS):
        found.add(number_dtype(data))
        return data
    if isinstance(data, (str, bytes)):
        return data
    if hasattr(data, "__array__"):
        return _plain(np.asarray(data), found)
    return _plain(_as_list(data), found)


def _explain(data: Any, dim: int, *, leading: bool) -> None:
    """Raise PyTorch's error for data that are no array; PyTorch learns the shape along the `leading` elements."""
    if isinstance(data, (str, bytes)):
        if leading and dim:
            raise ShapeError(f"too many dimensions '{type(data).__name__}'")
        raise ArgumentError(f"tensor: new(): invalid data type '{type(data).__name__}'")
    if isinstance(data, int) and not _INT64.min <= data <= _INT64.max:
        raise OptionError(f"tensor: Overflow when unpacking long long: {data}, expected -2**63 to 2**63-1")
    if isinstance(data, (*_NUMBERS, np.generic, np.ndarray, Variable)):
        return
    if not isinstance(data, (list, tuple)):
        raise DTypeError(f"tensor: Could not infer dtype of {type(data).__name__}")
    lengths = [len(d) if isinstance(d, (list, tuple)) or np.ndim(d) else None for d in data]
    for i, d in enumerate(data):
        _explain(d, dim + 1, leading=leading and i == 0)
    if any(n != lengths[0] for n in lengths):
        if None in lengths:
            raise ArgumentError("tensor: not a sequence: numbers and sequences stand side by side")
        odd = next(n for n in lengths if n != lengths[0])
        raise ShapeError(f"tensor: expected sequence of length {lengths[0]} at dim {dim + 1} (got {odd})")


__all__ = ["as_dtype", "fitting_number", "host_array"]
