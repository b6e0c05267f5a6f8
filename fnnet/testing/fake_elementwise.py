"""The fake device's elementwise primitives, as functions of the array API standard."""

from __future__ import annotations

from collections.abc import Callable

import array_api_strict as xp

from fnnet.testing.fake_array import FROM_STRICT, Strict


def truth(value: Strict) -> Strict:
    """As bool: whether it is not zero."""
    return value if value.dtype == xp.bool else value != 0


def ordered(value: Strict) -> Strict:
    """As what the standard orders: bool as uint8."""
    return xp.astype(value, xp.uint8) if value.dtype == xp.bool else value


def _whole(function: Callable[..., Strict]) -> Callable[..., Strict]:
    """Whole numbers are whole already."""
    return lambda x: function(x) if FROM_STRICT[x.dtype].category == 2 else xp.asarray(x, copy=True)


def _signbit(x: Strict) -> Strict:
    return xp.signbit(x) if FROM_STRICT[x.dtype].category == 2 else x < 0


def _fmod(a: Strict, b: Strict) -> Strict:
    """The remainder with the sign of `a`; the standard has the one with the sign of `b`."""
    if FROM_STRICT[a.dtype].category == 1 and not FROM_STRICT[a.dtype].is_signed:
        return xp.remainder(a, b)
    r = xp.remainder(xp.abs(a), xp.abs(b))
    return xp.where(_signbit(a), -r, r)


ON_BOOL = frozenset(
    ("eq", "ne", "logical_and", "logical_or", "logical_xor", "logical_not", "bitwise_and", "bitwise_or", "bitwise_xor",
     "bitwise_not")
)  # fmt: skip
"""Primitives that are defined for bool; the others take it as uint8."""

ELEMENTWISE: dict[str, Callable[..., Strict]] = {
    "add": xp.add, "sub": xp.subtract, "mul": xp.multiply, "div": xp.divide, "pow": xp.pow,
    "floor_divide": xp.floor_divide, "remainder": xp.remainder, "fmod": _fmod,
    "maximum": xp.maximum, "minimum": xp.minimum, "atan2": xp.atan2,
    "eq": xp.equal, "ne": xp.not_equal, "lt": xp.less, "le": xp.less_equal, "gt": xp.greater, "ge": xp.greater_equal,
    "logical_and": lambda a, b: xp.logical_and(truth(a), truth(b)),
    "logical_or": lambda a, b: xp.logical_or(truth(a), truth(b)),
    "logical_xor": lambda a, b: xp.logical_xor(truth(a), truth(b)),
    "logical_not": lambda x: xp.logical_not(truth(x)),
    "bitwise_and": xp.bitwise_and, "bitwise_or": xp.bitwise_or, "bitwise_xor": xp.bitwise_xor,
    "bitwise_left_shift": xp.bitwise_left_shift, "bitwise_right_shift": xp.bitwise_right_shift,
    "bitwise_not": xp.bitwise_invert,
    "neg": xp.negative, "abs": xp.abs, "conj": xp.conj, "signbit": _signbit, "exp": xp.exp, "expm1": xp.expm1,
    "log": xp.log, "log1p": xp.log1p, "log2": xp.log2, "log10": xp.log10, "sqrt": xp.sqrt, "sin": xp.sin, "cos": xp.cos,
    "tan": xp.tan, "asin": xp.asin, "acos": xp.acos, "atan": xp.atan, "sinh": xp.sinh, "cosh": xp.cosh,
    "tanh": xp.tanh, "asinh": xp.asinh, "acosh": xp.acosh, "atanh": xp.atanh, "floor": _whole(xp.floor),
    "ceil": _whole(xp.ceil), "trunc": _whole(xp.trunc), "round": _whole(xp.round), "isnan": xp.isnan,
    "isinf": xp.isinf, "isfinite": xp.isfinite,
}  # fmt: skip
