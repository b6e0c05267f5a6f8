"""A module's tree: submodules, parameters and buffers, one after the other or by their path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.nn.parameter import Parameter

if TYPE_CHECKING:
    from fnnet.nn.module import Module


class TraversalMethods:
    """The part of Module that walks the tree below it."""

    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]

    def children(self) -> Iterator[Module]:
        """The direct submodules, each once.

        Returns:
            An iterator of modules.
        """
        for _, module in self.named_children():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Name and module of the direct submodules, each once.

        Returns:
            An iterator of pairs.
        """
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all below it, from the top down.

        Args:
            remove_duplicate: Yield a module that is reached twice once only. Default: True.

        Returns:
            An iterator of modules.
        """
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Path and module of this module and all below it, from the top down.

        Args:
            memo: Modules already seen, which are left out. Default: none.
            prefix: Put before each path. Default: "".
            remove_duplicate: Yield a module that is reached twice once only. Default: True.

        Returns:
            An iterator of pairs; this module's own path is `prefix`.

        Example:
            >>> from fnnet import nn
            >>> [name for name, _ in nn.Sequential(nn.Linear(1, 1), nn.ReLU()).named_modules()]
            ['', '0', '1']
        """
        memo = set() if memo is None else memo
        own = cast("Module", self)
        if own in memo:
            return
        if remove_duplicate:
            memo.add(own)
        yield prefix, own
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, prefix + ("." if prefix else "") + name, remove_duplicate)

    def _named_members(
        self, members: Callable[[Module], Any], prefix: str, recurse: bool, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        own = [(prefix, cast("Module", self))]
        walk = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else own
        for path, module in walk:
            for name, value in members(module):
                if value is None or id(value) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(value))
                yield path + ("." if path else "") + name, value

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once.

        Args:
            recurse: Those of all submodules, too. Default: True.

        Returns:
            An iterator of Parameters.
        """
        for _, p in self.named_parameters(recurse=recurse):
            yield p

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Path and parameter.

        Args:
            prefix: Put before each path. Default: "".
            recurse: Those of all submodules, too. Default: True.
            remove_duplicate: Yield a parameter that is reached twice once only. Default: True.

        Returns:
            An iterator of pairs.

        Example:
            >>> from fnnet import nn
            >>> [name for name, _ in nn.Sequential(nn.Linear(1, 1)).named_parameters()]
            ['0.weight', '0.bias']
        """
        return self._named_members(lambda m: m._parameters.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once.

        Args:
            recurse: Those of all submodules, too. Default: True.

        Returns:
            An iterator of tensors.
        """
        for _, b in self.named_buffers(recurse=recurse):
            yield b

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Path and buffer.

        Args:
            prefix: Put before each path. Default: "".
            recurse: Those of all submodules, too. Default: True.
            remove_duplicate: Yield a buffer that is reached twice once only. Default: True.

        Returns:
            An iterator of pairs.
        """
        return self._named_members(lambda m: m._buffers.items(), prefix, recurse, remove_duplicate)

    def get_submodule(self, target: str) -> Module:
        """The submodule at a dotted path.

        Args:
            target: Such as "encoder.0"; "" is this module.

        Returns:
            The module.

        Raises:
            AttributeError: There is nothing of that name, or no module.
        """
        found: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(found, name):
                raise AttributeError(f"{type(found).__name__} has no attribute `{name}`")
            found = getattr(found, name)
            if not isinstance(found, TraversalMethods):
                raise AttributeError(f"`{name}` is not an nn.Module")
        module: Module = found
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module at a dotted path.

        Args:
            target: Such as "encoder.0".
            module: The module.
            strict: One must be there already. Default: False.

        Raises:
            OptionError: `target` is "", or `module` no Module.
            AttributeError: The path leads to nothing, or to what is no module.
        """
        if not target:
            raise OptionError("Cannot set the submodule without a target name!")
        if not isinstance(module, TraversalMethods):
            raise OptionError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{type(parent).__name__} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), TraversalMethods):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path.

        Args:
            target: Such as "encoder.0.weight".

        Returns:
            The Parameter.

        Raises:
            AttributeError: There is nothing of that name, or no Parameter.
        """
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        found = getattr(module, name, None)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path.

        Args:
            target: Such as "norm.running_mean".

        Returns:
            The tensor.

        Raises:
            AttributeError: There is nothing of that name, or no buffer.
        """
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        found: Tensor = module._buffers[name]
        return found


__all__ = ["TraversalMethods"]
