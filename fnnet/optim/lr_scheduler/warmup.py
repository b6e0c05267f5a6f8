"""Rates that begin low: ConstantLR and LinearLR.

As in the base class, rates are `Any`.
"""

from __future__ import annotations

from typing import Any

from fnnet.optim.lr_scheduler.scheduler import LRScheduler, values
from fnnet.optim.optimizer import Optimizer
from fnnet.optim.rules import check


class ConstantLR(LRScheduler):
    """The rate times `factor` for the first `total_iters` epochs, then the first rate.

    Args:
        optimizer: Its groups' "lr" is set.
        factor: In [0, 1]. Default: 1/3.
        total_iters: Number of epochs with the factor. Default: 5.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        OptionError: The factor is out of its range.
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> rates = []
        >>> for _ in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        check(
            0 <= factor <= 1.0, f"Constant multiplicative factor expected to be between 0 and 1. (factor is {factor})"
        )
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of the epoch `last_epoch`."""
        self._warn_unless_stepping()
        if self.last_epoch == 0:
            return [rate * self.factor for rate in self._rates()]
        if self.last_epoch != self.total_iters:
            return values(self.optimizer, "lr")
        return [rate * (1.0 / self.factor) for rate in self._rates()]

    def _get_closed_form_lr(self) -> list[Any]:
        factor = 1.0 if self.last_epoch >= self.total_iters else self.factor
        return [base * factor for base in self.base_lrs]


class LinearLR(LRScheduler):
    """The rate times a factor that goes from `start_factor` to `end_factor` in a straight line.

    Args:
        optimizer: Its groups' "lr" is set.
        start_factor: In (0, 1]. Default: 1/3.
        end_factor: In [0, 1]. Default: 1.0.
        total_iters: Number of epochs until `end_factor`. Default: 5.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        OptionError: A factor is out of its range.
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> rates = []
        >>> for _ in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        check(
            0 < start_factor <= 1.0,
            "Starting multiplicative factor expected to be greater than 0 and less or equal to 1. "
            f"(start_factor is {start_factor})",
        )
        check(
            0 <= end_factor <= 1.0,
            f"Ending multiplicative factor expected to be between 0 and 1. (end_factor is {end_factor})",
        )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of the epoch `last_epoch`."""
        self._warn_unless_stepping()
        if self.last_epoch == 0:
            return [rate * self.start_factor for rate in self._rates()]
        if self._is_initial or self.last_epoch > self.total_iters:
            return values(self.optimizer, "lr")
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return [rate * (1.0 + rise / before) for rate in self._rates()]

    def _get_closed_form_lr(self) -> list[Any]:
        rise = self.end_factor - self.start_factor
        factor = self.start_factor + rise * min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * factor for base in self.base_lrs]


__all__ = ["ConstantLR", "LinearLR"]
