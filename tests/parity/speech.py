"""PyTorch's functions as fnnet's: by the name under which PyTorch offers them, or by running their code in fnnet.

The table of operators holds builtins (`torch.add`), wrappers (`torch.nn.functional.relu`), methods and small lambdas
over the name `torch`. The first three are found by name; a lambda's code runs with fnnet where it says `torch`.
"""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch

import fnnet

SPACES = ("nn.functional", "", "Tensor", "linalg", "fft", "special", "signal.windows")
WORLD = "torch.testing._internal"


def reach(root: object, path: str) -> Any:
    """`root.a.b` for the path "a.b"; AttributeError where a name is missing."""
    return functools.reduce(getattr, filter(None, path.split(".")), root)


def has(path: str) -> bool:
    """Whether fnnet offers what PyTorch calls `torch.<path>`."""
    try:
        reach(fnnet, path)
    except AttributeError:
        return False
    return True


@functools.cache
def paths() -> dict[int, str]:
    """The public paths of PyTorch's functions and methods, by identity."""
    found: dict[int, str] = {}
    for space in SPACES:
        holder = reach(torch, space)
        for name in dir(holder):
            value = getattr(holder, name, None)
            if callable(value) and not isinstance(value, type):
                found.setdefault(id(value), f"{space}.{name}".lstrip("."))
    return found


def path_of(function: Callable[..., Any], hint: str = "") -> str | None:
    """The public path of a function of PyTorch: `hint` where that is it, else the first; None for anything else."""
    try:
        if hint and reach(torch, hint) is function:
            return hint
    except AttributeError:
        pass
    return paths().get(id(function))


def seeded(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the tables' `wrapper_set_seed` does: the same draws in every call, nothing changed outside."""
    with fnnet.random.fork_rng():
        fnnet.manual_seed(42)
        return function(*args, **kwargs)


def translated(function: Any, hint: str = "") -> Any:
    """fnnet's function for PyTorch's; AttributeError where fnnet has none."""
    path = path_of(function, hint)
    if path is not None:
        return reach(fnnet, path)
    if isinstance(function, functools.partial):
        return functools.partial(translated(function.func), *function.args, **function.keywords)
    if isinstance(function, types.FunctionType) and function.__module__.startswith(WORLD):
        world = {**function.__globals__, "torch": fnnet, "wrapper_set_seed": seeded}
        given = function.__name__, function.__defaults__, function.__closure__
        copy = types.FunctionType(function.__code__, world, *given)
        copy.__kwdefaults__ = function.__kwdefaults__
        return copy
    if isinstance(function, torch.nn.Module):
        return getattr(fnnet.nn, type(function).__name__)()
    return function


def needed(function: Any, hint: str = "") -> Iterator[str]:
    """The paths that a function of PyTorch needs, a lambda's read from its code."""
    path = path_of(function, hint)
    if path is not None:
        yield path
    elif isinstance(function, functools.partial):
        yield from needed(function.func)
    elif isinstance(function, types.FunctionType):
        yield from map(".".join, chains(function.__code__))


def chains(code: types.CodeType) -> Iterator[list[str]]:
    """The attribute chains of a code: `torch.nn.x` as [nn, x], `argument.y` as [Tensor, y]."""
    chain: list[str] | None = None
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and chain is not None:
            chain.append(str(step.argval))
            continue
        if chain and chain != ["Tensor"]:
            yield chain
        is_torch = step.opname == "LOAD_GLOBAL" and step.argval == "torch"
        chain = [] if is_torch else ["Tensor"] if step.opname.startswith("LOAD_FAST") else None
