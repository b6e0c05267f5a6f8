"""Losses as modules: what they hold and print (as PyTorch 2.13 does), and that every option reaches the function."""

from __future__ import annotations

from typing import Any

import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet import nn

X, Y, Z = fnnet.tensor([[1.0, 2.0, -1.0], [0.5, -2.0, 3.0]]), fnnet.tensor([[0.5, 1.0, 0.0], [2.0, 1.0, 1.0]]), (
    fnnet.tensor([[0.0, 0.5, 2.0], [1.0, 3.0, 0.25]])
)  # fmt: skip
SIGNS, CLASSES, LISTS = fnnet.tensor([1, -1]), fnnet.tensor([2, 0]), fnnet.tensor([[2, 0, -1], [1, -1, 0]])
WEIGHT = fnnet.tensor([1.0, 2.0, 0.5])
SCORES = fnnet.stack([X, Y, Z]).log_softmax(2)


def distance(x: Any, y: Any) -> Any:
    return (x - y).abs().sum(1)


# a module's arguments, those of forward, the function, its options
CASES: list[tuple[Any, tuple[Any, ...], Any, dict[str, Any]]] = [
    (nn.CTCLoss(2, "sum", True), (SCORES, CLASSES[:, None], (3, 0), (1, 1)), F.ctc_loss,
     {"blank": 2, "reduction": "sum", "zero_infinity": True}),
    (nn.CosineEmbeddingLoss(-0.5, reduction="none"), (X, Y, SIGNS), F.cosine_embedding_loss,
     {"margin": -0.5, "reduction": "none"}),
    (nn.GaussianNLLLoss(full=True, eps=0.75, reduction="sum"), (X, Y, Y), F.gaussian_nll_loss,
     {"full": True, "eps": 0.75, "reduction": "sum"}),
    (nn.HingeEmbeddingLoss(1.5, reduction="sum"), (Y, SIGNS[:, None]), F.hinge_embedding_loss,
     {"margin": 1.5, "reduction": "sum"}),
    (nn.MarginRankingLoss(0.5, reduction="none"), (X, Y, SIGNS[:, None]), F.margin_ranking_loss,
     {"margin": 0.5, "reduction": "none"}),
    (nn.MultiLabelMarginLoss(reduction="none"), (X, LISTS), F.multilabel_margin_loss, {"reduction": "none"}),
    (nn.MultiLabelSoftMarginLoss(WEIGHT, reduction="none"), (X, Y), F.multilabel_soft_margin_loss,
     {"weight": WEIGHT, "reduction": "none"}),
    (nn.MultiMarginLoss(2, 0.5, WEIGHT, reduction="none"), (X, CLASSES), F.multi_margin_loss,
     {"p": 2, "margin": 0.5, "weight": WEIGHT, "reduction": "none"}),
    (nn.PoissonNLLLoss(False, True, eps=0.5, reduction="sum"), (Y, Z), F.poisson_nll_loss,
     {"log_input": False, "full": True, "eps": 0.5, "reduction": "sum"}),
    (nn.SoftMarginLoss(reduction="none"), (X, SIGNS[:, None]), F.soft_margin_loss, {"reduction": "none"}),
    (nn.TripletMarginLoss(4.0, 1.0, 0.5, True, reduction="none"), (X, Y, Z), F.triplet_margin_loss,
     {"margin": 4.0, "p": 1.0, "eps": 0.5, "swap": True, "reduction": "none"}),
    (nn.TripletMarginWithDistanceLoss(distance_function=distance, margin=4.0, swap=True, reduction="none"), (X, Y, Z),
     F.triplet_margin_with_distance_loss,
     {"distance_function": distance, "margin": 4.0, "swap": True, "reduction": "none"}),
]  # fmt: skip


@pytest.mark.parametrize(("module", "args", "function", "options"), CASES, ids=[type(c[0]).__name__ for c in CASES])
def test_every_option_reaches_the_function(module: Any, args: Any, function: Any, options: dict[str, Any]) -> None:
    assert module(*args).tolist() == function(*args, **options).tolist()
    for name in options:
        others = {key: value for key, value in options.items() if key != name}
        assert function(*args, **others).tolist() != module(*args).tolist(), f"{name} makes no difference here"
    assert list(module.state_dict()) == (["weight"] if "weight" in options else [])
    assert repr(module) == f"{type(module).__name__}()"


@pytest.mark.parametrize(
    "make",
    [nn.CosineEmbeddingLoss, nn.HingeEmbeddingLoss, nn.MarginRankingLoss, nn.MultiLabelMarginLoss,
     nn.MultiLabelSoftMarginLoss, nn.MultiMarginLoss, nn.PoissonNLLLoss, nn.SoftMarginLoss, nn.TripletMarginLoss],
)  # fmt: skip
def test_deprecated_reductions(make: Any) -> None:
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        assert make(size_average=False).reduction == "sum"
    with pytest.warns(UserWarning, match="please use reduction='none' instead"):
        assert make(reduce=False).reduction == "none"
    assert make().reduction == "mean"


def test_the_distance_of_triplets_is_a_module_by_default() -> None:
    loss = nn.TripletMarginWithDistanceLoss()
    assert repr(loss) == "TripletMarginWithDistanceLoss(\n  (distance_function): PairwiseDistance()\n)"
    assert loss(X, Y, Z).item() == nn.TripletMarginLoss()(X, Y, Z).item()


def test_linear_cross_entropy_loss() -> None:
    options = nn.LinearCrossEntropyOptions(batch_chunk_size=1)
    fnnet.manual_seed(0)
    loss = nn.LinearCrossEntropyLoss(3, 4, bias=True, weight=fnnet.ones(4), ignore_index=1, options=options)
    fnnet.manual_seed(0)
    linear = nn.Linear(3, 4)
    assert list(loss.state_dict()) == ["weight", "linear.weight", "linear.bias"]
    assert loss.linear.weight.tolist() == linear.weight.tolist()
    assert repr(loss) == (
        "LinearCrossEntropyLoss(\n"
        "  in_features=3, num_classes=4, out_features=(), bias=True, reduction=mean, ignore_index=1, "
        "label_smoothing=0.0, options=LinearCrossEntropyOptions(allow_retain_graph=False, batch_chunk_size=1, "
        "chunking_method='auto', acc_policy='auto', acc_dtype=None)\n"
        "  (linear): Linear(in_features=3, out_features=4, bias=True)\n)"
    )
    expected = F.cross_entropy(linear(X), fnnet.tensor([1, 3]), ignore_index=1)
    assert loss(X, fnnet.tensor([1, 3])).item() == pytest.approx(expected.item())


def test_linear_cross_entropy_loss_of_more_dims() -> None:
    fnnet.manual_seed(0)
    loss = nn.LinearCrossEntropyLoss(3, 4, out_features=(2, 5), reduction="none", label_smoothing=0.5)
    assert loss.linear.weight.shape == (40, 3)
    assert loss.linear.bias is None
    target = fnnet.arange(20).reshape(2, 2, 5) % 4
    expected = F.cross_entropy(loss.linear(X).reshape(2, 4, 2, 5), target, reduction="none", label_smoothing=0.5)
    assert loss(X, target).tolist() == expected.tolist()
