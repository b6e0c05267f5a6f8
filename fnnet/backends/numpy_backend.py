"""The NumPy backend: the primitives over ndarrays, for the device type "cpu".

Primitives that are NumPy ufuncs are the ufuncs themselves, so that a call of `k.add` costs what NumPy costs.

`Any` stands where a backend is asked with what may be no array yet, or with the dtype of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from fnnet._core.errors import DivisionError, DTypeError
from fnnet._core.namespace import Number, Shape, View
from fnnet._core.op import Op
from fnnet.backends import devices, numpy_composites, numpy_reductions, numpy_windows, overlap
from fnnet.backends.base import Backend
from fnnet.backends.dtypes import BFLOAT16, FROM_NUMPY, DType, native
from fnnet.backends.kernels import ArrayMeta
from fnnet.backends.numpy_blocks import write_blockwise

Raw = np.ndarray[Any, Any]

UFUNCS: dict[str, Any] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.true_divide, "pow": np.power,
    "floor_divide": np.floor_divide, "remainder": np.remainder, "fmod": np.fmod,
    "maximum": np.maximum, "minimum": np.minimum, "atan2": np.arctan2,
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor,
    "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor,
    "bitwise_left_shift": np.left_shift, "bitwise_right_shift": np.right_shift,
    "neg": np.negative, "abs": np.absolute, "conj": np.conjugate, "signbit": np.signbit, "exp": np.exp,
    "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "log2": np.log2, "log10": np.log10, "sqrt": np.sqrt,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": np.rint, "isnan": np.isnan, "isinf": np.isinf,
    "isfinite": np.isfinite, "logical_not": np.logical_not, "bitwise_not": np.bitwise_not,
}  # fmt: skip


def _refusing_zero(ufunc: Any) -> Any:
    """The ufunc, which refuses to divide whole numbers by zero: NumPy would answer 0."""

    def kernel(a: Any, b: Any, /, **options: Any) -> Any:
        array = a if isinstance(a, np.ndarray) else b
        if array.dtype.kind in "iu" and not np.all(b):
            raise DivisionError(f"{ufunc.__name__}: ZeroDivisionError, whole numbers were divided by zero")
        return ufunc(a, b, **options)

    return kernel


def _pow(a: Any, b: Any, /, **options: Any) -> Any:
    """a ** b; the exponents 2 and 0.5 are ten times as fast as others."""
    if type(b) is int or type(b) is float:
        if b == 2:
            return np.square(a, **options)
        if b == 0.5 and a.dtype.kind == "f":
            return np.sqrt(a, **options)
        if b == -1 and a.dtype.kind == "f":
            return np.reciprocal(a, **options)
    return np.power(a, b, **options)


def _neg(x: Any, /, out: Raw | None = None, **options: Any) -> Any:
    """-x. NumPy 2.4's own reads the wrong elements where both x and `out` have gaps (strides of 16 and 64 bytes)."""
    if out is None or out.flags.c_contiguous:
        return np.negative(x, out, **options)
    np.copyto(out, np.negative(x), **options)
    return out


def _whole_numbers_pass(ufunc: Any) -> Any:
    """A rounding that gives whole numbers back as they are: NumPy 2.0's make them float64, later ones do not."""

    def kernel(x: Any, /, out: Raw | None = None, **options: Any) -> Any:
        if x.dtype.kind in "biu":
            return x.copy() if out is None else _clone(x, out=out)
        return ufunc(x, out, **options)

    return kernel


if np.lib.NumpyVersion(np.__version__) < "2.1.0":
    UFUNCS.update({name: _whole_numbers_pass(UFUNCS[name]) for name in ("floor", "ceil", "trunc", "round")})
UFUNCS.update(
    {name: _refusing_zero(UFUNCS[name]) for name in ("floor_divide", "remainder", "fmod")}, pow=_pow, neg=_neg
)


_BITS: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.float32): np.dtype(np.int32),
    np.dtype(np.float64): np.dtype(np.int64),
}
_OVERLAP_WORK: Any = 1000  # candidates that NumPy may try; its stubs know only 0 and -1
_MASK_FROM = 2048  # elements: below, the extra calls cost more than the branches that they save


def _where(condition: Raw, a: Any, b: Any, /, out: Raw | None = None) -> Raw:
    if out is None:
        if condition.size >= _MASK_FROM and condition.dtype.char == "?":
            for zero, x, flip in ((a, b, True), (b, a, False)):
                whole = type(zero) in (int, float) and zero == 0 and getattr(x, "shape", None) == condition.shape
                if whole and x.dtype in _BITS:
                    return _kept(condition, x, flip)
        chosen: Raw = np.where(condition, a, b)
        return chosen
    if a is out:
        np.copyto(out, b, where=~condition)
    else:
        if b is not out:
            np.copyto(out, b)
        np.copyto(out, a, where=condition)
    return out


def _kept(condition: Raw, x: Raw, flip: bool) -> Raw:
    """`x` where `condition` (flip: where not), else 0: by its bits, NaN and infinity included.

    np.where takes a branch for each element, mispredicted one time in two behind a ReLU: six times slower.
    """
    mask = condition.view(np.int8).astype(_BITS[x.dtype])  # 1 or 0; becomes all bits or none
    if flip:
        mask -= 1
    else:
        np.negative(mask, mask)
    mask &= x.view(mask.dtype)
    return mask.view(x.dtype)


def _cast(x: Raw, /, *, dtype: Any, source: Any = None, out: Raw | None = None) -> Raw:
    target = native(dtype) if out is None else out.dtype
    if x.dtype.kind == "c" and target.kind not in "cb":
        x = x.real
    if target.kind in "iu" and x.dtype.kind not in "biu":
        with np.errstate(all="ignore"):  # NaN and what is out of range become some number, silently, as in PyTorch
            order: Any = "C" if _repeats(x) else "K"
            x = np.trunc(x.astype(np.float64)) if x.dtype == BFLOAT16 else x
            x = x.astype(target, order)
        return x if out is None else _clone(x, out=out)
    if out is None:
        return x.astype(target, "C" if _repeats(x) else "K")
    np.copyto(out, x, casting="unsafe")
    return out


def _repeats(x: Raw) -> bool:
    """Whether some elements are one in memory: NumPy would lay a copy out with their dim as the fastest."""
    return 0 in x.strides and any(n > 1 and not s for n, s in zip(x.shape, x.strides, strict=True))


def _clone(x: Raw, /, *, contiguous: bool = False, out: Raw | None = None) -> Raw:
    """A copy that keeps dense layouts (PyTorch: preserve_format), or is dense in C order."""
    if out is None:
        return x.copy("C" if contiguous or _repeats(x) else "K")
    if out is not x:
        np.copyto(out, x)
    return out


def _copy(target: Raw, source: Raw, /, out: Raw | None = None) -> Raw:
    """`source` broadcast to the shape of `target`, whose values do not matter."""
    if out is None:
        out = np.empty(target.shape, source.dtype)
    np.copyto(out, source)
    return out


def _getitem(x: Raw, /, *, index: tuple[Any, ...]) -> Raw:
    """Basic indexing. With an Ellipsis, or NumPy answers x[0] of a vector with a scalar, which is no view."""
    return x[index] if Ellipsis in index else x[(*index, ...)]


def _diagonal(x: Raw, /, *, offset: int, dim1: int, dim2: int) -> Raw:
    view = x.diagonal(offset, dim1, dim2)
    view.flags.writeable = x.flags.writeable
    return view


def _sliding(x: Raw, /, *, dim: int, size: int, step: int) -> Raw:
    count = (x.shape[dim] - size) // step + 1
    shape, strides = list(x.shape), list(x.strides)
    shape[dim] = count
    stride = strides[dim]
    strides[dim] = stride * step
    return np.lib.stride_tricks.as_strided(x, (*shape, size), (*strides, stride))


def _expand(x: Raw, /, *, shape: Shape) -> Raw:
    view = np.broadcast_to(x, shape)
    if x.flags.writeable:  # a part of it may be written; in place on repeated memory is refused where it is asked for
        view.flags.writeable = True
    return view


def _view_as_real(x: Raw, /) -> Raw:
    """(..., 2): real and imaginary part."""
    return x[..., None].view(x.real.dtype)


def _view_as_complex(x: Raw, /) -> Raw:
    """(..., 2) -> (...); a copy where the pairs do not lie side by side."""
    if x.strides[-1] != x.itemsize:
        x = np.ascontiguousarray(x)
    return x.view(np.result_type(x.dtype, np.complex64))[..., 0]


def _view_set(x: Raw, value: Any, /, *, view: View, out: Raw | None = None) -> Raw:
    out = np.array(x, order="C") if out is None else _clone(x, out=out)  # an array also where x is NumPy's scalar
    BACKEND.view(out, view)[...] = value
    return out


def _take(x: Raw, index: Raw, /, out: Raw | None = None) -> Raw:
    if out is not None:
        return np.take(x, index, 0, out, "clip")
    return np.take(x, index, 0) if x.flags.c_contiguous else x[index]  # np.take would copy all of x first


def _index_add(x: Raw, index: Raw, value: Raw, /, out: Raw | None = None) -> Raw:
    """x with `value` added at rows `index`; repeated rows add up."""
    out = x.copy() if out is None else _clone(x, out=out)
    if index.size > _REPEATS * len(out) and out.ndim == 1 and out.dtype.kind == "f":  # in float64, as long sums should
        out += np.bincount(index.reshape(-1), value.reshape(-1), len(out)).astype(out.dtype)
    elif (
        index.size >= _ROWS_FROM
        and value.size >= _ROW_FROM * index.size
        and value.shape == (*index.shape, *out.shape[1:])
        and index.min() >= 0
    ):
        _add_rows(out, index.reshape(-1), value.reshape(-1, *out.shape[1:]))
    else:
        np.add.at(out, index, value)
    return out


_REPEATS = 8  # of an index, on average
_ROWS_FROM, _ROW_FROM = 32, 16  # rows, and elements of one: for fewer, sorting costs more than it saves
_WIDE = 128  # elements of a row: from there on one addition for each row is quicker


def _add_rows(out: Raw, index: Raw, value: Raw) -> None:
    """out[index] += value, repeated rows added up: four times as fast as np.add.at, which goes element by element."""
    if value.size >= _WIDE * len(index):
        for at, row in zip(index.tolist(), value, strict=True):
            target = out[at]
            target += row
        return
    order = np.argsort(index, kind="stable")
    sorted_index = index[order]
    starts = np.flatnonzero(np.diff(sorted_index, prepend=-1))
    counts = np.diff(starts, append=len(index))
    alone = starts[counts == 1]
    out[sorted_index[alone]] += value[order[alone]]
    if len(alone) != len(starts):
        several = counts > 1
        runs = counts[several]
        rows = value[order[np.repeat(several, counts)]]
        out[sorted_index[starts[several]]] += np.add.reduceat(rows, np.cumsum(runs) - runs, 0)


def _index_set(x: Raw, index: Raw, value: Raw, /, out: Raw | None = None) -> Raw:
    out = x.copy() if out is None else _clone(x, out=out)
    out[index] = value
    return out


def _nonzero(mask: Raw, /, *, count: int, out: Raw | None = None) -> Raw:
    """Where a vector of truth values is true: five times as fast as the definition, a stable sort."""
    r = np.flatnonzero(mask)
    return r if out is None else _clone(r, out=out)


def _topk(x: Raw, /, *, count: int, dim: int, largest: bool, out: Raw | None = None) -> Raw:
    """Indices of the `count` largest or smallest in order: twenty times as fast as sorting all of a long row."""
    n = x.shape[dim]
    if count < n:
        part = np.argpartition(x, n - count if largest else count - 1, dim) if count else np.empty(x.shape, np.int64)
        some = np.take(part, np.arange(n - count, n) if largest else np.arange(count), dim)
        some.sort(dim)  # among equals the first in front
        x = np.take_along_axis(x, some, dim)
    order = numpy_reductions.argsort(x, dim=dim, descending=largest)
    r = np.take_along_axis(some, order, dim) if count < n else order
    return r if out is None else _clone(r, out=out)


def _flip(x: Raw, /, *, dims: Shape, out: Raw | None = None) -> Raw:
    return _clone(np.flip(x, dims), out=out) if out is not None else np.flip(x, dims).copy("C")


def _cat(*xs: Raw, dim: int, out: Raw | None = None) -> Raw:
    """Dense in C order, or with the channels last as all are; NumPy would keep other orders, too."""
    r = np.concatenate(xs, dim, out)
    if out is not None or r.flags.c_contiguous or (r.ndim in (4, 5) and np.moveaxis(r, 1, -1).flags.c_contiguous):
        return r
    return r.copy("C")


def _arange(n: int, /, *, dtype: Any = None, out: Raw | None = None) -> Raw:
    r = np.arange(n, dtype=np.int64 if dtype is None else native(dtype))
    return r if out is None else _clone(r, out=out)


def _full(shape: Shape, value: Number, /, *, dtype: Any, out: Raw | None = None) -> Raw:
    if out is not None:
        out.fill(value)
        return out
    if value == 0:
        return np.zeros(shape, native(dtype))  # untouched pages cost nothing
    return np.full(shape, value, native(dtype))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "where": _where, "cast": _cast, "clone": _clone, "copy": _copy,
    "sum": numpy_reductions.sum_, "prod": numpy_reductions.prod,
    "amax": numpy_reductions.amax, "amin": numpy_reductions.amin,
    "any": numpy_reductions.any_, "all": numpy_reductions.all_,
    "argmax": numpy_reductions.argmax, "argmin": numpy_reductions.argmin,
    "cumsum": numpy_reductions.cumsum, "cumprod": numpy_reductions.cumprod, "argsort": numpy_reductions.argsort,
    "matmul": numpy_reductions.matmul,
    "view_set": _view_set, "take": _take, "index_add": _index_add, "index_set": _index_set,
    "nonzero": _nonzero, "topk": _topk, "flip": _flip, "cat": _cat, "arange": _arange, "full": _full,
    "windows": numpy_windows.windows, "fold": numpy_windows.fold,
}  # fmt: skip
VIEWS: dict[str, Callable[..., Any]] = {
    "reshape": lambda x, /, *, shape: x.reshape(shape),
    "permute": lambda x, /, *, dims: x.transpose(dims),
    "expand": _expand, "getitem": _getitem, "diagonal": _diagonal, "sliding": _sliding,
    "view_as_real": _view_as_real, "view_as_complex": _view_as_complex,
}  # fmt: skip


class NumpyBackend(Backend):
    """ndarrays; every virtual CPU device shares the one memory."""

    device_type: ClassVar[str] = "cpu"
    own: ClassVar[Mapping[str, Callable[..., Any]]] = numpy_composites.OWN
    own_backward: ClassVar[Mapping[str, Callable[..., Any]]] = numpy_composites.OWN_BACKWARD
    array_type = np.ndarray

    def __init__(self) -> None:
        super().__init__()
        self.__dict__.update(UFUNCS | FUNCTIONS | VIEWS)

    def device_count(self) -> int:
        return devices.cpu_devices()

    def asarray(self, x: Any) -> Raw:
        return np.asarray(x)

    def from_host(self, x: Raw, index: int) -> Raw:
        return x.copy("K")

    def to_host(self, x: Raw) -> Raw:
        return x

    def dtype_of(self, x: Any) -> DType:
        try:
            return FROM_NUMPY[x.dtype]
        except KeyError:
            raise DTypeError(f"NumPy dtype {x.dtype} has no counterpart in fnnet") from None

    def native(self, dtype: Any) -> np.dtype[Any]:
        return native(dtype)

    def strides(self, x: Raw) -> Shape:
        return x.strides

    def shares(self, r: Raw, x: Raw) -> bool:
        """NumPy keeps one `base`, the owner: a reshape that had to copy owns other memory."""
        return r is x or r.base is x or (x.base is not None and r.base is x.base) or np.may_share_memory(r, x)

    def overlap(self, a: Raw, b: Raw) -> bool:
        try:
            return np.shares_memory(a, b, max_work=_OVERLAP_WORK)
        except np.exceptions.TooHardError:  # interleaved strides: to solve that would take longer than the op
            return False

    def partly_overlap(self, a: Raw, b: Raw, *, or_same: bool = False) -> bool:
        if (a if a.base is None else a.base) is not (b if b.base is None else b.base):
            return False
        starts = a.__array_interface__["data"][0], b.__array_interface__["data"][0]
        return overlap.partial(
            starts[0], a.shape, a.strides, a.itemsize, starts[1], b.shape, b.strides, b.itemsize, or_same=or_same
        )

    def overwrite(self, dst: Raw, value: Any) -> None:
        np.copyto(dst, value, casting="unsafe")

    def empty(self, meta: ArrayMeta, like: Raw) -> Raw:
        if meta.strides is None or meta.contiguous:
            return np.empty(meta.shape, meta.dtype)
        # Dense in another order of its axes (channels last): allocate in that order; anything else becomes C order.
        order = sorted(range(len(meta.shape)), key=[-s for s in meta.strides].__getitem__)
        dense = np.empty([meta.shape[i] for i in order], meta.dtype)
        back = sorted(range(len(order)), key=order.__getitem__)
        return dense.transpose(back)

    def random(self, kind: str, shape: Shape, dtype: Any, generator: Any, /, **parameters: Any) -> Raw:
        from fnnet.backends.random.draw import draw  # here: most programs draw later than they import

        return draw(kind, shape, native(dtype), generator, parameters)

    def write(self, dst: Raw, op: Op, args: Sequence[Any], static: dict[str, Any]) -> None:
        name = op.name
        if name in UFUNCS and dst.dtype != BFLOAT16:
            try:  # noqa: SIM105 - a tenth of the cost of contextlib.suppress
                UFUNCS[name](*args, out=dst, casting="unsafe")
            except RuntimeWarning:
                pass  # warnings are errors here; a ufunc warns when all is written
        elif name in FUNCTIONS and name not in self.providers and name not in _NO_OUT:
            FUNCTIONS[name](*args, out=dst, **static)
        else:
            super().write(dst, op, args, static)

    def write_many(self, dsts: Sequence[Raw], op: Op, args: Sequence[Any], static: dict[str, Any]) -> None:
        if op.name in numpy_composites.STEPS and op.name not in self.providers:
            step: Any = op.forward
            if write_blockwise(partial(step, self, **static), dsts, args):
                return
        super().write_many(dsts, op, args, static)


# matmul and reductions into an operand's own memory would read what they have already overwritten.
_NO_OUT = frozenset(
    ("matmul", "sum", "prod", "amax", "amin", "any", "all", "cumsum", "cumprod", "argsort", "flip", "cat", "windows",
     "fold", "argmax", "argmin", "take", "where")
)  # fmt: skip

BACKEND = NumpyBackend()
