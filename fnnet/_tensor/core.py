"""The state of a tensor as users see it: shape, dtype, device, gradient, memory, hooks, conversions, printing."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fnnet._core.errors import (
    ArgumentError,
    AutogradError,
    DTypeError,
    ExportError,
    IndexRangeError,
    OptionError,
    ShapeError,
)
from fnnet._core.namespace import Number
from fnnet._core.size import Size
from fnnet._tensor.gradients import GradientMethods
from fnnet._tensor.printing import as_html, format_values, may_hide_all, with_suffixes
from fnnet._tensor.storage import StorageMethods, copied_with_memory
from fnnet.autograd.variable import Variable, make
from fnnet.backends import dtypes
from fnnet.backends.devices import Device
from fnnet.backends.dtypes import DType
from fnnet.backends.memory_formats import Layout, strided
from fnnet.functional import movement
from fnnet.functional._common import dtype_of, number_dtype, wrap_dim

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

Raw = np.ndarray[Any, Any]


class CoreMethods(GradientMethods, StorageMethods):
    """State, memory, gradients, conversions."""

    # shape, dtype, device -----------------------------------------------------------------------------------------
    @property
    def shape(self) -> Size:
        """The sizes of the dims, a `Size`."""
        return tuple.__new__(Size, self._data.shape)  # without a look at each number: they are ints

    def size(self, dim: int | None = None) -> Any:  # a Size, or an int where a dim is given
        """The shape, or the size of one dim.

        Args:
            dim: Which; negative counts from the end. Default: all.

        Returns:
            A `Size`, or an int.

        Raises:
            IndexRangeError: There is no such dim.
        """
        if dim is None:
            return tuple.__new__(Size, self._data.shape)
        if not self._data.ndim:
            raise IndexRangeError("dimension specified as 0 but tensor has no dimensions")
        return self._data.shape[wrap_dim(dim, self._data.ndim)]

    @property
    def ndim(self) -> int:
        """The number of dims."""
        n: int = self._data.ndim
        return n

    def dim(self) -> int:
        """The number of dims."""
        return self.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return math.prod(self._data.shape)

    nelement = numel

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return dtype_of(self)

    @property
    def device(self) -> Device:
        """The device where the elements lie."""
        return self._device

    @property
    def is_cuda(self) -> bool:
        """Whether the tensor lies on a CUDA device."""
        return self._device.type == "cuda"

    @property
    def layout(self) -> Layout:
        """How the elements are kept: `strided`."""
        return strided

    @property
    def is_sparse(self) -> bool:
        """False: the only layout is the strided one."""
        return False

    @property
    def is_quantized(self) -> bool:
        """False: there are no quantized dtypes."""
        return False

    @property
    def is_meta(self) -> bool:
        """False: every tensor has elements."""
        return False

    @property
    def is_cpu(self) -> bool:
        """Whether the tensor lies in host memory."""
        return self._device.type == "cpu"

    def get_device(self) -> int:
        """The index of the device; -1 on the CPU."""
        return -1 if self._device.type == "cpu" else self._device.index or 0

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return dtype_of(self).itemsize

    def element_size(self) -> int:
        """Bytes per element."""
        return dtype_of(self).itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.numel() * dtype_of(self).itemsize

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating-point dtype."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype is signed."""
        return self.dtype.is_signed

    clone = movement.clone
    copy_ = movement.copy_
    fill_ = movement.fill_
    zero_ = movement.zero_

    # to Python and NumPy ---------------------------------------------------------------------------------------------
    def item(self) -> Number:
        """The value of a tensor of one element.

        Returns:
            A bool, int, float or complex.

        Raises:
            ShapeError: The tensor has none, or several.
        """
        if self.numel() != 1:
            raise ShapeError(f"item: a Tensor with {self.numel()} elements cannot be converted to Scalar")
        raw = self._device.backend.to_host(self._data)
        if raw.dtype == dtypes.BFLOAT16:
            raw = raw.astype(np.float32)
        value: Number = raw.item()
        return value

    def tolist(self) -> Any:  # nested lists of numbers, or a number
        """The values as nested lists.

        Returns:
            Lists of numbers; of a 0-d tensor the number.
        """
        raw = self._device.backend.to_host(self._data)
        return (raw.astype(np.float32) if raw.dtype == dtypes.BFLOAT16 else raw).tolist()

    def numpy(self, *, force: bool = False) -> Raw:
        """The values as an array that shares the tensor's memory.

        Args:
            force: Detach and copy to the host where needed. Default: False.

        Returns:
            A NumPy array of the tensor's shape.

        Raises:
            AutogradError: The tensor requires grad.
            DTypeError: It lies on another device.
        """
        if not force:
            if self._edge() is not None:
                raise AutogradError(
                    "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
                )
            if self._device.type != "cpu":
                raise DTypeError(
                    f"can't convert {self._device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to "
                    "host memory first."
                )
        return self._device.backend.to_host(self._data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Raw:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise OptionError(f"a {array.dtype} tensor can't become a {np.dtype(dtype)} array without a copy")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __array_wrap__(self, array: Raw, context: object = None, return_scalar: bool = False) -> Any:
        """What a function of NumPy made of this tensor, as a tensor; a dtype that tensors lack stays an array."""
        return make(array, self._device) if array.dtype in dtypes.FROM_NUMPY else array

    def __dlpack__(self, *, stream: Any = None, **options: Any) -> Any:  # the protocol's own types
        if self._edge() is not None:
            raise ExportError("Can't export tensors that require gradient, use tensor.detach()")
        return self._host("__dlpack__").__dlpack__(stream=stream, **options)

    def __dlpack_device__(self) -> tuple[int, int]:
        kind, index = self._host("__dlpack_device__").__dlpack_device__()
        return int(kind), int(index)

    def __bool__(self) -> bool:
        if self.numel() != 1:
            raise ShapeError(
                "Boolean value of Tensor with no values is ambiguous"
                if not self.numel()
                else "Boolean value of Tensor with more than one value is ambiguous"
            )
        return bool(self.item())

    def __int__(self) -> int:
        return int(cast("Any", self.item()))

    def __float__(self) -> float:
        return float(cast("Any", self.item()))

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self.dtype.category > 1:
            raise ArgumentError("only integer tensors of a single element can be converted to an index")
        if self.numel() != 1:
            raise ArgumentError("only integer tensors of a single element can be converted to an index")
        return int(cast("Any", self.item()))

    def __len__(self) -> int:
        if not self._data.ndim:
            raise ArgumentError("len() of a 0-d tensor")
        return int(self._data.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self._data.ndim:
            raise ArgumentError("iteration over a 0-d tensor")
        return iter(cast("Any", self).unbind(0))

    def __contains__(self, element: object) -> bool:
        if isinstance(element, (Variable, bool, int, float, complex)):
            return bool((cast("Any", self) == element).any())
        raise DTypeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")

    __hash__ = object.__hash__

    # printing, copying, pickling -------------------------------------------------------------------------------------
    def _repr_html_(self) -> str:
        """What notebooks show: the values, and below them what a look at numbers does not tell."""
        facts = [str(self.dtype).partition(".")[2], str(tuple(self.shape)), f"on {self._device}"]
        if self.requires_grad:
            facts.append("requires grad")
        return as_html(repr(self), ", ".join(facts))

    def __repr__(self) -> str:
        prefix = "tensor("
        suffixes = [] if self._device.type == "cpu" and self._device.index is None else [f"device='{self._device}'"]
        if self.numel():
            text = format_values(self._device.backend.to_host(self._data), len(prefix))
            if may_hide_all():
                suffixes.append(f"size={tuple(self.shape)}")
            plain = self.dtype in (dtypes.DEFAULT.float, number_dtype(1j), dtypes.int64, dtypes.bool_)
        else:
            text, plain = "[]", self.dtype is dtypes.DEFAULT.float
            if self.ndim != 1:
                suffixes.append(f"size={tuple(self.shape)}")
        if not plain:
            suffixes.append(f"dtype={self.dtype}")
        node = self.grad_fn
        if node is not None:
            suffixes.append(f"grad_fn=<{node.name().rpartition('::')[2]}>")
        elif self.requires_grad:
            suffixes.append("requires_grad=True")
        return with_suffixes(prefix + text, suffixes, len(prefix))

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec) if self._data.ndim else format(self.item(), spec)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Tensor:
        if not self.is_leaf:
            raise AutogradError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment."
            )
        found = memo.get(id(self))
        if found is None:
            found = memo[id(self)] = self._renewed(copied_with_memory(self, memo))
            found._grad = copy.deepcopy(self._grad, memo)
            found.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return cast("Tensor", found)

    def __copy__(self) -> Tensor:
        """Another leaf of the same class over the same memory (`copy.copy`)."""
        if not self.is_leaf:
            raise AutogradError("a tensor with a history can't be copied; detach() it, or clone() its values, first")
        twin = cast("Any", type(self))._over(self._data, self._device)
        twin._leaf_grad = self._leaf_grad
        twin.__dict__.update(self.__dict__)
        return cast("Tensor", twin)

    def _renewed(self, raw: Any) -> Any:
        """A leaf of the same class over another raw array."""
        t = make(raw, self._device)
        t._leaf_grad = self._leaf_grad
        return t

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if not self.is_leaf:
            raise AutogradError("a tensor with a history can't be pickled; detach() it first")
        raw = self._device.backend.to_host(self._data)
        payload = raw.view(np.uint16) if raw.dtype == dtypes.BFLOAT16 else raw
        return _unpickle, (
            type(self), np.array(payload), self.dtype, str(self._device), self._leaf_grad, dict(self.__dict__),
        )  # fmt: skip


def _unpickle(
    cls: type[Tensor], payload: Raw, dtype: DType, where: str, requires_grad: bool, attributes: dict[str, Any]
) -> Tensor:
    raw = payload.view(dtype.numpy)
    target = movement.canonical(where)
    t = cls._over(raw if target.type == "cpu" else target.backend.from_host(raw, target.index or 0), target)
    t._leaf_grad = requires_grad
    t.__dict__.update(attributes)
    return t


__all__ = ["CoreMethods"]
