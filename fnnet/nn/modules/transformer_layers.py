"""The layers of Transformers: attention, and a feed-forward network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.functional.multi_head_attention import canonical_mask
from fnnet.nn import functional as F
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.activation import GELU
from fnnet.nn.modules.attention import MultiheadAttention
from fnnet.nn.modules.dropout import Dropout
from fnnet.nn.modules.linear import Linear
from fnnet.nn.modules.normalization import LayerNorm
from fnnet.nn.modules.rectifiers import ReLU

Activation = Callable[[Tensor], Tensor]


def _activation(layer: Module, given: str | Activation) -> Activation:
    if not isinstance(given, str):
        return given
    if given == "relu":
        return F.relu
    if given == "gelu":
        return F.gelu
    raise OptionError(f"{type(layer).__name__}: activation should be relu/gelu, not {given}")


class TransformerEncoderLayer(Module):
    """Self-attention, then a feed-forward network, each with dropout, a way past it, and a layer norm.

    State: self_attn (MultiheadAttention), linear1 `(dim_feedforward, d_model)`, linear2 `(d_model, dim_feedforward)`,
    norm1 and norm2 (LayerNorm).

    Args:
        d_model: Features E.
        nhead: Heads of the attention.
        dim_feedforward: Features between the two linear layers. Default: 2048.
        dropout: Probability of a zero, in [0, 1]. Default: 0.1.
        activation: "relu", "gelu" or a function of a tensor. Default: `F.relu`.
        layer_norm_eps: The layer norms' eps. Default: 1e-5.
        batch_first: Input and result are `(N, S, E)`, not `(S, N, E)`. Default: False.
        norm_first: Normalize what goes into attention and network, not what comes out. Default: False.
        bias: Whether linear layers and layer norms have biases. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(S, N, E)` or `(S, E)` to the same.

    Raises:
        OptionError: nhead does not divide d_model, or the activation is unknown.
        ShapeError: Called with sizes that do not fit.

    Source: Vaswani et al. 2017, Attention Is All You Need; norm_first: Xiong et al. 2020, On Layer Normalization in the
        Transformer Architecture.

    Example:
        >>> import fnnet
        >>> fnnet.nn.TransformerEncoderLayer(8, 2)(fnnet.randn(5, 3, 8)).shape
        fnnet.Size([5, 3, 8])
    """

    self_attn: MultiheadAttention
    linear1: Linear
    linear2: Linear
    norm_first: bool
    norm1: LayerNorm
    norm2: LayerNorm
    activation: Activation

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, device=device, dtype=dtype
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, device=device, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, device=device, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        function = _activation(self, activation)
        is_relu = function is F.relu or isinstance(function, ReLU)
        self.activation_relu_or_gelu = 1 if is_relu else 2 if function is F.gelu or isinstance(function, GELU) else 0
        self.activation = function

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if not hasattr(self, "activation"):
            self.activation = F.relu

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """One layer.

        Args:
            src: `(S, N, E)`, with `batch_first` `(N, S, E)`, or `(S, E)`.
            src_mask: `(S, S)` or `(N * nhead, S, S)`. bool: True hides a place from another; float: added to the
                scores.
            src_key_padding_mask: `(N, S)` or `(S,)`. bool: True hides a place from all; float: added to the scores.
            is_causal: `src_mask`, which must be given, is the causal mask. Default: False.

        Returns:
            Of the shape of `src`.
        """
        padding = canonical_mask(src_key_padding_mask, "src_key_padding_mask", src, src_mask, "src_mask")
        mask = canonical_mask(src_mask, "src_mask", src)
        x = src
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), mask, padding, is_causal)
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self._sa_block(x, mask, padding, is_causal))
        return self.norm2(x + self._ff_block(x))

    def _sa_block(self, x: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool) -> Tensor:
        out, _ = self.self_attn(
            x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
        )
        return self.dropout1(out)

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerDecoderLayer(Module):
    """Self-attention, attention to an encoder's result, then a feed-forward network, each as in the encoder's layer.

    State: self_attn and multihead_attn (MultiheadAttention), linear1 `(dim_feedforward, d_model)`, linear2
    `(d_model, dim_feedforward)`, norm1, norm2 and norm3 (LayerNorm).

    Args:
        d_model: Features E.
        nhead: Heads of the attentions.
        dim_feedforward: Features between the two linear layers. Default: 2048.
        dropout: Probability of a zero, in [0, 1]. Default: 0.1.
        activation: "relu", "gelu" or a function of a tensor. Default: `F.relu`.
        layer_norm_eps: The layer norms' eps. Default: 1e-5.
        batch_first: Inputs and result are `(N, T, E)`, not `(T, N, E)`. Default: False.
        norm_first: Normalize what goes into attentions and network, not what comes out. Default: False.
        bias: Whether linear layers and layer norms have biases. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        Target `(T, N, E)` and memory `(S, N, E)`, or both without N, to the target's shape.

    Raises:
        OptionError: nhead does not divide d_model, or the activation is unknown.
        ShapeError: Called with sizes that do not fit.

    Source: Vaswani et al. 2017, Attention Is All You Need.

    Example:
        >>> import fnnet
        >>> fnnet.nn.TransformerDecoderLayer(8, 2)(fnnet.randn(4, 3, 8), fnnet.randn(5, 3, 8)).shape
        fnnet.Size([4, 3, 8])
    """

    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention
    linear1: Linear
    linear2: Linear
    norm_first: bool
    norm1: LayerNorm
    norm2: LayerNorm
    norm3: LayerNorm
    activation: Activation

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        attention: dict[str, Any] = {
            "dropout": dropout, "batch_first": batch_first, "bias": bias, "device": device, "dtype": dtype,
        }  # fmt: skip
        self.self_attn = MultiheadAttention(d_model, nhead, **attention)
        self.multihead_attn = MultiheadAttention(d_model, nhead, **attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, device=device, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, device=device, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.norm3 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _activation(self, activation)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if not hasattr(self, "activation"):
            self.activation = F.relu

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """One layer.

        Args:
            tgt: `(T, N, E)`, with `batch_first` `(N, T, E)`, or `(T, E)`.
            memory: The encoder's result: `(S, N, E)`, `(N, S, E)` or `(S, E)`.
            tgt_mask: `(T, T)` or `(N * nhead, T, T)`. bool: True hides a place from another; float: added to the
                scores.
            memory_mask: `(T, S)` or `(N * nhead, T, S)`, likewise.
            tgt_key_padding_mask: `(N, T)` or `(T,)`. bool: True hides a place from all; float: added to the scores.
            memory_key_padding_mask: `(N, S)` or `(S,)`, likewise.
            tgt_is_causal: `tgt_mask`, which must be given, is the causal mask. Default: False.
            memory_is_causal: The same of `memory_mask`. Default: False.

        Returns:
            Of the shape of `tgt`.
        """
        x = tgt
        own = tgt_mask, tgt_key_padding_mask, tgt_is_causal
        other = memory_mask, memory_key_padding_mask, memory_is_causal
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), *own)
            x = x + self._mha_block(self.norm2(x), memory, *other)
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self._sa_block(x, *own))
        x = self.norm2(x + self._mha_block(x, memory, *other))
        return self.norm3(x + self._ff_block(x))

    def _sa_block(self, x: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool) -> Tensor:
        out, _ = self.self_attn(
            x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
        )
        return self.dropout1(out)

    def _mha_block(
        self, x: Tensor, memory: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool
    ) -> Tensor:
        out, _ = self.multihead_attn(
            x, memory, memory, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
        )
        return self.dropout2(out)

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))


__all__ = ["Activation", "TransformerDecoderLayer", "TransformerEncoderLayer"]
