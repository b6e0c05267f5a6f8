"""dtypes: the names that users see, their order in promotion, and the NumPy dtypes beneath."""

from __future__ import annotations

from typing import Any, Final

import ml_dtypes
import numpy as np

from fnnet._core.errors import ArgumentError, DTypeError


class DType:
    """The dtype of a tensor; there is one object per dtype, so `is` and `==` agree.

    Attributes:
        name: PyTorch's name without prefix.
        numpy: The NumPy dtype of host arrays.
        itemsize: Bytes per element.
        category: 0 bool, 1 whole numbers, 2 floating point, 3 complex; promotion looks at it first.
        rank: Order of promotion.

    Example:
        >>> import fnnet
        >>> fnnet.float16, fnnet.float16.itemsize, isinstance(fnnet.float16, fnnet.dtype)
        (fnnet.float16, 2, True)
    """

    __slots__ = ("category", "itemsize", "name", "numpy", "rank")

    numpy: np.dtype[Any]
    itemsize: int

    def __init__(self, name: str, numpy: Any, category: int, rank: int) -> None:
        self.name, self.numpy = name, np.dtype(numpy)
        self.itemsize, self.category, self.rank = self.numpy.itemsize, category, rank

    @property
    def is_floating_point(self) -> bool:
        """True for float16, bfloat16, float32 and float64."""
        return self.category == 2

    @property
    def is_complex(self) -> bool:
        """True for complex64 and complex128."""
        return self.category == 3

    @property
    def is_signed(self) -> bool:
        """True unless bool or uint8."""
        return self.name not in ("bool", "uint8")

    def __repr__(self) -> str:
        return f"fnnet.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return by_name, (self.name,)


def by_name(name: str) -> DType:
    """The dtype called `name`."""
    return BY_NAME[name]


# ml_dtypes' scalar type registers itself as a NumPy dtype; kind is 'V', so every test of categories is our own.
BFLOAT16: Final = np.dtype(ml_dtypes.bfloat16)

bool_ = DType("bool", np.bool_, 0, 0)
uint8 = DType("uint8", np.uint8, 1, 1)
int8 = DType("int8", np.int8, 1, 2)
int16 = DType("int16", np.int16, 1, 3)
int32 = DType("int32", np.int32, 1, 4)
int64 = DType("int64", np.int64, 1, 5)
float16 = DType("float16", np.float16, 2, 6)
bfloat16 = DType("bfloat16", BFLOAT16, 2, 6)
float32 = DType("float32", np.float32, 2, 7)
float64 = DType("float64", np.float64, 2, 8)
complex64 = DType("complex64", np.complex64, 3, 9)
complex128 = DType("complex128", np.complex128, 3, 10)

ALL: Final = (
    bool_, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex64, complex128,
)  # fmt: skip
TITLES: Final = {
    "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long",
    "float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double",
    "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip
"""What PyTorch calls a dtype in the names of tensor types and in errors."""
HALF: Final = (float16, bfloat16)
BY_NAME: Final = {d.name: d for d in ALL}
FROM_NUMPY: Final = {d.numpy: d for d in ALL}

F32: Final = float32.numpy
F64: Final = float64.numpy


class _Default:
    """The dtype of new floating-point tensors: process-wide, as in PyTorch."""

    float: DType = float32


DEFAULT = _Default()


def set_default_dtype(d: DType) -> None:
    """Let new floating-point tensors have the dtype `d` (process-wide).

    Args:
        d: A floating-point dtype; float64 also makes complex128 of complex numbers.

    Raises:
        DTypeError: It is no floating-point dtype.

    Example:
        >>> import fnnet
        >>> fnnet.set_default_dtype(fnnet.float64)
        >>> fnnet.ones(1).dtype
        fnnet.float64
        >>> fnnet.set_default_dtype(fnnet.float32)
    """
    if not isinstance(d, DType) or d.category != 2:
        raise DTypeError(f"set_default_dtype: only floating-point types are supported as the default type, got {d}")
    DEFAULT.float = d


def get_default_dtype() -> DType:
    """The dtype of new floating-point tensors.

    Returns:
        float32, unless `set_default_dtype` has set another.

    Example:
        >>> import fnnet
        >>> fnnet.get_default_dtype()
        fnnet.float32
    """
    return DEFAULT.float


def native(dtype: Any) -> np.dtype[Any]:  # a DType or NumPy's
    """The NumPy dtype of `dtype`, which is a DType or a NumPy dtype already."""
    return dtype.numpy if type(dtype) is DType else np.dtype(dtype)


def promote_types(type1: DType, type2: DType) -> DType:
    """The dtype that holds both, by PyTorch's table.

    Args:
        type1: A dtype.
        type2: Another.

    Returns:
        The dtype of the higher category (bool, whole numbers, floating point, complex), or the wider one of the same.

    Raises:
        ArgumentError: One is no dtype.

    Example:
        >>> promote_types(uint8, int8)
        fnnet.int16
        >>> promote_types(float16, bfloat16)
        fnnet.float32
        >>> promote_types(int64, float16)
        fnnet.float16
    """
    for name, given in (("type1", type1), ("type2", type2)):
        if not isinstance(given, DType):
            raise ArgumentError(f"promote_types(): argument '{name}' must be fnnet.dtype, not {type(given).__name__}")
    if type1 is type2:
        return type1
    a, b = (type2, type1) if type1.rank > type2.rank else (type1, type2)
    if a is uint8 and b is int8:
        return int16
    if b.rank == a.rank:
        return float32
    if b is complex64 and a is float64:
        return complex128
    return b
