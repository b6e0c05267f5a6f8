"""EmbeddingBag: initial weights, options handed on, given tables, texts."""

from __future__ import annotations

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet import nn


def test_initial_weights() -> None:  # printed by PyTorch 2.13
    fnnet.manual_seed(3)
    layer = nn.EmbeddingBag(3, 2, mode="sum", padding_idx=-2)
    expected = [[0.80328, 0.17483], [0.0, 0.0], [0.04618, -1.36826]]
    np.testing.assert_allclose(layer.weight.detach().numpy(), expected, atol=1e-5)
    assert layer.padding_idx == 1
    assert list(layer.state_dict()) == ["weight"]


def test_options_are_handed_on() -> None:
    index, offsets, scale = fnnet.tensor([1, 3, 0, 2]), fnnet.tensor([0, 1, 4]), fnnet.randn(4)
    plain = nn.EmbeddingBag(4, 3)
    assert fnnet.equal(plain(index, offsets), F.embedding_bag(index, plain.weight, offsets))
    most = nn.EmbeddingBag(4, 3, 1.0, 1.0, True, "sum", include_last_offset=True, padding_idx=3, dtype=fnnet.float32)
    table = most.weight.detach().clone()
    y = most(index, offsets, scale)
    expected = F.embedding_bag(
        index, table, offsets, 1.0, 1.0, True, "sum", per_sample_weights=scale, include_last_offset=True, padding_idx=3
    )
    assert fnnet.equal(y, expected)
    assert fnnet.equal(most.weight, table)
    with pytest.raises(ValueError, match="sparse gradients are not supported"):
        nn.EmbeddingBag(4, 3, sparse=True)(index, offsets)


def test_a_given_table() -> None:
    table = fnnet.tensor([[1.0, 2.3, 3.0], [4.0, 5.1, 6.3]])
    frozen = nn.EmbeddingBag.from_pretrained(table, mode="max", padding_idx=0)
    assert frozen.weight.data_ptr() == table.data_ptr()
    assert not frozen.weight.requires_grad
    assert (frozen.mode, frozen.padding_idx) == ("max", 0)
    assert frozen(fnnet.tensor([[0, 1]])).tolist() == table[1:].tolist()
    assert nn.EmbeddingBag.from_pretrained(table, freeze=False).weight.requires_grad
    with pytest.raises(AssertionError, match="expected to be 2-dimensional"):
        nn.EmbeddingBag.from_pretrained(table[0])


def test_text() -> None:  # printed by PyTorch 2.13
    layer = nn.EmbeddingBag(3, 2, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True, padding_idx=0)
    options = "max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True, mode='mean', padding_idx=0"
    assert repr(layer) == f"EmbeddingBag(3, 2, {options})"
    assert repr(nn.EmbeddingBag(3, 2)) == "EmbeddingBag(3, 2, mode='mean')"
