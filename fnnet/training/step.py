"""`Step`: one step of training as most people write it: forward, loss, backward, clipping, the optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fnnet._core.errors import ArgumentError, OptionError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.nn.module import Module
from fnnet.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_
from fnnet.optim.optimizer import Optimizer
from fnnet.training.means import Means

Batch = Any
"""(inputs ..., target), as a DataLoader over pairs gives it."""
Measure = Callable[[Tensor, Tensor], Tensor | float]


class Step:
    """A step of training for `fit`: `step((x, y))` trains on a batch of inputs and targets.

    It is a convenience: `fit` takes any function of a batch that returns metrics, and this one is short enough to copy.

    Args:
        model: Called with the inputs of a batch.
        loss_of: `loss_of(output, target)`, a scalar.
        optimizer: Of the model's parameters.
        metrics: Further functions of output and target by name, such as accuracy. Default: none.
        clip_norm: Scale the gradients down to this norm (> 0) if theirs is larger, and report it as "grad_norm".
            Default: None, no clipping.
        clip_value: Limit each element of the gradients to plus or minus this (> 0). Default: None.

    Raises:
        OptionError: A limit that is not positive, both limits, a metric called "loss".

    Example:
        >>> import fnnet
        >>> from fnnet import nn, optim
        >>> from fnnet.training import Step
        >>> net = nn.Linear(2, 1)
        >>> step = Step(net, nn.functional.mse_loss, optim.SGD(net.parameters(), lr=0.1), clip_norm=1.0)
        >>> sorted(step((fnnet.ones(4, 2), fnnet.zeros(4, 1))))
        ['grad_norm', 'loss']
    """

    def __init__(
        self,
        model: Module,
        loss_of: Measure,
        optimizer: Optimizer,
        *,
        metrics: Mapping[str, Measure] | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        for name, limit in (("clip_norm", clip_norm), ("clip_value", clip_value)):
            if limit is not None and not limit > 0:
                raise OptionError(f"Step: {name} must be positive, got {limit}")
        if clip_norm is not None and clip_value is not None:
            raise OptionError("Step: expected clip_norm or clip_value, got both")
        if metrics is not None and "loss" in metrics:
            raise OptionError("Step: a metric can't be called 'loss'")
        self.model, self.loss_of, self.optimizer = model, loss_of, optimizer
        self.metrics = dict(metrics or {})
        self.clip_norm, self.clip_value = clip_norm, clip_value

    def __call__(self, batch: Batch) -> dict[str, Tensor | float]:
        """Train on one batch.

        Args:
            batch: (inputs ..., target).

        Returns:
            "loss", "grad_norm" where it is clipped, and the metrics, of the batch before the step.
        """
        self.model.train()
        self.optimizer.zero_grad()
        found, loss = self._measure(batch)
        loss.backward()
        if self.clip_norm is not None:
            found["grad_norm"] = clip_grad_norm_(self.model.parameters(), self.clip_norm)
        if self.clip_value is not None:
            clip_grad_value_(self.model.parameters(), self.clip_value)
        self.optimizer.step()
        return found

    def evaluate(self, loader: Iterable[Batch]) -> dict[str, float]:
        """The loss and the metrics over all batches of a loader, without training.

        Args:
            loader: Batches as for a step.

        Returns:
            Means over samples: what `fit(validate=...)` wants.
        """
        modes = {module: module.training for module in self.model.modules()}
        self.model.eval()
        means = Means()
        try:
            with no_grad():
                for batch in loader:
                    means.add(self._measure(batch)[0], batch)
        finally:
            for module, training in modes.items():
                module.training = training
        return means.values()

    def state(self) -> dict[str, Any]:  # what has a state_dict
        """What a checkpoint has to hold.

        Returns:
            The model and the optimizer, by name.
        """
        return {"model": self.model, "optimizer": self.optimizer}

    def _measure(self, batch: Batch) -> tuple[dict[str, Tensor | float], Tensor]:
        if not isinstance(batch, (tuple, list)) or len(batch) < 2:
            raise ArgumentError(
                f"Step: expected a batch (inputs ..., target), got {type(batch).__name__}; "
                "for batches of another form write a function of your own"
            )
        *inputs, target = batch
        output = self.model(*inputs)
        loss = self.loss_of(output, target)
        if not isinstance(loss, Tensor):
            raise ArgumentError(f"Step: loss_of must return a Tensor, got {type(loss).__name__}")
        found: dict[str, Tensor | float] = {"loss": loss.detach()}
        with no_grad():
            found.update({name: measure(output, target) for name, measure in self.metrics.items()})
        return found, loss


__all__ = ["Step"]
