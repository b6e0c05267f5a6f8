"""Joining tensors: along a dim that they have, along a new one, in grids and blocks."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ArgumentError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.autograd.variable import Variable
from fnnet.backends import dtypes
from fnnet.functional._common import dtype_of, into, need_tensor, result_dtype, to_dtype, wrap_dim
from fnnet.functional.broadcasting import atleast_1d, atleast_2d, atleast_3d, broadcast_to
from fnnet.functional.creation import tensor, zeros
from fnnet.functional.places import take_rows
from fnnet.functional.shape import reshape, unsqueeze

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# cat ---------------------------------------------------------------------------------------------------------------
def _cat_backward(k: K[A], c: Call[A], g: A) -> Grads:
    dim = c.static["dim"]
    lead = (slice(None),) * dim
    grads: list[Any] = []
    start = 0
    for shape, need in zip(c.shapes, c.needs, strict=True):
        stop = start + shape[dim]
        grads.append(k.getitem(g, index=(*lead, slice(start, stop))) if need else None)
        start = stop
    return tuple(grads)


def _cat_samples(make: Make) -> Any:
    yield Sample(make(2, 3), make(1, 3), dim=0)
    yield Sample(make(2, 3), make(2, 0), make(2, 2), dim=1)
    yield Sample(make(3), dim=0)


CAT = Op("cat", backward=_cat_backward, uses=((),), kind=Kind.MOVE, onnx="Concat", samples=_cat_samples)


def _list(name: str, tensors: Any) -> list[Tensor]:
    if isinstance(tensors, Variable) or not isinstance(tensors, (list, tuple)):
        raise ArgumentError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for i, x in enumerate(tensors):
        if not isinstance(x, Variable):
            raise ArgumentError(f"{name}(): expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return list(tensors)


def _promoted(tensors: list[Tensor]) -> list[Tensor]:
    """In their common dtype: here a 0-d tensor counts like any other only where all are (PyTorch's result_type)."""
    found = {dtype_of(x) for x in tensors}
    if len(found) == 1:
        return tensors
    common = result_dtype(*tensors)
    return [to_dtype(x, common) for x in tensors]


def cat(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors one after the other along a dim that all have; in the others their sizes agree.

    Args:
        tensors: At least one, as list or tuple; dtypes are promoted. Empty vectors of shape (0,) are left out.
        dim: Along which dim. Default: 0.
        out: Where to write the result.

    Returns:
        A new tensor whose size along `dim` is the sum of theirs.

    Raises:
        ShapeError: Sizes differ in another dim, or a tensor is 0-d.
        OptionError: There is no tensor.
        ArgumentError: `tensors` is no list or tuple of tensors.
        IndexRangeError: `dim` is out of range.

    Differentiable: By each tensor, any order.

    Example:
        >>> import fnnet
        >>> fnnet.cat([fnnet.tensor([1, 2]), fnnet.tensor([3])])
        tensor([1, 2, 3])
    """
    xs = _list("cat", tensors)
    if not xs:
        raise OptionError("torch.cat(): expected a non-empty list of Tensors")
    first = next((x for x in xs if tuple(x._data.shape) != (0,)), xs[0])
    shape = tuple(first._data.shape)
    for i, x in enumerate(xs):
        if not x._data.ndim:
            raise ShapeError(f"cat: zero-dimensional tensor (at position {i}) cannot be concatenated")
    d = wrap_dim(dim, len(shape), "cat")
    kept = []
    for i, x in enumerate(_promoted(xs)):
        other = tuple(x._data.shape)
        if other == (0,) and len(shape) != 1:
            continue
        if len(other) != len(shape):
            raise ShapeError(f"cat: Tensors must have same number of dimensions: got {len(shape)} and {len(other)}")
        for j, (n, m) in enumerate(zip(shape, other, strict=True)):
            if j != d and n != m:
                raise ShapeError(
                    f"cat: Sizes of tensors must match except in dimension {d}. Expected size {n} but got size {m} "
                    "for tensor "
                    f"number {i} in the list."
                )
        kept.append(x)
    r: Tensor = apply(CAT, *kept, dim=d)
    return r if out is None else into("cat", out, r, *xs)


concat = cat
concatenate = cat


def stack(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors of one shape along a new dim.

    Args:
        tensors: At least one, as list or tuple, all of one shape; dtypes are promoted.
        dim: Where the new dim stands in the result. Default: 0.
        out: Where to write the result.

    Returns:
        A new tensor with one dim more, whose size is their number.

    Raises:
        ShapeError: Shapes differ, or there is no tensor.
        ArgumentError: `tensors` is no list or tuple of tensors.
        IndexRangeError: `dim` is out of range.

    Differentiable: By each tensor, any order.

    Example:
        >>> import fnnet
        >>> fnnet.stack([fnnet.tensor([1, 2]), fnnet.tensor([3, 4])], dim=1)
        tensor([[1, 3],
                [2, 4]])
    """
    xs = _list("stack", tensors)
    if not xs:
        raise ShapeError("stack expects a non-empty TensorList")
    shape = tuple(xs[0]._data.shape)
    for i, x in enumerate(xs):
        if tuple(x._data.shape) != shape:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(x._data.shape)} at entry {i}"
            )
    d = wrap_dim(dim, len(shape) + 1, "stack")
    r: Tensor = apply(CAT, *[unsqueeze(x, d) for x in _promoted(xs)], dim=d)
    entitle(r, "StackBackward0")
    return r if out is None else into("stack", out, r, *xs)


def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Side by side: along the columns, vectors along their only dim.

    Args:
        tensors: At least one, as list or tuple: all `(n,)`, 0-d counting as `(1,)`, or all `(M, n, *)`; dtypes are
            promoted.
        out: Where to write the result.

    Returns:
        A new tensor `(sum of n,)` or `(M, sum of n, *)`.

    Raises:
        ShapeError: Sizes differ elsewhere, or there is no tensor.
        ArgumentError: `tensors` is no list or tuple of tensors.

    Differentiable: By each tensor, any order.

    Example:
        >>> import fnnet
        >>> fnnet.hstack([fnnet.tensor([1]), fnnet.tensor([2, 3])])
        tensor([1, 2, 3])
    """
    xs = [atleast_1d(x) for x in _list("hstack", tensors)]
    if not xs:
        raise ShapeError("hstack expects a non-empty TensorList")
    return cat(xs, 0 if xs[0]._data.ndim == 1 else 1, out=out)


def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """One above the other: along the rows, vectors being rows.

    Args:
        tensors: At least one, as list or tuple: `(n, *)`, a vector `(M,)` counting as `(1, M)`; dtypes are promoted.
        out: Where to write the result.

    Returns:
        A new tensor `(sum of n, *)`.

    Raises:
        ShapeError: Sizes differ in another dim, or there is no tensor.
        ArgumentError: `tensors` is no list or tuple of tensors.

    Differentiable: By each tensor, any order.

    Example:
        >>> import fnnet
        >>> fnnet.vstack([fnnet.tensor([1, 2]), fnnet.tensor([3, 4])])
        tensor([[1, 2],
                [3, 4]])
    """
    xs = [atleast_2d(x) for x in _list("vstack", tensors)]
    if not xs:
        raise ShapeError("vstack expects a non-empty TensorList")
    return cat(xs, 0, out=out)


row_stack = vstack


def dstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """One behind the other: along the third dim.

    Args:
        tensors: At least one, as list or tuple: `(M, N, n, *)`, a matrix `(M, N)` counting as `(M, N, 1)`, a vector
            `(N,)` as `(1, N, 1)`; dtypes are promoted.
        out: Where to write the result.

    Returns:
        A new tensor `(M, N, sum of n, *)`.

    Raises:
        ShapeError: Sizes differ in another dim, or there is no tensor.
        ArgumentError: `tensors` is no list or tuple of tensors.

    Differentiable: By each tensor, any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.dstack([fnnet.zeros(2, 3), fnnet.zeros(2, 3)]).shape)
        (2, 3, 2)
    """
    xs = [atleast_3d(x) for x in _list("dstack", tensors)]
    if not xs:
        raise ShapeError("dstack expects a non-empty TensorList")
    return cat(xs, 2, out=out)


def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Side by side, vectors being columns.

    Args:
        tensors: At least one, as list or tuple: `(M, n, *)`, a vector `(M,)` counting as `(M, 1)`; dtypes are promoted.
        out: Where to write the result.

    Returns:
        A new tensor `(M, sum of n, *)`.

    Raises:
        ShapeError: Sizes differ in another dim, or there is no tensor.
        ArgumentError: `tensors` is no list or tuple of tensors.

    Differentiable: By each tensor, any order.

    Example:
        >>> import fnnet
        >>> fnnet.column_stack([fnnet.tensor([1, 2]), fnnet.tensor([3, 4])])
        tensor([[1, 3],
                [2, 4]])
    """
    xs = _list("column_stack", tensors)
    if not xs:
        raise ShapeError("column_stack expects a non-empty TensorList")
    return hstack([reshape(x, (x.numel(), 1)) if x._data.ndim <= 1 else x for x in xs], out=out)


# grids -------------------------------------------------------------------------------------------------------------
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinates of a grid: each vector expanded over the dims of the others.

    Args:
        tensors: Vectors (or 0-d tensors) of one dtype, or one sequence of them.
        indexing: "ij": dim i belongs to vector i; "xy": the first two vectors exchange their dims. Default: None, which
            is "ij" with a warning, as in PyTorch.

    Returns:
        One view per vector, each of the shape of the grid; write to a copy (`clone`), as its elements share memory.

    Raises:
        ShapeError: A tensor has two dims or more, dtypes differ, or there is no tensor.
        OptionError: `indexing` is none of these.
        ArgumentError: Something is no tensor.

    Differentiable: By each vector, any order: the gradients along the other dims add up.

    Example:
        >>> import fnnet
        >>> fnnet.meshgrid(fnnet.tensor([1, 2]), fnnet.tensor([3, 4]), indexing="ij")
        (tensor([[1, 1],
                [2, 2]]), tensor([[3, 4],
                [3, 4]]))
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    xs = _list("meshgrid", list(given))
    if not xs:
        raise ShapeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.",
            UserWarning,
            stacklevel=2,
        )
    elif indexing not in ("ij", "xy"):
        raise OptionError(f'meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in xs:
        if x._data.ndim > 1:
            raise ShapeError(
                f"meshgrid: Expected 0D or 1D tensor in the tensor list but got: shape {tuple(x._data.shape)}"
            )
        if dtype_of(x) is not dtype_of(xs[0]):
            raise ShapeError("meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(xs) > 1
    if swap:
        xs[0], xs[1] = xs[1], xs[0]
    shape = tuple(x.numel() for x in xs)
    grids = [broadcast_to(reshape(x, (1,) * i + (-1,) + (1,) * (len(xs) - 1 - i)), shape) for i, x in enumerate(xs)]
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All tuples with one element of each vector, in order, as rows.

    Args:
        tensors: n vectors of one dtype.

    Returns:
        A new tensor `(product of their sizes, n)`; of one vector that vector itself.

    Raises:
        ShapeError: A tensor is no vector, dtypes differ, or there is no tensor.
        ArgumentError: Something is no tensor.

    Differentiable: By each vector, any order.

    Example:
        >>> import fnnet
        >>> fnnet.cartesian_prod(fnnet.tensor([1, 2]), fnnet.tensor([3, 4]))
        tensor([[1, 3],
                [1, 4],
                [2, 3],
                [2, 4]])
    """
    xs = _list("cartesian_prod", tensors)
    for x in xs:
        if x._data.ndim != 1:
            raise ShapeError(f"cartesian_prod: Expect a 1D vector, but got shape {list(x._data.shape)}")
    if len(xs) == 1:
        return xs[0]
    return stack([reshape(g, (-1,)) for g in meshgrid(xs, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of `r` elements of a vector, in lexicographic order of their places, as rows.

    Args:
        input: Vector `(n,)`.
        r: Elements per combination, at least 0. Default: 2.
        with_replacement: Whether an element may come repeatedly. Default: False.

    Returns:
        A new tensor `(n! / (r! (n - r)!), r)`, with replacement `((n + r - 1)! / (r! (n - 1)!), r)`; for `r = 0` it is
        `(0,)`.

    Raises:
        ShapeError: `input` is no vector.
        OptionError: `r` is negative.
        ArgumentError: `input` is no tensor.

    Differentiable: By `input`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.combinations(fnnet.tensor([1, 2, 3]))
        tensor([[1, 2],
                [1, 3],
                [2, 3]])
    """
    need_tensor("combinations", input=input)
    if input._data.ndim != 1:
        raise ShapeError(f"combinations: Expect a 1D vector, but got shape {list(input._data.shape)}")
    if r < 0:
        raise OptionError(f"combinations: Expect a non-negative number, but got {r}")
    if r == 0:
        return reshape(input[:0], (0,))
    pick = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = list(pick(range(input._data.shape[0]), r))
    index = reshape(tensor(places, dtype=dtypes.int64, device=input._device), (len(places), r))
    return entitle(take_rows(input, index, 0), "StackBackward0")


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given matrices along its diagonal; vectors are rows.

    Args:
        tensors: Matrices; vectors `(n,)` count as `(1, n)`, 0-d tensors as `(1, 1)`; dtypes are promoted.

    Returns:
        A new matrix, as high and as wide as all of them together; of none `(1, 0)`.

    Raises:
        ShapeError: A tensor has three dims or more.
        ArgumentError: Something is no tensor.

    Differentiable: By each tensor, any order.

    Example:
        >>> import fnnet
        >>> fnnet.block_diag(fnnet.tensor([[1, 2]]), fnnet.tensor([[3]]))
        tensor([[1, 2, 0],
                [0, 0, 3]])
    """
    xs = _promoted([atleast_2d(x) for x in _list("block_diag", tensors)]) or [zeros(1, 0)]
    for i, x in enumerate(xs):
        if x._data.ndim > 2:
            raise ShapeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x._data.ndim} "
                "dimensions"
            )
    width = sum(x._data.shape[1] for x in xs)
    rows = []
    left = 0
    for x in xs:
        n, m = x._data.shape
        parts = (x.new_zeros((n, left)), x, x.new_zeros((n, width - left - m)))
        rows.append(apply(CAT, *parts, dim=1))
        left += m
    r: Tensor = apply(CAT, *rows, dim=0)
    return entitle(r, "BlockDiagBackward0")


__all__ = [
    "block_diag", "cartesian_prod", "cat", "column_stack", "combinations", "concat", "concatenate", "dstack", "hstack",
    "meshgrid", "row_stack", "stack", "vstack",
]  # fmt: skip
