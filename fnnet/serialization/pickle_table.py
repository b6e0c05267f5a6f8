"""The exact table of what a checkpoint's pickle may name, and what fnnet builds for it.

The names are PyTorch's, Python's and NumPy's, as real files hold them (both of Python 2 and 3, of NumPy 1 and 2).
Source: torch/_weights_only_unpickler.py and torch/_utils.py of PyTorch 2.13.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fnnet._core.errors import DeviceError
from fnnet._core.size import Size
from fnnet.autograd.variable import Variable
from fnnet.backends.devices import Device
from fnnet.backends.dtypes import ALL, BFLOAT16, DType
from fnnet.serialization import pickle_numpy
from fnnet.serialization.pickle_reader import Builder
from fnnet.serialization.plain_data import Intermediate, Keys
from fnnet.serialization.refusal import Refusal, show
from fnnet.serialization.storages import STORAGE_DTYPES, Storage, StorageType
from fnnet.serialization.tensors import as_parameter, tensor_of, with_attributes, with_bits

if TYPE_CHECKING:
    from argparse import Namespace

MAX_DEVICE_NAME: Final = 64
"""Longest name of a device, which is kept for ever: devices are unique."""


class TensorClass(Intermediate):
    """A class of tensors, where `_rebuild_from_type_v2` names one."""

    __slots__ = ("is_parameter", "name")

    def __init__(self, name: str, *, is_parameter: bool) -> None:
        """Name a class of tensors.

        Args:
            name: PyTorch's.
            is_parameter: Whether it is the Parameter class.
        """
        self.name, self.is_parameter = name, is_parameter

    @property
    def label(self) -> str:
        """What errors call it."""
        return self.name


# tensors ------------------------------------------------------------------------------------------------------------
def _no_hooks(hooks: object) -> None:
    if hooks:
        raise Refusal(f"hooks of a tensor: {show(hooks)}")


def _storage(value: object) -> Storage:
    if type(value) is not Storage:
        raise Refusal(f"a tensor over {show(value)}; expected a storage")
    return value


def _dtype(storage: Storage) -> DType:
    if storage.dtype is None:
        raise Refusal(f"a tensor without a dtype over storage {show(storage.key)}")
    return storage.dtype


def rebuild_tensor(storage: object, offset: object, size: object, stride: object) -> Variable:
    """`torch._utils._rebuild_tensor`: the form of PyTorch 0.3 and earlier."""
    block = _storage(storage)
    return tensor_of(block, _dtype(block), offset, size, stride, False)


def rebuild_tensor_v2(
    storage: object,
    offset: object,
    size: object,
    stride: object,
    requires_grad: object,
    hooks: object,
    bits: object = None,
) -> Variable:
    """`torch._utils._rebuild_tensor_v2`: a tensor over a typed storage."""
    _no_hooks(hooks)
    block = _storage(storage)
    return with_bits(tensor_of(block, _dtype(block), offset, size, stride, requires_grad), bits, block)


def rebuild_tensor_v3(
    storage: object,
    offset: object,
    size: object,
    stride: object,
    requires_grad: object,
    hooks: object,
    dtype: object,
    bits: object = None,
) -> Variable:
    """`torch._utils._rebuild_tensor_v3`: a tensor of its own dtype over bytes."""
    _no_hooks(hooks)
    if type(dtype) is not DType:
        raise Refusal(f"dtype {show(dtype)} of a tensor")
    block = _storage(storage)
    return with_bits(tensor_of(block, dtype, offset, size, stride, requires_grad), bits, block)


def _tensor(value: object) -> Variable:
    if not isinstance(value, Variable):
        raise Refusal(f"{show(value)} where a tensor is expected")
    return value


def rebuild_parameter(data: object, requires_grad: object, hooks: object) -> Variable:
    """`torch._utils._rebuild_parameter`."""
    _no_hooks(hooks)
    return as_parameter(_tensor(data), requires_grad)


def rebuild_parameter_with_state(data: object, requires_grad: object, hooks: object, state: object) -> Variable:
    """`torch._utils._rebuild_parameter_with_state`: a parameter on which its user set attributes."""
    return with_attributes(rebuild_parameter(data, requires_grad, hooks), state)


def rebuild_from_type(build: object, kind: object, args: object, state: object) -> Variable:
    """`torch._tensor._rebuild_from_type_v2`: a tensor on which its user set attributes."""
    if type(build) is not Builder or build.build not in _REBUILDS or type(args) is not tuple:
        raise Refusal(f"a tensor built by {show(build)}")
    if type(kind) is not TensorClass:
        raise Refusal(f"a tensor of class {show(kind)}")
    t = _tensor(build.build(*args))
    if kind.is_parameter and build.build != rebuild_parameter:
        t = as_parameter(t, t._leaf_grad)
    if type(state) is tuple and len(state) == 2 and not state[1]:
        state = state[0]
    return with_attributes(t, state) if state else t


_REBUILDS: Final = (rebuild_tensor, rebuild_tensor_v2, rebuild_tensor_v3, rebuild_parameter)


# other values -------------------------------------------------------------------------------------------------------
def build_device(kind: object, index: object = None) -> Device:
    """`torch.device("cuda", 1)`; it need not be there."""
    numbered = index is None or (type(index) is int and index >= 0)
    if type(kind) is not str or len(kind) > MAX_DEVICE_NAME or not numbered:
        raise Refusal(f"device {show(kind)}, {show(index)}")
    try:
        return Device(kind, index)  # type: ignore[arg-type]  # None or a number: checked above
    except DeviceError as error:
        raise Refusal(str(error)) from None


def build_size(sizes: object = ()) -> Size:
    """`torch.Size((2, 3))`."""
    if not isinstance(sizes, tuple | list) or any(type(n) is not int for n in sizes):
        raise Refusal(f"torch.Size of {show(sizes)}")
    return Size(sizes)


def encode(text: object, encoding: object = "latin1") -> bytes:
    """`_codecs.encode(text, "latin1")`: how protocol 2 spells bytes."""
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise Refusal(f"encoding of {show(text)} by {show(encoding)}")
    return text.encode("latin1")


def build_bytes() -> bytes:
    """`bytes()`: how protocol 2 spells empty ones."""
    return b""


def build_bytearray(value: object = b"", encoding: object = "latin-1") -> bytearray:
    """`bytearray(text, "latin-1")`."""
    return bytearray(value if type(value) is bytes else encode(value, encoding))


def build_complex(real: object, imag: object) -> complex:
    """`complex(1.0, 2.0)`."""
    if type(real) is not float or type(imag) is not float:
        raise Refusal(f"a complex number of {show(real)} and {show(imag)}")
    return complex(real, imag)


def build_defaultdict(factory: object = None) -> defaultdict[Any, Any]:  # the file's
    """`defaultdict(list)`; the factory is one of Python's own containers and numbers."""
    if factory is None:
        return defaultdict(None)
    made = _FACTORIES.get(factory.name) if type(factory) is Builder else None
    if made is None:
        raise Refusal(f"a defaultdict of {show(factory)}")
    return defaultdict(made)


def build_namespace() -> Namespace:
    """`argparse.Namespace()`, whose attributes follow."""
    from argparse import Namespace  # 5 ms to import, and rarely asked for

    return Namespace()


def _only_named(name: str) -> Builder:
    """A class that stands only for a factory."""

    def refuse(*args: object) -> object:
        raise Refusal(f"a call of {name}")

    return Builder(name, refuse)


_FACTORIES: Final[dict[str, Callable[[], object]]] = {
    "builtins.list": list,
    "builtins.dict": dict,
    "builtins.int": int,
    "builtins.float": float,
    "builtins.str": str,
    "builtins.bool": bool,
    "builtins.set": set,
    "collections.OrderedDict": OrderedDict,
}

_BUILTINS: Final = ("builtins", "__builtin__")
"""Python 3's and Python 2's name of one module; protocol 2 writes the latter."""

_MULTIARRAY: Final = ("numpy._core.multiarray", "numpy.core.multiarray")
_NUMERIC: Final = ("numpy._core.numeric", "numpy.core.numeric")
"""NumPy 2's and NumPy 1's names."""


def _table() -> dict[tuple[str, str], object]:
    """What the names mean that mean the same in every file."""
    table: dict[tuple[str, str], object] = {}

    def put(modules: Iterable[str], name: str, build: Callable[..., object], *, is_class: bool = False) -> None:
        modules = tuple(modules)
        builder = Builder(f"{modules[0]}.{name}", build, is_class=is_class)
        table.update({(module, name): builder for module in modules})

    rebuilds: dict[str, Callable[..., object]] = {
        "_rebuild_tensor": rebuild_tensor,
        "_rebuild_tensor_v2": rebuild_tensor_v2,
        "_rebuild_tensor_v3": rebuild_tensor_v3,
        "_rebuild_parameter": rebuild_parameter,
        "_rebuild_parameter_with_state": rebuild_parameter_with_state,
    }
    for name, build in rebuilds.items():
        put(["torch._utils"], name, build)
    put(["torch._tensor"], "_rebuild_from_type_v2", rebuild_from_type)
    put(["torch"], "device", build_device)
    put(["torch"], "Size", build_size)
    put(["_codecs"], "encode", encode)
    put(_BUILTINS, "bytes", build_bytes)
    put(_BUILTINS, "bytearray", build_bytearray)
    put(_BUILTINS, "complex", build_complex)
    put(["collections"], "defaultdict", build_defaultdict)
    put(["argparse"], "Namespace", build_namespace, is_class=True)
    put(["numpy"], "dtype", pickle_numpy.dtype)
    put(_MULTIARRAY, "scalar", pickle_numpy.scalar)
    put(_MULTIARRAY, "_reconstruct", pickle_numpy.empty_array)
    put(_NUMERIC, "_frombuffer", pickle_numpy.from_buffer)
    for name in ("list", "dict", "int", "float", "str", "bool"):
        for module in _BUILTINS:
            table[module, name] = _only_named(f"builtins.{name}")
    table["numpy", "ndarray"] = np.ndarray
    table["ml_dtypes", "bfloat16"] = BFLOAT16
    for module in ("torch", "torch.cuda"):
        for name, dtype in STORAGE_DTYPES.items():
            table[module, name] = StorageType(f"{module}.{name}", dtype)
    table["torch.storage", "UntypedStorage"] = StorageType("torch.storage.UntypedStorage", None)
    table["torch", "Tensor"] = TensorClass("torch.Tensor", is_parameter=False)
    table["torch.nn.parameter", "Parameter"] = TensorClass("torch.nn.parameter.Parameter", is_parameter=True)
    for dtype in ALL:
        table["torch", dtype.name] = dtype
    return table


TABLE: Final = _table()


def collections_table(keys: Keys) -> dict[tuple[str, str], object]:
    """The collections, which check their keys by the file's own count."""

    def elements(items: object) -> list[Any] | tuple[Any, ...]:
        if type(items) is not list and type(items) is not tuple:
            raise Refusal(f"a set of {show(items)}; expected a list")
        for item in items:
            keys.check(item)
        return items

    def ordered_dict(items: object = ()) -> OrderedDict[Any, Any]:
        """Python 2 pickles the items as a list of [key, value]."""
        out: OrderedDict[Any, Any] = OrderedDict()
        if not isinstance(items, list | tuple) or any(type(i) not in (list, tuple) or len(i) != 2 for i in items):
            raise Refusal(f"an OrderedDict of {show(items)}; expected a list of pairs")
        for key, value in items:
            keys.check(key)
            out[key] = value
        return out

    def counter(counts: object = None) -> Counter[Any]:
        out: Counter[Any] = Counter()
        if counts is not None and type(counts) is not dict:
            raise Refusal(f"a Counter of {show(counts)}; expected a dict")
        dict.update(out, counts or {})
        return out

    table: dict[tuple[str, str], object] = {
        ("collections", "OrderedDict"): Builder("collections.OrderedDict", ordered_dict),
        ("collections", "Counter"): Builder("collections.Counter", counter),
    }
    made_set = Builder("builtins.set", lambda items=(): set(elements(items)))
    made_frozenset = Builder("builtins.frozenset", lambda items=(): frozenset(elements(items)))
    for module in _BUILTINS:
        table[module, "set"] = made_set
        table[module, "frozenset"] = made_frozenset
    return table


# what is refused by name, and why -----------------------------------------------------------------------------------
REASONS: Final = {
    ("torch._utils", "_rebuild_sparse_tensor"): "sparse tensors are not served: save tensor.to_dense()",
    ("torch._utils", "_rebuild_sparse_csr_tensor"): "sparse tensors are not served: save tensor.to_dense()",
    ("torch._utils", "_rebuild_qtensor"): "quantised tensors are not served: save tensor.dequantize()",
    ("torch._utils", "_rebuild_nested_tensor"): "nested tensors are not served: save tensor.to_padded_tensor(0.0)",
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): "a tensor on the meta device has no values",
    ("torch._utils", "_rebuild_wrapper_subclass"): "tensor subclasses without a storage are not served",
    ("torch.storage", "_load_from_bytes"): "a pickle within the pickle: save with torch.save instead of pickle",
    ("torch.jit._pickle", "build_intlist"): "TorchScript is a program, no checkpoint",
}


FOREIGN_DTYPES: Final = ("uint", "int", "float", "complex", "quint", "qint", "bits")
"""How the names of PyTorch's other dtypes begin: uint16, float8_e4m3fn, int4 ..."""


def reason_against(module: str, name: str) -> str | None:
    """Why a name of PyTorch's is refused, where there is more to say than that it is not in the table."""
    if module in ("torch", "torch.cuda"):
        if name.endswith("Storage"):
            return "quantised storages are not served: save tensor.dequantize()"
        if name.startswith(FOREIGN_DTYPES):
            return "none of fnnet's dtypes: save the tensor in one of them"
    return REASONS.get((module, name))
