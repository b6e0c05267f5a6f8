"""Train a small convolutional network on handwritten digits, save it, load it back, and check that nothing changed.

    python docs/examples/digits.py                              # 1,797 digits of 8x8 pixels, from scikit-learn's wheel
    python docs/examples/digits.py --data mnist.npz --epochs 3 --seeds 0   # MNIST as an .npz file
    python docs/examples/digits.py --resume                     # go on where an interrupted run stopped

Needs scikit-learn (for its digits), rich (progress) and matplotlib (curves) beside fnnet.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import fnnet as torch
from fnnet import nn, optim
from fnnet.nn import functional as F
from fnnet.utils.data import BatchSampler, RandomSampler, TensorDataset

console = Console()


class Net(nn.Module):
    """Two convolutions and two linear layers, for square grey images."""

    def __init__(self, size: int, classes: int = 10) -> None:
        super().__init__()
        self.shrink = size > 8
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.drop = nn.Dropout(0.3)
        self.fc1 = nn.Linear(64 * (size // (4 if self.shrink else 2)) ** 2, 128)
        self.fc2 = nn.Linear(128, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(x, 2) if self.shrink else x
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = self.drop(torch.flatten(x, 1))
        return self.fc2(self.drop(F.relu(self.fc1(x))))


@dataclass
class Data:
    """Images (N, 1, H, W) scaled to mean 0, and labels (N,)."""

    train: TensorDataset
    test_images: torch.Tensor
    test_labels: torch.Tensor
    size: int


def load_digits() -> Data:
    """scikit-learn's digits with a fixed stratified split: a fifth of each class is kept for the test."""
    from sklearn.datasets import load_digits as source

    digits = source()
    images = digits.images.astype(np.float32)[:, None] / 16.0
    labels = digits.target.astype(np.int64)
    rng = np.random.default_rng(0)
    test = np.zeros(len(labels), bool)
    for c in range(10):
        members = rng.permutation(np.flatnonzero(labels == c))
        test[members[: round(len(members) / 5)]] = True
    return scaled(images[~test], labels[~test], images[test], labels[test])


def load_mnist(path: Path) -> Data:
    """MNIST from an .npz file with the arrays x_train, y_train, x_test, y_test."""
    with np.load(path) as f:
        x, tx = (f[name][:, None].astype(np.float32) / 255.0 for name in ("x_train", "x_test"))
        y, ty = (f[name].astype(np.int64) for name in ("y_train", "y_test"))
    return scaled(x, y, tx, ty)


def scaled(x: Any, y: Any, tx: Any, ty: Any) -> Data:
    mean, std = x.mean(), x.std()
    x, tx = (x - mean) / std, (tx - mean) / std
    train = TensorDataset(torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y))
    return Data(train, torch.from_numpy(tx.astype(np.float32)), torch.from_numpy(ty), x.shape[-1])


@dataclass
class Run:
    """Where the training of one seed stands: all that a checkpoint needs to go on bit for bit."""

    seed: int
    epoch: int = 0
    batch: int = 0
    loss_sum: float = 0.0
    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)


def order(data: Data, run: Run, batch_size: int) -> list[list[int]]:
    """The batches of an epoch: they depend on seed and epoch alone, so a resumed run sees the same."""
    generator = torch.Generator().manual_seed(1000 * run.seed + run.epoch)
    return list(BatchSampler(RandomSampler(data.train, generator=generator), batch_size, drop_last=False))


def accuracy(net: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    return float((predictions(net, images) == labels).float().mean())


@torch.no_grad()
def predictions(net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    net.eval()
    found = torch.cat([net(images[i : i + 500]).argmax(1) for i in range(0, len(images), 500)])
    net.train()
    return found


def save_checkpoint(path: Path, net: nn.Module, optimizer: optim.Optimizer, run: Run) -> None:
    torch.save(
        {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "random": torch.get_rng_state(), "run": vars(run)},
        path,
    )


def train(data: Data, run: Run, args: argparse.Namespace, progress: Progress) -> nn.Module:
    """Train one seed from where `run` stands."""
    torch.manual_seed(run.seed)
    net = Net(data.size)
    optimizer = optim.Adam(net.parameters(), lr=args.lr)
    checkpoint = args.out / f"checkpoint-{run.seed}.pth"
    if args.resume and checkpoint.exists():
        saved = torch.load(checkpoint)
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["random"])
        vars(run).update(saved["run"])
        console.print(f"seed {run.seed}: resumed in epoch {run.epoch + 1} at batch {run.batch}")
    net.train()
    steps = math.ceil(len(data.train) / args.batch_size)
    bar = progress.add_task(f"seed {run.seed}", total=args.epochs * steps, completed=run.epoch * steps + run.batch, info="")
    while run.epoch < args.epochs:
        for indices in order(data, run, args.batch_size)[run.batch :]:
            done = (run.epoch * steps + run.batch) / (args.epochs * steps)
            for group in optimizer.param_groups:
                group["lr"] = args.lr * 0.5 * (1 + math.cos(math.pi * done))
            images, labels = data.train[indices]
            optimizer.zero_grad()
            loss = F.cross_entropy(net(images), labels)
            loss.backward()
            optimizer.step()
            run.batch += 1
            run.loss_sum += loss.item()
            progress.advance(bar)
            if run.batch % args.save_every == 0:
                save_checkpoint(checkpoint, net, optimizer, run)
        run.losses.append(run.loss_sum / steps)
        run.accuracies.append(accuracy(net, data.test_images, data.test_labels))
        run.epoch, run.batch, run.loss_sum = run.epoch + 1, 0, 0.0
        progress.update(bar, info=f"loss {run.losses[-1]:.4f}  accuracy {run.accuracies[-1]:.2%}")
        save_checkpoint(checkpoint, net, optimizer, run)
    return net


def draw(runs: list[Run], path: Path) -> None:
    """Loss and accuracy of every seed, epoch by epoch."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for run in runs:
        epochs = range(1, len(run.losses) + 1)
        left.plot(epochs, run.losses, label=f"seed {run.seed}")
        right.plot(epochs, [100 * a for a in run.accuracies], label=f"seed {run.seed}")
    left.set(title="Training loss", xlabel="epoch", ylabel="cross-entropy", yscale="log")
    right.set(title="Test accuracy", xlabel="epoch", ylabel="%", ylim=(90, 100.2))
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def check_reload(net: nn.Module, data: Data, out: Path) -> None:
    """Save as .safetensors and as .pth, load both into new networks, compare the predictions."""
    expected = predictions(net, data.test_images)
    for suffix in (".safetensors", ".pth"):
        path = out / f"digits{suffix}"
        torch.save(net.state_dict(), path)
        again = Net(data.size)
        again.load_state_dict(torch.load(path))
        if not torch.equal(predictions(again, data.test_images), expected):
            raise SystemExit(f"{path}: the reloaded network predicts something else")
        console.print(f"{path} ({path.stat().st_size / 1024:.0f} KiB): reloaded, equal predictions")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a small network on handwritten digits.")
    parser.add_argument("--data", type=Path, help="MNIST as .npz; without it scikit-learn's digits")
    parser.add_argument("--epochs", type=int, default=None, help="default: 20, MNIST 3")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--out", type=Path, default=Path("digits-out"), help="folder for files (default: digits-out)")
    parser.add_argument("--save-every", type=int, default=20, help="steps between checkpoints")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in the folder")
    args = parser.parse_args()
    data = load_digits() if args.data is None else load_mnist(args.data)
    args.epochs = args.epochs or (20 if args.data is None else 3)
    args.out.mkdir(parents=True, exist_ok=True)
    console.print(f"{len(data.train)} training images, {len(data.test_labels)} test images, {data.size}x{data.size} pixels")
    start = time.perf_counter()
    runs: list[Run] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[info]}"))
    try:
        with Progress(*columns, console=console) as progress:
            for seed in args.seeds:
                run = Run(seed)
                runs.append(run)
                net = train(data, run, args, progress)
    except KeyboardInterrupt:
        console.print(f"interrupted; the last checkpoint is in {args.out}: --resume goes on from it")
        raise SystemExit(130) from None
    draw(runs, args.out / "curves.png")
    check_reload(net, data, args.out)
    final = [run.accuracies[-1] for run in runs]
    console.print(f"accuracy: {', '.join(f'{a:.2%}' for a in final)}; worst {min(final):.2%}")
    console.print(f"curves: {args.out / 'curves.png'}; {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
