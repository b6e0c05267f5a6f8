"""Samplers: the order in which a DataLoader asks for samples. For one seed it is PyTorch's."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar, cast

from fnnet._core.errors import ArgumentError, MissingMethodError, OptionError
from fnnet.backends import dtypes
from fnnet.functional import creation, random, sampling, sharing
from fnnet.functional.generators import Generator

T_co = TypeVar("T_co", covariant=True)


def draw_seed(generator: Generator | None) -> int:
    """A 63-bit seed from a generator, as PyTorch's data classes draw it: two words."""
    value = sampling.random_(creation.empty((), dtype=dtypes.int64), generator=generator).item()
    return int(cast("int", value))


class Sampler(Generic[T_co]):
    """Base of samplers: iterating yields indices (or lists of them).

    Args:
        data_source: Kept as an attribute. Default: None.

    Raises:
        MissingMethodError: Iterated where the subclass defines no `__iter__`.

    Example:
        >>> import fnnet
        >>> from fnnet.utils.data import DataLoader, Sampler, TensorDataset
        >>> class Backwards(Sampler):
        ...     def __iter__(self):
        ...         return reversed(range(3))
        >>> [x.item() for (x,) in DataLoader(TensorDataset(fnnet.arange(3)), sampler=Backwards())]
        [2, 1, 0]
    """

    def __init__(self, data_source: object = None) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[T_co]:
        raise MissingMethodError(f"{type(self).__name__}: subclasses of Sampler implement __iter__")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ... in order.

    Args:
        data_source: Its length is the number of indices.

    Example:
        >>> import fnnet
        >>> list(fnnet.utils.data.SequentialSampler("abc"))
        [0, 1, 2]
    """

    data_source: Sized

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices in random order.

    Args:
        data_source: Its length is the number of indices.
        replacement: Draw each anew. Default: False.
        num_samples: How many to draw, at least 1. Default: the length.
        generator: Source of random numbers. Default: one seeded from the global generator at each iteration.

    Raises:
        OptionError: There is nothing to draw.
        ArgumentError: `replacement` is no bool.

    Example:
        >>> import fnnet
        >>> sorted(fnnet.utils.data.RandomSampler("abc"))
        [0, 1, 2]
    """

    data_source: Sized

    def __init__(
        self, data_source: Sized, replacement: bool = False, num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(replacement, bool):
            raise ArgumentError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.data_source, self.replacement, self._num_samples, self.generator = (
            data_source, replacement, num_samples, generator,
        )  # fmt: skip
        n = self.num_samples
        if not isinstance(n, int) or n <= 0:
            raise OptionError(f"num_samples should be a positive integer value, but got num_samples={n}")

    @property
    def num_samples(self) -> int:
        """How many indices one iteration yields."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = Generator()
            generator.manual_seed(draw_seed(None))
        if self.replacement:
            chunk = 32
            for _ in range(self.num_samples // chunk):
                yield from random.randint(n, (chunk,), generator=generator).tolist()
            yield from random.randint(n, (self.num_samples % chunk,), generator=generator).tolist()
            return
        for _ in range(self.num_samples // n):
            yield from random.randperm(n, generator=generator).tolist()
        yield from random.randperm(n, generator=generator).tolist()[: self.num_samples % n]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Some indices in random order, each once.

    Args:
        indices: Which.
        generator: Source of random numbers. Default: the global one.

    Example:
        >>> import fnnet
        >>> sorted(fnnet.utils.data.SubsetRandomSampler([5, 7]))
        [5, 7]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        for i in random.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with given weights.

    Args:
        weights: One weight per index, not negative; they need not sum to 1.
        num_samples: How many to draw, at least 1; without replacement at most as many as there are weights.
        replacement: Draw each anew. Default: True.
        generator: Source of random numbers. Default: the global one.

    Raises:
        OptionError: `num_samples` is not positive, `replacement` no bool, or the weights no vector.

    Example:
        >>> import fnnet
        >>> list(fnnet.utils.data.WeightedRandomSampler([0.0, 1.0], 2))
        [1, 1]
    """

    def __init__(
        self, weights: Sequence[float], num_samples: int, replacement: bool = True, generator: Generator | None = None
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise OptionError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        if not isinstance(replacement, bool):
            raise OptionError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = sharing.as_tensor(weights, dtype=dtypes.float64)
        if self.weights.ndim != 1:
            raise OptionError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        drawn = random.multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of indices.

    Args:
        sampler: Yields indices.
        batch_size: How many make a batch, at least 1.
        drop_last: Leave out a last batch that is smaller.

    Raises:
        OptionError: `batch_size` is not positive, or `drop_last` no bool.

    Example:
        >>> import fnnet
        >>> list(fnnet.utils.data.BatchSampler(range(3), 2, drop_last=False))
        [[0, 1], [2]]
    """

    def __init__(self, sampler: Sampler[int] | Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise OptionError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise OptionError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        n = len(cast("Any", self.sampler))
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


__all__ = [
    "BatchSampler", "RandomSampler", "Sampler", "SequentialSampler", "SubsetRandomSampler", "WeightedRandomSampler",
    "draw_seed",
]  # fmt: skip
