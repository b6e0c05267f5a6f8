"""Fusion of batch norms into the layers before them, and modules without initial values."""

from __future__ import annotations

from typing import Any

import pytest

import fnnet as torch
from fnnet import nn
from fnnet.nn import utils


def fitted(bn: Any) -> Any:
    """Batch norm in evaluation mode with statistics and parameters unlike the first ones."""
    with torch.no_grad():
        for i, t in enumerate((bn.running_mean, bn.running_var, bn.weight, bn.bias)):
            if t is not None:
                t.copy_(torch.arange(float(t.numel())) / 2 + i + 1)
    return bn.eval()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("options", [{}, {"affine": False}, {"bias": False}])
def test_convolutions(bias: bool, options: dict[str, bool]) -> None:
    torch.manual_seed(0)
    for conv, bn, shape in (
        (nn.Conv1d(2, 3, 2, bias=bias), nn.BatchNorm1d(3, **options), (2, 2, 5)),
        (nn.Conv2d(2, 4, 2, bias=bias, groups=2), nn.BatchNorm2d(4, **options), (2, 2, 5, 4)),
        (nn.Conv3d(2, 3, 2, bias=bias), nn.BatchNorm3d(3, **options), (2, 2, 3, 4, 3)),
        (nn.ConvTranspose2d(2, 3, 2, bias=bias), nn.BatchNorm2d(3, **options), (2, 2, 3, 4)),
    ):
        conv, bn, x = conv.eval(), fitted(bn), torch.randn(shape)
        before = {k: v.clone() for k, v in conv.state_dict().items()}
        fused = utils.fuse_conv_bn_eval(conv, bn, transpose=conv.transposed)
        assert torch.allclose(fused(x), bn(conv(x)), atol=1e-5)
        assert type(fused) is type(conv)
        assert fused.weight.requires_grad
        assert all(torch.equal(v, before[k]) for k, v in conv.state_dict().items())


@pytest.mark.parametrize("features", [3, 1])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_layers(features: int, bias: bool) -> None:
    torch.manual_seed(0)
    linear, bn = nn.Linear(4, 3, bias=bias).eval(), fitted(nn.BatchNorm1d(features))
    fused = utils.fuse_linear_bn_eval(linear, bn)
    x = torch.randn(5, 4)
    expected = linear(x)
    expected = bn(expected) if features == 3 else bn(expected.reshape(-1, 1)).reshape(5, 3)
    assert torch.allclose(fused(x), expected, atol=1e-5)
    plain = utils.fuse_linear_bn_eval(linear, fitted(nn.BatchNorm1d(features, affine=False)))
    assert plain(x).shape == (5, 3)


def test_weights() -> None:
    """W' = W w / sqrt(var + eps), b' = (b - mean) w / sqrt(var + eps) + b_bn."""
    mean, var, one = torch.tensor([2.0]), torch.tensor([3.0]), torch.ones(1)
    w, b = utils.fuse_linear_bn_weights(torch.ones(1, 1), torch.tensor([5.0]), mean, var, 1.0, 4 * one, 7 * one)
    assert (w.item(), b.item()) == (2.0, 13.0)
    w, b = utils.fuse_conv_bn_weights(torch.ones(1, 1, 1).half(), None, mean, var, 1.0, None, None)
    assert (w.item(), b.item()) == (0.5, -1.0)
    assert (w.dtype, b.dtype, w.requires_grad) == (torch.float16, torch.float16, False)


def test_refusals() -> None:
    conv, linear, bn = nn.Conv1d(2, 3, 2), nn.Linear(2, 3), nn.BatchNorm1d(3)
    for call, match in (
        (lambda: utils.fuse_conv_bn_eval(conv, bn.eval()), "Fusion only for eval!"),
        (lambda: utils.fuse_linear_bn_eval(linear.eval(), bn.train()), "Fusion only for eval!"),
        (lambda: utils.fuse_linear_bn_eval(linear, nn.BatchNorm1d(2).eval()), "To fuse, linear.out_features == bn.num"),
        (
            lambda: utils.fuse_conv_bn_eval(conv.eval(), nn.BatchNorm1d(3, track_running_stats=False).eval()),
            "must not be None",
        ),
    ):
        with pytest.raises(AssertionError, match=match):
            call()


def test_skip_init() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    m = utils.skip_init(nn.Linear, 5, out_features=2, dtype=torch.float64)
    assert torch.equal(torch.rand(4), expected)  # nothing was drawn
    assert (m.weight.shape, m.weight.dtype, m.weight.requires_grad) == ((2, 5), torch.float64, True)
    assert repr(utils.skip_init(nn.Conv2d, 2, 3, 2, device="cpu")) == repr(nn.Conv2d(2, 3, 2))
    with pytest.raises(RuntimeError, match="Module must support a 'device' arg to skip initialization"):
        utils.skip_init(nn.ReLU)
    with pytest.raises(RuntimeError, match="Expected a Module; got <class 'int'>"):
        utils.skip_init(int)  # type: ignore[type-var]
