"""Shuffles of channels and pixels. Literals were printed by PyTorch 2.13."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import fnnet
from fnnet.functional.shuffling import channel_shuffle, pixel_shuffle, pixel_unshuffle


def ramp(*shape: int) -> fnnet.Tensor:
    return fnnet.arange(fnnet.ones(shape).numel()).float().reshape(shape)


def test_literals() -> None:
    assert channel_shuffle(ramp(1, 6, 1), 3).flatten().tolist() == [0, 2, 4, 1, 3, 5]
    assert pixel_shuffle(ramp(1, 8, 1, 2), 2).tolist() == [
        [[[0, 2, 1, 3], [4, 6, 5, 7]], [[8, 10, 9, 11], [12, 14, 13, 15]]]
    ]
    assert pixel_unshuffle(ramp(1, 1, 2, 4), 2).tolist() == [[[[0, 2]], [[1, 3]], [[4, 6]], [[5, 7]]]]


@pytest.mark.parametrize("lead", [(), (2,), (2, 0), (3, 1)])
@pytest.mark.parametrize("dtype", [fnnet.float32, fnnet.int64, fnnet.bool, fnnet.complex64])
def test_unshuffling_is_the_inverse(lead: tuple[int, ...], dtype: fnnet.dtype) -> None:
    x = ramp(*lead, 9, 2, 4).to(dtype)
    y = pixel_shuffle(x, 3)
    assert y.shape == (*lead, 1, 6, 12)
    assert y.dtype is dtype
    assert fnnet.equal(pixel_unshuffle(y, 3), x)


@pytest.mark.parametrize("shape", [(2, 6, 3), (1, 6, 2, 2), (1, 6, 1, 2, 1), (0, 6, 1), (2, 6, 0)])
def test_as_many_groups_as_there_are_channels_in_each_undo_it(shape: tuple[int, ...]) -> None:
    x = ramp(*shape)
    assert fnnet.equal(channel_shuffle(channel_shuffle(x, 2), 3), x)


@pytest.mark.parametrize("f", [pixel_shuffle, pixel_unshuffle, channel_shuffle])
def test_the_result_has_memory_of_its_own_and_the_order_of_the_input(
    f: Callable[[fnnet.Tensor, int], fnnet.Tensor],
) -> None:
    x = ramp(1, 4, 2, 2)
    f(x, 1).zero_()
    assert fnnet.equal(x, ramp(1, 4, 2, 2))
    last = ramp(2, 8, 4, 4).to(memory_format=fnnet.channels_last)
    assert f(last, 2).is_contiguous(memory_format=fnnet.channels_last)
    assert fnnet.equal(f(last, 2), f(last.contiguous(), 2))


def test_gradients_are_shuffled_back() -> None:
    x = fnnet.randn(1, 4, 2, 2, dtype=fnnet.float64).requires_grad_()
    for f in (pixel_shuffle, pixel_unshuffle, channel_shuffle):
        assert fnnet.autograd.gradcheck(lambda t, f=f: f(t, 2) * f(t, 2), (x,))
