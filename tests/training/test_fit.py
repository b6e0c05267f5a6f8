"""`fit`: the loop, its checkpoints, and what it refuses."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import fnnet
from fnnet import nn, optim
from fnnet.training import Callback, EarlyStopping, History, Run, Step, fit
from fnnet.utils.data import DataLoader, TensorDataset


class Killed(Exception):
    """Stands for a process that died."""


class Killer(Callback):
    """Dies after some steps."""

    def __init__(self, after: int) -> None:
        self.after = after

    def on_step(self, run: Run, metrics: dict[str, float]) -> None:
        if run.steps == self.after:
            raise Killed


def training(own_generator: bool) -> tuple[nn.Module, Step, DataLoader[Any], Any]:
    """A small training in which dropout, shuffling and Adam's state matter."""
    fnnet.manual_seed(5)
    x = fnnet.randn(50, 4)
    data = TensorDataset(x, (x.sum(dim=1) > 0).long())
    net = nn.Sequential(nn.Linear(4, 16), nn.Dropout(0.3), nn.Linear(16, 2))
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    generator = fnnet.Generator().manual_seed(3) if own_generator else None
    loader = DataLoader(data, batch_size=8, shuffle=True, generator=generator)
    return net, Step(net, nn.functional.cross_entropy, optimizer), loader, optimizer


@pytest.mark.parametrize("own_generator", [False, True], ids=["global generator", "own generator"])
@pytest.mark.parametrize("after", [3, 7, 9, 20])
def test_a_killed_run_that_resumes_ends_with_equal_weights(tmp_path: Path, after: int, own_generator: bool) -> None:
    net, step, loader, _ = training(own_generator)
    whole = fit(step, loader, 3, progress=False)

    path = tmp_path / "run.pth"
    _, step, loader, _ = training(own_generator)
    with pytest.raises(Killed):
        fit(step, loader, 3, checkpoint=path, save_every=2, callbacks=[Killer(after)], progress=False)
    again, step, loader, _ = training(own_generator)
    fnnet.manual_seed(99)
    rest = fit(step, loader, 3, checkpoint=path, resume=True, callbacks=[Killer(-1)], progress=False)
    assert rest["loss"] == whole["loss"]
    for mine, expected in zip(again.parameters(), net.parameters(), strict=True):
        assert fnnet.equal(mine, expected)


def test_a_resume_after_the_last_epoch_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.pth"
    _, step, loader, _ = training(False)
    first = fit(step, loader, 2, checkpoint=path, progress=False)
    net, step, loader, _ = training(False)
    second = fit(step, loader, 2, checkpoint=path, resume=True, progress=False)
    assert list(second) == list(first)
    saved = fnnet.load(path)["state"]["model"]
    assert all(fnnet.equal(saved[name], value) for name, value in net.state_dict().items())


def test_means_weight_batches_by_their_samples() -> None:
    batches = [(fnnet.zeros(3, 2),), (fnnet.zeros(1, 2),)]
    losses = iter([1.0, 5.0])
    history = fit(lambda _: {"loss": next(losses)}, batches, 1, progress=False)
    assert history["loss"] == [(3 * 1.0 + 1 * 5.0) / 4]


def test_validation_enters_the_history_and_the_scheduler_steps_once_an_epoch() -> None:
    class Scheduler:
        steps = 0

        def step(self) -> None:
            self.steps += 1

    scheduler = Scheduler()
    history = fit(
        lambda _: {"loss": 1.0}, [0, 1], 3, validate=lambda: {"accuracy": fnnet.tensor(0.5)}, scheduler=scheduler,
        progress=False,
    )  # fmt: skip
    assert list(history) == [{"loss": 1.0, "valid_accuracy": 0.5}] * 3
    assert scheduler.steps == 3


def test_step_clips_the_norm_and_evaluates_without_training() -> None:
    net = nn.Linear(1, 1, bias=False)
    with fnnet.no_grad():
        net.weight.fill_(2.0)
    optimizer = optim.SGD(net.parameters(), lr=1.0)
    x, y = fnnet.tensor([[3.0]]), fnnet.tensor([[0.0]])
    step = Step(net, nn.functional.mse_loss, optimizer, clip_norm=0.5, metrics={"output": lambda out, _: out.mean()})
    assert step.evaluate([(x, y), (x, y)]) == {"loss": 36.0, "output": 6.0}
    assert net.training
    found = step((x, y))
    # d/dw (3w)^2 = 18 w = 36, clipped to 0.5
    assert {name: float(value) for name, value in found.items()} == {"loss": 36.0, "grad_norm": 36.0, "output": 6.0}
    assert net.weight.item() == pytest.approx(1.5, abs=1e-6)


def test_step_clips_values() -> None:
    net = nn.Linear(1, 1, bias=False)
    with fnnet.no_grad():
        net.weight.fill_(2.0)
    step = Step(net, nn.functional.mse_loss, optim.SGD(net.parameters(), lr=1.0), clip_value=0.25)
    step((fnnet.tensor([[3.0]]), fnnet.tensor([[0.0]])))
    assert net.weight.item() == 1.75


def test_early_stopping_counts_epochs_without_a_gain() -> None:
    values = iter([0.5, 0.7, 0.71, 0.9, 0.9, 0.8, 1.0])
    stop = EarlyStopping("accuracy", mode="max", patience=1, min_delta=0.05)
    history = fit(lambda _: {"accuracy": next(values)}, [0], 7, callbacks=[stop], progress=False)
    assert history["accuracy"] == [0.5, 0.7, 0.71, 0.9, 0.9, 0.8]
    assert history.stopped == "accuracy has not improved on 0.9 for 2 epochs"


def test_early_stopping_ends_at_nan() -> None:
    history = fit(lambda _: {"loss": math.nan}, [0], 7, callbacks=[EarlyStopping("loss")], progress=False)
    assert len(history) == 1
    assert history.stopped == "loss is not a number"


def test_early_stopping_goes_on_after_a_resume(tmp_path: Path) -> None:
    losses = iter([1.0, 2.0, 3.0, 4.0, 5.0])
    state = {"model": nn.Linear(1, 1)}

    def run(epochs: int, resume: bool) -> History:
        return fit(
            lambda _: {"loss": next(losses)}, [0], epochs, callbacks=[EarlyStopping("loss", patience=2)],
            checkpoint=tmp_path / "c.pth", state=state, resume=resume, progress=False,
        )  # fmt: skip

    assert run(2, False).stopped is None
    assert run(9, True)["loss"] == [1.0, 2.0, 3.0, 4.0]


def test_callbacks_are_called_in_order_and_at_the_end_of_a_failure() -> None:
    seen: list[str] = []

    class Log(Callback):
        def on_start(self, run: Run) -> None:
            seen.append("start")

        def on_step(self, run: Run, metrics: dict[str, float]) -> None:
            seen.append(f"step {run.step} {metrics['loss']}")

        def on_epoch(self, run: Run) -> None:
            seen.append(f"epoch {run.epoch}")

        def on_end(self, run: Run) -> None:
            seen.append("end")

    def step(batch: int) -> dict[str, float]:
        if batch == 7:
            raise Killed
        return {"loss": float(batch)}

    fit(step, [1, 2], 1, callbacks=[Log()], progress=False)
    with pytest.raises(Killed):
        fit(step, [7], 1, callbacks=[Log()], progress=False)
    assert seen == ["start", "step 1 1.0", "step 2 2.0", "epoch 1", "end", "start", "end"]


def test_progress_says_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    fit(lambda _: {"loss": 0.125}, [0, 1], 2, progress=True)
    told = capsys.readouterr().out
    assert "epoch 1/2  loss 0.125" in told
    assert "epoch 2/2  loss 0.125" in told


@pytest.mark.parametrize(
    ("change", "error", "phrase"),
    [
        ({"epochs": -1}, ValueError, "epochs must be at least 0, got -1"),
        ({"save_every": 0, "checkpoint": "x", "state": {"m": nn.Identity()}}, ValueError, "save_every must be at"),
        ({"resume": True}, ValueError, "need a checkpoint"),
        ({"save_every": 3}, ValueError, "need a checkpoint"),
        ({"checkpoint": "x"}, ValueError, "nothing to save"),
        ({"loader": []}, ValueError, "the loader gave no batch"),
        ({"step": lambda _: 0.5}, TypeError, "step must return a dict of metrics, got float"),
        ({"step": lambda _: {"loss": fnnet.ones(2)}}, TypeError, r"metric 'loss' must be one number, got shape \(2,\)"),
        ({"step": lambda _: {"loss": "low"}}, TypeError, "metric 'loss' must be a number, got str"),
        ({"callbacks": [EarlyStopping("accuracy")]}, ValueError, "no metric 'accuracy'; there are loss"),
    ],
)  # fmt: skip
def test_errors(change: dict[str, Any], error: type[Exception], phrase: str, tmp_path: Path) -> None:
    if "checkpoint" in change:
        change = {**change, "checkpoint": tmp_path / "x"}
    arguments: dict[str, Any] = {"step": lambda _: {"loss": 1.0}, "loader": [0], "epochs": 1, "progress": False}
    with pytest.raises(error, match=phrase) as caught:
        fit(**(arguments | change))
    assert isinstance(caught.value, fnnet.FnnetError)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_another_state_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    net, step, loader, _ = training(False)
    fit(step, loader, 1, checkpoint=tmp_path / "c", progress=False)
    before = [p.clone() for p in net.parameters()]
    with pytest.raises(ValueError, match=r"holds \['model', 'optimizer'\], state is \['model'\]"):
        fit(step, loader, 2, checkpoint=tmp_path / "c", state={"model": net}, resume=True, progress=False)
    assert all(fnnet.equal(p, q) for p, q in zip(before, net.parameters(), strict=True))


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"clip_norm": 0.0}, "clip_norm must be positive, got 0.0"),
        ({"clip_value": -1.0}, "clip_value must be positive"),
        ({"clip_norm": 1.0, "clip_value": 1.0}, "got both"),
        ({"metrics": {"loss": lambda a, b: 0.0}}, "can't be called 'loss'"),
    ],
)
def test_step_refuses(options: dict[str, Any], phrase: str) -> None:
    net = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=phrase):
        Step(net, nn.functional.mse_loss, optim.SGD(net.parameters()), **options)
