"""The table of parity: per row of fixed length what fnnet has, what passed, what it lacks."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.parity import entries, required

REQUIRED = {
    entries.MODULES: frozenset(required.MODULES),
    entries.FUNCTIONS: frozenset(required.FUNCTIONS),
    entries.OPERATORS: frozenset(name for group in required.OPERATORS.values() for name in group),
    entries.OLDER: frozenset(),
}
COMPLETE = (entries.MODULES, entries.FUNCTIONS, entries.OLDER)
"""The rows of which every entry is to pass, but for those with a reason in `entries.WHY`."""


class Table:
    """Gathers the outcomes that tests note as `parity`; a part of an entry that fails fails the entry."""

    def __init__(self) -> None:
        self.outcomes: dict[str, dict[str, set[str]]] = {row: defaultdict(set) for row in entries.DENOMINATORS}

    def note(self, key: str, outcome: str) -> None:
        """Notes the outcome ("passed", "failed", "skipped") of one test of an entry."""
        row = next(row for row, prefix in entries.PREFIXES.items() if key.startswith(prefix))
        self.outcomes[row][key.removeprefix(entries.PREFIXES[row])].add(outcome)

    def row(self, row: str) -> dict[str, list[str]]:
        """The names of a row by what is known of them."""
        every, has, seen = entries.names(row), entries.covered(row), self.outcomes[row]
        found = {
            "covered": [name for name in every if name in has],
            "passed": [name for name in every if name in has and seen.get(name) == {"passed"}],
            "failed": [name for name in every if "failed" in seen.get(name, ())],
            "uncovered": [name for name in every if name not in has],
        }
        found["not run"] = [name for name in found["covered"] if name not in {*found["passed"], *found["failed"]}]
        found["required, but failed or uncovered"] = sorted(REQUIRED[row] & {*found["failed"], *found["uncovered"]})
        found["required, but not passed"] = sorted(REQUIRED[row] - {*found["passed"]})
        return found

    def rows(self) -> dict[str, dict[str, list[str]]]:
        return {row: self.row(row) for row in entries.DENOMINATORS}

    def lines(self) -> list[str]:
        """The table for people."""
        columns = ("covered", "passed", "failed", "not run", "uncovered")
        lines = [f"{'':26}{'in scope':>10}" + "".join(f"{column:>11}" for column in columns)]
        for row, found in self.rows().items():
            counts = "".join(f"{len(found[column]):>11}" for column in columns)
            lines.append(f"{row:26}{len(entries.names(row)):>10}{counts}")
        for row, found in self.rows().items():
            if found["failed"]:
                lines.append(f"{row}, failed: {', '.join(found['failed'])}")
            reasons = [f"{name} ({entries.WHY[name]})" for name in found["uncovered"] if name in entries.WHY]
            if reasons:
                lines.append(f"{row}, uncovered: {', '.join(reasons)}")
        return lines

    def complaints(self, *, whole: bool) -> list[str]:
        """Why the session fails whatever its tests say; after a `whole` one every required entry has passed."""
        wrong = [
            f"{row}: {len(entries.names(row))} names, not {length}"
            for row, length in entries.DENOMINATORS.items()
            if len(entries.names(row)) != length
        ]
        for row in COMPLETE if whole else ():
            silent = [name for name in self.row(row)["uncovered"] if name not in entries.WHY]
            silent += self.row(row)["not run"]
            wrong += [f"{row}: neither passed nor excused: {', '.join(silent)}"] if silent else []
        for row, wanted in REQUIRED.items():
            unknown = wanted - set(entries.names(row))
            wrong += [f"{row}: required, but in no list: {', '.join(sorted(unknown))}"] if unknown else []
        for row, found in self.rows().items():
            lacking = found["required, but not passed" if whole else "required, but failed or uncovered"]
            wrong += [f"{row}: required, but not passed: {', '.join(lacking)}"] if lacking else []
        return wrong

    def write(self, path: Path, facts: dict[str, Any]) -> None:
        """The table for machines."""
        rows = {
            row: {"in scope": len(entries.names(row)), **{kind: len(v) for kind, v in found.items()}, "names": found}
            for row, found in self.rows().items()
        }
        path.write_text(json.dumps({**facts, "rows": rows}, indent=1) + "\n")
