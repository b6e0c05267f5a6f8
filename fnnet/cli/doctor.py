"""`fnnet doctor`: is everything in order, and what would help."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from fnnet.cli.output import indented, table
from fnnet.plugins import manager
from fnnet.plugins.doctor import Level, examine

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(commands: Subparsers) -> None:
    """Add the command to the command line."""
    found = commands.add_parser(
        "doctor",
        help="check versions, plugins and hardware",
        description="Check versions, plugins and hardware, and load everything that plugins provide. "
        "The exit status is 1 if there is a problem.",
    )
    found.add_argument("--json", action="store_true", help="print everything as JSON")
    found.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the findings; 1 if one of them is a problem."""
    findings = list(examine(manager()))
    if options.json:
        print(json.dumps([{**f._asdict(), "level": f.level.value} for f in findings], indent=2))
    else:
        table(["", "about", "found"], [[f.level.value, f.topic, f.text] for f in findings])
        for finding in findings:
            if finding.details:
                sys.stdout.write(f"\n{finding.text}\n{indented(finding.details)}")
    return int(any(finding.level is Level.PROBLEM for finding in findings))
