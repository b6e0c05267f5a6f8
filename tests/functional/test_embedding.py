"""Embedding and one-hot vectors: gradients with every option, renormalisation in memory, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F

ROWS = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


@pytest.mark.parametrize(
    ("options", "gradient"),
    [  # rows 2, 0, 2 are looked up, with output gradients 1, 2, 3
        ({}, [[2.0, 2.0], [0.0, 0.0], [4.0, 4.0]]),
        ({"padding_idx": 2}, [[2.0, 2.0], [0.0, 0.0], [0.0, 0.0]]),
        ({"padding_idx": -3}, [[0.0, 0.0], [0.0, 0.0], [4.0, 4.0]]),
        ({"scale_grad_by_freq": True}, [[2.0, 2.0], [0.0, 0.0], [2.0, 2.0]]),
    ],
)
@pytest.mark.parametrize("dtype", [fnnet.int64, fnnet.int32])
def test_rows_and_their_gradient(options: dict[str, Any], gradient: list[list[float]], dtype: Any) -> None:
    weight = fnnet.tensor(ROWS, requires_grad=True)
    y = F.embedding(fnnet.tensor([2, 0, 2], dtype=dtype), weight, **options)
    assert y.tolist() == [ROWS[2], ROWS[0], ROWS[2]]
    y.backward(fnnet.tensor([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]))
    assert weight.grad is not None
    assert weight.grad.tolist() == gradient


@pytest.mark.parametrize("shape", [(), (0,), (4,), (2, 3), (2, 0, 3)])
def test_shapes(shape: tuple[int, ...]) -> None:
    weight = fnnet.tensor(ROWS, requires_grad=True)
    y = F.embedding(fnnet.ones(shape).long(), weight)
    assert y.shape == (*shape, 2)
    y.sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [[0.0, 0.0], [float(np.prod(shape))] * 2, [0.0, 0.0]]


@pytest.mark.parametrize("order", [1.0, 2.0, 3.0, float("inf")])
def test_long_rows_are_scaled_in_memory(order: float) -> None:
    weight = fnnet.tensor([[3.0, 4.0], [30.0, 40.0], [0.1, 0.1]], dtype=fnnet.float64, requires_grad=True)
    shared = weight.detach().numpy()
    F.embedding(fnnet.tensor([0, 2, 0]), weight, max_norm=1.0, norm_type=order)
    np.testing.assert_allclose(np.linalg.norm(shared[0], order), 1.0, rtol=1e-6)
    assert shared[1:].tolist() == [[30.0, 40.0], [0.1, 0.1]]  # not looked up; short enough


@pytest.mark.parametrize("index", [3, -1])
def test_an_index_out_of_range_changes_nothing(index: int) -> None:
    weight = fnnet.tensor(ROWS)
    with pytest.raises(IndexError, match="index out of range in self"):
        F.embedding(fnnet.tensor([0, index]), weight, max_norm=0.1)
    assert weight.tolist() == ROWS


@pytest.mark.parametrize(
    ("call", "error", "phrase"),
    [
        (lambda: F.embedding(fnnet.tensor([1.0]), fnnet.tensor(ROWS)), RuntimeError, "Long, Int; but got Float"),
        (lambda: F.embedding(fnnet.tensor([1]), fnnet.tensor(ROWS), 3), ValueError, "Padding_idx must be within"),
        (lambda: F.embedding(fnnet.tensor([1]), fnnet.tensor(ROWS), sparse=True), ValueError, "sparse gradients"),
        (lambda: F.embedding(fnnet.tensor([1]), fnnet.tensor([1.0])), RuntimeError, "'weight' must be 2-D"),
        (lambda: F.embedding(fnnet.tensor([0]), fnnet.tensor([[3, 4]]), max_norm=1.0), RuntimeError, "max_norm scales"),
        (lambda: F.one_hot(fnnet.tensor([1.0])), RuntimeError, "only applicable to index tensor of type LongTensor"),
        (lambda: F.one_hot(fnnet.tensor([-1])), RuntimeError, "Class values must be non-negative"),
        (lambda: F.one_hot(fnnet.tensor([3]), 3), RuntimeError, "Class values must be smaller than num_classes"),
        (lambda: F.one_hot(fnnet.zeros(0).long()), RuntimeError, "Can not infer total number of classes"),
    ],
)
def test_errors(call: Any, error: type[Exception], phrase: str) -> None:
    with pytest.raises(error, match=phrase):
        call()


def test_one_hot() -> None:
    assert F.one_hot(fnnet.tensor([[0, 2]])).tolist() == [[[1, 0, 0], [0, 0, 1]]]
    assert F.one_hot(fnnet.tensor(1), 4).tolist() == [0, 1, 0, 0]
    assert F.one_hot(fnnet.tensor([0]), 2).dtype is fnnet.int64
    assert F.one_hot(fnnet.zeros(0).long(), 3).shape == (0, 3)
