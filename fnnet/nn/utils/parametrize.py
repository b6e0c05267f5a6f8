"""Parametrizations: a module's tensor becomes a function, itself modules, of tensors that are kept beside it."""

from __future__ import annotations

import copy
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar, cast

from fnnet._core.errors import OptionError, StateDictError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.nn.module import Module
from fnnet.nn.modules.container import ModuleDict
from fnnet.nn.parameter import Parameter
from fnnet.nn.utils.parametrization_list import ParametrizationList, must_be_like, rebind, register, way_back

M = TypeVar("M", bound=Module)


class _Cache:
    """What `cached` keeps: by module and name, while at least one such context is open."""

    depth: ClassVar[int] = 0
    found: ClassVar[dict[tuple[int, str], Tensor]] = {}


@contextmanager
def cached() -> Generator[None]:
    """Compute each parametrized tensor once only, until the context is left.

    For a forward pass that reads one more than once, such as a recurrent layer's weight.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> from fnnet.nn.utils import parametrize
        >>> m = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
        >>> with parametrize.cached():
        ...     m.weight is m.weight
        True
        >>> m.weight is m.weight
        False
    """
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.found.clear()


def _parametrized_class(cls: type[Module]) -> type[Module]:
    """A subclass of a module's own class, for that module alone: the properties of its tensors go there."""

    def copied(self: Module, memo: dict[int, Any]) -> Module:
        if id(self) not in memo:
            twin = memo[id(self)] = self.__new__(type(self))
            vars(twin).update(copy.deepcopy(vars(self), memo))
        return cast("Module", memo[id(self)])

    def refused(self: Module) -> Any:
        raise StateDictError(
            "Serialization of parametrized modules is only supported through state_dict(): their classes are made at "
            "run time"
        )

    methods: dict[str, Any] = {"__getstate__": refused, "__module__": cls.__module__}
    if not hasattr(cls, "__deepcopy__"):
        methods["__deepcopy__"] = copied
    return type(f"Parametrized{cls.__name__}", (cls,), methods)


def _property(name: str) -> property:
    def get(self: Any) -> Any:  # a tensor, unless a parametrization makes something else
        if not _Cache.depth:
            return self.parametrizations[name]()
        key = id(self), name
        if key not in _Cache.found:
            _Cache.found[key] = self.parametrizations[name]()
        return _Cache.found[key]

    def put(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def register_parametrization(module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> M:
    """Make a module's parameter or buffer a function of itself: `module.weight` becomes `parametrization(weight)`.

    The tensor moves to `module.parametrizations.weight.original`; optimizers that have it keep it. Assigning to
    `module.weight` goes through the parametrization's method `right_inverse`, where it has one; registration does,
    too, and where that returns several tensors they become `original0`, `original1` ... A tensor that is parametrized
    gets the new parametrization behind those that it has.

    Args:
        module: Holds the tensor.
        tensor_name: The name of a parameter or buffer.
        parametrization: A module of one tensor, or of as many as its `right_inverse` returns.
        unsafe: Let it change dtype and shape; nothing is checked then. Default: False.

    Returns:
        `module`, whose class is now a subclass `Parametrized...` of what it was.

    Raises:
        OptionError: There is no such tensor; the parametrization, or its `right_inverse`, changes dtype or shape, or
            returns no tensor.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> class Symmetric(nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).mT
        >>> m = nn.utils.parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
        >>> bool((m.weight == m.weight.mT).all())
        True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            y = getattr(module, tensor_name)
            x = parametrization(y)
            must_be_like(x, y, "A parametrization", f"module.{tensor_name}")
            back = way_back(parametrization)
            if back is not None:
                try:
                    z = back(x)
                except NotImplementedError:
                    pass
                else:
                    must_be_like(z, y, "parametrization.right_inverse", f"module.{tensor_name}")
        found = _lists(module)[tensor_name]
        found.append(parametrization)
        found.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        made = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            module.__class__ = cast("type[M]", _parametrized_class(type(module)))
            module.parametrizations = ModuleDict()
        setattr(type(module), tensor_name, _property(tensor_name))
        module.parametrizations[tensor_name] = made
    else:
        raise OptionError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    return module


def _lists(module: Module) -> Any:  # the ModuleDict of ParametrizationLists
    return module.parametrizations


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module, or one of its tensors, is parametrized.

    Args:
        module: Any module.
        tensor_name: The name of a tensor; None asks for any. Default: None.

    Returns:
        Whether it is.

    Example:
        >>> from fnnet import nn
        >>> m = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
        >>> [nn.utils.parametrize.is_parametrized(m, name) for name in (None, "weight", "bias")]
        [True, True, False]
    """
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """Make a parametrized tensor a plain one again.

    Args:
        module: Holds the tensor.
        tensor_name: Its name.
        leave_parametrized: Keep the values that the parametrizations give; False: those of the original. Default: True.

    Returns:
        `module`, of its own class again where no other tensor is parametrized.

    Raises:
        OptionError: The tensor is not parametrized; `leave_parametrized=False`, where it starts from several tensors.

    Example:
        >>> from fnnet import nn
        >>> m = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
        >>> m = nn.utils.parametrize.remove_parametrizations(m, "weight")
        >>> type(m).__name__, sorted(m.state_dict())
        ('Linear', ['bias', 'weight'])
    """
    if not is_parametrized(module, tensor_name):
        raise OptionError(f"Module {module} does not have a parametrization on {tensor_name}")
    found = _lists(module)[tensor_name]
    if found.is_tensor:
        original = found.original
        if leave_parametrized:
            with no_grad():
                rebind(original, getattr(module, tensor_name))
    elif leave_parametrized:
        t = getattr(module, tensor_name)
        original = Parameter(t.detach()) if t.requires_grad else t
    else:
        raise OptionError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del _lists(module)[tensor_name]
    register(module, tensor_name, original)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """A module's class, or what it was before its tensors were parametrized.

    Args:
        module: Any module.

    Returns:
        The class.

    Example:
        >>> from fnnet import nn
        >>> m = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
        >>> nn.utils.parametrize.type_before_parametrizations(m) is nn.Linear
        True
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module: Module, to_module: M, tensor_name: str | None = None) -> M:
    """Give a module the parametrizations of another and the tensors they start from; both share them then.

    Args:
        from_module: Whose parametrizations; where it has none, nothing is done.
        to_module: Gets them. A tensor that it lacks is made.
        tensor_name: Those of one tensor; None: all. Default: None.

    Returns:
        `to_module`.

    Example:
        >>> from fnnet import nn
        >>> a = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
        >>> b = nn.utils.parametrize.transfer_parametrizations_and_params(a, nn.Linear(2, 2))
        >>> bool((a.weight == b.weight).all())
        True
    """
    if is_parametrized(from_module):
        source = _lists(from_module)
        for name in source if tensor_name is None else [tensor_name]:
            if not hasattr(to_module, name):
                setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
            for parametrization in source[name]:
                register_parametrization(to_module, name, parametrization)
            for own in source[name]._parameters | source[name]._buffers:
                setattr(_lists(to_module)[name], own, getattr(source[name], own))
    return to_module


__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "transfer_parametrizations_and_params", "type_before_parametrizations",
]  # fmt: skip
