"""Large graphs, freed memory, anomaly mode, gradcheck."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import fnnet as torch


@pytest.fixture
def no_gc() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(*values: float) -> Any:
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


# size ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_hundred_thousand_nodes(create_graph: bool) -> None:
    x = leaf(1.0)
    y = x
    for _ in range(100_000 if not create_graph else 20_000):
        y = y + x
    y.backward(create_graph=create_graph)
    assert x.grad.tolist() == [100_001.0 if not create_graph else 20_001.0]
    x.grad = None
    del y  # a chain of nodes is freed without recursion, too


def test_a_deep_graph_is_freed_without_recursion() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    alive = weakref.ref(y)
    del y
    assert alive() is None


def test_a_wide_graph() -> None:
    x = leaf(1.0)
    torch.stack([x * i for i in range(2_000)]).sum().backward()
    assert x.grad.tolist() == [1_999_000.0]


# memory -------------------------------------------------------------------------------------------------------------
def test_saved_arrays_are_free_after_backward(no_gc: None) -> None:
    x = torch.ones(1000, requires_grad=True)
    kept = x * 2
    raw = weakref.ref(kept._data)
    y = (kept * kept).sum()
    del kept
    assert raw() is not None  # the graph holds it
    y.backward()
    assert raw() is None
    assert y.item() == 4000.0


def test_a_graph_dies_with_its_last_tensor(no_gc: None) -> None:
    x = torch.ones(1000, requires_grad=True)
    y = (x * 2).exp().sum()
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


def test_outputs_that_are_saved_make_no_cycle(no_gc: None) -> None:
    x = torch.ones(1000, requires_grad=True)
    y = x.exp()  # saves its own output
    alive, raw = weakref.ref(y), weakref.ref(y._data)
    del y
    assert alive() is None
    assert raw() is None


def test_functions_that_save_outputs_make_no_cycle(no_gc: None) -> None:
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = x.exp()
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.saved_tensors[1]

    y = Exp.apply(torch.ones(10, requires_grad=True))
    raw = weakref.ref(y._data)
    y.sum().backward()
    del y
    assert raw() is None


def test_retained_gradients_views_and_writes_make_no_cycle(no_gc: None) -> None:
    x = torch.ones(10, requires_grad=True)
    y = x * 2
    y.retain_grad()
    v = y[:5]
    v.mul_(3)
    y.sum().backward()
    alive = [weakref.ref(t) for t in (y, v, y.grad_fn)]
    del y, v
    assert [a() for a in alive] == [None, None, None]


def test_changes_of_shape_make_no_cycle(no_gc: None) -> None:
    y = torch.ones(2, 3, requires_grad=True) * 2
    v = y[0]
    y.t_()
    y.mul_(2)
    assert v.requires_grad
    alive = weakref.ref(y)
    del y, v
    assert alive() is None


def test_training_does_not_grow(no_gc: None) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64))
    step = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    data = torch.ones(64, 64)

    def train(n: int) -> None:
        for _ in range(n):
            step.zero_grad()
            net(data).pow(2).mean().backward()
            step.step()

    train(3)
    tracemalloc.start()
    train(2)
    before, _ = tracemalloc.get_traced_memory()
    train(20)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 64 * 64 * 4  # less than one activation


# anomaly mode -------------------------------------------------------------------------------------------------------
def test_anomaly_mode_names_the_line() -> None:
    x = leaf(0.0)
    with torch.autograd.detect_anomaly():
        y = x.sqrt() * 0.0  # the line that made the NaN
        with pytest.raises(RuntimeError) as caught:
            y.sum().backward()
    message = str(caught.value)
    assert "Function 'SqrtBackward0' returned nan values in its 0th output" in message
    assert "y = x.sqrt() * 0.0  # the line that made the NaN" in message
    assert __file__ in message


def test_anomaly_mode_names_the_module() -> None:
    class Root(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.sqrt() * 0.0

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = torch.nn.Sequential(torch.nn.Identity(), Root())

        def forward(self, x: Any) -> Any:
            return self.body(x)

    with torch.autograd.detect_anomaly(), pytest.raises(RuntimeError, match=r"in module Net\.body\.1 "):
        Net()(leaf(0.0)).sum().backward()


def test_anomaly_mode_names_the_line_of_a_write() -> None:
    x = leaf()
    with torch.autograd.detect_anomaly():
        y = x.exp()  # what was overwritten
        y.detach().zero_()
        with pytest.raises(RuntimeError, match="modified by an inplace") as caught:
            y.sum().backward()
    assert "y = x.exp()  # what was overwritten" in str(caught.value)


def test_anomaly_mode_without_nan() -> None:
    x = leaf(0.0)
    with torch.autograd.detect_anomaly(check_nan=False):
        (x.sqrt() * 0.0).sum().backward()
    assert x.grad.isnan().all()


def test_anomaly_mode_ends() -> None:
    x = leaf(0.0)
    with torch.autograd.detect_anomaly():
        pass
    (x.sqrt() * 0.0).sum().backward()
    torch.autograd.set_detect_anomaly(True)
    try:
        y = (x.sqrt() * 0.0).sum()
        with pytest.raises(RuntimeError, match="nan values"):
            y.backward()
    finally:
        torch.autograd.set_detect_anomaly(False)


# gradcheck ----------------------------------------------------------------------------------------------------------
class Off(torch.autograd.Function):
    """x * x, with a derivative that is one per cent off."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2.02 * x * g


def double(*values: float) -> Any:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("fast", [False, True])
def test_gradcheck(fast: bool) -> None:
    x, w = double(0.5, 1.5), double(2.0, -1.0)
    assert torch.autograd.gradcheck(lambda a, b: (a * b, a.exp()), (x, w), fast_mode=fast)
    assert torch.autograd.gradgradcheck(lambda a, b: (a * b, a.exp()), (x, w), fast_mode=fast)
    assert x.tolist() == [0.5, 1.5]


@pytest.mark.parametrize("fast", [False, True])
def test_gradcheck_finds_a_wrong_derivative(fast: bool) -> None:
    x = double(0.5, 1.5)
    with pytest.raises(RuntimeError, match="Jacobian mismatch for output 0 with respect to input 0"):
        torch.autograd.gradcheck(Off.apply, (x,), fast_mode=fast)
    assert torch.autograd.gradcheck(Off.apply, (x,), raise_exception=False, fast_mode=fast) is False


def test_gradgradcheck_finds_a_wrong_second_derivative() -> None:
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x.detach() * g

    x = double(0.5, 1.5)
    assert torch.autograd.gradcheck(Wrong.apply, (x,))
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        torch.autograd.gradgradcheck(Wrong.apply, (x,))


def test_gradcheck_needs_something_to_check() -> None:
    with pytest.raises(ValueError, match="expects at least one input tensor to require gradient"):
        torch.autograd.gradcheck(lambda a: a, (torch.ones(2, dtype=torch.float64),))
