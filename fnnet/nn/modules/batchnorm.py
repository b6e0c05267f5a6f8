"""Normalization of each channel over the batch and space."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from fnnet._core.errors import ShapeError
from fnnet._tensor import Tensor
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DType
from fnnet.functional import creation
from fnnet.nn import functional as F
from fnnet.nn import init
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike, parameter
from fnnet.nn.parameter import Parameter


class NormBase(Module):
    """Weight and bias per channel, and running statistics."""

    _version = 2  # since version 2 there is num_batches_tracked
    _ndims: tuple[int, ...]  # how many dims the input may have
    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        shape = (num_features,)
        self.register_parameter("weight", parameter(shape, device, dtype) if affine else None)
        self.register_parameter("bias", parameter(shape, device, dtype) if affine and bias else None)
        track = track_running_stats
        self.register_buffer("running_mean", creation.zeros(shape, device=device, dtype=dtype) if track else None)
        self.register_buffer("running_var", creation.ones(shape, device=device, dtype=dtype) if track else None)
        count = creation.tensor(0, dtype=dtypes.int64, device=device) if track else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Running mean 0, running variance 1, no batch seen."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Fresh running statistics, weight 1, bias 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim not in self._ndims:
            expected = " or ".join(f"{n}D" for n in self._ndims)
            raise ShapeError(f"expected {expected} input (got {input.ndim}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self,
        state_dict: MutableMapping[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        key = prefix + "num_batches_tracked"
        if (local_metadata.get("version") or 0) < 2 and self.num_batches_tracked is not None and key not in state_dict:
            state_dict[key] = self.num_batches_tracked
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class _BatchNorm(NormBase):
    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean of all batches, each of the same weight
                momentum = 1.0 / float(self.num_batches_tracked)
        mean, var = self.running_mean, self.running_var
        if self.training and not self.track_running_stats:
            mean = var = None
        by_batch = self.training or (self.running_mean is None and self.running_var is None)
        return F.batch_norm(input, mean, var, self.weight, self.bias, by_batch, momentum, self.eps)


class BatchNorm1d(_BatchNorm):
    """Normalizes each channel of (N, C) or (N, C, L) by its mean and variance over the batch: `F.batch_norm`.

    In training those of the batch, which also move the running statistics; in evaluation the running statistics.
    State: parameters weight and bias `(C,)`; buffers running_mean, running_var `(C,)`, num_batches_tracked (0-d int64).

    Args:
        num_features: Channels C.
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics; None: the mean of all batches. Default: 0.1.
        affine: Whether there are weight and bias. Default: True.
        track_running_stats: Whether there are running statistics; without, evaluation takes the batch's, too.
            Default: True.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C)` or `(N, C, L)` to the same.

    Raises:
        ShapeError: The input has another number of dims or of channels.
        OptionError: There is one value per channel in training.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Ioffe, Szegedy 2015, Batch Normalization.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.BatchNorm1d(1, affine=False)
        >>> m(fnnet.tensor([[1.0], [3.0]])).round(decimals=3)
        tensor([[-1.],
                [ 1.]])
        >>> m.running_mean
        tensor([0.2000])
    """

    _ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalizes each channel of (N, C, H, W) by its mean and variance over batch and space: `F.batch_norm`.

    In training those of the batch, which also move the running statistics; in evaluation the running statistics.
    State: parameters weight and bias `(C,)`; buffers running_mean, running_var `(C,)`, num_batches_tracked (0-d int64).

    Args:
        num_features: Channels C.
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics; None: the mean of all batches. Default: 0.1.
        affine: Whether there are weight and bias. Default: True.
        track_running_stats: Whether there are running statistics; without, evaluation takes the batch's, too.
            Default: True.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, H, W)` to the same.

    Raises:
        ShapeError: The input has another number of dims or of channels.
        OptionError: There is one value per channel in training.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Ioffe, Szegedy 2015, Batch Normalization.

    Example:
        >>> import fnnet
        >>> fnnet.nn.BatchNorm2d(100)(fnnet.randn(2, 100, 3, 4)).shape
        fnnet.Size([2, 100, 3, 4])
    """

    _ndims = (4,)


class BatchNorm3d(_BatchNorm):
    """Normalizes each channel of (N, C, D, H, W) by its mean and variance over batch and space: `F.batch_norm`.

    In training those of the batch, which also move the running statistics; in evaluation the running statistics.
    State: parameters weight and bias `(C,)`; buffers running_mean, running_var `(C,)`, num_batches_tracked (0-d int64).

    Args:
        num_features: Channels C.
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics; None: the mean of all batches. Default: 0.1.
        affine: Whether there are weight and bias. Default: True.
        track_running_stats: Whether there are running statistics; without, evaluation takes the batch's, too.
            Default: True.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, D, H, W)` to the same.

    Raises:
        ShapeError: The input has another number of dims or of channels.
        OptionError: There is one value per channel in training.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Ioffe, Szegedy 2015, Batch Normalization.

    Example:
        >>> import fnnet
        >>> fnnet.nn.BatchNorm3d(10)(fnnet.randn(2, 10, 2, 3, 4)).shape
        fnnet.Size([2, 10, 2, 3, 4])
    """

    _ndims = (5,)


class SyncBatchNorm(_BatchNorm):
    """Normalizes each channel of `(N, C, *)` as `BatchNorm*d` does, over all processes of a group.

    fnnet trains in one process, so that its batch is the whole one. State: as of `BatchNorm1d`.

    Args:
        num_features: Channels C.
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics; None: the mean of all batches. Default: 0.1.
        affine: Whether there are weight and bias. Default: True.
        track_running_stats: Whether there are running statistics; without, evaluation takes the batch's, too.
            Default: True.
        process_group: Kept, and handed on by `convert_sync_batchnorm`. Default: None.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, *)` to the same.

    Raises:
        ShapeError: The input has fewer than two dims, other channels, or none.
        OptionError: There is one value per channel in training.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Ioffe, Szegedy 2015, Batch Normalization.

    Example:
        >>> import fnnet
        >>> fnnet.nn.SyncBatchNorm(3)(fnnet.randn(2, 3, 4)).shape
        fnnet.Size([2, 3, 4])
    """

    process_group: object

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: object = None,
        device: DeviceLike = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ShapeError(f"expected at least 2D input (got {input.ndim}D input)")
        if input.shape[1] == 0:
            raise ShapeError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: object = None) -> Module:
        """Put a SyncBatchNorm in the place of each `BatchNorm*d` in a module, with its state.

        Args:
            module: Changed in place; itself a `BatchNorm*d`, it stays as it is.
            process_group: Of the new ones. Default: None.

        Returns:
            `module`, or what takes the place of a `BatchNorm*d`.

        Example:
            >>> import fnnet
            >>> m = fnnet.nn.Sequential(fnnet.nn.Linear(2, 3), fnnet.nn.BatchNorm1d(3))
            >>> type(fnnet.nn.SyncBatchNorm.convert_sync_batchnorm(m)[1]).__name__
            'SyncBatchNorm'
        """
        found = module
        if isinstance(module, _BatchNorm):
            found = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            if module.affine:
                found.weight, found.bias = module.weight, module.bias
            found.running_mean, found.running_var = module.running_mean, module.running_var
            found.num_batches_tracked = module.num_batches_tracked
            found.training = module.training
        for name, child in module.named_children():
            found.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return found


__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"]
