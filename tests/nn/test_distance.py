"""Distance layers: options handed on, texts."""

from __future__ import annotations

import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet import nn


def test_pairwise_distance() -> None:
    x, y = fnnet.randn(4, 3), fnnet.randn(4, 3)
    assert fnnet.equal(nn.PairwiseDistance()(x, y), F.pairwise_distance(x, y))
    layer = nn.PairwiseDistance(3.0, 0.1, keepdim=True)
    assert fnnet.equal(layer(x, y), F.pairwise_distance(x, y, 3.0, 0.1, True))
    assert (layer.norm, layer.eps, layer.keepdim) == (3.0, 0.1, True)


def test_cosine_similarity() -> None:
    x, y = fnnet.randn(4, 3), fnnet.randn(4, 3)
    assert fnnet.equal(nn.CosineSimilarity()(x, y), F.cosine_similarity(x, y))
    layer = nn.CosineSimilarity(dim=0, eps=2.0)
    assert fnnet.equal(layer(x, y), F.cosine_similarity(x, y, 0, 2.0))
    assert (layer.dim, layer.eps) == (0, 2.0)


@pytest.mark.parametrize("layer", [nn.PairwiseDistance(), nn.CosineSimilarity()])
def test_they_hold_no_state(layer: nn.Module) -> None:
    assert repr(layer) == f"{type(layer).__name__}()"
    assert not layer.state_dict()
