"""A module's state: state_dict and load_state_dict, which changes nothing when anything is wrong.

What a state dict holds is `Any`: tensors, and the extra state of modules.
"""

from __future__ import annotations

import itertools
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, NamedTuple

from fnnet._core.errors import ArgumentError, AssertedStateDictError, StateDictError
from fnnet.autograd.modes import no_grad
from fnnet.autograd.node import Handle
from fnnet.autograd.variable import Variable
from fnnet.nn.parameter import Parameter, is_lazy

EXTRA = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` did not find, and what it found no place for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"


class StateMethods:
    """The part of Module that saves and loads state."""

    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]
    _non_persistent_buffers_set: set[str]
    _state_dict_hooks: OrderedDict[int, Any]
    _state_dict_pre_hooks: OrderedDict[int, Any]
    _load_state_dict_pre_hooks: OrderedDict[int, Any]
    _load_state_dict_post_hooks: OrderedDict[int, Any]
    _version: int

    # saving -----------------------------------------------------------------------------------------------------------
    def get_extra_state(self) -> Any:
        """What to put into the state_dict beside parameters and buffers: overridden together with `set_extra_state`.

        Returns:
            Anything that can be saved.

        Raises:
            StateDictError: It is not overridden.
        """
        raise StateDictError(f"{type(self).__name__}: get_extra_state is not overridden")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` gave.

        Args:
            state: The same.

        Raises:
            StateDictError: It is not overridden.
        """
        raise StateDictError(f"{type(self).__name__}: set_extra_state is not overridden")

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        for name, p in self._parameters.items():
            if p is not None:
                destination[prefix + name] = p if keep_vars or is_lazy(p) else p.detach()
        for name, b in self._buffers.items():
            if b is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = b if keep_vars or is_lazy(b) else b.detach()
        if type(self).get_extra_state is not StateMethods.get_extra_state:
            destination[prefix + EXTRA] = self.get_extra_state()

    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Any]:
        """All parameters and persistent buffers by name; they share the module's memory.

        Args:
            args: `destination`, `prefix`, `keep_vars` by position, as early PyTorch had them.
            destination: An OrderedDict to add to. Default: a new one.
            prefix: Put before each name. Default: "".
            keep_vars: Keep the Parameters themselves instead of detaching them. Default: False.

        Returns:
            OrderedDict of tensors; its attribute `_metadata` holds each module's version.
        """
        if args:
            warnings.warn("Positional args are being deprecated, use kwargs instead.", FutureWarning, stacklevel=2)
            given = [*args, *(destination, prefix, keep_vars)[len(args) :]]
            destination, prefix, keep_vars = given
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata: dict[str, Any] = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=prefix + name + ".", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            r = hook(self, destination, prefix, metadata)
            if getattr(hook, "_from_public_api", False):
                if r is not None:
                    raise StateDictError("state_dict post-hook must return None")
            elif r is not None:
                destination = r
        result: OrderedDict[str, Any] = destination  # a hook's, perhaps
        return result

    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> Handle:
        """Call `hook(module, prefix, keep_vars)` before the module's state is collected.

        Args:
            hook: What it returns is ignored.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return Handle(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> Handle:
        """Call `hook(module, state_dict, prefix, local_metadata)` after the module's state is collected.

        Args:
            hook: Changes the state_dict in place and returns None.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        hook._from_public_api = True  # type: ignore[attr-defined]  # as PyTorch marks it
        return Handle(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> Handle:
        if getattr(hook, "_from_public_api", False):
            raise StateDictError(
                "Cannot register the same function as the state dict post hook that was previously registered via "
                "register_state_dict_post_hook"
            )
        return Handle(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> Handle:
        """Call `hook(module, state_dict, prefix, metadata, strict, missing, unexpected, errors)` before loading.

        Args:
            hook: May change the state_dict and the lists in place.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return Handle(self._load_state_dict_pre_hooks, _WithModule(hook, self))

    def _register_load_state_dict_pre_hook(self, hook: Callable[..., None], with_module: bool = False) -> Handle:
        return Handle(self._load_state_dict_pre_hooks, _WithModule(hook, self) if with_module else hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None]) -> Handle:
        """Call `hook(module, incompatible_keys)` after loading.

        Args:
            hook: May change the lists in place; returns None.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return Handle(self._load_state_dict_post_hooks, hook)

    # loading ----------------------------------------------------------------------------------------------------------
    def _load_from_state_dict(
        self,
        state_dict: MutableMapping[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        assign = local_metadata.get("assign_to_params_buffers", False)
        own_state = self._own_state()
        for name, own in own_state.items():
            key = prefix + name
            if key not in state_dict:
                if strict:
                    missing_keys.append(key)
                continue
            value = state_dict[key]
            if not isinstance(value, Variable):
                error_msgs.append(
                    f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
                    f"object from checkpoint but received {type(value)}"
                )
                continue
            if is_lazy(own):  # and so is the value: a hook of lazy modules has given `own` the value's shape otherwise
                if assign:
                    setattr(self, name, value)
                continue
            if own._data.ndim == 0 and _shape(value) == (1,):  # files of PyTorch 0.3 hold 0-d values so
                value = value[0]  # type: ignore[index]  # a Tensor
            if tuple(own._data.shape) != _shape(value):
                error_msgs.append(
                    f"size mismatch for {key}: copying a param with shape {list(value._data.shape)} from checkpoint, "
                    "the "
                    f"shape in current model is {list(own._data.shape)}."
                )
                continue
            try:
                with no_grad():
                    self._put(name, own, value, assign)
            except Exception as error:
                error_msgs.append(
                    f'While copying the parameter named "{key}", whose dimensions in the model are '
                    f"{tuple(own._data.shape)} "
                    f"and whose dimensions in the checkpoint are {tuple(value._data.shape)}, an exception occurred: "
                    f"{error}."
                )
        key = prefix + EXTRA
        if type(self).set_extra_state is not StateMethods.set_extra_state:
            if key in state_dict:
                self.set_extra_state(state_dict[key])
            elif strict:
                missing_keys.append(key)
        elif strict and key in state_dict:
            unexpected_keys.append(key)
        if strict:
            for k in state_dict:
                if k.startswith(prefix) and k != key:
                    first = k[len(prefix) :].split(".", 1)
                    known = first[0] in self._modules if len(first) > 1 else first[0] in own_state
                    if not known:
                        unexpected_keys.append(k)

    def _own_state(self) -> dict[str, Any]:
        persistent = ((n, b) for n, b in self._buffers.items() if n not in self._non_persistent_buffers_set)
        return {n: t for n, t in itertools.chain(self._parameters.items(), persistent) if t is not None}

    def _put(self, name: str, own: Any, value: Any, assign: bool) -> None:
        if not assign:
            own.copy_(value)
            return
        if name in self._parameters:
            if not isinstance(value, Parameter):
                value = Parameter(value, own._leaf_grad)
            else:
                value._leaf_grad = own._leaf_grad
        setattr(self, name, value)  # the hooks of registration see it

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy a state_dict into the module's parameters and buffers.

        All is checked; where anything is wrong, the module is left as it was.

        Args:
            state_dict: Names and tensors, as `state_dict()` gives them.
            strict: Whether every name must be found on both sides. Default: True.
            assign: Let the module hold the given tensors themselves, with their dtype and device, instead of copying
                into its own. Default: False.

        Returns:
            `(missing_keys, unexpected_keys)`.

        Raises:
            ArgumentError: `state_dict` is no mapping.
            StateDictError: Missing or unexpected names (strict), or shapes that differ (always); all are listed.
        """
        if not isinstance(state_dict, Mapping):
            raise ArgumentError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        state: Any = OrderedDict(state_dict)
        if metadata is not None:
            state._metadata = metadata
        undo = _Snapshot(self)
        try:
            _load(self, state, metadata, "", strict, assign, missing, unexpected, errors)
            if strict:
                if unexpected:
                    quoted = ", ".join(f'"{k}"' for k in unexpected)
                    errors.insert(0, f"Unexpected key(s) in state_dict: {quoted}. ")
                if missing:
                    quoted = ", ".join(f'"{k}"' for k in missing)
                    errors.insert(0, f"Missing key(s) in state_dict: {quoted}. ")
            if errors:
                raise StateDictError(
                    f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(errors)
                )
        except BaseException:
            undo.restore()
            raise
        return IncompatibleKeys(missing, unexpected)


class _WithModule:
    """A hook that is called with its module first; a copy of the module has one for the copy."""

    def __init__(self, hook: Callable[..., None], module: Any) -> None:
        self.hook = hook
        self.module = weakref.ref(module)  # the module holds the hook

    def __call__(self, *args: Any) -> None:
        self.hook(self.module(), *args)

    def __getstate__(self) -> tuple[Any, Any]:
        return self.hook, self.module()

    def __setstate__(self, state: tuple[Any, Any]) -> None:
        self.hook = state[0]
        self.module = weakref.ref(state[1])


def _load(
    module: Any, state: Any, metadata: Any, prefix: str, strict: bool, assign: bool, missing: list[str],
    unexpected: list[str], errors: list[str],
) -> None:  # fmt: skip
    local = {} if metadata is None else dict(metadata.get(prefix[:-1], {}))
    if assign:
        local["assign_to_params_buffers"] = True
    module._load_from_state_dict(state, prefix, local, True, missing, unexpected, errors)
    for name, child in module._modules.items():
        if child is not None:
            below = prefix + name + "."
            part: Any = OrderedDict((k, v) for k, v in state.items() if k.startswith(below))
            _load(child, part, metadata, below, strict, assign, missing, unexpected, errors)
    found = IncompatibleKeys(missing, unexpected)
    for hook in module._load_state_dict_post_hooks.values():
        if hook(module, found) is not None:
            raise AssertedStateDictError(
                "Hooks registered with `register_load_state_dict_post_hook` are not expected to return new values, if "
                "incompatible_keys need to be modified, it should be done inplace."
            )


class _Snapshot:
    """The state before loading. Values are copied: an override of `_load_from_state_dict` may write what it likes."""

    def __init__(self, root: Any) -> None:
        self.modules = [(m, dict(m._parameters), dict(m._buffers)) for m in root.modules()]
        self.extra = [(m, m.get_extra_state()) for m in root.modules() if _has_extra_state(m)]
        self.values: dict[int, tuple[Any, Any]] = {}
        self.lazy: dict[int, tuple[Any, type, Any]] = {}
        for _, parameters, buffers in self.modules:
            for t in itertools.chain(parameters.values(), buffers.values()):
                if is_lazy(t):
                    self.lazy[id(t)] = t, type(t), t.data
                elif isinstance(t, Variable) and id(t) not in self.values:
                    backend = t._device.backend
                    self.values[id(t)] = t, (t._data, backend.dense_like(t._data, t._data))

    def restore(self) -> None:
        for m, parameters, buffers in self.modules:
            m._parameters.clear()
            m._parameters.update(parameters)
            m._buffers.clear()
            m._buffers.update(buffers)
        for t, (raw, copy) in self.values.values():
            t._data = raw
            t._device.backend.overwrite(raw, copy)
        for t, of, data in self.lazy.values():
            t.__class__ = of
            t.data = data
        for m, state in self.extra:
            m.set_extra_state(state)


def _shape(value: Any) -> tuple[int, ...]:
    """A tensor's shape; raises where it is uninitialized."""
    return tuple(value.shape)


def _has_extra_state(module: Any) -> bool:
    of, base = type(module), StateMethods
    return of.get_extra_state is not base.get_extra_state and of.set_extra_state is not base.set_extra_state


__all__ = ["IncompatibleKeys", "StateMethods"]
