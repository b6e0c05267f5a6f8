"""Module: registration, traversal, modes, dtypes, copies, printing. Expectations are PyTorch 2.13's."""

from __future__ import annotations

import copy
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import fnnet as torch
from fnnet import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(2, 3)
        self.b = nn.Sequential(nn.ReLU(), nn.Linear(3, 1, bias=False))
        self.register_buffer("mean", torch.zeros(1))

    def forward(self, x: Any) -> Any:
        return self.b(self.a(x))


# registration ---------------------------------------------------------------------------------------------------------
def test_before_init() -> None:
    class Early(nn.Module):
        def __init__(self, value: Any) -> None:
            self.x = value

    for value, word in (
        (nn.Parameter(torch.zeros(1)), "cannot assign parameters before"),
        (nn.Linear(1, 1), "cannot assign module before"),
        (nn.Buffer(torch.zeros(1)), "cannot assign buffer before"),
    ):
        with pytest.raises(AttributeError, match=word):
            Early(value)
    with pytest.raises(AttributeError, match=r"before Module\.__init__"):
        nn.Module.register_buffer(object.__new__(nn.Module), "x", torch.zeros(1))


def test_only_what_fits_replaces() -> None:
    net = Net()
    before = net.state_dict()
    for name, value, word in (
        ("weight", torch.zeros(3, 2), "as parameter 'weight'"),
        ("weight", 3, "as parameter 'weight'"),
    ):
        with pytest.raises(TypeError, match=word):
            setattr(net.a, name, value)
    with pytest.raises(TypeError, match="as child module 'a'"):
        net.a = 3  # type: ignore[assignment]
    with pytest.raises(TypeError, match="as buffer 'mean'"):
        net.mean = 3
    assert list(net.state_dict()) == list(before)
    net.a.bias = None
    assert net.a._parameters["bias"] is None
    assert "a.bias" not in net.state_dict()
    net.mean = None
    assert net._buffers["mean"] is None
    net.mean = torch.ones(1)
    assert list(net._buffers) == ["mean"]


def test_kinds_replace_each_other() -> None:
    m = nn.Module()
    m.x = 5
    m.x = nn.Parameter(torch.zeros(1))
    assert "x" not in m.__dict__
    m.x = None  # the name stays a parameter's
    m.x = nn.Parameter(torch.zeros(1))
    m.y = nn.Buffer(torch.zeros(1), persistent=False)
    assert not m.state_dict().keys() - {"x"}
    m.y = nn.Linear(1, 1)
    assert "y" not in m._buffers
    assert "y" not in m._non_persistent_buffers_set
    m.y = nn.Parameter(torch.zeros(1))
    assert "y" not in m._modules
    del m.y
    assert not hasattr(m, "y")
    m.z = 1
    with pytest.raises(KeyError, match="already exists"):
        m.z = nn.Buffer(torch.zeros(1))


def test_refused_names() -> None:
    m = nn.Module()
    p = nn.Parameter(torch.zeros(1))
    calls: list[tuple[Callable[..., Any], Any, str]] = [
        (m.register_parameter, p, "parameter"),
        (m.register_buffer, torch.zeros(1), "buffer"),
        (m.add_module, nn.Identity(), "module"),
    ]
    for register, value, kind in calls:
        with pytest.raises(KeyError, match=r"can\W+t contain"):
            register("a.b", value)
        with pytest.raises(KeyError, match=r"can\W+t be empty string"):
            register("", value)
        with pytest.raises(TypeError, match=f"{kind} name should be a string"):
            register(1, value)
        with pytest.raises(KeyError, match="already exists"):
            register("forward", value)
    with pytest.raises(TypeError, match=r"torch\.nn\.Parameter or None required"):
        m.register_parameter("p", torch.zeros(1))
    with pytest.raises(TypeError, match="torch Tensor or None required"):
        m.register_buffer("p", 3)
    with pytest.raises(TypeError, match="is not a Module subclass"):
        m.add_module("p", p)
    assert not m._parameters
    assert not m._buffers
    assert not m._modules


def test_global_registration_hooks() -> None:
    from fnnet.nn.modules import module as hooks

    seen: list[tuple[str, str]] = []
    handles = [
        hooks.register_module_parameter_registration_hook(lambda m, n, p: seen.append(("parameter", n))),
        hooks.register_module_buffer_registration_hook(lambda m, n, b: seen.append(("buffer", n))),
        hooks.register_module_module_registration_hook(lambda m, n, c: nn.Identity() if n == "b" else None),
    ]
    try:
        net = Net()
    finally:
        for h in handles:
            h.remove()
    assert seen == [("parameter", "weight"), ("parameter", "bias"), ("parameter", "weight"), ("buffer", "mean")]
    assert type(net.b) is nn.Identity
    seen.clear()
    Net()
    assert not seen


def test_parameter() -> None:
    data = torch.zeros(2)
    p = nn.Parameter(data)
    assert p.requires_grad
    assert p.is_leaf
    assert isinstance(p, torch.Tensor)
    assert type(p + p) is torch.Tensor
    assert type(p.detach()) is torch.Tensor
    data.add_(1)
    assert p.tolist() == [1.0, 1.0]
    assert repr(p) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert not nn.Parameter(torch.zeros(1, dtype=torch.int64), requires_grad=False).requires_grad
    with pytest.raises(RuntimeError, match="floating point and complex"):
        nn.Parameter(torch.zeros(1, dtype=torch.int64))
    p.tensor_parallel = True
    p.sum().backward()
    other = copy.deepcopy(p)
    assert type(other) is nn.Parameter
    assert other.requires_grad
    assert other.data_ptr() != p.data_ptr()
    assert other.grad is None  # nor has it p's attributes
    assert not hasattr(other, "tensor_parallel")


# traversal ------------------------------------------------------------------------------------------------------------
def test_names() -> None:
    net = Net()
    assert [n for n, _ in net.named_parameters()] == ["a.weight", "a.bias", "b.1.weight"]
    assert [n for n, _ in net.named_parameters("x", recurse=False)] == []
    assert [n for n, _ in net.named_buffers("x")] == ["x.mean"]
    assert [n for n, _ in net.named_children()] == ["a", "b"]
    assert [n for n, _ in net.named_modules()] == ["", "a", "b", "b.0", "b.1"]
    assert [type(m).__name__ for m in net.modules()] == ["Net", "Linear", "Sequential", "ReLU", "Linear"]
    assert len(list(net.parameters())) == 3
    assert net.get_submodule("b.1") is net.b[1]
    assert net.get_submodule("") is net
    assert net.get_parameter("a.bias") is net.a.bias
    assert net.get_buffer("mean") is net.mean
    for call, path, word in (
        (net.get_submodule, "c.d", "Net has no attribute `c`"),
        (net.get_submodule, "a.weight", "`weight` is not an nn.Module"),
        (net.get_parameter, "b.2.weight", "Sequential has no attribute `2`"),
        (net.get_parameter, "mean", "`mean` is not an nn.Parameter"),
        (net.get_buffer, "a.weight", "`weight` is not a buffer"),
    ):
        with pytest.raises(AttributeError, match=word):
            call(path)
    net.set_submodule("b.0", nn.Tanh())
    assert type(net.b[0]) is nn.Tanh
    with pytest.raises(ValueError, match="without a target name"):
        net.set_submodule("", nn.Tanh())
    with pytest.raises(AttributeError, match="no attribute `9`"):
        net.set_submodule("b.9", nn.Tanh(), strict=True)
    with pytest.raises(ValueError, match="`module` is not an nn"):
        net.set_submodule("c", 3)
    assert not hasattr(net, "c")
    assert {"a", "b", "mean", "forward"} <= set(dir(net))


@pytest.mark.parametrize("cls", [nn.Parameter, nn.Buffer])
def test_parameters_and_buffers_are_made_of_tensors_alone(cls) -> None:
    with pytest.raises(torch.FnnetError, match=f"{cls.__name__}: data must be a Tensor, got int") as refused:
        cls(3)
    assert isinstance(refused.value, TypeError)


def test_shared_are_listed_once() -> None:
    shared = nn.Linear(1, 1)
    net = nn.Sequential(shared, shared)
    assert [n for n, _ in net.named_parameters()] == ["0.weight", "0.bias"]
    names = [n for n, _ in net.named_parameters(remove_duplicate=False)]
    assert names == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert len(list(net.children())) == 1
    assert len(list(net.modules())) == 2
    assert len(list(net.modules(remove_duplicate=False))) == 3
    assert list(net.state_dict()) == names
    tied = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    tied[1].weight = tied[0].weight
    assert len(list(tied.parameters())) == 3


def test_apply_goes_from_the_leaves_up() -> None:
    seen: list[str] = []
    net = Net()
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "Linear", "Sequential", "Net"]


# modes, dtypes, devices -----------------------------------------------------------------------------------------------
def test_modes() -> None:
    net = Net()
    assert all(m.training for m in net.modules())
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.b.train()
    assert [m.training for m in net.modules()] == [False, False, True, True, True]
    with pytest.raises(ValueError, match="expected to be boolean"):
        net.train(1)  # type: ignore[arg-type]
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())


def test_to_keeps_identity() -> None:
    net = Net()
    net.register_buffer("count", torch.tensor(1))
    net(torch.ones(1, 2)).sum().backward()
    parameters, grad = list(net.parameters()), net.a.weight.grad
    assert net.to(torch.float64) is net
    assert all(p is q for p, q in zip(parameters, net.parameters(), strict=True))
    assert {p.dtype for p in net.parameters()} == {torch.float64}
    assert net.a.weight.grad is grad
    assert grad is not None
    assert grad.dtype == torch.float64
    assert net.mean.dtype == torch.float64
    assert net.count.dtype == torch.int64
    for change, dtype in (
        (net.half, torch.float16),
        (net.bfloat16, torch.bfloat16),
        (net.float, torch.float32),
        (net.double, torch.float64),
    ):
        assert change().a.weight.dtype == dtype
    net.to("cpu")
    net.to(torch.zeros(1))
    assert net.a.weight.dtype == torch.float32
    with pytest.raises(TypeError, match="only accepts floating point or complex"):
        net.to(torch.int64)
    assert net.a.weight.dtype == torch.float32
    before = net.a.weight.data
    net.to_empty(device="cpu")
    assert net.a.weight.data_ptr() != before.data_ptr()


def test_zero_grad() -> None:
    m = nn.Linear(2, 1)
    m(torch.ones(1, 2)).sum().backward()
    grad = m.weight.grad
    assert grad is not None
    m.zero_grad(set_to_none=False)
    assert m.weight.grad is grad
    assert grad.tolist() == [[0.0, 0.0]]
    m.zero_grad()
    assert m.weight.grad is None


def test_cuda_without_a_card_says_what_is_missing() -> None:
    with pytest.raises(RuntimeError, match=r"(?i)cuda"):
        Net().cuda()


# copies ---------------------------------------------------------------------------------------------------------------
def double(module: nn.Module, args: Any, output: Any) -> Any:
    return output * 2


def test_deepcopy() -> None:
    net = Net()
    net.register_forward_hook(double)
    handle = net.a.register_forward_hook(double)
    x = torch.ones(1, 2)
    expected = net(x)
    other = copy.deepcopy(net)
    assert torch.equal(other(x), expected)  # hooks are copied
    handle.remove()
    assert torch.equal(other(x), expected)  # and are the copy's own
    assert not torch.equal(net(x), expected)
    with torch.no_grad():
        other.a.weight.fill_(0)
    assert net.a.weight.abs().sum() > 0
    shared = nn.Linear(1, 1)
    pair = copy.deepcopy(nn.Sequential(shared, shared))
    assert pair[0] is pair[1]


def test_load_hooks_of_a_copy_get_the_copy() -> None:
    seen: list[Any] = []
    net = nn.Linear(1, 1)
    net.register_load_state_dict_pre_hook(lambda module, *rest: seen.append(module))
    other = copy.deepcopy(net)
    other.load_state_dict(net.state_dict())
    assert seen == [other]


def test_pickle() -> None:
    net = Net().eval()
    net.a.register_forward_hook(double)
    again = pickle.loads(pickle.dumps(net))
    assert repr(again) == repr(net)
    assert not again.training
    x = torch.ones(3, 2)
    assert torch.equal(again(x), net(x))
    assert all(type(p) is nn.Parameter and p.requires_grad for p in again.parameters())


def test_state_of_an_older_version_is_completed() -> None:
    m = nn.Softmax(1)
    state = {k: v for k, v in m.__dict__.items() if k not in ("dim", "_forward_hooks_always_called")}
    old = nn.Softmax.__new__(nn.Softmax)
    old.__setstate__(state)
    assert old.dim is None
    assert not old._forward_hooks_always_called


def test_weak_references() -> None:
    m = nn.Linear(1, 1)
    assert weakref.ref(m)() is m


# calling --------------------------------------------------------------------------------------------------------------
def test_forward_is_missing() -> None:
    with pytest.raises(RuntimeError, match='missing the required "forward" function'):
        nn.Module()(1)


def test_error_names_the_module() -> None:
    net = Net()
    with pytest.raises(RuntimeError) as caught:
        net(torch.ones(1, 5))
    assert caught.value.__notes__ == ["in module Net.a"]
    with pytest.raises(RuntimeError) as caught:
        net.b(torch.ones(1, 5))
    assert caught.value.__notes__ == ["in module Sequential.1"]


def test_grads_flow() -> None:
    net = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    with torch.no_grad():
        for p, value in zip(net.parameters(), (2.0, 1.0, 3.0, 0.0), strict=True):
            p.fill_(value)
    x = torch.tensor([[5.0]], requires_grad=True)
    net(x).backward()
    # y = 3 (2 x + 1)
    assert x.grad.item() == 6.0
    assert [p.grad.item() for p in net.parameters()] == [15.0, 3.0, 11.0, 1.0]


# printing -------------------------------------------------------------------------------------------------------------
def test_repr() -> None:
    net = Net()
    net.none = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1), nn.Sequential(nn.ReLU())])
    net.void = nn.ModuleList()
    net.add_module("nothing", None)
    # printed by PyTorch 2.13
    assert (
        repr(net)
        == """Net(
  (a): Linear(in_features=2, out_features=3, bias=True)
  (b): Sequential(
    (0): ReLU()
    (1): Linear(in_features=3, out_features=1, bias=False)
  )
  (none): ModuleList(
    (0-1): 2 x Linear(in_features=1, out_features=1, bias=True)
    (2): Sequential(
      (0): ReLU()
    )
  )
  (void): ModuleList()
  (nothing): None
)"""
    )


def test_extra_repr_of_several_lines() -> None:
    class Two(nn.Module):
        def extra_repr(self) -> str:
            return "one\ntwo"

    assert repr(Two()) == "Two(\n  one\n  two\n)"
    m = Two()
    m.x = nn.Tanh()
    assert repr(m) == "Two(\n  one\n  two\n  (x): Tanh()\n)"


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("a.b", 'can\'t contain ".", got: a.b'),
        ("", 'can\'t be empty string ""'),
        ("forward", "'forward' already exists"),
    ],
)
def test_names_that_can_t_be_registered(name, phrase):
    module = nn.Module()
    for register, value in (
        (module.register_parameter, None), (module.register_buffer, None), (module.add_module, None),
    ):  # fmt: skip
        with pytest.raises(KeyError, match=phrase) as caught:
            register(name, value)
        assert isinstance(caught.value, torch.FnnetError)
        assert not str(caught.value).startswith('"')  # as KeyError shows its text
    assert list(module.state_dict()) == list(module.children()) == []
