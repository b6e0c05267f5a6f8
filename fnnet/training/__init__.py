"""Comforts around training: `summary` of a model, `fit`, a plain loop with progress, checkpoints, logs and curves.

Needs nothing beyond fnnet's own dependencies; a progress bar wants rich, curves want matplotlib, TensorBoard's files
tensorboardX: `pip install 'fnnet[train]'`.
"""

from __future__ import annotations

from fnnet.training.callbacks import Callback, EarlyStopping, OnEpoch
from fnnet.training.logs import CSVLog, Curves, TensorBoardLog
from fnnet.training.loop import History, Run, fit
from fnnet.training.step import Step
from fnnet.training.summary import Row, Summary, summary

__all__ = [
    "CSVLog", "Callback", "Curves", "EarlyStopping", "History", "OnEpoch", "Row", "Run", "Step", "Summary",
    "TensorBoardLog", "fit", "summary",
]  # fmt: skip
