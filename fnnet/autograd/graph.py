"""Tools that look at the graph: saved-tensor hooks, nodes, and where a tensor's gradient goes."""

from __future__ import annotations

from typing import Any

from fnnet.autograd.modes import saved_tensors_hooks
from fnnet.autograd.node import Node
from fnnet.autograd.variable import Variable, make


class save_on_cpu(saved_tensors_hooks):
    """Keep what the tape saves in host memory, and copy it back to its device in backward.

    Args:
        pin_memory: Accepted: host memory is not pinned here. Default: False.
        device_type: Accepted: each tensor goes back to where it came from. Default: "cuda".

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor(3.0, requires_grad=True)
        >>> with fnnet.autograd.graph.save_on_cpu():
        ...     y = x * x
        >>> y.backward()
        >>> x.grad
        tensor(6.)
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(t: Any) -> Any:
            device = t._device
            return device, t if device.type == "cpu" else device.backend.to_host(t._data)

        def unpack(kept: Any) -> Any:
            device, values = kept
            if isinstance(values, Variable):
                return values
            return make(device.backend.from_host(values, device.index or 0), device)

        super().__init__(pack, unpack)


__all__ = ["Node", "save_on_cpu", "saved_tensors_hooks"]
