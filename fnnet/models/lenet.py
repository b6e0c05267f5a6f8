"""LeNet-5, as it is taught: two convolutions, three linear layers."""

from __future__ import annotations

from fnnet._tensor import Tensor
from fnnet.nn import Conv2d, Linear, Module
from fnnet.nn import functional as F


class LeNet(Module):
    """Classifies images: conv1, conv2, fc1, fc2, fc3 with ReLU and max-pooling.

    State: the weights and biases of these five layers.

    Args:
        in_channels: Channels of the images. Default: 1.
        num_classes: Number of classes. Default: 10.

    Shape:
        `(N, in_channels, 32, 32)` to logits `(N, num_classes)`.

    Source: LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition.

    Example:
        >>> import fnnet
        >>> from fnnet import models
        >>> models.LeNet()(fnnet.zeros(2, 1, 32, 32)).shape
        fnnet.Size([2, 10])
    """

    def __init__(self, in_channels: int = 1, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = Conv2d(in_channels, 6, 5)
        self.conv2 = Conv2d(6, 16, 5)
        self.fc1 = Linear(16 * 5 * 5, 120)
        self.fc2 = Linear(120, 84)
        self.fc3 = Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, 16 * 5 * 5)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def lenet(in_channels: int = 1, num_classes: int = 10) -> LeNet:
    """LeNet-5 with fresh weights.

    Args:
        in_channels: Channels of the images. Default: 1.
        num_classes: Number of classes. Default: 10.

    Returns:
        A `LeNet`.

    Example:
        >>> from fnnet import models
        >>> sum(p.numel() for p in models.lenet().parameters())
        61706
    """
    return LeNet(in_channels, num_classes)


__all__ = ["LeNet", "lenet"]
