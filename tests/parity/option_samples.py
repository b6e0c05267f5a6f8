"""Samples of constructor arguments to which PyTorch's table of modules gives no value but the default."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.testing._internal.common_modules import ModuleInput

from tests.parity.spatial_samples import sample


def option_samples(dtype: torch.dtype) -> dict[str, Callable[[], list[ModuleInput]]]:
    """By class name, what makes the samples."""

    def x(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=dtype, requires_grad=True)

    def positive(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, dtype=dtype) + 0.5

    def pooled(d: int, *shape: int, **options: int) -> tuple[torch.Tensor, torch.Tensor]:
        y, at = getattr(torch.nn, f"MaxPool{d}d")(**options, return_indices=True)(x(*shape))
        return y.detach().requires_grad_(), at

    def encoder_layer() -> torch.nn.Module:
        return torch.nn.TransformerEncoderLayer(4, 2, 6, 0.0, dtype=dtype)

    def convolutions(kind: str, d: int) -> list[ModuleInput]:
        """Every option at once, in each mode of padding."""
        channels = (4,) if kind == "LazyConv" else (4, 4)
        return [
            sample(*channels, 2, stride=2, padding=1, dilation=2, groups=2, bias=False, padding_mode=mode,
                   forward=(x(2, 4, *(5, 6, 4)[:d]),))
            for mode in ("reflect", "replicate", "circular")
        ]  # fmt: skip

    table: dict[str, Callable[[], list[ModuleInput]]] = {
        f"{kind}{d}d": lambda kind=kind, d=d: convolutions(kind, d)
        for kind in ("Conv", "LazyConv") for d in (1, 2, 3)
    }  # fmt: skip
    return table | {
        "AdaptiveMaxPool1d": lambda: [sample(3, return_indices=True, forward=(x(2, 3, 7),))],
        "AdaptiveMaxPool3d": lambda: [sample((3, None, 2), return_indices=True, forward=(x(2, 3, 4, 5, 6),))],
        "BCEWithLogitsLoss": lambda: [
            sample(weight=positive(3), pos_weight=positive(3), reduction=r, forward=(x(4, 3), positive(4, 3) - 0.5))
            for r in ("none", "sum", "mean")
        ],
        "ConvTranspose3d": lambda: [sample(2, 3, 2, bias=False, forward=(x(1, 2, 2, 3, 2),))],
        "Embedding": lambda: [
            sample(5, 3, max_norm=0.5, norm_type=1.0, forward=(torch.tensor([[1, 4, 1], [0, 2, 2]]),)),
            sample(5, 3, _weight=positive(5, 3), _freeze=True, forward=(torch.tensor([1, 4, 1]),)),
        ],
        "GELU": lambda: [sample("tanh", forward=(x(4, 5),))],
        "Hardtanh": lambda: [
            sample(-0.5, 0.3, forward=(x(4, 5),)), sample(min_value=-0.2, max_value=0.7, forward=(x(4, 5),)),
        ],
        "HuberLoss": lambda: [sample(delta=d, reduction="sum", forward=(x(4, 3), x(4, 3))) for d in (0.3, 2.0)],
        "MaxUnpool2d": lambda: [
            sample(3, 2, 1, forward=(*pooled(2, 3, 9, 8, kernel_size=3, stride=2, padding=1), (9, 8))),
        ],
        "MaxUnpool3d": lambda: [
            sample(3, 2, 1, forward=(*pooled(3, 2, 5, 6, 5, kernel_size=3, stride=2, padding=1), (5, 6, 5))),
        ],
        "PReLU": lambda: [sample(3, 0.7, forward=(x(4, 3),))],
        "SmoothL1Loss": lambda: [sample(beta=b, forward=(x(4, 3), x(4, 3))) for b in (0.0, 0.3, 2.0)],
        "Transformer": lambda: [
            sample(4, 2, 1, 1, 6, 0.0, activation, layer_norm_eps=0.1, dtype=dtype, forward=(x(3, 2, 4), x(2, 2, 4)))
            for activation in ("gelu", torch.nn.functional.gelu)
        ],
        "TransformerDecoderLayer": lambda: [
            sample(4, 2, 6, 0.0, layer_norm_eps=0.1, dtype=dtype, forward=(x(3, 2, 4), x(2, 2, 4))),
        ],
        "TransformerEncoder": lambda: [
            sample(encoder_layer(), 2, None, enable_nested_tensor=False, mask_check=False, forward=(x(3, 2, 4),)),
        ],
        "TransformerEncoderLayer": lambda: [
            sample(4, 2, 6, 0.0, layer_norm_eps=0.1, dtype=dtype, forward=(x(3, 2, 4),)),
        ],
    }  # fmt: skip
