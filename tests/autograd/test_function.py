"""`autograd.Function`. PyTorch 2.13 runs this file unchanged."""

from __future__ import annotations

from typing import Any

import pytest

import fnnet as torch
from fnnet.autograd import Function
from fnnet.autograd.function import once_differentiable


def leaf(*values: float) -> Any:
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


class Cube(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


def test_first_and_higher_orders() -> None:
    x = leaf(2.0)
    y = Cube.apply(x)
    assert y.grad_fn.name() == "CubeBackward"
    (g,) = torch.autograd.grad(y, x, torch.ones(1), create_graph=True)
    assert g.tolist() == [12.0]
    (h,) = torch.autograd.grad(g, x, torch.ones(1), create_graph=True)
    assert h.tolist() == [12.0]
    assert torch.autograd.grad(h, x, torch.ones(1))[0].tolist() == [6.0]


def test_gradcheck_of_a_function() -> None:
    x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Cube.apply, (x,))
    assert torch.autograd.gradgradcheck(Cube.apply, (x,))


def test_forward_records_nothing_and_backward_only_when_asked() -> None:
    seen: list[bool] = []

    class Watch(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            seen.append(torch.is_grad_enabled())
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            seen.append(torch.is_grad_enabled())
            return g * 2

    x = leaf()
    Watch.apply(x).sum().backward()
    torch.autograd.grad(Watch.apply(x).sum(), x, create_graph=True)
    assert seen == [False, False, False, True]


def test_setup_context() -> None:
    class Scale(Function):
        @staticmethod
        def forward(x: Any, factor: float) -> Any:
            return x * factor

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.factor = inputs[1]
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            assert ctx.saved_tensors[0].tolist() == [4.0, 8.0, 12.0]
            return g * ctx.factor, None

    x = leaf()
    Scale.apply(x, 4.0).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0, 4.0]


def test_needs_input_grad() -> None:
    seen: list[Any] = []

    class Mul(Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any, c: Any, flag: bool) -> Any:
            seen.append(ctx.needs_input_grad)
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            a, b = ctx.saved_tensors
            return g * b, g * a, None, None

    x = leaf()
    Mul.apply(x, torch.ones(3), None, True).sum().backward()
    assert seen == [(True, False, False, False)]
    assert x.grad.tolist() == [1.0, 1.0, 1.0]


def test_several_outputs_and_missing_gradients() -> None:
    got: list[Any] = []

    class Two(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, a: Any, b: Any) -> Any:
            got.append((a.tolist(), b.tolist()))
            return a * 2 + b * 3

    x = leaf(1.0, 2.0)
    _, three = Two.apply(x)
    three.sum().backward()
    assert got == [([0.0, 0.0], [1.0, 1.0])]
    assert x.grad.tolist() == [3.0, 3.0]


def test_without_materialized_gradients() -> None:
    got: list[Any] = []

    class Two(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, a: Any, b: Any) -> Any:
            got.append((a is None, b is None))
            return b * 3

    x = leaf(1.0, 2.0)
    Two.apply(x)[1].sum().backward()
    assert got == [(True, False)]


def test_mark_non_differentiable() -> None:
    class Sort(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            values, order = x.sort()
            ctx.mark_non_differentiable(order)
            ctx.save_for_backward(order)
            return values, order

        @staticmethod
        def backward(ctx: Any, g: Any, _: Any) -> Any:
            (order,) = ctx.saved_tensors
            out = torch.zeros(3)
            out[order] = g
            return out

    x = leaf(3.0, 1.0, 2.0)
    values, order = Sort.apply(x)
    assert not order.requires_grad
    (values * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100.0, 1.0, 10.0]


def test_mark_dirty() -> None:
    class Double(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    x = leaf()
    y = x * 1
    z = Double.apply(y)
    assert z is y
    assert y.tolist() == [2.0, 4.0, 6.0]
    assert y.grad_fn.name() == "DoubleBackward"
    (y * y).sum().backward()
    assert x.grad.tolist() == [8.0, 16.0, 24.0]
    with pytest.raises(RuntimeError, match=r"leaf Variable that requires grad"):
        Double.apply(leaf())


def test_an_input_handed_through_is_another_tensor() -> None:
    class Pass(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 7

    x = leaf()
    y = Pass.apply(x)
    assert y is not x
    y.sum().backward()
    assert x.grad.tolist() == [7.0, 7.0, 7.0]
    with pytest.raises(RuntimeError, match=r"view was created inside a custom Function|leaf Variable"):
        Pass.apply(x * 1).mul_(2)


def test_a_view_that_forward_made_is_not_written() -> None:
    class First(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x[0]

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return torch.cat([g.reshape(1, -1), torch.zeros(1, 2)])

    y = torch.ones(2, 2, requires_grad=True) * 1
    v = First.apply(y)
    with pytest.raises(RuntimeError, match="view was created inside a custom Function"):
        v.mul_(2)
    y.mul_(2)
    with pytest.raises(RuntimeError, match="its base or another view of its base has been modified inplace"):
        v * 2


def test_once_differentiable() -> None:
    class Square(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = leaf(3.0)
    (g,) = torch.autograd.grad((Square.apply(x) ** 2).sum(), x, create_graph=True)
    assert g.tolist() == [108.0]
    with pytest.raises(RuntimeError, match="marked with @once_differentiable"):
        g.backward()


def test_saved_tensors_are_checked() -> None:
    x = leaf()
    z = x * 1
    y = Cube.apply(z)
    z.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    y = Cube.apply(x)
    y.sum().backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.sum().backward()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda g: (g, g), "incorrect number of gradients"),
        (lambda g: torch.ones(5), "invalid gradient at index 0"),
        (lambda g: 3, "expected Variable or None|expected Tensor or None"),
    ],
)
def test_gradients_are_checked(given: Any, message: str) -> None:
    class Wrong(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return given(g)

    with pytest.raises((RuntimeError, TypeError), match=message):
        Wrong.apply(leaf()).sum().backward()


def test_gradients_are_summed_to_the_inputs_shape() -> None:
    class Wide(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.expand(2, 3)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    x = leaf()
    Wide.apply(x).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_only_tensors_are_saved() -> None:
    class Wrong(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(3)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    with pytest.raises(TypeError, match="save_for_backward can only save variables"):
        Wrong.apply(leaf())


def test_outputs_may_be_saved() -> None:
    class Exp(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (y,) = ctx.saved_tensors
            return g * y

    x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(Exp.apply, (x,))


def test_nothing_is_recorded_where_no_input_needs_it() -> None:
    assert not Cube.apply(torch.ones(2)).requires_grad
    with torch.no_grad():
        assert not Cube.apply(leaf()).requires_grad


def test_a_function_without_backward() -> None:
    class Half(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x / 2

    with pytest.raises((RuntimeError, NotImplementedError), match="You must implement either the backward or vjp"):
        Half.apply(leaf()).sum().backward()
