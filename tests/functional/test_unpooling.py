"""Max-unpooling. Literals were printed by PyTorch 2.13 unless a comment says otherwise."""

from __future__ import annotations

import pytest

import fnnet
import fnnet.nn.functional as F


def test_overlapping_windows() -> None:
    x = fnnet.tensor([[[1.0, 5, 2, 0], [3, 4, 6, 1], [2, 2, 4, 8], [0, 1, 7, 3]]])
    y, at = F.max_pool2d(x, 3, 1, return_indices=True)
    assert at.tolist() == [[[6, 11], [14, 11]]]
    assert F.max_unpool2d(y, at, 3, 1).tolist() == [[[0, 0, 0, 0], [0, 0, 6, 0], [0, 0, 0, 8], [0, 0, 7, 0]]]


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("batch", [True, False])
def test_pooling_what_was_unpooled_gives_it_back(d: int, batch: bool) -> None:
    """By definition, where windows do not overlap and maxima are positive."""
    fnnet.manual_seed(0)
    x = fnnet.rand(*((2,) if batch else ()), 3, *(7, 6, 5)[:d]) + 0.1
    pool, unpool = getattr(F, f"max_pool{d}d"), getattr(F, f"max_unpool{d}d")
    y, at = pool(x, 2, return_indices=True)
    back = unpool(y, at, 2, output_size=x.shape[-d:])
    assert back.shape == x.shape
    assert fnnet.equal(pool(back, 2), y)
    assert fnnet.equal(back, fnnet.where(back == x, x, 0.0))
    assert int((back != 0).sum()) == y.numel()


def test_output_size_decides_the_places() -> None:
    y, at = fnnet.tensor([[1.0, 2.0]]), fnnet.tensor([[1, 3]])
    assert F.max_unpool1d(y, at, 2).tolist() == [[0, 1, 0, 2]]
    for size in ((5,), [1, 1, 5], fnnet.Size([1, 1, 5])):
        assert F.max_unpool1d(y, at, 2, output_size=size).tolist() == [[0, 1, 0, 2, 0]]


def test_the_gradient_is_read_at_the_places() -> None:
    """PyTorch's, for elements that share a place, too: each of them gets it."""
    x = fnnet.tensor([[[1.0, 2.0, 3.0]]], dtype=fnnet.float64, requires_grad=True)
    y = F.max_unpool1d(x, fnnet.tensor([[[0, 2, 2]]]), 2, 2)
    y.backward(fnnet.arange(6.0, dtype=fnnet.float64).reshape(1, 1, 6))
    assert x.grad is not None
    assert x.grad.tolist() == [[[0.0, 2.0, 2.0]]]
    at = fnnet.tensor([[[3, 0, 5]]])
    assert fnnet.autograd.gradcheck(lambda t: F.max_unpool1d(t, at, 2), (x,))
    assert fnnet.autograd.gradgradcheck(lambda t: F.max_unpool1d(t, at, 2) ** 2, (x,))


@pytest.mark.parametrize("dtype", [fnnet.float16, fnnet.bfloat16, fnnet.float64])
def test_dtypes(dtype: fnnet.dtype) -> None:
    y = fnnet.tensor([[1.5, 2.5]], dtype=dtype)
    found = F.max_unpool1d(y, fnnet.tensor([[0, 2]]), 2)
    assert found.dtype is dtype
    assert found.tolist() == [[1.5, 0, 2.5, 0]]


def test_empty_batches() -> None:
    found = F.max_unpool2d(fnnet.ones(0, 3, 2, 2), fnnet.zeros(0, 3, 2, 2, dtype=fnnet.int64), 2)
    assert found.shape == (0, 3, 4, 4)
