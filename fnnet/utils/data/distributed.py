"""`DistributedSampler`: each process's share of a dataset."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized
from typing import cast

from fnnet._core.errors import OptionError
from fnnet.functional.generators import Generator
from fnnet.functional.random import randperm
from fnnet.utils.data.sampler import Sampler


class DistributedSampler(Sampler[int]):
    """The share of one of several processes in the indices of a dataset: every `num_replicas`-th of one order.

    All processes make the same order. Where it does not divide evenly, its beginning is repeated at its end, or its end
    is left out. Call `set_epoch` before each epoch: the order is drawn from `seed + epoch`.

    Args:
        dataset: Its length is the number of indices.
        num_replicas: How many processes share it.
        rank: Which of them this one is, from 0 on.
        shuffle: In random order. Default: True.
        seed: Of the order, the same in all processes. Default: 0.
        drop_last: Leave out what does not divide evenly instead of repeating indices. Default: False.

    Raises:
        OptionError: `rank` is not one of `num_replicas`, or one of both is not given and there is no process group to
            ask.

    Example:
        >>> from fnnet.utils.data.distributed import DistributedSampler
        >>> [list(DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in range(2)]
        [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self, dataset: Sized, num_replicas: int | None = None, rank: int | None = None, shuffle: bool = True,
        seed: int = 0, drop_last: bool = False,
    ) -> None:  # fmt: skip
        if num_replicas is None or rank is None:
            raise OptionError(
                "Default process group has not been initialized: DistributedSampler needs num_replicas and rank, "
                f"got num_replicas={num_replicas}, rank={rank}"
            )
        if not 0 <= rank < num_replicas:
            raise OptionError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset, self.num_replicas, self.rank, self.epoch = dataset, num_replicas, rank, 0
        self.shuffle, self.seed, self.drop_last = shuffle, seed, drop_last
        n = len(dataset)
        self.num_samples = n // num_replicas if drop_last else math.ceil(n / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        n = len(self.dataset)
        if self.shuffle:
            generator = Generator().manual_seed(self.seed + self.epoch)
            order = cast("list[int]", randperm(n, generator=generator).tolist())
        else:
            order = list(range(n))
        if n and len(order) < self.total_size:
            order *= math.ceil(self.total_size / n)
        return iter(order[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Let the next iterations have the order of this epoch.

        Args:
            epoch: Its number.
        """
        self.epoch = epoch


__all__ = ["DistributedSampler"]
