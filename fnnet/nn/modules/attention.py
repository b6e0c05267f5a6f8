"""Multi-head attention."""

from __future__ import annotations

import math
from typing import Any

from fnnet._core.errors import AssertedOptionError, OptionError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.functional.creation import full
from fnnet.functional.diagonals import triu
from fnnet.functional.multi_head_attention import canonical_mask
from fnnet.nn import functional as F
from fnnet.nn import init
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike, parameter
from fnnet.nn.modules.linear import NonDynamicallyQuantizableLinear
from fnnet.nn.parameter import Parameter


def causal_mask(sz: int, device: DeviceLike = None, dtype: DType | None = None) -> Tensor:
    """What hides later places from each of `sz`: -inf above the diagonal, else 0."""
    return triu(full((sz, sz), -math.inf, dtype=dtype, device=device), 1)


def is_causal_mask(mask: Tensor | None, hint: bool | None, size: int) -> bool:
    """The hint; without one, whether the mask is the causal mask of that size."""
    if hint is not None or mask is None:
        return bool(hint)
    if tuple(mask.shape) != (size, size):
        return False
    return bool((mask == causal_mask(size, mask.device, mask.dtype)).all())


class MultiheadAttention(Module):
    """Lets each query attend to all keys in several heads: `F.multi_head_attention_forward`.

    State: in_proj_weight `(3 * E, E)`, or q_proj_weight `(E, E)`, k_proj_weight `(E, kdim)` and v_proj_weight
    `(E, vdim)` where these sizes differ, drawn by `init.xavier_uniform_`; in_proj_bias `(3 * E,)`, 0; out_proj, a
    Linear with bias 0; bias_k and bias_v `(1, 1, E)`, drawn by `init.xavier_normal_`.

    Args:
        embed_dim: E, the features of queries and results.
        num_heads: Heads, which divide E between them.
        dropout: Probability in [0, 1] that a weight is dropped in training. Default: 0.
        bias: Whether the projections have biases. Default: True.
        add_bias_kv: Whether there is one more key and value, which are learned. Default: False.
        add_zero_attn: Whether there is one more key and value of zeros. Default: False.
        kdim: Features of the keys. Default: E.
        vdim: Features of the values. Default: E.
        batch_first: Inputs and result are `(N, L, E)`, not `(L, N, E)`. Default: False.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        Query `(L, N, E)`, key `(S, N, kdim)` and value `(S, N, vdim)`, or all without N, to `(L, N, E)` and the
        weights `(N, L, S)`.

    Raises:
        OptionError: Sizes are not positive, or num_heads does not divide embed_dim.
        ShapeError: Called with sizes that do not fit.

    Source: Vaswani et al. 2017, Attention Is All You Need.

    Example:
        >>> import fnnet
        >>> m, x = fnnet.nn.MultiheadAttention(6, 2), fnnet.randn(5, 3, 6)
        >>> out, weights = m(x, x, x)
        >>> out.shape, weights.shape
        (fnnet.Size([5, 3, 6]), fnnet.Size([3, 5, 5]))
    """

    embed_dim: int
    kdim: int
    vdim: int
    num_heads: int
    dropout: float
    batch_first: bool
    head_dim: int
    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    out_proj: NonDynamicallyQuantizableLinear
    bias_k: Parameter | None
    bias_v: Parameter | None
    add_zero_attn: bool

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise OptionError(
                f"{type(self).__name__}: embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertedOptionError(
                f"{type(self).__name__}: embed_dim must be divisible by num_heads, got embed_dim={embed_dim} and "
                f"num_heads={num_heads}"
            )
        packed: dict[str, tuple[int, int] | None] = {"in_proj_weight": (3 * embed_dim, embed_dim)}
        apart: dict[str, tuple[int, int] | None] = {
            "q_proj_weight": (embed_dim, embed_dim),
            "k_proj_weight": (embed_dim, self.kdim),
            "v_proj_weight": (embed_dim, self.vdim),
        }
        first, second = (packed, apart) if self._qkv_same_embed_dim else (apart, packed)
        for name, shape in {**first, **dict.fromkeys(second)}.items():
            self.register_parameter(name, None if shape is None else parameter(shape, device, dtype))
        self.register_parameter("in_proj_bias", parameter((3 * embed_dim,), device, dtype) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        if add_bias_kv:
            self.bias_k = parameter((1, 1, embed_dim), device, dtype)
            self.bias_v = parameter((1, 1, embed_dim), device, dtype)
        else:
            self.bias_k = self.bias_v = None
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw the initial values anew; the weight of out_proj stays."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            if self.out_proj.bias is not None:
                init.zeros_(self.out_proj.bias)
        for row in (self.bias_k, self.bias_v):
            if row is not None:
                init.xavier_normal_(row)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.__dict__.setdefault("_qkv_same_embed_dim", True)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Args:
            query: `(L, N, E)`, with `batch_first` `(N, L, E)`, or `(L, E)`.
            key: `(S, N, kdim)`, `(N, S, kdim)` or `(S, kdim)`.
            value: `(S, N, vdim)`, `(N, S, vdim)` or `(S, vdim)`.
            key_padding_mask: `(N, S)` or `(S,)`. bool: True hides a key; float: added to the scores.
            need_weights: Return the weights, too. Without them it is faster. Default: True.
            attn_mask: `(L, S)` or `(N * num_heads, L, S)`. bool: True hides a key from a query; float: added to the
                scores.
            average_attn_weights: Return the mean of the heads' weights, not each head's. Default: True.
            is_causal: `attn_mask`, which must be given, is the causal mask. Default: False.

        Returns:
            The result, laid out as the query, and the weights `(N, L, S)`, `(N, num_heads, L, S)` or without N; None
            unless `need_weights`.
        """
        padding = canonical_mask(key_padding_mask, "key_padding_mask", query, attn_mask, "attn_mask")
        mask = canonical_mask(attn_mask, "attn_mask", query)
        turned = self.batch_first and query.ndim == 3
        if turned:  # what is the same tensor stays so
            turn = {id(x): x.transpose(1, 0) for x in (query, key, value)}
            query, key, value = (turn[id(x)] for x in (query, key, value))
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=padding,
            need_weights=need_weights,
            attn_mask=mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (out.transpose(1, 0) if turned else out), weights

    def merge_masks(
        self, attn_mask: Tensor | None, key_padding_mask: Tensor | None, query: Tensor
    ) -> tuple[Tensor | None, int | None]:
        """Both float masks in one.

        Args:
            attn_mask: `(L, L)` or `(N * num_heads, L, L)`, or None.
            key_padding_mask: `(N, L)`, or None.
            query: `(N, L, E)`.

        Returns:
            The mask and its kind: `(N, L)` and 1 where only padding is given, `(N, num_heads, L, L)` and 2, or None and
            None.
        """
        if attn_mask is None:
            return key_padding_mask, None if key_padding_mask is None else 1
        n, length, _ = query.shape
        if attn_mask.ndim == 3:
            merged = attn_mask.view(n, -1, length, length)
        else:
            merged = attn_mask.view(1, 1, length, length).expand(n, self.num_heads, -1, -1)
        if key_padding_mask is not None:
            merged = merged + key_padding_mask.view(n, 1, 1, length)
        return merged, 2


__all__ = ["MultiheadAttention", "causal_mask", "is_causal_mask"]
