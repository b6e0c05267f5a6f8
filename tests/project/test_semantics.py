"""docs/explanation/semantics.md names for each statement a test that exists, or the step that brings it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "semantics.md"
STEPS = set(re.findall(r"^\| ([A-Z]) \|", (PAGE.parent / "roadmap.md").read_text(encoding="utf-8"), re.MULTILINE))


def rows() -> list[tuple[str, str]]:
    """(statement, what holds it) of every table."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [tuple(cell.strip() for cell in line.strip("|").rsplit("|", 1)) for line in lines]
    return [(c[0], c[1]) for c in cells if c[1] != "test" and set(c[1]) != {"-"}]


@cache
def names_in(file: str) -> set[str]:
    """Names of the test functions in a file under tests/."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_the_tables_are_read() -> None:
    assert len(rows()) > 70
    assert {"A", "B", "C", "G"} <= STEPS


@pytest.mark.parametrize(("statement", "held"), rows(), ids=[statement[:60] for statement, _ in rows()])
def test_each_statement_is_held_by_tests_that_exist(statement: str, held: str) -> None:
    if held in STEPS:
        return
    named = re.findall(r"`([^`]+)`", held)
    assert named, f"{statement}: neither a test nor a step of the roadmap, but {held!r}"
    assert re.sub(r"`[^`]+`|, ", "", held) == "", f"{statement}: {held!r} says more than names of tests"
    for name in named:
        file, _, test = name.partition("::")
        assert test in names_in(file), f"{statement}: there is no {name}"
