"""The kit for plugin authors as pytest items: one per check, after the tests that pytest found itself.

Registered by `_fnnet_pytest` when `--fnnet-plugin` is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fnnet.plugins import State, manager
from fnnet.testing.plugin_kit import Check, CheckError, UnavailableError, checks


class KitItem(pytest.Item):
    """One check of one plugin."""

    def __init__(self, *, check: Check, **arguments: object) -> None:
        super().__init__(**arguments)  # type: ignore[arg-type]  # pytest's own, passed on by from_parent
        self.check = check

    def runtest(self) -> None:
        """Run the check."""
        try:
            self.check.run()
        except UnavailableError as reason:
            pytest.skip(str(reason))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """What a failed check says; where something unforeseen was raised, the whole traceback."""
        if isinstance(excinfo.value, CheckError):
            return str(excinfo.value)
        return str(excinfo.getrepr(style="long"))

    def reportinfo(self) -> tuple[Path, None, str]:
        """How the item is called in reports."""
        return self.path, None, self.name


def kit_items(session: pytest.Session, distribution: str) -> Iterator[KitItem]:
    """The checks of one distribution as items."""
    for check in checks(distribution):
        name = f"{distribution}: {check.name}"
        yield KitItem.from_parent(session, name=name, nodeid=f"fnnet-plugin::{name}", check=check)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a distribution that is not there, before anything runs."""
    known = {report.distribution: report.state for report in manager().report()}
    for distribution in config.getoption("fnnet_plugin"):
        if known.get(distribution) is None:
            raise pytest.UsageError(
                f"--fnnet-plugin: no distribution {distribution!r} with an entry point in the group 'fnnet' is "
                f"installed; there are {', '.join(sorted(known))}"
            )
        if known[distribution] is State.DISABLED:
            raise pytest.UsageError(f"--fnnet-plugin: {distribution!r} is disabled by the environment (FNNET_...)")


@pytest.hookimpl(tryfirst=True)  # before -k and --deselect look at what there is
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the checks."""
    for distribution in dict.fromkeys(config.getoption("fnnet_plugin")):
        items.extend(kit_items(session, distribution))
