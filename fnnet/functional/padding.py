"""Padding: with a constant, by reflection, by the border's value, or as on a ring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, OptionError, ShapeError, UnservedOptionError
from fnnet._core.namespace import A, Call, Namespace, Number, Shape
from fnnet._core.op import OPS, Kind, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DType
from fnnet.functional._common import dtype_of, need_tensor, refuse_dtype
from fnnet.functional.host_data import fitting_number

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]
Pads = tuple[tuple[int, int], ...]
"""Per dim: how many elements before and after."""


# pad: with a constant --------------------------------------------------------------------------------------------
def _inside(pads: Pads, shape: Shape) -> tuple[slice, ...]:
    """Where `shape` lies after padding."""
    return tuple(slice(lo, lo + n) for (lo, _), n in zip(pads, shape, strict=True))


def _pad(k: K[A], x: A, *, pads: Pads, value: Number) -> A:
    shape = tuple(lo + n + hi for (lo, hi), n in zip(pads, x.shape, strict=True))
    return k.view_set(k.full(shape, value, dtype=x.dtype), x, view=(("getitem", {"index": _inside(pads, x.shape)}),))


def _pad_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (k.getitem(g, index=_inside(c.static["pads"], c.shapes[0])),)


def _pad_samples(make: Make) -> Any:
    yield Sample(make(2, 3), pads=((0, 0), (1, 2)), value=0)
    yield Sample(make(3), pads=((2, 0),), value=1.5)
    yield Sample(make(0, 2), pads=((1, 1), (0, 1)), value=0)


PAD = Op(
    "pad", title="ConstantPadNdBackward0",
    forward=_pad, backward=_pad_backward, uses=((),), kind=Kind.MOVE, onnx="Pad", samples=_pad_samples,
)  # fmt: skip


def ordered(k: K[A], x: A) -> A:
    """`x`, the result of a permutation, in the memory order of its dims."""
    return k.reshape(k.reshape(x, shape=(math.prod(x.shape),)), shape=x.shape)


# pad_by_index: with the input's own values -----------------------------------------------------------------------
def _source(k: K[A], mode: str, n: int, lo: int, hi: int) -> A:
    """For each element along a padded dim, which of the `n` of the input it repeats."""
    i: Any = k.arange(lo + n + hi) - lo
    if mode == "reflect":
        return k.sub(k.abs(k.sub(k.abs(i), n - 1)) * -1, -(n - 1))  # (n - 1) - |(n - 1) - |i||
    if mode == "replicate":
        return k.minimum(k.maximum(i, 0), n - 1)
    inside = n + min(lo, 0) + min(hi, 0)  # on a ring of what cropping leaves
    return k.remainder(i + min(lo, 0), inside) - min(lo, 0)


def _pad_by_index(k: K[A], x: A, *, mode: str, pads: Pads) -> A:
    dims = tuple(range(x.ndim))
    for d, (lo, hi) in enumerate(pads):
        if lo or hi:
            front = (d, *dims[:d], *dims[d + 1 :])
            back = tuple(sorted(dims, key=front.__getitem__))
            index = _source(k, mode, x.shape[d], lo, hi)
            x = k.permute(k.take(k.permute(x, dims=front), index), dims=back)
    return ordered(k, x)


def _pad_by_index_samples(make: Make) -> Any:
    yield Sample(make(1, 2, 4), mode="reflect", pads=((0, 0), (0, 0), (2, 3)))
    yield Sample(make(1, 3, 4), mode="replicate", pads=((0, 0), (2, 0), (1, 5)))
    yield Sample(make(1, 3, 4), mode="circular", pads=((0, 0), (1, 3), (-1, 2)))


PAD_BY_INDEX = Op("pad_by_index", forward=_pad_by_index, kind=Kind.MOVE, onnx="Pad", samples=_pad_by_index_samples)

MODES = ("constant", "reflect", "replicate", "circular")
SUPPORTED = (
    "Supported combinations for non-constant padding: 2D or 3D input: padding size = 2 (pads last dimension), "
    "3D or 4D input: padding size = 4 (pads last 2 dimensions), 4D or 5D input: padding size = 6 (pads last 3 "
    "dimensions)"
)


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with elements added before and after its last dims.

    Args:
        input: Tensor of any dtype. Modes other than "constant" want `(C, L)`, `(N, C, L)`, `(C, H, W)` ... and pad the
            spatial dims.
        pad: Pairs `(before, after)` for the last dim, then the one before it, and so on. Negative numbers crop.
        mode: "constant" (with `value`), "reflect" (mirrored at the border, which is not repeated), "replicate" (the
            border's value) or "circular" (from the other end). Default: "constant".
        value: What "constant" pads with, cast to the input's dtype. Default: None, which is 0.

    Returns:
        A new tensor of the input's dtype; each padded dim has `before + n + after` elements.

    Raises:
        ShapeError: `pad` does not fit the input: an odd count, more pairs than dims, more cropped than there is,
            "reflect" by a dim's size or more, "circular" by more than it.
        OptionError: An unknown mode; a number of dims or pairs that it does not serve; a value for a mode that takes
            none, or one that a whole-number dtype does not hold.
        ArgumentError: `pad` is no sequence of ints.

    Differentiable: Everywhere, any order: an element's gradient is the sum over all places where it stands.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([[1, 2, 3]])
        >>> fnnet.nn.functional.pad(x, (1, 2))
        tensor([[0, 1, 2, 3, 0, 0]])
        >>> fnnet.nn.functional.pad(x, (1, 2), mode="reflect")
        tensor([[2, 1, 2, 3, 2, 1]])
    """
    need_tensor("pad", input=input)
    if not isinstance(pad, Sequence) or not all(hasattr(p, "__index__") for p in pad):
        raise ArgumentError(f"pad(): argument 'pad' (position 2) must be tuple of ints, not {type(pad).__name__}")
    shape = tuple(input._data.shape)
    n, pad = len(shape), [int(p) for p in pad]
    if len(pad) % 2:
        raise ShapeError(f"pad: Padding length must be divisible by 2, got {len(pad)}")
    if len(pad) > 2 * n:
        raise ShapeError(
            "pad: Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {n}"
        )
    if mode not in MODES:
        raise UnservedOptionError(f"pad: Unrecognised padding mode {mode}, expected one of {', '.join(MODES)}")
    pairs = [(pad[2 * i], pad[2 * i + 1]) for i in range(len(pad) // 2)][::-1]
    pads: Pads = ((0, 0),) * (n - len(pairs)) + tuple(pairs)
    if any(lo + size + hi < 0 for (lo, hi), size in zip(pads, shape, strict=True)):
        raise ShapeError(f"pad: narrow(): length must be non-negative: {pad} crops more than there is of {shape}")
    if mode == "constant":
        return _pad_constant(input, pads, 0 if value is None else value)
    if value:
        raise OptionError(f'pad: Padding mode "{mode}" doesn\'t take in value argument')
    _check_spatial(mode, pads, shape, len(pairs))
    if mode != "circular":
        refuse_dtype(f"pad: {mode}", dtype_of(input), 0)
    r = cast("Tensor", apply(PAD_BY_INDEX, input, mode=mode, pads=pads))
    if r is input:
        return r
    return entitle(r, _TITLES[mode].format(d=len(pairs)))


_TITLES = {
    "reflect": "ReflectionPad{d}DBackward0", "replicate": "ReplicationPad{d}DBackward0",
    "circular": "torch::autograd::CopySlices",
}  # fmt: skip
"""PyTorch's nodes of paddings by the input's own values, by the number of padded dims."""


def _padding_value(value: Number, dtype: DType) -> Number:
    """What fits the dtype; in uint8, negative numbers do not wrap around here."""
    if dtype is dtypes.uint8 and isinstance(value, (int, float)) and value < 0:
        raise OptionError(f"pad: value cannot be converted to type uint8 without overflow: {value}")
    number: Number = fitting_number(value, dtype)
    return number


def _pad_constant(input: Tensor, pads: Pads, value: Number) -> Tensor:
    if any(p < 0 for pair in pads for p in pair):
        index = tuple(
            slice(max(0, -lo), size - max(0, -hi)) for (lo, hi), size in zip(pads, input._data.shape, strict=True)
        )
        input = apply(OPS["getitem"], input, index=index)
        pads = tuple((max(0, lo), max(0, hi)) for lo, hi in pads)
    return cast("Tensor", apply(PAD, input, pads=pads, value=_padding_value(value, dtype_of(input))))


def _check_spatial(mode: str, pads: Pads, shape: Shape, padded: int) -> None:
    """PyTorch's limits on pads that take values from the input."""
    n = len(shape)
    if not 1 <= padded <= 3 or n not in (padded + 1, padded + 2):
        raise UnservedOptionError(f"pad: Padding size {2 * padded} is not supported for {n}D input tensor. {SUPPORTED}")
    if 0 in shape[n - padded - 1 :]:
        raise ShapeError(
            f"pad: Expected {padded + 1}D or {padded + 2}D (batch mode) tensor with possibly 0 batch size and other "
            f"non-zero dimensions for input, but got: {list(shape)}"
        )
    for d, ((lo, hi), size) in enumerate(zip(pads, shape, strict=True)):
        if mode == "reflect" and max(lo, hi) >= max(size, 1):
            raise ShapeError(
                "pad: Padding size should be less than the corresponding input dimension, but got: padding "
                f"({lo}, {hi}) at dimension {d} of input {list(shape)}"
            )
        if mode == "circular" and max(lo, hi) > size:
            raise ShapeError(
                f"pad: Padding value causes wrapping around more than once: ({lo}, {hi}) at dimension {d} of input "
                f"{list(shape)}"
            )


__all__ = ["PAD", "PAD_BY_INDEX", "pad"]
