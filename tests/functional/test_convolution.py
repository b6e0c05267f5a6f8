"""Convolutions. Literals were printed by PyTorch 2.13 unless a comment says otherwise."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet.functional import convolution
from fnnet.functional.convolution import conv1d, conv2d, conv3d


def ramp(*shape: int, dtype: Any = np.float32) -> fnnet.Tensor:
    return fnnet.from_numpy(np.arange(float(np.prod(shape))).astype(dtype).reshape(shape))


def by_definition(x: Any, w: Any, stride: int, padding: int, dilation: int, groups: int) -> Any:
    """The sum of the docstring, term by term."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    n, o, per = x.shape[0], w.shape[0], w.shape[0] // groups
    height, width = ((m - dilation * (k - 1) - 1) // stride + 1 for m, k in zip(x.shape[2:], w.shape[2:], strict=True))
    y = np.zeros((n, o, height, width))
    for b, q, i, j in itertools.product(range(n), range(o), range(height), range(width)):
        for c, u, v in itertools.product(*map(range, w.shape[1:])):
            channel = q // per * w.shape[1] + c
            y[b, q, i, j] += w[q, c, u, v] * x[b, channel, i * stride + u * dilation, j * stride + v * dilation]
    return y


def test_literals() -> None:
    w = ramp(2, 2, 2, 2) - 8
    assert conv2d(ramp(1, 2, 3, 3), w, fnnet.tensor([1.0, -1.0]), padding=1, dilation=2).tolist() == [
        [
            [[-32.0, -80.0, -49.0], [-87.0, -205.0, -121.0], [-66.0, -148.0, -83.0]],
            [[102.0, 190.0, 85.0], [183.0, 337.0, 149.0], [68.0, 122.0, 51.0]],
        ]
    ]
    assert conv2d(ramp(1, 2, 3, 3), ramp(2, 1, 2, 2), stride=2, padding=1, groups=2).tolist() == [
        [[[0.0, 8.0], [21.0, 43.0]], [[63.0, 137.0], [165.0, 337.0]]]
    ]
    same = conv1d(ramp(1, 1, 5), fnnet.tensor([[[1.0, 2.0, 3.0, 4.0]]]), padding="same")
    assert same.tolist() == [[[11.0, 20.0, 30.0, 20.0, 11.0]]]
    corner = fnnet.tensor([1.0, 0, 0, 0, 0, 0, 0, 2]).reshape(1, 1, 2, 2, 2)
    assert conv3d(ramp(1, 2, 2, 2), corner).tolist() == [[[[14.0]]]]


@pytest.mark.parametrize(
    ("x", "w", "stride", "padding", "dilation", "groups"),
    [
        ((2, 3, 6, 5), (4, 3, 3, 2), 1, 0, 1, 1),
        ((2, 4, 6, 5), (4, 2, 3, 2), 2, 1, 2, 2),
        ((3, 2, 5, 5), (3, 2, 1, 1), 2, 0, 1, 1),
        ((2, 1, 20, 20), (2, 1, 3, 3), 1, 2, 1, 1),
        ((4, 32, 3, 3), (48, 32, 3, 3), 1, 1, 1, 1),  # few windows, large weight: one product over the batch
        ((2, 4, 4, 4), (4, 1, 3, 3), 1, 1, 1, 4),
    ],
)
def test_agrees_with_the_definition(
    x: tuple[int, ...], w: tuple[int, ...], stride: int, padding: int, dilation: int, groups: int
) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=x), rng.normal(size=w)
    y = conv2d(fnnet.from_numpy(a), fnnet.from_numpy(b), None, stride, padding, dilation, groups)
    np.testing.assert_allclose(y.numpy(), by_definition(a, b, stride, padding, dilation, groups), atol=1e-12)
    assert y.is_contiguous()


def test_a_large_batch_is_cut_into_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut or whole, the result and the gradients are the same."""
    rng = np.random.default_rng(0)
    arrays = rng.normal(size=(5, 2, 9, 9)), rng.normal(size=(3, 2, 2, 2)), rng.normal(size=(3,))

    def run() -> list[Any]:
        x, w, b = (fnnet.from_numpy(a.copy()).requires_grad_() for a in arrays)
        y = conv2d(x, w, b, stride=2)
        (y * y).sum().backward()
        return [t.numpy() for t in (y.detach(), x.grad, w.grad, b.grad) if t is not None]

    whole = run()
    monkeypatch.setattr(convolution, "PIECE", 2 * 8 * 16)  # two images
    for one, other in zip(whole, run(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_both_ways_to_the_gradient_of_the_input_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folding columns, and convolving with the turned weight."""
    rng = np.random.default_rng(0)
    arrays = rng.normal(size=(2, 4, 8, 7)), rng.normal(size=(4, 2, 3, 2))

    def run() -> Any:
        x, w = (fnnet.from_numpy(a.copy()).requires_grad_() for a in arrays)
        y = conv2d(x, w, padding=(1, 1), dilation=(2, 1), groups=2)
        (y * y).sum().backward()
        assert x.grad is not None
        return x.grad.numpy()

    turned = run()
    monkeypatch.setattr(convolution, "FOLD_COST", 0)
    np.testing.assert_allclose(run(), turned, atol=1e-12)


def test_without_a_batch() -> None:
    x, w = ramp(2, 4, 4), ramp(3, 2, 2, 2)
    np.testing.assert_array_equal(conv2d(x, w).numpy(), conv2d(x.reshape(1, 2, 4, 4), w).numpy()[0])


def test_empty_batches_and_no_channels() -> None:
    assert conv2d(fnnet.zeros(0, 3, 8, 8), fnnet.zeros(4, 3, 3, 3)).shape == (0, 4, 6, 6)
    assert conv2d(fnnet.zeros(2, 0, 8, 8), fnnet.zeros(4, 0, 3, 3), fnnet.ones(4)).sum().item() == 2 * 4 * 36


def test_whole_numbers_and_half() -> None:
    x, w = ramp(1, 1, 3, 3, dtype=np.int64), ramp(1, 1, 2, 2, dtype=np.int64)
    assert conv2d(x, w).tolist() == [[[[19, 25], [37, 43]]]]
    y = conv2d(x.half(), w.half())
    assert y.dtype is fnnet.float16
    assert y.tolist() == [[[[19.0, 25.0], [37.0, 43.0]]]]


X, W = (2, 3, 8, 8), (4, 3, 3, 3)


@pytest.mark.parametrize(
    ("x", "w", "options", "message"),
    [
        (
            X,
            (4, 8, 3, 3),
            {},
            r"conv2d: weight has 8 input channels, x has 3 \(x: \(2, 3, 8, 8\), weight: \(4, 8, 3, 3\)",
        ),
        (X, (4, 8, 3, 3), {}, r"expected input\[2, 3, 8, 8\] to have 8 channels, but got 3 channels instead"),
        (
            (8, 8),
            W,
            {},
            r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv2d, but got input of size: \[8, 8\]",
        ),
        (X, (4, 3, 3), {}, "Expected 3-dimensional input for 3-dimensional weight"),
        (
            X,
            (4, 3, 9, 9),
            {},
            r"input size per channel: \(8 x 8\). Kernel size: \(9 x 9\). Kernel size can't be greater",
        ),
        (X, (4, 1, 3, 3), {"groups": 3}, "expected weight to be divisible by 3 at dimension 0"),
        (X, (0, 3, 3, 3), {}, "expected weight to be at least 1 at dimension 0"),
        (X, W, {"stride": 0}, "non-positive stride is not supported"),
        (X, W, {"padding": -1}, "negative padding is not supported"),
        (X, W, {"dilation": 0}, "dilation should be greater than zero"),
        (X, W, {"groups": 0}, "non-positive groups is not supported"),
        (
            X,
            W,
            {"stride": (1, 2, 3)},
            r"list of 2 values to match the convolution dimensions, but got stride=\[1, 2, 3\]",
        ),
        (X, W, {"padding": "same", "stride": 2}, "padding='same' is not supported for strided convolutions"),
        (X, W, {"padding": "full"}, "Invalid padding string: 'full'"),
        (X, W, {"bias": (5,)}, "expected bias to be 1-dimensional with 4 elements, but got bias of size"),
    ],
)
def test_says_what_does_not_fit(x: tuple[int, ...], w: tuple[int, ...], options: dict[str, Any], message: str) -> None:
    if "bias" in options:
        options = {"bias": fnnet.zeros(options["bias"])}
    with pytest.raises(RuntimeError, match=message):
        conv2d(fnnet.zeros(x), fnnet.zeros(w), **options)


def test_refuses_other_dtypes() -> None:
    w = fnnet.zeros(4, 3, 3, 3, dtype=fnnet.float64)
    with pytest.raises(RuntimeError, match="should be the same"):
        conv2d(fnnet.zeros(2, 3, 8, 8), w)
    with pytest.raises(RuntimeError, match="'Bool'"):
        conv2d(fnnet.zeros(2, 3, 8, 8) > 0, fnnet.zeros(4, 3, 3, 3) > 0)
