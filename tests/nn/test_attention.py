"""Attention and Transformers as modules: values by PyTorch 2.13 unless a test says otherwise."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet import nn
from fnnet.nn.attention import SDPBackend, sdpa_kernel

X = fnnet.arange(12.0).reshape(3, 1, 4) / 10
PADDING = fnnet.tensor([[False, False, True]])


def filled(module: Any, divisor: int = 4) -> Any:
    """The module with parameters that are a number's multiples."""
    with fnnet.no_grad():
        for i, p in enumerate(module.parameters()):
            p.copy_(fnnet.linspace(-1, 1, p.numel()).reshape(p.shape) * (i + 1) / divisor)
    return module


def close(t: Any, expected: Any, tolerance: float = 2e-5) -> None:
    np.testing.assert_allclose(t.detach().numpy().ravel(), np.ravel(expected), tolerance, tolerance)


# MultiheadAttention ---------------------------------------------------------------------------------------------------
def test_result_and_weights() -> None:
    out, weights = filled(nn.MultiheadAttention(4, 2))(X, X, X)
    close(
        out,
        [-2.69612717628479, -0.8391340374946594, 1.0178587436676025, 2.874851942062378, -2.6985440254211426,
         -0.8410832285881042, 1.0163774490356445, 2.873838424682617, -2.700944185256958, -0.8430244326591492,
         1.0148950815200806, 2.872814893722534],
    )  # fmt: skip
    close(
        weights,
        [0.3287865221500397, 0.3330932855606079, 0.33812016248703003, 0.32625263929367065, 0.33272647857666016,
         0.3410208523273468, 0.32381728291511536, 0.3321937918663025, 0.34398889541625977],
    )  # fmt: skip


def test_weights_of_each_head_under_padding() -> None:
    padding = fnnet.tensor([[False, True, False]])
    out, weights = filled(nn.MultiheadAttention(4, 2))(X, X, X, padding, average_attn_weights=False)
    assert weights.shape == (1, 2, 3, 3)
    close(weights[0, 0], [0.4708583, 0, 0.5291417, 0.4537492, 0, 0.5462509, 0.4367485, 0, 0.5632515])
    close(weights[0, 1], [0.5151554, 0, 0.4848446, 0.5241553, 0, 0.4758447, 0.5331396, 0, 0.4668604])
    close(out[0], [-2.6982064247131348, -0.8407928943634033, 1.01662015914917, 2.8740334510803223])


@pytest.mark.parametrize("need_weights", [True, False])
def test_a_query_without_keys_gets_nan_with_the_weights_and_a_value_of_zero_without(need_weights: bool) -> None:
    mask = fnnet.ones(3, 3, dtype=fnnet.bool).triu(0)
    out, weights = filled(nn.MultiheadAttention(4, 2))(X, X, X, attn_mask=mask, need_weights=need_weights)
    if need_weights:
        assert out[0].isnan().all()
        assert weights[0, 0].isnan().all()
    else:
        close(out[0], [-1.0, -1 / 3, 1 / 3, 1.0])  # the last projection's bias
    close(
        out[1:],
        [-2.0723791122436523, -0.6519793272018433, 0.7684203386306763, 2.1888201236724854, -2.385547637939453,
         -0.7466045618057251, 0.8923382759094238, 2.5312814712524414],
    )  # fmt: skip


def test_batch_first_turns_inputs_and_result() -> None:
    m, first = (filled(nn.MultiheadAttention(4, 2, batch_first=b)) for b in (False, True))
    x, y = fnnet.randn(3, 2, 4), fnnet.randn(5, 2, 4)
    for key in (x, y):
        out, weights = m(x, key, key)
        turned, same = first(x.transpose(0, 1), key.transpose(0, 1), key.transpose(0, 1))
        assert fnnet.allclose(turned.transpose(0, 1), out, atol=1e-5)
        assert fnnet.allclose(same, weights)
    assert first(x[:, 0], y[:, 0], y[:, 0])[0].shape == (3, 4)  # without a batch it has nothing to say


def test_names_of_parameters() -> None:
    def names(**options: Any) -> list[str]:
        return list(nn.MultiheadAttention(4, 2, **options).state_dict())

    out = ["out_proj.weight", "out_proj.bias"]
    assert names() == ["in_proj_weight", "in_proj_bias", *out]
    assert names(bias=False) == ["in_proj_weight", "out_proj.weight"]
    assert names(add_bias_kv=True) == ["in_proj_weight", "in_proj_bias", "bias_k", "bias_v", *out]
    assert names(vdim=3) == ["q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", *out]
    m = nn.MultiheadAttention(4, 2, kdim=3, vdim=5, add_bias_kv=True)
    assert [tuple(p.shape) for p in m.parameters()] == [
        (4, 4), (4, 3), (4, 5), (12,), (1, 1, 4), (1, 1, 4), (4, 4), (4,),
    ]  # fmt: skip
    assert m.in_proj_weight is None


def test_it_is_printed_with_its_projection() -> None:
    assert repr(nn.MultiheadAttention(4, 2)) == (
        "MultiheadAttention(\n"
        "  (out_proj): NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=True)\n)"
    )


def test_dropout_is_for_training() -> None:
    m = filled(nn.MultiheadAttention(4, 2, dropout=0.5))
    kept, _ = filled(nn.MultiheadAttention(4, 2))(X, X, X)
    assert fnnet.allclose(m.eval()(X, X, X)[0], kept)
    assert not fnnet.allclose(m.train()(X, X, X)[0], kept)


def test_merged_masks() -> None:
    m = nn.MultiheadAttention(4, 2, batch_first=True)
    x, mask, padding = fnnet.ones(2, 3, 4), fnnet.ones(3, 3), fnnet.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    assert m.merge_masks(None, None, x) == (None, None)
    assert m.merge_masks(None, padding, x) == (padding, 1)
    merged, kind = m.merge_masks(mask, padding, x)
    assert kind == 2
    assert merged is not None
    assert merged.shape == (2, 2, 3, 3)
    assert merged[1, 0, 2].tolist() == [4.0, 5.0, 6.0]
    each, kind = m.merge_masks(fnnet.ones(4, 3, 3), None, x)
    assert kind == 2
    assert each is not None
    assert each.shape == (2, 2, 3, 3)


def test_state_of_an_old_file() -> None:
    m = nn.MultiheadAttention(4, 2)
    state = dict(m.__dict__)
    del state["_qkv_same_embed_dim"]
    old = nn.MultiheadAttention.__new__(nn.MultiheadAttention)
    old.__setstate__(state)
    assert fnnet.equal(old(X, X, X)[0], m(X, X, X)[0])


# Transformers ---------------------------------------------------------------------------------------------------------
def test_encoder_layer() -> None:
    layer = filled(nn.TransformerEncoderLayer(4, 2, 3, 0.0, "gelu", batch_first=True))
    close(
        layer(X.transpose(0, 1)),
        [0.43771734833717346, -0.5122729539871216, 1.3290892839431763, 6.91363000869751, 0.43771734833717346,
         -0.5122729539871216, 1.3290892839431763, 6.91363000869751, 0.4377170205116272, -0.5122728943824768,
         1.3290891647338867, 6.91363000869751],
    )  # fmt: skip


def test_decoder_layer() -> None:
    layer = filled(nn.TransformerDecoderLayer(4, 2, 3, 0.0, norm_first=True), 8)
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    close(
        layer(X, X[:2], tgt_mask=mask, tgt_is_causal=True),
        [-15.540580749511719, -3.646712303161621, 8.247156143188477, 20.141023635864258, -15.140581130981445,
         -3.2467122077941895, 8.64715576171875, 20.54102325439453, -14.740581512451172, -2.846712112426758,
         9.047155380249023, 20.941024780273438],
    )  # fmt: skip


def test_an_encoder_without_gradients_gives_zeros_where_sequences_have_ended() -> None:
    layer = filled(nn.TransformerEncoderLayer(4, 2, 3, 0.0, "gelu", batch_first=True))
    encoder, x = nn.TransformerEncoder(layer, 2).eval(), X.transpose(0, 1)
    with fnnet.no_grad():
        close(
            encoder(x, src_key_padding_mask=PADDING),
            [0.4745144546031952, -0.5362321138381958, 1.316335678100586, 6.916810512542725, 0.4745141267776489,
             -0.5362321138381958, 1.316335678100586, 6.916810512542725, 0.0, 0.0, 0.0, 0.0],
        )  # fmt: skip
        plain = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
        assert plain(x, src_key_padding_mask=PADDING)[0, 2].all()
        begun = PADDING.flip(1)  # hidden at the beginning: not what PyTorch packs
        assert encoder(x, src_key_padding_mask=begun)[0, 0].all()
        assert not nn.TransformerEncoder(layer, 1, mask_check=False).eval()(x, src_key_padding_mask=begun)[0, 0].any()
        assert encoder.train()(x, src_key_padding_mask=PADDING)[0, 2].all()
    assert encoder.eval()(x, src_key_padding_mask=PADDING)[0, 2].all()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "self_attn.batch_first was not True(use batch_first for better inference performance)"),
        ({"batch_first": True, "norm_first": True}, "norm_first was True"),
        ({"batch_first": True, "bias": False}, "self_attn was passed bias=False"),
        ({"batch_first": True, "activation": fnnet.tanh}, "activation_relu_or_gelu was not True"),
        ({"batch_first": True, "nhead": 1}, "self_attn.num_heads is odd"),
    ],
)
def test_an_encoder_says_why_it_packs_nothing(options: dict[str, Any], why: str) -> None:
    layer = nn.TransformerEncoderLayer(**({"d_model": 4, "nhead": 2, "dim_feedforward": 3} | options))
    with pytest.warns(UserWarning, match="enable_nested_tensor is True") as caught:
        encoder = nn.TransformerEncoder(layer, 1)
    assert str(caught[0].message) == (
        f"enable_nested_tensor is True, but self.use_nested_tensor is False because encoder_layer.{why}"
    )
    assert caught[0].filename == __file__
    assert not encoder.use_nested_tensor
    assert encoder.enable_nested_tensor
    assert not nn.TransformerEncoder(layer, 1, enable_nested_tensor=False).use_nested_tensor


class Own(nn.Module):
    """A layer that is none of PyTorch's."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(4, 2)
        self.causal: list[bool] = []

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        self.causal.append(is_causal)
        return src + 1


def test_an_encoder_takes_layers_of_other_classes() -> None:
    with pytest.warns(UserWarning, match="encoder_layer was not TransformerEncoderLayer"):
        encoder = nn.TransformerEncoder(Own(), 3)  # type: ignore[arg-type]  # what PyTorch's users do
    assert fnnet.equal(encoder(X), X + 3)


def test_a_causal_mask_is_found_out() -> None:
    with pytest.warns(UserWarning, match="was not TransformerEncoderLayer"):
        encoder = nn.TransformerEncoder(Own(), 1)  # type: ignore[arg-type]
    causal = nn.Transformer.generate_square_subsequent_mask(3)
    hidden = ~fnnet.ones(3, 3, dtype=fnnet.bool).tril()
    for mask in (None, causal, hidden, fnnet.zeros(3, 3), causal.expand(2, 3, 3)):
        encoder(X, mask)
    encoder(X, causal, is_causal=False)
    encoder(X, fnnet.zeros(3, 3), is_causal=True)
    first: Any = encoder.layers[0]
    assert first.causal == [False, True, True, False, False, False, True]


def test_the_causal_mask() -> None:
    mask = nn.Transformer.generate_square_subsequent_mask(3, dtype=fnnet.float64)
    assert mask.dtype is fnnet.float64
    inf = float("inf")
    assert mask.tolist() == [[0.0, -inf, -inf], [0.0, 0.0, -inf], [0.0, 0.0, 0.0]]


def test_layers_are_copies() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 3, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(4))
    parameters = list(encoder.parameters())
    assert len(parameters) == 2 * len(list(layer.parameters())) + 2
    assert len({id(p) for p in (*parameters, *layer.parameters())}) == len(parameters) + len(list(layer.parameters()))
    state = encoder.state_dict()
    assert fnnet.equal(state["layers.0.linear1.weight"], state["layers.1.linear1.weight"])
    assert list(state)[-2:] == ["norm.weight", "norm.bias"]


@pytest.mark.parametrize(("batch_first", "norm_first"), list(itertools.product([True, False], repeat=2)))
def test_a_transformer_is_its_encoder_and_decoder(batch_first: bool, norm_first: bool) -> None:
    m = nn.Transformer(4, 2, 1, 2, 3, 0.0, custom_encoder=nn.TransformerEncoder(
        nn.TransformerEncoderLayer(4, 2, 3, 0.0, batch_first=batch_first, norm_first=norm_first), 1,
        enable_nested_tensor=False,
    ), batch_first=batch_first, norm_first=norm_first)  # fmt: skip
    src, tgt = (fnnet.randn(2, n, 4) if batch_first else fnnet.randn(n, 2, 4) for n in (5, 3))
    out = m(src, tgt, tgt_mask=nn.Transformer.generate_square_subsequent_mask(3))
    assert out.shape == tgt.shape
    other = tgt.clone()
    (other[:, -1] if batch_first else other[-1]).mul_(-2.0)  # the last place is seen by itself alone
    moved = m(src, other, tgt_mask=nn.Transformer.generate_square_subsequent_mask(3))
    before = (slice(None), slice(2)) if batch_first else (slice(2),)
    assert fnnet.allclose(out[before], moved[before])
    assert not fnnet.allclose(out, moved)


def test_parts_of_a_transformer_may_be_given() -> None:
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 3, batch_first=True), 1)
    m = nn.Transformer(4, 2, 1, 1, 3, custom_decoder=decoder, batch_first=True)
    assert m.decoder is decoder
    assert [name for name, _ in m.named_children()] == ["encoder", "decoder"]
    assert next(iter(m.state_dict())).startswith("encoder.")


def test_what_a_transformer_refuses() -> None:
    m = nn.Transformer(4, 2, 1, 1, 3, batch_first=True)
    with pytest.raises(RuntimeError, match="the batch number of src and tgt must be equal"):
        m(fnnet.ones(2, 3, 4), fnnet.ones(1, 3, 4))
    with pytest.raises(RuntimeError, match="the feature number of src and tgt must be equal to d_model"):
        m(fnnet.ones(2, 3, 4), fnnet.ones(2, 3, 5))


def test_an_activation_that_is_a_module_is_one_of_the_children() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 3, activation=nn.GELU())
    assert [name for name, _ in layer.named_children()][-1] == "activation"
    assert layer.activation_relu_or_gelu == 2
    assert copy.deepcopy(layer).activation is not layer.activation


# nn.attention ---------------------------------------------------------------------------------------------------------
def test_the_choice_of_a_backend_is_accepted() -> None:
    expected = nn.functional.scaled_dot_product_attention(X, X, X)
    for backends in (SDPBackend.MATH, [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]):
        with sdpa_kernel(backends, set_priority=True):
            assert fnnet.equal(nn.functional.scaled_dot_product_attention(X, X, X), expected)
    assert sdpa_kernel(SDPBackend.MATH)(lambda: 3)() == 3
    with pytest.raises(AssertionError, match="Backend must be an instance of SDPBackend"), sdpa_kernel("math"):  # type: ignore[arg-type]
        pass
