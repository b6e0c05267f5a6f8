"""Datasets: by index, or by iteration."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from fnnet._core.errors import AssertedOptionError, IndexRangeError, MissingMethodError, OptionError
from fnnet._tensor import Tensor
from fnnet.functional.random import randperm

if TYPE_CHECKING:
    from fnnet.functional.generators import Generator

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Samples by index: subclasses define `__getitem__` and, for samplers, `__len__`.

    Example:
        >>> from fnnet.utils.data import DataLoader, Dataset
        >>> class Squares(Dataset):
        ...     def __getitem__(self, index):
        ...         return index**2
        ...
        ...     def __len__(self):
        ...         return 4
        >>> [batch.tolist() for batch in DataLoader(Squares(), batch_size=2)]
        [[0, 1], [4, 9]]
    """

    def __getitem__(self, index: Any) -> T_co:  # an int, or whatever key the sampler yields
        raise MissingMethodError(f"{type(self).__name__}: subclasses of Dataset implement __getitem__")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([cast("Dataset[Any]", self), other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """Samples by iteration: subclasses define `__iter__`.

    Example:
        >>> from fnnet.utils.data import DataLoader, IterableDataset
        >>> class Countdown(IterableDataset):
        ...     def __iter__(self):
        ...         return iter(range(3, 0, -1))
        >>> [batch.tolist() for batch in DataLoader(Countdown(), batch_size=2)]
        [[3, 2], [1]]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise MissingMethodError(f"{type(self).__name__}: subclasses of IterableDataset implement __iter__")

    def __add__(self, other: Dataset[Any]) -> ChainDataset[Any]:  # type: ignore[override]  # as in PyTorch
        return ChainDataset([self, other])


class ChainDataset(IterableDataset[T_co]):
    """One iterable dataset after the other.

    Args:
        datasets: Iterable datasets; each is asked for when the chain arrives at it.

    Example:
        >>> from fnnet.utils.data import ChainDataset, IterableDataset
        >>> class Countdown(IterableDataset):
        ...     def __iter__(self):
        ...         return iter(range(3, 0, -1))
        >>> list(ChainDataset([Countdown(), Countdown()]))
        [3, 2, 1, 3, 2, 1]
    """

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[T_co]:
        for d in self.datasets:
            if not isinstance(d, IterableDataset):
                raise AssertedOptionError(f"ChainDataset only supports IterableDataset, got {type(d).__name__}")
            yield from d

    def __len__(self) -> int:
        return sum(len(cast("Any", d)) for d in self.datasets)  # a TypeError where one has no length


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Samples are the rows of tensors of equal length.

    Args:
        tensors: Tensors whose first dims agree.

    Raises:
        AssertedOptionError: They do not.

    Example:
        >>> import fnnet
        >>> data = fnnet.utils.data.TensorDataset(fnnet.arange(3), fnnet.zeros(3))
        >>> data[1]
        (tensor(1), tensor(0.))
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        if any(t.shape[0] != tensors[0].shape[0] for t in tensors):
            raise AssertedOptionError(f"Size mismatch between tensors: lengths {[t.shape[0] for t in tensors]}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(t[index] for t in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class ConcatDataset(Dataset[T_co]):
    """One dataset behind the other.

    Args:
        datasets: Datasets by index.

    Raises:
        AssertedOptionError: There is none, or one is iterable only.

    Example:
        >>> import fnnet
        >>> data = fnnet.utils.data.TensorDataset(fnnet.arange(3))
        >>> len(data + data)
        6
    """

    datasets: list[Dataset[T_co]]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertedOptionError("datasets should not be an empty iterable")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise AssertedOptionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(d) for d in self.datasets))  # type: ignore[arg-type]  # map-style

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx: Any) -> T_co:
        n = len(self)
        if idx < -n:
            raise OptionError(f"absolute value of index should not exceed dataset length: {idx}, length {n}")
        if idx >= n:
            raise IndexRangeError(f"ConcatDataset: index {idx} is out of range, the length is {n}")
        idx %= n
        at = bisect.bisect_right(self.cumulative_sizes, idx)
        return self.datasets[at][idx - (self.cumulative_sizes[at - 1] if at else 0)]


class StackDataset(Dataset[Any]):
    """Several datasets of one length side by side: a sample is a tuple, or a dict, of theirs.

    Args:
        args: Datasets whose samples are to be joined as tuples.
        kwargs: Datasets whose samples are to be joined as dicts, by these keys.

    Raises:
        OptionError: No datasets, datasets of both kinds, or of different lengths.

    Example:
        >>> from fnnet.utils.data import StackDataset
        >>> StackDataset([1, 2], "ab")[0], StackDataset(number=[1, 2], letter="ab")[1]
        ((1, 'a'), {'number': 2, 'letter': 'b'})
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # datasets: anything with items and a length
        if args and kwargs:
            raise OptionError(
                "StackDataset: Supported either tuple- (via args) or dict- (via kwargs) like input/output, but both "
                "types are given."
            )
        datasets = args or tuple(kwargs.values())
        if not datasets:
            raise OptionError("StackDataset: At least one dataset should be passed")
        lengths = [len(d) for d in datasets]
        if len(set(lengths)) > 1:
            raise OptionError(f"StackDataset: Size mismatch between datasets: lengths {lengths}")
        self._length = lengths[0]
        self.datasets = args or kwargs

    def _joined(self, values: Iterable[Any]) -> Any:
        return dict(zip(self.datasets, values, strict=True)) if isinstance(self.datasets, dict) else tuple(values)

    def _each(self) -> Iterable[Any]:
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def __getitem__(self, index: Any) -> Any:
        return self._joined(d[index] for d in self._each())

    def __getitems__(self, indices: list[Any]) -> list[Any]:
        """Several samples at once, asked of each dataset in one call where it can."""
        columns = []
        for d in self._each():
            several = getattr(d, "__getitems__", None)
            column = several(indices) if callable(several) else [d[i] for i in indices]
            if len(column) != len(indices):
                raise OptionError(
                    f"StackDataset: Nested dataset's output size mismatch. Expected {len(indices)}, got {len(column)}"
                )
            columns.append(column)
        return [self._joined(row) for row in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


class Subset(Dataset[T_co]):
    """Some samples of a dataset.

    Args:
        dataset: The dataset.
        indices: Which of its samples, in which order.

    Example:
        >>> import fnnet
        >>> data = fnnet.utils.data.TensorDataset(fnnet.arange(3))
        >>> fnnet.utils.data.Subset(data, [2, 0])[0]
        (tensor(2),)
    """

    dataset: Dataset[T_co]
    indices: Sequence[int]

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, idx: Any) -> T_co:
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: list[int]) -> list[T_co]:
        """Several samples at once, for datasets that fetch so."""
        several = getattr(self.dataset, "__getitems__", None)
        mapped = [self.indices[i] for i in indices]
        return cast("list[T_co]", several(mapped)) if callable(several) else [self.dataset[i] for i in mapped]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[T], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[T]]:
    """Split a dataset at random into parts that do not overlap.

    Args:
        dataset: A dataset with a length.
        lengths: The parts' lengths, or fractions that sum to 1 (what is left over goes to the first parts in turn).
        generator: Source of random numbers. Default: the global one.

    Returns:
        A Subset for each length.

    Raises:
        OptionError: The lengths do not sum to the dataset's, or a fraction is outside [0, 1].

    Example:
        >>> import fnnet
        >>> data = fnnet.utils.data.TensorDataset(fnnet.arange(10))
        >>> [len(part) for part in fnnet.utils.data.random_split(data, [0.7, 0.3])]
        [7, 3]
    """
    n = len(dataset)  # type: ignore[arg-type]  # a dataset without a length can't be split
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        sizes = []
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise OptionError(f"Fraction at index {i} is not between 0 and 1: {fraction}")
            sizes.append(math.floor(n * fraction))
        for i in range(n - sum(sizes)):
            sizes[i % len(sizes)] += 1
        for i, size in enumerate(sizes):
            if size == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=2
                )
    else:
        sizes = [int(s) for s in lengths]
    if sum(sizes) != n:
        raise OptionError(f"Sum of input lengths does not equal the length of the input dataset! ({sum(sizes)}, {n})")
    order = cast("list[int]", randperm(n, generator=generator).tolist())
    ends = list(itertools.accumulate(sizes))
    return [Subset(dataset, order[end - size : end]) for end, size in zip(ends, sizes, strict=True)]


__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]
