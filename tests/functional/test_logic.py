"""Truth values and bits. Expected values without a derivation were printed by PyTorch 2.13."""

from __future__ import annotations

import pytest

import fnnet

A, B = fnnet.tensor([True, True, False, False]), fnnet.tensor([True, False, True, False])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("logical_and", [True, False, False, False]),
        ("logical_or", [True, True, True, False]),
        ("logical_xor", [False, True, True, False]),
        ("bitwise_and", [True, False, False, False]),
        ("bitwise_or", [True, True, True, False]),
        ("bitwise_xor", [False, True, True, False]),
    ],
)
def test_truth_tables(name, expected):
    assert getattr(fnnet, name)(A, B).tolist() == expected
    assert getattr(A.clone(), name + "_")(B).tolist() == expected
    if name.startswith("logical"):
        for x in (A.float() * 2.5, A.long() * 3, A.bfloat16()):
            r = getattr(fnnet, name)(x, B)
            assert (r.dtype, r.tolist()) == (fnnet.bool, expected)


def test_operators():
    assert ((A & B).tolist(), (A | B).tolist()) == ([True, False, False, False], [True, True, True, False])
    assert ((A ^ B).tolist(), (~A).tolist()) == ([False, True, True, False], [False, False, True, True])
    x = fnnet.tensor([6, 5])
    assert ((x & 3).tolist(), (3 & x).tolist(), (x | 8).tolist()) == ([2, 1], [2, 1], [14, 13])
    assert ((x ^ 3).tolist(), (~x).tolist(), (1 ^ x).tolist()) == ([5, 6], [-7, -6], [7, 4])
    x &= 4
    assert x.tolist() == [4, 4]
    assert (A & 1).tolist() == [1, 1, 0, 0]


def test_shifts():
    x = fnnet.tensor([1, -8])
    assert ((x << 2).tolist(), (x >> 1).tolist()) == ([4, -32], [0, -4])
    assert ((x << -1).tolist(), (x << 64).tolist(), (x >> 100).tolist()) == ([0, 0], [0, 0], [0, -1])
    assert (1 << fnnet.tensor([3, 4])).tolist() == [8, 16]
    x <<= 1
    assert x.tolist() == [2, -16]


def test_logical_not():
    assert fnnet.logical_not(fnnet.tensor([0.0, 2.5])).tolist() == [True, False]
    x = fnnet.tensor([0.0, 2.5])
    assert x.logical_not_().tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("compute", "error", "phrase"),
    [
        (lambda x: x & x, RuntimeError, "\"bitwise_and_cpu\" not implemented for 'Float'"),
        (lambda x: A & 1.5, RuntimeError, "not implemented for 'Float'"),
        (lambda x: x << 1, RuntimeError, "\"lshift_cpu\" not implemented for 'Float'"),
        (lambda x: ~x, TypeError, "only implemented on integer and Boolean-type tensors"),
        (lambda x: x.bitwise_not_(), RuntimeError, "not implemented for 'Float'"),
        (lambda x: fnnet.tensor([1]).bitwise_and_(x), RuntimeError, "result type Float can't be cast"),
        (lambda x: fnnet.logical_and(x, 1), TypeError, "must be Tensor, not int"),
    ],
)
def test_refused(compute, error, phrase):
    with pytest.raises(error, match=phrase):
        compute(fnnet.tensor([1.0]))
