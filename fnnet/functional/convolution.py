"""Convolutions of one, two and three dims.

Three ops are closed under differentiation: `conv`, and its gradients `conv_input` and `conv_weight`, of which each is
bilinear and has the other two for gradients. `conv_input` is also the transposed convolution.

Each is a matrix product with columns, what each window of the input sees. Columns of one image at a time give the
result in the order wanted; where an image has few windows, one product over the whole batch is faster, although its
result must be put in order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, OptionError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import Kind, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.functional._common import dtype_of, need_tensor
from fnnet.functional.layout import laid_out_as
from fnnet.functional.padding import PAD, ordered
from fnnet.functional.products import reshape

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]

FEW_WINDOWS = 1 / 512
"""Windows of an image per element of the weight. With fewer, reading the weight once per image costs more than ordering
the result does, and the whole batch goes into one product (measured on x86-64 with OpenBLAS)."""
PIECE = 1 << 20
"""Elements of columns that are made at once: 4 MiB of float32, which a processor's cache holds for the product."""
FOLD_COST = 2
"""How much longer it takes to fold an element of the columns than to copy one into them (measured with NumPy: 2.4)."""


# windows and fold, the primitives beneath ------------------------------------------------------------------------
def _geometry(c: Call[Any]) -> dict[str, Shape]:
    return {name: c.static[name] for name in ("size", "stride", "padding", "dilation")}


def _windows_samples(make: Make) -> Any:
    yield Sample(make(2, 1, 5, 4), size=(2, 3), stride=(2, 1), padding=(0, 1), dilation=(1, 1))
    yield Sample(make(1, 2, 7), size=(3,), stride=(1,), padding=(2,), dilation=(2,))


WINDOWS = Op(
    "windows", backward=lambda k, c, g: (k.fold(g, shape=c.shapes[0], **_geometry(c)),), uses=((),), kind=Kind.MOVE,
    is_view=True, samples=_windows_samples,
)  # fmt: skip


def _fold_samples(make: Make) -> Any:
    yield Sample(
        make(2, 1, 2, 3, 2, 4), shape=(2, 1, 5, 4), size=(2, 3), stride=(2, 1), padding=(0, 1), dilation=(1, 1)
    )
    yield Sample(make(1, 2, 3, 7), shape=(1, 2, 7), size=(3,), stride=(1,), padding=(2,), dilation=(2,))


FOLD = Op("fold", backward=lambda k, c, g: (k.windows(g, **_geometry(c)),), uses=((),), samples=_fold_samples)


# the three ops ---------------------------------------------------------------------------------------------------
def _swap(k: K[A], x: A) -> A:
    n = x.ndim
    return k.permute(x, dims=(*range(n - 2), n - 1, n - 2))


def _by_group(k: K[A], g: A, groups: int, merged: bool) -> A:
    """(N, O, *out) as (N, G, O/G, L), or merged as (G, O/G, N * L)."""
    n, o = g.shape[:2]
    length = math.prod(g.shape[2:])
    g = k.reshape(g, shape=(n, groups, o // groups, length))
    if merged:
        g = k.reshape(k.permute(g, dims=(1, 2, 0, 3)), shape=(groups, o // groups, n * length))
    return g


def _columns(
    k: K[A], x: A, merged: bool, *, size: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> A:
    """What the windows of `x` see, (N, G, C/G * K, L), or merged (G, C/G * K, N * L)."""
    n, c = x.shape[:2]
    d = len(size)
    if all(s == 1 for s in size) and not any(padding):
        if any(s != 1 for s in stride):
            x = k.getitem(x, index=(slice(None), slice(None), *(slice(None, None, s) for s in stride)))
        return _by_group(k, x, groups, merged)
    seen = k.windows(x, size=size, stride=stride, padding=padding, dilation=dilation)
    rows, length = c // groups * math.prod(size), math.prod(seen.shape[2 + d :])
    if merged:
        seen = k.permute(seen, dims=(*range(1, 2 + d), 0, *range(2 + d, 2 + 2 * d)))
        return k.reshape(seen, shape=(groups, rows, n * length))
    return k.reshape(seen, shape=(n, groups, rows, length))


def _grid(shape: Shape, size: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    return tuple(
        (n + 2 * p - e * (m - 1) - 1) // s + 1
        for n, m, s, p, e in zip(shape, size, stride, padding, dilation, strict=True)
    )


def _few(grid: Shape, weight: Shape, groups: int) -> bool:
    return math.prod(grid) < FEW_WINDOWS * math.prod(weight) / groups


def _turns(shape: Shape, grad: Shape, size: Shape, stride: Shape, padding: Shape, dilation: Shape) -> bool:
    """Whether the gradient for the input had better be a convolution of `grad` with the turned weight than a fold."""
    return (
        all(s == 1 for s in stride)
        and all(p <= e * (m - 1) for m, p, e in zip(size, padding, dilation, strict=True))
        and math.prod(shape[2:]) * grad[1] <= FOLD_COST * math.prod(grad[2:]) * shape[1]
    )


def _turned(k: K[A], w: A, groups: int) -> A:
    """(O, C/G, *size) as (C, O/G, *size), turned round in its spatial dims."""
    o, c, *size = w.shape
    d = len(size)
    w = k.permute(k.reshape(w, shape=(groups, o // groups, c, *size)), dims=(0, 2, 1, *range(3, 3 + d)))
    return k.flip(k.reshape(w, shape=(groups * c, o // groups, *size)), dims=tuple(range(2, 2 + d)))


def _matrix(k: K[A], w: A, groups: int) -> A:
    """(O, C/G, *size) as (G, O/G, C/G * K)."""
    return k.reshape(w, shape=(groups, w.shape[0] // groups, math.prod(w.shape[1:])))


def _pieces(n: int, grid: Shape, weight: Shape, groups: int) -> list[slice]:
    """The batch, cut so that the columns of a piece stay small; whole where the batch is one product."""
    if _few(grid, weight, groups):
        return [slice(0, n)]
    step = max(1, PIECE // max(1, math.prod(weight[1:]) * groups * math.prod(grid)))
    return [slice(i, min(i + step, n)) for i in range(0, n, step)] or [slice(0, 0)]


def _conv(k: K[A], x: A, w: A, b: A | None, *, stride: Shape, padding: Shape, dilation: Shape, groups: int) -> A:
    o, size = w.shape[0], w.shape[2:]
    grid = _grid(x.shape[2:], size, stride, padding, dilation)
    merged = _few(grid, w.shape, groups)
    matrix = _matrix(k, w, groups)
    offset = None if b is None else k.reshape(b, shape=(groups, o // groups, 1))
    found = []
    pieces = _pieces(x.shape[0], grid, w.shape, groups)
    for piece in pieces:
        some = x if len(pieces) == 1 else k.getitem(x, index=(piece,))
        n = some.shape[0]
        y = k.matmul(
            matrix,
            _columns(k, some, merged, size=size, stride=stride, padding=padding, dilation=dilation, groups=groups),
        )
        if offset is not None:
            y = y + offset
        if merged:
            y = k.permute(k.reshape(y, shape=(o, n, math.prod(grid))), dims=(1, 0, 2))
            y = k.reshape(y, shape=(n * o * math.prod(grid),))
        found.append(k.reshape(y, shape=(n, o, *grid)))
    return found[0] if len(found) == 1 else k.cat(*found, dim=0)


def _conv_input(k: K[A], g: A, w: A, *, shape: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int) -> A:
    """The gradient of conv for its input, of that shape; the transposed convolution of `g`."""
    size, grid, c = w.shape[2:], g.shape[2:], shape[1]
    d = len(size)
    merged = _few(grid, w.shape, groups)
    if not merged and _turns(shape, g.shape, size, stride, padding, dilation):
        far = tuple(e * (m - 1) - p for m, p, e in zip(size, padding, dilation, strict=True))
        return _conv(k, g, _turned(k, w, groups), None, stride=stride, padding=far, dilation=dilation, groups=groups)
    matrix = _swap(k, _matrix(k, w, groups))
    found = []
    pieces = _pieces(g.shape[0], grid, w.shape, groups)
    for piece in pieces:
        some = g if len(pieces) == 1 else k.getitem(g, index=(piece,))
        n = some.shape[0]
        cols = k.matmul(matrix, _by_group(k, some, groups, merged))
        if merged:
            cols = k.reshape(cols, shape=(c, *size, n, *grid))
            cols = k.permute(cols, dims=(1 + d, *range(1 + d), *range(2 + d, 2 + 2 * d)))
        else:
            cols = k.reshape(cols, shape=(n, c, *size, *grid))
        if all(s == 1 for s in (*size, *stride)) and not any(padding) and shape[2:] == grid:
            found.append(ordered(k, k.reshape(cols, shape=(n, *shape[1:]))))
        else:
            options = {"size": size, "stride": stride, "padding": padding, "dilation": dilation}
            found.append(k.fold(cols, shape=(n, *shape[1:]), **options))
    return found[0] if len(found) == 1 else k.cat(*found, dim=0)


def _conv_weight(
    k: K[A], x: A, g: A, *, shape: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> A:
    """The gradient of conv for its weight, of that shape."""
    total: Any = None
    pieces = _pieces(g.shape[0], g.shape[2:], shape, groups)
    for piece in pieces:
        one, other = (x, g) if len(pieces) == 1 else (k.getitem(x, index=(piece,)), k.getitem(g, index=(piece,)))
        cols = _columns(k, one, True, size=shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups)
        part = k.matmul(_by_group(k, other, groups, True), _swap(k, cols))
        total = part if total is None else total + part
    return k.reshape(total, shape=shape)


def _options(c: Call[Any]) -> dict[str, Any]:
    return {name: c.static[name] for name in ("stride", "padding", "dilation", "groups")}


def _conv_backward(k: K[A], c: Call[A], g: A) -> Grads:
    x, w = c.inputs[:2]
    options = _options(c)
    return (
        k.conv_input(g, w, shape=c.shapes[0], **options) if c.needs[0] else None,
        k.conv_weight(x, g, shape=c.shapes[1], **options) if c.needs[1] else None,
        k.sum(g, dim=(0, *range(2, g.ndim))) if c.needs[2] else None,
    )


def _conv_input_backward(k: K[A], c: Call[A], gx: A) -> Grads:
    g, w = c.inputs
    options = _options(c)
    return (
        k.conv(gx, w, None, **options) if c.needs[0] else None,
        k.conv_weight(gx, g, shape=c.shapes[1], **options) if c.needs[1] else None,
    )


def _conv_weight_backward(k: K[A], c: Call[A], gw: A) -> Grads:
    x, g = c.inputs
    options = _options(c)
    return (
        k.conv_input(g, gw, shape=c.shapes[0], **options) if c.needs[0] else None,
        k.conv(x, gw, None, **options) if c.needs[1] else None,
    )


def _static(d: int, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1) -> dict[str, Any]:
    return {"stride": (stride,) * d, "padding": (padding,) * d, "dilation": (dilation,) * d, "groups": groups}


def _conv_samples(make: Make) -> Any:
    yield Sample(make(2, 3, 5, 6), make(4, 3, 2, 3), make(4), **_static(2, padding=1))
    yield Sample(make(2, 4, 7), make(4, 2, 3), make(4), **_static(1, stride=2, padding=2, dilation=2, groups=2))
    yield Sample(make(1, 2, 4, 4, 3), make(3, 2, 2, 2, 2), None, **_static(3))
    yield Sample(make(2, 2, 5, 5), make(3, 2, 1, 1), None, **_static(2, stride=2))
    yield Sample(make(1, 1, 18, 18), make(2, 1, 2, 2), make(2), **_static(2))
    yield Sample(make(0, 2, 4), make(3, 2, 2), make(3), **_static(1))


def _conv_input_samples(make: Make) -> Any:
    yield Sample(make(2, 4, 6, 6), make(4, 3, 2, 3), shape=(2, 3, 5, 6), **_static(2, padding=1))
    yield Sample(make(2, 4, 2), make(4, 2, 3), shape=(2, 4, 8), **_static(1, stride=2, dilation=2, groups=2))
    yield Sample(make(1, 2, 17, 17), make(2, 1, 2, 2), shape=(1, 1, 18, 18), **_static(2))
    yield Sample(make(2, 3, 4), make(3, 2, 1), shape=(2, 2, 4), **_static(1))


def _conv_weight_samples(make: Make) -> Any:
    yield Sample(make(2, 3, 5, 6), make(2, 4, 6, 6), shape=(4, 3, 2, 3), **_static(2, padding=1))
    yield Sample(make(2, 4, 8), make(2, 4, 2), shape=(4, 2, 3), **_static(1, stride=2, dilation=2, groups=2))


CONV = Op(
    "conv", title="ConvolutionBackward0",
    forward=_conv, backward=_conv_backward, uses=((1,), (0,), ()), onnx="Conv", samples=_conv_samples,
)  # fmt: skip
CONV_INPUT = Op(
    "conv_input", forward=_conv_input, backward=_conv_input_backward, uses=((1,), (0,)), onnx="ConvTranspose",
    samples=_conv_input_samples,
)  # fmt: skip
CONV_WEIGHT = Op(
    "conv_weight", forward=_conv_weight, backward=_conv_weight_backward, uses=((1,), (0,)),
    samples=_conv_weight_samples,
)  # fmt: skip


# the public functions --------------------------------------------------------------------------------------------
def per_dim(name: str, option: str, value: Any, d: int) -> Shape:  # a value not checked yet
    """An int, or a sequence of one or `d` ints, as `d` ints."""
    if isinstance(value, int):
        return (value,) * d
    found = tuple(int(v) for v in value)
    if len(found) == 1:
        return found * d
    if len(found) != d:
        raise ShapeError(
            f"{name}: expected {option} to be a single integer value or a list of {d} values to match the convolution "
            f"dimensions, but got {option}={list(found)}"
        )
    return found


def check_operands(name: str, d: int, input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    """Tensors, equal dtypes, ranks."""
    need_tensor(name, input=input, weight=weight)
    dtype = dtype_of(input)
    for argument, t in (("weight", weight), ("bias", bias)):
        if t is not None:
            need_tensor(name, **{argument: t})
            if dtype_of(t) is not dtype:
                raise DTypeError(
                    f"{name}: Input type ({dtype.name}) and {argument} type ({dtype_of(t).name}) should be the same"
                )
    if dtype.category == 0:
        raise UnsupportedDTypeError(f"{name}: not implemented for 'Bool'")
    x, w = tuple(input._data.shape), tuple(weight._data.shape)
    if len(x) not in (d + 1, d + 2):
        raise ShapeError(
            f"{name}: Expected {d + 1}D (unbatched) or {d + 2}D (batched) input to {name}, but got input of size: "
            f"{list(x)}"
        )
    if len(w) != d + 2:
        words = {1: "three", 2: "four", 3: "five"}
        raise ShapeError(
            f"{name}: weight should have at least {words[d]} dimensions: Expected {len(w)}-dimensional input for "
            f"{len(w)}-dimensional weight {list(w)}, but got {len(x)}-dimensional input of size {list(x)} instead"
        )


def check_options(name: str, stride: Shape, padding: Shape, dilation: Shape, groups: int) -> None:
    """Raise unless steps and groups are positive, and padding is not negative."""
    if any(s <= 0 for s in stride):
        raise OptionError(f"{name}: non-positive stride is not supported, got {stride}")
    if any(p < 0 for p in padding):
        raise OptionError(f"{name}: negative padding is not supported, got {padding}")
    if any(e <= 0 for e in dilation):
        raise OptionError(
            f"{name}: non-positive dilation is not supported, dilation should be greater than zero, got {dilation}"
        )
    if groups <= 0:
        raise OptionError(f"{name}: non-positive groups is not supported, got {groups}")


def check_groups(name: str, weight: Shape, groups: int) -> None:
    """Raise unless the groups divide what weight has along its first dim."""
    if weight[0] == 0 or weight[0] % groups:
        raise ShapeError(
            f"{name}: Given groups={groups}, expected weight to be "
            + (f"at least {groups}" if weight[0] < groups else f"divisible by {groups}")
            + f" at dimension 0, but got weight of size {list(weight)} instead"
        )


def by_x(shape: Sequence[int]) -> str:
    """Sizes as PyTorch's messages write them: "(2 x 3)"."""
    return "(" + " x ".join(map(str, shape)) + ")"


def _convolve(
    d: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: int | Sequence[int],
    padding: str | int | Sequence[int],
    dilation: int | Sequence[int],
    groups: int,
) -> Tensor:
    name = f"conv{d}d"
    check_operands(name, d, input, weight, bias)
    x, w = tuple(input._data.shape), tuple(weight._data.shape)
    stride, dilation = per_dim(name, "stride", stride, d), per_dim(name, "dilation", dilation, d)
    batched = len(x) == d + 2
    c, spatial, size = x[-d - 1], x[-d:], w[2:]
    uneven: Shape = (0,) * d
    if isinstance(padding, str):
        padding, uneven = _named_padding(name, padding, size, stride, dilation)
    else:
        padding = per_dim(name, "padding", padding, d)
    check_options(name, stride, padding, dilation, groups)
    check_groups(name, w, groups)
    if c != w[1] * groups:
        raise ShapeError(
            f"{name}: weight has {w[1] * groups} input channels, x has {c} (x: {x}, weight: {w}, groups={groups}): "
            f"Given groups={groups}, weight of size {list(w)}, expected input{list(x)} to have {w[1] * groups} "
            f"channels, but got {c} channels instead"
        )
    if bias is not None and tuple(bias._data.shape) != (w[0],):
        raise ShapeError(
            f"{name}: Given weight of size {list(w)}, expected bias to be 1-dimensional with {w[0]} elements, but got "
            f"bias of size {list(bias._data.shape)} instead"
        )
    padded = tuple(n + 2 * p + u for n, p, u in zip(spatial, padding, uneven, strict=True))
    reach = tuple(e * (m - 1) + 1 for m, e in zip(size, dilation, strict=True))
    if any(n < m for n, m in zip(padded, reach, strict=True)):
        raise ShapeError(
            f"{name}: Calculated padded input size per channel: {by_x(padded)}. Kernel size: {by_x(reach)}. Kernel "
            f"size can't be greater than actual input size (x: {x}, weight: {w})"
        )
    if not batched:
        input = reshape(input, (1, *x))
    if any(uneven):
        input = apply(PAD, input, pads=((0, 0), (0, 0), *((0, u) for u in uneven)), value=0)
    y = cast(
        "Tensor",
        apply(CONV, input, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups),
    )
    y = laid_out_as(y, input, weight)
    return y if batched else entitle(reshape(y, tuple(y._data.shape[1:])), "SqueezeBackward1")


def _named_padding(name: str, padding: str, size: Shape, stride: Shape, dilation: Shape) -> tuple[Shape, Shape]:
    """Padding on both sides, and what the end has more: "same" pads an odd total with one more at the end."""
    if padding == "valid":
        return (0,) * len(size), (0,) * len(size)
    if padding != "same":
        raise OptionError(f"{name}: Invalid padding string: {padding!r}, expected 'valid' or 'same'")
    if any(s != 1 for s in stride):
        raise OptionError(f"{name}: padding='same' is not supported for strided convolutions, got stride={stride}")
    total = [e * (m - 1) for m, e in zip(size, dilation, strict=True)]
    return tuple(t // 2 for t in total), tuple(t % 2 for t in total)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution of signals (cross-correlation: the kernel is not flipped), see `conv2d`.

    Args:
        input: `(N, C, L)`, or `(C, L)` without a batch; any dtype but bool.
        weight: `(O, C / groups, K)`, of input's dtype.
        bias: `(O,)`, of input's dtype, or None. Default: None.
        stride: Steps between windows. Default: 1.
        padding: Zeros on both sides; "valid" is none, "same" as many as keep the size (an odd number has one more at
            the end), with a stride of 1 only. Default: 0.
        dilation: Steps between the taps of the kernel. Default: 1.
        groups: Groups of channels that do not see each other; `C` and `O` are divisible by it. Default: 1.

    Returns:
        `(N, O, L')` or `(O, L')`, input's dtype, with `L' = (L + 2 * padding - dilation * (K - 1) - 1) // stride + 1`.

    Raises:
        ShapeError: Channels, ranks, bias or sizes do not fit, or the kernel is larger than the padded input.
        DTypeError: The dtypes differ, or are bool.
        OptionError: stride, dilation or groups below 1, padding below 0 or another word, "same" with a stride.

    Differentiable: In input, weight and bias, any order.

    Example:
        >>> import fnnet
        >>> x, w = fnnet.tensor([[1.0, 2.0, 4.0, 8.0]]), fnnet.tensor([[[-1.0, 1.0]]])
        >>> fnnet.nn.functional.conv1d(x, w)
        tensor([[1., 2., 4.]])
    """
    return _convolve(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution of images (cross-correlation: the kernel is not flipped).

    `y[n, o, i, j] = bias[o] + sum over c, a, b of weight[o, c, a, b] * x[n, c, i', j']` with
    `i' = i * stride + a * dilation - padding`, and `j'` alike.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` without a batch; any dtype but bool.
        weight: `(O, C / groups, KH, KW)`, of input's dtype.
        bias: `(O,)`, of input's dtype, or None. Default: None.
        stride: Steps between windows, one int or one per dim. Default: 1.
        padding: Zeros on both sides of each dim; "valid" is none, "same" as many as keep the size (an odd number has
            one more at the end), with a stride of 1 only. Default: 0.
        dilation: Steps between the taps of a kernel, one int or one per dim. Default: 1.
        groups: Groups of channels that do not see each other; `C` and `O` are divisible by it. Default: 1.

    Returns:
        `(N, O, H', W')` or `(O, H', W')`, input's dtype, with
        `H' = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1`, and `W'` alike.

    Raises:
        ShapeError: Channels, ranks, bias or sizes do not fit, or the kernel is larger than the padded input.
        DTypeError: The dtypes differ, or are bool.
        OptionError: stride, dilation or groups below 1, padding below 0 or another word, "same" with a stride.

    Differentiable: In input, weight and bias, any order.

    Source:
        Chellapilla, Puri, Simard (2006), High performance convolutional neural networks for document processing:
        convolution as a matrix product.

    Example:
        >>> import fnnet
        >>> x, w = fnnet.ones(1, 1, 3, 3), fnnet.ones(1, 1, 2, 2)
        >>> fnnet.nn.functional.conv2d(x, w)
        tensor([[[[4., 4.],
                  [4., 4.]]]])
    """
    return _convolve(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution of volumes (cross-correlation: the kernel is not flipped), see `conv2d`.

    Args:
        input: `(N, C, D, H, W)`, or `(C, D, H, W)` without a batch; any dtype but bool.
        weight: `(O, C / groups, KD, KH, KW)`, of input's dtype.
        bias: `(O,)`, of input's dtype, or None. Default: None.
        stride: Steps between windows, one int or one per dim. Default: 1.
        padding: Zeros on both sides of each dim; "valid" is none, "same" as many as keep the size (an odd number has
            one more at the end), with a stride of 1 only. Default: 0.
        dilation: Steps between the taps of a kernel, one int or one per dim. Default: 1.
        groups: Groups of channels that do not see each other; `C` and `O` are divisible by it. Default: 1.

    Returns:
        `(N, O, D', H', W')` or `(O, D', H', W')`, input's dtype, each size as `conv2d`'s.

    Raises:
        ShapeError: Channels, ranks, bias or sizes do not fit, or the kernel is larger than the padded input.
        DTypeError: The dtypes differ, or are bool.
        OptionError: stride, dilation or groups below 1, padding below 0 or another word, "same" with a stride.

    Differentiable: In input, weight and bias, any order.

    Example:
        >>> import fnnet
        >>> x, w = fnnet.ones(1, 2, 2, 2), fnnet.ones(1, 1, 2, 2, 2)
        >>> fnnet.nn.functional.conv3d(x, w).flatten()
        tensor([8.])
    """
    return _convolve(3, input, weight, bias, stride, padding, dilation, groups)


__all__ = ["CONV", "CONV_INPUT", "CONV_WEIGHT", "FOLD", "WINDOWS", "conv1d", "conv2d", "conv3d"]
