"""Losses of pairs, rankings and triplets: numbers that PyTorch 2.13 prints, and distances of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F

A, B, C = [[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]], [[2.0, 1.0], [0.5, -0.5], [-1.0, 1.0]], [[0.0, 1.0], [1.0, -1.0],
                                                                                         [2.0, 1.0]]  # fmt: skip


def t64(data: Any, requires_grad: bool = True) -> fnnet.Tensor:
    return fnnet.tensor(data, dtype=fnnet.float64, requires_grad=requires_grad)


def check(loss: fnnet.Tensor, values: list[float], *slopes: tuple[fnnet.Tensor, Any]) -> None:
    np.testing.assert_allclose(loss.detach().numpy(), values, rtol=1e-8, atol=1e-8)
    for x, expected in slopes:
        found = fnnet.autograd.grad(loss.sum(), x, retain_graph=True)[0]
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("margin", "second"), [(0, 0.948683298), (0.3, 0.648683298)])
def test_cosine_embedding_loss(margin: float, second: float) -> None:
    x, y, target = t64(A), t64(B), fnnet.tensor([1, -1, -1])
    by_x = [[-0.24, 0.12], [0.252982213, 0.126491106], [0.0, 0.0]]
    by_y = [[0.12, -0.24], [-0.316227766, -0.316227766], [0.0, 0.0]]
    check(F.cosine_embedding_loss(x, y, target, margin, reduction="none"), [0.2, second, 0.0], (x, by_x), (y, by_y))
    check(F.cosine_embedding_loss(x, y, target, margin), (0.2 + second) / 3, (x, np.array(by_x) / 3))
    check(F.cosine_embedding_loss(x, y, target, margin, reduction="sum"), 0.2 + second)


def test_cosine_embedding_loss_of_one_pair_and_of_zeros() -> None:
    assert F.cosine_embedding_loss(t64([1.0, 0.0]), t64([0.0, 2.0]), fnnet.tensor(1)).item() == 1.0
    zeros = t64([[0.0, 0.0]])
    loss = F.cosine_embedding_loss(zeros, zeros, fnnet.tensor([1]))
    assert loss.item() == 1.0
    assert fnnet.autograd.grad(loss, zeros)[0].tolist() == [[0.0, 0.0]]
    assert F.cosine_embedding_loss(fnnet.tensor([3, 4]), fnnet.tensor([3, 4]), fnnet.tensor(-1)).item() == 1.0
    assert F.cosine_embedding_loss(t64(A), t64(B), fnnet.tensor([0, 0, 0])).item() == 0.0


@pytest.mark.parametrize(
    ("margin", "values", "slopes"),
    [(1.0, [0.5, 0.5, 0.0, 1.0], [1.0, -1.0, 0.0, 0.0]), (2.5, [0.5, 2.0, 0.5, 2.5], [1.0, -1.0, -1.0, 0.0])],
)
def test_hinge_embedding_loss(margin: float, values: list[float], slopes: list[float]) -> None:
    x, target = t64([0.5, 0.5, 2.0, 0.25]), fnnet.tensor([1, -1, -1, 0])
    check(F.hinge_embedding_loss(x, target, margin, reduction="none"), values, (x, slopes))
    check(F.hinge_embedding_loss(x, target, margin, reduction="sum"), sum(values))
    check(F.hinge_embedding_loss(x, target, margin), sum(values) / 4, (x, np.array(slopes) / 4))


@pytest.mark.parametrize(("margin", "values"), [(0, [1.0, 0.25, 0.0]), (0.5, [1.5, 0.75, 0.0])])
def test_margin_ranking_loss(margin: float, values: list[float]) -> None:
    x, y, target = t64([1.0, 2.0, -1.0]), t64([2.0, 1.75, 1.0]), fnnet.tensor([1, -1, -1])
    slopes = np.array([-1.0, 1.0, 0.0])
    check(F.margin_ranking_loss(x, y, target, margin, reduction="none"), values, (x, slopes), (y, -slopes))
    check(F.margin_ranking_loss(x, y, target, margin, reduction="sum"), sum(values))
    check(F.margin_ranking_loss(x, y, target, margin), sum(values) / 3)
    whole = F.margin_ranking_loss(fnnet.tensor([1]), fnnet.tensor([3]), fnnet.tensor([1]))
    assert (whole.item(), whole.dtype) == (2.0, fnnet.float32)


# PyTorch 2.13: options of triplet_margin_loss(A, B, C, reduction="none"), its values, the gradient of A
TRIPLET: list[tuple[dict[str, Any], list[float], Any]] = [
    ({}, [0.999998586, 1.0, 3.708892791],
     [[-1.414212855, 7.07e-07], [1.000002, -1.000002], [0.263035083, 0.464570734]]),
    ({"p": 1}, [0.999998, 1.0, 4.0], [[-2.0, 0.0], [2.0, -2.0], [0.0, 0.0]]),
    ({"p": 3, "eps": 0.1, "margin": 2.0}, [1.886483172, 2.0, 4.842008684],
     [[-1.130271702, 0.1174179], [1.051574429, -1.051574429], [0.2456316, 0.45246239]]),
    ({"swap": True, "margin": 4.0}, [3.999998586, 4.0, 6.708892791],
     [[-1.414212855, 7.07e-07], [1.000002, -1.000002], [0.263035083, 0.464570734]]),
]  # fmt: skip


@pytest.mark.parametrize(("options", "values", "slopes"), TRIPLET)
def test_triplet_margin_loss(options: dict[str, Any], values: list[float], slopes: Any) -> None:
    a, p, n = t64(A), t64(B), t64(C)
    check(F.triplet_margin_loss(a, p, n, reduction="none", **options), values, (a, slopes))
    check(F.triplet_margin_loss(a, p, n, **options), sum(values) / 3)
    check(F.triplet_margin_loss(a, p, n, reduction="sum", **options), sum(values))
    if not options.keys() & {"p", "eps"}:
        check(F.triplet_margin_with_distance_loss(a, p, n, reduction="none", **options), values, (a, slopes))


def test_swap_takes_the_nearer_negative() -> None:
    a, p, n = t64([[0.0]]), t64([[3.0]]), t64([[5.0]])
    d = {"distance_function": lambda x, y: (x - y).abs().sum(1), "margin": 1.5}
    assert F.triplet_margin_with_distance_loss(a, p, n, **d).item() == 0.0  # 1.5 + 3 - 5
    assert F.triplet_margin_with_distance_loss(a, p, n, swap=True, **d).item() == 2.5  # 1.5 + 3 - 2


def test_the_losses_own_shape_is_that_of_the_distances() -> None:
    a, p, n = t64([[0.0, 0.0]]), t64([[3.0, 0.0]]), t64([[1.0, 5.0]])
    loss = F.triplet_margin_with_distance_loss(
        a, p, n, distance_function=lambda x, y: (x - y).abs(), reduction="none"
    )  # fmt: skip
    assert loss.tolist() == [[3.0, 0.0]]


def test_deprecated_reductions() -> None:
    x, y, target = t64([[1.0, 2.0]]), t64([[2.0, 0.5]]), fnnet.tensor([1])
    for f in (F.cosine_embedding_loss, F.margin_ranking_loss):
        t = target if f is F.cosine_embedding_loss else target[None]
        with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
            assert f(x, y, t, size_average=False).item() == f(x, y, t, reduction="sum").item()
    with pytest.warns(UserWarning, match="please use reduction='none' instead"):
        assert F.hinge_embedding_loss(x, target, reduce=False).shape == (1, 2)
    with pytest.warns(UserWarning, match="please use reduction='none' instead"):
        assert F.triplet_margin_loss(x, y, y, reduce=False).shape == (1,)


def test_second_derivatives() -> None:
    target = fnnet.tensor([1, -1, -1])
    assert fnnet.autograd.gradgradcheck(lambda x, y: F.cosine_embedding_loss(x, y, target, -2.0), (t64(A), t64(B)))
    assert fnnet.autograd.gradgradcheck(lambda *xs: F.triplet_margin_loss(*xs, margin=9.0), (t64(A), t64(B), t64(C)))
