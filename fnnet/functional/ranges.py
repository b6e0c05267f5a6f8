"""New tensors from a rule: numbers at equal distance, the unit matrix. All are computed on the host."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fnnet._core.errors import ArgumentError, DTypeError, OptionError, ShapeError
from fnnet._core.namespace import Number
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DEFAULT, DType
from fnnet.functional._common import dtype_of, into, is_tensor, need_number, need_tensor, plain_number, refuse_dtype
from fnnet.functional.creation import DeviceLike, Raw, check_dtype_of_out, finish
from fnnet.functional.host_data import as_dtype
from fnnet.functional.movement import canonical

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


def _dtype_of_out(name: str, out: Tensor) -> DType:
    need_tensor(name, out=out)
    return dtype_of(out)


def _from_host(name: str, raw: Raw, device: DeviceLike, requires_grad: bool, out: Tensor | None) -> Tensor:
    target = canonical(device) if out is None else out._device
    t = finish(
        raw if target.type == "cpu" else target.backend.from_host(raw, target.index or 0),
        target,
        requires_grad and out is None,
    )
    if out is None:
        return t
    check_dtype_of_out(name, dtype_of(t), out)
    return into(name, out, t)


def arange(
    start: Number = 0,
    end: Number | None = None,
    step: Number = 1,
    *,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The numbers `start, start + step, ...` below `end`; `arange(end)` starts at 0.

    Args:
        start: First value. Default: 0. (The only argument is `end`.)
        end: Bound, which is left out.
        step: Distance, not 0; negative to count down to `end`. Default: 1.
        out: Where to write the result.
        dtype: Any but bool and complex. Default: int64, or the default dtype where an argument is a float.
        layout: Accepted; memory is strided.
        device: Where it lies. Default: the CPU.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here.

    Returns:
        `(ceil((end - start) / step),)` in `dtype`.

    Raises:
        OptionError: step is 0 or leads away from `end`, or a bound is not finite.
        DTypeError: `dtype` is bool or complex; `requires_grad` for whole numbers.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.arange(1, 2.5, 0.5)
        tensor([1.0000, 1.5000, 2.0000])
    """
    if end is None:
        start, end = 0, start
    if dtype is not None:
        dtype = as_dtype("arange", dtype)
        refuse_dtype("arange_cpu", dtype, 0, 3)
    bounds = (("start", start), ("end", end), ("step", step))
    need_number("arange", **{what: v for what, v in bounds if not is_tensor(v)})
    values: list[Any] = [v.item() if is_tensor(v) else plain_number(v) for v in (start, end, step)]
    a, b, d = values
    if not (math.isfinite(a) and math.isfinite(b)):
        raise OptionError(f"arange: unsupported range: {a} -> {b}")
    found = dtype or (
        _dtype_of_out("arange", out)
        if out is not None
        else dtypes.int64
        if all(isinstance(v, int) for v in values)
        else DEFAULT.float
    )
    span = (b - a) / d if d else 0.0
    if found.category == 1:  # whole numbers from the start; but for int64 their count is that of the numbers given
        a, b, d = map(int, values)
    if d == 0:
        raise OptionError("arange: step must be nonzero")
    if (b - a) * d < 0:
        raise OptionError(f"upper bound and lower bound inconsistent with step sign: arange({a}, {b}, {d})")
    whole = all(isinstance(v, int) for v in (a, b, d))
    n = -((a - b) // d) if found is dtypes.int64 or all(isinstance(v, int) for v in values) else math.ceil(span)
    steps = np.arange(int(n), dtype=np.int64 if whole else np.float64)
    return _from_host("arange", (a + steps * d).astype(found.numpy), device, requires_grad, out)


def linspace(
    start: Number | Tensor,
    end: Number | Tensor,
    steps: int,
    *,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`steps` values from `start` to `end`, both included, at equal distance.

    Args:
        start: First value, a number or a 0-d tensor.
        end: Last value, likewise.
        steps: How many, at least 0; one is `start` alone.
        out: Where to write the result.
        dtype: Any but bool; for a whole-number dtype the ends are cut first, then the values. Default: the default
            dtype, complex64 where an end is complex.
        layout: Accepted; memory is strided.
        device: Where it lies. Default: the CPU.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here.

    Returns:
        `(steps,)` in `dtype`.

    Raises:
        ArgumentError: `steps` is no whole number.
        OptionError: `steps` is negative.
        ShapeError: An end is a tensor with dims.
        DTypeError: `dtype` is bool, or real though an end is complex; `requires_grad` for whole numbers.

    Differentiable: No, by tensors as ends neither.

    Example:
        >>> import fnnet
        >>> fnnet.linspace(0, 1, 3)
        tensor([0.0000, 0.5000, 1.0000])
    """
    found, a, b = _ends("linspace", start, end, steps, dtype, out)
    return _from_host("linspace", _line(a, b, steps, found), device, requires_grad, out)


def logspace(
    start: Number | Tensor,
    end: Number | Tensor,
    steps: int,
    base: float = 10.0,
    *,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`base` to the powers of `linspace(start, end, steps)`.

    Args:
        start: First exponent, a number or a 0-d tensor.
        end: Last exponent, likewise.
        steps: How many, at least 0; one is `base ** start` alone.
        base: What is raised to the powers. Default: 10.
        out: Where to write the result.
        dtype: Any but bool; for a whole-number dtype the exponents' ends are cut first, then the values. Default: the
            default dtype, complex64 where an end is complex.
        layout: Accepted; memory is strided.
        device: Where it lies. Default: the CPU.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here.

    Returns:
        `(steps,)` in `dtype`, computed in float64 (complex128).

    Raises:
        ArgumentError: `steps` is no whole number.
        OptionError: `steps` is negative.
        ShapeError: An end is a tensor with dims.
        DTypeError: `dtype` is bool, or real though an end is complex; `requires_grad` for whole numbers.

    Differentiable: No, by tensors as ends neither.

    Example:
        >>> import fnnet
        >>> fnnet.logspace(0, 2, 3)
        tensor([  1.,  10., 100.])
    """
    found, a, b = _ends("logspace", start, end, steps, dtype, out)
    with np.errstate(all="ignore"):
        exponents = _line(a, b, steps, dtypes.complex128 if found.category == 3 else dtypes.float64)
        raw = np.power(float(base), exponents).astype(found.numpy)
    return _from_host("logspace", raw, device, requires_grad, out)


def _ends(
    name: str, start: Any, end: Any, steps: int, dtype: DType | None, out: Tensor | None
) -> tuple[DType, Any, Any]:
    """The result's dtype, and the ends as numbers of its category."""
    if not hasattr(steps, "__index__"):
        raise ArgumentError(f"{name}(): argument 'steps' must be int, not {type(steps).__name__}")
    if steps < 0:
        raise OptionError(f"{name}: number of steps must be non-negative, got {steps}")
    for what, v in (("start", start), ("end", end)):
        if not is_tensor(v):
            need_number(name, **{what: v})
        elif v._data.ndim:
            raise ShapeError(
                f"{name} only supports 0-dimensional start and end tensors, but got {what} with {v._data.ndim} "
                "dimension(s)."
            )
    a, b = (cast("Any", v.item() if is_tensor(v) else plain_number(v)) for v in (start, end))
    complex_ends = isinstance(a, complex) or isinstance(b, complex)
    default = dtypes.complex64 if complex_ends else DEFAULT.float
    found = (default if out is None else _dtype_of_out(name, out)) if dtype is None else as_dtype(name, dtype)
    refuse_dtype(f"{name}_cpu", found, 0)
    if complex_ends and found.category < 3:
        raise DTypeError(f"{name}(): inferred dtype {dtypes.complex64} can't be safely cast to passed dtype {found}")
    if found.category == 1:
        a, b = int(a), int(b)
    return found, a, b


def _line(a: Any, b: Any, steps: int, found: DType) -> Raw:
    """From both ends towards the middle, in the result's own precision, as PyTorch does it."""
    # Whole numbers step in double precision, half types in single.
    work = dtypes.F64 if found.category == 1 else dtypes.F32 if found in dtypes.HALF else found.numpy
    if steps == 1:
        return np.array([a]).astype(found.numpy)
    step = (
        work.type((b - a) / max(steps - 1, 1))
        if work.kind == "c"
        else (work.type(b) - work.type(a)) / work.type(max(steps - 1, 1))
    )
    i = np.arange(steps)
    half = steps // 2
    with np.errstate(all="ignore"):  # infinite ends make NaN
        low, high = work.type(a) + step * i.astype(work), work.type(b) - step * (steps - 1 - i).astype(work)
        line: Raw = np.where(i < half, low, high).astype(found.numpy)
        return line


def eye(
    n: int,
    m: int | None = None,
    *,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The matrix with ones on its diagonal, zeros elsewhere.

    Args:
        n: Rows, at least 0.
        m: Columns, at least 0. Default: n.
        out: Where to write the result.
        dtype: Any. Default: the default dtype.
        layout: Accepted; memory is strided.
        device: Where it lies. Default: the CPU.
        requires_grad: Whether gradients are accumulated. Default: False.
        pin_memory: Accepted; host memory needs no pinning here.

    Returns:
        `(n, m)` in `dtype`.

    Raises:
        ShapeError: `n` or `m` is negative.
        DTypeError: `requires_grad` for whole numbers or bool.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    for what, size in (("n", n), ("m", m)):
        if size is not None and not hasattr(size, "__index__"):
            raise ArgumentError(f"eye(): argument '{what}' must be int, not {type(size).__name__}")
        if size is not None and size < 0:
            raise ShapeError(f"eye: {what} must be greater or equal to 0, got {size}")
    found = dtype or (DEFAULT.float if out is None else _dtype_of_out("eye", out))
    return _from_host("eye", np.eye(n, m, dtype=found.numpy), device, requires_grad, out)


__all__ = ["arange", "eye", "linspace", "logspace"]
