"""Sums, means and maxima of rows of a table: `embedding_bag`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, GatherIndexError, OptionError, ShapeError, UnservedOptionError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OUT, Make, Op, Sample
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make as make_tensor
from fnnet.backends import dtypes
from fnnet.functional._common import _title, dtype_of, need_one_device, need_tensor, to_dtype
from fnnet.functional.checks import bounds, need_index
from fnnet.functional.embedding import renorm_rows
from fnnet.functional.products import reshape

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]
_NODE = "EmbeddingBagBackward0"


# bags ------------------------------------------------------------------------------------------------------------
def _bags(k: K[A], index: A, offsets: A) -> A:
    """Which bag each index is in: how many bags begin at it or before, less one."""
    n = index.shape[0]
    begins = k.full((n + 1,), 0, dtype=dtypes.int64)  # empty bags at the end begin behind the last index
    begins = k.index_add(begins, offsets, k.full(offsets.shape, 1, dtype=dtypes.int64))
    return k.cumsum(begins, dim=0) - 1


def _shares(k: K[A], index: A, bag: A, bags: int, mode: str, padding_idx: int, dtype: Any) -> A:
    """What each index counts in its bag, `(L, 1)`: 1, or one part of a mean; 0 for `padding_idx`."""
    share: Any = k.full(index.shape, 1, dtype=dtype)
    if padding_idx >= 0:
        share = k.where(k.eq(index, padding_idx), 0, share)
    if mode == "mean":
        count = k.index_add(k.full((bags,), 0, dtype=dtype), bag, share)
        share = share / k.take(k.maximum(count, 1), bag)
    return k.reshape(share, shape=(index.shape[0], 1))


def _of_each(k: K[A], index: A, offsets: A, length: int) -> A:
    """`_bags` without what lies behind the last index; of bags of one `length` (0: of several) it is known."""
    if length:
        return k.floor_divide(k.arange(index.shape[0]), length)
    return k.getitem(_bags(k, index, offsets), index=(slice(0, index.shape[0]),))


# embedding_bag: sums and means -----------------------------------------------------------------------------------
def _bag_forward(
    k: K[A], weight: A, index: A, offsets: A, scale: A | None, *, mode: str, padding_idx: int, by_freq: bool,
    length: int,
) -> A:  # fmt: skip
    bags = offsets.shape[0]
    bag = _of_each(k, index, offsets, length)
    rows: Any = k.take(weight, index)
    if scale is not None:
        rows = rows * k.reshape(scale, shape=(index.shape[0], 1))
    if mode == "mean" or padding_idx >= 0:
        rows = rows * _shares(k, index, bag, bags, mode, padding_idx, weight.dtype)
    if length:
        return k.sum(k.reshape(rows, shape=(bags, length, weight.shape[1])), dim=(1,))
    return k.index_add(k.full((bags, weight.shape[1]), 0, dtype=weight.dtype), bag, rows)


def _bag_backward(k: K[A], c: Call[A], g: A) -> Grads:
    weight, index, offsets, scale = c.inputs
    mode, padding_idx = c.static["mode"], c.static["padding_idx"]
    bag, n = _of_each(k, index, offsets, c.static["length"]), index.shape[0]
    rows: Any = k.take(g, bag)
    if mode == "mean" or padding_idx >= 0:
        rows = rows * _shares(k, index, bag, offsets.shape[0], mode, padding_idx, g.dtype)
    of_weight = of_scale = None
    if c.needs[0]:
        share = rows if scale is None else rows * k.reshape(scale, shape=(n, 1))
        if c.static["by_freq"]:
            zeros = k.full((c.shapes[0][0],), 0, dtype=g.dtype)
            count: Any = k.index_add(zeros, index, k.full((n,), 1, dtype=g.dtype))
            share = share / k.reshape(k.take(count, index), shape=(n, 1))
        of_weight = k.index_add(k.full(c.shapes[0], 0, dtype=g.dtype), index, share)
    if c.needs[3]:
        of_scale = k.sum(rows * k.take(weight, index), dim=(1,))
    return of_weight, None, None, of_scale


def _bag_samples(make: Make) -> Iterator[Sample]:
    def index() -> Any:
        return make(5, low=0, high=4, dtype=dtypes.int64)

    def offsets() -> Any:  # two bags, of which the first has all: drawn numbers would have to ascend
        return make(2, low=0, high=0, dtype=dtypes.int64)

    plain: dict[str, Any] = {"padding_idx": -1, "by_freq": False, "length": 0}
    yield Sample(make(4, 3), index(), offsets(), None, mode="sum", **plain)
    yield Sample(make(4, 3), index(), offsets(), None, mode="mean", **plain)
    yield Sample(make(4, 3), index(), offsets(), make(5), mode="sum", **plain)
    # With these options the gradient is not the derivative, on purpose.
    yield Sample(
        make(4, 3), index(), offsets(), make(5), smooth=False, mode="sum", padding_idx=1, by_freq=True, length=0
    )
    yield Sample(
        make(4, 3), index(), offsets(), None, smooth=False, mode="mean", padding_idx=2, by_freq=False, length=0
    )
    yield Sample(
        make(4, 3), index(), make(1, low=0, high=0, dtype=dtypes.int64), None, mode="mean", **plain | {"length": 5}
    )


EMBEDDING_BAG = Op(
    "embedding_bag", forward=_bag_forward, backward=_bag_backward, uses=((1, 2, 3), (), (), (0, 1, 2)), real=True,
    title=_NODE, samples=_bag_samples,
)  # fmt: skip


# embedding_bag_max -----------------------------------------------------------------------------------------------
def _max_forward(k: K[A], weight: A, index: A, offsets: A, *, longest: int, padding_idx: int) -> tuple[A, A]:
    """The greatest of each bag's rows, element by element, and from which row of the table it is: -1 where none is.

    Bags are laid out side by side, as wide as the longest; of equal elements the first one counts.
    """
    bags, (table, size) = offsets.shape[0], weight.shape
    n = index.shape[0]
    if not n or not longest:
        return (
            k.full((bags, size), 0, dtype=weight.dtype),
            k.full((bags, size), -1, dtype=dtypes.int64),
        )
    ends = k.cat(k.getitem(offsets, index=(slice(1, None),)), k.full((1,), n, dtype=dtypes.int64), dim=0)
    at: Any = k.reshape(offsets, shape=(bags, 1)) + k.reshape(k.arange(longest), shape=(1, longest))
    there = k.lt(at, k.reshape(ends, shape=(bags, 1)))
    row: Any = k.reshape(
        k.take(index, k.reshape(k.where(there, at, 0), shape=(bags * longest,))), shape=(bags, longest)
    )
    if padding_idx >= 0:
        there = k.logical_and(there, k.ne(row, padding_idx))
    seen = k.reshape(k.take(weight, k.reshape(row, shape=(bags * longest,))), shape=(bags, longest, size))
    there = k.reshape(there, shape=(bags, longest, 1))
    best = k.argmax(k.where(there, seen, float("-inf")), dim=1)
    first: Any = k.reshape(k.arange(bags) * longest, shape=(bags, 1)) + best
    chosen: Any = k.take(k.reshape(row, shape=(bags * longest,)), k.reshape(first, shape=(bags * size,)))
    chosen = k.reshape(chosen, shape=(bags, size))
    flat = k.reshape(chosen * size + k.arange(size), shape=(bags * size,))
    value = k.reshape(k.take(k.reshape(weight, shape=(table * size,)), flat), shape=(bags, size))
    some = k.any(there, dim=(1,))
    return k.where(some, value, 0), k.where(some, chosen, -1)


def _max_backward(k: K[A], c: Call[A], grads: Any) -> Grads:
    g, chosen = grads[0], c.out[1]  # type: ignore[index]  # of two outputs
    if g is None:
        return None, None, None
    (bags, size), (table, _) = g.shape, c.shapes[0]
    some = k.ge(chosen, 0)
    flat = k.reshape(k.maximum(chosen, 0) * size + k.arange(size), shape=(bags * size,))
    share = k.reshape(k.where(some, g, 0), shape=(bags * size,))
    return k.reshape(k.index_add(k.full((table * size,), 0, dtype=g.dtype), flat, share), shape=c.shapes[0]), None, None


def _max_samples(make: Make) -> Iterator[Sample]:
    index, offsets = make(5, low=0, high=4, dtype=dtypes.int64), make(2, low=0, high=0, dtype=dtypes.int64)
    yield Sample(make(4, 3), index, offsets, longest=5, padding_idx=-1)
    yield Sample(make(4, 3), index, offsets, longest=5, padding_idx=1)


EMBEDDING_BAG_MAX = Op(
    "embedding_bag_max", forward=_max_forward, backward=_max_backward, uses=((OUT,), ()), n_out=2, keeps=(1,),
    real=True, title=_NODE, samples=_max_samples,
)  # fmt: skip


# the public function ---------------------------------------------------------------------------------------------
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the rows of `weight` in each bag of indices.

    Args:
        input: Indices, int64 or int32, each from 0 to V - 1: `(B, L)`, B bags of L, or `(N,)`, cut by `offsets`.
        weight: `(V, D)`, the table, floating point.
        offsets: `(B,)`, int64 or int32, where each bag of a 1-d input begins, ascending from 0; equal ones make empty
            bags. None for a 2-d input.
        max_norm: Scale the rows that are looked up and longer than this down to it, in the table's memory. Default:
            None.
        norm_type: Order of that norm. Default: 2.
        scale_grad_by_freq: Divide a row's gradient by how often it is looked up in this call. Default: False.
        mode: "sum", "mean" or "max". Default: "mean".
        sparse: There are no sparse gradients: True raises. Default: False.
        per_sample_weights: Of input's shape and weight's dtype; rows are multiplied by it before they are summed, in
            the mode "sum" alone. Default: None.
        include_last_offset: The last of `offsets` is where the last bag ends. Default: False.
        padding_idx: Indices that do not count, nor in means; negative ones count from the end. Default: None.

    Returns:
        `(B, D)` in weight's dtype; zeros for empty bags.

    Raises:
        OptionError: An unknown mode, or options that do not go together; `sparse`.
        ShapeError: `input`, `weight` or `offsets` has other dims, `per_sample_weights` another shape than `input`, or
            `offsets` do not begin with 0, descend, or reach beyond the input.
        IndexRangeError: An index is negative or not below V.
        DTypeError: A dtype other than these.

    Differentiable:
        By `weight` and `per_sample_weights`, any order. In the mode "max" the first of equal elements gets the
        gradient; `padding_idx` and `scale_grad_by_freq` make it, on purpose, another than the derivative.

    Example:
        >>> import fnnet
        >>> table = fnnet.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        >>> fnnet.nn.functional.embedding_bag(fnnet.tensor([0, 1, 2]), table, fnnet.tensor([0, 2]))
        tensor([[2., 3.],
                [5., 6.]])
    """
    name = "embedding_bag"
    need_tensor(name, input=input, weight=weight)
    if dtype_of(weight) is dtypes.int64 and dtype_of(input).category == 2:
        warnings.warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is "
            "deprecated, and should now be `embedding_bag(input, weight, ...)`.",
            UserWarning,
            stacklevel=2,
        )
        weight, input = input, weight
    need_one_device(name, input=input, weight=weight, offsets=offsets, per_sample_weights=per_sample_weights)
    _check_shapes(name, input, weight, offsets, per_sample_weights)
    if mode not in ("sum", "mean", "max"):
        raise OptionError(f"{name}: mode has to be one of sum, mean or max, got {mode!r}")
    if mode == "max" and scale_grad_by_freq:
        raise OptionError(f"{name}: max mode does not support scaling the gradient by the frequency")
    if sparse:
        raise OptionError(f"{name}: max mode does not support sparse weights" if mode == "max" else
                          f"{name}: sparse gradients are not supported; pass sparse=False")  # fmt: skip
    if per_sample_weights is not None and mode != "sum":
        raise UnservedOptionError(
            f"{name}: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}')."
        )
    padding = _check_values(name, input, weight, per_sample_weights, padding_idx)
    begins, longest, end = _offsets(name, input, offsets, include_last_offset)
    index = reshape(to_dtype(input, dtypes.int64), (input._data.size,))[:end]
    if max_norm is not None:
        renorm_rows(weight, index, float(max_norm), float(norm_type))
    if mode == "max":
        return cast("Tensor", apply(EMBEDDING_BAG_MAX, weight, index, begins, longest=longest, padding_idx=padding)[0])
    scale = None if per_sample_weights is None else reshape(per_sample_weights, (input._data.size,))[:end]
    options: dict[str, Any] = {"mode": mode, "padding_idx": padding, "by_freq": bool(scale_grad_by_freq)}
    options["length"] = longest if offsets is None else 0
    return cast("Tensor", apply(EMBEDDING_BAG, weight, index, begins, scale, **options))


def _check_shapes(name: str, input: Tensor, weight: Tensor, offsets: Tensor | None, scale: Tensor | None) -> None:
    shape = tuple(input._data.shape)
    if scale is not None:
        need_tensor(name, per_sample_weights=scale)
        if tuple(scale._data.shape) != shape:
            raise ShapeError(
                f"{name}: If per_sample_weights ({tuple(scale._data.shape)}) is not None, then it must have the same "
                f"shape as the input ({shape})"
            )
    if weight._data.ndim != 2:
        raise ShapeError(f"{name}: weight has to be a 2D Tensor, but got Tensor of dimension {weight._data.ndim}")
    if len(shape) not in (1, 2):
        raise ShapeError(f"{name}: input has to be 1D or 2D Tensor, but got Tensor of dimension {len(shape)}")
    if len(shape) == 2:
        if offsets is not None:
            raise OptionError(
                f"{name}: if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed "
                f"length sequences. However, found offsets of type {type(offsets)}"
            )
    elif offsets is None:
        raise OptionError(f"{name}: offsets has to be a 1D Tensor but got None")
    else:
        need_tensor(name, offsets=offsets)
        if offsets._data.ndim != 1:
            raise ShapeError(f"{name}: offsets has to be a 1D Tensor, got {tuple(offsets._data.shape)}")


def _check_values(name: str, input: Tensor, weight: Tensor, scale: Tensor | None, padding_idx: int | None) -> int:
    """Raise unless dtypes and indices fit; `padding_idx` as a row, -1 for none."""
    need_index(name, "indices", input)
    table = weight._data.shape[0]
    if dtype_of(weight).category != 2:
        raise DTypeError(
            f"{name}: Expected tensor for argument 'weight' to have one of the following scalar types: Half, BFloat16, "
            f"Float, Double; but got {_title(dtype_of(weight))} instead"
        )
    if scale is not None and dtype_of(scale) is not dtype_of(weight):
        raise DTypeError(
            f"{name}: Expected tensor for argument 'weight' to have the same type as tensor for argument "
            f"'per_sample_weights'; but type {_title(dtype_of(weight))} does not equal {_title(dtype_of(scale))}"
        )
    found = bounds(input)
    if found is not None and (found[0] < 0 or found[1] >= table):
        wrong = found[0] if found[0] < 0 else found[1]
        raise GatherIndexError(f"{name}: input takes value {wrong} which is not in the valid range [0, {table})")
    if padding_idx is None:
        return -1
    if not -table <= padding_idx < table:
        raise OptionError(
            f"{name}: padding_idx must be within the number of embeddings, -{table} through {table - 1}, but got "
            f"{padding_idx}"
        )
    return int(padding_idx % table)


def _offsets(name: str, input: Tensor, offsets: Tensor | None, include_last: bool) -> tuple[Tensor, int, int]:
    """Where each bag begins, int64; the length of the longest; where the last one ends."""
    k, n = namespace_of(input._device), input._data.size
    if offsets is None:
        bags, length = input._data.shape
        return make_tensor(k.arange(bags) * length, input._device), length, n
    need_index(name, "offsets", offsets)
    begins = to_dtype(offsets, dtypes.int64)
    if include_last and not offsets._data.shape[0]:
        raise ShapeError(f"{name}: include_last_offset: number of offset should be at least 1, got 0")
    values = begins.detach().tolist() if bounds(offsets) is not None else []
    if include_last:
        begins = begins[:-1]
    if not begins._data.shape[0]:  # no bags: nothing counts
        return begins, 0, 0
    if not values:
        return begins, n, n
    if values[0] != 0:
        raise ShapeError(
            f"{name}: offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {values[0]}"
        )
    if values[-1] > n:
        raise ShapeError(
            f"{name}: offsets[-1] can not be greater than input's length {n} but got offsets[-1] of {values[-1]}"
        )
    ends = values[1:] if include_last else [*values[1:], n]
    lengths = [end - begin for begin, end in zip(values, ends, strict=False)]
    if min(lengths, default=0) < 0:
        raise ShapeError(f"{name}: offsets have to ascend, got {values[:8]}{' ...' if len(values) > 8 else ''}")
    return begins, max(lengths, default=0), values[-1] if include_last else n


__all__ = ["EMBEDDING_BAG", "EMBEDDING_BAG_MAX", "embedding_bag"]
