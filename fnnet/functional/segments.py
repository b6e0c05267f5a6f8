"""Scattering with a reduction: what comes to one place is summed, multiplied, averaged, or its extreme is kept.

Sums are `index_add`. For the others, what comes is sorted by its place; then neighbours of one place are joined in
pairs until each place has one value left: log2(most values at one place) rounds, on every backend and with every
derivative.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import OptionError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OPS, Make, Op, Sample
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.backends import dtypes
from fnnet.functional._common import dtype_of, refuse_dtype
from fnnet.functional.places import INDEX_ADD, INDEX_SET, TAKE, Places, host_number
from fnnet.functional.shape import RESHAPE

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# the larger or smaller of two extremes, each of which stands for as many equal values as `ties` says ----------------
def _extreme(k: K[A], a: A, b: A, ties_a: A, ties_b: A, /, *, least: bool) -> A:
    return k.minimum(a, b) if least else k.maximum(a, b)


def _extreme_backward(k: K[A], c: Call[A], g: A) -> Grads:
    if not (c.needs[0] or c.needs[1]):
        return (None,) * 4
    a, b, ties_a, ties_b = c.inputs
    wins = k.lt if c.static["least"] else k.gt
    same, share = k.eq(a, b), g / (ties_a + ties_b)
    return (
        k.where(wins(b, a), 0.0, k.where(same, share * ties_a, g)) if c.needs[0] else None,
        k.where(wins(a, b), 0.0, k.where(same, share * ties_b, g)) if c.needs[1] else None,
        None,
        None,
    )


def _extreme_samples(make: Make) -> Any:
    ties = make(3, low=1, high=1), make(3, low=2, high=2)
    for least in (False, True):
        yield Sample(make(3, low=0, high=1), make(3, low=2, high=3), *ties, least=least)
    same = make(3)
    yield Sample(same, same, *ties, smooth=False, least=False)


EXTREME = Op(
    "scatter_extreme", forward=_extreme, backward=_extreme_backward, uses=((0, 1, 2, 3), (0, 1, 2, 3), (), ()),
    samples=_extreme_samples,
)  # fmt: skip


def _joined_ties(k: Any, a: Any, b: Any, ties_a: Any, ties_b: Any, least: bool) -> Any:
    """For how many equal values the extreme of `a` and `b` stands."""
    wins = k.lt if least else k.gt
    return k.where(wins(a, b), ties_a, k.where(wins(b, a), ties_b, ties_a + ties_b))


# reductions ----------------------------------------------------------------------------------------------------------
REDUCTIONS = ("sum", "mean", "prod", "amax", "amin")


def combine(x: Tensor, places: Places, values: Tensor, reduce: str, *, include_self: bool) -> Tensor:
    """A copy of `x` with `values` reduced into their places, which are into the first axis of `places.flat`.

    Args:
        x: What is scattered into.
        places: One place per value, or one per slice of the remaining dims.
        values: What comes.
        reduce: "sum", "prod", "mean", "amax" or "amin".
        include_self: Whether x's own value takes part where something comes.
    """
    if reduce not in REDUCTIONS:
        raise OptionError(
            f"scatter_reduce(): reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    refuse_dtype(f"scatter_reduce_{reduce}", dtype_of(x), *{"mean": (0,), "amax": (3,), "amin": (3,)}.get(reduce, ()))
    if dtype_of(x) is dtypes.bool_:
        reduce = {"sum": "amax", "prod": "amin"}.get(reduce, reduce)  # truth values: some, every
    device = x._device
    k = namespace_of(device)
    seen = places.seen(x)
    rest = tuple(seen._data.shape[1:])
    count = math.prod(places.at.shape)
    shape = tuple(x._data.shape)
    if not count or not math.prod(rest):
        return x.clone()
    at: Any = k.reshape(places.at, shape=(count,))
    v: Tensor = apply(RESHAPE, values, shape=(count, *rest))
    start = seen
    if not include_self and reduce in ("sum", "mean"):
        start = apply(INDEX_SET, seen, make(at, device), v.new_zeros((count, *rest)))
    if reduce in ("sum", "mean"):
        r: Tensor = apply(INDEX_ADD, start, make(at, device), v)
        if reduce == "mean":
            r = _divided(r, k, at, include_self)
        return r if tuple(r._data.shape) == shape else apply(RESHAPE, r, shape=shape)
    least = reduce == "amin"
    ties = None if reduce == "prod" else k.full((count, *rest), 1, dtype=dtype_of(v))

    def join(a: Tensor, b: Tensor, ties_a: Any, ties_b: Any) -> Tensor:
        if ties is None:
            return cast("Tensor", apply(OPS["mul"], a, b))
        return cast("Tensor", apply(EXTREME, a, b, make(ties_a, device), make(ties_b, device), least=least))

    order = k.argsort(at, dim=0)
    at = k.take(at, order)
    v = apply(TAKE, v, make(order, device))
    while True:
        n = at.shape[0]
        first = _run_starts(k, at)
        rank = k.arange(n) - k.take(
            k.nonzero(first, count=_true(k, device, first)), k.cumsum(k.cast(first, dtype=dtypes.int64), dim=0) - 1
        )
        odd = k.ne(k.remainder(rank, 2), 0)
        later = _true(k, device, odd)
        if not later:
            break
        right = k.nonzero(odd, count=later)
        left = right - 1
        a: Tensor = apply(TAKE, v, make(left, device))
        b: Tensor = apply(TAKE, v, make(right, device))
        kept = k.nonzero(k.logical_not(odd), count=n - later)
        ties_a = ties_b = None
        if ties is not None:
            ties_a, ties_b = k.take(ties, left), k.take(ties, right)
            ties = k.index_set(ties, left, _joined_ties(k, a._data, b._data, ties_a, ties_b, least))
            ties = k.take(ties, kept)
        joined = join(a, b, ties_a, ties_b)
        v = apply(INDEX_SET, v, make(left, device), joined)
        v = apply(TAKE, v, make(kept, device))
        at = k.take(at, kept)
    where = make(at, device)
    if include_self:
        own: Tensor = apply(TAKE, seen, where)
        v = join(own, v, None if ties is None else k.full(ties.shape, 1, dtype=dtype_of(v)), ties)
    r = apply(INDEX_SET, seen, where, v)
    return r if tuple(r._data.shape) == shape else apply(RESHAPE, r, shape=shape)


def _true(k: Any, device: Any, mask: Any) -> int:
    return int(host_number(device, k.sum(mask, dim=(0,))))


def _run_starts(k: Any, at: Any) -> Any:
    """Where a sorted vector takes a new value."""
    n = at.shape[0]
    new = k.ne(k.getitem(at, index=(slice(1, n),)), k.getitem(at, index=(slice(0, n - 1),)))
    return k.cat(k.full((1,), True, dtype=dtypes.bool_), new, dim=0)


def _divided(total: Tensor, k: Any, at: Any, include_self: bool) -> Tensor:
    """Sums over the number of terms at each place; whole numbers are rounded down."""
    n = total._data.shape[0]
    ones = k.full((n,), 1 if include_self else 0, dtype=dtypes.int64)
    counts = k.index_add(ones, at, k.full(at.shape, 1, dtype=dtypes.int64))
    counts = k.maximum(counts, k.full((), 1, dtype=dtypes.int64))
    counts = k.reshape(k.cast(counts, dtype=dtype_of(total)), shape=(n, *[1] * (total._data.ndim - 1)))
    divide = OPS["div"] if dtype_of(total).category >= 2 else OPS["floor_divide"]
    r: Tensor = apply(divide, total, make(counts, total._device))
    return r


__all__ = ["combine"]
