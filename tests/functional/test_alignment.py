"""ctc_loss: numbers that PyTorch 2.13 prints, the sum over all alignments one by one, lengths, impossible targets."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F

SCORES = [[[0, 1, 2], [1, 0, 0.5]], [[0.5, 0.5, 0], [2, 1, 0]], [[1, 0, 1], [0, 0, 1]], [[0, 2, 1], [0.5, 1, 1.5]]]


def log_probs() -> fnnet.Tensor:
    """`(T, N, C) = (4, 2, 3)`."""
    return fnnet.tensor(SCORES, dtype=fnnet.float64).log_softmax(2).requires_grad_()


FIRST = [[-0.06641426, -0.5988267, 0.66524096], [0.04066075, -0.12910366, 0.08844291],
         [0.06729815, 0.06786815, -0.1351663], [-0.0904736, 0.66524096, -0.57476735]]  # fmt: skip
SECOND = [[-0.39771183, 0.18632372, 0.21138811], [-0.18236783, 0.24472847, -0.06236064],
          [-0.0115839, 0.21194156, -0.20035766], [-0.07449621, 0.30719589, -0.23269968]]  # fmt: skip
NOTHING = [[0.0] * 3] * 4

# PyTorch 2.13: what differs from targets [[1, 2], [2, 1]], input_lengths (4, 4), target_lengths (2, 1); the losses,
# their mean, and the gradient of their sum for each sequence
CASES: list[tuple[dict[str, Any], list[float], float, Any]] = [
    ({}, [2.64759989573302, 1.5566028098650693], 1.4402013788657895, [FIRST, SECOND]),
    ({"input_lengths": (4, 3)}, [2.64759989573302, 1.2202581722483932], 1.2720290600574515,
     [FIRST, [[-0.27293109, 0.18632372, 0.08660737], [-0.13916686, 0.24472847, -0.10556161],
              [0.0125942, 0.21194156, -0.22453576], [0.0, 0.0, 0.0]]]),
    ({"target_lengths": (2, 0)}, [2.64759989573302, 4.3195900196599], 2.821694983763205,
     [FIRST, [[-0.49351961, 0.18632372, 0.30719589], [-0.33475904, 0.24472847, 0.09003057],
              [-0.78805844, 0.21194156, 0.57611688], [-0.81367628, 0.30719589, 0.50648039]]]),
    ({"targets": [[1, 1], [2, 1]]}, [2.6107829341554876, 1.5566028098650693], 1.4309971384714064,
     [[[-0.04203669, -0.62320426, 0.66524096], [-0.12528495, -0.10741159, 0.23269654],
       [-0.42774057, 0.00542178, 0.4223188], [0.07215721, -0.31688568, 0.24472847]], SECOND]),
    ({"blank": 2, "targets": [[1, 0], [0, 0]]}, [2.27427320053636, 1.3557290714453907], 1.2464328358567853,
     [[[0.09003057, -0.25444487, 0.1644143], [0.16028913, -0.27262774, 0.11233861],
       [-0.26475441, 0.08684613, 0.17790828], [-0.31334844, 0.66524096, -0.35189251]],
      [[-0.1184911, 0.18632372, -0.06783262], [-0.25586703, 0.24472847, 0.01113856],
       [-0.11216264, 0.21194156, -0.09977891], [0.08764087, 0.30719589, -0.39483676]]]),
    ({"input_lengths": (2, 4), "targets": [[1, 1], [2, 1]], "zero_infinity": True}, [0.0, 1.5566028098650693],
     0.7783014049325346, [NOTHING, SECOND]),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "losses", "mean", "slopes"), CASES)
def test_ctc_loss(changed: dict[str, Any], losses: list[float], mean: float, slopes: Any) -> None:
    options = {"targets": [[1, 2], [2, 1]], "input_lengths": (4, 4), "target_lengths": (2, 1), **changed}
    options["targets"] = fnnet.tensor(options["targets"])
    x = log_probs()
    np.testing.assert_allclose(F.ctc_loss(x, reduction="none", **options).tolist(), losses, rtol=1e-12)
    assert F.ctc_loss(x, **options).item() == pytest.approx(mean, rel=1e-12)
    total = F.ctc_loss(x, reduction="sum", **options)
    assert total.item() == pytest.approx(sum(losses), rel=1e-12)
    found = fnnet.autograd.grad(total, x)[0].numpy()
    np.testing.assert_allclose(found.transpose(1, 0, 2), slopes, atol=1e-8)


def alignments(target: tuple[int, ...], steps: int, classes: int) -> list[tuple[int, ...]]:
    """All paths that say `target`: without repetitions, and then without blanks (class 0)."""
    paths = itertools.product(range(classes), repeat=steps)
    return [p for p in paths if tuple(c for c, _ in itertools.groupby(p) if c) == target]


@pytest.mark.parametrize("target", [(), (1,), (2, 1), (1, 1), (1, 2, 1), (2, 2, 2)])
def test_it_is_the_sum_over_all_alignments(target: tuple[int, ...]) -> None:
    rng = np.random.default_rng(len(target))
    p = rng.dirichlet(np.ones(3), 5)
    exact = sum(math.prod(p[t, c] for t, c in enumerate(path)) for path in alignments(target, 5, 3))
    x = fnnet.tensor(np.log(p))
    loss = F.ctc_loss(x, fnnet.tensor(target, dtype=fnnet.int64), (5,), (len(target),), reduction="none")
    assert loss.shape == ()
    assert loss.item() == pytest.approx(-math.log(exact), rel=1e-12)


def test_targets_and_lengths_come_in_many_forms() -> None:
    x, padded = log_probs(), fnnet.tensor([[1, 2], [2, 1]])
    expected = F.ctc_loss(x, padded, (4, 4), (2, 1), reduction="none").tolist()
    lengths = fnnet.tensor([4, 4]), fnnet.tensor([2, 1])
    for targets, ins, outs in (
        (padded, *lengths),
        (padded.int(), lengths[0].int(), lengths[1].to(fnnet.uint8)),
        (fnnet.tensor([1, 2, 2]), (4, 4), (2, 1)),
        (fnnet.tensor([1, 2, 2], dtype=fnnet.int32), *lengths),
        (fnnet.tensor([[1, 2, 77], [2, -5, 0]]), *lengths),
    ):
        assert F.ctc_loss(x, targets, ins, outs, reduction="none").tolist() == expected
    one = [F.ctc_loss(x[:, 0], t, i, o, reduction="none") for t, i, o in (
        (padded[0], fnnet.tensor(4), fnnet.tensor(2)), (padded[:1], (4,), (2,)), (padded[0], [4], [2]))]  # fmt: skip
    assert [(t.shape, t.item()) for t in one] == [((), expected[0])] * 3


def test_targets_that_are_too_long_are_infinitely_unlikely() -> None:
    x, targets = log_probs(), fnnet.tensor([[1, 1], [2, 1]])
    loss = F.ctc_loss(x, targets, (2, 4), (2, 1), reduction="none")
    assert loss[0].item() == math.inf
    slopes = fnnet.autograd.grad(loss.sum(), x)[0].numpy()
    assert np.isnan(slopes[:2, 0]).all()
    assert (slopes[2:, 0] == 0).all()
    assert np.isfinite(slopes[:, 1]).all()


def test_without_input_only_nothing_can_be_said() -> None:
    x = log_probs()
    loss = F.ctc_loss(x, fnnet.tensor([[1], [2]]), (0, 0), (0, 1), reduction="none")
    assert loss.tolist() == [0.0, math.inf]
    assert (fnnet.autograd.grad(loss.sum(), x)[0].numpy() == 0).all()
    assert F.ctc_loss(x, fnnet.tensor([], dtype=fnnet.int64), (4, 4), (0, 0), reduction="none").tolist() == [
        pytest.approx(-x[:, n, 0].sum().item()) for n in (0, 1)
    ]


def test_impossible_classes_leave_the_others_finite() -> None:
    x = fnnet.tensor([[[0.0, -math.inf, -math.inf]], [[-math.inf, 0.0, -math.inf]]], requires_grad=True)
    loss = F.ctc_loss(x, fnnet.tensor([[1]]), (2,), (1,))
    assert loss.item() == 0.0
    assert (fnnet.autograd.grad(loss, x)[0].numpy() == 0).all()  # the only alignment has all the probability


def test_float32_over_many_steps() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(5), (300, 2))
    targets = fnnet.tensor(rng.integers(1, 5, (2, 40)))
    losses = [F.ctc_loss(fnnet.tensor(np.log(p), dtype=d), targets, (300, 280), (40, 30)) for d in
              (fnnet.float32, fnnet.float64)]  # fmt: skip
    assert losses[0].dtype is fnnet.float32
    assert losses[0].item() == pytest.approx(losses[1].item(), rel=1e-5)


def test_derivatives_by_the_scores() -> None:
    """Through log_softmax, of both orders; PyTorch has the first alone."""
    x = fnnet.tensor(SCORES, dtype=fnnet.float64, requires_grad=True)
    targets = fnnet.tensor([[1, 2], [2, 1]])
    for lengths, reduction in (((4, 4), "mean"), ((3, 4), "none"), ((2, 3), "sum")):

        def run(x: Any, lengths: Any = lengths, reduction: str = reduction) -> Any:
            return F.ctc_loss(x.log_softmax(2), targets, lengths, (2, 1), reduction=reduction)

        assert fnnet.autograd.gradcheck(run, (x,))
        assert fnnet.autograd.gradgradcheck(run, (x,), fast_mode=True)
