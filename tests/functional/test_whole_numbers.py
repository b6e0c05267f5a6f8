"""Functions that PyTorch lets whole numbers and bools through. Literals: PyTorch 2.13."""

from __future__ import annotations

import fnnet
from fnnet.nn import functional as F


def test_hardtanh_truncates_its_bounds() -> None:
    y = F.hardtanh(fnnet.tensor([-3, 0, 3]), -1.5, 1.5)
    assert y.dtype is fnnet.int64
    assert y.tolist() == [-1, 0, 1]


def test_local_response_norm_rounds_the_mean_down() -> None:
    assert F.local_response_norm(fnnet.tensor([[[1], [2], [3]]]), 2, 0.5, 1.0, 1.0).tolist() == [[[1.0], [1.0], [0.75]]]


def test_addr_of_bools_is_one() -> None:
    y = fnnet.addr(fnnet.tensor([[True]]), fnnet.tensor([False]), fnnet.tensor([True]), beta=3, alpha=2)
    assert y.dtype is fnnet.bool
    assert y.tolist() == [[True]]


def test_dropout_without_training_returns_them() -> None:
    x = fnnet.tensor([[1, 2]])
    for dropout in (F.dropout, F.alpha_dropout, F.feature_alpha_dropout):
        assert dropout(x, 0.5, training=False) is x
