"""What the project says of itself, in README, sessions and metadata, agrees and is true."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import fnnet.version

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_top_level_holds_the_designed_folders_and_no_other() -> None:
    # What .gitignore names at the top is left behind by builds and runs, not part of the project.
    left_behind = {"build", "dist", "runs", "digits-out", "__pycache__"}
    found = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    found = {name for name in found if not name.endswith(".egg-info")} - left_behind
    assert found == {"fnnet", "plugins", "tests", "docs", "typings"}
    for name in ("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "pyproject.toml", "noxfile.py"):
        assert (ROOT / name).is_file(), name


def test_every_set_up_command_of_the_readme_is_a_nox_session_and_ci_runs_the_tests_one() -> None:
    commands = re.search(r"```sh\n(.*?)```", README, re.DOTALL)
    assert commands is not None
    assert commands[1].splitlines() == [
        "python -m pip install nox && python -m nox -s quickstart",
        "python -m pip install nox && python -m nox -s tests",
    ]
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    for session in ("quickstart", "tests", "minimum", "lint", "types", "parity", "plugins", "bench", "build"):
        assert f"def {session}(session: nox.Session" in noxfile, session
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "python -m nox -s tests" in ci[ci.index("python -m pip install nox") :]


def test_only_parity_and_bench_install_pytorch() -> None:
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = re.split(r"^@nox\.session$", noxfile, flags=re.MULTILINE)[1:]
    bodies = {found[1]: body for body in sessions if (found := re.search(r"^def (\w+)\(", body, re.MULTILINE))}
    assert {name for name, body in bodies.items() if "torch" in body or '"parity")' in body} == {"parity", "bench"}
    groups = PYPROJECT["dependency-groups"]
    assert [name for name, group in groups.items() if any("torch" in str(line) for line in group)] == ["parity"]


def test_the_readme_s_python_block_trains_saves_and_reloads(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 1
    script = tmp_path / "readme.py"
    script.write_text(blocks[0], encoding="utf-8")
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r}); exec(open('readme.py').read())"
    run = subprocess.run([sys.executable, "-c", path], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    # What PyTorch 2.13 prints for the same script with `import torch` and `from torch import nn, optim`.
    assert run.stdout == "loss 0.061, accuracy 0.998\n"
    assert "It prints `loss 0.061, accuracy 0.998`" in README
    assert (tmp_path / "net.pth").is_file()


def test_files_that_the_documents_link_to_are_there() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            if not target.startswith(("https://", "mailto:")):
                assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} links to {target}"


def test_the_version_has_one_source() -> None:
    assert PYPROJECT["project"]["dynamic"] == ["version"]
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "fnnet.version.__version__"}
    assert fnnet.__version__ == fnnet.version.__version__


def test_every_dependency_has_its_reason() -> None:
    told = (ROOT / "docs" / "explanation" / "dependencies.md").read_text(encoding="utf-8")
    project = PYPROJECT["project"]
    for requirement in chain(project["dependencies"], *project["optional-dependencies"].values()):
        name, lowest = requirement.split(">=")
        assert name in told, name
        if requirement in project["dependencies"]:
            assert f"| {name} >= {lowest} |" in told, requirement


def test_the_floors_are_a_contract_that_no_room_escapes() -> None:
    contracts = {contract["id"]: contract for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}
    floors = contracts["floors"]
    assert floors["type"] == "layers"
    assert floors["containers"] == ["fnnet"]
    assert floors["exhaustive"] is True
    assert PYPROJECT["tool"]["importlinter"]["exclude_type_checking_imports"] is True
    order = [re.findall(r"\w+", layer) for layer in floors["layers"]]
    core = ["nn", "_tensor", "functional", "autograd", "backends", "plugins", "_core"]
    assert [layer[0] for layer in order if layer[0] in core] == core
    assert {"cupy", "onednn", "torch"} <= set(contracts["no-accelerator"]["forbidden_modules"])
