"""Maxima and minima of all elements or along dims, and where they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, DTypeError, IndexRangeError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import OPS, OUT, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.functional import return_types
from fnnet.functional._common import (
    binary,
    dtype_of,
    into,
    into_same,
    is_tensor,
    need_dtype,
    need_tensor,
    to_dtype,
    wrap_dim,
    wrap_dims,
)
from fnnet.functional.gathering import pick
from fnnet.functional.reduction import Dims, finish_pair, kept, reduction_samples, refuse_complex
from fnnet.functional.shape import RESHAPE

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# extremes ----------------------------------------------------------------------------------------------------------
def _shared(k: K[A], c: Call[A], g: A, at: A) -> Grads:
    """The gradient, shared evenly among the elements that `at` names."""
    at = k.cast(at, dtype=g.dtype)
    ties = k.sum(at, dim=c.static["dim"], keepdim=True)
    return (at * k.div(kept(k, g, c), ties),)


def _extreme_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return _shared(k, c, g, k.eq(c.inputs[0], kept(k, c.out, c)))


def _whole_backward(k: K[A], c: Call[A], g: A) -> Grads:
    """Where the extreme is NaN, each NaN has its share: PyTorch does so in max and min, not in amax and amin."""
    x, out = c.inputs[0], kept(k, c.out, c)
    return _shared(k, c, g, k.logical_or(k.eq(x, out), k.logical_and(k.ne(x, x), k.ne(out, out))))


def _extreme_samples(make: Make) -> Any:
    yield from reduction_samples(make)
    yield Sample(make(3, 2, low=1, high=1), dim=(0,), smooth=False)


AMAX = Op("amax", backward=_extreme_backward, uses=((0, OUT),), onnx="ReduceMax", samples=_extreme_samples, real=True)
AMIN = Op("amin", backward=_extreme_backward, uses=((0, OUT),), onnx="ReduceMin", samples=_extreme_samples, real=True)

# max and min of all elements: the same computation under PyTorch's other name and rule.
WHOLE_MAX = Op(
    "amax", title="MaxBackward1", backward=_whole_backward, uses=((0, OUT),), onnx="ReduceMax", real=True,
    samples=_extreme_samples, register=False,
)  # fmt: skip
WHOLE_MIN = Op(
    "amin", title="MinBackward1", backward=_whole_backward, uses=((0, OUT),), onnx="ReduceMin", real=True,
    samples=_extreme_samples, register=False,
)  # fmt: skip


def _arg_samples(make: Make) -> Any:
    yield Sample(make(3, 4), dim=1, smooth=False)
    yield Sample(make(3, 4), dim=0, keepdim=True, smooth=False)


ARGMAX = Op("argmax", onnx="ArgMax", samples=_arg_samples, real=True)
ARGMIN = Op("argmin", onnx="ArgMin", samples=_arg_samples, real=True)


def _not_empty(name: str, x: Tensor, dim: Shape | None, error: type[Exception]) -> None:
    """Raise where an extreme of nothing is asked for."""
    shape = x._data.shape
    if dim is None or len(dim) == len(shape):
        if 0 in shape:
            raise error(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                "dim with "
                "the 'dim' argument."
            )
        return
    for d in dim:
        if shape[d] == 0:
            raise IndexRangeError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def _extreme(op: Op, input: Tensor, dim: Dims, keepdim: bool, out: Tensor | None) -> Tensor:
    need_tensor(op.name, input=input)
    refuse_complex(op.name, input)
    dims = wrap_dims(dim, input._data.ndim, op.name)
    if dim is None or (not isinstance(dim, int) and not len(dim)):
        _not_empty(op.name, input, None, ShapeError)
    elif input._data.ndim:
        for d in dims:
            if input._data.shape[d] == 0:
                raise IndexRangeError(f"{op.name}(): Expected reduction dim {d} to have non-zero size.")
    r: Tensor = apply(op, input, dim=dims, keepdim=keepdim)
    return r if out is None else into_same(op.name, out, r)


def amax(input: Tensor, dim: Dims = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The maximum over the given dims; NaN wins.

    Args:
        input: Any real dtype, any shape.
        dim: A dim or several. Default: `()`, which is all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        out: Where to write the result.

    Returns:
        Input's shape without the reduced dims, in its dtype.

    Raises:
        ShapeError: A dim is named twice; or all are reduced, and there is no element.
        IndexRangeError: A dim is not there, or is empty.
        DTypeError: `input` is complex.

    Differentiable: The gradient is shared evenly among equal maxima; it is NaN where the maximum is.

    Example:
        >>> import fnnet
        >>> fnnet.amax(fnnet.tensor([[1.0, 4.0], [3.0, 2.0]]), 1)
        tensor([4., 3.])
    """
    return _extreme(AMAX, input, dim, keepdim, out)


def amin(input: Tensor, dim: Dims = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The minimum over the given dims; NaN wins.

    Args:
        input: Any real dtype, any shape.
        dim: A dim or several. Default: `()`, which is all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        out: Where to write the result.

    Returns:
        Input's shape without the reduced dims, in its dtype.

    Raises:
        ShapeError: A dim is named twice; or all are reduced, and there is no element.
        IndexRangeError: A dim is not there, or is empty.
        DTypeError: `input` is complex.

    Differentiable: The gradient is shared evenly among equal minima; it is NaN where the minimum is.

    Example:
        >>> import fnnet
        >>> fnnet.amin(fnnet.tensor([[1.0, 4.0], [3.0, 2.0]]), 1)
        tensor([1., 2.])
    """
    return _extreme(AMIN, input, dim, keepdim, out)


def aminmax(
    input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: tuple[Tensor, Tensor] | None = None
) -> return_types.aminmax:
    """Minimum and maximum, of all elements or along one dim; NaN wins.

    Args:
        input: Any real dtype, any shape.
        dim: One dim. Default: all.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        out: Where to write minimum and maximum, two tensors of input's dtype.

    Returns:
        The named tuple (min, max), each of input's shape without the reduced dims, in its dtype.

    Raises:
        ShapeError: There is no element, and no `dim` given.
        IndexRangeError: `dim` is not there, or is empty.
        DTypeError: `input` is complex, or a tensor of `out` has another dtype.

    Differentiable: As `amin` and `amax`.

    Example:
        >>> import fnnet
        >>> low, high = fnnet.aminmax(fnnet.tensor([1, 3, 2]))
        >>> low, high
        (tensor(1), tensor(3))
    """
    need_tensor("aminmax", input=input)
    if dim is None:
        _not_empty("aminmax", input, None, ShapeError)
    if out is not None:
        for o in out:
            need_dtype("aminmax", o, dtype_of(input))
    low, high = (amin, amax) if out is None else (_into(amin, out[0]), _into(amax, out[1]))
    dims: Dims = None if dim is None else (dim,)
    pair = low(input, dims, keepdim), high(input, dims, keepdim)
    return return_types.aminmax(*entitle(pair, "AminmaxBackward0"))


def _into(function: Any, out: Tensor) -> Any:
    return lambda *args: function(*args, out=out)


def _arg(op: Op, input: Tensor, dim: int | None, keepdim: bool, out: Tensor | None) -> Tensor:
    need_tensor(op.name, input=input)
    refuse_complex(op.name, input)
    if dtype_of(input) is dtypes.bool_:
        raise DTypeError(f"{op.name}(): does not support bool input")
    shape = tuple(input._data.shape)
    if dim is None:
        _not_empty(op.name, input, None, IndexRangeError)
        flat: Tensor = apply(RESHAPE, input, shape=(math.prod(shape),))
        r: Tensor = apply(op, flat, dim=0)
        if keepdim:
            r = apply(RESHAPE, r, shape=(1,) * len(shape))
    else:
        d = wrap_dim(dim, len(shape), op.name)
        if not shape:
            r = apply(op, apply(RESHAPE, input, shape=(1,)), dim=0)
        else:
            if shape[d] == 0:
                raise IndexRangeError(f"{op.name}(): Expected reduction dim {d} to have non-zero size.")
            r = apply(op, input, dim=d, keepdim=keepdim)
    if out is None:
        return r
    need_dtype(op.name, out, dtypes.int64)
    return into(op.name, out, r)


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The index of the first maximum along a dim, or in the flattened tensor; NaN counts as the largest.

    Args:
        input: Any real dtype but bool, any shape.
        dim: One dim. Default: flattened.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        out: Where to write the result, int64.

    Returns:
        int64, input's shape without the reduced dims.

    Raises:
        IndexRangeError: `dim` is not there, or what is reduced is empty.
        DTypeError: `input` is bool or complex, or `out` is not int64.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.argmax(fnnet.tensor([[1, 4], [3, 2]]), dim=1)
        tensor([1, 0])
    """
    return _arg(ARGMAX, input, dim, keepdim, out)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The index of the first minimum along a dim, or in the flattened tensor; NaN counts as the smallest.

    Args:
        input: Any real dtype but bool, any shape.
        dim: One dim. Default: flattened.
        keepdim: Keep the reduced dims, of size 1. Default: False.
        out: Where to write the result, int64.

    Returns:
        int64, input's shape without the reduced dims.

    Raises:
        IndexRangeError: `dim` is not there, or what is reduced is empty.
        DTypeError: `input` is bool or complex, or `out` is not int64.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.argmin(fnnet.tensor([[1, 4], [3, 2]]), dim=1)
        tensor([0, 1])
    """
    return _arg(ARGMIN, input, dim, keepdim, out)


def _max_or_min(
    name: str, input: Tensor, dim: Any, keepdim: bool, other: Tensor | None, out: Any
) -> Any:  # a Tensor, or values and indices
    need_tensor(name, input=input)
    if is_tensor(dim) or other is not None:
        return binary(OPS[name + "imum"], input, dim if other is None else other, out)
    refuse_complex(name, input)
    whole, arg = (WHOLE_MAX, ARGMAX) if name == "max" else (WHOLE_MIN, ARGMIN)
    shape = tuple(input._data.shape)
    if dim is None:
        _not_empty(name, input, None, ShapeError)
        r: Tensor = apply(whole, input, dim=tuple(range(len(shape))))
        return r if out is None else into(name, out, r)
    if not hasattr(dim, "__index__"):
        raise ArgumentError(f"{name}(): argument 'dim' must be int, not {type(dim).__name__}")
    d = wrap_dim(dim, len(shape), name)
    if shape and shape[d] == 0:
        raise IndexRangeError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
    x = input if shape else cast("Tensor", apply(RESHAPE, input, shape=(1,)))
    ordered = to_dtype(x, dtypes.uint8) if dtype_of(x) is dtypes.bool_ else x
    indices: Tensor = apply(arg, ordered, dim=d, keepdim=True)
    values = pick(x, d, indices)
    if not keepdim or not shape:
        final = (*shape[:d], *shape[d + 1 :])
        values, indices = apply(RESHAPE, values, shape=final), apply(RESHAPE, indices, shape=final)
    entitle(values, f"{name.capitalize()}Backward0")
    return finish_pair(return_types.max if name == "max" else return_types.min, values, indices, out)


def max(
    input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None,
    out: Any = None,  # a Tensor, or two of them with dim
) -> Any:  # a Tensor; with dim, values and indices  # fmt: skip
    """The maximum: of all elements; along a dim, with its index; or, with a tensor, of the larger elements of two.

    Args:
        input: Any real dtype, any shape; NaN wins.
        dim: A dim, or the second tensor. Default: all elements.
        keepdim: Keep the reduced dim, of size 1. Default: False.
        other: The second tensor, by name: see `maximum`.
        out: Where to write the result (with `dim`, two tensors).

    Returns:
        A tensor of input's dtype; with `dim`, the named tuple (values, indices) of input's dtype and int64, of its
        shape without the dim. Of equal maxima the first is named.

    Raises:
        ShapeError: There is no element, and no `dim` given.
        IndexRangeError: `dim` is not there, or is empty.
        ArgumentError: `dim` is neither a whole number nor a tensor.
        DTypeError: `input` is complex.

    Differentiable: Of all elements, shared evenly among equal maxima (among NaNs, if there are); along a dim, to the
        element at the index.

    Example:
        >>> import fnnet
        >>> values, indices = fnnet.max(fnnet.tensor([[1, 4], [3, 2]]), 1)
        >>> values, indices
        (tensor([4, 3]), tensor([1, 0]))
    """
    return _max_or_min("max", input, dim, keepdim, other, out)


def min(
    input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None,
    out: Any = None,  # a Tensor, or two of them with dim
) -> Any:  # a Tensor; with dim, values and indices  # fmt: skip
    """The minimum: of all elements; along a dim, with its index; or, with a tensor, of the smaller elements of two.

    Args:
        input: Any real dtype, any shape; NaN wins.
        dim: A dim, or the second tensor. Default: all elements.
        keepdim: Keep the reduced dim, of size 1. Default: False.
        other: The second tensor, by name: see `minimum`.
        out: Where to write the result (with `dim`, two tensors).

    Returns:
        A tensor of input's dtype; with `dim`, the named tuple (values, indices) of input's dtype and int64, of its
        shape without the dim. Of equal minima the first is named.

    Raises:
        ShapeError: There is no element, and no `dim` given.
        IndexRangeError: `dim` is not there, or is empty.
        ArgumentError: `dim` is neither a whole number nor a tensor.
        DTypeError: `input` is complex.

    Differentiable: Of all elements, shared evenly among equal minima (among NaNs, if there are); along a dim, to the
        element at the index.

    Example:
        >>> import fnnet
        >>> fnnet.min(fnnet.tensor([3, 1, 2]))
        tensor(1)
    """
    return _max_or_min("min", input, dim, keepdim, other, out)


__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "max", "min"]
