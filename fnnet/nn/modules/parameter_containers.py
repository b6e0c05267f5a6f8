"""Modules that hold parameters: a list and a dictionary of them. What else they are given they keep as it is: `Any`."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any, Self, overload

from fnnet._core.errors import ArgumentError, AutogradError, IndexRangeError, OptionError
from fnnet._tensor import Tensor
from fnnet.autograd.variable import Variable
from fnnet.nn.module import Module
from fnnet.nn.parameter import Parameter


def _as_parameter(value: Any) -> Any:  # whatever the containers are given: what is no tensor stays what it is
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _line(key: object, value: object, kind: str) -> str:
    """How a container prints one entry."""
    if not isinstance(value, Tensor):
        return f"  ({key}): Object of type: {type(value).__name__}"
    size = "x".join(str(n) for n in value.shape)
    where = "" if value.device.type == "cpu" else f" ({value.device})"
    name = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"  ({key}): {name} containing: [{kind} of size {size}{where}]"


class ParameterList(Module):
    """A list whose tensors are parameters of this module, named "0", "1" ...

    State: the parameters. A tensor that is put in becomes a Parameter; what is no tensor stays what it is.

    Args:
        values: The first elements. Default: none.

    Raises:
        ArgumentError: `values` is no iterable, or a tensor.
        IndexRangeError: Indexed beyond its length.
        AutogradError: Called.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> m = nn.ParameterList([fnnet.zeros(2), nn.Parameter(fnnet.ones(3))])
        >>> len(m), m[1].shape, list(m.state_dict())
        (2, fnnet.Size([3]), ['0', '1'])
    """

    _size: int

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _name(self, idx: int) -> str:
        at = operator.index(idx)
        if not -len(self) <= at < len(self):
            raise IndexRangeError(f"index {at} is out of range for {type(self).__name__} of length {len(self)}")
        return str(at % len(self))

    @overload
    def __getitem__(self, idx: int) -> Any: ...
    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    def __getitem__(self, idx: Any) -> Any:  # as the overloads say
        if isinstance(idx, slice):
            return type(self)(self[i] for i in range(*idx.indices(len(self))))
        return getattr(self, self._name(idx))

    def __setitem__(self, idx: int, param: Any) -> None:
        setattr(self, self._name(idx), _as_parameter(param))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __iadd__(self, parameters: Iterable[Any]) -> Self:
        return self.extend(parameters)

    def append(self, value: Any) -> Self:
        """Add an element behind the others.

        Args:
            value: Anything; a tensor becomes a Parameter.

        Returns:
            This list.
        """
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add several elements behind the others.

        Args:
            values: The elements.

        Returns:
            This list.

        Raises:
            ArgumentError: They are no iterable, or a tensor.
        """
        if not isinstance(values, Iterable) or isinstance(values, Variable):
            raise ArgumentError(
                f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}"
            )
        for value in values:
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return "\n".join(_line(i, p, str(getattr(p, "dtype", ""))) for i, p in enumerate(self))

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        raise AutogradError("ParameterList should not be called.")


class ParameterDict(Module):
    """A dictionary whose tensors are parameters of this module, under their keys.

    State: the parameters. A tensor that is put in becomes a Parameter; what is no tensor stays what it is. The order
    is that in which the keys were added; those of a plain dict are added in sorted order.

    Args:
        parameters: A mapping, or pairs of key and value. Default: none.

    Raises:
        ArgumentError: A key is no string, or `parameters` no iterable of pairs.
        OptionError: A pair does not have two elements.
        AutogradError: Called.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> m = nn.ParameterDict({"right": fnnet.zeros(2), "left": fnnet.ones(3)})
        >>> list(m), m["left"].shape
        (['left', 'right'], fnnet.Size([3]))
    """

    _keys: dict[str, None]

    def __init__(self, parameters: Any = None) -> None:  # as `update` takes it
        super().__init__()
        self._keys = {}
        if parameters is not None:
            self.update(parameters)

    def _name(self, key: str) -> str:
        if not isinstance(key, str):
            raise ArgumentError(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                f"'{type(key).__name__}')."
            )
        return key

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self._name(key))

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, self._name(key), _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def copy(self) -> ParameterDict:
        """Another dictionary of the same parameters.

        Returns:
            It holds the same objects.
        """
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key, which is put in where it is missing.

        Args:
            key: The key.
            default: What is put in. Default: None.

        Returns:
            The value that is there now.
        """
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Take all entries out."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:
        """Take out a key and return its value.

        Args:
            key: The key.

        Returns:
            Its value.

        Raises:
            AttributeError: It is not there.
        """
        found = self[key]
        del self[key]
        return found

    def popitem(self) -> tuple[str, Any]:
        """Take out the key that was added last.

        Returns:
            The key and its value.

        Raises:
            KeyError: There is none.
        """
        if not self._keys:
            raise KeyError("popitem(): dictionary is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or `default`.

        Args:
            key: The key.
            default: What stands in for a key that is missing. Default: None.

        Returns:
            The value.
        """
        return self[key] if key in self else default  # noqa: SIM401  # this is what `get` is

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dictionary with one value under all keys.

        Args:
            keys: The keys.
            default: The value; each key has a Parameter of its own over a tensor's memory. Default: None.

        Returns:
            The dictionary.
        """
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> KeysView[str]:
        """The keys."""
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Keys and values."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterable[Any]:
        """The values."""
        return (self[key] for key in self._keys)

    def update(self, parameters: Mapping[str, Any] | ParameterDict | Iterable[Any]) -> None:
        """Put in or replace values.

        Args:
            parameters: A mapping, or pairs of key and value. A mapping that is neither an OrderedDict nor a
                ParameterDict is taken in the order of its sorted keys, as PyTorch does.

        Raises:
            ArgumentError: They are no iterable, or an element is none.
            OptionError: An element is no pair.
        """
        if not isinstance(parameters, Iterable):
            raise ArgumentError(
                "ParametersDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(parameters).__name__}"
            )
        if isinstance(parameters, OrderedDict | ParameterDict):
            pairs: Iterable[Any] = parameters.items()
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items())
        else:
            pairs = parameters
        for i, pair in enumerate(pairs):
            if not isinstance(pair, Iterable):
                raise ArgumentError(
                    f"ParameterDict update sequence element #{i} should be Iterable; is {type(pair).__name__}"
                )
            found = tuple(pair)
            if len(found) != 2:
                raise OptionError(f"ParameterDict update sequence element #{i} has length {len(found)}; 2 is required")
            self[found[0]] = found[1]

    def extra_repr(self) -> str:
        return "\n".join(_line(k, p, p.type() if isinstance(p, Tensor) else "") for k, p in self.items())

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        raise AutogradError("ParameterDict should not be called.")

    def __or__(self, other: ParameterDict) -> ParameterDict:
        found = self.copy()
        found.update(other)
        return found

    def __ror__(self, other: ParameterDict) -> ParameterDict:
        found = other.copy()
        found.update(self)
        return found

    def __ior__(self, other: ParameterDict) -> Self:
        self.update(other)
        return self


__all__ = ["ParameterDict", "ParameterList"]
