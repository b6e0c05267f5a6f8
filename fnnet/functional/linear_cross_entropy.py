"""A last linear layer and its cross-entropy in one: by chunks, so that a batch's logits never exist all at once."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, cast

from attrs import frozen

from fnnet._core.errors import DTypeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import OPS, Make, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.backends.dtypes import HALF, DType
from fnnet.functional._common import _title, dtype_of, need_tensor
from fnnet.functional.activation import need_float
from fnnet.functional.affine import linear
from fnnet.functional.checks import bounds, constant
from fnnet.functional.classification import _picked, _places, _refuse, _rows, _total, cross_entropy, flattened
from fnnet.functional.loss import REDUCTIONS, reduction_of

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# chunks of rows ------------------------------------------------------------------------------------------------------
def _chunks(rows: int, size: int) -> list[tuple[int, int]]:
    """Where chunks begin and end; one, of nothing, where there is no row."""
    return [(at, min(at + size, rows)) for at in range(0, max(rows, 1), size)]


def _part(k: K[A], x: A, chunk: tuple[int, int]) -> A:
    return k.getitem(x, index=(slice(*chunk),))


def _logits(k: K[A], x: A, linear_weight: A, bias: A | None) -> A:
    r = k.matmul(x, k.permute(linear_weight, dims=(1, 0)))
    return r if bias is None else r + bias


def _forward(
    k: K[A], x: A, linear_weight: A, target: A, bias: A | None, weight: A | None, *, reduction: str, ignore_index: int,
    chunk_size: int,
) -> A:  # fmt: skip
    counts, index, w = _rows(k, target, weight, ignore_index, x.dtype)
    losses = []
    for chunk in _chunks(x.shape[0], chunk_size):
        logits = _logits(k, _part(k, x, chunk), linear_weight, bias)
        found = _part(k, index, chunk)
        losses.append(-_picked(k, k.log_softmax(logits, dim=1), _places(k, logits.shape, found), found.shape))
    loss = k.where(counts, k.cat(*losses, dim=0) * w, 0)
    if reduction == "none":
        return loss
    return _total(k, loss) if reduction == "sum" else _total(k, loss) / _total(k, w)


def _backward(k: K[A], c: Call[A], g: A) -> Grads:
    """As for a linear layer, from `(softmax(logits) - the target's class) * the row's weight`; logits are made anew."""
    x, linear_weight, target, bias, weight = c.inputs
    (n, _), (classes, _) = c.shapes[:2]
    counts, index, w = _rows(k, target, weight, c.static["ignore_index"], x.dtype)
    # Where all targets are ignored the mean is NaN, and its gradient 0.
    factor = k.where(counts, g * (w / _total(k, w) if c.static["reduction"] == "mean" else w), 0)
    dxs, dw, dbias = [], None, None
    for chunk in _chunks(n, c.static["chunk_size"]):
        part = _part(k, x, chunk)
        rows = k.reshape(_part(k, factor, chunk), shape=(part.shape[0], 1))
        d = k.softmax(_logits(k, part, linear_weight, bias), dim=1) * rows
        flat, places = flattened(k, d), _places(k, d.shape, _part(k, index, chunk))
        flat = k.index_set(flat, places, k.take(flat, places) - flattened(k, rows))
        d = k.reshape(flat, shape=(part.shape[0], classes))
        if c.needs[0]:
            dxs.append(k.matmul(d, linear_weight))
        if c.needs[1]:
            more = k.matmul(k.permute(d, dims=(1, 0)), part)
            dw = more if dw is None else dw + more
        if c.needs[3]:
            more = k.sum(d, dim=(0,))
            dbias = more if dbias is None else dbias + more
    return k.cat(*dxs, dim=0) if dxs else None, dw, None, dbias, None


def _samples(make: Make) -> Any:
    def classes(n: int) -> Any:
        return make(n, low=0, high=4, dtype=dtypes.int64)

    for reduction in REDUCTIONS:
        yield Sample(make(5, 3), make(4, 3), classes(5), None, None, reduction=reduction, ignore_index=-100,
                     chunk_size=2)  # fmt: skip
    weight = make(4, low=0.5, high=2)
    yield Sample(make(5, 3), make(4, 3), classes(5), make(4), weight, reduction="mean", ignore_index=1, chunk_size=5)
    yield Sample(make(0, 3), make(4, 3), classes(0), make(4), None, reduction="sum", ignore_index=-100, chunk_size=1)


LINEAR_CROSS_ENTROPY = Op(
    "linear_cross_entropy", forward=_forward, backward=_backward, uses=((0, 1, 2, 3, 4),), real=True, samples=_samples
)


# options -------------------------------------------------------------------------------------------------------------
_POLICIES = ("auto", "accurate", "balanced", "compact")
_SUMS = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)


@frozen
class LinearCrossEntropyOptions:
    """How `linear_cross_entropy` cuts a batch into chunks.

    Args:
        allow_retain_graph: Taken for PyTorch's signature: gradients are made in backward, any number of times.
            Default: False.
        batch_chunk_size: Rows of a chunk. Default: None, by `chunking_method`, or all.
        chunking_method: "aspect_ratio": rows whose logits take as much memory as the whole input, rounded to a power
            of two; "aspect_ratio:N": an N-th of them; "auto": one of these by device and dtype; None: none. Default:
            "auto".
        acc_policy: "auto", "accurate", "balanced" or "compact". Taken for PyTorch's signature: half types are always
            computed in float32, others in their own dtype. Default: "auto".
        acc_dtype: The dtype of sums: the input's, or float32 for half types. Default: None, as it is.

    Raises:
        OptionError: A value is none of these.

    Example:
        >>> import fnnet
        >>> fnnet.nn.LinearCrossEntropyOptions(batch_chunk_size=64).batch_chunk_size
        64
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: DType | None = None

    def __attrs_post_init__(self) -> None:
        name = type(self).__name__
        if self.acc_policy not in _POLICIES:
            raise OptionError(
                f"{name}: invalid acc_policy: {self.acc_policy!r}, expected one of {', '.join(_POLICIES)}"
            )
        if self.chunking_method not in (None, "auto"):
            method, given, factor = str(self.chunking_method).partition(":")
            if method != "aspect_ratio" or (given and not (factor.isdigit() and int(factor))):
                raise OptionError(
                    f"{name}: invalid chunking_method: {self.chunking_method!r}, expected auto, aspect_ratio, "
                    "aspect_ratio:N or None"
                )
        size = self.batch_chunk_size
        if size is not None and (not isinstance(size, int) or size <= 0):
            raise OptionError(f"{name}: batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None and self.acc_dtype not in _SUMS:
            raise OptionError(
                f"{name}: acc_dtype must be one of None, {', '.join(map(str, _SUMS))}, got {self.acc_dtype!r}. Pass "
                "acc_dtype=None to let the op pick automatically."
            )

    def chunk_size(self, rows: int, in_features: int, classes: int, dtype: DType, device_type: str) -> int:
        """The rows of a chunk.

        Args:
            rows: Of the batch.
            in_features: Of the linear layer.
            classes: Of the linear layer.
            dtype: Of the input.
            device_type: "cpu" or another.

        Returns:
            At least 1.

        Raises:
            OptionError: `batch_chunk_size` and `chunking_method` are both given, and do not agree.
        """
        given, method = self.batch_chunk_size, self.chunking_method
        if method == "auto":
            halves = "aspect_ratio" if device_type == "cpu" and dtype in HALF else "aspect_ratio:2"
            method = halves if given is None else None
        if method is None:
            return max(min(given or rows, rows), 1)
        factor = int(method.partition(":")[2] or 1)
        wanted = -(-rows // max(-(-classes // max(in_features, 1)), 1))
        size = min((1 << max(wanted - 1, 0).bit_length()) // factor, rows)
        if given not in (None, size):
            raise OptionError(
                f"linear_cross_entropy: batch_chunk_size (={given}) and chunking_method ('{method}') give different "
                f"chunk sizes ({given} vs {size}); pass only one."
            )
        return max(size, 1)


# public --------------------------------------------------------------------------------------------------------------
def _checked_shapes(name: str, x: Tensor, linear_weight: Tensor, bias: Tensor | None) -> Shape:
    """The dims of the linear layer's classes: `(C, *)`."""
    a, b = tuple(x._data.shape), tuple(linear_weight._data.shape)
    if len(a) not in (1, 2):
        raise ShapeError(f"{name}: expected input with dimensionality 1 or 2, got {len(a)}")
    if len(b) < 2:
        raise ShapeError(f"{name}: expected linear_weight with dimensionality at least 2, got {len(b)}")
    if a[-1] != b[-1]:
        raise ShapeError(
            f"{name}: expected equal input and linear_weight last dimensions (in_features), got {a[-1]} and {b[-1]}, "
            "respectively"
        )
    if bias is not None and tuple(bias._data.shape) != b[:-1]:
        raise ShapeError(f"{name}: expected linear_bias shape {b[:-1]}, got {tuple(bias._data.shape)}")
    if len(b) > 2 and len(a) == 1:
        raise ShapeError(
            f"{name}: K-dimensional loss defined by linear_weight shape {b} requires batched input, (N, {a[-1]}), got "
            f"unbatched input with shape {a}"
        )
    return b[:-1]


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """`cross_entropy(linear(input, linear_weight, linear_bias), target)`; with `options` in chunks of the batch.

    Args:
        input: `(N, F)` or `(F)`, floating-point.
        linear_weight: `(C, F)`, or `(C, *, F)` for a loss of more dims; of the input's dtype.
        target: Classes `(N)`, `(N, *)` or `()`, int64, in [0, C) or `ignore_index`; or probabilities `(N, C)`,
            `(N, C, *)` or `(C)`, floating-point.
        linear_bias: `(C)` or `(C, *)`. Default: None.
        weight: `(C)`, of each class. Default: None, ones.
        reduction: "none", "sum", or "mean": the sum over the sum of the targets' weights (probabilities: over their
            number). Default: "mean".
        ignore_index: Classes that count for nothing. Default: None, -100.
        label_smoothing: Share of the uniform distribution in the target, in [0, 1]. Default: 0.
        options: How the batch is cut, so that no more than a chunk's logits exist at a time; backward makes them anew.
            Ignored with a warning where there are probabilities, `label_smoothing`, or more dims. Default: None,
            the whole batch at once.

    Returns:
        0-d, or with "none" the shape of class indices, `(N)`, `(N, *)` or `()`; of the input's dtype.

    Raises:
        ShapeError: Shapes do not fit together.
        OptionError: `reduction`, `label_smoothing` or an option is none of these, or `ignore_index` is given with
            probabilities.
        IndexRangeError: A target is out of bounds.
        DTypeError: `input` is not floating-point, or another tensor of an unfitting dtype.
        AutogradError: `weight` requires grad, and the target is given by class indices.

    Differentiable: By `input`, `linear_weight`, `linear_bias` and probabilities, any order.

    Example:
        >>> import fnnet
        >>> import fnnet.nn.functional as F
        >>> x, w = fnnet.ones(3, 2), fnnet.zeros(4, 2)
        >>> options = fnnet.nn.LinearCrossEntropyOptions(batch_chunk_size=2)
        >>> F.linear_cross_entropy(x, w, fnnet.tensor([0, 1, 2]), options=options)
        tensor(1.3863)
    """
    name = "linear_cross_entropy"
    need_tensor(name, input=input, linear_weight=linear_weight, target=target)
    if options is not None and linear_weight._data.ndim == 2 and dtype_of(input) not in _SUMS:
        raise OptionError(
            f"{name}: acc_dtype must be one of None, {', '.join(map(str, _SUMS))}, got that of input, {dtype_of(input)}"
        )
    need_float(name, input)
    if linear_bias is not None:
        need_tensor(name, linear_bias=linear_bias)
    dims = _checked_shapes(name, input, linear_weight, linear_bias)
    lead = tuple(input._data.shape[:-1])
    shape = (*lead, *dims)
    if tuple(target._data.shape) == shape and ignore_index is not None:
        raise OptionError(f"{name}: ignore_index cannot be specified when target contains probabilities")
    ignored = -100 if ignore_index is None else int(ignore_index)
    reduction = reduction_of(name, reduction)
    if options is not None:
        if len(dims) == 1 and not label_smoothing and dtype_of(target) is dtypes.int64:
            return _in_chunks(input, linear_weight, target, linear_bias, weight, reduction, ignored, options)
        warnings.warn(
            f"{name}: ``options`` ignored; chunked path needs label_smoothing == 0, target.dtype == int64 and "
            f"linear_weight of 2 dims. Got label_smoothing={label_smoothing}, target.dtype={dtype_of(target)}, "
            f"linear_weight of {len(dims) + 1} dims.",
            UserWarning,
            stacklevel=2,
        )
    if len(dims) > 1:
        linear_weight = linear_weight.reshape(math.prod(dims), linear_weight._data.shape[-1])
        linear_bias = None if linear_bias is None else linear_bias.reshape(math.prod(dims))
    logits = linear(input, linear_weight, linear_bias).reshape(shape)
    return cross_entropy(
        logits, target, weight, ignore_index=ignored, reduction=reduction, label_smoothing=label_smoothing
    )


def _in_chunks(
    x: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    bias: Tensor | None,
    weight: Tensor | None,
    reduction: str,
    ignore_index: int,
    options: LinearCrossEntropyOptions,
) -> Tensor:
    name, dtype = "linear_cross_entropy", dtype_of(x)
    constant(name, weight=weight)
    lead, (classes, features) = tuple(x._data.shape[:-1]), linear_weight._data.shape
    if tuple(target._data.shape) != lead:
        raise ShapeError(
            f"{name}: Expected input batch_size ({lead[0] if lead else 'none'}) to match target batch_size, got target "
            f"{tuple(target._data.shape)}, expected {lead}"
        )
    if weight is not None and tuple(weight._data.shape) != (classes,):
        raise ShapeError(
            f"{name}: weight tensor should be defined either for all {classes} classes or no classes but got weight "
            f"tensor of shape: {list(weight._data.shape)}"
        )
    for what, t in (("linear_weight", linear_weight), ("linear_bias", bias), ("weight", weight)):
        if t is not None and dtype_of(t) is not dtype:
            raise DTypeError(
                f"{name}: expected m1 and m2 to have the same dtype, but got: {_title(dtype)} (input) != "
                f"{_title(dtype_of(t))} ({what})"
            )
    sums = options.acc_dtype
    if sums not in (None, dtype) and not (dtype in HALF and sums is dtypes.float32):
        raise DTypeError(
            f"{name} supports float32 acc_dtype with float16/bfloat16 inputs, but got {sums} acc_dtype and {dtype} "
            "inputs."
        )
    found = bounds(target)
    if found is not None and (found[0] < 0 or found[1] >= classes):
        _refuse(name, target, classes, ignore_index)
    if not lead:
        x, target = apply(OPS["reshape"], x, shape=(1, features)), apply(OPS["reshape"], target, shape=(1,))
    rows = x._data.shape[0]
    size = options.chunk_size(rows, features, classes, dtype, x._device.type)
    loss = apply(
        LINEAR_CROSS_ENTROPY, x, linear_weight, target, bias, weight, reduction=reduction, ignore_index=ignore_index,
        chunk_size=size,
    )  # fmt: skip
    if reduction == "none" and not lead:
        loss = apply(OPS["reshape"], loss, shape=())
    return cast("Tensor", loss)


__all__ = ["LinearCrossEntropyOptions", "linear_cross_entropy"]
