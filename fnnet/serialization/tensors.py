"""Between tensors and the raw blocks of memory that files hold. The only place here that looks inside a tensor."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from attrs import frozen

from fnnet.autograd.variable import Variable, make
from fnnet.backends.devices import CPU
from fnnet.backends.dtypes import DType
from fnnet.serialization.refusal import Refusal, show
from fnnet.serialization.registered import Registered
from fnnet.serialization.storages import Storage, address, dense_order


@frozen
class TensorParts:
    """What is saved of a tensor.

    Args:
        array: Its elements on the host; memory shared with other tensors is shared here.
        dtype: Of the elements.
        location: Where it lies, for the record.
        requires_grad: Whether it asks for a gradient.
        is_parameter: Whether it is of a registered Parameter class.
        attributes: What its user set on it.
    """

    array: np.ndarray[Any, Any]  # any of fnnet's dtypes
    dtype: DType
    location: str
    requires_grad: bool
    is_parameter: bool
    attributes: dict[str, object]


def parts_of(t: Variable) -> TensorParts:
    """What is saved of `t`."""
    backend = t._device.backend
    parameter, buffer = Registered.parameter, Registered.buffer
    attributes = dict(getattr(t, "__dict__", None) or {})
    if buffer is not None and isinstance(t, buffer):
        attributes[IS_BUFFER] = True
    return TensorParts(
        backend.to_host(t._data),
        backend.dtype_of(t._data),
        "cpu" if t._device.type == "cpu" else str(t._device),
        t._edge() is not None,
        parameter is not None and isinstance(t, parameter),
        attributes,
    )


def as_parameter(t: Variable, requires_grad: object) -> Variable:
    """A Parameter over the memory of `t`; a plain tensor where nn is not there to say what a Parameter is."""
    wanted = _checked_requires_grad(requires_grad, t._device.backend.dtype_of(t._data))
    if Registered.make_parameter is not None:
        return Registered.make_parameter(t, wanted)
    t._leaf_grad = wanted
    return t


def _checked_requires_grad(requires_grad: object, dtype: DType) -> bool:
    if type(requires_grad) is not bool:
        raise Refusal(f"requires_grad is {show(requires_grad)}; expected True or False")
    if requires_grad and not (dtype.is_floating_point or dtype.is_complex):
        raise Refusal(f"a tensor of dtype {dtype.name} can't require gradients")
    return requires_grad


def tensor_of(
    storage: Storage, dtype: DType, offset: object, size: object, stride: object, requires_grad: object
) -> Variable:
    """The tensor of this geometry over a storage, on the storage's device.

    Raises:
        Refusal: The geometry leaves the storage, or a dtype without derivatives asks for a gradient.
    """
    wanted = _checked_requires_grad(requires_grad, dtype)
    host = storage.view(dtype, offset, size, stride)
    raw = host if storage.device is CPU else _on_device(storage, host, dtype)
    t: Variable = make(raw, storage.device)
    t._leaf_grad = wanted
    return t


def _on_device(storage: Storage, host: np.ndarray[Any, Any], dtype: DType) -> Any:  # the backend's array type
    """The view on the storage's device. The storage is copied there once, so that what shared memory still does."""
    backend, index = storage.device.backend, storage.device.index or 0
    start = address(host) - address(storage.bytes())
    strides = tuple(step // dtype.itemsize for step in host.strides)
    order = dense_order(host.shape, strides)
    if host.size == 0 or order is None or start % dtype.itemsize or storage.nbytes % dtype.itemsize:
        key: object = (dtype, start, host.shape, strides)
        if key not in storage.views:
            storage.spend(host.nbytes)
            storage.views[key] = backend.from_host(host, index)
        return storage.views[key]
    if dtype not in storage.views:
        storage.spend(storage.nbytes)
        storage.views[dtype] = backend.from_host(storage.bytes().view(dtype.numpy), index)
    first = start // dtype.itemsize
    flat = backend.getitem(storage.views[dtype], index=(slice(first, first + host.size, 1),))
    block = backend.reshape(flat, shape=tuple(host.shape[dim] for dim in order))
    back = tuple(order.index(dim) for dim in range(host.ndim))
    return backend.asarray(backend.permute(block, dims=back))


def with_attributes(t: Variable, attributes: object) -> Variable:
    """`t` with what its user had set on it; a Buffer where that says so."""
    if type(attributes) is not dict or any(type(name) is not str for name in attributes):
        raise Refusal(f"a tensor's attributes must be a dict, got {show(attributes)}")
    rest = {name: value for name, value in attributes.items() if name != IS_BUFFER}
    if attributes.get(IS_BUFFER) is True and Registered.make_buffer is not None:
        persistent = rest.pop(PERSISTENT, True)
        if type(persistent) is not bool:
            raise Refusal(f"persistent is {show(persistent)}; expected True or False")
        t = Registered.make_buffer(t, persistent)
    if rest:
        if not hasattr(t, "__dict__"):
            raise Refusal(f"attribute {show(next(iter(rest)))} of a tensor, which can have none")
        vars(t).update(rest)
    return t


IS_BUFFER: Final = "_is_buffer"
PERSISTENT: Final = "persistent"
"""By these attributes PyTorch knows a Buffer."""

NEGATIVE: Final = "neg"
CONJUGATE: Final = "conj"
"""Bits that PyTorch sets on a tensor instead of computing: here they are computed."""


def with_bits(t: Variable, bits: object, storage: Storage) -> Variable:
    """`t`, a view of `storage`, with PyTorch's lazy conjugation and negation carried out."""
    if not bits:
        return t
    if type(bits) is not dict or any(name not in (CONJUGATE, NEGATIVE) for name in bits):
        raise Refusal(f"a tensor's metadata: {show(bits)}")
    backend = t._device.backend
    raw = t._data
    storage.spend(math.prod(raw.shape) * backend.dtype_of(raw).itemsize)
    if bits.get(CONJUGATE):
        raw = backend.from_host(np.conjugate(backend.to_host(raw)), t._device.index or 0)
    if bits.get(NEGATIVE):
        raw = backend.neg(raw)
    done: Variable = make(raw, t._device)
    done._leaf_grad = t._leaf_grad
    return done
