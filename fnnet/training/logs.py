"""Logs of a training as callbacks: CSV, TensorBoard's event files, curves as a picture."""

from __future__ import annotations

import csv
import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import OptionError
from fnnet.training.callbacks import Callback

if TYPE_CHECKING:
    from fnnet.training.loop import Run


class CSVLog(Callback):
    """One line per epoch: its number and every metric.

    The file is written anew after each epoch, so it is whole at any time, also after a resume.

    Args:
        path: The file.

    Example:
        >>> import tempfile, pathlib
        >>> from fnnet.training import CSVLog, fit
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "log.csv"
        >>> _ = fit(lambda batch: {"loss": 0.25}, [0, 1], epochs=2, callbacks=[CSVLog(path)], progress=False)
        >>> print(path.read_text().strip())
        epoch,loss
        1,0.25
        2,0.25
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def on_epoch(self, run: Run) -> None:
        """Write the file."""
        names = list(dict.fromkeys(name for epoch in run.history for name in epoch))
        beside = self._path.with_name(self._path.name + ".part")
        with beside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["epoch", *names])
            writer.writerows(
                [number, *(epoch.get(name, "") for name in names)] for number, epoch in enumerate(run.history, 1)
            )
        beside.replace(self._path)


class TensorBoardLog(Callback):
    """Scalars for TensorBoard, by tensorboardX: metrics of steps under "step/", of epochs under "epoch/".

    Args:
        folder: Where the event files go.
        every: Steps between two points of a step's metrics, >= 1; None: only epochs. Default: 10.

    Raises:
        OptionError: `every` below 1.
        ImportError: tensorboardX is not installed: `pip install 'fnnet[train]'`.

    Example:
        >>> import tempfile, pathlib
        >>> from fnnet.training import TensorBoardLog, fit
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = fit(lambda batch: {"loss": 0.25}, [0], epochs=1, callbacks=[TensorBoardLog(folder)], progress=False)
        >>> [path.name.startswith("events.out.tfevents") for path in folder.iterdir()]
        [True]
    """

    def __init__(self, folder: str | os.PathLike[str], *, every: int | None = 10) -> None:
        if every is not None and every < 1:
            raise OptionError(f"TensorBoardLog: every must be at least 1, got {every}")
        try:
            writer = importlib.import_module("tensorboardX").SummaryWriter
        except ImportError as error:
            raise ImportError("TensorBoardLog needs tensorboardX: pip install 'fnnet[train]'") from error
        self._folder, self._every, self._new = str(folder), every, writer
        self._writer: Any = None  # tensorboardX's SummaryWriter: an optional package's class

    def on_start(self, run: Run) -> None:
        """Open a new event file: TensorBoard reads all of a folder as one."""
        self._writer = self._new(self._folder)

    def on_step(self, run: Run, metrics: dict[str, float]) -> None:
        """Write a step's metrics, every so often."""
        if self._every is not None and run.steps % self._every == 0:
            for name, value in metrics.items():
                self._writer.add_scalar(f"step/{name}", value, run.steps)

    def on_epoch(self, run: Run) -> None:
        """Write an epoch's metrics."""
        for name, value in run.history[-1].items():
            self._writer.add_scalar(f"epoch/{name}", value, run.epoch)
        self._writer.flush()

    def on_end(self, run: Run) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class Curves(Callback):
    """A picture of all metrics over the epochs, drawn anew after each; "loss" and "valid_loss" share their axes.

    Args:
        path: The PNG file (or another of matplotlib's formats, by its suffix).

    Raises:
        ImportError: matplotlib is not installed: `pip install 'fnnet[train]'`.

    Example:
        >>> import tempfile, pathlib
        >>> from fnnet.training import Curves, fit
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "curves.png"
        >>> _ = fit(lambda batch: {"loss": 0.25}, [0], epochs=1, callbacks=[Curves(path)], progress=False)
        >>> path.exists()
        True
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            from matplotlib.figure import Figure
            from matplotlib.ticker import MaxNLocator
        except ImportError as error:
            raise ImportError("Curves needs matplotlib: pip install 'fnnet[train]'") from error
        self._path, self._figure, self._whole = Path(path), Figure, MaxNLocator

    def on_epoch(self, run: Run) -> None:
        """Draw."""
        names = dict.fromkeys(name.removeprefix("valid_") for epoch in run.history for name in epoch)
        figure = self._figure(figsize=(4.5 * len(names), 3.6), layout="constrained")
        for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            for key, label in ((name, "training"), (f"valid_{name}", "validation")):
                points = [(i, epoch[key]) for i, epoch in enumerate(run.history, 1) if key in epoch]
                if points:
                    axes.plot(*zip(*points, strict=True), marker=".", label=label)
            axes.set(title=name, xlabel="epoch")
            axes.xaxis.set_major_locator(self._whole(integer=True))
            axes.grid(alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(frameon=False)
        figure.savefig(self._path, dpi=120)


__all__ = ["CSVLog", "Curves", "TensorBoardLog"]
