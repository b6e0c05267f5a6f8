"""The older spectral norm: a weight divided by its largest singular value, by a hook before each forward."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, TypeVar

from fnnet._core.errors import AutogradError, OptionError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.parameter import Parameter, is_lazy

M = TypeVar("M", bound=Module)


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """A weight as a matrix whose rows are the slices along one dim.

    Args:
        weight: Two dims or more.
        dim: The dim of the rows.

    Returns:
        `(n, the others)`.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.spectral_normalization import as_matrix
        >>> as_matrix(fnnet.zeros(2, 3, 4), 1).shape
        fnnet.Size([3, 8])
    """
    if dim != 0:
        weight = weight.permute(dim, *(d for d in range(weight.ndim) if d != dim))
    return weight.flatten(1)


def outputs_dim(module: Module) -> int:
    """The dim of a layer's weight that counts its outputs: 1 of a transposed convolution, 0 of all others.

    Args:
        module: A layer.

    Returns:
        The dim.

    Example:
        >>> from fnnet import nn
        >>> from fnnet.nn.utils.spectral_normalization import outputs_dim
        >>> outputs_dim(nn.Linear(2, 3))
        0
    """
    return 1 if getattr(module, "transposed", False) is True else 0


class SpectralNorm:
    """The hook: computes a module's weight from the original one before each forward.

    Args:
        name: Of the weight.
        n_power_iterations: Steps of the power method in each forward in training.
        dim: The dim of the weight that counts the outputs.
        eps: Least norm of a vector that is divided by its norm.

    Raises:
        OptionError: n_power_iterations is not positive.

    Example:
        >>> from fnnet.nn.utils.spectral_normalization import SpectralNorm
        >>> SpectralNorm("weight", 1, 0, 1e-12).name
        'weight'
    """

    version = 1  # since version 1 the state holds v, and not the weight

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        if n_power_iterations <= 0:
            raise OptionError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def weight(self, module: Module, improve: bool) -> Tensor:
        """The weight, after some steps towards the singular vectors where `improve` asks for them."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = as_matrix(weight, self.dim)
        if improve:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v = F.normalize(matrix.t().mv(u), dim=0, eps=self.eps, out=v)
                    u = F.normalize(matrix.mv(v), dim=0, eps=self.eps, out=u)
                u, v = u.clone(), v.clone()  # the next forward writes the buffers; this one's gradient needs its own
        found: Tensor = weight / u.dot(matrix.mv(v))
        return found

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.weight(module, improve=module.training))


class _Mark:
    """Notes in a state_dict's metadata which version of spectral norm it holds."""

    def __init__(self, of: SpectralNorm) -> None:
        self.of = of

    def __call__(self, module: Module, state: Any, prefix: str, local_metadata: dict[str, Any]) -> None:
        local_metadata.setdefault("spectral_norm", {})[self.of.name + ".version"] = self.of.version


class _Upgrade:
    """Finds v for a state_dict of before version 1, which holds the weight instead."""

    def __init__(self, of: SpectralNorm) -> None:
        self.of = of

    def __call__(
        self,
        state_dict: MutableMapping[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        version = local_metadata.get("spectral_norm", {}).get(self.of.name + ".version")
        if version is not None and version >= 1:
            return
        key = prefix + self.of.name
        if version is None and key not in state_dict and all(key + s in state_dict for s in ("_orig", "_u", "_v")):
            return  # of today, without its metadata
        missing = [key + s for s in ("_orig", "", "_u") if key + s not in state_dict]
        if missing:
            missing_keys += missing if strict else []
            return
        with no_grad():
            original, u = state_dict[key + "_orig"], state_dict[key + "_u"]
            sigma = (original / state_dict.pop(key)).mean()
            matrix = as_matrix(original, self.of.dim)
            v = _least_squares(matrix, u)
            state_dict[key + "_v"] = v * (sigma / u.dot(matrix.mv(v)))


def _least_squares(a: Tensor, b: Tensor) -> Tensor:
    """The smallest x that minimizes ||a x - b||, by conjugate gradients on the normal equations (CGLS)."""
    x = b.new_zeros(a.shape[1])
    rest = b.clone()
    step = grad = a.t().mv(rest)
    size = grad.dot(grad)
    enough = float(size) * 1e-24  # relative error 1e-12 of the gradient
    for _ in range(2 * min(a.shape)):
        if float(size) <= enough:
            break
        moved = a.mv(step)
        rate = size / moved.dot(moved)
        x = x + rate * step
        rest = rest - rate * moved
        grad = a.t().mv(rest)
        new = grad.dot(grad)
        step = grad + (new / size) * step
        size = new
    return x


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value, as one step of the power method per forward tells it.

    `parametrizations.spectral_norm` is what to use.

    Args:
        module: Holds the weight.
        name: Its name. The module gets a parameter `weight_orig` and buffers `weight_u` and `weight_v`. Default:
            "weight".
        n_power_iterations: Steps of the power method in each forward in training. Default: 1.
        eps: Least norm of a vector that is divided by its norm. Default: 1e-12.
        dim: The dim of the weight that counts the outputs. Default: 0; 1 of a transposed convolution.

    Returns:
        `module`.

    Raises:
        AutogradError: The weight has one.
        OptionError: n_power_iterations is not positive, the weight is None or uninitialized.
        KeyError: There is no such weight.

    Source: Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks.

    Example:
        >>> from fnnet import nn
        >>> m = nn.utils.spectral_norm(nn.Linear(20, 40))
        >>> m.weight_u.shape, m.weight_orig.shape
        (fnnet.Size([40]), fnnet.Size([40, 20]))
    """
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            raise AutogradError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    made = SpectralNorm(name, n_power_iterations, outputs_dim(module) if dim is None else dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise OptionError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    if is_lazy(weight):
        raise OptionError(
            "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
            "forward before applying spectral normalization"
        )
    with no_grad():
        height, width = as_matrix(weight, made.dim).shape
        u = F.normalize(weight.new_empty(height).normal_(0, 1), dim=0, eps=eps)
        v = F.normalize(weight.new_empty(width).normal_(0, 1), dim=0, eps=eps)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.data)  # until the first forward
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(made)
    module._register_state_dict_hook(_Mark(made))
    module._register_load_state_dict_pre_hook(_Upgrade(made))
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make a weight with `spectral_norm` a plain parameter again.

    Args:
        module: Holds the weight.
        name: Its name. Default: "weight".

    Returns:
        `module`.

    Raises:
        OptionError: The weight has no spectral norm.

    Example:
        >>> from fnnet import nn
        >>> m = nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(20, 40)))
        >>> sorted(m.state_dict())
        ['bias', 'weight']
    """
    hooks = module._forward_pre_hooks
    key = next((k for k, h in hooks.items() if isinstance(h, SpectralNorm) and h.name == name), None)
    if key is None:
        raise OptionError(f"spectral_norm of '{name}' not found in {module}")
    hook = hooks.pop(key)
    with no_grad():
        weight = hook.weight(module, improve=False)
    for suffix in ("", "_u", "_v", "_orig"):
        delattr(module, name + suffix)
    module.register_parameter(name, Parameter(weight.detach()))
    for table in (module._state_dict_hooks, module._load_state_dict_pre_hooks):
        for k, other in list(table.items()):
            if isinstance(other, _Mark | _Upgrade) and other.of is hook:
                del table[k]
    return module


__all__ = ["SpectralNorm", "as_matrix", "outputs_dim", "remove_spectral_norm", "spectral_norm"]
