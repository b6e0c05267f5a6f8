"""Scaled dot-product attention: means of values, weighted by how well each query fits each key."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace, Shape, sum_to
from fnnet._core.op import OPS, OUT, Make, Op, Sample
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.backends.dtypes import HALF, TITLES
from fnnet.functional._common import broadcast_shape, dtype_of, need_number, need_tensor, to_dtype
from fnnet.functional.masking import masked_fill
from fnnet.functional.random_source import draw
from fnnet.functional.rearrangement import repeat_interleave

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# attention -----------------------------------------------------------------------------------------------------------
def _swap(k: K[A], x: A) -> A:
    """The last two dims exchanged."""
    n = x.ndim
    return k.permute(x, dims=(*range(n - 2), n - 1, n - 2))


def _weights(k: K[A], scores: A, safe: bool) -> A:
    """The softmax over the last dim; `safe`: zeros, not NaN, where all scores are -inf."""
    if 0 in scores.shape:
        return k.clone(scores)
    last = (scores.ndim - 1,)
    top = k.amax(scores, dim=last, keepdim=True)
    if safe:
        top = k.where(k.eq(top, -math.inf), 0.0, top)
    e = k.exp(scores - top)
    total = k.sum(e, dim=last, keepdim=True)
    if safe:
        total = k.where(k.eq(total, 0.0), 1.0, total)
    return e / total


def _attention_forward(
    k: K[A], q: A, key: A, v: A, mask: A | None, drop: A | None, *, scale: float, causal: bool, safe: bool
) -> tuple[A, A]:
    scores = k.matmul(q * scale, _swap(k, key))
    if causal:
        rows, columns = scores.shape[-2:]
        behind = k.reshape(k.arange(rows), shape=(rows, 1))
        later = k.gt(k.arange(columns), behind)
        scores = scores + k.where(later, -math.inf, k.full((rows, columns), 0.0, dtype=scores.dtype))
    if mask is not None:
        scores = scores + mask
    weights = _weights(k, scores, safe)
    return k.matmul(weights if drop is None else weights * drop, v), weights


def _attention_backward(k: K[A], c: Call[A], grads: tuple[A | None, ...]) -> Grads:
    g, g_weights = grads
    q, key, v, _, drop = c.inputs
    outs: Any = c.out
    out, weights = outs
    dv = d_drop = inner = None  # inner: the gradient by the weights
    if g is not None:
        if c.needs[2]:
            dv = sum_to(k, k.matmul(_swap(k, weights if drop is None else weights * drop), g), c.shapes[2])
        if c.needs[0] or c.needs[1] or c.needs[3] or c.needs[4]:
            inner = k.matmul(g, _swap(k, v))
            if c.needs[4]:
                d_drop = sum_to(k, inner * weights, c.shapes[4])
            if drop is not None:
                inner = inner * drop
    if g_weights is not None:
        inner = g_weights if inner is None else inner + g_weights
    dq = d_key = d_mask = None
    if inner is not None and (c.needs[0] or c.needs[1] or c.needs[3]):
        last = (weights.ndim - 1,)
        if g is not None and g_weights is None:  # the sum over all keys, from the smaller side
            along = k.sum(g * out, dim=last, keepdim=True)
        else:
            along = k.sum(inner * weights, dim=last, keepdim=True)
        d_scores = (inner - along) * weights
        scale = c.static["scale"]
        if c.needs[0]:
            dq = sum_to(k, k.matmul(d_scores, key) * scale, c.shapes[0])
        if c.needs[1]:
            d_key = sum_to(k, k.matmul(_swap(k, d_scores), q) * scale, c.shapes[1])
        if c.needs[3]:
            d_mask = sum_to(k, d_scores, c.shapes[3])
    return dq, d_key, dv, d_mask, d_drop


def _attention_samples(make: Make) -> Any:
    plain: dict[str, Any] = {"scale": 0.5, "causal": False, "safe": True}
    yield Sample(make(3, 2), make(4, 2), make(4, 3), None, None, **plain)
    yield Sample(make(2, 3, 2), make(2, 4, 2), make(2, 4, 2), make(3, 4), None, **plain)
    yield Sample(make(2, 1, 3, 2), make(2, 4, 2), make(2, 4, 3), None, make(2, 2, 3, 4), **plain)
    yield Sample(make(3, 2), make(4, 2), make(4, 2), None, None, scale=-1.5, causal=True, safe=True)
    yield Sample(make(3, 2), make(2, 2), make(2, 2), make(1, 2), make(), scale=1.0, causal=False, safe=False)
    yield Sample(make(2, 2), make(0, 2), make(0, 3), None, None, **plain)


def _attention_title(node: Any) -> str:
    """PyTorch has a kernel for batches of heads without dropout; else the last step is a product of matrices."""
    q, key, v, _, drop = node.shapes
    fused = len(q) == 4 and q[:2] == key[:2] == v[:2] and q[-1] == v[-1]
    if fused and drop == () and not node.needs[3]:
        return "ScaledDotProductFlashAttentionForCpuBackward0"
    return "UnsafeViewBackward0" if len(q) > 2 else "MmBackward0"


ATTENTION = Op(
    "scaled_dot_product_attention", title=_attention_title, forward=_attention_forward, backward=_attention_backward,
    uses=((1, 2, 4, OUT), (0, 2, 4, OUT), (4, OUT), (2, 4, OUT), (2, OUT)), n_out=2, real=True,
    samples=_attention_samples,
)  # fmt: skip
"""Inputs: queries, keys, values, what is added to the scores, what the weights are multiplied with.

Outputs: the result, and the weights before dropout.
"""


def additive(mask: Tensor, like: Tensor, *, where: bool) -> Tensor:
    """A bool mask as numbers to add to scores: -inf where it is `where`, else 0."""
    dtype = dtype_of(like)
    chosen = mask if where else cast("Tensor", apply(OPS["logical_not"], mask))
    return masked_fill(mask.new_zeros(mask.shape, dtype=dtype), chosen, -math.inf)


def as_score(name: str, mask: Tensor, query: Tensor) -> Tensor:
    """A float mask in the dtype in which the scores of `query` are computed.

    Raises:
        DTypeError: It is neither of query's dtype nor float32.
    """
    found, dtype = dtype_of(mask), dtype_of(query)
    if found is not dtype and found is not dtypes.float32:
        raise DTypeError(
            f"{name}: Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{found.name} and  query.dtype: {dtype.name} instead."
        )
    return to_dtype(mask, dtypes.float32 if dtype in HALF else dtype)


def dropout_mask(name: str, shape: Shape, p: float, like: Tensor) -> Tensor | None:
    """What weights of `shape` are multiplied with: drawn as `F.dropout` draws. None: there is nothing to drop.

    Raises:
        OptionError: `p` is no probability.
    """
    need_number(name, dropout_p=p)
    if not 0.0 <= p <= 1.0:
        raise OptionError(f"{name}: dropout probability has to be between 0 and 1, but got {p}")
    if p == 0 or 0 in shape:
        return None
    dtype = dtype_of(like)
    if dtype in HALF:
        dtype = dtypes.float32  # the weights are computed in it
    return draw("dropout", () if p == 1 else shape, dtype, like._device, p=float(p))


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """`softmax(query @ key.T * scale + mask) @ value`, the softmax over the keys.

    Args:
        query: `(*, H, L, E)`: L queries of E features, floating point. Leading dims broadcast.
        key: `(*, H, S, E)`, of query's dtype.
        value: `(*, H, S, Ev)`, of query's dtype.
        attn_mask: Broadcasts to `(*, H, L, S)`. bool: False hides a key from a query; float: added to the scores.
        dropout_p: Probability in [0, 1] that a weight is dropped; there is no mode in which it is not. Default: 0.
        is_causal: A query sees the keys up to its own place alone. Not together with `attn_mask`. Default: False.
        scale: Factor of the products. Default: `1 / sqrt(E)`.
        enable_gqa: There may be fewer heads of `key` and `value` than of `query`, in the dim third from the end; each
            serves several in turn. Default: False.

    Returns:
        `(*, H, L, Ev)`, of query's dtype; zeros for a query from which all keys are hidden.

    Raises:
        ShapeError: Fewer than 2 dims, sizes that do not fit, or heads that do not divide those of `query`.
        DTypeError: Different dtypes, no floating point, or a mask that is neither bool nor of query's dtype or float32.
        OptionError: `dropout_p` is outside [0, 1], or a mask is given and `is_causal`.

    Differentiable: By `query`, `key`, `value` and a float mask, any order.

    Source:
        A. Vaswani et al., "Attention Is All You Need" (2017), section 3.2.1.

    Example:
        >>> import fnnet
        >>> F = fnnet.nn.functional
        >>> x = fnnet.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> F.scaled_dot_product_attention(x, x, x, is_causal=True, scale=1.0)
        tensor([[1.0000, 0.0000],
                [0.2689, 0.7311]])
    """
    _check(query, key, value, attn_mask, is_causal, scale)
    if enable_gqa:
        key, value = (_repeated(query, t) for t in (key, value))
    q, s = query._data.shape, key._data.shape
    mask = attn_mask
    if mask is not None:
        mask = additive(mask, query, where=False) if dtype_of(mask) is dtypes.bool_ else as_score(_NAME, mask, query)
    shape = _score_shape(tuple(q), tuple(s), tuple(value._data.shape), mask)
    if scale is None:
        scale = 1 / math.sqrt(q[-1]) if q[-1] else math.inf
    drop = dropout_mask(_NAME, shape, dropout_p, query)
    out, _ = apply(ATTENTION, query, key, value, mask, drop, scale=float(scale), causal=bool(is_causal), safe=True)
    return cast("Tensor", out)


def _check(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    is_causal: bool,
    scale: float | None,
) -> None:
    """All that does not need the shape of the scores."""
    need_tensor(_NAME, query=query, key=key, value=value)
    need_number(_NAME, scale=scale)
    found = [dtype_of(t) for t in (query, key, value)]
    if any(d is not found[0] for d in found):
        raise DTypeError(
            f"{_NAME}: Expected query, key, and value to have the same dtype, but got query.dtype: {found[0].name} "
            f"key.dtype: {found[1].name} and value.dtype: {found[2].name} instead."
        )
    if found[0].category != 2:
        raise UnsupportedDTypeError(f"{_NAME}: expected scalar type Float but found {TITLES[found[0].name]}")
    dims = [t._data.ndim for t in (query, key, value)]
    if min(dims) < 2:
        raise ShapeError(
            f"{_NAME}: Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: {dims[0]} "
            f"key.dim: {dims[1]} and value.dim: {dims[2]} instead."
        )
    if mask is not None:
        need_tensor(_NAME, attn_mask=mask)
        if is_causal:
            raise OptionError(f"{_NAME}: Explicit attn_mask should not be set when is_causal=True")


def _score_shape(q: Shape, key: Shape, value: Shape, mask: Tensor | None) -> Shape:
    """The shape of the scores.

    Raises:
        ShapeError: The operands do not fit together.
    """
    if q[-1] != key[-1]:
        raise ShapeError(
            f"{_NAME}: query has {q[-1]} features, key has {key[-1]}, expected as many (query: {q}, key: {key})"
        )
    if key[-2] != value[-2]:
        raise ShapeError(
            f"{_NAME}: there are {key[-2]} keys and {value[-2]} values, expected as many (key: {key}, value: {value})"
        )
    batch = broadcast_shape(_NAME, q[:-2], key[:-2])
    broadcast_shape(_NAME, batch, value[:-2])
    shape = (*batch, q[-2], key[-2])
    if mask is not None:
        found = broadcast_shape(_NAME, shape, tuple(mask._data.shape))
        if found != shape:
            raise ShapeError(
                f"{_NAME}: output with shape {list(shape)} doesn't match the broadcast shape {list(found)} of "
                f"attn_mask {tuple(mask._data.shape)}"
            )
    return shape


def _repeated(query: Tensor, t: Tensor) -> Tensor:
    """Keys or values for all heads of `query`: each head serves as many of them, one after the other."""
    if query._data.ndim < 3 or t._data.ndim < 3:
        raise ShapeError(
            f"{_NAME}: enable_gqa needs a dim of heads, at least 3 dims, got query {tuple(query._data.shape)} and "
            f"{tuple(t._data.shape)}"
        )
    heads, given = query._data.shape[-3], t._data.shape[-3]
    if not given or heads % given:
        raise ShapeError(
            f"{_NAME}: Number of heads in key and value must divide the number of heads in query, got {given} and "
            f"{heads} (query: {tuple(query._data.shape)}, key or value: {tuple(t._data.shape)})"
        )
    return t if heads == given else repeat_interleave(t, heads // given, t._data.ndim - 3)


_NAME = "scaled_dot_product_attention"

__all__ = ["ATTENTION", "additive", "as_score", "dropout_mask", "scaled_dot_product_attention"]
