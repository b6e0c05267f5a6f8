"""Fake distributions: a folder with metadata and a package, as an installer leaves them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fnnet.plugins import Manager
from fnnet.plugins.core import register_core

ROOT = Path(__file__).resolve().parents[2]

HEADER = """
from fnnet.plugins import *
from fnnet.plugins import hookimpl, lazy
"""
INFO = """
@hookimpl
def fnnet_plugin_info():
    return PluginInfo(name={name!r}, version="1.0", api={api})
"""


class Site:
    """A folder of installed distributions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: set[str] = set()

    def add(
        self,
        distribution: str,
        source: str = "",
        *,
        version: str = "1.0",
        api: int = 1,
        info: bool = True,
        name: str | None = None,
        files: Mapping[str, str] | None = None,
        target: str | None = None,
        header: bool = True,
    ) -> str:
        """Install a distribution whose module `<package>.plugin` holds `source`; returns the package's name."""
        package = distribution.replace("-", "_")
        self.packages.add(package)
        folder = self.folder / package
        folder.mkdir()
        plugin = (HEADER if header else "") + (INFO.format(name=name or distribution, api=api) if info else "")
        written = {"__init__.py": "", "plugin.py": plugin + textwrap.dedent(source)} | dict(files or {})
        for file, text in written.items():
            (folder / file).write_text(textwrap.dedent(text))
        self.metadata(distribution, version, f"[fnnet]\n{distribution} = {target or package + '.plugin'}\n")
        return package

    def metadata(self, distribution: str, version: str, entry_points: str, kind: str = "dist-info") -> Path:
        """Write the metadata of a distribution, without a package."""
        folder = self.folder / f"{distribution.replace('-', '_')}-{version}.{kind}"
        folder.mkdir()
        file = "METADATA" if kind == "dist-info" else "PKG-INFO"
        (folder / file).write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (folder / "entry_points.txt").write_text(entry_points)
        return folder

    def manager(self, *, core: bool = False) -> Manager:
        """A Manager that has found these distributions and no others."""
        found = Manager()
        if core:
            register_core(found)
        found.discover([str(self.folder)])
        return found

    def run(self, code: str, **variables: str) -> str:
        """What a new process with these distributions prints; its failure is the test's."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FNNET_")}
        environment["PYTHONPATH"] = os.pathsep.join([str(self.folder), str(ROOT)])
        command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
        done = subprocess.run(
            command, env=environment | variables, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty Site on `sys.path`; what was imported from it is forgotten afterwards."""
    for variable in ("FNNET_PLUGINS", "FNNET_DISABLE_PLUGINS", "FNNET_PREFER"):
        monkeypatch.delenv(variable, raising=False)
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    found = Site(folder)
    yield found
    for name in [m for m in sys.modules if m.partition(".")[0] in found.packages]:
        del sys.modules[name]
