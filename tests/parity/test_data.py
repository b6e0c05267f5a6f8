"""Orders of samples, splits and collated batches against PyTorch's, for seeds drawn anew with each commit's sample."""

from __future__ import annotations

import random
import re
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


# by worker processes -------------------------------------------------------------------------------------------------
class Draws:
    """A dataset of what a worker knows of its random numbers."""

    def __init__(self, t: Any) -> None:
        self.t = t

    def __len__(self) -> int:
        return 7

    def __getitem__(self, i: int) -> Any:
        info = self.t.utils.data.get_worker_info()
        drawn = (random.random(), np.random.rand(), self.t.rand(1).item())  # noqa: NPY002  # as users do
        return i, info.id, info.num_workers, info.seed == self.t.initial_seed(), *drawn


def stream(t: Any, lengths: list[int]) -> Any:
    """An iterable dataset with so many samples in each worker."""

    class Stream(t.utils.data.IterableDataset):  # type: ignore[misc, name-defined]  # of either framework
        def __iter__(self) -> Any:
            info = t.utils.data.get_worker_info()
            return iter(range(100 * info.id, 100 * info.id + lengths[info.id]))

    return Stream()


def forked(t: Any, dataset: Any, *args: Any, **options: Any) -> Any:
    return t.utils.data.DataLoader(dataset, *args, num_workers=2, multiprocessing_context="fork", **options)


def passes(loader: Any, n: int = 2) -> Any:
    return [[b.tolist() if hasattr(b, "tolist") else b for b in loader] for _ in range(n)]


BY_WORKERS: dict[str, Code] = {
    "shuffled": lambda t, s: passes(forked(t, range(23), 4, shuffle=True, drop_last=bool(s % 2))),
    "of a generator": lambda t, s: passes(forked(t, range(23), 4, True, generator=generator(t, s))),
    "persistent": lambda t, s: passes(forked(t, range(9), 2, True, persistent_workers=True), 3),
    "seeds": lambda t, s: passes(forked(t, Draws(t), None, collate_fn=list)),
    "prefetched": lambda t, s: passes(forked(t, range(23), None, True, prefetch_factor=5)),
    "streams": lambda t, s: passes(forked(t, stream(t, [s % 7, s % 5]), 2, drop_last=bool(s % 2)), 1),
    "streams, single": lambda t, s: passes(forked(t, stream(t, [s % 7, s % 5]), None), 1),
    "streams, persistent": lambda t, s: passes(forked(t, stream(t, [s % 5, 4]), 2, persistent_workers=True)),
    "batch_sampler": lambda t, s: passes(forked(t, range(9), batch_sampler=[[s % 9, 3], [1], [8]])),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("name", BY_WORKERS)
def test_order_by_workers(name: str) -> None:
    for i in range(3):
        seed = samples.seed_of(f"{name} {i}") % 2**31
        torch.manual_seed(seed)
        fnnet.manual_seed(seed)
        assert BY_WORKERS[name](fnnet, seed) == BY_WORKERS[name](torch, seed)
        assert fnnet.randint(2**31, (4,)).tolist() == torch.randint(2**31, (4,)).tolist()


class Failing:
    """A dataset whose third sample raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __len__(self) -> int:
        return 3

    def __getitem__(self, i: int) -> int:
        if i == 2:
            raise self.error
        return i


class Awkward(Exception):
    """One that can't be made of a text."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__(a, b)


ERRORS = [
    ValueError("a"), KeyError("a"), StopIteration("a"), Awkward(1, 2), OSError(2, "a"),
    UnicodeDecodeError("a", b"", 0, 1, "b"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_of_workers(error: Exception) -> None:
    """The same class, the same first lines of its text, and the same without workers."""
    for options in ({}, {"num_workers": 1, "multiprocessing_context": "fork"}):
        raised = []
        for t in (fnnet, torch):
            iterator = iter(t.utils.data.DataLoader(Failing(error), None, **options))
            assert [next(iterator), next(iterator)] == [0, 1]
            try:
                next(iterator)
            except Exception as found:
                raised.append((type(found), str(found).partition("File")[0]))
        assert len(raised) == 2
        assert raised[0] == raised[1]


OPTIONS: list[dict[str, Any]] = [
    {"num_workers": -1}, {"num_workers": 0, "prefetch_factor": 2}, {"num_workers": 1, "prefetch_factor": -1},
    {"timeout": -1}, {"persistent_workers": True}, {"num_workers": 0, "multiprocessing_context": "fork"},
    {"num_workers": 1, "multiprocessing_context": "thread"}, {"num_workers": 1, "multiprocessing_context": 3},
    {"timeout": 1}, {"batch_size": 0}, {"batch_size": None, "drop_last": True},
    {"batch_sampler": [[0]], "shuffle": True}, {"sampler": [0], "shuffle": True},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_refused_options(options: dict[str, Any]) -> None:
    raised = []
    for t in (fnnet, torch):
        try:
            iter(t.utils.data.DataLoader(range(4), **options))
        except Exception as error:
            raised.append(error)
    assert len(raised) == 2
    assert isinstance(raised[0], type(raised[1]))
    phrase = str(raised[1]).rpartition("Iter ")[2]  # after the name of a class of PyTorch's own
    assert re.split(r"; |\.let|, but", phrase)[0].rstrip(".")[:40] in str(raised[0])


COLLATED: dict[str, Callable[[Any], Any]] = {
    "dtypes": lambda t: [np.ones(2, np.float32), np.ones(2)],
    "NumPy's numbers": lambda t: [np.float64(1), np.float64(2)],
    "bools": lambda t: [np.bool_(True), np.bool_(False)],
    "a list of lists": lambda t: [[1, [2.0, "a"]], [3, [4.0, "b"]]],
    "0-d arrays": lambda t: [np.array(1.5), np.array(2)],
    "tensors and arrays": lambda t: [(t.ones(2), np.ones(3)), (t.zeros(2), np.zeros(3))],
    "half": lambda t: [t.ones(2, dtype=t.bfloat16), t.zeros(2, dtype=t.bfloat16)],
}


# Of several dtypes PyTorch takes the first sample's in a worker, or fails; fnnet does as without workers.
@pytest.mark.parametrize(("name", "workers"), [(n, w) for n in COLLATED for w in (0, 1) if (n, w) != ("dtypes", 1)])
def test_collated(name: str, workers: int) -> None:
    found = []
    for t in (fnnet, torch):
        (batch,) = t.utils.data.DataLoader(COLLATED[name](t), 2, num_workers=workers)
        found.append(batch)
    assert oracle.difference([found[0]], [found[1]]) is None


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
def test_distributed_sampler(shuffle: bool, drop_last: bool) -> None:
    for n, replicas in ((10, 3), (2, 5), (12, 4), (7, 1)):
        for rank in range(replicas):
            orders = []
            for t in (fnnet, torch):
                sampler = t.utils.data.DistributedSampler(range(n), replicas, rank, shuffle, n, drop_last)
                sampler.set_epoch(rank)
                orders.append((list(sampler), len(sampler), sampler.total_size))
            assert orders[0] == orders[1]
