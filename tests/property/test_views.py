"""Chains of views: they see, and write, the memory that NumPy's views of the same chain do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fnnet

Step = tuple[Callable[[fnnet.Tensor], fnnet.Tensor], Callable[[np.ndarray], np.ndarray]]


@st.composite
def a_step(draw: st.DrawFn, shape: tuple[int, ...]) -> Step:
    """One view of a tensor of that shape, in fnnet and in NumPy."""
    kinds = ["unsqueeze", "squeeze", "same"]
    if shape:
        kinds += ["permute", "slice", "select", "narrow", "unfold"]
    if len(shape) >= 2:
        kinds += ["transpose", "diagonal"]
    kind = draw(st.sampled_from(kinds))
    dim = draw(st.integers(0, max(len(shape) - 1, 0)))
    size = shape[dim] if shape else 0
    if kind == "unsqueeze":
        at = draw(st.integers(0, len(shape)))
        return (lambda x: x.unsqueeze(at)), (lambda a: np.expand_dims(a, at))
    if kind == "squeeze":
        return (lambda x: x.squeeze()), (lambda a: a.squeeze())
    if kind == "same":
        return (lambda x: x.view(x.shape)), (lambda a: a[...])
    if kind == "permute":
        order = draw(st.permutations(range(len(shape))))
        return (lambda x: x.permute(*order)), (lambda a: a.transpose(order))
    if kind == "transpose":
        other = draw(st.integers(0, len(shape) - 1))
        return (lambda x: x.transpose(dim, other)), (lambda a: a.swapaxes(dim, other))
    if kind == "diagonal":
        offset = draw(st.integers(1 - shape[0], shape[1] - 1))
        return (lambda x: x.diagonal(offset)), (lambda a: np.einsum("ii...->...i", square(a, offset)))
    if kind == "select":
        i = draw(st.integers(-size, size - 1))
        return (lambda x: x.select(dim, i)), (lambda a: a[(slice(None),) * dim + (i, ...)])  # `...`: a view, no number
    start = draw(st.integers(0, size - 1))
    length = draw(st.integers(1, size - start))
    if kind == "narrow":
        part: tuple[Any, ...] = (slice(None),) * dim + (slice(start, start + length),)
        return (lambda x: x.narrow(dim, start, length)), (lambda a: a[part])
    if kind == "unfold":
        hop = draw(st.integers(1, 2))
        windows = (slice(None),) * dim + (slice(None, None, hop),)
        return (lambda x: x.unfold(dim, length, hop)), (
            lambda a: np.lib.stride_tricks.sliding_window_view(a, length, dim, writeable=True)[windows]
        )
    index = (slice(None),) * dim + (slice(start, None, draw(st.integers(1, 3))),)
    return (lambda x: x[index]), (lambda a: a[index])


def square(a: np.ndarray, offset: int) -> np.ndarray:
    """The square part of the first two axes whose main diagonal is the given one."""
    part = a[max(-offset, 0) :, max(offset, 0) :]
    side = min(part.shape[:2])
    return part[:side, :side]


@st.composite
def a_chain(draw: st.DrawFn) -> tuple[tuple[int, ...], list[Step]]:
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    steps: list[Step] = []
    a = np.zeros(shape)
    for _ in range(draw(st.integers(1, 4))):
        if a.ndim > 5:
            break
        steps.append(draw(a_step(a.shape)))
        a = steps[-1][1](a)
    return shape, steps


@given(a_chain())
def test_a_chain_of_views_sees_and_writes_numpys_memory(case: tuple[tuple[int, ...], list[Step]]) -> None:
    shape, steps = case
    a = np.arange(float(np.prod(shape))).reshape(shape)
    x = fnnet.from_numpy(a.copy())
    v, w = x, a
    for ours, numpys in steps:
        v, w = ours(v), numpys(w)
    assert v.shape == w.shape
    np.testing.assert_array_equal(v.numpy(), w)
    strides = [s // a.itemsize for s in w.strides]
    assert [s for s, n in zip(v.stride(), v.shape, strict=True) if n > 1] == [
        s for s, n in zip(strides, w.shape, strict=True) if n > 1
    ]
    first = (0,) * w.ndim  # one element: windows overlap, and PyTorch refuses to write those as a whole
    v[first] = -1.0
    w[first] = -1.0
    np.testing.assert_array_equal(x.numpy(), a)
    x.mul_(2)
    a *= 2
    np.testing.assert_array_equal(v.numpy(), w)


@given(a_chain())
def test_a_recorded_write_through_a_chain_gives_the_base_its_gradient(
    case: tuple[tuple[int, ...], list[Step]],
) -> None:
    shape, steps = case
    a = np.ones(shape)
    leaf = fnnet.ones(shape, dtype=fnnet.float64, requires_grad=True)
    v, w = leaf * 1, a
    base = v
    for ours, numpys in steps:
        v, w = ours(v), numpys(w)
    v[(0,) * w.ndim] *= 3
    w[(0,) * w.ndim] *= 3
    base.sum().backward()
    np.testing.assert_array_equal(base.detach().numpy(), a)
    np.testing.assert_array_equal(leaf.grad.numpy(), a)  # d/dx of x or 3 x, at x = 1
