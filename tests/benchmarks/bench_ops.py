"""What an op costs relative to PyTorch eager: chains of tiny ops, single tiny ops, single larger ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from interleaved import THREADS, compare

import fnnet

# Goal of step A of the roadmap: relative to PyTorch eager, of chains of tiny ops.
GOAL_FORWARD, GOAL_BOTH = 1.2, 1.1
LENGTH = 10


def chain(lib: Any, x: Any, w: Any) -> Any:
    """`LENGTH` times three elementwise ops."""
    for _ in range(LENGTH):
        x = lib.relu(x * w + w)
    return x


def tiny() -> None:
    """Chains on 8 numbers: forward, forward recorded, forward and backward."""
    values = np.ones(8, np.float32)

    def side(lib: Any) -> tuple[Callable[[], object], ...]:
        x, plain = lib.tensor(values), lib.tensor(values * 0.5)
        w, g = lib.tensor(values * 0.5, requires_grad=True), lib.tensor(values)

        def both() -> None:
            w.grad = None
            chain(lib, x, w).backward(g)

        return (lambda: chain(lib, x, plain)), (lambda: chain(lib, x, w)), both

    names = ("forward", "forward, recorded", "forward and backward")
    print(f"chain of {LENGTH} relu(x * w + w) on 8 numbers; goals: {GOAL_FORWARD} forward, {GOAL_BOTH} with backward")
    for name, theirs, ours in zip(names, side(torch), side(fnnet), strict=True):
        compare(name, theirs, ours)


SINGLE: dict[str, Callable[[Any, Any], Any]] = {
    "x[0]": lambda lib, x: x[0],
    "x[:, 1:3]": lambda lib, x: x[:, 1:3],
    "x.view(-1)": lambda lib, x: x.view(-1),
    "x.transpose(0, 1)": lambda lib, x: x.transpose(0, 1),
    "x.unsqueeze(0)": lambda lib, x: x.unsqueeze(0),
    "x.expand(4, -1, -1)": lambda lib, x: x.expand(4, -1, -1),
    "x.sum()": lambda lib, x: x.sum(),
    "x.mean(1)": lambda lib, x: x.mean(1),
    "x > 0": lambda lib, x: x > 0,
    "x @ x.T": lambda lib, x: x @ x.T,
    "cat": lambda lib, x: lib.cat([x, x]),
    "softmax": lambda lib, x: lib.nn.functional.softmax(x, dim=1),
}
LARGE: dict[str, Callable[[Any, Any], Any]] = {
    "exp": lambda lib, x: x.exp(),
    "erf": lambda lib, x: lib.erf(x),
    "gelu": lambda lib, x: lib.nn.functional.gelu(x),
    "softmax": lambda lib, x: lib.nn.functional.softmax(x, dim=1),
    "layer_norm": lambda lib, x: lib.nn.functional.layer_norm(x, (1024,)),
    "sum": lambda lib, x: x.sum(),
    "cumsum": lambda lib, x: x.cumsum(1),
    "sort": lambda lib, x: x.sort(1)[0],
    "index_add": lambda lib, x: x.index_add(0, lib.arange(256) % 100, x),
    "matmul": lambda lib, x: x @ x.T,
}


def table(title: str, ops: dict[str, Callable[[Any, Any], Any]], shape: tuple[int, ...]) -> None:
    """Single ops on an array of normal numbers; the results are compared first."""
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    print(f"{title}, float32 of shape {shape}, threads: {THREADS}")
    theirs, ours = torch.tensor(values), fnnet.tensor(values)
    for name, op in ops.items():
        np.testing.assert_allclose(op(fnnet, ours).numpy(), op(torch, theirs).numpy(), rtol=1e-4, atol=1e-4)
        compare(name, lambda op=op: op(torch, theirs), lambda op=op: op(fnnet, ours), rounds=20)  # type: ignore[misc]


def main() -> None:
    torch.set_num_threads(THREADS)
    tiny()
    table("overhead", SINGLE, (32, 10))
    table("throughput", LARGE, (256, 1024))


if __name__ == "__main__":
    main()
