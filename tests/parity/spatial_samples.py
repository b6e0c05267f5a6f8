"""Samples of modules over images and their like: every option of pooling, transposed convolution and their kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.testing._internal.common_modules import FunctionInput, ModuleInput

INF = float("inf")


def sample(*args: Any, forward: tuple[Any, ...], **options: Any) -> ModuleInput:
    return ModuleInput(FunctionInput(*args, **options), FunctionInput(*forward))


def spatial_samples(dtype: torch.dtype) -> dict[str, Callable[[], list[ModuleInput]]]:
    """By class name, what makes the samples."""

    def x(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=dtype, requires_grad=True)

    def pooled(d: int, *shape: int, **options: Any) -> tuple[torch.Tensor, torch.Tensor]:
        y, at = getattr(torch.nn, f"MaxPool{d}d")(**options, return_indices=True)(x(*shape))
        return y.detach().requires_grad_(), at

    def u(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, dtype=dtype)

    return {
        "AdaptiveMaxPool2d": lambda: [sample((3, None), return_indices=True, forward=(x(2, 3, 7, 6),))],
        "AvgPool1d": lambda: [sample(3, 2, 1, ceil_mode=True, count_include_pad=False, forward=(x(2, 3, 8),))],
        "AvgPool3d": lambda: [
            sample(2, (1, 2, 2), (0, 1, 1), ceil_mode=True, count_include_pad=False, forward=(x(2, 3, 4, 5, 6),)),
            sample((1, 3, 2), divisor_override=-2, forward=(x(3, 4, 5, 6),)),
        ],
        "ChannelShuffle": lambda: [sample(3, forward=(x(2, 6, 4),)), sample(2, forward=(x(1, 4, 2, 3),))],
        "ConvTranspose1d": lambda: [
            sample(4, 6, 3, 2, 1, 1, 2, False, 3, forward=(x(2, 4, 5),)),
            sample(2, 3, 3, stride=3, forward=(x(2, 5), (17,))),
            sample(2, 3, 2, dilation=4, output_padding=3, forward=(x(2, 5),)),
        ],
        "ConvTranspose2d": lambda: [
            sample(4, 2, (3, 2), (2, 1), (1, 0), (1, 0), groups=2, dilation=(1, 2), forward=(x(2, 4, 5, 3),)),
            sample(2, 3, 3, stride=2, padding=1, forward=(x(2, 2, 5, 4), [10, 7])),
            sample(2, 3, 3, stride=2, padding=1, bias=False, forward=(x(2, 5, 4), (3, 9, 8))),
            sample(2, 3, 3, padding=2, output_padding=(0, 2), dilation=3, forward=(x(1, 2, 4, 5),)),
        ],
        "ConvTranspose3d": lambda: [
            sample(2, 4, 2, (1, 2, 2), (0, 1, 0), (0, 1, 1), 2, forward=(x(2, 2, 2, 3, 4),)),
            sample(2, 1, (1, 2, 3), 2, dilation=(1, 1, 2), forward=(x(1, 2, 2, 2, 2), (3, 5, 8))),
        ],
        "CrossMapLRN2d": lambda: [  # PyTorch's gradient is not that of its formula
            sample(size, 0.4, 0.6, 1.3, forward=(x(2, 7, 3, 2).detach(),)) for size in (1, 2, 3, 4, 5, 9)
        ],
        "Fold": lambda: [
            sample((5, 4), (2, 3), forward=(x(2, 12, 8),)),
            sample(6, 2, (1, 2), (1, 0), (2, 1), forward=(x(8, 16),)),
        ],
        "FractionalMaxPool2d": lambda: [
            sample((3, 2), (4, 5), return_indices=True, forward=(x(2, 3, 9, 8),)),
            sample(2, output_ratio=(0.5, 0.6), forward=(x(3, 9, 8),)),
            sample(2, 4, _random_samples=u(2, 3, 2), forward=(x(2, 3, 9, 8),)),
        ],
        "FractionalMaxPool3d": lambda: [
            sample((3, 2, 1), (4, 5, 3), return_indices=True, forward=(x(2, 3, 9, 8, 6),)),
            sample(2, output_ratio=(0.5, 0.6, 0.5), forward=(x(3, 9, 8, 6),)),
            sample(2, 3, _random_samples=u(2, 3, 3), forward=(x(2, 3, 9, 8, 6),)),
        ],
        "LPPool1d": lambda: [
            sample(2, 3, 2, ceil_mode=True, forward=(x(2, 3, 8),)),
            *(sample(p, 2, forward=(x(3, 8),)) for p in (1, 3, 2.5, INF, -INF)),
        ],
        "LPPool2d": lambda: [
            sample(2, (3, 2), 2, ceil_mode=True, forward=(x(2, 3, 8, 7),)),
            *(sample(p, 2, (1, 2), forward=(x(3, 8, 7),)) for p in (1, 3, INF, -INF)),
        ],
        "LPPool3d": lambda: [
            sample(2, (3, 2, 1), 2, ceil_mode=True, forward=(x(2, 3, 4, 5, 6),)),
            *(sample(p, 2, (1, 2, 2), forward=(x(3, 4, 5, 6),)) for p in (1, INF)),
        ],
        "MaxPool1d": lambda: [
            sample(3, 2, 1, 2, return_indices=True, ceil_mode=True, forward=(x(2, 3, 9),)),
            sample(2, dilation=3, forward=(x(3, 9),)),
        ],
        "MaxPool3d": lambda: [
            sample((2, 3, 1), (1, 2, 2), (1, 1, 0), (2, 1, 1), True, True, forward=(x(2, 3, 5, 6, 4),)),
        ],
        "MaxUnpool1d": lambda: [
            sample(2, forward=pooled(1, 2, 3, 8, kernel_size=2)),
            sample(3, 2, 1, forward=(*pooled(1, 3, 10, kernel_size=3, stride=2, padding=1), (3, 1, 10))),
        ],
        "MaxUnpool2d": lambda: [
            sample((2, 3), forward=pooled(2, 2, 3, 8, 6, kernel_size=(2, 3))),
            sample(2, (2, 1), forward=(*pooled(2, 3, 9, 6, kernel_size=2, stride=(2, 1)), (9, 6))),
        ],
        "MaxUnpool3d": lambda: [
            sample(2, forward=pooled(3, 2, 3, 4, 6, 2, kernel_size=2)),
            sample(2, forward=(*pooled(3, 3, 5, 4, 4, kernel_size=2), (5, 4, 4))),
        ],
        "PixelShuffle": lambda: [sample(2, forward=(x(2, 8, 3, 4),)), sample(3, forward=(x(9, 1, 2),))],
        "PixelUnshuffle": lambda: [sample(2, forward=(x(2, 3, 4, 6),)), sample(3, forward=(x(1, 3, 6),))],
        "SyncBatchNorm": lambda: [
            sample(3, 1e-3, None, forward=(x(5, 3),)),
            sample(3, affine=False, momentum=0.3, forward=(x(5, 3, 2),)),
            sample(3, track_running_stats=False, bias=False, process_group=None, forward=(x(4, 3, 2, 2),)),
        ],
        "Unfold": lambda: [
            sample((2, 3), forward=(x(2, 3, 5, 4),)),
            sample(2, (1, 2), (1, 0), (2, 1), forward=(x(3, 5, 4),)),
        ],
    }  # fmt: skip


__all__ = ["sample", "spatial_samples"]
