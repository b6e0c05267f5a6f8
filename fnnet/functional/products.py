"""Products of matrices and vectors.

Operands are `Any` before they are checked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace, Shape, sum_to
from fnnet._core.op import Make, Op, Sample
from fnnet.autograd import tape
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.functional._common import broadcast_shape, dtype_of, into, into_same, need_tensor
from fnnet.functional.arithmetic import mul
from fnnet.functional.broadcasting import EXPAND
from fnnet.functional.complex_numbers import conj
from fnnet.functional.shape import PERMUTE, RESHAPE

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


def _swap(k: K[A], x: A) -> A:
    """The last two dims exchanged."""
    n = x.ndim
    return k.permute(x, dims=(*range(n - 2), n - 1, n - 2))


def reshape(x: Tensor, shape: Shape) -> Tensor:
    """`x` in another shape, all sizes known."""
    return cast("Tensor", apply(RESHAPE, x, shape=shape))


def permute(x: Tensor, dims: Shape) -> Tensor:
    """`x` with its dims in another order, all of them non-negative."""
    return cast("Tensor", apply(PERMUTE, x, dims=dims))


# matmul ----------------------------------------------------------------------------------------------------------
def _matmul_backward(k: K[A], c: Call[A], g: A) -> Grads:
    a, b = c.inputs
    ga = gb = None
    if c.needs[0]:
        ga = sum_to(k, k.matmul(g, _swap(k, b)), c.shapes[0])
    if c.needs[1]:
        if len(c.shapes[1]) == 2 and a.ndim > 2:  # one product over all rows instead of one per batch and their sum
            rows = math.prod(a.shape[:-1])
            a, g = k.reshape(a, shape=(rows, a.shape[-1])), k.reshape(g, shape=(rows, g.shape[-1]))
        gb = sum_to(k, k.matmul(_swap(k, a), g), c.shapes[1])
    return ga, gb


def _matmul_samples(make: Make) -> Any:
    yield Sample(make(2, 3), make(3, 4))
    yield Sample(make(5, 2, 3), make(3, 4))
    yield Sample(make(2, 1, 2, 3), make(3, 3, 2))
    yield Sample(make(2, 0), make(0, 3))
    yield Sample(make(0, 2, 3), make(0, 3, 1))


def _matmul_title(node: Any) -> str:
    """PyTorch multiplies batches by a matrix as one matrix of many rows; where it stands left, the result is turned."""
    a, b = node.shapes
    if len(a) == 2 and len(b) == 2:
        return "MmBackward0"
    if len(a) > 2 or not node.needs[0]:
        return "UnsafeViewBackward0"
    turned_is_dense = a[0] == 1 or b[-1] == 1 or 0 in (a[0], *b[:-2], b[-1])
    return "TransposeBackward0" if turned_is_dense else "CloneBackward0"


MATMUL = Op(
    "matmul", title=_matmul_title,
    backward=_matmul_backward, uses=((1,), (0,)), onnx="MatMul", samples=_matmul_samples,
)  # fmt: skip
BMM = MATMUL.titled("BmmBackward0")


def product(a: Tensor, b: Tensor, op: Op = MATMUL) -> Tensor:
    """The op itself: two operands of at least two dims and equal dtype, whose shapes fit."""
    r = tape.binary(op, a, b)
    return cast("Tensor", apply(op, a, b) if r is None else r)


def check_dtypes(name: str, **operands: Any) -> None:
    """Tensors of one dtype, not bool."""
    need_tensor(name, **operands)
    found = [dtype_of(t) for t in operands.values()]
    dtype = found[0]
    if any(d is not dtype for d in found):
        names = " and ".join(operands)
        raise DTypeError(
            f"{name}: expected {names} to have the same dtype, but got: {' != '.join(d.name for d in found)}"
        )
    if dtype.category == 0:
        raise UnsupportedDTypeError(f"{name}: not implemented for 'Bool'")


def check_rank(name: str, argument: str, t: Any, ndim: int) -> None:
    if t._data.ndim != ndim:
        raise ShapeError(
            f"{name}: {argument} must be a {'vector' if ndim == 1 else 'matrix' if ndim == 2 else f'{ndim}D tensor'}, "
            f"{ndim}D expected, got {t._data.ndim}D (shape {tuple(t._data.shape)})"
        )


def shape_of(t: Any) -> Shape:
    return tuple(t._data.shape)


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product; leading dims are batches and broadcast.

    Args:
        input: `(..., N, K)`, or `(K,)`, which counts as one row that is dropped from the result. Any dtype but bool.
        other: `(..., K, M)`, or `(K,)`, which counts as one column that is dropped from the result. Of input's dtype.
        out: Where to write the result.

    Returns:
        `(..., N, M)`, less what stood for a vector, in input's dtype.

    Raises:
        ShapeError: The inner sizes differ, the batches do not broadcast, or an operand has no dim.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.matmul(fnnet.tensor([[1.0, 2.0], [3.0, 4.0]]), fnnet.tensor([1.0, 1.0]))
        tensor([3., 7.])
    """
    check_dtypes("matmul", input=input, other=other)
    r = broadcast_product(input, other)
    return r if out is None else into_same("matmul", out, r)


def broadcast_product(a: Tensor, b: Tensor) -> Tensor:
    """`matmul` of operands of one dtype."""
    x, y = shape_of(a), shape_of(b)
    n, m = len(x), len(y)
    if n == 2 and m == 2:
        return _mm("matmul", a, b)
    if n == 0 or m == 0:
        raise ShapeError(f"matmul: both arguments to matmul need to be at least 1D, but they are {n}D and {m}D")
    inner = y[-2] if m > 1 else y[0]
    if x[-1] != inner:
        raise ShapeError(_mismatch(x, y))
    if n > 2 and m > 2 and x[:-2] != y[:-2]:
        broadcast_shape("matmul", x[:-2], y[:-2])
    if n == 1:
        a = reshape(a, (1, *x))
    if m == 1:
        b = reshape(b, (*y, 1))
    r = product(a, b)
    if n == 1 or m == 1:
        whole = shape_of(r)
        r = reshape(r, (*whole[:-2], *(() if n == 1 else whole[-2:-1]), *(() if m == 1 else whole[-1:])))
        entitle(r, _VECTOR_PRODUCTS.get((n, m), "UnsafeViewBackward0"))
    return r


_VECTOR_PRODUCTS = {(1, 1): "DotBackward0", (2, 1): "MvBackward0", (1, 2): "SqueezeBackward4"}
"""PyTorch's last node of a product with vectors, by the operands' numbers of dims."""


def _mismatch(x: Shape, y: Shape) -> str:
    """PyTorch has a phrase of its own for each pair of ranks."""
    if len(x) == 1 and len(y) == 1:
        return (
            f"matmul: inconsistent tensor size, expected tensor [{x[0]}] and src [{y[0]}] to have the same number of "
            f"elements, but got {x[0]} and {y[0]} elements respectively"
        )
    if len(y) == 1 and len(x) == 2:
        return f"matmul: size mismatch, got input ({x[0]}), mat ({x[0]}x{x[1]}), vec ({y[0]})"
    if len(y) <= 2:
        rows = math.prod(x[:-1])
        return (
            f"matmul: mat1 and mat2 shapes cannot be multiplied ({rows}x{x[-1]} and {y[0]}x"
            f"{y[-1] if len(y) == 2 else 1}) (input: {x}, other: {y})"
        )
    return (
        f"matmul: Expected size for first two dimensions of batch2 tensor to be: [{math.prod(y[:-2])}, {x[-1]}] but "
        f"got: [{math.prod(y[:-2])}, {y[-2]}] (input: {x}, other: {y})"
    )


def _mm(name: str, a: Tensor, b: Tensor) -> Tensor:
    x, y = a._data.shape, b._data.shape
    if x[1] != y[0]:
        raise ShapeError(f"{name}: mat1 and mat2 shapes cannot be multiplied ({x[0]}x{x[1]} and {y[0]}x{y[1]})")
    return product(a, b)


def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices.

    Args:
        input: `(N, K)`, any dtype but bool.
        mat2: `(K, M)` of input's dtype.
        out: Where to write the result.

    Returns:
        `(N, M)` in input's dtype.

    Raises:
        ShapeError: An operand is no matrix, or the inner sizes differ.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.mm(fnnet.tensor([[1, 2], [3, 4]]), fnnet.tensor([[1, 0], [0, 2]]))
        tensor([[1, 4],
                [3, 8]])
    """
    check_dtypes("mm", input=input, mat2=mat2)
    check_rank("mm", "self", input, 2)
    check_rank("mm", "mat2", mat2, 2)
    r = _mm("mm", input, mat2)
    return r if out is None else into_same("mm", out, r)


def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of two batches of matrices; nothing broadcasts.

    Args:
        input: `(B, N, K)`, any dtype but bool.
        mat2: `(B, K, M)` of input's dtype.
        out: Where to write the result.

    Returns:
        `(B, N, M)` in input's dtype.

    Raises:
        ShapeError: An operand has not three dims, or the sizes do not fit.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.bmm(fnnet.ones(2, 1, 3), fnnet.ones(2, 3, 1)).flatten()
        tensor([3., 3.])
    """
    need_tensor("bmm", input=input, mat2=mat2)
    r = batch_product("bmm", input, mat2)
    return r if out is None else into_same("bmm", out, r)


def batch_product(name: str, a: Tensor, b: Tensor) -> Tensor:
    """`bmm` under another function's name."""
    check_dtypes(name, batch1=a, batch2=b)
    check_rank(name, "batch1", a, 3)
    check_rank(name, "batch2", b, 3)
    x, y = shape_of(a), shape_of(b)
    if x[0] != y[0] or x[2] != y[1]:
        raise ShapeError(
            f"{name}: Expected size for first two dimensions of batch2 tensor to be: [{x[0]}, {x[2]}] but got: "
            f"[{y[0]}, {y[1]}]."
        )
    return product(a, b, BMM)


def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of a matrix and a vector.

    Args:
        input: `(N, K)`, any dtype but bool.
        vec: `(K,)` of input's dtype.
        out: Where to write the result.

    Returns:
        `(N,)` in input's dtype.

    Raises:
        ShapeError: The operands are no matrix and vector, or the inner sizes differ.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.mv(fnnet.tensor([[1.0, 2.0], [3.0, 4.0]]), fnnet.tensor([1.0, 1.0]))
        tensor([3., 7.])
    """
    check_dtypes("mv", input=input, vec=vec)
    check_rank("mv", "input", input, 2)
    check_rank("mv", "vec", vec, 1)
    r = broadcast_product(input, vec)
    return r if out is None else into_same("mv", out, r)


def _dot(name: str, a: Tensor, b: Tensor) -> Tensor:
    need_tensor(name, input=a, tensor=b)
    if a._data.ndim != 1 or b._data.ndim != 1:
        raise ShapeError(f"{name}: 1D tensors expected, but got {a._data.ndim}D and {b._data.ndim}D tensors")
    if dtype_of(a) is not dtype_of(b):
        raise DTypeError(
            f"{name}: dot : expected both vectors to have same dtype, but found {dtype_of(a).name} and "
            f"{dtype_of(b).name}"
        )
    check_dtypes(name, self=a, tensor=b)
    return broadcast_product(a, b)


def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sum of the products of two vectors' elements; nothing is conjugated.

    Args:
        input: `(N,)`, any dtype but bool.
        tensor: `(N,)` of input's dtype.
        out: Where to write the result.

    Returns:
        A 0-d tensor of input's dtype.

    Raises:
        ShapeError: An operand is no vector, or their lengths differ.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.dot(fnnet.tensor([2, 3]), fnnet.tensor([2, 1]))
        tensor(7)
    """
    r = _dot("dot", input, tensor)
    entitle(r, "DotBackward0")
    return r if out is None else into_same("dot", out, r)


def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`dot` with the conjugate of `input`.

    Args:
        input: `(N,)`, any dtype but bool; conjugated where it is complex.
        other: `(N,)` of input's dtype.
        out: Where to write the result.

    Returns:
        A 0-d tensor of input's dtype.

    Raises:
        ShapeError: An operand is no vector, or their lengths differ.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.vdot(fnnet.tensor([2, 3]), fnnet.tensor([2, 1]))
        tensor(7)
    """
    need_tensor("vdot", input=input, other=other)
    r = _dot("vdot", conj(input), other)
    entitle(r, "VdotBackward0")
    return r if out is None else into_same("vdot", out, r)


def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of each element of one vector and each of the other: `y[n, m] = input[n] * vec2[m]`.

    Args:
        input: `(N,)`, any dtype.
        vec2: `(M,)`; dtypes that differ are promoted.
        out: Where to write the result.

    Returns:
        `(N, M)` in the promoted dtype.

    Raises:
        ShapeError: An operand is no vector.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.outer(fnnet.tensor([1, 2]), fnnet.tensor([3, 4]))
        tensor([[3, 4],
                [6, 8]])
    """
    need_tensor("outer", input=input, vec2=vec2)
    check_rank("outer", "self", input, 1)
    check_rank("outer", "vec2", vec2, 1)
    r = mul(reshape(input, (*shape_of(input), 1)), vec2)
    return r if out is None else into("outer", out, r)


ger = outer


def contract(a: Tensor, b: Tensor, dims_a: Sequence[int], dims_b: Sequence[int]) -> Tensor:
    """Sum over pairs of dims by one matrix product; a dim of size 1 meets one of any size, which is then summed."""
    x, y = shape_of(a), shape_of(b)
    shared = [max(x[i], y[j]) if x[i] and y[j] else 0 for i, j in zip(dims_a, dims_b, strict=True)]
    if [x[i] for i in dims_a] != shared:
        x = tuple(shared[dims_a.index(i)] if i in dims_a else n for i, n in enumerate(x))
        a = cast("Tensor", apply(EXPAND, a, shape=x))
    if [y[j] for j in dims_b] != shared:
        y = tuple(shared[dims_b.index(j)] if j in dims_b else n for j, n in enumerate(y))
        b = cast("Tensor", apply(EXPAND, b, shape=y))
    left = [i for i in range(len(x)) if i not in dims_a]
    right = [j for j in range(len(y)) if j not in dims_b]
    rows, cols, both = [x[i] for i in left], [y[j] for j in right], math.prod(shared)
    a = reshape(permute(a, (*left, *dims_a)), (math.prod(rows), both))
    b = reshape(permute(b, (*dims_b, *right)), (both, math.prod(cols)))
    return reshape(product(a, b), (*rows, *cols))


__all__ = ["MATMUL", "bmm", "dot", "ger", "matmul", "mm", "mv", "outer", "vdot"]
