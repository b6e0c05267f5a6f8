"""`Tensor`: state, operators and methods, which are the public functions of `fnnet.functional`, family by family."""

from __future__ import annotations

from typing import Any, Self

from fnnet._core.errors import ArgumentError
from fnnet._tensor.activation import ActivationMethods
from fnnet._tensor.arithmetic import ArithmeticMethods
from fnnet._tensor.comparison import ComparisonMethods
from fnnet._tensor.conversion import ConversionMethods
from fnnet._tensor.core import CoreMethods
from fnnet._tensor.elementwise import ElementwiseMethods
from fnnet._tensor.indexing import IndexingMethods
from fnnet._tensor.linear import LinearMethods
from fnnet._tensor.random import RandomMethods
from fnnet._tensor.reduction import ReductionMethods
from fnnet._tensor.shape import ShapeMethods
from fnnet._tensor.sorting import SortingMethods
from fnnet.autograd.variable import Variable, bind_tensor, make
from fnnet.backends.devices import Device
from fnnet.backends.dtypes import DEFAULT
from fnnet.functional import creation
from fnnet.functional.movement import canonical


class Tensor(
    CoreMethods,
    ConversionMethods,
    ArithmeticMethods,
    ComparisonMethods,
    ElementwiseMethods,
    ActivationMethods,
    LinearMethods,
    ReductionMethods,
    ShapeMethods,
    IndexingMethods,
    SortingMethods,
    RandomMethods,
):
    """An array of one dtype on one device, whose computations can be differentiated.

    `fnnet.tensor(data)` makes one from data. The class itself, called as in early PyTorch, makes a tensor of the
    default dtype: `Tensor(2, 3)` of that shape, `Tensor([1, 2])` of these values.

    Args:
        args: Sizes, one sequence or array of values, or a tensor, whose memory is shared. Default: no elements.
        device: Where it lies. Default: the default device.
        data: The values by name.

    Raises:
        ArgumentError: A single number that is no size.

    Example:
        >>> import fnnet
        >>> fnnet.Tensor([1, 0, 1]).long()
        tensor([1, 0, 1])
    """

    def __new__(cls, *args: Any, device: Device | str | None = None, data: Any = None) -> Self:
        """A tensor from sizes, from data or from a tensor, in the default dtype."""
        if data is not None:
            args = (data,)
        if len(args) == 1 and isinstance(args[0], Variable):
            source = args[0]
            t = cls._over(source._data, source._device)
            t._counter = source._counter
            return t
        if len(args) == 1 and isinstance(args[0], (bool, float, complex)):
            raise ArgumentError(f"new(): data must be a sequence (got {type(args[0]).__name__})")
        if len(args) == 1 and not isinstance(args[0], int) and type(args[0]).__name__ != "Size":
            made = creation.tensor(args[0], dtype=DEFAULT.float, device=device)
        elif len(args) == 1 and type(args[0]).__name__ == "Size":
            made = creation.empty(*args[0], device=device)
        else:
            made = creation.empty(*(args or (0,)), device=device)
        return cls._over(made._data, made._device)

    @classmethod
    def _over(cls, raw: Any, device: Device) -> Self:
        """A leaf of this class over a raw array."""
        t: Self = make(raw, device)
        if cls is not Tensor:
            t.__class__ = cls
        return t


bind_tensor(Tensor)

__all__ = ["Tensor", "canonical"]
