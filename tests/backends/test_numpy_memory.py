"""Writes into NumPy arrays with gaps between their elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet as torch


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int32, torch.int64])
@pytest.mark.parametrize("step", [1, 2, 3, 4, 8, 16])
def test_neg_in_place_with_gaps(step: int, dtype: Any) -> None:
    # np.negative(x, out=x) of NumPy 2.4.6 reads x[1] where x[step] stands, for steps of 16 and of 64 bytes.
    x = torch.arange(1, 5 * step + 1, dtype=dtype)
    x[::step].neg_()
    expected = np.arange(1, 5 * step + 1)
    expected[::step] *= -1
    assert x.tolist() == expected.tolist()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_gradients_of_half_types_are_summed_in_float32(dtype: Any) -> None:
    x = torch.zeros(1, dtype=dtype, requires_grad=True)
    x.expand(1000).backward(torch.ones(1000, dtype=dtype))
    assert x.grad is not None
    assert x.grad.dtype == dtype
    assert x.grad.item() == 1000.0
