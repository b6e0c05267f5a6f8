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

    Example:
        >>> import fnnet
        >>> fnnet.softmax(fnnet.tensor([1, 1]), 0, fnnet.float64)
        tensor([0.5000, 0.5000], dtype=fnnet.float64)
    """
    return softmaxes.along(softmaxes.SOFTMAX, input, dim, dtype, out)


def log_softmax(input: Tensor, dim: int, dtype: DType | None = None, *, out: Tensor | None = None) -> Tensor:
    """`log(softmax(x))` along `dim`; see `nn.functional.log_softmax`.

    Example:
        >>> import fnnet
        >>> fnnet.log_softmax(fnnet.tensor([1.0, 1.0]), 0)
        tensor([-0.6931, -0.6931])
    """
    return softmaxes.along(softmaxes.LOG_SOFTMAX, input, dim, dtype, out)


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.dropout` with all arguments.

    Example:
        >>> import fnnet
        >>> fnnet.dropout(fnnet.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return _dropout(input, p, train)


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """`nn.functional.embedding` with the table first; -1 stands for no padding row.

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
    """`nn.functional.batch_norm` with all arguments, weight and bias first; `cudnn_enabled` is accepted.

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
    """`nn.functional.layer_norm`; `cudnn_enable` is accepted.

    Example:
        >>> import fnnet
        >>> fnnet.layer_norm(fnnet.tensor([1.0, 3.0]), (2,))
        tensor([-1.0000,  1.0000])
    """
    return _layer_norm(input, normalized_shape, weight, bias, eps)


__all__ = ["batch_norm", "dropout", "embedding", "layer_norm", "log_softmax", "softmax"]
