"""Schedulers by their formulas. Words of warnings and refusals are those of PyTorch 2.13."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import subprocess
import sys
import weakref

import pytest

import fnnet
from fnnet import nn, optim
from fnnet._core.errors import FnnetError
from fnnet.optim import lr_scheduler as schedulers
from fnnet.optim.swa_utils import SWALR


def sgd(*rates, **options):
    rates = rates or (1.0,)
    return optim.SGD([{"params": [nn.Parameter(fnnet.zeros(1))], "lr": rate} for rate in rates], lr=9.0, **options)


def trajectory(scheduler, steps):
    """The rates of the epochs 0 to `steps` of each group."""
    rates = [scheduler.get_last_lr()]
    for _ in range(steps):
        scheduler.optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr())
        assert rates[-1] == [group["lr"] for group in scheduler.optimizer.param_groups]
    return [list(group) for group in zip(*rates, strict=True)]


def lr(name, *args, **options):
    return lambda optimizer: getattr(schedulers, name)(optimizer, *args, **options)


FORMULAS = [
    (lr("LambdaLR", lambda t: 1 / (1 + t)), lambda t: 1 / (1 + t)),
    (lr("MultiplicativeLR", lambda t: (t + 1) / t), lambda t: t + 1),
    (lr("StepLR", 3, 0.5), lambda t: 0.5 ** (t // 3)),
    (lr("MultiStepLR", [2, 5, 5], 0.5), lambda t: 0.5 ** (0 if t < 2 else 1 if t < 5 else 3)),
    (lr("ConstantLR"), lambda t: 1 / 3 if t < 5 else 1),
    (lr("LinearLR", 0.2, 0.8, 4), lambda t: 0.2 + 0.15 * min(t, 4)),
    (lr("ExponentialLR", 0.9), lambda t: 0.9**t),
    (lr("PolynomialLR", 8, 2.0), lambda t: (1 - min(t, 8) / 8) ** 2),
    (lr("CosineAnnealingLR", 5, 0.1), lambda t: 0.1 + 0.9 * (1 + math.cos(math.pi * t / 5)) / 2),
    (
        lr("CosineAnnealingWarmRestarts", 2, 3),
        lambda t: (1 + math.cos(math.pi * (t / 2 if t < 2 else (t - 2) / 6 if t < 8 else (t - 8) / 18))) / 2,
    ),
    (lr("CyclicLR", 1.0, 5.0, 4, cycle_momentum=False), lambda t: 1 + (4 - abs(t % 8 - 4))),
    (
        lr("CyclicLR", 1.0, 5.0, 2, 4, "triangular2", cycle_momentum=False),
        lambda t: 1 + 4 * 0.5 ** (t // 6) * (t % 6 / 2 if t % 6 <= 2 else (6 - t % 6) / 4),
    ),
    (lr("CyclicLR", 1.0, 5.0, 4, mode="exp_range", gamma=0.9, cycle_momentum=False),
     lambda t: 1 + (4 - abs(t % 8 - 4)) * 0.9**t),
    (
        lr("OneCycleLR", 1.0, 16, pct_start=0.25, anneal_strategy="linear"),
        lambda t: 0.04 + 0.96 * t / 3 if t <= 3 else 1 + (4e-6 - 1) * (t - 3) / 12,
    ),
    (lambda o: SWALR(o, 0.5, 4), lambda t: 0.5 + 0.5 * (1 + math.cos(math.pi * min(t, 4) / 4)) / 2),
    (
        lambda o: schedulers.SequentialLR(o, [lr("ConstantLR", 0.5, 9)(o), lr("ExponentialLR", 0.5)(o)], [3]),
        lambda t: 0.5 if t < 3 else 0.5 ** (t - 3),
    ),
    (
        lambda o: schedulers.ChainedScheduler([lr("ConstantLR", 0.5, 3)(o), lr("ExponentialLR", 0.9)(o)]),
        lambda t: 0.9**t * (0.5 if t < 3 else 1),
    ),
]  # fmt: skip


@pytest.mark.parametrize("tensor", [False, True], ids=["number", "tensor"])
@pytest.mark.parametrize(("make", "formula"), FORMULAS)
def test_formula(make, formula, tensor):
    rate = fnnet.tensor(1.0, dtype=fnnet.float64) if tensor else 1.0
    optimizer = sgd(rate)
    [found] = trajectory(make(optimizer), 15)
    assert [float(r) for r in found] == pytest.approx([formula(t) for t in range(16)], abs=1e-12)
    if tensor:
        assert optimizer.param_groups[0]["lr"] is rate
        assert found[0] is not rate


def test_groups_have_rates_of_their_own():
    both = trajectory(lr("ExponentialLR", 0.5)(sgd(1.0, 8.0)), 2)
    assert both == [[1.0, 0.5, 0.25], [8.0, 4.0, 2.0]]
    both = trajectory(lr("LambdaLR", [lambda t: t, lambda t: -t])(sgd(1.0, 8.0)), 2)
    assert both == [[0.0, 1.0, 2.0], [0.0, -8.0, -16.0]]
    assert trajectory(lr("CyclicLR", [1.0, 2.0], 4.0, 2, cycle_momentum=False)(sgd(1.0, 8.0)), 2)[1] == [2.0, 3.0, 4.0]


def test_the_first_rate_is_remembered():
    optimizer = sgd(0.5)
    lr("ConstantLR", 0.5)(optimizer)
    assert optimizer.param_groups[0]["initial_lr"] == 0.5
    assert optimizer.param_groups[0]["lr"] == 0.25
    lr("ConstantLR", 0.5)(optimizer)
    assert optimizer.param_groups[0]["initial_lr"] == 0.5


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_momentum_goes_against_the_rate(kind):
    for name, args, expected in (
        ("CyclicLR", (0.1, 0.5, 2), [0.9, 0.85, 0.8, 0.85, 0.9]),
        ("OneCycleLR", (1.0, 5, None, None, 0.4, "linear"), [0.95, 0.85, 0.95 - 0.2 / 3, 0.95 - 0.1 / 3, 0.95]),
    ):
        options = {"momentum": 0.5} if kind == "SGD" else {}
        optimizer = getattr(optim, kind)([nn.Parameter(fnnet.zeros(1))], lr=1.0, **options)
        scheduler, found = getattr(schedulers, name)(optimizer, *args), []
        for _ in expected:
            group = optimizer.param_groups[0]
            found.append(group["momentum"] if kind == "SGD" else group["betas"][0])
            optimizer.step()
            scheduler.step()
        assert found == pytest.approx(expected)
        if kind == "Adam":
            assert optimizer.param_groups[0]["betas"][1] == 0.999


@pytest.mark.parametrize(
    ("options", "metrics", "expected"),
    [
        ({"patience": 1}, [3, 2, 2, 2, 2, 2], [1, 1, 1, 0.1, 0.1, 0.01]),
        ({"patience": 0, "cooldown": 2}, [1, 1, 1, 1, 1], [1, 0.1, 0.1, 0.1, 0.01]),
        ({"patience": 0, "mode": "max", "factor": 0.5}, [1, 2, 1.5, 3], [1, 1, 0.5, 0.5]),
        ({"patience": 0, "threshold_mode": "abs", "threshold": 1}, [5, 4.5, 3], [1, 0.1, 0.1]),
        ({"patience": 0, "min_lr": 0.5}, [1, 1, 1], [1, 0.5, 0.5]),
        ({"patience": 0, "eps": 0.95}, [1, 1, 1], [1, 1, 1]),
        ({"patience": 0}, [fnnet.tensor(1.0), math.nan, 0.5], [1, 0.1, 0.1]),
    ],
)
def test_plateau(options, metrics, expected):
    scheduler, found = schedulers.ReduceLROnPlateau(sgd(), **options), []
    for metric in metrics:
        scheduler.step(metric)
        found += scheduler.get_last_lr()
    assert found == pytest.approx(expected)


def test_a_group_added_after_a_plateaus_list_of_rates():
    optimizer = sgd()
    listed, single = (schedulers.ReduceLROnPlateau(optimizer, patience=0, min_lr=m) for m in ([0.1], 0.5))
    optimizer.add_param_group({"params": [nn.Parameter(fnnet.zeros(1))], "lr": 1.0})
    for metric in (1, 1):
        single.step(metric)
    assert single.get_last_lr() == [0.5, 0.5]
    listed.step(1)
    with pytest.raises(RuntimeError, match=r"The number of param groups in the `optimizer` \(2\) differs"):
        listed.step(1)


# order, warnings, refusals -------------------------------------------------------------------------------------------
def test_the_order_of_steps():
    with pytest.warns(UserWarning, match=r"Detected call of `lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        lr("StepLR", 2)(sgd()).step()
    optimizer = sgd()
    scheduler = lr("StepLR", 2)(optimizer)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match=r"`optimizer.step\(\)` has been overridden after"):
        scheduler.step()
    trajectory(lr("StepLR", 2)(sgd()), 3)


def test_an_epoch_given_is_deprecated_and_takes_the_closed_form():
    optimizer = sgd()
    scheduler = lr("ExponentialLR", 0.5)(optimizer)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 7.0
    with pytest.warns(UserWarning, match=r"The epoch parameter in `scheduler.step\(\)` was not necessary"):
        scheduler.step(3)
    assert (scheduler.get_last_lr(), scheduler.last_epoch) == ([0.125], 3)


def test_get_lr_is_for_step():
    scheduler = lr("ExponentialLR", 0.5)(sgd())
    with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
        assert scheduler.get_lr() == [0.5]
    assert scheduler.get_last_lr() == [1.0]


def test_a_subclass_without_get_lr():
    with pytest.raises(NotImplementedError, match=r"Mine does not define get_lr\(\)"):
        type("Mine", (schedulers.LRScheduler,), {})(sgd())


def test_resuming_needs_the_first_rates():
    with pytest.raises(KeyError, match=r"param 'initial_lr' is not specified in param_groups\[0\]") as error:
        lr("StepLR", 2, last_epoch=4)(sgd())
    assert isinstance(error.value, FnnetError)
    optimizer = sgd()
    optimizer.param_groups[0]["initial_lr"] = 16.0
    assert trajectory(lr("StepLR", 2, 0.5, last_epoch=4)(optimizer), 2) == [[1.0, 0.5, 0.5]]


@pytest.mark.parametrize(
    ("make", "error", "phrase"),
    [
        (lambda _: schedulers.StepLR(nn.Linear(1, 1), 2), TypeError, "Linear is not an Optimizer"),
        (lr("LambdaLR", [abs, abs]), ValueError, "Expected 1 lr_lambdas, but got 2"),
        (lr("MultiplicativeLR", 3), TypeError, "lr_lambda should be a function, but got int"),
        (lr("ConstantLR", 2), ValueError, "Constant multiplicative factor expected to be between 0 and 1"),
        (lr("LinearLR", 0), ValueError, "Starting multiplicative factor expected to be greater than 0"),
        (lr("LinearLR", 1, 2), ValueError, "Ending multiplicative factor expected to be between 0 and 1"),
        (lr("CosineAnnealingWarmRestarts", 0), ValueError, "Expected positive integer T_0, but got 0"),
        (lr("CosineAnnealingWarmRestarts", 1, 0), ValueError, "Expected integer T_mult >= 1, but got 0"),
        (lr("CyclicLR", 1, 2, mode="none"), ValueError, "mode is invalid and scale_fn is None"),
        (lr("CyclicLR", [1, 2], 2), ValueError, "base_lr must have the same length as optimizer.param_groups"),
        (lr("OneCycleLR", 1), ValueError, "You must define either total_steps OR"),
        (lr("OneCycleLR", 1, -1), ValueError, "Expected positive integer total_steps, but got -1"),
        (lr("OneCycleLR", 1, 9, pct_start=2.0), ValueError, "Expected float between 0 and 1 pct_start, but got 2.0"),
        (lr("OneCycleLR", 1, 9, anneal_strategy="x"), ValueError, "anneal_strategy must be one of 'cos' or 'linear'"),
        (lr("SequentialLR", [], []), ValueError, "SequentialLR expects at least one scheduler, but got no scheduler"),
        (lr("SequentialLR", [1], []), TypeError, "SequentialLR at index 0 should have `optimizer` as its attribute"),
        (lambda o: lr("SequentialLR", [lr("StepLR", 1)(o)], [1])(o), ValueError, "one more than the number of milest"),
        (lambda o: lr("SequentialLR", [lr("StepLR", 1)(sgd())], [])(o), ValueError, "belong to the same optimizer"),
        (lambda o: schedulers.ChainedScheduler([]), ValueError, "at least one scheduler to be chained"),
        (lambda o: schedulers.ChainedScheduler([lr("ReduceLROnPlateau")(o)]), ValueError, "does not support `Reduce"),
        (lr("ReduceLROnPlateau", factor=1), ValueError, "Factor should be < 1.0"),
        (lr("ReduceLROnPlateau", "least"), ValueError, "mode least is unknown!"),
        (lr("ReduceLROnPlateau", threshold_mode="x"), ValueError, "threshold mode x is unknown!"),
        (lr("ReduceLROnPlateau", min_lr=[1, 2]), ValueError, "expected 1 min_lrs, got 2"),
    ],
)
def test_refused(make, error, phrase):
    optimizer = sgd()
    with pytest.raises(error, match=phrase) as caught:
        make(optimizer)
    assert isinstance(caught.value, FnnetError)
    assert optimizer.param_groups[0]["lr"] == 1.0


def test_momentum_that_is_not_there():
    for make in (lr("CyclicLR", 0.1, 0.2), lr("OneCycleLR", 0.1, 9)):
        with pytest.raises(ValueError, match="optimizer must support momentum or beta1"):
            make(optim.Rprop([nn.Parameter(fnnet.zeros(1))]))


# state ---------------------------------------------------------------------------------------------------------------
class Power:
    def __init__(self, base):
        self.base = base

    def __call__(self, epoch):
        return self.base**epoch


def test_of_functions_only_objects_attributes_are_saved():
    """And the dict that is loaded stays as it is."""
    builtin = schedulers.LambdaLR(sgd(), math.exp).state_dict()
    assert builtin["lr_lambdas"] == [None]
    scheduler = schedulers.LambdaLR(sgd(1.0, 1.0), [Power(0.5), lambda t: 1.0])
    state = scheduler.state_dict()
    assert state["lr_lambdas"] == [{"base": 0.5}, None]
    assert "optimizer" not in state
    again = schedulers.LambdaLR(sgd(1.0, 1.0), [Power(0.1), lambda t: 2.0])
    before = copy.deepcopy(state)
    again.load_state_dict(state)
    assert state == before
    assert again.lr_lambdas[0].base == 0.5
    cyclic = schedulers.CyclicLR(sgd(), 1, 2, scale_fn=Power(0.5), cycle_momentum=False)
    other = schedulers.CyclicLR(sgd(), 1, 2, scale_fn=Power(0.1), cycle_momentum=False)
    other.load_state_dict(cyclic.state_dict())
    assert other.scale_fn(2) == 0.25


def test_keys_of_the_state():
    """Those of PyTorch, in its order."""
    assert list(lr("StepLR", 2)(sgd()).state_dict()) == [
        "step_size", "gamma", "base_lrs", "last_epoch", "_step_count", "_is_initial", "_get_lr_called_within_step",
        "_last_lr",
    ]  # fmt: skip


def test_optimizers_with_schedulers_are_copied_and_pickled():
    optimizer = sgd(momentum=0.9)
    scheduler = lr("ExponentialLR", 0.5)(optimizer)
    trajectory(scheduler, 2)
    for copied in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert copied.param_groups[0]["lr"] == 0.25
        copied.step()
    again = copy.deepcopy(scheduler)
    assert again.optimizer is not optimizer
    again.step()
    assert (again.get_last_lr(), scheduler.get_last_lr()) == ([0.125], [0.25])


def test_a_scheduler_does_not_keep_its_optimizer_alive():
    """Without the collector of cycles: the watched step knows its optimizer only weakly."""
    optimizer = sgd()
    gone = weakref.ref(optimizer)
    scheduler = lr("StepLR", 2)(optimizer)
    gc.disable()
    try:
        del optimizer, scheduler
        assert gone() is None
    finally:
        gc.enable()


def test_hooks_run_around_a_watched_step():
    optimizer, calls = sgd(), []
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    trajectory(lr("StepLR", 2)(optimizer), 3)
    assert calls == [1, 1, 1]


def test_they_load_on_first_use():
    program = (
        "import sys, fnnet.optim as o; names = ('fnnet.optim.lr_scheduler', 'fnnet.optim.swa_utils');"
        "assert not set(names) & set(sys.modules); o.lr_scheduler.StepLR; o.swa_utils.SWALR;"
        "assert set(names) <= set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        optim.nothing  # noqa: B018
