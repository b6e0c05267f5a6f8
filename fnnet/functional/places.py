"""Elements by their places: read, written, added to.

Places are rows on axis 0 of a tensor in some flattened form. Indexing, gathering, masks and slices say which; one
primitive each (`take`, `index_add`, `index_set`) then serves every backend and every derivative. Bounds are checked
before anything is written.

Raw arrays are `Any`: their class is the backend's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from attrs import frozen

from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.autograd.modes import MODE
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.autograd.views import apply_view
from fnnet.autograd.writes import apply_, check_writable
from fnnet.backends import dtypes
from fnnet.functional._common import copy_into, dtype_of
from fnnet.functional.shape import PERMUTE, RESHAPE

if TYPE_CHECKING:
    from fnnet._tensor import Tensor
    from fnnet.backends.devices import Device

K = Namespace
Grads = tuple[Any, ...]


# primitives on axis 0 ----------------------------------------------------------------------------------------------
def _rows(k: Any) -> Any:
    """Repeated row numbers: a constant input of samples."""
    return k(2, 3, low=0, high=3, dtype=dtypes.int64)


def _take_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (k.index_add(k.full(c.shapes[0], 0, dtype=g.dtype), c.inputs[1], g), None)


TAKE = Op(
    "take", backward=_take_backward, uses=((1,), ()), kind=Kind.MOVE, onnx="Gather",
    samples=lambda make: (Sample(make(3, 4), _rows(make)), Sample(make(3), _rows(make))),
)  # fmt: skip


def _index_add_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (g if c.needs[0] else None, None, k.take(g, c.inputs[1]) if c.needs[2] else None)


def _index_samples(make: Make) -> Any:
    yield Sample(make(3, 4), _rows(make), make(2, 3, 4))
    yield Sample(make(3), _rows(make), make(2, 3))


INDEX_ADD = Op("index_add", backward=_index_add_backward, uses=((), (), (1,)), samples=_index_samples)


def _index_set_backward(k: K[A], c: Call[A], g: A) -> Grads:
    at = c.inputs[1]
    return (
        k.index_set(g, at, k.full(c.shapes[2], 0, dtype=g.dtype)) if c.needs[0] else None,
        None,
        k.take(g, at) if c.needs[2] else None,
    )


def _index_set_samples(make: Make) -> Any:
    once = make(2, low=0, high=1, dtype=dtypes.int64)  # repeated rows: which write is the last is not defined
    yield Sample(make(3, 4), once, make(2, 4), smooth=False)


INDEX_SET = Op(
    "index_set", title="IndexPutBackward0",
    backward=_index_set_backward, uses=((1,), (), (1,)), kind=Kind.MOVE, samples=_index_set_samples
)  # fmt: skip

NONZERO = Op(
    "nonzero", kind=Kind.MOVE,
    forward=lambda k, mask, /, *, count: k.getitem(k.argsort(k.logical_not(mask), dim=0), index=(slice(0, count),)),
)  # fmt: skip
"""Places of the true elements of a vector, of which there are `count` (known on the host: it is the result's shape)."""


# places ------------------------------------------------------------------------------------------------------------
def host_number(device: Device, raw: Any) -> Any:
    """The value of a raw 0-d array on the host (waits for the device)."""
    return device.backend.to_host(device.backend.asarray(raw)).item()


def true_places(mask: Tensor) -> Any:
    """Places of the true elements of a mask in its flattened form, in order: a raw vector."""
    k = namespace_of(mask._device)
    flat = k.reshape(mask._data, shape=(math.prod(mask._data.shape),))
    if dtype_of(mask) is not dtypes.bool_:
        flat = k.ne(flat, 0)
    return k.nonzero(flat, count=int(host_number(mask._device, k.sum(flat, dim=(0,)))))


def whole_index(index: Tensor) -> Any:
    """The raw int64 array of an index tensor."""
    raw = index._data
    if dtype_of(index) is dtypes.int64:
        return raw
    return namespace_of(index._device).cast(raw, dtype=dtypes.int64)


OUTSIDE = 2**62
"""A place beyond every tensor's end."""


def checked(device: Device, raw: Any, n: int, complain: Callable[[int], Exception]) -> Any:
    """Indices into `n` elements with the negative ones counted from the end.

    In host memory one that is out of range raises what `complain(index)` returns. On other devices nobody waits to
    look: it is sent `OUTSIDE`, for the primitive that reads or writes to refuse.
    """
    if not math.prod(raw.shape):
        return raw
    k = namespace_of(device)
    if device.type == "cpu":
        every = tuple(range(raw.ndim))
        low, high = (int(host_number(device, r)) for r in (k.amin(raw, dim=every), k.amax(raw, dim=every)))
        if low < -n or high >= n:
            raise complain(low if low < -n else high)
        return raw if low >= 0 else k.where(k.lt(raw, 0), raw + n, raw)
    inside = k.logical_and(k.ge(raw, -n), k.lt(raw, n))
    return k.where(inside, k.where(k.lt(raw, 0), raw + n, raw), k.full((), OUTSIDE, dtype=dtypes.int64))


@frozen(eq=False)
class Places:
    """Elements of a tensor, all given at once: x reshaped to (rows, *rest) is read or written at `at` on axis 0.

    Attributes:
        order: A permutation that x undergoes first, or None.
        flat: The shape to which x is then reshaped, or None: x has it already.
        at: Raw int64 array: which rows.
    """

    order: Shape | None
    flat: Shape | None
    at: Any  # a raw array

    def seen(self, x: Tensor) -> Tensor:
        """`x` in that form."""
        if self.order is not None:
            x = apply_view(PERMUTE, x, dims=self.order)
        return x if self.flat is None else cast("Tensor", apply_view(RESHAPE, x, shape=self.flat))


def along(device: Device, shape: Shape, dim: int, count: int, at: Any) -> Places:
    """Rows `at` of the `count` dims from `dim` on, flattened; the result has them in the place of these dims."""
    rows = math.prod(shape[dim : dim + count])
    rest = shape[dim + count :]
    lead = shape[:dim]
    if not lead:
        return Places(None, None if count == 1 else (rows, *rest), at)
    k = namespace_of(device)
    many = math.prod(lead)
    starts = k.reshape(k.arange(many) * rows, shape=(*lead, *[1] * at.ndim))
    return Places(None, (many * rows, *rest), starts + at)


def read(x: Tensor, places: Places, title: str) -> Tensor:
    """The elements at `places`; `title` is what PyTorch calls the node."""
    r: Tensor = apply(TAKE, places.seen(x), make(places.at, x._device))
    return entitle(r, title)


def written(x: Tensor, places: Places, op: Op, value: Tensor, title: str) -> Tensor:
    """A copy of `x` with `value` set at (or, with INDEX_ADD, added to) `places`. The places keep x's order of dims."""
    r: Tensor = apply(op, places.seen(x), make(places.at, x._device), value)
    return entitle(r if places.flat is None else apply_view(RESHAPE, r, shape=tuple(x._data.shape)), title)


def write(x: Tensor, places: Places, op: Op, value: Tensor, title: str) -> Tensor:
    """`written` into the memory of `x`: only the rows are touched where they can be seen in place."""
    before = x._node
    _write(x, places, op, value)
    if x._node is not before and x._view is None:
        entitle(x, title)
    return x


def _write(x: Tensor, places: Places, op: Op, value: Tensor) -> None:
    check_writable(x, op.name + "_", MODE.state.grad)
    seen = places.seen(x)
    shared = seen is x or (seen._view is not None and seen._counter is x._counter)
    at = make(places.at, x._device)
    if shared and (op is INDEX_SET or dtype_of(x) not in dtypes.HALF):
        apply_(op, seen, seen, at, value)
        return
    target = x if places.order is None else cast("Tensor", apply_view(PERMUTE, x, dims=places.order))
    new: Tensor = apply(op, seen, at, value)
    copy_into(target, apply_view(RESHAPE, new, shape=tuple(target._data.shape)))


def take_rows(x: Tensor, index: Tensor, dim: int) -> Tensor:
    """The slices of `x` at `index` (indices known to be in range, any shape) in the place of `dim`."""
    return read(x, along(x._device, tuple(x._data.shape), dim, 1, whole_index(index)), "IndexSelectBackward0")


__all__ = ["INDEX_ADD", "INDEX_SET", "NONZERO", "OUTSIDE", "TAKE", "Places"]
