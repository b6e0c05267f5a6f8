"""nn.functional beyond PyTorch's table of operators: what it lacks, what it is thin on, and every signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as torch_functional

import fnnet.nn.functional as fnnet_functional
from tests.parity import entries, oracle
from tests.parity import samples as s

Record = Callable[[str, object], None]


class Case(NamedTuple):
    """A piece of code that runs in both frameworks: `run(F, *tensors)`, tensors of the given shapes."""

    run: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]


def case(run: Callable[..., Any], *shapes: tuple[int, ...]) -> Case:
    return Case(run, shapes)


def running_statistics(F: Any, x: Any) -> Any:
    mean, var = x.new_zeros(3), x.new_ones(3)
    y = F.batch_norm(x, mean, var, training=True, momentum=0.3)
    return y, mean, var, F.batch_norm(x, mean, var)


def in_place_statistics(F: Any, x: Any) -> Any:
    mean, var = x.new_zeros(3), x.new_ones(3)
    return F.instance_norm(x, mean, var, momentum=0.2), mean, var


def renormed(F: Any, weight: Any) -> Any:
    weight = weight.detach().clone()
    index = weight.new_ones(3, dtype=None).long().cumsum(0)
    return F.embedding(index, weight, max_norm=0.5), weight


def weights(w: Any) -> Any:
    """Positive, and wanting no gradient: PyTorch has none for weights."""
    return w.detach().abs() + 0.1


def positive(x: Any) -> Any:
    """Labels 0 and 1 for logits x."""
    return (x.detach() > 0.2).to(x.dtype)


def targets(x: Any) -> Any:
    """A class per row of x."""
    return x.detach().argmax(1)


def signs(x: Any) -> Any:
    """1 and -1."""
    return positive(x) * 2 - 1


CASES: dict[str, list[Case]] = {
    "affine_grid": [
        case(lambda F, t: F.affine_grid(t, (2, 3, 4, 5), align_corners=True), (2, 2, 3)),
        case(lambda F, t: F.affine_grid(t, (2, 3, 4, 5, 6), align_corners=False), (2, 3, 4)),
    ],
    "avg_pool1d": [case(lambda F, x: F.avg_pool1d(x, 3, 2, 1, count_include_pad=False), (2, 3, 8))],
    "avg_pool2d": [
        case(lambda F, x: F.avg_pool2d(x, (3, 2), 2, 1, ceil_mode=True, count_include_pad=False), (2, 3, 8, 7)),
        case(lambda F, x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, divisor_override=4), (3, 8, 7)),
    ],
    "avg_pool3d": [case(lambda F, x: F.avg_pool3d(x, 2, (1, 2, 1), 1, count_include_pad=False), (1, 2, 4, 5, 3))],
    "batch_norm": [case(running_statistics, (4, 3, 5)), case(running_statistics, (6, 3))],
    "instance_norm": [case(in_place_statistics, (4, 3, 5))],
    "binary_cross_entropy": [
        case(lambda F, x, w: F.binary_cross_entropy(x.sigmoid(), positive(x), weights(w), size_average=False),
             (3, 4), (3, 4)),
        case(lambda F, x: F.binary_cross_entropy(x.detach() * 0, x.detach() * 0 + 1), (3,)),
    ],
    "binary_cross_entropy_with_logits": [
        case(lambda F, x, w: F.binary_cross_entropy_with_logits(x, positive(x), pos_weight=weights(w), reduce=False),
             (3, 4), (4,)),
    ],
    # A power of two: PyTorch's backward rounds 1 / alpha to float32.
    "celu_": [case(lambda F, x: F.celu_(x.clone(), 2.0), (4, 5))],
    "elu_": [case(lambda F, x: F.elu_(x.clone(), 1.3), (4, 5))],
    "selu_": [case(lambda F, x: F.selu_(x.clone()), (4, 5))],
    "relu_": [case(lambda F, x: F.relu_(x.clone()), (4, 5))],
    "hardtanh_": [case(lambda F, x: F.hardtanh_(x.clone(), -0.5, 0.7), (4, 5))],
    "leaky_relu_": [case(lambda F, x: F.leaky_relu_(x.clone(), 0.2), (4, 5))],
    "threshold_": [case(lambda F, x: F.threshold_(x.clone(), 0.1, -3.0), (4, 5))],
    "rrelu_": [
        case(lambda F, x: F.rrelu_(x.clone(), training=True), (4, 5)),
        case(lambda F, x: F.rrelu_(x.clone()), (4, 5)),
    ],
    "sigmoid": [case(lambda F, x: F.sigmoid(x), (4, 5))],
    "tanh": [case(lambda F, x: F.tanh(x), (4, 5))],
    "softmax": [
        case(lambda F, x: F.softmax(x, 1), (3, 4, 2)), case(lambda F, x: F.softmax(x, -1), (3, 4)),
        case(lambda F, x: F.softmax(x), (3, 4)), case(lambda F, x: F.softmax(x, dim=0, dtype=x.dtype), (3, 4)),
    ],
    "log_softmax": [case(lambda F, x: F.log_softmax(x, 1), (3, 4, 2)), case(lambda F, x: F.log_softmax(x), (3, 4))],
    "gumbel_softmax": [
        case(lambda F, x: F.gumbel_softmax(x, 0.7), (3, 4)), case(lambda F, x: F.gumbel_softmax(x, hard=True), (3, 4)),
    ],
    "dropout": [
        case(lambda F, x, p=p: F.dropout(x, p), (50, 7)) for p in (0.0, 0.3, 0.5, 1.0)
    ] + [case(lambda F, x: F.dropout(x.clone(), 0.4, inplace=True), (50, 7))],
    "dropout1d": [case(lambda F, x: F.dropout1d(x, 0.4), (6, 5, 3)), case(lambda F, x: F.dropout1d(x), (5, 3))],
    "dropout2d": [case(lambda F, x: F.dropout2d(x, 0.4), (6, 5, 3, 2))],
    "dropout3d": [case(lambda F, x: F.dropout3d(x, 0.4), (6, 5, 3, 2, 2))],
    "feature_alpha_dropout": [case(lambda F, x: F.feature_alpha_dropout(x, 0.4, True), (6, 5, 3))],
    "embedding": [case(renormed, (5, 4))],
    "fold": [
        case(lambda F, x: F.fold(x, (4, 5), (2, 3), stride=(1, 2), padding=(0, 1)), (2, 12, 9)),
        case(lambda F, x: F.fold(x, 6, 2, dilation=2), (8, 16)),
    ],
    "lp_pool1d": [
        case(lambda F, x: F.lp_pool1d(x.abs() + 1, 2, 3, 2), (2, 3, 9)),
        case(lambda F, x: F.lp_pool1d(x.abs() + 1, 1.5, 3, ceil_mode=True), (3, 8)),
    ],
    "lp_pool2d": [case(lambda F, x: F.lp_pool2d(x.abs() + 1, 3, (2, 3), ceil_mode=True), (2, 3, 7, 8))],
    "lp_pool3d": [case(lambda F, x: F.lp_pool3d(x.abs() + 1, 2, 2, 1), (1, 2, 4, 3, 3))],
    "max_pool2d": [
        case(lambda F, x: F.max_pool2d(x, 3, 2, 1, dilation=(1, 2), ceil_mode=True, return_indices=True), (2, 3, 9, 8)),
    ],
    "cross_entropy": [
        case(lambda F, x: F.cross_entropy(x, targets(x), size_average=False), (4, 5, 3)),
        case(lambda F, x: F.cross_entropy(x, targets(x), reduce=False, ignore_index=2, label_smoothing=0.2), (6, 5)),
        case(lambda F, x, w: F.cross_entropy(x, targets(x), weights(w), ignore_index=1, label_smoothing=0.1),
             (6, 5), (5,)),
        case(lambda F, x, t, w: F.cross_entropy(x, t.softmax(1), weights(w), label_smoothing=0.1), (4, 5, 2), (4, 5, 2),
             (5,)),
    ],
    "nll_loss": [
        case(lambda F, x, w: F.nll_loss(x, targets(x), weights(w), ignore_index=0), (6, 5, 2, 3), (5,)),
        case(lambda F, x: F.nll_loss(x, targets(x), size_average=True, reduce=True), (6, 5)),
    ],
    "cosine_embedding_loss": [
        case(lambda F, x, y, t: F.cosine_embedding_loss(x, y, signs(t), 0.2, size_average=False), (5, 3), (5, 3), (5,)),
        case(lambda F, x, t: F.cosine_embedding_loss(x, x * 0, signs(t), reduction="none"), (5, 3), (5,)),
    ],
    "gaussian_nll_loss": [
        case(lambda F, x, y: F.gaussian_nll_loss(x, y, 0.3, True), (3, 4), (3, 4)),
        case(lambda F, x, y, v: F.gaussian_nll_loss(x, y, v.abs(), eps=0.5, reduction="sum"), (2, 3, 4), (2, 3, 4),
             (2, 3)),
    ],
    "hinge_embedding_loss": [
        case(lambda F, x, t: F.hinge_embedding_loss(x, signs(t), 0.5, reduce=False), (3, 4), (4,)),
    ],
    "linear_cross_entropy": [
        case(lambda F, x, w: F.linear_cross_entropy(x, w, targets(x) * 0 + 1, label_smoothing=0.2), (5, 3), (4, 3)),
    ],
    "margin_ranking_loss": [
        case(lambda F, x, y, t: F.margin_ranking_loss(x, y, signs(t), 0.5, reduce=False), (3, 4), (1, 4), (3, 4)),
    ],
    "multilabel_soft_margin_loss": [
        case(lambda F, x, w: F.multilabel_soft_margin_loss(x, positive(x), w, size_average=False), (3, 4), (4,)),
    ],
    "poisson_nll_loss": [
        case(lambda F, x, y: F.poisson_nll_loss(x.abs(), y.abs() + 0.5, False, True, eps=0.1, reduce=False), (3, 4),
             (4,)),
    ],
    "soft_margin_loss": [
        case(lambda F, x, t: F.soft_margin_loss(x, signs(t), size_average=False), (3, 4), (4,)),
    ],
    "triplet_margin_loss": [
        case(lambda F, *xs: F.triplet_margin_loss(*xs, 0.5, 3, 0.1, True, reduce=False), (3, 4), (3, 4), (1, 4)),
    ],
    "triplet_margin_with_distance_loss": [
        case(lambda F, *xs: F.triplet_margin_with_distance_loss(
            *xs, distance_function=lambda a, b: (a * b).sum(-1), margin=2, swap=True, reduction="sum"), (3, 4), (3, 4),
             (3, 4)),
    ],
    "mse_loss": [
        case(lambda F, x, y: F.mse_loss(x, y, reduce=False), (3, 4), (3, 4)),
        case(lambda F, x, y, w: F.mse_loss(x, y, weight=w.abs()), (3, 4), (3, 4), (3, 4)),
    ],
    "pad": [
        case(lambda F, x, mode=mode: F.pad(x, (1, 2, 0, 1), mode), (2, 3, 4, 5))
        for mode in ("reflect", "replicate", "circular")
    ] + [case(lambda F, x: F.pad(x, (-1, 2, 1, -1), value=0.5), (3, 4))],
}  # fmt: skip

HAS = entries.covered(entries.FUNCTIONS) if entries.present() else frozenset(CASES)


def compare(code: Case, dtype: torch.dtype, *, gradients: bool) -> str | None:
    """Values, or gradients of both orders, of one case."""
    torch.manual_seed(5)
    inputs = tuple(torch.randn(shape, dtype=dtype, requires_grad=gradients) for shape in code.shapes)
    call = s.Call(s.sample(inputs))
    theirs = call.oracle(lambda *tensors: code.run(torch_functional, *tensors))
    mine = call.fnnet(lambda *tensors: code.run(fnnet_functional, *tensors))
    if not gradients:
        return oracle.difference(mine, theirs)
    pairs = zip(oracle.flat(mine), oracle.flat(theirs), strict=True)
    both = [(m, t) for m, t in pairs if t.requires_grad]
    return s.order(both, call.translate.leaves(), second=True) if both else None


@pytest.mark.parametrize("name", sorted(CASES.keys() & HAS))
def test_own_cases(name: str, record_property: Record) -> None:
    record_property("parity", f"nn.functional.{name}")
    report = oracle.Report()
    for at, code in enumerate(CASES[name]):
        report.attempt(f"case {at}, float32", compare, code, torch.float32, gradients=False)
        report.attempt(f"case {at}, float64", compare, code, torch.float64, gradients=False)
        report.attempt(f"case {at}, gradients", compare, code, torch.float64, gradients=True)
    report.close()


def arguments(function: Any) -> list[inspect.Parameter] | None:
    """The arguments; None where Python doesn't know them."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except ValueError:
        return None
    return None if any(p.kind is p.VAR_POSITIONAL for p in found) else found


@pytest.mark.parametrize("name", entries.parameters(HAS))
def test_signature(name: str, record_property: Record) -> None:
    """PyTorch's arguments where Python knows them: those of builtins stand in PyTorch's documentation alone.

    `out=` may be added: what is `torch.tanh` and `torch.nn.functional.tanh` there is one function here.
    """
    record_property("parity", f"nn.functional.{name}")
    theirs = arguments(getattr(torch_functional, name))
    if theirs is not None:
        mine = arguments(getattr(fnnet_functional, name)) or []
        known = {p.name for p in theirs}
        kept = [p for p in mine if p.name in known or p.name != "out"]
        assert [(p.name, p.kind, p.default) for p in kept] == [(p.name, p.kind, p.default) for p in theirs]
