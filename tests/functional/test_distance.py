"""Distances and cosine similarity: against NumPy, at coinciding vectors, in parts, by a product of matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet.functional import distance

RANDOM = np.random.default_rng(0)
A, B = RANDOM.normal(size=(2, 6, 4)), RANDOM.normal(size=(2, 5, 4))
ORDERS = [0.0, 0.5, 1.0, 2.0, 3.0, math.inf]


def lengths(gap: np.ndarray, p: float) -> np.ndarray:
    """The p-norm along the last dim."""
    if p == 0:
        return (gap != 0).sum(-1).astype(gap.dtype)
    if p == math.inf:
        return np.abs(gap).max(-1)
    return (np.abs(gap) ** p).sum(-1) ** (1 / p)


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("at_once", [distance._AT_ONCE, 50, 1])
def test_cdist(p: float, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many differences are made at a time."""
    expected = lengths(A[:, :, None] - B[:, None], p)
    x, y = fnnet.tensor(A, requires_grad=True), fnnet.tensor(B, requires_grad=True)
    whole = fnnet.cdist(x, y, p)
    np.testing.assert_allclose(whole.detach().numpy(), expected, rtol=1e-10)
    monkeypatch.setattr(distance, "_AT_ONCE", at_once)
    g = fnnet.randn_like(whole)
    parts = fnnet.cdist(x, y, p)
    assert fnnet.equal(parts, whole)
    found = fnnet.autograd.grad(parts, (x, y), g)
    monkeypatch.undo()
    for part, all_at_once in zip(found, fnnet.autograd.grad(whole, (x, y), g), strict=True):
        np.testing.assert_allclose(part.numpy(), all_at_once.numpy(), atol=1e-12)


@pytest.mark.parametrize("mode", ["use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"])
def test_both_ways_to_euclidean_distances_agree(mode: str) -> None:
    x, y = fnnet.tensor(A, requires_grad=True), fnnet.tensor(B, requires_grad=True)
    d = fnnet.cdist(x, y, compute_mode=mode)
    np.testing.assert_allclose(d.detach().numpy(), lengths(A[:, :, None] - B[:, None], 2), rtol=1e-9)
    gap = A[:, :, None] - B[:, None]
    d.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), (gap / lengths(gap, 2)[..., None]).sum(2), atol=1e-9)


def test_many_vectors_go_through_a_product_of_matrices() -> None:
    x = fnnet.randn(26, 3, requires_grad=True)
    assert fnnet.cdist(x[:25], x[:3]).grad_fn is not None
    few, many = fnnet.cdist(x[:25], x[:3]).grad_fn, fnnet.cdist(x, x[:3]).grad_fn
    assert few is not None
    assert many is not None
    assert few.name() == "CdistBackward0"
    assert many.next_functions[0][0].name() == "EuclideanDistBackward0"


def test_batches_broadcast() -> None:
    d = fnnet.cdist(fnnet.tensor(A[:, None]), fnnet.tensor(B))
    assert d.shape == (2, 2, 6, 5)
    np.testing.assert_allclose(d.numpy(), lengths(A[:, None, :, None] - B[None, :, None], 2), rtol=1e-10)


@pytest.mark.parametrize("shapes", [((0, 3), (4, 3)), ((4, 3), (0, 3)), ((2, 0), (3, 0)), ((0, 2, 3), (4, 3))])
@pytest.mark.parametrize("p", ORDERS)
def test_empty_operands(shapes: tuple[tuple[int, ...], tuple[int, ...]], p: float) -> None:
    x, y = (fnnet.zeros(*shape, requires_grad=True) for shape in shapes)
    d = fnnet.cdist(x, y, p)
    assert d.shape == (*shapes[0][:-2], shapes[0][-2], shapes[1][-2])
    assert not d.any()
    d.sum().backward()
    assert x.grad is not None
    assert x.grad.shape == x.shape


@pytest.mark.parametrize("p", ORDERS)
def test_coinciding_vectors_have_a_gradient_of_zero(p: float) -> None:
    x = fnnet.ones(3, 2, requires_grad=True)
    fnnet.cdist(x, fnnet.ones(2, 2), p).sum().backward()
    assert x.grad is not None
    assert not x.grad.any()
    y = fnnet.ones(3, 2, requires_grad=True)
    fnnet.pdist(y, p).sum().backward()
    assert y.grad is not None
    assert not y.grad.any()


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("n", [0, 1, 2, 6])
def test_pdist_is_the_upper_triangle(p: float, n: int) -> None:
    x = A[0, :n]
    first, second = np.triu_indices(n, 1)
    np.testing.assert_allclose(F.pdist(fnnet.tensor(x), p).numpy(), lengths(x[first] - x[second], p), rtol=1e-10)


@pytest.mark.parametrize("p", [*ORDERS, -1.0])
def test_pairwise_distance(p: float) -> None:
    x, y = A[0], B[0, 0]
    gap = x - y + 0.5
    expected = lengths(gap, p)
    found = F.pairwise_distance(fnnet.tensor(x), fnnet.tensor(y), p, 0.5, keepdim=True)
    np.testing.assert_allclose(found.numpy(), expected[:, None], rtol=1e-10)


def test_pairwise_distance_of_whole_numbers_and_of_points() -> None:
    found = F.pairwise_distance(fnnet.tensor([1, 5]), fnnet.tensor([1, 2]), eps=0.0)
    assert found.dtype is fnnet.float32
    assert found.item() == 3.0
    assert F.pairwise_distance(fnnet.tensor(2.0), fnnet.tensor(1.0), eps=0.0).item() == 1.0


@pytest.mark.parametrize("p", ORDERS)
def test_dist(p: float) -> None:
    found = fnnet.tensor(A).dist(fnnet.tensor(A[:, :1]), p)
    assert found.shape == ()
    np.testing.assert_allclose(found.item(), lengths((A - A[:, :1]).reshape(-1), p), rtol=1e-10)
    assert fnnet.equal(found, fnnet.dist(fnnet.tensor(A), fnnet.tensor(A[:, :1]), p))


def test_cosine_similarity() -> None:
    found = F.cosine_similarity(fnnet.tensor(A[:, :, None]), fnnet.tensor(B[:, None]), dim=-1)
    size = lengths(A, 2)[:, :, None] * lengths(B, 2)[:, None]
    np.testing.assert_allclose(found.numpy(), np.einsum("bik,bjk->bij", A, B) / size, rtol=1e-10)


def test_short_vectors_are_divided_by_eps() -> None:
    x = fnnet.tensor([[0.3, 0.4]], requires_grad=True)
    y = F.cosine_similarity(x, fnnet.tensor([[1.0, 0.0]]), eps=2.0)
    np.testing.assert_allclose(y.item(), 0.3 / 2 / 2, rtol=1e-6)
    y.backward()
    assert x.grad is not None
    # By the norm, too, though it is not what is divided by: PyTorch's gradient.
    np.testing.assert_allclose(x.grad.numpy(), [[0.25 - 0.3 / 8 * 0.6, -0.3 / 8 * 0.8]], rtol=1e-5)
    zero = fnnet.zeros(1, 2, requires_grad=True)
    F.cosine_similarity(zero, fnnet.tensor([[1.0, 2.0]])).sum().backward()
    assert zero.grad is not None
    assert fnnet.isfinite(zero.grad).all()


def test_cosine_similarity_promotes() -> None:
    found = F.cosine_similarity(fnnet.ones(2, 3), fnnet.ones(2, 3, dtype=fnnet.float64))
    assert found.dtype is fnnet.float64
