"""Descriptors: what a plugin says about itself and about what it provides, without importing any of it.

All are frozen and keyword-only. `load` is called on first use, once; `probe` says whether the machine has what it
takes. `distribution` is filled in by the Manager.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

from attrs import Attribute, Factory, field, frozen

from fnnet._core.errors import ArgumentError, OptionError, PluginError
from fnnet.plugins.lazy import Cell

API_VERSION: Final = 1
"""The plugin interface that this fnnet serves: these descriptors and the hooks of `fnnet.plugins.hookspecs`."""
OLDEST_API_VERSION: Final = 1
"""Plugins written for an older interface than this are refused."""

T_co = TypeVar("T_co", covariant=True)
Probe = Callable[[], str | None]
"""Why something can't be used here (no card, no library), or None where it can."""


def always() -> str | None:
    """The probe of what works everywhere."""
    return None


def _text(spec: object, attribute: Attribute[str], value: object) -> None:
    where = f"{type(spec).__name__}: {attribute.name}"
    if not isinstance(value, str):
        raise ArgumentError(f"{where} must be a string, got {value!r}")
    if not value.strip() or value != value.strip():
        raise OptionError(f"{where} must be a non-empty string without surrounding blanks, got {value!r}")


def _callable(spec: object, attribute: Attribute[Any], value: object) -> None:
    if not callable(value):
        raise ArgumentError(f"{type(spec).__name__}: {attribute.name.lstrip('_')} must be callable, got {value!r}")


def _whole(spec: object, attribute: Attribute[int], value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ArgumentError(f"{type(spec).__name__}: {attribute.name} must be an int, got {value!r}")


def _names(spec: object, attribute: Attribute[tuple[str, ...]], value: object) -> None:
    if not isinstance(value, tuple) or not value or not all(isinstance(v, str) and v for v in value):
        raise ArgumentError(f"{type(spec).__name__}: {attribute.name} must be a tuple of names, got {value!r}")


def _suffixes(spec: object, attribute: Attribute[tuple[str, ...]], value: object) -> None:
    _names(spec, attribute, value)
    if not all(v.startswith(".") for v in value):  # type: ignore[attr-defined]  # a tuple of strings: checked above
        raise OptionError(f"{type(spec).__name__}: each suffix must begin with a dot, got {value!r}")


@frozen(kw_only=True, eq=False)
class PluginInfo:
    """What a plugin is.

    Args:
        name: How people call it.
        version: Its version.
        api: The `API_VERSION` that it was written for.
        summary: One line.
        url: Where to read more.

    Example:
        >>> from fnnet.plugins import PluginInfo
        >>> PluginInfo(name="example", version="1.0", api=1).api
        1
    """

    name: str = field(validator=_text)
    version: str = field(validator=_text)
    api: int = field(validator=_whole)
    summary: str = ""
    url: str = ""


@frozen(kw_only=True, eq=False)  # equal only to itself; and comparing methods cost time at import
class Spec(Generic[T_co]):
    """Something with a name that is loaded on first use. Names are compared without regard to case.

    Args:
        name: How users ask for it.
        load: Returns it; see `lazy`.
        summary: One line.
        distribution: Where it comes from; the Manager's to fill in.
    """

    name: str = field(validator=_text)
    _load: Callable[[], T_co] = field(alias="load", validator=_callable)
    summary: str = ""
    distribution: str = ""
    _cell: Cell[T_co] = field(factory=Cell, init=False, repr=False, eq=False)

    def load(self) -> T_co:
        """What the descriptor describes. Computed once, in whichever thread asks first.

        Raises:
            PluginError: It can't be loaded; the cause is chained.
        """
        return self._cell.get(self._loaded)

    def _loaded(self) -> T_co:
        try:
            return self._load()
        except Exception as error:
            raise PluginError(
                f"{self.distribution or 'plugin'}: {type(self).__name__} {self.name!r} can't be loaded: "
                f"{type(error).__name__}: {error}"
            ) from error


AnySpec = Spec[Any]  # whatever it loads


@frozen(kw_only=True, eq=False)
class Probed(Spec[T_co]):
    """A Spec that may be unusable on this machine.

    Args:
        probe: Says why not, or None; must be quick and must not raise. Default: usable everywhere.
    """

    probe: Probe = field(default=always, validator=_callable)

    def unavailable(self) -> str | None:
        """Why it can't be used here, or None."""
        try:
            return self.probe()
        except Exception as error:
            return f"its probe failed: {type(error).__name__}: {error}"


@frozen(kw_only=True, eq=False)
class BackendSpec(Probed[object]):
    """A backend: all of fnnet on one type of device.

    Args:
        device_type: What users type in `device("cuda:0")`.
        load: Returns the instance of `fnnet.backends.base.Backend`.
        priority: Of several usable backends for one device type the highest serves; then the order of distributions.

    Example:
        >>> from fnnet.plugins import BackendSpec, lazy
        >>> load = lazy("fnnet_npu.backend:BACKEND")
        >>> BackendSpec(name="npu", device_type="npu", load=load, probe=lambda: "no NPU found").unavailable()
        'no NPU found'
    """

    device_type: str = field(validator=_text)
    priority: int = field(default=0, validator=_whole)


@frozen(kw_only=True, eq=False)
class KernelSpec(Probed[Mapping[str, object]]):
    """Faster kernels for a device that another plugin, or the core, serves.

    Args:
        device_type: Whose arrays they take.
        provides: Names of the kernels: `gelu`, `gelu.backward`.
        load: Returns a mapping from each of these names to a `fnnet.backends.kernels.Kernel`.
        priority: Higher is asked first; then the order of distributions.
        name: Tells several providers of one distribution apart. Default: the device type.

    Example:
        >>> from fnnet.plugins import KernelSpec, lazy
        >>> load = lazy("fnnet_example.kernels:kernels")
        >>> KernelSpec(device_type="cpu", provides=("gelu", "gelu.backward"), load=load).name
        'cpu'
    """

    device_type: str = field(validator=_text)
    name: str = field(default=Factory(lambda self: self.device_type, takes_self=True), validator=_text)
    provides: tuple[str, ...] = field(validator=_names)
    priority: int = field(default=0, validator=_whole)


class OpSpec(Spec[object]):
    """A new operation; `load` returns its `fnnet._core.op.Op`.

    Example:
        >>> from fnnet.plugins import OpSpec, lazy
        >>> OpSpec(name="wavelet", load=lazy("fnnet_wavelets.ops:WAVELET")).name
        'wavelet'
    """

    __slots__ = ()


class OptimizerSpec(Spec[Callable[..., object]]):
    """An optimizer; `load` returns the subclass of `fnnet.optim.Optimizer`.

    Example:
        >>> from fnnet.plugins import OptimizerSpec, lazy
        >>> OptimizerSpec(name="lion", load=lazy("fnnet_example.lion:Lion"), summary="signs of momentum").name
        'lion'
    """

    __slots__ = ()


class InitializerSpec(Spec[Callable[..., object]]):
    """An initializer; `load` returns a function that fills its first argument, a Tensor, in place and returns it.

    Example:
        >>> from fnnet.plugins import InitializerSpec
        >>> spec = InitializerSpec(name="sevens", load=lambda: lambda tensor: tensor.fill_(7))
        >>> import fnnet
        >>> spec.load()(fnnet.zeros(2))
        tensor([7., 7.])
    """

    __slots__ = ()


@frozen(kw_only=True, eq=False)
class SerializerSpec(Spec[object]):
    r"""A file format.

    Args:
        suffixes: Of file names: `(".safetensors",)`.
        load: Returns the `fnnet.serialization.protocol.Serializer`.
        magic: Bytes by which a file is known, whatever its name; empty: known by suffix only.
        magic_offset: Where in the file these bytes stand.

    Example:
        >>> from fnnet.plugins import SerializerSpec, lazy
        >>> form = lazy("fnnet_example.format:FORMAT")
        >>> spec = SerializerSpec(name="fnx", suffixes=(".fnx",), magic=b"FNX1", load=form)
        >>> spec.recognises(b"FNX1....")
        True
    """

    suffixes: tuple[str, ...] = field(validator=_suffixes)
    magic: bytes = b""
    magic_offset: int = field(default=0, validator=_whole)

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with `head` carries the magic."""
        return bool(self.magic) and head[self.magic_offset :].startswith(self.magic)

    def has_suffix(self, source: str) -> bool:
        """Whether a file name ends with one of the suffixes, in upper or lower case."""
        return source.lower().endswith(tuple(s.lower() for s in self.suffixes))


class ProcessGroupSpec(Probed[object]):
    """A way for processes to exchange tensors: `local`, `mpi`, `nccl`.

    Example:
        >>> from fnnet.plugins import ProcessGroupSpec, lazy
        >>> ProcessGroupSpec(name="mpi", load=lazy("fnnet_mpi.group:Group")).unavailable() is None
        True
    """

    __slots__ = ()
