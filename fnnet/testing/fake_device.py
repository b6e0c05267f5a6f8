"""A fake device: what runs on it runs on a device whose memory the host can't read.

It computes by array-api-strict, which refuses whatever the array API standard does not promise. Its arrays refuse
NumPy, so each copy between host and device goes through `to_host` or `from_host` and is counted: no silent one creeps
in. While `capturing`, it refuses what a CUDA device refuses while it captures a graph. There are two, `fake:0` and
`fake:1`, which don't see each other's memory. Where a result is not a view, it is dense in C order.

    >>> import fnnet
    >>> from fnnet.testing import fake_device
    >>> fake = fake_device.register()
    >>> with fake.counting() as counts:
    ...     x = fnnet.ones(3, device="fake:1") * 2
    >>> counts.from_host, counts.to_host
    (0, 0)
    >>> x.cpu()
    tensor([2., 2., 2.])

`Any` stands where the base class has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import array_api_strict as xp
import numpy as np
from attrs import asdict

from fnnet._core.errors import DeviceError, DTypeError
from fnnet._core.namespace import Shape
from fnnet.backends import dtypes, overlap
from fnnet.backends.devices import register_backend
from fnnet.backends.dtypes import DType
from fnnet.backends.kernels import ArrayMeta
from fnnet.testing.fake_array import TO_STRICT, FakeArray, dense_strides
from fnnet.testing.fake_primitives import DEVICES, Counters, FakePrimitives

HOST = xp.Device("CPU_DEVICE")


class FakeBackend(FakePrimitives):
    """The backend of one fake device; `on(index)` is that of another."""

    device_type: ClassVar[str] = "fake"
    gaps: ClassVar[Mapping[str, str]] = {
        f"*:{half.name}": "the array API standard has no 16-bit floats" for half in dtypes.HALF
    }

    def __init__(self) -> None:
        super().__init__()
        self._siblings = [self]

    def on(self, index: int) -> FakeBackend:
        """The backend of `fake:index`: what it makes lies there."""
        while len(self._siblings) <= index:
            other = self.sibling()
            other.index, other.shared, other._siblings = len(self._siblings), self.shared, self._siblings
            self._siblings.append(other)
        return self._siblings[index]

    # counting and capturing --------------------------------------------------------------------------------------
    @property
    def counters(self) -> Counters:
        """What has happened since the process began."""
        return self.shared.counters

    @contextmanager
    def counting(self) -> Iterator[Counters]:
        """Count what happens inside the block alone; the counts stand when it ends."""
        before, counts = asdict(self.counters), Counters()
        yield counts
        for name, n in asdict(self.counters).items():
            setattr(counts, name, n - before[name])

    @contextmanager
    def capturing(self) -> Iterator[None]:
        """Refuse, inside the block, what would wait for the device or read the host's memory."""
        before, self.shared.capturing = self.shared.capturing, True
        try:
            yield
        finally:
            self.shared.capturing = before

    def _refuse_in_capture(self, what: str) -> None:
        if self.shared.capturing:
            raise DeviceError(f"fake: operation not permitted when stream is capturing: {what}")

    # what an array is ---------------------------------------------------------------------------------------------
    def device_count(self) -> int:
        return len(DEVICES)

    def asarray(self, x: Any) -> FakeArray:
        if not isinstance(x, FakeArray):
            raise DTypeError(f"fake: expected an array of its own, got {type(x).__name__}: a silent copy from the host")
        return x

    def from_host(self, x: np.ndarray[Any, Any], index: int) -> FakeArray:
        self._refuse_in_capture("copy from the host")
        found = dtypes.FROM_NUMPY.get(x.dtype)
        if found not in TO_STRICT:
            raise DTypeError(f"fake: dtype {x.dtype} is not in the array API standard")
        self.counters.from_host += 1
        order = sorted(range(x.ndim), key=lambda d: -abs(x.strides[d]))
        there = self.on(index)
        dense = xp.asarray(np.ascontiguousarray(x.transpose(order)).reshape([x.shape[d] for d in order]), copy=True)
        return there.ordered(dense.to_device(there.device), order)

    def to_host(self, x: FakeArray) -> np.ndarray[Any, Any]:
        self._refuse_in_capture("copy to the host")
        self.counters.to_host += 1
        self.counters.synchronizations += 1
        return np.array(xp.asarray(x.read(), copy=True).to_device(HOST))

    def synchronize(self) -> None:
        self._refuse_in_capture("synchronize")
        self.counters.synchronizations += 1

    def dtype_of(self, x: FakeArray) -> DType:
        return x.dtype

    def strides(self, x: FakeArray) -> Shape:
        return tuple(s * x.dtype.itemsize for s in x.strides)

    def shares(self, r: FakeArray, x: FakeArray) -> bool:
        return r.storage is x.storage

    def partly_overlap(self, a: FakeArray, b: FakeArray, *, or_same: bool = False) -> bool:
        if a.storage is not b.storage:
            return False
        size = a.dtype.itemsize
        of_a, of_b = ((x.offset * size, x.shape, tuple(s * size for s in x.strides), size) for x in (a, b))
        return overlap.partial(*of_a, *of_b, or_same=or_same)

    def empty(self, meta: ArrayMeta, like: FakeArray) -> FakeArray:
        strides = dense_strides(meta.shape) if meta.strides is None else meta.strides
        order = sorted(range(len(meta.shape)), key=lambda d: -strides[d])
        shape = tuple(meta.shape[d] for d in order)
        there = like.backend
        return there.ordered(xp.zeros(shape, dtype=TO_STRICT[self.native(meta.dtype)], device=there.device), order)

    def random(self, kind: str, shape: Shape, dtype: Any, generator: Any, /, **parameters: Any) -> FakeArray:
        """The host's sampler, and a copy that is counted: the numbers of a seed are those of the CPU."""
        from fnnet.backends.random.draw import draw

        host = {name: self.to_host(p) if isinstance(p, FakeArray) else p for name, p in parameters.items()}
        return self.from_host(draw(kind, shape, self.native(dtype).numpy, generator, host), self.index)


BACKEND = FakeBackend()


def register() -> FakeBackend:
    """Let the fake device serve the device type "fake" in this process; returns its backend."""
    register_backend(BACKEND)
    return BACKEND
