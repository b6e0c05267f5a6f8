"""Limits on gradients: on the norm of all, or on each value. They change the gradients in place."""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Iterable

from fnnet._core.errors import AutogradError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.autograd.variable import Variable
from fnnet.functional import creation, joining
from fnnet.functional.movement import to_device

Tensors = Tensor | Iterable[Tensor]

_TINY = 1e-6  # PyTorch's, added to the norm that gradients are divided by


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by one factor so that their norm, as of one vector, is at most `max_norm`.

    Args:
        parameters: A tensor or several, whose `.grad` is scaled in place.
        max_norm: The largest norm allowed.
        norm_type: Which p-norm; may be inf. Default: 2.
        error_if_nonfinite: Raise where the norm is inf or nan, before anything is changed. Default: False.
        foreach: Accepted for PyTorch's sake; without effect.

    Returns:
        The norm that the gradients had.

    Raises:
        AutogradError: The norm is not finite, where `error_if_nonfinite` asks.

    Source: Pascanu et al. 2013, On the difficulty of training recurrent neural networks.

    Example:
        >>> import fnnet
        >>> p = fnnet.nn.Parameter(fnnet.zeros(2))
        >>> p.grad = fnnet.tensor([3.0, 4.0])
        >>> fnnet.nn.utils.clip_grad_norm_(p, 1.0), p.grad
        (tensor(5.), tensor([0.6000, 0.8000]))
    """
    if isinstance(parameters, types.GeneratorType):
        parameters = list(parameters)
        if not parameters:
            warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    grads = _grads(parameters)
    total = get_total_norm(grads, norm_type, error_if_nonfinite, foreach)
    _scale(grads, max_norm, total)
    return total


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale all gradients by max_norm / (total_norm + 1e-6), where that is below 1.

    Args:
        parameters: A tensor or several, whose `.grad` is scaled in place.
        max_norm: The largest norm allowed.
        total_norm: The norm that the gradients have, 0-d, as `get_total_norm` gives it.
        foreach: Accepted for PyTorch's sake; without effect.

    Example:
        >>> import fnnet
        >>> p = fnnet.nn.Parameter(fnnet.zeros(1))
        >>> p.grad = fnnet.tensor([4.0])
        >>> fnnet.nn.utils.clip_grads_with_norm_(p, 1.0, fnnet.tensor(2.0))
        >>> p.grad
        tensor([2.0000])
    """
    _scale(_grads(parameters), max_norm, total_norm)


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of all tensors as of one vector.

    Args:
        tensors: A tensor or several.
        norm_type: Which p-norm; may be inf. Default: 2.
        error_if_nonfinite: Raise where the norm is inf or nan. Default: False.
        foreach: Accepted for PyTorch's sake; without effect.

    Returns:
        A 0-d tensor on the first one's device; 0 where there is none.

    Raises:
        AutogradError: The norm is not finite, where `error_if_nonfinite` asks.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.nn.utils.get_total_norm([fnnet.tensor([3.0]), fnnet.tensor([4.0])])
        tensor(5.)
    """
    given = _listed(tensors)
    if not given:
        return creation.tensor(0.0)
    p = float(norm_type)
    with no_grad():
        total = _norm(joining.stack([to_device(_norm(t, p), given[0].device) for t in given]), p)
        if error_if_nonfinite and not math.isfinite(float(total)):
            raise AutogradError(
                f"The total norm of order {p} for gradients from `parameters` is non-finite, so it cannot be clipped. "
                "To "
                "disable this error and scale the gradients by the non-finite norm anyway, set "
                "`error_if_nonfinite=False`"
            )
        return total


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Cut each value of the gradients to [-clip_value, clip_value].

    Args:
        parameters: A tensor or several, whose `.grad` is cut.
        clip_value: The largest magnitude allowed.
        foreach: Accepted for PyTorch's sake; without effect.

    Example:
        >>> import fnnet
        >>> p = fnnet.nn.Parameter(fnnet.zeros(2))
        >>> p.grad = fnnet.tensor([3.0, -4.0])
        >>> fnnet.nn.utils.clip_grad_value_(p, 3.5)
        >>> p.grad
        tensor([ 3.0000, -3.5000])
    """
    bound = float(clip_value)
    with no_grad():
        for g in _grads(parameters):
            g.clamp_(-bound, bound)


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Variable) else list(tensors)


def _grads(parameters: Tensors) -> list[Tensor]:
    return [p.grad for p in _listed(parameters) if p.grad is not None]


def _scale(grads: list[Tensor], max_norm: float, total_norm: Tensor) -> None:
    with no_grad():
        factor = (float(max_norm) / (total_norm + _TINY)).clamp(max=1.0)
        for g in grads:
            g.mul_(to_device(factor, g.device))


def _norm(t: Tensor, p: float) -> Tensor:
    """The p-norm of all elements, a 0-d tensor."""
    if p == 2.0:
        return (t * t).sum().sqrt()
    size = t.abs()
    if p == math.inf:
        return size.amax()
    if p == -math.inf:
        return size.amin()
    if p == 0.0:
        nonzero: Tensor = (t != 0).sum().to(t.dtype)
        return nonzero
    total: Tensor = size.pow(p).sum().pow(1.0 / p)
    return total


__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]
