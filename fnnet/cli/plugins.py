"""`fnnet plugins`: which plugins there are, what each provides, and why one does not work."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from fnnet.cli.output import indented, table
from fnnet.plugins import Manager, PluginReport, Problem, manager

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(commands: Subparsers) -> None:
    """Add the command to the command line."""
    found = commands.add_parser(
        "plugins",
        help="list plugins, what they provide and what is wrong with them",
        description="List plugins, what they provide and what is wrong with them. FNNET_PLUGINS, "
        "FNNET_DISABLE_PLUGINS and FNNET_PREFER (comma-separated distributions) decide which are used.",
    )
    found.add_argument("--json", action="store_true", help="print everything as JSON")
    found.add_argument("--names", metavar="KIND", help="print the names of one kind only: optimizer, serializer ...")
    found.add_argument("--traceback", action="store_true", help="print where each error arose")
    found.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the report; 0 whatever it says, 2 for a KIND that does not exist."""
    plugins = manager()
    if options.names is not None:
        return _names(plugins, options.names)
    if options.json:
        print(json.dumps(_json(plugins), indent=2))
        return 0
    reports = plugins.report()
    headers = ["distribution", "version", "state", "provides"]
    table(headers, [[r.distribution, r.version, r.state.value, _provides(r)] for r in reports])
    problems = plugins.problems()
    if problems:
        print(f"\n{len(problems)} problem{'s' if len(problems) > 1 else ''}:")
    for problem in problems:
        print(problem)
        if options.traceback:
            sys.stdout.write(indented(problem.traceback))
    return 0


def _provides(report: PluginReport) -> str:
    kinds: dict[str, list[str]] = {}
    for kind, name in report.provides:
        kinds.setdefault(kind, []).append(name)
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items())


def _names(plugins: Manager, kind: str) -> int:
    registries = (plugins.backends, plugins.ops, plugins.optimizers, plugins.initializers, plugins.serializers,
                  plugins.process_groups)  # fmt: skip
    known = {registry.kind: registry.names() for registry in registries}
    if kind not in known:
        print(f"fnnet plugins: no kind {kind!r}, expected one of {', '.join(known)}", file=sys.stderr)
        return 2
    for name in known[kind]:
        print(name)
    return 0


def _json(plugins: Manager) -> dict[str, object]:
    return {
        "plugins": [
            {
                **{key: value for key, value in report._asdict().items() if key != "problems"},
                "state": report.state.value,
                "provides": [{"kind": kind, "name": name} for kind, name in report.provides],
            }
            for report in plugins.report()
        ],
        "problems": [_problem(problem) for problem in plugins.problems()],
    }


def _problem(problem: Problem) -> dict[str, str]:
    return {**problem._asdict(), "stage": problem.stage.value}
