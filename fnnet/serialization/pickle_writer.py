"""Pickling as PyTorch does: tensors by its functions' names, storages as persistent ids, the rest as Python does."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import IO, Any, Final

from fnnet._core.size import Size
from fnnet.autograd.variable import Variable
from fnnet.backends.devices import Device
from fnnet.backends.dtypes import DType
from fnnet.serialization.protocol import DEFAULT_PROTOCOL
from fnnet.serialization.storage_plan import Block, StoragePlan
from fnnet.serialization.storages import STORAGE_DTYPES
from fnnet.serialization.tensors import TensorParts, parts_of

STORAGE_NAMES: Final = {dtype: name for name, dtype in STORAGE_DTYPES.items()}


class Foreign:
    """A class or function of PyTorch's, which is written by name and need not be there."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        """Name it.

        Args:
            module: Where PyTorch has it.
            name: In the module.
        """
        self.module, self.name = module, name

    def __call__(self) -> None:
        """Nothing: pickle asks whether what it writes as a function can be called."""


TENSOR: Final = Foreign("torch._utils", "_rebuild_tensor_v2")
TENSOR_OF_DTYPE: Final = Foreign("torch._utils", "_rebuild_tensor_v3")
PARAMETER: Final = Foreign("torch._utils", "_rebuild_parameter")
PARAMETER_WITH_STATE: Final = Foreign("torch._utils", "_rebuild_parameter_with_state")
FROM_TYPE: Final = Foreign("torch._tensor", "_rebuild_from_type_v2")
TENSOR_CLASS: Final = Foreign("torch", "Tensor")
ENCODE: Final = Foreign("_codecs", "encode")
DEVICE: Final = Foreign("torch", "device")
SIZE: Final = Foreign("torch", "Size")
BYTES: Final = Foreign("torch.storage", "UntypedStorage")
TYPED: Final = {dtype: Foreign("torch", name) for dtype, name in STORAGE_NAMES.items()}
DTYPES: Final = {dtype: Foreign("torch", dtype.name) for dtype in STORAGE_NAMES}


class TensorFinder(pickle.Pickler):
    """Finds the tensors in an object by pickling it to nowhere: nothing else knows what an object's state will be."""

    def __init__(self, protocol: int) -> None:
        """Prepare to look.

        Args:
            protocol: Of the pickle that will be written.
        """
        super().__init__(_Nowhere(), protocol)
        self.found: dict[int, tuple[Variable, TensorParts]] = {}
        self._attributes: list[dict[str, object]] = []

    def persistent_id(self, obj: object) -> object:
        """Note a tensor instead of pickling it."""
        if isinstance(obj, Variable):
            if id(obj) not in self.found:
                parts = parts_of(obj)
                self.found[id(obj)] = obj, parts
                if parts.attributes:
                    self._attributes.append(parts.attributes)
            return "tensor"
        return "value" if isinstance(obj, DType | Device) else None

    def look_in(self, obj: object) -> None:
        """Find the tensors in `obj`, and in what users set on tensors as attributes."""
        self.dump(obj)
        while self._attributes:
            self.dump(self._attributes.pop())


class _Nowhere:
    """Where a pickle is written of which only the walk is wanted."""

    def write(self, data: object, /) -> int:
        return 0


class _Beneath:
    """The plain tensor beneath a parameter."""

    __slots__ = ("parts",)

    def __init__(self, parts: TensorParts) -> None:
        self.parts = parts


# typeshed knows only a few methods of the pickler that is written in Python.
_Pickler: Any = pickle._Pickler


class PickleWriter(_Pickler):  # type: ignore[misc]  # see above
    """Writes an object's pickle, and numbers the storages in the order in which it meets them.

    Python's own pickler in Python, not in C: the latter would import what it writes by name.

    Attributes:
        blocks: The storages; the number is the key.
    """

    def __init__(
        self, file: IO[bytes], protocol: int, plan: StoragePlan, found: dict[int, tuple[Variable, TensorParts]]
    ) -> None:
        """Prepare to write.

        Args:
            file: Where to.
            protocol: Of the pickle.
            plan: Where the tensors' bytes go.
            found: The parts of the tensors that are known already, by id.
        """
        super().__init__(file, protocol)
        self.blocks: list[Block] = []
        self._keys: dict[Block, str] = {}
        self._plan, self._found = plan, found

    def persistent_id(self, obj: object) -> object:
        """A storage is written as what finds it in the archive."""
        if type(obj) is not Block:
            return None
        key = self._keys.get(obj)
        if key is None:
            key = self._keys[obj] = str(len(self.blocks))
            self.blocks.append(obj)
        kind, size = (BYTES, 1) if obj.dtype is None else (TYPED[obj.dtype], obj.dtype.itemsize)
        return "storage", kind, key, obj.location, obj.nbytes // size

    def reducer_override(self, obj: object) -> Any:  # pickle's own return type: a name, a tuple, or NotImplemented
        """How what is fnnet's own is written."""
        if isinstance(obj, Variable):
            known = self._found.get(id(obj))
            return self._reduce(parts_of(obj) if known is None else known[1])
        if isinstance(obj, Foreign):
            return obj.name
        if isinstance(obj, DType):
            return obj.name
        if isinstance(obj, Device):
            return DEVICE, ((obj.type,) if obj.index is None else (obj.type, obj.index))
        if isinstance(obj, Size):
            return SIZE, (tuple(obj),)
        if type(obj) is bytes and not obj and self.proto == DEFAULT_PROTOCOL:
            return ENCODE, ("", "latin1")  # Python's own spelling, bytes(), is unknown to PyTorch's safe reader
        if isinstance(obj, _Beneath):
            return self._reduce_tensor(obj.parts, False)
        return NotImplemented

    def save_global(self, obj: Any, name: str | None = None) -> None:  # pickle's own signature
        """Write a class or function by name; PyTorch's need not be there."""
        foreign = DTYPES[obj] if isinstance(obj, DType) else obj
        if not isinstance(foreign, Foreign):
            super().save_global(obj, name)
            return
        self.write(pickle.GLOBAL + f"{foreign.module}\n{foreign.name}\n".encode())
        self.memoize(obj)

    def _reduce(self, parts: TensorParts) -> tuple[Foreign, tuple[object, ...]]:
        """The call that makes the tensor again."""
        if parts.is_parameter:
            made = (_Beneath(parts), parts.requires_grad, _no_hooks())
            return (PARAMETER_WITH_STATE, (*made, parts.attributes)) if parts.attributes else (PARAMETER, made)
        build, args = self._reduce_tensor(parts, parts.requires_grad)
        return (FROM_TYPE, (build, TENSOR_CLASS, args, parts.attributes)) if parts.attributes else (build, args)

    def _reduce_tensor(self, parts: TensorParts, requires_grad: bool) -> tuple[Foreign, tuple[object, ...]]:
        block, offset, stride = self._plan.place(parts)
        args = (block, offset, parts.array.shape, stride, requires_grad, _no_hooks())
        return (TENSOR, args) if block.dtype is not None else (TENSOR_OF_DTYPE, (*args, parts.dtype))


def _no_hooks() -> OrderedDict[str, object]:
    """What PyTorch writes in the place of a tensor's hooks, which are not saved."""
    return OrderedDict()
