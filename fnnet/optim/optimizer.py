"""`Optimizer`: parameter groups, options, state, hooks. An optimizer adds its options and its rule, a pure function.

States and groups hold tensors, numbers and options of the optimizer's own: hence `Any`. So do gradients, which are
Tensors, as parameters are.
"""

from __future__ import annotations

import copy
import itertools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from fnnet._core.errors import ArgumentError, MissingMethodError, OptionError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad, set_grad
from fnnet.autograd.variable import Variable
from fnnet.functional import movement
from fnnet.functional._common import dtype_of, to_dtype
from fnnet.optim.hooks import (
    HookMethods,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
    with_hooks,
)
from fnnet.optim.rules import new_number

Params = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
Closure = Callable[[], Any]  # a loss: a Tensor or a float


class _Required:
    """Stands for the default of an option that has none."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer(HookMethods):
    """Base of all optimizers.

    Args:
        params: Parameters, `(name, parameter)` pairs, or dicts with the key "params" and options of their own.
        defaults: Options of groups that do not set them.

    Attributes:
        param_groups: One dict per group: "params" and the options, which may be changed between steps.
        state: Per parameter, what the rule remembers.
        defaults: The options of groups that do not set them.

    Raises:
        OptionError: No parameters, a parameter in two groups, a tensor that is no leaf.
        ArgumentError: Something that is no tensor.

    Example:
        >>> import fnnet
        >>> class Signs(fnnet.optim.Optimizer):
        ...     def __init__(self, params, lr=0.5):
        ...         super().__init__(params, {"lr": lr})
        ...
        ...     @fnnet.no_grad()
        ...     def step(self, closure=None):
        ...         for group in self.param_groups:
        ...             for p in group["params"]:
        ...                 p.sub_(p.grad.sign(), alpha=group["lr"])
        >>> w = fnnet.tensor([3.0], requires_grad=True)
        >>> (w**2).sum().backward()
        >>> Signs([w]).step()
        >>> w
        tensor([2.5000], requires_grad=True)
    """

    param_groups: list[dict[str, Any]]
    state: defaultdict[Any, Any]
    counters: ClassVar[tuple[str, ...]] = ()
    """States that are 0-d tensors, and were numbers in the files of old versions of PyTorch.

    Loading leaves their dtype alone: a count or a product of rates in a parameter's float16 would be another.
    """

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._set_hooks()
        if isinstance(params, Variable):
            raise ArgumentError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + type(params).__name__
            )
        self.state = defaultdict(dict)
        self.param_groups = []
        groups: list[Any] = list(params)
        if not groups:
            raise OptionError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(dict(group))

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "step" in cls.__dict__:
            cls.step = with_hooks(cls.__dict__["step"])  # type: ignore[method-assign]  # wrapped

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, given: dict[str, Any]) -> None:
        self.__dict__.update(given)
        self._set_hooks()
        for group in self.param_groups:
            for name, value in self.defaults.items():
                group.setdefault(name, value)
            for p in group["params"] if self.counters else ():
                state = self.state.get(p, {})
                state.update((c, new_number(state[c])) for c in self.counters if isinstance(state.get(c), (int, float)))

    def __repr__(self) -> str:
        text = type(self).__name__ + " ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            text += "".join(f"    {k}: {group[k]}\n" for k in sorted(group) if k != "params")
        return text + ")"

    # groups ----------------------------------------------------------------------------------------------------------
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters.

        Args:
            param_group: A dict with "params" (a tensor or a list of them) and options; what it lacks are the defaults.

        Raises:
            ArgumentError: It is no dict, its "params" are a set, or something in it is no tensor.
            OptionError: A tensor that is no leaf or in another group already, names for some only, a required option
                missing.
        """
        if not isinstance(param_group, dict):
            raise ArgumentError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Variable):
            params = [params]
        elif isinstance(params, set):
            raise ArgumentError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
                "will change between runs. Please use a list instead."
            )
        params = list(params)
        names: list[str] = []
        found: list[Any] = []
        for p in params:
            if isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str):
                names.append(p[0])
                p = p[1]
            if not isinstance(p, Variable):
                raise ArgumentError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
            if not self.defaults.get("differentiable") and p._edge() is not None and p._node is not None:
                raise OptionError("can't optimize a non-leaf Tensor")
            found.append(p)
        if names and len(names) != len(found):
            raise OptionError("all optimizer params should be with/without names. Some param names are missing")
        known = {id(p) for group in self.param_groups for p in group["params"]}
        if len({id(p) for p in found}) != len(found):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error",
                stacklevel=3,
            )
        if any(id(p) in known for p in found):
            raise OptionError("some parameters appear in more than one parameter group")
        if self.param_groups and ("param_names" in self.param_groups[0]) != bool(names):
            raise OptionError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with' if names else 'without'} names to the optimizer"
            )
        group = {**param_group, "params": found}
        if names:
            group["param_names"] = names
        for name, value in self.defaults.items():
            if value is required and name not in group:
                raise OptionError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, copy.deepcopy(value) if not isinstance(value, Variable) else value)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters.

        Args:
            set_to_none: False overwrites them with zeros. Default: True.
        """
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is not None:
                    if set_to_none:
                        p._grad = None
                    else:
                        if p._grad._edge() is not None:
                            p._grad = p._grad.detach() if p._grad._view is not None else p._grad.detach_()
                        movement.zero_(p._grad)

    def step(self, closure: Closure | None = None) -> Any:  # what the closure returns, or None
        """Change the parameters by their gradients; those without one stay.

        Args:
            closure: Computes the loss again, with gradients; called first. Default: none.

        Returns:
            What the closure returns, or None.

        Raises:
            MissingMethodError: The subclass defines neither `update` nor `step`.
        """
        if type(self).update is Optimizer.update:
            raise MissingMethodError(f"{type(self).__name__} defines neither update() nor step()")
        loss = None
        if closure is not None:
            with set_grad(True):
                loss = closure()
        for group in self.param_groups:
            differentiable = bool(group.get("differentiable", False))
            with set_grad(differentiable):
                for p in group["params"]:
                    if p._grad is not None:
                        state = self.state[p]
                        self.update(p, p._grad, state, group)
                        if not state:  # what keeps nothing has no entry in the state_dict
                            del self.state[p]
        return loss

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Change one parameter: what a subclass defines that leaves `step` as it is.

        Args:
            p: The parameter, to be changed in place.
            grad: Its gradient.
            state: What the rule remembers of this parameter; empty at first.
            group: The options of its group.

        Raises:
            MissingMethodError: The subclass does not define it.
        """
        raise MissingMethodError(f"{type(self).__name__} defines neither update() nor step()")

    # state -----------------------------------------------------------------------------------------------------------
    def state_dict(self) -> dict[str, Any]:
        """The state and the groups in PyTorch's format, with parameters as numbers in their order.

        Returns:
            `{"state": {number: {...}}, "param_groups": [{"params": [number, ...], ...}]}`; the tensors are its own.
        """
        for hook in self.__dict__["_optimizer_state_dict_pre_hooks"].values():
            hook(self)
        number: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                number.setdefault(id(p), len(number))
            packed = {k: v for k, v in group.items() if k != "params"}
            packed["params"] = [number[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {(number[id(k)] if isinstance(k, Variable) else k): v for k, v in self.state.items()}
        found: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self.__dict__["_optimizer_state_dict_post_hooks"].values():
            r = hook(self, found)
            found = found if r is None else r
        return found

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state_dict; tensors are copied, in their parameter's dtype and on its device (except `counters`).

        Args:
            state_dict: As `state_dict()` gives it.

        Raises:
            OptionError: The groups differ in number or size. Nothing is changed then.
        """
        state_dict = dict(state_dict)
        for hook in self.__dict__["_optimizer_load_state_dict_pre_hooks"].values():
            r = hook(self, state_dict)
            state_dict = state_dict if r is None else r
        saved = copy.deepcopy(state_dict["param_groups"])
        if len(self.param_groups) != len(saved):
            raise OptionError(
                f"loaded state dict has a different number of parameter groups: {len(saved)}, "
                f"the optimizer has {len(self.param_groups)}"
            )
        for i, (own, other) in enumerate(zip(self.param_groups, saved, strict=True)):
            if len(own["params"]) != len(other["params"]):
                raise OptionError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                    f"group {i} has {len(other['params'])} parameters, the optimizer's has {len(own['params'])}"
                )
        params = dict(
            zip(
                itertools.chain.from_iterable(g["params"] for g in saved),
                itertools.chain.from_iterable(g["params"] for g in self.param_groups),
                strict=True,
            )
        )
        state: defaultdict[Any, Any] = defaultdict(dict)
        with no_grad():
            for key, value in state_dict["state"].items():
                p = params.get(key)
                if p is None:
                    state[key] = value
                else:
                    state[p] = {k: _fit(p, v, k == "step" or k in self.counters) for k, v in value.items()}
        groups = []
        for own, other in zip(self.param_groups, saved, strict=True):
            other["params"] = own["params"]
            if "param_names" in own and "param_names" not in other:
                other["param_names"] = own["param_names"]
            groups.append(other)
        self.__setstate__({"state": state, "param_groups": groups})
        for hook in self.__dict__["_optimizer_load_state_dict_post_hooks"].values():
            hook(self)


def _fit(p: Any, value: Any, as_it_is: bool) -> Any:
    """A deep copy of a state's value, tensors in the parameter's dtype and on its device (or as they are)."""
    if isinstance(value, Variable):
        if as_it_is:
            return movement.clone(value)  # type: ignore[arg-type]  # a Variable is a Tensor
        moved = movement.to_device(value, p._device)  # type: ignore[arg-type]  # a Variable is a Tensor
        if dtype_of(p).category == 2:
            moved = to_dtype(moved, dtype_of(p))
        return movement.clone(moved) if moved is value else moved
    if isinstance(value, dict):
        return {k: _fit(p, v, k == "step") for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_fit(p, v, as_it_is) for v in value)
    return copy.deepcopy(value)


Optimizer.step = with_hooks(Optimizer.step)  # type: ignore[method-assign]  # wrapped

__all__ = [
    "Closure", "Optimizer", "Params", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook",
    "required",
]  # fmt: skip
