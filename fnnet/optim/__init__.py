"""Floor 7: optimizers. `create(name, params)` makes one by name, plugins' among them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, cast

from fnnet.optim.adam import Adam, AdamW
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.sgd import SGD
from fnnet.plugins import manager

if TYPE_CHECKING:
    from fnnet.optim import lr_scheduler, swa_utils
    from fnnet.optim.adadelta import Adadelta
    from fnnet.optim.adafactor import Adafactor
    from fnnet.optim.adagrad import Adagrad
    from fnnet.optim.adamax import Adamax
    from fnnet.optim.asgd import ASGD
    from fnnet.optim.lbfgs import LBFGS
    from fnnet.optim.muon import Muon
    from fnnet.optim.nadam import NAdam
    from fnnet.optim.radam import RAdam
    from fnnet.optim.rmsprop import RMSprop
    from fnnet.optim.rprop import Rprop

_LATER = {
    "ASGD": "asgd", "Adadelta": "adadelta", "Adafactor": "adafactor", "Adagrad": "adagrad", "Adamax": "adamax",
    "LBFGS": "lbfgs", "Muon": "muon", "NAdam": "nadam", "RAdam": "radam", "RMSprop": "rmsprop", "Rprop": "rprop",
}  # fmt: skip
"""Classes of which a program uses one at most, and where they live: they load on first use."""


def __getattr__(name: str) -> object:
    if name in ("lr_scheduler", "swa_utils"):
        return importlib.import_module("fnnet.optim." + name)
    if name in _LATER:
        found: object = getattr(importlib.import_module("fnnet.optim." + _LATER[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'fnnet.optim' has no attribute {name!r}")


def get(name: str) -> type[Optimizer]:
    """The optimizer class of a name, case aside; a plugin may have brought it.

    Args:
        name: Such as "sgd".

    Returns:
        The class.

    Raises:
        LookupNameError: Nobody provides it; the message lists the names that there are.

    Example:
        >>> import fnnet
        >>> fnnet.optim.get("sgd") is fnnet.optim.SGD
        True
    """
    return cast("type[Optimizer]", manager().optimizers.get(name).load())


def create(name: str, params: Params, **options: Any) -> Optimizer:  # the optimizer's own options
    """An optimizer by name.

    Args:
        name: Such as "sgd", case aside.
        params: Parameters or groups, as the class takes them.
        options: The class's own, such as `lr`.

    Returns:
        An optimizer over `params`.

    Raises:
        LookupNameError: Nobody provides it; the message lists the names that there are.
        OptionError: An option out of its range.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.zeros(1))
        >>> type(fnnet.optim.create("adam", [w], lr=0.01)).__name__
        'Adam'
    """
    return get(name)(params, **options)


__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Muon", "NAdam",
    "Optimizer", "RAdam", "RMSprop", "Rprop", "create", "get", "lr_scheduler", "swa_utils",
]  # fmt: skip
