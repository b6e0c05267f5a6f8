"""The command line: `fnnet plugins`, `fnnet doctor`. `python -m fnnet.cli` is the same."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from fnnet.cli import doctor, plugins
from fnnet.version import __version__

COMMANDS = (plugins, doctor)
"""Each module adds its parser to the sub-commands; `run` of the parser's defaults does the work."""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    found = argparse.ArgumentParser(prog="fnnet", description="Look after an installation of fnnet.")
    found.add_argument("--version", action="version", version=f"fnnet {__version__}")
    commands = found.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(commands)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments without the program's name. Default: those of the process.

    Returns:
        The exit status: 0, or 1 where the doctor found a problem.

    Example:
        >>> main([])  # doctest: +ELLIPSIS
        usage: fnnet ...
        0
    """
    options = parser().parse_args(argv)
    if not hasattr(options, "run"):
        parser().print_help()
        return 0
    status: int = options.run(options)
    return status


__all__ = ["main", "parser"]
