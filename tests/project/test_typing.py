"""What a type checker is not told has its reason beside it.

`# type: ignore[code]` is followed by one, and so is a public signature's `Any`: a comment on the line where it stands.
A module whose docstring says why `ignore[code]`, or why `Any`, says it for all of that kind in it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path
    for folder in ("fnnet", "plugins")
    for path in (ROOT / folder).rglob("*.py")
    if not {"tests", "build"} & set(path.relative_to(ROOT).parts)
)
IGNORE = re.compile(r"#\s*type:\s*ignore(?:\[(?P<codes>[^\]]*)\])?(?P<reason>.*)")


def comments(text: str) -> dict[int, str]:
    """The comments by their line."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def docstring(text: str) -> str:
    return ast.get_docstring(ast.parse(text)) or ""


def bare_ignores(text: str) -> Iterator[int]:
    """The lines on which something is ignored without a reason."""
    said = set(re.findall(r"`ignore\[([^\]]*)\]`", docstring(text)))
    for line, comment in comments(text).items():
        found = IGNORE.match(comment)
        if found and not re.search(r"\w", found["reason"]) and not set((found["codes"] or "").split(", ")) <= said:
            yield line


def bare_any(text: str) -> Iterator[int]:
    """The lines of public signatures on which `Any` stands without a reason."""
    said = "`Any`" in docstring(text)
    beside = comments(text)
    for function in () if said else public(ast.parse(text).body):
        arguments = function.args
        # `*args: Any` and `**options: Any` are handed on to what knows them.
        every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        for annotation in (*(a.annotation for a in every), function.returns):
            for node in names(annotation):
                if node.id == "Any" and node.lineno not in beside:
                    yield node.lineno


def names(annotation: ast.expr | None) -> Iterator[ast.Name]:
    """The names in an annotation, but for the parameters of NumPy's arrays and dtypes: their shape is never said."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) in ("np.ndarray", "np.dtype", "NDArray"):
        return
    if isinstance(annotation, ast.Name):
        yield annotation
    for part in ast.iter_child_nodes(annotation) if annotation is not None else ():
        if isinstance(part, ast.expr):
            yield from names(part)


def public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The public functions of a module, and methods of its public classes."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_ignore_has_its_reason(path: Path) -> None:
    assert not list(bare_ignores(path.read_text()))


def is_public(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return not any(part.startswith("_") and part != "__init__.py" for part in parts)


@pytest.mark.parametrize("path", [path for path in FILES if is_public(path)], ids=name_of)
def test_every_public_any_has_its_reason(path: Path) -> None:
    assert not sorted(set(bare_any(path.read_text())))


def test_what_is_found() -> None:
    bare = "from typing import Any\ndef f(x: Any) -> int: ...\n"
    assert list(bare_any(bare)) == [2]
    assert not list(bare_any(bare.replace("...", "...  # anything")))
    assert not list(bare_any('"""x is `Any`: it says why."""\n' + bare))
    assert not list(bare_any(bare.replace("def f", "def _f").replace("x: Any", "x: np.dtype[Any]")))
    assert list(bare_ignores("x = 1  # type: ignore[misc]\n")) == [1]
    assert not list(bare_ignores("x = 1  # type: ignore[misc]  # why\n"))
    assert not list(bare_ignores('"""Why `ignore[misc]`."""\nx = 1  # type: ignore[misc]\n'))
