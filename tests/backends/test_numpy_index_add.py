"""Rows added at indices by the NumPy backend: few, many, narrow and wide ones against the sum, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnet.backends.numpy_backend import BACKEND


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.complex64])
@pytest.mark.parametrize("rows", [1, 3, 40, 5000])  # one run, long runs, mixed, mostly single rows
@pytest.mark.parametrize("shape", [(300,), (20, 15)])
@pytest.mark.parametrize("width", [1, 5, 60])
def test_repeated_rows_add_up(rows: int, shape: tuple[int, ...], width: int, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    index = rng.integers(0, rows, shape)
    value = rng.integers(-99, 99, (*shape, 4, width)).astype(dtype)  # whole numbers: every order of adding is exact
    x = rng.integers(-9, 9, (rows, 4, width)).astype(dtype)
    want = x.copy()
    for at, row in zip(index.reshape(-1), value.reshape(-1, 4, width), strict=True):
        want[at] += row
    before = x.copy()
    got = BACKEND.index_add(x, index, value)
    assert got.dtype == dtype
    assert np.array_equal(got, want)
    assert np.array_equal(x, before)
    out = np.empty_like(x)
    assert BACKEND.index_add(x, index, value, out=out) is out
    assert np.array_equal(out, want)
    last = BACKEND.index_add(x, index - rows, value)  # counted from the end, they are the same rows
    assert np.array_equal(last, want)
