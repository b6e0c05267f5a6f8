"""Arithmetic and its operators. Expected values without a derivation were printed by PyTorch 2.13."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import fnnet

NAN, INF = math.nan, math.inf


def whole(*values: int, dtype: fnnet.dtype = fnnet.int64) -> fnnet.Tensor:
    return fnnet.tensor(list(values), dtype=dtype)


def real(*values: float) -> fnnet.Tensor:
    return fnnet.tensor([float(v) for v in values])


TRUTHS = fnnet.tensor([True, False])


# promotion -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("compute", "dtype", "expected"),
    [
        (lambda: whole(1, 2) + 1, "int64", [2, 3]),
        (lambda: whole(1, 2) + 1.5, "float32", [2.5, 3.5]),
        (lambda: whole(1, 2) / whole(2, 4), "float32", [0.5, 0.5]),
        (lambda: 1 / whole(2, 4), "float32", [0.5, 0.25]),
        (lambda: whole(1, 2) * real(0.5, 0.25), "float32", [0.5, 0.5]),
        (lambda: whole(1, dtype=fnnet.int8) + whole(1, dtype=fnnet.uint8), "int16", [2]),
        (lambda: whole(1, dtype=fnnet.int8) + 300, "int8", [45]),
        (lambda: whole(5, dtype=fnnet.uint8) - 300, "uint8", [217]),
        (lambda: whole(100, dtype=fnnet.int8) + whole(100, dtype=fnnet.int8), "int8", [-56]),
        (lambda: whole(1, dtype=fnnet.int8) * fnnet.tensor(3), "int8", [3]),
        (lambda: whole(1, 2) + fnnet.tensor(0.5), "float32", [1.5, 2.5]),
        (lambda: real(1, 2).half() * 2.5, "float16", [2.5, 5.0]),
        (lambda: real(1, 2).bfloat16() + real(1, 2).half(), "float32", [2.0, 4.0]),
        (lambda: real(1, 2).double() + real(1, 2), "float64", [2.0, 4.0]),
        (lambda: TRUTHS + TRUTHS, "bool", [True, False]),
        (lambda: TRUTHS * TRUTHS, "bool", [True, False]),
        (lambda: TRUTHS + True, "bool", [True, True]),
        (lambda: TRUTHS + 1, "int64", [2, 1]),
        (lambda: whole(1, 2) + True, "int64", [2, 3]),
        (lambda: whole(1, 2) + np.float64(0.5), "float32", [1.5, 2.5]),
        (lambda: np.float32(2) * real(1, 2), "float32", [2.0, 4.0]),
        (lambda: real(1, 2) * np.ones(2), "float64", [1.0, 2.0]),
    ],
)
def test_promotion(compute, dtype, expected):
    r = compute()
    assert str(r.dtype).endswith("." + dtype)
    assert r.tolist() == expected


def test_broadcasts_and_keeps_layout():
    a = fnnet.ones(3, 1, 4)
    b = fnnet.ones(2, 1)
    assert (a + b).shape == (3, 2, 4)
    assert (fnnet.ones(0, 3) * fnnet.ones(3)).shape == (0, 3)
    turned = fnnet.ones(2, 3).t()
    assert (turned * 2).stride() == turned.stride()
    with pytest.raises(RuntimeError, match="must match the size of tensor b"):
        fnnet.ones(3) + fnnet.ones(4)


# quotients and remainders --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("floor_divide", [2.0, -3.0, -3.0, 2.0]),
        ("remainder", [1.5, 0.5, -0.5, -1.5]),
        ("fmod", [1.5, -1.5, 1.5, -1.5]),
        ("true_divide", [2.75, -2.75, -2.75, 2.75]),
    ],
)
def test_signs_of_division(name, expected):
    a, b = real(5.5, -5.5, 5.5, -5.5), real(2, 2, -2, -2)
    assert getattr(fnnet, name)(a, b).tolist() == expected


def test_division_by_zero():
    x = real(1, -1, 0)
    assert fnnet.div(x, 0).tolist()[:2] == [INF, -INF]
    assert math.isnan(fnnet.div(x, 0).tolist()[2])
    assert fnnet.floor_divide(x, 0).tolist()[:2] == [INF, -INF]
    assert all(map(math.isnan, fnnet.remainder(x, 0).tolist()))
    for op in (fnnet.floor_divide, fnnet.remainder, fnnet.fmod):
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            op(whole(1, 2), 0)
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            op(whole(1, 2), whole(1, 0))
    target = whole(4, 6)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        target //= whole(2, 0)
    assert target.tolist() == [4, 6]


def test_rounding_modes():
    a = whole(7, -7, 2**62 + 1)
    assert fnnet.div(a, 2, rounding_mode="trunc").tolist() == [3, -3, 2**61]
    assert fnnet.div(a, 2, rounding_mode="floor").tolist() == [3, -4, 2**61]
    assert fnnet.div(real(7, -7), 2, rounding_mode="trunc").tolist() == [3.0, -3.0]
    assert (-7 // whole(2)).tolist() == [-4]
    with pytest.raises(RuntimeError, match="rounding_mode to be one of None, 'trunc', or 'floor' but found 'up'"):
        fnnet.div(a, 2, rounding_mode="up")


def test_a_rounded_quotient_has_gradient_zero():
    x = fnnet.tensor([5.0, 7.0], requires_grad=True)
    fnnet.div(x, 2, rounding_mode="floor").sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


# bool ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("compute", "phrase"),
    [
        (lambda: TRUTHS - TRUTHS, "with two bool tensors is not supported"),
        (lambda: TRUTHS - 1, "with a bool tensor is not supported"),
        (lambda: 1 - TRUTHS, "with a bool tensor is not supported"),
        (lambda: whole(1, 2) - TRUTHS, "with a bool tensor is not supported"),
        (lambda: -TRUTHS, "Negation, the `-` operator, on a bool tensor"),
        (lambda: +TRUTHS, r"The `\+` operator, on a bool tensor"),
        (lambda: TRUTHS // TRUTHS, "not implemented for 'Bool'"),
    ],
)
def test_bool_is_no_number(compute, phrase):
    with pytest.raises(RuntimeError, match=phrase):
        compute()


# alpha ---------------------------------------------------------------------------------------------------------------
def test_alpha():
    assert fnnet.add(real(1, 2), real(3, 4), alpha=0.5).tolist() == [2.5, 4.0]
    assert fnnet.sub(whole(5), whole(1), alpha=3).tolist() == [2]
    assert fnnet.rsub(real(1), 10, alpha=2).tolist() == [8.0]
    assert real(1, 2).add_(real(1, 1), alpha=2).tolist() == [3.0, 4.0]
    with pytest.raises(RuntimeError, match="argument alpha must not be a floating point number"):
        fnnet.add(whole(1), 1, alpha=2.5)


# foreign operands ----------------------------------------------------------------------------------------------------
def test_other_classes_may_answer():
    class Other:
        def __rmul__(self, left):
            return "other"

        def __radd__(self, left):
            return "other"

    assert real(1) * Other() == "other"
    assert real(1) + Other() == "other"


@pytest.mark.parametrize("other", [None, "x", [1.0], object()])
def test_operators_refuse_what_is_no_number(other):
    one = real(1)
    for compute in (lambda: one + other, lambda: other - one, lambda: one**other, lambda: one // other):
        with pytest.raises(TypeError, match="unsupported operand"):
            compute()


def test_an_array_on_the_left_is_refused():
    with pytest.raises(TypeError, match="unsupported operand"):
        np.ones(2) * real(1, 2)


def test_functions_name_the_argument():
    with pytest.raises(TypeError, match=r"add\(\): argument 'other' \(position 2\) must be Tensor, not str"):
        fnnet.add(real(1), "x")
    with pytest.raises(TypeError, match=r"argument 'input' \(position 1\) must be Tensor, not str"):
        fnnet.mul("x", real(1))


# in place ------------------------------------------------------------------------------------------------------------
def test_in_place_keeps_memory_and_counts():
    x = real(1, 2)
    memory = x.numpy()
    y = x
    x += 1
    x *= real(2, 3)
    x -= 1
    x /= 2
    x **= 2
    x %= 5
    assert y is x
    assert memory.tolist() == x.tolist() == [2.25, 1.0]


@pytest.mark.parametrize(
    ("act", "phrase"),
    [
        (lambda: whole(1).add_(1.5), "result type Float can't be cast to the desired output type Long"),
        (lambda: whole(1).div_(2), "result type Float can't be cast"),
        (lambda: fnnet.tensor([True]).add_(1), "result type Long can't be cast to the desired output type Bool"),
        (lambda: real(1).add_(fnnet.ones(2)), "doesn't match the broadcast shape"),
        (lambda: fnnet.ones(1).expand(3).add_(1), "more than one element of the written-to tensor"),
        (lambda: fnnet.ones(1, requires_grad=True).mul_(2), "leaf Variable that requires grad"),
    ],
)
def test_in_place_errors(act, phrase):
    with pytest.raises(RuntimeError, match=phrase):
        act()


def test_refused_writes_change_nothing():
    x = whole(1, 2)
    with pytest.raises(RuntimeError):
        x.mul_(0.5)
    assert x.tolist() == [1, 2]
    assert real(1, 2).half().mul_(0.5).dtype is fnnet.float16


def test_in_place_records():
    x = fnnet.tensor([2.0, 3.0], requires_grad=True)
    y = x * 1
    y.mul_(x).add_(1)  # x * x + 1
    y.sum().backward()
    assert x.grad.tolist() == [4.0, 6.0]


def test_a_quick_write_sees_every_mode():
    x = fnnet.ones(2)
    w = fnnet.ones(2, requires_grad=True)
    assert x.mul_(w).requires_grad
    with fnnet.no_grad():
        w.add_(1)
    assert w.tolist() == [2.0, 2.0]
    row = fnnet.zeros(2, 2)
    row[0].add_(1)
    assert row.tolist() == [[1.0, 1.0], [0.0, 0.0]]


# fused ---------------------------------------------------------------------------------------------------------------
def test_addcmul_addcdiv():
    x, a, b = real(1, 2), real(3, 4), real(2, 5)
    assert fnnet.addcmul(x, a, b, value=0.5).tolist() == [4.0, 12.0]
    assert fnnet.addcdiv(x, a, b, value=2).tolist() == pytest.approx([4.0, 3.6])
    assert x.addcmul_(a, b).tolist() == [7.0, 22.0]
    assert fnnet.addcmul(whole(1), whole(2), whole(3), value=2).tolist() == [13]
    with pytest.raises(RuntimeError, match="Integer division with addcdiv is no longer supported"):
        fnnet.addcdiv(real(1), whole(1), whole(1))


def test_lerp_reaches_both_ends():
    a, b = real(0.1, -3), real(1e8, 7)
    assert fnnet.lerp(a, b, 1.0).tolist() == b.tolist()
    assert fnnet.lerp(a, b, real(0, 1)).tolist() == pytest.approx([0.1, 7.0])
    with pytest.raises(RuntimeError, match="expected dtype float"):
        fnnet.lerp(a, b.double(), 0.5)


# out=, warnings ------------------------------------------------------------------------------------------------------
def test_out():
    out = fnnet.empty(2)
    assert fnnet.add(real(1, 2), 1, out=out) is out
    assert out.tolist() == [2.0, 3.0]
    with pytest.raises(RuntimeError, match="can't be cast to the desired output type"):
        fnnet.add(real(1, 2), 1, out=whole(0, 0))


def test_infinities_are_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = fnnet.tensor([1e38, -1e38, 0.0], requires_grad=True)
        y = x * x
        assert y.tolist() == [INF, INF, 0.0]
        assert math.isnan((y - y).tolist()[0])
        assert (x + INF).tolist() == [INF, INF, INF]
        assert (x * 1e300).tolist()[:2] == [INF, -INF]
        (x.sqrt() / x).backward(fnnet.ones(3))
        z = y.detach()
        z.mul_(1e38).mul_(1e38)
        assert z.tolist()[:2] == [INF, INF]
        z.sub_(z)
        assert math.isnan(z.tolist()[0])
