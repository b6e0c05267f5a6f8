"""What every user of PyTorch types, with one line changed. Numbers and phrases are PyTorch 2.13's for these lines."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest

import fnnet as torch
from fnnet import models, nn, optim
from fnnet.nn import functional as F
from fnnet.nn import init
from fnnet.utils.data import Dataset, IterableDataset, Sampler


class Linear(nn.Module):
    """A layer written by hand."""

    def __init__(self, in_features, out_features):
        nn.Module.__init__(self)
        self.w = nn.Parameter(torch.randn(in_features, out_features))
        self.b = nn.Parameter(torch.randn(out_features))

    def forward(self, x):
        x = x.mm(self.w)
        return x + self.b.expand_as(x)


class Perceptron(nn.Module):
    """A module of modules."""

    def __init__(self, in_features, hidden_features, out_features):
        nn.Module.__init__(self)
        self.layer1 = Linear(in_features, hidden_features)
        self.layer2 = Linear(hidden_features, out_features)

    def forward(self, x):
        return self.layer2(torch.sigmoid(self.layer1(x)))


class LeNet(nn.Module):
    """Two halves, each a Sequential."""

    def __init__(self):
        super(LeNet, self).__init__()  # noqa: UP008 (as the books have it)
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2, 2)
        )
        self.classifier = nn.Sequential(
            nn.Linear(16 * 5 * 5, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)
        )

    def forward(self, x):
        x = self.features(x)
        x = x.view(-1, 16 * 5 * 5)
        return self.classifier(x)


class FunctionalLeNet(nn.Module):
    """The same network, what has no parameters being functions."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, 16 * 5 * 5)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


class MultiplyAdd(torch.autograd.Function):
    """w * x + b with its derivative by hand."""

    @staticmethod
    def forward(ctx, w, x, b):
        ctx.save_for_backward(w, x)
        return w * x + b

    @staticmethod
    def backward(ctx, grad_output):
        w, x = ctx.saved_tensors
        return grad_output * x, grad_output * w, grad_output


# After manual_seed(0), LeNet(), x = randn(1, 3, 32, 32).
LENET_OUTPUT = [
    [
        0.02966877818107605, 0.0405464842915535, -4.1328370571136475e-05, 0.09691645205020905, 0.021632369607686996,
        -0.10958987474441528, 0.12669405341148376, -0.11372634023427963, -0.11756346374750137, 0.00023131445050239563,
    ]
]  # fmt: skip
# After one step of SGD with lr=0.01 down the gradient of `output.backward(output)`.
LENET_OUTPUT_AFTER_STEP = [
    [
        0.02698996290564537, 0.03879067301750183, -0.0007558725774288177, 0.09393838047981262, 0.020172767341136932,
        -0.10601464658975601, 0.12310604751110077, -0.11113516986370087, -0.11284729093313217, 0.0007789134979248047,
    ]
]  # fmt: skip


def close(actual: torch.Tensor, expected: object) -> None:
    # Normals of float32 are PyTorch's within 2 ulp, and sums may be taken in another order.
    np.testing.assert_allclose(actual.detach().numpy(), np.array(expected, np.float32), rtol=2e-5, atol=1e-6)


# modules -----------------------------------------------------------------------------------------------------------
def test_a_layer_of_parameters():
    torch.manual_seed(0)
    layer = Linear(4, 3)
    row = [1.252756118774414, -0.03595602512359619, -5.185793399810791]
    close(layer(torch.ones(2, 4)), [row, row])
    assert [name for name, _ in layer.named_parameters()] == ["w", "b"]
    assert all(isinstance(p, nn.Parameter) and p.requires_grad and p.is_leaf for p in layer.parameters())


def test_a_perceptron_of_layers():
    torch.manual_seed(0)
    Linear(4, 3)
    net = Perceptron(3, 4, 1)
    assert [name for name, _ in net.named_parameters()] == ["layer1.w", "layer1.b", "layer2.w", "layer2.b"]
    close(net(torch.ones(1, 3)), [[-0.13318762183189392]])
    assert repr(net) == "Perceptron(\n  (layer1): Linear()\n  (layer2): Linear()\n)"


def test_sequential_by_add_module():
    torch.manual_seed(0)
    net = nn.Sequential()
    net.add_module("conv", nn.Conv2d(3, 3, 3))
    net.add_module("batchnorm", nn.BatchNorm2d(3))
    net.add_module("activation_layer", nn.ReLU())
    expected = [
        [
            [[1.0113346576690674, 0.9212362766265869], [0.0, 0.0]],
            [[0.0, 1.6065300703048706], [0.0, 0.0]],
            [[1.5381146669387817, 0.0], [0.0, 0.0724075436592102]],
        ]
    ]
    close(net(torch.rand(1, 3, 4, 4)), expected)
    assert net.conv is net[0]
    assert repr(net) == (
        "Sequential(\n"
        "  (conv): Conv2d(3, 3, kernel_size=(3, 3), stride=(1, 1))\n"
        "  (batchnorm): BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)\n"
        "  (activation_layer): ReLU()\n)"
    )


def test_sequential_by_arguments_and_by_ordered_dict_are_the_same_network():
    torch.manual_seed(0)
    by_arguments = nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3), nn.ReLU())
    torch.manual_seed(0)
    by_names = nn.Sequential(
        OrderedDict([("conv1", nn.Conv2d(3, 3, 3)), ("bn1", nn.BatchNorm2d(3)), ("relu1", nn.ReLU())])
    )
    assert list(by_names.state_dict())[:2] == ["conv1.weight", "conv1.bias"]
    assert list(by_arguments.state_dict())[:2] == ["0.weight", "0.bias"]
    x = torch.rand(1, 3, 4, 4)
    assert torch.equal(by_arguments(x), by_names(x))
    assert by_names.conv1 is by_names[0]


def test_module_list():
    torch.manual_seed(3)
    layers = nn.ModuleList([nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)])
    x = torch.ones(1, 3)
    for layer in layers:
        x = layer(x)
    close(x, [[0.005463540554046631, -0.563887357711792]])
    with pytest.raises(NotImplementedError, match=r'Module \[ModuleList\] is missing the required "forward" function'):
        layers(torch.ones(1, 3))


def test_a_list_of_modules_is_not_registered_and_a_module_list_is():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.plain = [nn.Linear(1, 1)]
            self.layers = nn.ModuleList([nn.Linear(3, 4)])

    assert [name for name, _ in Net().named_parameters()] == ["layers.0.weight", "layers.0.bias"]


def test_cross_entropy_of_labels_that_were_floats():
    torch.manual_seed(0)
    score = torch.randn(3, 2)
    label = torch.Tensor([1, 0, 1]).long()
    assert label.tolist() == [1, 0, 1]
    assert nn.CrossEntropyLoss()(score, label).item() == pytest.approx(1.8848, abs=5e-5)


# training ----------------------------------------------------------------------------------------------------------
def test_lenet_takes_a_step():
    torch.manual_seed(0)
    net = LeNet()
    optimizer = optim.SGD(params=net.parameters(), lr=0.01)
    optimizer.zero_grad()
    x = torch.randn(1, 3, 32, 32)
    output = net(x)
    close(output, LENET_OUTPUT)
    output.backward(output)
    optimizer.step()
    close(net(x), LENET_OUTPUT_AFTER_STEP)


def test_groups_with_their_own_learning_rate():
    net = LeNet()
    optimizer = optim.SGD(
        [{"params": net.features.parameters()}, {"params": net.classifier.parameters(), "lr": 1e-2}], lr=1e-5
    )
    assert [group["lr"] for group in optimizer.param_groups] == [1e-5, 1e-2]
    assert [len(group["params"]) for group in optimizer.param_groups] == [4, 6]
    assert "Parameter Group 1\n    dampening: 0\n    differentiable: False\n" in repr(optimizer)
    before = [p.detach().clone() for p in net.parameters()]
    for p in net.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    moved = [(old - p).mean().item() for old, p in zip(before, net.parameters(), strict=True)]
    assert moved == pytest.approx([1e-5] * 4 + [1e-2] * 6, rel=1e-2)


def test_groups_chosen_by_identity_and_a_rate_changed_in_the_middle():
    net = LeNet()
    special = nn.ModuleList([net.classifier[0], net.classifier[2]])
    ids = set(map(id, special.parameters()))
    base = filter(lambda p: id(p) not in ids, net.parameters())
    optimizer = optim.SGD([{"params": base}, {"params": special.parameters(), "lr": 0.01}], lr=0.001)
    assert [len(group["params"]) for group in optimizer.param_groups] == [6, 4]
    for group in optimizer.param_groups:
        group["lr"] *= 0.1
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([1e-4, 1e-3])


def test_init_after_a_seed_gives_pytorch_s_numbers():
    linear = nn.Linear(3, 4)
    torch.manual_seed(1)
    assert init.xavier_normal_(linear.weight) is linear.weight
    expected = [
        [0.3535076081752777, 0.1426769345998764, 0.03296788036823273],
        [0.3321080803871155, -0.2415539026260376, -0.088800348341465],
        [-0.8139539957046509, 0.20401862263679504, -0.5492798686027527],
        [-0.3009643852710724, -0.4769493341445923, -0.031136030331254005],
    ]
    close(linear.weight, expected)
    torch.manual_seed(1)
    few = [[0.4182758331298828, 0.16881762444972992], [0.03900812193751335, 0.39295557141304016]]
    close(init.xavier_normal_(torch.empty(3, 2))[:2], few)


def test_the_functional_lenet_is_the_same_network():
    torch.manual_seed(0)
    net = FunctionalLeNet()
    close(net(torch.randn(1, 3, 32, 32)), LENET_OUTPUT)
    assert "(fc1): Linear(in_features=400, out_features=120, bias=True)" in repr(net)


def test_a_function_written_by_hand():
    x = torch.ones(1)
    w = torch.tensor([2.0], requires_grad=True)
    b = torch.tensor([3.0], requires_grad=True)
    z = MultiplyAdd.apply(w, x, b)
    z.backward()
    assert (z.item(), w.grad.item(), b.grad.item(), x.grad) == (5.0, 1.0, 1.0, None)


# hooks -------------------------------------------------------------------------------------------------------------
def test_a_forward_hook_copies_features_until_it_is_removed():
    net = models.resnet34().eval()
    features = torch.zeros(1, 512, 1, 1)

    def hook(module, args, output):
        assert module is net.layer4
        assert args[0].shape == (1, 256, 2, 2)
        features.copy_(output.data)

    handle = net.layer4.register_forward_hook(hook)
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        output = net(x)
        copied = features.clone()
        close(net.fc(copied.flatten(1)), output.numpy())
        handle.remove()
        net(x + 1)
    assert torch.equal(features, copied)


def test_a_backward_hook():
    layer = nn.Linear(3, 2)
    seen = []
    handle = layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(grad_output[0]))
    x = torch.ones(4, 3, requires_grad=True)
    layer(x).sum().backward()
    handle.remove()
    layer(x).sum().backward()
    assert [g.tolist() for g in seen] == [[[1.0, 1.0]] * 4]


def test_a_hook_on_a_tensor_s_gradient():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    seen = []
    y.register_hook(seen.append)
    y.sum().backward()
    assert seen[0].tolist() == [1.0, 1.0, 1.0]


# files -------------------------------------------------------------------------------------------------------------
def test_state_dict_to_a_file_and_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = LeNet()
    torch.save(net.state_dict(), "net.pth")
    again = LeNet()
    assert str(again.load_state_dict(torch.load("net.pth"))) == "<All keys matched successfully>"
    x = torch.randn(1, 3, 32, 32)
    assert torch.equal(net(x), again(x))


def test_a_whole_module_to_a_file_and_back(tmp_path):
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    torch.save(net, tmp_path / "whole.pth")
    with pytest.raises(torch.FnnetError, match="Sequential"):
        torch.load(tmp_path / "whole.pth")
    again = torch.load(tmp_path / "whole.pth", weights_only=False)
    assert isinstance(again, nn.Sequential)
    assert torch.equal(again(torch.ones(1, 2)), net(torch.ones(1, 2)))


def test_an_optimizer_to_a_file_and_back(tmp_path):
    net = nn.Linear(2, 2)
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    torch.save(optimizer.state_dict(), tmp_path / "optimizer.pth")
    again = optim.Adam(net.parameters(), lr=0.5)
    again.load_state_dict(torch.load(tmp_path / "optimizer.pth"))
    assert again.param_groups[0]["lr"] == 0.01
    assert torch.equal(again.state[net.weight]["exp_avg"], optimizer.state[net.weight]["exp_avg"])


# devices -----------------------------------------------------------------------------------------------------------
def test_cuda_without_a_card_says_what_is_missing():
    net = nn.Linear(1, 1)
    weight = net.weight.detach().clone()
    with pytest.raises(RuntimeError, match=r"device type 'cuda'; fnnet-cuda would: pip install fnnet-cuda"):
        net.cuda()
    assert torch.equal(net.weight, weight)


def test_the_line_that_chooses_a_device():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    assert nn.Linear(1, 1).to(device).weight.device.type == device.type
    assert (torch.cuda.device_count() > 0) == torch.cuda.is_available()


# mistakes ----------------------------------------------------------------------------------------------------------
def test_a_forgotten_super_init_is_named():
    class Forgot(nn.Module):
        def __init__(self):
            pass

        def forward(self, x):
            return x

    with pytest.raises(AttributeError, match=r"'Forgot' object has no attribute .*; does its __init__ call super"):
        Forgot()(torch.zeros(1))

    class ForgotWithLayer(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\) call"):
        ForgotWithLayer()


def test_what_a_subclass_must_define_is_named():
    with pytest.raises(NotImplementedError, match="subclasses of Dataset implement __getitem__"):
        Dataset()[0]
    with pytest.raises(NotImplementedError, match="subclasses of IterableDataset implement __iter__"):
        iter(IterableDataset())
    with pytest.raises(NotImplementedError, match="subclasses of Sampler implement __iter__"):
        iter(Sampler())


def test_an_error_inside_a_network_names_the_layer():
    net = nn.Sequential(OrderedDict([("body", nn.Sequential(nn.Linear(4, 3), nn.Linear(5, 2)))]))
    with pytest.raises(RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 5x2\)") as caught:
        net(torch.ones(2, 4))
    assert caught.value.__notes__ == ["in module Sequential.body.1"]


def test_the_file_of_another_network_is_refused_and_changes_nothing():
    net, other = nn.Linear(3, 4), nn.Linear(3, 5)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(RuntimeError, match=r"size mismatch for weight: copying a param with shape .*\[5, 3\]"):
        net.load_state_dict(other.state_dict())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize("dtype", [torch.float32, torch.int32, torch.int16])
def test_targets_of_the_wrong_dtype_are_named(dtype):
    with pytest.raises(RuntimeError, match=r"expected target dtype to be Long"):
        nn.CrossEntropyLoss()(torch.zeros(2, 3), torch.zeros(2, dtype=dtype))
