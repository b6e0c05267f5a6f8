"""`fit`: a loop over epochs and batches that one can read, and copy where it does not fit.

A batch is `Any`, whatever the loader gives; so is the content of a state_dict.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import define, field

from fnnet._core.errors import ArgumentError, OptionError
from fnnet._tensor import Tensor
from fnnet.functional.generators import get_rng_state, set_rng_state
from fnnet.serialization.files import load, save
from fnnet.training.callbacks import Callback
from fnnet.training.means import Means
from fnnet.training.progress import Progress
from fnnet.training.step import Step

Metrics = Mapping[str, Tensor | float]


class Stateful(Protocol):
    """What a checkpoint can hold: modules, optimizers, schedulers, and whatever has these two methods."""

    def state_dict(self) -> Any: ...  # what load_state_dict takes
    def load_state_dict(self, state_dict: Any, /) -> Any: ...  # what it returns is not looked at


class Stepper(Protocol):
    """A learning-rate scheduler, as `fit` uses it."""

    def step(self) -> object: ...


@define
class Run:
    """How far a training has come: what callbacks are given.

    Attributes:
        epochs: How many there will be.
        epoch: Epochs that are finished; in `on_epoch` the number of the one that was.
        step: Steps taken in the epoch that is running.
        steps: Steps taken since the beginning.
        history: One dict of means per finished epoch.
        stopped: Why it was stopped before its end, or None.

    Example:
        >>> from fnnet.training import Run
        >>> run = Run(epochs=3)
        >>> run.stop("enough")
        >>> run.stopped
        'enough'
    """

    epochs: int
    epoch: int = 0
    step: int = 0
    steps: int = 0
    history: list[dict[str, float]] = field(factory=list)
    stopped: str | None = None

    def stop(self, reason: str) -> None:
        """End the training after this step.

        Args:
            reason: What `History.stopped` will say.
        """
        self.stopped = reason


class History(Sequence[dict[str, float]]):
    """What a training said: a dict of metrics per epoch; `history["loss"]` is one metric over all epochs.

    Args:
        epochs: The dicts.
        stopped: Why training ended early, or None.

    Example:
        >>> from fnnet.training import History
        >>> history = History([{"loss": 2.0}, {"loss": 1.0}])
        >>> history["loss"], history[-1], len(history)
        ([2.0, 1.0], {'loss': 1.0}, 2)
    """

    def __init__(self, epochs: Iterable[dict[str, float]], stopped: str | None = None) -> None:
        self._epochs = list(epochs)
        self.stopped = stopped

    def __len__(self) -> int:
        return len(self._epochs)

    def __getitem__(self, which: Any) -> Any:  # a number, a slice, or a metric's name; what it selects
        if isinstance(which, str):
            if not any(which in epoch for epoch in self._epochs):
                raise KeyError(f"there is no metric {which!r}; there are {', '.join(self.names()) or 'none'}")
            return [epoch.get(which, float("nan")) for epoch in self._epochs]
        return self._epochs[which]

    def __repr__(self) -> str:
        return f"History({self._epochs!r}, stopped={self.stopped!r})"

    def names(self) -> list[str]:
        """The names of all metrics.

        Returns:
            In the order in which they were first met.
        """
        return list(dict.fromkeys(name for epoch in self._epochs for name in epoch))


def fit(
    step: Callable[[Any], Metrics],
    loader: Iterable[Any],
    epochs: int,
    *,
    validate: Callable[[], Metrics] | None = None,
    scheduler: Stepper | None = None,
    callbacks: Iterable[Callback] = (),
    checkpoint: str | os.PathLike[str] | None = None,
    state: Mapping[str, Stateful] | None = None,
    save_every: int | None = None,
    resume: bool = False,
    progress: bool = True,
) -> History:
    """Call `step` with every batch of `loader`, `epochs` times.

    A run that was killed and is called again with `resume=True` goes on after its last checkpoint, in the middle of an
    epoch if need be, and ends with the same weights, bit for bit, provided that all that `step` depends on is in
    `state` and the loader's order comes from the global random generator or from a `generator` of its own.

    Args:
        step: Trains on one batch (whatever the loader gives) and returns metrics: numbers or scalar tensors by name.
            A `Step` is one; any function is.
        loader: Batches; iterated anew for each epoch.
        epochs: How many, >= 0.
        validate: Called after each epoch; its metrics enter the history as `valid_loss` and so on.
        scheduler: Its `step()` is called after each epoch.
        callbacks: Called at the start, after each step and epoch, and at the end, in their order.
        checkpoint: A file to save to after each epoch, atomically. Default: none.
        state: What to save: modules, optimizers, schedulers, all that has a state_dict, by name. Default: the model and
            the optimizer of a `Step`, with the scheduler.
        save_every: Save also after every so many steps, >= 1. Default: only after epochs.
        resume: Go on from the checkpoint if there is one. Default: False.
        progress: Show a bar with the latest means; without rich, a line per epoch. Default: True.

    Returns:
        The history: means over each epoch, every batch weighted by its number of samples.

    Raises:
        OptionError: Numbers out of their range, `resume` or `save_every` without `checkpoint`, a checkpoint without
            anything to save, an empty loader, or a checkpoint of another `state`.
        ArgumentError: `step` returned something that is no dict of numbers.

    Example:
        >>> import fnnet
        >>> from fnnet import nn, optim
        >>> from fnnet.training import Step, fit
        >>> x = fnnet.linspace(-1, 1, 32).reshape(-1, 1)
        >>> net = nn.Linear(1, 1)
        >>> step = Step(net, nn.functional.mse_loss, optim.SGD(net.parameters(), lr=0.3))
        >>> history = fit(step, [(x, 2 * x + 1)] * 10, epochs=10, progress=False)
        >>> history[-1]["loss"] < 1e-3, len(history)
        (True, 10)
    """
    run = Run(epochs)
    saver = _Saver(checkpoint, _what_to_save(step, scheduler, state, checkpoint), run, list(callbacks), loader)
    _check(epochs, save_every, resume, saver)
    means, skip = Means(), 0
    if resume and saver.there():
        skip = saver.resume(means)
    with Progress(run, _length(loader), progress) as shown:
        for callback in saver.callbacks:
            callback.on_start(run)
        try:
            while run.epoch < epochs and run.stopped is None:
                batches = saver.begin(skip)
                for batch in batches:
                    found = step(batch)
                    if not isinstance(found, Mapping):
                        raise ArgumentError(f"fit: step must return a dict of metrics, got {type(found).__name__}")
                    metrics = means.add(found, batch)
                    run.step, run.steps = run.step + 1, run.steps + 1
                    shown.update(means.values())
                    for callback in saver.callbacks:
                        callback.on_step(run, metrics)
                    if run.stopped is not None:
                        break
                    if save_every is not None and run.step % save_every == 0:
                        saver.save(means)
                if run.step == 0:
                    raise OptionError("fit: the loader gave no batch")
                epoch = means.values()
                if validate is not None:
                    epoch |= Means().add({f"valid_{name}": value for name, value in validate().items()}, None)
                run.history.append(epoch)
                run.epoch, run.step, skip, means = run.epoch + 1, 0, 0, Means()
                if scheduler is not None:
                    scheduler.step()
                for callback in saver.callbacks:
                    callback.on_epoch(run)
                shown.finish_epoch(epoch)
                saver.save(means)
        finally:
            for callback in saver.callbacks:
                callback.on_end(run)
    return History(run.history, run.stopped)


def _check(epochs: int, save_every: int | None, resume: bool, saver: _Saver) -> None:
    if epochs < 0:
        raise OptionError(f"fit: epochs must be at least 0, got {epochs}")
    if save_every is not None and save_every < 1:
        raise OptionError(f"fit: save_every must be at least 1, got {save_every}")
    if saver.path is None and (resume or save_every is not None):
        raise OptionError("fit: resume and save_every need a checkpoint, a path to save to")
    if saver.path is not None and not saver.state:
        raise OptionError("fit: nothing to save; pass state={'model': net, 'optimizer': optimizer}")


def _what_to_save(
    step: object, scheduler: object, state: Mapping[str, Stateful] | None, checkpoint: object
) -> dict[str, Stateful]:
    if state is not None:
        return dict(state)
    found: dict[str, Stateful] = dict(step.state()) if isinstance(step, Step) else {}
    if found and scheduler is not None and isinstance(checkpoint, (str, os.PathLike)):
        if not (hasattr(scheduler, "state_dict") and hasattr(scheduler, "load_state_dict")):
            raise OptionError(f"fit: {type(scheduler).__name__} has no state_dict to save; pass state=...")
        found["scheduler"] = scheduler
    return found


def _length(loader: Iterable[Any]) -> int | None:
    try:
        return len(loader)  # type: ignore[arg-type]  # asked, not known
    except TypeError:
        return None


class _Saver:
    """Checkpoints of a run: all that the next step depends on."""

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        state: dict[str, Stateful],
        run: Run,
        callbacks: list[Callback],
        loader: Iterable[Any],
    ) -> None:
        self.path = None if path is None else Path(path)
        self.state, self.run, self.callbacks = state, run, callbacks
        self._loader = loader
        self._before_epoch: dict[str, Any] = {}
        self._now: dict[str, Any] | None = None
        """Where the generators were in the middle of an epoch: set when its first batches have been skipped."""

    def there(self) -> bool:
        return self.path is not None and self.path.exists()

    def save(self, means: Means) -> None:
        """Write the file, in the place of the one before."""
        if self.path is None:
            return
        run = self.run
        save(
            {
                "state": {name: thing.state_dict() for name, thing in self.state.items()},
                "run": {"epoch": run.epoch, "step": run.step, "steps": run.steps, "history": run.history},
                "means": {"sums": means.sums, "weights": means.weights},
                "random": {"epoch": self._before_epoch if run.step else self._random(), "now": self._random()},
                "callbacks": [callback.state_dict() for callback in self.callbacks],
            },
            self.path,
        )

    def resume(self, means: Means) -> int:
        """Take over the file; the number of batches of the epoch that have been used."""
        assert self.path is not None
        saved = load(self.path)
        if set(saved["state"]) != set(self.state):
            raise OptionError(f"fit: {self.path} holds {sorted(saved['state'])}, state is {sorted(self.state)}")
        if len(saved["callbacks"]) != len(self.callbacks):
            raise OptionError(
                f"fit: {self.path} holds the state of {len(saved['callbacks'])} callbacks, got {len(self.callbacks)}"
            )
        for name, thing in self.state.items():
            thing.load_state_dict(saved["state"][name])
        for callback, state in zip(self.callbacks, saved["callbacks"], strict=True):
            callback.load_state_dict(state)
        run = self.run
        run.epoch, run.step, run.steps = (saved["run"][name] for name in ("epoch", "step", "steps"))
        run.history[:] = saved["run"]["history"]
        means.sums, means.weights = saved["means"]["sums"], saved["means"]["weights"]
        self._set_random(saved["random"]["epoch"])
        self._now = saved["random"]["now"] if run.step else None
        return run.step

    def begin(self, skip: int) -> Iterable[Any]:
        """The batches of an epoch, without the first `skip`, drawn as if none had been used yet."""
        self._before_epoch = self._random()
        batches = iter(self._loader)
        for _ in range(skip):
            next(batches)
        if self._now is not None:
            self._set_random(self._now)
            self._now = None
        return batches

    def _random(self) -> dict[str, Any]:
        own = getattr(self._loader, "generator", None)
        return {"global": get_rng_state(), "loader": None if own is None else own.get_state()}

    def _set_random(self, state: dict[str, Any]) -> None:
        set_rng_state(state["global"])
        if state["loader"] is not None:
            self._loader.generator.set_state(state["loader"])  # type: ignore[attr-defined]  # it had one


__all__ = ["History", "Run", "fit"]
