"""Every public name says what it is and shows it by an example that the doctests run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import sys
import typing
from collections.abc import Callable
from functools import cache

import pytest

from fnnet.nn import Module

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
    "fnnet.nn.utils.rnn",
    "fnnet.optim",
    "fnnet.optim.lr_scheduler",
    "fnnet.optim.swa_utils",
    "fnnet.plugins",
    "fnnet.random",
    "fnnet.serialization",
    "fnnet.training",
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


FUNCTIONS = [name for name in public_names() if inspect.isfunction(resolve(name))]
OPS = [name for name in FUNCTIONS if resolve(name).__module__.startswith("fnnet.functional.")]
# The packages of classes that users make: layers, optimizers, datasets.
MADE = ("fnnet.nn.", "fnnet.optim.", "fnnet.utils.")
CLASSES = [
    name for name in public_names() if inspect.isclass(resolve(name)) and resolve(name).__module__.startswith(MADE)
]
LAYERS = [name for name in CLASSES if getattr(resolve(name), "forward", Module.forward) is not Module.forward]
SECTIONS = ("Args", "Attributes", "Shape", "Returns", "Raises", "Differentiable", "Source", "Example")
# What a function answers that makes no tensor: there is nothing to differentiate.
ANSWERS = ("None", "bool", "int", "DType", "Generator", "Size", "TypeGuard[Tensor]", "Yields[None]")


def told(text: str) -> set[str]:
    """The names in the section `Args:` of a docstring."""
    section = text.partition("Args:\n")[2].partition("\n\n")[0]
    return {
        part.strip().lstrip("*")
        for line in section.splitlines()
        if line.startswith("    ") and not line.startswith("     ")
        for part in line.partition(":")[0].split(",")
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_documents_all_its_arguments_by_their_names(name: str) -> None:
    function = resolve(name)
    assert told(inspect.getdoc(function) or "") == set(inspect.signature(function).parameters)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_says_what_it_returns(name: str) -> None:
    function = resolve(name)
    if inspect.signature(function).return_annotation not in (None, "None"):
        assert "Returns:" in (inspect.getdoc(function) or "")


@pytest.mark.parametrize("name", OPS)
def test_a_function_that_makes_tensors_says_whether_they_can_be_differentiated(name: str) -> None:
    function = resolve(name)
    if inspect.signature(function).return_annotation not in ANSWERS:
        assert "Differentiable:" in (inspect.getdoc(function) or "")


@pytest.mark.parametrize("name", public_names())
def test_sections_stand_in_one_order_and_once(name: str) -> None:
    lines = (inspect.getdoc(resolve(name)) or "").splitlines()
    found = [SECTIONS.index(head) for line in lines if (head := line.partition(":")[0]) in SECTIONS]
    assert found == sorted(set(found))


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_documents_all_arguments_of_its_constructor_by_their_names(name: str) -> None:
    cls = resolve(name)
    overloads = typing.get_overloads(cls.__init__) if inspect.isfunction(cls.__init__) else ()
    declared = next(iter(overloads), cls)  # what stands first says what is meant
    assert told(inspect.getdoc(cls) or "") == set(inspect.signature(declared).parameters) - {"self"}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_says_which_shapes_it_takes_and_gives(name: str) -> None:
    assert "Shape:" in (inspect.getdoc(resolve(name)) or "")


USERS = ["fnnet.Tensor", "fnnet.nn.Module", "fnnet.optim.Optimizer", "fnnet.utils.data.DataLoader"]


def methods(cls: str) -> dict[str, Callable[..., object]]:
    kind = resolve(cls)
    found = {name: inspect.getattr_static(kind, name) for name in dir(kind) if not name.startswith("_")}
    return {name: method for name, method in found.items() if inspect.isfunction(method)}


@pytest.mark.parametrize("cls", USERS)
def test_public_methods_of_the_classes_that_users_meet_say_what_they_do(cls: str) -> None:
    assert [name for name, method in methods(cls).items() if not method.__doc__] == []


@pytest.mark.parametrize("cls", USERS)
def test_public_methods_of_the_classes_that_users_meet_document_their_arguments(cls: str) -> None:
    """All but `self`; a line is enough for an in-place variant, which takes what the function of its name takes."""
    silent = {}
    for name, method in methods(cls).items():
        taken = list(inspect.signature(method).parameters)[1:]
        text = inspect.getdoc(method) or ""
        if not (name.endswith("_") and "Args:" not in text) and (missing := set(taken) - told(text)):
            silent[name] = sorted(missing)
    assert silent == {}
