"""Tables and lines for a terminal: with rich where it is installed and somebody watches, else plain text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

STYLES = {"active": "green", "ok": "green", "note": "yellow", "disabled": "yellow", "failed": "red", "problem": "red"}
"""Colours of the words that say how something stands."""


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headers; the last column is as wide as it likes."""
    if sys.stdout.isatty() and find_spec("rich") is not None:
        _rich(headers, rows)
    else:
        sys.stdout.write(plain(headers, rows))


def plain(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in plain text.

    Example:
        >>> print(plain(["name", "state"], [["lion", "ok"]]), end="")
        name  state
        lion  ok
    """
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (headers, *rows))
    return "".join(line.rstrip() + "\n" for line in lines)


def _rich(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*headers, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    Console().print(drawn)


def indented(text: str) -> str:
    """Lines under another line."""
    return "".join(f"    {line}\n" for line in text.splitlines())
