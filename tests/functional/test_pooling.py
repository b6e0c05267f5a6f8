"""Pooling. Literals were printed by PyTorch 2.13 unless a comment says otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet.functional import adaptive_pooling, pooling
from fnnet.functional.adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_max_pool1d
from fnnet.functional.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d, max_pool3d

nan, inf = float("nan"), float("inf")


def ramp(*shape: int) -> fnnet.Tensor:
    return fnnet.from_numpy(np.arange(float(np.prod(shape)), dtype=np.float32).reshape(shape))


def same(t: fnnet.Tensor, expected: Any) -> None:
    np.testing.assert_allclose(t.numpy(), np.asarray(expected, t.numpy().dtype), rtol=1e-6)


def with_nan() -> fnnet.Tensor:
    return fnnet.tensor([[[[1.0, 5, 2, 0], [3, 5, nan, 1], [2, 2, 4, 8], [0, 1, 7, 3]]]])


@pytest.mark.parametrize(
    ("args", "options", "values", "indices"),
    [
        ((3, 2, 1), {}, [[5, nan], [5, nan]], [[1, 6], [5, 6]]),
        ((2,), {"ceil_mode": True}, [[5, nan], [2, 8]], [[1, 6], [8, 11]]),
        (((2, 1), (1, 2)), {"dilation": (2, 1)}, [[2, 4], [3, nan]], [[8, 10], [4, 6]]),
    ],
)
def test_max_pool_with_nan_and_ties(args: Any, options: Any, values: Any, indices: Any) -> None:
    y, at = max_pool2d(with_nan(), *args, return_indices=True, **options)
    same(y, [[values]])
    assert at.dtype is fnnet.int64
    assert at.tolist() == [[indices]]
    alone = max_pool2d(with_nan(), *args, **options)
    same(alone, [[values]])
    assert alone.is_contiguous()


def test_indices_lie_inside_where_all_is_minus_infinity() -> None:
    at = max_pool2d(fnnet.full((1, 1, 3, 3), -inf), 3, 2, 1, return_indices=True)[1]
    assert at.tolist() == [[[[0, 1], [3, 4]]]]
    at = max_pool2d(fnnet.full((1, 1, 3, 3), -inf), 2, 1, 1, dilation=2, return_indices=True)[1]
    assert at.tolist() == [[[[4, 3, 4], [1, 0, 1], [4, 3, 4]]]]
    at = max_pool3d(fnnet.full((1, 1, 3, 3, 3), -inf), 3, 2, 1, return_indices=True)[1]
    assert at.flatten().tolist() == [0, 1, 3, 4, 9, 10, 12, 13]


@pytest.mark.parametrize("return_indices", [False, True])
def test_the_gradient_goes_to_the_first_of_equals(return_indices: bool) -> None:
    x = fnnet.tensor([[[1.0, 1.0, 0.0], [2.0, 2.0, 2.0]]], requires_grad=True)
    y = max_pool1d(x, 2, 1, return_indices=return_indices)
    (y[0] if return_indices else y).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]]


def test_max_pool_of_whole_numbers() -> None:
    x = fnnet.tensor([[[-5, -7], [-9, -6]]])
    assert max_pool2d(x, 2, padding=1).tolist() == [[[-5, -7], [-9, -6]]]
    assert max_pool2d(x.to(fnnet.uint8), 2).tolist() == [[[251]]]


def test_max_pool_without_a_batch_and_of_an_empty_one() -> None:
    assert max_pool2d(ramp(1, 2, 4), 2).tolist() == [[[5.0, 7.0]]]
    assert max_pool2d(fnnet.zeros(0, 3, 8, 8), 2).shape == (0, 3, 4, 4)


def test_avg_pool() -> None:
    x = ramp(1, 2, 5)
    third = 1 / 3
    same(avg_pool1d(x, 3, 2, 1), [[[third, 2, 7 * third], [11 * third, 7, 17 * third]]])
    same(avg_pool1d(x, 3, 2, 1, count_include_pad=False), [[[0.5, 2, 3.5], [5.5, 7, 8.5]]])
    same(avg_pool1d(x, 2, 2, ceil_mode=True), [[[0.5, 2.5, 4], [5.5, 7.5, 9]]])
    same(avg_pool1d(x, 2, 2, 1, ceil_mode=True), [[[0, 1.5, 3.5], [2.5, 6.5, 8.5]]])
    same(avg_pool2d(ramp(1, 3, 3), 2, 1, divisor_override=3), [[[8 / 3, 4], [20 / 3, 8]]])


def test_avg_pool_of_whole_numbers_cuts_towards_zero() -> None:
    x = fnnet.tensor([[[-3, -4], [3, 4]]])
    assert avg_pool1d(x, 2).tolist() == [[[-3], [3]]]
    assert avg_pool2d(x, (1, 2), divisor_override=-2).tolist() == [[[3], [-3]]]


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("count_include_pad", [False, True])
def test_the_gradients_of_the_windows_means_sum_to_their_weights(ceil_mode: bool, count_include_pad: bool) -> None:
    """avg_pool is linear: its gradient for the sum of the outputs, dotted with x, is that sum."""
    x = fnnet.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 7, 6))).requires_grad_()
    y = avg_pool2d(x, (3, 2), (2, 3), (1, 0), ceil_mode, count_include_pad).sum()
    y.backward()
    assert x.grad is not None
    assert (x.grad * x).sum().item() == pytest.approx(y.item(), rel=1e-12)


def test_adaptive_pooling_with_windows_of_unequal_size() -> None:
    x = ramp(1, 2, 5)
    same(adaptive_avg_pool1d(x, 3), [[[0.5, 2, 3.5], [5.5, 7, 8.5]]])
    y, at = adaptive_max_pool1d(x, 3, return_indices=True)
    assert y.tolist() == [[[1.0, 3.0, 4.0], [6.0, 8.0, 9.0]]]
    assert at.tolist() == [[[1, 3, 4], [1, 3, 4]]]
    same(adaptive_avg_pool2d(ramp(1, 3, 4), (2, 3)), [[[2.5, 3.5, 4.5], [6.5, 7.5, 8.5]]])


def test_infinity_stays_in_its_window() -> None:
    same(adaptive_avg_pool1d(fnnet.tensor([[1.0, 2, 3, 4, inf]]), 2), [[2, inf]])  # windows 0..2 and 2..4


def test_adaptive_sizes() -> None:
    x = ramp(2, 3, 8, 8)
    assert adaptive_avg_pool2d(x, (None, 3)).shape == (2, 3, 8, 3)
    assert adaptive_avg_pool2d(x, 0).shape == (2, 3, 0, 0)
    same(adaptive_avg_pool2d(x, 1), x.numpy().mean((2, 3), keepdims=True))
    assert adaptive_pooling.adaptive_max_pool2d(x, 2).tolist() == max_pool2d(x, 4).tolist()
    assert adaptive_avg_pool1d(ramp(1, 4), 6).shape == (1, 6)


def test_adaptive_gradients() -> None:
    x = fnnet.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]], requires_grad=True)
    adaptive_avg_pool1d(x, 2).sum().backward()  # windows 0..2 and 2..4, a third each
    assert x.grad is not None
    same(x.grad, [[1 / 3, 1 / 3, 2 / 3, 1 / 3, 1 / 3]])


X = (2, 3, 8, 8)


@pytest.mark.parametrize(
    ("name", "args", "options", "message"),
    [
        (
            "max_pool2d",
            (9,),
            {},
            r"Given input size: \(3x8x8\). Calculated output size: \(3x0x0\). Output size is too small",
        ),
        ("max_pool2d", (3,), {"padding": 2}, "at most half of effective kernel size, but got pad=2, kernel_size=3"),
        ("max_pool2d", (3, 0), {}, "stride should not be zero"),
        ("max_pool2d", (3, -1), {}, "stride should be greater than zero"),
        ("max_pool2d", (2,), {"padding": -1}, "pad must be non-negative"),
        ("max_pool2d", (2,), {"dilation": 0}, "dilation should be greater than zero"),
        ("max_pool2d", ((2, 2, 2),), {}, "max_pool2d: kernel_size must either be a single int, or a tuple of two ints"),
        ("max_pool1d", (2,), {}, r"Expected 2D or 3D \(batch mode\) tensor with optional 0 dim batch size for input"),
        ("avg_pool2d", (2, (1, 2, 3)), {}, "avg_pool2d: stride must either be"),
        ("avg_pool2d", (2,), {"divisor_override": 0}, "divisor must be not zero"),
    ],
)
def test_says_what_does_not_fit(name: str, args: Any, options: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        getattr(pooling, name)(fnnet.zeros(X), *args, **options)


def test_refuses_other_types() -> None:
    with pytest.raises(TypeError, match="argument 'kernel_size' must be tuple of ints, not float"):
        max_pool2d(fnnet.zeros(X), 1.5)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="'Bool'"):
        max_pool2d(fnnet.zeros(X) > 0, 2)
    with pytest.raises(RuntimeError, match="not implemented for int32"):
        avg_pool2d(fnnet.zeros(X).to(fnnet.int32), 2)


def test_adaptive_pooling_says_what_does_not_fit() -> None:
    with pytest.raises(RuntimeError, match="output_size must be 2"):
        adaptive_avg_pool2d(fnnet.zeros(X), (1, 2, 3))
    with pytest.raises(RuntimeError, match="greater than or equal to 0"):
        adaptive_avg_pool2d(fnnet.zeros(X), -1)
    with pytest.raises(RuntimeError, match="Expected 3D or 4D tensor, but got"):
        adaptive_avg_pool2d(fnnet.zeros(8, 8), 2)
    with pytest.raises(RuntimeError, match="dimension 3 being empty"):
        adaptive_avg_pool2d(fnnet.zeros(2, 3, 8, 0), 2)
    with pytest.raises(RuntimeError, match="not implemented for int64"):
        adaptive_avg_pool2d(fnnet.zeros(X).long(), 2)
