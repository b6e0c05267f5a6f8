"""Padding. Literals were printed by PyTorch 2.13."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet.functional.padding import pad


def ramp(*shape: int) -> fnnet.Tensor:
    return fnnet.from_numpy(np.arange(float(np.prod(shape)), dtype=np.float32).reshape(shape))


@pytest.mark.parametrize(
    ("shape", "pads", "options", "expected"),
    [
        ((1, 2, 3), (2, 1), {"mode": "reflect"}, [[[2, 1, 0, 1, 2, 1], [5, 4, 3, 4, 5, 4]]]),
        ((1, 2, 3), (2, 1), {"mode": "replicate"}, [[[0, 0, 0, 1, 2, 2], [3, 3, 3, 4, 5, 5]]]),
        ((1, 2, 3), (2, 1), {"mode": "circular"}, [[[1, 2, 0, 1, 2, 0], [4, 5, 3, 4, 5, 3]]]),
        ((1, 2, 3), (1, -1, 0, 1), {"value": 9}, [[[9, 0, 1], [9, 3, 4], [9, 9, 9]]]),
        ((1, 4), (-1, -1), {"mode": "circular"}, [[1, 2]]),
        ((1, 4), (-1, 3), {"mode": "circular"}, [[1, 2, 3, 1, 2, 3]]),
        ((1, 4), (-1, 3), {"mode": "reflect"}, [[1, 2, 3, 2, 1, 0]]),
        ((1, 4), (-2, 6), {"mode": "replicate"}, [[2, 3, 3, 3, 3, 3, 3, 3]]),
    ],
)
def test_literals(shape: Any, pads: Any, options: Any, expected: Any) -> None:
    y = pad(ramp(*shape), pads, **options)
    assert y.tolist() == expected
    assert y.is_contiguous()


def test_whole_numbers_and_bool_cast_the_value() -> None:
    assert pad(fnnet.tensor([1, 2]), (1, 0), value=1.5).tolist() == [1, 1, 2]
    assert pad(fnnet.tensor([False]), (1, 0), value=1).tolist() == [True, False]


def test_the_result_is_a_copy() -> None:
    x = ramp(2)
    y = pad(x, (0, 0))
    y.zero_()
    assert x.tolist() == [0.0, 1.0]


def test_gradients() -> None:
    x = ramp(1, 3).requires_grad_()
    (pad(x, (1, 2), mode="replicate") * fnnet.tensor([1.0, 2, 4, 8, 16, 32])).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[3.0, 4.0, 56.0]]  # each element's weight is the sum of those of its copies
    x = ramp(1, 3).requires_grad_()
    (pad(x, (1, -1)) * fnnet.tensor([1.0, 2, 4])).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[2.0, 4.0, 0.0]]


@pytest.mark.parametrize(
    ("shape", "pads", "options", "message"),
    [
        ((2, 3), (1,), {}, "Padding length must be divisible by 2"),
        ((2, 3), (1,) * 6, {}, "less than or equal to two times the input dimension but got padding length 6"),
        ((2, 3), (-2, -2), {}, "length must be non-negative"),
        ((2, 3), (1, 1), {"mode": "mirror"}, "Unrecognised padding mode mirror"),
        ((2, 3), (1, 1), {"mode": "reflect", "value": 2}, 'Padding mode "reflect" doesn\'t take in value argument'),
        ((2, 3), (3, 0), {"mode": "reflect"}, "Padding size should be less than the corresponding input dimension"),
        ((2, 3), (4, 0), {"mode": "circular"}, "wrapping around more than once"),
        ((3,), (1, 1), {"mode": "reflect"}, "Padding size 2 is not supported for 1D input tensor"),
        ((3, 0), (1, 1), {"mode": "replicate"}, "other non-zero dimensions for input, but got"),
    ],
)
def test_says_what_does_not_fit(shape: Any, pads: Any, options: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        pad(fnnet.zeros(shape), pads, **options)
