"""Memory that tensors share. Every expectation was printed by PyTorch 2.13, which runs this file unchanged.

(But for the tests that say so.)
"""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

import fnnet as torch


def test_what_every_tensor_is():
    x = torch.zeros(2)
    assert x.layout is torch.strided
    assert (x.is_sparse, x.is_cuda, x.is_quantized, x.is_meta, x.is_complex()) == (False, False, False, False, False)


def test_views_have_one_storage():
    x = torch.arange(6.0)
    part = x.view(2, 3)[1, 1:]
    storage = part.untyped_storage()
    assert (storage.nbytes(), storage.size(), len(storage)) == (24, 24, 24)
    assert storage.data_ptr() == x.data_ptr() == part.data_ptr() - 4 * part.storage_offset()
    assert (part.storage_offset(), storage.element_size(), str(storage.device)) == (4, 1, "cpu")
    assert storage.tolist()[-4:] == [0, 0, 160, 64]
    assert x.unfold(0, 2, 1)[1].storage_offset() == 1
    assert x.clone().untyped_storage().data_ptr() != x.data_ptr()
    assert torch.zeros(1).expand(5).untyped_storage().nbytes() == 4


# deepcopy ---------------------------------------------------------------------------------------------------------
def test_copies_share_memory_as_the_originals_do():
    x = torch.arange(6.0)
    old = {"head": x[:3], "tail": x[2:], "all": x}
    new = copy.deepcopy(old)
    new["all"].fill_(9)
    assert (new["head"].tolist(), new["tail"].tolist()) == ([9.0] * 3, [9.0] * 4)
    assert x.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_copy_has_the_whole_memory_and_the_place_in_it():
    column = copy.deepcopy(torch.arange(6.0).view(2, 3)[:, 1])
    assert (column.tolist(), column.stride(), column.storage_offset()) == ([1.0, 4.0], (3,), 1)
    assert column.untyped_storage().nbytes() == 24
    assert copy.deepcopy(torch.ones(1).expand(5)).stride() == (0,)
    turned = copy.deepcopy(torch.arange(6.0).view(2, 3).t())
    assert (turned.tolist(), turned.stride()) == ([[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]], (1, 3))


def test_two_deep_copies_share_nothing():
    x = torch.arange(6.0)
    a, b = copy.deepcopy(x[:3]), copy.deepcopy(x[:3])
    a.zero_()
    assert b.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "bfloat16", "float64", "complex64"])
def test_copies_of_every_dtype(dtype):
    x = torch.tensor([1, 0, 1, 1]).to(getattr(torch, dtype))
    a, b = copy.deepcopy([x[1:], x[:2]])
    a.zero_()
    assert b.tolist() == [1, 0]
    assert (a.dtype, a.tolist()) == (x.dtype, [0, 0, 0])
    assert x.tolist() == [1, 0, 1, 1]


def test_buffers_that_share_memory_still_do_in_a_copy_of_their_module():
    net = torch.nn.Module()
    table = torch.zeros(2, 2)
    net.register_buffer("table", table)
    net.register_buffer("row", table[1])
    twin = copy.deepcopy(net)
    twin.table.fill_(7)
    assert twin.row.tolist() == [7.0, 7.0]
    assert net.row.tolist() == [0.0, 0.0]


def test_a_copy_of_read_only_memory_may_be_written():
    array = np.zeros(3, np.float32)
    array.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the array that is not writable
        twin = copy.deepcopy(torch.from_numpy(array)[1:])
    twin.fill_(1)
    assert array.tolist() == [0.0, 0.0, 0.0]


# resize_ ----------------------------------------------------------------------------------------------------------
def test_less_and_then_as_much_as_there_was():
    x = torch.tensor([1, 2, 3, 4])
    view = x[:1]
    assert x.resize_(1, 3) is x
    assert (x.tolist(), x.shape) == ([[1, 2, 3]], (1, 3))
    assert x.resize_((2, 2)).tolist() == [[1, 2], [3, 4]]
    view.fill_(9)
    assert x.tolist() == [[9, 2], [3, 4]]


def test_more_than_there_was_keeps_what_was_there():
    x = torch.tensor([1, 2])
    x.resize_(5)
    assert (x.shape, x.stride(), x.tolist()[:2]) == ((5,), (1,), [1, 2])


def test_a_view_is_resized_from_its_first_element_on():
    x = torch.arange(6.0)
    part = x[2:3]
    assert part.resize_(2, 2).tolist() == [[2.0, 3.0], [4.0, 5.0]]
    part.zero_()
    assert x.tolist() == [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]


def test_the_same_shape_changes_nothing():
    x = torch.zeros(2, 3).t()
    assert x.resize_(3, 2).stride() == (1, 3)


def test_the_shape_of_another_tensor_and_another_order():
    x = torch.arange(4)
    assert x.resize_as_(torch.zeros(2, 2)).tolist() == [[0, 1], [2, 3]]
    assert torch.empty(0).resize_(1, 2, 3, 4, memory_format=torch.channels_last).stride() == (24, 1, 8, 2)


def test_a_tensor_that_requires_grad_is_not_resized():
    x = torch.ones(3, requires_grad=True)
    for t in (x, x * 2):
        with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
            t.resize_(2)
    with pytest.raises(RuntimeError):
        torch.zeros(2).resize_(-1)
    assert x.shape == (3,)
