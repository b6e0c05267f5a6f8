"""A seeded layer begins with PyTorch's values: digests of names and bytes by PyTorch 2.13 after manual_seed(0)."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

import fnnet
from fnnet import nn

F64 = fnnet.float64


@pytest.mark.parametrize(
    ("make", "digest"),
    [
        (lambda: nn.Linear(3, 2), "ab392a140bf6488f"),
        (lambda: nn.Linear(4, 3, bias=False), "56de9140c07813f8"),
        (lambda: nn.Bilinear(2, 3, 2), "050cebdf1c0476c9"),
        (lambda: nn.Conv1d(4, 6, 3, groups=2), "d747df03811a70d2"),
        (lambda: nn.Conv2d(3, 4, (3, 5)), "299a6a7887113486"),
        (lambda: nn.Conv3d(1, 2, 2), "a014c016f4ec9596"),
        (lambda: nn.ConvTranspose1d(4, 6, 3, groups=2), "31dd5e5cb4cabfc6"),
        (lambda: nn.ConvTranspose2d(3, 4, (3, 5), bias=False), "c2fcb7c8b9ea4c1f"),
        (lambda: nn.ConvTranspose3d(1, 2, 2), "93b68571c7136559"),
        (lambda: nn.SyncBatchNorm(4), "5f9e45bf2ca8996f"),
        (lambda: nn.Linear(20, 5, dtype=F64), "37844ec907cd9580"),
        (lambda: nn.PReLU(3), "57f68c55714723cb"),
        (lambda: nn.BatchNorm2d(4), "5f9e45bf2ca8996f"),
        (lambda: nn.LayerNorm((2, 3)), "07cff248eb98b1cf"),
        (lambda: nn.GroupNorm(2, 4), "57ccfb805077c386"),
        (lambda: nn.RMSNorm(3), "c5d7bd9520900ce6"),
        (lambda: nn.InstanceNorm1d(2, affine=True), "4623df22f80725c0"),
        (lambda: nn.RNN(3, 4), "9ab5f53d6e8337c5"),
        (lambda: nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2), "5435152a1ed5f353"),
        (lambda: nn.GRU(3, 4, 2, bias=False), "166ba844b99afa92"),
        (lambda: nn.RNNCell(3, 4), "9c3ff819cc205269"),
        (lambda: nn.LSTMCell(3, 4, bias=False), "866eeff7fb3cdf6c"),
        (lambda: nn.GRUCell(3, 4), "f39a33ab325c9734"),
        (lambda: nn.MultiheadAttention(6, 2), "f1c0b678149002f0"),
        (lambda: nn.MultiheadAttention(6, 2, bias=False, kdim=4), "1b5988fccde0423e"),
        (lambda: nn.TransformerEncoderLayer(4, 2, 8), "6cf7ee25c066efc2"),
        (lambda: nn.TransformerDecoderLayer(4, 2, 8, bias=False), "5867590962aec868"),
        (lambda: nn.Transformer(4, 2, 1, 1, 8, batch_first=True), "09e1f3f27012cf54"),
    ],
)
def test_digest(make: object, digest: str) -> None:
    fnnet.manual_seed(0)
    found = hashlib.sha256()
    for name, value in make().state_dict().items():  # type: ignore[operator]
        found.update(name.encode())
        found.update(value.numpy().tobytes())
    assert found.hexdigest()[:16] == digest


def test_embedding_is_normal_and_padding_zero() -> None:
    """float32 normals may differ in the last bits from PyTorch's."""
    fnnet.manual_seed(0)
    found = nn.Embedding(5, 4, padding_idx=-4).weight.detach().numpy()
    # torch.nn.Embedding(5, 4).weight after torch.manual_seed(0)
    expected = [
        [-1.1258398294448853, -1.152360200881958, -0.2505785822868347, -0.4338788092136383],
        [0.0, 0.0, 0.0, 0.0],
        [0.46809640526771545, -0.1577124446630478, 1.4436601400375366, 0.26604941487312317],
        [1.3893661499023438, 1.586334228515625, 0.946298360824585, -0.843676745891571],
        [0.9318265914916992, 1.2590092420578003, 2.0049805641174316, 0.05373690277338028],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_draws_again() -> None:
    fnnet.manual_seed(0)
    m = nn.Linear(3, 2)
    first = m.weight.detach().clone()
    m.reset_parameters()
    assert not fnnet.equal(m.weight, first)
    fnnet.manual_seed(0)
    m.reset_parameters()
    assert fnnet.equal(m.weight, first)
