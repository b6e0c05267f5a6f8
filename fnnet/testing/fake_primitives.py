"""The fake device's primitives, over the array API standard.

dtypes are `Any`, as in the base class: the fake device's, or another's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_strict as xp
import numpy as np
from attrs import define

from fnnet._core.errors import DTypeError
from fnnet._core.namespace import Number, Shape, View
from fnnet.backends import dtypes
from fnnet.backends.base import Backend
from fnnet.backends.dtypes import DType
from fnnet.testing.fake_array import TO_STRICT, FakeArray, Storage, Strict, dense_strides, reshaped, slice_strides
from fnnet.testing.fake_elementwise import ELEMENTWISE, ON_BOOL, ordered, truth

DEVICES = (xp.Device("device1"), xp.Device("device2"))


@define
class Counters:
    """What has happened on the fake devices.

    Attributes:
        to_host: Copies to the host; each waits for the device, so it is a synchronisation too.
        from_host: Copies from the host.
        synchronizations: How often the host waited for the device.
        allocations: Pieces of device memory that were taken.
    """

    to_host: int = 0
    from_host: int = 0
    synchronizations: int = 0
    allocations: int = 0


class Shared:
    """What all fake devices have in common."""

    def __init__(self) -> None:
        self.counters, self.capturing = Counters(), False


class FakePrimitives(Backend):
    """The primitives of one fake device.

    Attributes:
        index: Which device.
        shared: What it has in common with the others.
    """

    array_type = FakeArray

    def __init__(self) -> None:
        super().__init__()
        self.index, self.shared = 0, Shared()
        for name, function in ELEMENTWISE.items():
            self.__dict__[name] = self._elementwise(name, function)

    # memory --------------------------------------------------------------------------------------------------------
    def new(self, value: Strict) -> FakeArray:
        """An array of its own memory that holds `value`; the caller sees to it that nobody else holds that."""
        self.shared.counters.allocations += 1
        return FakeArray(self, Storage(xp.reshape(value, (-1,))), value.shape, dense_strides(value.shape), 0)

    @property
    def device(self) -> xp.Device:
        """The device of array-api-strict beneath."""
        return DEVICES[self.index]

    def native(self, dtype: Any) -> DType:
        """DTypes themselves are the dtypes here."""
        found: DType = dtype if isinstance(dtype, DType) else dtypes.FROM_NUMPY[np.dtype(dtype)]
        if found not in TO_STRICT:
            raise DTypeError(f"fake: dtype {found.name} is not in the array API standard")
        return found

    def overwrite(self, dst: FakeArray, value: Any) -> None:
        if isinstance(value, FakeArray):
            source = self.cast(value, dtype=dst.dtype) if value.dtype is not dst.dtype else value
            dst.write(xp.broadcast_to(source.read(), dst.shape))
        else:
            dst.write(xp.full(dst.shape, value, dtype=TO_STRICT[dst.dtype], device=self.device))

    def ordered(self, dense: Strict, order: list[int]) -> FakeArray:
        """An array whose dims lie in memory as `order` says, slowest first; `dense` has them in that order."""
        new = self.new(dense)
        back = sorted(range(len(order)), key=order.__getitem__)
        return self.permute(new, dims=tuple(back))

    # elementwise ---------------------------------------------------------------------------------------------------
    def _elementwise(self, name: str, function: Callable[..., Strict]) -> Callable[..., FakeArray]:
        """A primitive of one or two operands; bool, for which the standard has no arithmetic, counts as uint8."""
        arithmetic = name not in ON_BOOL

        def kernel(*operands: Any) -> FakeArray:
            arrays = [x for x in operands if isinstance(x, FakeArray)]
            own = arrays[0].dtype
            if any(a.dtype is not own for a in arrays):
                raise DTypeError(f"fake: {name} of dtypes {[a.dtype.name for a in arrays]}: expected equal ones")
            values = [x.read() if isinstance(x, FakeArray) else self._number(name, x, own) for x in operands]
            if own is dtypes.bool_ and arithmetic:
                values = [xp.astype(v, xp.uint8) for v in values]
            with np.errstate(all="ignore"):
                r = function(*values)
            if own is dtypes.bool_ and r.dtype == xp.uint8:
                r = r != 0
            return self.new(xp.asarray(r, copy=True))

        return kernel

    def _number(self, name: str, x: Number, dtype: DType) -> Strict:
        """A Python number, which takes the array's dtype; it may not be one that would have to widen it."""
        if not isinstance(x, (bool, int, float, complex)):
            raise DTypeError(f"fake: {name} of an array and {type(x).__name__}: a silent copy from the host")
        category = 0 if isinstance(x, bool) else 1 if isinstance(x, int) else 2 if isinstance(x, float) else 3
        if category > max(dtype.category, 1):
            raise DTypeError(f"fake: {name} of {dtype.name} and {x!r}: the number would widen the dtype")
        return xp.full((), x, dtype=TO_STRICT[dtype], device=self.device)

    def where(self, condition: FakeArray, a: FakeArray | Number, b: FakeArray | Number, /) -> FakeArray:
        """Elements of `a` where the condition is true, else of `b`."""
        own = next((x.dtype for x in (a, b) if isinstance(x, FakeArray)), None)
        if own is None:
            own = dtypes.float64 if float in (type(a), type(b)) else dtypes.int64
        va, vb = (x.read() if isinstance(x, FakeArray) else self._number("where", x, own) for x in (a, b))
        if va.dtype != vb.dtype:
            raise DTypeError(f"fake: where of dtypes {va.dtype} and {vb.dtype}: expected equal ones")
        return self.new(xp.where(truth(condition.read()), va, vb))

    def cast(self, x: FakeArray, /, *, dtype: Any, source: Any = None) -> FakeArray:
        """A copy in another dtype; fractions are cut off."""
        target, value = self.native(dtype), x.read()
        if x.dtype.category == 3 and target.category < 3:
            value = xp.real(value)
        with np.errstate(all="ignore"):
            return self.new(xp.astype(value, TO_STRICT[target], copy=True))

    # reductions, scans, products -------------------------------------------------------------------------------------
    def sum(self, x: FakeArray, /, *, dim: Shape, keepdim: bool = False) -> FakeArray:
        """Sum over `dim`; bool and whole numbers in int64."""
        return self._reduce(xp.sum, x, dim, keepdim)

    def prod(self, x: FakeArray, /, *, dim: Shape, keepdim: bool = False) -> FakeArray:
        """Product over `dim`; bool and whole numbers in int64."""
        return self._reduce(xp.prod, x, dim, keepdim)

    def _reduce(self, function: Callable[..., Strict], x: FakeArray, dim: Shape, keepdim: bool) -> FakeArray:
        value = x.read()
        if x.dtype.category < 2:
            value = xp.astype(value, xp.int64)
        with np.errstate(all="ignore"):
            return self.new(xp.asarray(function(value, axis=dim, keepdims=keepdim), copy=True))

    def amax(self, x: FakeArray, /, *, dim: Shape, keepdim: bool = False) -> FakeArray:
        """Maximum over `dim`."""
        return self._extreme(xp.max, x, dim, keepdim)

    def amin(self, x: FakeArray, /, *, dim: Shape, keepdim: bool = False) -> FakeArray:
        """Minimum over `dim`."""
        return self._extreme(xp.min, x, dim, keepdim)

    def _extreme(self, function: Callable[..., Strict], x: FakeArray, dim: Shape, keepdim: bool) -> FakeArray:
        r = xp.asarray(function(ordered(x.read()), axis=dim, keepdims=keepdim), copy=True)
        return self.new(r != 0 if x.dtype is dtypes.bool_ else r)

    def any(self, x: FakeArray, /, *, dim: Shape, keepdim: bool = False) -> FakeArray:
        """Whether some element along `dim` is not zero."""
        return self.new(xp.asarray(xp.any(truth(x.read()), axis=dim, keepdims=keepdim), copy=True))

    def all(self, x: FakeArray, /, *, dim: Shape, keepdim: bool = False) -> FakeArray:
        """Whether every element along `dim` is not zero."""
        return self.new(xp.asarray(xp.all(truth(x.read()), axis=dim, keepdims=keepdim), copy=True))

    def argmax(self, x: FakeArray, /, *, dim: int, keepdim: bool = False) -> FakeArray:
        """Index of the first maximum."""
        return self.new(xp.argmax(ordered(x.read()), axis=dim, keepdims=keepdim))

    def argmin(self, x: FakeArray, /, *, dim: int, keepdim: bool = False) -> FakeArray:
        """Index of the first minimum."""
        return self.new(xp.argmin(ordered(x.read()), axis=dim, keepdims=keepdim))

    def cumsum(self, x: FakeArray, /, *, dim: int) -> FakeArray:
        """Running sum along `dim`; bool and whole numbers in int64."""
        return self._scan(xp.cumulative_sum, x, dim)

    def cumprod(self, x: FakeArray, /, *, dim: int) -> FakeArray:
        """Running product along `dim`; bool and whole numbers in int64."""
        return self._scan(xp.cumulative_prod, x, dim)

    def _scan(self, function: Callable[..., Strict], x: FakeArray, dim: int) -> FakeArray:
        value = x.read()
        if x.dtype.category < 2:
            return self.new(function(xp.astype(value, xp.int64), axis=dim))
        if x.dtype is not dtypes.float32:
            return self.new(function(value, axis=dim))
        return self.new(xp.astype(function(xp.astype(value, xp.float64), axis=dim), xp.float32))

    def argsort(self, x: FakeArray, /, *, dim: int, descending: bool = False) -> FakeArray:
        """Indices of a stable sort along `dim`."""
        return self.new(xp.argsort(ordered(x.read()), axis=dim, descending=descending, stable=True))

    def matmul(self, a: FakeArray, b: FakeArray, /) -> FakeArray:
        """Matrix product."""
        with np.errstate(all="ignore"):
            return self.new(xp.asarray(xp.matmul(a.read(), b.read()), copy=True))

    # views -----------------------------------------------------------------------------------------------------------
    def reshape(self, x: FakeArray, /, *, shape: Shape) -> FakeArray:
        """A view where the strides allow one, else a copy."""
        strides = reshaped(x.shape, x.strides, shape)
        if strides is None:
            return self.new(xp.asarray(xp.reshape(x.read(), shape), copy=True))
        return x.view(shape, strides)

    def permute(self, x: FakeArray, /, *, dims: Shape) -> FakeArray:
        """The dims in another order."""
        return x.view(tuple(x.shape[d] for d in dims), tuple(x.strides[d] for d in dims))

    def expand(self, x: FakeArray, /, *, shape: Shape) -> FakeArray:
        """Repeat along new dims, and along those of size 1, without a copy."""
        lead = len(shape) - x.ndim
        strides = tuple(
            0 if i < lead or (x.shape[i - lead] == 1 and n != 1) else x.strides[i - lead] for i, n in enumerate(shape)
        )
        return x.view(shape, strides)

    def getitem(self, x: FakeArray, /, *, index: tuple[Any, ...]) -> FakeArray:
        """Basic indexing."""
        return slice_strides(x, index)

    def diagonal(self, x: FakeArray, /, *, offset: int, dim1: int, dim2: int) -> FakeArray:
        """The diagonal of two dims as a last dim."""
        rows, columns = x.shape[dim1], x.shape[dim2]
        n = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
        start = offset * x.strides[dim2] if offset >= 0 else -offset * x.strides[dim1]
        rest = [d for d in range(x.ndim) if d not in (dim1, dim2)]
        return x.view(
            (*[x.shape[d] for d in rest], n),
            (*[x.strides[d] for d in rest], x.strides[dim1] + x.strides[dim2]),
            x.offset + (start if n else 0),
        )

    def sliding(self, x: FakeArray, /, *, dim: int, size: int, step: int) -> FakeArray:
        """Windows along one dim, their elements as a last dim."""
        shape, strides = list(x.shape), list(x.strides)
        shape[dim] = (x.shape[dim] - size) // step + 1
        strides[dim] = x.strides[dim] * step
        return x.view((*shape, size), (*strides, x.strides[dim]))

    def view_as_real(self, x: FakeArray, /) -> FakeArray:
        """Real and imaginary part along a new last dim: a copy, as memory is of one dtype here."""
        value = x.read()
        return self.new(xp.stack([xp.real(value), xp.imag(value)], axis=-1))

    def view_as_complex(self, x: FakeArray, /) -> FakeArray:
        """The pairs along the last dim as complex numbers: a copy."""
        value = x.read()
        wide = TO_STRICT[dtypes.complex64 if x.dtype is dtypes.float32 else dtypes.complex128]
        return self.new(xp.astype(value[..., 0], wide) + xp.astype(value[..., 1], wide) * 1j)

    def view_set(self, x: FakeArray, value: FakeArray, /, *, view: View) -> FakeArray:
        """A copy of `x` into which `value` is written through a chain of view ops."""
        new = self.clone(x)
        self.overwrite(self.view(new, view), value)
        return new

    # movement --------------------------------------------------------------------------------------------------------
    def clone(self, x: FakeArray, /, *, contiguous: bool = False) -> FakeArray:
        """A copy, whose dims lie in memory in the order of those of `x`, or in C order."""
        order = list(range(x.ndim)) if contiguous else sorted(range(x.ndim), key=lambda d: -x.strides[d])
        dense = xp.permute_dims(x.read(), tuple(order)) if x.ndim else x.read()
        return self.ordered(xp.asarray(dense, copy=True), order)

    def flip(self, x: FakeArray, /, *, dims: Shape) -> FakeArray:
        """The elements along `dims` in reverse order."""
        return self.new(xp.asarray(xp.flip(x.read(), axis=dims), copy=True))

    def cat(self, *xs: FakeArray, dim: int) -> FakeArray:
        """One behind the other along `dim`."""
        return self.new(xp.concat([x.read() for x in xs], axis=dim))

    def take(self, x: FakeArray, index: FakeArray, /) -> FakeArray:
        """Rows of `x`."""
        rows = xp.take(x.read(), xp.reshape(index.read(), (-1,)), axis=0)
        return self.new(xp.reshape(rows, (*index.shape, *x.shape[1:])))

    def _rows(self, x: FakeArray, index: FakeArray, value: FakeArray) -> tuple[Strict, Strict]:
        """Which value goes to which row, a matrix of bool with dims of size 1 behind; the values, row by row."""
        tail = x.ndim - 1
        flat = xp.reshape(index.read(), (-1, 1))
        rows = xp.arange(x.shape[0], dtype=flat.dtype, device=self.device)
        if index.size and bool(xp.any((flat < 0) | (flat >= x.shape[0]))):  # a device would fail here, or stop
            raise IndexError("index is out of bounds")
        goes = xp.reshape(flat == rows, (index.size, x.shape[0], *(1,) * tail))
        values = xp.broadcast_to(value.read(), (*index.shape, *x.shape[1:]))
        return goes, xp.reshape(values, (index.size, 1, *x.shape[1:]))

    def index_add(self, x: FakeArray, index: FakeArray, value: FakeArray, /) -> FakeArray:
        """`x` with the values added at rows `index`; repeated rows add up."""
        goes, values = self._rows(x, index, value)
        zero = xp.zeros((), dtype=values.dtype, device=self.device)
        return self.new(x.read() + xp.astype(xp.sum(xp.where(goes, values, zero), axis=0), values.dtype))

    def index_set(self, x: FakeArray, index: FakeArray, value: FakeArray, /) -> FakeArray:
        """`x` with rows `index` replaced; of repeated rows the last counts."""
        old = x.read()
        if not index.size or not x.size:
            return self.new(xp.asarray(old, copy=True))
        goes, values = self._rows(x, index, value)
        nth = xp.reshape(xp.arange(index.size, dtype=xp.int64, device=self.device), (-1, *(1,) * (goes.ndim - 1)))
        last = xp.max(xp.where(goes, nth, xp.full((), -1, dtype=xp.int64, device=self.device)), axis=0)
        chosen = xp.take(values, xp.reshape(xp.maximum(last, 0), (-1,)), axis=0)
        return self.new(xp.where(last >= 0, xp.reshape(chosen, old.shape), old))

    def windows(
        self, x: FakeArray, /, *, size: Shape, stride: Shape, padding: Shape, dilation: Shape, fill: float = 0.0
    ) -> FakeArray:
        """(N, C, *spatial) -> (N, C, *size, *windows): what each window sees, `fill` in the padding."""
        if any(padding):
            sides = tuple(n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True))
            padded = xp.full((*x.shape[:2], *sides), fill, dtype=TO_STRICT[x.dtype], device=self.device)
            padded[(..., *(slice(p, p + n) for n, p in zip(x.shape[2:], padding, strict=True)))] = x.read()
            x = self.new(padded)
        counts = tuple(
            (n - e * (k - 1) - 1) // s + 1 for n, k, s, e in zip(x.shape[2:], size, stride, dilation, strict=True)
        )
        steps = x.strides[2:]
        seen = x.view(
            (*x.shape[:2], *size, *counts),
            (
                *x.strides[:2],
                *(t * e for t, e in zip(steps, dilation, strict=True)),
                *(t * s for t, s in zip(steps, stride, strict=True)),
            ),
        )
        return self.new(xp.asarray(seen.read(), copy=True))

    def fold(
        self, x: FakeArray, /, *, shape: Shape, size: Shape, stride: Shape, padding: Shape, dilation: Shape
    ) -> FakeArray:
        """The adjoint of `windows`: each window added back to where it was seen; the padding is dropped."""
        value, d = x.read(), len(size)
        counts = x.shape[2 + d :]
        sides = tuple(
            max(n + 2 * p, e * (k - 1) + s * (c - 1) + 1)
            for n, p, e, k, s, c in zip(shape[2:], padding, dilation, size, stride, counts, strict=True)
        )
        padded = xp.zeros((*shape[:2], *sides), dtype=value.dtype, device=self.device)
        for at in np.ndindex(*size):
            taps = zip(at, dilation, stride, counts, strict=True)
            where: Any = (..., *(slice(i * e, i * e + s * (c - 1) + 1, s) for i, e, s, c in taps))
            padded[where] = padded[where] + value[(slice(None), slice(None), *at, ...)]
        inside: Any = (..., *(slice(p, p + n) for n, p in zip(shape[2:], padding, strict=True)))
        return self.new(xp.asarray(padded[inside], copy=True))

    # creation ------------------------------------------------------------------------------------------------------
    def arange(self, n: int, /, *, dtype: Any = None) -> FakeArray:
        """0, 1, ... n-1."""
        native = dtypes.int64 if dtype is None else self.native(dtype)
        return self.new(xp.arange(n, dtype=TO_STRICT[native], device=self.device))

    def full(self, shape: Shape, value: Number, /, *, dtype: Any) -> FakeArray:
        """The same number everywhere."""
        return self.new(xp.full(shape, value, dtype=TO_STRICT[self.native(dtype)], device=self.device))
