"""The threads of NumPy's BLAS."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet.backends import threads

OPENBLAS = threads._function("set_num_threads") is not None
needs_openblas = pytest.mark.skipif(not OPENBLAS, reason="NumPy's BLAS is not OpenBLAS")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = fnnet.get_num_threads()
    yield
    if OPENBLAS:
        fnnet.set_num_threads(before)


@needs_openblas
def test_set_is_got() -> None:
    for n in (1, 2, 1):
        fnnet.set_num_threads(n)
        assert fnnet.get_num_threads() == n


@needs_openblas
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads as Linux lists them")
def test_products_run_on_them() -> None:
    """In a process of its own, as a BLAS keeps its threads."""
    code = (
        "import os, fnnet\n"
        "fnnet.set_num_threads({n})\n"
        "x = fnnet.ones(400, 400)\n"
        "x @ x\n"
        "print(len(os.listdir('/proc/self/task')))\n"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    counts = [
        int(
            subprocess.run(
                [sys.executable, "-c", code.format(n=n)],
                env=environment,
                cwd=Path(__file__).parents[2],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for n in (1, 3)
    ]
    assert counts[1] == counts[0] + 2


@pytest.mark.parametrize(
    ("given", "text"),
    [(0, "a positive integer, got 0"), (-2, "got -2"), (2**40, "got"), (1.5, "but got float"), (True, "but got bool")],
)
def test_other_values_are_refused(given: Any, text: str) -> None:
    before = fnnet.get_num_threads()
    with pytest.raises(RuntimeError, match=text) as caught:
        fnnet.set_num_threads(given)
    assert isinstance(caught.value, fnnet.FnnetError)
    assert fnnet.get_num_threads() == before


def test_any_whole_number_does() -> None:
    if OPENBLAS:
        fnnet.set_num_threads(np.int64(1))  # type: ignore[arg-type]  # an index
        assert fnnet.get_num_threads() == 1


def test_another_blas_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_function", lambda name: None)
    assert fnnet.get_num_threads() == 1
    with pytest.warns(UserWarning, match="not OpenBLAS"):
        fnnet.set_num_threads(2)
