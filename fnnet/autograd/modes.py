"""Modes in force in this thread: gradients on or off, inference, a transform's namespace, saved-tensor hooks.

What a mode keeps of the state before is its own: hence `Any`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Self, TypeVar, overload

from fnnet.autograd.switch import Switch

F = TypeVar("F", bound=Callable[..., Any])


class State:
    """The modes of one thread.

    Attributes:
        grad: Whether ops are recorded.
        fast: True unless one of the modes below is in force: the one test that the quick paths make.
        inference: Whether new tensors are inference tensors.
        namespace: A transform's namespace by device (`device -> namespace`), or None: the device's backend.
        saved_hooks: Stack of (pack, unpack) for what the tape saves.
        anomaly: Whether nodes remember where they were made.
        check_nan: With anomaly: whether backward checks each gradient for NaN.
    """

    __slots__ = ("anomaly", "check_nan", "fast", "grad", "inference", "namespace", "saved_hooks")

    def __init__(self) -> None:
        self.grad, self.fast, self.inference = True, True, False
        self.namespace: Callable[[Any], Any] | None = None
        self.saved_hooks: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = []
        self.anomaly = self.check_nan = False

    def refresh(self) -> None:
        """Set `fast` after one of the rarer modes has changed."""
        self.fast = not (self.inference or self.namespace is not None or self.saved_hooks or self.anomaly)


class _Mode(threading.local):
    """The current thread's State; each thread begins with gradients on."""

    def __init__(self) -> None:
        self.state = State()


MODE = _Mode()


class _Grad(Switch):
    on: bool

    def enter(self) -> bool:
        state = MODE.state
        before, state.grad = state.grad, self.on
        return before

    def leave(self, before: bool) -> None:
        MODE.state.grad = before


class no_grad(_Grad):
    """Record nothing: a context manager and a decorator.

    Args:
        orig_func: A function to decorate (`@no_grad` without brackets). Default: none.

    Example:
        >>> import fnnet
        >>> x = fnnet.ones(2, requires_grad=True)
        >>> with fnnet.no_grad():
        ...     y = x * 2
        >>> y.requires_grad
        False
    """

    on = False

    # `@no_grad` without parentheses decorates too: a type checker must be told, as it is no instance of the class.
    @overload
    def __new__(cls, orig_func: F) -> F: ...  # type: ignore[misc]  # no instance
    @overload
    def __new__(cls, orig_func: None = None) -> Self: ...
    def __new__(cls, orig_func: F | None = None) -> F | Self:  # type: ignore[misc]  # no instance
        new = super().__new__(cls)
        return new if orig_func is None else new(orig_func)


class enable_grad(no_grad):
    """Record again inside `no_grad`: a context manager and a decorator.

    Args:
        orig_func: A function to decorate (`@enable_grad` without brackets). Default: none.

    Example:
        >>> import fnnet
        >>> x = fnnet.ones(2, requires_grad=True)
        >>> with fnnet.no_grad(), fnnet.enable_grad():
        ...     y = x * 2
        >>> y.requires_grad
        True
    """

    on = True


class set_grad_enabled(_Grad):
    """Switch recording on or off: at once as a function, until the end of a block as a context manager.

    Args:
        mode: Whether ops are recorded.

    Example:
        >>> import fnnet
        >>> _ = fnnet.set_grad_enabled(False)
        >>> fnnet.is_grad_enabled()
        False
        >>> _ = fnnet.set_grad_enabled(True)
    """

    def __init__(self, mode: bool) -> None:
        self.on = bool(mode)
        self._before = MODE.state.grad
        MODE.state.grad = self.on

    def __enter__(self) -> Self:
        MODE.state.grad = self.on
        self.__dict__.setdefault("_stack", []).append(self._before)
        return self

    def __call__(self, function: F) -> F:
        MODE.state.grad = self._before  # it decorates: nothing is switched here and now
        return super().__call__(function)

    def clone(self) -> Switch:
        return set_grad_enabled(self.on)


class set_grad(_Grad):
    """Recording on or off for a block; nothing happens before `with`."""

    def __init__(self, on: bool) -> None:
        self.on = on


class inference_mode(Switch):
    """Record nothing and track no versions: what is made inside can't be used for gradients later.

    Args:
        mode: False makes the block do nothing. Default: True.

    Example:
        >>> import fnnet
        >>> with fnnet.inference_mode():
        ...     y = fnnet.ones(2)
        >>> y.is_inference()
        True
    """

    # As in `no_grad`, without parentheses it decorates.
    @overload
    def __new__(cls, mode: F) -> F: ...  # type: ignore[misc]  # no instance
    @overload
    def __new__(cls, mode: bool = True) -> Self: ...
    def __new__(cls, mode: bool | F = True) -> F | Self:  # type: ignore[misc]  # no instance
        new = super().__new__(cls)
        if isinstance(mode, bool):
            return new
        new.mode = True
        return new(mode)

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def clone(self) -> Switch:
        new: Switch = inference_mode(self.mode)
        return new

    def enter(self) -> tuple[bool, bool]:
        state = MODE.state
        before = state.grad, state.inference
        if self.mode:
            state.grad = False
        else:
            state.grad = True
        state.inference = self.mode
        state.refresh()
        return before

    def leave(self, before: tuple[bool, bool]) -> None:
        state = MODE.state
        state.grad, state.inference = before
        state.refresh()


class use_namespace(Switch):
    """Let a transform's namespaces (`device -> namespace`) answer for the devices' backends."""

    def __init__(self, namespace: Callable[[Any], Any] | None) -> None:
        self.namespace = namespace

    def enter(self) -> Any:
        state = MODE.state
        before, state.namespace = state.namespace, self.namespace
        state.refresh()
        return before

    def leave(self, before: Any) -> None:
        state = MODE.state
        state.namespace = before
        state.refresh()


class saved_tensors_hooks(Switch):
    """Let `pack_hook` see each tensor that the tape saves, and `unpack_hook` give it back in backward.

    Args:
        pack_hook: Called with a Tensor when it is saved; what it returns is kept in its place.
        unpack_hook: Called with that in backward; returns a Tensor of equal value.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor(3.0, requires_grad=True)
        >>> with fnnet.autograd.graph.saved_tensors_hooks(lambda t: t.numpy().copy(), fnnet.from_numpy):
        ...     y = x * x
        >>> y.backward()
        >>> x.grad
        tensor(6.)
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def clone(self) -> Switch:
        return saved_tensors_hooks(self.pack_hook, self.unpack_hook)

    def enter(self) -> None:
        state = MODE.state
        state.saved_hooks.append((self.pack_hook, self.unpack_hook))
        state.refresh()

    def leave(self, before: None) -> None:
        state = MODE.state
        state.saved_hooks.pop()
        state.refresh()


class set_detect_anomaly(Switch):
    """Remember where each op was recorded, and name that line when its backward fails or makes a NaN.

    At once as a function, until the end of a block as a context manager.

    Args:
        mode: Whether to.
        check_nan: Whether each gradient is checked for NaN. Default: True.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor(0.0, requires_grad=True)
        >>> with fnnet.autograd.set_detect_anomaly(True, check_nan=False):
        ...     (x.sqrt() * 0).backward()  # NaN is allowed; an error would name the line
        >>> x.grad
        tensor(nan)
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.mode, self.nan = mode, check_nan
        self._before = self._set()

    def _set(self) -> tuple[bool, bool]:
        state = MODE.state
        before = state.anomaly, state.check_nan
        state.anomaly, state.check_nan = self.mode, self.mode and self.nan
        state.refresh()
        return before

    def __enter__(self) -> Self:
        self._set()
        self.__dict__.setdefault("_stack", []).append(self._before)
        return self

    def leave(self, before: tuple[bool, bool]) -> None:
        state = MODE.state
        state.anomaly, state.check_nan = before
        state.refresh()


class detect_anomaly(set_detect_anomaly):
    """`set_detect_anomaly(True)` as a context manager.

    Args:
        check_nan: Whether each gradient is checked for NaN. Default: True.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor(0.0, requires_grad=True)
        >>> with fnnet.autograd.detect_anomaly():
        ...     y = x.sqrt() * 0
        ...     try:
        ...         y.backward()
        ...     except RuntimeError as error:
        ...         print("nan" in str(error))
        True
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.mode, self.nan = True, check_nan

    def __enter__(self) -> Self:
        self.__dict__.setdefault("_stack", []).append(self._set())
        return self


def is_grad_enabled() -> bool:
    """Whether ops are recorded in this thread.

    Returns:
        True unless `no_grad`, `inference_mode` or `set_grad_enabled(False)` is in force.

    Example:
        >>> import fnnet
        >>> fnnet.is_grad_enabled()
        True
    """
    return MODE.state.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is in `inference_mode`.

    Returns:
        True inside `inference_mode()`.

    Example:
        >>> import fnnet
        >>> fnnet.is_inference_mode_enabled()
        False
    """
    return MODE.state.inference
