"""What there is to run on fnnet: each session is usable alone, `python -m nox -s NAME`.

Sessions use the interpreter that runs nox, plain virtual environments and pip as it is configured. An environment is
kept in .nox/ and used again; `python -m nox -R -s NAME` skips installing too. Only `parity` and `bench` install
PyTorch.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).resolve().parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PLUGINS = sorted(folder.parent.name for folder in ROOT.glob("plugins/*/pyproject.toml"))
# PyTorch's own package index for builds without CUDA, several GB smaller than those of PyPI.
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# pytest-xdist runs one worker a core: more threads below it only get in each other's way.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["tests", "lint", "types"]


def group(name: str) -> tuple[str, ...]:
    """The requirements of a dependency group of pyproject.toml."""
    return tuple(nox.project.dependency_groups(PYPROJECT, name))


def pytest(session: nox.Session, *arguments: str, paths: tuple[str, ...], env: dict[str, str] | None = None) -> None:
    """Runs pytest on every core; paths among the arguments after `--` replace the given ones."""
    named = [arg for arg in session.posargs if (ROOT / arg.split("::")[0]).exists()]
    command = ("python", "-m", "pytest", "-n", "auto", *arguments, *([] if named else paths), *session.posargs)
    session.run(*command, env={**ONE_THREAD, **(env or {})})


def install_torch(session: nox.Session) -> None:
    """Installs the oracle, PyTorch's build without CUDA: as pip is configured, else from PyTorch's own index."""
    requirement = next(line for line in group("parity") if line.startswith("torch=="))
    if sys.platform == "darwin":  # where every build is without CUDA, and none is marked +cpu
        session.install(requirement)
        return
    try:
        session.install(f"{requirement}+cpu")
    except CommandFailed:
        session.install(f"{requirement}+cpu", "--extra-index-url", TORCH_CPU_INDEX)


def build_wheels(session: nox.Session, out: Path, *folders: Path) -> list[str]:
    """Builds sdist and wheel of each folder into `out`, emptied first; the wheels' paths.

    The wheel is built from the sdist, so that nothing left in a source folder gets into it.
    """
    session.install("build")
    shutil.rmtree(out, ignore_errors=True)
    for folder in folders:
        session.run("python", "-m", "build", "--outdir", str(out), str(folder), silent=True)
    return [str(wheel) for wheel in sorted(out.glob("*.whl"))]


def install_wheels(session: nox.Session, wheels: list[str]) -> None:
    """Installs wheels and what they depend on, also over the same version of an earlier run."""
    session.install("--force-reinstall", "--no-deps", *wheels)
    session.install(*wheels)


@nox.session
def quickstart(session: nox.Session) -> None:
    """Set everything up and train a network on real digits."""
    session.install("-e", ".[train]", "scikit-learn")
    out = ROOT / "runs" / "digits"
    start = time.perf_counter()
    session.run("python", "docs/examples/digits.py", "--out", str(out), *session.posargs)
    seconds = time.perf_counter() - start
    session.log(f"Trained in {seconds:.0f} s.")
    for picture in sorted(out.glob("*.png")):
        session.log(f"Loss and accuracy: {picture}")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests and the examples in docstrings; `-- --full` for the full set."""
    session.install("-e", ".[train]", "scikit-learn", *group("tests"))
    pytest(session, "--doctest-modules", paths=("tests", "fnnet"))


@nox.session
def minimum(session: nox.Session) -> None:
    """Run the tests on the lowest version of every runtime dependency."""
    lowest = [requirement.replace(">=", "==") for requirement in PYPROJECT["project"]["dependencies"]]
    session.install("-e", ".[train]", "scikit-learn", *lowest, *group("tests"))
    pytest(session, "--doctest-modules", paths=("tests", "fnnet"))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, floors and spelling; `-- --fix` repairs what a machine can."""
    session.install(*group("lint"))
    fix = "--fix" in session.posargs
    session.run("ruff", "check", *(["--fix"] if fix else []), ".")
    session.run("ruff", "format", *([] if fix else ["--diff"]), ".")
    session.run("lint-imports", "--no-cache")
    session.run("codespell", *(["--write-changes"] if fix else []))


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of fnnet, its plugins and the typing tests with mypy --strict."""
    session.install("-e", ".[train]", *group("types"))
    sources = [f"plugins/{name}/src" for name in PLUGINS]
    session.run("mypy", *PYPROJECT["tool"]["mypy"]["files"], *sources)


@nox.session
def parity(session: nox.Session) -> None:
    """Compare with PyTorch: a sample of the entries, drawn anew for each commit; `-- --full` for all."""
    install_torch(session)
    session.install("-e", ".", *group("parity"))
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    seed = os.environ.get("FNNET_PARITY_SEED") or commit.stdout.strip() or "no commit"
    session.log(f"FNNET_PARITY_SEED={seed}")
    pytest(session, paths=("tests/parity",), env={"FNNET_PARITY_SEED": seed})


@nox.session
@nox.parametrize("plugin", PLUGINS, ids=PLUGINS)
def plugins(session: nox.Session, plugin: str) -> None:
    """Build a plugin, install it as a wheel beside fnnet's, run its tests and the authors' kit."""
    folder = ROOT / "plugins" / plugin
    tmp = Path(session.create_tmp()).resolve()
    install_wheels(session, build_wheels(session, tmp / "wheels", ROOT, folder))
    session.install(*group("tests"))
    distribution = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["name"]
    # Elsewhere than in the repository, so that the installed wheels are tested and not the source tree.
    session.chdir(tmp)
    common = ("python", "-m", "pytest", "-c", str(folder / "pyproject.toml"), "--import-mode=importlib")
    session.run(*common, str(folder / "tests"), *session.posargs, env=ONE_THREAD)
    session.run(*common, "--fnnet-plugin", distribution, env=ONE_THREAD)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation as HTML; a warning is an error."""
    session.install("-e", ".", *group("docs"))
    out = ROOT / "build" / "docs"
    session.run("sphinx-build", "--fresh-env", "--fail-on-warning", "--builder", "html", "docs", str(out))
    session.log(f"Open {out / 'index.html'}")


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks, all or those named after `--`; each prints its figures and says what it measured."""
    install_torch(session)
    install_wheels(session, build_wheels(session, Path(session.create_tmp()).resolve() / "wheels", ROOT))
    session.install(*group("parity"))
    named = [Path(arg) for arg in session.posargs] or sorted((ROOT / "tests" / "benchmarks").glob("bench_*.py"))
    for script in named:
        session.run("python", str(script), env=ONE_THREAD)


@nox.session
def build(session: nox.Session) -> None:
    """Build wheels and sdists of the core and every plugin, install them into a clean environment, import them."""
    wheels = build_wheels(session, ROOT / "dist", ROOT, *(ROOT / "plugins" / name for name in PLUGINS))
    for wheel in map(Path, wheels):
        session.log(f"{wheel.name}: {wheel.stat().st_size / 1000:.0f} kB")
    clean = Path(session.create_tmp()).resolve() / "clean"
    session.run("python", "-m", "venv", "--clear", str(clean))
    session.chdir(clean)
    scripts = clean / ("Scripts" if os.name == "nt" else "bin")
    for command in (
        ("python", "-m", "pip", "install", "--quiet", *wheels),
        ("python", "-c", "import fnnet; print(fnnet.__version__, fnnet.__file__)"),
        ("fnnet", "plugins"),
        ("fnnet", "doctor"),
    ):
        session.run(str(scripts / command[0]), *command[1:], external=True)
