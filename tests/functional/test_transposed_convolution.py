"""Transposed convolutions. Literals were printed by PyTorch 2.13 unless a comment says otherwise."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet.functional.convolution import conv2d
from fnnet.functional.transposed_convolution import conv_transpose1d, conv_transpose2d, conv_transpose3d


def ramp(*shape: int, dtype: Any = np.float32) -> fnnet.Tensor:
    return fnnet.from_numpy(np.arange(float(np.prod(shape))).astype(dtype).reshape(shape))


def random(*shape: int) -> Any:
    return np.random.default_rng(len(shape)).standard_normal(shape)


def by_definition(
    x: Any, w: Any, b: Any, stride: int, padding: int, output_padding: int, groups: int, dilation: int
) -> Any:
    """Each element lays down a copy of the kernel: the sum of the docstring, term by term."""
    (n, c, h, v), (_, per, kh, kw) = x.shape, w.shape
    size = [(m - 1) * stride + dilation * (k - 1) + 1 for m, k in ((h, kh), (v, kw))]
    y = np.zeros((n, per * groups, *(m + output_padding + padding for m in size)))
    for image, channel, i, j in itertools.product(range(n), range(c), range(h), range(v)):
        for o, a, e in itertools.product(range(per), range(kh), range(kw)):
            out = channel // (c // groups) * per + o
            y[image, out, i * stride + a * dilation, j * stride + e * dilation] += (
                w[channel, o, a, e] * x[image, channel, i, j]
            )
    return (
        y[:, :, padding : size[0] - padding + output_padding, padding : size[1] - padding + output_padding]
        + b[:, None, None]
    )


def test_literals() -> None:
    y = conv_transpose2d(
        ramp(1, 2, 2), ramp(1, 2, 2, 2) + 1, fnnet.tensor([0.5, -0.5]), stride=2, padding=1, output_padding=1
    )
    assert y.tolist() == [
        [[0.5, 3.5, 4.5], [4.5, 3.5, 6.5], [8.5, 9.5, 12.5]],
        [[-0.5, 6.5, 7.5], [11.5, 14.5, 17.5], [15.5, 20.5, 23.5]],
    ]
    assert conv_transpose1d(ramp(1, 4, 2), ramp(4, 1, 3), None, 2, 0, 0, 2, 2).tolist() == [
        [[6.0, 0.0, 17.0, 0.0, 23.0, 0.0, 17.0], [78.0, 0.0, 181.0, 0.0, 203.0, 0.0, 117.0]]
    ]
    # an output_padding of more than the stride brings back what the padding has cut off
    y = conv_transpose1d(ramp(1, 1, 3) + 1, fnnet.tensor([[[1.0, 10.0]]]), fnnet.tensor([0.25]), 1, 1, 2, 1, 3)
    assert y.tolist() == [[[2.25, 3.25, 10.25, 20.25, 30.25, 0.25]]]


@pytest.mark.parametrize(
    ("x", "w", "options"),
    [
        ((2, 3, 4, 3), (3, 4, 3, 2), (1, 0, 0, 1, 1)),
        ((2, 4, 3, 3), (4, 2, 3, 2), (2, 1, 1, 2, 2)),
        ((2, 4, 3, 3), (4, 1, 2, 2), (3, 0, 2, 4, 1)),
        ((1, 2, 4, 4), (2, 3, 3, 3), (1, 2, 0, 1, 1)),
        ((1, 2, 4, 4), (2, 3, 2, 3), (2, 1, 3, 1, 4)),
        ((3, 2, 5, 5), (2, 3, 1, 1), (1, 0, 0, 1, 1)),
    ],
)
def test_agrees_with_the_definition(x: Any, w: Any, options: Any) -> None:
    groups = options[3]
    a, b, c = random(*x), random(*w), random(w[1] * groups)
    found = conv_transpose2d(*map(fnnet.from_numpy, (a, b, c)), *options)
    expected = by_definition(a, b, c, *options)
    assert tuple(found.shape) == expected.shape
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-9)


def test_is_the_gradient_of_convolution() -> None:
    x = fnnet.from_numpy(random(2, 4, 9, 8)).requires_grad_()
    w = fnnet.from_numpy(random(6, 2, 3, 2))
    y = conv2d(x, w, stride=2, padding=1, dilation=(1, 2), groups=2)
    g = fnnet.from_numpy(random(*y.shape))
    y.backward(g)
    found = conv_transpose2d(g, w, stride=2, padding=1, output_padding=(0, 1), dilation=(1, 2), groups=2)
    assert x.grad is not None
    np.testing.assert_allclose(found.numpy(), x.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("bias", [True, False])
def test_gradients_of_both_orders(bias: bool) -> None:
    given = [random(1, 2, 3), random(2, 1, 3)] + ([random(2)] if bias else [])
    leaves = [fnnet.from_numpy(a).requires_grad_() for a in given]

    def run(*tensors: fnnet.Tensor) -> fnnet.Tensor:
        return conv_transpose1d(*tensors, stride=1, padding=1, output_padding=2, groups=2, dilation=3)

    assert fnnet.autograd.gradcheck(run, tuple(leaves))
    assert fnnet.autograd.gradgradcheck(run, tuple(leaves))


def test_without_a_batch_and_in_other_dtypes() -> None:
    x, w = ramp(2, 3, 3), ramp(2, 1, 2, 2)
    alone = conv_transpose2d(x, w)
    assert alone.shape == (1, 4, 4)
    assert fnnet.equal(alone[None], conv_transpose2d(x[None], w))
    for dtype in (fnnet.int64, fnnet.float64, fnnet.float16, fnnet.bfloat16, fnnet.complex64):
        found = conv_transpose2d(x.to(dtype), w.to(dtype))
        assert found.dtype is dtype
        assert found.real.tolist() == alone.tolist() if dtype.is_complex else found.tolist() == alone.tolist()


def test_empty_batches_and_results() -> None:
    assert conv_transpose1d(ramp(0, 4, 5), ramp(4, 3, 2)).shape == (0, 3, 6)
    assert conv_transpose3d(ramp(1, 2, 1, 1, 2), ramp(2, 3, 2, 2, 1), padding=(1, 0, 0)).shape == (1, 3, 0, 2, 2)


def test_channels_last_stay_last() -> None:
    x = ramp(2, 3, 4, 4).to(memory_format=fnnet.channels_last)
    y = conv_transpose2d(x, ramp(3, 2, 2, 2))
    assert y.is_contiguous(memory_format=fnnet.channels_last)
    assert fnnet.equal(y, conv_transpose2d(x.contiguous(), ramp(3, 2, 2, 2)))
