"""Lazy batch and instance norm: the first input tells their num_features."""

from __future__ import annotations

from typing import Any, cast

from fnnet._tensor import Tensor
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DType
from fnnet.functional import creation
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from fnnet.nn.modules.instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from fnnet.nn.modules.lazy import LazyModuleMixin, materialize
from fnnet.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter


class _LazyNorm(LazyModuleMixin):
    """What lazy norms have in common: the class beside it is theirs."""

    num_features: int
    affine: bool
    track_running_stats: bool
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = creation.tensor(0, dtype=dtypes.int64, device=device)

    def reset_parameters(self) -> None:
        """Fresh running statistics, weight 1, bias 0, once there is state."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            cast("Any", super()).reset_parameters()  # of the class beside it

    def initialize_parameters(self, input: Tensor) -> None:
        """Make the state for the input's channels, dim 1.

        Args:
            input: The first input.
        """
        if self.has_uninitialized_params():
            self.num_features = input.shape[1]
            for t in (self.weight, self.bias, self.running_mean, self.running_var):
                materialize(t, (self.num_features,))
            self.reset_parameters()


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """`BatchNorm1d` whose first input tells num_features; becomes one then.

    State: parameters weight and bias `(C,)` and buffers running_mean and running_var `(C,)`, uninitialized until the
    first call; buffer num_batches_tracked (0-d int64).

    Args:
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics; None: the mean of all batches. Default: 0.1.
        affine: Whether there are weight and bias. Default: True.
        track_running_stats: Whether there are running statistics. Default: True.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C)` or `(N, C, L)` to the same; C is dim 1 of the first input.

    Raises:
        OptionError: The state is used before the first call.
        ShapeError: As of `BatchNorm1d`.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyBatchNorm1d()
        >>> _ = m(fnnet.randn(4, 3))
        >>> type(m).__name__, m.running_mean.shape
        ('BatchNorm1d', fnnet.Size([3]))
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """`BatchNorm2d` whose first input tells num_features; becomes one then.

    State: parameters weight and bias `(C,)` and buffers running_mean and running_var `(C,)`, uninitialized until the
    first call; buffer num_batches_tracked (0-d int64).

    Args:
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics; None: the mean of all batches. Default: 0.1.
        affine: Whether there are weight and bias. Default: True.
        track_running_stats: Whether there are running statistics. Default: True.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, H, W)` to the same; C is dim 1 of the first input.

    Raises:
        OptionError: The state is used before the first call.
        ShapeError: As of `BatchNorm2d`.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyBatchNorm2d()
        >>> _ = m(fnnet.randn(4, 3, 2, 2))
        >>> type(m).__name__, m.running_mean.shape
        ('BatchNorm2d', fnnet.Size([3]))
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """`BatchNorm3d` whose first input tells num_features; becomes one then.

    State: parameters weight and bias `(C,)` and buffers running_mean and running_var `(C,)`, uninitialized until the
    first call; buffer num_batches_tracked (0-d int64).

    Args:
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics; None: the mean of all batches. Default: 0.1.
        affine: Whether there are weight and bias. Default: True.
        track_running_stats: Whether there are running statistics. Default: True.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, D, H, W)` to the same; C is dim 1 of the first input.

    Raises:
        OptionError: The state is used before the first call.
        ShapeError: As of `BatchNorm3d`.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyBatchNorm3d()
        >>> _ = m(fnnet.randn(4, 3, 2, 2, 2))
        >>> type(m).__name__, m.running_mean.shape
        ('BatchNorm3d', fnnet.Size([3]))
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """`InstanceNorm1d` whose first input tells num_features; becomes one then.

    State: parameters weight and bias `(C,)` and buffers running_mean and running_var `(C,)`, uninitialized until the
    first call; buffer num_batches_tracked (0-d int64).

    Args:
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics; None: the mean of all batches. Default: 0.1.
        affine: Whether there are weight and bias. Default: True.
        track_running_stats: Whether there are running statistics. Default: True.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, L)` to the same; C is dim 1 of the first input.

    Raises:
        OptionError: The state is used before the first call.
        ShapeError: As of `InstanceNorm1d`.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyInstanceNorm1d()
        >>> _ = m(fnnet.randn(4, 3, 2))
        >>> type(m).__name__, m.running_mean.shape
        ('InstanceNorm1d', fnnet.Size([3]))
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """`InstanceNorm2d` whose first input tells num_features; becomes one then.

    State: parameters weight and bias `(C,)` and buffers running_mean and running_var `(C,)`, uninitialized until the
    first call; buffer num_batches_tracked (0-d int64).

    Args:
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics; None: the mean of all batches. Default: 0.1.
        affine: Whether there are weight and bias. Default: True.
        track_running_stats: Whether there are running statistics. Default: True.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, H, W)` to the same; C is dim 1 of the first input.

    Raises:
        OptionError: The state is used before the first call.
        ShapeError: As of `InstanceNorm2d`.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyInstanceNorm2d()
        >>> _ = m(fnnet.randn(4, 3, 2, 2))
        >>> type(m).__name__, m.running_mean.shape
        ('InstanceNorm2d', fnnet.Size([3]))
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """`InstanceNorm3d` whose first input tells num_features; becomes one then.

    State: parameters weight and bias `(C,)` and buffers running_mean and running_var `(C,)`, uninitialized until the
    first call; buffer num_batches_tracked (0-d int64).

    Args:
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics; None: the mean of all batches. Default: 0.1.
        affine: Whether there are weight and bias. Default: True.
        track_running_stats: Whether there are running statistics. Default: True.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, D, H, W)` to the same; C is dim 1 of the first input.

    Raises:
        OptionError: The state is used before the first call.
        ShapeError: As of `InstanceNorm3d`.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyInstanceNorm3d()
        >>> _ = m(fnnet.randn(4, 3, 2, 2, 2))
        >>> type(m).__name__, m.running_mean.shape
        ('InstanceNorm3d', fnnet.Size([3]))
    """

    cls_to_become = InstanceNorm3d


__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]  # fmt: skip
