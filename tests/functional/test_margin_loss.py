"""Losses that ask for a margin: numbers that PyTorch 2.13 prints, kinks, extreme scores, derivatives of both orders."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F

X = [[1.0, 2.0, -1.0], [0.5, -2.0, 3.0], [4.0, 0.0, 1.0]]
TARGET = [2, 0, 1]
WEIGHT = [1.0, 2.0, 0.5]


def t64(data: Any, requires_grad: bool = False) -> fnnet.Tensor:
    return fnnet.tensor(data, dtype=fnnet.float64, requires_grad=requires_grad)


def close(t: fnnet.Tensor, expected: Any) -> None:
    np.testing.assert_allclose(t.detach().numpy(), expected, rtol=1e-8, atol=1e-8)


def slope(loss: fnnet.Tensor, x: fnnet.Tensor) -> fnnet.Tensor:
    found: fnnet.Tensor = fnnet.autograd.grad(loss.sum(), x)[0]
    return found


# PyTorch 2.13: multi_margin_loss(X, TARGET, p, margin, WEIGHT or None, reduction="none"), the gradient of its sum
MULTI = [
    (1, 1.0, False, [2.333333333, 1.166666667, 2.333333333],
     [[0.333333333, 0.333333333, -0.666666667], [-0.333333333, 0.0, 0.333333333],
      [0.333333333, -0.666666667, 0.333333333]]),
    (1, 0.5, True, [1.0, 1.0, 4.0],
     [[0.166666667, 0.166666667, -0.333333333], [-0.333333333, 0.0, 0.333333333],
      [0.666666667, -1.333333333, 0.666666667]]),
    (2, 1.0, True, [4.166666667, 4.083333333, 19.333333333],
     [[1.0, 1.333333333, -2.333333333], [-2.333333333, 0.0, 2.333333333], [6.666666667, -9.333333333, 2.666666667]]),
    (2, 0.5, False, [6.166666667, 3.0, 7.5],
     [[1.666666667, 2.333333333, -4.0], [-2.0, 0.0, 2.0], [3.0, -4.0, 1.0]]),
]  # fmt: skip


@pytest.mark.parametrize(("p", "margin", "weighted", "values", "slopes"), MULTI)
def test_multi_margin_loss(p: int, margin: float, weighted: bool, values: list[float], slopes: Any) -> None:
    x, target, weight = t64(X, True), fnnet.tensor(TARGET), t64(WEIGHT) if weighted else None
    loss = F.multi_margin_loss(x, target, p, margin, weight, reduction="none")
    close(loss, values)
    close(slope(loss, x), slopes)
    close(F.multi_margin_loss(x, target, p, margin, weight, reduction="sum"), sum(values))
    mean = F.multi_margin_loss(x, target, p, margin, weight)
    close(mean, sum(values) / 3)
    close(slope(mean, x), np.array(slopes) / 3)


def test_multi_margin_loss_of_one_row_has_the_shape_of_the_target() -> None:
    x = t64([1.0, 0.5, 3.0, 0.0])
    assert F.multi_margin_loss(x, fnnet.tensor(0), reduction="none").shape == ()
    assert F.multi_margin_loss(x, fnnet.tensor([0]), reduction="none").tolist() == [0.875]
    assert F.multi_margin_loss(x[None], fnnet.tensor(0), reduction="none").shape == ()
    assert F.multi_margin_loss(x[0], fnnet.tensor(0)).item() == 0.0


def test_of_no_rows_the_mean_is_0_and_nan_counts_as_0() -> None:
    none, no_targets = fnnet.zeros(0, 4, requires_grad=True), fnnet.zeros(0, dtype=fnnet.int64)
    for loss in (F.multi_margin_loss(none, no_targets), F.multilabel_margin_loss(none, no_targets.reshape(0, 1)
                 .expand(0, 4))):  # fmt: skip
        assert loss.item() == 0.0
        assert slope(loss, none).shape == (0, 4)
    lost = fnnet.full((2, 3), math.nan)
    assert F.multi_margin_loss(lost, fnnet.tensor([0, 1])).item() == 0.0
    assert F.multilabel_margin_loss(lost, fnnet.tensor([[0, -1, 1], [1, 2, -1]])).item() == 0.0


def test_where_a_hinge_begins_the_slope_is_0() -> None:
    x = t64([[1.0, 0.0]], True)
    assert slope(F.multi_margin_loss(x, fnnet.tensor([0])), x).tolist() == [[0.0, 0.0]]
    assert slope(F.multilabel_margin_loss(x, fnnet.tensor([[0, -1]])), x).tolist() == [[0.0, 0.0]]


# PyTorch 2.13: lists of targets, multilabel_margin_loss(X, targets, reduction="none"), the gradient of its sum
MULTILABEL = [
    ([[2, 0, -1], [1, -1, 0], [-1, 2, 0]], [2.0, 3.166666667, 0.0],
     [[-0.333333333, 0.666666667, -0.333333333], [0.333333333, -0.666666667, 0.333333333], [0.0, 0.0, 0.0]]),
    ([[2, 2, -1], [1, 0, 2], [0, -1, -1]], [4.666666667, 0.0, 0.0],
     [[0.666666667, 0.666666667, -1.333333333], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
]  # fmt: skip


@pytest.mark.parametrize(("targets", "values", "slopes"), MULTILABEL, ids=["lists end", "repeated and full"])
def test_multilabel_margin_loss(targets: Any, values: list[float], slopes: Any) -> None:
    x, target = t64(X, True), fnnet.tensor(targets)
    loss = F.multilabel_margin_loss(x, target, reduction="none")
    close(loss, values)
    close(slope(loss, x), slopes)
    close(F.multilabel_margin_loss(x, target, reduction="sum"), sum(values))
    close(F.multilabel_margin_loss(x, target), sum(values) / 3)
    one = F.multilabel_margin_loss(x[0], target[0], reduction="none")
    close(one, values[0])
    assert one.shape == ()


def test_multilabel_soft_margin_loss() -> None:
    # PyTorch 2.13, without and with WEIGHT
    x, target = t64(X, True), t64([[1, 0, 1], [0, 0, 1], [1, 1, 0]])
    loss = F.multilabel_soft_margin_loss(x, target, reduction="none")
    close(loss, [1.251150462, 0.383197449, 0.674852932])
    close(slope(loss, x), [[-0.08964714, 0.293599026, -0.243686193], [0.207486444, 0.039734307, -0.015808624],
                           [-0.005995403, -0.166666667, 0.243686193]])  # fmt: skip
    weighted = F.multilabel_soft_margin_loss(x, target, t64(WEIGHT), reduction="none")
    close(weighted, [1.741249518, 0.417408894, 0.687025044])
    close(F.multilabel_soft_margin_loss(x, target, t64(WEIGHT)), (1.741249518 + 0.417408894 + 0.687025044) / 3)
    extreme = F.multilabel_soft_margin_loss(t64([[1e4, -1e4]]), t64([[0.0, 1.0]]))
    assert extreme.item() == 1e4


def test_soft_margin_loss() -> None:
    # PyTorch 2.13
    x, target = t64(X, True), fnnet.tensor([[1, -1, 1], [-1, -1, 1], [1, 1, -1]])
    values = [[0.313261688, 2.126928011, 1.313261688], [0.974076984, 0.126928011, 0.048587352],
              [0.018149928, 0.693147181, 1.313261688]]  # fmt: skip
    loss = F.soft_margin_loss(x, target, reduction="none")
    close(loss, values)
    close(slope(loss, x), [[-0.268941421, 0.880797078, -0.731058579], [0.622459331, 0.119202922, -0.047425873],
                           [-0.01798621, -0.5, 0.731058579]])  # fmt: skip
    close(F.soft_margin_loss(x, target, reduction="sum"), np.sum(values))
    close(F.soft_margin_loss(x, target), np.mean(values))


def test_soft_margin_loss_of_huge_scores_is_exact() -> None:
    x = fnnet.tensor([1000.0, -1000.0], requires_grad=True)
    loss = F.soft_margin_loss(x, fnnet.tensor([-1, -1]), reduction="none")
    assert loss.tolist() == [1000.0, 0.0]
    assert slope(loss, x).tolist() == [1.0, 0.0]


def test_soft_margin_loss_has_the_inputs_dtype_and_shape() -> None:
    x = fnnet.zeros(2, 3, dtype=fnnet.float32)
    loss = F.soft_margin_loss(x, fnnet.ones(3, dtype=fnnet.float64), reduction="none")
    assert loss.dtype is fnnet.float32
    assert loss.shape == (2, 3)
    with pytest.raises(RuntimeError, match="the derivative for 'target' is not implemented"):
        F.soft_margin_loss(x, fnnet.ones(2, 3, requires_grad=True))


def test_a_weight_that_wants_a_gradient_is_refused() -> None:
    with pytest.raises(RuntimeError, match="the derivative for 'weight' is not implemented"):
        F.multi_margin_loss(t64(X), fnnet.tensor(TARGET), weight=t64(WEIGHT, True))


@pytest.mark.parametrize("name", ["soft_margin_loss", "multilabel_soft_margin_loss"])
def test_deprecated_reductions(name: str) -> None:
    x, target, f = t64([[0.5, 1.0]]), t64([[1.0, 0.0]]), getattr(F, name)
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        assert f(x, target, size_average=False).item() == f(x, target, reduction="sum").item()
    with pytest.warns(UserWarning, match="please use reduction='none' instead"):
        assert f(x, target, reduce=False).tolist() == f(x, target, reduction="none").tolist()
    with pytest.warns(UserWarning, match="please use reduction='mean' instead"):
        assert F.multi_margin_loss(x, fnnet.tensor([0]), size_average=True).item() == 0.75
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        assert F.multilabel_margin_loss(x, fnnet.tensor([[0, -1]]), size_average=False).item() == 0.75


def test_half_types_are_computed_in_float32() -> None:
    x, target = fnnet.tensor([[1.0, 0.5, 3.0]], dtype=fnnet.float16), fnnet.tensor([0])
    loss = F.multi_margin_loss(x, target)
    assert loss.dtype is fnnet.float16
    assert loss.item() == np.float16(3.5 / 3)


def test_second_derivatives() -> None:
    x = t64(X, True)
    for p in (1, 2):
        assert fnnet.autograd.gradgradcheck(lambda x, p=p: F.multi_margin_loss(x, fnnet.tensor(TARGET), p), (x,))
    assert fnnet.autograd.gradgradcheck(lambda x: F.soft_margin_loss(x, fnnet.tensor([1, -1, 1])), (x,))
