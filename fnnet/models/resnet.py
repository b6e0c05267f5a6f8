"""Residual networks with torchvision's names of modules and parameters, so that its files load.

Source: He et al. 2016, Deep Residual Learning for Image Recognition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict, Unpack

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.nn import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    GroupNorm,
    Linear,
    MaxPool2d,
    Module,
    ReLU,
    Sequential,
    init,
)

NormLayer = Callable[[int], Module]

_STEM = 64  # channels of the first convolution
_WIDTH = 64  # width_per_group of the networks of the paper


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> Conv2d:
    """A 3x3 convolution without bias that keeps height and width (at stride 1).

    Example:
        >>> from fnnet.models.resnet import conv3x3
        >>> conv3x3(2, 4)
        Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
    """
    return Conv2d(in_planes, out_planes, 3, stride, dilation, dilation, groups, bias=False)


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> Conv2d:
    """A 1x1 convolution without bias.

    Example:
        >>> from fnnet.models.resnet import conv1x1
        >>> conv1x1(2, 4)
        Conv2d(2, 4, kernel_size=(1, 1), stride=(1, 1), bias=False)
    """
    return Conv2d(in_planes, out_planes, 1, stride, bias=False)


class BasicBlock(Module):
    """Two 3x3 convolutions (N, inplanes, H, W) -> (N, planes, H / stride, W / stride), added to their input.

    Args:
        inplanes: Channels of the input.
        planes: Channels of the output.
        stride: Stride of the first convolution. Default: 1.
        downsample: What brings the input to the output's shape. Default: nothing.
        groups: 1: a block of the paper knows no groups.
        base_width: 64, for the same reason.
        dilation: 1, for the same reason.
        norm_layer: Makes a norm for a number of channels. Default: BatchNorm2d.

    Raises:
        OptionError: groups, base_width or dilation are others.

    Example:
        >>> import fnnet
        >>> from fnnet.models.resnet import BasicBlock
        >>> BasicBlock(4, 4)(fnnet.zeros(1, 4, 8, 8)).shape
        fnnet.Size([1, 4, 8, 8])
    """

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: Module | None = None,
        groups: int = 1,
        base_width: int = _WIDTH,
        dilation: int = 1,
        norm_layer: NormLayer | None = None,
    ) -> None:
        super().__init__()
        norm = BatchNorm2d if norm_layer is None else norm_layer
        if groups != 1 or base_width != _WIDTH:
            raise OptionError(
                f"BasicBlock only supports groups=1 and base_width={_WIDTH}, got {groups} and {base_width}"
            )
        if dilation > 1:
            raise OptionError(f"Dilation > 1 not supported in BasicBlock, got {dilation}")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm(planes)
        self.relu = ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(Module):
    """1x1, 3x3 and 1x1 convolutions (N, inplanes, H, W) -> (N, 4 planes, H / stride, W / stride), added to their input.

    The stride is the 3x3 convolution's, as in torchvision, not the first 1x1 one's, as in the paper.

    Args:
        inplanes: Channels of the input.
        planes: A quarter of the channels of the output.
        stride: Stride of the 3x3 convolution. Default: 1.
        downsample: What brings the input to the output's shape. Default: nothing.
        groups: Groups of the 3x3 convolution. Default: 1.
        base_width: Channels per group for 64 planes. Default: 64.
        dilation: Dilation of the 3x3 convolution. Default: 1.
        norm_layer: Makes a norm for a number of channels. Default: BatchNorm2d.

    Example:
        >>> import fnnet
        >>> from fnnet.models.resnet import Bottleneck
        >>> Bottleneck(8, 2)(fnnet.zeros(1, 8, 4, 4)).shape
        fnnet.Size([1, 8, 4, 4])
    """

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: Module | None = None,
        groups: int = 1,
        base_width: int = _WIDTH,
        dilation: int = 1,
        norm_layer: NormLayer | None = None,
    ) -> None:
        super().__init__()
        norm = BatchNorm2d if norm_layer is None else norm_layer
        width = int(planes * (base_width / _WIDTH)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm(planes * self.expansion)
        self.relu = ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class ResNet(Module):
    """Classifies images (N, 3, H, W): conv1, bn1, maxpool, layer1 to layer4, avgpool, fc.

    Args:
        block: BasicBlock or Bottleneck.
        layers: Number of blocks in each of the four layers.
        num_classes: Number of classes. Default: 1000.
        zero_init_residual: Begin with blocks that pass their input on (Goyal et al. 2017). Default: False.
        groups: Groups of the 3x3 convolutions. Default: 1.
        width_per_group: Channels per group for 64 planes. Default: 64.
        replace_stride_with_dilation: For layer2 to layer4, whether they dilate instead of shrinking. Default: none.
        norm_layer: Makes a norm for a number of channels. Default: BatchNorm2d.

    Raises:
        OptionError: replace_stride_with_dilation has not three elements.

    Example:
        >>> import fnnet
        >>> from fnnet.models.resnet import BasicBlock, ResNet
        >>> ResNet(BasicBlock, (1, 1, 1, 1), num_classes=5)(fnnet.zeros(2, 3, 32, 32)).shape
        fnnet.Size([2, 5])
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = _WIDTH,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: NormLayer | None = None,
    ) -> None:
        super().__init__()
        self._norm_layer: NormLayer = BatchNorm2d if norm_layer is None else norm_layer
        dilate = (False, False, False) if replace_stride_with_dilation is None else replace_stride_with_dilation
        if len(dilate) != 3:
            raise OptionError(f"replace_stride_with_dilation should be None or a 3-element tuple, got {dilate}")
        self.inplanes = _STEM
        self.dilation = 1
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = Conv2d(3, _STEM, 7, 2, 3, bias=False)
        self.bn1 = self._norm_layer(_STEM)
        self.relu = ReLU(inplace=True)
        self.maxpool = MaxPool2d(3, 2, 1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], 2, dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], 2, dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], 2, dilate[2])
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.fc = Linear(512 * block.expansion, num_classes)
        self._reset(zero_init_residual)

    def _reset(self, zero_init_residual: bool) -> None:
        for m in self.modules():
            if isinstance(m, Conv2d):
                init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, (BatchNorm2d, GroupNorm)):
                m.reset_parameters()
        if zero_init_residual:
            for m in self.modules():
                last = m.bn3 if isinstance(m, Bottleneck) else m.bn2 if isinstance(m, BasicBlock) else None
                if last is not None and last.weight is not None:
                    init.zeros_(last.weight)

    def _make_layer(
        self, block: type[BasicBlock | Bottleneck], planes: int, blocks: int, stride: int = 1, dilate: bool = False
    ) -> Sequential:
        norm, before = self._norm_layer, self.dilation
        if dilate:
            self.dilation, stride = self.dilation * stride, 1
        downsample = None
        out = planes * block.expansion
        if stride != 1 or self.inplanes != out:
            downsample = Sequential(conv1x1(self.inplanes, out, stride), norm(out))
        rest = (self.groups, self.base_width)
        made: list[Module] = [block(self.inplanes, planes, stride, downsample, *rest, before, norm)]
        self.inplanes = out
        made += [block(out, planes, 1, None, *rest, self.dilation, norm) for _ in range(1, blocks)]
        return Sequential(*made)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


class Options(TypedDict, total=False):
    """Options of `ResNet`."""

    num_classes: int
    zero_init_residual: bool
    groups: int
    width_per_group: int
    replace_stride_with_dilation: Sequence[bool] | None
    norm_layer: NormLayer | None


def _refuse(weights: object) -> None:
    if weights is not None:
        raise OptionError(
            f"fnnet ships no weights, got weights={weights!r}: load a file, net.load_state_dict(fnnet.load(path))"
        )


def resnet18(*, weights: None = None, progress: bool = True, **options: Unpack[Options]) -> ResNet:
    """ResNet-18 with fresh weights; a file of torchvision's weights loads into it.

    Args:
        weights: None: fnnet ships no weights.
        progress: Accepted for torchvision's sake; without effect.
        options: As `ResNet` takes them, from `num_classes` on.

    Returns:
        A `ResNet`: `(N, 3, H, W)` to logits `(N, num_classes)`.

    Raises:
        OptionError: Weights are asked for.

    Example:
        >>> from fnnet import models
        >>> sum(p.numel() for p in models.resnet18().parameters())
        11689512
    """
    _refuse(weights)
    return ResNet(BasicBlock, (2, 2, 2, 2), **options)


def resnet34(*, weights: None = None, progress: bool = True, **options: Unpack[Options]) -> ResNet:
    """ResNet-34 with fresh weights; a file of torchvision's weights loads into it.

    Args:
        weights: None: fnnet ships no weights.
        progress: Accepted for torchvision's sake; without effect.
        options: As `ResNet` takes them, from `num_classes` on.

    Returns:
        A `ResNet`: `(N, 3, H, W)` to logits `(N, num_classes)`.

    Raises:
        OptionError: Weights are asked for.

    Example:
        >>> from fnnet import models
        >>> len(models.resnet34(num_classes=10).layer3)
        6
    """
    _refuse(weights)
    return ResNet(BasicBlock, (3, 4, 6, 3), **options)


def resnet50(*, weights: None = None, progress: bool = True, **options: Unpack[Options]) -> ResNet:
    """ResNet-50 with fresh weights; a file of torchvision's weights loads into it.

    Args:
        weights: None: fnnet ships no weights.
        progress: Accepted for torchvision's sake; without effect.
        options: As `ResNet` takes them, from `num_classes` on.

    Returns:
        A `ResNet`: `(N, 3, H, W)` to logits `(N, num_classes)`.

    Raises:
        OptionError: Weights are asked for.

    Example:
        >>> from fnnet import models
        >>> models.resnet50(num_classes=10).fc
        Linear(in_features=2048, out_features=10, bias=True)
    """
    _refuse(weights)
    return ResNet(Bottleneck, (3, 4, 6, 3), **options)


__all__ = ["BasicBlock", "Bottleneck", "ResNet", "resnet18", "resnet34", "resnet50"]
