"""A tensor in other dtypes and on other devices, and new tensors like it."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, OptionError
from fnnet._core.size import Size
from fnnet.autograd.node import entitle
from fnnet.autograd.variable import Variable
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU, Device
from fnnet.backends.dtypes import DType
from fnnet.backends.memory_formats import MemoryFormat, preserve_format
from fnnet.functional import creation, layout, movement
from fnnet.functional._common import dtype_of, to_dtype
from fnnet.functional.host_data import as_dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor
    from fnnet.functional.creation import DeviceLike


class ConversionMethods(Variable):
    """Other dtypes, other devices, new tensors alike. Its methods `float`, `int`, `bool` hide the builtins here."""

    # other dtypes and devices ----------------------------------------------------------------------------------------
    def to(self, *args: Any, **kwargs: Any) -> Tensor:  # to(dtype), to(device), to(device, dtype), to(other)
        """The tensor in another dtype, on another device; itself where nothing changes.

        Args:
            args: A dtype, a device (object, string or number), both, or another tensor to follow; then `non_blocking`
                and `copy` as in PyTorch.
            kwargs: `dtype`, `device`, `other`, `non_blocking`, `copy`, `memory_format`: the order of its memory,
                by default as it is.

        Raises:
            ArgumentError: Something that is neither, or two dtypes.
            DeviceError: A device that is not there.

        Differentiable: Between dtypes of floating point and between devices.

        Example:
            >>> import fnnet
            >>> fnnet.tensor([1, 2]).to(fnnet.float64)
            tensor([1., 2.], dtype=fnnet.float64)
        """
        memory_format = kwargs.get("memory_format") or preserve_format
        target, wanted, copy = parse_to(args, kwargs)
        t = cast("Tensor", self)
        if target is not None:
            t = movement.to_device(t, target)
        if wanted is not None:
            t = to_dtype(t, wanted)
        if copy and t is self:
            t = movement.clone(t, memory_format=memory_format)
        elif memory_format is not preserve_format:
            t = layout.contiguous(t, memory_format)
        return t if t is self else entitle(t, "ToCopyBackward0")

    # Any: a string, or a Tensor where a dtype is given
    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The name of the tensor's type, or the tensor in another dtype.

        Args:
            dtype: A dtype, or a name such as "torch.FloatTensor". Default: none, which asks for the name.
            non_blocking: Accepted, without effect.

        Raises:
            OptionError: There is no such type.
        """
        if dtype is None:
            return f"fnnet.{dtypes.TITLES[dtype_of(self).name]}Tensor"
        if isinstance(dtype, str):
            package, _, name = dtype.rpartition(".")
            found = [d for d in dtypes.ALL if dtypes.TITLES[d.name] + "Tensor" == name]
            if not found:
                raise OptionError(f"invalid type: {dtype!r}")
            return self.to(package.partition(".")[2] or CPU, found[0])
        if not isinstance(dtype, DType):
            raise OptionError(f"invalid type: {dtype!r}")
        return self.to(dtype)

    def type_as(self, other: Tensor) -> Tensor:
        """The tensor in the dtype and on the device of another.

        Args:
            other: That tensor.
        """
        return self.to(other)

    def cpu(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in host memory; itself where it is there.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(CPU, memory_format=memory_format)

    def cuda(
        self, device: DeviceLike = None, non_blocking: bool = False, memory_format: MemoryFormat = preserve_format
    ) -> Tensor:
        """The tensor on a CUDA device.

        Args:
            device: Which one: an index, a name or a device. Default: the first.
            non_blocking: Accepted, without effect.
            memory_format: The order of its memory. Default: as it is.

        Raises:
            DeviceError: There is none.
        """
        where = "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device
        return self.to(where, memory_format=memory_format)

    def float(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in float32; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.float32, memory_format=memory_format)

    def double(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in float64; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.float64, memory_format=memory_format)

    def half(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in float16; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.float16, memory_format=memory_format)

    def bfloat16(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in bfloat16; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.bfloat16, memory_format=memory_format)

    def long(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in int64, fractions cut off; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.int64, memory_format=memory_format)

    def int(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in int32, fractions cut off; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.int32, memory_format=memory_format)

    def short(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in int16, fractions cut off; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.int16, memory_format=memory_format)

    def char(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in int8, fractions cut off; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.int8, memory_format=memory_format)

    def byte(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in uint8, fractions cut off; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.uint8, memory_format=memory_format)

    def bool(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in bool: whether each element is not zero; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.bool_, memory_format=memory_format)

    def cfloat(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in complex64; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.complex64, memory_format=memory_format)

    def cdouble(self, memory_format: MemoryFormat = preserve_format) -> Tensor:
        """The tensor in complex128; itself where it is that.

        Args:
            memory_format: The order of its memory. Default: as it is.
        """
        return self.to(dtypes.complex128, memory_format=memory_format)

    # like this one ---------------------------------------------------------------------------------------------------
    def new_tensor(
        self,
        data: Any,  # as for tensor()
        *,
        dtype: DType | None = None,
        device: DeviceLike = None,
        requires_grad: builtins.bool = False,
    ) -> Tensor:
        """A tensor of its own that holds `data`, of this tensor's dtype and on its device.

        Args:
            data: As for `fnnet.tensor`.
            dtype: Default: this tensor's.
            device: Default: this tensor's.
            requires_grad: Whether gradients are accumulated. Default: False.
        """
        return creation.tensor(
            data, dtype=dtype or dtype_of(self), device=device or self._device, requires_grad=requires_grad
        )

    def new(self, *args: Any) -> Tensor:  # sizes, or data as for tensor()
        """As the class was called in early PyTorch: `x.new(2, 3)` of that shape, `x.new([1, 2])` of these values.

        Args:
            args: Sizes, or data as for `fnnet.tensor`.
        """
        if len(args) == 1 and not isinstance(args[0], (builtins.int, Size)):
            return creation.tensor(args[0], dtype=dtype_of(self), device=self._device)
        return self.new_empty(*(args or (0,)))

    def new_zeros(
        self,
        *sizes: builtins.int | Sequence[builtins.int],
        size: Sequence[builtins.int] | None = None,
        dtype: DType | None = None,
        device: DeviceLike = None,
        requires_grad: builtins.bool = False,
    ) -> Tensor:
        """Zeros of a given shape, of this tensor's dtype and on its device.

        Args:
            sizes: The shape, as numbers or as one sequence.
            size: The same by name.
            dtype: Default: this tensor's.
            device: Default: this tensor's.
            requires_grad: Whether gradients are accumulated. Default: False.
        """
        where = self._device if device is None else device
        return creation.zeros(
            *sizes, size=size, dtype=dtype or dtype_of(self), device=where, requires_grad=requires_grad
        )

    def new_ones(
        self,
        *sizes: builtins.int | Sequence[builtins.int],
        size: Sequence[builtins.int] | None = None,
        dtype: DType | None = None,
        device: DeviceLike = None,
        requires_grad: builtins.bool = False,
    ) -> Tensor:
        """Ones of a given shape, of this tensor's dtype and on its device.

        Args:
            sizes: The shape, as numbers or as one sequence.
            size: The same by name.
            dtype: Default: this tensor's.
            device: Default: this tensor's.
            requires_grad: Whether gradients are accumulated. Default: False.
        """
        where = self._device if device is None else device
        return creation.ones(
            *sizes, size=size, dtype=dtype or dtype_of(self), device=where, requires_grad=requires_grad
        )

    def new_empty(
        self,
        *sizes: builtins.int | Sequence[builtins.int],
        size: Sequence[builtins.int] | None = None,
        dtype: DType | None = None,
        device: DeviceLike = None,
        requires_grad: builtins.bool = False,
    ) -> Tensor:
        """A tensor without values of a given shape, of this tensor's dtype and on its device.

        Args:
            sizes: The shape, as numbers or as one sequence.
            size: The same by name.
            dtype: Default: this tensor's.
            device: Default: this tensor's.
            requires_grad: Whether gradients are accumulated. Default: False.
        """
        where = self._device if device is None else device
        return creation.empty(
            *sizes, size=size, dtype=dtype or dtype_of(self), device=where, requires_grad=requires_grad
        )

    def new_full(
        self,
        size: Sequence[builtins.int],
        fill_value: Number,
        *,
        dtype: DType | None = None,
        device: DeviceLike = None,
        requires_grad: builtins.bool = False,
    ) -> Tensor:
        """A number in each place of a given shape, of this tensor's dtype and on its device.

        Args:
            size: The shape.
            fill_value: The number.
            dtype: Default: this tensor's.
            device: Default: this tensor's.
            requires_grad: Whether gradients are accumulated. Default: False.
        """
        return creation.full(
            size, fill_value, dtype=dtype or dtype_of(self), device=device or self._device, requires_grad=requires_grad
        )


def parse_to(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Device | None, DType | None, bool]:
    """The device, the dtype and `copy` of a call of `to(...)`.

    Raises:
        ArgumentError: Something that `to` does not take.
    """
    rest = dict(kwargs)
    target, wanted, copy = rest.pop("device", None), rest.pop("dtype", None), bool(rest.pop("copy", False))
    other = rest.pop("other", None)
    rest.pop("non_blocking", None)
    rest.pop("memory_format", None)
    if rest:
        raise ArgumentError(f"to() received an invalid keyword argument {next(iter(rest))!r}")
    flags = 0
    for a in args:
        if isinstance(a, Variable):
            other = a
        elif isinstance(a, (DType, type)):
            if wanted is not None:
                raise ArgumentError(f"to() received an invalid combination of arguments: two dtypes, {wanted} and {a}")
            wanted = a
        elif isinstance(a, bool):
            flags += 1
            copy = a if flags == 2 else copy
        elif isinstance(a, (str, int, Device)):
            target = a
        elif a is not None:
            raise ArgumentError(
                f"to() received an invalid argument of type {type(a).__name__}: expected a dtype, a device or a Tensor"
            )
    if other is not None:
        target, wanted = other._device, dtype_of(other)
    if wanted is not None:
        wanted = as_dtype("to", wanted)
    return (None if target is None else movement.canonical(target)), wanted, copy


__all__ = ["ConversionMethods", "parse_to"]
