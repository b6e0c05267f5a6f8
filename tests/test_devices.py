"""Devices: their names, virtual CPU devices, and what happens when tensors of several meet."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys

import pytest

import fnnet
from fnnet import nn, optim
from fnnet.backends.devices import cpu_devices, set_cpu_devices
from fnnet.nn import functional as F

ONE = "cpu:1"


@pytest.fixture
def two():
    """Two virtual CPU devices, `cpu` and `cpu:1`."""
    before = cpu_devices()
    set_cpu_devices(2)
    yield
    set_cpu_devices(before)


# names ---------------------------------------------------------------------------------------------------------------
def test_names():
    assert repr(fnnet.device("cpu")) == "device(type='cpu')"
    assert repr(fnnet.device("cuda:3")) == "device(type='cuda', index=3)"
    assert str(fnnet.device("cuda", 1)) == "cuda:1"
    assert fnnet.device("cpu") == fnnet.device(fnnet.device("cpu"))
    assert fnnet.device("cpu") != fnnet.device("cpu:0")  # as in PyTorch, though both are the same memory
    assert pickle.loads(pickle.dumps(fnnet.device("cpu:1"))) is fnnet.device("cpu:1")


@pytest.mark.parametrize("name", ["", "cpu:", "cpu:x", "cpu:-1", "c p u"])
def test_malformed_names(name):
    with pytest.raises(RuntimeError, match="Invalid device string"):
        fnnet.device(name)


@pytest.mark.parametrize("args", [(None,), (1.5,), ("cpu", "a")])
def test_names_of_other_types(args):
    with pytest.raises(TypeError, match="device"):
        fnnet.device(*args)
    with pytest.raises(RuntimeError, match="Invalid device string"):
        fnnet.device("cpu:0", 1)


def test_a_type_that_nobody_serves():
    with pytest.raises(RuntimeError, match="no installed plugin serves device type 'npu'"):
        fnnet.ones(2, device="npu")


# virtual devices -----------------------------------------------------------------------------------------------------
def test_there_is_one_by_default():
    with pytest.raises(RuntimeError, match=r"device 'cpu:1': invalid device ordinal, there are 1 cpu devices"):
        fnnet.ones(2, device=ONE)
    assert fnnet.ones(2, device="cpu:0").device == fnnet.device("cpu")


def test_their_number_comes_from_the_environment():
    code = "import fnnet; print(fnnet.ones(1, device='cpu:2'))"
    environment = {**os.environ, "FNNET_CPU_DEVICES": "3"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "tensor([1.], device='cpu:2')\n"


def test_their_number_is_set(two):
    assert fnnet.ones(2, device=ONE).device == fnnet.device(ONE)
    with pytest.raises(RuntimeError, match="there are 2 cpu devices"):
        fnnet.ones(2, device="cpu:2")
    with pytest.raises(RuntimeError, match="expected at least 1, got 0"):
        set_cpu_devices(0)
    assert cpu_devices() == 2


def test_results_stay_on_their_device(two):
    x = fnnet.ones(2, 2, device=ONE)
    made = [
        x + 1, x @ x, x[0], x.sum(), x.data, x.t(), x.long(), fnnet.zeros_like(x), x.new_zeros(2), x.new_tensor([1]),
        fnnet.arange(3, device=ONE), fnnet.rand(2, device=ONE), fnnet.tensor([1.0], device=ONE), F.softmax(x, 0),
        fnnet.cat([x, x]), x.to(fnnet.float64), copy.deepcopy(x), pickle.loads(pickle.dumps(x)), fnnet.stack([x, x]),
    ]  # fmt: skip
    assert {str(t.device) for t in made} == {ONE}
    assert repr(fnnet.tensor([1.0], device=ONE)) == "tensor([1.], device='cpu:1')"


def test_moving_copies(two):
    x = fnnet.ones(2)
    y = x.to(ONE)
    x.zero_()
    assert y.tolist() == [1.0, 1.0]
    assert y.to(ONE) is y
    back = y.cpu()
    y.zero_()
    assert (str(back.device), back.tolist()) == ("cpu", [1.0, 1.0])
    assert y.to(x).device == x.device
    assert x.to(device=ONE, dtype=fnnet.float64).dtype is fnnet.float64


MIXED = [
    ("add", lambda a, b: a + b),
    ("add", lambda a, b: a.add_(b)),
    ("add", lambda a, b: a + b[0]),
    ("mul", lambda a, b: b * a),
    ("eq", lambda a, b: a == b),
    ("matmul", lambda a, b: a @ b),
    ("cat", lambda a, b: fnnet.cat([a, b])),
    ("where", lambda a, b: fnnet.where(a > 0, a, b)),
    ("maximum", lambda a, b: fnnet.maximum(a, b)),
    ("linear", lambda a, b: nn.Linear(2, 2)(b)),
    ("mse_loss", lambda a, b: F.mse_loss(a, b)),
    ("cross_entropy", lambda a, b: F.cross_entropy(a.reshape(1, 2), b[:1].long())),
    ("embedding", lambda a, b: F.embedding(b.long(), a.reshape(2, 1))),
]


@pytest.mark.parametrize(("name", "run"), MIXED)
def test_tensors_of_two_devices_do_not_meet(two, name, run):
    """The message names the op and both tensors, with PyTorch's phrase."""
    a, b = fnnet.ones(2), fnnet.ones(2, device=ONE)
    phrase = f"{name}: Expected all tensors to be on the same device, but found at least two devices"
    with pytest.raises(RuntimeError, match=phrase) as error:
        run(a, b)
    assert "cpu, shape (" in str(error.value)
    assert "cpu:1, shape (" in str(error.value)
    assert a.tolist() == [1.0, 1.0]


def test_a_gradient_lies_where_its_tensor_does(two):
    x = fnnet.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="located on a different device: cpu:1, the tensor is on cpu"):
        x.grad = fnnet.ones(2, device=ONE)
    assert x.grad is None


def test_gradients_flow_back_to_where_they_came_from(two):
    x = fnnet.tensor([1.0, 2.0], requires_grad=True)
    y = x.to(ONE)
    z = (y * y).sum().cpu() * 3
    assert [str(t.device) for t in (y, z)] == [ONE, "cpu"]
    z.backward()
    assert x.grad.tolist() == [6.0, 12.0]
    assert x.grad.device == x.device
    (first,) = fnnet.autograd.grad((x.to(ONE) ** 3).sum(), x, create_graph=True)
    (second,) = fnnet.autograd.grad(first.sum(), x)
    assert second.tolist() == [6.0, 12.0]


def test_copying_between_devices(two):
    a, b = fnnet.zeros(2), fnnet.tensor([1.0, 2.0], device=ONE, requires_grad=True)
    a.copy_(b)
    assert (a.tolist(), str(a.device)) == ([1.0, 2.0], "cpu")
    a.sum().backward()
    assert str(b.grad.device) == ONE


def test_a_module_moves_and_trains(two):
    layer = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    assert layer.to(ONE) is layer
    assert {str(t.device) for t in (*layer.parameters(), *layer.buffers())} == {ONE}
    optimizer = optim.Adam(layer.parameters(), lr=0.1)
    before = layer[0].weight.tolist()
    layer(fnnet.randn(4, 2, device=ONE)).square().sum().backward()  # a plain sum of what is normalised has no gradient
    optimizer.step()
    assert layer[0].weight.tolist() != before
    state = optimizer.state[layer[0].weight]
    assert (str(state["exp_avg"].device), str(state["step"].device)) == (ONE, "cpu")
    layer.cpu()
    assert {str(p.device) for p in layer.parameters()} == {"cpu"}


def test_a_checkpoint_of_one_device_loads_on_the_other(two):
    source, target = nn.Linear(2, 2).to(ONE), nn.Linear(2, 2)
    target.load_state_dict(source.state_dict())
    assert target.weight.tolist() == source.weight.tolist()
    assert str(target.weight.device) == "cpu"


@pytest.mark.parametrize(
    "op",
    [
        lambda x, i: x.gather(0, i),
        lambda x, i: x.index_select(0, i),
        lambda x, i: x.take(i),
        lambda x, i: x.take_along_dim(i, 0),
        lambda x, i: x.scatter_(0, i, 1.0),
        lambda x, i: x.index_add_(0, i, fnnet.ones(2)),
        lambda x, i: x.index_copy_(0, i, fnnet.ones(2)),
        lambda x, i: x.index_fill_(0, i, 1.0),
        lambda x, i: x.put_(i, fnnet.ones(2)),
        lambda x, i: x.masked_select(i > 0),
        lambda x, i: x.masked_fill_(i > 0, 1.0),
        lambda x, i: x.index_put_((i.cpu(),), fnnet.ones(2, device=ONE)),
        lambda x, i: x.__setitem__(i, fnnet.ones(2, device=ONE)),
    ],
)
def test_an_index_lies_where_the_tensor_does(two, op):
    x = fnnet.zeros(2)
    with pytest.raises(RuntimeError, match="same device") as caught:
        op(x, fnnet.tensor([0, 1], device=ONE))
    assert "cpu:1" in str(caught.value)
    assert x.tolist() == [0.0, 0.0]


def test_what_stands_in_brackets_may_lie_on_the_host(two):
    """PyTorch takes an index in host memory for a tensor on a card; both devices here are host memory."""
    x = fnnet.tensor([5.0, 6.0], device=ONE)
    assert str(x[fnnet.tensor([1])].device) == ONE
    x[fnnet.tensor([True, False])] = fnnet.tensor(2.0)
    assert x.tolist() == [2.0, 6.0]


@pytest.mark.parametrize("join", [fnnet.complex, fnnet.polar])
def test_both_parts_of_a_complex_number_lie_on_one_device(two, join):
    with pytest.raises(RuntimeError, match="same device") as caught:
        join(fnnet.ones(2), fnnet.ones(2, device=ONE))
    assert "cpu:1" in str(caught.value)


@pytest.mark.parametrize(
    "op",
    [
        lambda x, other: x.bernoulli_(other * 0.5),
        lambda x, other: x.repeat_interleave(other.long()),
        lambda x, other: (x.clone().requires_grad_() * 2).backward(other),
        lambda x, other: fnnet.autograd.grad(x.clone().requires_grad_() * 2, x, other),
    ],
)
def test_probabilities_repeats_and_gradients_lie_where_the_tensor_does(two, op):
    x = fnnet.zeros(2)
    with pytest.raises(RuntimeError, match="same device") as caught:
        op(x, fnnet.ones(2, device=ONE))
    assert "cpu:1" in str(caught.value)
    assert x.tolist() == [0.0, 0.0]
