"""`DataLoader`: batches from a dataset, in the order of a sampler."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from fnnet._core.errors import ArgumentError, OptionError
from fnnet.functional.generators import Generator
from fnnet.utils.data.collate import default_collate, default_convert
from fnnet.utils.data.dataset import Dataset, IterableDataset
from fnnet.utils.data.iteration import InProcess, Iteration
from fnnet.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

T_co = TypeVar("T_co", covariant=True)
_SETTLED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
"""What other attributes of a DataLoader were derived from."""


class _Endless(Sampler[None]):
    """Indices for datasets that need none."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T_co]):
    """Iterates over a dataset in batches.

    For one seed the order of samples is PyTorch's, with workers and without: an iteration takes two words from the
    generator, four where it shuffles.

    A worker process draws from streams of its own: fnnet's and Python's are seeded with a base seed plus its number,
    NumPy's with a mix of both, as PyTorch's are. Its products of matrices run on one thread. It ends with the
    iteration, or with the main process, however that one ends.

    Args:
        dataset: A Dataset by index, or an IterableDataset.
        batch_size: Samples in a batch; None: single samples, not batched. Default: 1.
        shuffle: A new random order at each iteration. Default: False.
        sampler: Yields indices; excludes `shuffle`.
        batch_sampler: Yields lists of indices; excludes `batch_size`, `shuffle`, `sampler`, `drop_last`.
        collate_fn: Makes a batch of a list of samples. Default: `default_collate`.
        num_workers: Worker processes that fetch batches ahead; 0: the calling process fetches each when it is asked
            for. Default: 0.
        pin_memory: Accepted; host memory needs no pinning here.
        drop_last: Leave out a last batch that is smaller; with an iterable dataset each worker's. Default: False.
        timeout: Seconds to wait for a batch of the workers; 0: as long as it takes. Default: 0.
        worker_init_fn: Called in each worker with its number, after seeding.
        multiprocessing_context: How workers are started: a context of `multiprocessing`, or "fork", "spawn" or
            "forkserver". The latter two pickle the dataset and the functions. Default: that of `multiprocessing`.
        prefetch_factor: Batches that each worker fetches ahead, at least 1. Default: 2 with workers.
        persistent_workers: Keep the workers for the next iteration. Default: False.
        pin_memory_device: As `pin_memory`.
        in_order: Batches come in the sampler's order; False: as they are ready. Default: True.
        generator: Source of random numbers. Default: the global one.

    Raises:
        OptionError: Options that exclude each other, or out of their range.
        ArgumentError: `multiprocessing_context` is neither a context nor the name of one.
        WorkerError: While iterating: a worker was killed, has left, or gave nothing in time. An exception in a worker
            is raised in the main process by its own class, with its traceback in the message.

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
        multiprocessing_context: BaseContext | str | None = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise OptionError(
                f"num_workers option should be non-negative; use num_workers=0 to disable multiprocessing; "
                f"got {num_workers}"
            )
        if timeout < 0:
            raise OptionError(f"timeout option should be non-negative, got {timeout}")
        if num_workers == 0 and prefetch_factor is not None:
            raise OptionError(
                "prefetch_factor option could only be specified in multiprocessing. let num_workers > 0 to enable "
                f"multiprocessing, otherwise set prefetch_factor to None; got {prefetch_factor}"
            )
        if prefetch_factor is not None and prefetch_factor < 0:
            raise OptionError(f"prefetch_factor option should be non-negative, got {prefetch_factor}")
        if persistent_workers and num_workers == 0:
            raise OptionError("persistent_workers option needs num_workers > 0")
        self.dataset, self.num_workers, self.timeout, self.in_order = dataset, num_workers, timeout, in_order
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.worker_init_fn, self.persistent_workers = worker_init_fn, persistent_workers
        self.multiprocessing_context = multiprocessing_context
        iterable = isinstance(dataset, IterableDataset)
        if iterable:
            for name, given in (("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler)):
                if given is not None:
                    raise OptionError(
                        f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={given}"
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
        if sampler is None:
            sized = cast("Any", dataset)
            if iterable:
                sampler = _Endless()
            else:
                sampler = RandomSampler(sized, generator=generator) if shuffle else SequentialSampler(sized)
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(cast("Any", sampler), batch_size, drop_last)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        self.collate_fn = collate_fn or (default_collate if self._auto_collation else default_convert)
        self._iterable_length: int | None = None
        self._iterator: Iteration | None = None
        self._initialized = True
        self.check_worker_number_rationality()

    def __setattr__(self, name: str, value: object) -> None:
        if name in _SETTLED and getattr(self, "_initialized", False):
            raise OptionError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        object.__setattr__(self, name, value)

    @property
    def multiprocessing_context(self) -> BaseContext | None:
        """How workers are started; None: as `multiprocessing` does by default."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, multiprocessing_context: BaseContext | str | None) -> None:
        self._multiprocessing_context: BaseContext | None = None
        if multiprocessing_context is None:
            return
        import multiprocessing.context  # here: few programs load by workers

        if self.num_workers == 0:
            raise OptionError(
                "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
                f"num_workers={self.num_workers}"
            )
        if isinstance(multiprocessing_context, str):
            methods = multiprocessing.get_all_start_methods()
            if multiprocessing_context not in methods:
                raise OptionError(
                    f"multiprocessing_context option should specify a valid start method in {methods!r}, but got "
                    f"multiprocessing_context={multiprocessing_context!r}"
                )
            multiprocessing_context = multiprocessing.get_context(multiprocessing_context)
        if not isinstance(multiprocessing_context, multiprocessing.context.BaseContext):
            raise ArgumentError(
                "multiprocessing_context option should be a valid context object or a string specifying the start "
                f"method, but got multiprocessing_context={multiprocessing_context}"
            )
        self._multiprocessing_context = multiprocessing_context

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __iter__(self) -> Iteration:
        if not self.persistent_workers:
            return self._get_iterator()
        if self._iterator is None:
            self._iterator = self._get_iterator()
        else:
            self._iterator.rewind(self)
        return self._iterator

    def _get_iterator(self) -> Iteration:
        if self.num_workers == 0:
            return InProcess(self)
        from fnnet.utils.data.worker_pool import InWorkers  # here: it draws in multiprocessing

        self.check_worker_number_rationality()
        return InWorkers(self)

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self._index_sampler)
        if not hasattr(self.dataset, "__len__"):
            raise ArgumentError(f"object of type '{type(self.dataset).__name__}' has no len()")
        n = self._iterable_length = len(cast("Any", self.dataset))
        if self.batch_size is None:
            return n
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def check_worker_number_rationality(self) -> None:
        """Warn where there are more workers than processors."""
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if self.num_workers > processors:
            warnings.warn(
                f"This DataLoader will create {self.num_workers} worker processes in total. Our suggested max number "
                f"of worker in current system is {processors}, which is smaller than what this DataLoader is going to "
                "create. Please be aware that excessive worker creation might get DataLoader running slow or even "
                "freeze, lower the worker number to avoid potential slowness/freeze if necessary.",
                stacklevel=3,
            )


__all__ = ["DataLoader"]
