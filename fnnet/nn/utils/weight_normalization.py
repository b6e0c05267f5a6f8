"""The older weight norm: magnitude and direction of a weight as two parameters, by a hook before each forward."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from fnnet._core.errors import AutogradError, IndexRangeError, OptionError
from fnnet._tensor import Tensor
from fnnet.nn.module import Module
from fnnet.nn.parameter import Parameter, is_lazy

M = TypeVar("M", bound=Module)


def norm_except_dim(v: Tensor, dim: int) -> Tensor:
    """The 2-norm over all dims but one, which is kept, as the others are with size 1.

    Args:
        v: Any shape.
        dim: The dim that is kept; -1: none.

    Returns:
        `(1, ..., n, ..., 1)`, or 0-d for -1.

    Raises:
        IndexRangeError: There is no such dim.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.weight_normalization import norm_except_dim
        >>> norm_except_dim(fnnet.tensor([[3.0, 4.0], [0.0, 2.0]]), 0)
        tensor([[5.],
                [2.]])
    """
    if dim == -1:
        return v.norm()
    if not -v.ndim <= dim < v.ndim:
        raise IndexRangeError(
            f"Dimension out of range (expected to be in range of [{-v.ndim}, {v.ndim - 1}], but got {dim})"
        )
    others = [d for d in range(v.ndim) if d != dim % v.ndim]
    return v.norm(2, others, keepdim=True) if others else v.abs()


def scaled(v: Tensor, g: Tensor, dim: int) -> Tensor:
    """`g v / ||v||`, the norm over all dims but one.

    Args:
        v: The direction.
        g: The magnitude, as `norm_except_dim` gives one.
        dim: The dim that is kept; -1: none.

    Returns:
        The weight, of v's shape.

    Differentiable: Everywhere but where a norm is 0.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.weight_normalization import scaled
        >>> scaled(fnnet.tensor([3.0, 4.0]), fnnet.tensor(10.0), -1)
        tensor([6., 8.])
    """
    return v * (g / norm_except_dim(v, dim))


class WeightNorm:
    """The hook: computes a module's weight from magnitude and direction before each forward.

    Args:
        name: Of the weight; `name + "_g"` and `name + "_v"` are the parameters.
        dim: The dim along which each slice has a magnitude; -1: one for all.

    Example:
        >>> from fnnet.nn.utils.weight_normalization import WeightNorm
        >>> WeightNorm("weight", 0).name
        'weight'
    """

    def __init__(self, name: str, dim: int) -> None:
        self.name, self.dim = name, dim

    def weight(self, module: Module) -> Tensor:
        """The weight."""
        return scaled(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"), self.dim)

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Deprecated: split a weight into magnitude g and direction v, `w = g v / ||v||`; recomputed before each forward.

    `parametrizations.weight_norm` is what to use; it loads state that was saved with this one.

    Args:
        module: Holds the weight.
        name: Its name. The module gets parameters `weight_g` and `weight_v` in its place. Default: "weight".
        dim: The dim along which each slice has a magnitude; None: one for all. Default: 0.

    Returns:
        `module`.

    Raises:
        AutogradError: The weight has one.
        OptionError: The weight is uninitialized.
        AttributeError: There is no such weight.

    Source: Salimans, Kingma 2016, Weight Normalization.

    Example:
        >>> import warnings
        >>> from fnnet import nn
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     m = nn.utils.weight_norm(nn.Linear(20, 40))
        >>> m.weight_g.shape, m.weight_v.shape
        (fnnet.Size([40, 1]), fnnet.Size([40, 20]))
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm) and hook.name == name:
            raise AutogradError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    made = WeightNorm(name, -1 if dim is None else dim)
    weight = getattr(module, name)
    if is_lazy(weight):
        raise OptionError(
            "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to run the dummy forward "
            "before applying weight normalization"
        )
    g = norm_except_dim(weight.detach(), made.dim)
    del module._parameters[name]
    module.register_parameter(name + "_g", Parameter(g))
    module.register_parameter(name + "_v", Parameter(weight.data))
    setattr(module, name, made.weight(module))
    module.register_forward_pre_hook(made)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make a weight with `weight_norm` a plain parameter again.

    Args:
        module: Holds the weight.
        name: Its name. Default: "weight".

    Returns:
        `module`.

    Raises:
        OptionError: The weight has no weight norm.

    Example:
        >>> import warnings
        >>> from fnnet import nn
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     m = nn.utils.weight_norm(nn.Linear(20, 40))
        >>> sorted(nn.utils.remove_weight_norm(m).state_dict())
        ['bias', 'weight']
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            weight = hook.weight(module)
            delattr(module, name)
            del module._parameters[name + "_g"], module._parameters[name + "_v"]
            setattr(module, name, Parameter(weight.detach()))
            del module._forward_pre_hooks[key]
            return module
    raise OptionError(f"weight_norm of '{name}' not found in {module}")


__all__ = ["WeightNorm", "norm_except_dim", "remove_weight_norm", "scaled", "weight_norm"]
