"""Rates that functions of the epoch tell: LambdaLR and MultiplicativeLR.

As in the base class, rates are `Any`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fnnet._core.errors import ArgumentError, OptionError
from fnnet.optim.lr_scheduler.scheduler import LRScheduler, state_of, values
from fnnet.optim.optimizer import Optimizer

Factor = Callable[[int], float]


class _ByFunction(LRScheduler):
    """The part that both share: one function per group, and what is saved of them."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | list[Factor], last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        n = len(optimizer.param_groups)
        self.lr_lambdas: list[Any] = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * n
        if len(self.lr_lambdas) != n:
            raise OptionError(f"Expected {n} lr_lambdas, but got {len(self.lr_lambdas)}")
        self._check()
        super().__init__(optimizer, last_epoch)

    def _check(self) -> None:
        """Refuse what is no function."""

    def state_dict(self) -> dict[str, Any]:
        """The state. Of `lr_lambdas` the attributes of callable objects are saved; functions are not.

        Returns:
            A new dict; the values are the scheduler's own.
        """
        found = super().state_dict()
        del found["lr_lambdas"]
        return {**found, "lr_lambdas": [state_of(function) for function in self.lr_lambdas]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; the functions stay this scheduler's, callable objects get the saved attributes.

        Args:
            state_dict: As `state_dict()` gives it.
        """
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "lr_lambdas"})
        for function, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=False):
            if attributes is not None:
                function.__dict__.update(attributes)


class LambdaLR(_ByFunction):
    """The first rate times a function of the epoch: `lr = initial_lr * lr_lambda(epoch)`.

    Args:
        optimizer: Its groups' "lr" is set.
        lr_lambda: The function, or a list with one for each group.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        ArgumentError: `optimizer` is none.
        OptionError: Not as many functions as groups.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    def get_lr(self) -> list[Any]:
        """The rates of the epoch `last_epoch`."""
        self._warn_unless_stepping()
        return [base * function(self.last_epoch) for function, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(_ByFunction):
    """The rate before times a function of the epoch: `lr = lr * lr_lambda(epoch)`, from epoch 1 on.

    Args:
        optimizer: Its groups' "lr" is set.
        lr_lambda: The function, or a list with one for each group.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        ArgumentError: `optimizer` is none, or a function cannot be called.
        OptionError: Not as many functions as groups.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def _check(self) -> None:
        for function in self.lr_lambdas:
            if not callable(function):
                raise ArgumentError(f"lr_lambda should be a function, but got {type(function).__name__}")

    def get_lr(self) -> list[Any]:
        """The rates of the epoch `last_epoch`."""
        self._warn_unless_stepping()
        if self._is_initial:
            return values(self.optimizer, "lr")
        return [rate * f(self.last_epoch) for f, rate in zip(self.lr_lambdas, self._rates(), strict=True)]


__all__ = ["LambdaLR", "MultiplicativeLR"]
