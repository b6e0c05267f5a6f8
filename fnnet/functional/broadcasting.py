"""Broadcasting: tensors repeated, without a copy, to a common shape; dims of size 1 added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ArgumentError, ShapeError
from fnnet._core.namespace import sum_to
from fnnet._core.op import Kind, Op, Sample
from fnnet._core.size import Size
from fnnet.autograd.variable import Variable
from fnnet.autograd.views import apply_view
from fnnet.functional._common import broadcast_shape as _broadcast
from fnnet.functional._common import need_tensor, sizes
from fnnet.functional.shape import reshape, unsqueeze

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


EXPAND = Op(
    "expand", backward=lambda k, c, g: (sum_to(k, g, c.shapes[0]),), uses=((),), kind=Kind.MOVE, is_view=True,
    onnx="Expand",
    samples=lambda make: (
        Sample(make(3, 1), shape=(2, 3, 4)), Sample(make(), shape=(2,)), Sample(make(1, 2), shape=(0, 2)),
    ),
)  # fmt: skip


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """Repeated along dims of size 1 and new leading dims, without a copy.

    Args:
        input: Any dtype, any shape.
        size: The shape to broadcast to; -1 keeps a dim's size.

    Returns:
        A view of that shape, whose elements share memory.

    Raises:
        ShapeError: A dim of another size than 1 would change, or `size` has fewer dims than `input`.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.broadcast_to(fnnet.tensor([[1], [2]]), (2, 3))
        tensor([[1, 1, 1],
                [2, 2, 2]])
    """
    need_tensor("expand", input=input)
    shape = tuple(input._data.shape)
    new = list(sizes("expand", (size,)))
    lead = len(new) - len(shape)
    if lead < 0:
        raise ShapeError(
            f"expand(tensor of size {list(shape)}, size={new}): the number of sizes provided ({len(new)}) must "
            "be greater "
            f"or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    for i, n in enumerate(new):
        if n == -1 and i >= lead:
            new[i] = shape[i - lead]
        elif n < 0:
            raise ShapeError(
                f"expand: The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}"
            )
        elif i >= lead and shape[i - lead] not in (1, n):
            raise ShapeError(
                f"expand: The expanded size of the tensor ({n}) must match the existing size ({shape[i - lead]}) at "
                "non-singleton "
                f"dimension {i}.  Target sizes: {new}.  Tensor sizes: {list(shape)}"
            )
    r: Tensor = apply_view(EXPAND, input, shape=tuple(new))
    return r


def expand(self: Tensor, *size: Any, implicit: bool = False) -> Tensor:
    """Repeated along dims of size 1 and new leading dims, without a copy.

    Args:
        self: Any dtype, any shape.
        size: The shape to broadcast to, as ints or one sequence; -1 keeps a dim's size.
        implicit: Accepted for PyTorch's sake.

    Returns:
        A view of that shape, whose elements share memory.

    Raises:
        ShapeError: A dim of another size than 1 would change, or `size` has fewer dims than the tensor.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.zeros(3, 1).expand(2, -1, 4).shape)
        (2, 3, 4)
    """
    return broadcast_to(self, sizes("expand", size))


def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """Repeated, without a copy, to the shape of `other`.

    Args:
        self: Any dtype, any shape.
        other: Whose shape to take.

    Returns:
        A view of that shape, whose elements share memory.

    Raises:
        ShapeError: The shape does not broadcast to other's.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.tensor([1, 2]).expand_as(fnnet.zeros(2, 2))
        tensor([[1, 2],
                [1, 2]])
    """
    need_tensor("expand_as", other=other)
    return broadcast_to(self, tuple(other._data.shape))


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:  # Tensors, or one sequence of them
    """All tensors expanded to the shape that they broadcast to.

    Args:
        tensors: Tensors of any dtypes, or one sequence of them.

    Returns:
        A tuple of views, all of one shape.

    Raises:
        ShapeError: The shapes do not broadcast.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> a, b = fnnet.broadcast_tensors(fnnet.zeros(3, 1), fnnet.zeros(2))
        >>> tuple(a.shape), tuple(b.shape)
        ((3, 2), (3, 2))
    """
    if len(tensors) == 1 and not isinstance(tensors[0], Variable):
        tensors = _several("broadcast_tensors", tensors[0])
    need_tensor("broadcast_tensors", **{f"tensors[{i}]": x for i, x in enumerate(tensors)})
    shape = _broadcast("broadcast_tensors", *(tuple(x._data.shape) for x in tensors))
    return tuple(broadcast_to(x, shape) for x in tensors)


def broadcast_shapes(*shapes: Sequence[int] | int) -> Size:
    """The shape that tensors of these shapes broadcast to.

    Args:
        shapes: Sequences of ints, or ints, which stand for one dim.

    Returns:
        A `Size`.

    Raises:
        ShapeError: The shapes do not broadcast, or a size is negative.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.broadcast_shapes((2, 1), (3,)))
        (2, 3)
    """
    found = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    for shape in found:
        if any(n < 0 for n in shape):
            raise ShapeError(
                f"broadcast_shapes: Attempting to broadcast a dimension with negative length: {list(shape)}"
            )
    return Size(_broadcast("broadcast_shapes", *found))


def _several(name: str, tensors: Any) -> tuple[Any, ...]:
    if not isinstance(tensors, (list, tuple)):
        raise ArgumentError(
            f"{name}(): argument 'tensors' must be Tensor or tuple of Tensors, not {type(tensors).__name__}"
        )
    need_tensor(name, **{f"tensors[{i}]": x for i, x in enumerate(tensors)})
    return tuple(tensors)


def _at_least(name: str, tensors: tuple[Any, ...], grow: Any) -> Any:
    if len(tensors) == 1 and not isinstance(tensors[0], Variable):
        return tuple(grow(x) for x in _several(name, tensors[0]))
    need_tensor(name, **{f"tensors[{i}]": x for i, x in enumerate(tensors)})
    return grow(tensors[0]) if len(tensors) == 1 else tuple(grow(x) for x in tensors)


def atleast_1d(*tensors: Any) -> Any:  # a Tensor for one, a tuple of them for several
    """A 0-d tensor as a vector; others as they are.

    Args:
        tensors: Tensors of any dtype, or one sequence of them.

    Returns:
        A tensor for one, a tuple for several; views of what is given, or that itself.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.atleast_1d(fnnet.tensor(1))
        tensor([1])
    """
    return _at_least("atleast_1d", tensors, lambda x: reshape(x, (1,)) if not x._data.ndim else x)


def atleast_2d(*tensors: Any) -> Any:  # a Tensor for one, a tuple of them for several
    """With dims of size 1 before it, until there are two: `(n,)` becomes `(1, n)`.

    Args:
        tensors: Tensors of any dtype, or one sequence of them.

    Returns:
        A tensor for one, a tuple for several; views of what is given, or that itself.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.atleast_2d(fnnet.tensor([1, 2]))
        tensor([[1, 2]])
    """

    def grow(x: Tensor) -> Tensor:
        return x if x._data.ndim > 1 else unsqueeze(x, 0) if x._data.ndim else reshape(x, (1, 1))

    return _at_least("atleast_2d", tensors, grow)


def atleast_3d(*tensors: Any) -> Any:  # a Tensor for one, a tuple of them for several
    """Until there are three dims: `(n,)` becomes `(1, n, 1)`, `(n, m)` becomes `(n, m, 1)`.

    Args:
        tensors: Tensors of any dtype, or one sequence of them.

    Returns:
        A tensor for one, a tuple for several; views of what is given, or that itself.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.atleast_3d(fnnet.zeros(2)).shape)
        (1, 2, 1)
    """

    def grow(x: Tensor) -> Tensor:
        ndim = x._data.ndim
        if ndim > 2 or not ndim:
            return x if ndim else reshape(x, (1, 1, 1))
        return unsqueeze(x if ndim == 2 else unsqueeze(x, 0), -1)

    return _at_least("atleast_3d", tensors, grow)


__all__ = ["atleast_1d", "atleast_2d", "atleast_3d", "broadcast_shapes", "broadcast_tensors", "broadcast_to"]
