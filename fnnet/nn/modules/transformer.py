"""Transformers: stacks of layers as encoder, as decoder, and as both."""

from __future__ import annotations

import copy
import math
import warnings
from typing import Any

from fnnet._core.errors import ShapeError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import is_grad_enabled
from fnnet.backends.dtypes import DType
from fnnet.functional.multi_head_attention import canonical_mask
from fnnet.nn import functional as F
from fnnet.nn import init
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.attention import causal_mask, is_causal_mask
from fnnet.nn.modules.container import ModuleList
from fnnet.nn.modules.normalization import LayerNorm
from fnnet.nn.modules.transformer_layers import Activation, TransformerDecoderLayer, TransformerEncoderLayer


def _length(x: Tensor, batch_first: bool) -> int:
    """How long the sequences are."""
    return int(x.shape[0 if x.ndim == 2 or not batch_first else 1])


class TransformerEncoder(Module):
    """A stack of encoder layers, which begin as copies of one.

    State: layers (ModuleList) and norm.

    Args:
        encoder_layer: The layer that is copied.
        num_layers: How many.
        norm: A module that takes the last layer's result. Default: None.
        enable_nested_tensor: As PyTorch does with its nested tensors, give zeros (before `norm`) where
            `src_key_padding_mask` hides the end of a sequence, in evaluation without gradients and without `mask`; a
            warning says where that can't be. Default: True.
        mask_check: Only where it is the end that is hidden, in every sequence. Default: True.

    Shape:
        `(S, N, E)`, with the layer's `batch_first` `(N, S, E)`, or `(S, E)` to the same.

    Source: Vaswani et al. 2017, Attention Is All You Need.

    Example:
        >>> import fnnet
        >>> layer = fnnet.nn.TransformerEncoderLayer(8, 2, batch_first=True)
        >>> fnnet.nn.TransformerEncoder(layer, num_layers=2)(fnnet.randn(3, 5, 8)).shape
        fnnet.Size([3, 5, 8])
    """

    num_layers: int
    norm: Module | None
    enable_nested_tensor: bool
    use_nested_tensor: bool
    mask_check: bool

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _clones(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.use_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        why_not = _why_not_nested(encoder_layer)
        if enable_nested_tensor and why_not:
            warnings.warn(
                f"enable_nested_tensor is True, but self.use_nested_tensor is False because {why_not}",
                UserWarning,
                stacklevel=2,
            )
            self.use_nested_tensor = False

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """All layers in turn.

        Args:
            src: `(S, N, E)`, with the layers' `batch_first` `(N, S, E)`, or `(S, E)`.
            mask: `(S, S)` or `(N * nhead, S, S)`. bool: True hides a place from another; float: added to the scores.
            src_key_padding_mask: `(N, S)` or `(S,)`. bool: True hides a place from all; float: added to the scores.
            is_causal: `mask` is the causal mask. Default: None, it is looked at.

        Returns:
            Of the shape of `src`.
        """
        padding = canonical_mask(src_key_padding_mask, "src_key_padding_mask", src, mask, "mask")
        mask = canonical_mask(mask, "mask", src)
        first: Any = self.layers[0]
        hidden = self._hidden_ends(src, mask, padding)
        is_causal = is_causal_mask(mask, is_causal, _length(src, first.self_attn.batch_first))
        out = src
        for layer in self.layers:
            out = layer(out, src_mask=mask, is_causal=is_causal, src_key_padding_mask=padding)
        if hidden is not None:
            out = out.masked_fill(hidden.unsqueeze(-1), 0.0)
        return out if self.norm is None else self.norm(out)

    def _hidden_ends(self, src: Tensor, mask: Tensor | None, padding: Tensor | None) -> Tensor | None:
        """Which places PyTorch leaves out as it packs sequences of different lengths; None: it does not pack them."""
        first: Any = self.layers[0]
        if not self.use_nested_tensor or first.training or src.ndim != 3 or mask is not None or padding is None:
            return None
        if is_grad_enabled() and (src.requires_grad or any(p.requires_grad for p in first.parameters())):
            return None
        hidden: Tensor = padding == -math.inf
        if not bool((hidden | (padding == 0)).all()):
            return None
        if self.mask_check and bool((hidden[:, :-1] & ~hidden[:, 1:]).any()):
            return None
        return hidden


class TransformerDecoder(Module):
    """A stack of decoder layers, which begin as copies of one.

    State: layers (ModuleList) and norm.

    Args:
        decoder_layer: The layer that is copied.
        num_layers: How many.
        norm: A module that takes the last layer's result. Default: None.

    Shape:
        Target `(T, N, E)` and memory `(S, N, E)`, or both without N, to the target's shape.

    Source: Vaswani et al. 2017, Attention Is All You Need.

    Example:
        >>> import fnnet
        >>> layer = fnnet.nn.TransformerDecoderLayer(8, 2)
        >>> fnnet.nn.TransformerDecoder(layer, num_layers=2)(fnnet.randn(4, 3, 8), fnnet.randn(5, 3, 8)).shape
        fnnet.Size([4, 3, 8])
    """

    num_layers: int
    norm: Module | None

    def __init__(self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _clones(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """All layers in turn.

        Args:
            tgt: As `TransformerDecoderLayer.forward` takes it, and so the other arguments.
            memory: The encoder's result.
            tgt_mask: Which target places are hidden from which.
            memory_mask: Which places of the memory are hidden from which of the target.
            tgt_key_padding_mask: Target places that are hidden from all.
            memory_key_padding_mask: Places of the memory that are hidden from all.
            tgt_is_causal: `tgt_mask` is the causal mask. Default: None, it is looked at.
            memory_is_causal: `memory_mask` is. Default: False.

        Returns:
            Of the shape of `tgt`.
        """
        first: Any = self.layers[0]
        tgt_is_causal = is_causal_mask(tgt_mask, tgt_is_causal, _length(tgt, first.self_attn.batch_first))
        out = tgt
        for layer in self.layers:
            out = layer(
                out,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=tgt_is_causal,
                memory_is_causal=memory_is_causal,
            )
        return out if self.norm is None else self.norm(out)


class Transformer(Module):
    """An encoder for one sequence, and a decoder for another that looks at its result.

    State: encoder and decoder; matrices are drawn by `init.xavier_uniform_`.

    Args:
        d_model: Features E. Default: 512.
        nhead: Heads of the attentions. Default: 8.
        num_encoder_layers: Layers of the encoder. Default: 6.
        num_decoder_layers: Layers of the decoder. Default: 6.
        dim_feedforward: Features between the two linear layers of each. Default: 2048.
        dropout: Probability of a zero, in [0, 1]. Default: 0.1.
        activation: "relu", "gelu" or a function of a tensor. Default: `F.relu`.
        custom_encoder: A module in the encoder's place. Default: None.
        custom_decoder: A module in the decoder's place. Default: None.
        layer_norm_eps: The layer norms' eps. Default: 1e-5.
        batch_first: Inputs and result are `(N, S, E)`, not `(S, N, E)`. Default: False.
        norm_first: Normalize what goes into attentions and networks, not what comes out. Default: False.
        bias: Whether linear layers and layer norms have biases. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        Source `(S, N, E)` and target `(T, N, E)`, or both without N, to the target's shape.

    Raises:
        OptionError: nhead does not divide d_model, or the activation is unknown.
        ShapeError: Called with other features than d_model, or different batches.

    Source: Vaswani et al. 2017, Attention Is All You Need.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        >>> m(fnnet.randn(3, 5, 8), fnnet.randn(3, 4, 8)).shape
        fnnet.Size([3, 4, 8])
    """

    d_model: int
    nhead: int
    batch_first: bool

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        options: tuple[Any, ...] = (dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        self.encoder: Any = custom_encoder  # a module that takes what TransformerEncoder takes
        if custom_encoder is None:
            encoder_layer = TransformerEncoderLayer(d_model, nhead, *options, **place)
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
            self.encoder = TransformerEncoder(encoder_layer, num_encoder_layers, norm)
        self.decoder: Any = custom_decoder  # likewise
        if custom_decoder is None:
            decoder_layer = TransformerDecoderLayer(d_model, nhead, *options, **place)
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
            self.decoder = TransformerDecoder(decoder_layer, num_decoder_layers, norm)
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Encode, then decode.

        Args:
            src: `(S, N, E)`, with `batch_first` `(N, S, E)`, or `(S, E)`.
            tgt: `(T, N, E)`, `(N, T, E)` or `(T, E)`.
            src_mask: `(S, S)` or `(N * nhead, S, S)`. bool: True hides a place from another; float: added to the
                scores.
            tgt_mask: `(T, T)` or `(N * nhead, T, T)`, likewise.
            memory_mask: `(T, S)` or `(N * nhead, T, S)`, likewise.
            src_key_padding_mask: `(N, S)` or `(S,)`. bool: True hides a place from all; float: added to the scores.
            tgt_key_padding_mask: `(N, T)` or `(T,)`, likewise.
            memory_key_padding_mask: `(N, S)` or `(S,)`, likewise.
            src_is_causal: `src_mask` is the causal mask. Default: None, it is looked at.
            tgt_is_causal: `tgt_mask` is. Default: None, it is looked at.
            memory_is_causal: `memory_mask` is. Default: False.

        Returns:
            Of the shape of `tgt`.

        Raises:
            ShapeError: Other features than d_model, or different batches.
        """
        at = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[at] != tgt.shape[at]:
            raise ShapeError(
                f"{type(self).__name__}: the batch number of src and tgt must be equal, got src {tuple(src.shape)} and "
                f"tgt {tuple(tgt.shape)}"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise ShapeError(
                f"{type(self).__name__}: the feature number of src and tgt must be equal to d_model ({self.d_model}), "
                f"got src {tuple(src.shape)} and tgt {tuple(tgt.shape)}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        out: Tensor = self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )
        return out

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: DeviceLike = None, dtype: DType | None = None) -> Tensor:
        """The causal mask: -inf where a column lies behind its row's place, else 0.

        Args:
            sz: How many places.
            device: Where the mask lies. Default: the default device.
            dtype: Its dtype. Default: the default dtype.

        Returns:
            `(sz, sz)`.

        Example:
            >>> import fnnet
            >>> fnnet.nn.Transformer.generate_square_subsequent_mask(2)
            tensor([[0., -inf],
                    [0., 0.]])
        """
        return causal_mask(sz, device, dtype)

    def _reset_parameters(self) -> None:
        """Draw all matrices anew."""
        for p in self.parameters():
            if p.ndim > 1:
                init.xavier_uniform_(p)


def _clones(layer: Module, n: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(n)])


def _why_not_nested(layer: Any) -> str:  # a layer of any class
    """Why PyTorch's encoder would not pack sequences; "" where it would."""
    if not isinstance(layer, TransformerEncoderLayer):
        return "encoder_layer was not TransformerEncoderLayer"
    attention = layer.self_attn
    for holds, text in (
        (layer.norm_first, "norm_first was True"),
        (
            not attention.batch_first,
            "self_attn.batch_first was not True(use batch_first for better inference performance)",
        ),
        (not attention._qkv_same_embed_dim, "self_attn._qkv_same_embed_dim was not True"),
        (attention.in_proj_bias is None, "self_attn was passed bias=False"),
        (not layer.activation_relu_or_gelu, "activation_relu_or_gelu was not True"),
        (layer.norm1.eps != layer.norm2.eps, "norm1.eps was not equal to encoder_layer.norm2.eps"),
        (attention.num_heads % 2, "self_attn.num_heads is odd"),
    ):
        if holds:
            return f"encoder_layer.{text}"
    return ""


__all__ = ["Transformer", "TransformerDecoder", "TransformerEncoder"]
