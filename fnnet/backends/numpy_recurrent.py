"""Recurrent layers in NumPy: the gates of all steps are computed in place, in a few arrays that are made once.

Over the definitions, which make some twenty small arrays at each step, this saves two thirds of the time. `Any`: the
namespace and the call, as the ops' rules take them; `ignore[no-any-return]`: a rule is generic, its results are arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fnnet._core.namespace import Shape
from fnnet._core.op import OPS
from fnnet._core.packed_steps import Carried, Steps, before, steps

Raw = np.ndarray[Any, Any]


def _sigmoid(x: Raw) -> None:
    """x = 1 / (1 + exp(-x)), in place.

    NumPy 2.4's own negative reads the wrong elements of columns; see `numpy_backend`.
    """
    np.multiply(x, -1, x)
    np.exp(x, x)
    x += 1
    np.reciprocal(x, x)


def _projected(x: Raw, w: Raw, *biases: Raw | None) -> Raw:
    r: Raw = x @ w.T
    given = [b for b in biases if b is not None]
    if given:
        r += sum(given[1:], given[0])
    return r


def _by_weight(k: Any, g: Raw, states: Raw, initial: Raw, batch_sizes: Shape, reverse: bool) -> Raw:
    """The sum over all rows of `g` times the state before the step."""
    n = batch_sizes[0]
    if n != batch_sizes[-1]:
        return g.T @ before(k, states, initial, batch_sizes, reverse)  # type: ignore[no-any-return]
    rest = len(states) - n  # without a copy of the states
    r: Raw = g[:rest].T @ states[n:] if reverse else g[n:].T @ states[:rest]
    r += (g[rest:] if reverse else g[:n]).T @ initial
    return r


def _zeros(g: Raw | None, shape: Shape, like: Raw) -> Raw:
    return np.zeros(shape, like.dtype) if g is None else g


def lstm_layer(
    k: Any, x: Raw, h0: Raw, c0: Raw, w_ih: Raw, w_hh: Raw, b_ih: Raw | None, b_hh: Raw | None, w_hr: Raw | None, *,
    batch_sizes: Shape, reverse: bool,
) -> tuple[Raw, ...]:  # fmt: skip
    """The forward of the op `lstm_layer`."""
    n, most = c0.shape[1], batch_sizes[0]
    gates = _projected(x, w_ih, b_ih, b_hh)
    w = np.ascontiguousarray(w_hh.T)
    y = np.empty((len(x), h0.shape[1]), x.dtype)
    cells = np.empty((len(x), n), x.dtype)
    product, spare = np.empty((most, 4 * n), x.dtype), np.empty((most, n), x.dtype)
    h, c = Carried(k, h0), Carried(k, c0)
    for start, stop in steps(batch_sizes, reverse):
        count = stop - start
        a, t, cell, out = gates[start:stop], spare[:count], cells[start:stop], y[start:stop]
        a += np.matmul(h.take(count), w, out=product[:count])
        i, f, g, o = a[:, :n], a[:, n : 2 * n], a[:, 2 * n : 3 * n], a[:, 3 * n :]
        np.tanh(g, t)
        _sigmoid(a)  # of g, too: twice as fast as of columns
        g[...] = t
        np.multiply(f, c.take(count), out=cell)
        cell += np.multiply(i, g, out=t)
        np.tanh(cell, t)
        if w_hr is None:
            np.multiply(o, t, out=out)
        else:
            t *= o
            np.matmul(t, w_hr.T, out=out)
        h.state, c.state = out, cell
    return y, h.final().copy(), c.final().copy(), cells, gates


def _olds(k: Any, states: Raw, initial: Raw, sizes: Shape, order: Steps) -> Iterator[Raw]:
    """The state before each step, from the last step to the first."""
    if sizes[0] == sizes[-1]:
        for start, stop in order[-2::-1]:
            yield states[start:stop]
        yield initial
    else:
        reverse = order[0][0] > 0
        all_states = before(k, states, initial, sizes, reverse)
        for start, stop in reversed(order):
            yield all_states[start:stop]


def lstm_layer_backward(k: Any, call: Any, grads: Sequence[Raw | None]) -> Sequence[Raw | None]:
    """The gradients of `lstm_layer`, where none comes by its cells or gates (as none does at first order)."""
    gy, gh, gc, gcells, ggates = grads
    if gcells is not None or ggates is not None:
        rule: Any = OPS["lstm_layer"].backward
        return rule(k, call, grads)  # type: ignore[no-any-return]
    x, h0, c0, w_ih, w_hh, _, _, w_hr = call.inputs
    y, _, _, cells, gates = call.out
    sizes, reverse, needs = call.static["batch_sizes"], call.static["reverse"], call.needs
    n, most = cells.shape[1], sizes[0]
    w_hh = np.ascontiguousarray(w_hh)
    dpre, reaching = np.empty(gates.shape, y.dtype), np.empty((most, 4 * n), y.dtype)
    spare, outs = np.empty((most, n), y.dtype), None
    if needs[7]:
        outs = np.empty_like(y), np.empty_like(cells)
    dh, dc = Carried(k, _zeros(gh, (most, y.shape[1]), y)), Carried(k, _zeros(gc, (most, n), y))
    order = steps(sizes, reverse)
    olds = _olds(k, cells, c0, sizes, order)
    for start, stop in reversed(order):
        count = stop - start
        gate, d = gates[start:stop], dpre[start:stop]
        i, f, g, o = gate[:, :n], gate[:, n : 2 * n], gate[:, 2 * n : 3 * n], gate[:, 3 * n :]
        t, u, v = spare[:count], np.empty((count, n), y.dtype), reaching[:count]
        s = dh.take(count)
        if gy is not None:
            s = s + gy[start:stop]
        np.tanh(cells[start:stop], t)
        if w_hr is not None:
            if outs is not None:
                outs[0][start:stop] = s
                np.multiply(o, t, out=outs[1][start:stop])
            s = s @ w_hr
        np.multiply(s, t, out=v[:, 3 * n :])  # what reaches the gates ...
        np.multiply(t, t, out=t)
        np.subtract(1, t, out=t)
        t *= o
        np.multiply(t, s, out=u)
        u += dc.take(count)
        np.multiply(u, g, out=v[:, :n])
        np.multiply(u, next(olds), out=v[:, n : 2 * n])
        np.multiply(u, i, out=v[:, 2 * n : 3 * n])
        np.subtract(1, gate, out=d)  # ... times their slopes
        d *= gate
        np.multiply(g, g, out=t)
        np.subtract(1, t, out=d[:, 2 * n : 3 * n])
        d *= v
        u *= f
        dc.state = u
        dh.state = d @ w_hh
    by_bias = dpre.sum(0) if needs[5] or needs[6] else None
    return (
        dpre @ w_ih if needs[0] else None,
        dh.final() if needs[1] else None,
        dc.final() if needs[2] else None,
        dpre.T @ x if needs[3] else None,
        _by_weight(k, dpre, y, h0, sizes, reverse) if needs[4] else None,
        by_bias if needs[5] else None,
        by_bias if needs[6] else None,
        None if outs is None else outs[0].T @ outs[1],
    )


def gru_layer(
    k: Any, x: Raw, h0: Raw, w_ih: Raw, w_hh: Raw, b_ih: Raw | None, b_hh: Raw | None, *, batch_sizes: Shape,
    reverse: bool,
) -> tuple[Raw, ...]:  # fmt: skip
    """The forward of the op `gru_layer`."""
    n, most = h0.shape[1], batch_sizes[0]
    gates = _projected(x, w_ih, b_ih)
    w = np.ascontiguousarray(w_hh.T)
    y, parts = np.empty((len(x), n), x.dtype), np.empty((len(x), n), x.dtype)
    product = np.empty((most, 3 * n), x.dtype)
    h = Carried(k, h0)
    for start, stop in steps(batch_sizes, reverse):
        old, a, out, part = h.take(stop - start), gates[start:stop], y[start:stop], parts[start:stop]
        b = np.matmul(old, w, out=product[: stop - start])
        if b_hh is not None:
            b += b_hh
        r, z, new = a[:, :n], a[:, n : 2 * n], a[:, 2 * n :]
        part[...] = b[:, 2 * n :]
        out[...] = new
        a += b
        _sigmoid(a)  # of the third part, too: twice as fast as of columns
        np.multiply(r, part, out=new)
        new += out
        np.tanh(new, new)
        np.subtract(old, new, out=out)
        out *= z
        out += new
        h.state = out
    return y, h.final().copy(), gates, parts


def gru_layer_backward(k: Any, call: Any, grads: Sequence[Raw | None]) -> Sequence[Raw | None]:
    """The gradients of `gru_layer`, where none comes by its gates (as none does at first order)."""
    gy, gh, ggates, gparts = grads
    if ggates is not None or gparts is not None:
        rule: Any = OPS["gru_layer"].backward
        return rule(k, call, grads)  # type: ignore[no-any-return]
    x, h0, w_ih, w_hh = call.inputs[:4]
    y, _, gates, parts = call.out
    sizes, reverse, needs = call.static["batch_sizes"], call.static["reverse"], call.needs
    n, most = y.shape[1], sizes[0]
    w_hh = np.ascontiguousarray(w_hh)
    by_x, by_h = np.empty_like(gates), np.empty_like(gates)
    spare = np.empty((most, n), y.dtype)
    dh = Carried(k, _zeros(gh, (most, n), y))
    order = steps(sizes, reverse)
    olds = _olds(k, y, h0, sizes, order)
    for start, stop in reversed(order):
        gate, d, e, t = gates[start:stop], by_x[start:stop], by_h[start:stop], spare[: stop - start]
        r, z, new = gate[:, :n], gate[:, n : 2 * n], gate[:, 2 * n :]
        dr, dz, dnew = d[:, :n], d[:, n : 2 * n], d[:, 2 * n :]
        s = dh.take(stop - start)
        if gy is not None:
            s = s + gy[start:stop]
        np.subtract(1, gate, out=d)
        both = d[:, : 2 * n]
        np.multiply(d[:, n : 2 * n], s, out=t)  # what reaches the new state
        both *= gate[:, : 2 * n]
        np.multiply(new, new, out=dnew)
        np.subtract(1, dnew, out=dnew)
        dnew *= t
        np.subtract(next(olds), new, out=t)
        t *= s
        dz *= t
        dr *= np.multiply(dnew, parts[start:stop], out=t)
        e[:, : 2 * n] = both
        np.multiply(dnew, r, out=e[:, 2 * n :])
        state = e @ w_hh
        state += np.multiply(s, z, out=t)
        dh.state = state
    return (
        by_x @ w_ih if needs[0] else None,
        dh.final() if needs[1] else None,
        by_x.T @ x if needs[2] else None,
        _by_weight(k, by_h, y, h0, sizes, reverse) if needs[3] else None,
        by_x.sum(0) if needs[4] else None,
        by_h.sum(0) if needs[5] else None,
    )
