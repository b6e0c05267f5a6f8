"""Train a small convolutional network on handwritten digits, save it, load it back, and check that nothing changed.

    python docs/examples/digits.py                                         # scikit-learn's 1,797 digits of 8x8 pixels
    python docs/examples/digits.py --data mnist.npz --epochs 3 --seeds 0   # MNIST: x_train, y_train, x_test, y_test
    python docs/examples/digits.py --resume                                # go on where an interrupted run stopped

Needs, beside fnnet, rich and matplotlib (`pip install fnnet[train]`) and, for its digits, scikit-learn.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

# Matrices as small as these gain nothing from a second thread, and lose much where the other cores are busy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

import fnnet as torch
from fnnet import nn, optim
from fnnet.nn import functional as F
from fnnet.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

console = Console(highlight=False, soft_wrap=True)
INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended: 128 + SIGINT


class Net(nn.Module):
    """Two convolutions and two linear layers for square grey images (N, 1, size, size), size divisible by 4."""

    def __init__(self, size: int, classes: int = 10) -> None:
        super().__init__()
        # 8x8 pixels are few: only larger images are halved twice.
        self.halvings = 1 if size <= 8 else 2
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1 = nn.Linear(32 * (size // 2**self.halvings) ** 2, 128)
        self.fc2 = nn.Linear(128, classes)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.conv1(x))
        if self.halvings == 2:
            x = F.max_pool2d(x, 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = self.dropout(torch.flatten(x, 1))
        x = self.dropout(F.relu(self.fc1(x)))
        return self.fc2(x)


@dataclass
class Data:
    """Training images and labels; test images (N, 1, size, size) and labels (N,)."""

    train: TensorDataset
    images: torch.Tensor
    labels: torch.Tensor

    @property
    def size(self) -> int:
        return self.images.shape[-1]


def load_digits() -> Data:
    """scikit-learn's digits with a fixed stratified split: a fifth of each class is kept for the test."""
    from sklearn.datasets import load_digits as from_sklearn

    digits = from_sklearn()
    rng = np.random.default_rng(0)
    test = np.zeros(len(digits.target), bool)
    for digit in range(10):
        members = rng.permutation(np.flatnonzero(digits.target == digit))
        test[members[: round(len(members) / 5)]] = True
    return standardize(digits.images[~test], digits.target[~test], digits.images[test], digits.target[test])


def load_mnist(path: Path) -> Data:
    """MNIST, or what has its form: an .npz file with x_train, y_train, x_test, y_test."""
    with np.load(path) as arrays:
        return standardize(arrays["x_train"], arrays["y_train"], arrays["x_test"], arrays["y_test"])


def standardize(x: np.ndarray, y: np.ndarray, test_x: np.ndarray, test_y: np.ndarray) -> Data:
    """Images (N, size, size) and digits (N,) as a network wants them: training pixels of mean 0 and deviation 1."""
    mean, std = x.mean(), x.std()

    def images(pixels: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(((pixels[:, None] - mean) / std).astype(np.float32))

    def labels(digits: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(digits.astype(np.int64))

    return Data(TensorDataset(images(x), labels(y)), images(test_x), labels(test_y))


@dataclass
class Run:
    """How far the training of one seed has come."""

    seed: int
    epoch: int = 0
    step: int = 0  # in this epoch
    loss_sum: float = 0.0  # of this epoch
    losses: list[float] = field(default_factory=list)  # one an epoch
    accuracies: list[float] = field(default_factory=list)  # likewise


def batches(data: TensorDataset, run: Run, batch_size: int) -> DataLoader[tuple[torch.Tensor, ...]]:
    """What is left of an epoch. Its order depends on seed and epoch alone, so a resumed run sees the same batches."""
    generator = torch.Generator().manual_seed(1000 * run.seed + run.epoch)
    order = list(BatchSampler(RandomSampler(data, generator=generator), batch_size, drop_last=False))
    return DataLoader(data, batch_sampler=order[run.step :], generator=generator)


def train(data: Data, run: Run, args: argparse.Namespace, progress: Progress) -> nn.Module:
    """Train one seed from where `run` stands to the last epoch."""
    torch.manual_seed(run.seed)
    net = Net(data.size)
    optimizer = optim.Adam(net.parameters(), lr=args.lr)
    checkpoint = args.out / f"checkpoint-{run.seed}.pth"
    settings = {"epochs": args.epochs, "batch_size": args.batch_size, "lr": args.lr, "images": len(data.train)}

    def save() -> None:
        # All that the next step depends on: a resumed run equals an uninterrupted one bit for bit.
        state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "random": torch.get_rng_state()}
        torch.save(state | {"run": asdict(run), "settings": settings}, checkpoint)

    if args.resume and checkpoint.exists():
        saved = torch.load(checkpoint)
        if saved["settings"] != settings:
            raise SystemExit(f"{checkpoint} was made with {saved['settings']}: can't go on with {settings}")
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["random"])
        vars(run).update(saved["run"])
        console.print(f"seed {run.seed}: going on in epoch {run.epoch + 1} after step {run.step}")

    steps = math.ceil(len(data.train) / args.batch_size)
    total = args.epochs * steps
    bar = progress.add_task(f"seed {run.seed}", total=total, completed=run.epoch * steps + run.step, info="")
    while run.epoch < args.epochs:
        net.train()
        for images, labels in batches(data.train, run, args.batch_size):
            done = (run.epoch * steps + run.step) / total
            optimizer.param_groups[0]["lr"] = args.lr * (1 + math.cos(math.pi * done)) / 2
            optimizer.zero_grad()
            loss = F.cross_entropy(net(images), labels, label_smoothing=0.1)
            loss.backward()
            optimizer.step()
            run.step += 1
            run.loss_sum += loss.item()
            progress.advance(bar)
            if run.step % args.save_every == 0:
                save()
        run.losses.append(run.loss_sum / steps)
        run.accuracies.append((predict(net, data.images) == data.labels).float().mean().item())
        run.epoch, run.step, run.loss_sum = run.epoch + 1, 0, 0.0
        progress.update(bar, info=f"loss {run.losses[-1]:.4f}  accuracy {run.accuracies[-1]:.2%}")
        save()
    return net


@torch.no_grad()
def predict(net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """The most likely class of each image."""
    net.eval()
    return torch.cat([net(part).argmax(dim=1) for part in images.split(500)])


def draw(runs: list[Run], path: Path) -> None:
    """Loss and accuracy of every seed, epoch by epoch."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for run in runs:
        epochs = range(1, len(run.losses) + 1)
        left.plot(epochs, run.losses, marker=".", label=f"seed {run.seed}")
        right.plot(epochs, [100 * accuracy for accuracy in run.accuracies], marker=".", label=f"seed {run.seed}")
    left.set(title="Training loss", ylabel="cross-entropy, labels smoothed by 0.1")
    right.set(title="Test accuracy", ylabel="%")
    for axes in (left, right):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def save_and_reload(net: nn.Module, data: Data, out: Path) -> None:
    """Save as .safetensors and as .pth, load each into a new network, compare the predictions."""
    expected = predict(net, data.images)
    for path in (out / "digits.safetensors", out / "digits.pth"):
        torch.save(net.state_dict(), path)
        again = Net(data.size)
        again.load_state_dict(torch.load(path))
        if not torch.equal(predict(again, data.images), expected):
            raise SystemExit(f"{path}: the reloaded network predicts something else")
        console.print(f"{path} ({path.stat().st_size / 1024:.0f} KiB): reloaded, equal predictions")


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Train a small network on handwritten digits.")
    parser.add_argument("--data", type=Path, help="MNIST as an .npz file (default: scikit-learn's digits)")
    parser.add_argument("--epochs", type=int, help="default: 20, with --data 3")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="one training each (default: 0 1 2)")
    parser.add_argument("--batch-size", type=int, default=32, help="default: %(default)s")
    parser.add_argument("--lr", type=float, default=3e-3, help="learning rate at the start (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("digits-out"), help="folder for files (default: %(default)s)")
    parser.add_argument("--save-every", type=int, default=20, help="steps between checkpoints (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in the folder")
    args = parser.parse_args()
    if args.epochs is None:
        args.epochs = 20 if args.data is None else 3
    return args


def main() -> None:
    """Train every seed, then save, reload, draw and report."""
    args = arguments()
    start = time.perf_counter()
    data = load_digits() if args.data is None else load_mnist(args.data)
    args.out.mkdir(parents=True, exist_ok=True)
    pixels = f"{data.size}x{data.size} pixels"
    console.print(f"{len(data.train)} images of {pixels} to train on, {len(data.images)} to test on")
    runs = [Run(seed) for seed in args.seeds]
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), "{task.fields[info]}")
    try:
        with Progress(*columns, console=console) as progress:
            nets = [train(data, run, args, progress) for run in runs]
    except KeyboardInterrupt:
        console.print(f"interrupted; --resume goes on from the last checkpoint in {args.out}")
        raise SystemExit(INTERRUPTED) from None
    save_and_reload(nets[-1], data, args.out)
    draw(runs, args.out / "curves.png")
    accuracies = [run.accuracies[-1] for run in runs]
    console.print(f"curves: {args.out / 'curves.png'}")
    console.print(f"accuracy {', '.join(f'{a:.2%}' for a in accuracies)}, worst {min(accuracies):.2%}")
    console.print(f"{time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
