"""Methods of Tensor that are matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ShapeError
from fnnet.autograd import writes
from fnnet.autograd.modes import MODE
from fnnet.autograd.variable import Variable
from fnnet.functional import affine, contraction, products
from fnnet.functional._common import copy_into, is_tensor

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor


def _write(name: str, target: Any, value: Tensor) -> Tensor:
    if value._data.shape != target._data.shape:
        raise ShapeError(
            f"{name}: output with shape {list(target._data.shape)} doesn't match the broadcast shape "
            f"{list(value._data.shape)}"
        )
    return copy_into(target, value)


class LinearMethods(Variable):
    """Products."""

    matmul = products.matmul
    mm = products.mm
    bmm = products.bmm
    mv = products.mv
    dot = products.dot
    vdot = products.vdot
    inner = contraction.inner
    outer = products.outer
    ger = products.ger
    kron = contraction.kron
    addmm = affine.addmm
    addbmm = affine.addbmm
    baddbmm = affine.baddbmm
    addmv = affine.addmv
    addr = affine.addr

    def __matmul__(self, other: Tensor) -> Tensor:
        return products.matmul(cast("Tensor", self), other) if is_tensor(other) else NotImplemented

    def __rmatmul__(self, other: Tensor) -> Tensor:
        return products.matmul(other, cast("Tensor", self)) if is_tensor(other) else NotImplemented

    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """`addmm` in place."""
        return self._add_product_(affine.addmm, mat1, mat2, beta, alpha)

    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """`addbmm` in place."""
        return self._add_product_(affine.addbmm, batch1, batch2, beta, alpha)

    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """`baddbmm` in place."""
        return self._add_product_(affine.baddbmm, batch1, batch2, beta, alpha)

    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """`addmv` in place."""
        return self._add_product_(affine.addmv, mat, vec, beta, alpha)

    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """`addr` in place."""
        return self._add_product_(affine.addr, vec1, vec2, beta, alpha)

    def _add_product_(self, function: Any, a: Tensor, b: Tensor, beta: Number, alpha: Number) -> Tensor:
        name = function.__name__ + "_"
        writes.check_writable(self, name, MODE.state.grad)
        return _write(name, self, function(self, a, b, beta=beta, alpha=alpha))
