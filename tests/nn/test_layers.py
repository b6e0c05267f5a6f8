"""Options of layers: what they refuse, print and do in training and evaluation. Expectations are PyTorch 2.13's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import fnnet as torch
from fnnet import nn


@pytest.mark.parametrize(
    ("make", "error", "word"),
    [
        (lambda: nn.Conv2d(3, 4, 1, groups=0), ValueError, "groups must be a positive integer"),
        (lambda: nn.Conv2d(3, 4, 1, groups=2), ValueError, "in_channels must be divisible by groups"),
        (lambda: nn.Conv2d(4, 3, 1, groups=2), ValueError, "out_channels must be divisible by groups"),
        (lambda: nn.Conv2d(1, 1, 1, padding="full"), ValueError, "Invalid padding string 'full'"),
        (lambda: nn.Conv2d(1, 1, 1, 2, padding="same"), ValueError, "not supported for strided convolutions"),
        (lambda: nn.Conv2d(1, 1, 1, padding_mode="mirror"), ValueError, "padding_mode must be one of"),
        (lambda: nn.Dropout(1.5), ValueError, "has to be between 0 and 1, but got 1"),
        (lambda: nn.GroupNorm(3, 4), ValueError, "must be divisible by num_groups"),
        (lambda: nn.Bilinear(0, 1, 1), ValueError, "in1_features must be > 0"),
        (lambda: nn.Hardtanh(1.0, 1.0), AssertionError, "must be greater than min_val"),
        (lambda: nn.HuberLoss(delta="1"), TypeError, "delta must be a float or int"),
        (lambda: nn.Unflatten(1, 3), TypeError, "must be a tuple of ints"),
        (lambda: nn.Unflatten(1, (2, 1.5)), TypeError, "found element of type float at pos 1"),
        (lambda: nn.Embedding(3, 1, padding_idx=3), AssertionError, "must be within num_embeddings"),
        (lambda: nn.Embedding(3, 1, padding_idx=-4), AssertionError, "must be within num_embeddings"),
        (lambda: nn.Embedding(3, 1, _weight=torch.ones(2, 1)), AssertionError, "Shape of weight does not match"),
        (lambda: nn.Embedding.from_pretrained(torch.ones(2)), AssertionError, "to be 2-dimensional"),
    ],
)
def test_refused(make: Callable[[], object], error: type[Exception], word: str) -> None:
    with pytest.raises(error, match=word):
        make()


@pytest.mark.parametrize(
    ("make", "shape", "word"),
    [
        (lambda: nn.BatchNorm1d(2), (2,), "expected 2D or 3D input"),
        (lambda: nn.BatchNorm2d(2), (1, 2, 3), "expected 4D input"),
        (lambda: nn.BatchNorm3d(2), (1, 2, 3), "expected 5D input"),
        (lambda: nn.InstanceNorm2d(2), (1, 2), "expected 3D or 4D input"),
        (lambda: nn.InstanceNorm1d(2, affine=True), (1, 3, 4), "to match num_features"),
        (lambda: nn.CircularPad2d(1), (1, 2), "expected 3D or 4D input"),
        (lambda: nn.Softmax2d(), (1, 2), "expected input to be 3D or 4D"),
    ],
)
def test_refused_inputs(make: Callable[[], nn.Module], shape: tuple[int, ...], word: str) -> None:
    m = make()
    before = {k: v.tolist() for k, v in m.state_dict().items()}
    with pytest.raises(ValueError, match=word):
        m(torch.ones(*shape))
    assert {k: v.tolist() for k, v in m.state_dict().items()} == before


def test_instance_norm_warns_of_another_size() -> None:
    with pytest.warns(UserWarning, match="does not match num_features"):
        nn.InstanceNorm1d(2)(torch.ones(1, 3, 4))


# repr by PyTorch 2.13
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nn.Linear(2, 3, bias=False), "Linear(in_features=2, out_features=3, bias=False)"),
        (
            lambda: nn.Conv2d(4, 6, (3, 2), 2, 1, 2, 2, False, "reflect"),
            "Conv2d(4, 6, kernel_size=(3, 2), stride=(2, 2), padding=(1, 1), dilation=(2, 2), groups=2, bias=False, "
            "padding_mode=reflect)",
        ),
        (lambda: nn.Conv1d(1, 1, 3, padding="same"), "Conv1d(1, 1, kernel_size=(3,), stride=(1,), padding=same)"),
        (
            lambda: nn.MaxPool2d(3, padding=1),
            "MaxPool2d(kernel_size=3, stride=3, padding=1, dilation=1, ceil_mode=False)",
        ),
        (lambda: nn.AvgPool1d(3), "AvgPool1d(kernel_size=(3,), stride=(3,), padding=(0,))"),
        (lambda: nn.AdaptiveAvgPool2d((None, 2)), "AdaptiveAvgPool2d(output_size=(None, 2))"),
        (
            lambda: nn.BatchNorm2d(3),
            "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
        ),
        (lambda: nn.LayerNorm(3, bias=False), "LayerNorm((3,), eps=1e-05, elementwise_affine=True, bias=False)"),
        (lambda: nn.RMSNorm([3]), "RMSNorm((3,), eps=None, elementwise_affine=True)"),
        (lambda: nn.Embedding(5, 3, -1, 2.0), "Embedding(5, 3, padding_idx=4, max_norm=2.0)"),
        (lambda: nn.ReLU(inplace=True), "ReLU(inplace=True)"),
        (lambda: nn.ELU(inplace=True), "ELU(alpha=1.0, inplace=True)"),
        (lambda: nn.Hardswish(inplace=True), "Hardswish()"),
        (lambda: nn.GELU("tanh"), "GELU(approximate='tanh')"),
        (lambda: nn.ZeroPad2d(1), "ZeroPad2d((1, 1, 1, 1))"),
        (lambda: nn.ConstantPad1d((1, 2), 3.5), "ConstantPad1d(padding=(1, 2), value=3.5)"),
        (lambda: nn.CrossEntropyLoss(), "CrossEntropyLoss()"),
        (lambda: nn.Dropout(0.3), "Dropout(p=0.3, inplace=False)"),
    ],
)
def test_repr(make: Callable[[], nn.Module], text: str) -> None:
    assert repr(make()) == text


def test_batch_norm_moves_its_statistics_in_training_alone() -> None:
    m = nn.BatchNorm1d(1, momentum=0.5)
    x = torch.tensor([[1.0], [3.0]])
    m(x)  # mean 2, unbiased variance 2
    assert m.running_mean.tolist() == [1.0]
    assert m.running_var.tolist() == [1.5]
    assert m.num_batches_tracked.item() == 1
    m.eval()(x)
    assert m.num_batches_tracked.item() == 1
    assert m.running_mean.tolist() == [1.0]
    m.reset_running_stats()
    assert (m.running_mean.item(), m.running_var.item(), m.num_batches_tracked.item()) == (0.0, 1.0, 0)


def test_cumulative_statistics() -> None:
    m = nn.BatchNorm1d(1, momentum=None)
    for value in (0.0, 3.0, 6.0):
        m(torch.tensor([[value], [value]]))
    assert m.running_mean.item() == pytest.approx(3.0)
    assert m.running_var.item() == pytest.approx(0.0, abs=1e-6)


def test_batch_norm_without_statistics_uses_the_batch() -> None:
    m = nn.BatchNorm1d(1, affine=False, track_running_stats=False).eval()
    assert not m.state_dict()
    assert m(torch.tensor([[0.0], [2.0]])).flatten().tolist() == pytest.approx([-1.0, 1.0], abs=1e-4)


def test_dropout_scales_and_rests() -> None:
    torch.manual_seed(0)
    m = nn.Dropout(0.25)
    out = m(torch.ones(1000))
    assert sorted(set(out.tolist())) == pytest.approx([0.0, 4 / 3])
    assert 650 < int((out != 0).sum()) < 850
    x = torch.ones(3)
    assert m.eval()(x) is x
    channels = nn.Dropout2d(0.5)(torch.ones(8, 4, 3, 3)).sum((2, 3))
    assert sorted(set(channels.flatten().tolist())) == [0.0, 18.0]


def test_embedding() -> None:
    table = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    m = nn.Embedding.from_pretrained(table)
    assert not m.weight.requires_grad
    assert m.weight.data_ptr() == table.data_ptr()
    assert m(torch.tensor([2, 0])).tolist() == [[5.0, 6.0], [1.0, 2.0]]
    m = nn.Embedding.from_pretrained(table, freeze=False, padding_idx=0)
    m(torch.tensor([0, 1, 1])).sum().backward()
    assert m.weight.grad.tolist() == [[0.0, 0.0], [2.0, 2.0], [0.0, 0.0]]
    with pytest.raises(IndexError):
        m(torch.tensor([3]))


def test_losses_keep_weights_as_buffers() -> None:
    m = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))
    assert list(m.state_dict()) == ["weight"]
    assert list(nn.BCEWithLogitsLoss(pos_weight=torch.ones(1)).state_dict()) == ["pos_weight"]
    assert not nn.NLLLoss().state_dict()
    # log 2 for each sample, weighted 1 and 2
    assert m(torch.zeros(2, 2), torch.tensor([0, 1])).item() == pytest.approx(0.6931472)
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert nn.MSELoss(size_average=False).reduction == "sum"
    assert nn.CrossEntropyLoss()(torch.zeros(3, 2), torch.Tensor([1, 0, 1]).long()).item() == pytest.approx(0.6931472)


def test_implicit_dim_warns_at_the_call() -> None:
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax") as caught:
        nn.Softmax()(torch.zeros(2, 2))
    assert caught[0].filename == __file__


def test_factory_arguments() -> None:
    for m in (
        nn.Linear(1, 1, device="cpu", dtype=torch.float64),
        nn.Conv1d(1, 1, 1, dtype=torch.float64),
        nn.BatchNorm1d(1, dtype=torch.float64),
        nn.LayerNorm(1, dtype=torch.float64),
        nn.Embedding(1, 1, dtype=torch.float64),
        nn.PReLU(dtype=torch.float64),
    ):
        kinds = {v.dtype for k, v in m.state_dict().items() if k != "num_batches_tracked"}
        assert kinds == {torch.float64}, m
