"""The adaptive softmax: PyTorch's values for a seed, agreement of its parts, targets out of range."""

from __future__ import annotations

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet import nn

# Printed by PyTorch 2.13 after manual_seed(3).
LOG_PROB = [
    [-0.74894, -2.33213, -1.10568, -3.0443, -2.96757],
    [-2.20526, -0.85439, -1.46167, -2.20014, -2.10702],
]


@pytest.fixture
def seeded() -> tuple[nn.AdaptiveLogSoftmaxWithLoss, fnnet.Tensor]:
    fnnet.manual_seed(3)
    return nn.AdaptiveLogSoftmaxWithLoss(6, 5, [2, 3], div_value=2.0), fnnet.linspace(-1, 1, 12).reshape(2, 6)


def test_values_for_a_seed(seeded: tuple[nn.AdaptiveLogSoftmaxWithLoss, fnnet.Tensor]) -> None:
    layer, x = seeded
    found = layer(x, fnnet.tensor([0, 4]))
    np.testing.assert_allclose(found.output.detach().numpy(), [-0.74894, -2.10702], atol=1e-5)
    np.testing.assert_allclose(found.loss.item(), 1.42798, atol=1e-5)
    np.testing.assert_allclose(layer.log_prob(x).detach().numpy(), LOG_PROB, atol=1e-5)
    assert layer.predict(x).tolist() == [0, 1]
    assert type(found)._fields == ("output", "loss")


def test_state(seeded: tuple[nn.AdaptiveLogSoftmaxWithLoss, fnnet.Tensor]) -> None:
    layer, _ = seeded
    assert {name: tuple(t.shape) for name, t in layer.state_dict().items()} == {
        "head.weight": (4, 6), "tail.0.0.weight": (3, 6), "tail.0.1.weight": (1, 3), "tail.1.0.weight": (1, 6),
        "tail.1.1.weight": (2, 1),
    }  # fmt: skip
    assert (layer.cutoffs, layer.shortlist_size, layer.n_clusters, layer.head_size) == ([2, 3, 5], 2, 2, 4)
    biased = nn.AdaptiveLogSoftmaxWithLoss(6, 5, [2], head_bias=True, dtype=fnnet.float64)
    assert biased.head.bias is not None
    assert {t.dtype for t in biased.state_dict().values()} == {fnnet.float64}
    before = layer.head.weight.detach().clone()
    layer.reset_parameters()
    assert not fnnet.equal(layer.head.weight, before)


@pytest.mark.parametrize("targets", [[0, 1], [7, 8, 9], [0, 3, 5, 9, 4, 2]])
def test_parts_agree(targets: list[int]) -> None:
    """Whichever clusters the targets are in: what `forward` gathers stands in `log_prob`, with its gradient."""
    layer, x = (
        nn.AdaptiveLogSoftmaxWithLoss(16, 10, [3, 5], dtype=fnnet.float64),
        fnnet.randn(len(targets), 16).double(),
    )
    x.requires_grad_()
    target = fnnet.tensor(targets)
    found = layer(x, target)
    whole = layer.log_prob(x)
    np.testing.assert_allclose(whole.exp().sum(1).detach().numpy(), 1, rtol=1e-12)
    np.testing.assert_allclose(
        found.output.detach().numpy(), whole.gather(1, target[:, None])[:, 0].detach().numpy(), rtol=1e-12
    )
    mine, theirs = (fnnet.autograd.grad(loss, x)[0] for loss in (found.loss, F.nll_loss(whole, target)))
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), atol=1e-12)
    assert fnnet.equal(layer.predict(x), whole.argmax(1))


def test_one_example_without_a_batch() -> None:
    layer, x = nn.AdaptiveLogSoftmaxWithLoss(16, 10, [3, 5]), fnnet.randn(16)
    one, batch = layer(x, fnnet.tensor(4)), layer(x[None], fnnet.tensor([4]))
    assert one.output.shape == ()
    assert fnnet.equal(one.output, batch.output[0])
    assert fnnet.equal(one.loss, batch.loss)


@pytest.mark.parametrize(
    ("shape", "target", "phrase"),
    [
        ((2, 16), [0, 10], r"Target values should be in \[0, 9\], but values in range \[0, 10\] were found"),
        ((2, 16), [-1, 0], r"values in range \[-1, 0\]"),
        ((3, 16), [0, 1], "should have the same size in the batch dimension"),
        ((2, 1, 16), [0, 1], "1D target tensor expects 2D input tensors"),
        ((1, 16), 0, "0D target tensor expects 1D input tensors"),
        ((1, 16), [[0]], "multi-target not supported"),
    ],
)
def test_errors(shape: tuple[int, ...], target: object, phrase: str) -> None:
    layer = nn.AdaptiveLogSoftmaxWithLoss(16, 10, [3, 5])
    with pytest.raises(RuntimeError, match=phrase):
        layer(fnnet.zeros(shape), fnnet.tensor(target))
