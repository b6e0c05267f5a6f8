"""Rows of a table by index: embeddings, one-hot vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import AssertedOptionError, DTypeError, IndexRangeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OPS, Kind, Make, Op, Sample
from fnnet.autograd.modes import set_grad
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make as make_tensor
from fnnet.autograd.writes import apply_
from fnnet.backends import dtypes
from fnnet.functional._common import _title, dtype_of, need_tensor, to_dtype
from fnnet.functional.checks import bounds, need_index

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

_RENORM_EPSILON = 1e-7  # PyTorch's, in embedding_renorm_: a row is scaled by max_norm / (norm + 1e-7)


# embedding -----------------------------------------------------------------------------------------------------------
def _embedding_forward(k: K[A], weight: A, index: A, *, padding_idx: int, scale_grad_by_freq: bool) -> A:
    return k.take(weight, index)


def _embedding_backward(k: K[A], c: Call[A], g: A) -> Grads:
    shape, index = c.shapes[0], c.inputs[1]
    n = g.shape[: g.ndim - len(shape) + 1]
    rows = 1
    for d in n:
        rows *= d
    index = k.reshape(index, shape=(rows,))
    g = k.reshape(g, shape=(rows, *shape[1:]))
    column = (rows, *(1,) * (len(shape) - 1))
    if c.static["scale_grad_by_freq"]:
        ones = k.full((rows,), 1, dtype=g.dtype)
        counts = k.index_add(k.full(shape[:1], 0, dtype=g.dtype), index, ones)
        g = g / k.reshape(k.take(counts, index), shape=column)
    if c.static["padding_idx"] >= 0:
        g = k.where(k.reshape(k.eq(index, c.static["padding_idx"]), shape=column), 0, g)
    return k.index_add(k.full(shape, 0, dtype=g.dtype), index, g), None


def _embedding_samples(make: Make) -> Any:
    rows = make(2, 3, low=0, high=5, dtype=dtypes.int64)
    return (
        Sample(make(5, 2), rows, padding_idx=-1, scale_grad_by_freq=False),
        # With these options the gradient is not the derivative, on purpose.
        Sample(make(5, 2), rows, smooth=False, padding_idx=1, scale_grad_by_freq=False),
        Sample(make(5, 2), rows, smooth=False, padding_idx=-1, scale_grad_by_freq=True),
    )


EMBEDDING = Op(
    "embedding", forward=_embedding_forward, backward=_embedding_backward, uses=((1,), ()), kind=Kind.MOVE,
    onnx="Gather", samples=_embedding_samples,
)  # fmt: skip


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` at the indices `input`.

    Args:
        input: Indices, int64 or int32, any shape, each from 0 to V - 1.
        weight: `(V, D)`, the table; any dtype, with `max_norm` floating-point or complex.
        padding_idx: A row that gets no gradient; negative ones count from the end. Default: None.
        max_norm: Scale the rows that are looked up and longer than this down to it, in the table's memory. Default:
            None.
        norm_type: Order of that norm. Default: 2.
        scale_grad_by_freq: Divide a row's gradient by how often it is looked up in this call. Default: False.
        sparse: There are no sparse gradients: True raises. Default: False.

    Returns:
        A new tensor `(*input.shape, D)` of the table's dtype.

    Raises:
        IndexRangeError: An index is negative or not below V.
        DTypeError: `input` is neither int64 nor int32, or `max_norm` is given for a table of whole numbers.
        ShapeError: `weight` does not have two dims.
        OptionError: `padding_idx` is out of range, or `sparse`.

    Differentiable:
        By `weight`, any order; `padding_idx` and `scale_grad_by_freq` make it, on purpose, another than the derivative.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.embedding(fnnet.tensor([1, 0]), fnnet.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([[3., 4.],
                [1., 2.]])
    """
    need_tensor("embedding", weight=weight)
    shape = tuple(weight._data.shape)
    if len(shape) != 2:
        raise ShapeError(f"embedding: 'weight' must be 2-D, got {shape}")
    need_index("embedding", "input", input)
    if sparse:
        raise OptionError("embedding: sparse gradients are not supported; pass sparse=False")
    if padding_idx is None:
        padding_idx = -1
    elif not -shape[0] <= padding_idx < shape[0]:
        raise AssertedOptionError(
            f"embedding: Padding_idx must be within num_embeddings, got {padding_idx}, weight: {shape}"
        )
    elif padding_idx < 0:
        padding_idx += shape[0]
    _check_rows("embedding", input, shape[0])
    if max_norm is not None:
        if dtype_of(weight).category < 2:
            raise DTypeError(
                f"embedding: max_norm scales rows, but the table is {dtype_of(weight)}; "
                "norm(): input dtype should be either floating point or complex"
            )
        renorm_rows(weight, input, float(max_norm), float(norm_type))
    return cast(
        "Tensor",
        apply(EMBEDDING, weight, input, padding_idx=int(padding_idx), scale_grad_by_freq=bool(scale_grad_by_freq)),
    )


def _check_rows(name: str, index: Tensor, n: int) -> None:
    found = bounds(index)
    if found is not None and (found[0] < 0 or found[1] >= n):
        wrong = found[0] if found[0] < 0 else found[1]
        raise IndexRangeError(f"{name}: index out of range in self: got {wrong}, expected 0 to {n - 1}")


def renorm_rows(weight: Tensor, index: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows of `weight` that `index` names down to the norm `max_norm`, in memory and unrecorded."""
    raw, k = weight._data, namespace_of(weight._device)
    size = k.abs(raw)
    if norm_type == float("inf"):
        norm = k.amax(size, dim=(1,))
    else:
        norm = k.pow(k.sum(k.pow(size, norm_type), dim=(1,)), 1.0 / norm_type)
    flat = k.reshape(index._data, shape=(-1,))
    named = k.index_add(k.full(norm.shape, 0, dtype=norm.dtype), flat, k.full(flat.shape, 1, dtype=norm.dtype))
    long = k.logical_and(k.gt(norm, max_norm), k.gt(named, 0))
    factor = k.where(long, max_norm / (norm + _RENORM_EPSILON), k.full(norm.shape, 1, dtype=norm.dtype))
    with set_grad(False):
        apply_(OPS["mul"], weight, weight, make_tensor(k.reshape(factor, shape=(*norm.shape, 1)), weight._device))


# one_hot -------------------------------------------------------------------------------------------------------------
def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """Vectors of zeros with a one at each index.

    Args:
        input: Indices, int64, any shape.
        num_classes: Length K of the vectors. Default: -1, one more than the greatest index.

    Returns:
        int64, `(*input.shape, K)`.

    Raises:
        OptionError: An index is negative or not below `num_classes`, or there is none to infer the number from.
        DTypeError: `input` is not int64.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.one_hot(fnnet.tensor([2, 0]))
        tensor([[0, 0, 1],
                [1, 0, 0]])
    """
    need_tensor("one_hot", input=input)
    if dtype_of(input) is not dtypes.int64:
        raise DTypeError(
            f"one_hot is only applicable to index tensor of type LongTensor, got {_title(dtype_of(input))}Tensor"
        )
    found = bounds(input)
    if found is None and num_classes == -1:
        raise OptionError("one_hot: Can not infer total number of classes from empty tensor.")
    if num_classes != -1 and num_classes < 1:
        raise OptionError(f"one_hot: num_classes should be positive, got {num_classes}")
    if found is not None:
        if found[0] < 0:
            raise OptionError(f"one_hot: Class values must be non-negative, got {found[0]}.")
        if num_classes == -1:
            num_classes = found[1] + 1
        elif found[1] >= num_classes:
            raise OptionError(
                f"one_hot: Class values must be smaller than num_classes, got {found[1]} of {num_classes}."
            )
    k = namespace_of(input._device)
    column = apply(OPS["reshape"], input, shape=(*input._data.shape, 1))
    return to_dtype(apply(OPS["eq"], column, make_tensor(k.arange(num_classes), input._device)), dtypes.int64)


__all__ = ["embedding", "one_hot"]
