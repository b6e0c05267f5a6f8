"""arange, linspace and logspace of whole numbers, which PyTorch truncates before it counts. Literals: PyTorch 2.13."""

from __future__ import annotations

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


def test_a_step_that_is_zero_as_a_whole_number() -> None:
    with pytest.raises(ValueError, match="step must be nonzero"):
        fnnet.arange(0, 64, 0.5, out=fnnet.empty(0, dtype=fnnet.int64))


@pytest.mark.parametrize("make", [fnnet.linspace, fnnet.logspace])
def test_steps_are_an_int(make) -> None:
    with pytest.raises(TypeError, match="argument 'steps' must be int, not float"):
        make(0, 3, 1.0)
