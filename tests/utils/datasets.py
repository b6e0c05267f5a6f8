"""Datasets and loaders for the tests of worker processes."""

from __future__ import annotations

from fnnet.utils import data

LONG = 60
"""Seconds that no test waits."""


class Numbers(data.Dataset):
    """0, 1, ... n-1, by a function of the number that runs in the worker."""

    def __init__(self, n, function=int):
        self.n, self.function = n, function

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return self.function(i)


class Stream(data.IterableDataset):
    """Each worker's share of 0, 1, ... n-1; all of it where `shared` is False."""

    def __init__(self, n, shared=True):
        self.n, self.shared = n, shared

    def __iter__(self):
        info = data.get_worker_info()
        if info is None or not self.shared:
            return iter(range(self.n))
        return iter(range(info.id, self.n, info.num_workers))


class SizedStream(Stream):
    def __len__(self):
        return self.n


def lists(batches):
    return [batch.tolist() for batch in batches]


def forked(dataset, *args, num_workers=2, **options):
    return data.DataLoader(dataset, *args, num_workers=num_workers, multiprocessing_context="fork", **options)
