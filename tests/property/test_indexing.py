"""Indices that mix slices, None, `...`, integer arrays and masks: NumPy's values, for reading, writing and gradients.

Whole numbers beside index arrays are left out: NumPy broadcasts them with the arrays, PyTorch selects first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fnnet


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """A shape and an index with at least one integer array, or one mask."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    common = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=1, max_side=3))
    masked = draw(st.booleans())
    special = draw(st.integers(0, len(shape) - 1))
    index: list[Any] = []
    for dim, size in enumerate(shape):
        if draw(st.integers(0, 4)) == 0:
            index.append(None)
        if dim == special and masked:
            index.append(draw(hnp.arrays(np.bool_, (size,))))
        elif dim == special or (not masked and draw(st.booleans())):
            index.append(draw(hnp.arrays(np.int64, common, elements=st.integers(-size, size - 1))))
        elif dim > special and draw(st.integers(0, 3)) == 0:
            index.append(...)
            break
        else:
            start, stop = draw(st.integers(-size, size)), draw(st.integers(-size, size))
            index.append(slice(start, stop, draw(st.integers(1, 3))))
    return shape, tuple(index)


def ours(index: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(fnnet.from_numpy(part) if isinstance(part, np.ndarray) else part for part in index)


@given(cases())
def test_reading(case: tuple[tuple[int, ...], tuple[Any, ...]]) -> None:
    shape, index = case
    a = np.arange(float(np.prod(shape))).reshape(shape)
    np.testing.assert_array_equal(fnnet.from_numpy(a)[ours(index)].numpy(), a[index])


@given(cases())
def test_writing(case: tuple[tuple[int, ...], tuple[Any, ...]]) -> None:
    shape, index = case
    a = np.arange(float(np.prod(shape))).reshape(shape)
    # Equal values wherever a place is named twice: which write is last is nobody's promise.
    new = np.asarray(-a[index])
    x = fnnet.from_numpy(a.copy())
    x[ours(index)] = fnnet.from_numpy(new)
    a[index] = new
    np.testing.assert_array_equal(x.numpy(), a)


@given(cases())
def test_gradients_of_reading_and_writing(case: tuple[tuple[int, ...], tuple[Any, ...]]) -> None:
    shape, index = case
    size = int(np.prod(shape))
    origin = np.arange(size).reshape(shape)[index]
    weights = np.random.default_rng(0).uniform(1, 2, origin.shape)
    x = fnnet.zeros(shape, dtype=fnnet.float64, requires_grad=True)
    x[ours(index)].backward(fnnet.from_numpy(weights))
    np.testing.assert_allclose(x.grad.numpy().ravel(), np.bincount(origin.ravel(), weights.ravel(), size))

    x.grad = None
    written = x * 1
    written[ours(index)] = 5.0
    written.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy().ravel(), ~np.isin(np.arange(size), origin))
