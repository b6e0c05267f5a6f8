"""A tensor's state: data, gradient, conversions to Python and NumPy, dtypes, copies. Phrases: PyTorch 2.13."""

from __future__ import annotations

import copy
import math
import operator
import pickle
import re
import warnings
import weakref

import numpy as np
import pytest

import fnnet
from fnnet import nn

NAN, INF = float("nan"), float("inf")


# data and grad -------------------------------------------------------------------------------------------------------
def test_data_shares_memory_without_history():
    x = fnnet.ones(2, requires_grad=True)
    used = (x * x).sum()
    x.data[0] = 5
    assert x.tolist() == [5.0, 1.0]
    used.backward()  # writes through .data are not checked
    assert not x.data.requires_grad
    assert (x * 2).data.is_leaf


def test_data_is_rebound():
    x = fnnet.ones(2, requires_grad=True)
    same = x
    x.data = fnnet.zeros(3, dtype=fnnet.float64)
    assert (same.tolist(), same.dtype, same.requires_grad) == ([0.0, 0.0, 0.0], fnnet.float64, True)
    with pytest.raises(RuntimeError, match="must be floating point or complex dtype"):
        x.data = fnnet.zeros(3, dtype=fnnet.int64)
    with pytest.raises(TypeError, match="data must be a Tensor, got int"):
        x.data = 3
    assert x.dtype is fnnet.float64


@pytest.mark.parametrize(
    ("value", "error", "phrase"),
    [
        (lambda x: 1, TypeError, "assigned grad expected to be a Tensor or None but got grad of type int"),
        (lambda x: fnnet.ones(3), RuntimeError, "assigned grad has data of a different size"),
        (lambda x: fnnet.ones(2, dtype=fnnet.float64), RuntimeError, "assigned grad has data of a different type"),
        (lambda x: x, RuntimeError, "can't assign Variable as its own grad"),
    ],
)
def test_grad_refuses(value, error, phrase):
    x = fnnet.ones(2, requires_grad=True)
    x.grad = old = fnnet.zeros(2)
    with pytest.raises(error, match=phrase):
        x.grad = value(x)
    assert x.grad is old
    del x.grad
    assert x.grad is None


def test_the_gradient_of_a_result_is_warned_of():
    x = fnnet.ones(2, requires_grad=True)
    y = x * 2
    with pytest.warns(UserWarning, match="The .grad attribute of a Tensor that is not a leaf Tensor is being accessed"):
        assert y.grad is None
    y.retain_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert y.grad is None
        assert x.grad is None
        y.sum().backward()
        assert y.grad.tolist() == [1.0, 1.0]


def test_requires_grad():
    x = fnnet.ones(2)
    x.requires_grad = True
    y = x * 2
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf variables"):
        y.requires_grad = False
    assert y.requires_grad_() is y
    with pytest.raises(RuntimeError, match="only Tensors of floating point and complex dtype can require gradients"):
        fnnet.ones(2, dtype=fnnet.int64).requires_grad_()
    assert (x.is_leaf, y.is_leaf, x.grad_fn, y.output_nr) == (True, False, None, 0)
    assert y.detach_().is_leaf
    with pytest.raises(RuntimeError, match="Can't detach views in-place"):
        (x * 2)[:1].detach_()


# to Python -----------------------------------------------------------------------------------------------------------
def test_numbers():
    assert fnnet.tensor([[2.5]]).item() == 2.5
    assert fnnet.tensor(True).item() is True
    assert fnnet.tensor(1 + 2j).item() == 1 + 2j
    assert fnnet.tensor(1.5, dtype=fnnet.bfloat16).item() == 1.5
    assert int(fnnet.tensor([2.7])) == 2
    assert float(fnnet.tensor(2)) == 2.0
    assert complex(fnnet.tensor(2.0)) == 2 + 0j
    assert bool(fnnet.tensor([[0.0]])) is False
    assert bool(fnnet.tensor(NAN)) is True
    assert [10, 11, 12][fnnet.tensor(1)] == 11
    assert hex(fnnet.tensor(255)) == "0xff"
    assert list(range(fnnet.tensor(2))) == [0, 1]
    assert math.sqrt(fnnet.tensor(4.0)) == 2.0
    assert abs(fnnet.tensor(-2)).item() == 2


NO_NUMBER = [
    (lambda: fnnet.ones(2).item(), RuntimeError, "a Tensor with 2 elements cannot be converted to Scalar"),
    (lambda: fnnet.ones(0).item(), RuntimeError, "a Tensor with 0 elements cannot be converted to Scalar"),
    (lambda: float(fnnet.ones(2)), RuntimeError, "cannot be converted to Scalar"),
    (lambda: bool(fnnet.ones(2)), RuntimeError, "Boolean value of Tensor with more than one value is ambiguous"),
    (lambda: bool(fnnet.ones(0)), RuntimeError, "Boolean value of Tensor with no values is ambiguous"),
    (lambda: int(fnnet.tensor(NAN)), ValueError, "NaN"),
    (lambda: int(fnnet.tensor(INF)), OverflowError, "infinity"),
    (
        lambda: [1][fnnet.tensor(0.0)],
        TypeError,
        "only integer tensors of a single element can be converted to an index",
    ),
    (lambda: [1][fnnet.tensor([0, 0])], TypeError, "only integer tensors of a single element"),
    (lambda: len(fnnet.tensor(1)), TypeError, r"len\(\) of a 0-d tensor"),
    (lambda: list(fnnet.tensor(1)), TypeError, "iteration over a 0-d tensor"),
    (lambda: "a" in fnnet.ones(2), RuntimeError, "Tensor.__contains__ only supports Tensor or scalar"),
    (lambda: fnnet.tensor(1).size(0), IndexError, "dimension specified as 0 but tensor has no dimensions"),
    (lambda: fnnet.ones(2, 3).size(2), IndexError, "Dimension out of range"),
]


@pytest.mark.parametrize(("use", "error", "phrase"), NO_NUMBER)
def test_no_number(use, error, phrase):
    with pytest.raises(error, match=phrase):
        use()


def test_sequences():
    x = fnnet.tensor([[1, 2], [3, 4]])
    assert len(x) == 2
    assert [row.tolist() for row in x] == [[1, 2], [3, 4]]
    a, b = x[0]
    assert (a.item(), b.item()) == (1, 2)
    assert 3 in x
    assert fnnet.tensor(4) in x
    assert 5 not in x
    assert fnnet.ones(2, 0).tolist() == [[], []]
    assert fnnet.tensor([1.5]).bfloat16().tolist() == [1.5]
    rows = list(fnnet.ones(2, 2, requires_grad=True))
    assert all(row.requires_grad for row in rows)


# NumPy ---------------------------------------------------------------------------------------------------------------
def test_numpy_shares():
    x = fnnet.zeros(2)
    x.numpy()[0] = 3
    assert x.tolist() == [3.0, 0.0]
    np.asarray(x)[1] = 4
    assert x.tolist() == [3.0, 4.0]
    np.array(x, copy=True)[0] = 0
    assert x.tolist() == [3.0, 4.0]
    assert np.asarray(x, dtype=np.int32).dtype == np.int32
    assert x.bfloat16().numpy().astype(float).tolist() == [3.0, 4.0]  # PyTorch has no bfloat16 array to give


def test_numpy_refuses():
    x = fnnet.ones(2, requires_grad=True)
    for use in (lambda: x.numpy(), lambda: (x * 2).numpy(), lambda: np.asarray(x)):
        with pytest.raises(RuntimeError, match=r"Can't call numpy\(\) on Tensor that requires grad. Use tensor.detach"):
            use()
    assert x.numpy(force=True).tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="without a copy"):
        fnnet.ones(2).__array__(np.float64, copy=False)


def test_functions_of_numpy_give_tensors():
    x = fnnet.ones(2)
    for result in (np.add(x, 1), np.add(np.ones(2), x), x + np.ones(2), np.float64(2) * x, np.sqrt(x)):
        assert isinstance(result, fnnet.Tensor)
    assert (np.ones(2) == x).tolist() == [True, True]
    assert np.add(np.ones(2), x).dtype is fnnet.float64


# dtypes --------------------------------------------------------------------------------------------------------------
def test_to():
    x = fnnet.ones(2)
    for same in (x.to("cpu"), x.to("cpu:0"), x.to(fnnet.float32), x.to(), x.to(None), x.float(), x.cpu(), x.to(x)):
        assert same is x
    assert x.to(fnnet.float32, copy=True) is not x
    assert x.to(fnnet.float32, False, True) is not x
    for double in (
        x.to(fnnet.float64), x.to("cpu", fnnet.float64), x.to(device="cpu", dtype=fnnet.float64), x.to(float),
        x.to(fnnet.ones(1, dtype=fnnet.float64)), x.type(fnnet.float64), x.type("torch.DoubleTensor"), x.double(),
        x.type_as(fnnet.ones(1).double()),
    ):  # fmt: skip
        assert double.dtype is fnnet.float64
    y = fnnet.ones(2, requires_grad=True)
    assert y.to(fnnet.float64).requires_grad
    assert not y.long().requires_grad


@pytest.mark.parametrize(
    ("use", "error", "phrase"),
    [
        (lambda x: x.to("float64"), RuntimeError, "float64"),
        (lambda x: x.to("cpu:x"), RuntimeError, "Invalid device string: 'cpu:x'"),
        (lambda x: x.to(1.5), TypeError, r"to\(\) received an invalid"),
        (lambda x: x.to(dtype=3), TypeError, "argument 'dtype' must be fnnet.dtype, not int"),
        (lambda x: x.to(fnnet.float32, fnnet.float64), TypeError, r"to\(\) received an invalid combination"),
        (lambda x: x.to(foo=1), TypeError, r"to\(\) received an invalid keyword argument 'foo'"),
        (lambda x: x.type("bogus"), ValueError, "invalid type: 'bogus'"),
        (lambda x: x.type(int), ValueError, "invalid type"),
        (lambda x: x.type("torch.cuda.FloatTensor"), RuntimeError, "cuda"),
        (lambda x: x.cuda(), RuntimeError, "cuda"),
    ],
)
def test_to_refuses(use, error, phrase):
    with pytest.raises(error, match=phrase):
        use(fnnet.ones(2))


CASTS = [
    ([1.9, -1.9], "int", [1, -1]),
    ([300.0, -1.0], "byte", [44, 255]),
    ([0.5, 0.0, NAN], "bool", [True, False, True]),
    ([1e10, -1e10], "half", [INF, -INF]),
    ([1.5], "cfloat", [1.5 + 0j]),
    ([2, 1], "double", [2.0, 1.0]),
    ([1 + 2j], "float", [1.0]),
]


@pytest.mark.parametrize(("data", "method", "values"), CASTS)
@pytest.mark.filterwarnings("ignore:Casting complex values to real")
def test_casts(data, method, values):
    cast = getattr(fnnet.tensor(data), method)()
    assert cast.tolist() == values
    names = {"int": "IntTensor", "byte": "ByteTensor", "bool": "BoolTensor", "half": "HalfTensor",
             "cfloat": "ComplexFloatTensor", "double": "DoubleTensor", "float": "FloatTensor"}  # fmt: skip
    assert cast.type() == f"fnnet.{names[method]}"


@pytest.mark.parametrize(
    ("dtype", "value", "filled"),
    [
        (fnnet.int64, 2.7, 2), (fnnet.uint8, -1, 255), (fnnet.bool, 0.5, True), (fnnet.float16, INF, INF),
        (fnnet.float32, 1 + 0j, 1.0), (fnnet.complex64, 2, 2 + 0j),
    ],
)  # fmt: skip
def test_fill(dtype, value, filled):
    x = fnnet.ones(2, dtype=dtype)
    assert x.fill_(value) is x
    assert x.tolist() == [filled, filled]
    assert x.fill_(fnnet.tensor(1)).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("dtype", "value"),
    [(fnnet.uint8, 300), (fnnet.int64, NAN), (fnnet.int64, 2**63), (fnnet.float32, 1e39), (fnnet.float32, 1j)],
)
def test_fill_refuses_what_does_not_fit(dtype, value):
    x = fnnet.ones(2, dtype=dtype)
    with pytest.raises(RuntimeError, match=f"value cannot be converted to type {dtype.name} without overflow"):
        x.fill_(value)
    assert x.tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="fill_ only supports 0-dimension value tensor"):
        x.fill_(fnnet.ones(1))


# copies --------------------------------------------------------------------------------------------------------------
def test_deepcopy():
    x = fnnet.ones(2, 3, requires_grad=True)
    x.grad, x.note = fnnet.zeros(2, 3), [1]
    y, again = copy.deepcopy([x, x])
    assert y is again
    assert (y.requires_grad, y.note, y.grad.tolist()) == (True, [1], x.grad.tolist())
    assert y.note is not x.note
    assert y.grad is not x.grad
    y.data.zero_()
    assert x.sum().item() == 6.0
    assert copy.deepcopy(fnnet.ones(2, 3).t()).stride() == (1, 3)
    assert type(copy.deepcopy(nn.Parameter(fnnet.ones(1)))) is nn.Parameter
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(x * 2)


def test_copy_shares_memory():
    x = fnnet.ones(2)
    x.note = [1]
    y = copy.copy(x)
    y[0] = 5
    assert y is not x
    assert (x.tolist(), y.note is x.note) == ([5.0, 1.0], True)
    assert type(copy.copy(nn.Parameter(fnnet.ones(1)))) is nn.Parameter


def test_pickle():
    x = fnnet.tensor([1.0, 2.0], requires_grad=True)
    x.note = 3
    y = pickle.loads(pickle.dumps(x))
    assert (y.tolist(), y.requires_grad, y.note) == ([1.0, 2.0], True, 3)
    half = pickle.loads(pickle.dumps(fnnet.ones(2).bfloat16()))
    assert (half.dtype, half.tolist()) == (fnnet.bfloat16, [1.0, 1.0])
    assert pickle.loads(pickle.dumps(fnnet.ones(2, 3).t())).stride() == (1, 3)
    assert type(pickle.loads(pickle.dumps(nn.Parameter(fnnet.ones(1))))) is nn.Parameter
    assert pickle.loads(pickle.dumps(fnnet.float32)) is fnnet.float32
    assert pickle.loads(pickle.dumps(fnnet.Size([2]))) == fnnet.Size([2])
    with pytest.raises(RuntimeError, match="detach"):
        pickle.dumps(x * 2)


def test_attributes_and_references():
    x = fnnet.ones(2)
    x.note = 1
    assert not hasattr(x * 2, "note")
    reference = weakref.ref(x)
    assert reference() is x
    assert {x: 1}[x] == 1
    assert hash(x) != hash(fnnet.ones(2))
    del x
    assert reference() is None


# memory --------------------------------------------------------------------------------------------------------------
def test_layout():
    x = fnnet.ones(2, 3)
    assert (x.stride(), x.stride(0), x.t().stride(), x.t().is_contiguous()) == ((3, 1), 3, (1, 2 + 1), False)
    assert (x[1].storage_offset(), x[1:, 1:].storage_offset()) == (3, 4)
    assert (x.element_size(), x.nbytes, x.itemsize, x.numel(), x.dim()) == (4, 24, 4, 6, 2)
    assert fnnet.ones(2, 0).t().is_contiguous()
    assert x.is_set_to(x.view(2, 3))
    assert not x.is_set_to(fnnet.ones(2, 3))
    assert (x.is_cpu, x.is_cuda, x.is_sparse, x.get_device()) == (True, False, False, -1)
    assert x.set_(fnnet.zeros(4)).tolist() == [0.0] * 4


def test_copy_():
    x = fnnet.zeros(2, 2)
    assert x.copy_(fnnet.tensor([1, 2])) is x
    assert x.tolist() == [[1.0, 2.0], [1.0, 2.0]]
    assert fnnet.ones(2, dtype=fnnet.int64).copy_(fnnet.tensor([1.5, -2.7])).tolist() == [1, -2]
    with pytest.raises(RuntimeError, match="must match the size of tensor b"):
        x.copy_(fnnet.ones(3))
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        fnnet.ones(2).copy_(fnnet.ones(3, 2))
    with pytest.raises(TypeError, match="must be Tensor, not list"):
        x.copy_([1, 2])
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        fnnet.ones(2, requires_grad=True).zero_()
    assert x.tolist() == [[1.0, 2.0], [1.0, 2.0]]


def test_version_counts_writes() -> None:
    x = fnnet.zeros(2)
    view, shared, apart = x[0], x.detach(), x.data
    view.add_(1)
    x.mul_(2)
    assert (x._version, view._version, shared._version, apart._version) == (2, 2, 2, 0)  # PyTorch 2.13
    with fnnet.inference_mode():
        made = fnnet.zeros(1)
    with pytest.raises(RuntimeError, match="Inference tensors do not track version counter"):
        _ = made._version


def test_a_size_is_a_tuple_of_whole_numbers():
    """The messages are PyTorch 2.13's."""
    two = fnnet.Size([2])
    assert operator.add(fnnet.Size([2, np.int64(3), True]), (4,)) == (2, 3, 1, 4)
    assert type(operator.add(two, (1,))) is type(two[:1]) is type(two * 2) is fnnet.Size
    for bad, message in (
        ([1.5], "takes an iterable of 'int' (item 0 is 'float')"),
        ((1, "a"), "takes an iterable of 'int' (item 1 is 'str')"),
        ((None,), "takes an iterable of 'int' (item 0 is 'NoneType')"),
        (3, "'int' object is not iterable"),
    ):
        with pytest.raises(TypeError, match=re.escape(message)):
            fnnet.Size(bad)
    with pytest.raises(TypeError, match="item 1 is 'str'"):
        operator.add(two, ("a",))
    with pytest.raises(TypeError, match=r"can only concatenate tuple \(not list\) to"):
        operator.add(two, [3])
