"""`PackedSequence`: a batch of sequences without padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

from fnnet._core.errors import AssertedOptionError, OptionError
from fnnet.backends import dtypes
from fnnet.functional.creation import empty_like
from fnnet.functional.ranges import arange

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """A batch of sequences without padding: the rows of all first steps, then those of all second steps, and so on.

    The sequences stand in order of falling length. Of "abc" and "x" the data are "axbc" and the batch sizes 2, 1, 1.
    Made by `pack_padded_sequence` and `pack_sequence`, taken and given back by RNN, LSTM and GRU.

    Args:
        data: `(S, *)`, any dtype: the rows; or the pair of data and batch_sizes.
        batch_sizes: `(T,)`, int64, on the host: how many sequences have that step.
        sorted_indices: `(N,)`, int64: which of the original sequences stands where. Default: all where they were.
        unsorted_indices: Its inverse permutation. Default: computed.

    Raises:
        OptionError: batch_sizes is not on the host.
        AssertedOptionError: Without batch_sizes, data is no pair.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.rnn import pack_sequence
        >>> pack_sequence([fnnet.tensor([1, 2, 3]), fnnet.tensor([7])])
        PackedSequence(data=tensor([1, 7, 2, 3]), batch_sizes=tensor([2, 1, 1]), sorted_indices=None,
                       unsorted_indices=None)
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        """A packed sequence of these parts."""
        if batch_sizes is None:
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise AssertedOptionError(
                    f"PackedSequence: Expected data to be a list or tuple of length 2, got {type(data).__name__}"
                )
            data, sizes = data
        else:
            sizes = batch_sizes
            if sizes.device.type != "cpu":
                raise OptionError(
                    f"PackedSequence: batch_sizes should always be on CPU, got {sizes.device}. Instances should never "
                    "be created manually, but by pack_sequence and pack_padded_sequence in nn.utils.rnn."
                )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, sizes, sorted_indices, unsorted_indices)

    def _on(self, data: Tensor) -> Self:
        """The same sequences with other data; the indices go where the data are."""
        if data is self.data:
            return self
        order, back = (None if t is None else t.to(data.device) for t in self[2:])
        return type(self)(data, self.batch_sizes, order, back)

    def to(self, *args: Any, **kwargs: Any) -> Self:  # as Tensor.to
        """The data in another dtype or on another device; itself where nothing changes.

        Args:
            args: As `Tensor.to` takes them.
            kwargs: As `Tensor.to` takes them.
        """
        return self._on(self.data.to(*args, **kwargs))

    def cpu(self, *args: Any, **kwargs: Any) -> Self:  # as Tensor.to
        """On the host; see `to`."""
        return self.to("cpu", *args, **kwargs)

    def cuda(self, device: Any = None) -> Self:  # a device, its index or its name
        """On a CUDA device; see `to`."""
        return self._on(self.data.cuda(device))

    def double(self) -> Self:
        """In float64."""
        return self.to(dtypes.float64)

    def float(self) -> Self:
        """In float32."""
        return self.to(dtypes.float32)

    def half(self) -> Self:
        """In float16."""
        return self.to(dtypes.float16)

    def long(self) -> Self:
        """In int64."""
        return self.to(dtypes.int64)

    def int(self) -> Self:
        """In int32."""
        return self.to(dtypes.int32)

    def short(self) -> Self:
        """In int16."""
        return self.to(dtypes.int16)

    def char(self) -> Self:
        """In int8."""
        return self.to(dtypes.int8)

    def byte(self) -> Self:
        """In uint8."""
        return self.to(dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """Whether the data lie on a CUDA device."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Whether the data lie in pinned memory."""
        return self.data.is_pinned()

    def pin_memory(self) -> Self:
        """The same in pinned memory, where there is such."""
        return self._on(self.data.pin_memory())


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The inverse of a permutation: where each number stands in it.

    Args:
        permutation: `(N,)`, int64, the numbers from 0 to N - 1 in some order; or None.

    Returns:
        `(N,)`, int64; None of None.

    Raises:
        IndexRangeError: A number is not below N.
        DTypeError: It is not of int64.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.nn.utils.rnn.invert_permutation(fnnet.tensor([2, 0, 1]))
        tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    places = arange(permutation.numel(), device=permutation.device)
    return empty_like(permutation).scatter_(0, permutation, places)


__all__ = ["PackedSequence", "invert_permutation"]
