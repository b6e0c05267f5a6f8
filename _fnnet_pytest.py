"""pytest's door to the kit for plugin authors: `pytest --fnnet-plugin DISTRIBUTION`.

It stands beside the package, not in it: pytest imports it in every run of every project in an environment that has
fnnet, and importing a module of a package imports the package. (Hypothesis does the same, for the same reason.)
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag."""
    parser.getgroup("fnnet", "plugins of fnnet").addoption(
        "--fnnet-plugin",
        metavar="DISTRIBUTION",
        action="append",
        default=[],
        help="check an installed plugin of fnnet; may be given several times",
    )


def pytest_configure(config: pytest.Config) -> None:
    """With the flag, let the kit add its checks to the collected tests."""
    if config.getoption("fnnet_plugin"):
        from fnnet.testing import pytest_plugin

        config.pluginmanager.register(pytest_plugin, "fnnet-plugin-kit")
