"""What `import fnnet` imports: nothing optional, and few third parties."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The runtime dependencies by the names of their modules; attrs has two.
ALLOWED = {"fnnet", "numpy", "pluggy", "attr", "attrs", "ml_dtypes", "safetensors"}
OPTIONAL = {"rich", "matplotlib", "sklearn", "onnx", "scipy", "torch", "cupy", "onednn", "array_api_strict", "pytest"}


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Modules that a fresh process has after `import fnnet` and had not before, without installed plugins."""
    program = (
        f"import sys, json; sys.path.insert(0, {str(ROOT)!r}); before = set(sys.modules); import fnnet;"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    environment = {**os.environ, "FNNET_DISABLE_PLUGINS": "*"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


def test_no_optional_library_is_imported(imported: set[str]) -> None:
    assert {name.partition(".")[0] for name in imported}.isdisjoint(OPTIONAL)


def test_third_parties_are_the_runtime_dependencies(imported: set[str]) -> None:
    tops = {name.partition(".")[0] for name in imported}
    assert tops - set(sys.stdlib_module_names) <= ALLOWED


def test_the_upper_floors_comforts_wait_until_they_are_used(imported: set[str]) -> None:
    waiting = ("fnnet.testing", "fnnet.cli", "fnnet.models", "fnnet.onnx", "fnnet.training")
    assert [name for name in imported if name.startswith(waiting)] == []
