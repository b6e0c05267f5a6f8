"""The order in memory of what layers and functions return. PyTorch 2.13 runs this file unchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import fnnet as torch

F = torch.nn.functional
SHAPE = (2, 3, 6, 6)


def images() -> Any:
    return torch.arange(216.0).reshape(SHAPE) / 216


LAYERS: dict[str, Callable[[Any], Any]] = {
    "conv2d": lambda x: F.conv2d(x, torch.ones(5, 3, 3, 3), torch.ones(5), padding=1),
    "conv2d with strides": lambda x: F.conv2d(x, torch.ones(5, 3, 3, 3), stride=2),
    "conv2d by groups": lambda x: F.conv2d(x, torch.ones(3, 1, 3, 3), groups=3),
    "conv2d of one pixel": lambda x: F.conv2d(x, torch.ones(5, 3, 1, 1)),
    "batch_norm": lambda x: F.batch_norm(x, torch.zeros(3), torch.ones(3)),
    "batch_norm in training": lambda x: F.batch_norm(x, None, None, training=True),
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "max_pool2d overlapping": lambda x: F.max_pool2d(x, 3, stride=2, padding=1),
    "avg_pool2d": lambda x: F.avg_pool2d(x, 2),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, (2, 2)),
    "relu": F.relu,
    "gelu": F.gelu,
    "dropout": F.dropout,
    "add": lambda x: x + x,
    "clone": lambda x: x.clone(),
    "double": lambda x: x.double(),
    "cat": lambda x: torch.cat([x, x], 1),
}
ROWS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: F.linear(x, torch.ones(2, 6)),
    "matmul": lambda x: x @ x,
    "softmax": lambda x: F.softmax(x, 1),
    "log_softmax": lambda x: F.log_softmax(x, -1),
    "layer_norm": lambda x: F.layer_norm(x, (6,)),
    "instance_norm": lambda x: F.instance_norm(x),
    "sum": lambda x: x.sum(0),
    "mean": lambda x: x.mean(1, keepdim=True),
    "amax": lambda x: x.amax(1),
    "std": lambda x: x.std(1),
    "any": lambda x: x.any(1),
    "logsumexp": lambda x: x.logsumexp(1),
    "cumsum": lambda x: x.cumsum(1),
    "stack": lambda x: torch.stack([x, x]),
    "half sum": lambda x: x.half().sum(1),
}


@pytest.mark.parametrize("name", LAYERS | ROWS)
def test_contiguous_in_contiguous_out(name: str) -> None:
    y = (LAYERS | ROWS)[name](images())
    assert y.is_contiguous()
    y.view(len(y), -1)


@pytest.mark.parametrize("name", LAYERS)
def test_channels_last_in_channels_last_out(name: str) -> None:
    x = images()
    y = LAYERS[name](x.contiguous(memory_format=torch.channels_last))
    assert y.is_contiguous(memory_format=torch.channels_last)
    with pytest.raises(RuntimeError, match="view size is not compatible with input tensor's size and stride"):
        y.view(len(y), -1)
    if name not in ("dropout", "double"):
        assert torch.allclose(y, LAYERS[name](x))


def test_a_weight_with_its_channels_last_gives_such_a_result() -> None:
    weight = torch.ones(5, 3, 3, 3).contiguous(memory_format=torch.channels_last)
    x = images().requires_grad_()
    y = F.conv2d(x, weight)
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert y.grad_fn.name() == "ConvolutionBackward0"
    y.sum().backward()
    assert x.grad.sum().item() == 5 * 27 * 2 * 16


@pytest.mark.parametrize("name", [*ROWS, *(name for name in LAYERS if "pool" in name or "norm" in name), "cat"])
def test_other_orders_in_contiguous_out(name: str) -> None:
    turned = images().reshape(6, 6, 3, 2).permute(3, 2, 1, 0)
    y = (LAYERS | ROWS)[name](turned)
    assert y.is_contiguous()
    assert torch.allclose(y.double(), (LAYERS | ROWS)[name](turned.contiguous()).double(), rtol=1e-3)


@pytest.mark.parametrize("cast", [lambda x: x.clone(), lambda x: x.double(), lambda x: x.int(), lambda x: x.half()])
def test_copies_of_what_is_expanded_are_dense_in_c_order(cast: Callable[[Any], Any]) -> None:
    assert cast(torch.ones(1, 3).expand(4, 3)).stride() == (3, 1)
    assert cast(torch.ones(3, 1).expand(3, 4)).stride() == (4, 1)


@pytest.mark.parametrize("keep", [lambda x: x.clone(), lambda x: x + 1, lambda x: x.exp(), lambda x: x.double()])
def test_elementwise_results_keep_the_order_of_their_operand(keep: Callable[[Any], Any]) -> None:
    assert keep(torch.ones(2, 3).t()).stride() == (1, 3)
    assert keep(torch.ones(2, 3, 4).permute(2, 0, 1)).stride() == (1, 12, 4)
