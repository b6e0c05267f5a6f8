"""The documentation's pages: every code block runs, every public namespace and hook has its place."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from fnnet.plugins import hookspecs
from tests.test_docstrings import PUBLIC

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if page.name != "CHANGELOG.md")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
WITH_CODE = [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_the_code_of_a_page_runs_from_top_to_bottom(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    names: dict[str, object] = {"__name__": "__main__"}
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block[1], str(page), "exec"), names)


def test_pages_show_code() -> None:
    assert len(WITH_CODE) >= 6


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_what_a_page_quotes_and_links_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    quoted = re.findall(r"^```\{literalinclude\} (\S+)", text, re.MULTILINE)
    linked = [link for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) if "://" not in link]
    for path in (*quoted, *linked):
        assert (page.parent / path).exists(), path


@pytest.mark.parametrize("namespace", sorted({*PUBLIC, "fnnet.testing"} - {"fnnet.autograd.graph", "fnnet.cuda"}))
def test_every_public_namespace_has_a_page_of_the_reference(namespace: str) -> None:
    pages = [page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md")]
    assert sum(f"public-names:: {namespace}\n" in page for page in pages) == 1


def test_every_hook_is_documented() -> None:
    hooks = [thing for name, thing in vars(hookspecs).items() if name.startswith("fnnet_")]
    assert len(hooks) >= 10
    for hook in hooks:
        assert (inspect.getdoc(hook) or "").partition("\n")[0].endswith("."), hook
