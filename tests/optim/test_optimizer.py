"""Groups, state, hooks and closures of optimizers. Literals and phrases are those of PyTorch 2.13."""

from __future__ import annotations

import copy
import pickle

import pytest

import fnnet
from fnnet import nn, optim
from fnnet._core.errors import FnnetError
from fnnet.optim import optimizer as module


def parameter(*values):
    return nn.Parameter(fnnet.tensor(values or (1.0, 2.0)))


def stepped(kind=optim.Adam, **options):
    """A parameter and its optimizer after one step with the gradient 1."""
    p = parameter()
    optimizer = kind([p], lr=0.1, **options)
    p.grad = fnnet.ones(2)
    optimizer.step()
    return p, optimizer


# groups --------------------------------------------------------------------------------------------------------------
def test_groups_have_options_of_their_own():
    a, b, c = parameter(1.0), parameter(1.0), parameter(1.0)
    optimizer = optim.SGD([{"params": a, "lr": 0.5}, {"params": [b], "note": "kept"}], lr=0.1)
    optimizer.add_param_group({"params": (p for p in [c]), "maximize": True})
    for p in (a, b, c):
        p.grad = fnnet.ones(1)
    optimizer.step()
    assert [p.item() for p in (a, b, c)] == pytest.approx([0.5, 0.9, 1.1])
    assert [len(group["params"]) for group in optimizer.param_groups] == [1, 1, 1]
    assert optimizer.param_groups[1]["note"] == "kept"
    assert optimizer.defaults["lr"] == 0.1
    assert list(optimizer.param_groups[2]) == [
        "params", "maximize", "lr", "momentum", "dampening", "weight_decay", "nesterov", "foreach", "differentiable",
        "fused",
    ]  # fmt: skip


W = fnnet.ones(2)
BAD_PARAMS = [
    (list, ValueError, "optimizer got an empty parameter list"),
    (lambda: W, TypeError, "should be an iterable of Tensors or dicts, but got Tensor"),
    (lambda: [1], TypeError, "optimizer can only optimize Tensors, but one of the params is int"),
    (lambda: {"a": W}, TypeError, "optimizer can only optimize Tensors, but one of the params is str"),
    (lambda: [{"params": {W}}], TypeError, "parameters need to be organized in ordered collections"),
    (lambda: [{"lr": 1.0}], KeyError, "params"),
    (lambda: [fnnet.ones(2, requires_grad=True) * 2], ValueError, "can't optimize a non-leaf Tensor"),
    (lambda: [{"params": [W]}, {"params": [W]}], ValueError, "appear in more than one parameter group"),
    (lambda: [("a", W), fnnet.ones(1)], ValueError, "all optimizer params should be with/without names"),
    (lambda: nn.Linear(2, 2), TypeError, "not iterable"),
]


@pytest.mark.parametrize(("params", "error", "phrase"), BAD_PARAMS)
def test_bad_parameters(params, error, phrase):
    with pytest.raises(error, match=phrase):
        optim.SGD(params(), lr=0.1)


BAD_OPTIONS = [
    (optim.SGD, {"lr": -1}, "Invalid learning rate: -1"),
    (optim.SGD, {"momentum": -1}, "Invalid momentum value: -1"),
    (optim.SGD, {"weight_decay": -1}, "Invalid weight_decay value: -1"),
    (optim.SGD, {"nesterov": True}, "Nesterov momentum requires a momentum and zero dampening"),
    (optim.SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "Nesterov momentum requires a momentum"),
    (optim.SGD, {"foreach": True, "fused": True}, "`fused` and `foreach` cannot be `True` together"),
    (optim.SGD, {"differentiable": True, "fused": True}, "`fused` does not support `differentiable`"),
    (optim.Adam, {"lr": -1}, "Invalid learning rate: -1"),
    (optim.Adam, {"eps": -1}, "Invalid epsilon value: -1"),
    (optim.Adam, {"betas": (1.0, 0.9)}, "Invalid beta parameter at index 0: 1.0"),
    (optim.Adam, {"betas": (0.1, 1.9)}, "Invalid beta parameter at index 1: 1.9"),
    (optim.AdamW, {"weight_decay": -0.1}, "Invalid weight_decay value: -0.1"),
    (optim.AdamW, {"foreach": True, "fused": True}, "`fused` and `foreach` cannot be `True` together"),
]


@pytest.mark.parametrize(("kind", "options", "phrase"), BAD_OPTIONS)
def test_bad_options(kind, options, phrase):
    with pytest.raises(FnnetError, match=phrase) as error:
        kind([parameter()], **options)
    assert isinstance(error.value, ValueError)
    assert isinstance(error.value, RuntimeError)


def test_add_param_group_refuses_and_changes_nothing():
    p = parameter()
    optimizer = optim.SGD([p], lr=0.1)
    with pytest.raises(TypeError, match="param_group must be a dict"):
        optimizer.add_param_group([parameter()])
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group({"params": [parameter(), p]})
    assert len(optimizer.param_groups) == 1


def test_one_parameter_twice_in_a_group_is_warned_of():
    p = parameter()
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optim.SGD([p, p], lr=0.1)


def test_a_required_option():
    class Rule(optim.Optimizer):
        def __init__(self, params, lr=module.required):
            super().__init__(params, {"lr": lr})

    with pytest.raises(ValueError, match="didn't specify a value of required optimization parameter lr"):
        Rule([parameter()])
    assert Rule([{"params": [parameter()], "lr": 1}]).param_groups[0]["lr"] == 1


def test_parameters_with_names():
    layer = nn.Linear(2, 1)
    optimizer = optim.SGD(layer.named_parameters(), lr=0.1)
    optimizer.add_param_group({"params": [("extra", parameter())], "lr": 0.5})
    assert [g["param_names"] for g in optimizer.state_dict()["param_groups"]] == [["weight", "bias"], ["extra"]]
    plain = optim.SGD([{"params": layer.parameters()}, {"params": [parameter()]}], lr=0.1)
    optimizer.load_state_dict(plain.state_dict())  # keeps its own names
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]


def test_repr():
    """PyTorch's text, a rate that is a tensor included."""
    assert repr(optim.SGD([parameter()], lr=fnnet.tensor(0.5), momentum=0.9)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n    foreach: None\n    fused: None\n"
        "    lr: 0.5\n    maximize: False\n    momentum: 0.9\n    nesterov: False\n    weight_decay: 0\n)"
    )
    adam = optim.AdamW([{"params": [parameter()]}, {"params": [parameter()], "lr": 2}])
    assert "\nParameter Group 1\n    amsgrad: False\n    betas: (0.9, 0.999)\n" in repr(adam)


def test_by_name():
    p = parameter()
    assert optim.get("SGD") is optim.get("sgd") is optim.SGD
    assert type(optim.create("adamw", [p], lr=0.3)) is optim.AdamW
    with pytest.raises(KeyError, match="sgd"):
        optim.get("no-such-optimizer")


# state ---------------------------------------------------------------------------------------------------------------
ADAM_KEYS = [
    "lr", "betas", "eps", "weight_decay", "amsgrad", "maximize", "foreach", "capturable", "differentiable", "fused",
    "decoupled_weight_decay", "params",
]  # fmt: skip
SGD_KEYS = [
    "lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize", "foreach", "differentiable", "fused",
    "params",
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "options", "state_keys", "group_keys"),
    [
        (optim.SGD, {"momentum": 0.9}, ["momentum_buffer"], SGD_KEYS),
        (optim.Adam, {}, ["step", "exp_avg", "exp_avg_sq"], ADAM_KEYS),
        (optim.AdamW, {"amsgrad": True}, ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"], ADAM_KEYS),
    ],
)
def test_state_dict_has_pytorchs_keys(kind, options, state_keys, group_keys):
    _, optimizer = stepped(kind, **options)
    found = optimizer.state_dict()
    assert list(found) == ["state", "param_groups"]
    assert list(found["state"]) == [0]
    assert list(found["state"][0]) == state_keys
    assert list(found["param_groups"][0]) == group_keys
    assert found["param_groups"][0]["params"] == [0]
    if "step" in state_keys:
        step = found["state"][0]["step"]
        assert (step.dtype, tuple(step.shape), step.item()) == (fnnet.float32, (), 1.0)


def test_state_dict_shares_the_state_and_copies_the_groups():
    p, optimizer = stepped()
    found = optimizer.state_dict()
    assert found["state"][0] is optimizer.state[p]
    assert found["param_groups"][0] is not optimizer.param_groups[0]


def test_load_state_dict_goes_on_where_the_other_stopped():
    for kind, options in ((optim.SGD, {"momentum": 0.9}), (optim.Adam, {"amsgrad": True}), (optim.AdamW, {})):
        p, optimizer = stepped(kind, **options)
        q = nn.Parameter(p.detach().clone())
        other = kind([q], lr=7.0)
        other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        p.grad = q.grad = fnnet.tensor([0.5, -1.0])
        optimizer.step()
        other.step()
        assert q.tolist() == p.tolist()
        assert other.param_groups[0]["lr"] == 0.1


def test_load_state_dict_casts_to_the_parameter_and_copies():
    p = nn.Parameter(fnnet.ones(2, dtype=fnnet.float16))
    optimizer = optim.Adam([p], lr=0.1)
    given = {
        "step": fnnet.tensor(3.0), "exp_avg": fnnet.ones(2, dtype=fnnet.float64), "exp_avg_sq": fnnet.ones(2).half(),
        "own": {"list": [fnnet.ones(1)], "count": 5},
    }  # fmt: skip
    optimizer.load_state_dict({"state": {0: given, "free": 1}, "param_groups": [{"params": [0], "lr": 0.5}]})
    state = optimizer.state[p]
    assert state["step"].dtype is fnnet.float32
    assert state["exp_avg"].dtype is state["exp_avg_sq"].dtype is fnnet.float16
    assert state["own"]["list"][0].dtype is fnnet.float16
    assert state["own"]["count"] == 5
    assert optimizer.state["free"] == 1
    given["exp_avg_sq"].zero_()
    given["step"].zero_()
    assert state["exp_avg_sq"].tolist() == [1.0, 1.0]
    assert state["step"].item() == 3.0
    assert optimizer.param_groups[0]["betas"] == (0.9, 0.999)  # what was not saved is the default


@pytest.mark.parametrize(
    ("bad", "error", "phrase"),
    [
        ({"state": {}, "param_groups": []}, ValueError, "different number of parameter groups"),
        (
            {"state": {}, "param_groups": [{"params": [0, 1]}]},
            ValueError,
            "doesn't match the size of optimizer's group",
        ),
        ({"state": {}}, KeyError, "param_groups"),
        ({"param_groups": [{"params": [0], "lr": 5}]}, KeyError, "state"),
    ],
)
def test_load_state_dict_refuses_and_changes_nothing(bad, error, phrase):
    p, optimizer = stepped()
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(error, match=phrase):
        optimizer.load_state_dict(bad)
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    assert optimizer.state[p]["exp_avg"].tolist() == before["state"][0]["exp_avg"].tolist()


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["deepcopy", "pickle"])
def test_copies_are_whole_and_independent(twin):
    p, optimizer = stepped(amsgrad=True)
    other = twin(optimizer)
    q = other.param_groups[0]["params"][0]
    assert q is not p
    assert repr(other) == repr(optimizer)
    assert list(other.state[q]) == list(optimizer.state[p])
    values = p.tolist()
    q.grad = fnnet.ones(2)
    other.step()
    assert p.tolist() == values
    optimizer.step()
    assert q.tolist() == p.tolist()


# gradients, closures, hooks ------------------------------------------------------------------------------------------
def test_zero_grad():
    p, optimizer = stepped()
    grad = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is grad
    assert grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_zero_grad_cuts_the_history_of_a_gradient():
    p = parameter()
    (p**3).sum().backward(create_graph=True)
    assert p.grad.requires_grad
    optim.SGD([p]).zero_grad(set_to_none=False)
    assert not p.grad.requires_grad
    assert p.grad.tolist() == [0.0, 0.0]


def test_a_closure_runs_with_gradients_and_its_loss_is_returned():
    p = parameter(2.0)
    optimizer = optim.SGD([p], lr=0.25)

    def closure():
        assert fnnet.is_grad_enabled()
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with fnnet.no_grad():
        assert optimizer.step(closure).item() == 4.0
        assert not fnnet.is_grad_enabled()
    assert p.tolist() == [1.0]
    assert optimizer.step(closure=closure).item() == 1.0


def test_step_hooks():
    p, optimizer = stepped(optim.SGD)
    seen = []
    handles = [
        optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(("pre", o, args, kwargs))),
        optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(("post", o, args, kwargs))),
        module.register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append(("all pre", p.tolist()))),
        module.register_optimizer_step_post_hook(lambda o, args, kwargs: seen.append(("all post", p.tolist()))),
    ]
    before = p.tolist()
    optimizer.step()
    # As in PyTorch, the arguments are those of the method: the optimizer is the first.
    assert seen == [
        ("all pre", before), ("pre", optimizer, (optimizer,), {}), ("post", optimizer, (optimizer,), {}),
        ("all post", p.tolist()),
    ]  # fmt: skip
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(seen) == 4


def test_a_step_pre_hook_changes_the_arguments():
    _, optimizer = stepped(optim.SGD)
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: "new"), {}))
    assert optimizer.step(lambda: "old") == "new"
    handle.remove()
    optimizer.register_step_pre_hook(lambda *args: 3)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\), but got 3"):
        optimizer.step()


def test_state_dict_hooks():
    p, optimizer = stepped(optim.SGD, momentum=0.9)
    order = []
    optimizer.register_state_dict_pre_hook(lambda o: order.append("pre"))
    optimizer.register_state_dict_post_hook(lambda o, found: {**found, "extra": 1})
    optimizer.register_state_dict_post_hook(lambda o, found: order.append("first"), prepend=True)
    optimizer.register_load_state_dict_pre_hook(lambda o, given: order.append(given["extra"]))
    optimizer.register_load_state_dict_post_hook(lambda o: order.append(o.state[p]["momentum_buffer"].tolist()))
    saved = optimizer.state_dict()
    assert saved["extra"] == 1
    optimizer.load_state_dict(saved)
    assert order == ["pre", "first", 1, [1.0, 1.0]]


def test_an_optimizer_of_ones_own():
    class Signs(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @fnnet.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.sub_(group["lr"] * p.grad.sign())

    p = parameter()
    optimizer = Signs([p], lr=0.5)
    seen = []
    optimizer.register_step_post_hook(lambda *args: seen.append(args[0]))
    p.grad = fnnet.tensor([3.0, -4.0])
    optimizer.step()
    assert p.tolist() == [0.5, 2.5]
    assert seen == [optimizer]


def test_an_optimizer_without_a_rule():
    optimizer = optim.Optimizer([parameter()], {"lr": 3})
    assert optimizer.state_dict() == {"state": {}, "param_groups": [{"lr": 3, "params": [0]}]}
    with pytest.raises(NotImplementedError, match="Optimizer defines neither update"):
        optimizer.step()
