"""Rates, and momentum against them, that rise and fall: CyclicLR and OneCycleLR.

As in the base class, rates are `Any`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal

from fnnet.optim.lr_scheduler.scheduler import LRScheduler, assign, checked, per_group, state_of
from fnnet.optim.optimizer import Optimizer
from fnnet.optim.rules import check


class _WithMomentum(LRScheduler):
    """The part that both share: it sets the groups' momentum, or the first of their betas."""

    cycle_momentum: bool
    use_beta1: bool

    def _find_momentum(self) -> None:
        defaults = self.optimizer.defaults
        check(
            "momentum" in defaults or "betas" in defaults,
            "optimizer must support momentum or beta1 with `cycle_momentum` option enabled",
        )
        self.use_beta1 = "betas" in defaults

    def _begin_momentum(self, largest: Iterable[Any], smallest: Iterable[Any]) -> None:
        """Note the range in the groups, and begin at its upper end."""
        for group, high, low in zip(self.optimizer.param_groups, largest, smallest, strict=True):
            self._set_momentum(group, high)
            group["max_momentum"], group["base_momentum"] = high, low

    def _set_momentum(self, group: dict[str, Any], momentum: Any) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_WithMomentum):
    """The rate rises from `base_lr` to `max_lr` and falls again, in straight lines; momentum falls and rises.

    Args:
        optimizer: Its groups' "lr" is set, and "momentum" or the first of "betas".
        base_lr: The smallest rate, or a list with one for each group.
        max_lr: The largest rate, or such a list.
        step_size_up: Number of steps up. Default: 2000.
        step_size_down: Number of steps down. Default: as up.
        mode: "triangular"; "triangular2": with half the height after each cycle; "exp_range": with `gamma ** step`
            times the height. Default: "triangular".
        gamma: For "exp_range". Default: 1.0.
        scale_fn: Factor of the height, in place of `mode`. Default: None.
        scale_mode: What `scale_fn` is asked for: the number of the "cycle", from 1, or of the step ("iterations").
            Default: "cycle".
        cycle_momentum: Whether momentum is set. Default: True.
        base_momentum: The smallest momentum, or a list with one for each group. Default: 0.8.
        max_momentum: The largest momentum, or such a list. Default: 0.9.
        last_epoch: The step before the first. Default: -1.

    Raises:
        OptionError: A list with another number than groups, no such mode, an optimizer without momentum.
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Source: Smith 2017, Cyclical Learning Rates for Training Neural Networks.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0, momentum=0.9)
        >>> scheduler = fnnet.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.5, max_lr=1.5, step_size_up=2)
        >>> rates = []
        >>> for _ in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.5, 1.0, 1.5, 1.0, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = checked(optimizer)
        base_lrs = per_group("base_lr", optimizer, base_lr)
        max_lrs = per_group("max_lr", optimizer, max_lr)
        known = mode in ("triangular", "triangular2", "exp_range")
        check(known or scale_fn is not None, f"mode is invalid and scale_fn is None (mode is {mode!r})")
        if last_epoch == -1:
            for rate, group in zip(base_lrs, optimizer.param_groups, strict=True):
                assign(group, "lr", rate)
        self.max_lrs = max_lrs
        up = float(step_size_up)
        down = up if step_size_down is None else float(step_size_down)
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_ref: Callable[[float], float]
        self._scale_fn_custom: Any = scale_fn
        self.scale_mode = scale_mode
        self._init_scale_fn()
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._find_momentum()
            self.base_momentums = per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = per_group("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                self._begin_momentum(self.max_momentums, self.base_momentums)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def _init_scale_fn(self) -> None:
        if self._scale_fn_custom is not None:
            return
        if self.mode == "exp_range":
            self._scale_fn_ref, self.scale_mode = partial(pow, self.gamma), "iterations"
        else:
            self._scale_fn_ref = _halved if self.mode == "triangular2" else _whole
            self.scale_mode = "cycle"

    def scale_fn(self, x: float) -> float:
        """The factor of the height.

        Args:
            x: The number of the cycle, or of the step.

        Returns:
            The factor, by the mode or the function given.
        """
        function = self._scale_fn_ref if self._scale_fn_custom is None else self._scale_fn_custom
        return float(function(x))

    def get_lr(self) -> list[Any]:
        """The rates of the step `last_epoch`; sets the groups' momentum."""
        self._warn_unless_stepping()
        passed = self.last_epoch / self.total_size
        cycle = math.floor(1 + passed)
        x = 1.0 + passed - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(
                self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True
            ):
                self._set_momentum(group, high - (high - low) * height * scale)
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """The state. Of `scale_fn` the attributes of a callable object are saved; a function is not.

        Returns:
            A new dict; the values are the scheduler's own.
        """
        found = super().state_dict()
        found.pop("_scale_fn_ref", None)
        function = found.pop("_scale_fn_custom")
        return {**found, "_scale_fn_custom": None if function is None else state_of(function)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; `scale_fn` stays this scheduler's, a callable object gets the saved attributes.

        Args:
            state_dict: As `state_dict()` gives it.
        """
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "_scale_fn_custom"})
        attributes = state_dict["_scale_fn_custom"]
        if attributes is not None:
            self._scale_fn_custom.__dict__.update(attributes)
        self._init_scale_fn()


def _whole(cycle: float) -> float:
    return 1.0


def _halved(cycle: float) -> float:
    return math.ldexp(1.0, 1 - int(cycle))


class OneCycleLR(_WithMomentum):
    """The rate rises to `max_lr` and falls far below where it began, once; momentum falls and rises.

    From `max_lr / div_factor` to `max_lr`, then to `max_lr / div_factor / final_div_factor`. Call `step` after each
    batch.

    Args:
        optimizer: Its groups' "lr" is set, and "momentum" or the first of "betas".
        max_lr: The largest rate, or a list with one for each group.
        total_steps: Number of steps of the cycle, > 0. Default: `epochs * steps_per_epoch`.
        epochs: Number of epochs, > 0. Default: None.
        steps_per_epoch: Number of steps in each, > 0. Default: None.
        pct_start: Share of the steps in which the rate rises, a float in [0, 1]. Default: 0.3.
        anneal_strategy: "cos" or "linear". Default: "cos".
        cycle_momentum: Whether momentum is set. Default: True.
        base_momentum: The smallest momentum, or a list with one for each group. Default: 0.85.
        max_momentum: The largest momentum, or such a list. Default: 0.95.
        div_factor: `max_lr` over the first rate. Default: 25.0.
        final_div_factor: The first rate over the last. Default: 1e4.
        three_phase: Fall to the first rate as the rate has risen, before the last phase. Default: False.
        last_epoch: The step before the first. Default: -1.

    Raises:
        OptionError: An argument out of its range, a list with another number than groups, an optimizer without
            momentum; in `step`: more steps than the cycle has.
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Source: Smith, Topin 2018, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0, momentum=0.9)
        >>> scheduler = fnnet.optim.lr_scheduler.OneCycleLR(
        ...     optimizer, max_lr=1.0, total_steps=5, pct_start=0.4, anneal_strategy="linear"
        ... )
        >>> rates = []
        >>> for _ in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> [round(rate, 2) for rate in rates]
        [0.04, 1.0, 0.67, 0.33, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = checked(optimizer)
        if total_steps is not None:
            self.total_steps = _positive("total_steps", total_steps)
        else:
            check(
                epochs is not None and steps_per_epoch is not None,
                "You must define either total_steps OR (epochs AND steps_per_epoch)",
            )
            self.total_steps = _positive("epochs", epochs) * _positive("steps_per_epoch", steps_per_epoch)
        check(
            isinstance(pct_start, float) and 0 <= pct_start <= 1,
            f"Expected float between 0 and 1 pct_start, but got {pct_start}",
        )
        check(
            anneal_strategy in ("cos", "linear"),
            f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}",
        )
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        max_lrs = per_group("max_lr", optimizer, max_lr)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._find_momentum()
            max_momentums = per_group("max_momentum", optimizer, max_momentum)
            base_momentums = per_group("base_momentum", optimizer, base_momentum)
        if last_epoch == -1:
            for rate, group in zip(max_lrs, optimizer.param_groups, strict=True):
                group["initial_lr"] = rate / div_factor
                group["max_lr"] = rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
            if cycle_momentum:
                self._begin_momentum(max_momentums, base_momentums)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of the step `last_epoch`; sets the groups' momentum."""
        self._warn_unless_stepping()
        step = self.last_epoch
        check(
            step <= self.total_steps,
            f"Tried to step {step} times. The specified number of total steps is {self.total_steps}",
        )
        phases = self._schedule_phases
        at = next((i for i, phase in enumerate(phases) if step <= phase["end_step"]), len(phases) - 1)
        phase, begin = phases[at], phases[at - 1]["end_step"] if at else 0.0
        share = (step - begin) / (phase["end_step"] - begin)
        between = anneal_cosine if self._anneal_func_type == "cos" else anneal_linear
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(between(group[phase["start_lr"]], group[phase["end_lr"]], share))
            if self.cycle_momentum:
                self._set_momentum(group, between(group[phase["start_momentum"]], group[phase["end_momentum"]], share))
        return rates


def _positive(name: str, value: Any) -> int:
    check(isinstance(value, int) and value > 0, f"Expected positive integer {name}, but got {value}")
    return int(value)


def _phases(steps: int, share: float, three: bool) -> list[dict[str, Any]]:
    """Where each phase ends and from which to which of the groups' options it goes."""

    def phase(end: float, lrs: tuple[str, str], momenta: tuple[str, str]) -> dict[str, Any]:
        return {
            "end_step": end, "start_lr": f"{lrs[0]}_lr", "end_lr": f"{lrs[1]}_lr",
            "start_momentum": f"{momenta[0]}_momentum", "end_momentum": f"{momenta[1]}_momentum",
        }  # fmt: skip

    up = phase(float(share * steps) - 1, ("initial", "max"), ("max", "base"))
    if not three:
        return [up, phase(steps - 1, ("max", "min"), ("base", "max"))]
    down = phase(float(2 * share * steps) - 2, ("max", "initial"), ("base", "max"))
    return [up, down, phase(steps - 1, ("initial", "min"), ("max", "max"))]


def anneal_cosine(start: Any, end: Any, share: float) -> Any:
    """The value on half a cosine wave from `start` to `end`."""
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def anneal_linear(start: Any, end: Any, share: float) -> Any:
    """The value on the line from `start` to `end`."""
    return (end - start) * share + start


__all__ = ["CyclicLR", "OneCycleLR"]
