"""Averages of weights against PyTorch's."""

from __future__ import annotations

import inspect
import io
import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch

import fnnet
from fnnet import nn
from fnnet.optim import swa_utils as mine
from tests.parity import oracle

theirs = torch.optim.swa_utils
LAYERS = (("Linear", 3, 4), ("BatchNorm1d", 4), ("Tanh",), ("Linear", 4, 2))
AVERAGES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "default": lambda module: {},
    "swa": lambda module: {"avg_fn": module.get_swa_avg_fn()},
    "ema": lambda module: {"avg_fn": module.get_ema_avg_fn(0.9)},
    "swa of lists": lambda module: {"multi_avg_fn": module.get_swa_multi_avg_fn()},
    "ema of lists": lambda module: {"multi_avg_fn": module.get_ema_multi_avg_fn(0.7)},
    "own": lambda module: {"avg_fn": lambda average, value, count: 0.1 * average + 0.9 * value * (count + 1)},
}


def models() -> list[Any]:
    """One network on both sides."""
    torch.manual_seed(3)
    teacher = torch.nn.Sequential(*[getattr(torch.nn, name)(*args) for name, *args in LAYERS]).double()
    pupil = nn.Sequential(*[getattr(nn, name)(*args) for name, *args in LAYERS]).double()
    pupil.load_state_dict({key: oracle.tensor(value) for key, value in teacher.state_dict().items()})
    return [teacher, pupil]


def change(both: list[Any]) -> None:
    """The same new weights on both sides, and new statistics."""
    teacher, pupil = both
    x = torch.randn(5, 3, dtype=torch.float64)
    with torch.no_grad():
        for p in teacher.parameters():
            p.add_(torch.randn_like(p))
    pupil.load_state_dict({key: oracle.tensor(value) for key, value in teacher.state_dict().items()})
    teacher(x)
    pupil(oracle.tensor(x))


def same(a: Any, b: Any, leave: tuple[float, float] | None = None) -> None:
    """Two modules' state_dicts."""
    ours, others = a.state_dict(), b.state_dict()
    assert list(ours) == list(others)
    for key in ours:
        text = oracle.difference(ours[key], others[key], leave)
        assert text is None, f"{key}: {text}"


# PyTorch's mean of lists fails on whole numbers, such as a batch norm's count.
CASES = [(name, buffers) for name in AVERAGES for buffers in (False, True) if (name, buffers) != ("swa of lists", True)]


@pytest.mark.parametrize(("name", "use_buffers"), CASES)
def test_averages(name: str, use_buffers: bool) -> None:
    both = models()
    leave = (1e-6, 1e-7) if name == "swa of lists" else None  # PyTorch's weight 1/(n+1) is a float32
    averaged = [
        module.AveragedModel(model, use_buffers=use_buffers, **AVERAGES[name](module))
        for module, model in zip((theirs, mine), both, strict=True)
    ]
    for _ in range(4):
        change(both)
        for average, model in zip(averaged, both, strict=True):
            average.update_parameters(model)
        same(averaged[1], averaged[0], leave)
    x = torch.randn(4, 3, dtype=torch.float64)
    assert oracle.difference(averaged[1](oracle.tensor(x)), averaged[0](x), leave) is None
    for framework, other, source, target in ((torch, fnnet, 0, 1), (fnnet, torch, 1, 0)):
        file = io.BytesIO()
        framework.save(averaged[source].state_dict(), file)
        target_module = (theirs, mine)[target].AveragedModel(models()[target])
        target_module.load_state_dict(other.load(io.BytesIO(file.getvalue())))
        same(*((target_module, averaged[0]) if target else (averaged[1], target_module)), leave)


def test_batch_norm_statistics() -> None:
    both = models()
    batches = [torch.randn(6, 3, dtype=torch.float64) for _ in range(3)]
    both[0].eval()
    both[1].eval()
    theirs.update_bn([(b, 0) for b in batches], both[0])
    mine.update_bn([[oracle.tensor(b), 0] for b in batches], both[1])
    same(both[1], both[0])
    assert [m.training for m in both] == [False, False]
    assert both[1][1].momentum == both[0][1].momentum


@pytest.mark.parametrize(
    "name", ["get_ema_avg_fn", "get_ema_multi_avg_fn"],
)  # fmt: skip
def test_bad_decay(name: str) -> None:
    for module in (theirs, mine):
        for decay in (-0.1, 1.1):
            with pytest.raises(ValueError, match="Invalid decay value"):
                getattr(module, name)(decay)


def test_refused() -> None:
    for module, model in zip((theirs, mine), models(), strict=True):
        with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn should be provided"):
            module.AveragedModel(model, avg_fn=module.get_swa_avg_fn(), multi_avg_fn=module.get_swa_multi_avg_fn())
    for module, package, model in zip((theirs, mine), (torch.optim, fnnet.optim), models(), strict=True):
        optimizer = package.SGD(model.parameters(), lr=0.1)
        for options, phrase in (
            ({"anneal_strategy": "none"}, "anneal_strategy must be one of 'cos' or 'linear', instead got none"),
            ({"anneal_epochs": -1}, "anneal_epochs must be equal or greater than 0, got -1"),
            ({"swa_lr": [0.1, 0.2]}, "swa_lr must have the same length as optimizer.param_groups"),
        ):
            with pytest.raises(ValueError, match=phrase):
                module.SWALR(optimizer, **{"swa_lr": 0.1, **options})


@pytest.mark.parametrize("name", theirs.__all__)
def test_signature(name: str) -> None:
    assert set(mine.__all__) == set(theirs.__all__)
    ours, others = (inspect.signature(getattr(module, name)) for module in (mine, theirs))
    for m, t in itertools.zip_longest(ours.parameters.values(), others.parameters.values()):
        assert (m.name, m.kind, m.default) == (t.name, t.kind, t.default)
