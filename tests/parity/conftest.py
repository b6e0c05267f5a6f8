"""The parity tests compare with PyTorch; most of their entries run in a sample that changes with each commit."""

from __future__ import annotations

import hashlib
import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sampled(share): without --full, one in `share` of these entries runs")


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
