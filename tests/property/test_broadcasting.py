"""Broadcasting: values by NumPy; gradients by counting where each element went."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fnnet

SHAPE = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
TWO = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3)
THREE = hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=1, max_side=3)


def values(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.5, 2, shape)


def gathered(weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The sum of the weights over all places that each element of a broadcast array went to."""
    size = int(np.prod(shape))
    origin = np.broadcast_to(np.arange(size).reshape(shape), weights.shape)
    return np.bincount(origin.ravel(), weights.ravel(), size).reshape(shape)


@given(TWO)
def test_arithmetic_broadcasts_as_numpy(shapes: hnp.BroadcastableShapes) -> None:
    a, b = (values(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
    x, y = fnnet.from_numpy(a), fnnet.from_numpy(b)
    for ours, numpys in ((x + y, a + b), (x * y, a * b), (x / y, a / b), (fnnet.maximum(x, y), np.maximum(a, b))):
        assert ours.shape == shapes.result_shape
        np.testing.assert_array_equal(ours.numpy(), numpys)
    assert fnnet.broadcast_shapes(*shapes.input_shapes) == shapes.result_shape


@given(TWO)
def test_gradients_come_back_from_wherever_an_element_went(shapes: hnp.BroadcastableShapes) -> None:
    a, b = (values(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
    w = values(shapes.result_shape, 2)
    x, y = (fnnet.from_numpy(array).requires_grad_() for array in (a, b))
    (x * y).backward(fnnet.from_numpy(w))
    np.testing.assert_allclose(x.grad.numpy(), gathered(w * b, a.shape), rtol=1e-12)
    np.testing.assert_allclose(y.grad.numpy(), gathered(w * a, b.shape), rtol=1e-12)


@given(THREE, st.integers(0, 2**32 - 1))
def test_where_broadcasts_three(shapes: hnp.BroadcastableShapes, seed: int) -> None:
    condition, a, b = (values(shape, seed + i) for i, shape in enumerate(shapes.input_shapes))
    chosen = fnnet.where(fnnet.from_numpy(np.asarray(condition > 1.25)), fnnet.from_numpy(a), fnnet.from_numpy(b))
    np.testing.assert_array_equal(chosen.numpy(), np.where(condition > 1.25, a, b))


@given(SHAPE, SHAPE)
def test_what_numpy_refuses_is_refused_and_changes_nothing(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    try:
        np.broadcast_shapes(left, right)
    except ValueError:
        x, y = fnnet.zeros(left), fnnet.ones(right)
        for attempt in (lambda: x + y, lambda: x.add_(y), lambda: fnnet.broadcast_shapes(left, right)):
            with pytest.raises(RuntimeError):
                attempt()
        assert not x.any()


@given(TWO)
def test_in_place_the_target_keeps_its_shape(shapes: hnp.BroadcastableShapes) -> None:
    a, b = (values(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
    x = fnnet.from_numpy(a.copy())
    if shapes.result_shape == a.shape:
        x.sub_(fnnet.from_numpy(b))
        np.testing.assert_array_equal(x.numpy(), a - b)
    else:
        with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
            x.sub_(fnnet.from_numpy(b))
        np.testing.assert_array_equal(x.numpy(), a)
