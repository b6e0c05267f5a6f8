"""Promotion: PyTorch 2.13's table of two dtypes, and its rule for tensors with dims, tensors without, and numbers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fnnet

SHORT = {
    "b": fnnet.bool, "u1": fnnet.uint8, "i1": fnnet.int8, "i2": fnnet.int16, "i4": fnnet.int32, "i8": fnnet.int64,
    "f2": fnnet.float16, "bf": fnnet.bfloat16, "f4": fnnet.float32, "f8": fnnet.float64, "c8": fnnet.complex64,
    "cx": fnnet.complex128,
}  # fmt: skip
# torch.promote_types of PyTorch 2.13, rows and columns in the order above.
TABLE = """
b  u1 i1 i2 i4 i8 f2 bf f4 f8 c8 cx
u1 u1 i2 i2 i4 i8 f2 bf f4 f8 c8 cx
i1 i2 i1 i2 i4 i8 f2 bf f4 f8 c8 cx
i2 i2 i2 i2 i4 i8 f2 bf f4 f8 c8 cx
i4 i4 i4 i4 i4 i8 f2 bf f4 f8 c8 cx
i8 i8 i8 i8 i8 i8 f2 bf f4 f8 c8 cx
f2 f2 f2 f2 f2 f2 f2 f4 f4 f8 c8 cx
bf bf bf bf bf bf f4 bf f4 f8 c8 cx
f4 f4 f4 f4 f4 f4 f4 f4 f4 f8 c8 cx
f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 cx cx
c8 c8 c8 c8 c8 c8 c8 c8 c8 cx c8 cx
cx cx cx cx cx cx cx cx cx cx cx cx
"""
ROWS = [[SHORT[name] for name in line.split()] for line in TABLE.split("\n") if line]
DTYPES = list(SHORT.values())
PROMOTED = {(a, b): ROWS[i][j] for (i, a), (j, b) in itertools.product(enumerate(DTYPES), repeat=2)}
NUMBERS = {True: fnnet.bool, 3: fnnet.int64, 2.5: fnnet.float32, 1 + 2j: fnnet.complex64}


def category(dtype: fnnet.dtype) -> int:
    """0 bool, 1 whole numbers, 2 floating point, 3 complex."""
    return 3 if dtype.is_complex else 2 if dtype.is_floating_point else 0 if dtype is fnnet.bool else 1


def weaker(strong: fnnet.dtype, weak: fnnet.dtype) -> fnnet.dtype:
    """The result where `weak` has fewer rights: it counts only if its category is higher."""
    if category(weak) <= category(strong):
        return strong
    if category(strong) == 2:  # complex with the precision of the stronger
        return fnnet.complex128 if strong is fnnet.float64 else fnnet.complex64
    return PROMOTED[strong, weak]


def test_the_table_is_symmetric_and_complete() -> None:
    assert len(PROMOTED) == 12 * 12
    assert all(PROMOTED[a, b] is PROMOTED[b, a] for a, b in PROMOTED)


@pytest.mark.parametrize(("a", "b"), PROMOTED)
def test_two_dtypes(a: fnnet.dtype, b: fnnet.dtype) -> None:
    assert fnnet.promote_types(a, b) is PROMOTED[a, b]
    assert fnnet.result_type(fnnet.ones(1, dtype=a), fnnet.ones(1, dtype=b)) is PROMOTED[a, b]
    assert (fnnet.ones(1, dtype=a) + fnnet.ones(1, dtype=b)).dtype is PROMOTED[a, b]
    assert (fnnet.ones((), dtype=a) * fnnet.ones((), dtype=b)).dtype is PROMOTED[a, b]


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES), st.booleans())
def test_a_tensor_without_dims_widens_only_across_categories(a: fnnet.dtype, b: fnnet.dtype, turned: bool) -> None:
    dims, none = fnnet.ones(2, dtype=a), fnnet.ones((), dtype=b)
    expected = weaker(a, b)
    if category(a) == 2 and category(b) == 3 and a is fnnet.float16:
        return  # PyTorch's complex32, which fnnet does not have
    assert fnnet.result_type(*((none, dims) if turned else (dims, none))) is expected
    assert (none + dims if turned else dims + none).dtype is expected


@given(st.sampled_from(DTYPES), st.sampled_from(list(NUMBERS)), st.sampled_from([(), (2,), (0, 3)]))
def test_a_number_widens_only_across_categories(dtype: fnnet.dtype, number: complex, shape: tuple[int, ...]) -> None:
    if dtype is fnnet.float16 and isinstance(number, complex):
        return  # as above
    expected = weaker(dtype, NUMBERS[number])
    x = fnnet.ones(shape, dtype=dtype)
    assert fnnet.result_type(x, number) is expected
    assert (x * number).dtype is expected
    assert (number + x).dtype is expected


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES))
def test_in_place_the_target_keeps_its_dtype_or_refuses(a: fnnet.dtype, b: fnnet.dtype) -> None:
    x = fnnet.zeros(2, dtype=a)
    if category(PROMOTED[a, b]) <= category(a):
        assert x.add_(fnnet.ones(2, dtype=b)).dtype is a
    else:
        with pytest.raises(RuntimeError, match=r"result type .* can't be cast to the desired output type"):
            x.add_(fnnet.ones(2, dtype=b))
        assert not x.any()


@given(st.sampled_from([t for t in DTYPES if category(t) < 2]), st.sampled_from([t for t in DTYPES if category(t) < 2]))
def test_whole_numbers_divide_to_the_default_dtype(a: fnnet.dtype, b: fnnet.dtype) -> None:
    assert (fnnet.ones(2, dtype=a) / fnnet.ones(2, dtype=b)).dtype is fnnet.float32
