"""unfold and fold. Literals were printed by PyTorch 2.13 unless a comment says otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet.functional.convolution import conv2d
from fnnet.functional.sliding_blocks import fold, unfold


def ramp(*shape: int) -> fnnet.Tensor:
    return fnnet.arange(float(np.prod(shape))).reshape(shape)


OPTIONS: dict[str, Any] = {"dilation": (1, 2), "padding": (1, 0), "stride": (2, 1)}


def test_literals() -> None:
    assert unfold(ramp(1, 1, 3, 4), (2, 2), **OPTIONS).tolist() == [
        [[0.0, 0.0, 4.0, 5.0], [0.0, 0.0, 6.0, 7.0], [0.0, 1.0, 8.0, 9.0], [2.0, 3.0, 10.0, 11.0]]
    ]
    assert fold(ramp(1, 4, 4), (3, 4), (2, 2), **OPTIONS).tolist() == [
        [[[8.0, 9.0, 12.0, 13.0], [2.0, 3.0, 6.0, 7.0], [10.0, 11.0, 14.0, 15.0]]]
    ]


def test_a_convolution_is_a_product_with_the_blocks() -> None:
    x, w = fnnet.randn(2, 3, 6, 5, dtype=fnnet.float64), fnnet.randn(4, 3, 2, 3, dtype=fnnet.float64)
    blocks = unfold(x, (2, 3), padding=1, stride=(2, 1))
    expected = conv2d(x, w, padding=1, stride=(2, 1))
    found = (w.reshape(4, -1) @ blocks).reshape(expected.shape)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-9, atol=1e-12)


def test_folded_blocks_count_how_often_each_pixel_is_seen() -> None:
    seen = fold(unfold(fnnet.ones(1, 4, 4), 2), 4, 2)  # closed form: the product of 1, 2, 2, 1 with itself
    side = fnnet.tensor([1.0, 2.0, 2.0, 1.0])
    assert seen.tolist() == [fnnet.outer(side, side).tolist()]


def test_each_is_the_gradient_of_the_other() -> None:
    x = fnnet.randn(2, 3, 4, dtype=fnnet.float64).requires_grad_()
    columns = fnnet.randn(8, 4, dtype=fnnet.float64).requires_grad_()
    assert fnnet.autograd.gradcheck(lambda t: unfold(t, 2, **OPTIONS), (x,))
    assert fnnet.autograd.gradcheck(lambda t: fold(t, (3, 4), 2, **OPTIONS), (columns,))
    unfold(x, 2, **OPTIONS).backward(columns.detach())
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), fold(columns.detach(), (3, 4), 2, **OPTIONS).numpy())


@pytest.mark.parametrize("kernel", [1, 2])
def test_blocks_have_memory_of_their_own(kernel: int) -> None:
    x = fnnet.ones(1, 2, 2)
    blocks = unfold(x, kernel)
    blocks.zero_()
    assert x.tolist() == fnnet.ones(1, 2, 2).tolist()
    assert unfold(fnnet.ones(0, 1, 2, 2), kernel).zero_().shape[0] == 0


def test_without_a_batch_and_in_other_dtypes() -> None:
    x = ramp(2, 3, 4, 4)
    assert fnnet.equal(unfold(x[0], 2), unfold(x, 2)[0])
    columns = unfold(x, 2)
    assert fnnet.equal(fold(columns[1], 4, 2), fold(columns, 4, 2)[1])
    assert fnnet.equal(unfold(x > 5, 2), unfold(x.float(), 2) > 5)
    assert fnnet.equal(fold(columns > 40, 4, 2), fold((columns > 40).float(), 4, 2) > 0)
    assert unfold(x.to(fnnet.complex64), 2).dtype is fnnet.complex64
    assert fold(columns.half(), 4, 2).dtype is fnnet.float16
