"""Samples for module classes that PyTorch's table lacks, and for options that it leaves out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.testing._internal.common_modules import ModuleInput

from tests.parity.spatial_samples import sample, spatial_samples


def own_samples(dtype: torch.dtype) -> dict[str, Callable[[], list[ModuleInput]]]:
    """By class name, what makes the samples."""

    def x(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=dtype, requires_grad=True)

    table: dict[str, Callable[[], list[ModuleInput]]] = {
        "AvgPool2d": lambda: [
            sample(3, 2, 1, count_include_pad=False, forward=(x(2, 3, 7, 6),)),
            sample((3, 2), ceil_mode=True, divisor_override=5, forward=(x(2, 3, 7, 6),)),
        ],
        "BatchNorm1d": lambda: [
            sample(3, momentum=None, forward=(x(5, 3),)),
            sample(3, track_running_stats=False, bias=False, forward=(x(5, 3, 2),)),
        ],
        "Conv2d": lambda: [
            sample(4, 6, (3, 2), stride=(2, 1), padding=(2, 1), dilation=(1, 2), groups=2, bias=False,
                   padding_mode=mode, forward=(x(2, 4, 9, 8),))
            for mode in ("zeros", "reflect", "replicate", "circular")
        ] + [sample(4, 2, (2, 3), padding="same", padding_mode="circular", forward=(x(4, 6, 5),))],
        "Embedding": lambda: [
            sample(5, 3, padding_idx=-1, scale_grad_by_freq=True, forward=(torch.tensor([[1, 4, 1], [0, 2, 2]]),)),
        ],
        "Flatten": lambda: [sample(forward=(x(2, 3, 4, 5),)), sample(0, 1, forward=(x(2, 3, 4),))],
        "Hardsigmoid": lambda: [sample(forward=(4 * x(20).detach().requires_grad_(),))],
        "Identity": lambda: [sample(1, unused=2, forward=(x(3),))],
        "MaxPool2d": lambda: [sample(3, 2, 1, dilation=(1, 2), ceil_mode=True, forward=(x(2, 3, 9, 8),))],
        "ModuleDict": lambda: [sample({"a": torch.nn.Linear(2, 3)}, forward=())],
        "ModuleList": lambda: [sample([torch.nn.Linear(2, 3) for _ in range(3)], forward=())],
        "RReLU": lambda: [sample(0.1, 0.4, forward=(x(40),))],
        "Sequential": lambda: [
            sample(torch.nn.Linear(2, 3, dtype=dtype), torch.nn.ReLU(), torch.nn.Linear(3, 1, dtype=dtype),
                   forward=(x(4, 2),)),
        ],
        "Unflatten": lambda: [sample(1, (2, -1), forward=(x(3, 6, 2),))],
        **spatial_samples(dtype),
    }  # fmt: skip
    for dropout, shape in (
        ("Dropout", (40, 5)), ("Dropout1d", (6, 5, 4)), ("Dropout2d", (6, 5, 4, 3)), ("Dropout3d", (6, 5, 4, 3, 2)),
        ("AlphaDropout", (40, 5)), ("FeatureAlphaDropout", (6, 5, 4)),
    ):  # fmt: skip
        table[dropout] = lambda shape=shape: [sample(p, forward=(x(*shape),)) for p in (0.5, 0.2, 0.0, 1.0)]
    return table
