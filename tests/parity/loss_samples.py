"""Samples of losses: every option of their constructors."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch.testing._internal.common_modules import ModuleInput

from tests.parity.spatial_samples import sample

REDUCTIONS = ("none", "sum", "mean")


def loss_samples(dtype: torch.dtype) -> dict[str, Callable[[], list[ModuleInput]]]:
    """By class name, what makes the samples."""

    def x(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=dtype, requires_grad=True)

    def signs(*shape: int) -> torch.Tensor:
        return torch.randint(2, shape) * 2 - 1

    def classes(n: int, *shape: int) -> torch.Tensor:
        return torch.randint(n, shape)

    def positive(*shape: int) -> torch.Tensor:
        return (torch.rand(*shape, dtype=dtype) + 0.1).requires_grad_()

    def weights(n: int) -> torch.Tensor:
        return torch.rand(n, dtype=dtype) + 0.5

    def scores(steps: int, *shape: int) -> torch.Tensor:
        return x(steps, *shape).detach().log_softmax(-1).requires_grad_()

    def each(*given: Any, forward: Callable[[], tuple[Any, ...]], **options: Any) -> list[ModuleInput]:
        """The same options with each reduction."""
        return [sample(*given, reduction=r, forward=forward(), **options) for r in REDUCTIONS]

    def l1(a: Any, b: Any) -> Any:
        return (a - b).abs().sum(-1)

    def aligned() -> list[ModuleInput]:
        made = []
        for blank, lost in itertools.product((0, 2), (False, True)):
            targets = torch.tensor([[1, 3, 1], [3, 1, 4], [1, 1, 1]])
            for lengths in ((7, 5, 7), (7, 5, 2)) if lost else ((7, 5, 6),):
                given = torch.tensor(lengths), torch.tensor([3, 1, 2])
                made += each(
                    blank, zero_infinity=lost, forward=lambda t=targets, g=given: (scores(7, 3, 5), t, *g)
                )  # fmt: skip
        together = torch.tensor([1, 3, 1, 3, 1, 1])
        made += each(forward=lambda: (scores(7, 3, 5), together, (7, 5, 6), (3, 1, 2)))
        made += each(forward=lambda: (scores(7, 5), together[:2].int(), torch.tensor(6), torch.tensor(2)))
        return made

    def triplet() -> tuple[Any, ...]:
        return x(6, 3), x(6, 3), x(6, 3)

    return {
        "CTCLoss": aligned,
        "CosineEmbeddingLoss": lambda: [
            *each(0.3, forward=lambda: (x(6, 3), x(6, 3), signs(6))), *each(forward=lambda: (x(3), x(3), signs())),
        ],
        "GaussianNLLLoss": lambda: [
            *each(full=True, eps=0.5, forward=lambda: (x(4, 3), x(4, 3), positive(4, 3))),
            *each(forward=lambda: (x(4, 3), x(4, 3), positive(4))),
            *each(full=True, forward=lambda: (x(4, 3), x(4, 3), positive(1, 3))),
            *each(forward=lambda: (x(4, 3), x(4, 3), 0.5)),
        ],
        "HingeEmbeddingLoss": lambda: each(0.4, forward=lambda: (x(6, 3), signs(6, 3))),
        "MarginRankingLoss": lambda: each(0.4, forward=lambda: (x(6, 3), x(6, 1), signs(6, 3))),
        "MultiLabelMarginLoss": lambda: [
            *each(forward=lambda: (x(2, 4), torch.tensor([[1, 2, -1, 0], [3, -1, 3, 1]]))),
            *each(forward=lambda: (x(4), torch.tensor([0, 0, 3, -1]))),
        ],
        "MultiLabelSoftMarginLoss": lambda: [
            *each(weights(4), forward=lambda: (x(3, 4), (x(3, 4) > 0).to(dtype))),
            *each(forward=lambda: (x(4), (x(4) > 0).to(dtype))),
        ],
        "MultiMarginLoss": lambda: [
            *each(2, 0.4, weights(5), forward=lambda: (x(6, 5), classes(5, 6))),
            *each(1, 0.4, forward=lambda: (x(6, 5), classes(5, 6))), *each(2, forward=lambda: (x(5), classes(5))),
        ],
        "PoissonNLLLoss": lambda: [
            *each(full=True, forward=lambda: (x(4, 3), classes(5, 4, 3))),
            *each(False, True, eps=0.1, forward=lambda: (positive(4, 3), classes(5, 4, 3).to(dtype))),
            *each(False, forward=lambda: (positive(4, 3), positive(3).detach())),
        ],
        "SoftMarginLoss": lambda: each(forward=lambda: (x(6, 3), signs(6, 3))),
        "TripletMarginLoss": lambda: [
            *each(forward=triplet), *each(2.0, 1.0, 1e-3, True, forward=triplet), *each(p=3.0, forward=triplet),
            *each(0.5, forward=lambda: (x(3), x(3), x(3))),
            *each(swap=True, forward=lambda: (x(4, 2, 3), x(4, 2, 3), x(1, 2, 3))),
        ],
        "TripletMarginWithDistanceLoss": lambda: [
            *each(forward=triplet), *each(distance_function=l1, margin=2.0, swap=True, forward=triplet),
            *each(distance_function=torch.pairwise_distance, forward=triplet),
        ],
    }  # fmt: skip
