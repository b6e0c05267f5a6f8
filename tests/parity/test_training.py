"""Whole trainings, seeded alike, step by step in both frameworks: the losses stay together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import fnnet

STEPS = 50
BATCH = 32
LEAVE = 1e-4
"""Relative, the goal of step A: after 50 steps rounding has grown from 1e-7."""
Images = tuple[NDArray[np.float32], NDArray[np.int64]]


def lenet(framework: Any) -> Any:
    """A LeNet in the words that both frameworks speak."""
    nn, F = framework.nn, framework.nn.functional

    class LeNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
            self.conv2 = nn.Conv2d(6, 16, 5)
            self.fc1 = nn.Linear(16 * 5 * 5, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x: Any) -> Any:
            x = F.max_pool2d(F.relu(self.conv1(x)), 2)
            x = F.max_pool2d(F.relu(self.conv2(x)), 2)
            x = x.view(-1, 16 * 5 * 5)
            return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))

    return LeNet()


def mlp(framework: Any) -> Any:
    nn = framework.nn
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 32), nn.Tanh(),
        nn.LayerNorm(32), nn.GELU(), nn.Linear(32, 10),
    )  # fmt: skip


def convolutions(framework: Any) -> Any:
    """A small residual-free network with the layers of a ResNet."""
    nn = framework.nn
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1),
        nn.Conv2d(8, 16, 3, padding=1, groups=2), nn.BatchNorm2d(16), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(16, 10),
    )  # fmt: skip


OPTIMIZERS: dict[str, Callable[[Any, Any], Any]] = {
    "SGD": lambda framework, params: framework.optim.SGD(params, lr=0.3),
    "SGD, momentum": lambda framework, params: framework.optim.SGD(
        params, lr=0.02, momentum=0.9, nesterov=True, weight_decay=1e-3
    ),
    "Adam": lambda framework, params: framework.optim.Adam(params, lr=1e-3),
    "AdamW": lambda framework, params: framework.optim.AdamW(params, lr=1e-3, weight_decay=0.05, amsgrad=True),
}


def blobs() -> Images:
    """Ten noisy patterns of 28 x 28, as easy as digits."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, STEPS * BATCH)
    patterns = rng.random((10, 1, 28, 28))
    noisy = patterns[labels] + rng.normal(0, 0.3, (len(labels), 1, 28, 28))
    return noisy.astype(np.float32), labels


def digits(file: Path) -> Images:
    """The first images of MNIST."""
    with np.load(file) as data:
        images, labels = data["x_train"][: STEPS * BATCH], data["y_train"][: STEPS * BATCH]
    return (images.reshape(-1, 1, 28, 28) / 255).astype(np.float32), labels.astype(np.int64)


def trained(
    framework: ModuleType, build: Callable[[Any], Any], optimizer: str, data: Images
) -> tuple[list[float], Any]:
    """The losses of each step, and the network."""
    framework.manual_seed(3)
    net = build(framework)
    stepper = OPTIMIZERS[optimizer](framework, net.parameters())
    criterion = framework.nn.CrossEntropyLoss()
    losses = []
    for at in range(0, STEPS * BATCH, BATCH):
        images, labels = (framework.from_numpy(array[at : at + BATCH]) for array in data)
        stepper.zero_grad()
        loss = criterion(net(images), labels)
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    return losses, net


def farthest(build: Callable[[Any], Any], optimizer: str, data: Images) -> float:
    """The largest relative difference of two losses of the same step."""
    mine, net = trained(fnnet, build, optimizer, data)
    theirs, twin = trained(torch, build, optimizer, data)
    assert theirs[-1] < theirs[0], "the training itself is to work"
    assert list(net.state_dict()) == list(twin.state_dict())
    return max(abs(m - t) / abs(t) for m, t in zip(mine, theirs, strict=True))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_lenet(optimizer: str, record_property: Callable[[str, object], None]) -> None:
    record_property("parity", "nn.Module")
    difference = farthest(lenet, optimizer, blobs())
    record_property("largest relative difference of losses", difference)
    assert difference < LEAVE


@pytest.mark.parametrize("optimizer", ["SGD, momentum", "Adam"])
@pytest.mark.parametrize("build", [mlp, convolutions])
def test_other_networks(build: Callable[[Any], Any], optimizer: str) -> None:
    assert farthest(build, optimizer, blobs()) < LEAVE


def test_lenet_on_digits(shared: Callable[[str], Path]) -> None:
    assert farthest(lenet, "SGD, momentum", digits(shared("data/mnist.npz"))) < LEAVE
