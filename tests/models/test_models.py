"""The networks: names and sizes as torchvision documents them, outputs and training by PyTorch 2.13."""

from __future__ import annotations

import pytest

import fnnet as torch
from fnnet import models, nn
from fnnet.models.resnet import BasicBlock, Bottleneck, ResNet
from fnnet.nn import functional as F


def test_lenet_trains_as_in_pytorch() -> None:
    torch.manual_seed(0)
    net = models.LeNet()
    # the same class over torch.nn, after torch.manual_seed(0)
    expected = [-0.04229366, -0.06573941, 0.03880199, 0.07944724, -0.04843611,
                0.01518367, -0.02165448, 0.06874431, -0.01673147, 0.11247836]  # fmt: skip
    x = torch.linspace(-1, 1, 32 * 32).reshape(1, 1, 32, 32)
    assert net(x)[0].tolist() == pytest.approx(expected, abs=1e-6)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x = torch.linspace(-1, 1, 8 * 32 * 32).reshape(8, 1, 32, 32).sin()
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), torch.arange(8))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses == pytest.approx([2.3124826, 2.308157, 2.300029, 2.2888803, 2.2752395], rel=1e-5)


@pytest.mark.parametrize(("name", "numbers"), [("resnet18", 11689512), ("resnet34", 21797672), ("resnet50", 25557032)])
def test_sizes(name: str, numbers: int) -> None:
    net = models.get_model(name)
    assert sum(p.numel() for p in net.parameters()) == numbers
    names = list(net.state_dict())
    assert names[:7] == [
        "conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked",
        "layer1.0.conv1.weight",
    ]  # fmt: skip
    assert names[-2:] == ["fc.weight", "fc.bias"]
    assert {"layer2.0.downsample.0.weight", "layer2.0.downsample.1.running_var", "layer4.1.bn2.bias"} <= set(names)
    assert ("layer1.0.downsample.0.weight" in names) == (name == "resnet50")


def test_seeded_resnet() -> None:
    torch.manual_seed(0)
    net = models.resnet18(num_classes=10).double().eval()
    x = torch.linspace(-1, 1, 3 * 32 * 32).double().reshape(1, 3, 32, 32)
    # torchvision's construction over torch.nn, after torch.manual_seed(0)
    expected = [-0.0017137301, -0.0217412732, -0.0537397514, 0.095140996]
    assert net(x)[0, :4].tolist() == pytest.approx(expected, abs=2e-5)


def test_options() -> None:
    torch.manual_seed(0)
    net = ResNet(
        Bottleneck, (1, 2, 1, 1), num_classes=4, zero_init_residual=True, groups=2, width_per_group=8,
        replace_stride_with_dilation=(False, True, True),
    )  # fmt: skip
    assert sum(p.numel() for p in net.parameters()) == 3460612
    assert net.layer2[0].bn3.weight.abs().sum() == 0
    assert net.layer2[0].bn2.weight.min() == 1
    assert net.layer4[0].conv2.dilation == (2, 2)
    x = torch.linspace(-1, 1, 3 * 32 * 32).double().reshape(1, 3, 32, 32)
    # torchvision's construction over torch.nn, after torch.manual_seed(0)
    expected = [-0.0246636546, -0.0183126557, -0.0100793943, 0.0260403075]
    assert net.double().eval()(x)[0].tolist() == pytest.approx(expected, abs=2e-5)
    grouped = ResNet(BasicBlock, (1, 1, 1, 1), 2, norm_layer=lambda n: nn.GroupNorm(8, n))
    assert isinstance(grouped.layer1[0].bn1, nn.GroupNorm)
    assert grouped(torch.zeros(1, 3, 32, 32)).shape == (1, 2)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"groups": 2}, "only supports groups=1 and base_width=64"),
        ({"width_per_group": 32}, "only supports groups=1"),
        ({"replace_stride_with_dilation": (True, True, True)}, "Dilation > 1 not supported"),
        ({"replace_stride_with_dilation": (True,)}, "a 3-element tuple"),
        ({"weights": "DEFAULT"}, "ships no weights"),
    ],
)
def test_refused(options: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        models.resnet18(**options)  # type: ignore[arg-type]


def test_every_parameter_learns() -> None:
    net = ResNet(BasicBlock, (1, 1, 1, 1), 3)
    F.cross_entropy(net(torch.randn(2, 3, 40, 40)), torch.tensor([0, 2])).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_by_name() -> None:
    assert models.list_models() == ["lenet", "resnet18", "resnet34", "resnet50"]
    assert type(models.get_model("LeNet", num_classes=2)) is models.LeNet
    with pytest.raises(ValueError, match="Unknown model 'vgg', expected one of lenet"):
        models.get_model("vgg")
