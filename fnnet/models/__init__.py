"""Networks that are ready to train or to load weights into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fnnet._core.errors import LookupNameError
from fnnet.models.lenet import LeNet, lenet
from fnnet.models.resnet import ResNet, resnet18, resnet34, resnet50
from fnnet.nn import Module

_BUILDERS: dict[str, Callable[..., Module]] = {
    "lenet": lenet, "resnet18": resnet18, "resnet34": resnet34, "resnet50": resnet50,
}  # fmt: skip


def list_models() -> list[str]:
    """The names that `get_model` knows.

    Returns:
        The names, sorted.

    Example:
        >>> from fnnet import models
        >>> models.list_models()
        ['lenet', 'resnet18', 'resnet34', 'resnet50']
    """
    return sorted(_BUILDERS)


def get_model(name: str, **config: Any) -> Module:
    """The model of a name with fresh weights.

    Args:
        name: One of `list_models()`, case aside.
        config: Arguments of the function of that name.

    Returns:
        The network, in training mode.

    Raises:
        LookupNameError: There is no model of that name.

    Example:
        >>> from fnnet import models
        >>> models.get_model("lenet", num_classes=3).fc3
        Linear(in_features=84, out_features=3, bias=True)
    """
    build = _BUILDERS.get(name.lower())
    if build is None:
        raise LookupNameError(f"Unknown model {name!r}, expected one of {', '.join(list_models())}")
    return build(**config)


__all__ = ["LeNet", "ResNet", "get_model", "lenet", "list_models", "resnet18", "resnet34", "resnet50"]
