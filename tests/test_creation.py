"""Tensors from Python and NumPy values, from shapes and from ranges. Literals and phrases: PyTorch 2.13."""

from __future__ import annotations

import array
import warnings

import numpy as np
import pytest

import fnnet

F32, F64, I64 = fnnet.float32, fnnet.float64, fnnet.int64
NAN, INF = float("nan"), float("inf")

# from data -----------------------------------------------------------------------------------------------------------
INFERRED = [
    (3, I64, 3),
    (3.5, F32, 3.5),
    (True, fnnet.bool, True),
    (1j, fnnet.complex64, 1j),
    ([], F32, []),
    ([[], []], F32, [[], []]),
    ([1, 2.5], F32, [1.0, 2.5]),
    ([True, 2], I64, [1, 2]),
    ([True, 2.0], F32, [1.0, 2.0]),
    ([True, 1j], fnnet.complex64, [1, 1j]),
    (((1, 2), [3, 4]), I64, [[1, 2], [3, 4]]),
    (range(3), I64, [0, 1, 2]),
    (bytearray(b"ab"), I64, [97, 98]),
    (array.array("i", [1, 2]), I64, [1, 2]),
    (np.float32(3), F32, 3.0),
    (np.float64(3), F64, 3.0),
    (np.int16(3), fnnet.int16, 3),
    (np.arange(2.0), F64, [0.0, 1.0]),
    (np.arange(2, dtype=np.uint8), fnnet.uint8, [0, 1]),
    ([np.float32(1), np.float32(2)], F32, [1.0, 2.0]),
    ([1.0, np.float64(2)], F64, [1.0, 2.0]),
    ([1, np.float64(2)], F64, [1.0, 2.0]),
    ([np.int8(1), 2], I64, [1, 2]),
    ([np.float16(1)], fnnet.float16, [1.0]),
    ([np.arange(2.0), np.arange(2)], F64, [[0.0, 1.0], [0.0, 1.0]]),
    ([fnnet.tensor(1), fnnet.tensor(2.5)], F32, [1.0, 2.5]),
    ([fnnet.tensor([1]), fnnet.tensor([2])], I64, [1, 2]),
    ([fnnet.tensor(1.0, dtype=F64), 2], F64, [1.0, 2.0]),
    (2**63 - 1, I64, 2**63 - 1),
]


@pytest.mark.parametrize(("data", "dtype", "values"), INFERRED, ids=[repr(row[0])[:40] for row in INFERRED])
def test_inferred_dtype(data, dtype, values):
    t = fnnet.tensor(data)
    assert t.dtype is dtype
    assert t.tolist() == values


def test_inferred_dtype_follows_the_default():
    fnnet.set_default_dtype(F64)
    try:
        assert fnnet.tensor(1.5).dtype is fnnet.tensor([]).dtype is fnnet.zeros(1).dtype is F64
        assert fnnet.tensor(1j).dtype is fnnet.complex128
        assert fnnet.tensor([np.float32(1)]).dtype is F32
    finally:
        fnnet.set_default_dtype(F32)
    with pytest.raises(TypeError, match="only floating-point types are supported as the default type"):
        fnnet.set_default_dtype(I64)


GIVEN = [
    ([1.7, -2.3], I64, [1, -2]),
    ([-1, 255], fnnet.uint8, [255, 255]),
    ([0, 2, -1, 0.5, NAN], fnnet.bool, [False, True, True, True, True]),
    ([1e39, -1e39], F32, [INF, -INF]),
    ([70000.0], fnnet.float16, [INF]),
    ([2**63], F32, [9.223372036854775808e18]),
    (2**70, F64, 2.0**70),
    (np.array([300, -1]), fnnet.uint8, [44, 255]),
    ([1], float, [1.0]),
    ([1.5], int, [1]),
    ([1.5], bool, [True]),
]


@pytest.mark.parametrize(("data", "dtype", "values"), GIVEN, ids=[repr(row[:2]) for row in GIVEN])
def test_given_dtype(data, dtype, values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        t = fnnet.tensor(data, dtype=dtype)
    assert t.tolist() == values
    assert t.dtype is {float: F64, int: I64, bool: fnnet.bool}.get(dtype, dtype)


REFUSED = [
    (lambda: fnnet.tensor([[1, 2], [3]]), ValueError, r"expected sequence of length 2 at dim 1 \(got 1\)"),
    (lambda: fnnet.tensor([[[1], [2]], [[3], [4, 5]]]), ValueError, "expected sequence of length 1 at dim 2"),
    (lambda: fnnet.tensor([1, [2, 3]]), TypeError, "not a sequence"),
    (lambda: fnnet.tensor([[1, 2], 3]), TypeError, "not a sequence"),
    (lambda: fnnet.tensor(["a"]), ValueError, "too many dimensions 'str'"),
    (lambda: fnnet.tensor("1"), TypeError, r"new\(\): invalid data type 'str'"),
    (lambda: fnnet.tensor([1, "a"]), TypeError, "invalid data type 'str'"),
    (lambda: fnnet.tensor(None), RuntimeError, "Could not infer dtype of NoneType"),
    (lambda: fnnet.tensor({"a": 1}), RuntimeError, "Could not infer dtype of dict"),
    (lambda: fnnet.tensor(x for x in [1]), RuntimeError, "Could not infer dtype of generator"),
    (lambda: fnnet.tensor(np.array([object()])), TypeError, r"can't convert np.ndarray of type object"),
    (lambda: fnnet.tensor([2**63]), RuntimeError, "Overflow when unpacking long long"),
    (lambda: fnnet.tensor([300], dtype=fnnet.uint8), RuntimeError, "type uint8 without overflow"),
    (lambda: fnnet.tensor(-129, dtype=fnnet.int8), RuntimeError, "type int8 without overflow: -129"),
    (lambda: fnnet.tensor([NAN], dtype=I64), RuntimeError, "type int64 without overflow"),
    (lambda: fnnet.tensor(1j, dtype=F32), TypeError, "must be real number, not complex"),
    (lambda: fnnet.tensor([fnnet.ones(2), fnnet.ones(2)]), TypeError, "only tensors of one element"),
    (lambda: fnnet.tensor([1], requires_grad=True), RuntimeError, "Only Tensors of floating point and complex dtype"),
    (lambda: fnnet.tensor(1, dtype="float32"), TypeError, "argument 'dtype' must be fnnet.dtype, not str"),
    (lambda: fnnet.Tensor(2.5), TypeError, r"new\(\): data must be a sequence \(got float\)"),
    (lambda: fnnet.zeros(2, dtype="float32"), TypeError, "argument 'dtype' must be fnnet.dtype"),
    (lambda: fnnet.zeros(-1), RuntimeError, "Trying to create tensor with negative dimension -1"),
    (lambda: fnnet.zeros(2.5), TypeError, "expected sizes as whole numbers"),
    (lambda: fnnet.zeros(), TypeError, 'missing 1 required positional arguments: "size"'),
    (lambda: fnnet.zeros(True), TypeError, "must be tuple of ints, not bool"),
    (lambda: fnnet.full(3, 1), TypeError, "argument 'size' .* must be tuple of ints, not int"),
    (lambda: fnnet.full((2,), fnnet.ones(2)), TypeError, "argument 'fill_value' .* must be Number, not Tensor"),
    (lambda: fnnet.full((2,), 300, dtype=fnnet.uint8), RuntimeError, "without overflow: 300"),
    (lambda: fnnet.full((2,), 1e39), RuntimeError, "type float32 without overflow"),
    (lambda: fnnet.full((2,), NAN, dtype=I64), RuntimeError, "type int64 without overflow"),
    (lambda: fnnet.ones_like([1]), TypeError, "ones_like.*argument 'input' must be Tensor, not list"),
    (lambda: fnnet.is_floating_point(1), TypeError, "argument 'input' must be Tensor, not int"),
    (lambda: fnnet.numel([1]), TypeError, "argument 'input' must be Tensor, not list"),
    (lambda: fnnet.eye(-1), RuntimeError, "n must be greater or equal to 0"),
    (lambda: fnnet.finfo(fnnet.int32), TypeError, "requires a floating point input type"),
    (lambda: fnnet.iinfo(F32), TypeError, "requires an integer input type"),
]


@pytest.mark.parametrize(("make", "error", "phrase"), REFUSED)
def test_refused(make, error, phrase):
    with pytest.raises(error, match=phrase):
        make()


def test_a_tensor_is_copied_with_a_warning():
    x = fnnet.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="recommended to use sourceTensor.detach"):
        y = fnnet.tensor(x)
    assert not y.requires_grad
    y.zero_()
    assert x.tolist() == [1.0, 1.0]


def test_the_class_as_in_early_pytorch():
    assert fnnet.Tensor(2, 3).shape == (2, 3)
    assert fnnet.Tensor([1, 2]).dtype is F32
    assert fnnet.Tensor().shape == (0,)
    assert fnnet.Tensor(fnnet.Size([2, 3])).shape == (2, 3)
    x = fnnet.ones(2, dtype=I64)
    assert x.new([1, 2.5]).tolist() == [1, 2]
    assert x.new(2, 3).shape == (2, 3)


# shared memory -------------------------------------------------------------------------------------------------------
def test_from_numpy_shares():
    a = np.zeros((2, 3))
    t = fnnet.from_numpy(a.T)
    t[0] = 5
    a[1, 1] = 7
    assert a.tolist() == [[5.0, 0.0, 0.0], [5.0, 7.0, 0.0]]
    assert t.tolist() == [[5.0, 5.0], [0.0, 7.0], [0.0, 0.0]]
    assert (t.stride(), t.is_contiguous(), t.dtype) == ((1, 3), False, F64)
    assert fnnet.from_numpy(np.array(1.5)).shape == ()


@pytest.mark.parametrize(
    ("data", "error", "phrase"),
    [
        ([1], TypeError, r"expected np.ndarray \(got list\)"),
        (np.float32(3), TypeError, r"expected np.ndarray \(got float32\)"),
        (np.array(["a"]), TypeError, "can't convert np.ndarray of type <U1. The only supported types are"),
        (np.arange(3)[::-1], ValueError, "At least one stride in the given numpy array is negative"),
        (np.arange(3, dtype=">i4"), ValueError, "byte order different from the native byte order"),
    ],
)
def test_from_numpy_refuses(data, error, phrase):
    with pytest.raises(error, match=phrase):
        fnnet.from_numpy(data)


def test_a_read_only_array_is_warned_of():
    a = np.zeros(3)
    a.flags.writeable = False
    with pytest.warns(UserWarning, match="not writable"):
        t = fnnet.from_numpy(a)
    with pytest.raises((ValueError, RuntimeError)):
        t.fill_(1)
    assert a.tolist() == [0.0, 0.0, 0.0]


def test_as_tensor_shares_where_it_can():
    a, x = np.zeros(2), fnnet.ones(2)
    fnnet.as_tensor(a)[0] = 5
    assert a.tolist() == [5.0, 0.0]
    fnnet.as_tensor(a, dtype=F32)[1] = 7
    assert a.tolist() == [5.0, 0.0]
    assert fnnet.as_tensor(x) is x
    assert fnnet.as_tensor(x, dtype=F64).dtype is F64
    y = fnnet.ones(2, requires_grad=True)
    assert fnnet.as_tensor(y, dtype=F64).requires_grad


def test_asarray():
    a, x = np.zeros(2), fnnet.ones(2)
    fnnet.asarray(a)[0] = 5
    fnnet.asarray(a, copy=True)[1] = 7
    fnnet.asarray(a, copy=False)[1] = 2
    assert a.tolist() == [5.0, 2.0]
    assert fnnet.asarray(x) is x
    assert fnnet.asarray(x, copy=True) is not x
    assert fnnet.asarray([1, 2.5]).tolist() == [1.0, 2.5]
    assert fnnet.asarray(np.float32(2)).dtype is F32
    assert fnnet.asarray(bytearray(b"abcd"), dtype=fnnet.int32).tolist() == [1684234849]
    for make in (
        lambda: fnnet.asarray([1, 2], copy=False),
        lambda: fnnet.asarray(a, dtype=F32, copy=False),
        lambda: fnnet.asarray(x, dtype=F64, copy=False),
    ):
        with pytest.raises(ValueError, match="can't alias"):
            make()


def test_asarray_and_gradients():
    x = fnnet.ones(2, requires_grad=True)
    assert fnnet.asarray(x, requires_grad=True) is x
    assert fnnet.asarray(x).requires_grad
    assert not fnnet.asarray(x, requires_grad=False).requires_grad
    y = fnnet.ones(2)
    assert fnnet.asarray(y, requires_grad=True) is y
    assert y.requires_grad
    assert fnnet.asarray(x * 2, requires_grad=True).is_leaf


def test_frombuffer():
    buffer = bytearray(b"abcdef")
    t = fnnet.frombuffer(buffer, dtype=fnnet.int16)
    assert t.tolist() == [25185, 25699, 26213]
    t[0] = 0
    assert buffer == b"\0\0cdef"
    assert fnnet.frombuffer(buffer, dtype=fnnet.uint8, count=2, offset=2).tolist() == [99, 100]
    assert fnnet.frombuffer(bytearray(4), dtype=F32, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    ("data", "options", "phrase"),
    [
        (bytearray(), {}, "must not be 0"),
        (bytearray(6), {"count": 0}, r"both buffer length \(6\) and count \(0\) must not be 0"),
        (bytearray(6), {"count": 4}, "must not be greater than actual buffer length"),
        (bytearray(5), {}, "must be a multiple of element size"),
        (bytearray(6), {"offset": 6}, "offset must be non-negative and no greater than buffer length"),
        (bytearray(6), {"offset": -1}, "offset must be non-negative"),
        ([1, 2], {}, "does not implement Python buffer protocol"),
    ],
)
def test_frombuffer_refuses(data, options, phrase):
    with pytest.raises(ValueError, match=phrase):
        fnnet.frombuffer(data, dtype=fnnet.int16, **options)


def test_dlpack_both_ways():
    a = np.zeros(2)
    fnnet.from_dlpack(a)[0] = 7
    assert a.tolist() == [7.0, 0.0]
    x = fnnet.zeros(2)
    exported = np.from_dlpack(x)  # read-only in NumPy 2.0: written on our side
    x[0] = 3
    assert exported.tolist() == [3.0, 0.0]
    assert fnnet.from_dlpack(x).data_ptr() == x.data_ptr()
    assert fnnet.from_dlpack(np.arange(6).reshape(2, 3).T).stride() == (1, 3)
    assert x.__dlpack_device__() == (1, 0)  # kDLCPU
    with pytest.raises(BufferError, match="Can't export tensors that require gradient"):
        np.from_dlpack(fnnet.ones(2, requires_grad=True))
    with pytest.raises(RuntimeError, match="from_dlpack: expected an object with __dlpack__, got list"):
        fnnet.from_dlpack([1])


def test_dlpack_of_a_read_only_array_is_refused_or_stays_unwritable():
    a = np.zeros(2)
    a.flags.writeable = False
    try:
        t = fnnet.from_dlpack(a)
    except BufferError:  # NumPy before 2.1 exports no read-only array
        return
    with pytest.raises((ValueError, RuntimeError)):
        t.fill_(1)
    assert a.tolist() == [0.0, 0.0]


# from a shape --------------------------------------------------------------------------------------------------------
def test_full():
    assert fnnet.full((2,), 1).dtype is I64
    assert fnnet.full((2,), 1.0).dtype is F32
    assert fnnet.full((2,), True).dtype is fnnet.bool
    assert fnnet.full((2,), 1j).dtype is fnnet.complex64
    assert fnnet.full((), fnnet.tensor(3.0)).item() == 3.0
    assert fnnet.full((2,), 1.5, dtype=I64).tolist() == [1, 1]
    assert fnnet.full((2,), -1, dtype=fnnet.uint8).tolist() == [255, 255]
    assert fnnet.full((1,), INF, dtype=fnnet.float16).tolist() == [INF]
    out = fnnet.zeros(2)
    assert fnnet.full((2,), 3, out=out) is out
    assert out.tolist() == [3.0, 3.0]


def test_shapes():
    for make in (fnnet.zeros, fnnet.ones, fnnet.empty, fnnet.ones(1).new_zeros, fnnet.ones(1).new_ones):
        assert make(2, 3).shape == make((2, 3)).shape == make([2, 3]).shape == make(size=(2, 3)).shape == (2, 3)
        assert make(()).shape == ()
        assert make(fnnet.Size([2, 0])).shape == (2, 0)
        assert make(np.int64(2), fnnet.tensor(1)).shape == (2, 1)


def test_like():
    x = fnnet.ones(2, 3, dtype=I64)
    assert fnnet.zeros_like(x).dtype is I64
    assert fnnet.full_like(x, 2.7).tolist() == [[2, 2, 2], [2, 2, 2]]
    assert fnnet.full_like(fnnet.ones(1, dtype=fnnet.uint8), -1).tolist() == [255]
    assert fnnet.ones_like(x, dtype=F64, requires_grad=True).requires_grad
    assert not fnnet.ones_like(fnnet.ones(2, requires_grad=True)).requires_grad
    assert fnnet.zeros_like(fnnet.ones(2, 3, 4).permute(2, 0, 1)).stride() == (1, 12, 4)
    assert fnnet.zeros_like(fnnet.ones(3, 1).expand(3, 4)).stride() == (4, 1)
    assert x.new_tensor([1.5]).dtype is I64
    assert x.new_full((2,), 7.5).tolist() == [7, 7]


# ranges: bit-equal to PyTorch's below one vector of its CPU kernels --------------------------------------------------
RANGES = [
    (lambda: fnnet.arange(5), I64, [0, 1, 2, 3, 4]),
    (lambda: fnnet.arange(end=2), I64, [0, 1]),
    (lambda: fnnet.arange(5, 0, -2), I64, [5, 3, 1]),
    (lambda: fnnet.arange(0), I64, []),
    (lambda: fnnet.arange(1.0, 2.5, 0.5), F32, [1.0, 1.5, 2.0]),
    (lambda: fnnet.arange(0, 0.6, 0.1), F32, [0.0, 0.10000000149011612, 0.20000000298023224, 0.30000001192092896,
                                              0.4000000059604645, 0.5]),
    (lambda: fnnet.arange(0.5, 5, dtype=fnnet.int32), fnnet.int32, [0, 1, 2, 3, 4]),
    (lambda: fnnet.arange(0, 5, 1.5, dtype=I64), I64, [0, 1, 2, 3, 4]),
    (lambda: fnnet.arange(2**53, 2**53 + 3), I64, [2**53, 2**53 + 1, 2**53 + 2]),
    (lambda: fnnet.arange(-(2**63), -(2**63) + 2), I64, [-(2**63), -(2**63) + 1]),
    (lambda: fnnet.arange(fnnet.tensor(3.0)), F32, [0.0, 1.0, 2.0]),
    (lambda: fnnet.linspace(0, 1, 0), F32, []),
    (lambda: fnnet.linspace(3, -3, 1), F32, [3.0]),
    (lambda: fnnet.linspace(0.1, 0.7, 4), F32, [0.10000000149011612, 0.29999998211860657, 0.5, 0.699999988079071]),
    (lambda: fnnet.linspace(0, 10, 4, dtype=I64), I64, [0, 3, 6, 10]),
    (lambda: fnnet.linspace(0, 10**10, 5, dtype=I64), I64, [0, 2500000000, 5000000000, 7500000000, 10000000000]),
    (lambda: fnnet.linspace(-5, 7, 8, dtype=fnnet.int8), fnnet.int8, [-5, -3, -1, 0, 1, 3, 5, 7]),
    (lambda: fnnet.linspace(0, 1 + 2j, 3), fnnet.complex64, [0j, 0.5 + 1j, 1 + 2j]),
    (lambda: fnnet.logspace(0, 3, 4), F32, [1.0, 10.0, 100.0, 1000.0]),
    (lambda: fnnet.logspace(0, 4, 5, base=2), F32, [1.0, 2.0, 4.0, 8.0, 16.0]),
    (lambda: fnnet.eye(2, 3), F32, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    (lambda: fnnet.eye(0), F32, []),
]  # fmt: skip


@pytest.mark.parametrize(("make", "dtype", "values"), RANGES)
def test_ranges(make, dtype, values):
    t = make()
    assert t.dtype is dtype
    assert t.tolist() == values


BAD_RANGES = [
    (lambda: fnnet.arange(0, 3, 0), "step must be nonzero"),
    (lambda: fnnet.arange(0, 5, 0.5, dtype=I64), "step must be nonzero"),
    (lambda: fnnet.arange(3, 0), "upper bound and lower bound inconsistent with step sign"),
    (lambda: fnnet.arange(0, NAN), "unsupported range: 0 -> nan"),
    (lambda: fnnet.arange(0, INF), "unsupported range: 0 -> inf"),
    (lambda: fnnet.arange(2, dtype=fnnet.bool), "\"arange_cpu\" not implemented for 'Bool'"),
    (lambda: fnnet.linspace(0, 1, -1), "number of steps must be non-negative"),
    (lambda: fnnet.linspace(0, 1, 3, dtype=fnnet.bool), "\"linspace_cpu\" not implemented for 'Bool'"),
    (lambda: fnnet.arange(4, requires_grad=True), "Only Tensors of floating point"),
]


@pytest.mark.parametrize(("make", "phrase"), BAD_RANGES)
def test_bad_ranges(make, phrase):
    with pytest.raises(RuntimeError, match=phrase):
        make()
    with pytest.raises(TypeError, match="argument 'steps' must be int, not float"):
        fnnet.linspace(0, 1, 2.5)


# questions -----------------------------------------------------------------------------------------------------------
def test_limits():
    assert repr(fnnet.finfo(fnnet.float16)) == (
        "finfo(resolution=0.001, min=-65504, max=65504, eps=0.000976562, smallest_normal=6.10352e-05, "
        "tiny=6.10352e-05, dtype=float16)"
    )
    info = fnnet.finfo(fnnet.bfloat16)
    assert (info.eps, info.max, info.resolution, info.bits) == (0.0078125, 3.3895313892515355e38, 0.01, 16)
    assert fnnet.finfo(F64) == fnnet.finfo(F64) != fnnet.finfo()
    assert repr(fnnet.iinfo(I64)) == "iinfo(min=-9.22337e+18, max=9.22337e+18, dtype=int64)"
    assert (fnnet.iinfo(fnnet.uint8).min, fnnet.iinfo(fnnet.uint8).max) == (0, 255)


def test_result_type_and_can_cast():
    assert fnnet.result_type(fnnet.ones(1, dtype=fnnet.int8), 1.5) is F32
    assert fnnet.result_type(fnnet.tensor(1.5, dtype=F64), fnnet.ones(1)) is F32
    assert fnnet.result_type(1, True) is I64
    assert [fnnet.can_cast(a, b) for a, b in ((F64, F32), (F32, I64), (fnnet.int8, fnnet.bool))] == [True, False, False]
