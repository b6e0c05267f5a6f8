"""Modules that hold modules."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Self, overload

from fnnet._core.errors import ArgumentError, AssertedOptionError, IndexRangeError, OptionError
from fnnet.nn.module import Module


def _position(container: Module, index: int) -> int:
    n = len(container._modules)
    at = operator.index(index)
    if not -n <= at < n:
        raise IndexRangeError(f"index {index} is out of range for {type(container).__name__} of length {n}")
    return at % n


class Sequential(Module):
    """Modules called one after the other, each with the result of the one before.

    Args:
        args: Modules, or one OrderedDict of them by name.

    Shape:
        What the first module takes to what the last returns.

    Raises:
        ArgumentError: Something is no module.
        IndexRangeError: Indexed beyond its length.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> nn.Sequential(nn.Linear(4, 3), nn.ReLU())
        Sequential(
          (0): Linear(in_features=4, out_features=3, bias=True)
          (1): ReLU()
        )
    """

    def __init__(self, *args: Module | OrderedDict[str, Module]) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for i, m in enumerate(args):
                self.add_module(str(i), m)  # type: ignore[arg-type]  # add_module refuses what is no Module

    def forward(self, input: Any) -> Any:  # what the first module takes; what the last returns
        """Call the modules in order."""
        for module in self._modules.values():
            input = module(input)
        return input

    @overload
    def __getitem__(self, idx: int) -> Module: ...
    @overload
    def __getitem__(self, idx: slice) -> Sequential: ...
    def __getitem__(self, idx: Any) -> Any:  # as the overloads say
        if isinstance(idx, slice):
            return type(self)(OrderedDict(list(self._modules.items())[idx]))
        return next(islice(self._modules.values(), _position(self, idx), None))

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, next(islice(self._modules, _position(self, idx), None)), module)

    def __delitem__(self, idx: int | slice) -> None:
        names = list(self._modules)
        for name in names[idx] if isinstance(idx, slice) else [names[_position(self, idx)]]:
            delattr(self, name)
        self._renumber()

    def _renumber(self) -> None:
        modules = list(self._modules.values())
        self._modules.clear()
        self._modules.update({str(i): m for i, m in enumerate(modules)})

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise OptionError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def __iadd__(self, other: Sequential) -> Self:
        if not isinstance(other, Sequential):
            raise OptionError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return self.extend(other)

    def __mul__(self, other: int) -> Sequential:
        if not isinstance(other, int):
            raise ArgumentError(f"unsupported operand type(s) for *: {type(self)} and {type(other)}")
        if other <= 0:
            raise OptionError(f"Non-positive multiplication factor {other} for {type(self)}")
        return Sequential(*(list(self) * other))

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Self:
        modules = list(self * other)
        return self.extend(modules[len(self) :])

    def append(self, module: Module) -> Self:
        """Add a module behind the others.

        Args:
            module: The module.

        Returns:
            This Sequential.
        """
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Add a module before position `index`.

        Args:
            index: From -len to len.
            module: The module.

        Returns:
            This Sequential.

        Raises:
            AssertedOptionError: It is no module.
            IndexRangeError: There is no such position.
        """
        if not isinstance(module, Module):
            raise AssertedOptionError(f"module should be of type: {Module}")
        n = len(self._modules)
        if not -n <= index <= n:
            raise IndexRangeError(f"Index out of range: {index}")
        modules = list(self._modules.values())
        modules.insert(index % n if index < 0 else index, module)
        self._modules.clear()
        self._modules.update({str(i): m for i, m in enumerate(modules)})
        return self

    def extend(self, sequential: Iterable[Module]) -> Self:
        """Add several modules behind the others.

        Args:
            sequential: The modules; a Sequential is one such.

        Returns:
            This Sequential.
        """
        for module in list(sequential):
            self.append(module)
        return self

    def pop(self, key: int | slice) -> Any:  # a Module, or a Sequential where a slice is given
        """Take out the module at a position and return it.

        Args:
            key: The position, or a slice.

        Returns:
            The module, or a Sequential of those of the slice.
        """
        found = self[key]
        del self[key]
        return found


class ModuleList(Module):
    """A list of modules, registered in order.

    Args:
        modules: The first modules. Default: none.

    Raises:
        ArgumentError: Something is no module, or `modules` no iterable.
        IndexRangeError: Indexed beyond its length.

    Example:
        >>> from fnnet import nn
        >>> len(nn.ModuleList([nn.Identity(), nn.Identity()]))
        2
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    @overload
    def __getitem__(self, idx: int) -> Module: ...
    @overload
    def __getitem__(self, idx: slice) -> ModuleList: ...
    def __getitem__(self, idx: Any) -> Any:  # as the overloads say
        if isinstance(idx, slice):
            return type(self)(list(self._modules.values())[idx])
        return self._modules[str(_position(self, idx))]

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, str(_position(self, idx)), module)

    def __delitem__(self, idx: int | slice) -> None:
        n = range(len(self))
        for i in n[idx] if isinstance(idx, slice) else [_position(self, idx)]:
            delattr(self, str(i))
        modules = list(self._modules.values())
        self._modules.clear()
        self._modules.update({str(i): m for i, m in enumerate(modules)})

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(other)

    def insert(self, index: int, module: Module) -> None:
        """Add a module before position `index`.

        Args:
            index: The position; beyond the ends it is the end, as a list's.
            module: The module.
        """
        modules = list(self)
        modules.insert(index, module)
        self._modules.clear()
        for i, m in enumerate(modules):
            self.add_module(str(i), m)

    def append(self, module: Module) -> Self:
        """Add a module behind the others.

        Args:
            module: The module.

        Returns:
            This list.
        """
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules behind the others.

        Args:
            modules: The modules.

        Returns:
            This list.

        Raises:
            ArgumentError: They are no iterable, or something in it is no module.
        """
        if not isinstance(modules, Iterable):
            raise ArgumentError(
                f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}"
            )
        for module in modules:
            self.append(module)
        return self

    def pop(self, key: int | slice) -> Any:  # a Module, or a ModuleList where a slice is given
        """Take out the module at a position and return it.

        Args:
            key: The position, or a slice.

        Returns:
            The module, or a ModuleList of those of the slice.
        """
        found = self[key]
        del self[key]
        return found

    def __repr__(self) -> str:
        blocks: list[tuple[int, int, str]] = []  # first, last, text: equal neighbours are printed once
        for i, module in enumerate(self):
            text = repr(module)
            if blocks and blocks[-1][2] == text:
                blocks[-1] = blocks[-1][0], i, text
            else:
                blocks.append((i, i, text))
        if not blocks:
            return f"{self._get_name()}()"
        lines = [f"({a}): {text}" if a == b else f"({a}-{b}): {b - a + 1} x {text}" for a, b, text in blocks]
        return f"{self._get_name()}(\n  " + "\n".join(lines).replace("\n", "\n  ") + "\n)"


class ModuleDict(Module):
    """Modules by name, in the order in which they were added.

    Args:
        modules: A mapping, or pairs of name and module. Default: none.

    Raises:
        ArgumentError: Something is no module, a name no string, or `modules` no iterable of pairs.
        OptionError: A pair does not have two elements.
        KeyError: Indexed with a name that it lacks.

    Example:
        >>> from fnnet import nn
        >>> list(nn.ModuleDict({"a": nn.Identity()}).keys())
        ['a']
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        found: Module = self._modules[key]
        return found

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Take out the module of a name and return it.

        Args:
            key: The name.

        Returns:
            The module.
        """
        found = self[key]
        del self[key]
        return found

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Names and modules."""
        return self._modules.items()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add or replace modules.

        Args:
            modules: A mapping, or pairs of name and module.

        Raises:
            ArgumentError: They are no iterable, or an element is none.
            OptionError: An element is no pair.
        """
        if not isinstance(modules, Iterable):
            raise ArgumentError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(modules).__name__}"
            )
        pairs = modules.items() if isinstance(modules, Mapping | ModuleDict) else modules
        for i, pair in enumerate(pairs):
            if not isinstance(pair, Iterable):
                raise ArgumentError(
                    f"ModuleDict update sequence element #{i} should be Iterable; is {type(pair).__name__}"
                )
            found = tuple(pair)
            if len(found) != 2:
                raise OptionError(f"ModuleDict update sequence element #{i} has length {len(found)}; 2 is required")
            name, module = found
            self[name] = module


__all__ = ["ModuleDict", "ModuleList", "Sequential"]
