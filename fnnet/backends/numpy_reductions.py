"""Reductions and scans over NumPy arrays, with the accumulation dtypes that PyTorch has.

NumPy adds float32 in float32, pairwise only along a contiguous last axis: a sum over 2**24 + 100 ones along axis 0
stops at 2**24. Long sums along other axes go in blocks, whose partial sums are added in turn: the error then grows with
the block's length and the number of blocks, not with their product.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from fnnet._core.namespace import Shape
from fnnet.backends.dtypes import BFLOAT16

Raw = np.ndarray[Any, Any]
BLOCK = 512
"""Terms that are added one after the other in float32."""

# NumPy's stubs know `keepdims` as a literal only, never as a bool.
_Reduce = Callable[..., Any]
_ADD: Final[_Reduce] = np.add.reduce
_MULTIPLY: Final[_Reduce] = np.multiply.reduce
_MAXIMUM: Final[_Reduce] = np.maximum.reduce
_MINIMUM: Final[_Reduce] = np.minimum.reduce
_OR: Final[_Reduce] = np.logical_or.reduce
_AND: Final[_Reduce] = np.logical_and.reduce


def _result(r: Any, out: Raw | None) -> Raw:
    if out is None:
        return _dense(r)
    np.copyto(out, r)
    return out


def _dense(r: Any) -> Raw:
    """An array, never a scalar, and in C order: NumPy keeps the order of what was reduced, PyTorch does not."""
    dense: Raw = np.asarray(r)
    return dense if dense.flags.c_contiguous else dense.copy("C")


def _reduced(reduce: _Reduce, x: Raw, dim: Shape, dtype: Any, out: Raw | None, keepdim: bool) -> Raw:
    r = reduce(x, dim, dtype, out, keepdim)
    return _dense(r) if out is None else out


def sum_(x: Raw, /, *, dim: Shape, keepdim: bool = False, out: Raw | None = None) -> Raw:
    """Sum over `dim`; bool and whole numbers in int64, half types in float32 and rounded once."""
    dtype = x.dtype
    if dtype == np.float16 or dtype == BFLOAT16:
        return _result(sum_(x.astype(np.float32), dim=dim, keepdim=keepdim).astype(dtype), out)
    if dtype.kind in "fc":
        last = x.ndim - 1
        if dtype.itemsize < 8 and dim and x.size > BLOCK and any(d != last and x.shape[d] > BLOCK for d in dim):
            return _result(_blocked(x, dim, keepdim), out)
        return _reduced(_ADD, x, dim, None, out, keepdim)
    return _reduced(_ADD, x, dim, np.dtype(np.int64), out, keepdim)


def _blocked(x: Raw, dim: Shape, keepdim: bool) -> Any:
    """Reduce long axes block by block, then all together."""
    for d in dim:
        n = x.shape[d]
        if n > BLOCK:
            whole = n - n % BLOCK
            at = (slice(None),) * d
            blocks = x[(*at, slice(0, whole))].reshape(*x.shape[:d], whole // BLOCK, BLOCK, *x.shape[d + 1 :])
            parts = _ADD(blocks, d + 1)
            if whole != n:
                rest = _ADD(x[(*at, slice(whole, n))], d, keepdims=True)
                parts = np.concatenate((parts, rest), d)
            return _blocked(parts, dim, keepdim)
    return _ADD(x, dim, keepdims=keepdim)


def prod(x: Raw, /, *, dim: Shape, keepdim: bool = False, out: Raw | None = None) -> Raw:
    """Product over `dim`; bool and whole numbers in int64."""
    dtype = None if x.dtype.kind in "fc" else np.dtype(np.int64)
    return _reduced(_MULTIPLY, x, dim, dtype, out, keepdim)


def amax(x: Raw, /, *, dim: Shape, keepdim: bool = False, out: Raw | None = None) -> Raw:
    """Maximum over `dim`; NaN wins."""
    return _reduced(_MAXIMUM, x, dim, None, out, keepdim)


def amin(x: Raw, /, *, dim: Shape, keepdim: bool = False, out: Raw | None = None) -> Raw:
    """Minimum over `dim`; NaN wins."""
    return _reduced(_MINIMUM, x, dim, None, out, keepdim)


def any_(x: Raw, /, *, dim: Shape, keepdim: bool = False, out: Raw | None = None) -> Raw:
    """Whether some element along `dim` is not zero."""
    return _reduced(_OR, x, dim, np.dtype(np.bool_), out, keepdim)


def all_(x: Raw, /, *, dim: Shape, keepdim: bool = False, out: Raw | None = None) -> Raw:
    """Whether every element along `dim` is not zero."""
    return _reduced(_AND, x, dim, np.dtype(np.bool_), out, keepdim)


def argmax(x: Raw, /, *, dim: int, keepdim: bool = False, out: Raw | None = None) -> Raw:
    """Index of the first maximum; NaN counts as the largest."""
    return _result(np.argmax(x, dim, keepdims=keepdim), out)


def argmin(x: Raw, /, *, dim: int, keepdim: bool = False, out: Raw | None = None) -> Raw:
    """Index of the first minimum; NaN counts as the smallest."""
    return _result(np.argmin(x, dim, keepdims=keepdim), out)


def _scan_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """float32 scans accumulate in float64: a running sum in float32 drifts by a percent over a million terms."""
    if dtype.kind in "biu":
        return np.dtype(np.int64)
    return np.dtype(np.float64) if dtype == np.float32 else dtype


def cumsum(x: Raw, /, *, dim: int, out: Raw | None = None) -> Raw:
    """Running sum along `dim`; bool and whole numbers in int64."""
    r = np.cumsum(x, dim, _scan_dtype(x.dtype))
    return _result(r.astype(x.dtype) if x.dtype == np.float32 else r, out)


def cumprod(x: Raw, /, *, dim: int, out: Raw | None = None) -> Raw:
    """Running product along `dim`; bool and whole numbers in int64."""
    r = np.cumprod(x, dim, _scan_dtype(x.dtype))
    return _result(r.astype(x.dtype) if x.dtype == np.float32 else r, out)


def argsort(x: Raw, /, *, dim: int, descending: bool = False, out: Raw | None = None) -> Raw:
    """Indices of a stable sort along `dim`; NaN counts as the largest."""
    if not descending:
        return _result(np.argsort(x, dim, kind="stable"), out)
    # Stable and descending: sort the reversed array, whose ties are then in reverse, and read everything backwards.
    r = x.shape[dim] - 1 - np.flip(np.argsort(np.flip(x, dim), dim, kind="stable"), dim)
    return _result(r, out)


def matmul(a: Raw, b: Raw, /, out: Raw | None = None) -> Raw:
    """Matrix product; whole numbers wrap, bool is refused by the caller."""
    if out is not None:
        return np.matmul(a, b, out)
    r: Raw = np.matmul(a, b)
    return r if r.ndim < 3 else _dense(r)  # of a batch laid out otherwise
