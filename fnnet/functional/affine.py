"""Affine maps: matrix products added to something, and the linear and bilinear maps of layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.functional._common import dtype_of, into, into_same, need_tensor
from fnnet.functional.arithmetic import add, mul
from fnnet.functional.products import (
    batch_product,
    broadcast_product,
    check_dtypes,
    check_rank,
    contract,
    mm,
    mv,
    outer,
    permute,
    product,
    reshape,
    shape_of,
)

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


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
    entitle(r, f"{name.capitalize()}Backward0")
    if out is not None and name != "addr":  # which is elementwise
        return into_same(name, out, r)
    return r if out is None else into(name, out, r)


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * mat1 @ mat2`.

    Args:
        input: Broadcasts to `(N, M)`; with `beta=0` its values do not count, NaN neither.
        mat1: `(N, K)`, any dtype but bool, the same for all three.
        mat2: `(K, M)`.
        beta: Factor of `input`, cut to a whole number for whole-number tensors. Default: 1.
        alpha: Factor of the product, cut likewise. Default: 1.
        out: Where to write the result.

    Returns:
        `(N, M)` in input's dtype.

    Raises:
        ShapeError: The matrices do not fit, or `input` does not broadcast to `(N, M)`.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.addmm(fnnet.tensor([1.0, 0.0]), fnnet.eye(2), fnnet.ones(2, 2), alpha=2)
        tensor([[3., 2.],
                [3., 2.]])
    """
    need_tensor("addmm", input=input, mat1=mat1, mat2=mat2)
    return _add_product("addmm", input, mm(mat1, mat2), beta, alpha, out)


def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * sum_b batch1[b] @ batch2[b]`.

    Args:
        input: Broadcasts to `(N, M)`; with `beta=0` its values do not count, NaN neither.
        batch1: `(B, N, K)`, any dtype but bool, the same for all three.
        batch2: `(B, K, M)`.
        beta: Factor of `input`, cut to a whole number for whole-number tensors. Default: 1.
        alpha: Factor of the sum of products, cut likewise. Default: 1.
        out: Where to write the result.

    Returns:
        `(N, M)` in input's dtype.

    Raises:
        ShapeError: The batches do not fit, or `input` does not broadcast to `(N, M)`.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.addbmm(fnnet.zeros(1, 1), fnnet.ones(2, 1, 3), fnnet.ones(2, 3, 1))
        tensor([[6.]])
    """
    check_dtypes("addbmm", batch1=batch1, batch2=batch2)
    need_tensor("addbmm", input=input, batch1=batch1, batch2=batch2)
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
    """`beta * input + alpha * batch1 @ batch2`, batch by batch.

    Args:
        input: Broadcasts to `(B, N, M)`; with `beta=0` its values do not count, NaN neither.
        batch1: `(B, N, K)`, any dtype but bool, the same for all three.
        batch2: `(B, K, M)`.
        beta: Factor of `input`, cut to a whole number for whole-number tensors. Default: 1.
        alpha: Factor of the products, cut likewise. Default: 1.
        out: Where to write the result.

    Returns:
        `(B, N, M)` in input's dtype.

    Raises:
        ShapeError: The batches do not fit, or `input` does not broadcast to `(B, N, M)`.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.baddbmm(fnnet.ones(1), fnnet.ones(2, 1, 3), fnnet.ones(2, 3, 1)).flatten()
        tensor([4., 4.])
    """
    need_tensor("baddbmm", input=input, batch1=batch1, batch2=batch2)
    return _add_product("baddbmm", input, batch_product("baddbmm", batch1, batch2), beta, alpha, out)


def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * mat @ vec`.

    Args:
        input: Broadcasts to `(N,)`; with `beta=0` its values do not count, NaN neither.
        mat: `(N, K)`, any dtype but bool, the same for all three.
        vec: `(K,)`.
        beta: Factor of `input`, cut to a whole number for whole-number tensors. Default: 1.
        alpha: Factor of the product, cut likewise. Default: 1.
        out: Where to write the result.

    Returns:
        `(N,)` in input's dtype.

    Raises:
        ShapeError: Matrix and vector do not fit, or `input` does not broadcast to `(N,)`.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.addmv(fnnet.ones(2), fnnet.eye(2), fnnet.tensor([1.0, 2.0]))
        tensor([2., 3.])
    """
    need_tensor("addmv", input=input, mat=mat, vec=vec)
    return _add_product("addmv", input, mv(mat, vec), beta, alpha, out)


def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * outer(vec1, vec2)`.

    Args:
        input: Broadcasts to `(N, M)`, any dtype; with `beta=0` its values do not count, NaN neither.
        vec1: `(N,)`, any dtype.
        vec2: `(M,)`, any dtype.
        beta: Factor of `input`. Default: 1.
        alpha: Factor of the outer product. Default: 1.
        out: Where to write the result.

    Returns:
        `(N, M)` in the promoted dtype.

    Raises:
        ShapeError: `vec1` or `vec2` is no vector, or `input` does not broadcast to `(N, M)`.
        OptionError: All tensors hold whole numbers, and `beta` or `alpha` is a float.

    Differentiable: Everywhere, any order.

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


def _linear_title(node: Any) -> str:
    """PyTorch multiplies matrices: rows of other dims are merged before and parted afterwards."""
    if len(node.shapes[0]) == 2:
        return "AddmmBackward0" if node.shapes[2] else "MmBackward0"
    if node.shapes[2]:
        return "ViewBackward0"
    return "SqueezeBackward4" if len(node.shapes[0]) == 1 else "UnsafeViewBackward0"


LINEAR = Op(
    "linear",
    title=_linear_title,
    forward=_linear,
    backward=_linear_backward,
    uses=((1,), (0,), ()),
    onnx="Gemm",
    samples=_linear_samples,
)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`.

    Args:
        input: `(*, in_features)`, any dtype but bool, the same for all three.
        weight: `(out_features, in_features)`, or `(in_features,)`, which gives a result without the last dim.
        bias: `(out_features,)`, or what broadcasts to the result. Default: None, nothing is added.

    Returns:
        `(*, out_features)` in input's dtype.

    Raises:
        ShapeError: `in_features` of input and weight differ, `input` has no dim, `weight` has not one or two, or `bias`
            does not fit.
        DTypeError: The dtypes differ, or are bool.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.linear(fnnet.tensor([[1.0, 2.0]]), fnnet.tensor([[3.0, 4.0]]), fnnet.tensor([0.5]))
        tensor([[11.5000]])
    """
    if bias is None:
        check_dtypes("linear", input=input, weight=weight)
    else:
        check_dtypes("linear", input=input, weight=weight, bias=bias)
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
        r = broadcast_product(input, weight)
        return r if bias is None else add(r, bias)
    if bias is not None:
        _need_expandable("linear", "bias", shape_of(bias), (*x[:-1], w[0]))
        if shape_of(bias) != w[:1]:
            return add(cast("Tensor", apply(LINEAR, input, weight, None)), bias)
    return cast("Tensor", apply(LINEAR, input, weight, bias))


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`y[o] = input1 @ weight[o] @ input2 + bias[o]`.

    Args:
        input1: `(*, in1_features)`, any dtype but bool, the same for all.
        input2: `(*, in2_features)`, with the same leading sizes.
        weight: `(out_features, in1_features, in2_features)`.
        bias: `(out_features,)`. Default: None, nothing is added.

    Returns:
        `(*, out_features)` in input's dtype.

    Raises:
        ShapeError: The sizes do not fit.
        DTypeError: The dtypes of inputs and weight differ, or are bool.

    Differentiable: Everywhere, any order.

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


__all__ = ["LINEAR", "addbmm", "addmm", "addmv", "addr", "baddbmm", "bilinear", "linear"]
