"""Matrix products and what is made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape, sum_to
from fnnet._core.op import Make, Op, Sample
from fnnet.autograd import tape
from fnnet.autograd.tape import apply
from fnnet.functional._common import broadcast_shape, dtype_of, into, need_tensor
from fnnet.functional.arithmetic import add, mul
from fnnet.functional.complex_numbers import conj
from fnnet.functional.shape import EXPAND, PERMUTE, RESHAPE

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
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


MATMUL = Op("matmul", backward=_matmul_backward, uses=((1,), (0,)), onnx="MatMul", samples=_matmul_samples)


def product(a: Tensor, b: Tensor) -> Tensor:
    """The op itself: two operands of at least two dims and equal dtype, whose shapes fit."""
    r = tape.binary(MATMUL, a, b)
    return cast("Tensor", apply(MATMUL, a, b) if r is None else r)


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
        raise DTypeError(f"{name}: not implemented for 'Bool'")


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
        input: `(..., N, K)`, or `(K,)`, which counts as one row that is dropped from the result.
        other: `(..., K, M)`, or `(K,)`, which counts as one column that is dropped from the result. Of input's dtype.
        out: Where to write the result.

    Returns:
        `(..., N, M)`, less what stood for a vector.

    Raises:
        ShapeError: The inner sizes differ, the batches do not broadcast, or an operand has no dim.
        DTypeError: The dtypes differ, or are bool.

    Example:
        >>> import fnnet
        >>> fnnet.matmul(fnnet.tensor([[1.0, 2.0], [3.0, 4.0]]), fnnet.tensor([1.0, 1.0]))
        tensor([3., 7.])
    """
    check_dtypes("matmul", input=input, other=other)
    r = _matmul(input, other)
    return r if out is None else into(out, r)


def _matmul(a: Tensor, b: Tensor) -> Tensor:
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
    return r


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
    """The product of two matrices, `(N, K)` and `(K, M)`; nothing broadcasts.

    Example:
        >>> import fnnet
        >>> fnnet.mm(fnnet.tensor([[1, 2], [3, 4]]), fnnet.tensor([[1, 0], [0, 2]]))
        tensor([[1, 4],
                [3, 8]])
    """
    check_dtypes("mm", mat1=input, mat2=mat2)
    check_rank("mm", "self", input, 2)
    check_rank("mm", "mat2", mat2, 2)
    r = _mm("mm", input, mat2)
    return r if out is None else into(out, r)


def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of two batches of matrices, `(B, N, K)` and `(B, K, M)`; nothing broadcasts.

    Example:
        >>> import fnnet
        >>> fnnet.bmm(fnnet.ones(2, 1, 3), fnnet.ones(2, 3, 1)).flatten()
        tensor([3., 3.])
    """
    r = _bmm("bmm", input, mat2)
    return r if out is None else into(out, r)


def _bmm(name: str, a: Tensor, b: Tensor) -> Tensor:
    check_dtypes(name, batch1=a, batch2=b)
    check_rank(name, "batch1", a, 3)
    check_rank(name, "batch2", b, 3)
    x, y = shape_of(a), shape_of(b)
    if x[0] != y[0] or x[2] != y[1]:
        raise ShapeError(
            f"{name}: Expected size for first two dimensions of batch2 tensor to be: [{x[0]}, {x[2]}] but got: "
            f"[{y[0]}, {y[1]}]."
        )
    return product(a, b)


def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of a matrix `(N, K)` and a vector `(K,)`.

    Example:
        >>> import fnnet
        >>> fnnet.mv(fnnet.tensor([[1.0, 2.0], [3.0, 4.0]]), fnnet.tensor([1.0, 1.0]))
        tensor([3., 7.])
    """
    check_dtypes("mv", input=input, vec=vec)
    check_rank("mv", "input", input, 2)
    check_rank("mv", "vec", vec, 1)
    r = _matmul(input, vec)
    return r if out is None else into(out, r)


def _dot(name: str, a: Tensor, b: Tensor) -> Tensor:
    need_tensor(name, self=a, tensor=b)
    if a._data.ndim != 1 or b._data.ndim != 1:
        raise ShapeError(f"{name}: 1D tensors expected, but got {a._data.ndim}D and {b._data.ndim}D tensors")
    if dtype_of(a) is not dtype_of(b):
        raise DTypeError(
            f"{name}: dot : expected both vectors to have same dtype, but found {dtype_of(a).name} and "
            f"{dtype_of(b).name}"
        )
    check_dtypes(name, self=a, tensor=b)
    return _matmul(a, b)


def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sum of the products of two vectors' elements.

    Example:
        >>> import fnnet
        >>> fnnet.dot(fnnet.tensor([2, 3]), fnnet.tensor([2, 1]))
        tensor(7)
    """
    r = _dot("dot", input, tensor)
    return r if out is None else into(out, r)


def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`dot` with the conjugate of `input`.

    Example:
        >>> import fnnet
        >>> fnnet.vdot(fnnet.tensor([2, 3]), fnnet.tensor([2, 1]))
        tensor(7)
    """
    need_tensor("vdot", input=input, other=other)
    r = _dot("vdot", conj(input), other)
    return r if out is None else into(out, r)


def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of each element of one vector and each of the other: `(N,)` and `(M,)` give `(N, M)`.

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
    return r if out is None else into(out, r)


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


def _need_expandable(name: str, argument: str, shape: Shape, target: Shape) -> None:
    """Raise unless `shape` broadcasts to `target`."""
    if len(shape) > len(target):
        raise ShapeError(
            f"{name}: {argument} of shape {shape} does not expand to {target}: the number of sizes provided "
            f"({len(target)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    for i in range(1, len(shape) + 1):
        if shape[-i] not in (1, target[-i]):
            raise ShapeError(
                f"{name}: The expanded size of the tensor ({target[-i]}) must match the existing size ({shape[-i]}) at "
                f"non-singleton dimension {len(target) - i}. Target sizes: {list(target)}. {argument}'s sizes: "
                f"{list(shape)}"
            )


# a product added to something ------------------------------------------------------------------------------------
def _add_product(name: str, input: Tensor, product: Tensor, beta: Number, alpha: Number, out: Tensor | None) -> Tensor:
    """`beta * input + alpha * product`; with beta 0, NaN and infinities of `input` do not count."""
    need_tensor(name, input=input)
    dtype = dtype_of(product)
    if dtype_of(input) is not dtype:
        raise DTypeError(
            f"{name}: self and mat2 must have the same dtype, but got {dtype_of(input).name} and {dtype.name}"
        )
    if dtype.category < 2:
        beta, alpha = int(beta), int(alpha)  # type: ignore[arg-type]  # PyTorch truncates them here
    return _scaled_sum(name, input, product, beta, alpha, out)


def _scaled_sum(name: str, input: Tensor, product: Tensor, beta: Number, alpha: Number, out: Tensor | None) -> Tensor:
    shape = shape_of(product)
    _need_expandable(name, "input", shape_of(input), shape)
    r = product if alpha == 1 else mul(product, alpha)
    if beta != 0:
        r = add(input if beta == 1 else mul(input, beta), r)
    return r if out is None else into(out, r)


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * mat1 @ mat2`.

    Args:
        input: Broadcasts to `(N, M)`; with `beta=0` its values do not count.
        mat1: `(N, K)`.
        mat2: `(K, M)`.
        beta: Factor of `input`. Default: 1.
        alpha: Factor of the product. Default: 1.
        out: Where to write the result.

    Example:
        >>> import fnnet
        >>> fnnet.addmm(fnnet.tensor([1.0, 0.0]), fnnet.eye(2), fnnet.ones(2, 2), alpha=2)
        tensor([[3., 2.],
                [3., 2.]])
    """
    return _add_product("addmm", input, mm(mat1, mat2), beta, alpha, out)


def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * sum_b batch1[b] @ batch2[b]`: `(B, N, K)` and `(B, K, M)` give `(N, M)`.

    Example:
        >>> import fnnet
        >>> fnnet.addbmm(fnnet.zeros(1, 1), fnnet.ones(2, 1, 3), fnnet.ones(2, 3, 1))
        tensor([[6.]])
    """
    check_dtypes("addbmm", batch1=batch1, batch2=batch2)
    check_rank("addbmm", "batch1", batch1, 3)
    check_rank("addbmm", "batch2", batch2, 3)
    x, y = shape_of(batch1), shape_of(batch2)
    if x[0] != y[0] or x[2] != y[1]:
        raise ShapeError(
            f"addbmm: Expected size for first two dimensions of batch2 tensor to be: [{x[0]}, {x[2]}] but got: "
            f"[{y[0]}, {y[1]}]."
        )
    return _add_product("addbmm", input, contract(batch1, batch2, (0, 2), (0, 1)), beta, alpha, out)


def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * batch1 @ batch2`, batch by batch: `(B, N, K)` and `(B, K, M)` give `(B, N, M)`.

    Example:
        >>> import fnnet
        >>> fnnet.baddbmm(fnnet.ones(1), fnnet.ones(2, 1, 3), fnnet.ones(2, 3, 1)).flatten()
        tensor([4., 4.])
    """
    return _add_product("baddbmm", input, _bmm("baddbmm", batch1, batch2), beta, alpha, out)


def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * mat @ vec`: `(N, K)` and `(K,)` give `(N,)`.

    Example:
        >>> import fnnet
        >>> fnnet.addmv(fnnet.ones(2), fnnet.eye(2), fnnet.tensor([1.0, 2.0]))
        tensor([2., 3.])
    """
    return _add_product("addmv", input, mv(mat, vec), beta, alpha, out)


def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * outer(vec1, vec2)`: `(N,)` and `(M,)` give `(N, M)`.

    Example:
        >>> import fnnet
        >>> fnnet.addr(fnnet.ones(1), fnnet.tensor([1.0, 2.0]), fnnet.tensor([1.0, 2.0]))
        tensor([[2., 3.],
                [3., 5.]])
    """
    need_tensor("addr", input=input, vec1=vec1, vec2=vec2)
    if max(dtype_of(t).category for t in (input, vec1, vec2)) < 2:
        for argument, number in (("beta", beta), ("alpha", alpha)):
            if isinstance(number, float):
                raise OptionError(
                    f"addr: For integral input tensors, argument {argument} must not be a floating point number."
                )
    if max(dtype_of(t).category for t in (input, vec1, vec2)) == 0:
        beta, alpha = bool(beta), bool(alpha)
    return _scaled_sum("addr", input, outer(vec1, vec2), beta, alpha, out)


# linear ----------------------------------------------------------------------------------------------------------
def _rows(k: K[A], x: A) -> A:
    """All dims but the last as one."""
    return x if x.ndim == 2 else k.reshape(x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))


def _linear(k: K[A], x: A, w: A, b: A | None) -> A:
    y = k.matmul(_rows(k, x), k.permute(w, dims=(1, 0)))
    if b is not None:
        y = y + b
    return y if x.ndim == 2 else k.reshape(y, shape=(*x.shape[:-1], w.shape[0]))


def _linear_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, w = c.inputs[:2]
    g = _rows(k, g)
    gx = k.reshape(k.matmul(g, w), shape=c.shapes[0]) if c.needs[0] else None
    gw = k.matmul(k.permute(g, dims=(1, 0)), _rows(k, x)) if c.needs[1] else None
    return gx, gw, k.sum(g, dim=(0,)) if c.needs[2] else None


def _linear_samples(make: Make) -> Any:
    yield Sample(make(4, 3), make(2, 3), make(2))
    yield Sample(make(2, 2, 3), make(2, 3), None)
    yield Sample(make(3), make(2, 3), make(2))
    yield Sample(make(0, 3), make(2, 3), make(2))


LINEAR = Op(
    "linear", forward=_linear, backward=_linear_backward, uses=((1,), (0,), ()), onnx="Gemm", samples=_linear_samples
)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`.

    Args:
        input: `(*, in_features)`.
        weight: `(out_features, in_features)`, or `(in_features,)`, which gives a result without the last dim. Of
            input's dtype.
        bias: `(out_features,)`, or None.

    Returns:
        `(*, out_features)`.

    Raises:
        ShapeError: `in_features` of input and weight differ.
        DTypeError: The dtypes differ, or are bool.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.linear(fnnet.tensor([[1.0, 2.0]]), fnnet.tensor([[3.0, 4.0]]), fnnet.tensor([0.5]))
        tensor([[11.5000]])
    """
    if bias is None:
        check_dtypes("linear", mat1=input, mat2=weight)
    else:
        check_dtypes("linear", mat1=input, mat2=weight, bias=bias)
    x, w = shape_of(input), shape_of(weight)
    if not x or len(w) not in (1, 2):
        raise ShapeError(
            f"linear: both arguments to linear need to be at least 1D, weight at most 2D, but they are {len(x)}D and "
            f"{len(w)}D"
        )
    if x[-1] != w[-1]:
        raise ShapeError(
            f"linear: weight has {w[-1]} input features, input has {x[-1]}: mat1 and mat2 shapes cannot be multiplied "
            f"({math.prod(x[:-1])}x{x[-1]} and {w[-1]}x{w[0] if len(w) == 2 else 1}) (input: {x}, weight: {w})"
        )
    if len(w) == 1:
        r = _matmul(input, weight)
        return r if bias is None else add(r, bias)
    if bias is not None:
        _need_expandable("linear", "bias", shape_of(bias), (*x[:-1], w[0]))
        if shape_of(bias) != w[:1]:
            return add(cast("Tensor", apply(LINEAR, input, weight, None)), bias)
    return cast("Tensor", apply(LINEAR, input, weight, bias))


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`y[o] = input1 @ weight[o] @ input2 + bias[o]`.

    Args:
        input1: `(*, in1_features)`.
        input2: `(*, in2_features)`, with the same leading sizes.
        weight: `(out_features, in1_features, in2_features)`.
        bias: `(out_features,)`, or None.

    Returns:
        `(*, out_features)`.

    Raises:
        ShapeError: The sizes do not fit.

    Example:
        >>> import fnnet
        >>> x, w = fnnet.tensor([[1.0, 2.0]]), fnnet.ones(1, 2, 2)
        >>> fnnet.nn.functional.bilinear(x, x, w)
        tensor([[9.]])
    """
    check_dtypes("bilinear", input1=input1, input2=input2, weight=weight)
    check_rank("bilinear", "weight", weight, 3)
    x, y, (o, i, j) = shape_of(input1), shape_of(input2), shape_of(weight)
    if x[:-1] != y[:-1]:
        raise ShapeError(f"bilinear(): input batch dimensions do not match: got {x} and {y}")
    for argument, size, expected in (("input1", x[-1], i), ("input2", y[-1], j)):
        if size != expected:
            raise ShapeError(
                f"bilinear(): {argument} size does not match weight size: got {size} but expected {expected}"
            )
    n = math.prod(x[:-1])
    half = product(reshape(input1, (n, i)), reshape(permute(weight, (1, 0, 2)), (i, o * j)))
    r = product(reshape(half, (n, o, j)), reshape(input2, (n, j, 1)))
    r = reshape(r, (*x[:-1], o))
    if bias is None:
        return r
    if shape_of(bias) != (o,):
        raise ShapeError(f"bilinear(): bias size does not match weight size: got {shape_of(bias)} but expected ({o},)")
    return add(r, bias)


__all__ = [
    "LINEAR", "MATMUL", "addbmm", "addmm", "addmv", "addr", "baddbmm", "bilinear", "bmm", "dot", "ger", "linear",
    "matmul", "mm", "mv", "outer", "vdot",
]  # fmt: skip
