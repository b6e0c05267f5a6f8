"""`DataLoader`: batches from a dataset, in the order of a sampler."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from fnnet._core.errors import ArgumentError, OptionError
from fnnet.functional.generators import Generator
from fnnet.utils.data.collate import default_collate, default_convert
from fnnet.utils.data.dataset import Dataset, IterableDataset
from fnnet.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed

T_co = TypeVar("T_co", covariant=True)
_SETTLED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
"""What other attributes of a DataLoader were derived from."""


def get_worker_info() -> None:
    """Where a dataset runs.

    Returns:
        None: the main process, which is where this version loads data.

    Example:
        >>> from fnnet.utils.data import get_worker_info
        >>> get_worker_info() is None
        True
    """


class _Batches(Iterator[Any]):
    """One pass over a DataLoader; its length is the loader's."""

    def __init__(self, loader: DataLoader[Any], batches: Iterator[Any]) -> None:
        self.loader, self.batches = loader, batches

    def __next__(self) -> Any:  # whatever the loader's collate_fn returns
        return next(self.batches)

    def __len__(self) -> int:
        return len(self.loader)


class DataLoader(Generic[T_co]):
    """Iterates over a dataset in batches.

    For one seed the order of samples is PyTorch's: an iteration takes two words from the generator, four where it
    shuffles.

    Args:
        dataset: A Dataset by index, or an IterableDataset.
        batch_size: Samples in a batch; None: single samples, not batched. Default: 1.
        shuffle: A new random order at each iteration. Default: False.
        sampler: Yields indices; excludes `shuffle`.
        batch_sampler: Yields lists of indices; excludes `batch_size`, `shuffle`, `sampler`, `drop_last`.
        collate_fn: Makes a batch of a list of samples. Default: `default_collate`.
        num_workers: Worker processes; 0: the calling process, the only value that this version serves.
        pin_memory: Accepted; host memory needs no pinning here.
        drop_last: Leave out a last batch that is smaller. Default: False.
        timeout: Of workers; without them it does nothing.
        worker_init_fn: Likewise.
        multiprocessing_context: Likewise.
        prefetch_factor: Likewise.
        persistent_workers: Likewise.
        pin_memory_device: As `pin_memory`.
        in_order: Of workers; without them the order is the sampler's.
        generator: Source of random numbers. Default: the global one.

    Raises:
        OptionError: Options that exclude each other, or out of their range.

    Example:
        >>> import fnnet
        >>> from fnnet.utils.data import DataLoader, TensorDataset
        >>> [x.tolist() for (x,) in DataLoader(TensorDataset(fnnet.arange(3)), batch_size=2)]
        [[0, 1], [2]]
    """

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: object = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers != 0:
            raise OptionError(
                f"num_workers={num_workers}: this version of fnnet loads data in the calling process; "
                "pass num_workers=0"
            )
        if timeout < 0:
            raise OptionError(f"timeout option should be non-negative, got {timeout}")
        if prefetch_factor is not None:
            raise OptionError(
                "prefetch_factor option could only be specified in multiprocessing, that is with num_workers > 0; "
                f"got {prefetch_factor}"
            )
        if persistent_workers:
            raise OptionError("persistent_workers option needs num_workers > 0")
        iterable = isinstance(dataset, IterableDataset)
        if iterable and (shuffle or sampler is not None or batch_sampler is not None):
            raise OptionError(
                "DataLoader with IterableDataset: expected unspecified shuffle, sampler and batch_sampler options"
            )
        if sampler is not None and shuffle:
            raise OptionError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise OptionError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise OptionError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if not iterable and sampler is None and batch_sampler is None:
            sized = cast("Any", dataset)
            sampler = RandomSampler(sized, generator=generator) if shuffle else SequentialSampler(sized)
        if batch_sampler is None and batch_size is not None and not iterable:
            batch_sampler = BatchSampler(cast("Any", sampler), batch_size, drop_last)
        elif iterable and batch_size is not None and batch_size <= 0:
            raise OptionError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        self.collate_fn = collate_fn or (default_collate if self._batched else default_convert)
        self.num_workers, self.timeout, self.worker_init_fn = num_workers, timeout, worker_init_fn
        self.multiprocessing_context, self.prefetch_factor = multiprocessing_context, prefetch_factor
        self.persistent_workers, self.in_order = persistent_workers, in_order
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self._initialized = True

    def __setattr__(self, name: str, value: object) -> None:
        if name in _SETTLED and getattr(self, "_initialized", False):
            raise OptionError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        object.__setattr__(self, name, value)

    @property
    def _batched(self) -> bool:
        return self.batch_sampler is not None or (
            isinstance(self.dataset, IterableDataset) and self.batch_size is not None
        )

    def __iter__(self) -> Iterator[Any]:
        draw_seed(self.generator)  # the workers' base seed in PyTorch: it takes two words of the stream
        return _Batches(self, self._iterate())

    def _iterate(self) -> Iterator[Any]:
        dataset = cast("Any", self.dataset)
        if isinstance(dataset, IterableDataset):
            yield from self._iterate_iterable(iter(dataset))
        elif self.batch_sampler is not None:
            several = getattr(dataset, "__getitems__", None)
            for indices in self.batch_sampler:
                yield self.collate_fn(several(indices) if callable(several) else [dataset[i] for i in indices])
        else:
            for index in cast("Iterable[Any]", self.sampler):
                yield self.collate_fn(dataset[index])

    def _iterate_iterable(self, samples: Iterator[Any]) -> Iterator[Any]:
        if self.batch_size is None:
            yield from map(cast("Callable[[Any], Any]", self.collate_fn), samples)
            return
        batch: list[Any] = []
        for sample in samples:
            batch.append(sample)
            if len(batch) == self.batch_size:
                yield self.collate_fn(batch)
                batch = []
        if batch and not self.drop_last:
            yield self.collate_fn(batch)

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            if not hasattr(self.dataset, "__len__"):
                raise ArgumentError(f"object of type '{type(self.dataset).__name__}' has no len()")
            n: int = len(cast("Any", self.dataset))
            if self.batch_size is None:
                return n
            return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
        return len(cast("Any", self.batch_sampler if self.batch_sampler is not None else self.sampler))


__all__ = ["DataLoader", "get_worker_info"]
