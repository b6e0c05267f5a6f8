"""Packed sequences, step by step: which rows a step has, and what one step hands on to the next.

The rows of all time steps lie one after the other, `batch_sizes[t]` of them for step `t`, never more than for the step
before: the longest sequence stands first. All of it is written over a namespace, for rules and for backends alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Generic

from fnnet._core.namespace import A, Namespace, Shape

K = Namespace
Steps = list[tuple[int, int]]


def rows(k: K[A], x: A, start: int, stop: int) -> A:
    """Rows `start` to `stop` of `x`; `x` itself where that is all of it."""
    return x if start == 0 and stop == x.shape[0] else k.getitem(x, index=(slice(start, stop),))


def steps(batch_sizes: Shape, reverse: bool) -> Steps:
    """The rows of each step, first and one past the last, in the order in which the steps are taken."""
    ends = list(itertools.accumulate(batch_sizes))
    found = [(end - n, end) for n, end in zip(batch_sizes, ends, strict=True)]
    return found[::-1] if reverse else found


def join(k: K[A], pieces: Sequence[A]) -> A:
    """All pieces one below the other."""
    return pieces[0] if len(pieces) == 1 else k.cat(*pieces, dim=0)


class Carried(Generic[A]):
    """What one step hands on to the next, row by row: sequences begin with rows of `initial`, others end.

    Forward through the steps it is the state; on the way back it is the state's gradient, where `initial` is the
    gradient of the final state and what is left at the end is that of the initial one.

    Attributes:
        state: What the last step left; to be set after each step.
    """

    __slots__ = ("_ended", "_initial", "_k", "state")

    def __init__(self, k: K[A], initial: A) -> None:
        self._k, self._initial = k, initial
        self.state: A | None = None
        self._ended: list[A] = []

    def take(self, n: int) -> A:
        """For a step of `n` rows."""
        k, state = self._k, self.state
        if state is None:
            return rows(k, self._initial, 0, n)
        have = state.shape[0]
        if have == n:
            return state
        if have < n:
            return k.cat(state, rows(k, self._initial, have, n), dim=0)
        self._ended.append(rows(k, state, n, have))
        return rows(k, state, 0, n)

    def final(self) -> A:
        """What the last step of every sequence left; it may be `state` itself."""
        assert self.state is not None
        return join(self._k, [self.state, *reversed(self._ended)])


def before(k: K[A], states: A, initial: A, batch_sizes: Shape, reverse: bool) -> A:
    """The state before each step, from the states after the steps and the initial one."""
    n, last = batch_sizes[0], batch_sizes[-1]
    if len(batch_sizes) == 1:
        return initial
    if n == last:
        rest = states.shape[0] - n
        if reverse:
            return k.cat(rows(k, states, n, n + rest), initial, dim=0)
        return k.cat(initial, rows(k, states, 0, rest), dim=0)
    pieces = []
    pairs = itertools.pairwise(steps(batch_sizes, False))
    if reverse:
        for (start, stop), (below, end) in pairs:
            pieces.append(rows(k, states, below, end))
            if stop - start != end - below:
                pieces.append(rows(k, initial, end - below, stop - start))
        pieces.append(rows(k, initial, 0, last))
    else:
        pieces.append(rows(k, initial, 0, n))
        for (above, _), (start, stop) in pairs:
            pieces.append(rows(k, states, above, above + stop - start))
    return k.cat(*pieces, dim=0)
