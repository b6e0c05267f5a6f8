"""Multi-head attention: projections, attention in each head, and what joins the heads again."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import (
    AssertedDTypeError,
    AssertedOptionError,
    AssertedShapeError,
    OptionError,
    ShapeError,
    UnsupportedDTypeError,
)
from fnnet._core.namespace import Shape
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.backends.dtypes import TITLES
from fnnet.functional._common import dtype_of, need_tensor, to_dtype
from fnnet.functional.affine import linear
from fnnet.functional.arithmetic import add, mul
from fnnet.functional.attention import ATTENTION, additive, as_score, dropout_mask
from fnnet.functional.broadcasting import EXPAND
from fnnet.functional.joining import cat
from fnnet.functional.padding import pad
from fnnet.functional.products import check_dtypes, permute, reshape, shape_of
from fnnet.functional.reduction import mean
from fnnet.functional.shape import squeeze, unsqueeze
from fnnet.functional.splitting import chunk, split, unbind

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

_NAME = "multi_head_attention_forward"


def canonical_mask(
    mask: Tensor | None, name: str, like: Tensor, other: Tensor | None = None, other_name: str = ""
) -> Tensor | None:
    """A mask as numbers to add to scores, in the dtype of `like`: -inf where a bool mask is True.

    Args:
        mask: bool, or floating point and passed on; or None.
        name: Its name, for messages.
        like: Whose dtype a bool mask takes.
        other: A mask of which it is expected that it has the same dtype, or a warning is given.
        other_name: That mask's name.

    Returns:
        The mask, or None.

    Raises:
        DTypeError: Any other dtype.

    Example:
        >>> import fnnet
        >>> canonical_mask(fnnet.tensor([True, False]), "mask", fnnet.ones(1))
        tensor([-inf, 0.])
    """
    if mask is None:
        return None
    need_tensor(_NAME, **{name: mask})
    dtype = dtype_of(mask)
    if dtype is not dtypes.bool_ and dtype.category != 2:
        raise AssertedDTypeError(f"{_NAME}: only bool and floating types of {name} are supported, got {dtype}")
    if other is not None and dtype is not dtype_of(other):
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.",
            UserWarning,
            stacklevel=3,
        )
    return additive(mask, like, where=True) if dtype is dtypes.bool_ else mask


def _is_batched(
    query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None, attn_mask: Tensor | None, heads: int
) -> bool:
    """Whether the operands are batches of sequences, not single ones.

    Raises:
        AssertedShapeError: They are neither.
    """
    n: int = query._data.ndim
    if n not in (2, 3):
        raise AssertedShapeError(
            f"{_NAME}: query should be unbatched 2D or batched 3D tensor but received {n}-D query tensor"
        )
    kind = f"For {'' if n == 3 else 'un'}batched ({n}-D) `query`, expected"
    if key._data.ndim != n or value._data.ndim != n:
        raise AssertedShapeError(
            f"{_NAME}: {kind} `key` and `value` to be {n}-D but found {key._data.ndim}-D and {value._data.ndim}-D "
            "tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask._data.ndim != n - 1:
        raise AssertedShapeError(
            f"{_NAME}: {kind} `key_padding_mask` to be `None` or {n - 1}-D but found {key_padding_mask._data.ndim}-D "
            "tensor instead"
        )
    if attn_mask is not None:
        if attn_mask._data.ndim not in (2, 3):
            raise AssertedShapeError(
                f"{_NAME}: {kind} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask._data.ndim}-D tensor "
                "instead"
            )
        expected = (heads, query._data.shape[0], key._data.shape[0])
        if n == 2 and attn_mask._data.ndim == 3 and shape_of(attn_mask) != expected:
            raise AssertedShapeError(
                f"{_NAME}: Expected `attn_mask` shape to be {expected} but got {shape_of(attn_mask)}"
            )
    return n == 3


def _heads(x: Tensor, heads: int) -> Tensor:
    """`(S, N, E)` as `(N, heads, S, E / heads)`: a view."""
    s, n, e = shape_of(x)
    return permute(reshape(x, (s, n, heads, e // heads)), (1, 2, 0, 3))


def _apart(x: Tensor, parts: int, heads: int) -> tuple[Tensor, ...]:
    """`(S, N, parts * E)`, several projections side by side, as so many `(N, heads, S, E / heads)`."""
    s, n, e = shape_of(x)
    return unbind(permute(reshape(x, (s, n, parts, heads, e // parts // heads)), (2, 1, 3, 0, 4)))


def _packed(
    query: Tensor, key: Tensor, value: Tensor, weight: Tensor, bias: Tensor | None, heads: int
) -> tuple[Tensor, ...]:
    """Queries, keys and values of each head by one weight `(3 * E, E)`; what is projected alike, in one product."""
    e = query._data.shape[-1]
    if shape_of(weight) != (3 * e, e):
        raise ShapeError(f"{_NAME}: expecting in_proj_weight of shape {(3 * e, e)}, but got {shape_of(weight)}")
    if query is key and key is value:
        return _apart(linear(query, weight, bias), 3, heads)
    if key is value:
        w_q, w_kv = split(weight, [e, 2 * e])
        b_q, b_kv = (None, None) if bias is None else split(bias, [e, 2 * e])
        return (_heads(linear(query, w_q, b_q), heads), *_apart(linear(key, w_kv, b_kv), 2, heads))
    biases = (None,) * 3 if bias is None else chunk(bias, 3)
    return tuple(
        _heads(linear(x, w, b), heads) for x, w, b in zip((query, key, value), chunk(weight, 3), biases, strict=True)
    )


def _separate(
    operands: tuple[Tensor, ...], weights: tuple[Tensor | None, ...], bias: Tensor | None, heads: int
) -> tuple[Tensor, ...]:
    """Queries, keys and values of each head by a weight each."""
    e = operands[0]._data.shape[-1]
    biases: tuple[Tensor | None, ...] = (None,) * 3 if bias is None else chunk(bias, 3)
    for name, x, w, b in zip(("query", "key", "value"), operands, weights, biases, strict=True):
        if w is None:
            raise AssertedOptionError(f"{_NAME}: use_separate_proj_weight is True but {name[0]}_proj_weight is None")
        expected = (e, x._data.shape[-1])
        if shape_of(w) != expected:
            raise AssertedShapeError(f"{_NAME}: expecting {name} weights shape of {expected}, but got {shape_of(w)}")
        if b is not None and shape_of(b) != (e,):
            raise AssertedShapeError(f"{_NAME}: expecting {name} bias shape of {(e,)}, but got {shape_of(b)}")
    return tuple(
        _heads(linear(x, w, b), heads) for x, w, b in zip(operands, weights, biases, strict=True) if w is not None
    )


def _given(static: Tensor, name: str, n: int, heads: int, e: int) -> Tensor:
    """Keys or values `(N * heads, S, E / heads)` that are given in place of projected ones."""
    if static._data.ndim != 3 or static._data.shape[0] != n * heads:
        raise AssertedShapeError(
            f"{_NAME}: expecting {name}.size(0) of {n * heads}, but got {static._data.shape[0]} "
            f"({name}: {shape_of(static)})"
        )
    if static._data.shape[2] != e // heads:
        raise AssertedShapeError(f"{_NAME}: expecting {name}.size(2) of {e // heads}, but got {static._data.shape[2]}")
    return reshape(static, (n, heads, *shape_of(static)[1:]))


def _extended(x: Tensor, more: Tensor | None, n: int, heads: int) -> Tensor:
    """Keys or values `(N, heads, S, D)` with one more, the same in every sequence: given as E numbers, or zero."""
    d = x._data.shape[-1]
    shape = (n, heads, 1, d)
    if more is None:
        row = x.new_zeros(shape)
    elif math.prod(shape_of(more)) != heads * d:
        raise ShapeError(f"{_NAME}: expecting {heads * d} numbers as bias_k and bias_v, but got {shape_of(more)}")
    else:
        row = apply(EXPAND, reshape(more, (1, heads, 1, d)), shape=shape)
    return cat([x, row], 2)


def _checked_attn_mask(mask: Tensor, n: int, heads: int, target: int, source: int) -> Tensor:
    """A mask of scores as `(1, 1, L, S)` or `(N, heads, L, S)`."""
    found = shape_of(mask)
    expected = (target, source) if len(found) == 2 else (n * heads, target, source)
    if found != expected:
        raise ShapeError(f"{_NAME}: The shape of the {len(found)}D attn_mask is {found}, but should be {expected}.")
    return reshape(mask, (1, 1, *found) if len(found) == 2 else (n, heads, *found[1:]))


def _with_padding(mask: Tensor | None, padding: Tensor, n: int, source: int) -> Tensor:
    """Both masks in one: `padding` is `(N, S)`."""
    for at, expected in enumerate((n, source)):
        if padding._data.shape[at] != expected:
            raise AssertedShapeError(
                f"{_NAME}: Expected key_padded_mask.shape[{at}] to be {expected}, but got {padding._data.shape[at]}"
            )
    padding = reshape(padding, (n, 1, 1, source))
    return padding if mask is None else add(mask, padding)


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention in `num_heads` heads: `concat(head_1, ..., head_h) @ out_proj_weight.T + out_proj_bias`.

    Each head is `scaled_dot_product_attention` of its share of the projected queries, keys and values.

    Args:
        query: `(L, N, E)`, or `(L, E)` without a batch, floating point, one dtype for all.
        key: `(S, N, Ek)` or `(S, Ek)`; Ek = E unless `use_separate_proj_weight`.
        value: `(S, N, Ev)` or `(S, Ev)`, likewise.
        embed_dim_to_check: E, which is to be the query's.
        num_heads: Number of heads h, which divides E.
        in_proj_weight: `(3 * E, E)`: the projections of queries, keys and values one below the other.
        in_proj_bias: `(3 * E,)`, or None.
        bias_k: E numbers, one more key for every sequence; or None. Only together with `bias_v`.
        bias_v: E numbers, its value; or None.
        add_zero_attn: Add one more key and value of zeros.
        dropout_p: Probability in [0, 1] that a weight is dropped in training.
        out_proj_weight: `(E, E)`.
        out_proj_bias: `(E,)`, or None.
        training: Whether weights are dropped. Default: True.
        key_padding_mask: `(N, S)` or `(S,)`. bool: True hides a key from all queries; float: added to the scores.
        need_weights: Return the weights, too. Default: True.
        attn_mask: `(L, S)` or `(N * h, L, S)`. bool: True hides a key from a query; float: added to the scores.
        use_separate_proj_weight: Project by the next three weights, not by `in_proj_weight`. Default: False.
        q_proj_weight: `(E, E)`.
        k_proj_weight: `(E, Ek)`.
        v_proj_weight: `(E, Ev)`.
        static_k: `(N * h, S, E / h)`: keys in place of the projected ones.
        static_v: `(N * h, S, E / h)`: values likewise.
        average_attn_weights: Return the mean of the heads' weights, not each head's. Default: True.
        is_causal: `attn_mask` hides all that comes later; where it can, the function then does without the mask.

    Returns:
        The result, `(L, N, E)` or `(L, E)`, and the weights after dropout: `(N, L, S)`, with
        `average_attn_weights=False` `(N, h, L, S)`, without N where there is no batch; None unless `need_weights`.
        A query from which all keys are hidden gets NaN with `need_weights`, else zeros before the last projection, as
        in PyTorch.

    Raises:
        ShapeError: Sizes do not fit.
        OptionError: A weight is missing, E is not divisible, `dropout_p` is outside [0, 1], or `is_causal` without
            `attn_mask`.
        DTypeError: The dtypes differ or are no floating ones, or a mask's is neither bool nor query's nor float32.

    Differentiable: By all floating-point tensors, any order.

    Source:
        A. Vaswani et al., "Attention Is All You Need" (2017), section 3.2.2.

    Example:
        >>> import fnnet
        >>> F, x = fnnet.nn.functional, fnnet.eye(2)
        >>> options = {"need_weights": True, "in_proj_weight": fnnet.cat([x, x, x]), "in_proj_bias": None}
        >>> out, weights = F.multi_head_attention_forward(
        ...     x, x, x, 2, 1, bias_k=None, bias_v=None, add_zero_attn=False, dropout_p=0.0, out_proj_weight=x,
        ...     out_proj_bias=None, **options
        ... )
        >>> weights
        tensor([[0.6698, 0.3302],
                [0.3302, 0.6698]])
    """
    need_tensor(_NAME, query=query, key=key, value=value)
    is_batched = _is_batched(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not is_batched:  # a batch of one; what is the same tensor stays so
        one: dict[int, Tensor] = {id(x): unsqueeze(x, 1) for x in (query, key, value)}
        query, key, value = (one[id(x)] for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else unsqueeze(key_padding_mask, 0)
    target, n, e = shape_of(query)
    source = key._data.shape[0]
    padding = canonical_mask(key_padding_mask, "key_padding_mask", query, attn_mask, "attn_mask")
    if is_causal and attn_mask is None:
        raise OptionError(
            f"{_NAME}: Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    is_causal = is_causal and padding is None and not need_weights
    mask = None if is_causal else canonical_mask(attn_mask, "attn_mask", query)
    if e != embed_dim_to_check:
        raise AssertedShapeError(f"{_NAME}: was expecting embedding dimension of {embed_dim_to_check}, but got {e}")
    if num_heads <= 0 or e % num_heads:
        raise AssertedOptionError(f"{_NAME}: embed_dim {e} not divisible by num_heads {num_heads}")
    found = shape_of(key), shape_of(value)
    if found[0][1] != n:
        raise ShapeError(f"{_NAME}: query has a batch of {n}, key one of {found[0][1]}, expected the same")
    if use_separate_proj_weight:
        if found[0][:2] != found[1][:2]:
            raise AssertedShapeError(
                f"{_NAME}: key's sequence and batch dims {found[0][:2]} do not match value's {found[1][:2]}"
            )
        q, k, v = _separate((query, key, value), (q_proj_weight, k_proj_weight, v_proj_weight), in_proj_bias, num_heads)
    else:
        if found[0] != found[1]:
            raise AssertedShapeError(f"{_NAME}: key shape {found[0]} does not match value shape {found[1]}")
        if in_proj_weight is None:
            raise AssertedOptionError(f"{_NAME}: use_separate_proj_weight is False but in_proj_weight is None")
        q, k, v = _packed(query, key, value, in_proj_weight, in_proj_bias, num_heads)
    if mask is not None:
        mask = _checked_attn_mask(mask, n, num_heads, target, source)
    if (bias_k is None) is not (bias_v is None):
        raise AssertedOptionError(f"{_NAME}: bias_k and bias_v go together, one of them is None")
    if bias_k is not None and (static_k is not None or static_v is not None):
        raise AssertedOptionError(f"{_NAME}: bias cannot be added to static key or value.")
    if static_k is not None:
        k = _given(static_k, "static_k", n, num_heads, e)
    if static_v is not None:
        v = _given(static_v, "static_v", n, num_heads, e)
    more: list[tuple[Tensor | None, Tensor | None]] = [(bias_k, bias_v)] if bias_k is not None else []
    for key_row, value_row in [*more, (None, None)] if add_zero_attn else more:
        k, v = _extended(k, key_row, n, num_heads), _extended(v, value_row, n, num_heads)
        mask = None if mask is None else pad(mask, (0, 1))
        padding = None if padding is None else pad(padding, (0, 1))
    source = k._data.shape[2]
    if v._data.shape[2] != source:
        raise ShapeError(f"{_NAME}: there are {source} keys and {v._data.shape[2]} values, expected as many")
    check_dtypes(_NAME, query=q, key=k, value=v)
    if dtype_of(q).category < 2:
        raise UnsupportedDTypeError(
            f"{_NAME}: not implemented for '{TITLES[dtype_of(q).name]}', expected a floating dtype"
        )
    if padding is not None:
        mask = _with_padding(mask, padding, n, source)
    if mask is not None:
        mask = as_score(_NAME, mask, q)
    shape: Shape = (n, num_heads, target, source)
    drop = dropout_mask(_NAME, shape, dropout_p, q) if training else None
    statics: dict[str, Any] = {"scale": 1 / math.sqrt(e // num_heads), "causal": is_causal, "safe": not need_weights}
    out, weights = apply(ATTENTION, q, k, v, mask, drop, **statics)
    out = linear(reshape(permute(out, (2, 0, 1, 3)), (target, n, e)), out_proj_weight, out_proj_bias)
    if not is_batched:
        out = squeeze(out, 1)
    if not need_weights:
        return out, None
    if drop is not None:
        weights = mul(weights, to_dtype(drop, dtype_of(weights)))
    if average_attn_weights:
        weights = mean(weights, 1)
    return out, weights if is_batched else squeeze(weights, 0)


__all__ = ["canonical_mask", "multi_head_attention_forward"]
