"""Discovery finds what importlib.metadata finds, without importing it."""

from __future__ import annotations

import importlib.metadata
import sys
import zipfile
from pathlib import Path

import pytest

from fnnet.plugins.discovery import entry_points, normalized


def ours(group: str, path: list[str] | None = None) -> list[tuple[str, str, str, str, str]]:
    return sorted(tuple(point) for point in entry_points(group, path))


def standard(group: str, path: list[str] | None = None) -> list[tuple[str, str, str, str, str]]:
    """The standard library's answer; like entry_points() it takes the first copy of a distribution."""
    found, seen = [], set()
    distributions = importlib.metadata.distributions() if path is None else importlib.metadata.distributions(path=path)
    for distribution in distributions:
        name = normalized(distribution.name)
        if name not in seen:
            seen.add(name)
            points = distribution.entry_points.select(group=group)
            found += [(name, distribution.version, p.name, p.module, p.attr or "") for p in points]
    return sorted(found)


@pytest.mark.parametrize("group", ["console_scripts", "pytest11", "fnnet"])
def test_this_environment(group):
    assert ours(group) == standard(group)


def test_all_forms_of_a_file(site):
    text = """\
    # a comment
    [console_scripts]
    x = a:b

    [fnnet]
    plain = pkg.plugin
    attribute=pkg.plugin:PLUGIN.inner
      extras = pkg.plugin : PLUGIN [fast,big]
    with.dots-and blanks = pkg
    # one = commented.out

    [fnnet.other]
    y = c:d
    """
    site.metadata("some-plugin", "2.0+local.1", "\n".join(line.strip() for line in text.splitlines()))
    path = [str(site.folder)]
    assert ours("fnnet", path) == standard("fnnet", path)
    assert [point[2:] for point in ours("fnnet", path)] == [
        ("attribute", "pkg.plugin", "PLUGIN.inner"),
        ("extras", "pkg.plugin", "PLUGIN"),
        ("plain", "pkg.plugin", ""),
        ("with.dots-and blanks", "pkg", ""),
    ]


def test_egg_info_with_and_without_version(site):
    site.metadata("legacy", "3.1-py3.11", "[fnnet]\na = b\n", kind="egg-info")
    folder = site.folder / "editable.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: editable\nVersion: 0.4\n")
    (folder / "entry_points.txt").write_text("[fnnet]\nc = d\n")
    assert ours("fnnet", [str(site.folder)]) == [("editable", "0.4", "c", "d", ""), ("legacy", "3.1", "a", "b", "")]


def test_first_copy_on_the_path_counts(site, tmp_path):
    site.metadata("Twice.Installed", "1.0", "[fnnet]\na = first\n")
    other = tmp_path / "other"
    folder = other / "twice_installed-2.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: twice-installed\nVersion: 2.0\n")
    (folder / "entry_points.txt").write_text("[fnnet]\na = second\n")
    path = [str(site.folder), str(other)]
    assert ours("fnnet", path) == standard("fnnet", path) == [("twice-installed", "1.0", "a", "first", "")]
    assert ours("fnnet", path[::-1]) == [("twice-installed", "2.0", "a", "second", "")]


def test_zip_archive(tmp_path):
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: zipped\nVersion: 1.0\n")
        file.writestr("zipped-1.0.dist-info/entry_points.txt", "[fnnet]\na = b:c\n")
    assert ours("fnnet", [str(archive)]) == [("zipped", "1.0", "a", "b", "c")]


def test_finder_of_others(monkeypatch, tmp_path, site):
    """A finder that knows distributions of its own (an embedded Python, a test) is asked; one that fails is not."""
    folder = site.metadata("elsewhere", "1.0", "[fnnet]\na = b\n")

    class Finder:
        def find_spec(self, *args: object) -> None:
            return None

        def find_distributions(self, context: object) -> list[importlib.metadata.Distribution]:
            return [importlib.metadata.PathDistribution(folder)]

    class Broken(Finder):
        def find_distributions(self, context: object) -> list[importlib.metadata.Distribution]:
            raise OSError("no")

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Broken(), Finder()])
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(site.folder)])
    assert ("elsewhere", "1.0", "a", "b", "") in ours("fnnet")


def test_odd_entries_of_sys_path_are_passed_over(site, monkeypatch):
    site.metadata("some-plugin", "1.0", "[fnnet]\na = b\n")
    monkeypatch.setattr(sys, "path", [Path("/nowhere"), None, b"bytes", *sys.path])
    assert ("some-plugin", "1.0", "a", "b", "") in ours("fnnet")


def test_archive_with_broken_metadata_is_passed_over(tmp_path):
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("nameless-1.0.dist-info/entry_points.txt", "[fnnet]\na = b:c\n")
        file.writestr("sound-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: sound\nVersion: 1.0\n")
        file.writestr("sound-1.0.dist-info/entry_points.txt", "[fnnet]\na = b:c\n")
    assert ours("fnnet", [str(archive)]) == [("sound", "1.0", "a", "b", "c")]
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(b"PK\x03\x04 no archive")
    assert ours("fnnet", [str(damaged)]) == []


def test_odd_folders_are_passed_over(tmp_path):
    (tmp_path / "no_version.dist-info").mkdir()
    (tmp_path / "file-1.0.dist-info").write_text("not a folder")
    binary = tmp_path / "binary-1.0.dist-info"
    binary.mkdir()
    (binary / "entry_points.txt").write_bytes(b"\xff\xfe[fnnet]")
    assert ours("fnnet", [str(tmp_path), str(tmp_path / "absent"), str(Path(__file__))]) == []


def test_plugins_floor_is_light(site):
    """Floor 1 needs the standard library, pluggy, attrs and floor 0; neither importlib.metadata nor NumPy."""
    site.add("some-plugin")
    loaded = site.run(
        """
        import sys, types
        package = types.ModuleType("fnnet")
        package.__path__ = [p + "/fnnet" for p in sys.path]
        sys.modules["fnnet"] = package
        before = set(sys.modules)
        import fnnet.plugins
        assert len(fnnet.plugins.manager().report()) >= 2
        for name in sorted(set(sys.modules) - before):
            print(name)
        """,
    ).split()
    allowed = {"pluggy", "attr", "attrs", "some_plugin", *sys.stdlib_module_names}
    assert {name for name in loaded if name.partition(".")[0] not in allowed | {"fnnet", "org"}} == set()
    floors = ("fnnet._core", "fnnet.plugins", "fnnet.version")
    assert {name for name in loaded if name.startswith("fnnet") and not name.startswith(floors)} == set()
    assert "importlib.metadata" not in loaded
