"""Attention: values by PyTorch 2.13 unless a test says otherwise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet.autograd import gradcheck, gradgradcheck

X = fnnet.arange(12.0).reshape(3, 4) / 10
Y = X.flip(0) - 0.5
SOME = fnnet.tensor([[True, False, True], [False, False, False], [True, True, True]])


def close(t: Any, expected: Any, tolerance: float = 1e-6) -> None:
    np.testing.assert_allclose(t.detach().numpy(), np.asarray(expected), tolerance, tolerance)


def by_hand(q: Any, k: Any, v: Any, mask: Any = 0.0, scale: float | None = None) -> Any:
    """The definition in NumPy and float64."""
    q, k, v = (t.detach().numpy().astype(np.float64) for t in (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale) + mask
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) @ v


def test_values() -> None:
    close(
        F.scaled_dot_product_attention(X, Y, Y),
        [
            [-0.06807655841112137, 0.031923431903123856, 0.13192345201969147, 0.231923446059227],
            [0.013699553906917572, 0.1136995330452919, 0.2136995494365692, 0.31369954347610474],
            [0.08531741052865982, 0.18531738221645355, 0.28531742095947266, 0.3853174149990082],
        ],
    )


def test_a_bool_mask_says_which_keys_take_part_and_a_query_without_any_gets_zeros() -> None:
    close(
        F.scaled_dot_product_attention(X, Y, Y, SOME),
        [
            [-0.052229076623916626, 0.047770895063877106, 0.14777091145515442, 0.24777095019817352],
            [0.0, 0.0, 0.0, 0.0],
            [0.08531741052865982, 0.18531738221645355, 0.28531742095947266, 0.3853174149990082],
        ],
    )


def test_a_float_mask_is_added() -> None:
    mask = fnnet.linspace(-1, 1, 9).reshape(3, 3)
    close(F.scaled_dot_product_attention(X, Y, Y, mask), by_hand(X, Y, Y, mask.numpy()))
    hidden = fnnet.zeros(3, 3).masked_fill(~SOME, -math.inf)
    close(F.scaled_dot_product_attention(X, Y, Y, hidden), F.scaled_dot_product_attention(X, Y, Y, SOME).numpy())


def test_causal_with_a_scale() -> None:
    close(
        F.scaled_dot_product_attention(X, Y, Y, is_causal=True, scale=2.0),
        [
            [0.30000001192092896, 0.3999999761581421, 0.5, 0.6000000238418579],
            [0.24128387868404388, 0.3412838578224182, 0.4412838816642761, 0.541283905506134],
            [0.28003615140914917, 0.3800361156463623, 0.4800361394882202, 0.5800361633300781],
        ],
    )


@pytest.mark.parametrize(("queries", "keys"), [(2, 4), (4, 2)])
def test_causal_begins_in_the_upper_left_corner(queries: int, keys: int) -> None:
    q, k = fnnet.randn(queries, 3), fnnet.randn(keys, 3)
    mask = np.where(np.tri(queries, keys, dtype=bool), 0.0, -math.inf)
    close(F.scaled_dot_product_attention(q, k, k, is_causal=True), by_hand(q, k, k, mask))


def test_a_negative_scale_prefers_what_fits_least() -> None:
    close(F.scaled_dot_product_attention(X, Y, Y, is_causal=True, scale=-3.0)[0], Y[0].numpy())
    close(F.scaled_dot_product_attention(X, Y, Y, scale=-3.0), by_hand(X, Y, Y, scale=-3.0))


def test_heads_of_queries_may_share_keys() -> None:
    q, k = X.reshape(1, 2, 3, 2), fnnet.linspace(-1, 1, 6).reshape(1, 1, 3, 2)
    close(
        F.scaled_dot_product_attention(q, k, k * 2, enable_gqa=True),
        [
            [
                [
                    [-0.3396923243999481, 0.46030759811401367],
                    [-0.10225524753332138, 0.6977447271347046],
                    [0.12084279209375381, 0.9208427667617798],
                ],
                [
                    [0.3211005628108978, 1.1211005449295044],
                    [0.4938961863517761, 1.2938960790634155],
                    [0.6382935643196106, 1.43829345703125],
                ],
            ]
        ],
    )


def test_each_head_of_keys_serves_its_neighbours() -> None:
    q, k = fnnet.randn(4, 3, 2), fnnet.randn(2, 5, 2)
    shared = F.scaled_dot_product_attention(q, k, k, enable_gqa=True)
    close(shared, by_hand(q, k[fnnet.tensor([0, 0, 1, 1])], k[fnnet.tensor([0, 0, 1, 1])]))


def test_leading_dims_broadcast() -> None:
    q, k, v = fnnet.randn(3, 4, 5), fnnet.randn(2, 1, 6, 5), fnnet.randn(6, 7)
    out = F.scaled_dot_product_attention(q, k, v, fnnet.randn(2, 3, 1, 6).zero_())
    assert out.shape == (2, 3, 4, 7)
    close(out, by_hand(q, k, v), 1e-5)


def test_dropout_draws_as_pytorch_does() -> None:
    fnnet.manual_seed(0)
    close(
        F.scaled_dot_product_attention(X, Y, Y, dropout_p=0.5),
        [
            [-0.29422616958618164, -0.23538093268871307, -0.1765357106924057, -0.11769045889377594],
            [0.0, 0.0, 0.0, 0.0],
            [0.3003280758857727, 0.47438937425613403, 0.6484507918357849, 0.822512149810791],
        ],
    )


def test_all_dropped() -> None:
    assert not F.scaled_dot_product_attention(X, Y, Y, dropout_p=1.0).any()


def test_no_keys_give_zeros() -> None:
    q = fnnet.ones(2, 3, requires_grad=True)
    out = F.scaled_dot_product_attention(q, fnnet.ones(0, 3), fnnet.ones(0, 4))
    out.sum().backward()
    assert out.tolist() == [[0.0] * 4] * 2
    assert q.grad is not None
    assert not q.grad.any()


def test_gradients() -> None:
    mask = fnnet.linspace(-1, 1, 9).reshape(3, 3).requires_grad_()
    q, k, v = (t.clone().requires_grad_() for t in (X, Y, Y * 2))
    F.scaled_dot_product_attention(q, k, v, mask).pow(2).sum().backward()
    expected = [
        [[0.02611374668776989] * 4, [0.16823628544807434] * 4, [0.2713440954685211] * 4],
        [
            [0.40690141916275024, 0.47206753492355347, 0.5372337102890015, 0.6023998260498047],
            [-0.10287828743457794, -0.11678701639175415, -0.13069577515125275, -0.14460451900959015],
            [-0.3040231168270111, -0.35528048872947693, -0.40653786063194275, -0.45779532194137573],
        ],
        [
            [-0.17370063066482544, 0.3060004711151123, 0.7857017517089844, 1.265402913093567],
            [-0.20655423402786255, 0.18025626242160797, 0.5670668482780457, 0.9538775086402893],
            [-0.23489275574684143, 0.09859532862901688, 0.43208351731300354, 0.765571653842926],
        ],
        [
            [0.06245538219809532, 0.005657961126416922, -0.06811335682868958],
            [0.44722798466682434, -0.05327444523572922, -0.39395350217819214],
            [0.7936395406723022, -0.23055846989154816, -0.5630810260772705],
        ],
    ]
    for t, gradient in zip((q, k, v, mask), expected, strict=True):
        close(t.grad, gradient, 2e-6)


def test_a_hidden_query_has_no_gradient() -> None:
    q = X.clone().requires_grad_()
    F.scaled_dot_product_attention(q, Y, Y, SOME).sum().backward()
    assert q.grad is not None
    assert not q.grad[1].any()
    assert q.grad.isfinite().all()


def test_a_second_backward_names_the_node() -> None:
    q = fnnet.ones(1, 1, 2, 3, requires_grad=True)
    out = F.scaled_dot_product_attention(q, q, q)
    out.backward(out.detach())
    with pytest.raises(RuntimeError, match=r"ScaledDotProductFlashAttentionForCpuBackward0.*retain_graph=True"):
        out.backward(out.detach())


def test_derivatives_through_hidden_keys_and_shared_heads() -> None:
    q, k, v = (fnnet.randn(*shape, dtype=fnnet.float64).requires_grad_() for shape in ((4, 3, 2), (2, 3, 2), (2, 3, 2)))

    def run(*_: Any) -> Any:
        return F.scaled_dot_product_attention(q, k, v, SOME, enable_gqa=True)

    gradcheck(run, (q, k, v))
    gradgradcheck(run, (q, k, v), fast_mode=True)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_half_types_compute_in_float32(name: str) -> None:
    dtype = getattr(fnnet, name)
    q, k = X.to(dtype), Y.to(dtype)
    for mask in (None, fnnet.ones(3, 3), fnnet.ones(3, 3, dtype=dtype)):
        out = F.scaled_dot_product_attention(q, k, k, mask)
        assert out.dtype is dtype
        assert fnnet.equal(out, F.scaled_dot_product_attention(q.float(), k.float(), k.float()).to(dtype))


def test_a_float32_mask_serves_float64() -> None:
    x = X.double()
    out = F.scaled_dot_product_attention(x, x, x, fnnet.zeros(3))
    assert out.dtype is fnnet.float64
    close(out, by_hand(x, x, x), 1e-12)


# multi-head attention -------------------------------------------------------------------------------------------------
def heads(query: Any, key: Any, value: Any, **options: Any) -> Any:
    """In 2 heads of 2 features, with one weight for all projections unless `options` say otherwise."""
    given: dict[str, Any] = {
        "in_proj_weight": fnnet.linspace(-1, 1, 48).reshape(12, 4), "in_proj_bias": fnnet.linspace(-1, 1, 12),
        "bias_k": None, "bias_v": None, "add_zero_attn": False, "dropout_p": 0.0,
        "out_proj_weight": fnnet.linspace(-1, 1, 16).reshape(4, 4), "out_proj_bias": fnnet.ones(4),
    }  # fmt: skip
    return F.multi_head_attention_forward(query, key, value, 4, 2, **(given | options))


def weights_by_hand(query: Any, key: Any, weight: Any, bias: Any) -> Any:
    """The weights `(N, 2, L, S)` of the above, in NumPy."""
    q, k = (x.numpy() @ weight.numpy()[at : at + 4].T + bias.numpy()[at : at + 4] for x, at in ((query, 0), (key, 4)))
    q, k = (x.reshape(*x.shape[:2], 2, 2).transpose(1, 2, 0, 3).astype(np.float64) for x in (q, k))
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(2)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


Q, S = fnnet.linspace(-1, 1, 24).reshape(3, 2, 4), fnnet.linspace(2, 0, 40).reshape(5, 2, 4)


def test_weights() -> None:
    _, weights = heads(Q, S, S, average_attn_weights=False)
    expected = weights_by_hand(Q, S, fnnet.linspace(-1, 1, 48).reshape(12, 4), fnnet.linspace(-1, 1, 12))
    close(weights, expected, 1e-5)
    close(heads(Q, S, S)[1], expected.mean(1), 1e-5)


def test_packed_and_separate_projections_are_the_same() -> None:
    weight = fnnet.linspace(-1, 1, 48).reshape(12, 4)
    apart = dict(zip(("q_proj_weight", "k_proj_weight", "v_proj_weight"), weight.chunk(3), strict=True))
    for key, value in ((Q, Q), (S, S), (S, S.clone())):
        packed, _ = heads(Q, key, value)
        separate, _ = heads(Q, key, value, in_proj_weight=None, use_separate_proj_weight=True, **apart)
        close(packed, separate.numpy(), 2e-5)


@pytest.mark.parametrize("need_weights", [True, False])
def test_a_sequence_without_a_batch(need_weights: bool) -> None:
    mask, padding = fnnet.tensor([[False, True, False]] * 3), fnnet.tensor([False, False, True])
    out, weights = heads(Q[:, 0], Q[:, 0], Q[:, 0], attn_mask=mask, key_padding_mask=padding, need_weights=need_weights)
    batch, more = heads(
        Q[:, :1], Q[:, :1], Q[:, :1], attn_mask=mask, key_padding_mask=padding[None], need_weights=need_weights
    )
    close(out, batch[:, 0].numpy(), 1e-5)
    assert (weights is None) is not need_weights
    if need_weights:
        assert weights.shape == (3, 3)
        close(weights, more[0].numpy(), 1e-5)


def test_without_weights_the_result_is_the_same() -> None:
    mask = fnnet.linspace(-1, 1, 4 * 15).reshape(4, 3, 5)
    padding = fnnet.tensor([[0.0, 1.0, -1.0, 0.0, -math.inf], [0.5] * 5])
    options = {"attn_mask": mask, "key_padding_mask": padding, "add_zero_attn": True}
    out, weights = heads(Q, S, S, **options)
    close(heads(Q, S, S, need_weights=False, **options)[0], out.numpy(), 1e-5)
    assert weights.shape == (2, 3, 6)


def test_a_key_of_zeros_and_one_of_biases_are_more_keys() -> None:
    row = fnnet.linspace(-1, 1, 4)
    _, weights = heads(Q, S, S, bias_k=row.reshape(1, 1, 4), bias_v=row, add_zero_attn=True)
    assert weights.shape == (2, 3, 7)
    close(weights.sum(-1), np.ones((2, 3)))


def test_keys_and_values_that_are_given() -> None:
    keys, values = fnnet.zeros(4, 6, 2), fnnet.ones(4, 6, 2)
    out, weights = heads(Q, S, S, static_k=keys, static_v=values)
    close(weights, np.full((2, 3, 6), 1 / 6))
    expected = 1 + fnnet.linspace(-1, 1, 16).reshape(4, 4).sum(1)
    close(out, np.broadcast_to(expected.numpy(), (3, 2, 4)), 1e-5)


def test_the_causal_hint_does_without_the_mask() -> None:
    wrong = fnnet.zeros(3, 3, dtype=fnnet.bool)
    causal = ~fnnet.ones(3, 3, dtype=fnnet.bool).tril()
    hinted, _ = heads(Q, Q, Q, attn_mask=wrong, is_causal=True, need_weights=False)
    close(hinted, heads(Q, Q, Q, attn_mask=causal, need_weights=False)[0].numpy())


def test_masks_of_different_dtypes_are_deprecated() -> None:
    with pytest.warns(UserWarning, match="Support for mismatched key_padding_mask and attn_mask is deprecated"):
        heads(Q, S, S, attn_mask=fnnet.zeros(3, 5), key_padding_mask=fnnet.zeros(2, 5, dtype=fnnet.bool))


def test_dropped_weights_are_returned_as_they_were_used() -> None:
    fnnet.manual_seed(0)
    out, weights = heads(Q, S, S, dropout_p=0.5, average_attn_weights=False)
    assert (weights == 0).any()
    fnnet.manual_seed(0)
    close(heads(Q, S, S, dropout_p=0.5, need_weights=False)[0], out.numpy(), 1e-5)
    kept, _ = heads(Q, S, S, dropout_p=0.5, training=False)
    close(kept, heads(Q, S, S)[0].numpy())


def test_the_weights_have_gradients_of_their_own() -> None:
    q = fnnet.randn(3, 1, 4, dtype=fnnet.float64).requires_grad_()
    weight = fnnet.randn(12, 4, dtype=fnnet.float64).requires_grad_()
    options = {"in_proj_bias": None, "out_proj_weight": fnnet.eye(4, dtype=fnnet.float64), "out_proj_bias": None}

    def run(*_: Any) -> Any:
        return heads(q, q, q, in_proj_weight=weight, **options)

    gradcheck(run, (q, weight))
    gradgradcheck(run, (q, weight), fast_mode=True)
