"""Every public name says what it is and shows it by an example that the doctests run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import sys
from functools import cache

import pytest

# The packages whose names users type.
PUBLIC = (
    "fnnet",
    "fnnet.autograd",
    "fnnet.autograd.graph",
    "fnnet.cuda",
    "fnnet.models",
    "fnnet.nn",
    "fnnet.nn.functional",
    "fnnet.nn.init",
    "fnnet.nn.utils",
    "fnnet.optim",
    "fnnet.plugins",
    "fnnet.random",
    "fnnet.serialization",
    "fnnet.utils.data",
)
# `hookimpl` is pluggy's marker itself: fnnet.plugins tells how to use it.
FOREIGN = {"fnnet.plugins.hookimpl"}


def public_names() -> list[str]:
    found = []
    for module_name in PUBLIC:
        module = importlib.import_module(module_name)
        names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
        for name in names:
            thing = getattr(module, name)
            ours = getattr(thing, "__module__", "").startswith("fnnet")
            if ours and (inspect.isclass(thing) or callable(thing)) and f"{module_name}.{name}" not in FOREIGN:
                found.append(f"{module_name}.{name}")
    return found


def resolve(name: str) -> object:
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


@cache
def documented(module: str) -> frozenset[str]:
    """The docstrings with examples that a run of the doctests finds in a module."""
    tests = doctest.DocTestFinder(exclude_empty=True).find(sys.modules[module], module)
    return frozenset(test.docstring for test in tests if test.examples)


@pytest.mark.parametrize("name", public_names())
def test_a_public_name_has_a_summary_and_an_example_that_runs(name: str) -> None:
    thing = resolve(name)
    text = thing.__doc__ or ""  # its own: an inherited text would speak of something else
    summary = text.strip().partition("\n")[0]
    assert summary.endswith((".", "?", ":")), f"{name}: no summary that ends as a sentence: {summary!r}"
    assert text in documented(thing.__module__), f"{name}: no example that the doctests of {thing.__module__} find"


@pytest.mark.parametrize("name", [name for name in public_names() if inspect.isfunction(resolve(name))])
def test_a_function_documents_its_arguments_by_their_names(name: str) -> None:
    function = resolve(name)
    text = inspect.getdoc(function) or ""
    if "Args:" not in text:
        return  # a line and an example are enough for what is simple
    section = text.partition("Args:\n")[2].partition("\n\n")[0]
    told = {
        part.strip().lstrip("*")
        for line in section.splitlines()
        if line.startswith("    ") and not line.startswith("     ")
        for part in line.partition(":")[0].split(",")
    }
    taken = set(inspect.signature(function).parameters)
    assert told <= taken | {""}, f"{name}: documents {sorted(told - taken)}, takes {sorted(taken)}"


@pytest.mark.parametrize(
    "cls", ["fnnet.Tensor", "fnnet.nn.Module", "fnnet.optim.Optimizer", "fnnet.utils.data.DataLoader"]
)
def test_public_methods_of_the_classes_that_users_meet_say_what_they_do(cls: str) -> None:
    kind = resolve(cls)
    silent = [
        name
        for name in dir(kind)
        if not name.startswith("_") and callable(getattr(kind, name)) and not getattr(kind, name).__doc__
    ]
    assert silent == []
