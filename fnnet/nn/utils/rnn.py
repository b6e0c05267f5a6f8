"""Batches of sequences of different lengths: padded to one length, or packed without padding for recurrent networks."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fnnet._core.errors import ArgumentError, OptionError, ShapeError
from fnnet.autograd.variable import Variable
from fnnet.backends import dtypes
from fnnet.functional._common import fit_number, need_tensor
from fnnet.functional.creation import full, tensor
from fnnet.functional.joining import cat, stack
from fnnet.functional.packing import pack, unpack
from fnnet.functional.slices import index_select
from fnnet.functional.sorting import sort
from fnnet.functional.transposition import transpose
from fnnet.nn.utils.packed_sequence import PackedSequence, invert_permutation

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


def pack_padded_sequence(
    input: Tensor,
    lengths: Tensor | list[int],
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Pack a padded batch of sequences: leave the padding out.

    Args:
        input: `(T, N, *)`, or `(N, T, *)` if `batch_first`; any dtype.
        lengths: `(N,)`, whole numbers from 1 to T: how long each sequence is. What lies behind is not looked at.
        batch_first: Whether the batch's dim is the first. Default: False.
        enforce_sorted: Take only sequences in order of falling length. False: sort them, and remember how.
            Default: True.

    Returns:
        The packed sequence; its data `(sum(lengths), *)`.

    Raises:
        ShapeError: There are not N lengths, or input is empty or has fewer than two dims.
        OptionError: A length is outside [1, T], or they do not fall though `enforce_sorted`.
        ArgumentError: `input` is no tensor.

    Differentiable: By `input`, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.rnn import pack_padded_sequence
        >>> padded = fnnet.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
        >>> packed = pack_padded_sequence(padded, [2, 1, 3], batch_first=True, enforce_sorted=False)
        >>> packed.data, packed.batch_sizes
        (tensor([4, 1, 3, 5, 2, 6]), tensor([3, 2, 1]))
        >>> packed.sorted_indices, packed.unsorted_indices
        (tensor([2, 0, 1]), tensor([1, 2, 0]))
    """
    need_tensor("pack_padded_sequence", input=input)
    if isinstance(lengths, Variable):
        found = lengths.to(dtypes.int64)
    else:
        found = tensor(lengths, dtype=dtypes.int64, device="cpu")
    if found.dim() != 1 or found.device.type != "cpu":
        raise ShapeError(
            f"pack_padded_sequence: 'lengths' argument should be a 1D CPU int64 tensor, but got {found.dim()}D "
            f"{found.device.type} tensor"
        )
    if input.dim() < 2:
        raise ShapeError(f"pack_padded_sequence: input must have at least 2 dimensions, got {input.dim()}")
    order = None
    if not enforce_sorted:
        found, places = sort(found, descending=True)
        order = places.to(input.device)
        input = index_select(input, 0 if batch_first else 1, order)
    x = transpose(input, 0, 1) if batch_first else input
    time, n = x.shape[:2]
    if not x.numel():
        raise ShapeError(f"pack_padded_sequence: Cannot pack empty tensors, got shape {tuple(input.shape)}")
    numbers: list[int] = found.tolist()
    if len(numbers) != n:
        raise ShapeError(
            f"pack_padded_sequence: Expected `len(lengths)` to be equal to batch_size, but got {len(numbers)} "
            f"(batch_size={n})"
        )
    if min(numbers) <= 0:
        raise OptionError(
            "pack_padded_sequence: Length of all samples has to be greater than 0, but found an element in 'lengths' "
            f"that is <= 0: {min(numbers)}"
        )
    if any(a < b for a, b in itertools.pairwise(numbers)):
        raise OptionError(
            "pack_padded_sequence: `lengths` array must be sorted in decreasing order when `enforce_sorted` is True. "
            "You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this "
            f"requirement if you do not need ONNX exportability. (lengths: {numbers})"
        )
    if numbers[0] > time:
        raise OptionError(f"pack_padded_sequence: expected lengths of at most {time} steps, got {numbers[0]}")
    sizes = _batch_sizes(numbers)
    return PackedSequence(pack(x, tuple(sizes)), tensor(sizes, device="cpu"), order, None)


def _batch_sizes(lengths: Sequence[int]) -> list[int]:
    """How many sequences have each step; the lengths fall."""
    sizes, n = [], len(lengths)
    for step in range(lengths[0]):
        while lengths[n - 1] <= step:
            n -= 1
        sizes.append(n)
    return sizes


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Pad a packed batch of sequences to one length: the inverse of `pack_padded_sequence`.

    Args:
        sequence: N packed sequences, the longest of T steps.
        batch_first: Whether the batch's dim is the first of the result. Default: False.
        padding_value: What stands behind the shorter sequences. Default: 0.
        total_length: To how many steps to pad, at least T. Default: T.

    Returns:
        The sequences in their original order `(T, N, *)`, or `(N, T, *)` if `batch_first`, and their lengths `(N,)`,
        int64.

    Raises:
        OptionError: `total_length` is less than T.

    Differentiable: By the data, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.rnn import pack_sequence, pad_packed_sequence
        >>> packed = pack_sequence([fnnet.tensor([1, 2, 3]), fnnet.tensor([7])])
        >>> pad_packed_sequence(packed, batch_first=True)
        (tensor([[1, 2, 3],
                 [7, 0, 0]]), tensor([3, 1]))
    """
    sizes = tuple(sequence.batch_sizes.tolist())
    time = len(sizes)
    if total_length is not None:
        if total_length < time:
            raise OptionError(
                "pad_packed_sequence: Expected total_length to be at least the length of the longest sequence in "
                f"input, but got total_length={total_length} and max sequence length being {time}"
            )
        time = total_length
    fill = fit_number(padding_value, sequence.data.dtype)
    r = unpack(sequence.data, sizes, (time, sizes[0]), fill)
    lengths = tensor([sum(n > i for n in sizes) for i in range(sizes[0])], device="cpu")
    if batch_first:
        r = transpose(r, 0, 1)
    back = sequence.unsorted_indices
    if back is None:
        return r, lengths
    return index_select(r, 0 if batch_first else 1, back), lengths[back.cpu()]


def pad_sequence(
    sequences: Tensor | list[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stack sequences of different lengths, padded to that of the longest.

    Args:
        sequences: N tensors `(L, *)` whose other dims are equal, or a tensor `(N, L, *)`. The first one's dtype is
            the result's.
        batch_first: Whether the batch's dim is the first of the result. Default: False.
        padding_value: What stands where a sequence is shorter. Default: 0.
        padding_side: "right": behind the sequences, or "left": before them. Default: "right".

    Returns:
        `(T, N, *)`, or `(N, T, *)` if `batch_first`, with the longest length as T.

    Raises:
        ShapeError: There is no sequence, one has no dim, or their other dims differ.
        OptionError: `padding_side` is neither, or `sequences` can't be iterated over.
        ArgumentError: Something among the sequences is no tensor.

    Differentiable: By all sequences, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.rnn import pad_sequence
        >>> pad_sequence([fnnet.tensor([1, 2, 3]), fnnet.tensor([7])], batch_first=True)
        tensor([[1, 2, 3],
                [7, 0, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise OptionError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    parts = list(sequences)
    if not parts:
        raise ShapeError("pad_sequence: received an empty list of sequences")
    for i, part in enumerate(parts):
        if not isinstance(part, Variable):
            raise ArgumentError(
                f"pad_sequence: expected Tensor as element {i} in argument 0, but got {type(part).__name__}"
            )
    if padding_side not in ("left", "right"):
        raise OptionError(f"pad_sequence: Expected padding_side to be one of left or right, but got {padding_side}.")
    first = parts[0]
    rest = tuple(first.shape[1:])
    for i, part in enumerate(parts):
        if not part.dim() or tuple(part.shape[1:]) != rest:
            raise ShapeError(
                f"pad_sequence: sequence {i} has shape {tuple(part.shape)}, expected (L, {', '.join(map(str, rest))}) "
                "as the first: the sizes of all dims but the first must match"
            )
    longest = max(part.size(0) for part in parts)
    fill = fit_number(padding_value, first.dtype)
    padded = []
    for part in parts:
        part = part.to(first.dtype)
        missing = longest - part.size(0)
        if missing:
            block = full((missing, *rest), fill, dtype=first.dtype, device=first.device)
            part = cat([part, block] if padding_side == "right" else [block, part])
        padded.append(part)
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Part a padded batch into its sequences: the inverse of `pad_sequence`.

    Args:
        padded_sequences: `(T, N, *)`, or `(N, T, *)` if `batch_first`; any dtype.
        lengths: `(N,)`: how long each sequence is.
        batch_first: Whether the batch's dim is the first. Default: False.

    Returns:
        N tensors `(L, *)`.

    Raises:
        ShapeError: There are not N lengths.

    Differentiable: By `padded_sequences`, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.rnn import unpad_sequence
        >>> unpad_sequence(fnnet.tensor([[1, 2, 3], [7, 0, 0]]), fnnet.tensor([3, 1]), batch_first=True)
        [tensor([1, 2, 3]), tensor([7])]
    """
    need_tensor("unpad_sequence", padded_sequences=padded_sequences, lengths=lengths)
    x = padded_sequences if batch_first else transpose(padded_sequences, 0, 1)
    if lengths.dim() != 1 or lengths.size(0) != x.size(0):
        raise ShapeError(
            f"unpad_sequence: expected {x.size(0)} lengths, one for each sequence, got shape {tuple(lengths.shape)}"
        )
    return [x[i][: max(int(n), 0)].clone() for i, n in enumerate(lengths.tolist())]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of different lengths: `pack_padded_sequence` of `pad_sequence`.

    Args:
        sequences: N tensors `(L, *)` whose other dims are equal.
        enforce_sorted: Take only sequences in order of falling length. False: sort them, and remember how.
            Default: True.

    Returns:
        The packed sequence.

    Raises:
        ShapeError: There is no sequence, or their other dims differ.
        OptionError: The lengths do not fall though `enforce_sorted`.

    Differentiable: By all sequences, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.rnn import pack_sequence
        >>> pack_sequence([fnnet.tensor([1, 2, 3]), fnnet.tensor([4, 5]), fnnet.tensor([6])]).data
        tensor([1, 4, 6, 2, 5, 3])
    """
    padded = pad_sequence(sequences)
    return pack_padded_sequence(padded, [v.size(0) for v in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Part a packed batch into its sequences: the inverse of `pack_sequence`.

    Args:
        packed_sequences: N packed sequences.

    Returns:
        N tensors `(L, *)`, in the original order.

    Differentiable: By the data, any order.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.rnn import pack_sequence, unpack_sequence
        >>> unpack_sequence(pack_sequence([fnnet.tensor([1, 2, 3]), fnnet.tensor([7])]))
        [tensor([1, 2, 3]), tensor([7])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip
