"""Callbacks of `fit`: what happens at the start, after each step, after each epoch, at the end.

The values of a state_dict are `Any`: each callback's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from fnnet._core.errors import OptionError

if TYPE_CHECKING:
    from fnnet.training.loop import Run


class Callback:
    """Base of callbacks: override what you need. The base does nothing.

    `state_dict` and `load_state_dict` let a callback that remembers something go on where it was after a resume.

    Example:
        >>> from fnnet.training import Callback, fit
        >>> class Count(Callback):
        ...     steps = 0
        ...     def on_step(self, run, metrics):
        ...         self.steps += 1
        >>> count = Count()
        >>> _ = fit(lambda batch: {"loss": 0.5}, [1, 2, 3], epochs=2, callbacks=[count], progress=False)
        >>> count.steps
        6
    """

    def on_start(self, run: Run) -> None:
        """Before the first step; after a resume, before the first step that follows."""

    def on_step(self, run: Run, metrics: dict[str, float]) -> None:
        """After each step, with what it returned."""

    def on_epoch(self, run: Run) -> None:
        """After each epoch; `run.history[-1]` has its means and what validation said."""

    def on_end(self, run: Run) -> None:
        """After the last epoch, and when training was stopped or failed."""

    def state_dict(self) -> dict[str, Any]:  # what load_state_dict takes: each callback's own
        """What to keep in a checkpoint.

        Returns:
            A dict of plain values and tensors.
        """
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what a checkpoint kept.

        Args:
            state_dict: From `state_dict`.
        """


class OnEpoch(Callback):
    """A function as a callback after each epoch.

    Args:
        function: Takes the Run.

    Example:
        >>> from fnnet.training import OnEpoch, fit
        >>> epochs = []
        >>> show = OnEpoch(lambda run: epochs.append(run.epoch))
        >>> _ = fit(lambda batch: {"loss": 1.0}, [0], epochs=2, callbacks=[show], progress=False)
        >>> epochs
        [1, 2]
    """

    def __init__(self, function: Callable[[Run], object]) -> None:
        self._function = function

    def on_epoch(self, run: Run) -> None:
        """Call the function."""
        self._function(run)


class EarlyStopping(Callback):
    """Stop when a metric has not become better for some epochs, or is not a number.

    Args:
        monitor: The metric's name in the history.
        patience: Epochs without an improvement that are borne, >= 0. Default: 3.
        min_delta: By how much it must be better to count, >= 0. Default: 0.
        mode: "min" where less is better, "max" where more is. Default: "min".

    Raises:
        OptionError: An option out of its range; when an epoch ends, a metric that is not there.

    Example:
        >>> from fnnet.training import EarlyStopping, fit
        >>> losses = iter([1.0, 0.5, 0.6, 0.7, 0.8])
        >>> stop = EarlyStopping("loss", patience=1)
        >>> history = fit(lambda _: {"loss": next(losses)}, [0], epochs=5, callbacks=[stop], progress=False)
        >>> history["loss"], history.stopped
        ([1.0, 0.5, 0.6, 0.7], 'loss has not improved on 0.5 for 2 epochs')
    """

    def __init__(
        self, monitor: str, *, patience: int = 3, min_delta: float = 0.0, mode: Literal["min", "max"] = "min"
    ) -> None:
        if patience < 0:
            raise OptionError(f"EarlyStopping: patience must be at least 0, got {patience}")
        if not min_delta >= 0:
            raise OptionError(f"EarlyStopping: min_delta must be at least 0, got {min_delta}")
        if mode not in ("min", "max"):
            raise OptionError(f"EarlyStopping: mode must be 'min' or 'max', got {mode!r}")
        self.monitor, self.patience, self.min_delta, self.mode = monitor, patience, min_delta, mode
        self.best = math.inf if mode == "min" else -math.inf
        self.since = 0

    def on_epoch(self, run: Run) -> None:
        """Compare the epoch's metric with the best."""
        epoch = run.history[-1]
        if self.monitor not in epoch:
            raise OptionError(f"EarlyStopping: there is no metric {self.monitor!r}; there are {', '.join(epoch)}")
        value = epoch[self.monitor]
        gain = self.best - value if self.mode == "min" else value - self.best
        if math.isnan(value):
            run.stop(f"{self.monitor} is not a number")
        elif gain > self.min_delta:
            self.best, self.since = value, 0
        else:
            self.since += 1
            if self.since > self.patience:
                run.stop(f"{self.monitor} has not improved on {self.best:g} for {self.since} epochs")

    def state_dict(self) -> dict[str, Any]:
        """The best value and how long ago it was.

        Returns:
            A dict of numbers.
        """
        return {"best": self.best, "since": self.since}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there.

        Args:
            state_dict: From `state_dict`.
        """
        self.best, self.since = state_dict["best"], state_dict["since"]


__all__ = ["Callback", "EarlyStopping", "OnEpoch"]
