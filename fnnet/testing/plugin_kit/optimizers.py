"""Checks of optimizers: it converges where it must, and nothing is lost between save and load."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, cast

import numpy as np

import fnnet
from fnnet import nn, optim
from fnnet.plugins import OptimizerSpec
from fnnet.plugins.specs import AnySpec
from fnnet.testing.plugin_kit.check import Check, require

RATES: Final = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
"""Learning rates that are tried: one of them must do. (Those that fit Adadelta, Adam, SGD and signs lie far apart.)"""
STEPS: Final = 400
SHRINKS: Final = 0.01
"""What is left of the loss after so many steps."""

Params = list[nn.Parameter]


def checks(spec: AnySpec) -> Iterator[Check]:
    """The checks of one optimizer."""
    spec = cast("OptimizerSpec", spec)
    yield Check("is an Optimizer", partial(_is_optimizer, spec))
    yield Check("converges on least squares", partial(_converges, spec))
    yield Check("survives its state_dict", partial(_survives, spec))
    yield Check("leaves parameters without gradient alone", partial(_without_gradient, spec))
    yield Check("gives back what the closure returns", partial(_closure, spec))


def _params() -> Params:
    return [nn.Parameter(fnnet.zeros(2, 3, dtype=fnnet.float64)), nn.Parameter(fnnet.zeros(2, 1, dtype=fnnet.float64))]


def _loss(params: Params) -> fnnet.Tensor:
    """Mean squared error of a linear fit to exact data: convex, smallest value 0."""
    x = np.cos(np.arange(30.0)).reshape(3, 10)
    y = np.array([[1.0, -2.0, 0.5], [0.0, 1.5, 1.0]]) @ x + np.array([[0.5], [-1.0]])
    weight, bias = params
    return ((weight @ fnnet.from_numpy(x) + bias - fnnet.from_numpy(y)) ** 2).mean()


def _optimizer(spec: OptimizerSpec, params: Params, rate: float) -> optim.Optimizer:
    make = cast("Callable[..., optim.Optimizer]", spec.load())
    return make(params, lr=rate) if "lr" in inspect.signature(make).parameters else make(params)


def _run(optimizer: optim.Optimizer, params: Params, steps: int) -> float:
    def closure() -> fnnet.Tensor:
        optimizer.zero_grad()
        loss = _loss(params)
        loss.backward()
        return loss

    for _ in range(steps):
        _step(optimizer, closure)
    return float(_loss(params).detach().numpy())


def _step(optimizer: optim.Optimizer, closure: Callable[[], fnnet.Tensor]) -> None:
    """One step; the closure is given only to those that cannot do without."""
    parameter = inspect.signature(optimizer.step).parameters.get("closure")
    if parameter is not None and parameter.default is inspect.Parameter.empty:
        optimizer.step(closure)
    else:
        closure()
        optimizer.step()


def _is_optimizer(spec: OptimizerSpec) -> None:
    found: Any = spec.load()
    require(
        isinstance(found, type) and issubclass(found, optim.Optimizer), f"load() gives {found!r}, which is no Optimizer"
    )


def _converges(spec: OptimizerSpec) -> None:
    start = float(_loss(_params()).detach().numpy())
    ends = {}
    for rate in RATES:
        params = _params()
        ends[rate] = _run(_optimizer(spec, params, rate), params, STEPS)
        if ends[rate] <= SHRINKS * start:
            return
    require(False, f"after {STEPS} steps the loss {start:.3g} is still {ends} (by learning rate)")


def _survives(spec: OptimizerSpec) -> None:
    rate = RATES[-2]
    params = _params()
    optimizer = _optimizer(spec, params, rate)
    _run(optimizer, params, 5)
    file = io.BytesIO()
    fnnet.save(optimizer.state_dict(), file)
    copies = [nn.Parameter(p.detach().clone()) for p in params]
    resumed = _optimizer(spec, copies, 2 * rate)  # the state_dict brings the learning rate with it
    resumed.load_state_dict(fnnet.load(io.BytesIO(file.getvalue())))
    _run(optimizer, params, 5)
    _run(resumed, copies, 5)
    for number, (a, b) in enumerate(zip(params, copies, strict=True)):
        same = np.array_equal(a.detach().numpy(), b.detach().numpy())
        require(same, f"resumed from its state_dict, parameter {number} is {b.detach()}, uninterrupted {a.detach()}")


def _without_gradient(spec: OptimizerSpec) -> None:
    params = [nn.Parameter(fnnet.ones(1, 3)), nn.Parameter(fnnet.ones(1, 3))]
    optimizer = _optimizer(spec, params, RATES[2])

    def closure() -> fnnet.Tensor:
        optimizer.zero_grad()
        loss = params[0].sum()
        loss.backward()
        return loss

    _step(optimizer, closure)
    require(bool((params[1].detach() == 1).all().item()), "it changes a parameter whose grad is None")
    require(bool((params[0].detach() != 1).all().item()), "it does not change a parameter that has a gradient")


def _closure(spec: OptimizerSpec) -> None:
    params = _params()
    optimizer = _optimizer(spec, params, RATES[-1])
    losses: list[fnnet.Tensor] = []

    def closure() -> fnnet.Tensor:
        optimizer.zero_grad()
        losses.append(_loss(params))
        losses[-1].backward()
        return losses[-1]

    result: object = optimizer.step(closure)
    require(bool(losses), "step(closure) does not call the closure (with gradients enabled)")
    require(result is losses[0], f"step(closure) gives {result!r}, expected what the closure returned first")
