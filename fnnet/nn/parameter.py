"""`Parameter` and `Buffer`: tensors that a Module registers when they are assigned to it."""

from __future__ import annotations

from typing import Any, Self, cast

from fnnet._core.errors import ArgumentError, DTypeError
from fnnet._tensor import Tensor
from fnnet.autograd.variable import Variable, make
from fnnet.backends.devices import Device
from fnnet.functional.creation import empty
from fnnet.serialization.registered import register_buffer, register_parameter


def _over(cls: type[Tensor], data: Any, requires_grad: bool) -> Any:
    """A leaf of class `cls` with the memory of `data`."""
    t = make(data._data, data._device)
    t._counter = data._counter
    t.__class__ = cls
    t._leaf_grad = requires_grad
    return t


class Parameter(Tensor):
    """A tensor that a Module counts among its parameters when it is assigned as an attribute.

    Args:
        data: The values, a tensor; their memory is shared, not copied. Default: an empty tensor.
        requires_grad: Whether gradients are accumulated. Default: True.

    Raises:
        ArgumentError: `data` is no tensor.
        DTypeError: Gradients of whole numbers are asked for.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Parameter(fnnet.zeros(2))
        Parameter containing:
        tensor([0., 0.], requires_grad=True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Self:
        """A parameter over the memory of `data`."""
        data = empty(0) if data is None else data
        if not isinstance(data, Variable):
            raise ArgumentError(f"Parameter: data must be a Tensor, got {type(data).__name__}")
        if requires_grad and data._device.backend.dtype_of(data._data).category < 2:
            raise DTypeError("Only Tensors of floating point and complex dtype can require gradients")
        return cast("Self", _over(cls, data, requires_grad))

    @classmethod
    def _over(cls, raw: Any, device: Device) -> Self:
        t = make(raw, device)
        t.__class__ = cls
        t._leaf_grad = True
        return cast("Self", t)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Self:
        found = memo.get(id(self))
        if found is None:  # values alone, as PyTorch: no gradient, no attributes
            values = self._device.backend.dense_like(self._data, self._data)
            found = memo[id(self)] = type(self)(make(values, self._device), self._leaf_grad)
        return cast("Self", found)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that a Module counts among its buffers when it is assigned as an attribute.

    Args:
        data: The values, a tensor; their memory is shared, not copied. Default: an empty tensor.
        persistent: Whether it is part of the state_dict. Default: True.

    Raises:
        ArgumentError: `data` is no tensor.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.Module()
        >>> m.mean = fnnet.nn.Buffer(fnnet.zeros(1))
        >>> list(m.state_dict())
        ['mean']
    """

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Self:
        """A buffer over the memory of `data`."""
        data = empty(0) if data is None else data
        if not isinstance(data, Variable):
            raise ArgumentError(f"Buffer: data must be a Tensor, got {type(data).__name__}")
        t = _over(cls, data, data._leaf_grad)
        t.persistent = persistent
        return cast("Self", t)

    def _renewed(self, raw: Any) -> Any:
        t = make(raw, self._device)
        t.__class__ = type(self)
        t._leaf_grad = self._leaf_grad
        return t


# Files know both classes by PyTorch's names; serialization stands below and is told here which they are.
register_parameter(Parameter, Parameter)
register_buffer(Buffer, lambda t, persistent: Buffer(t, persistent=persistent))

__all__ = ["Buffer", "Parameter"]
