"""`Module`: a tree of named parameters, buffers and submodules with a forward function."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, Protocol, Self, TypeVar, overload

from fnnet._core.errors import ArgumentError, MissingMethodError, OptionError, RegistrationError
from fnnet._tensor import Tensor
from fnnet.autograd.node import module_path
from fnnet.autograd.variable import Variable
from fnnet.nn import call_hooks
from fnnet.nn.call_hooks import GLOBAL, any_hooks
from fnnet.nn.conversion import ConversionMethods
from fnnet.nn.hook_registration import HookMethods
from fnnet.nn.parameter import Buffer, Parameter
from fnnet.nn.state import StateMethods

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
Q = ParamSpec("Q")
S = TypeVar("S")


class HasForward(Protocol[P, R_co]):
    """A module as its call sees it."""

    def forward(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


class CallForward:
    """The type of `Module.__call__`: that of the subclass's forward."""

    @overload
    def __get__(self, module: None, owner: type) -> Self: ...
    @overload
    def __get__(self, module: HasForward[Q, S], owner: type) -> Callable[Q, S]: ...
    def __get__(self, module: Any, owner: type) -> Any:  # as the overloads say
        return self


_ARRAYS = ("_parameters", "_buffers", "_modules")


class Module(ConversionMethods, StateMethods, HookMethods):
    """Base of all layers and networks.

    Assigning a Parameter, a Buffer or a Module to an attribute registers it; `forward` says what the module computes.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> class Scale(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.weight = nn.Parameter(fnnet.ones(1))
        ...     def forward(self, x):
        ...         return x * self.weight
        >>> Scale()(fnnet.tensor([2.0]))
        tensor([2.], grad_fn=<MulBackward0>)
    """

    _version: int = 1
    dump_patches: ClassVar[bool] = False
    training: bool
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]

    def __init__(self) -> None:
        new = super().__setattr__
        new("training", True)
        new("_parameters", {})
        new("_buffers", {})
        new("_non_persistent_buffers_set", set())
        new("_backward_pre_hooks", OrderedDict())
        new("_backward_hooks", OrderedDict())
        new("_is_full_backward_hook", None)
        new("_forward_hooks", OrderedDict())
        new("_forward_hooks_with_kwargs", OrderedDict())
        new("_forward_hooks_always_called", OrderedDict())
        new("_forward_pre_hooks", OrderedDict())
        new("_forward_pre_hooks_with_kwargs", OrderedDict())
        new("_state_dict_hooks", OrderedDict())
        new("_state_dict_pre_hooks", OrderedDict())
        new("_load_state_dict_pre_hooks", OrderedDict())
        new("_load_state_dict_post_hooks", OrderedDict())
        new("_modules", {})

    if TYPE_CHECKING:
        __call__ = CallForward()
    else:

        def __call__(self, *args, **kwargs):
            """Run `forward` with the hooks that are registered."""
            try:
                if any_hooks(self):
                    return call_hooks.call(self, args, kwargs)
                return self.forward(*args, **kwargs)
            except Exception as error:
                _note_path(error, self)
                raise

        def forward(self, *args, **kwargs):
            """What the module computes: every subclass defines it.

            Args:
                args: What the module is called with.
                kwargs: The same by name.

            Raises:
                MissingMethodError: The subclass does not.
            """
            raise MissingMethodError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # registration -----------------------------------------------------------------------------------------------------
    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Register a Parameter under a name.

        Args:
            name: Attribute name, without dots.
            param: The Parameter, a leaf, or None to reserve the name.

        Raises:
            ArgumentError: `name` is no string, or `param` no Parameter.
            KeyError: The name is empty, has a dot, or is another attribute's.
            OptionError: `param` is a result of recorded ops.
            AttributeError: The subclass's `__init__` has not called `super().__init__()`.
        """
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        _check_name(self, name, "parameter", self._parameters)
        if param is not None:
            if not isinstance(param, Parameter):
                raise ArgumentError(
                    f"cannot assign '{type(param).__name__}' object to parameter '{name}' "
                    "(torch.nn.Parameter or None required)"
                )
            if param._node is not None:
                raise OptionError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                    f"explicitly. To express '{name}' as a function of another Tensor, compute the value in the "
                    "forward() method."
                )
            for hook in GLOBAL.parameter_registration.values():
                replaced = hook(self, name, param)
                param = param if replaced is None else replaced
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Register a tensor that is no parameter, such as running statistics.

        Args:
            name: Attribute name, without dots.
            tensor: The buffer, or None to reserve the name.
            persistent: Whether it is part of the state_dict. Default: True.

        Raises:
            ArgumentError: `name` is no string, or `tensor` no tensor.
            KeyError: The name is empty, has a dot, or is another attribute's.
            AttributeError: The subclass's `__init__` has not called `super().__init__()`.
        """
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        _check_name(self, name, "buffer", self._buffers)
        if tensor is not None and not isinstance(tensor, Variable):
            raise ArgumentError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (torch Tensor or None required)"
            )
        for hook in GLOBAL.buffer_registration.values():
            replaced = hook(self, name, tensor)
            tensor = tensor if replaced is None else replaced
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Register a submodule under a name.

        Args:
            name: Attribute name, without dots.
            module: The module, or None to reserve the name.

        Raises:
            ArgumentError: `name` is no string, or `module` no Module.
            KeyError: The name is empty, has a dot, or is another attribute's.
        """
        if not isinstance(module, Module) and module is not None:
            raise ArgumentError(f"{type(self).__name__}: {type(module).__name__} is not a Module subclass")
        _check_name(self, name, "module", self._modules)
        self._modules[name] = _hooked(self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as `add_module`.

        Args:
            name: Attribute name, without dots.
            module: The module, or None to reserve the name.
        """
        self.add_module(name, module)

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, Parameter):
            if "_parameters" not in own:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            _forget(name, own, self._buffers, self._modules, self._non_persistent_buffers_set)
            self.register_parameter(name, value)
        elif "_parameters" in own and name in own["_parameters"]:
            if value is not None:
                raise ArgumentError(
                    f"cannot assign '{type(value).__name__}' as parameter '{name}' (torch.nn.Parameter or None "
                    "expected)"
                )
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            if "_modules" not in own:
                raise AttributeError("cannot assign module before Module.__init__() call")
            _forget(name, own, self._parameters, self._buffers, self._non_persistent_buffers_set)
            own["_modules"][name] = _hooked(self, name, value)
        elif "_modules" in own and name in own["_modules"]:
            if value is not None:
                raise ArgumentError(
                    f"cannot assign '{type(value).__name__}' as child module '{name}' (torch.nn.Module or None "
                    "expected)"
                )
            own["_modules"][name] = _hooked(self, name, value)
        elif isinstance(value, Buffer) or ("_buffers" in own and name in own["_buffers"]):
            if value is not None and not isinstance(value, Variable):
                raise ArgumentError(
                    f"cannot assign '{type(value).__name__}' as buffer '{name}' (torch.nn.Buffer, torch.Tensor or "
                    "None expected)"
                )
            if "_buffers" not in own:
                raise AttributeError("cannot assign buffer before Module.__init__() call")
            persistent = (
                value.persistent if isinstance(value, Buffer) else name not in own["_non_persistent_buffers_set"]
            )
            self.register_buffer(name, value, persistent)  # type: ignore[arg-type]  # a Variable is a Tensor
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for table in _ARRAYS:
            found = own.get(table)
            if found is not None and name in found:
                return found[name]
        hint = "" if "_parameters" in own else "; does its __init__ call super().__init__()?"
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'{hint}")

    def __delattr__(self, name: str) -> None:
        for table in _ARRAYS:
            if name in self.__dict__.get(table, ()):
                del self.__dict__[table][name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        keys = [*super().__dir__(), *self._parameters, *self._modules, *self._buffers]
        return sorted(k for k in set(keys) if not k[0].isdigit())

    def __setstate__(self, state: dict[str, Any]) -> None:
        Module.__init__(self)
        self.__dict__.update(state)

    # printing ---------------------------------------------------------------------------------------------------------
    def extra_repr(self) -> str:
        """What stands in the brackets of the module's line when it is printed: its options.

        Returns:
            One line, or several; "" here. Subclasses override it.
        """
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def _repr_html_(self) -> str:
        from fnnet.nn.notebook import tree

        return tree(self)

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        below = [f"({name}): " + _indent(repr(module)) for name, module in self._modules.items()]
        if not below and len(lines) == 1:
            return f"{self._get_name()}({lines[0]})"
        if not below and not lines:
            return f"{self._get_name()}()"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + below) + "\n)"


def _indent(text: str) -> str:
    return text.replace("\n", "\n  ")


def _check_name(module: Module, name: str, kind: str, table: dict[str, Any]) -> None:
    if not isinstance(name, str):
        raise ArgumentError(f"{kind} name should be a string. Got {type(name).__name__}")
    if hasattr(module, name) and name not in table:
        raise RegistrationError(f"attribute '{name}' already exists")
    if "." in name:
        raise RegistrationError(f'{kind} name can\'t contain ".", got: {name}')
    if name == "":
        raise RegistrationError(f'{kind} name can\'t be empty string ""')


def _hooked(parent: Module, name: str, module: Module | None) -> Module | None:
    """What the global hooks make of a submodule that is being registered."""
    for hook in GLOBAL.module_registration.values():
        replaced = hook(parent, name, module)
        module = module if replaced is None else replaced
    return module


def _forget(name: str, *tables: Any) -> None:
    for table in tables:
        if isinstance(table, dict):
            table.pop(name, None)
        else:
            table.discard(name)


def _note_path(error: Exception, module: Module) -> None:
    """Tell on the way out which module of the network failed; one note, made longer floor by floor."""
    trail: list[Module] = getattr(error, "_fnnet_modules", [])
    if trail and trail[0] is module:
        return
    trail = [module, *trail]
    try:
        error._fnnet_modules = trail  # type: ignore[attr-defined]  # our own mark
    except AttributeError:
        return
    notes = getattr(error, "__notes__", [])
    if notes and notes[-1].startswith(_IN):
        notes.pop()
    error.add_note(_IN + module_path(trail))


_IN = "in module "

__all__ = ["Module"]
