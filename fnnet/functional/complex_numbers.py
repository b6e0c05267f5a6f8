"""Complex numbers: parts, conjugates, angles, and tensors of pairs seen as complex ones.

Gradients follow PyTorch: the gradient by z of a real loss L is `dL/d(real z) + i dL/d(imag z)`, the direction of
steepest ascent. The rules of ops that are complex-differentiable are written without conjugates; the tape runs them as
`conj(rule(conj(grad)))`. The ops here are not complex-differentiable (`holomorphic=False`): their rules stand as they
run.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import DTypeError, ShapeError, UnsupportedDTypeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OUT, Kind, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.functional._common import broadcast_shape, dtype_of, into, is_tensor, need_one_device, need_tensor, unary
from fnnet.functional._rules import zero_backward
from fnnet.functional.arithmetic import mul
from fnnet.functional.joining import stack
from fnnet.functional.shape import GETITEM
from fnnet.functional.transposition import transpose
from fnnet.functional.trigonometry import cos, sin

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


def _complex_samples(make: Make) -> Any:
    # Not smooth: the suite's differences are taken along real directions only (tests/autograd/test_complex.py).
    yield Sample(make(3, 4, dtype=dtypes.complex128), smooth=False)
    yield Sample(make(dtype=dtypes.complex128), smooth=False)
    yield Sample(make(0, 2, dtype=dtypes.complex128), smooth=False)


# as pairs of real numbers --------------------------------------------------------------------------------------------
VIEW_AS_REAL = Op(
    "view_as_real", backward=lambda k, c, g: (k.view_as_complex(g),), uses=((),), kind=Kind.MOVE, holomorphic=False,
    is_view=True, samples=_complex_samples,
)  # fmt: skip

VIEW_AS_COMPLEX = Op(
    "view_as_complex", backward=lambda k, c, g: (k.view_as_real(g),), uses=((),), kind=Kind.MOVE, holomorphic=False,
    is_view=True,
    samples=lambda make: (
        Sample(make(3, 4, 2, dtype=dtypes.float64), smooth=False), Sample(make(2, dtype=dtypes.float64), smooth=False),
    ),
)  # fmt: skip


def view_as_real(input: Tensor) -> Tensor:
    """A complex tensor as a real one with a last dim of size 2: real and imaginary part. A view.

    Args:
        input: `(*)`, complex.

    Returns:
        `(*, 2)`, float32 of complex64, float64 of complex128; `input`'s memory.

    Raises:
        DTypeError: `input` is not complex.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.view_as_real(fnnet.tensor([1 + 2j]))
        tensor([[1., 2.]])
    """
    need_tensor("view_as_real", input=input)
    if dtype_of(input).category != 3:
        raise DTypeError(f"view_as_real is only supported for complex tensors, got {dtype_of(input).name}")
    r: Tensor = apply(VIEW_AS_REAL, input)
    return r


def view_as_complex(input: Tensor) -> Tensor:
    """A real tensor whose last dim of size 2 holds real and imaginary part, as a complex one. A view.

    Args:
        input: `(*, 2)`, float32 or float64; the two must lie side by side in memory.

    Returns:
        `(*)`, complex64 of float32, complex128 of float64; `input`'s memory.

    Raises:
        DTypeError: `input` is neither float32 nor float64.
        ShapeError: The last dim is not of size 2, or the pairs do not lie side by side.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.view_as_complex(fnnet.tensor([[1.0, 2.0]]))
        tensor([1.+2.j])
    """
    need_tensor("view_as_complex", input=input)
    where = "view_as_complex: view_as_complex is only supported for"
    if dtype_of(input) not in (dtypes.float32, dtypes.float64):
        raise DTypeError(f"{where} floating point tensors (float32, float64), got {dtype_of(input).name}")
    shape = tuple(input._data.shape)
    if not shape or shape[-1] != 2:
        raise ShapeError(f"view_as_complex: Tensor must have a last dimension of size 2, got shape {shape}")
    strides: Any = cast("Any", input).stride()
    if strides[-1] != 1:
        raise ShapeError(f"view_as_complex: Tensor must have a last dimension with stride 1, got strides {strides}")
    if any(step % 2 for step in strides[:-1]):
        raise ShapeError(
            "view_as_complex: Tensor must have a stride divisible by 2 for all but last dimension, got strides "
            f"{strides}"
        )
    r: Tensor = apply(VIEW_AS_COMPLEX, input)
    return r


# parts ---------------------------------------------------------------------------------------------------------------
def real(input: Tensor) -> Tensor:
    """The real part, a view of a complex tensor; a real tensor is its own.

    Args:
        input: Any shape and dtype.

    Returns:
        `input`'s shape; of complex64 float32, of complex128 float64, in `input`'s memory; else `input` itself.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.real(fnnet.tensor([1 + 2j]))
        tensor([1.])
    """
    need_tensor("real", input=input)
    if dtype_of(input).category != 3:
        return input
    r: Tensor = apply(GETITEM, view_as_real(input), index=(Ellipsis, 0))
    return r


def imag(input: Tensor) -> Tensor:
    """The imaginary part, a view of a complex tensor.

    Args:
        input: Any shape, complex.

    Returns:
        `input`'s shape; float32 of complex64, float64 of complex128; `input`'s memory.

    Raises:
        DTypeError: `input` is not complex.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.imag(fnnet.tensor([1 + 2j]))
        tensor([2.])
    """
    need_tensor("imag", input=input)
    if dtype_of(input).category != 3:
        raise DTypeError(f"imag is not implemented for tensors with non-complex dtypes, got {dtype_of(input).name}.")
    r: Tensor = apply(GETITEM, view_as_real(input), index=(Ellipsis, 1))
    return r


# conjugates ----------------------------------------------------------------------------------------------------------
CONJ = Op(
    "conj", backward=lambda k, c, g: (k.conj(g),), uses=((),), holomorphic=False, samples=_complex_samples
)  # fmt: skip


def conj(input: Tensor) -> Tensor:
    """The complex conjugate, in memory of its own; a real tensor is its own.

    PyTorch answers a view and conjugates when it is read.

    Args:
        input: Any shape and dtype.

    Returns:
        Shape and dtype of `input`; `input` itself where it is real.

    Differentiable: Everywhere, any order; the gradient is conjugated.

    Example:
        >>> import fnnet
        >>> fnnet.conj(fnnet.tensor([1 + 2j]))
        tensor([1.-2.j])
    """
    need_tensor("conj", input=input)
    return unary(CONJ, input) if dtype_of(input).category == 3 else input


def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`conj`; with `out` also of a real tensor a copy.

    Args:
        input: Any shape and dtype.
        out: Where to write the result.

    Returns:
        Shape and dtype of `input`; without `out`, `input` itself where it is real.

    Raises:
        DTypeError: `out` can't hold the result.

    Differentiable: Everywhere, any order; the gradient is conjugated.

    Example:
        >>> import fnnet
        >>> fnnet.conj_physical(fnnet.tensor([1 + 2j]))
        tensor([1.-2.j])
    """
    r = conj(input)
    if r is not input:
        entitle(r, "ConjPhysicalBackward0")
    return r if out is None else into("conj_physical", out, r, beside=(input,))


def resolve_conj(input: Tensor) -> Tensor:
    """`input` itself: conjugates are computed at once.

    Args:
        input: Any shape and dtype.

    Returns:
        `input`, no copy.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.resolve_conj(fnnet.conj(fnnet.tensor([1 + 2j])))
        tensor([1.-2.j])
    """
    need_tensor("resolve_conj", input=input)
    return input


def adjoint(input: Tensor) -> Tensor:
    """The last two dims exchanged, and conjugated: a view of a real tensor.

    Args:
        input: `(*, M, N)`, any dtype.

    Returns:
        `(*, N, M)`, `input`'s dtype; a view of a real tensor, new memory of a complex one.

    Raises:
        ShapeError: `input` has fewer than two dims.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.adjoint(fnnet.tensor([[1 + 2j, 3.0]]))
        tensor([[1.-2.j],
                [3.-0.j]])
    """
    need_tensor("adjoint", input=input)
    if input._data.ndim < 2:
        raise ShapeError(
            f"tensor.adjoint() is only supported on matrices or batches of matrices. Got {input._data.ndim}-D tensor."
        )
    return conj(transpose(input, -2, -1))


def conjugate_transpose(input: Tensor) -> Tensor:
    """What `.H` is: a matrix transposed and conjugated, a 0-d tensor conjugated."""
    ndim = input._data.ndim
    if ndim not in (0, 2):
        raise ShapeError(f"tensor.H is only supported on matrices (2-D tensors). Got {ndim}-D tensor.")
    return adjoint(input) if ndim else conj(input)


# complex from real ---------------------------------------------------------------------------------------------------
def _same_floats(name: str, one: str, a: Tensor, other: str, b: Tensor) -> None:
    need_tensor(name, **{one: a, other: b})
    need_one_device(name, **{one: a, other: b})
    for t in (a, b):
        if dtype_of(t).category != 2:
            raise DTypeError(
                f"{name}: Expected both inputs to be Half, Float or Double tensors, got {dtype_of(t).name}"
            )
    if dtype_of(a) is not dtype_of(b):
        raise DTypeError(
            f"{name}: Expected object of scalar type {dtype_of(a).name} but got scalar type {dtype_of(b).name} for "
            "second "
            "argument"
        )
    if dtype_of(a) in dtypes.HALF:
        raise UnsupportedDTypeError(
            f"complex numbers of two {dtype_of(a).name} are not supported; expected float32 or float64"
        )


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`real + i imag`, broadcast.

    Args:
        real: float32 or float64.
        imag: Of the same dtype.
        out: Where to write the result. It must have the result's dtype.

    Returns:
        The broadcast shape; complex64 of float32, complex128 of float64.

    Raises:
        DTypeError: Other dtypes, two different ones, or `out` has another than the result.
        ShapeError: The shapes do not broadcast.

    Differentiable: In `real` and `imag`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.complex(fnnet.tensor([1.0, 2.0]), fnnet.tensor(3.0))
        tensor([1.+3.j, 2.+3.j])
    """
    _same_floats("complex", "real", real, "imag", imag)
    shape = broadcast_shape("complex", tuple(real._data.shape), tuple(imag._data.shape))
    parts = [cast("Any", t).expand(shape) for t in (real, imag)]
    r = view_as_complex(stack(parts, dim=-1))
    if out is None:
        return entitle(r, "ComplexBackward0")
    need_tensor("complex", out=out)
    if dtype_of(out) is not dtype_of(r):
        raise DTypeError(
            f"complex(): Expected object of scalar type {dtypes.TITLES[dtype_of(r).name]} but got scalar type "
            f"{dtypes.TITLES[dtype_of(out).name]} for argument 'out'"
        )
    return into("complex", out, r, beside=(real, imag))


def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`abs * exp(i angle)`, broadcast.

    Args:
        abs: Distances from 0, float32 or float64; negative ones point the other way.
        angle: Of the same dtype, in radians.
        out: Where to write the result.

    Returns:
        The broadcast shape; complex64 of float32, complex128 of float64.

    Raises:
        DTypeError: Other dtypes, two different ones, or `out` can't hold complex numbers.
        ShapeError: The shapes do not broadcast.

    Differentiable: In `abs` and `angle`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.polar(fnnet.tensor([2.0]), fnnet.tensor([0.0]))
        tensor([2.+0.j])
    """
    _same_floats("polar", "abs", abs, "angle", angle)
    r = complex(mul(abs, cos(angle)), mul(abs, sin(angle)))
    entitle(r, "PolarBackward0")
    return r if out is None else into("polar", out, r, beside=(abs, angle))


# signs and angles ----------------------------------------------------------------------------------------------------
def _sgn_forward(k: K[A], z: A) -> A:
    size = k.cast(k.abs(z), dtype=z.dtype)
    return z / k.where(k.eq(size, 0), 1.0, size)


def _sgn_backward(k: K[A], c: Call[A], g: A) -> Grads:
    z, unit = c.inputs[0], c.out
    size = k.cast(k.abs(z), dtype=z.dtype)
    zero = k.eq(size, 0)
    along = k.getitem(k.view_as_real(g * k.conj(unit)), index=(Ellipsis, 0))  # what would change the size alone
    across = g - k.cast(along, dtype=z.dtype) * unit
    return (k.where(zero, 0.0, across / k.where(zero, 1.0, size)),)


SGN = Op(
    "sgn", forward=_sgn_forward, backward=_sgn_backward, uses=((0, OUT),), holomorphic=False, samples=_complex_samples
)  # fmt: skip


def _angle_backward(k: K[A], c: Call[A], g: A) -> Grads:
    z = c.inputs[0]
    zero = k.eq(z, 0)
    turned = k.cast(g, dtype=z.dtype) * 1j / k.conj(k.where(zero, 1.0, z))
    return (k.where(zero, 0.0, turned),)


def _angle_forward(k: K[A], z: A) -> A:
    parts = k.view_as_real(z)
    return k.atan2(k.getitem(parts, index=(Ellipsis, 1)), k.getitem(parts, index=(Ellipsis, 0)))


ANGLE = Op(
    "angle", forward=_angle_forward, backward=_angle_backward, uses=((0,),), holomorphic=False,
    samples=_complex_samples,
)  # fmt: skip

ANGLE_REAL = Op(
    "angle_real", title="AngleBackward0",
    forward=lambda k, x: k.where(k.isnan(x), x, k.cast(k.lt(x, 0), dtype=x.dtype) * math.pi),
    backward=zero_backward, uses=((),), kind=Kind.FLOAT,
    real=True,
    samples=lambda make: (Sample(make(3, 4, low=0.1, high=1)), Sample(make(3, low=-1, high=-0.1)), Sample(make(0))),
)  # fmt: skip


def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in radians between the positive real axis and `input`; pi of negative real numbers, 0 of others.

    Args:
        input: Any shape and dtype; whole numbers and bool are taken in the default float dtype.
        out: Where to write the result.

    Returns:
        `input`'s shape, floating-point: of complex numbers their parts' dtype, in [-pi, pi]; NaN of NaN.

    Raises:
        DTypeError: `out` can't hold floating point.

    Differentiable: Zero at 0, and of real numbers everywhere.

    Example:
        >>> import fnnet
        >>> fnnet.angle(fnnet.tensor([1j, 1.0, -1.0]))
        tensor([1.5708, 0.0000, 3.1416])
    """
    return unary(ANGLE if is_tensor(input) and dtype_of(input).category == 3 else ANGLE_REAL, input, out)


__all__ = [
    "adjoint", "angle", "complex", "conj", "conj_physical", "imag", "polar", "real", "resolve_conj", "view_as_complex",
    "view_as_real",
]  # fmt: skip
