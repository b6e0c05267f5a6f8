"""Interpolation: values of every mode, what it leaves alone, gradients as the transposed map, uint8, memory formats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet.functional.interpolation import cubic_slopes, cubic_weights

X = [[[[1.0, 2.0, 4.0], [3.0, 0.0, 5.0]]]]
BYTES = [[[[10, 200, 30], [255, 0, 90]]]]

# Printed by PyTorch 2.13.
VALUES: list[tuple[dict[str, Any], list[float]]] = [
    ({"size": (3, 4)}, [1, 1, 2, 4, 1, 1, 2, 4, 3, 3, 0, 5]),
    ({"size": (3, 4), "mode": "nearest-exact"}, [1, 2, 2, 4, 3, 0, 0, 5, 3, 0, 0, 5]),
    ({"size": (3, 2), "mode": "bilinear"}, [1.25, 3.5, 1.75, 3.625, 2.25, 3.75]),
    ({"size": (3, 2), "mode": "bilinear", "align_corners": True}, [1, 4, 2, 4.5, 3, 5]),
    ({"size": (1, 4), "mode": "bicubic"}, [2.07178, 0.97583, 2.15137, 4.75122]),
    ({"size": (3, 2), "mode": "bicubic", "align_corners": True}, [1, 4, 2, 4.5, 3, 5]),
    ({"size": (1, 2), "mode": "bilinear", "antialias": True}, [1.625, 3.1875]),
    ({"size": (1, 4), "mode": "bicubic", "antialias": True}, [2.05224, 1.12769, 2.2362, 4.68284]),
    ({"size": (1, 2), "mode": "lanczos", "antialias": True}, [1.40111, 3.21623]),
    ({"size": (1, 2), "mode": "area"}, [1.5, 2.75]),
    ({"scale_factor": 1.4, "mode": "bilinear"}, [1, 1.57143, 2.57143, 4, 3, 1.28571, 1.42857, 5]),
    (
        {"scale_factor": 1.4, "mode": "bilinear", "recompute_scale_factor": True},
        [1, 1.625, 2.75, 4, 3, 1.125, 1.875, 5],
    ),
]
BYTE_VALUES: list[tuple[dict[str, Any], list[int]]] = [
    ({"size": (3, 4), "mode": "bilinear"}, [10, 129, 136, 30, 133, 113, 85, 60, 255, 96, 34, 90]),
    ({"size": (3, 4), "mode": "bicubic"}, [0, 156, 174, 11, 128, 116, 82, 57, 255, 76, 0, 103]),
    ({"size": (1, 2), "mode": "bilinear", "antialias": True}, [120, 75]),
    ({"size": (1, 2), "mode": "bicubic", "antialias": True}, [123, 73]),
    ({"size": (1, 4), "mode": "lanczos", "antialias": True}, [128, 119, 79, 58]),
    ({"size": (1, 2)}, [10, 200]),
]
MODES: list[tuple[dict[str, Any], int]] = [
    ({"mode": "nearest"}, 1), ({"mode": "nearest"}, 3), ({"mode": "nearest-exact"}, 2), ({"mode": "area"}, 2),
    ({"mode": "linear"}, 1), ({"mode": "linear", "align_corners": True}, 1), ({"mode": "bilinear"}, 2),
    ({"mode": "bilinear", "antialias": True}, 2), ({"mode": "trilinear", "align_corners": True}, 3),
    ({"mode": "bicubic"}, 2), ({"mode": "bicubic", "align_corners": True}, 2),
    ({"mode": "bicubic", "antialias": True}, 2), ({"mode": "lanczos", "antialias": True}, 2),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [fnnet.float32, fnnet.float64])
@pytest.mark.parametrize(("options", "values"), VALUES)
def test_values(options: dict[str, Any], values: list[float], dtype: Any) -> None:
    y = F.interpolate(fnnet.tensor(X, dtype=dtype), **options)
    assert y.dtype is dtype
    np.testing.assert_allclose(y.numpy().reshape(-1), values, atol=2e-5)


@pytest.mark.parametrize(("options", "values"), BYTE_VALUES)
def test_bytes_are_rounded_and_stay_in_range(options: dict[str, Any], values: list[int]) -> None:
    y = F.interpolate(fnnet.tensor(BYTES, dtype=fnnet.uint8), **options)
    assert y.dtype is fnnet.uint8
    assert y.flatten().tolist() == values


def test_signals_and_volumes() -> None:  # printed by PyTorch 2.13
    y = F.interpolate(fnnet.tensor([[[1.0, 2.0, 4.0]]]), 5, mode="linear")
    np.testing.assert_allclose(y.numpy().reshape(-1), [1, 1.4, 2, 3.2, 4], rtol=1e-6)
    v = F.interpolate(fnnet.arange(8.0).reshape(1, 1, 2, 2, 2), (1, 2, 3), mode="trilinear")
    np.testing.assert_allclose(v.numpy().reshape(-1), [2, 2.5, 3, 4, 4.5, 5], rtol=1e-6)


@pytest.mark.parametrize(("options", "d"), MODES)
def test_a_constant_stays(options: dict[str, Any], d: int) -> None:
    for size in (3, 11):
        y = F.interpolate(fnnet.full((2, 1, *(7,) * d), 3.0, dtype=fnnet.float64), size, **options)
        np.testing.assert_allclose(y.numpy(), np.full((2, 1, *(size,) * d), 3.0), rtol=1e-12)


@pytest.mark.parametrize(("options", "d"), MODES)
def test_the_same_size_is_the_same_image(options: dict[str, Any], d: int) -> None:
    x = fnnet.randn(2, 2, *(5,) * d, dtype=fnnet.float64)
    np.testing.assert_allclose(F.interpolate(x, 5, **options).numpy(), x.numpy(), atol=1e-12)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "area"])
def test_doubling_repeats(mode: str) -> None:
    x = fnnet.randn(2, 3, 4, 5)
    expected = x.numpy().repeat(2, 2).repeat(2, 3)
    np.testing.assert_array_equal(F.interpolate(x, scale_factor=2, mode=mode).numpy(), expected)


def test_a_ramp_stays_a_ramp_with_aligned_corners() -> None:
    rows, columns = np.linspace(0, 6, 7), np.linspace(0, 6, 10)
    x = fnnet.tensor(np.add.outer(2 * np.arange(7.0), np.arange(7.0))[None, None])
    y = F.interpolate(x, (7, 10), mode="bilinear", align_corners=True)
    np.testing.assert_allclose(y.numpy()[0, 0], np.add.outer(2 * rows, columns), atol=1e-12)


def test_a_nan_is_seen_by_those_beside_it_alone() -> None:
    x = fnnet.zeros(1, 1, 1, 16)
    x[..., 3] = float("nan")
    for options in ({"mode": "nearest"}, {"mode": "bilinear"}, {"mode": "bicubic"}):
        seen = np.isnan(F.interpolate(x, (1, 32), **options).numpy()[0, 0, 0])
        assert seen[6:8].all()
        assert not seen[11:].any()


@pytest.mark.parametrize(("options", "d"), MODES)
def test_the_gradient_is_the_transposed_map(options: dict[str, Any], d: int) -> None:
    x = fnnet.randn(2, 2, *(4, 5, 3)[:d], dtype=fnnet.float64, requires_grad=True)
    y = F.interpolate(x, (6, 2, 3)[:d], **options)
    g = fnnet.randn_like(y)
    y.backward(g)
    assert x.grad is not None
    np.testing.assert_allclose((x.grad * x).sum().item(), (g * y).sum().item(), rtol=1e-10)


def test_scale_factors_say_where_elements_lie_and_sizes_do_so_when_recomputed() -> None:
    x = fnnet.randn(1, 1, 5, dtype=fnnet.float64)
    by_scale, by_size = F.interpolate(x, scale_factor=1.5, mode="linear"), F.interpolate(x, 7, mode="linear")
    assert by_scale.shape == by_size.shape
    assert not fnnet.allclose(by_scale, by_size)
    again = F.interpolate(x, scale_factor=1.5, mode="linear", recompute_scale_factor=True)
    assert fnnet.equal(again, by_size)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_channels_last_stays_so(mode: str) -> None:
    x = fnnet.randn(2, 3, 4, 5)
    y = F.interpolate(x.contiguous(memory_format=fnnet.channels_last), (6, 7), mode=mode)
    assert y.is_contiguous(memory_format=fnnet.channels_last)
    assert fnnet.equal(y, F.interpolate(x, (6, 7), mode=mode))


@pytest.mark.parametrize("dtype", [fnnet.float16, fnnet.bfloat16])
def test_half_floats_are_computed_in_float32(dtype: Any) -> None:
    x = fnnet.randn(1, 2, 6, 5).to(dtype)
    y = F.interpolate(x, (9, 4), mode="bilinear")
    assert y.dtype is dtype
    assert fnnet.equal(y, F.interpolate(x.float(), (9, 4), mode="bilinear").to(dtype))


def test_an_empty_batch() -> None:
    assert F.interpolate(fnnet.zeros(0, 3, 4, 5), (2, 2), mode="bicubic").shape == (0, 3, 2, 2)


def test_cubic_weights_and_their_slopes() -> None:
    t = np.linspace(0, 1, 11)
    weights = np.array(cubic_weights(t))
    np.testing.assert_allclose(weights.sum(0), 1, atol=1e-12)
    np.testing.assert_allclose(weights[:, [0, -1]], [[0, 0], [1, 0], [0, 1], [0, 0]], atol=1e-12)
    numeric = (np.array(cubic_weights(t + 1e-6)) - np.array(cubic_weights(t - 1e-6))) / 2e-6
    np.testing.assert_allclose(cubic_slopes(t), numeric, atol=1e-8)


@pytest.mark.parametrize("name", ["upsample", "upsample_nearest", "upsample_bilinear"])
def test_older_names_warn(name: str) -> None:
    x = fnnet.tensor(X)
    with pytest.warns(UserWarning, match=rf"`nn.functional.{name}` is deprecated"):
        y = getattr(F, name)(x, scale_factor=2)
    options: dict[str, Any] = {"mode": "bilinear", "align_corners": True} if name == "upsample_bilinear" else {}
    assert fnnet.equal(y, F.interpolate(x, scale_factor=2, **options))


def test_each_channel_of_bytes_is_resampled_alone() -> None:
    x = fnnet.randint(0, 256, (1, 6, 7, 5)).to(fnnet.uint8)
    y = F.interpolate(x, (4, 9), mode="bilinear", antialias=True)
    for c in range(6):
        assert fnnet.equal(y[:, c : c + 1], F.interpolate(x[:, c : c + 1], (4, 9), mode="bilinear", antialias=True))
