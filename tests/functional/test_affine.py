"""Affine maps. Literals were printed by PyTorch 2.13 unless a comment says otherwise."""

from __future__ import annotations

import numpy as np
import pytest

import fnnet
from fnnet.functional import affine
from fnnet.functional.affine import linear

nan = float("nan")


def ramp(*shape: int) -> fnnet.Tensor:
    return fnnet.from_numpy(np.arange(float(np.prod(shape)), dtype=np.float32).reshape(shape))


def test_a_product_added_to_something() -> None:
    a, one = ramp(2, 2), fnnet.ones(2)
    batch = a.reshape(1, 2, 2)
    assert fnnet.addmm(fnnet.tensor([nan, nan]), a, a, beta=0, alpha=2).tolist() == [[4.0, 6.0], [12.0, 22.0]]
    assert fnnet.baddbmm(one, batch, batch, beta=3).tolist() == [[[5.0, 6.0], [9.0, 14.0]]]
    assert fnnet.addbmm(fnnet.ones(2, 2), batch, batch).tolist() == [[3.0, 4.0], [7.0, 12.0]]
    assert fnnet.addmv(one, a, a[0], alpha=2).tolist() == [3.0, 7.0]
    assert fnnet.addr(one, a[0], a[1]).tolist() == [[1.0, 1.0], [3.0, 4.0]]
    whole = fnnet.tensor([[5, 5]])
    assert fnnet.addmm(whole, fnnet.ones(1, 1).long(), fnnet.ones(1, 2).long(), beta=0.6, alpha=1.7).tolist() == [
        [1, 1]
    ]


def test_a_product_added_in_place() -> None:
    a = ramp(2, 2)
    x = fnnet.ones(2, 2)
    alias = x
    assert x.addmm_(a, a, beta=2) is alias
    assert alias.tolist() == [[4.0, 5.0], [8.0, 13.0]]
    y = fnnet.ones(2)
    with pytest.raises(RuntimeError, match="output with shape"):
        y.addmm_(a, a)
    assert y.tolist() == [1.0, 1.0]
    leaf = fnnet.ones(2, 2, requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        leaf.addmm_(a, a)


def test_what_cannot_be_expanded_is_refused() -> None:
    a = ramp(2, 2)
    with pytest.raises(RuntimeError, match=r"The expanded size of the tensor \(2\) must match the existing size \(5\)"):
        fnnet.addmm(fnnet.ones(5), a, a)
    with pytest.raises(RuntimeError, match="must have the same dtype, but got float64 and float32"):
        fnnet.addmm(fnnet.ones(2, dtype=fnnet.float64), a, a)


def test_linear() -> None:
    x, w, b = ramp(2, 3), ramp(2, 3), fnnet.tensor([1.0, 2.0])
    assert linear(x, w).tolist() == [[5.0, 14.0], [14.0, 50.0]]
    assert linear(x, w, b).tolist() == [[6.0, 16.0], [15.0, 52.0]]
    assert linear(x[0], w, b).tolist() == [6.0, 16.0]
    assert linear(x.reshape(2, 1, 3), w).tolist() == [[[5.0, 14.0]], [[14.0, 50.0]]]
    assert linear(x, w[0]).tolist() == [5.0, 14.0]
    assert linear(fnnet.zeros(0, 3), w, b).shape == (0, 2)
    with pytest.raises(RuntimeError, match=r"weight has 4 input features, input has 3.*\(2x3 and 4x5\)"):
        linear(x, fnnet.ones(5, 4))
    with pytest.raises(RuntimeError, match="expanded size"):
        linear(x, w, fnnet.ones(5))


def test_linear_gradients_sum_over_leading_dims() -> None:
    x, w, b = ramp(2, 2, 3).requires_grad_(), ramp(1, 3).requires_grad_(), fnnet.zeros(1, requires_grad=True)
    linear(x, w, b).sum().backward()
    assert x.grad is not None
    assert w.grad is not None
    assert b.grad is not None
    assert w.grad.tolist() == [[18.0, 22.0, 26.0]]
    assert b.grad.tolist() == [4.0]
    assert x.grad.tolist() == [[[0.0, 1.0, 2.0]] * 2] * 2


def test_bilinear() -> None:
    a = ramp(2, 2)
    r = affine.bilinear(a, a, ramp(2, 2, 2), fnnet.tensor([1.0, 2.0]))
    assert r.tolist() == [[4.0, 9.0], [46.0, 147.0]]
    with pytest.raises(RuntimeError, match="input1 size does not match weight size: got 2 but expected 3"):
        affine.bilinear(a, a, ramp(2, 3, 2))
