"""Parametrizations that are known to be useful: weight norm, spectral norm, orthogonal matrices."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, TypeVar

from fnnet._core.errors import IndexRangeError, MissingMethodError, OptionError, ShapeError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.functional import creation, joining
from fnnet.functional.comparison import allclose
from fnnet.functional.queries import finfo
from fnnet.functional.random import randn
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.utils.orthogonal_maps import cayley, householder_qr, identity, matrix_exp, orthonormalized, reflected
from fnnet.nn.utils.parametrize import register_parametrization
from fnnet.nn.utils.spectral_normalization import as_matrix, outputs_dim
from fnnet.nn.utils.weight_normalization import norm_except_dim, scaled

M = TypeVar("M", bound=Module)

_MAPS = ("matrix_exp", "cayley", "householder")


def _tensor_of(module: Module, name: str) -> Tensor:
    found = getattr(module, name, None)
    if not isinstance(found, Tensor):
        raise OptionError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return found


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return scaled(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, self.dim), weight


class _OldNames:
    """Loads what was saved with the older weight norm."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, state_dict: MutableMapping[str, Any], prefix: str, *rest: Any) -> None:
        old = [f"{prefix}{self.name}_g", f"{prefix}{self.name}_v"]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{self.name}.original{i}"] = state_dict.pop(key)


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Split a weight into magnitude g and direction v: `w = g v / ||v||`.

    Args:
        module: Holds the weight.
        name: Its name. g and v are parameters `original0` and `original1` of `module.parametrizations.weight`. Default:
            "weight".
        dim: The dim along which each slice has a magnitude; None: one for all. Default: 0.

    Returns:
        `module`. It loads state of the older `nn.utils.weight_norm`, too.

    Raises:
        OptionError: There is no such weight.
        IndexRangeError: The weight has no such dim.

    Source: Salimans, Kingma 2016, Weight Normalization.

    Example:
        >>> from fnnet import nn
        >>> m = nn.utils.parametrizations.weight_norm(nn.Linear(20, 40))
        >>> m.parametrizations.weight.original0.shape, m.weight.shape
        (fnnet.Size([40, 1]), fnnet.Size([40, 20]))
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module._register_load_state_dict_pre_hook(_OldNames(name))
    return module


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        n = weight.ndim
        if not -n <= dim < n:
            raise IndexRangeError(f"Dimension out of range (expected to be in range of [-{n}, {n - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise OptionError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % n
        self.eps = eps
        if n > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim)
            height, width = matrix.shape
            u = matrix.new_empty(height).normal_(0, 1)
            v = matrix.new_empty(width).normal_(0, 1)
            self.register_buffer("_u", F.normalize(u, dim=0, eps=eps))
            self.register_buffer("_v", F.normalize(v, dim=0, eps=eps))
            self._improve(matrix, 15)  # PyTorch's number of steps to begin with

    @no_grad()
    def _improve(self, matrix: Tensor, steps: int) -> None:
        """Steps of the power method, into the buffers."""
        for _ in range(steps):
            F.normalize(matrix.mv(self._v), dim=0, eps=self.eps, out=self._u)
            F.normalize(matrix.mH.mv(self._u), dim=0, eps=self.eps, out=self._v)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._improve(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # the next access writes the buffers; this gradient needs its own
        return weight / u.vdot(matrix.mv(v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value, which the power method estimates at each access in training.

    Args:
        module: Holds the weight; of one dim, it is divided by its norm.
        name: Its name. Default: "weight".
        n_power_iterations: Steps of the power method at each access in training. Default: 1.
        eps: Least norm of a vector that is divided by its norm. Default: 1e-12.
        dim: The dim of the weight that counts the outputs. Default: 0; 1 of a transposed convolution.

    Returns:
        `module`. The parametrization's buffers `_u` and `_v` hold the singular vectors.

    Raises:
        OptionError: There is no such weight, or n_power_iterations is not positive.
        IndexRangeError: The weight has no such dim.

    Source: Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> m = nn.Linear(2, 2)
        >>> _ = nn.init.eye_(m.weight).data.mul_(4)
        >>> nn.utils.parametrizations.spectral_norm(m).weight.detach().round(decimals=4)
        tensor([[1., 0.],
                [0., 1.]])
    """
    weight = _tensor_of(module, name)
    dim = outputs_dim(module) if dim is None else dim
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))


def _is_orthogonal(q: Tensor) -> bool:
    leave = 10.0 * q.shape[-2] * finfo(q.dtype).eps  # PyTorch's
    return bool(allclose(q.mH @ q, identity(q.shape[-1], q), atol=leave))


class _Orthogonal(Module):
    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise OptionError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        n, k = X.shape[-2:]
        wide = n < k
        if wide:
            X, n, k = X.mT, k, n
        if self.orthogonal_map == "householder":
            q = reflected(X) * X.detach().diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)  # signs are no parameters
        else:
            X = X.tril()
            if n != k:
                X = joining.cat([X, X.new_zeros((*X.shape[:-1], n - k))], -1)
            skew = X - X.mH
            q = matrix_exp(skew) if self.orthogonal_map == "matrix_exp" else cayley(skew)
            q = q[..., :k]
        if self._trivialized():
            q = self.base @ q  # type: ignore[operator]  # set at registration
        return q.mT if wide else q

    def _trivialized(self) -> bool:
        return "base" in self._buffers

    @no_grad()
    def right_inverse(self, Q: Tensor) -> Tensor:
        if Q.shape != self.shape:
            raise ShapeError(
                f"Expected a matrix or batch of matrices of shape {tuple(self.shape)}. Got a tensor of shape "
                f"{tuple(Q.shape)}."
            )
        given = Q
        n, k = Q.shape[-2:]
        wide = n < k
        if wide:
            Q, n, k = Q.mT, k, n
        if not self._trivialized():
            if self.orthogonal_map != "householder":
                raise MissingMethodError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                    "use_trivialization=False."
                )
            packed, tau = householder_qr(Q)
            # Q = (-Q)(-I): the signs of R's diagonal are those of the columns. Where there was nothing to reflect,
            # `reflected` reflects nevertheless.
            signs = packed.diagonal(dim1=-2, dim2=-1)
            signs.copy_(signs.sign() * (1 - 2 * (tau == 0).to(signs.dtype)))
            return packed.mT if wide else packed
        if n != k:
            Q = joining.cat([Q, randn((*Q.shape[:-1], n - k), dtype=Q.dtype, device=Q.device)], -1)
            self.base = orthonormalized(Q)
        else:
            self.base = Q.clone() if _is_orthogonal(Q) else orthonormalized(Q)
        start = creation.zeros_like(given)  # minus the identity: its signs undo the reflections
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return start


def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """Keep a matrix orthogonal, or unitary: its columns are orthonormal, or its rows where it is wide.

    Args:
        module: Holds the matrix.
        name: Its name; the last two dims are the matrix, others a batch. Default: "weight".
        orthogonal_map: What makes an orthogonal matrix of the original: "matrix_exp" (of a skew matrix), "cayley"
            (`(I + A/2)(I - A/2)⁻¹` of one) or "householder" (a product of reflections; not of complex matrices).
            Default: "matrix_exp" where the matrix is square or complex, else "householder".
        use_trivialization: Multiply by a constant orthogonal matrix, buffer `base`, from which the map is a step.
            Default: True.

    Returns:
        `module`. The matrix begins as it was where it is orthogonal, else as its Q of QR; without trivialization, the
        exponential and the Cayley map begin with what they make of the matrix, and can't be assigned to.

    Raises:
        OptionError: There is no such matrix, it has fewer than two dims, or the map is unknown or not for complex
            numbers.

    Source: Lezcano-Casado 2019, Trivializations for Gradient-Based Optimization on Manifolds.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> w = nn.utils.parametrizations.orthogonal(nn.Linear(20, 40)).weight
        >>> fnnet.allclose(w.mT @ w, fnnet.eye(20), atol=1e-5)
        True
    """
    weight = _tensor_of(module, name)
    if weight.ndim < 2:
        raise OptionError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in _MAPS:
        raise OptionError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)


__all__ = ["orthogonal", "spectral_norm", "weight_norm"]
