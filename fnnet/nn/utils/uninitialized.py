"""Modules without initial values."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from fnnet._core.errors import OptionError
from fnnet.nn.module import Module
from fnnet.random import fork_rng

M = TypeVar("M", bound=Module)


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """Make a module whose parameters and buffers are memory of any values, and take nothing from the random numbers.

    For modules whose state is loaded, or initialized otherwise, next.

    Args:
        module_cls: The class; its constructor takes `device`.
        args: The constructor's arguments.
        kwargs: The same by name; `device` may be among them.

    Returns:
        The module.

    Raises:
        OptionError: It is no Module's class, or its constructor takes no `device`.

    Example:
        >>> from fnnet import nn
        >>> nn.utils.skip_init(nn.Linear, 5, 1).weight.shape
        fnnet.Size([1, 5])
    """
    if not issubclass(module_cls, Module):
        raise OptionError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise OptionError("Module must support a 'device' arg to skip initialization")
    device = kwargs.pop("device", "cpu")
    with fork_rng():
        made = module_cls(*args, **{**kwargs, "device": device})
    return made.to_empty(device=device)


__all__ = ["skip_init"]
