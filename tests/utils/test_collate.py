"""How samples become a batch. What is printed is what PyTorch 2.13 gives."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

import fnnet
from fnnet.utils import data
from fnnet.utils.data import _utils
from fnnet.utils.data._utils.collate import collate, default_collate_fn_map

Point = namedtuple("Point", "x y")


class Letters(str):
    """A type of a user's own."""


COLLATED = [
    ([1, 2], "tensor([1, 2])"),
    ([1.5, 2], "tensor([1.5000, 2.0000], dtype=fnnet.float64)"),
    ([True, False], "tensor([ True, False])"),
    ([np.float32(1), np.float32(2)], "tensor([1., 2.])"),
    ([np.int16(1), np.int16(2)], "tensor([1, 2], dtype=fnnet.int16)"),
    ([np.array(1), np.array(2)], "tensor([1, 2])"),
    ([np.arange(2), np.arange(2)], "tensor([[0, 1],\n        [0, 1]])"),
    ([fnnet.ones(2), fnnet.zeros(2)], "tensor([[1., 1.],\n        [0., 0.]])"),
    (["a", "b"], "['a', 'b']"),
    ([b"a", b"b"], "[b'a', b'b']"),
    ([np.str_("a"), np.str_("b")], "[np.str_('a'), np.str_('b')]"),
    ([(1, "a"), (2, "b")], "[tensor([1, 2]), ('a', 'b')]"),
    ([[1, [2]], [3, [4]]], "[tensor([1, 3]), [tensor([2, 4])]]"),
    ([Point(1, 2.0), Point(3, 4.0)], "Point(x=tensor([1, 3]), y=tensor([2., 4.], dtype=fnnet.float64))"),
    ([{"a": 1, "b": [1, 2]}, {"a": 2, "b": [3, 4]}], "{'a': tensor([1, 2]), 'b': [tensor([1, 3]), tensor([2, 4])]}"),
    ([defaultdict(int, a=1), defaultdict(int, a=2)], "defaultdict(<class 'int'>, {'a': tensor([1, 2])})"),
]


@pytest.mark.parametrize(("samples", "text"), COLLATED, ids=[str(text)[:40] for _, text in COLLATED])
def test_collate(samples, text):
    assert repr(data.default_collate(samples)) == text


def test_collate_by_a_table():
    def joined(batch, *, collate_fn_map):
        return " ".join(batch)

    def counted(batch, *, collate_fn_map):
        return len(batch), list(collate_fn_map)

    table = {str: joined, (list, set): counted}
    assert collate([("a", {1}), ("b", {2})], collate_fn_map=table) == ["a b", (2, [str, (list, set)])]
    assert collate([{"x": "a"}, {"x": "b"}], collate_fn_map={str: joined})["x"] == "a b"
    with pytest.raises(TypeError, match="batch must contain tensors"):
        collate([1, 2], collate_fn_map=table)
    with pytest.raises(TypeError, match="batch must contain tensors"):
        collate([1, 2])
    assert default_collate_fn_map is _utils.collate.default_collate_fn_map  # where PyTorch's programs look
    default_collate_fn_map[Letters] = joined
    try:
        assert data.default_collate([(Letters("a"), 1), (Letters("b"), 2)])[0] == "a b"
    finally:
        del default_collate_fn_map[Letters]


def test_collate_keeps_sequences_and_what_they_hold():
    class Tagged(list):
        tag = None

    first = Tagged([1, 2])
    first.tag = "kept"
    got = data.default_collate([first, Tagged([3, 4])])
    assert (type(got), got.tag, [x.tolist() for x in got]) == (Tagged, "kept", [[1, 3], [2, 4]])
    assert first == [1, 2]
    converted = data.default_convert(first)
    assert (type(converted), converted.tag, converted) == (Tagged, "kept", [1, 2])
    assert data.default_convert(range(2)) == [0, 1]


def test_collate_arrays_of_several_dtypes():
    """PyTorch 2.13: as stack promotes them."""
    got = data.default_collate([np.ones(2, np.float32), np.ones(2, np.float64)])
    assert (got.dtype, got.tolist()) == (fnnet.float64, [[1.0, 1.0], [1.0, 1.0]])


def test_collate_keeps_mappings_and_their_samples():
    first = OrderedDict(a=1)
    assert type(data.default_collate([first, OrderedDict(a=2)])) is OrderedDict
    assert first == OrderedDict(a=1)


@pytest.mark.parametrize(
    ("samples", "error", "phrase"),
    [
        ([[1, 2], [3]], RuntimeError, "each element in list of batch should be of equal size"),
        ([None, None], TypeError, "batch must contain tensors, numpy arrays, numbers, dicts or lists; found"),
        ([object()], TypeError, "batch must contain tensors"),
        ([np.array(["a"]), np.array(["b"])], TypeError, "batch must contain tensors"),
        ([fnnet.ones(2), fnnet.ones(3)], RuntimeError, "same size|equal size"),
        ([{"a": 1}, {"b": 2}], KeyError, "a"),
        ([], IndexError, "index out of range"),
    ],
)
def test_collate_refuses(samples, error, phrase):
    with pytest.raises(error, match=phrase):
        data.default_collate(samples)


def test_convert():
    converted = data.default_convert([1, np.arange(2), "a", {"b": np.float32(2), "c": (np.arange(1), 2)}, None])
    assert repr(converted) == "[1, tensor([0, 1]), 'a', {'b': tensor(2.), 'c': [tensor([0]), 2]}, None]"
    assert repr(data.default_convert(Point(np.arange(1), "x"))) == "Point(x=tensor([0]), y='x')"
