"""Views: other shapes of the same memory; `reshape` and `flatten` copy where no view can be had."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Kind, Op, Sample
from fnnet.autograd.views import apply_view
from fnnet.functional._common import need_tensor, sizes, wrap_dim

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# primitives --------------------------------------------------------------------------------------------------------
def inverse(dims: Shape) -> Shape:
    """The permutation that undoes `dims`."""
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


RESHAPE = Op(
    "reshape", title="ViewBackward0",
    backward=lambda k, c, g: (k.reshape(g, shape=c.shapes[0]),), uses=((),), kind=Kind.MOVE, is_view=True,
    onnx="Reshape",
    samples=lambda make: (
        Sample(make(3, 4), shape=(2, 6)), Sample(make(1), shape=()), Sample(make(0, 3), shape=(3, 0, 2)),
    ),
)  # fmt: skip

PERMUTE = Op(
    "permute", backward=lambda k, c, g: (k.permute(g, dims=inverse(c.static["dims"])),), uses=((),), kind=Kind.MOVE,
    is_view=True, onnx="Transpose",
    samples=lambda make: (Sample(make(2, 3, 4), dims=(2, 0, 1)), Sample(make(), dims=())),
)  # fmt: skip


def view_backward(name: str) -> Any:  # a rule: generic in the namespace
    """The gradient of a view that shows each element at most once: zeros, with the gradient written where it looks."""

    def backward(k: K[A], c: Call[A], g: A) -> Grads:
        return (k.view_set(k.full(c.shapes[0], 0, dtype=g.dtype), g, view=((name, c.static),)),)

    return backward


def _part_title(node: Any) -> str:
    """What PyTorch calls a basic index: it does one step for each int, slice and None, and the last one counts."""
    index, shape = node.static["index"], node.shapes[0]
    if len(index) == 1 and isinstance(index[0], slice):
        return "SliceBackward0"
    title, dim = "AliasBackward0", 0
    for i in index:
        if i is Ellipsis:
            dim += len(shape) - sum(j is not None and j is not Ellipsis for j in index)
            continue
        if i is None:
            title = "UnsqueezeBackward0"
            continue
        if not isinstance(i, slice):
            title = "SelectBackward0"
        elif i.indices(shape[dim]) != (0, shape[dim], 1):
            title = "SliceBackward0"
        dim += 1
    return title


GETITEM = Op(
    "getitem", title=_part_title, backward=view_backward("getitem"), uses=((),), kind=Kind.MOVE, is_view=True,
    samples=lambda make: (
        Sample(make(3, 4), index=(1,)), Sample(make(3, 4), index=(slice(None), slice(0, 3, 2))),
        Sample(make(3, 4), index=(Ellipsis, None, 0)), Sample(make(3), index=(slice(2, 2),)),
    ),
)  # fmt: skip

# PyTorch's names of other ways to call them
SQUEEZE = RESHAPE.titled("SqueezeBackward0")
SQUEEZE_DIM = RESHAPE.titled("SqueezeBackward1")
SQUEEZE_DIMS = RESHAPE.titled("SqueezeBackward2")
UNSQUEEZE = RESHAPE.titled("UnsqueezeBackward0")
PART = GETITEM.titled("SliceBackward0")


# other shapes ------------------------------------------------------------------------------------------------------
def infer_shape(shape: Sequence[int], numel: int) -> Shape:
    """`shape` with its -1 replaced by what makes it hold `numel` elements.

    Raises:
        ShapeError: It can't.
    """
    at = -1
    known = 1
    for i, n in enumerate(shape):
        if n == -1:
            if at >= 0:
                raise ShapeError(f"reshape: only one dimension can be inferred, got {list(shape)}")
            at = i
        elif n < 0:
            raise ShapeError(f"reshape: invalid shape dimension {n} in {list(shape)}")
        else:
            known *= n
    if at < 0:
        if known != numel:
            raise ShapeError(f"reshape: shape '{list(shape)}' is invalid for input of size {numel}")
        return tuple(shape)
    if known == 0:
        if numel == 0:
            raise ShapeError(
                f"reshape: cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified "
                "dimension "
                "size -1 "
                "can be any value and is ambiguous"
            )
        raise ShapeError(f"reshape: shape '{list(shape)}' is invalid for input of size {numel}")
    if numel % known:
        raise ShapeError(f"reshape: shape '{list(shape)}' is invalid for input of size {numel}")
    return (*shape[:at], numel // known, *shape[at + 1 :])


def _reshaped(x: Tensor, shape: Shape) -> Tensor:
    """`x` in a shape that holds its elements."""
    r: Tensor = apply_view(RESHAPE, x, shape=shape)
    if r._node is not None and r._counter is not x._counter:  # a copy
        r._node.title = "UnsafeViewBackward0"
    return r


def reshape(input: Tensor, shape: Sequence[int] | int) -> Tensor:
    """The same elements in another shape: a view where the memory's order allows it, else a copy.

    Args:
        input: Any dtype, any shape.
        shape: The new sizes; one of them may be -1 and is inferred.

    Returns:
        A tensor of the new shape and input's dtype.

    Raises:
        ShapeError: The shape does not hold as many elements.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.reshape(fnnet.arange(6), (2, -1))
        tensor([[0, 1, 2],
                [3, 4, 5]])
    """
    need_tensor("reshape", input=input)
    new = infer_shape(sizes("reshape", (shape,)), math.prod(input._data.shape))
    return _reshaped(input, new)


def reshape_method(self: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape (see `fnnet.reshape`).

    Args:
        self: The tensor.
        shape: The sizes, as arguments or as one sequence; one may be -1.

    Returns:
        A view where the memory allows it, else a copy.

    Raises:
        ShapeError: The sizes hold another number of elements.

    Differentiable: Any order.
    """
    new = infer_shape(sizes("reshape", shape), math.prod(self._data.shape))
    return _reshaped(self, new)


def is_viewable(shape: Shape, strides: Shape, new: Shape) -> bool:
    """Whether memory of `shape` and `strides` can be seen as `new` without a copy (ATen's computeStride)."""
    if 0 in shape:
        return True
    d = len(new) - 1
    chunk_stride = strides[-1] if strides else 1
    old_numel = new_numel = 1
    for i in range(len(shape) - 1, -1, -1):
        old_numel *= shape[i]
        if i == 0 or (shape[i - 1] != 1 and strides[i - 1] != old_numel * chunk_stride):
            while d >= 0 and (new_numel < old_numel or new[d] == 1):
                new_numel *= new[d]
                d -= 1
            if new_numel != old_numel:
                return False
            if i:
                chunk_stride = strides[i - 1]
                old_numel = new_numel = 1
    return d == -1 or not shape


def view(self: Tensor, *shape: Any) -> Tensor:
    """The same memory in another shape; never a copy.

    Args:
        self: Any dtype, any shape.
        shape: The new sizes, as ints or one sequence; one of them may be -1 and is inferred.

    Returns:
        A view of the new shape.

    Raises:
        ShapeError: The shape holds another number of elements, or the memory's order does not allow a view.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.arange(6).view(2, -1)
        tensor([[0, 1, 2],
                [3, 4, 5]])
    """
    x = self._data
    new = infer_shape(sizes("view", shape), math.prod(x.shape))
    r: Tensor = apply_view(RESHAPE, self, shape=new)
    if r._counter is not self._counter:  # it had to copy, unless memory is not what the backend sees
        strides = self._device.backend.strides(x)
        if strides is not None and not is_viewable(x.shape, strides, new):
            raise ShapeError(
                "view: view size is not compatible with input tensor's size and stride (at least one dimension spans "
                "across "
                f"two contiguous subspaces). Use .reshape(...) instead. (size {list(x.shape)}, view {list(new)})"
            )
    return r


def view_as(self: Tensor, other: Tensor) -> Tensor:
    """The same memory in the shape of `other`: a view.

    Args:
        self: Any dtype, any shape.
        other: Whose shape to take.

    Returns:
        A view of other's shape.

    Raises:
        ShapeError: The shape holds another number of elements, or the memory's order does not allow a view.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.arange(4).view_as(fnnet.zeros(2, 2))
        tensor([[0, 1],
                [2, 3]])
    """
    need_tensor("view_as", other=other)
    return view(self, tuple(other._data.shape))


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """The same elements in the shape of `other`: a view where the memory's order allows it, else a copy.

    Args:
        self: Any dtype, any shape.
        other: Whose shape to take.

    Returns:
        A tensor of other's shape and self's dtype.

    Raises:
        ShapeError: The shape holds another number of elements.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.arange(4).reshape_as(fnnet.zeros(2, 2))
        tensor([[0, 1],
                [2, 3]])
    """
    need_tensor("reshape_as", other=other)
    return reshape(self, tuple(other._data.shape))


def ravel(input: Tensor) -> Tensor:
    """All elements in one dim: a view of a contiguous tensor, else a copy.

    Args:
        input: Any dtype, any shape.

    Returns:
        `(n,)` in input's dtype.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.ravel(fnnet.tensor([[1, 2], [3, 4]]))
        tensor([1, 2, 3, 4])
    """
    need_tensor("ravel", input=input)
    from fnnet.functional.layout import contiguous  # a family above this one

    return reshape(contiguous(input), (-1,))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the dims from `start_dim` to `end_dim` (inclusive) into one; a 0-d tensor becomes a vector.

    Args:
        input: Any dtype, any shape.
        start_dim: First dim to merge. Default: 0.
        end_dim: Last dim to merge. Default: -1.

    Returns:
        `input` itself where one dim is named, else a view where the memory's order allows it, else a copy.

    Raises:
        ShapeError: `start_dim` comes after `end_dim`.
        IndexRangeError: A dim is not there.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.flatten(fnnet.zeros(2, 3, 4), 1).shape)
        (2, 12)
    """
    need_tensor("flatten", input=input)
    shape = input._data.shape
    first, last = wrap_dim(start_dim, len(shape), "flatten"), wrap_dim(end_dim, len(shape), "flatten")
    if first > last:
        raise ShapeError(f"flatten() has invalid args: start_dim cannot come after end_dim ({start_dim}, {end_dim})")
    if not shape:
        return reshape(input, (1,))
    if first == last:
        return input
    return _reshaped(input, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split one dim into several: a view.

    Args:
        input: Any dtype, of at least one dim.
        dim: Which dim to split.
        sizes: The new dims' sizes, which multiply to its own; one of them may be -1 and is inferred.

    Returns:
        A view with `sizes` in place of `dim`.

    Raises:
        ShapeError: The sizes do not multiply to the dim's, or there are none; `input` is 0-d.
        IndexRangeError: `dim` is not there.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.unflatten(fnnet.zeros(2, 12), 1, (3, -1)).shape)
        (2, 3, 4)
    """
    need_tensor("unflatten", input=input)
    shape = input._data.shape
    if not shape:
        raise ShapeError("unflatten: input is 0-d: Dimension specified as 0 but tensor has no dimensions")
    d = wrap_dim(dim, len(shape), "unflatten")
    if not len(sizes):
        raise ShapeError("unflatten: sizes must be non-empty")
    known = math.prod(n for n in sizes if n != -1)
    n = shape[d]
    if any(s < -1 for s in sizes) or list(sizes).count(-1) > 1:
        raise ShapeError(f"unflatten: invalid sizes {list(sizes)}: at most one may be -1, none may be below")
    if (known != n) if -1 not in sizes else (known == 0 or n % known):
        raise ShapeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {d} ({n}) in the "
            "input tensor"
        )
    new = [n // known if s == -1 else s for s in sizes]
    return view(input, (*shape[:d], *new, *shape[d + 1 :]))


def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Without the dims of size 1: a view.

    Args:
        input: Any dtype, any shape.
        dim: A dim or several, which stay where their size is another than 1. Default: all of size 1.

    Returns:
        A view of fewer dims.

    Raises:
        IndexRangeError: A dim is not there.
        ShapeError: A dim is named twice.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.squeeze(fnnet.zeros(1, 2, 1), 0).shape)
        (2, 1)
    """
    need_tensor("squeeze", input=input)
    shape = input._data.shape
    if dim is None:
        op, new = SQUEEZE, tuple(n for n in shape if n != 1)
    else:
        op = SQUEEZE_DIM if isinstance(dim, int) else SQUEEZE_DIMS
        dims = _dims("squeeze", (dim,) if isinstance(dim, int) else dim, len(shape))
        new = tuple(n for i, n in enumerate(shape) if n != 1 or i not in dims)
    r: Tensor = apply_view(op, input, shape=new)
    return r


def _dims(name: str, dims: Iterable[int], ndim: int) -> Shape:
    """Dims in the order given, each once."""
    found = tuple(wrap_dim(d, ndim, name) for d in dims)
    if len(set(found)) != len(found):
        raise ShapeError(
            f"{name}: dim {next(d for d in found if found.count(d) > 1)} appears multiple times in the list of dims"
        )
    return found


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dim of size 1: a view.

    Args:
        input: Any dtype, any shape.
        dim: The new dim's place, from `-(ndim + 1)` to `ndim`.

    Returns:
        A view of one dim more.

    Raises:
        IndexRangeError: `dim` is out of range.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.unsqueeze(fnnet.zeros(2, 3), 1).shape)
        (2, 1, 3)
    """
    need_tensor("unsqueeze", input=input)
    shape = input._data.shape
    d = wrap_dim(dim, len(shape) + 1, "unsqueeze")
    r: Tensor = apply_view(UNSQUEEZE, input, shape=(*shape[:d], 1, *shape[d:]))
    return r


__all__ = ["flatten", "ravel", "reshape", "squeeze", "unflatten", "unsqueeze"]
