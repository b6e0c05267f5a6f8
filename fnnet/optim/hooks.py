"""Hooks of optimizers: around a step, and around saving and loading their state.

Hooks, and the step that they surround, take and return what the optimizer says: hence `Any`.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar

from fnnet._core.errors import OptionError
from fnnet.autograd.node import Handle


class GlobalStepHooks:
    """Hooks that run around the step of every optimizer of the process."""

    pre: ClassVar[OrderedDict[int, Callable[..., Any]]] = OrderedDict()
    post: ClassVar[OrderedDict[int, Callable[..., Any]]] = OrderedDict()


class HookMethods:
    """The part of Optimizer that registers hooks."""

    def _set_hooks(self) -> None:
        for name in (
            "_optimizer_step_pre_hooks", "_optimizer_step_post_hooks", "_optimizer_state_dict_pre_hooks",
            "_optimizer_state_dict_post_hooks", "_optimizer_load_state_dict_pre_hooks",
            "_optimizer_load_state_dict_post_hooks",
        ):  # fmt: skip
            self.__dict__.setdefault(name, OrderedDict())

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(optimizer, args, kwargs)` before each step.

        Args:
            hook: May return new `(args, kwargs)`. As in PyTorch, `args` are those of the method: the first is the
                optimizer itself.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return Handle(self.__dict__["_optimizer_step_pre_hooks"], hook)

    def register_step_post_hook(self, hook: Callable[..., None]) -> Handle:
        """Call `hook(optimizer, args, kwargs)` after each step.

        Args:
            hook: What it returns is ignored.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return Handle(self.__dict__["_optimizer_step_post_hooks"], hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., None], prepend: bool = False) -> Handle:
        """Call `hook(optimizer)` before the state is collected.

        Args:
            hook: What it returns is ignored.
            prepend: Run it before the hooks that are registered. Default: False.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return Handle(self.__dict__["_optimizer_state_dict_pre_hooks"], hook, (), prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(optimizer, state_dict)` after the state is collected.

        Args:
            hook: May return another state_dict.
            prepend: Run it before the hooks that are registered. Default: False.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return Handle(self.__dict__["_optimizer_state_dict_post_hooks"], hook, (), prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(optimizer, state_dict)` before loading.

        Args:
            hook: May return another state_dict.
            prepend: Run it before the hooks that are registered. Default: False.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return Handle(self.__dict__["_optimizer_load_state_dict_pre_hooks"], hook, (), prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None], prepend: bool = False) -> Handle:
        """Call `hook(optimizer)` after loading.

        Args:
            hook: What it returns is ignored.
            prepend: Run it before the hooks that are registered. Default: False.

        Returns:
            A handle whose `remove()` takes the hook out.
        """
        return Handle(self.__dict__["_optimizer_load_state_dict_post_hooks"], hook, (), prepend)


def with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """A `step` that runs the hooks around it."""
    if getattr(step, "_hooked", False):
        return step

    @functools.wraps(step)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        self = args[0]
        own = self.__dict__
        for hook in (*GlobalStepHooks.pre.values(), *own["_optimizer_step_pre_hooks"].values()):
            r = hook(self, args, kwargs)
            if r is not None:
                if not (isinstance(r, tuple) and len(r) == 2):
                    raise OptionError(f"{step} must return None or a tuple of (new_args, new_kwargs), but got {r}.")
                args, kwargs = r
        result = step(*args, **kwargs)
        for hook in (*own["_optimizer_step_post_hooks"].values(), *GlobalStepHooks.post.values()):
            hook(self, args, kwargs)
        return result

    wrapper._hooked = True  # type: ignore[attr-defined]  # our own mark
    return wrapper


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(optimizer, args, kwargs)` before each step of every optimizer.

    Args:
        hook: May return new `(args, kwargs)`, the optimizer first.

    Returns:
        A handle whose `remove()` takes the hook out.
    """
    return Handle(GlobalStepHooks.pre, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(optimizer, args, kwargs)` after each step of every optimizer.

    Args:
        hook: What it returns is ignored.

    Returns:
        A handle whose `remove()` takes the hook out.
    """
    return Handle(GlobalStepHooks.post, hook)


__all__ = [
    "GlobalStepHooks", "HookMethods", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook",
    "with_hooks",
]  # fmt: skip
