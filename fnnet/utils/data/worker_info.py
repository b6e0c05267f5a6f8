"""Where a dataset runs: in the main process, or in which worker."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen
class WorkerInfo:
    """What a dataset can ask about the worker process in which it runs.

    Args:
        id: The worker's number, 0 to `num_workers - 1`.
        num_workers: How many there are.
        seed: That of this worker's random numbers: the iteration's base seed plus `id`.
        dataset: The copy of the dataset in this process.
        rng: None: a process has its own global generators.
        worker_method: "multiprocessing".

    Example:
        >>> from fnnet.utils.data.worker_info import WorkerInfo
        >>> WorkerInfo(id=0, num_workers=2, seed=7, dataset=None).num_workers
        2
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any  # the user's
    rng: None = None
    worker_method: str = "multiprocessing"


class _Here:
    """Set once, in a worker."""

    info: WorkerInfo | None = None


def set_worker_info(info: WorkerInfo) -> None:
    """Say that this process is a worker."""
    _Here.info = info


def get_worker_info() -> WorkerInfo | None:
    """Where a dataset runs.

    Returns:
        In a worker process of a DataLoader: its `id`, `num_workers`, `seed` and copy of the `dataset`. In the main
        process None.

    Example:
        An iterable dataset that shares its work among the workers:

        >>> from fnnet.utils.data import DataLoader, IterableDataset, get_worker_info
        >>> class Count(IterableDataset):
        ...     def __iter__(self):
        ...         info = get_worker_info()
        ...         first, step = (0, 1) if info is None else (info.id, info.num_workers)
        ...         return iter(range(first, 4, step))
        >>> [batch.tolist() for batch in DataLoader(Count(), batch_size=2)]
        [[0, 1], [2, 3]]
    """
    return _Here.info


__all__ = ["WorkerInfo", "get_worker_info", "set_worker_info"]
