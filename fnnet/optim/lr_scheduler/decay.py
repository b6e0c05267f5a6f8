"""Rates that fall by a formula: StepLR, MultiStepLR, ExponentialLR, PolynomialLR.

As in the base class, rates are `Any`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import Any

from fnnet.optim.lr_scheduler.scheduler import LRScheduler, values
from fnnet.optim.optimizer import Optimizer


class StepLR(LRScheduler):
    """The rate times gamma every `step_size` epochs: `lr = initial_lr * gamma ** (epoch // step_size)`.

    Args:
        optimizer: Its groups' "lr" is set.
        step_size: Number of epochs with one rate.
        gamma: Factor. Default: 0.1.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of the epoch `last_epoch`."""
        self._warn_unless_stepping()
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return values(self.optimizer, "lr")
        return [rate * self.gamma for rate in self._rates()]

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """The rate times gamma at each milestone.

    Args:
        optimizer: Its groups' "lr" is set.
        milestones: Numbers of epochs; one that stands twice counts twice.
        gamma: Factor. Default: 0.1.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.lr_scheduler.MultiStepLR(optimizer, [1, 3], gamma=0.5)
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of the epoch `last_epoch`."""
        self._warn_unless_stepping()
        if self.last_epoch not in self.milestones:
            return values(self.optimizer, "lr")
        return [rate * self.gamma ** self.milestones[self.last_epoch] for rate in self._rates()]

    def _get_closed_form_lr(self) -> list[Any]:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [base * self.gamma**passed for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """The rate times gamma every epoch: `lr = initial_lr * gamma ** epoch`.

    Args:
        optimizer: Its groups' "lr" is set.
        gamma: Factor.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of the epoch `last_epoch`."""
        self._warn_unless_stepping()
        if self._is_initial:
            return values(self.optimizer, "lr")
        return [rate * self.gamma for rate in self._rates()]

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    """The rate falls to 0 as a power: `lr = initial_lr * (1 - min(epoch, total_iters) / total_iters) ** power`.

    Args:
        optimizer: Its groups' "lr" is set.
        total_iters: Number of epochs until the rate is 0. Default: 5.
        power: 1 is a straight line. Default: 1.0.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4)
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of the epoch `last_epoch`."""
        self._warn_unless_stepping()
        if self._is_initial or self.last_epoch > self.total_iters:
            return values(self.optimizer, "lr")
        left, before = (1.0 - epoch / self.total_iters for epoch in (self.last_epoch, self.last_epoch - 1))
        factor = (left / before) ** self.power
        return [rate * factor for rate in self._rates()]

    def _get_closed_form_lr(self) -> list[Any]:
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * left**self.power for base in self.base_lrs]


__all__ = ["ExponentialLR", "MultiStepLR", "PolynomialLR", "StepLR"]
