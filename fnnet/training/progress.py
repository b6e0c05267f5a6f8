"""How far `fit` has come: rich's bar, or a line per epoch where rich is not installed."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from fnnet.training.loop import Run


class Progress:
    """A context in which the bar is shown."""

    def __init__(self, run: Run, length: int | None, show: bool) -> None:
        self._run, self._length, self._show = run, length, show
        self._bar: Any = None  # rich's Progress: an optional package's class
        self._task: Any = None

    def __enter__(self) -> Self:
        if not self._show:
            return self
        try:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar
        except ImportError:
            return self
        self._bar = Bar(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            TextColumn("{task.fields[info]}", markup=False),
        )  # fmt: skip
        self._bar.start()
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            if self._run.epoch >= self._run.epochs or error is None:
                self._bar.update(self._task, visible=False)
            self._bar.stop()

    def _begin(self) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        run = self._run
        text = f"epoch {min(run.epoch + 1, run.epochs)}/{run.epochs}"
        self._task = self._bar.add_task(text, total=self._length, completed=run.step, info="")

    def update(self, means: dict[str, float]) -> None:
        """One more step."""
        if self._bar is not None:
            self._bar.update(self._task, completed=self._run.step, info=written(means))

    def finish_epoch(self, epoch: dict[str, float]) -> None:
        """One more epoch."""
        if not self._show:
            return
        run = self._run
        text = f"epoch {run.epoch}/{run.epochs}  {written(epoch)}"
        if self._bar is None:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        else:
            self._bar.console.print(text, highlight=False, markup=False, soft_wrap=True)
            self._begin()


def written(metrics: dict[str, float]) -> str:
    """Metrics in a line."""
    return "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())


__all__ = ["Progress"]
