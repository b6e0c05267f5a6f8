"""The fake device: memory apart from the host's, counted copies, refusals while capturing, views that share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fnnet as torch
from fnnet.backends.kernels import ArrayMeta
from fnnet.testing import fake_device
from fnnet.testing.fake_array import FakeArray, reshaped

FAKE = fake_device.register()


def on_fake(values: Any, **options: Any) -> torch.Tensor:
    return torch.tensor(values, device="fake:0", **options)


# apart from the host ----------------------------------------------------------------------------------------------
def test_numpy_cannot_read_it() -> None:
    x = on_fake([1.0, 2.0])._data
    for look in (np.asarray, np.sin, bool, len, float, lambda a: np.ones(2) + a, lambda a: a == a, lambda a: a[0]):
        with pytest.raises(TypeError):
            look(x)


def test_copies_are_counted() -> None:
    with FAKE.counting() as counts:
        x = on_fake([1.0, 2.0])
        y = (x * x).sum()
        assert y.item() == 5.0
    assert (counts.from_host, counts.to_host, counts.synchronizations) == (1, 1, 1)
    assert counts.allocations >= 3


def test_computing_copies_nothing() -> None:
    x, w = on_fake([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), on_fake([[0.5], [1.5]], requires_grad=True)
    with FAKE.counting() as counts:
        torch.nn.functional.gelu(x @ w).sum().backward()
    assert (counts.from_host, counts.to_host) == (0, 0)
    assert x.grad is not None
    assert x.grad.device == torch.device("fake:0")


def test_what_is_saved_on_the_host_comes_back_to_its_device() -> None:
    x = on_fake([1.0, 2.0], requires_grad=True)
    with FAKE.counting() as saving, torch.autograd.graph.save_on_cpu():
        y = (x * x).sum()
    with FAKE.counting() as walking:
        y.backward()
    assert (saving.from_host, saving.to_host) == (0, 2)  # both factors
    assert (walking.from_host, walking.to_host) == (2, 0)
    assert x.grad is not None
    assert x.grad.device == torch.device("fake:0")
    assert x.grad.tolist() == [2.0, 4.0]


def test_devices_do_not_see_each_other() -> None:
    a, b = torch.ones(2, device="fake:0"), torch.ones(2, device="fake:1")
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        a + b
    assert (a + b.to("fake:0")).tolist() == [2.0, 2.0]


def test_constants_lie_where_the_operands_do() -> None:
    x = torch.ones(3, device="fake:1", requires_grad=True)
    y = torch.nn.functional.relu(x).cumsum(0)
    y.backward(torch.ones(3, device="fake:1"))
    assert y.device == torch.device("fake:1")
    assert x.grad is not None
    assert x.grad.tolist() == [3.0, 2.0, 1.0]


def test_gradients_cross_devices() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x.to("fake:0") * 3).to("fake:1").sum().backward()
    assert x.grad is not None
    assert x.grad.device == torch.device("cpu")
    assert x.grad.tolist() == [3.0, 3.0]


def test_ordinals_end() -> None:
    with pytest.raises(RuntimeError, match="invalid device ordinal, there are 2 fake devices"):
        torch.ones(1, device="fake:2")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types_are_no_part_of_the_standard(dtype: Any) -> None:
    with pytest.raises(RuntimeError, match="not in the array API standard"):
        torch.ones(2, dtype=dtype, device="fake:0")


def test_a_number_does_not_widen() -> None:
    x = on_fake([1, 2])._data
    with pytest.raises(TypeError, match="would widen"):
        FAKE.mul(x, 0.5)


def test_kernels_serve_all_devices_of_a_type() -> None:
    class Ten:
        outputs: Any = ()

        def accepts(self, meta: Any) -> Any:
            self.outputs = (ArrayMeta(meta.inputs[0].shape, meta.inputs[0].dtype),)
            return self

        def prepare(self, args: Any, outs: Any) -> Callable[[], None]:
            return lambda: outs[0].backend.overwrite(outs[0], 10.0)

    torch.ones(1, device="fake:1")
    FAKE.install("test", {"exp": Ten()})
    try:
        assert [torch.ones(1, device=f"fake:{i}").exp().item() for i in (0, 1)] == [10.0, 10.0]
    finally:
        FAKE.uninstall("test")
    assert [torch.zeros(1, device=f"fake:{i}").exp().item() for i in (0, 1)] == [1.0, 1.0]


# capturing --------------------------------------------------------------------------------------------------------
REFUSED: dict[str, Callable[[torch.Tensor], Any]] = {
    "item": lambda x: x.sum().item(),
    "cpu": lambda x: x.cpu(),
    "numpy": lambda x: x.tolist(),
    "truth": lambda x: bool(x[0] > 0),
    "nonzero": lambda x: x.nonzero(),
    "mask": lambda x: x[x > 0],
    "from data": lambda x: on_fake([1.0]),
    "from the host": lambda x: torch.ones(2).to("fake:0"),
    "random": lambda x: torch.rand(2, device="fake:0"),
    "synchronize": lambda x: FAKE.synchronize(),
}


@pytest.mark.parametrize("what", REFUSED)
def test_capturing_refuses(what: str) -> None:
    x = on_fake([1.0, 2.0])
    with FAKE.capturing(), pytest.raises(RuntimeError, match="operation not permitted when stream is capturing"):
        REFUSED[what](x)
    if what != "synchronize":
        REFUSED[what](x)


def test_capturing_lets_compute() -> None:
    x = on_fake([1.0, 2.0], requires_grad=True)
    with FAKE.capturing():
        y = (x * x + 1).sum()
        y.backward()
        z = torch.zeros(2, device="fake:0")
        z.copy_(x.detach()).mul_(2)
    assert z.tolist() == [2.0, 4.0]


# random numbers ---------------------------------------------------------------------------------------------------
def test_random_numbers_are_the_hosts() -> None:
    torch.manual_seed(3)
    here = torch.rand(5)
    torch.manual_seed(3)
    with FAKE.counting() as counts:
        there = torch.rand(5, device="fake:1")
    assert counts.from_host == 1
    assert there.tolist() == here.tolist()


# views ------------------------------------------------------------------------------------------------------------
VIEWS: dict[str, Callable[[Any], Any]] = {
    "row": lambda t: t[1],
    "step": lambda t: t[:, ::2],
    "transpose": lambda t: t.t(),
    "transposed row": lambda t: t.t()[2],
    "flat": lambda t: t.view(-1),
    "split": lambda t: t.view(2, 3, 2)[:, 1],
    "diagonal": lambda t: t.diagonal(1),
    "narrow": lambda t: t.narrow(1, 1, 2).t(),
    "unsqueeze": lambda t: t[:, None, 2:],
    "unfold": lambda t: t.unfold(1, 2, 2)[:, :, 1],
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_share_memory(name: str) -> None:
    base = torch.arange(12.0).view(3, 4) if name != "split" else torch.arange(12.0).view(4, 3)
    there = base.to("fake:0")
    view, other = VIEWS[name](base), VIEWS[name](there)
    assert other.tolist() == view.tolist()
    assert other.stride() == view.stride()
    view.mul_(10).add_(1)
    other.mul_(10).add_(1)
    assert there.tolist() == base.tolist()
    base.mul_(2)
    there.mul_(2)
    assert other.tolist() == view.tolist()


@pytest.mark.parametrize("name", VIEWS)
def test_gradients_flow_through_writes_to_views(name: str) -> None:
    grads = []
    for device in ("cpu", "fake:1"):
        x = torch.arange(12.0).view(3, 4) if name != "split" else torch.arange(12.0).view(4, 3)
        x = x.to(device).requires_grad_()
        y = x * 2
        VIEWS[name](y).mul_(VIEWS[name](y) * 0.5)
        (y * y).sum().backward()
        assert x.grad is not None
        grads.append(x.grad.tolist())
    assert grads[0] == grads[1]


@pytest.mark.parametrize(
    ("shape", "strides", "new", "expected"),
    [
        ((2, 3), (3, 1), (6,), (1,)),
        ((2, 3), (1, 2), (6,), None),
        ((2, 3), (1, 2), (2, 3, 1), (1, 2, 1)),
        ((4, 3), (6, 2), (2, 2, 3), (12, 6, 2)),
        ((4, 3), (3, 1), (2, 6), (6, 1)),
        ((4, 3), (6, 1), (2, 6), None),
        ((2, 1, 3), (3, 99, 1), (6,), (1,)),
        ((), (), (1, 1), (1, 1)),
        ((0, 3), (3, 1), (3, 0), (1, 1)),
    ],
)
def test_reshape_is_a_view_where_strides_allow(shape: Any, strides: Any, new: Any, expected: Any) -> None:
    assert reshaped(shape, strides, new) == expected


def test_copies_keep_the_order_of_dims() -> None:
    x = torch.arange(6.0).view(2, 3).t().to("fake:0")
    assert x.stride() == (1, 3)
    assert x.clone().stride() == (1, 3)
    assert isinstance(x._data, FakeArray)
    with pytest.raises(RuntimeError, match="view"):
        x.view(-1)
    assert x.reshape(-1).tolist() == [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]


# a network --------------------------------------------------------------------------------------------------------
def test_a_network_learns_as_on_the_host() -> None:
    losses = {}
    for device in ("cpu", "fake:0"):
        torch.manual_seed(0)
        net = torch.nn.Sequential(
            torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Flatten(), torch.nn.Linear(4 * 3 * 3, 5),
        )  # fmt: skip
        x, y = torch.randn(8, 1, 6, 6), torch.arange(8) % 5
        net, x, y = net.to(device), x.to(device), y.to(device)
        step = torch.optim.Adam(net.parameters(), lr=0.01)
        found = []
        for _ in range(3):
            step.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(x), y)
            loss.backward()
            step.step()
            found.append(loss.item())
        losses[device] = found
    assert losses["fake:0"] == pytest.approx(losses["cpu"], rel=1e-4)


def test_overlapping_memory_is_refused() -> None:
    x = on_fake([0.0, 1.0, 2.0])
    with pytest.raises(RuntimeError, match="some elements of the input tensor and the written-to tensor refer to"):
        x[1:].copy_(x[:-1])
    x[1:].copy_(x[1:])
    x[:1].copy_(x[2:])
    assert x.tolist() == [2, 1, 2]
