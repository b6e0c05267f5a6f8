"""`summary` against published and closed figures."""

from __future__ import annotations

import pytest

import fnnet
from fnnet import models, nn
from fnnet.nn import functional as F
from fnnet.training import summary


def test_resnet18_has_the_published_figures() -> None:
    found = summary(models.resnet18(), input_size=(1, 3, 224, 224))
    assert found.parameters == 11_689_512  # torchvision's documentation of resnet18
    assert found.multiply_adds == 1_814_073_344  # its "GFLOPS 1.81", exactly by fvcore and ptflops


def test_rows_follow_the_calls() -> None:
    net = nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1, groups=2), nn.Sequential(nn.ReLU(), nn.Flatten()), nn.Linear(96, 5)
    )
    found = summary(net, input_size=(3, 2, 4, 4))
    assert [(row.name, row.kind, row.depth) for row in found.rows] == [
        ("", "Sequential", 0), ("0", "Conv2d", 1), ("1", "Sequential", 1), ("1.0", "ReLU", 2), ("1.1", "Flatten", 2),
        ("2", "Linear", 1),
    ]  # fmt: skip
    assert [row.output for row in found.rows] == [(3, 5), (3, 6, 4, 4), (3, 96), (3, 6, 4, 4), (3, 96), (3, 5)]
    # a grouped convolution: outputs times the channels of a group times the kernel; its bias is no product
    assert [row.multiply_adds for row in found.rows] == [0, 3 * 6 * 16 * 1 * 9, 0, 0, 0, 3 * 96 * 5]
    assert [row.parameters for row in found.rows] == [0, 6 * 9 + 6, 0, 0, 0, 96 * 5 + 5]
    assert found.parameter_bytes == 4 * found.parameters


class Attention(nn.Module):
    """Products of functions inside a forward count as well as modules."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Linear(8, 8, bias=False)

    def forward(self, x: fnnet.Tensor, *, scale: float = 1.0) -> tuple[fnnet.Tensor, dict[str, fnnet.Tensor]]:
        q = self.w(x)
        scores = F.softmax(q @ self.w(x).mT * scale, dim=-1)
        return scores @ q, {"scores": scores}


def test_functions_called_in_forward_count_and_shared_parameters_count_once() -> None:
    model = Attention()
    model.w.weight.requires_grad_(False)
    found = summary(model, {"x": fnnet.ones(2, 5, 8), "scale": 0.5})
    assert found.rows[0].multiply_adds == 2 * (5 * 8 * 5 + 5 * 5 * 8)
    assert [row.multiply_adds for row in found.rows[1:]] == [2 * 5 * 8 * 8] * 2
    assert (found.parameters, found.trainable) == (64, 0)
    assert found.rows[0].output == [(2, 5, 8), {"scores": (2, 5, 5)}]


def test_the_model_is_left_as_it_was() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
    net[1].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = fnnet.get_rng_state()
    summary(net, input_size=(4, 3))
    assert net.training
    assert net[0].training
    assert not net[1].training
    assert all(fnnet.equal(before[name], value) for name, value in net.state_dict().items())
    assert fnnet.equal(state, fnnet.get_rng_state())
    assert not net._forward_hooks
    assert not net[0]._forward_pre_hooks
    assert net(fnnet.ones(4, 3)).grad_fn is not None


def test_a_failing_forward_leaves_no_hooks_behind() -> None:
    net = nn.Sequential(nn.Linear(3, 2))
    with pytest.raises(RuntimeError, match="linear"):
        summary(net, input_size=(4, 5))
    assert not net[0]._forward_hooks
    assert net.training


def test_tables() -> None:
    found = summary(nn.Linear(1000, 30), input_size=(2, 1000))
    assert str(found).splitlines() == [
        "layer    class   input      output   parameters  multiply-adds",
        "--------------------------------------------------------------",
        "(model)  Linear  (2, 1000)  (2, 30)      30,030         60,000",
        "parameters 30,030 (30,030 trainable), 0.11 MiB",
        "multiply-adds 60,000",
    ]
    assert "<td" in found._repr_html_()
    assert "60,000" in found._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "phrase"),
    [
        (("text",), {"input_size": (1,)}, TypeError, "model must be a Module, got str"),
        ((nn.Identity(),), {}, TypeError, "expected either input_data or input_size"),
        ((nn.Identity(), fnnet.ones(1)), {"input_size": (1,)}, TypeError, "expected either"),
        ((nn.Identity(),), {"input_size": ()}, ValueError, "input_size is empty"),
    ],
)
def test_errors(arguments: tuple[object, ...], options: dict[str, object], error: type[Exception], phrase: str) -> None:
    with pytest.raises(error, match=phrase) as caught:
        summary(*arguments, **options)  # type: ignore[arg-type]
    assert isinstance(caught.value, fnnet.FnnetError)
