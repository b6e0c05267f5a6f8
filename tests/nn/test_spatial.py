"""Transposed convolution, sliding blocks, shuffles, the rarer poolings: modules. Expectations are PyTorch 2.13's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet import nn


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: nn.ConvTranspose2d(2, 4, (3, 2), 2, 1, 1, 2, False, 2),
            "ConvTranspose2d(2, 4, kernel_size=(3, 2), stride=(2, 2), padding=(1, 1), dilation=(2, 2), "
            "output_padding=(1, 1), groups=2, bias=False)",
        ),
        (lambda: nn.Fold((4, 5), 2), "Fold(output_size=(4, 5), kernel_size=2, dilation=1, padding=0, stride=1)"),
        (lambda: nn.Unfold((2, 3), padding=1), "Unfold(kernel_size=(2, 3), dilation=1, padding=1, stride=1)"),
        (lambda: nn.PixelShuffle(2), "PixelShuffle(upscale_factor=2)"),
        (lambda: nn.PixelUnshuffle(3), "PixelUnshuffle(downscale_factor=3)"),
        (lambda: nn.ChannelShuffle(2), "ChannelShuffle(groups=2)"),
        (lambda: nn.MaxUnpool1d(2), "MaxUnpool1d(kernel_size=(2,), stride=(2,), padding=(0,))"),
        (
            lambda: nn.MaxUnpool3d((2, 1, 2), 2),
            "MaxUnpool3d(kernel_size=(2, 1, 2), stride=(2, 2, 2), padding=(0, 0, 0))",
        ),
        (lambda: nn.LPPool1d(2, 3), "LPPool1d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)"),
        (lambda: nn.LPPool2d(1.5, 3, 2, True), "LPPool2d(norm_type=1.5, kernel_size=3, stride=2, ceil_mode=True)"),
        (lambda: nn.FractionalMaxPool2d(2, output_ratio=0.5), "FractionalMaxPool2d()"),
        (lambda: nn.CrossMapLRN2d(3), "CrossMapLRN2d(3, alpha=0.0001, beta=0.75, k=1)"),
        (
            lambda: nn.SyncBatchNorm(3, affine=False),
            "SyncBatchNorm(3, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=True)",
        ),
    ],
)
def test_printed(make: Callable[[], nn.Module], text: str) -> None:
    assert repr(make()) == text


# transposed convolution ----------------------------------------------------------------------------------------------
def test_output_size_is_reached_by_output_padding() -> None:
    m = nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1)
    x = fnnet.randn(1, 2, 5, 4)
    for size in ((10, 7), [3, 10, 7][1:], (1, 3, 10, 7)):
        y = m(x, size)
        assert y.shape == (1, 3, 10, 7)
        assert fnnet.equal(y, F.conv_transpose2d(x, m.weight, m.bias, 2, 1, (1, 0)))
    assert m(x[0], (3, 9, 8)).shape == (3, 9, 8)


@pytest.mark.parametrize(
    ("size", "phrase"),
    [
        ((11, 7), "requested an output size of [11, 7], but valid sizes range from [9, 7] to [10, 8]"),
        ((10,), "for 4D input, output_size must have 2 or 4 elements (got 1)"),
    ],
)
def test_output_size_out_of_reach(size: tuple[int, ...], phrase: str) -> None:
    m = nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1)
    with pytest.raises(ValueError, match="ConvTranspose2d") as caught:
        m(fnnet.ones(1, 2, 5, 4), size)
    assert phrase in str(caught.value)


def test_state_of_transposed_convolution() -> None:
    m = nn.ConvTranspose3d(4, 6, (1, 2, 3), groups=2)
    assert [(k, tuple(v.shape)) for k, v in m.state_dict().items()] == [("weight", (4, 3, 1, 2, 3)), ("bias", (6,))]
    assert m.transposed
    assert m.output_padding == (0, 0, 0)
    assert not nn.Conv3d(4, 6, 1).transposed


# poolings ------------------------------------------------------------------------------------------------------------
def test_given_samples_are_state() -> None:
    assert list(nn.FractionalMaxPool2d(2, 3).state_dict()) == []
    m = nn.FractionalMaxPool2d(2, 3, return_indices=True, _random_samples=fnnet.rand(1, 2, 2))
    assert list(m.state_dict()) == ["_random_samples"]
    x = fnnet.randn(1, 2, 7, 7)
    assert m(x)[1].tolist() == m(x)[1].tolist()


def test_an_autoencoder_learns_through_all_of_them() -> None:
    fnnet.manual_seed(0)
    pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    up, shuffle = nn.ConvTranspose2d(2, 4, 2), nn.Sequential(nn.PixelShuffle(2), nn.LPPool2d(2, 2))
    x = fnnet.rand(3, 2, 4, 4, requires_grad=True)
    y, at = pool(x)
    out = shuffle(up(unpool(y, at) + 0.1) + 1)
    assert out.shape == (3, 1, 5, 5)
    out.sum().backward()
    assert x.grad is not None
    assert up.weight.grad is not None
    assert int((x.grad != 0).sum()) == y.numel()


# normalization -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (3, [0.45790642499923706, 0.6659067273139954, 0.6971042156219482, 0.6857534646987915, 0.9622504711151123]),
        (4, [0.48490092158317566, 0.7421754002571106, 0.8079237341880798, 0.8124963045120239, 1.1316614151000977]),
    ],
)
def test_cross_map_lrn(size: int, expected: list[float]) -> None:
    m = nn.CrossMapLRN2d(size, 0.5, 0.75, 2.0)
    np.testing.assert_allclose(m(fnnet.arange(1.0, 6).reshape(1, 5, 1, 1)).flatten().numpy(), expected, rtol=1e-6)
    x = fnnet.randn(2, 6, 1, 2, dtype=fnnet.float64).requires_grad_()
    assert fnnet.autograd.gradcheck(m, (x,))
    with pytest.raises(ValueError, match="CrossMapLRN2d: Expected input to be 4D, got 3D instead"):
        m(fnnet.ones(1, 2, 3))


def test_sync_batch_norm_is_batch_norm_in_one_process() -> None:
    fnnet.manual_seed(0)
    x = fnnet.randn(4, 3, 5)
    sync, plain = nn.SyncBatchNorm(3, momentum=None), nn.BatchNorm1d(3, momentum=None)
    assert list(sync.state_dict()) == list(plain.state_dict())
    for m in (sync, plain):
        m(x)
        m(x * 2)
    assert fnnet.equal(sync(x), plain(x))
    assert fnnet.equal(sync.eval()(x), plain.eval()(x))
    with pytest.raises(ValueError, match="expected at least 2D input"):
        sync(fnnet.ones(3))
    with pytest.raises(ValueError, match="number of input channels should be non-zero"):
        sync(fnnet.ones(3, 0))


def test_conversion_to_sync_batch_norm_keeps_the_state() -> None:
    norm = nn.BatchNorm2d(3, eps=1e-3, momentum=0.2)
    net = nn.Sequential(nn.Conv2d(2, 3, 1), nn.Sequential(norm), nn.InstanceNorm2d(3)).eval()
    group = object()
    assert nn.SyncBatchNorm.convert_sync_batchnorm(net, group) is net
    found = net[1][0]
    assert type(found) is nn.SyncBatchNorm
    assert found.weight is norm.weight
    assert found.running_mean is norm.running_mean
    assert (found.eps, found.momentum, found.process_group, found.training) == (1e-3, 0.2, group, False)
    assert type(net[2]) is nn.InstanceNorm2d
    alone = nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm1d(2, affine=False))
    assert isinstance(alone, nn.SyncBatchNorm)
    assert alone.weight is None
