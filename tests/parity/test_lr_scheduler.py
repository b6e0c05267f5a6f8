"""The schedulers against PyTorch's: rates and momenta over 60 steps, state exchanged both ways, warnings, refusals."""

from __future__ import annotations

import inspect
import io
import itertools
import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import fnnet
from fnnet import nn, optim
from fnnet.optim import lr_scheduler as mine
from tests.parity import oracle

theirs = torch.optim.lr_scheduler
STEPS = 60
SIDES = ((torch, torch.optim, theirs), (fnnet, optim, mine))
Make = Callable[[Any, Any], Any]


class Falling:
    """A callable object, whose attributes are saved."""

    def __init__(self, base: float) -> None:
        self.base = base

    def __call__(self, epoch: float) -> float:
        return float(self.base**epoch)


def plain(name: str, *args: Any, **options: Any) -> Make:
    return lambda module, optimizer: getattr(module, name)(optimizer, *args, **options)


def sequence(m: Any, o: Any) -> Any:
    return m.SequentialLR(
        o, [m.ConstantLR(o, 0.1, 3), m.ExponentialLR(o, 0.9), m.StepLR(o, 4), m.CosineAnnealingLR(o, 7)], [5, 20, 40]
    )


def nested(m: Any, o: Any) -> Any:
    inner = m.SequentialLR(o, [m.LinearLR(o, 0.1, total_iters=4), m.CosineAnnealingLR(o, 10)], [5])
    return m.SequentialLR(o, [inner, m.PolynomialLR(o, 20, 2.0)], [30])


def restarts_in_sequence(m: Any, o: Any) -> Any:
    return m.SequentialLR(o, [m.LinearLR(o, 0.1), m.CosineAnnealingWarmRestarts(o, 5, 2)], [6])


def chain(m: Any, o: Any) -> Any:
    return m.ChainedScheduler([m.ConstantLR(o, 0.1, 4), m.ExponentialLR(o, 0.9), m.MultiStepLR(o, [20, 30], 0.5)])


def chain_of_chain(m: Any, o: Any) -> Any:
    return m.ChainedScheduler([m.ChainedScheduler([m.StepLR(o, 7), m.LinearLR(o)]), m.ExponentialLR(o, 0.95)], o)


MAKES: dict[str, Make] = {
    "LambdaLR": plain("LambdaLR", lambda epoch: 1 / (1 + epoch)),
    "LambdaLR, two": plain("LambdaLR", [lambda epoch: epoch // 10, Falling(0.9)]),
    "MultiplicativeLR": plain("MultiplicativeLR", lambda epoch: 0.9 + 0.01 * (epoch % 3)),
    "MultiplicativeLR, two": plain("MultiplicativeLR", [Falling(0.99), lambda epoch: 0.95]),
    "StepLR": plain("StepLR", 7),
    "StepLR, gamma": plain("StepLR", step_size=3, gamma=0.7),
    "MultiStepLR": plain("MultiStepLR", [3, 10, 10, 40], gamma=0.5),
    "ConstantLR": plain("ConstantLR"),
    "ConstantLR, options": plain("ConstantLR", factor=0.5, total_iters=13),
    "LinearLR": plain("LinearLR"),
    "LinearLR, options": plain("LinearLR", start_factor=0.9, end_factor=0.1, total_iters=30),
    "ExponentialLR": plain("ExponentialLR", 0.93),
    "PolynomialLR": plain("PolynomialLR"),
    "PolynomialLR, options": plain("PolynomialLR", 40, power=1.7),
    "CosineAnnealingLR": plain("CosineAnnealingLR", 9),
    "CosineAnnealingLR, eta_min": plain("CosineAnnealingLR", T_max=50, eta_min=0.01),
    "CosineAnnealingWarmRestarts": plain("CosineAnnealingWarmRestarts", 7),
    "CosineAnnealingWarmRestarts, options": plain("CosineAnnealingWarmRestarts", T_0=4, T_mult=2, eta_min=0.001),
    "CyclicLR": plain("CyclicLR", 0.01, 0.1, step_size_up=5),
    "CyclicLR, triangular2": plain("CyclicLR", [0.01, 0.02], [0.1, 0.3], 5, 8, mode="triangular2"),
    "CyclicLR, exp_range": plain("CyclicLR", 0.01, 0.1, 6, mode="exp_range", gamma=0.97, base_momentum=0.5),
    "CyclicLR, scale_fn": plain("CyclicLR", 0.01, 0.1, 6, scale_fn=lambda x: 1 / x, cycle_momentum=False),
    "CyclicLR, scale_mode": plain("CyclicLR", 0.01, 0.1, 6, scale_fn=Falling(0.9), scale_mode="iterations"),
    "OneCycleLR": plain("OneCycleLR", 0.1, total_steps=STEPS + 1),
    "OneCycleLR, epochs": plain("OneCycleLR", [0.1, 0.2], epochs=7, steps_per_epoch=10, anneal_strategy="linear"),
    "OneCycleLR, three phases": plain("OneCycleLR", 0.1, STEPS + 5, three_phase=True, pct_start=0.25, div_factor=5.0),
    "OneCycleLR, options": plain(
        "OneCycleLR", 0.1, STEPS + 1, pct_start=0.6, final_div_factor=10.0, base_momentum=0.6, max_momentum=[0.8, 0.7]
    ),
    "OneCycleLR, no momentum": plain("OneCycleLR", 0.1, STEPS + 1, cycle_momentum=False),
    "SequentialLR": sequence,
    "SequentialLR, nested": nested,
    "SequentialLR, restarts": restarts_in_sequence,
    "ChainedScheduler": chain,
    "ChainedScheduler, nested": chain_of_chain,
    "SWALR": lambda m, o: (optim if m is mine else torch.optim).swa_utils.SWALR(o, 0.5),
    "SWALR, linear": lambda m, o: (optim if m is mine else torch.optim).swa_utils.SWALR(
        o, [0.5, 0.1], anneal_epochs=20, anneal_strategy="linear"
    ),
    "SWALR, at once": lambda m, o: (optim if m is mine else torch.optim).swa_utils.SWALR(o, 0.5, anneal_epochs=0),
}


def optimizers(kind: str, *, tensor: bool = False, **options: Any) -> list[Any]:
    """PyTorch's and fnnet's, with two groups of different rates."""
    found = []
    for framework, package, _ in SIDES:
        make = torch.nn.Parameter if framework is torch else nn.Parameter
        params = [make(framework.ones(2)), make(framework.ones(3))]
        rates = [framework.tensor(r, dtype=framework.float64) if tensor else r for r in (0.2, 0.05)]
        groups = [{"params": [p], "lr": rate} for p, rate in zip(params, rates, strict=True)]
        found.append(getattr(package, kind)(groups, **options))
    return found


def values(optimizer: Any) -> list[Any]:
    """All that schedulers set, and where they note what they began with, in the groups' own order of keys."""
    return [
        {key: float(v) if oracle.is_tensor(v) else v for key, v in group.items() if key != "params"}
        for group in optimizer.param_groups
    ]


def same(a: Any, b: Any) -> bool:
    """Nested values, floats within rounding."""
    if isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in b)
    if isinstance(b, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if oracle.is_tensor(b):
        return oracle.is_tensor(a) and same(a.item(), b.item())
    if isinstance(b, float):
        return isinstance(a, float) and math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-15)
    if isinstance(b, float | int | str | bool | type(None)):
        return type(a) is type(b) and bool(a == b)
    return type(a).__name__ == type(b).__name__


def step(optimizer: Any, scheduler: Any, *args: Any) -> None:
    optimizer.step()
    scheduler.step(*args)


@pytest.mark.sampled(share=3)
@pytest.mark.parametrize(
    ("kind", "tensor"), [("SGD", False), ("SGD", True), ("Adam", False)], ids=["momentum", "tensor", "betas"]
)
@pytest.mark.parametrize("name", MAKES)
def test_trajectory(name: str, kind: str, tensor: bool) -> None:
    both = optimizers(kind, tensor=tensor, **({"momentum": 0.9} if kind == "SGD" else {}))
    schedulers = [MAKES[name](module, o) for (_, _, module), o in zip(SIDES, both, strict=True)]
    rates = [group["lr"] for group in both[1].param_groups]
    for _ in range(STEPS):
        assert same(values(both[1]), values(both[0]))
        assert same(schedulers[1].get_last_lr(), schedulers[0].get_last_lr())
        for o, scheduler in zip(both, schedulers, strict=True):
            step(o, scheduler)
    assert same(values(both[1]), values(both[0]))
    assert same(schedulers[1].state_dict(), schedulers[0].state_dict())
    if tensor:
        assert all(group["lr"] is rate for group, rate in zip(both[1].param_groups, rates, strict=True))
        assert schedulers[1].get_last_lr()[0] is not rates[0]


@pytest.mark.parametrize("name", MAKES)
def test_exchange(name: str) -> None:
    """23 steps on one side, its state and its optimizer's through a file, then both go on alike; both ways."""
    for first, other in ((0, 1), (1, 0)):
        both = optimizers("SGD", momentum=0.9)
        schedulers = [MAKES[name](module, o) for (_, _, module), o in zip(SIDES, both, strict=True)]
        for _ in range(23):
            step(both[first], schedulers[first])
        framework, here = SIDES[first][0], SIDES[other][0]
        for a, b in ((both, both), (schedulers, schedulers)):
            file = io.BytesIO()
            framework.save(a[first].state_dict(), file)
            b[other].load_state_dict(here.load(io.BytesIO(file.getvalue())))
        for _ in range(20):
            for o, scheduler in zip(both, schedulers, strict=True):
                step(o, scheduler)
            assert same(values(both[1]), values(both[0]))


def without(*names: str) -> list[str]:
    return [name for name in MAKES if name.split(",")[0] not in names]


@pytest.mark.parametrize("name", without("SequentialLR", "ChainedScheduler", "MultiplicativeLR", "SWALR"))
def test_steps_to_an_epoch(name: str) -> None:
    """`step(epoch)` takes the closed form where there is one."""
    both = optimizers("SGD", momentum=0.9)
    schedulers = [MAKES[name](module, o) for (_, _, module), o in zip(SIDES, both, strict=True)]
    for epoch in (1, 2, 5, 17, 4, 50, 0):
        for o, scheduler in zip(both, schedulers, strict=True):
            step(o, scheduler, epoch)
        assert same(values(both[1]), values(both[0])), epoch


@pytest.mark.parametrize("name", without("SequentialLR", "ChainedScheduler", "SWALR", "OneCycleLR", "CyclicLR"))
def test_resumed_by_last_epoch(name: str) -> None:
    """A new scheduler over an optimizer that remembers where it began."""
    both = optimizers("SGD", momentum=0.9)
    for o in both:
        for group in o.param_groups:
            group["initial_lr"] = group["lr"] * 2
    make = inspect.getclosurevars(MAKES[name]).nonlocals
    schedulers = [
        getattr(module, make["name"])(o, *make["args"], **make["options"], last_epoch=11)
        for (_, _, module), o in zip(SIDES, both, strict=True)
    ]
    for _ in range(20):
        assert same(values(both[1]), values(both[0]))
        for o, scheduler in zip(both, schedulers, strict=True):
            step(o, scheduler)


@pytest.mark.parametrize("name", ["OneCycleLR", "CyclicLR"])
def test_cycles_resumed_by_last_epoch(name: str) -> None:
    options: dict[str, Any] = {"OneCycleLR": {"total_steps": 40}, "CyclicLR": {"base_lr": 0.01, "step_size_up": 4}}[
        name
    ]
    both = optimizers("SGD", momentum=0.9)
    for last in (-1, 8):
        schedulers = [
            getattr(module, name)(o, max_lr=0.1, last_epoch=last, **options)
            for (_, _, module), o in zip(SIDES, both, strict=True)
        ]
        for _ in range(9):
            for o, scheduler in zip(both, schedulers, strict=True):
                step(o, scheduler)
            assert same(values(both[1]), values(both[0]))


PLATEAUS: list[dict[str, Any]] = [
    {"patience": 2}, {"mode": "max", "patience": 1, "factor": 0.5}, {"threshold_mode": "abs", "threshold": 0.05},
    {"mode": "max", "threshold_mode": "abs", "patience": 0}, {"cooldown": 3, "patience": 1},
    {"min_lr": 0.01, "patience": 0}, {"min_lr": [0.1, 0.001], "patience": 0}, {"eps": 0.02, "patience": 0},
    {"factor": 0.9, "patience": 0, "threshold": 0.5},
]  # fmt: skip


@pytest.mark.parametrize("tensor", [False, True], ids=["number", "tensor"])
@pytest.mark.parametrize("options", PLATEAUS, ids=str)
def test_plateau(options: dict[str, Any], tensor: bool) -> None:
    both = optimizers("SGD", tensor=tensor)
    schedulers = [module.ReduceLROnPlateau(o, **options) for (_, _, module), o in zip(SIDES, both, strict=True)]
    torch.manual_seed(0)
    for epoch, metric in enumerate(torch.rand(STEPS).tolist()):
        for (framework, *_), scheduler in zip(SIDES, schedulers, strict=True):
            scheduler.step(framework.tensor(metric) if epoch % 2 else metric)
        if epoch == STEPS // 2:
            states = [io.BytesIO(), io.BytesIO()]
            for (framework, *_), scheduler, file in zip(SIDES, schedulers, states, strict=True):
                framework.save(scheduler.state_dict(), file)
                file.seek(0)
            schedulers = [m.ReduceLROnPlateau(o) for (_, _, m), o in zip(SIDES, both, strict=True)]
            for (framework, *_), scheduler, file in zip(SIDES, schedulers, reversed(states), strict=True):
                scheduler.load_state_dict(framework.load(file))
        assert same(values(both[1]), values(both[0]))
        assert same(schedulers[1].get_last_lr(), schedulers[0].get_last_lr())
    assert same(schedulers[1].state_dict(), schedulers[0].state_dict())


def caught(function: Callable[[], Any]) -> list[tuple[type, str]]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        function()
    return [(w.category, str(w.message)[:60]) for w in found]


def test_warnings() -> None:
    """The order of the calls, an overridden step, an epoch, get_lr."""

    def early(m: Any, o: Any) -> Any:
        return m.StepLR(o, 2).step()

    def late(m: Any, o: Any) -> Any:
        scheduler = m.StepLR(o, 2)
        step(o, scheduler)
        step(o, scheduler)

    def overridden(m: Any, o: Any) -> Any:
        scheduler = m.StepLR(o, 2)
        o.step = lambda: None
        step(o, scheduler)

    def epoch(m: Any, o: Any) -> Any:
        step(o, m.StepLR(o, 2), 3)

    def metric(m: Any, o: Any) -> Any:
        m.ReduceLROnPlateau(o).step(1.0, 3)

    def asked(m: Any, o: Any) -> Any:
        scheduler = m.StepLR(o, 2)
        o.step()
        return scheduler.get_lr()

    def second(m: Any, o: Any) -> Any:
        m.StepLR(o, 2)
        o.step()
        m.ExponentialLR(o, 0.5).step()

    for case in (early, late, overridden, epoch, metric, asked, second):
        both = optimizers("SGD")
        found = [caught(lambda m=m, o=o: case(m, o)) for (_, _, m), o in zip(SIDES, both, strict=True)]  # noqa: B023
        assert found[1] == found[0], case.__name__
        assert len(found[0]) == (0 if case in (late, second) else 1), case.__name__


REFUSED: dict[str, Make] = {
    "no optimizer": plain("StepLR", 1),
    "no initial_lr": plain("StepLR", 2, last_epoch=3),
    "number of lambdas": plain("LambdaLR", [lambda _: 1.0]),
    "no function": plain("MultiplicativeLR", [1, 2]),
    "number of factors": plain("MultiplicativeLR", [lambda _: 1.0]),
    "factor": plain("ConstantLR", factor=1.5),
    "start factor": plain("LinearLR", start_factor=0.0),
    "end factor": plain("LinearLR", end_factor=-0.1),
    "T_0": plain("CosineAnnealingWarmRestarts", 0),
    "T_mult": plain("CosineAnnealingWarmRestarts", 2, 1.5),
    "eta_min": plain("CosineAnnealingWarmRestarts", 2, eta_min="0"),
    "plateau factor": plain("ReduceLROnPlateau", factor=1.0),
    "plateau mode": plain("ReduceLROnPlateau", mode="least"),
    "threshold mode": plain("ReduceLROnPlateau", threshold_mode="some"),
    "min_lr": plain("ReduceLROnPlateau", min_lr=[0.1]),
    "cyclic mode": plain("CyclicLR", 0.1, 0.2, mode="none"),
    "number of rates": plain("CyclicLR", [0.1], 0.2),
    "number of momenta": plain("CyclicLR", 0.1, 0.2, max_momentum=[0.9]),
    "no steps": plain("OneCycleLR", 0.1),
    "total_steps": plain("OneCycleLR", 0.1, 0),
    "epochs": plain("OneCycleLR", 0.1, epochs=-1, steps_per_epoch=2),
    "steps_per_epoch": plain("OneCycleLR", 0.1, epochs=1, steps_per_epoch=0),
    "pct_start": plain("OneCycleLR", 0.1, 10, pct_start=1.5),
    "strategy": plain("OneCycleLR", 0.1, 10, anneal_strategy="none"),
    "no schedulers": lambda m, o: m.SequentialLR(o, [], []),
    "no chain": lambda m, o: m.ChainedScheduler([]),
    "milestones": lambda m, o: m.SequentialLR(o, [m.StepLR(o, 1)], [3]),
    "plateau in sequence": lambda m, o: m.SequentialLR(o, [m.ReduceLROnPlateau(o), m.StepLR(o, 1)], [3]),
    "plateau in chain": lambda m, o: m.ChainedScheduler([m.StepLR(o, 1), m.ReduceLROnPlateau(o)]),
    "no scheduler": lambda m, o: m.SequentialLR(o, [m.StepLR(o, 1), 3], [3]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """The same kind of exception, and its first words."""
    found: list[Any] = []
    both: list[Any] = [torch.nn.Linear(1, 1), nn.Linear(1, 1)] if name == "no optimizer" else optimizers("SGD")
    for (_, _, module), o in zip(SIDES, both, strict=True):
        with pytest.raises(Exception) as error:  # noqa: PT011 - PyTorch says which
            REFUSED[name](module, o)
        found.append(error.value)
    assert isinstance(found[1], type(found[0]))
    assert found[1].args[0].startswith(found[0].args[0][:36])


def test_no_momentum() -> None:
    for name, args in (("CyclicLR", (0.1, 0.2)), ("OneCycleLR", (0.1, 10))):
        for (_, _, module), o in zip(SIDES, optimizers("Rprop"), strict=True):
            with pytest.raises(ValueError, match="optimizer must support momentum or beta1"):
                getattr(module, name)(o, *args)


def test_too_many_steps_of_a_cycle() -> None:
    for (_, _, module), o in zip(SIDES, optimizers("SGD"), strict=True):
        scheduler = module.OneCycleLR(o, 0.1, 3)
        for _ in range(3):
            step(o, scheduler)
        with pytest.raises(ValueError, match=r"Tried to step 4 times\. The specified number of total steps is 3"):
            step(o, scheduler)


def test_names() -> None:
    assert set(theirs.__all__) <= set(mine.__all__)


@pytest.mark.parametrize("name", theirs.__all__)
def test_signature(name: str) -> None:
    for function in ("__init__", "step", "state_dict", "load_state_dict", "get_last_lr", "get_lr"):
        ours, others = (inspect.signature(getattr(getattr(m, name), function)) for m in (mine, theirs))
        for m, t in itertools.zip_longest(ours.parameters.values(), others.parameters.values()):
            assert (m.name, m.kind, m.default) == (t.name, t.kind, t.default), function
