"""Options, shared data and the rule about skips, for every test of fnnet.

A test may be skipped for three reasons alone: data beside the repository, an optional package or hardware is absent.
The reason starts with one of `ALLOWED_SKIPS`; any other skip fails. What was skipped is printed and counted at the end.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
# Scripts that made the stored data: run by hand, with PyTorch.
collect_ignore_glob = ["*/data/make*.py"]
ALLOWED_SKIPS = ("shared data absent:", "optional package absent:", "hardware absent:")

# Derandomised: a red run must be red again. The full set draws anew each time and looks further.
settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("full", max_examples=1000, deadline=None, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the full set of tests, not the one for every commit")


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--hypothesis-profile", None):
        settings.load_profile("full" if config.getoption("--full") else "quick")


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether the full set was asked for with `--full`."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Finds a file of the shared data by its relative name: `shared("data/mnist.npz")`; skips where it is absent.

    The folder is `FNNET_SHARED`, else `../shared` seen from the repository's root.
    """
    folder = (ROOT / os.environ.get("FNNET_SHARED", "../shared")).resolve()

    def find(name: str) -> Path:
        path = folder / name
        if not path.exists():
            pytest.skip(f"shared data absent: {name} (FNNET_SHARED is {folder})")
        return path

    return find


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a skipped test was skipped; a skip's longrepr is (path, line, "Skipped: reason")."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def refuse_other_skips(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turns a skip for any other reason than the allowed ones into a failure, in place."""
    if report.skipped and not hasattr(report, "wasxfail") and not skip_reason(report).startswith(ALLOWED_SKIPS):
        expected = ", ".join(repr(prefix) for prefix in ALLOWED_SKIPS)
        report.longrepr = (
            f"{report.nodeid}: skip reason not allowed: {skip_reason(report)!r} (it starts with {expected})"
        )
        report.outcome = "failed"


# First of the wrappers: it sees the report after pytest's own have given a skip mark its reason.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse_other_skips(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_other_skips(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(skip_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    terminalreporter.section(f"skips: {reasons.total()}")
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count:6}  {reason}")
