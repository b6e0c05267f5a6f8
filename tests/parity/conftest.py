"""The parity tests compare with PyTorch; most of their entries run in a sample that changes with each commit.

At the end they print a table. What a test is about it notes itself, `record_property("parity", "nn.Linear")`, once per
entry ("nn.functional.relu" for a function, "op_db.add" for an operator).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.parity import entries
from tests.parity.table import Table


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--parity-json", metavar="PATH", type=Path, help="write the table of parity to a file, too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sampled(share): without --full, one in `share` of these entries runs")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Watch(config), "parity-table")


def drawn(nodeid: str, share: int) -> bool:
    """Whether an entry is in this commit's sample, a choice that depends on its name and the seed alone."""
    seed = os.environ.get("FNNET_PARITY_SEED", "")
    digest = hashlib.sha256(f"{seed} {nodeid}".encode()).digest()
    return int.from_bytes(digest[:8]) % share == 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = os.path.dirname(__file__)
    kept, dropped = [], []
    for item in items:
        if item.path.is_relative_to(here):
            # What PyTorch warns of is no fault of ours.
            item.add_marker(pytest.mark.filterwarnings("ignore"))
        mark = item.get_closest_marker("sampled")
        full = mark is None or config.getoption("--full") or drawn(item.nodeid, mark.kwargs["share"])
        (kept if full else dropped).append(item)
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept


class Watch:
    """Fills the table from the reports, which reach the main process from all workers, and prints it."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.table = config, Table()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            for name, value in report.user_properties:
                if name == "parity":
                    self.table.note(str(value), report.outcome)

    def whole(self) -> bool:
        """Whether all the tests were asked for."""
        option = self.config.option
        folder = Path(__file__).parent
        everything = all(Path(arg).resolve() == folder for arg in self.config.args)
        return bool(option.full and everything and not option.keyword and not option.collectonly)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        path = self.config.getoption("--parity-json")
        if entries.present() and path:
            self.table.write(path, {"full": self.whole(), "seed": os.environ.get("FNNET_PARITY_SEED", "")})
        if entries.present() and self.table.complaints(whole=self.whole()) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        yield

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not entries.present():
            return
        terminalreporter.section("parity with PyTorch")
        for line in self.table.lines():
            terminalreporter.write_line(line)
        for line in self.table.complaints(whole=self.whole()):
            terminalreporter.write_line(line, red=True)
