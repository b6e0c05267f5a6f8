"""Averages of weights and the statistics that belong to them, by their definitions."""

from __future__ import annotations

import pytest

import fnnet
from fnnet import nn, optim
from fnnet._core.errors import FnnetError
from fnnet.optim import swa_utils
from fnnet.optim.swa_utils import SWALR, AveragedModel, update_bn

VALUES = [1.0, 2.0, 6.0, 3.0]


def average_of(values, **options):
    """The averaged weight after a model has had these weights."""
    model = nn.Linear(1, 1, bias=False).double()
    averaged = AveragedModel(model, **options)
    for value in values:
        with fnnet.no_grad():
            model.weight.fill_(value)
        averaged.update_parameters(model)
    return averaged


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 3.0),
        ({"avg_fn": swa_utils.get_swa_avg_fn()}, 3.0),
        ({"multi_avg_fn": swa_utils.get_swa_multi_avg_fn()}, 3.0),
        ({"avg_fn": swa_utils.get_ema_avg_fn(0.5)}, 3.375),
        ({"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.5)}, 3.375),
        ({"avg_fn": lambda average, value, count: value * count}, 9.0),
    ],
)
def test_averages(options, expected):
    averaged = average_of(VALUES, **options)
    assert averaged.module.weight.item() == pytest.approx(expected)
    assert averaged(fnnet.ones(1, dtype=fnnet.float64)).item() == pytest.approx(expected)
    assert (averaged.n_averaged.item(), averaged.n_averaged.dtype) == (4, fnnet.int64)
    assert list(averaged.state_dict()) == ["n_averaged", "module.weight"]
    assert averaged.module.weight.requires_grad


def test_the_first_value_is_copied():
    model = nn.Linear(2, 1)
    averaged = AveragedModel(model)
    assert averaged.module is not model
    averaged.update_parameters(model)
    assert averaged.module.weight.tolist() == model.weight.tolist()
    assert averaged.module.weight.data_ptr() != model.weight.data_ptr()


@pytest.mark.parametrize(("use_buffers", "mean", "count"), [(False, 8.0, 30), (True, 5.0, 20)])
@pytest.mark.parametrize("lists", [False, True])
def test_buffers_follow_the_model_or_are_averaged(use_buffers, mean, count, lists):
    """Whole numbers too: counts of a batch norm."""
    model = nn.BatchNorm1d(1)
    function = {"multi_avg_fn": swa_utils.get_swa_multi_avg_fn()} if lists else {}
    averaged = AveragedModel(model, use_buffers=use_buffers, **function)
    for value, batches in ((2.0, 10), (8.0, 30)):
        model.running_mean.fill_(value)
        model.num_batches_tracked.fill_(batches)
        averaged.update_parameters(model)
    assert averaged.module.running_mean.item() == mean
    assert averaged.module.num_batches_tracked.item() == count


def test_lists_have_one_dtype():
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1).double())
    seen = []
    averaged = AveragedModel(
        model, multi_avg_fn=lambda averages, values, count: seen.append({p.dtype for p in averages})
    )
    averaged.update_parameters(model)
    averaged.update_parameters(model)
    assert seen == [{fnnet.float32}, {fnnet.float64}]


def test_whole_numbers_in_an_exponential_average():
    averages = [fnnet.tensor([10, 0])]
    swa_utils.get_ema_multi_avg_fn(0.5)(averages, [fnnet.tensor([0, 5])], 1)
    assert averages[0].tolist() == [5, 2]


def test_batch_norms_are_computed_anew():
    model = nn.Sequential(nn.BatchNorm1d(1), nn.Linear(1, 1), nn.BatchNorm1d(1, momentum=0.3))
    model.eval()
    model[0].running_mean.fill_(100.0)
    batches = [(fnnet.tensor([[0.0], [2.0]]), "label"), [fnnet.tensor([[4.0], [6.0]]), "label"]]
    update_bn(batches, model, device="cpu")
    assert model[0].running_mean.item() == 3.0
    assert model[0].running_var.item() == 2.0
    assert [module.momentum for module in (model[0], model[2])] == [0.1, 0.3]
    assert not model.training
    assert not model[0].weight.grad


def test_models_without_batch_norm_are_not_run():
    update_bn(iter(lambda: pytest.fail("a batch was drawn"), None), nn.Linear(1, 1))


@pytest.mark.parametrize(
    ("function", "error", "phrase"),
    [
        (lambda: swa_utils.get_ema_avg_fn(1.1), ValueError, "Invalid decay value 1.1 provided"),
        (lambda: swa_utils.get_ema_multi_avg_fn(-0.1), ValueError, "Invalid decay value -0.1 provided"),
        (lambda: average_of([], avg_fn=max, multi_avg_fn=max), AssertionError, "Only one of avg_fn and multi_avg_fn"),
    ],
)
def test_refused(function, error, phrase):
    with pytest.raises(error, match=phrase) as caught:
        function()
    assert isinstance(caught.value, FnnetError)


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"anneal_strategy": "none"}, "anneal_strategy must be one of 'cos' or 'linear', instead got none"),
        ({"anneal_epochs": -1}, "anneal_epochs must be equal or greater than 0, got -1"),
        ({"anneal_epochs": 1.5}, "anneal_epochs must be equal or greater than 0, got 1.5"),
        ({"swa_lr": [1.0, 2.0]}, "swa_lr must have the same length as optimizer.param_groups"),
    ],
)
def test_swalr_refuses(options, phrase):
    optimizer = optim.SGD([nn.Parameter(fnnet.zeros(1))], lr=1.0)
    with pytest.raises(ValueError, match=phrase):
        SWALR(optimizer, **{"swa_lr": 0.5, **options})
    assert "swa_lr" not in optimizer.param_groups[0]


def test_swalr_goes_on_from_its_state():
    def make():
        return SWALR(optim.SGD([nn.Parameter(fnnet.zeros(1))], lr=1.0), 0.5, 4, "linear")

    scheduler, again = make(), make()
    for s in (scheduler, again):
        s.optimizer.step()
    scheduler.step()
    again.load_state_dict(scheduler.state_dict())
    again.optimizer.load_state_dict(scheduler.optimizer.state_dict())
    again.step()
    assert again.get_last_lr() == [0.75]
    assert list(scheduler.state_dict()) == [
        "_anneal_strategy", "anneal_epochs", "base_lrs", "last_epoch", "_step_count", "_is_initial",
        "_get_lr_called_within_step", "_last_lr",
    ]  # fmt: skip


def test_a_rate_at_once():
    scheduler = SWALR(optim.SGD([nn.Parameter(fnnet.zeros(1))], lr=1.0), 0.5, anneal_epochs=0)
    assert scheduler.get_last_lr() == [0.5]
