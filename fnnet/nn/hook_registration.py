"""Registrars of hooks: what a module's call and backward pass run beside `forward`; for one module, or for all.

Hooks return None or what replaces their argument: hence `Any`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from fnnet._core.errors import AutogradError
from fnnet.autograd.node import Handle
from fnnet.nn.call_hooks import GLOBAL, Hook


class HookMethods:
    """The part of Module that registers hooks; call_hooks.py runs them."""

    _forward_pre_hooks: OrderedDict[int, Any]
    _forward_pre_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks: OrderedDict[int, Any]
    _forward_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks_always_called: OrderedDict[int, bool]
    _backward_pre_hooks: OrderedDict[int, Any]
    _backward_hooks: OrderedDict[int, Any]
    _is_full_backward_hook: bool | None

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Handle:
        """Call `hook(module, args)` before forward; it may return new args.

        Args:
            hook: With `with_kwargs`: `hook(module, args, kwargs)`, which may return `(args, kwargs)`.
            prepend: Run it before the hooks that are registered. Default: False.
            with_kwargs: Hand it the keyword arguments. Default: False.

        Returns:
            A handle whose `remove()` takes the hook out.

        Example:
            >>> import fnnet
            >>> m = fnnet.nn.Identity()
            >>> handle = m.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
            >>> m(fnnet.tensor(1.0))
            tensor(2.)
        """
        extra = [self._forward_pre_hooks_with_kwargs] if with_kwargs else []
        return Handle(self._forward_pre_hooks, hook, extra, prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> Handle:
        """Call `hook(module, args, output)` after forward; it may return a new output.

        Args:
            hook: With `with_kwargs`: `hook(module, args, kwargs, output)`.
            prepend: Run it before the hooks that are registered. Default: False.
            with_kwargs: Hand it the keyword arguments. Default: False.
            always_call: Run it also when forward raises. Default: False.

        Returns:
            A handle whose `remove()` takes the hook out.

        Example:
            >>> import fnnet
            >>> m = fnnet.nn.Identity()
            >>> handle = m.register_forward_hook(lambda module, args, output: output * 3)
            >>> m(fnnet.tensor(1.0))
            tensor(3.)
        """
        extra = [
            *([self._forward_hooks_with_kwargs] if with_kwargs else ()),
            *([self._forward_hooks_always_called] if always_call else ()),
        ]
        return Handle(self._forward_hooks, hook, extra, prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(module, grad_output)` before the gradients of the inputs are computed.

        Args:
            hook: May return other gradients of the outputs: a tuple, or one where there is one output.
            prepend: Run it before the hooks that are registered. Default: False.

        Returns:
            A handle whose `remove()` takes the hook out.

        Raises:
            AutogradError: In backward, where the hook returns another number of gradients.
        """
        return Handle(self._backward_pre_hooks, hook, (), prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(module, grad_input, grad_output)` once the gradients of the inputs are computed.

        Args:
            hook: May return other gradients of the inputs: a tuple, or one where there is one input.
            prepend: Run it before the hooks that are registered. Default: False.

        Returns:
            A handle whose `remove()` takes the hook out.

        Raises:
            AutogradError: The module has a hook of `register_backward_hook`; in backward: the hook returns another
                number of gradients.

        Example:
            >>> import fnnet
            >>> m = fnnet.nn.Identity()
            >>> handle = m.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 5,))
            >>> x = fnnet.tensor(1.0, requires_grad=True)
            >>> m(x).backward()
            >>> x.grad
            tensor(5.)
        """
        if self._is_full_backward_hook is False:
            raise AutogradError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self._is_full_backward_hook = True
        return Handle(self._backward_hooks, hook, (), prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> Handle:
        """Deprecated: `hook(module, grad_input, grad_output)` sees only the node that made the module's output.

        Args:
            hook: May return other gradients of that node's inputs.

        Returns:
            A handle whose `remove()` takes the hook out.

        Raises:
            AutogradError: The module has a hook of `register_full_backward_hook`.
        """
        if self._is_full_backward_hook is True:
            raise AutogradError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self._is_full_backward_hook = False
        return Handle(self._backward_hooks, hook)


# for every module of the process -------------------------------------------------------------------------------------
def register_module_forward_pre_hook(hook: Hook) -> Handle:
    """Call `hook(module, args)` before every module's forward.

    Args:
        hook: May return new args.

    Returns:
        A handle whose `remove()` takes the hook out.
    """
    return Handle(GLOBAL.forward_pre, hook)


def register_module_forward_hook(hook: Hook, *, with_kwargs: bool = False, always_call: bool = False) -> Handle:
    """Call `hook(module, args, output)` after every module's forward.

    Args:
        hook: May return a new output; with `with_kwargs`: `hook(module, args, kwargs, output)`.
        with_kwargs: Hand it the keyword arguments. Default: False.
        always_call: Run it also when forward raises. Default: False.

    Returns:
        A handle whose `remove()` takes the hook out.
    """
    extra = [*([GLOBAL.forward_with_kwargs] if with_kwargs else ()), *([GLOBAL.forward_always] if always_call else ())]
    return Handle(GLOBAL.forward, hook, extra)


def register_module_full_backward_pre_hook(hook: Hook) -> Handle:
    """Call `hook(module, grad_output)` before the gradients of every module's inputs are computed.

    Args:
        hook: May return other gradients of the outputs.

    Returns:
        A handle whose `remove()` takes the hook out.
    """
    return Handle(GLOBAL.backward_pre, hook)


def register_module_full_backward_hook(hook: Hook) -> Handle:
    """Call `hook(module, grad_input, grad_output)` when the gradients of every module's inputs have been computed.

    Args:
        hook: May return other gradients of the inputs.

    Returns:
        A handle whose `remove()` takes the hook out.

    Raises:
        AutogradError: There are global backward hooks of the other sort.
    """
    if GLOBAL.backward_is_full is False and GLOBAL.backward:
        raise AutogradError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module hook. Please use only "
            "one of them."
        )
    GLOBAL.backward_is_full = True
    return Handle(GLOBAL.backward, hook)


def register_module_backward_hook(hook: Hook) -> Handle:
    """Deprecated: `hook(module, grad_input, grad_output)` sees only the node that made each module's output.

    Args:
        hook: May return other gradients of that node's inputs.

    Returns:
        A handle whose `remove()` takes the hook out.

    Raises:
        AutogradError: There are global backward hooks of the other sort.
    """
    if GLOBAL.backward_is_full and GLOBAL.backward:
        raise AutogradError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module hook. Please use only "
            "one of them."
        )
    GLOBAL.backward_is_full = False
    return Handle(GLOBAL.backward, hook)


def register_module_buffer_registration_hook(hook: Hook) -> Handle:
    """Call `hook(module, name, buffer)` when a buffer is registered.

    Args:
        hook: May return another buffer.

    Returns:
        A handle whose `remove()` takes the hook out.
    """
    return Handle(GLOBAL.buffer_registration, hook)


def register_module_module_registration_hook(hook: Hook) -> Handle:
    """Call `hook(module, name, submodule)` when a module is registered.

    Args:
        hook: May return another module.

    Returns:
        A handle whose `remove()` takes the hook out.
    """
    return Handle(GLOBAL.module_registration, hook)


def register_module_parameter_registration_hook(hook: Hook) -> Handle:
    """Call `hook(module, name, parameter)` when a parameter is registered.

    Args:
        hook: May return another Parameter.

    Returns:
        A handle whose `remove()` takes the hook out.
    """
    return Handle(GLOBAL.parameter_registration, hook)


__all__ = [
    "HookMethods",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]
