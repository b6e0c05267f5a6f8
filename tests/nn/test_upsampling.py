"""Upsampling layers: options handed on, texts."""

from __future__ import annotations

from typing import Any

import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet import nn


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        (nn.Upsample(7), {"size": 7}),
        (nn.Upsample((3, 9), mode="bicubic", align_corners=True),
         {"size": (3, 9), "mode": "bicubic", "align_corners": True}),
        (nn.Upsample(scale_factor=(2, 0.5), mode="bilinear"), {"scale_factor": (2.0, 0.5), "mode": "bilinear"}),
        (
            nn.Upsample(scale_factor=1.7, mode="bilinear", recompute_scale_factor=True),
            {"scale_factor": 1.7, "mode": "bilinear", "recompute_scale_factor": True},
        ),
        (nn.UpsamplingNearest2d(scale_factor=2), {"scale_factor": 2}),
        (nn.UpsamplingBilinear2d((3, 9)), {"size": (3, 9), "mode": "bilinear", "align_corners": True}),
    ],
)  # fmt: skip
def test_options_are_handed_on(layer: nn.Module, options: dict[str, Any]) -> None:
    x = fnnet.randn(2, 3, 4, 5)
    assert fnnet.equal(layer(x), F.interpolate(x, **options))
    assert not layer.state_dict()


# Printed by PyTorch 2.13.
@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Upsample(scale_factor=(2, 3), mode="bilinear"), "Upsample(scale_factor=(2.0, 3.0), mode='bilinear')"),
        (nn.Upsample(size=3), "Upsample(size=3, mode='nearest')"),
        (nn.UpsamplingNearest2d(scale_factor=2), "UpsamplingNearest2d(scale_factor=2.0, mode='nearest')"),
        (nn.UpsamplingBilinear2d((2, 3)), "UpsamplingBilinear2d(size=(2, 3), mode='bilinear')"),
    ],
)
def test_texts(layer: nn.Module, text: str) -> None:
    assert repr(layer) == text


def test_a_layer_without_size_and_scale_refuses_its_input() -> None:
    with pytest.raises(ValueError, match="either size or scale_factor should be defined"):
        nn.Upsample()(fnnet.zeros(1, 1, 2))
