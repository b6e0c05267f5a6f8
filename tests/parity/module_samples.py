"""Samples for module classes that PyTorch's table lacks, and for options that it leaves out."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.testing._internal.common_modules import ModuleInput

from tests.parity.loss_samples import loss_samples
from tests.parity.spatial_samples import sample, spatial_samples


def own_samples(dtype: torch.dtype) -> dict[str, Callable[[], list[ModuleInput]]]:
    """By class name, what makes the samples."""

    def x(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=dtype, requires_grad=True)

    def one_of(n: int, *shape: int) -> torch.Tensor:
        return torch.randint(n, shape)

    table: dict[str, Callable[[], list[ModuleInput]]] = {
        "AdaptiveLogSoftmaxWithLoss": lambda: [
            sample(12, 9, [3, 6], dtype=dtype, forward=(x(7, 12), one_of(9, 7))),
            sample(16, 9, (2, 5), div_value=2.0, head_bias=True, dtype=dtype, forward=(x(5, 16), one_of(9, 5))),
            sample(12, 9, [4], dtype=dtype, forward=(x(12), one_of(9))),
        ],
        "CosineSimilarity": lambda: [
            sample(forward=(x(4, 3), x(4, 3))), sample(dim=-1, eps=0.5, forward=(x(2, 1, 3), x(4, 3))),
        ],
        "EmbeddingBag": lambda: [
            sample(6, 3, mode=mode, padding_idx=padding, dtype=dtype, forward=(one_of(6, 2, 4),))
            for mode in ("sum", "mean", "max") for padding in (None, -2)
        ] + [
            sample(6, 3, max_norm=1.0, norm_type=1.0, dtype=dtype, forward=(one_of(6, 7), torch.tensor([0, 3, 3]))),
            sample(6, 3, include_last_offset=True, dtype=dtype, forward=(one_of(6, 7), torch.tensor([0, 3, 7]))),
            sample(6, 3, mode="sum", dtype=dtype, forward=(one_of(6, 7), torch.tensor([0, 3]), x(7))),
            sample(6, 3, mode="sum", _weight=torch.ones(6, 3, dtype=dtype), forward=(one_of(6, 2, 4),)),
            # each row once: PyTorch divides by another row's frequency
            sample(6, 3, scale_grad_by_freq=True, dtype=dtype, forward=(torch.tensor([[1, 4], [0, 2]]),)),
        ],
        "PairwiseDistance": lambda: [
            sample(forward=(x(4, 3), x(4, 3))), sample(p=3, eps=0.1, keepdim=True, forward=(x(4, 3), x(3))),
        ],
        "Upsample": lambda: [
            sample(scale_factor=1.7, mode=mode, recompute_scale_factor=again, forward=(x(2, 3, *shape),))
            for mode, shape in (
                ("nearest", (5,)), ("nearest-exact", (4, 5)), ("area", (3, 4, 5)), ("linear", (5,)),
                ("bilinear", (4, 5)), ("bicubic", (4, 5)), ("trilinear", (3, 4, 5)),
            )
            for again in (None, True)
        ] + [
            sample(size=(3, 7), mode="bicubic", align_corners=True, forward=(x(2, 3, 4, 5),)),
            sample(scale_factor=(2, 0.5), mode="bilinear", align_corners=False, forward=(x(2, 3, 4, 5),)),
            sample(4, forward=(x(2, 3, 5),)),
        ],
        "UpsamplingBilinear2d": lambda: [
            sample(scale_factor=2, forward=(x(2, 3, 4, 5),)), sample((3, 7), forward=(x(2, 3, 4, 5),)),
        ],
        "UpsamplingNearest2d": lambda: [
            sample(scale_factor=(1.5, 2), forward=(x(2, 3, 4, 5),)), sample(7, forward=(x(2, 3, 4, 5),)),
        ],
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
        **loss_samples(dtype),
        **spatial_samples(dtype),
    }  # fmt: skip
    for dropout, shape in (
        ("Dropout", (40, 5)), ("Dropout1d", (6, 5, 4)), ("Dropout2d", (6, 5, 4, 3)), ("Dropout3d", (6, 5, 4, 3, 2)),
        ("AlphaDropout", (40, 5)), ("FeatureAlphaDropout", (6, 5, 4)),
    ):  # fmt: skip
        table[dropout] = lambda shape=shape: [sample(p, forward=(x(*shape),)) for p in (0.5, 0.2, 0.0, 1.0)]
    return table
