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
Images = tuple[NDArray[Any], NDArray[np.int64]]
"""Inputs, and a label for each."""
Loss = Callable[[Any, Any, Any, Any], Any]
"""`(framework, net, inputs, labels)` to what is to become small."""
TOKENS, LENGTH = 20, 12
CHARACTERS, PIECE = 65, 48
"""Different ones in Shakespeare's text; how many a network reads at a time."""


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


def mlp_with_dropout(framework: Any) -> Any:
    nn = framework.nn
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(64, 10),
    )  # fmt: skip


def transformer(framework: Any) -> Any:
    """A Transformer encoder that reads tokens, 0 where a sequence has ended."""
    nn = framework.nn

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(TOKENS, 32, padding_idx=0)
            self.places = nn.Parameter(framework.randn(LENGTH, 32) * 0.02)
            layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True)
            self.layers = nn.TransformerEncoder(layer, 2, nn.LayerNorm(32))
            self.last = nn.Linear(32, 10)

        def forward(self, tokens: Any) -> Any:
            x = self.layers(self.embedding(tokens) + self.places, src_key_padding_mask=tokens == 0)
            return self.last(x[:, 0])

    return Reader()


def char_lstm(framework: Any) -> Any:
    """A network that reads characters and says at each step which will be the next."""
    nn = framework.nn

    class CharLSTM(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(CHARACTERS, 16)
            self.lstm = nn.LSTM(16, 64, num_layers=2, batch_first=True, dropout=0.2)
            self.head = nn.Linear(64, CHARACTERS)

        def forward(self, text: Any) -> Any:
            y, _ = self.lstm(self.embedding(text))
            return self.head(y).transpose(1, 2)  # the classes stand behind the batch

    return CharLSTM()


def autoencoder(framework: Any) -> Any:
    """A variational autoencoder."""
    nn = framework.nn

    class VAE(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(784, 64)
            self.mean = nn.Linear(64, 8)
            self.log_variance = nn.Linear(64, 8)
            self.decoder = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 784))

        def forward(self, x: Any) -> Any:
            inner = self.inner(x).relu()
            mean, log_variance = self.mean(inner), self.log_variance(inner)
            code = mean + framework.randn_like(mean) * (0.5 * log_variance).exp()
            return self.decoder(code), mean, log_variance

    return VAE()


def classification(framework: Any, net: Any, inputs: Any, labels: Any) -> Any:
    return framework.nn.CrossEntropyLoss()(net(inputs), labels)


def reconstruction(framework: Any, net: Any, images: Any, labels: Any) -> Any:
    """The bound of a VAE: what is lost, and how far the codes are from normal."""
    x = images.flatten(1).clamp(0, 1)
    logits, mean, log_variance = net(x)
    lost = framework.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum()
    return (lost + divergence) / len(x)


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


def sentences() -> Images:
    """Sequences of tokens of which each class has its own, more or less; they end early."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, STEPS * BATCH)
    tokens = 1 + (labels[:, None] * 2 + rng.integers(0, 8, (len(labels), LENGTH))) % (TOKENS - 1)
    ended = np.arange(LENGTH) >= rng.integers(4, LENGTH + 1, len(labels))[:, None]
    return np.where(ended, 0, tokens), labels


def characters(file: Path) -> Images:
    """The beginning of a text, cut into pieces, as numbers of its characters; labelled by what follows each."""
    text = np.frombuffer(file.read_bytes(), np.uint8)
    alphabet = np.unique(text)
    assert len(alphabet) == CHARACTERS
    numbers = np.searchsorted(alphabet, text[: STEPS * BATCH * PIECE + 1]).astype(np.int64)
    return numbers[:-1].reshape(-1, PIECE), numbers[1:].reshape(-1, PIECE)


def trained(
    framework: ModuleType, build: Callable[[Any], Any], optimizer: str, data: Images, loss_of: Loss
) -> tuple[list[float], Any]:
    """The losses of each step, and the network."""
    framework.manual_seed(3)
    net = build(framework)
    stepper = OPTIMIZERS[optimizer](framework, net.parameters())
    losses = []
    for at in range(0, STEPS * BATCH, BATCH):
        inputs, labels = (framework.from_numpy(array[at : at + BATCH]) for array in data)
        stepper.zero_grad()
        loss = loss_of(framework, net, inputs, labels)
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    return losses, net


def farthest(build: Callable[[Any], Any], optimizer: str, data: Images, loss_of: Loss = classification) -> float:
    """The largest relative difference of two losses of the same step."""
    mine, net = trained(fnnet, build, optimizer, data, loss_of)
    theirs, twin = trained(torch, build, optimizer, data, loss_of)
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


@pytest.mark.parametrize("optimizer", ["SGD, momentum", "Adam"])
def test_mlp_with_dropout(optimizer: str) -> None:
    assert farthest(mlp_with_dropout, optimizer, blobs()) < LEAVE


@pytest.mark.parametrize("optimizer", ["SGD, momentum", "AdamW"])
def test_transformer_encoder(optimizer: str) -> None:
    assert farthest(transformer, optimizer, sentences()) < LEAVE


@pytest.mark.parametrize("optimizer", ["Adam", "AdamW"])
def test_variational_autoencoder(optimizer: str) -> None:
    assert farthest(autoencoder, optimizer, blobs(), reconstruction) < LEAVE


@pytest.mark.parametrize("optimizer", ["SGD, momentum", "AdamW"])
def test_char_lstm_on_shakespeare(
    optimizer: str, shared: Callable[[str], Path], record_property: Callable[[str, object], None]
) -> None:
    record_property("parity", "nn.LSTM")
    difference = farthest(char_lstm, optimizer, characters(shared("data/tinyshakespeare.txt")))
    record_property("largest relative difference of losses", difference)
    assert difference < LEAVE
