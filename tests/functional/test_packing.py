"""Packed sequences: `nn.utils.rnn`."""

from __future__ import annotations

import copy

import pytest

import fnnet
from fnnet.nn.utils import rnn

PADDED = fnnet.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]])


def test_pack_sorts_and_remembers() -> None:
    packed = rnn.pack_padded_sequence(PADDED, [2, 1, 3], batch_first=True, enforce_sorted=False)
    # torch.nn.utils.rnn.pack_padded_sequence of the same
    assert packed.data.tolist() == [4, 1, 3, 5, 2, 6]
    assert packed.batch_sizes.tolist() == [3, 2, 1]
    assert packed.sorted_indices.tolist() == [2, 0, 1]
    assert packed.unsorted_indices.tolist() == [1, 2, 0]
    padded, lengths = rnn.pad_packed_sequence(packed, batch_first=True)
    assert padded.tolist() == PADDED.tolist()
    assert lengths.tolist() == [2, 1, 3]
    assert [t.tolist() for t in rnn.unpack_sequence(packed)] == [[1, 2], [3], [4, 5, 6]]


def test_padding_has_the_value_and_length_that_are_asked_for() -> None:
    packed = rnn.pack_sequence([fnnet.tensor([1.0, 2.0]), fnnet.tensor([3.0])])
    padded, _ = rnn.pad_packed_sequence(packed, padding_value=-1.0, total_length=3)
    assert padded.tolist() == [[1.0, 3.0], [2.0, -1.0], [-1.0, -1.0]]


def test_pad_sequence() -> None:
    parts = [fnnet.tensor([1, 2, 3]), fnnet.tensor([4.7])]
    assert rnn.pad_sequence(parts).tolist() == [[1, 4], [2, 0], [3, 0]]  # the first one's dtype
    assert rnn.pad_sequence(parts, True, 9, "left").tolist() == [[1, 2, 3], [9, 9, 4]]
    assert rnn.pad_sequence(PADDED).tolist() == PADDED.T.tolist()


def test_unpad_leaves_its_argument_as_it_was() -> None:
    x = fnnet.arange(6).reshape(3, 2)
    assert [t.tolist() for t in rnn.unpad_sequence(x, fnnet.tensor([3, 1]))] == [[0, 2, 4], [1]]
    assert x.shape == (3, 2)


def test_gradients_reach_what_was_packed_and_no_padding() -> None:
    x = fnnet.ones(3, 2, requires_grad=True)
    packed = rnn.pack_padded_sequence(x, [2, 1])
    assert packed.data.grad_fn.name() == "PackPaddedSequenceBackward0"
    (packed.data * fnnet.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [[1.0, 2.0], [3.0, 0.0], [0.0, 0.0]]
    a, b = fnnet.ones(2, requires_grad=True), fnnet.ones(1, requires_grad=True)
    padded = rnn.pad_sequence([a, b])
    (padded * fnnet.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([1.0, 3.0], [2.0])


def test_a_packed_sequence_is_a_tuple_that_converts() -> None:
    packed = rnn.pack_padded_sequence(PADDED, [2, 1, 3], True, False)
    data, sizes, order, back = packed
    assert data is packed.data
    assert packed.long() is packed
    assert packed.double().data.dtype is fnnet.float64
    assert packed.double().batch_sizes is sizes
    assert packed.to(fnnet.int8).sorted_indices.tolist() == order.tolist()
    assert packed.cpu() is packed
    assert not packed.is_cuda
    assert not packed.is_pinned()
    twin = copy.deepcopy(packed)
    assert twin.data is not data
    assert twin.unsorted_indices.tolist() == back.tolist()
    assert rnn.PackedSequence((data, sizes)).batch_sizes is sizes
    assert rnn.PackedSequence(data, sizes, order).unsorted_indices.tolist() == back.tolist()


def test_invert_permutation() -> None:
    assert rnn.invert_permutation(fnnet.tensor([2, 0, 3, 1])).tolist() == [1, 3, 0, 2]
    assert rnn.invert_permutation(None) is None


X = fnnet.ones(3, 2, 2)


@pytest.mark.parametrize(
    ("call", "error", "phrase"),
    [
        (lambda: rnn.pack_padded_sequence(X, [2, 3]), RuntimeError, "array must be sorted in decreasing order"),
        (lambda: rnn.pack_padded_sequence(X, [3]), RuntimeError, "equal to batch_size, but got 1 (batch_size=2)"),
        (lambda: rnn.pack_padded_sequence(X, [3, 0]), RuntimeError, "Length of all samples has to be greater than 0"),
        (lambda: rnn.pack_padded_sequence(X, [4, 2]), ValueError, "lengths of at most 3 steps, got 4"),
        (lambda: rnn.pack_padded_sequence(X, fnnet.tensor([[3, 1]])), RuntimeError, "1D CPU int64 tensor, but got 2D"),
        (lambda: rnn.pack_padded_sequence(X[:, :0], fnnet.ones(0)), RuntimeError, "Cannot pack empty tensors"),
        (lambda: rnn.pack_padded_sequence(X[0, 0], [1, 1]), RuntimeError, "at least 2 dimensions, got 1"),
        (lambda: rnn.pack_padded_sequence([1], [1]), TypeError, "argument 'input' must be Tensor, not list"),
        (lambda: rnn.pad_packed_sequence(rnn.pack_sequence([X[:, 0]]), total_length=2), ValueError,
         "got total_length=2 and max sequence length being 3"),
        (lambda: rnn.pad_sequence([]), RuntimeError, "received an empty list of sequences"),
        (lambda: rnn.pad_sequence(3), RuntimeError, "Expected iterable for input sequences, but got arg of type"),
        (lambda: rnn.pad_sequence([X, 3]), TypeError, "expected Tensor as element 1 in argument 0, but got int"),
        (lambda: rnn.pad_sequence([X], padding_side="up"), RuntimeError, "one of left or right, but got up"),
        (lambda: rnn.pad_sequence([X, X[0]]), RuntimeError, "sequence 1 has shape (2, 2), expected (L, 2, 2)"),
        (lambda: rnn.pad_sequence([fnnet.tensor(1.0)]), RuntimeError, "sequence 0 has shape ()"),
        (lambda: rnn.unpad_sequence(X, fnnet.tensor([1, 1, 1])), ValueError, "expected 2 lengths"),
        (lambda: rnn.PackedSequence(X), AssertionError, "Expected data to be a list or tuple of length 2"),
        (lambda: rnn.invert_permutation(fnnet.tensor([2, 0, 3])), RuntimeError, "out of bounds"),
    ],
)  # fmt: skip
def test_errors(call: object, error: type[Exception], phrase: str) -> None:
    with pytest.raises(error) as caught:
        call()  # type: ignore[operator]  # a function
    assert isinstance(caught.value, fnnet.FnnetError)
    assert phrase in str(caught.value)
