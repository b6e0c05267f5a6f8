"""How a batch is fetched from a dataset, in the main process and in workers alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from fnnet.utils.data.dataset import IterableDataset


@attrs.frozen
class Recipe:
    """What to make of a dataset.

    Args:
        dataset: By index, or iterable.
        batched: Whether an index is a list of them, for a batch.
        collate_fn: Makes a batch of a list of samples, or converts one sample.
        drop_last: Whether an iterable dataset's last batch is left out if it is smaller.
    """

    dataset: Any  # anything with `__getitem__`, or an IterableDataset
    batched: bool
    collate_fn: Callable[[Any], Any]
    drop_last: bool

    def fetcher(self) -> Callable[[Any], Any]:  # an index and a batch: the dataset's
        """A function from an index to what the loader yields for it; StopIteration where there is no more."""
        return _IterableFetcher(self) if isinstance(self.dataset, IterableDataset) else self._fetch

    def _fetch(self, index: Any) -> Any:
        dataset = self.dataset
        if not self.batched:
            return self.collate_fn(dataset[index])
        several = getattr(dataset, "__getitems__", None)
        return self.collate_fn(several(index) if several else [dataset[i] for i in index])


class _IterableFetcher:
    """The next samples of one iteration over a dataset; of an index only its length counts."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.samples, self.ended = recipe, iter(recipe.dataset), False

    def __call__(self, index: Any) -> Any:
        recipe = self.recipe
        if self.ended:
            raise StopIteration
        if not recipe.batched:
            return recipe.collate_fn(next(self.samples))
        batch = []
        for _ in index:
            try:
                batch.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not batch or (recipe.drop_last and len(batch) < len(index)):
            raise StopIteration
        return recipe.collate_fn(batch)


__all__ = ["Recipe"]
