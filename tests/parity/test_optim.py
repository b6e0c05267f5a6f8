"""The optimizers against PyTorch's, over the inputs of PyTorch's own table and all the other flags."""

from __future__ import annotations

import copy
import inspect
import io
import itertools
from functools import partial
from typing import Any

import pytest
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

import fnnet
from fnnet import nn, optim
from tests.parity import oracle

DB = {info.optim_cls.__name__: info for info in optim_db if hasattr(optim, info.optim_cls.__name__)}
CPU = torch.device("cpu")
STEPS = 7
SHAPES = ((3, 4), (5,), (), (2, 1, 3))
LR = torch.tensor(0.02, dtype=torch.float64)
OWN: dict[str, list[dict[str, Any]]] = {
    "SGD": [{"momentum": 0.9, "nesterov": True, "maximize": True}, {"momentum": 0.5, "foreach": True}],
    "ASGD": [{"t0": 3, "lr": 0.1, "lambd": 0.01, "alpha": 0.5}],
    "Adadelta": [{"rho": 0.5, "eps": 1e-3}, {"lr": LR}],
    "Adafactor": [{"eps": (1e-3, 0.1), "lr": 0.3}, {"eps": (0.5, 2.0)}, {"lr": LR}],
    "Adagrad": [{"eps": 0.1, "lr_decay": 0.3}, {"lr": LR}, {"initial_accumulator_value": 0.2, "maximize": True}],
    "Adamax": [{"betas": (0.5, 0.7), "eps": 0.1}, {"lr": LR}],
    "LBFGS": [
        {"line_search_fn": "strong_wolfe", "history_size": 3}, {"line_search_fn": "strong_wolfe", "max_iter": 5},
        {"max_iter": 3, "lr": 0.1}, {"max_eval": 4, "lr": 0.5}, {"line_search_fn": "strong_wolfe", "max_eval": 3},
        {"line_search_fn": "strong_wolfe", "lr": 30.0}, {"tolerance_change": 1e-2}, {"tolerance_grad": 0.5},
    ],
    "Muon": [
        {"adjust_lr_fn": "match_rms_adamw"}, {"adjust_lr_fn": "original", "nesterov": False}, {"eps": 10.0, "lr": 0.1},
    ],
    "NAdam": [{"betas": (0.5, 0.7), "eps": 0.1}, {"lr": LR}],
    "RAdam": [{"betas": (0.5, 0.7), "eps": 0.1}, {"lr": LR}, {"betas": (0.9, 0.99), "lr": 0.1}],
    "RMSprop": [
        {"centered": True, "alpha": 0.5}, {"momentum": 0.8, "lr": 0.1}, {"lr": LR},
        {"centered": True, "momentum": 0.5, "maximize": True, "weight_decay": 0.1, "eps": 0.1},
    ],
    "Rprop": [{"step_sizes": (0.01, 0.05), "lr": 0.03}, {"lr": LR}],
    "Adam": [
        {"eps": 1e-3, "betas": (0.5, 0.7)}, {"weight_decay": 0.2, "decoupled_weight_decay": True}, {"foreach": True},
        {"lr": LR}, {"amsgrad": True, "maximize": True, "weight_decay": 0.1, "lr": 0.1},
    ],
    "AdamW": [{"eps": 1e-3, "betas": (0.5, 0.7)}, {"lr": 0.1}, {"lr": LR}, {"fused": True}],
}  # fmt: skip


def options(name: str) -> list[dict[str, Any]]:
    table = [given.kwargs for given in DB[name].optim_inputs_func(device="cpu")]
    return [*table, *OWN.get(name, [])]


def shown(given: Any) -> str:
    return ",".join(f"{key}={value}" for key, value in given.items()) if isinstance(given, dict) else str(given)


CASES = [(name, given) for name in sorted(set(DB) - {"LBFGS"}) for given in options(name)]
MATRICES = ((3, 4), (5, 2), (2, 2), (1, 6))
"""For Muon, which takes nothing else."""
ROUNDED = {"Muon": (1e-5, 5e-3)}
"""Its direction is computed in bfloat16, and a sum in another order may be rounded to its neighbour."""


def parameters(name: str, dtype: torch.dtype) -> tuple[list[torch.nn.Parameter], list[nn.Parameter]]:
    torch.manual_seed(2)
    shapes = MATRICES if name == "Muon" else SHAPES
    theirs = [torch.nn.Parameter(torch.randn(shape, dtype=dtype)) for shape in shapes]
    return theirs, [nn.Parameter(oracle.tensor(p.detach())) for p in theirs]


def give_gradients(step: int, theirs: list[torch.nn.Parameter], mine: list[nn.Parameter]) -> None:
    """The same gradients on both sides; each parameter goes without in some steps, the second in the first ones."""
    torch.manual_seed(100 + step)
    for at, (t, m) in enumerate(zip(theirs, mine, strict=True)):
        absent = (at == 1 and step < 2) or (step + at) % 5 == 4
        t.grad = None if absent else torch.randn_like(t)
        m.grad = None if t.grad is None else oracle.tensor(t.grad)


def same_state(mine: Any, theirs: Any, leave: tuple[float, float] | None = None) -> None:
    """Two `state_dict()`s: the same structure, keys in the same order, the same values."""
    if isinstance(theirs, dict):
        assert list(mine) == list(theirs)
        for key in theirs:
            same_state(mine[key], theirs[key], leave)
    elif isinstance(theirs, list | tuple):
        assert len(mine) == len(theirs)
        for m, t in zip(mine, theirs, strict=True):
            same_state(m, t, leave)
    else:
        text = oracle.difference(mine, theirs, leave)
        assert text is None, text


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize(("name", "given"), CASES, ids=shown)
def test_steps(name: str, given: dict[str, Any], dtype: torch.dtype) -> None:
    """Parameters and state after each step, then once more after a state_dict's round trip."""
    theirs, mine = parameters(name, dtype)
    leave = ROUNDED.get(name)
    their_optimizer = getattr(torch.optim, name)(theirs, **given)
    my_optimizer = getattr(optim, name)(mine, **oracle.Translation()(given))
    same_state(my_optimizer.state_dict(), their_optimizer.state_dict())
    for step in range(STEPS):
        if step == STEPS - 2:
            my_optimizer, old = getattr(optim, name)(mine), my_optimizer
            my_optimizer.load_state_dict(copy.deepcopy(old.state_dict()))
        give_gradients(step, theirs, mine)
        their_optimizer.step()
        my_optimizer.step()
        same_state(mine, theirs, leave)
        same_state(my_optimizer.state_dict(), their_optimizer.state_dict(), leave)


COMPLEX = [c for c in CASES if c[0] not in ("Adafactor", "Muon") and not c[1].get("fused") and "foreach" not in c[1]]


@pytest.mark.sampled(share=4)
@pytest.mark.parametrize(("name", "given"), COMPLEX, ids=shown)
def test_complex_parameters(name: str, given: dict[str, Any]) -> None:
    theirs, mine = parameters(name, torch.complex128)
    their_optimizer = getattr(torch.optim, name)(theirs, **given)
    my_optimizer = getattr(optim, name)(mine, **oracle.Translation()(given))
    for step in range(STEPS):
        give_gradients(step, theirs, mine)
        their_optimizer.step()
        my_optimizer.step()
    same_state(mine, theirs)
    same_state(my_optimizer.state_dict(), their_optimizer.state_dict())


TRAINED = 20
CLOSE = {"Muon": (1e-3, 0.02), "LBFGS": (2e-3, 1e-3)}
"""Twenty of LBFGS's iterations make 1e-3 of the last bit: two runs of PyTorch part likewise."""


@pytest.mark.sampled(share=4)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize(("name", "given"), [(n, g) for n in sorted(DB) for g in options(n)], ids=shown)
def test_training(name: str, given: dict[str, Any], dtype: torch.dtype) -> None:
    """A small network, whose gradients follow from where the steps before led it."""
    torch.manual_seed(5)
    x, y = torch.randn(16, 3, dtype=dtype), torch.randn(16, 2, dtype=dtype)
    bias = name != "Muon"
    teacher = torch.nn.Sequential(torch.nn.Linear(3, 4, bias), torch.nn.Tanh(), torch.nn.Linear(4, 2, bias)).to(dtype)
    pupil = nn.Sequential(nn.Linear(3, 4, bias), nn.Tanh(), nn.Linear(4, 2, bias)).to(getattr(fnnet, str(dtype)[6:]))
    pupil.load_state_dict({key: oracle.tensor(value) for key, value in teacher.state_dict().items()})
    losses: list[list[float]] = []
    for module, net, options, data in (
        (torch.optim, teacher, given, (x, y)),
        (optim, pupil, oracle.Translation()(given), (oracle.tensor(x), oracle.tensor(y))),
    ):
        optimizer = getattr(module, name)(net.parameters(), **options)

        def closure(net: Any = net, optimizer: Any = optimizer, data: Any = data) -> Any:
            optimizer.zero_grad()
            loss = ((net(data[0]) - data[1]) ** 2).mean()
            loss.backward()
            return loss

        short = name == "LBFGS" and given.get("max_iter", 20) > 5
        losses.append([float(optimizer.step(closure)) for _ in range(2 if short else TRAINED)])
    leave = CLOSE.get(name, {torch.float32: (2e-4, 3e-4), torch.float64: (1e-9, 1e-10)}[dtype])
    assert losses[1] == pytest.approx(losses[0], rel=leave[0])
    if name != "LBFGS" or dtype == torch.float64:
        same_state(list(pupil.parameters()), list(teacher.parameters()), leave)


RICH: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.9}, "Adam": {"amsgrad": True}, "RMSprop": {"momentum": 0.5, "centered": True},
    "LBFGS": {"line_search_fn": "strong_wolfe", "max_iter": 3}, "ASGD": {"t0": 1}, "AdamW": {"lr": LR},
}  # fmt: skip


@pytest.mark.parametrize("rich", [False, True])
@pytest.mark.parametrize("name", sorted(DB))
def test_exchange(name: str, rich: bool) -> None:
    """Three steps there, three here with the state from a file, and the other way round."""
    given = RICH.get(name, {"lr": 0.05}) if rich else {"max_iter": 3} if name == "LBFGS" else {}
    # PyTorch's loading converts all state but "step" to the parameter's dtype, eta and mu_product too.
    theirs, mine = parameters(name, torch.float32 if name in ("ASGD", "NAdam") else torch.float64)
    sides: list[tuple[Any, list[Any], dict[str, Any], Any]] = [
        (torch.optim, theirs, given, torch), (optim, mine, oracle.Translation()(given), fnnet)
    ]  # fmt: skip

    def closure(optimizer: Any, step: int) -> Any:
        optimizer.zero_grad()
        params = optimizer.param_groups[0]["params"]
        loss: Any = sum(((p * (i + 1) - step) ** 2).sum() for i, p in enumerate(params))
        loss.backward()
        return loss

    def steps(optimizer: Any, begin: int) -> None:
        for step in range(begin, begin + 3):
            give_gradients(step, theirs, mine)
            optimizer.step(*([partial(closure, optimizer, step)] if name == "LBFGS" else []))

    for first in (0, 1):
        optimizers = [getattr(module, name)(params, **options) for module, params, options, _ in sides]
        other = 1 - first
        steps(optimizers[0], 0)
        steps(optimizers[1], 0)
        file = io.BytesIO()
        sides[first][3].save(optimizers[first].state_dict(), file)
        loaded = getattr(sides[other][0], name)(sides[other][1])
        loaded.load_state_dict(sides[other][3].load(io.BytesIO(file.getvalue())))
        steps(optimizers[first], 3)
        steps(loaded, 3)
        same_state(mine, theirs, ROUNDED.get(name))
        ends = {first: optimizers[first].state_dict(), other: loaded.state_dict()}
        same_state(ends[1], ends[0], ROUNDED.get(name))


@pytest.mark.parametrize("name", sorted(set(DB) - {"LBFGS"}))
def test_groups(name: str) -> None:
    """Groups with options of their own, one added later."""
    theirs, mine = parameters(name, torch.float64)
    decay, last = {"Rprop": ("etas", {"lr": 0.4})}.get(name, ("weight_decay", {"maximize": True}))
    if name == "Muon":
        last = {"nesterov": False}
    both = []
    for module, params in ((torch.optim, theirs), (optim, mine)):
        option = {decay: (0.3, 1.5) if decay == "etas" else 0.2}
        groups = [{"params": params[:1], "lr": 0.3}, {"params": params[1:3], **option}]
        optimizer = getattr(module, name)(groups, lr=0.05)
        optimizer.add_param_group({"params": params[3], **last})
        both.append(optimizer)
    for step in range(STEPS):
        give_gradients(step, theirs, mine)
        for optimizer in both:
            optimizer.step()
        same_state(mine, theirs, ROUNDED.get(name))
    same_state(both[1].state_dict(), both[0].state_dict(), ROUNDED.get(name))
    assert repr(both[1]) == repr(both[0])


@pytest.mark.parametrize("name", sorted(DB))
def test_closure_and_zero_grad(name: str) -> None:
    losses = []
    for module, framework, make in ((optim, fnnet, nn.Parameter), (torch.optim, torch, torch.nn.Parameter)):
        p = make(framework.tensor([[1.0, -2.0, 3.0]], dtype=framework.float64))
        optimizer = getattr(module, name)([p], lr=0.1)

        def closure(p: Any = p, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            loss = (p * p).sum()
            loss.backward()
            return loss

        losses.append([float(optimizer.step(closure)) for _ in range(5)])
        optimizer.zero_grad(set_to_none=False)
        assert p.grad.tolist() == [[0.0, 0.0, 0.0]]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3 if name == "Muon" else 1e-9)


ERRORS = [(name, error) for name in sorted(DB) for error in DB[name].optim_error_inputs_func(CPU, torch.float32)]


@pytest.mark.parametrize(
    ("name", "error"), ERRORS, ids=lambda v: v if isinstance(v, str) else v.optimizer_error_input.desc
)
@pytest.mark.filterwarnings("default")
def test_errors(name: str, error: Any) -> None:
    """What PyTorch refuses is refused with the same kind of exception and its words."""
    bad = error.optimizer_error_input
    params = [torch.nn.Parameter(torch.randn(2, 3))] if bad.params is None else bad.params
    translate = oracle.Translation()
    refused = pytest.warns if issubclass(error.error_type, Warning) else pytest.raises
    mine = translate(params)
    if error.error_on is OptimizerErrorEnum.STEP_ERROR:
        optimizer = getattr(optim, name)(mine, **translate(bad.kwargs))
        for t, m in zip(params, mine, strict=True):
            m.grad = oracle.tensor(t.grad)
    with refused(error.error_type, match=error.error_regex):
        if error.error_on is OptimizerErrorEnum.STEP_ERROR:
            optimizer.step()
        else:
            getattr(optim, name)(mine, **translate(bad.kwargs))


@pytest.mark.parametrize("name", sorted(DB))
def test_signature(name: str) -> None:
    for function in ("__init__", "step", "zero_grad", "add_param_group", "load_state_dict"):
        theirs = inspect.signature(inspect.unwrap(getattr(getattr(torch.optim, name), function)))
        mine = inspect.signature(inspect.unwrap(getattr(getattr(optim, name), function)))
        both = itertools.zip_longest(mine.parameters.values(), theirs.parameters.values())
        for m, t in both:
            assert m is not None, f"{function}: no argument {t}"
            assert t is not None, f"{function}: PyTorch has no argument {m}"
            assert (m.name, m.kind, m.default) == (t.name, t.kind, t.default), function
