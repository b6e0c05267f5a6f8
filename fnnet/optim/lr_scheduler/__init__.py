"""Learning-rate schedulers: they set an optimizer's rates from epoch to epoch. `LRScheduler` says how to use one."""

from __future__ import annotations

from fnnet.optim.lr_scheduler.by_function import LambdaLR, MultiplicativeLR
from fnnet.optim.lr_scheduler.composite import ChainedScheduler, SequentialLR
from fnnet.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from fnnet.optim.lr_scheduler.cyclic import CyclicLR, OneCycleLR
from fnnet.optim.lr_scheduler.decay import ExponentialLR, MultiStepLR, PolynomialLR, StepLR
from fnnet.optim.lr_scheduler.plateau import ReduceLROnPlateau
from fnnet.optim.lr_scheduler.scheduler import LRScheduler
from fnnet.optim.lr_scheduler.scheduler import _LRScheduler as _LRScheduler
from fnnet.optim.lr_scheduler.warmup import ConstantLR, LinearLR

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip
