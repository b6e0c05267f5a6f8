"""How samples become a batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from fnnet._core.errors import ArgumentError, ShapeError
from fnnet._tensor import Tensor
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


CollateMap = dict[Any, Callable[..., Any]]  # types, or tuples of them, to functions of a batch and this table


def collate(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:  # any nesting
    """Samples of one structure as one structure of batches, by a table of functions for the types of their leaves.

    Args:
        batch: Samples: leaves, or mappings, sequences and named tuples of them.
        collate_fn_map: For a type, or a tuple of types, a function `f(batch, *, collate_fn_map)`; the sample's own type
            is looked for first, then the first one in the table that it derives from. Default: none, which leaves only
            the structures.

    Returns:
        What the functions make of the leaves, in the samples' own mappings and sequences; tuples become lists.

    Raises:
        ArgumentError: A type that the table does not know.
        ShapeError: Sequences of different lengths.

    Example:
        A collate function that keeps texts as one text:

        >>> from fnnet.utils.data.collate import collate, default_collate_fn_map
        >>> def joined(batch, *, collate_fn_map):
        ...     return " ".join(batch)
        >>> collate([(1, "a"), (2, "b")], collate_fn_map={**default_collate_fn_map, str: joined})
        [tensor([1, 2]), 'a b']
    """
    first = batch[0]
    if collate_fn_map is not None:
        function = collate_fn_map.get(type(first))
        if function is None:
            function = next((f for kind, f in collate_fn_map.items() if isinstance(first, kind)), None)
        if function is not None:
            return function(batch, collate_fn_map=collate_fn_map)

    def inside(column: Sequence[Any]) -> Any:
        return collate(column, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _same_mapping(first, {key: inside([b[key] for b in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*map(inside, zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(b) != len(first) for b in batch):
            raise ShapeError("each element in list of batch should be of equal size")
        columns = [inside(column) for column in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _same_sequence(first, columns)
    raise ArgumentError(_REFUSED.format(type(first)))


_REFUSED = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def _collate_tensors(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    return stack(list(batch), 0)


def _collate_arrays(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    first = batch[0]
    if first.dtype.kind in "SUO":
        raise ArgumentError(_REFUSED.format(first.dtype))
    if all(type(b) is np.ndarray and b.dtype == first.dtype and b.shape == first.shape for b in batch):
        return sharing.as_tensor(np.stack(batch))
    return collate([sharing.as_tensor(b) for b in batch], collate_fn_map=collate_fn_map)


def _collate_array_numbers(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    return sharing.as_tensor(np.asarray(batch))


def _collate_floats(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    return creation.tensor(batch, dtype=dtypes.float64)


def _collate_ints(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    return creation.tensor(batch)


def _collate_texts(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    return batch


default_collate_fn_map: CollateMap = {
    Tensor: _collate_tensors,
    np.ndarray: _collate_arrays,
    (np.bool_, np.number, np.object_): _collate_array_numbers,
    float: _collate_floats,
    int: _collate_ints,
    str: _collate_texts,
    bytes: _collate_texts,
}
"""What `default_collate` makes of leaves; a program may add types of its own."""


def default_collate(batch: Sequence[Any]) -> Any:  # any nesting of tensors, arrays, numbers, strings
    """Samples of one structure as one structure of batches, with a new first dim.

    Args:
        batch: Samples: tensors, arrays, numbers, strings, or mappings, sequences and named tuples of them; further
            types by functions that are added to `fnnet.utils.data.collate.default_collate_fn_map`.

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
    return collate(batch, collate_fn_map=default_collate_fn_map)


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
    """The values in a sequence of the sample's own kind, likewise."""
    try:
        if isinstance(like, MutableSequence):
            twin = copy.copy(like)  # with the attributes that a subclass has
            for i, value in enumerate(values):
                twin[i] = value
            return twin
        return type(like)(values)  # type: ignore[call-arg]  # most sequences take one
    except TypeError:
        return values


__all__ = ["CollateMap", "collate", "default_collate", "default_collate_fn_map", "default_convert"]
