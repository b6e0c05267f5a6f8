"""Ops that move, cast, copy or overwrite values: no arithmetic, any dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, AutogradError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, sum_to
from fnnet._core.op import OPS, Kind, Make, Op, Sample
from fnnet.autograd.modes import MODE
from fnnet.autograd.tape import apply, namespace_of, record, tensors
from fnnet.autograd.variable import make
from fnnet.autograd.writes import apply_, refuse_partial_overlap
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU, Device
from fnnet.backends.memory_formats import MemoryFormat, preserve_format
from fnnet.functional._common import (
    broadcast_shape,
    check_leaf,
    detached,
    dtype_of,
    is_tensor,
    need_number,
    need_tensor,
    plain_number,
    to_dtype,
)
from fnnet.functional.host_data import fitting_number

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]


# cast ----------------------------------------------------------------------------------------------------------------
def _cast_backward(k: K[A], c: Call[A], g: A) -> Grads:
    source = c.static["source"]
    if c.static["dtype"].is_complex and not source.is_complex:
        g = k.getitem(k.view_as_real(g), index=(Ellipsis, 0))
    return (k.cast(g, dtype=source),)


def _cast_samples(make: Make) -> Any:
    kinds = (dtypes.float64, dtypes.float32), (dtypes.float64, dtypes.int64), (dtypes.int64, dtypes.float32)
    for source, target in (*kinds, (dtypes.uint8, dtypes.bool_)):
        yield Sample(make(3, 4, low=0, high=4, dtype=source), dtype=target, source=source)


CAST = Op(
    "cast", title="ToCopyBackward0", backward=_cast_backward, uses=((),), kind=Kind.MOVE, onnx="Cast",
    samples=_cast_samples,
)  # fmt: skip


# clone ---------------------------------------------------------------------------------------------------------------
CLONE = Op(
    "clone", backward=lambda k, c, g: (g,), uses=((),), kind=Kind.MOVE, onnx="Identity",
    samples=lambda make: (Sample(make(3, 4)), Sample(make())),
)  # fmt: skip


def clone(input: Tensor, *, memory_format: MemoryFormat | None = None) -> Tensor:
    """A copy with memory of its own; the gradient passes through.

    Args:
        input: Any tensor.
        memory_format: The order of its memory. Default: as in `input`.

    Returns:
        A tensor of the input's shape, dtype and device.

    Raises:
        ShapeError: `memory_format` is of another number of dims.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([1.0, 2.0])
        >>> y = fnnet.clone(x)
        >>> _ = y.zero_()
        >>> x
        tensor([1., 2.])
    """
    need_tensor("clone", input=input)
    if memory_format is None or memory_format is preserve_format:
        return cast("Tensor", apply(CLONE, input))
    if not isinstance(memory_format, MemoryFormat):
        kind = type(memory_format).__name__
        raise ArgumentError(f"clone(): argument 'memory_format' must be fnnet.memory_format, not {kind}")
    from fnnet.functional.layout import contiguous  # which imports this module

    return contiguous(cast("Tensor", apply(CLONE, input, contiguous=True)), memory_format)


# copy: what in-place writes record -----------------------------------------------------------------------------------
def _copy_forward(k: K[A], target: A, source: A) -> A:
    return k.clone(k.expand(source, shape=target.shape))


def _copy_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (
        k.full(c.shapes[0], 0, dtype=g.dtype) if c.needs[0] else None,
        sum_to(k, g, c.shapes[1]) if c.needs[1] else None,
    )


def _copy_samples(make: Make) -> Any:
    return Sample(make(3, 4), make(4)), Sample(make(2, 3), make(2, 1))


COPY = Op(
    "copy", title="torch::autograd::CopyBackwards",
    forward=_copy_forward, backward=_copy_backward, uses=((),), kind=Kind.MOVE, samples=_copy_samples
)  # fmt: skip


# view_set: a base after a write through a view -----------------------------------------------------------------------
def _view_set_backward(k: K[A], c: Call[A], g: A) -> Grads:
    view = c.static["view"]
    piece = g
    for name, static in view:
        piece = getattr(k, name)(piece, **static)
    return (
        k.view_set(g, k.full(c.shapes[1], 0, dtype=piece.dtype), view=view) if c.needs[0] else None,
        piece if c.needs[1] else None,
    )


def _view_set_samples(make: Make) -> Any:
    row = (("getitem", {"index": (1,)}),)
    turned = (("permute", {"dims": (1, 0)}), ("getitem", {"index": (slice(0, 2),)}))
    return Sample(make(3, 4), make(4), view=row), Sample(make(3, 4), make(2, 3), view=turned)


VIEW_SET = Op(
    "view_set", title="torch::autograd::CopySlices",
    backward=_view_set_backward, uses=((),), kind=Kind.MOVE, samples=_view_set_samples
)  # fmt: skip


# to another device ---------------------------------------------------------------------------------------------------
def _move(raw: Any, source: Device, target: Device) -> Any:
    return target.backend.from_host(source.backend.to_host(raw), target.index or 0)


def _to_device_backward(k: Any, c: Call[Any], g: Any) -> Grads:
    source, target = c.static["source"], c.static["target"]
    return (to_device(g, source) if is_tensor(g) else _move(g, target, source),)


TO_DEVICE = Op("to_device", title="ToCopyBackward0", backward=_to_device_backward, uses=((),), kind=Kind.MOVE)


def to_device(t: Tensor, target: Device) -> Tensor:
    """A copy on another device; `t` itself where it lies there."""
    target = canonical(target)
    source = t._device
    if target is source:
        return t
    new = make(_move(t._data, source, target), target)
    edge = t._edge() if MODE.state.grad else None
    if edge is not None:
        new._node = record(
            TO_DEVICE, target.backend, target, (t,), (t._data,), (edge,), {"source": source, "target": target}
        )
    return cast("Tensor", new)


def canonical(of: Device | str | int | None) -> Device:
    """The device where a tensor really lies: `cpu:0` is `cpu`; a number counts among the default type's devices."""
    if of is None:
        return CPU
    found = Device(f"cpu:{of}") if isinstance(of, int) else Device(of)
    if found.type == "cpu" and found.index == 0:
        return CPU
    if found.type != "cpu" and found.index is None:
        found = Device(found.type, 0)
    found.backend  # noqa: B018 - raises, and says what is missing, where the device is not there
    return found


# in place ------------------------------------------------------------------------------------------------------------
def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Overwrite with the values of `src`, broadcast and cast; the gradient goes to `src`.

    Args:
        self: What is overwritten.
        src: Broadcast to `self`, cast to its dtype, from whatever device.
        non_blocking: Accepted; the copy is done when the call returns. Default: False.

    Returns:
        `self`.

    Raises:
        ArgumentError: `src` is no tensor.
        ShapeError: `src` does not broadcast to `self`.
        AutogradError: `self` is a leaf that requires grad.
        OverlapError: Both share memory in part.

    Differentiable: By `src`, any order; what `self` held gets no gradient.

    Example:
        >>> import fnnet
        >>> x = fnnet.zeros(2)
        >>> x.copy_(fnnet.tensor([1, 2]))
        tensor([1., 2.])
    """
    if not is_tensor(src):
        raise ArgumentError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}")
    shape = tuple(self._data.shape)
    if broadcast_shape("copy_", shape, tuple(src._data.shape)) != shape:
        raise ShapeError(
            f"copy_: output with shape {list(shape)} doesn't match the broadcast shape of source "
            f"{tuple(src._data.shape)}"
        )
    check_leaf(COPY, self)
    refuse_partial_overlap(self, "copy_", src)
    return overwrite(self, src)


FILL_NUMBER = COPY.titled("FillBackward2")
FILL = COPY.titled("FillBackward3")
ZERO = COPY.titled("ZeroBackward0")


def overwrite(self: Tensor, src: Tensor, op: Op = COPY) -> Tensor:
    """`copy_` of a source that fits and may lie in the same memory: a 0-d one is read before anything is written."""
    if src._device is not self._device:
        src = to_device(src, self._device)
    return cast("Tensor", apply_(op, self, self, to_dtype(src, dtype_of(self))))


def fill_(self: Tensor, value: Tensor | Number) -> Tensor:
    """Overwrite every element with `value`, a number or a 0-d tensor.

    Args:
        self: What is overwritten.
        value: A number or a 0-d tensor.

    Returns:
        `self`.

    Raises:
        OptionError: The number is outside the dtype's range.
        AutogradError: `value` is a tensor with dims, or `self` a leaf that requires grad.

    Differentiable: By a `value` that is a tensor; what `self` held gets no gradient.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(2).fill_(3)
        tensor([3., 3.])
    """
    if is_tensor(value):
        if value._data.ndim:
            raise AutogradError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value._data.ndim} dimensions."
            )
        return _fill(self, value, FILL)
    need_number("fill_", value=value)
    return _fill_number(self, cast("Number", value), FILL_NUMBER)


def _fill_number(self: Tensor, value: Number, op: Op) -> Tensor:
    number = fitting_number(plain_number(value), dtype_of(self))
    return _fill(self, make(namespace_of(self._device).full((), number, dtype=self._data.dtype), self._device), op)


def _fill(self: Tensor, filler: Tensor, op: Op) -> Tensor:
    strides = self._device.backend.strides(self._data)
    if strides is not None and 0 in strides:  # expanded: each place in memory is written once
        once = tuple([slice(0, 1) if s == 0 else slice(None) for s in strides])
        overwrite(cast("Tensor", apply(OPS["getitem"], self, index=once)), filler, op)
        return self
    return overwrite(self, filler, op)


def zero_(self: Tensor) -> Tensor:
    """Overwrite with zeros.

    Args:
        self: What is overwritten.

    Returns:
        `self`.

    Raises:
        AutogradError: `self` is a leaf that requires grad.

    Differentiable: No: what `self` held gets no gradient.

    Example:
        >>> import fnnet
        >>> fnnet.ones(2).zero_()
        tensor([0., 0.])
    """
    need_tensor("zero_", input=self)
    return _fill_number(self, 0, ZERO)


def detach(input: Tensor) -> Tensor:
    """The same memory without history; writes through either are seen by both, and counted.

    Args:
        input: Any tensor.

    Returns:
        A tensor over the input's memory that requires no gradient.

    Differentiable: No gradient passes.

    Example:
        >>> import fnnet
        >>> fnnet.ones(2, requires_grad=True).detach().requires_grad
        False
    """
    d = detached(input)
    if input._view is not None:
        d._view = None
    return d


__all__ = ["CAST", "CLONE", "COPY", "TO_DEVICE", "VIEW_SET", "canonical", "clone", "copy_", "detach", "fill_",
           "tensors", "to_device", "zero_"]  # fmt: skip
