"""Which installed distributions have entry points in fnnet's group.

`importlib.metadata` answers the same question; importing it costs as much as all the rest of this floor (15 ms, it
brings the standard library's email parser), so the ordinary case, folders on `sys.path`, is read directly. What is not
ordinary (zip archives, eggs, finders of others) goes through it. The tests compare both.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import PathFinder
from typing import NamedTuple


class EntryPoint(NamedTuple):
    """One entry point of one distribution.

    Attributes:
        distribution: Normalised name: lower case, dashes.
        version: As its metadata say, or "unknown".
        name: The entry point's.
        module: What it points to.
        attribute: Where in the module; empty: the module itself.
    """

    distribution: str
    version: str
    name: str
    module: str
    attribute: str = ""


def normalized(name: str) -> str:
    """A distribution's name as all tools compare it (PEP 503).

    Example:
        >>> normalized("Fnnet_Example")
        'fnnet-example'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def entry_points(group: str, path: Iterable[str] | None = None) -> list[EntryPoint]:
    """All entry points of a group. Of two copies of a distribution the first on the path counts, as for imports.

    Args:
        group: The group's name.
        path: Folders and archives to look in. Default: `sys.path`, and finders that know distributions of their own.
    """
    seen: set[str] = set()
    found: list[EntryPoint] = []
    for folder in dict.fromkeys(sys.path if path is None else path):
        if isinstance(folder, str):  # what else some put into sys.path the import system passes over, too
            found.extend(_in_folder(folder or os.curdir, group, seen))
    if path is None and (others := [f for f in sys.meta_path if _knows_distributions(f)]):
        found.extend(_by_finders(others, group, seen))
    return found


def _in_folder(folder: str, group: str, seen: set[str]) -> Iterator[EntryPoint]:
    if folder.endswith(".egg"):
        yield from _by_metadata([folder], group, seen)
        return
    try:
        # Sorted: of two copies in one folder (a broken upgrade) always the same one counts, the dist-info before.
        names = sorted(n for n in os.listdir(folder) if n.endswith("-info"))
    except NotADirectoryError:
        yield from _by_metadata([folder], group, seen)
        return
    except OSError:  # not there, or not ours to read: nothing can be imported from it either
        return
    for name in names:
        # name-version.dist-info, name.egg-info, name-version-py3.11.egg-info
        stem, _, kind = name.rpartition(".")
        if kind not in ("dist-info", "egg-info"):
            continue
        own_name, _, rest = stem.partition("-")
        distribution = normalized(own_name)
        if not distribution or distribution in seen:
            continue
        seen.add(distribution)
        where = os.path.join(folder, name)
        try:
            with open(os.path.join(where, "entry_points.txt"), encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError):
            continue
        if f"[{group}]" in text:
            version = rest.partition("-")[0] or _version(where) or "unknown"
            for point, value in _section(text, group):
                yield EntryPoint(distribution, version, point, *_target(value))


def _section(text: str, group: str) -> Iterator[tuple[str, str]]:
    """Name and value of the entry points of one section of an `entry_points.txt`."""
    inside = False
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            inside = line == f"[{group}]"
        elif inside and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            yield name.strip(), value


def _target(value: str) -> tuple[str, str]:
    """Module and attribute of `module:attribute [extras]` (packaging.python.org, "Entry points specification")."""
    module, _, attribute = value.partition("[")[0].partition(":")
    return module.strip(), attribute.strip()


def _version(where: str) -> str | None:
    """The version from the metadata of an egg-info folder without one in its name."""
    try:
        with open(os.path.join(where, "PKG-INFO"), encoding="utf-8") as file:
            return next((line.partition(":")[2].strip() for line in file if line.startswith("Version:")), None)
    except (OSError, UnicodeDecodeError):
        return None


def _knows_distributions(finder: object) -> bool:
    return finder is not PathFinder and hasattr(finder, "find_distributions")


def _by_metadata(path: Sequence[str], group: str, seen: set[str]) -> Iterator[EntryPoint]:
    """As importlib.metadata finds them: for zip archives and eggs."""
    if not os.path.exists(path[0]):
        return
    yield from _by_finders([PathFinder], group, seen, path)


def _by_finders(
    finders: Iterable[object], group: str, seen: set[str], path: Sequence[str] | None = None
) -> Iterator[EntryPoint]:
    from importlib.metadata import DistributionFinder

    context = DistributionFinder.Context() if path is None else DistributionFinder.Context(path=list(path))
    for finder in finders:
        try:
            distributions = list(finder.find_distributions(context))  # type: ignore[attr-defined]  # asked for before
        except Exception:  # somebody else's finder must not break `import fnnet`
            continue
        for distribution in distributions:
            try:
                name = normalized(distribution.metadata["Name"])
                version = distribution.version or "unknown"
                points = [point for point in distribution.entry_points if point.group == group]
            except Exception:  # broken metadata
                continue
            if name not in seen:
                seen.add(name)
                yield from (EntryPoint(name, version, point.name, *_target(point.value)) for point in points)
