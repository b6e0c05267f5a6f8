"""Error samples of attention."""

from __future__ import annotations

from typing import Any

import fnnet
from tests.functional.error_samples.table import Bad, bad, bools, floats, longs

SDPA, MHA = "F.scaled_dot_product_attention", "F.multi_head_attention_forward"
X = (2, 3, 4, 5)


def heads(error: type[Exception], phrase: str, /, *operands: Any, **options: Any) -> Bad:
    """A bad call of multi-head attention in 2 heads of 2 features, with options of one that would work."""
    given: dict[str, Any] = {
        "embed_dim_to_check": 4, "num_heads": 2, "in_proj_weight": floats(12, 4), "in_proj_bias": None, "bias_k": None,
        "bias_v": None, "add_zero_attn": False, "dropout_p": 0.0, "out_proj_weight": floats(4, 4),
        "out_proj_bias": None,
    }  # fmt: skip
    return bad(MHA, error, phrase, *(operands or (floats(3, 2, 4),) * 3), **(given | options))


APART: dict[str, Any] = {
    "in_proj_weight": None, "use_separate_proj_weight": True, "q_proj_weight": floats(4, 4),
    "k_proj_weight": floats(4, 4), "v_proj_weight": floats(4, 4),
}  # fmt: skip

SAMPLES = [
    bad(SDPA, RuntimeError, "Expected query, key, and value to have the same dtype, but got query.dtype: float32",
        floats(*X), floats(*X), floats(*X, dtype=fnnet.float64)),
    bad(SDPA, RuntimeError, "expected scalar type Float but found Long", *(longs(1, 2).reshape(1, 2),) * 3),
    bad(SDPA, RuntimeError, "to all be  at least 2 dimensional, but got query.dim: 1 key.dim: 4 and value.dim: 4",
        floats(5), floats(*X), floats(*X)),
    bad(SDPA, RuntimeError, "query has 5 features, key has 4", floats(*X), floats(2, 3, 4, 4), floats(*X)),
    bad(SDPA, RuntimeError, "there are 4 keys and 3 values", floats(*X), floats(*X), floats(2, 3, 3, 5)),
    bad(SDPA, RuntimeError, "The size of tensor a (3) must match the size of tensor b (2)", floats(*X),
        floats(2, 2, 4, 5), floats(2, 2, 4, 5)),
    bad(SDPA, RuntimeError, "The size of tensor a (3) must match the size of tensor b (2)", floats(*X), floats(*X),
        floats(2, 2, 4, 5)),
    bad(SDPA, RuntimeError, "Explicit attn_mask should not be set when is_causal=True", *(floats(2, 2),) * 4,
        is_causal=True),
    bad(SDPA, RuntimeError, "Expected attn_mask dtype to be bool or float or to match query", *(floats(1, 1),) * 3,
        longs(1).reshape(1, 1)),
    bad(SDPA, RuntimeError, "Expected attn_mask dtype to be bool or float or to match query", *(floats(1, 1),) * 3,
        floats(1, 1, dtype=fnnet.float64)),
    bad(SDPA, TypeError, "argument 'attn_mask' must be Tensor, not int", *(floats(1, 1),) * 3, 3),
    bad(SDPA, RuntimeError, "The size of tensor a (4) must match the size of tensor b (3)", *(floats(*X),) * 3,
        floats(4, 3)),
    bad(SDPA, RuntimeError, "output with shape [2, 3, 4, 4] doesn't match the broadcast shape [2, 2, 3, 4, 4]",
        *(floats(*X),) * 3, floats(2, 2, 3, 4, 4)),
    bad(SDPA, RuntimeError, "dropout probability has to be between 0 and 1, but got 1.5", *(floats(*X),) * 3,
        dropout_p=1.5),
    bad(SDPA, TypeError, "argument 'scale' must be Number, not str", *(floats(*X),) * 3, scale="x"),
    bad(SDPA, RuntimeError, "Number of heads in key and value must divide the number of heads in", floats(*X),
        floats(2, 2, 4, 5), floats(2, 2, 4, 5), enable_gqa=True),
    bad(SDPA, RuntimeError, "enable_gqa needs a dim of heads", *(floats(4, 5),) * 3, enable_gqa=True),
    heads(AssertionError, "query should be unbatched 2D or batched 3D tensor but received 1-D query tensor",
          *(floats(4),) * 3),
    heads(AssertionError, "For batched (3-D) `query`, expected `key` and `value` to be 3-D but found 2-D and 3-D",
          floats(3, 2, 4), floats(2, 4), floats(3, 2, 4)),
    heads(AssertionError, "For unbatched (2-D) `query`, expected `key` and `value` to be 2-D", floats(3, 4),
          floats(3, 4), floats(3, 1, 4)),
    heads(AssertionError, "For batched (3-D) `query`, expected `key_padding_mask` to be `None` or 2-D but found 1-D",
          key_padding_mask=bools(True, False, True)),
    heads(AssertionError, "For batched (3-D) `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found 1-D",
          attn_mask=bools(True, False, True)),
    heads(AssertionError, "Expected `attn_mask` shape to be (2, 3, 3) but got (1, 3, 3)", *(floats(3, 4),) * 3,
          attn_mask=floats(1, 3, 3)),
    heads(AssertionError, "only bool and floating types of key_padding_mask are supported",
          key_padding_mask=longs(1, 2, 3, 4, 5, 6).reshape(2, 3)),
    heads(AssertionError, "only bool and floating types of attn_mask are supported", attn_mask=longs(1).reshape(1, 1)),
    heads(RuntimeError, "Need attn_mask if specifying the is_causal hint", is_causal=True),
    heads(AssertionError, "was expecting embedding dimension of 6, but got 4", embed_dim_to_check=6),
    heads(AssertionError, "embed_dim 4 not divisible by num_heads 3", num_heads=3),
    heads(AssertionError, "key shape (3, 2, 4) does not match value shape (2, 2, 4)", floats(3, 2, 4), floats(3, 2, 4),
          floats(2, 2, 4)),
    heads(AssertionError, "key's sequence and batch dims (3, 2) do not match value's (2, 2)", floats(3, 2, 4),
          floats(3, 2, 4), floats(2, 2, 4), **APART),
    heads(AssertionError, "use_separate_proj_weight is False but in_proj_weight is None", in_proj_weight=None),
    heads(AssertionError, "use_separate_proj_weight is True but k_proj_weight is None",
          **(APART | {"k_proj_weight": None})),
    heads(AssertionError, "expecting value weights shape of (4, 4), but got (4, 3)",
          **(APART | {"v_proj_weight": floats(4, 3)})),
    heads(RuntimeError, "The shape of the 2D attn_mask is (3, 4), but should be (3, 3).", attn_mask=floats(3, 4)),
    heads(RuntimeError, "The shape of the 3D attn_mask is (2, 3, 3), but should be (4, 3, 3).",
          attn_mask=floats(2, 3, 3)),
    heads(AssertionError, "bias_k and bias_v go together", bias_k=floats(1, 1, 4)),
    heads(AssertionError, "bias cannot be added to static key", bias_k=floats(1, 1, 4), bias_v=floats(1, 1, 4),
          static_k=floats(4, 3, 2)),
    heads(AssertionError, "expecting static_k.size(0) of 4, but got 2", static_k=floats(2, 3, 2)),
    heads(AssertionError, "expecting static_v.size(2) of 2, but got 3", static_v=floats(4, 3, 3)),
    heads(AssertionError, "Expected key_padded_mask.shape[0] to be 2, but got 1",
          key_padding_mask=bools(True, False, True).reshape(1, 3)),
    heads(AssertionError, "Expected key_padded_mask.shape[1] to be 3, but got 2",
          key_padding_mask=bools(True, False, True, True).reshape(2, 2)),
    heads(RuntimeError, "expecting in_proj_weight of shape (12, 4), but got (9, 4)", in_proj_weight=floats(9, 4)),
    heads(RuntimeError, "expecting 4 numbers as bias_k and bias_v, but got (1, 1, 3)", bias_k=floats(1, 1, 3),
          bias_v=floats(1, 1, 3)),
    heads(RuntimeError, "query has a batch of 2, key one of 1", floats(3, 2, 4), floats(3, 1, 4), floats(3, 1, 4)),
    heads(RuntimeError, "there are 5 keys and 3 values", static_k=floats(4, 5, 2)),
    heads(RuntimeError, "expected query and key and value to have the same dtype",
          static_k=floats(4, 3, 2, dtype=fnnet.float64)),
    heads(RuntimeError, "not implemented for 'Long', expected a floating dtype",
          *(fnnet.ones(3, 2, 4, dtype=fnnet.int64),) * 3, in_proj_weight=fnnet.ones(12, 4, dtype=fnnet.int64)),
    heads(RuntimeError, "Expected attn_mask dtype to be bool or float or to match query dtype",
          attn_mask=floats(3, 3, dtype=fnnet.float64)),
    heads(RuntimeError, "dropout probability has to be between 0 and 1, but got 1.5", dropout_p=1.5),
]  # fmt: skip
