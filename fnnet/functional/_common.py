"""What every family shares: promotion, normalised dims, `out=`, in-place writes.

Shapes and dtypes are settled here, once; below, ops see equal dtypes and static arguments in normal form.
"""

from __future__ import annotations

import functools
import operator
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard, cast

from fnnet._core.errors import (
    ArgumentError,
    AutogradError,
    DeviceError,
    DTypeError,
    IndexRangeError,
    OverlapError,
    ShapeError,
    UnsupportedDTypeError,
)
from fnnet._core.namespace import Number, Shape
from fnnet._core.op import OPS, Kind, Op
from fnnet.autograd import tape, writes
from fnnet.autograd.modes import MODE
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import Variable, make
from fnnet.autograd.writes import apply_, refuse_partial_overlap
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DEFAULT, DType

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

_NUMBERS = (bool, int, float, complex)


def is_tensor(x: object) -> TypeGuard[Tensor]:
    """Whether `x` is a tensor (for a type checker: a Tensor)."""
    return isinstance(x, Variable)


def dtype_of(t: Variable) -> DType:
    """The DType of a tensor."""
    found: DType = t._device.backend.dtype_of(t._data)
    return found


def need_tensor(name: str, **values: object) -> None:
    """Raise unless each value is a tensor."""
    for argument, value in values.items():
        if not isinstance(value, Variable):
            raise ArgumentError(f"{name}(): argument '{argument}' must be Tensor, not {type(value).__name__}")


def need_one_device(name: str, **values: object) -> None:
    """Raise unless all that are tensors lie on one device: asked where their arrays meet before an op sees them."""
    tensors = {argument: value for argument, value in values.items() if isinstance(value, Variable)}
    if len({t._device for t in tensors.values()}) > 1:
        found = "; ".join(f"{argument}: {t._device}" for argument, t in tensors.items())
        raise DeviceError(
            f"{name}(): Expected all tensors to be on the same device, but found at least two devices ({found})"
        )


def need_number(name: str, **values: object) -> None:
    """Raise unless each value is a number, or stands for one; None is left to the caller's default."""
    for argument, value in values.items():
        if value is not None and not is_number(value):
            raise ArgumentError(f"{name}(): argument '{argument}' must be Number, not {type(value).__name__}")


def need_int(name: str, **values: object) -> None:
    """Raise unless each value is a whole number, or stands for one."""
    for argument, value in values.items():
        if not hasattr(value, "__index__"):
            raise ArgumentError(f"{name}(): argument '{argument}' must be int, not {type(value).__name__}")


def need_operand(name: str, **values: object) -> None:
    """Raise unless each value is a tensor or a number."""
    for argument, value in values.items():
        if not isinstance(value, Variable) and not is_number(value):
            raise ArgumentError(f"{name}(): argument '{argument}' must be Tensor or Number, not {type(value).__name__}")


# promotion ---------------------------------------------------------------------------------------------------------
def number_dtype(x: Number) -> DType:
    """The dtype that a Python number, or what stands for one, counts as."""
    if type(x) not in _NUMBERS:
        x = plain_number(x)
    if isinstance(x, bool):
        return dtypes.bool_
    if isinstance(x, int):
        return dtypes.int64
    if isinstance(x, float):
        return DEFAULT.float
    return dtypes.complex128 if DEFAULT.float is dtypes.float64 else dtypes.complex64


def _combine(higher: DType | None, lower: DType | None) -> DType | None:
    if higher is None or lower is None:
        return higher or lower
    if higher.category == 3:
        return higher
    if higher.category == 2:
        if lower.category == 3:
            return dtypes.complex128 if higher is dtypes.float64 else dtypes.complex64
        return higher
    if higher.category == 0 or lower.category >= 2:
        return dtypes.promote_types(higher, lower)
    return higher


def result_dtype(*xs: Any) -> DType:
    """The dtype in which tensors and numbers meet: dims before 0-d tensors before numbers, within one category."""
    found: list[DType | None] = [None, None, None]  # tensors with dims, 0-d tensors, numbers
    for x in xs:
        if isinstance(x, Variable):
            at, dtype = (0 if x._data.ndim else 1), dtype_of(x)
        elif x is None:
            continue
        else:
            at, dtype = 2, number_dtype(x)
        old = found[at]
        found[at] = dtype if old is None else dtypes.promote_types(old, dtype)
    dtype_found = _combine(found[0], _combine(found[1], found[2]))
    return DEFAULT.float if dtype_found is None else dtype_found


def to_dtype(t: Tensor, dtype: DType) -> Tensor:
    """`t` in another dtype; `t` itself where it has it."""
    source = dtype_of(t)
    if source is dtype:
        return t
    if not isinstance(dtype, DType):
        raise ArgumentError(f"argument 'dtype' must be fnnet.dtype, not {type(dtype).__name__}")
    if dtype.category < 2 and MODE.state.grad:
        t = detached(t)
    return cast("Tensor", apply(OPS["cast"], t, dtype=dtype, source=source))


def detached(t: Tensor) -> Tensor:
    """The same memory and version without history."""
    d = make(t._data, t._device)
    d._counter = t._counter
    return cast("Tensor", d)


def fit_number(x: Any, dtype: DType) -> Any:
    """A Python number as operand of a tensor of `dtype`: whole numbers wrap around, as PyTorch casts them."""
    if dtype.category == 1:
        if dtype.name == "uint8":
            return int(x) & 255
        bits = 8 * dtype.itemsize
        return (int(x) + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))
    if dtype.category == 0:
        return bool(x)
    if dtype.category == 2:
        return float(x)
    return complex(x)


def elementwise(op: Op, *xs: Any, **static: Any) -> Tensor:
    """Run an elementwise op on tensors and numbers, promoted as its kind says; at least one is a tensor."""
    dtype = result_dtype(*xs)
    if op.kind is Kind.FLOAT and dtype.category < 2:
        dtype = DEFAULT.float
    operands = [to_dtype(x, dtype) if is_tensor(x) else None if x is None else _number(x, dtype, xs) for x in xs]
    try:
        return cast("Tensor", apply(op, *operands, **static))
    except (ValueError, RuntimeError):
        broadcast_shape(op.name, *(tuple(x._data.shape) for x in operands if isinstance(x, Variable)))
        raise


def _number(x: Any, dtype: DType, xs: Sequence[Any]) -> Any:
    """A number among tensors: left to the backend for plain floats, a 0-d tensor where its dtype must be exact."""
    if type(x) not in (bool, int, float, complex):
        x = plain_number(x)
    return fit_number(x, dtype)


def plain_number(x: Any) -> Any:
    """A NumPy scalar, or anything with `__index__` or `__float__`, as a Python number."""
    if isinstance(x, (bool, int, float, complex)):
        return x.item() if hasattr(x, "item") else x
    if hasattr(x, "item") and getattr(x, "shape", None) == ():
        return x.item()
    if hasattr(x, "__index__"):
        return operator.index(x)
    if hasattr(x, "__float__"):
        return float(x)
    raise ArgumentError(f"expected a Tensor or a number, got {type(x).__name__}")


quick_unary: Callable[[Op, Any], Tensor | None] = tape.unary
quick_binary: Callable[[Op, Any, Any], Tensor | None] = tape.binary


def unary(op: Op, x: Any, out: Tensor | None = None) -> Tensor:
    """An elementwise op of one operand."""
    if not isinstance(x, Variable):
        raise ArgumentError(f"{op.name}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
    r: Tensor | None = tape.unary(op, x)
    if r is None:
        r = elementwise(op, x)
    return r if out is None else into(op.name, out, r, beside=(x,))


def binary(op: Op, a: Any, b: Any, out: Tensor | None = None) -> Tensor:
    """An elementwise op of two operands, of which one may be a number."""
    if isinstance(a, Variable):
        r: Tensor | None = tape.binary(op, a, b)
        if r is None:
            if isinstance(b, Variable):
                a, b = on_one_device(cast("Any", a), cast("Any", b))
            elif not is_number(b):
                raise ArgumentError(
                    f"{op.name}(): argument 'other' (position 2) must be Tensor, not {type(b).__name__}"
                )
            r = elementwise(op, a, b)
    elif isinstance(b, Variable) and is_number(a) and op.kind is not Kind.BOOL:
        r = elementwise(op, a, b)
    else:
        raise ArgumentError(f"{op.name}(): argument 'input' (position 1) must be Tensor, not {type(a).__name__}")
    return r if out is None else into(op.name, out, r, beside=(a, b))


def is_number(x: object) -> bool:
    """Whether `x` may stand for a tensor: a Python number, a NumPy scalar, or what converts itself to one."""
    if isinstance(x, _NUMBERS):
        return True
    return (
        getattr(x, "shape", ()) == ()
        and (hasattr(x, "__index__") or hasattr(x, "__float__"))
        and not isinstance(x, str)
    )


def refuse_dtype(name: str, dtype: DType, *categories: int) -> None:
    """Raise, with PyTorch's name of its kernel, where an op is not defined for a category of dtypes."""
    if dtype.category in categories:
        raise UnsupportedDTypeError(f"\"{name}\" not implemented for '{_title(dtype)}'")


def on_one_device(a: Tensor, b: Tensor) -> tuple[Any, Any]:
    """A 0-d host tensor may meet a tensor on a device: it counts as a number."""
    if a._device is not b._device:
        if b._device.type == "cpu" and b._data.ndim == 0 and a._device.type != "cpu" and b._edge() is None:
            return a, b._device.backend.to_host(b._data).item()
        if a._device.type == "cpu" and a._data.ndim == 0 and b._device.type != "cpu" and a._edge() is None:
            return a._device.backend.to_host(a._data).item(), b
    return a, b


# out= and in place --------------------------------------------------------------------------------------------------
def refuse_overlap(out: Tensor, *inputs: Tensor) -> None:
    """Raise where elements of `out` share memory with each other, or with an input that is still read meanwhile."""
    backend, shape = out._device.backend, out._data.shape
    place = "to a single memory location. Please clone() the tensor before performing the operation."
    if any(n > 1 and not stride for n, stride in zip(shape, backend.strides(out._data) or shape, strict=True)):
        raise OverlapError(f"unsupported operation: more than one element of the written-to tensor refers {place}")
    for x in inputs:
        if x is out or (x._device is out._device and backend.overlap(out._data, x._data)):
            raise OverlapError(
                f"unsupported operation: some elements of the input tensor and the written-to tensor refer {place}"
            )


def into(name: str, out: Tensor, r: Tensor, *inputs: Tensor, beside: Sequence[Any] = ()) -> Tensor:
    """Write a result into `out=`, which takes its shape; it must be able to hold its dtype.

    Where PyTorch computes straight into `out`, it refuses memory that `out` shares with `inputs`. What is read element
    by element (`beside`: tensors and numbers) may be `out` itself, but not overlap it otherwise.
    """
    if not isinstance(out, Variable):
        raise ArgumentError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if MODE.state.grad and (out._edge() is not None or r._edge() is not None):
        raise AutogradError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    refuse_overlap(out, *inputs)
    refuse_partial_overlap(out, "out=", *beside)
    check_castable(name, dtype_of(r), dtype_of(out))
    if r._device is not out._device:
        raise DTypeError(
            f"{name}(): Expected all tensors to be on the same device, but out= is on {out._device}, the result on "
            f"{r._device}"
        )
    if tuple(out._data.shape) != tuple(r._data.shape):
        if out._data.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {tuple(out._data.shape)}, which "
                f"does not match the required output shape {tuple(r._data.shape)}.",
                UserWarning,
                stacklevel=4,
            )
        out._data = namespace_of(out._device).cast(r._data, dtype=out._data.dtype)
        out._counter[0] += 1
        return out
    return cast("Tensor", apply_(OPS["copy"], out, out, to_dtype(r, dtype_of(out))))


def into_same(name: str, out: Tensor, r: Tensor, *inputs: Tensor, beside: Sequence[Any] = ()) -> Tensor:
    """As `into`, where PyTorch takes an `out=` of exactly the result's dtype."""
    need_tensor(name, out=out)
    need_dtype(name, out, dtype_of(r))
    return into(name, out, r, *inputs, beside=beside)


def need_dtype(name: str, out: Tensor, dtype: DType) -> None:
    """Raise where `out=` is not of exactly the result's dtype."""
    if dtype_of(out) is not dtype:
        raise DTypeError(f"{name}(): Expected out tensor to have dtype {dtype}, but got {dtype_of(out)} instead")


def check_castable(name: str, source: DType, target: DType) -> None:
    """Raise where PyTorch refuses to cast a result: float to whole number, complex to float, anything to bool."""
    if source.category > target.category and not (source.category <= 1 and target.category == 1):
        raise DTypeError(
            f"{name}: result type {_title(source)} can't be cast to the desired output type {_title(target)}"
        )


def _title(dtype: DType) -> str:
    return dtypes.TITLES[dtype.name]


def inplace(op: Op, target: Tensor, *others: Any, **static: Any) -> Tensor:
    """`target = op(target, *others)` in target's memory: promoted, computed, cast back; shapes must broadcast to it."""
    if len(others) <= 1 and not static and writes.quick_(op, target, *others) is not None:
        return target
    for other in others:
        if other is None and len(others) > 1:  # a bound of clamp that is not given
            continue
        if not isinstance(other, Variable) and not is_number(other):
            raise ArgumentError(f"{op.name}_(): argument 'other' must be Tensor, not {type(other).__name__}")
    refuse_partial_overlap(target, op.name + "_", *others)
    common = result_dtype(target, *others)
    own = dtype_of(target)
    if op.kind is Kind.FLOAT and common.category < 2:
        common = DEFAULT.float
    if op.kind is not Kind.BOOL:
        check_castable(op.name + "_", common, own)
    shape = broadcast_shape(
        op.name + "_", tuple(target._data.shape), *(tuple(o._data.shape) for o in others if is_tensor(o))
    )
    if shape != tuple(target._data.shape):
        raise ShapeError(
            f"{op.name}_: output with shape {list(target._data.shape)} doesn't match the broadcast shape {list(shape)}"
        )
    if common is own and op.kind is not Kind.BOOL and own not in dtypes.HALF and own.category != 0:
        operands = [
            to_dtype(o, own) if is_tensor(o) else None if o is None else _number(o, own, others) for o in others
        ]
        return cast("Tensor", apply_(op, target, target, *operands, **static))
    check_leaf(op, target)
    return copy_into(target, elementwise(op, target, *others, **static))


def check_leaf(op: Op, target: Tensor) -> None:
    """Refuse an in-place op before anything is computed for it."""
    writes.check_writable(target, op.name + "_", MODE.state.grad)


def copy_into(target: Tensor, source: Tensor) -> Tensor:
    """target[...] = source, recorded: the history becomes the source's."""
    return cast("Tensor", apply_(_copy_of_result(), target, target, to_dtype(source, dtype_of(target))))


@functools.cache
def _copy_of_result() -> Op:
    return OPS["copy"].titled(_title_of_result)


def _title_of_result(node: Any) -> str:
    """An in-place op that was computed apart and then copied is called like what computed it."""
    op, edge = node.op, node.edges[1]
    while edge is not None and not isinstance(edge, Variable):
        node = edge[0] if isinstance(edge, tuple) else edge
        if node.op.name != "cast":
            return cast("str", node.name())
        edge = node.edges[0]
    return OPS[op.name].title  # type: ignore[return-value]  # that of `copy` is a string


# shapes and dims -----------------------------------------------------------------------------------------------------
def broadcast_shape(name: str, *shapes: Shape) -> Shape:
    """The shape that all broadcast to.

    Raises:
        ShapeError: They do not.
    """
    out: list[int] = []
    for i in range(1, max((len(s) for s in shapes), default=0) + 1):
        n = 1
        for s in shapes:
            if len(s) >= i and s[-i] != 1:
                if n not in (1, s[-i]):
                    raise ShapeError(
                        f"{name}: The size of tensor a ({n}) must match the size of tensor b ({s[-i]}) at "
                        f"non-singleton dimension {max(map(len, shapes)) - i} (shapes: {', '.join(map(str, shapes))})"
                    )
                n = s[-i]
        out.append(n)
    return tuple(reversed(out))


def wrap_dim(dim: Any, ndim: int, name: str = "dim") -> int:
    """A dim as a non-negative int; a 0-d tensor has the dims 0 and -1."""
    if type(dim) is int:
        d = dim
    elif isinstance(dim, Variable):
        d = int(cast("Any", dim).item())
    elif hasattr(dim, "__index__"):
        d = operator.index(dim)
    else:
        raise ArgumentError(f"{name}(): argument 'dim' must be int, not {type(dim).__name__}")
    n = max(ndim, 1)
    if not -n <= d < n:
        raise IndexRangeError(
            f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {d}) in {name}"
        )
    return d % n


def wrap_dims(dim: int | Iterable[int] | None, ndim: int, name: str = "dim") -> Shape:
    """Dims as a sorted tuple; None and () are all of them."""
    if dim is None:
        return tuple(range(ndim))
    if isinstance(dim, str) or not (hasattr(dim, "__index__") or hasattr(dim, "__iter__")):
        raise ArgumentError(f"{name}(): argument 'dim' must be tuple of ints, not {type(dim).__name__}")
    dims = [wrap_dim(d, ndim, name) for d in ((dim,) if isinstance(dim, int) else dim)]
    if not dims:
        return tuple(range(ndim))
    if len(set(dims)) != len(dims):
        raise ShapeError(
            f"{name}: dim {next(d for d in dims if dims.count(d) > 1)} appears multiple times in the list of dims"
        )
    return () if ndim == 0 else tuple(sorted(dims))


def sizes(name: str, args: Sequence[Any]) -> Shape:
    """Sizes given as `f(2, 3)` or `f((2, 3))`, as a tuple of ints."""
    if len(args) == 1 and not hasattr(args[0], "__index__") and hasattr(args[0], "__iter__"):
        args = tuple(args[0])
    elif len(args) == 1 and isinstance(args[0], Variable) and args[0]._data.ndim:
        args = tuple(args[0])  # type: ignore[arg-type]  # a Tensor iterates over its elements
    try:
        return tuple(operator.index(n) for n in args)
    except TypeError:
        raise ArgumentError(f"{name}(): expected sizes as whole numbers, got {args!r}") from None


def tuple_of(n: int, value: Any, name: str) -> Shape:
    """An int or a sequence of `n` ints (kernel sizes, strides ...) as a tuple; a sequence of one is repeated."""
    if isinstance(value, int):
        return (value,) * n
    if isinstance(value, str) or not hasattr(value, "__iter__") or not all(hasattr(v, "__index__") for v in value):
        raise ArgumentError(f"{name}: expected an int or {n} ints, got {value!r}")
    found = tuple(operator.index(v) for v in value)
    if len(found) == 1:
        return found * n
    if len(found) != n:
        raise ShapeError(f"{name}: expected an int or {n} ints, got {value!r}")
    return found


def fail(error: type[Exception], message: str) -> NoReturn:
    """Raise, in an expression."""
    raise error(message)
