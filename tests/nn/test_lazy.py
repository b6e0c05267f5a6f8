"""Lazy modules: what they refuse before the first call, what it makes of them, loading on either side of it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import fnnet as torch
from fnnet import nn
from fnnet.nn.parameter import is_lazy

KINDS = [
    (nn.LazyLinear(3), (2, 5), nn.Linear, (3, 5)),
    (nn.LazyConv1d(4, 3), (2, 6, 8), nn.Conv1d, (4, 6, 3)),
    (nn.LazyConv1d(4, 3), (6, 8), nn.Conv1d, (4, 6, 3)),
    (nn.LazyConv2d(4, (3, 2), groups=2, padding_mode="circular"), (2, 6, 8, 8), nn.Conv2d, (4, 3, 3, 2)),
    (nn.LazyConv3d(4, 2, bias=False), (1, 6, 3, 3, 3), nn.Conv3d, (4, 6, 2, 2, 2)),
    (nn.LazyConvTranspose1d(4, 3, bias=False), (2, 6, 8), nn.ConvTranspose1d, (6, 4, 3)),
    (nn.LazyConvTranspose2d(4, 3, groups=2), (6, 8, 8), nn.ConvTranspose2d, (6, 2, 3, 3)),
    (nn.LazyConvTranspose3d(4, 2, output_padding=1, dilation=2), (1, 6, 3, 3, 3), nn.ConvTranspose3d, (6, 4, 2, 2, 2)),
    (nn.LazyBatchNorm1d(), (4, 3), nn.BatchNorm1d, (3,)),
    (nn.LazyBatchNorm2d(bias=False), (4, 3, 2, 2), nn.BatchNorm2d, (3,)),
    (nn.LazyBatchNorm3d(track_running_stats=False), (4, 3, 2, 2, 2), nn.BatchNorm3d, (3,)),
    (nn.LazyInstanceNorm1d(), (4, 3, 5), nn.InstanceNorm1d, (3,)),
    (nn.LazyInstanceNorm2d(), (4, 3, 2, 2), nn.InstanceNorm2d, (3,)),
    (nn.LazyInstanceNorm3d(), (4, 3, 2, 2, 2), nn.InstanceNorm3d, (3,)),
]


@pytest.mark.parametrize(("lazy", "shape", "plain", "weight"), KINDS)
def test_the_first_call(lazy: Any, shape: tuple[int, ...], plain: type, weight: tuple[int, ...]) -> None:
    m = copy.deepcopy(lazy)
    held = list(m.parameters())
    assert m.has_uninitialized_params()
    assert all(is_lazy(p) for p in held)
    out = m(torch.randn(shape))
    out.sum().backward()
    assert type(m) is plain
    assert tuple(m.weight.shape) == weight
    assert [p is q and type(p) is nn.Parameter for p, q in zip(held, m.parameters(), strict=True)] == [True] * len(held)
    assert all(p.grad is not None for p in held)
    assert not any(is_lazy(b) for b in m.buffers())
    assert not m._forward_pre_hooks
    assert not m._load_state_dict_pre_hooks
    assert not {"_load_hook", "_initialize_hook"} & set(vars(m))


def test_initial_values() -> None:
    """Those of PyTorch 2.13 for the seed 0."""
    torch.manual_seed(0)
    m = nn.LazyLinear(2)
    m(torch.ones(1, 3))
    expected = torch.tensor([[-0.004322518, 0.309715837, -0.475185335], [-0.424894601, -0.222368971, 0.154820725]])
    assert torch.allclose(m.weight, expected)


def test_statistics() -> None:
    m = nn.LazyBatchNorm1d(momentum=0.5)
    m(torch.tensor([[1.0, 10.0], [3.0, 30.0]]))
    assert m.running_mean.tolist() == [1.0, 10.0]
    assert m.num_batches_tracked.item() == 1
    assert type(m.running_mean) is torch.Tensor
    assert list(m.state_dict()) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]


def test_refused_before_the_first_call() -> None:
    p, b = nn.UninitializedParameter(requires_grad=False), nn.UninitializedBuffer()
    for use in (
        lambda: p + 1, lambda: torch.ones(1) * b, lambda: p.sum(), lambda: p[0], lambda: len(b), lambda: p.numpy(),
        lambda: nn.init.ones_(p), lambda: nn.Parameter(p), lambda: p.detach(), lambda: b.tolist(),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="Attempted to use an uninitialized"):
            use()
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter or buffer"):
        _ = p.shape
    with pytest.raises(RuntimeError, match="Can't share memory on an uninitialized parameter or buffer"):
        nn.LazyLinear(1).share_memory()
    assert (repr(p), repr(b)) == ("<UninitializedParameter>", "<UninitializedBuffer>")
    assert (p.dtype, str(p.device), p.requires_grad, p.is_leaf, p.grad) == (torch.float32, "cpu", False, True, None)
    assert p.is_floating_point()
    assert not p.is_complex()


def test_dtype_and_copies() -> None:
    net = nn.Sequential(nn.LazyLinear(2, dtype=torch.float64), nn.LazyBatchNorm1d()).double()
    net.zero_grad()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), net):
        assert twin(torch.ones(2, 3, dtype=torch.float64)).dtype is torch.float64
        assert type(twin[0]) is nn.Linear
        assert twin[1].running_var.dtype is torch.float64
    buffer = pickle.loads(pickle.dumps(nn.UninitializedBuffer(persistent=False, dtype=torch.float16)))
    assert (buffer.persistent, buffer.dtype) == (False, torch.float16)


def test_loading() -> None:
    lazy, plain = nn.LazyLinear(2), nn.Linear(3, 2)
    assert {k: repr(v) for k, v in lazy.state_dict().items()} == {
        "weight": "<UninitializedParameter>", "bias": "<UninitializedParameter>",
    }  # fmt: skip
    lazy.load_state_dict(nn.LazyLinear(2).state_dict())
    assert lazy.has_uninitialized_params()
    lazy.load_state_dict(plain.state_dict())
    assert torch.equal(lazy.weight, plain.weight)
    assert type(lazy) is nn.LazyLinear
    with pytest.raises(AssertionError, match=r"input: 5 is not equal to in_features from self.weight: 3"):
        lazy(torch.ones(1, 5))
    x = torch.randn(1, 3)
    assert torch.equal(lazy(x), plain(x))
    assert repr(lazy) == repr(plain)
    with pytest.raises(RuntimeError, match="Can't access the shape"):
        plain.load_state_dict(nn.LazyLinear(2).state_dict())


def test_a_failed_load_leaves_it_lazy() -> None:
    net = nn.Sequential(nn.LazyLinear(2), nn.Linear(2, 2))
    state = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2)).state_dict()
    state["1.bias"] = torch.zeros(5)
    with pytest.raises(RuntimeError, match="size mismatch"):
        net.load_state_dict(state)
    assert net[0].has_uninitialized_params()
    net(torch.ones(1, 7))
    assert net[0].in_features == 7


def test_optimizer() -> None:
    m = nn.LazyLinear(1, bias=False)
    optimizer = torch.optim.SGD(m.parameters(), lr=1.0)
    optimizer.step()
    m(torch.ones(1, 2)).sum().backward()
    before = m.weight.clone()
    optimizer.step()
    assert torch.allclose(m.weight, before - 1)


def test_wrong_first_inputs() -> None:
    m = nn.LazyConv2d(4, 3, groups=2)
    with pytest.raises(RuntimeError, match=r"Expected 3D \(unbatched\) or 4D \(batched\) input to LazyConv2d"):
        m(torch.ones(2, 2))
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        m(torch.ones(1, 3, 4, 4))
    assert m.has_uninitialized_params()
    with pytest.raises(TypeError, match="input"):
        nn.LazyLinear(3)()


def test_own_lazy_modules() -> None:
    class Scale(nn.modules.lazy.LazyModuleMixin, nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.UninitializedParameter()
            self.other = nn.UninitializedParameter()

        def initialize_parameters(self, x: Any, *, both: bool = True) -> None:
            self.weight.materialize(x.shape[-1:], dtype=torch.float64)
            if both:
                self.other.materialize(())

        def forward(self, x: Any, *, both: bool = True) -> Any:
            return x

    m = Scale()
    with pytest.raises(RuntimeError, match="module Scale has not been fully initialized"):
        m(torch.ones(3), both=False)
    m = Scale()
    m(torch.ones(3))
    assert m.weight.dtype is torch.float64
    assert type(m) is Scale
    with pytest.raises(NotImplementedError, match="initialize_parameters is not implemented for L"):
        type("L", (nn.modules.lazy.LazyModuleMixin, nn.Module), {})()(1)
