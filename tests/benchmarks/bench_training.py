"""Training steps relative to PyTorch, both in eager mode: an MLP, a LeNet, recurrent networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from interleaved import THREADS, compare

import fnnet

TOLERANCE = 1e-4  # of the loss, relative, after the first steps


def mlp(nn: Any) -> Any:
    """784-512-512-10."""
    return nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )  # fmt: skip


def lenet(nn: Any) -> Any:
    """LeNet-5 with rectifiers, for 28 x 28."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def recurrent(kind: str) -> Callable[[Any], Any]:
    """A recurrent layer of 128 over 128 features, and the classes from the mean of its steps."""

    def build(nn: Any) -> Any:
        class Reader(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = getattr(nn, kind)(128, 128, batch_first=True)
                self.head = nn.Linear(128, 10)

            def forward(self, x: Any) -> Any:
                return self.head(self.layer(x)[0].mean(1))

        return Reader()

    return build


def sgd(lib: Any, parameters: Any) -> Any:
    return lib.optim.SGD(parameters, lr=0.01, momentum=0.9)


def adam(lib: Any, parameters: Any) -> Any:
    return lib.optim.Adam(parameters, lr=1e-3)


CASES: list[tuple[str, Callable[[Any], Any], Callable[[Any, Any], Any], tuple[int, ...]]] = [
    ("MLP, batch 128, SGD with momentum", mlp, sgd, (128, 784)),
    ("MLP, batch 128, Adam", mlp, adam, (128, 784)),
    ("LeNet, batch 64, SGD with momentum", lenet, sgd, (64, 1, 28, 28)),
    ("LeNet, batch 64, Adam", lenet, adam, (64, 1, 28, 28)),
    ("LSTM, batch 32, 64 steps, Adam", recurrent("LSTM"), adam, (32, 64, 128)),
    ("GRU, batch 32, 64 steps, Adam", recurrent("GRU"), adam, (32, 64, 128)),
    ("RNN, batch 32, 64 steps, Adam", recurrent("RNN"), adam, (32, 64, 128)),
]


def stepper(lib: Any, build: Any, optimizer: Any, shape: tuple[int, ...]) -> Callable[[], Any]:
    """One training step on one batch; the seed makes both libraries' weights and data equal."""
    lib.manual_seed(0)
    rng = np.random.default_rng(0)
    net = build(lib.nn)
    chosen = optimizer(lib, net.parameters())
    x = lib.tensor(rng.normal(size=shape).astype(np.float32))
    y = lib.tensor(rng.integers(0, 10, shape[0]))

    def step() -> Any:
        chosen.zero_grad()
        loss = lib.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        chosen.step()
        return loss

    return step


def main() -> None:
    torch.set_num_threads(THREADS)
    print(f"one training step, eager, threads: {THREADS}")
    for name, build, optimizer, shape in CASES:
        theirs, ours = stepper(torch, build, optimizer, shape), stepper(fnnet, build, optimizer, shape)
        for _ in range(3):
            a, b = theirs().item(), ours().item()
            assert abs(a - b) <= TOLERANCE * abs(a), f"{name}: losses {a} and {b}"
        compare(name, theirs, ours)


if __name__ == "__main__":
    main()
