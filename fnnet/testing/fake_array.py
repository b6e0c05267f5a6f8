"""Arrays of the fake device: strided memory over arrays of array-api-strict.

A `FakeArray` can do what the rules of ops may ask of an array (`fnnet._core.namespace.Array`) and nothing else: NumPy
can't read it, it has no truth value, no items and no length. Its memory is a flat array of array-api-strict; shape,
strides and offset are Python numbers, so views share memory, as they do on real devices, and cost no copy.

An index is `Any`: whole numbers, slices, None.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import array_api_strict as xp

from fnnet._core.namespace import Shape
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DType

if TYPE_CHECKING:
    from fnnet.testing.fake_primitives import FakePrimitives

Strict = Any
"""An array of array-api-strict, whose class is private there."""

TO_STRICT = {
    d: getattr(xp, d.name)
    for d in dtypes.ALL
    if d not in dtypes.HALF  # the standard has no 16-bit floats
}
FROM_STRICT = {strict: d for d, strict in TO_STRICT.items()}

REFUSED = (
    "an array of the fake device has only shape, ndim, dtype and the operators + - * / ** -x: rules of ops use their "
    "namespace, everything else copies to the host by the backend's to_host"
)


class Storage:
    """The memory of arrays: flat, on one device."""

    __slots__ = ("flat",)

    def __init__(self, flat: Strict) -> None:
        self.flat = flat


def dense_strides(shape: Shape) -> Shape:
    """Strides, in elements, of an array dense in C order."""
    strides = [1] * len(shape)
    for i in range(len(shape) - 2, -1, -1):
        strides[i] = strides[i + 1] * max(shape[i + 1], 1)
    return tuple(strides)


def reshaped(shape: Shape, strides: Shape, new: Shape) -> Shape | None:
    """Strides of a view of another shape, or None where the elements would have to be copied."""
    if 0 in shape:
        return dense_strides(new)
    olds = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]
    out: list[int] = []
    at = 0
    pending: list[int] = []  # sizes of new dims that the current run of old dims has to hold
    for i, n in enumerate(new):
        pending.append(n)
        want = math.prod(pending)
        end, have = at, 1
        while have < want and end < len(olds):
            have *= olds[end][0]
            end += 1
        if have != want:
            if i == len(new) - 1:
                return None
            if have < want:
                return None
            continue  # further new dims split this run
        run = olds[at:end]
        if any(a[1] != b[1] * b[0] for a, b in itertools.pairwise(run)):
            return None
        step = run[-1][1] if run else 1
        out.extend(s * step for s in dense_strides(tuple(pending)))
        at, pending = end, []
    return tuple(out) if not pending and at == len(olds) else None


class FakeArray:
    """An array on the fake device.

    Attributes:
        backend: The primitives of its device.
        storage: Its memory, shared with its views.
        shape, strides, offset: Where in it the elements lie; strides and offset count elements.
        dtype: The DType.
    """

    __slots__ = ("__weakref__", "backend", "dtype", "offset", "shape", "storage", "strides")
    __array_ufunc__ = None
    __hash__ = object.__hash__

    def __init__(self, backend: FakePrimitives, storage: Storage, shape: Shape, strides: Shape, offset: int) -> None:
        self.backend, self.storage = backend, storage
        self.shape, self.strides, self.offset = shape, strides, offset
        self.dtype: DType = FROM_STRICT[storage.flat.dtype]

    @property
    def ndim(self) -> int:
        """The number of dims."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def dense(self) -> bool:
        """Whether the elements lie one after the other in C order."""
        return self.size == 0 or all(
            n == 1 or s == d for n, s, d in zip(self.shape, self.strides, dense_strides(self.shape), strict=True)
        )

    # memory ---------------------------------------------------------------------------------------------------
    def view(self, shape: Shape, strides: Shape, offset: int | None = None) -> FakeArray:
        """The same memory seen with another shape and other strides."""
        return FakeArray(self.backend, self.storage, shape, strides, self.offset if offset is None else offset)

    def _places(self) -> Strict:
        """Where in the flat memory each element lies, in C order."""
        device = self.storage.flat.device
        places = xp.full((1,) * self.ndim, self.offset, dtype=xp.int64, device=device)
        for d, (n, s) in enumerate(zip(self.shape, self.strides, strict=True)):
            along = xp.arange(n, dtype=xp.int64, device=device) * s
            places = places + xp.reshape(along, tuple(n if i == d else 1 for i in range(self.ndim)))
        return xp.reshape(places, (-1,))

    def read(self) -> Strict:
        """The elements as an array of array-api-strict, which must not be written to."""
        flat = self.storage.flat
        if not self.size:
            return xp.zeros(self.shape, dtype=flat.dtype, device=flat.device)
        if self.dense:
            return xp.reshape(flat[self.offset : self.offset + self.size], self.shape)
        return xp.reshape(xp.take(flat, self._places()), self.shape)

    def write(self, value: Strict) -> None:
        """Overwrite the elements, in memory, with those of an array of the same shape and dtype."""
        if not self.size:
            return
        flat, new = self.storage.flat, xp.reshape(xp.asarray(value, copy=True), (-1,))
        if self.dense:
            flat[self.offset : self.offset + self.size] = new
            return
        # The standard has no write to a list of places. So each place of the memory looks for the element that lands
        # on it, by bisection in the sorted list.
        places = self._places()
        order = xp.argsort(places, stable=True)
        places, new = xp.take(places, order), xp.take(new, order)
        here = xp.arange(flat.shape[0], dtype=xp.int64, device=flat.device)
        found = xp.minimum(xp.searchsorted(places, here), self.size - 1)
        flat[...] = xp.where(xp.take(places, found) == here, xp.take(new, found), flat)

    # what rules may do ------------------------------------------------------------------------------------------
    def _call(self, primitive: str, *operands: Any) -> FakeArray:
        found: FakeArray = getattr(self.backend, primitive)(*operands)
        return found

    def __add__(self, other: Any, /) -> FakeArray:
        return self._call("add", self, other)

    def __radd__(self, other: Any, /) -> FakeArray:
        return self._call("add", other, self)

    def __sub__(self, other: Any, /) -> FakeArray:
        return self._call("sub", self, other)

    def __rsub__(self, other: Any, /) -> FakeArray:
        return self._call("sub", other, self)

    def __mul__(self, other: Any, /) -> FakeArray:
        return self._call("mul", self, other)

    def __rmul__(self, other: Any, /) -> FakeArray:
        return self._call("mul", other, self)

    def __truediv__(self, other: Any, /) -> FakeArray:
        return self._call("div", self, other)

    def __rtruediv__(self, other: Any, /) -> FakeArray:
        return self._call("div", other, self)

    def __pow__(self, other: Any, /) -> FakeArray:
        return self._call("pow", self, other)

    def __neg__(self) -> FakeArray:
        return self._call("neg", self)

    # what they may not ------------------------------------------------------------------------------------------
    def __bool__(self) -> bool:
        raise TypeError(REFUSED)

    def __eq__(self, other: object) -> bool:
        raise TypeError(REFUSED)

    def __array__(self, dtype: object = None, copy: object = None) -> NoReturn:
        raise TypeError(REFUSED)

    def __getitem__(self, index: object) -> NoReturn:
        raise TypeError(REFUSED)

    def __repr__(self) -> str:
        return f"<FakeArray {self.dtype.name}{list(self.shape)} on fake:{self.backend.index}>"


def slice_strides(x: FakeArray, index: Sequence[Any]) -> FakeArray:
    """Basic indexing: ints, slices, None and one Ellipsis."""
    taken = sum(i is not None and i is not Ellipsis for i in index)
    at = list(index)
    rest = [slice(None)] * (x.ndim - taken)
    if Ellipsis in at:
        e = at.index(Ellipsis)
        at[e : e + 1] = rest
    else:
        at += rest
    shape, strides, offset, d = [], [], x.offset, 0
    for i in at:
        if i is None:
            shape.append(1)
            strides.append(0)
            continue
        n, s = x.shape[d], x.strides[d]
        d += 1
        if isinstance(i, slice):
            start, stop, step = i.indices(n)
            shape.append(len(range(start, stop, step)))
            strides.append(s * step)
            offset += start * s if shape[-1] else 0
        else:
            if not -n <= i < n:
                raise IndexError(f"index {i} is out of bounds for axis {d - 1} with size {n}")
            offset += (i % n) * s
    return x.view(tuple(shape), tuple(strides), offset)
