"""Recurrent layers: one op for one layer in one direction, over all time steps of a batch.

Sequences lie packed: `(S, F)` holds the rows of all time steps one after the other, `batch_sizes[t]` of them for step
`t`, never more than for the step before. A dense batch `(T, N, F)` is the case in which all are N. The input's product
is one matrix product for all steps; only what depends on the step before is computed step by step. What backward needs
of the steps (gates, cells) are outputs of the op, so that derivatives of any order know where they come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import OUT, Make, Op, Sample
from fnnet._core.packed_steps import Carried, before, join, rows, steps

K = Namespace
Grads = tuple[Any, ...]


# pieces ----------------------------------------------------------------------------------------------------------
def _columns(k: K[A], x: A, count: int) -> list[A]:
    """`x` parted into `count` equal ranges of columns."""
    n = x.shape[1] // count
    return [k.getitem(x, index=(slice(None), slice(i * n, (i + 1) * n))) for i in range(count)]


def _turned(k: K[A], x: A) -> A:
    return k.permute(x, dims=(1, 0))


def _kept(c: Call[A], *which: int) -> list[A]:
    """Outputs that were kept."""
    outs: Any = c.out  # there are several
    return [outs[i] for i in which]


def _in_order(k: K[A], pieces: list[A], reverse: bool) -> A:
    """The results of the steps, in the order of time."""
    return join(k, pieces[::-1] if reverse else pieces)


def _projected(k: K[A], x: A, w: A, *biases: A | None) -> A:
    """The input's part of all steps at once."""
    r = k.matmul(x, _turned(k, w))
    given = [b for b in biases if b is not None]
    if not given:
        return r
    return r + (given[0] + given[1] if len(given) == 2 else given[0])


def _or_zeros(k: K[A], g: A | None, shape: Shape, like: A) -> A:
    return k.full(shape, 0, dtype=like.dtype) if g is None else g


def _with(a: A, b: A | None) -> A:
    return a if b is None else a + b


# Elman's -----------------------------------------------------------------------------------------------------------
def _rnn(
    k: K[A], x: A, h0: A, w_ih: A, w_hh: A, b_ih: A | None, b_hh: A | None, *, batch_sizes: Shape, reverse: bool,
    nonlinearity: str,
) -> tuple[A, A]:  # fmt: skip
    pre, w = _projected(k, x, w_ih, b_ih, b_hh), _turned(k, w_hh)
    activate = k.tanh if nonlinearity == "tanh" else k.relu
    h, outs = Carried(k, h0), []
    for start, stop in steps(batch_sizes, reverse):
        h.state = activate(rows(k, pre, start, stop) + k.matmul(h.take(stop - start), w))
        outs.append(h.state)
    return _in_order(k, outs, reverse), k.clone(h.final())


def _rnn_backward(k: K[A], c: Call[A], grads: Grads) -> Grads:
    x, h0, w_ih, w_hh = c.inputs[:4]
    (y,), (gy, gh) = _kept(c, 0), grads
    sizes, reverse = c.static["batch_sizes"], c.static["reverse"]
    relu = c.static["nonlinearity"] == "relu"
    slope = None if relu else 1 - y * y
    rises = k.gt(y, 0.0) if relu else None
    dh, dpres = Carried(k, _or_zeros(k, gh, (sizes[0], y.shape[1]), y)), []
    for start, stop in reversed(steps(sizes, reverse)):
        g = _with(dh.take(stop - start), None if gy is None else rows(k, gy, start, stop))
        if rises is not None:
            dpre = k.where(rows(k, rises, start, stop), g, 0.0)
        else:
            assert slope is not None
            dpre = g * rows(k, slope, start, stop)
        dpres.append(dpre)
        dh.state = k.matmul(dpre, w_hh)
    dpre = _in_order(k, dpres, not reverse)
    return (*_from_preactivation(k, c, dpre, x, w_ih, dh),
            _by_weight(k, dpre, before(k, y, h0, sizes, reverse)) if c.needs[3] else None,
            *_by_biases(k, c.needs[4:6], dpre, dpre))  # fmt: skip


def _from_preactivation(k: K[A], c: Call[A], dpre: A, x: A, w_ih: A, dh: Carried[A], *more: A | None) -> Grads:
    """The gradients of x, the initial states and the input's weight."""
    return (
        k.matmul(dpre, w_ih) if c.needs[0] else None,
        dh.final() if c.needs[1] else None,
        *more,
        k.matmul(_turned(k, dpre), x) if c.needs[2 + len(more)] else None,
    )


def _by_weight(k: K[A], g: A, x: A) -> A:
    return k.matmul(_turned(k, g), x)


def _by_biases(k: K[A], needs: Sequence[bool], *grads: A) -> Grads:
    sums = [k.sum(g, dim=(0,)) if need else None for g, need in zip(grads, needs, strict=True)]
    return tuple(sums)


def _samples_of(gates: int, cells: bool = False) -> Any:
    """Samples of a layer: dense and packed, both directions, without biases, one step, no rows."""

    def samples(make: Make, **static: Any) -> Iterator[Sample]:
        def sample(sizes: Shape, n_in: int, n: int, bias: bool = True, reverse: bool = False, out: int = 0) -> Sample:
            p = out or n
            states = [make(sizes[0], p), make(sizes[0], n)] if cells else [make(sizes[0], n)]
            biases = [make(gates * n), make(gates * n)] if bias else [None, None]
            more = [make(out, n) if out else None] if cells else []
            return Sample(
                make(sum(sizes), n_in), *states, make(gates * n, n_in), make(gates * n, p), *biases, *more,
                batch_sizes=sizes, reverse=reverse, **static,
            )  # fmt: skip

        yield sample((2, 2, 2), 2, 2)
        yield sample((3, 2, 2, 1), 1, 2, reverse=True)
        yield sample((2, 1), 2, 1, bias=False)
        yield sample((2,), 1, 1, reverse=True)
        yield sample((0, 0), 1, 2)
        if cells:
            yield sample((2, 2, 1), 1, 2, out=1)
            yield sample((1, 1), 2, 2, bias=False, reverse=True, out=1)

    return samples


def _rnn_samples(make: Make) -> Iterator[Sample]:
    yield from _samples_of(1)(make, nonlinearity="tanh")
    yield from _samples_of(1)(make, nonlinearity="relu")


RNN_LAYER = Op(
    "rnn_layer", forward=_rnn, backward=_rnn_backward, n_out=2, keeps=(0,),
    uses=((2, 3, OUT), (3, OUT), (0, 3, OUT), (1, 3, OUT), (3, OUT)), real=True, onnx="RNN", samples=_rnn_samples,
)  # fmt: skip
"""x, h0, w_ih, w_hh, b_ih, b_hh to y `(S, H)` and h_n `(N, H)`."""


# long short-term memory ----------------------------------------------------------------------------------------------
def _lstm(
    k: K[A], x: A, h0: A, c0: A, w_ih: A, w_hh: A, b_ih: A | None, b_hh: A | None, w_hr: A | None, *,
    batch_sizes: Shape, reverse: bool,
) -> tuple[A, ...]:  # fmt: skip
    pre, w = _projected(k, x, w_ih, b_ih, b_hh), _turned(k, w_hh)
    n = c0.shape[1]
    project = None if w_hr is None else _turned(k, w_hr)
    h, c = Carried(k, h0), Carried(k, c0)
    outs, cells, gates = [], [], []
    for start, stop in steps(batch_sizes, reverse):
        count = stop - start
        a = rows(k, pre, start, stop) + k.matmul(h.take(count), w)
        both = k.sigmoid(k.getitem(a, index=(slice(None), slice(0, 2 * n))))
        i, f = _columns(k, both, 2)
        g = k.tanh(k.getitem(a, index=(slice(None), slice(2 * n, 3 * n))))
        o = k.sigmoid(k.getitem(a, index=(slice(None), slice(3 * n, 4 * n))))
        c.state = f * c.take(count) + i * g
        y = o * k.tanh(c.state)
        h.state = y if project is None else k.matmul(y, project)
        outs.append(h.state)
        cells.append(c.state)
        gates.append(k.cat(both, g, o, dim=1))
    return (
        _in_order(k, outs, reverse), k.clone(h.final()), k.clone(c.final()), _in_order(k, cells, reverse),
        _in_order(k, gates, reverse),
    )  # fmt: skip


def _lstm_backward(k: K[A], call: Call[A], grads: Grads) -> Grads:
    x, h0, c0, w_ih, w_hh, _, _, w_hr = call.inputs
    y, cells, gates = _kept(call, 0, 3, 4)
    gy, gh, gc, gcells, ggates = grads
    sizes, reverse, needs = call.static["batch_sizes"], call.static["reverse"], call.needs
    i, f, g, o = _columns(k, gates, 4)
    t = k.tanh(cells)
    to_cell, to_o = o * (1 - t * t), t * o * (1 - o)
    to_i, to_f, to_g = g * i * (1 - i), before(k, cells, c0, sizes, reverse) * f * (1 - f), i * (1 - g * g)
    direct = None if ggates is None else ggates * k.cat(i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o), dim=1)
    dh = Carried(k, _or_zeros(k, gh, (sizes[0], y.shape[1]), y))
    dc = Carried(k, _or_zeros(k, gc, (sizes[0], cells.shape[1]), y))
    dpres, souts = [], []
    for start, stop in reversed(steps(sizes, reverse)):
        s = _with(dh.take(stop - start), None if gy is None else rows(k, gy, start, stop))
        if w_hr is not None:
            souts.append(s)
            s = k.matmul(s, w_hr)
        u = dc.take(stop - start) + s * rows(k, to_cell, start, stop)
        if gcells is not None:
            u = u + rows(k, gcells, start, stop)
        dpre = k.cat(
            u * rows(k, to_i, start, stop), u * rows(k, to_f, start, stop), u * rows(k, to_g, start, stop),
            s * rows(k, to_o, start, stop), dim=1,
        )  # fmt: skip
        if direct is not None:
            dpre = dpre + rows(k, direct, start, stop)
        dpres.append(dpre)
        dc.state = u * rows(k, f, start, stop)
        dh.state = k.matmul(dpre, w_hh)
    dpre = _in_order(k, dpres, not reverse)
    return (
        *_from_preactivation(k, call, dpre, x, w_ih, dh, dc.final() if needs[2] else None),
        _by_weight(k, dpre, before(k, y, h0, sizes, reverse)) if needs[4] else None,
        *_by_biases(k, needs[5:7], dpre, dpre),
        _by_weight(k, _in_order(k, souts, not reverse), o * t) if needs[7] else None,
    )


_LSTM_NEEDS = (2, 4, 7, OUT)
LSTM_LAYER = Op(
    "lstm_layer", forward=_lstm, backward=_lstm_backward, n_out=5, keeps=(0, 3, 4),
    uses=((3, *_LSTM_NEEDS), _LSTM_NEEDS, _LSTM_NEEDS, (0, *_LSTM_NEEDS), (1, *_LSTM_NEEDS), _LSTM_NEEDS),
    real=True, onnx="LSTM", samples=_samples_of(4, cells=True),
)  # fmt: skip
"""x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr to y `(S, P)`, h_n, c_n, cells `(S, H)` and gates `(S, 4 H)`: i, f, g, o."""


# gated recurrent units -----------------------------------------------------------------------------------------------
def _gru(
    k: K[A], x: A, h0: A, w_ih: A, w_hh: A, b_ih: A | None, b_hh: A | None, *, batch_sizes: Shape, reverse: bool
) -> tuple[A, ...]:
    pre, w = _projected(k, x, w_ih, b_ih), _turned(k, w_hh)
    n = h0.shape[1]
    h = Carried(k, h0)
    outs, gates, parts = [], [], []
    for start, stop in steps(batch_sizes, reverse):
        old = h.take(stop - start)
        a, b = rows(k, pre, start, stop), k.matmul(old, w)
        if b_hh is not None:
            b = b + b_hh
        first = slice(None), slice(0, 2 * n)
        last = slice(None), slice(2 * n, 3 * n)
        both = k.sigmoid(k.getitem(a, index=first) + k.getitem(b, index=first))
        r, z = _columns(k, both, 2)
        part = k.getitem(b, index=last)
        new = k.tanh(k.getitem(a, index=last) + r * part)
        h.state = (old - new) * z + new
        outs.append(h.state)
        gates.append(k.cat(both, new, dim=1))
        parts.append(part)
    return _in_order(k, outs, reverse), k.clone(h.final()), _in_order(k, gates, reverse), _in_order(k, parts, reverse)


def _gru_backward(k: K[A], c: Call[A], grads: Grads) -> Grads:
    x, h0, w_ih, w_hh = c.inputs[:4]
    y, gates, part = _kept(c, 0, 2, 3)
    gy, gh, ggates, gpart = grads
    sizes, reverse, needs = c.static["batch_sizes"], c.static["reverse"], c.needs
    r, z, new = _columns(k, gates, 3)
    old = before(k, y, h0, sizes, reverse)
    to_z, to_new, to_r = (old - new) * z * (1 - z), (1 - z) * (1 - new * new), part * r * (1 - r)
    direct = None if ggates is None else ggates * k.cat(r * (1 - r), z * (1 - z), 1 - new * new, dim=1)
    more_r, more_z, more_new = (None,) * 3 if direct is None else _columns(k, direct, 3)
    dh, by_x, by_h = Carried(k, _or_zeros(k, gh, (sizes[0], y.shape[1]), y)), [], []
    for start, stop in reversed(steps(sizes, reverse)):

        def part_of(v: A | None, start: int = start, stop: int = stop) -> Any:  # None of None
            return None if v is None else rows(k, v, start, stop)

        s = _with(dh.take(stop - start), part_of(gy))
        dnew = _with(s * part_of(to_new), part_of(more_new))
        dr = _with(dnew * part_of(to_r), part_of(more_r))
        dz = _with(s * part_of(to_z), part_of(more_z))
        dpart = _with(dnew * part_of(r), part_of(gpart))
        by_x.append(k.cat(dr, dz, dnew, dim=1))
        by_h.append(k.cat(dr, dz, dpart, dim=1))
        dh.state = s * part_of(z) + k.matmul(by_h[-1], w_hh)
    dx, dhh = _in_order(k, by_x, not reverse), _in_order(k, by_h, not reverse)
    return (
        *_from_preactivation(k, c, dx, x, w_ih, dh),
        _by_weight(k, dhh, old) if needs[3] else None,
        *_by_biases(k, needs[4:6], dx, dhh),
    )


_GRU_NEEDS = (1, 3, OUT)
GRU_LAYER = Op(
    "gru_layer", forward=_gru, backward=_gru_backward, n_out=4, keeps=(0, 2, 3),
    uses=((2, *_GRU_NEEDS), _GRU_NEEDS, (0, *_GRU_NEEDS), _GRU_NEEDS), real=True, onnx="GRU", samples=_samples_of(3),
)  # fmt: skip
"""x, h0, w_ih, w_hh, b_ih, b_hh to y `(S, H)`, h_n, gates `(S, 3 H)`: r, z, n, and W_hn h + b_hn `(S, H)`."""

__all__ = ["GRU_LAYER", "LSTM_LAYER", "RNN_LAYER"]
