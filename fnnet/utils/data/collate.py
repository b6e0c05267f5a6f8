"""How samples become a batch."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from fnnet._core.errors import ArgumentError, ShapeError
from fnnet.autograd.variable import Variable
from fnnet.backends import dtypes
from fnnet.functional import creation, sharing
from fnnet.functional.joining import stack


def default_convert(data: Any) -> Any:  # any nesting of arrays, tensors and other objects
    """Arrays as tensors, inside mappings and sequences too; tuples become lists, all else is as it was.

    Args:
        data: Anything: arrays, NumPy scalars, tensors, mappings, sequences, named tuples, other objects.

    Returns:
        The same structure; tensors share the arrays' memory.

    Example:
        >>> import numpy
        >>> from fnnet.utils.data import default_convert
        >>> default_convert([numpy.array(0)])
        [tensor(0)]
    """
    if isinstance(data, (Variable, str, bytes)):
        return data
    if isinstance(data, (np.ndarray, np.generic)):
        return data if data.dtype.kind in "SUO" else sharing.as_tensor(data)
    if isinstance(data, Mapping):
        return _same_mapping(data, {k: default_convert(v) for k, v in data.items()})
    if isinstance(data, tuple):
        converted = [default_convert(d) for d in data]
        return type(data)(*converted) if hasattr(data, "_fields") else converted
    if isinstance(data, Sequence):
        return _same_sequence(data, [default_convert(d) for d in data])
    return data


def default_collate(batch: Sequence[Any]) -> Any:  # any nesting of tensors, arrays, numbers, strings
    """Samples of one structure as one structure of batches, with a new first dim.

    Args:
        batch: Samples: tensors, arrays, numbers, strings, or mappings, sequences and named tuples of them.

    Returns:
        Tensors `(N, *)` (of Python floats float64, of ints int64), strings as they are, in the samples' own mappings
        and sequences; tuples become lists.

    Raises:
        ArgumentError: A type that can't be batched; pass `collate_fn` to the DataLoader.
        ShapeError: Sequences of different lengths, or tensors of different shapes.

    Example:
        >>> from fnnet.utils.data import default_collate
        >>> default_collate([(0, "a"), (1, "b")])
        [tensor([0, 1]), ('a', 'b')]
    """
    first = batch[0]
    if isinstance(first, Variable):
        return stack(list(batch), 0)
    if isinstance(first, (str, bytes)):  # NumPy's scalar strings among them
        return batch
    if isinstance(first, (np.ndarray, np.generic)):
        if first.dtype.kind in "SUO":
            raise ArgumentError(_REFUSED.format(first.dtype))
        if isinstance(first, np.ndarray) and first.ndim:
            return default_collate([sharing.as_tensor(b) for b in batch])
        return sharing.as_tensor(np.asarray(batch))
    if isinstance(first, float):
        return creation.tensor(batch, dtype=dtypes.float64)
    if isinstance(first, int):
        return creation.tensor(batch)
    if isinstance(first, Mapping):
        return _same_mapping(first, {key: default_collate([b[key] for b in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(column) for column in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(b) != len(first) for b in batch):
            raise ShapeError("each element in list of batch should be of equal size")
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _same_sequence(first, columns)
    raise ArgumentError(_REFUSED.format(type(first)))


_REFUSED = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def _same_mapping(like: Mapping[Any, Any], values: dict[Any, Any]) -> Any:
    """The values in a mapping of the sample's own kind, where it can be copied or made."""
    try:
        if isinstance(like, MutableMapping):
            twin = copy.copy(like)  # a defaultdict keeps its default
            twin.update(values)
            return twin
        return type(like)(values)  # type: ignore[call-arg]  # most mappings take one
    except TypeError:
        return values


def _same_sequence(like: Sequence[Any], values: list[Any]) -> Any:
    try:
        return type(like)(values)  # type: ignore[call-arg]  # most sequences take one
    except TypeError:
        return values


__all__ = ["default_collate", "default_convert"]
