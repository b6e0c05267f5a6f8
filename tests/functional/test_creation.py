"""New tensors: numbers that fit, memory in the order of another's, memory formats. Literals: PyTorch 2.13."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import fnnet


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(300, fnnet.uint8), (-256, fnnet.uint8), (200, fnnet.int8), (1e10, fnnet.int32), (float("nan"), fnnet.int64)],
)
def test_numbers_that_do_not_fit(value: float, dtype: fnnet.dtype) -> None:
    with pytest.raises(RuntimeError, match=f"value cannot be converted to type {dtype.name} without overflow"):
        fnnet.tensor([value], dtype=dtype)


def test_numbers_that_wrap_around_or_overflow_as_in_pytorch() -> None:
    assert fnnet.tensor([-255], dtype=fnnet.uint8).tolist() == [1]
    assert fnnet.tensor([70000], dtype=fnnet.float16).tolist() == [float("inf")]
    assert fnnet.tensor(np.array([300]), dtype=fnnet.uint8).tolist() == [44]  # NumPy's are cast


def test_the_size_of_full_is_a_tuple() -> None:
    with pytest.raises(TypeError, match=r"argument 'size' .* must be tuple of ints, not int"):
        fnnet.full(3, 1)


@pytest.mark.parametrize("make", [fnnet.zeros_like, fnnet.ones_like, fnnet.empty_like])
def test_a_tensor_like_another_keeps_the_order_of_its_memory(make) -> None:
    assert make(fnnet.zeros(2, 3, 4).permute(2, 0, 1)).stride() == (1, 12, 4)
    assert make(fnnet.zeros(4, 6)[:, ::2].t()).stride() == (1, 3)
    assert make(fnnet.zeros(3, 1).expand(3, 4)).stride() == (4, 1)


def test_memory_formats() -> None:
    x = fnnet.arange(120.0).reshape(2, 3, 4, 5)
    for y in (
        x.contiguous(memory_format=fnnet.channels_last),
        x.to(memory_format=fnnet.channels_last),
        x.clone(memory_format=fnnet.channels_last),
        x.double(memory_format=fnnet.channels_last),
    ):
        assert y.stride() == (60, 1, 15, 3)
        assert y.is_contiguous(memory_format=fnnet.channels_last)
        assert not y.is_contiguous()
        assert y.tolist() == x.tolist()
        assert y.clone().stride() == (60, 1, 15, 3)
        assert y.clone(memory_format=fnnet.contiguous_format).stride() == (60, 20, 5, 1)
    assert x.to(memory_format=fnnet.preserve_format) is x


@pytest.mark.parametrize("make", [fnnet.zeros_like, fnnet.ones_like, fnnet.empty_like])
def test_a_tensor_like_another_takes_a_memory_format(make) -> None:
    x = fnnet.zeros(2, 3, 4, 5)
    y = make(x, memory_format=fnnet.channels_last)
    assert y.stride() == (60, 1, 15, 3)
    assert make(y, memory_format=fnnet.preserve_format).stride() == (60, 1, 15, 3)
    assert make(y, memory_format=fnnet.contiguous_format).stride() == (60, 20, 5, 1)
    assert make(y.double(), requires_grad=True, memory_format=fnnet.channels_last).is_leaf
    with pytest.raises(RuntimeError, match=r"required rank 4 tensor to use fnnet.channels_last format, got 2 dims"):
        make(fnnet.zeros(2, 3), memory_format=fnnet.channels_last)


def test_other_new_tensors_take_a_memory_format() -> None:
    filled = fnnet.full_like(fnnet.zeros(2, 3, 4, 5), 7, memory_format=fnnet.channels_last)
    assert filled.stride() == (60, 1, 15, 3)
    assert filled.unique().tolist() == [7.0]
    assert fnnet.empty(2, 3, 4, 5, memory_format=fnnet.channels_last).stride() == (60, 1, 15, 3)
    assert fnnet.empty(2, 3, 4, 5, memory_format=fnnet.contiguous_format).stride() == (60, 20, 5, 1)
    with pytest.raises(RuntimeError, match="required rank 5 tensor"):
        fnnet.empty(2, 3, memory_format=fnnet.channels_last_3d)


def test_dlpack_of_a_dtype_that_there_is_not() -> None:
    with pytest.raises(TypeError, match="unsupported dtype uint16"):
        fnnet.from_dlpack(np.arange(3, dtype=np.uint16))


def test_memory_formats_print_and_travel() -> None:
    for name in ("channels_last", "channels_last_3d", "contiguous_format", "preserve_format", "strided"):
        there = getattr(fnnet, name)
        assert repr(there) == f"fnnet.{name}"
        assert pickle.loads(pickle.dumps(there)) is there
        assert copy.deepcopy(there) is there
