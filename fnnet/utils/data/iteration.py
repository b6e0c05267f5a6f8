"""One pass over a DataLoader: in the calling process, or by worker processes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from fnnet._core.errors import AssertedOptionError, MissingMethodError
from fnnet.utils.data.fetch import Recipe
from fnnet.utils.data.sampler import draw_seed

if TYPE_CHECKING:
    from fnnet.utils.data.dataloader import DataLoader


class Iteration(Iterator[Any]):
    """What iterating over a DataLoader gives.

    Args:
        loader: The loader; its options are taken as they are now.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        self.recipe = Recipe(loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last)
        self.index_sampler = loader._index_sampler
        self.indices = iter(self.index_sampler)
        self.base_seed = draw_seed(loader.generator)
        self._by_workers = loader.num_workers > 0
        self._count(loader)

    def _count(self, loader: DataLoader[Any]) -> None:
        self._yielded = 0
        self._promised = loader._iterable_length

    def rewind(self, loader: DataLoader[Any]) -> None:  # of any samples
        """Begin anew.

        Args:
            loader: The loader; nothing here refers to it, so that workers end with it.
        """
        self.indices = iter(self.index_sampler)
        self._count(loader)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:  # whatever the loader's collate_fn returns
        found = self.next_batch()
        self._yielded += 1
        if self._promised is not None and self._yielded > self._promised:
            self._warn_of_length()
        return found

    def next_batch(self) -> Any:  # likewise
        """The next batch; StopIteration where there is none."""
        raise MissingMethodError(f"{type(self).__name__}: subclasses of Iteration implement next_batch")

    def _warn_of_length(self) -> None:
        text = (
            f"Length of IterableDataset {self.recipe.dataset} was reported to be {self._promised}"
            f"(when accessing len(dataloader)), but {self._yielded} samples have been fetched. "
        )
        if self._by_workers:
            text += (
                "Each worker iterates over a copy of the dataset: let it yield its share, by get_worker_info() or in "
                "worker_init_fn."
            )
        warnings.warn(text, stacklevel=3)

    def __len__(self) -> int:
        return len(self.index_sampler)

    def __getstate__(self) -> object:
        raise MissingMethodError(f"{type(self).__name__} cannot be pickled")


class InProcess(Iteration):
    """Batches fetched in the calling process, each when it is asked for.

    Args:
        loader: The loader.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        if loader.timeout != 0:
            raise AssertedOptionError(f"DataLoader without workers requires timeout == 0, got {loader.timeout}")
        self.fetch = self.recipe.fetcher()

    def next_batch(self) -> Any:  # likewise
        """Fetch."""
        return self.fetch(next(self.indices))


__all__ = ["InProcess", "Iteration"]
