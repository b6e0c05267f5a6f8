"""Batches of sequences of different lengths: padded `(T, N, *)`, or packed `(S, *)` with the rows step by step.

Packing leaves the padding out; it and its inverse are each other's gradients.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.namespace import A, Call, Namespace, Number, Shape
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet._core.packed_steps import join, rows
from fnnet.autograd.tape import apply

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


def _runs(batch_sizes: Shape) -> Iterator[tuple[int, int]]:
    """How many steps follow each other with how many rows each."""
    for n, same in itertools.groupby(batch_sizes):
        yield len(list(same)), n


def _pack(k: K[A], x: A, *, batch_sizes: Shape) -> A:
    rest, pieces, at = x.shape[2:], [], 0
    for length, n in _runs(batch_sizes):
        part = k.getitem(x, index=(slice(at, at + length), slice(0, n)))
        pieces.append(k.reshape(part, shape=(length * n, *rest)))
        at += length
    return k.cat(*pieces, dim=0)


def _pack_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (_unpack(k, g, batch_sizes=c.static["batch_sizes"], shape=c.shapes[0][:2], fill=0),)


def _unpack(k: K[A], x: A, *, batch_sizes: Shape, shape: Shape, fill: Number) -> A:
    total, width = shape
    rest, pieces, at = x.shape[1:], [], 0
    for length, n in _runs(batch_sizes):
        part = k.reshape(rows(k, x, at, at + length * n), shape=(length, n, *rest))
        if n < width:
            part = k.cat(part, k.full((length, width - n, *rest), fill, dtype=x.dtype), dim=1)
        pieces.append(part)
        at += length * n
    if total > len(batch_sizes):
        pieces.append(k.full((total - len(batch_sizes), width, *rest), fill, dtype=x.dtype))
    return k.clone(pieces[0], contiguous=True) if len(pieces) == 1 else join(k, pieces)


def _unpack_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (_pack(k, g, batch_sizes=c.static["batch_sizes"]),)


PACK = Op(
    "pack_padded_sequence", title="PackPaddedSequenceBackward0", forward=_pack, backward=_pack_backward, uses=((),),
    kind=Kind.MOVE,
    samples=lambda make: (
        Sample(make(4, 3, 2), batch_sizes=(3, 2, 2)), Sample(make(2, 2), batch_sizes=(2, 2)),
        Sample(make(3, 1), batch_sizes=(1,)),
    ),
)  # fmt: skip


def _unpack_samples(make: Make) -> Iterator[Sample]:
    yield Sample(make(7, 2), batch_sizes=(3, 2, 2), shape=(3, 3), fill=0)
    yield Sample(make(5, 2, 1), batch_sizes=(2, 2, 1), shape=(5, 3), fill=2)
    yield Sample(make(4), batch_sizes=(2, 2), shape=(2, 2), fill=0)


UNPACK = Op(
    "pad_packed_sequence", title="TransposeBackward0", forward=_unpack, backward=_unpack_backward, uses=((),),
    kind=Kind.MOVE, samples=_unpack_samples,
)  # fmt: skip


def pack(x: Tensor, batch_sizes: Shape) -> Tensor:
    """The rows `x[t, :batch_sizes[t]]` of all steps, one below the other.

    Args:
        x: `(T, N, *)`, any dtype, of at least as many steps as `batch_sizes` has.
        batch_sizes: Rows of each step, at most N, never more than in the step before.

    Returns:
        `(sum(batch_sizes), *)`.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.functional.packing import pack
        >>> pack(fnnet.tensor([[1, 3], [2, 0]]), (2, 1))
        tensor([1, 3, 2])
    """
    return cast("Tensor", apply(PACK, x, batch_sizes=batch_sizes))


def unpack(data: Tensor, batch_sizes: Shape, shape: Shape, fill: Number) -> Tensor:
    """The inverse of `pack`.

    Args:
        data: `(sum(batch_sizes), *)`, any dtype.
        batch_sizes: Rows of each step, never more than in the step before.
        shape: `(T, N)` of the result, at least as much as `batch_sizes` fills.
        fill: What stands where there are no rows.

    Returns:
        `(T, N, *)`.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.functional.packing import unpack
        >>> unpack(fnnet.tensor([1, 3, 2]), (2, 1), (2, 2), 0)
        tensor([[1, 3],
                [2, 0]])
    """
    return cast("Tensor", apply(UNPACK, data, batch_sizes=batch_sizes, shape=shape, fill=fill))


__all__ = ["pack", "unpack"]
