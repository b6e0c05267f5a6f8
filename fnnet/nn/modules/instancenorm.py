"""Normalization of each channel of each sample, over space alone."""

from __future__ import annotations

import warnings
from collections.abc import MutableMapping
from typing import Any

from fnnet._core.errors import ShapeError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.nn import functional as F
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.batchnorm import NormBase


class _InstanceNorm(NormBase):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: DeviceLike = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        unbatched = input.ndim == self._ndims[0]
        dim = 0 if unbatched else 1
        channels = input.size(dim)
        if channels != self.num_features:
            if self.affine:
                raise ShapeError(
                    f"expected input's size at dim={dim} to match num_features ({self.num_features}), but got: "
                    f"{channels}."
                )
            warnings.warn(
                f"input's size at dim={dim} does not match num_features. You can silence this warning by not passing "
                "in "
                "num_features, which is not used because affine=False",
                stacklevel=2,
            )
        found = F.instance_norm(
            input.unsqueeze(0) if unbatched else input, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats, self.momentum or 0.0, self.eps,
        )  # fmt: skip
        return found.squeeze(0) if unbatched else found

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
        if local_metadata.get("version") is None and not self.track_running_stats:
            found = [k for k in (prefix + "running_mean", prefix + "running_var") if k in state_dict]
            if found:
                names, name = " and ".join(f'"{k}"' for k in found), type(self).__name__
                error_msgs.append(
                    f"Unexpected running stats buffer(s) {names} for {name} with track_running_stats=False. If "
                    "state_dict "
                    f"is a checkpoint saved before 0.4.0, this may be expected because {name} does not track running "
                    "stats by default since 0.4.0. Please remove these keys from state_dict. If the running stats are "
                    f"actually needed, instead set track_running_stats=True in {name} to enable them."
                )
                for k in found:
                    state_dict.pop(k)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class InstanceNorm1d(_InstanceNorm):
    """Normalizes each channel of each sample of (N, C, L) or (C, L): `F.instance_norm`.

    State, where asked for: parameters weight and bias `(C,)`; buffers running_mean, running_var `(C,)` and
    num_batches_tracked (0-d int64).

    Args:
        num_features: Channels C.
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics. Default: 0.1.
        affine: Whether there are weight and bias. Default: False.
        track_running_stats: Whether evaluation uses running statistics. Default: False.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, L)` or `(C, L)` to the same.

    Raises:
        ShapeError: The input has another number of dims, or with `affine` of channels.
        OptionError: A channel has one value in training.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Ulyanov et al. 2016, Instance Normalization.

    Example:
        >>> import fnnet
        >>> fnnet.nn.InstanceNorm1d(1)(fnnet.tensor([[1.0, 3.0]])).round(decimals=3)
        tensor([[-1.,  1.]])
    """

    _ndims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalizes each channel of each sample of (N, C, H, W) or (C, H, W): `F.instance_norm`.

    State, where asked for: parameters weight and bias `(C,)`; buffers running_mean, running_var `(C,)` and
    num_batches_tracked (0-d int64).

    Args:
        num_features: Channels C.
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics. Default: 0.1.
        affine: Whether there are weight and bias. Default: False.
        track_running_stats: Whether evaluation uses running statistics. Default: False.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, H, W)` or `(C, H, W)` to the same.

    Raises:
        ShapeError: The input has another number of dims, or with `affine` of channels.
        OptionError: A channel has one value in training.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Ulyanov et al. 2016, Instance Normalization.

    Example:
        >>> import fnnet
        >>> fnnet.nn.InstanceNorm2d(10)(fnnet.randn(2, 10, 3, 4)).shape
        fnnet.Size([2, 10, 3, 4])
    """

    _ndims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Normalizes each channel of each sample of (N, C, D, H, W) or (C, D, H, W): `F.instance_norm`.

    State, where asked for: parameters weight and bias `(C,)`; buffers running_mean, running_var `(C,)` and
    num_batches_tracked (0-d int64).

    Args:
        num_features: Channels C.
        eps: Added to the variance. Default: 1e-5.
        momentum: Weight of the batch in the running statistics. Default: 0.1.
        affine: Whether there are weight and bias. Default: False.
        track_running_stats: Whether evaluation uses running statistics. Default: False.
        device: Where the state lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        bias: Whether there is a bias beside the weight. Default: True.

    Shape:
        `(N, C, D, H, W)` or `(C, D, H, W)` to the same.

    Raises:
        ShapeError: The input has another number of dims, or with `affine` of channels.
        OptionError: A channel has one value in training.
        UnsupportedDTypeError: The input is not of floating point.

    Source: Ulyanov et al. 2016, Instance Normalization.

    Example:
        >>> import fnnet
        >>> fnnet.nn.InstanceNorm3d(10)(fnnet.randn(2, 10, 2, 3, 4)).shape
        fnnet.Size([2, 10, 2, 3, 4])
    """

    _ndims = (4, 5)


__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]
