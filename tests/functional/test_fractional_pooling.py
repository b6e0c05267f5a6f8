"""Fractional max-pooling. Literals were printed by PyTorch 2.13."""

from __future__ import annotations

import pytest

import fnnet
import fnnet.nn.functional as F


def mixed(*shape: int) -> fnnet.Tensor:
    """Different numbers, in no order."""
    n = fnnet.ones(shape).numel()
    return ((fnnet.arange(n) * 37) % 101).float().reshape(shape)


IMAGES = [
    [[10, 2, 5, 16, 8], [19, 21, 13, 16, 16], [27, 30, 32, 43, 35], [46, 57, 49, 60, 62]],
    [[10, 2, 13, 5, 16], [10, 10, 13, 24, 16], [27, 29, 40, 32, 35], [46, 46, 57, 51, 62]],
]
VOLUME = [
    [[7, 2, 4, 13], [35, 30, 32, 34]],
    [[84, 86, 95, 90], [119, 114, 116, 125]],
    [[168, 177, 179, 174], [196, 198, 207, 209]],
]


def test_a_seed_gives_pytorchs_windows() -> None:
    x = mixed(1, 2, 7, 9)
    fnnet.manual_seed(0)
    y, at = F.fractional_max_pool2d(x, 2, (4, 5), return_indices=True)
    assert at.tolist() == [IMAGES]
    assert fnnet.equal(y.flatten(2), x.flatten(2).gather(2, at.flatten(2)))
    fnnet.manual_seed(0)
    assert F.fractional_max_pool2d(x, 2, output_ratio=(0.6, 0.6), return_indices=True)[1].tolist() == [IMAGES]
    fnnet.manual_seed(0)
    assert F.fractional_max_pool2d_with_indices(x[0], 2, (4, 5))[1].tolist() == IMAGES
    fnnet.manual_seed(0)
    half = F.fractional_max_pool2d(x.half(), 2, (4, 5), return_indices=True)
    assert half[0].dtype is fnnet.float16
    assert half[1].tolist() == [IMAGES]
    fnnet.manual_seed(0)
    found = F.fractional_max_pool3d_with_indices(mixed(1, 1, 5, 6, 7), (1, 2, 1), (3, 2, 4))
    assert found[1].tolist() == [[VOLUME]]


def test_given_samples_are_those_of_width_and_height() -> None:
    samples = fnnet.tensor([[[0.2, 0.7]]])
    places = F.fractional_max_pool2d(mixed(1, 8, 8), 1, 5, _random_samples=samples, return_indices=True)[1]
    assert places.tolist() == [[[r + c for c in (0, 2, 3, 5, 7)] for r in (0, 8, 24, 40, 56)]]


def test_nan_wins_and_the_first_of_equals() -> None:
    nan = float("nan")
    x = fnnet.tensor([[[1.0, nan, 3], [nan, 5, 5], [0, 5, 5]]])
    y, at = F.fractional_max_pool2d(x, 2, 2, return_indices=True, _random_samples=fnnet.full((1, 1, 2), 0.3))
    assert at.tolist() == [[[3, 1], [3, 4]]]
    assert y.isnan().tolist() == [[[True, True], [True, False]]]


@pytest.mark.parametrize("value", [0.0, 0.999999, 1.0, -7.7, 1e30])
def test_windows_stay_inside_whatever_the_samples(value: float) -> None:
    samples = fnnet.full((2, 3, 2), value)
    at = F.fractional_max_pool2d(mixed(2, 3, 7, 6), 3, (4, 3), return_indices=True, _random_samples=samples)[1]
    assert int(at.min()) >= 0
    assert int(at.max()) < 42


def test_gradients_of_both_orders() -> None:
    x = fnnet.randn(1, 4, 5, dtype=fnnet.float64).requires_grad_()
    samples = fnnet.full((1, 1, 2), 0.4, dtype=fnnet.float64)

    def run(t: fnnet.Tensor) -> fnnet.Tensor:
        found: fnnet.Tensor = F.fractional_max_pool2d(t, 2, (2, 3), _random_samples=samples)
        return found * found

    assert fnnet.autograd.gradcheck(run, (x,))
    assert fnnet.autograd.gradgradcheck(run, (x,))


def test_no_windows_and_no_images() -> None:
    assert F.fractional_max_pool2d(fnnet.ones(1, 2, 4, 4), 2, 0).shape == (1, 2, 0, 0)
    assert F.fractional_max_pool3d(fnnet.ones(0, 2, 4, 4, 4), 2, 2).shape == (0, 2, 2, 2, 2)
