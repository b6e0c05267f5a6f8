"""Grid sampling and affine grids: values of every mode, the identity, points beyond the border, warnings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F

IMAGE = [[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]
POINTS = [[[[-1.5, 0.3], [0.2, -0.4], [1.7, 2.0]]]]

# Printed by PyTorch 2.13.
VALUES: dict[tuple[str, str, bool], list[float]] = {
    ("bilinear", "zeros", False): [0.0, 2.6, 0.0],
    ("bilinear", "zeros", True): [1.475, 3.1, 0.9],
    ("bilinear", "border", False): [3.4, 2.6, 6.0],
    ("bilinear", "border", True): [2.95, 3.1, 6.0],
    ("bilinear", "reflection", False): [3.65, 2.6, 3.95],
    ("bilinear", "reflection", True): [3.45, 3.1, 3.8],
    ("nearest", "zeros", False): [0.0, 2.0, 0.0],
    ("nearest", "zeros", True): [4.0, 2.0, 0.0],
    ("nearest", "border", False): [4.0, 2.0, 6.0],
    ("nearest", "reflection", True): [4.0, 2.0, 2.0],
    ("bicubic", "zeros", False): [-0.40922, 2.98067, 0.04699],
    ("bicubic", "zeros", True): [1.64252, 3.71542, 0.93909],
    ("bicubic", "border", False): [3.472, 2.63525, 6.0],
    ("bicubic", "border", True): [2.90744, 3.109, 6.3285],
    ("bicubic", "reflection", False): [3.66341, 2.63525, 4.04591],
    ("bicubic", "reflection", True): [3.46725, 2.944, 3.9365],
}
KEYS = pytest.mark.parametrize(("mode", "padding", "align"), list(VALUES))


@KEYS
def test_values(mode: str, padding: str, align: bool) -> None:
    y = F.grid_sample(fnnet.tensor(IMAGE), fnnet.tensor(POINTS), mode, padding, align)
    np.testing.assert_allclose(y.numpy().reshape(-1), VALUES[mode, padding, align], atol=2e-5)


@pytest.mark.parametrize(("align", "value"), [(True, 4.9), (False, 2.82)])  # printed by PyTorch 2.13
def test_a_volume(align: bool, value: float) -> None:
    x = fnnet.arange(8.0).reshape(1, 1, 2, 2, 2)
    y = F.grid_sample(x, fnnet.tensor([[[[[0.2, -0.5, 0.9]]]]]), align_corners=align)
    np.testing.assert_allclose(y.item(), value, rtol=1e-5)


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_the_grid_of_the_identity_gives_the_image(mode: str, padding: str, align: bool) -> None:
    x = fnnet.randn(2, 3, 4, 5, dtype=fnnet.float64, requires_grad=True)
    theta = fnnet.eye(2, 3, dtype=fnnet.float64).expand(2, 2, 3)
    y = F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=align), mode, padding, align)
    np.testing.assert_allclose(y.detach().numpy(), x.detach().numpy(), atol=1e-12)
    g = fnnet.randn_like(y)
    y.backward(g)
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), g.numpy(), atol=1e-12)


def test_the_gradient_by_the_grid_is_zero_where_points_are_clipped_and_for_the_nearest() -> None:
    x = fnnet.randn(1, 2, 4, 5)
    for mode, padding in (("bilinear", "border"), ("nearest", "zeros")):
        grid = fnnet.tensor([[[[3.0, -4.0]]]], requires_grad=True)
        F.grid_sample(x, grid, mode, padding, False).sum().backward()
        assert grid.grad is not None
        assert grid.grad.tolist() == [[[[0.0, 0.0]]]]


@pytest.mark.parametrize("padding", ["border", "reflection"])
def test_a_nan_in_the_grid_is_the_first_element(padding: str) -> None:
    grid = fnnet.full((1, 1, 1, 2), float("nan"))
    assert F.grid_sample(fnnet.tensor(IMAGE), grid, "bilinear", padding, False).item() == 1.0


def test_far_points_are_zeros() -> None:
    grid = fnnet.tensor([[[[1e30, 0.0], [-1e30, 1e30]]]])
    assert F.grid_sample(fnnet.tensor(IMAGE), grid, align_corners=True).tolist() == [[[[0.0, 0.0]]]]


def test_empty_batches_channels_and_grids() -> None:
    for n, c, h in ((0, 2, 3), (2, 0, 3), (2, 2, 0)):
        x = fnnet.zeros(n, c, 4, 5, requires_grad=True)
        y = F.grid_sample(x, fnnet.zeros(n, h, 3, 2), align_corners=False)
        assert y.shape == (n, c, h, 3)
        y.sum().backward()
        assert x.grad is not None
        assert x.grad.shape == x.shape


# Printed by PyTorch 2.13.
@pytest.mark.parametrize(
    ("size", "align", "values"),
    [
        ((1, 1, 2, 2), False, [-0.75, -1.25, 0.25, -1.25, -0.25, 0.75, 0.75, 0.75]),
        ((1, 1, 2, 3), True, [-1.5, -2.25, -0.5, -2.25, 0.5, -2.25, -0.5, 1.75, 0.5, 1.75, 1.5, 1.75]),
    ],
)
def test_affine_grid(size: tuple[int, ...], align: bool, values: list[float]) -> None:
    theta = fnnet.tensor([[[1.0, 0.5, 0.0], [0.0, 2.0, -0.25]]])
    y = F.affine_grid(theta, size, align_corners=align)
    assert y.shape == (1, *size[2:], 2)
    np.testing.assert_allclose(y.numpy().reshape(-1), values, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "phrase"),
    [
        (lambda: F.affine_grid(fnnet.ones(1, 2, 3), (1, 1, 2, 2)), "Default grid_sample and affine_grid behavior"),
        (lambda: F.grid_sample(fnnet.ones(1, 1, 2, 2), fnnet.zeros(1, 1, 1, 2)), "Please specify align_corners=True"),
        (
            lambda: F.affine_grid(fnnet.ones(1, 2, 3), (1, 1, 1, 2), align_corners=True),
            "affine_grid behavior has changed for unit-size grids",
        ),
    ],
)
def test_warnings(call: Any, phrase: str) -> None:
    with pytest.warns(UserWarning, match=phrase):
        call()
