"""Maps between matrices and orthogonal (or unitary) ones: exponential, Cayley map, Householder reflectors.

All are made of products of matrices, so that they run on every backend. Matrices are the last two dims.
"""

from __future__ import annotations

import math
from typing import Any

from fnnet._tensor import Tensor
from fnnet.autograd.function import Function
from fnnet.autograd.modes import no_grad
from fnnet.functional import creation, joining
from fnnet.functional.elementwise import where
from fnnet.functional.ranges import eye

_DEGREE = 18
_WITHIN = 1.090863719290036
"""The 1-norm up to which the Taylor polynomial of degree 18 is exact to rounding in float64.

Source: Blanes, Kopylov, Seydaoğlu 2021, Efficient scaling and squaring method for the matrix exponential, table 1.
"""


def matrix_exp(a: Tensor) -> Tensor:
    """`exp(A)`, by scaling, Taylor polynomial and squaring.

    Args:
        a: `(..., n, n)`, floating point or complex.

    Returns:
        The same shape.

    Differentiable: Everywhere, any order.

    Source: Blanes, Kopylov, Seydaoğlu 2021, Efficient scaling and squaring method for the matrix exponential.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.orthogonal_maps import matrix_exp
        >>> matrix_exp(fnnet.tensor([[0.0, 1.0], [0.0, 0.0]]))
        tensor([[1., 1.],
                [0., 1.]])
    """
    n = a.shape[-1]
    one = identity(n, a)
    if a.numel() == 0:
        return a + one
    norm = float(a.detach().abs().sum(-2).amax())
    halvings = max(0, math.ceil(math.log2(norm / _WITHIN))) if 0 < norm < math.inf else 0
    x = a * 0.5**halvings
    x2 = x @ x
    x3 = x2 @ x
    found = None  # in powers of x³, each with a polynomial of degree 2 before it
    for k in range(_DEGREE // 3 * 3, -1, -3):
        part = one / math.factorial(k)
        if k < _DEGREE:
            part = part + x / math.factorial(k + 1) + x2 / math.factorial(k + 2)
        found = part if found is None else part + found @ x3
    assert found is not None
    for _ in range(halvings):
        found = found @ found
    return found


def identity(n: int, like: Tensor) -> Tensor:
    """The identity matrix with the dtype and device of another tensor.

    Args:
        n: Its size.
        like: The tensor.

    Returns:
        `(n, n)`.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.orthogonal_maps import identity
        >>> identity(2, fnnet.zeros(1))
        tensor([[1., 0.],
                [0., 1.]])
    """
    return eye(n, dtype=like.dtype, device=like.device)


class _Inverse(Function):
    """The inverse; its gradient `-A⁻ᴴ G A⁻ᴴ` needs only the result."""

    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        found = _by_blocks(a)
        ctx.save_for_backward(found)
        return found

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (found,) = ctx.saved_tensors
        adjoint = found.mH
        return -(adjoint @ grad @ adjoint)


def _by_blocks(a: Tensor) -> Tensor:
    """The inverse by Schur complements of halves: no pivoting, which a positive definite part makes unnecessary."""
    n = a.shape[-1]
    if n <= 1:
        return 1 / a
    m = n // 2
    p, q, r, s = a[..., :m, :m], a[..., :m, m:], a[..., m:, :m], a[..., m:, m:]
    p_inverse = _by_blocks(p)
    left, right = r @ p_inverse, p_inverse @ q
    t = _by_blocks(s - r @ right)
    above = joining.cat([p_inverse + right @ t @ left, -(right @ t)], -1)
    below = joining.cat([-(t @ left), t], -1)
    return joining.cat([above, below], -2)


def inverse(a: Tensor) -> Tensor:
    """The inverse of a matrix whose Hermitian part is positive definite, or that is triangular.

    Args:
        a: `(..., n, n)`, floating point or complex. Other matrices may need pivoting, which is not done.

    Returns:
        The same shape.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.orthogonal_maps import inverse
        >>> inverse(fnnet.tensor([[1.0, -1.0], [1.0, 1.0]]))
        tensor([[ 0.5000,  0.5000],
                [-0.5000,  0.5000]])
    """
    found: Tensor = _Inverse.apply(a)
    return found


def cayley(a: Tensor) -> Tensor:
    """`(I + A/2) (I - A/2)⁻¹` of a skew-Hermitian A: orthogonal.

    Args:
        a: `(..., n, n)` with `Aᴴ = -A`.

    Returns:
        The same shape.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.orthogonal_maps import cayley
        >>> cayley(fnnet.tensor([[0.0, 2.0], [-2.0, 0.0]]))
        tensor([[ 0.,  1.],
                [-1.,  0.]])
    """
    one, half = identity(a.shape[-1], a), a * 0.5
    return inverse(one - half) @ (one + half)


def reflected(a: Tensor) -> Tensor:
    """The first columns of `H₁ H₂ ... Hₖ`, where Hᵢ reflects by column i: `Hᵢ = I - 2 v vᵀ / (vᵀ v)`.

    Args:
        a: `(..., n, k)`, n >= k, real; only what is below the diagonal is read: v has 1 there, and 0 above.

    Returns:
        The same shape, with orthonormal columns.

    Differentiable: Everywhere, any order.

    Source: Joffrin et al. 2006, Accumulating Householder transformations, revisited (the product as `I - V T Vᵀ`).

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.orthogonal_maps import reflected
        >>> reflected(fnnet.tensor([[9.0], [1.0]]))
        tensor([[ 0.],
                [-1.]])
    """
    k = a.shape[-1]
    first = eye(a.shape[-2], k, dtype=a.dtype, device=a.device)
    v = a.tril(-1) + first
    products = v.mT @ v
    t = inverse(products.triu(1) + 0.5 * products * identity(k, a))
    return first - v @ (t @ v[..., :k, :].mT)


@no_grad()
def householder_qr(x: Tensor) -> tuple[Tensor, Tensor]:
    """R and the reflectors of a QR decomposition, as LAPACK's geqrf packs them.

    Args:
        x: `(..., n, k)`, n >= k, floating point or complex.

    Returns:
        `(..., n, k)` with R on and above the diagonal (real on it) and the reflectors below; and their factors tau
        `(..., k)`, 0 where there was nothing to reflect.

    Differentiable: No.

    Source: Golub, Van Loan 2013, Matrix Computations, 5.2; LAPACK's larfg for signs.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.orthogonal_maps import householder_qr
        >>> householder_qr(fnnet.tensor([[3.0], [4.0]]))
        (tensor([[-5.0000],
                [ 0.5000]]), tensor([1.6000]))
    """
    x = x.clone()
    taus = []
    for j in range(x.shape[-1]):
        below = x[..., j + 1 :, j]
        alpha = x[..., j, j]
        real, imag = (alpha.real, alpha.imag) if x.is_complex() else (alpha, None)
        rest = (below.abs() ** 2).sum(-1)
        size = (alpha.abs() ** 2 + rest).sqrt()
        idle = (rest == 0) if imag is None else (rest == 0) & (imag == 0)
        beta = where(idle, real, where(real >= 0, -size, size))
        safe = beta.masked_fill(idle, 1)
        tau = ((safe - alpha) / safe).masked_fill(idle, 0)
        v = (below / (alpha - beta).masked_fill(idle, 1).unsqueeze(-1)).masked_fill(idle.unsqueeze(-1), 0)
        v = joining.cat([creation.ones_like(alpha).unsqueeze(-1), v], -1)
        part = x[..., j:, j + 1 :]
        part -= (tau.conj().unsqueeze(-1) * v).unsqueeze(-1) @ (v.conj().unsqueeze(-2) @ part)
        x[..., j, j] = beta
        x[..., j + 1 :, j] = v[..., 1:]
        taus.append(tau)
    return x, joining.stack(taus, -1) if taus else x.new_zeros((*x.shape[:-2], 0))


@no_grad()
def orthonormalized(x: Tensor) -> Tensor:
    """The Q of a QR decomposition whose R has no negative number on its diagonal.

    Args:
        x: `(..., n, k)`, n >= k, floating point or complex.

    Returns:
        The same shape, with orthonormal columns.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.orthogonal_maps import orthonormalized
        >>> orthonormalized(fnnet.tensor([[3.0], [4.0]]))
        tensor([[0.6000],
                [0.8000]])
    """
    packed, tau = householder_qr(x)
    n, k = x.shape[-2:]
    q = eye(n, k, dtype=x.dtype, device=x.device).expand(x.shape).clone()
    for j in reversed(range(k)):
        v = joining.cat([creation.ones_like(packed[..., :1, j]), packed[..., j + 1 :, j]], -1).unsqueeze(-1)
        part = q[..., j:, :]
        part -= tau[..., j, None, None] * (v @ (v.mH @ part))
    return q * packed.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


__all__ = [
    "cayley", "householder_qr", "identity", "inverse", "matrix_exp", "orthonormalized", "reflected",
]  # fmt: skip
