"""Rates that follow a cosine: CosineAnnealingLR and CosineAnnealingWarmRestarts.

As in the base class, rates are `Any`.
"""

from __future__ import annotations

import math
from typing import Any

from fnnet.optim.lr_scheduler.scheduler import LRScheduler, values
from fnnet.optim.optimizer import Optimizer
from fnnet.optim.rules import check


class CosineAnnealingLR(LRScheduler):
    """The rate goes along a cosine from the first one to `eta_min` in `T_max` epochs, and back again.

    `lr = eta_min + (initial_lr - eta_min) (1 + cos(pi epoch / T_max)) / 2`.

    Args:
        optimizer: Its groups' "lr" is set.
        T_max: Number of epochs down.
        eta_min: The smallest rate. Default: 0.0.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Source: Loshchilov, Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts; without the restarts.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
        >>> rates = []
        >>> for _ in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> [round(rate, 4) for rate in rates]
        [1.0, 0.8536, 0.5, 0.1464, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of the epoch `last_epoch`, from those before, which something else may have changed."""
        self._warn_unless_stepping()
        if self._is_initial:
            return values(self.optimizer, "lr")
        if self._step_count == 1 and self.last_epoch > 0:
            return self._get_closed_form_lr()
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # upwards from eta_min, where the ratio is 0/0
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            return [
                rate + (base - self.eta_min) * rise for base, rate in zip(self.base_lrs, self._rates(), strict=True)
            ]
        ratio = self._height(self.last_epoch) / self._height(self.last_epoch - 1)
        return [ratio * (rate - self.eta_min) + self.eta_min for rate in self._rates()]

    def _height(self, epoch: int) -> float:
        return 1 + math.cos(math.pi * epoch / self.T_max)

    def _get_closed_form_lr(self) -> list[Any]:
        height = self._height(self.last_epoch)
        return [self.eta_min + (base - self.eta_min) * height / 2 for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """The rate goes along a cosine from the first one to `eta_min`, again and again.

    `lr = eta_min + (initial_lr - eta_min) (1 + cos(pi T_cur / T_i)) / 2`, with T_cur epochs since the last restart and
    T_i from one to the next.

    Args:
        optimizer: Its groups' "lr" is set.
        T_0: Number of epochs until the first restart, > 0.
        T_mult: Factor of that number after each restart, >= 1. Default: 1.
        eta_min: The smallest rate. Default: 0.0.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        OptionError: An argument out of its range; in `step`: an epoch < 0.
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Source: Loshchilov, Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
        >>> rates = []
        >>> for _ in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> [round(rate, 4) for rate in rates]
        [1.0, 0.5, 1.0, 0.5]
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        check(isinstance(T_0, int) and T_0 > 0, f"Expected positive integer T_0, but got {T_0}")
        check(isinstance(T_mult, int) and T_mult >= 1, f"Expected integer T_mult >= 1, but got {T_mult}")
        check(
            isinstance(eta_min, (float, int)),
            f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}",
        )
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates at T_cur of T_i epochs."""
        self._warn_unless_stepping()
        height = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * height / 2 for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to the one given.

        Args:
            epoch: May have a fraction, so that it can be called after each batch: `epoch + batch / batches`.
                Default: the next.

        Raises:
            OptionError: It is < 0.
        """
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            check(epoch >= 0, f"Expected non-negative epoch, but got {epoch}")
            self._go_to(epoch)
        self.last_epoch = math.floor(epoch)
        with self._flagged("_get_lr_called_within_step"):
            rates = self.get_lr()
        self._set(rates)

    def _go_to(self, epoch: float) -> None:
        """T_cur and T_i of an epoch. The restarts before it are a geometric series."""
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            n = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**n - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**n


__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]
