"""What nodes are called: literals are what PyTorch 2.13 says. tests/parity/test_nodes.py compares them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import fnnet
from fnnet._core.op import OPS, Op

F = fnnet.nn.functional


def x(*shape: int) -> fnnet.Tensor:
    return fnnet.ones(shape or (3, 4), requires_grad=True)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: x() + 1, "AddBackward0"),
        (lambda: 1 - x(), "RsubBackward1"),
        (lambda: 1 / x(), "MulBackward0"),
        (lambda: x() ** 2, "PowBackward0"),
        (lambda: x() ** x(), "PowBackward1"),
        (lambda: 2 ** x(), "PowBackward2"),
        (lambda: x() @ x(4, 2), "MmBackward0"),
        (lambda: x(2, 3, 4) @ x(4, 2), "UnsafeViewBackward0"),
        (lambda: x(2, 3, 4).bmm(x(2, 4, 3)), "BmmBackward0"),
        (lambda: x().mv(x(4)), "MvBackward0"),
        (lambda: x(4).dot(x(4)), "DotBackward0"),
        (lambda: fnnet.addmm(x(2), x(), x(4, 2)), "AddmmBackward0"),
        (lambda: F.linear(x(), x(2, 4), x(2)), "AddmmBackward0"),
        (lambda: F.linear(x(), x(2, 4)), "MmBackward0"),
        (lambda: F.linear(x(2, 3, 4), x(2, 4), x(2)), "ViewBackward0"),
        (lambda: x().sum(), "SumBackward0"),
        (lambda: x().sum((0, 1)), "SumBackward1"),
        (lambda: x().mean(1), "MeanBackward1"),
        (lambda: x().max(), "MaxBackward1"),
        (lambda: x().max(0)[0], "MaxBackward0"),
        (lambda: x().log1p(), "Log1PBackward0"),
        (lambda: x().clamp(0, 1), "ClampBackward1"),
        (lambda: x().t(), "TBackward0"),
        (lambda: x().transpose(0, 1), "TransposeBackward0"),
        (lambda: x().permute(1, 0), "PermuteBackward0"),
        (lambda: x().view(12), "ViewBackward0"),
        (lambda: x().t().reshape(12), "UnsafeViewBackward0"),
        (lambda: x(1, 3).squeeze(), "SqueezeBackward0"),
        (lambda: x(1, 3).squeeze(0), "SqueezeBackward1"),
        (lambda: x().unsqueeze(0), "UnsqueezeBackward0"),
        (lambda: x()[0], "SelectBackward0"),
        (lambda: x()[1:], "SliceBackward0"),
        (lambda: x()[:], "SliceBackward0"),
        (lambda: x()[...], "AliasBackward0"),
        (lambda: x()[0, 1:], "SliceBackward0"),
        (lambda: x()[:, 0], "SelectBackward0"),
        (lambda: x()[1:, None], "UnsqueezeBackward0"),
        (lambda: x()[..., 1, None], "UnsqueezeBackward0"),
        (lambda: x()[fnnet.tensor([0])], "IndexBackward0"),
        (lambda: x().split(2)[0], "SplitBackward0"),
        (lambda: x().unbind()[1], "UnbindBackward0"),
        (lambda: fnnet.stack([x(), x()]), "StackBackward0"),
        (lambda: x().to(fnnet.float64), "ToCopyBackward0"),
        (lambda: F.conv2d(x(1, 1, 4, 4), x(1, 1, 2, 2)), "ConvolutionBackward0"),
        (lambda: F.max_pool2d(x(1, 1, 4, 4), 2), "MaxPool2DWithIndicesBackward0"),
        (lambda: F.max_pool2d(x(1, 4, 4), 2), "MaxPool2DWithIndicesBackward0"),
        (lambda: F.cross_entropy(x(), fnnet.tensor([0, 1, 1])), "NllLossBackward0"),
        (lambda: F.l1_loss(x(), x()), "MeanBackward0"),
        (lambda: F.elu(x() * 1, inplace=True), "EluBackward1"),
    ],
)  # fmt: skip
def test_names(make: Callable[[], fnnet.Tensor], name: str) -> None:
    assert make().grad_fn.name() == name


def test_names_remain_after_backward() -> None:
    for make in (lambda: x() ** 2, lambda: x()[0], lambda: F.linear(x(), x(2, 4))):
        y = make()
        name = y.grad_fn.name()
        y.sum().backward()
        assert y.grad_fn.name() == name


def test_writes_in_place() -> None:
    y = x() * 1
    assert y.add_(1).grad_fn.name() == "AddBackward0"
    assert y.round_().grad_fn.name() == "RoundBackward0"  # computed apart, then copied
    assert y.zero_().grad_fn.name() == "ZeroBackward0"
    assert y.fill_(2).grad_fn.name() == "FillBackward2"
    assert y.copy_(x(4)).grad_fn.name() == "torch::autograd::CopyBackwards"
    assert repr(y).endswith("grad_fn=<CopyBackwards>)")
    y = x() * 1
    view = y[0]
    view.mul_(2)
    assert y.grad_fn.name() == "torch::autograd::CopySlices"
    assert view.grad_fn.name() == "AsStridedBackward0"
    y[fnnet.tensor([0])] = 1.0
    assert y.grad_fn.name() == "IndexPutBackward0"


def test_a_write_that_is_not_recorded_leaves_the_name() -> None:
    y = x() * 1
    with fnnet.no_grad():
        y.index_add_(0, fnnet.tensor([0]), fnnet.ones(1, 4))
        y.fill_(1)
    assert y.grad_fn.name() == "MulBackward0"


def test_a_result_that_is_the_input_keeps_its_name() -> None:
    y = x() * 2
    for same in (y.contiguous(), F.dropout(y, training=False), y.to(fnnet.float32), fnnet.atleast_2d(y), y.conj()):
        assert same is y
        assert y.grad_fn.name() == "MulBackward0"


def test_a_leaf() -> None:
    assert (x() * 2).grad_fn.next_functions[0][0].name() == "torch::autograd::AccumulateGrad"


def test_titles() -> None:
    asked: list[Any] = []

    def title(node: Any) -> str:
        asked.append(node)
        return "AskedBackward0"

    op = OPS["exp"].titled(title)
    y = fnnet.autograd.tape.apply(op, x())
    assert not asked
    assert y.grad_fn.name() == "AskedBackward0"
    assert asked == [y.grad_fn]
    assert OPS["exp"] is not op  # the table has the plain one
    assert Op("two_words2d", register=False).title is None


# what is kept --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "op",
    [
        F.hardtanh, F.relu6, fnnet.sinc, fnnet.erfinv,
        lambda t: F.max_pool1d(t, 2, return_indices=True)[0],
        lambda t: F.adaptive_max_pool1d(t, 2, return_indices=True)[0],
        lambda t: F.adaptive_max_pool1d(t, 3, return_indices=True)[0],
    ],
)  # fmt: skip
def test_results_may_be_written(op: Callable[[fnnet.Tensor], fnnet.Tensor]) -> None:
    """PyTorch keeps the input of these, or indices: the gradient survives a write into the result."""
    leaf = fnnet.tensor([[-0.5, 0.25, 0.75, 0.5]], dtype=fnnet.float64, requires_grad=True)
    (expected,) = fnnet.autograd.grad(op(leaf).sum(), leaf)
    y = op(leaf)
    y.add_(1)
    y.sum().backward()
    assert leaf.grad.tolist() == expected.tolist()


def test_hardtanh_in_place_keeps_its_result() -> None:
    leaf = fnnet.tensor([-2.0, 0.5, 2.0], requires_grad=True)
    F.hardtanh(leaf * 1, inplace=True).sum().backward()
    assert leaf.grad.tolist() == [0.0, 1.0, 0.0]


def test_parts_of_tensor_split_may_be_written() -> None:
    leaf = fnnet.ones(4, requires_grad=True)
    y = leaf * 1
    first, _ = y.tensor_split(2)
    first.mul_(3)
    y.sum().backward()
    assert leaf.grad.tolist() == [3.0, 3.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "see", [lambda t: t.reshape(()), lambda t: t.t(), lambda t: t.expand(()), lambda t: t.view(())]
)
def test_a_view_of_a_0d_tensor_may_be_written(see: Callable[[fnnet.Tensor], fnnet.Tensor]) -> None:
    leaf = fnnet.tensor(2.0, dtype=fnnet.float64, requires_grad=True)
    y = leaf * 1
    see(y).mul_(3)
    (y * y).backward()
    assert leaf.grad.item() == 36.0


def test_out_keeps_its_name() -> None:
    y = x() * 1
    with fnnet.no_grad():
        fnnet.clamp_min(fnnet.zeros(3, 4), 1, out=y)
    assert y.grad_fn.name() == "MulBackward0"
