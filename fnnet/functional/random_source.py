"""`draw`: the one door through which tensors of random numbers come.

What is drawn is an input of the ops that use it (dropout's mask), so derivatives, transforms and replays see bits, not
generators. A transform that records sees one entry per draw: `namespace.random(...)`.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from fnnet._core.namespace import Shape
from fnnet._core.op import OPS
from fnnet.autograd import writes
from fnnet.autograd.modes import MODE
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import Variable
from fnnet.backends.random.order import storage_order as order_of_strides
from fnnet.functional._common import copy_into, dtype_of
from fnnet.functional.creation import finish

if TYPE_CHECKING:
    from fnnet._tensor import Tensor
    from fnnet.backends.devices import Device
    from fnnet.backends.dtypes import DType
    from fnnet.functional.generators import Generator


def draw(
    kind: str,
    shape: Shape,
    dtype: DType,
    device: Device,
    generator: Generator | None = None,
    order: Shape | None = None,
    **parameters: Any,  # numbers and tensors, as Backend.random names them
) -> Tensor:
    """A new tensor of random numbers, without history.

    Args:
        kind: The distribution, see `Backend.random`.
        shape: Shape of the result.
        dtype: Of the result.
        device: Of the result.
        generator: Where from. None: the device's default generator.
        order: The dims from slowest to fastest in memory, in which the numbers are laid down (`storage_order`).
            None: C order.
        parameters: Of the distribution.
    """
    raw = {name: p._data if isinstance(p, Variable) else p for name, p in parameters.items()}
    k = namespace_of(device)
    if order is None or order == tuple(range(len(shape))):
        values = k.random(kind, shape, dtype, generator, **raw)
    else:
        values = k.random(kind, tuple(shape[d] for d in order), dtype, generator, **raw)
        values = k.permute(values, dims=tuple(sorted(range(len(order)), key=order.__getitem__)))
    return finish(values, device)


def storage_order(t: Tensor) -> Shape | None:
    """The dims of `t` from slowest to fastest in memory, as PyTorch walks it; None for C order."""
    strides = t._device.backend.strides(t._data) if type(t._data) is t._device.backend.array_type else None
    if strides is None:
        return None
    if all(a >= b > 0 for a, b in itertools.pairwise(strides)):
        return None
    return order_of_strides(t._data.shape, strides)


def fill(t: Tensor, name: str, kind: str, generator: Generator | None = None, **parameters: Any) -> Tensor:
    """Overwrite `t` with random numbers, in the order of its memory; `name` is the in-place method's."""
    writes.check_writable(t, name, MODE.state.grad)
    order = storage_order(t)
    shape = tuple(t._data.shape)
    p = parameters.get("p")
    if isinstance(p, Variable):
        p = apply(OPS["expand"], p, shape=shape)
        parameters["p"] = p if order is None else apply(OPS["permute"], p, dims=order)
    return copy_into(t, draw(kind, shape, dtype_of(t), t._device, generator, order, **parameters))
