"""Views: other shapes of the same memory; `reshape` and `flatten` copy where no view can be had."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import IndexRangeError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Kind, Op, Sample
from fnnet.autograd.views import apply_view
from fnnet.functional._common import dtype_of, is_tensor, need_tensor, sizes, wrap_dim

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# primitives --------------------------------------------------------------------------------------------------------
def inverse(dims: Shape) -> Shape:
    """The permutation that undoes `dims`."""
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


RESHAPE = Op(
    "reshape", title="ViewBackward0", backward=lambda k, c, g: (k.reshape(g, shape=c.shapes[0]),), uses=((),), kind=Kind.MOVE, is_view=True,
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


def _view_backward(name: str) -> Any:
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
    "getitem", title=_part_title, backward=_view_backward("getitem"), uses=((),), kind=Kind.MOVE, is_view=True,
    samples=lambda make: (
        Sample(make(3, 4), index=(1,)), Sample(make(3, 4), index=(slice(None), slice(0, 3, 2))),
        Sample(make(3, 4), index=(Ellipsis, None, 0)), Sample(make(3), index=(slice(2, 2),)),
    ),
)  # fmt: skip

DIAGONAL = Op(
    "diagonal", backward=_view_backward("diagonal"), uses=((),), kind=Kind.MOVE, is_view=True,
    samples=lambda make: (
        Sample(make(3, 4), offset=0, dim1=0, dim2=1), Sample(make(2, 3, 4), offset=-1, dim1=2, dim2=0),
    ),
)  # fmt: skip


def _sliding_backward(k: K[A], c: Call[A], g: A) -> Grads:
    shape, dim, size, step = c.shapes[0], c.static["dim"], c.static["size"], c.static["step"]
    rest = tuple(i for i in range(len(shape)) if i != dim)
    count = g.shape[dim]
    at = k.reshape(k.arange(count) * step, shape=(count, 1)) + k.arange(size)
    windows = k.permute(g, dims=(dim, len(shape), *rest))
    summed = k.index_add(k.full((shape[dim], *[shape[i] for i in rest]), 0, dtype=g.dtype), at, windows)
    return (k.permute(summed, dims=inverse((dim, *rest))),)


SLIDING = Op(
    "sliding", title="UnfoldBackward0", backward=_sliding_backward, uses=((),), kind=Kind.MOVE, is_view=True,
    samples=lambda make: (
        Sample(make(7), dim=0, size=3, step=2), Sample(make(2, 5, 3), dim=1, size=2, step=1),
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


def reshape(input: Tensor, shape: Sequence[int] | int) -> Tensor:
    """The same elements in another shape: a view where the memory's order allows it, else a copy.

    Args:
        input: Any tensor.
        shape: The new sizes; one of them may be -1 and is inferred.

    Raises:
        ShapeError: The shape does not hold as many elements.

    Example:
        >>> import fnnet
        >>> fnnet.reshape(fnnet.arange(6), (2, -1))
        tensor([[0, 1, 2],
                [3, 4, 5]])
    """
    need_tensor("reshape", input=input)
    new = infer_shape(sizes("reshape", (shape,)), math.prod(input._data.shape))
    r: Tensor = apply_view(RESHAPE, input, shape=new)
    return r


def reshape_method(self: Tensor, *shape: Any) -> Tensor:
    """`fnnet.reshape`, with the sizes as arguments or as one sequence."""
    new = infer_shape(sizes("reshape", shape), math.prod(self._data.shape))
    r: Tensor = apply_view(RESHAPE, self, shape=new)
    return r


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

    Raises:
        ShapeError: The shape holds another number of elements, or the memory's order does not allow a view.

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
    """The same memory in the shape of `other`.

    Example:
        >>> import fnnet
        >>> fnnet.arange(4).view_as(fnnet.zeros(2, 2))
        tensor([[0, 1],
                [2, 3]])
    """
    need_tensor("view_as", other=other)
    return view(self, tuple(other._data.shape))


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """The same elements in the shape of `other`.

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
    r: Tensor = apply_view(
        RESHAPE, input, shape=(*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])
    )
    return r


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split one dim into several, whose sizes multiply to its own; one of them may be -1.

    Example:
        >>> import fnnet
        >>> tuple(fnnet.unflatten(fnnet.zeros(2, 12), 1, (3, -1)).shape)
        (2, 3, 4)
    """
    need_tensor("unflatten", input=input)
    shape = input._data.shape
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
    """Without the dims of size 1: all of them, or those named (which stay where their size is another).

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
    """With a new dim of size 1 at `dim`, from -(ndim+1) to ndim.

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


# parts -------------------------------------------------------------------------------------------------------------
def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """`length` elements along `dim` from `start` on: a view.

    Raises:
        IndexRangeError, ShapeError: They are not all there.

    Example:
        >>> import fnnet
        >>> fnnet.narrow(fnnet.arange(5), 0, 1, 3)
        tensor([1, 2, 3])
    """
    need_tensor("narrow", input=input)
    if not input._data.ndim:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise ShapeError("narrow(): length must be non-negative.")
    d = wrap_dim(dim, input._data.ndim, "narrow")
    n = input._data.shape[d]
    if is_tensor(start) and (start._data.ndim or dtype_of(start).category != 1):
        raise ShapeError(
            f"narrow(): start must be an 0-dim integral Tensor. Got shape {tuple(start._data.shape)}, {dtype_of(start)}"
        )
    first = int(start.item()) if is_tensor(start) else operator.index(start)  # type: ignore[arg-type]  # an int here
    if not -n <= first <= n:
        raise IndexRangeError(f"narrow(): start out of range (expected to be in range of [{-n}, {n}], but got {first})")
    if first < 0:
        first += n
    if first + length > n:
        raise ShapeError(f"narrow(): start ({first}) + length ({length}) exceeds dimension size ({n}).")
    r: Tensor = apply_view(PART, input, index=(*(slice(None),) * d, slice(first, first + length)))
    return r


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at `index` of `dim`, without the dim: a view.

    Example:
        >>> import fnnet
        >>> fnnet.select(fnnet.tensor([[1, 2], [3, 4]]), 1, -1)
        tensor([2, 4])
    """
    need_tensor("select", input=input)
    shape = input._data.shape
    if not shape:
        raise IndexRangeError("select() cannot be applied to a 0-dim tensor.")
    d = wrap_dim(dim, len(shape), "select")
    i = operator.index(index)
    if not -shape[d] <= i < shape[d]:
        raise IndexRangeError(f"select(): index {i} out of range for tensor of size {list(shape)} at dimension {d}")
    r: Tensor = apply_view(GETITEM, input, index=(*(slice(None),) * d, i % shape[d]))
    return r


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of the planes spanned by two dims, as the last dim: a view.

    Args:
        input: A tensor of at least two dims.
        offset: How far above (positive) or below the main diagonal. Default: 0.
        dim1: First dim of the planes. Default: 0.
        dim2: Second dim of the planes. Default: 1.

    Example:
        >>> import fnnet
        >>> fnnet.diagonal(fnnet.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
    """
    need_tensor("diagonal", input=input)
    ndim = input._data.ndim
    a, b = wrap_dim(dim1, ndim, "diagonal"), wrap_dim(dim2, ndim, "diagonal")
    if a == b:
        raise ShapeError(f"diagonal: diagonal dimensions cannot be identical {dim1}, {dim2}")
    r: Tensor = apply_view(DIAGONAL, input, offset=offset, dim1=a, dim2=b)
    return r


def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` along a dim, `step` apart; their elements lie along a new last dim. A view.

    Example:
        >>> import fnnet
        >>> fnnet.arange(5).unfold(0, 3, 2)
        tensor([[0, 1, 2],
                [2, 3, 4]])
    """
    d = wrap_dim(dimension, self._data.ndim, "unfold")
    x = self if self._data.ndim else reshape(self, (1,))
    n = x._data.shape[d]
    if size < 0:
        raise ShapeError(f"unfold: size is {size} but must be >= 0")
    if size > n:
        raise ShapeError(f"unfold: maximum size for tensor at dimension {d} is {n} but size is {size}")
    if step <= 0:
        raise ShapeError(f"unfold: step is {step} but must be > 0")
    r: Tensor = apply_view(SLIDING, x, dim=d, size=size, step=step)
    return r if self._data.ndim else reshape(r, (size,))


__all__ = ["diagonal", "flatten", "narrow", "ravel", "reshape", "select", "squeeze", "unflatten", "unsqueeze"]
