"""Weight norm and spectral norm, as hooks and as parametrizations."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import fnnet as torch
from fnnet import nn
from fnnet.nn import utils
from fnnet.nn.utils import parametrizations, parametrize

W = torch.tensor([[3.0, 4.0], [0.0, 2.0]], dtype=torch.float64)


def linear(value: Any = W) -> Any:
    m = nn.Linear(value.shape[1], value.shape[0], bias=False, dtype=torch.float64)
    m.weight.data = value.clone()
    return m


@pytest.fixture
def weight_norm() -> Iterator[Callable[..., Any]]:
    """The older one, with its warning."""

    def call(*args: Any, **options: Any) -> Any:
        with pytest.warns(FutureWarning, match=r"`torch.nn.utils.weight_norm` is deprecated in favor of"):
            return utils.weight_norm(*args, **options)

    return call


# weight norm ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("dim", "g"),
    [(0, [[5.0], [2.0]]), (1, [[3.0, 20**0.5]]), (-2, [[5.0], [2.0]]), (None, 29**0.5), (-1, 29**0.5)],
)
def test_weight_norm(weight_norm: Callable[..., Any], dim: int | None, g: Any) -> None:
    old, new = weight_norm(linear(), dim=dim), parametrizations.weight_norm(linear(), dim=dim)
    assert sorted(old.state_dict()) == ["weight_g", "weight_v"]
    assert list(new.state_dict()) == ["parametrizations.weight.original0", "parametrizations.weight.original1"]
    for m, made in ((old, old.weight_g), (new, new.parametrizations.weight.original0)):
        assert torch.allclose(made, torch.tensor(g, dtype=torch.float64))
        assert torch.allclose(m.weight, W)
        x = torch.eye(2, dtype=torch.float64)
        with torch.no_grad():
            made.mul_(2)
        assert torch.allclose(m(x), 2 * W.mT)
        m(x).sum().backward()
        assert made.grad is not None
    utils.remove_weight_norm(old)
    parametrize.remove_parametrizations(new, "weight")
    for m in (old, new):
        assert type(m.weight) is nn.Parameter
        assert list(m.state_dict()) == ["weight"]
        assert torch.allclose(m.weight, 2 * W)
        assert not m._forward_pre_hooks


def test_weight_norm_gradient() -> None:
    """d/dg = v / ||v||; d/dv has no part along v."""
    m = parametrizations.weight_norm(linear())
    g, v = m.parametrizations.weight.original0, m.parametrizations.weight.original1
    m.weight.sum().backward()
    assert torch.allclose(g.grad, torch.tensor([[1.4], [1.0]], dtype=torch.float64))
    assert torch.allclose((v.grad * v).sum(1), torch.zeros(2, dtype=torch.float64), atol=1e-12)
    assert torch.allclose(v.grad[0], torch.tensor([0.16, -0.12], dtype=torch.float64))  # 1 - 7/5 * (3, 4)/5


def test_weight_norm_refusals(weight_norm: Callable[..., Any]) -> None:
    m = weight_norm(linear())
    for call, error, match in (
        (lambda: weight_norm(m), RuntimeError, "Cannot register two weight_norm hooks on the same parameter weight"),
        (lambda: weight_norm(nn.LazyLinear(2)), ValueError, "can't have uninitialized parameters"),
        (lambda: weight_norm(linear(), dim=2), IndexError, "Dimension out of range"),
        (lambda: utils.remove_weight_norm(m, "bias"), ValueError, "weight_norm of 'bias' not found in"),
        (lambda: parametrizations.weight_norm(m, "what"), ValueError, "does not have a parameter, a buffer, or"),
    ):
        with pytest.raises(error, match=match):
            call()
    plain = linear()
    with pytest.raises(IndexError):
        weight_norm(plain, dim=5)
    assert list(plain.state_dict()) == ["weight"]


def test_weight_norm_loads_old_state(weight_norm: Callable[..., Any]) -> None:
    old, new = weight_norm(linear(3 * W)), parametrizations.weight_norm(linear())
    new.load_state_dict(old.state_dict())
    assert torch.allclose(new.weight, 3 * W)
    twin = copy.deepcopy(new)
    twin.load_state_dict(weight_norm(linear(5 * W)).state_dict())
    assert torch.allclose(twin.weight, 5 * W)
    assert torch.allclose(new.weight, 3 * W)


# spectral norm --------------------------------------------------------------------------------------------------------


def test_spectral_norm() -> None:
    sigma = ((29 + (29**2 - 4 * 36) ** 0.5) / 2) ** 0.5  # the eigenvalues of WᵀW solve x² - 29 x + 36 = 0
    m = parametrizations.spectral_norm(linear())
    assert torch.allclose(m.weight, W / sigma, rtol=1e-9)
    old = utils.spectral_norm(linear(), n_power_iterations=50)
    assert torch.equal(old.weight, W)  # until the first forward
    old(torch.ones(1, 2, dtype=torch.float64))
    assert torch.allclose(old.weight, W / sigma, rtol=1e-9)
    assert list(old.state_dict()) == ["weight_orig", "weight_u", "weight_v"]
    assert list(m.state_dict()) == [
        "parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v",
    ]  # fmt: skip
    assert old.state_dict()._metadata[""]["spectral_norm"] == {"weight.version": 1}
    utils.remove_spectral_norm(old)
    parametrize.remove_parametrizations(m, "weight")
    for plain in (m, old):
        assert list(plain.state_dict()) == ["weight"]
        assert torch.allclose(plain.weight, W / sigma, rtol=1e-9)
    assert "spectral_norm" not in old.state_dict()._metadata[""]


def test_spectral_norm_numbers() -> None:
    """Those of PyTorch 2.13 for the seed 0: a layer, a hook, one forward in training."""
    torch.manual_seed(0)
    m = utils.spectral_norm(nn.Linear(2, 3, dtype=torch.float64))
    m(torch.ones(1, 2, dtype=torch.float64))
    u = torch.tensor([0.216327435, 0.833804524, 0.507909891], dtype=torch.float64)
    v = torch.tensor([-0.201092226, 0.979572313], dtype=torch.float64)
    assert torch.allclose(m.weight_u, u, atol=1e-8)
    assert torch.allclose(m.weight_v, v, atol=1e-8)


def test_spectral_norm_moves_in_training_alone() -> None:
    for m in (utils.spectral_norm(linear()), parametrizations.spectral_norm(linear())):
        x = torch.ones(1, 2, dtype=torch.float64)
        m(x)
        (u,) = (b for n, b in m.named_buffers() if n.endswith("u"))
        u.copy_(torch.tensor([0.0, 1.0], dtype=torch.float64))
        m.eval()(x)
        assert u.tolist() == [0.0, 1.0]
        first, second = m.train()(x), m(x)  # the buffers are written between forward and backward
        (first.sum() + second.sum()).backward()
        assert abs(u[0].item()) > 0.5


def test_spectral_norm_of_other_dims() -> None:
    conv = parametrizations.spectral_norm(nn.ConvTranspose2d(2, 3, 2))
    assert conv.parametrizations.weight[0]._u.shape == (3,)
    assert utils.spectral_norm(nn.Conv2d(2, 3, 2)).weight_v.shape == (8,)
    assert utils.spectral_norm(nn.ConvTranspose2d(2, 3, 2)).weight_u.shape == (3,)
    bias = parametrizations.spectral_norm(nn.Linear(2, 3), "bias").bias
    assert bias.norm().item() == pytest.approx(1.0)


def test_spectral_norm_refusals() -> None:
    m = utils.spectral_norm(linear())
    for call, error, match in (
        (lambda: utils.spectral_norm(m), RuntimeError, "Cannot register two spectral_norm hooks"),
        (lambda: utils.spectral_norm(linear(), n_power_iterations=0), ValueError, "to be positive"),
        (lambda: utils.spectral_norm(linear(), "bias"), ValueError, "cannot be applied as parameter `bias` is None"),
        (lambda: utils.spectral_norm(nn.LazyLinear(2)), ValueError, "can't have uninitialized parameters"),
        (lambda: utils.remove_spectral_norm(m, "bias"), ValueError, "spectral_norm of 'bias' not found in"),
        (lambda: parametrizations.spectral_norm(linear(), "what"), ValueError, "has no parameter or buffer with name"),
        (lambda: parametrizations.spectral_norm(linear(), dim=2), IndexError, "Dimension out of range"),
        (lambda: parametrizations.spectral_norm(linear(), n_power_iterations=-1), ValueError, "to be positive"),
    ):
        with pytest.raises(error, match=match):
            call()


def test_spectral_norm_loads_state_of_before_version_1() -> None:
    """It held the weight, and no v: `u = normalize(W v)` and `u W v = sigma` tell v."""
    m = utils.spectral_norm(linear(W + 1))
    x = torch.ones(1, 2, dtype=torch.float64)
    expected = m(x).detach()
    state = OrderedDict(m.state_dict())
    del state["weight_v"]
    state["weight"] = m.weight.detach()
    other = utils.spectral_norm(linear(torch.ones(2, 2, dtype=torch.float64)))
    other.load_state_dict(state)
    assert torch.allclose(other.weight_v, m.weight_v)
    assert torch.allclose(other.eval()(x), expected)
    del state["weight"]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: .*"weight"'):
        other.load_state_dict(state)
