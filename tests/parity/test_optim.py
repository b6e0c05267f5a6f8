"""The optimizers against PyTorch's, over the inputs of PyTorch's own table and all the other flags."""

from __future__ import annotations

import copy
import inspect
import itertools
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


CASES = [(name, given) for name in sorted(DB) for given in options(name)]


def parameters(dtype: torch.dtype) -> tuple[list[torch.nn.Parameter], list[nn.Parameter]]:
    torch.manual_seed(2)
    theirs = [torch.nn.Parameter(torch.randn(shape, dtype=dtype)) for shape in SHAPES]
    return theirs, [nn.Parameter(oracle.tensor(p.detach())) for p in theirs]


def give_gradients(step: int, theirs: list[torch.nn.Parameter], mine: list[nn.Parameter]) -> None:
    """The same gradients on both sides; each parameter goes without in some steps, the second in the first ones."""
    torch.manual_seed(100 + step)
    for at, (t, m) in enumerate(zip(theirs, mine, strict=True)):
        absent = (at == 1 and step < 2) or (step + at) % 5 == 4
        t.grad = None if absent else torch.randn_like(t)
        m.grad = None if t.grad is None else oracle.tensor(t.grad)


def same_state(mine: Any, theirs: Any) -> None:
    """Two `state_dict()`s: the same structure, keys in the same order, the same values."""
    if isinstance(theirs, dict):
        assert list(mine) == list(theirs)
        for key in theirs:
            same_state(mine[key], theirs[key])
    elif isinstance(theirs, list | tuple):
        assert len(mine) == len(theirs)
        for m, t in zip(mine, theirs, strict=True):
            same_state(m, t)
    else:
        text = oracle.difference(mine, theirs)
        assert text is None, text


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize(("name", "given"), CASES, ids=shown)
def test_steps(name: str, given: dict[str, Any], dtype: torch.dtype) -> None:
    """Parameters and state after each step, then once more after a state_dict's round trip."""
    theirs, mine = parameters(dtype)
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
        same_state(mine, theirs)
        same_state(my_optimizer.state_dict(), their_optimizer.state_dict())


@pytest.mark.parametrize("name", sorted(DB))
def test_groups(name: str) -> None:
    """Groups with options of their own, one added later."""
    theirs, mine = parameters(torch.float64)
    both = []
    for module, params in ((torch.optim, theirs), (optim, mine)):
        groups = [{"params": params[:1], "lr": 0.3}, {"params": params[1:3], "weight_decay": 0.2}]
        optimizer = getattr(module, name)(groups, lr=0.05)
        optimizer.add_param_group({"params": params[3], "maximize": True})
        both.append(optimizer)
    for step in range(STEPS):
        give_gradients(step, theirs, mine)
        for optimizer in both:
            optimizer.step()
        same_state(mine, theirs)
    same_state(both[1].state_dict(), both[0].state_dict())
    assert repr(both[1]) == repr(both[0])


@pytest.mark.parametrize("name", sorted(DB))
def test_closure_and_zero_grad(name: str) -> None:
    losses = []
    for module, framework, make in ((optim, fnnet, nn.Parameter), (torch.optim, torch, torch.nn.Parameter)):
        p = make(framework.tensor([1.0, -2.0, 3.0], dtype=framework.float64))
        optimizer = getattr(module, name)([p], lr=0.1)

        def closure(p: Any = p, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            loss = (p * p).sum()
            loss.backward()
            return loss

        losses.append([float(optimizer.step(closure)) for _ in range(5)])
        optimizer.zero_grad(set_to_none=False)
        assert p.grad.tolist() == [0.0, 0.0, 0.0]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


ERRORS = [(name, error) for name in sorted(DB) for error in DB[name].optim_error_inputs_func(CPU, torch.float32)]


@pytest.mark.parametrize(
    ("name", "error"), ERRORS, ids=lambda v: v if isinstance(v, str) else v.optimizer_error_input.desc
)
@pytest.mark.filterwarnings("default")
def test_errors(name: str, error: Any) -> None:
    """What PyTorch refuses is refused with the same kind of exception and its words."""
    bad = error.optimizer_error_input
    params = [torch.nn.Parameter(torch.randn(2, 3))] if bad.params is None else bad.params
    assert error.error_on is OptimizerErrorEnum.CONSTRUCTION_ERROR
    translate = oracle.Translation()
    refused = pytest.warns if issubclass(error.error_type, Warning) else pytest.raises
    with refused(error.error_type, match=error.error_regex):
        getattr(optim, name)(translate(params), **translate(bad.kwargs))


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
