"""Orders of samples, splits and collated batches against PyTorch's, for seeds drawn anew with each commit's sample."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data

import fnnet
import fnnet.utils.data
from tests.parity import oracle, samples

Code = Callable[[Any, int], Any]
"""Of a framework and a seed."""


def generator(t: Any, seed: int) -> Any:
    return t.Generator().manual_seed(seed)


def weights(seed: int) -> list[float]:
    return [random.Random(seed).random() for _ in range(20)]


CODE: dict[str, Code] = {
    "random_split": lambda t, s: [list(p.indices) for p in t.utils.data.random_split(range(50), [0.2, 0.5, 0.3])],
    "random_split of a generator": lambda t, s: [
        list(p.indices) for p in t.utils.data.random_split(range(9), [4, 5], generator(t, s))
    ],
    "RandomSampler": lambda t, s: list(t.utils.data.RandomSampler(range(100))),
    "RandomSampler, more": lambda t, s: list(t.utils.data.RandomSampler(range(7), num_samples=45)),
    "RandomSampler, replaced": lambda t, s: list(t.utils.data.RandomSampler(range(9), True, 70, generator(t, s))),
    "SubsetRandomSampler": lambda t, s: list(t.utils.data.SubsetRandomSampler(list(range(5, 40)), generator(t, s))),
    "WeightedRandomSampler": lambda t, s: list(t.utils.data.WeightedRandomSampler(weights(s), 30)),
    "WeightedRandomSampler, not replaced": lambda t, s: list(t.utils.data.WeightedRandomSampler(weights(s), 9, False)),
    "DataLoader": lambda t, s: [
        [b.tolist() for b in loader]
        for loader in [t.utils.data.DataLoader(range(23), 4, shuffle=True, drop_last=bool(s % 2))]
        for _ in range(3)
    ],
    "DataLoader of a generator": lambda t, s: [
        b.tolist() for b in t.utils.data.DataLoader(range(23), 4, True, generator=generator(t, s))
    ],
    "DataLoader, not shuffled": lambda t, s: [b.tolist() for b in t.utils.data.DataLoader(range(5), 2)],
    "two iterators": lambda t, s: [
        (a.item(), b.item())
        for loader in [t.utils.data.DataLoader(range(9), shuffle=True)]
        for a, b in zip(loader, loader, strict=True)
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CODE)
def test_order(name: str) -> None:
    """The same order, and the global generator is left in the same place."""
    for i in range(10):
        seed = samples.seed_of(f"{name} {i}") % 2**31
        torch.manual_seed(seed)
        fnnet.manual_seed(seed)
        assert CODE[name](fnnet, seed) == CODE[name](torch, seed)
        assert fnnet.randint(2**31, (4,)).tolist() == torch.randint(2**31, (4,)).tolist()


@pytest.mark.parametrize("batch_size", [1, 3, None])
def test_batches(batch_size: int | None) -> None:
    """Nested samples of all kinds of numbers."""

    def kinds(t: Any) -> Any:
        return [
            {"x": t.arange(i, i + 4.0), "y": i, "z": (float(i), np.float32(i), np.arange(i, i + 2)), "name": f"s{i}"}
            for i in range(7)
        ]

    mine = list(fnnet.utils.data.DataLoader(kinds(fnnet), batch_size))
    theirs = list(torch.utils.data.DataLoader(kinds(torch), batch_size))
    assert len(mine) == len(theirs)
    for m, t in zip(mine, theirs, strict=True):
        assert list(m) == list(t)
        assert oracle.difference(list(m.values()), list(t.values())) is None
