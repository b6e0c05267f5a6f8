"""What parity is measured by: fixed denominators, read from the shared lists, and what fnnet has of them."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import fnnet
from tests.parity import speech

SHARED = (Path(__file__).resolve().parents[2] / os.environ.get("FNNET_SHARED", "../shared")).resolve() / "parity"

MODULES = "module classes"
FUNCTIONS = "functions of nn.functional"
OPERATORS = "operator entries"
OLDER = "entries of common_nn"
DENOMINATORS = {MODULES: 161, FUNCTIONS: 116, OPERATORS: 562, OLDER: 282}
PREFIXES = {OPERATORS: "op_db.", FUNCTIONS: "nn.functional.", MODULES: "nn.", OLDER: "common_nn."}
"""A test notes its entry by `record_property("parity", prefix + name)`; the first prefix that fits names the row."""


def entry_name(info: Any) -> str:
    """How the list of operators names an entry of PyTorch's table: "div.floor_rounding"."""
    variant = info.variant_test_name
    return f"{info.name}.{variant}" if variant else str(info.name)


GAPS = {"norm.nuc": "the sum of singular values, which needs a decomposition"}
"""Operator entries that fnnet's function refuses, and why: uncovered, until `test_gaps` finds that they pass."""


SPARSE = {
    "EmbeddingBag_sparse": "its gradient is a sparse tensor, which fnnet lacks",
    "Embedding_sparse": "its gradient is a sparse tensor, which fnnet lacks",
}
"""Entries of common_nn that fnnet refuses, and why."""
WHY = {**GAPS, **SPARSE, "DataParallel": "copies on several devices: step G of the roadmap"}
"""What is uncovered although its family is there, and why."""


@functools.cache
def present() -> bool:
    """Whether the shared lists lie beside the repository."""
    return SHARED.is_dir()


def parameters(found: Iterable[str]) -> list[Any]:
    """The parameters of a test: the names in order, or one that is skipped where the shared lists are absent."""
    absent = pytest.mark.skip(reason=f"shared data absent: parity/ (FNNET_SHARED is {SHARED.parent})")
    return sorted(found) if present() else [pytest.param("", marks=absent)]


@functools.cache
def public_names() -> dict[str, tuple[str, ...]]:
    """By namespace, the names of PyTorch that fnnet is to offer."""
    lists = json.loads((SHARED / "names.json").read_text())
    return {key: tuple(value["names"]) for key, value in lists.items() if isinstance(value, dict)}


@functools.cache
def names(row: str) -> tuple[str, ...]:
    """The names of a row of the table."""
    if row == OPERATORS:
        return tuple(json.loads((SHARED / "op_scope.json").read_text())["in_scope"])
    if row == OLDER:
        return tuple(common_nn())
    return public_names()["nn (Module classes)" if row == MODULES else "nn.functional"]


@functools.cache
def operators() -> dict[str, Any]:
    """PyTorch's table of operators, as far as it is in scope."""
    from torch.testing._internal.common_methods_invocations import op_db

    scope = set(names(OPERATORS))
    return {entry_name(info): info for info in op_db if entry_name(info) in scope}


@functools.cache
def common_nn() -> dict[str, dict[str, Any]]:
    """PyTorch's older tables of modules, functions and losses, by the names of their tests."""
    from torch.testing._internal import common_nn as tables

    found = [*tables.module_tests, *tables.get_new_module_tests(), *tables.criterion_tests]
    return {
        entry.get("fullname") or "_".join(filter(None, (entry["module_name"], entry.get("desc")))): entry
        for entry in found
    }


@functools.cache
def covered(row: str) -> frozenset[str]:
    """The names of a row that fnnet has."""
    if row == OPERATORS:
        return frozenset(
            name
            for name, info in operators().items()
            if name not in GAPS and all(map(speech.has, speech.needed(info.op, str(info.name))))
        )
    if row == OLDER:
        return frozenset(names(row)) - SPARSE.keys()
    holder = fnnet.nn if row == MODULES else fnnet.nn.functional
    return frozenset(name for name in names(row) if hasattr(holder, name))
