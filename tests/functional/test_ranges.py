"""arange, linspace and logspace: whole numbers, which PyTorch truncates before it counts, and complex ones.

Literals: PyTorch 2.13.
"""

from __future__ import annotations

import numpy as np
import pytest

import fnnet


@pytest.mark.parametrize(
    ("given", "dtype", "expected"),
    [
        ((1.0, 5.000001, 2.0), fnnet.int64, [1, 3]),
        ((-0.9, 2.1, 2.0), fnnet.int64, [0]),
        ((0.5, 5), fnnet.int32, [0, 1, 2, 3, 4]),
        ((0.5, 6.9, 1.6), fnnet.int32, [0, 1, 2, 3]),  # for int32 their count is that of the numbers given
    ],
)
def test_arange_of_whole_numbers(given: tuple[float, ...], dtype: fnnet.dtype, expected: list[int]) -> None:
    assert fnnet.arange(*given, dtype=dtype).tolist() == expected


def test_lines_of_whole_numbers() -> None:
    assert fnnet.linspace(4.3, 0, 6, dtype=fnnet.int64).tolist() == [4, 3, 2, 1, 0, 0]
    assert fnnet.logspace(4.3, 2.0, 4, 3.0, dtype=fnnet.int64).tolist() == [81, 38, 18, 9]


def test_complex_exponents() -> None:
    r = fnnet.logspace(0, 2j, 3)  # PyTorch 2.13
    assert r.dtype is fnnet.complex64
    np.testing.assert_allclose(r.numpy(), [1, -0.6682 + 0.7440j, -0.1070 - 0.9943j], atol=1e-4)


@pytest.mark.parametrize("make", [fnnet.linspace, fnnet.logspace])
def test_lines_refuse_dtypes_that_do_not_hold_them(make) -> None:
    with pytest.raises(NotImplementedError, match="not implemented for 'Bool'"):
        make(0, 2, 3, dtype=fnnet.bool)
    with pytest.raises(RuntimeError, match="can't be safely cast"):
        make(0, 2j, 3, dtype=fnnet.float32)


def test_a_step_that_is_zero_as_a_whole_number() -> None:
    with pytest.raises(ValueError, match="step must be nonzero"):
        fnnet.arange(0, 64, 0.5, out=fnnet.empty(0, dtype=fnnet.int64))


@pytest.mark.parametrize("make", [fnnet.linspace, fnnet.logspace])
def test_steps_are_an_int(make) -> None:
    with pytest.raises(TypeError, match="argument 'steps' must be int, not float"):
        make(0, 3, 1.0)
