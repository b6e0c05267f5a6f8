"""Schedulers of schedulers: SequentialLR and ChainedScheduler.

As in the base class, rates are `Any`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from fnnet._core.errors import ArgumentError, OptionError
from fnnet.optim.lr_scheduler.plateau import ReduceLROnPlateau
from fnnet.optim.lr_scheduler.scheduler import LRScheduler, assign, values
from fnnet.optim.optimizer import Optimizer


class _Composite(LRScheduler):
    """The part that both share: what they are made of, and its state."""

    _schedulers: Sequence[Any]

    def state_dict(self) -> dict[str, Any]:
        """The state, the schedulers' own included.

        Returns:
            A new dict; the values are the schedulers' own.
        """
        found = {key: value for key, value in self.__dict__.items() if key not in ("optimizer", "_schedulers")}
        return {**found, "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state, the schedulers' own included.

        Args:
            state_dict: As `state_dict()` gives it.
        """
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "_schedulers"})
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"], strict=False):
            scheduler.load_state_dict(state)


def _check(name: str, what: str, schedulers: Sequence[Any], optimizer: Optimizer | None) -> Optimizer:
    """The optimizer that all of them have."""
    if len(schedulers) < 1:
        raise OptionError(f"{name} expects at least one scheduler{what}, but got no scheduler.")
    for i, scheduler in enumerate(schedulers):
        if not hasattr(scheduler, "optimizer"):
            raise ArgumentError(f"{name} at index {i} should have `optimizer` as its attribute.")
        if optimizer is None:
            optimizer = scheduler.optimizer
        if isinstance(scheduler, ReduceLROnPlateau):
            raise OptionError(
                f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be "
                f"specified when calling `step`, but got one at index {i} in the given schedulers sequence."
            )
        if optimizer is not scheduler.optimizer:
            raise OptionError(
                f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                f"{type(scheduler).__name__} at index {i} has {scheduler.optimizer}, which is different from "
                f"{type(optimizer).__name__}."
            )
    assert optimizer is not None
    return optimizer


class SequentialLR(_Composite):
    """One scheduler after another.

    The first rates come back at the beginning, and each scheduler begins at its epoch 0.

    Args:
        optimizer: The schedulers' optimizer.
        schedulers: In their order; any but `ReduceLROnPlateau`.
        milestones: Numbers of the epochs at which the second, third ... begins.
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        OptionError: No scheduler, one of another optimizer, a `ReduceLROnPlateau`, not one milestone less than
            schedulers.
        ArgumentError: Something that is no scheduler.

    Example:
        >>> import fnnet
        >>> from fnnet.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> both = [ConstantLR(optimizer, factor=0.25, total_iters=9), ExponentialLR(optimizer, gamma=0.5)]
        >>> scheduler = SequentialLR(optimizer, both, milestones=[2])
        >>> rates = []
        >>> for _ in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.25, 0.25, 1.0, 0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        _check(type(self).__name__, "", schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise OptionError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                f"milestone points, but got number of schedulers {len(schedulers)} and the number of milestones to be "
                f"equal to {len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            assign(group, "lr", group["initial_lr"])
        self.recursive_undo()
        first = self._schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def recursive_undo(self, sched: Any = None) -> None:
        """Take back the first step of all schedulers, which their constructors took.

        Args:
            sched: A scheduler. Default: this one.
        """
        scheduler = self if sched is None else sched
        if hasattr(scheduler, "_schedulers"):
            for part in scheduler._schedulers:
                self.recursive_undo(part)
        elif hasattr(scheduler, "last_epoch"):
            scheduler.last_epoch -= 1

    def step(self) -> None:  # type: ignore[override]  # as in PyTorch, it goes to no epoch of the caller's
        """Go to the next epoch, of the scheduler whose turn it is."""
        self.last_epoch += 1
        at = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[at]
        if at > 0 and self._milestones[at - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Composite):
    """Several schedulers at once, one after another in each step: their factors multiply.

    Args:
        schedulers: Any that compute the rate from the one before (not `ReduceLROnPlateau`).
        optimizer: Their optimizer. Default: that of the first.

    Raises:
        OptionError: No scheduler, one of another optimizer, a `ReduceLROnPlateau`.
        ArgumentError: Something that is no scheduler.

    Example:
        >>> import fnnet
        >>> from fnnet.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> both = [ConstantLR(optimizer, factor=0.25, total_iters=2), ExponentialLR(optimizer, gamma=0.5)]
        >>> scheduler = ChainedScheduler(both)
        >>> rates = []
        >>> for _ in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.25, 0.125, 0.25, 0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        found = _check(type(self).__name__, " to be chained", schedulers, optimizer)
        self._schedulers = schedulers
        self.optimizer = found
        self._last_lr = values(found, "lr")

    def step(self) -> None:  # type: ignore[override]  # as in PyTorch, it goes to no epoch of the caller's
        """Go to the next epoch with all of them."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = values(self.optimizer, "lr")


__all__ = ["ChainedScheduler", "SequentialLR"]
