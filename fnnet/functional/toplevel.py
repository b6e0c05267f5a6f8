"""Functions of `torch` whose arguments differ from those of their namesakes in `torch.nn.functional`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fnnet.functional import softmaxes
from fnnet.functional.dropout import dropout as _dropout
from fnnet.functional.embedding import embedding as _embedding
from fnnet.functional.normalization import batch_norm as _batch_norm
from fnnet.functional.normalization import layer_norm as _layer_norm

if TYPE_CHECKING:
    from fnnet._tensor import Tensor
    from fnnet.backends.dtypes import DType


def softmax(input: Tensor, dim: int, dtype: DType | None = None, *, out: Tensor | None = None) -> Tensor:
    """`exp(x) / sum(exp(x))` along `dim`; see `nn.functional.softmax`.

    Args:
        input: Floating point, any shape; other dtypes with `dtype` alone.
        dim: Along which it sums to 1.
        dtype: `input` is cast to it first. Default: its own.
        out: Where to write the result.

    Returns:
        `input`'s shape, in [0, 1], in its dtype or `dtype`.

    Raises:
        DTypeError: What is to be normalised is not of floating point.
        IndexRangeError: `dim` is out of range.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.softmax(fnnet.tensor([1, 1]), 0, fnnet.float64)
        tensor([0.5000, 0.5000], dtype=fnnet.float64)
    """
    return softmaxes.along(softmaxes.SOFTMAX, input, dim, dtype, out)


def log_softmax(input: Tensor, dim: int, dtype: DType | None = None, *, out: Tensor | None = None) -> Tensor:
    """`log(softmax(x))` along `dim`; see `nn.functional.log_softmax`.

    Args:
        input: Floating point, any shape; other dtypes with `dtype` alone.
        dim: Along which its exponentials sum to 1.
        dtype: `input` is cast to it first. Default: its own.
        out: Where to write the result.

    Returns:
        `input`'s shape, not positive, in its dtype or `dtype`.

    Raises:
        DTypeError: What is to be normalised is not of floating point.
        IndexRangeError: `dim` is out of range.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.log_softmax(fnnet.tensor([1.0, 1.0]), 0)
        tensor([-0.6931, -0.6931])
    """
    return softmaxes.along(softmaxes.LOG_SOFTMAX, input, dim, dtype, out)


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Zero each element with probability `p` and scale the others by `1 / (1 - p)`: `nn.functional.dropout`.

    Args:
        input: Floating point, any shape.
        p: Probability of a zero, in [0, 1].
        train: False: `input` itself is returned.

    Returns:
        `input`'s shape and dtype.

    Raises:
        OptionError: `p` is outside [0, 1].
        DTypeError: `input` is not of floating point.

    Differentiable: By `input`, any order, with the mask that was drawn.

    Example:
        >>> import fnnet
        >>> fnnet.dropout(fnnet.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return _dropout(input, p, train)


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """Rows of a table: `nn.functional.embedding` with the table first.

    Args:
        weight: `(V, D)`, the table.
        indices: Rows to look up, int64 or int32, any shape, 0 to V - 1.
        padding_idx: A row whose gradient is zero. Default: -1, which stands for none, as all negative ones do.
        scale_grad_by_freq: Divide a row's gradient by how often it is looked up in this call. Default: False.
        sparse: There are no sparse gradients: True raises. Default: False.

    Returns:
        `(*indices.shape, D)`, in `weight`'s dtype.

    Raises:
        ShapeError: `weight` is not 2-d.
        DTypeError: `indices` are of another dtype.
        IndexRangeError: An index is negative or not below V.
        OptionError: `padding_idx` is not below V, or `sparse`.

    Differentiable: By `weight`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.embedding(fnnet.tensor([[1.0], [2.0]]), fnnet.tensor([1, 0, 1]))
        tensor([[2.],
                [1.],
                [2.]])
    """
    padding = None if padding_idx < 0 else padding_idx
    return _embedding(indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`(x - mean) / sqrt(var + eps) * weight + bias` for each channel: `nn.functional.batch_norm` with all arguments.

    Args:
        input: `(N, C, *)`, floating point.
        weight: `(C,)`, or None for ones.
        bias: `(C,)`, or None for zeros.
        running_mean: `(C,)` or None. Training updates it in place.
        running_var: `(C,)` or None. Training updates it in place, with the unbiased variance.
        training: Take the statistics of this batch (biased variance), not the running ones.
        momentum: Share of the new statistics in the running ones.
        eps: Added to the variance.
        cudnn_enabled: Accepted, without effect.

    Returns:
        `input`'s shape and dtype.

    Raises:
        DTypeError: `input` is not of floating point.
        OptionError: One value per channel when training; `eps` out of range.
        ShapeError: A parameter does not have one value per channel; no running statistics in evaluation.

    Differentiable: By `input`, `weight` and `bias`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.batch_norm(fnnet.tensor([[1.0], [3.0]]), None, None, None, None, True, 0.1, 1e-5, False)
        tensor([[-1.0000],
                [ 1.0000]])
    """
    return _batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """`(x - mean) / sqrt(var + eps) * weight + bias` over the last dims: `nn.functional.layer_norm`.

    Args:
        input: `(*, *normalized_shape)`, floating point.
        normalized_shape: The last dims.
        weight: Of shape `normalized_shape`. Default: ones.
        bias: Of shape `normalized_shape`. Default: zeros.
        eps: Added to the (biased) variance. Default: 1e-5.
        cudnn_enable: Accepted, without effect. Default: True.

    Returns:
        `input`'s shape and dtype.

    Raises:
        DTypeError: `input` is not of floating point.
        ShapeError: Shapes do not fit together.

    Differentiable: By `input`, `weight` and `bias`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.layer_norm(fnnet.tensor([1.0, 3.0]), (2,))
        tensor([-1.0000,  1.0000])
    """
    return _layer_norm(input, normalized_shape, weight, bias, eps)


__all__ = ["batch_norm", "dropout", "embedding", "layer_norm", "log_softmax", "softmax"]
