"""Fusion: a convolution or linear layer that does the work of the batch norm behind it, too."""

from __future__ import annotations

import copy
from typing import TypeVar

from fnnet._core.errors import AssertedOptionError
from fnnet._tensor import Tensor
from fnnet.functional import creation
from fnnet.nn.modules.batchnorm import NormBase
from fnnet.nn.modules.convolution import _ConvNd
from fnnet.nn.modules.linear import Linear
from fnnet.nn.parameter import Parameter

C = TypeVar("C", bound=_ConvNd)
L = TypeVar("L", bound=Linear)


def _statistics(layer: _ConvNd | Linear, bn: NormBase) -> tuple[Tensor, Tensor]:
    if layer.training or bn.training:
        raise AssertedOptionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertedOptionError("bn.running_mean and bn.running_var must not be None")
    return bn.running_mean, bn.running_var


def fuse_conv_bn_eval(conv: C, bn: NormBase, transpose: bool = False) -> C:
    """A convolution that does what a convolution and the batch norm behind it do in evaluation mode.

    Args:
        conv: The convolution, in evaluation mode.
        bn: The batch norm, in evaluation mode, with running statistics.
        transpose: Whether `conv` is a transposed convolution. Default: False.

    Returns:
        A new convolution.

    Raises:
        AssertedOptionError: One of them is in training mode, or the batch norm has no running statistics.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> conv, bn = nn.Conv1d(2, 3, 2).eval(), nn.BatchNorm1d(3).eval()
        >>> x = fnnet.randn(1, 2, 5)
        >>> fused = nn.utils.fusion.fuse_conv_bn_eval(conv, bn)
        >>> fnnet.allclose(fused(x), bn(conv(x)), atol=1e-6)
        True
    """
    mean, var = _statistics(conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, mean, var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None,
    bn_b: Tensor | None, transpose: bool = False,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """Weight and bias of a convolution that does a batch norm's work, too.

    `W' = W w / sqrt(var + eps)`, `b' = (b - mean) w / sqrt(var + eps) + b_bn`.

    Args:
        conv_w: The convolution's weight.
        conv_b: Its bias `(C,)`, or None.
        bn_rm: The batch norm's running mean `(C,)`.
        bn_rv: Its running variance `(C,)`.
        bn_eps: Its eps.
        bn_w: Its weight `(C,)`; None stands for 1.
        bn_b: Its bias `(C,)`; None stands for 0.
        transpose: Whether channels are dim 1 of the weight, as in a transposed convolution. Default: False.

    Returns:
        Weight and bias, in the dtypes that they had.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.fusion import fuse_conv_bn_weights
        >>> one = fnnet.ones(1)
        >>> [p.item() for p in fuse_conv_bn_weights(one.view(1, 1, 1), None, 2 * one, 4 * one, 0.0, None, one)]
        [0.5, 0.0]
    """
    bias = creation.zeros_like(bn_rm) if conv_b is None else conv_b
    scale = (bn_rv + bn_eps).rsqrt()
    if bn_w is not None:
        scale = bn_w * scale
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    weight = (conv_w * scale.reshape(shape)).to(conv_w.dtype)
    moved = (bias - bn_rm) * scale
    if bn_b is not None:
        moved = moved + bn_b
    moved = moved.to(conv_w.dtype if conv_b is None else conv_b.dtype)
    return Parameter(weight.detach(), conv_w.requires_grad), Parameter(moved.detach(), bias.requires_grad)


def fuse_linear_bn_eval(linear: L, bn: NormBase) -> L:
    """A linear layer that does what a linear layer and the batch norm behind it do in evaluation mode.

    Args:
        linear: The linear layer, in evaluation mode.
        bn: The batch norm, in evaluation mode, with running statistics; of as many features, or of one.

    Returns:
        A new linear layer.

    Raises:
        AssertedOptionError: One of them is in training mode, the batch norm has no running statistics, or the features
            differ.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> linear, bn = nn.Linear(2, 3).eval(), nn.BatchNorm1d(3).eval()
        >>> x = fnnet.randn(4, 2)
        >>> fnnet.allclose(nn.utils.fusion.fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)), atol=1e-6)
        True
    """
    mean, var = _statistics(linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise AssertedOptionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    weight = creation.ones_like(mean) if bn.weight is None else bn.weight
    bias = creation.zeros_like(mean) if bn.bias is None else bn.bias
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(fused.weight, fused.bias, mean, var, bn.eps, weight, bias)
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor, bn_b: Tensor
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a linear layer that does a batch norm's work, too.

    `W' = W w / sqrt(var + eps)`, `b' = (b - mean) w / sqrt(var + eps) + b_bn`.

    Args:
        linear_w: The linear layer's weight `(out, in)`.
        linear_b: Its bias `(out,)`, or None.
        bn_rm: The batch norm's running mean `(out,)`, or `(1,)` as all of the following.
        bn_rv: Its running variance.
        bn_eps: Its eps.
        bn_w: Its weight.
        bn_b: Its bias.

    Returns:
        Weight and bias, in the dtypes that they had.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.fusion import fuse_linear_bn_weights
        >>> one = fnnet.ones(1)
        >>> [p.item() for p in fuse_linear_bn_weights(one.view(1, 1), None, 2 * one, 4 * one, 0.0, one, one)]
        [0.5, 0.0]
    """
    bias = creation.zeros_like(bn_rm) if linear_b is None else linear_b
    scale = bn_w * (bn_rv + bn_eps).rsqrt()
    weight = linear_w * scale.unsqueeze(-1).to(linear_w.dtype)
    moved = ((bias - bn_rm) * scale + bn_b).to(linear_w.dtype if linear_b is None else linear_b.dtype)
    return Parameter(weight.detach(), linear_w.requires_grad), Parameter(moved.detach(), bias.requires_grad)


__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]
