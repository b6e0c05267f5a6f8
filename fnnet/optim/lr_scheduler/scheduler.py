"""`LRScheduler`: what sets the learning rates of an optimizer's groups, from epoch to epoch.

Learning rates are numbers or tensors of one element, as the groups hold them: hence `Any`.
"""

from __future__ import annotations

import functools
import types
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fnnet._core.errors import ArgumentError, MissingMethodError, MissingOptionError, OptionError
from fnnet._tensor import Tensor
from fnnet.optim.optimizer import Optimizer

EPOCH_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use "
    "`scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from None, the closed "
    "form is used instead of the new chainable form, where available."
)
OVERRIDDEN_WARNING = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. Please, make sure "
    "to call `optimizer.step()` before `lr_scheduler.step()`."
)
ORDER_WARNING = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call them in the opposite order: "
    "`optimizer.step()` before `lr_scheduler.step()`. Failure to do this will result in skipping the first value of "
    "the learning rate schedule."
)
GET_LR_WARNING = "To get the last learning rate computed by the scheduler, please use `get_last_lr()`."


class LRScheduler:
    """Base of all schedulers. A subclass defines `get_lr`, the rates of the epoch `last_epoch`.

    The constructor takes the first step: it sets the rates of epoch 0. The groups remember where they began as
    "initial_lr". Call `step` after each epoch (or batch), and after the optimizer's step.

    Args:
        optimizer: Its groups' "lr" is set; one that is a tensor is overwritten in place.
        last_epoch: The epoch before the first; with another value than -1 the groups must have "initial_lr", as after
            loading the optimizer's state. Default: -1.

    Attributes:
        optimizer: The optimizer.
        last_epoch: Number of the last epoch.
        base_lrs: The groups' first rates.

    Raises:
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Example:
        >>> import fnnet
        >>> class Halved(fnnet.optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = Halved(optimizer)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    _get_lr_called_within_step: bool = False
    _is_initial: bool = False
    _step_count: int
    _last_lr: list[Any]

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise MissingOptionError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                    f"last_epoch >= 0 (it is {last_epoch}): load the optimizer's state first, or begin with -1"
                )
        self.base_lrs: list[Any] = values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _watch_steps(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        """Begin: set the rates of the first epoch."""
        self._step_count = 0
        with self._flagged("_is_initial"):
            self.step()

    @contextmanager
    def _flagged(self, name: str) -> Iterator[None]:
        """An attribute that is true meanwhile."""
        setattr(self, name, True)
        try:
            yield
        finally:
            setattr(self, name, False)

    def state_dict(self) -> dict[str, Any]:
        """The state: all attributes but the optimizer.

        Returns:
            A new dict; the values are the scheduler's own.
        """
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state.

        Args:
            state_dict: As `state_dict()` gives it.
        """
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Any]:
        """The rates that this scheduler computed last, one per group.

        Returns:
            Numbers, or copies of the tensors.
        """
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The rates of the epoch `last_epoch`, one per group: what a subclass defines and `step` calls.

        Returns:
            Numbers, or new tensors.

        Raises:
            MissingMethodError: The subclass does not define it.
        """
        raise MissingMethodError(f"{type(self).__name__} does not define get_lr()")

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch: set the groups' rates. Call it after the optimizer's step.

        Args:
            epoch: Deprecated: go to this epoch, by the closed form where there is one. Default: the next.
        """
        if self._step_count == 1:
            if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
                warnings.warn(OVERRIDDEN_WARNING, UserWarning, stacklevel=2)
            elif not getattr(self.optimizer, "_opt_called", False):
                warnings.warn(ORDER_WARNING, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Set the rates of the next epoch, or of the epoch given."""
        with self._flagged("_get_lr_called_within_step"):
            if epoch is None:
                self.last_epoch += 1
                rates = self.get_lr()
            else:
                self.last_epoch = epoch
                rates = getattr(self, "_get_closed_form_lr", self.get_lr)()
        self._set(rates)

    def _set(self, rates: list[Any]) -> None:
        """Give the groups these rates."""
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            assign(group, "lr", rate)
        self._last_lr = values(self.optimizer, "lr")

    def _rates(self) -> list[Any]:
        """The groups' rates as they are."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _warn_unless_stepping(self) -> None:
        """`get_lr` is for `step`: called otherwise, it computes what follows from rates that it has changed already."""
        if not self._get_lr_called_within_step:
            warnings.warn(GET_LR_WARNING, UserWarning, stacklevel=3)


class _LRScheduler(LRScheduler):
    """PyTorch's older name, from which programs still derive."""


def _watch_steps(optimizer: Optimizer) -> None:
    """Let the optimizer's step note that it was called, to warn of the wrong order."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    function: Callable[..., Any] = optimizer.step.__func__  # type: ignore[attr-defined]  # a bound method's
    owner = weakref.ref(optimizer)

    @functools.wraps(function)
    def step(*args: Any, **kwargs: Any) -> Any:
        own = owner()
        own._opt_called = True  # type: ignore[union-attr]  # it lives while its step is called
        return function(own, *args, **kwargs)

    step._wrapped_by_lr_sched = True  # type: ignore[attr-defined]  # PyTorch's mark
    optimizer.step = step  # type: ignore[method-assign]  # of this one optimizer


def checked(optimizer: Optimizer) -> Optimizer:
    """The optimizer, if it is one.

    Raises:
        ArgumentError: It is not.
    """
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def copied(value: Any) -> Any:
    """A tensor's copy, or the number."""
    return value.clone() if isinstance(value, Tensor) else value


def values(optimizer: Optimizer, key: str) -> list[Any]:
    """An option of every group; tensors are copied."""
    return [copied(group[key]) for group in optimizer.param_groups]


def assign(group: dict[str, Any], key: str, value: Any) -> None:
    """Set a group's option; a tensor is overwritten in place."""
    if isinstance(group[key], Tensor):
        group[key].fill_(value.reshape(()) if isinstance(value, Tensor) else value)
    else:
        group[key] = value


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """An argument that is one value for all groups, or a list with one for each.

    Raises:
        OptionError: The list has another length.
    """
    n = len(optimizer.param_groups)
    given = list(value) if isinstance(value, (list, tuple)) else [value] * n
    if len(given) != n:
        raise OptionError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(given)} values, "
            f"param_groups has {n}."
        )
    return [copied(v) for v in given]


def state_of(function: Any) -> dict[str, Any] | None:
    """What is saved of a callable object: its attributes; of a function nothing, as it cannot be restored."""
    attributes = getattr(function, "__dict__", None)  # a builtin function has none
    return None if attributes is None or isinstance(function, types.FunctionType) else dict(attributes)


__all__ = [
    "EPOCH_WARNING", "LRScheduler", "assign", "checked", "copied", "per_group", "state_of", "values",
]  # fmt: skip
