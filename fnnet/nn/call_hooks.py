"""Hooks around a module's call: forward pre-hooks, forward hooks, full backward hooks, and their global brothers.

Modules, and what they take and give, are `Any`: each has a signature of its own.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, cast

from fnnet._core.errors import AutogradError
from fnnet.autograd.function import Function
from fnnet.autograd.modes import MODE
from fnnet.autograd.variable import Variable, ViewOf
from fnnet.backends.devices import Device
from fnnet.backends.dtypes import DType
from fnnet.functional import creation

Hook = Callable[..., Any]
Table = OrderedDict[int, Hook]


class GlobalHooks:
    """Hooks that run for every module of the process."""

    def __init__(self) -> None:
        self.forward_pre: Table = OrderedDict()
        self.forward: Table = OrderedDict()
        self.forward_with_kwargs: OrderedDict[int, bool] = OrderedDict()
        self.forward_always: OrderedDict[int, bool] = OrderedDict()
        self.backward_pre: Table = OrderedDict()
        self.backward: Table = OrderedDict()
        self.backward_is_full: bool | None = None
        self.buffer_registration: Table = OrderedDict()
        self.module_registration: Table = OrderedDict()
        self.parameter_registration: Table = OrderedDict()


GLOBAL = GlobalHooks()


def any_hooks(module: Any) -> bool:
    """Whether a call of this module has to look at hooks."""
    return bool(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
        or GLOBAL.forward or GLOBAL.forward_pre or GLOBAL.backward or GLOBAL.backward_pre
    )  # fmt: skip


def call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run `module.forward` with all hooks, in PyTorch's order."""
    so_far = _SoFar(args, kwargs)
    try:
        return _call(module, so_far)
    except Exception:
        _run_always(module, so_far)
        raise


class _SoFar:
    """How far a call has come: what hooks with always_call are given when it fails."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs = args, kwargs
        self.result: Any = None
        self.done: set[int] = set()


def _call(module: Any, so_far: _SoFar) -> Any:
    args, kwargs = so_far.args, so_far.kwargs
    # Hooks of the backward pass that a pre-hook registers see the next call.
    full = [*_of(GLOBAL.backward, GLOBAL.backward_is_full, True)]
    full += _of(module._backward_hooks, module._is_full_backward_hook, True)
    old = [*_of(GLOBAL.backward, GLOBAL.backward_is_full, False)]
    old += _of(module._backward_hooks, module._is_full_backward_hook, False)
    backward_pre = [*GLOBAL.backward_pre.values(), *module._backward_pre_hooks.values()]
    for key, hook in [*GLOBAL.forward_pre.items(), *module._forward_pre_hooks.items()]:
        if key in module._forward_pre_hooks_with_kwargs:
            r = hook(module, args, kwargs)
            if r is not None:
                if not (isinstance(r, tuple) and len(r) == 2):
                    raise AutogradError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {r}."
                    )
                args, kwargs = so_far.args, so_far.kwargs = r
        else:
            r = hook(module, args)
            if r is not None:
                args = so_far.args = r if isinstance(r, tuple) else (r,)
    watch = _Watch(module, full, backward_pre) if full or backward_pre else None
    if watch is not None:
        args = so_far.args = watch.inputs(args)
    result = so_far.result = module.forward(*args, **kwargs)
    for key, hook in [*GLOBAL.forward.items(), *module._forward_hooks.items()]:
        if key in module._forward_hooks_always_called or key in GLOBAL.forward_always:
            so_far.done.add(key)
        if key in module._forward_hooks_with_kwargs or key in GLOBAL.forward_with_kwargs:
            r = hook(module, args, kwargs, result)
        else:
            r = hook(module, args, result)
        if r is not None:
            result = so_far.result = r
    if watch is not None:
        if not isinstance(result, (Variable, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"{type(result)}",
                stacklevel=2,
            )
        result = watch.outputs(result)
    if old:
        _watch_node(module, old, args, result)
    return result


def _of(table: Table, is_full: bool | None, wanted: bool) -> list[Hook]:
    return list(table.values()) if is_full is wanted else []


def _run_always(module: Any, so_far: _SoFar) -> None:
    """Hooks registered with always_call run when forward raised, too; their own errors become warnings."""
    for table, always, with_kwargs, whose in (
        (GLOBAL.forward, GLOBAL.forward_always, GLOBAL.forward_with_kwargs, "global module"),
        (module._forward_hooks, module._forward_hooks_always_called, module._forward_hooks_with_kwargs, "module"),
    ):
        for key, hook in list(table.items()):
            if key in always and key not in so_far.done:
                so_far.done.add(key)
                given = (so_far.args, so_far.kwargs) if key in with_kwargs else (so_far.args,)
                try:
                    r = hook(module, *given, so_far.result)
                    if r is not None:
                        so_far.result = r
                except Exception as error:
                    warnings.warn(
                        f"{whose} forward hook with ``always_call=True`` raised an exception that was silenced as "
                        f"another error was raised in forward: {error}",
                        stacklevel=2,
                    )


def _watch_node(module: Any, hooks: list[Hook], args: tuple[Any, ...], result: Any) -> None:
    """The deprecated backward hooks see the node of the result, not the module."""
    t: Any = result
    while not isinstance(t, Variable):
        t = next(v for v in t.values() if isinstance(v, Variable)) if isinstance(t, dict) else t[0]
    node = cast("Any", t).grad_fn
    if node is None:
        return
    for hook in hooks:
        node.register_hook(lambda grad_in, grad_out, hook=hook: hook(module, grad_in, grad_out))
    missing = _missed(node, args, result)
    if missing:
        warnings.warn(missing, FutureWarning, stacklevel=2)


def _missed(node: Any, args: tuple[Any, ...], result: Any) -> str | None:
    """What a deprecated backward hook will not see, in PyTorch's words."""
    results = result if isinstance(result, tuple) else (result,)
    full = "Please use register_full_backward_hook to get the documented behavior."
    gone = "is deprecated and will be removed in future versions. This hook will be missing"
    if not all(isinstance(r, Variable) for r in results):
        return (
            "Using non-full backward hooks on a Module that does not return a single Tensor or a tuple of Tensors "
            f"{gone} some of the grad_output. {full}"
        )
    if not all(isinstance(a, Variable) for a in args):
        return (
            "Using non-full backward hooks on a Module that does not take as input a single Tensor or a tuple of "
            f"Tensors {gone} some of the grad_input. {full}"
        )
    nodes = {r.grad_fn for r in results} - {None}
    if len(nodes) > 1:
        return (
            "Using a non-full backward hook when outputs are generated by different autograd Nodes "
            f"{gone} some grad_output. {full}"
        )
    if {a.grad_fn for a in args} - {None} != {n for n, _ in node.next_functions}:
        return (
            "Using a non-full backward hook when the forward contains multiple autograd Nodes "
            f"{gone} some grad_input. {full}"
        )
    return None


# full backward hooks --------------------------------------------------------------------------------------------------
class _Identity(Function):
    """Passes tensors through: its node is where a module's gradients are seen."""

    @staticmethod
    def forward(ctx: Any, *tensors: Any) -> Any:
        passed = tuple(t.detach() for t in tensors)
        ctx.mark_non_differentiable(*(p for p, needed in zip(passed, ctx.needs_input_grad, strict=True) if not needed))
        return passed

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads


class _Watch:
    """Sees the gradients at a module's inputs and outputs in one call, and runs its hooks with both."""

    def __init__(self, module: Any, hooks: list[Hook], pre_hooks: list[Hook]) -> None:
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.grad_outputs: tuple[Any, ...] | None = None
        self.n_inputs, self.at_inputs = -1, []  # type: tuple[int, list[int]]
        self.inputs_like: list[tuple[tuple[int, ...], DType, Device]] = []
        self.inputs_watched = False

    def _through(self, values: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int], Any]:
        at = [i for i, v in enumerate(values) if isinstance(v, Variable)]
        if not MODE.state.grad or not any(values[i]._edge() is not None for i in at):
            return values, at, None
        passed = _Identity.apply(*(values[i] for i in at))
        node = next(p._node for p in passed if p._node is not None)
        new = list(values)
        for i, p in zip(at, passed, strict=True):
            source = values[i]
            of = source._view
            if p._node is not None:  # a write into it would not be seen by the hooks: refuse one that is recorded
                p._view = ViewOf(
                    source if of is None else of.base, () if of is None else of.steps, source._counter, "custom"
                )
            new[i] = p
        of_values = type(values)
        return tuple(new) if of_values is tuple else of_values(*new), at, node  # a named tuple

    def _spread(self, at: list[int], n: int, grads: Any) -> tuple[Any, ...]:
        full: list[Any] = [None] * n
        for i, g in zip(at, grads, strict=True):
            full[i] = g
        return tuple(full)

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Watch the gradients of the inputs."""
        args, at, node = self._through(args)
        self.n_inputs, self.at_inputs = len(args), at
        self.inputs_like = [(args[i].shape, args[i].dtype, args[i].device) for i in at]
        if node is not None:
            self.inputs_watched = True
            node.register_hook(self._on_inputs)
        return args

    def _on_inputs(self, grad_in: tuple[Any, ...], grad_out: tuple[Any, ...]) -> Any:
        if self.grad_outputs is None:
            return None
        # Tensors that need no gradient get zeros, as PyTorch's hooks see them; None stands for what is no tensor.
        grads = [
            creation.zeros(shape, dtype=dtype, device=device) if g is None else g
            for g, (shape, dtype, device) in zip(grad_in, self.inputs_like, strict=True)
        ]
        given = self._spread(self.at_inputs, self.n_inputs, grads)
        found: Any = given
        for hook in self.hooks:
            r = hook(self.module, found, self.grad_outputs)
            if r is None:
                continue
            r = r if isinstance(r, tuple | list) else (r,)
            if len(r) != len(found):
                raise AutogradError(
                    f"Backward hook returned an invalid number of grad_input, got {len(r)}, but expected {len(found)}"
                )
            found = r
        self.grad_outputs = None
        return tuple(found[i] for i in self.at_inputs) if found is not given else None

    def outputs(self, result: Any) -> Any:
        """Watch the gradients of the outputs."""
        many = isinstance(result, tuple)
        values, at, node = self._through(result if many else (result,))
        if node is None:
            return result
        n = len(values)

        def pre(grad_out: tuple[Any, ...]) -> Any:
            found: Any = self._spread(at, n, grad_out)
            changed = False
            for hook in self.pre_hooks:
                r = hook(self.module, found)
                if r is not None:
                    r = r if isinstance(r, tuple | list) else (r,)
                    if len(r) != n:
                        raise AutogradError(
                            f"Backward pre hook returned an invalid number of grad_output, got {len(r)}, but "
                            f"expected {n}"
                        )
                    found, changed = r, True
            self.grad_outputs = found
            return tuple(found[i] for i in at) if changed else None

        def post(grad_in: tuple[Any, ...], grad_out: tuple[Any, ...]) -> None:
            if not self.inputs_watched and self.grad_outputs is not None:
                # No input requires a gradient: the hooks run here, once all gradients of the outputs are known.
                warnings.warn(
                    "Full backward hook is firing when gradients are computed with respect to module outputs since no "
                    "inputs require gradients.",
                    stacklevel=2,
                )
                for hook in self.hooks:
                    r = hook(self.module, (None,) * self.n_inputs, self.grad_outputs)
                    if r is not None and not (isinstance(r, tuple) and all(x is None for x in r)):
                        raise AutogradError(
                            "Backward hook for Modules where no input requires gradient should always return None or "
                            "None for all gradients."
                        )
                self.grad_outputs = None

        node.register_prehook(pre)
        node.register_hook(post)
        return values if many else values[0]
