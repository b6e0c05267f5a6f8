"""Averages of weights over training: stochastic weight averaging and exponential moving averages.

Models, batches and rates are the caller's: hence `Any`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any, Literal

from fnnet._core.errors import AssertedOptionError, OptionError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.backends.devices import Device
from fnnet.backends.dtypes import int64
from fnnet.functional._common import dtype_of
from fnnet.functional.creation import zeros
from fnnet.nn import Module
from fnnet.nn.modules.batchnorm import _BatchNorm
from fnnet.optim.lr_scheduler.cyclic import anneal_cosine, anneal_linear
from fnnet.optim.lr_scheduler.scheduler import LRScheduler, per_group
from fnnet.optim.optimizer import Optimizer

Average = Callable[[Any, Any, Any], Any]
"""Of an average, a new value and how many were averaged before, the next average; or of lists, in place."""


def _checked_decay(decay: float) -> float:
    if not 0.0 <= decay <= 1.0:
        raise OptionError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
    return decay


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """The exponential moving average, `decay * average + (1 - decay) * value`, for `AveragedModel(avg_fn=...)`.

    Args:
        decay: In [0, 1]. Default: 0.999.

    Returns:
        A function of an average, a value and a count that is ignored; it gives a new tensor.

    Raises:
        OptionError: The decay is out of its range.

    Example:
        >>> import fnnet
        >>> average = fnnet.optim.swa_utils.get_ema_avg_fn(0.75)
        >>> average(fnnet.ones(2), fnnet.zeros(2), 1)
        tensor([0.7500, 0.7500])
    """
    _checked_decay(decay)

    @no_grad()
    def ema_update(ema_param: Any, current_param: Any, num_averaged: Any) -> Any:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Average:
    """The mean of all values, `average + (value - average) / (count + 1)`, for `AveragedModel(avg_fn=...)`.

    Returns:
        A function of an average, a value and how many were averaged before; it gives a new tensor.

    Example:
        >>> import fnnet
        >>> average = fnnet.optim.swa_utils.get_swa_avg_fn()
        >>> average(fnnet.ones(2), fnnet.zeros(2), 3)
        tensor([0.7500, 0.7500])
    """

    @no_grad()
    def swa_update(averaged_param: Any, current_param: Any, num_averaged: Any) -> Any:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> Average:
    """The exponential moving average of lists, in place, for `AveragedModel(multi_avg_fn=...)`.

    Args:
        decay: In [0, 1]. Default: 0.999.

    Returns:
        A function of a list of averages, which it overwrites, a list of values and a count that is ignored.

    Raises:
        OptionError: The decay is out of its range.

    Example:
        >>> import fnnet
        >>> averages = [fnnet.ones(2)]
        >>> fnnet.optim.swa_utils.get_ema_multi_avg_fn(0.75)(averages, [fnnet.zeros(2)], 1)
        >>> averages
        [tensor([0.7500, 0.7500])]
    """
    _checked_decay(decay)

    @no_grad()
    def ema_update(ema_param_list: Sequence[Any], current_param_list: Sequence[Any], num_averaged: Any) -> None:
        for average, value in zip(ema_param_list, current_param_list, strict=True):
            if _is_float(average):
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(average * decay + value * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Average:
    """The mean of all values, of lists, in place, for `AveragedModel(multi_avg_fn=...)`.

    Returns:
        A function of a list of averages, which it overwrites, a list of values and how many were averaged before.

    Example:
        >>> import fnnet
        >>> averages = [fnnet.ones(2)]
        >>> fnnet.optim.swa_utils.get_swa_multi_avg_fn()(averages, [fnnet.zeros(2)], 3)
        >>> averages
        [tensor([0.7500, 0.7500])]
    """

    @no_grad()
    def swa_update(averaged_param_list: Sequence[Any], current_param_list: Sequence[Any], num_averaged: Any) -> None:
        count = float(num_averaged) + 1
        for average, value in zip(averaged_param_list, current_param_list, strict=True):
            if _is_float(average):
                average.lerp_(value, 1 / count)
            else:
                average.copy_(average + (value - average) / count)

    return swa_update


def _is_float(x: Tensor) -> bool:
    """Whether a tensor is of floating-point or complex numbers."""
    return dtype_of(x).category >= 2


class AveragedModel(Module):
    """A copy of a model whose parameters are averages over training.

    The first `update_parameters` copies, later ones average. Buffers follow the model's unless they are averaged too.
    State: `module`, the copy, and `n_averaged` (0-d int64), how many were averaged.

    Args:
        model: The model; it is copied.
        device: Where the copy lies. Default: where the model does.
        avg_fn: `(average, value, count) -> average`. Default: the mean of all.
        multi_avg_fn: `(averages, values, count)`, overwrites the averages: lists of tensors of one device and dtype.
            Default: None.
        use_buffers: Average buffers too. Default: False.

    Shape:
        As the model's.

    Raises:
        AssertedOptionError: Both functions are given.

    Source: Izmailov et al. 2018, Averaging Weights Leads to Wider Optima and Better Generalization.

    Example:
        >>> import fnnet
        >>> model = fnnet.nn.Linear(1, 1, bias=False)
        >>> averaged = fnnet.optim.swa_utils.AveragedModel(model)
        >>> for value in (1.0, 2.0, 6.0):
        ...     with fnnet.no_grad():
        ...         _ = model.weight.fill_(value)
        ...     averaged.update_parameters(model)
        >>> averaged(fnnet.ones(1)).item()
        3.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: int | str | Device | None = None,
        avg_fn: Average | None = None,
        multi_avg_fn: Average | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertedOptionError("Only one of avg_fn and multi_avg_fn should be provided, got both")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", zeros((), dtype=int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The averaged model's.

        Args:
            args: The model's.
            kwargs: The model's.

        Returns:
            What the model returns.
        """
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's parameters into the averages.

        Args:
            model: Of the same structure.
        """
        own = [self.module, model]
        both = [itertools.chain(m.parameters(), m.buffers()) if self.use_buffers else m.parameters() for m in own]
        averages, news = [], []
        for average, value in zip(*both, strict=False):
            averages.append(average.detach())
            news.append(value.detach().to(average.device))
        count = int(self.n_averaged)
        if count == 0:
            for average, value in zip(averages, news, strict=True):
                average.copy_(value)
        elif self.avg_fn is not None:
            for average, value in zip(averages, news, strict=True):
                average.copy_(self.avg_fn(average, value, self.n_averaged.to(average.device)))
        else:
            function = self.multi_avg_fn or get_swa_multi_avg_fn()
            groups: dict[Any, tuple[list[Any], list[Any]]] = {}
            for average, value in zip(averages, news, strict=True):
                group = groups.setdefault((average.device, average.dtype), ([], []))
                group[0].append(average)
                group[1].append(value)
            for (device, _), (some, others) in groups.items():
                function(some, others, self.n_averaged.to(device))
        if not self.use_buffers:
            for buffer, value in zip(self.module.buffers(), model.buffers(), strict=True):
                buffer.detach().copy_(value.detach().to(buffer.device))
        self.n_averaged += 1


def update_bn(loader: Iterable[Any], model: Module, device: int | str | Device | None = None) -> None:
    """Compute the running statistics of a model's batch norms anew, as the mean over a loader's batches.

    Averaged weights give other activations than those that the statistics saw.

    Args:
        loader: Gives batches; of a tuple or list the first is the model's input.
        model: Runs in training mode meanwhile; without batch norms nothing happens.
        device: Where inputs are moved. Default: they stay.

    Example:
        >>> import fnnet
        >>> model = fnnet.nn.BatchNorm1d(1)
        >>> batches = [fnnet.tensor([[0.0], [2.0]]), fnnet.tensor([[4.0], [6.0]])]
        >>> fnnet.optim.swa_utils.update_bn(batches, model)
        >>> model.running_mean
        tensor([3.])
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    was_training = model.training
    model.train()
    with no_grad():
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        for batch in loader:
            x = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(x if device is None else x.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """The rate goes to `swa_lr` in `anneal_epochs` epochs, and stays there while weights are averaged.

    Args:
        optimizer: Its groups' "lr" is set; they remember "swa_lr".
        swa_lr: The last rate, or a list with one for each group.
        anneal_epochs: Number of epochs until then, >= 0. Default: 10.
        anneal_strategy: "cos" or "linear". Default: "cos".
        last_epoch: The epoch before the first. Default: -1.

    Raises:
        OptionError: An argument out of its range, a list with another number than groups.
        ArgumentError: `optimizer` is none.
        MissingOptionError: A group lacks "initial_lr" when it is resumed.

    Example:
        >>> import fnnet
        >>> optimizer = fnnet.optim.SGD([fnnet.nn.Parameter(fnnet.zeros(1))], lr=1.0)
        >>> scheduler = fnnet.optim.swa_utils.SWALR(optimizer, 0.5, anneal_epochs=2, anneal_strategy="linear")
        >>> rates = []
        >>> for _ in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [1.0, 0.75, 0.5, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = per_group("swa_lr", optimizer, swa_lr)
        if anneal_strategy not in ("cos", "linear"):
            raise OptionError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise OptionError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        for rate, group in zip(rates, optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of the epoch, from those before, which something else may have changed."""
        self._warn_unless_stepping()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            last = group["swa_lr"]
            first = last if before == 1 else (group["lr"] - before * last) / (1 - before)
            rates.append(last * now + first * (1 - now))
        return rates

    def _share(self, step: int) -> float:
        """How much of the way is gone after so many steps."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return float((anneal_cosine if self._anneal_strategy == "cos" else anneal_linear)(0, 1, t))


__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn",
    "update_bn",
]  # fmt: skip
