"""`Parameter` and `Buffer`: tensors that a Module registers when they are assigned to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self, cast

from fnnet._core.errors import ArgumentError, DTypeError, OptionError
from fnnet._core.size import Size
from fnnet._tensor import Tensor
from fnnet.autograd.variable import Variable, make
from fnnet.backends.devices import Device
from fnnet.backends.dtypes import DType
from fnnet.functional.creation import DeviceLike, empty
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


_RAW: Any = vars(Variable)["_data"]
"""The descriptor of the slot that an uninitialized tensor hides."""


class UninitializedTensorMixin(Tensor):
    """A tensor whose shape is not known yet: it has a dtype and a device, and refuses all else until `materialize`."""

    cls_to_become: ClassVar[type[Tensor]]

    @property
    def _data(self) -> Any:  # the backend's array type
        kind = "buffer" if isinstance(self, UninitializedBuffer) else "parameter"
        raise OptionError(
            f"Attempted to use an uninitialized {kind}. This error happens when you are using a `LazyModule` or "
            f"explicitly manipulating `{type(self).__name__}` objects. When using LazyModules, call `forward` with a "
            "dummy batch to initialize the parameters before calling functions on them."
        )

    @_data.setter
    def _data(self, raw: Any) -> None:
        _RAW.__set__(self, raw)

    def materialize(self, shape: Sequence[int], device: DeviceLike = None, dtype: DType | None = None) -> None:
        """Become an ordinary parameter or tensor, without values yet.

        Args:
            shape: Its shape.
            device: Where it lies. Default: where it has been made for.
            dtype: Its dtype. Default: that for which it has been made.
        """
        made = empty(tuple(shape), device=self._device if device is None else device, dtype=dtype or self.dtype)
        _RAW.__set__(self, made._data)
        self._device = made._device
        self.__class__ = self.cls_to_become  # type: ignore[assignment]  # of the same layout

    @property
    def dtype(self) -> DType:
        """The dtype that it will have."""
        return self.data.dtype

    @property
    def data(self) -> Tensor:
        """An empty tensor of its dtype on its device."""
        return cast("Tensor", make(_RAW.__get__(self), self._device))

    @data.setter
    def data(self, value: Tensor) -> None:
        _RAW.__set__(self, value._data)
        self._device = value._device

    @property
    def shape(self) -> Size:
        """Not known yet: raises."""
        raise OptionError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` "
            "to initialize the parameters before accessing their attributes."
        )

    def is_floating_point(self) -> bool:
        """Whether its dtype is one of floating point."""
        return self.data.is_floating_point()

    def is_complex(self) -> bool:
        """Whether its dtype is complex."""
        return self.data.is_complex()

    def share_memory_(self) -> Self:
        """Refused: there is no memory yet.

        Raises:
            OptionError: Always.
        """
        raise OptionError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters "
            "before calling `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[Any, Any]) -> Self:
        function, args = self.__reduce_ex__(2)
        found: Self = memo.setdefault(id(self), function(*args))
        return found

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(self), (self._leaf_grad, str(self._device), self.dtype)


def is_lazy(param: object) -> bool:
    """Whether a parameter or buffer is uninitialized: its shape is not known yet.

    Args:
        param: Anything.

    Returns:
        True for an UninitializedParameter and an UninitializedBuffer.

    Example:
        >>> from fnnet import nn
        >>> nn.parameter.is_lazy(nn.LazyLinear(2).weight), nn.parameter.is_lazy(nn.Linear(1, 2).weight)
        (True, False)
    """
    return isinstance(param, UninitializedTensorMixin)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A Parameter whose shape is not known yet: what lazy modules hold until they are called.

    It can be moved to a device, cast to a dtype, and made a Parameter by `materialize`.

    Args:
        requires_grad: Whether gradients will be accumulated. Default: True.
        device: Where it will lie. Default: the default device.
        dtype: Its dtype. Default: the default dtype.

    Raises:
        OptionError: Anything is computed with it, or its shape is asked for.

    Example:
        >>> from fnnet import nn
        >>> p = nn.UninitializedParameter()
        >>> p
        <UninitializedParameter>
        >>> p.materialize((2, 3))
        >>> type(p).__name__, p.shape
        ('Parameter', fnnet.Size([2, 3]))
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: DeviceLike = None, dtype: DType | None = None) -> Self:
        """A parameter without memory."""
        return cast("Self", _over(cls, empty(0, device=device, dtype=dtype), requires_grad))


class UninitializedBuffer(UninitializedTensorMixin, Buffer):
    """A buffer whose shape is not known yet: what lazy modules hold until they are called.

    It can be moved to a device, cast to a dtype, and made a tensor by `materialize`.

    Args:
        requires_grad: Whether gradients will be accumulated. Default: False.
        device: Where it will lie. Default: the default device.
        dtype: Its dtype. Default: the default dtype.
        persistent: Whether it will be part of the state_dict. Default: True.

    Raises:
        OptionError: Anything is computed with it, or its shape is asked for.

    Example:
        >>> from fnnet import nn
        >>> b = nn.UninitializedBuffer()
        >>> b.materialize((2,))
        >>> b.shape
        fnnet.Size([2])
    """

    cls_to_become = Tensor

    def __new__(
        cls,
        requires_grad: bool = False,
        device: DeviceLike = None,
        dtype: DType | None = None,
        persistent: bool = True,
    ) -> Self:
        """A buffer without memory."""
        t = _over(cls, empty(0, device=device, dtype=dtype), requires_grad)
        t.persistent = persistent
        return cast("Self", t)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        function, args = super().__reduce_ex__(protocol)
        return function, (*args, self.persistent)


# Files know both classes by PyTorch's names; serialization stands below and is told here which they are.
register_parameter(Parameter, Parameter)
register_buffer(Buffer, lambda t, persistent: Buffer(t, persistent=persistent))

__all__ = [
    "Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "UninitializedTensorMixin", "is_lazy",
]  # fmt: skip
