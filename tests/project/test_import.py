"""What `import fnnet` imports: nothing optional, and few third parties."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The runtime dependencies by the names of their modules; attrs has two.
ALLOWED = {"fnnet", "numpy", "pluggy", "attr", "attrs", "ml_dtypes"}
# Of the standard library, what numpy has not imported already: small modules only. importlib.metadata, for one, costs
# 25 ms with what it draws in.
ALLOWED_STANDARD = {"__future__", "_heapq", "_string", "copy", "heapq", "string", "threading", "unicodedata"}
# attrs and pluggy draw it in; NumPy 2.0 does not, later ones do.
ALLOWED_STANDARD |= {"inspect", "_opcode", "dis", "linecache", "opcode", "token", "tokenize"}
OPTIONAL = {"rich", "matplotlib", "sklearn", "onnx", "scipy", "torch", "cupy", "onednn", "array_api_strict", "pytest"}


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Modules that `import fnnet` adds in a fresh process to those of `import numpy`, without installed plugins."""
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import numpy; before = set(sys.modules); import fnnet;"
        "print(sorted(set(sys.modules) - before))"
    )
    environment = {**os.environ, "FNNET_DISABLE_PLUGINS": "*"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(ast.literal_eval(run.stdout))


def test_no_optional_library_is_imported(imported: set[str]) -> None:
    assert {name.partition(".")[0] for name in imported}.isdisjoint(OPTIONAL)


def test_third_parties_are_the_runtime_dependencies(imported: set[str]) -> None:
    tops = {name.partition(".")[0] for name in imported}
    assert tops - set(sys.stdlib_module_names) <= ALLOWED


def test_of_the_standard_library_it_adds_little_to_numpy(imported: set[str]) -> None:
    standard = {name for name in imported if name.partition(".")[0] in sys.stdlib_module_names}
    assert standard <= ALLOWED_STANDARD


def test_the_upper_floors_comforts_wait_until_they_are_used(imported: set[str]) -> None:
    waiting = ("fnnet.testing", "fnnet.cli", "fnnet.models", "fnnet.onnx", "fnnet.training")
    assert [name for name in imported if name.startswith(waiting)] == []
