"""Comparisons and closeness. Expected values without a derivation were printed by PyTorch 2.13."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest

import fnnet

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("name", "function", "expected"),
    [
        ("eq", operator.eq, [False, True, False, False]),
        ("ne", operator.ne, [True, False, True, True]),
        ("lt", operator.lt, [True, False, False, False]),
        ("le", operator.le, [True, True, False, False]),
        ("gt", operator.gt, [False, False, True, False]),
        ("ge", operator.ge, [False, True, True, False]),
    ],
)
def test_comparisons(name, function, expected):
    x = fnnet.tensor([1.0, 2.0, 3.0, NAN])
    for other in (2, 2.0, fnnet.tensor(2), fnnet.tensor([2.0, 2.0, 2.0, 2.0])):
        r = function(x, other)
        assert (r.dtype, r.tolist()) == (fnnet.bool, expected)
        assert getattr(fnnet, name)(x, other).tolist() == expected
    y = fnnet.tensor([1.0, 2.0, 3.0, NAN])
    assert getattr(y, name + "_")(2) is y
    assert y.tolist() == [float(e) for e in expected]


def test_numbers_take_the_tensors_dtype():
    assert (fnnet.tensor([44], dtype=fnnet.int8) == 300).tolist() == [True]  # 300 wraps to 44
    assert (fnnet.tensor([2**53 + 1]) == float(2**53)).tolist() == [True]  # both as float32
    assert (fnnet.tensor([1, 2]) < INF).tolist() == [True, True]
    assert (2 < fnnet.tensor([1, 3])).tolist() == [False, True]
    assert (fnnet.tensor([1.0, 2.0]) == np.array([1.0, 3.0])).tolist() == [True, False]


def test_equality_with_what_is_no_tensor():
    x = fnnet.tensor([1, 2])
    for other in (None, "x", [1, 2], object()):
        assert (x == other) is False
        assert (x != other) is True
    for other in (None, "x"):
        with pytest.raises(TypeError, match="'<' not supported"):
            operator.lt(x, other)
    with pytest.raises(TypeError, match="must be Tensor"):
        fnnet.eq(2, x)


def test_comparisons_are_constants():
    assert not (fnnet.ones(2, requires_grad=True) > 0).requires_grad


def test_special_values():
    x = fnnet.tensor([1.0, NAN, INF, -INF])
    assert fnnet.isnan(x).tolist() == [False, True, False, False]
    assert fnnet.isinf(x).tolist() == [False, False, True, True]
    assert fnnet.isfinite(x).tolist() == [True, False, False, False]
    assert fnnet.isposinf(x).tolist() == [False, False, True, False]
    assert fnnet.isneginf(x).tolist() == [False, False, False, True]
    assert fnnet.isreal(x).tolist() == [True] * 4
    whole = fnnet.tensor([1, 2])
    for name in ("isnan", "isinf", "isposinf", "isneginf"):
        assert getattr(fnnet, name)(whole).tolist() == [False, False]
    assert fnnet.isfinite(whole).tolist() == [True, True]
    assert fnnet.isnan(x.bfloat16()).tolist() == [False, True, False, False]


def test_isclose():
    a = fnnet.tensor([1.0, 1.0, INF, INF, NAN])
    b = fnnet.tensor([1.0 + 1e-6, 1.1, INF, -INF, NAN])
    assert fnnet.isclose(a, b).tolist() == [True, False, True, False, False]
    assert fnnet.isclose(a, b, equal_nan=True).tolist() == [True, False, True, False, True]
    assert fnnet.isclose(a, b, rtol=0.0, atol=0.2).tolist() == [True, True, True, False, False]
    assert fnnet.isclose(fnnet.tensor([10, 11]), fnnet.tensor([10, 10])).tolist() == [True, False]
    # PyTorch 2.13 answers False, although float32 has one value for both
    assert not fnnet.isclose(fnnet.tensor(2**24), fnnet.tensor(2**24 + 1), rtol=0.0, atol=0.0).item()
    assert fnnet.allclose(a[:1], b[:1])
    assert not fnnet.allclose(a[:2], b[:2])
    with pytest.raises(RuntimeError, match="did not match"):
        fnnet.allclose(a, b.double())
    with pytest.raises(RuntimeError, match="must be greater than or equal to zero"):
        fnnet.isclose(a, b, rtol=-1.0)


def test_equal():
    x = fnnet.tensor([1, 2])
    assert fnnet.equal(x, fnnet.tensor([1.0, 2.0]))
    assert not fnnet.equal(x, fnnet.tensor([1, 3]))
    assert not fnnet.equal(x, fnnet.tensor([[1, 2]]))
    assert fnnet.equal(fnnet.empty(0), fnnet.empty(0))
