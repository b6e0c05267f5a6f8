"""Dropout: PyTorch's masks for a seed, layouts, in-place, gradients, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F

# PyTorch 2.13: manual_seed(0); <name>(arange(1., 9.).reshape(shape), 0.4, True), flattened
EXPECTED = [
    ("dropout", (2, 4), [0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 11.666666, 13.333333]),
    ("alpha_dropout", (2, 4),
     [-0.91064203, -0.91064203, 3.1969423, -0.91064203, -0.91064203, -0.91064203, 6.6500731, 7.5133557]),
    ("dropout1d", (1, 4, 2), [0.0, 0.0, 0.0, 0.0, 8.333333, 10.0, 0.0, 0.0]),
    ("dropout2d", (1, 4, 1, 2), [0.0, 0.0, 0.0, 0.0, 8.333333, 10.0, 0.0, 0.0]),
    ("dropout3d", (1, 4, 1, 1, 2), [0.0, 0.0, 0.0, 0.0, 8.333333, 10.0, 0.0, 0.0]),
    ("feature_alpha_dropout", (1, 4, 2),
     [-0.91064203, -0.91064203, -0.91064203, -0.91064203, 4.9235077, 5.7867904, -0.91064203, -0.91064203]),
]  # fmt: skip
NAMES = [row[0] for row in EXPECTED]


def count(shape: tuple[int, ...]) -> fnnet.Tensor:
    return fnnet.arange(1.0, 9.0).reshape(shape)


@pytest.mark.parametrize(("name", "shape", "expected"), EXPECTED, ids=NAMES)
@pytest.mark.parametrize("inplace", [False, True])
def test_pytorchs_numbers(name: str, shape: tuple[int, ...], expected: list[float], inplace: bool) -> None:
    x = count(shape)
    fnnet.manual_seed(0)
    y = getattr(F, name)(x, 0.4, True, inplace)
    np.testing.assert_allclose(y.numpy().ravel(), expected, rtol=1e-6)
    assert (y is x) == inplace
    assert (x.tolist() == count(shape).tolist()) != inplace


@pytest.mark.parametrize(("name", "shape", "expected"), EXPECTED, ids=NAMES)
def test_the_gradient_is_the_masks(name: str, shape: tuple[int, ...], expected: list[float]) -> None:
    x = count(shape).requires_grad_()
    fnnet.manual_seed(0)
    getattr(F, name)(x, 0.4, True).sum().backward()
    assert x.grad is not None
    got = x.grad.numpy().ravel()
    kept = np.array(expected) > 0
    assert (got[~kept] == 0).all()
    factor = 1 / 0.6
    if "alpha" in name:  # neighbouring inputs differ by 1
        first = 4 if "feature" in name else 6
        factor = expected[first + 1] - expected[first]
    np.testing.assert_allclose(got[kept], factor, rtol=1e-5)


def test_a_mask_follows_the_memory_of_its_input() -> None:
    # PyTorch 2.13: manual_seed(0); dropout(arange(1., 7.).reshape(3, 2).t(), 0.4)
    fnnet.manual_seed(0)
    x = fnnet.arange(1.0, 7.0).reshape(3, 2).t()
    y = F.dropout(x, 0.4)
    assert y.tolist() == [[0.0, 5.0, 0.0], [0.0, 0.0, 0.0]]
    assert y.stride() == x.stride()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_drawn_in_evaluation_or_for_certain(name: str) -> None:
    x = count(next(shape for n, shape, _ in EXPECTED if n == name))
    before = fnnet.get_rng_state().tolist()
    assert getattr(F, name)(x, 0.4, False) is x
    assert getattr(F, name)(x, 0.0, True).tolist() == x.tolist()
    assert not getattr(F, name)(x, 1.0, True).numpy().any()
    assert fnnet.get_rng_state().tolist() == before


def test_half_types_keep_their_dtype() -> None:
    for dtype in (fnnet.float16, fnnet.bfloat16):
        assert F.dropout(fnnet.ones(8, dtype=dtype), 0.5).dtype is dtype


def test_dropout1d_takes_one_element_without_batch() -> None:
    fnnet.manual_seed(0)
    assert F.dropout1d(count((4, 2)), 0.4).flatten().tolist() == pytest.approx(EXPECTED[2][2])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_a_probability_out_of_range_is_refused(name: str, p: float) -> None:
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1"):
        getattr(F, name)(fnnet.ones(1, 2, 3), p)


@pytest.mark.parametrize(
    ("call", "phrase"),
    [
        (lambda: F.dropout(fnnet.tensor([1, 2])), "not implemented for 'Long'"),
        (lambda: F.dropout1d(fnnet.ones(2)), "Expected 2D or 3D input"),
        (lambda: F.feature_alpha_dropout(fnnet.ones(2), training=True), "at least 2 dimensions"),
    ],
)
def test_errors(call: Any, phrase: str) -> None:
    with pytest.raises(RuntimeError, match=phrase):
        call()


def test_a_leaf_is_refused_before_anything_is_drawn() -> None:
    x = fnnet.ones(4, requires_grad=True)
    before = fnnet.get_rng_state().tolist()
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        F.dropout(x, 0.5, True, True)
    assert x.tolist() == [1.0] * 4
    assert fnnet.get_rng_state().tolist() == before


def test_unusual_dims_warn() -> None:
    with pytest.warns(UserWarning, match="Received a 2-D input to dropout2d"):
        F.dropout2d(fnnet.ones(2, 3))
    with pytest.warns(UserWarning, match="assuming that channel-wise 1D dropout behavior is desired"):
        F.dropout2d(fnnet.ones(2, 3, 4))
