"""The example that the quickstart runs: trains, saves, draws, survives a kill and Ctrl-C."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fnnet

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs" / "examples" / "digits.py"
STEPS_PER_EPOCH = 45  # ceil(1438 / 32)
EPOCHS = "4"
LONG = 120  # seconds: far more than any of these runs takes

# A shell that starts pytest in the background has children ignore Ctrl-C: the script is to hear it all the same.
LAUNCH = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {root!r})
runpy.run_path({script!r}, run_name="__main__")
"""


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    for name in ("sklearn", "rich", "matplotlib"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"optional package absent: {name}")


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    code = LAUNCH.format(root=str(ROOT), script=str(SCRIPT))
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "200"}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **one_thread}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(*arguments: str | Path) -> str:
    process = start(*arguments)
    out, err = process.communicate(timeout=LONG)
    assert process.returncode == 0, err
    return out


def steps_done(checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    run = fnnet.load(checkpoint)["run"]
    return run["epoch"] * STEPS_PER_EPOCH + run["step"]


def stop_after(step: int, how: signal.Signals, folder: Path, *arguments: str | Path) -> tuple[int, str]:
    """Sends a signal to a run once its checkpoint says that so many steps are done; exit status and output."""
    process = start("--out", folder, "--save-every", "1", *arguments)
    try:
        deadline = time.monotonic() + LONG
        while steps_done(folder / "checkpoint-0.pth") < step:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.001)
        process.send_signal(how)
        out, _ = process.communicate(timeout=LONG)
    finally:
        process.kill()
    return process.returncode, out


def bits(path: Path) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in fnnet.load(path).items()}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("uninterrupted")
    return folder, finish("--out", folder, "--seeds", "0", "--epochs", EPOCHS)


def test_it_learns_and_leaves_what_it_promises(uninterrupted: tuple[Path, str]) -> None:
    folder, out = uninterrupted
    assert "1438 images of 8x8 pixels to train on, 359 to test on" in out
    accuracy = re.search(r"^accuracy ([\d.]+)%, worst ([\d.]+)%$", out, re.MULTILINE)
    assert accuracy is not None, out
    assert float(accuracy[1]) == float(accuracy[2]) > 90  # ten classes: 10 % by chance
    assert out.count("reloaded, equal predictions") == 2
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert bits(folder / "digits.safetensors") == bits(folder / "digits.pth")


@pytest.mark.parametrize("step", [7, STEPS_PER_EPOCH + 20])
def test_killed_and_resumed_it_is_bit_equal_to_an_uninterrupted_run(
    uninterrupted: tuple[Path, str], tmp_path: Path, step: int
) -> None:
    folder, out = uninterrupted
    status, _ = stop_after(step, signal.SIGKILL, tmp_path, "--seeds", "0", "--epochs", EPOCHS)
    assert status == -signal.SIGKILL
    reached = fnnet.load(tmp_path / "checkpoint-0.pth")["run"]
    done = steps_done(tmp_path / "checkpoint-0.pth")
    assert step <= done < int(EPOCHS) * STEPS_PER_EPOCH
    resumed = finish("--out", tmp_path, "--seeds", "0", "--epochs", EPOCHS, "--resume")
    assert f"seed 0: going on in epoch {reached['epoch'] + 1} after step {reached['step']}\n" in resumed
    assert bits(tmp_path / "digits.safetensors") == bits(folder / "digits.safetensors")
    ends = [fnnet.load(place / "checkpoint-0.pth") for place in (folder, tmp_path)]
    assert ends[0]["run"] == ends[1]["run"]
    assert fnnet.equal(ends[0]["random"], ends[1]["random"])
    assert re.findall("^accuracy.*", resumed, re.MULTILINE) == re.findall("^accuracy.*", out, re.MULTILINE)


def test_ctrl_c_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    status, out = stop_after(10, signal.SIGINT, tmp_path, "--seeds", "0", "--epochs", EPOCHS)
    assert status == 130
    assert f"interrupted; --resume goes on from the last checkpoint in {tmp_path}" in out
    assert steps_done(tmp_path / "checkpoint-0.pth") >= 10
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-0.pth"]


def test_resume_refuses_a_checkpoint_of_other_settings(uninterrupted: tuple[Path, str], tmp_path: Path) -> None:
    before = (uninterrupted[0] / "checkpoint-0.pth").read_bytes()
    (tmp_path / "checkpoint-0.pth").write_bytes(before)
    process = start("--out", tmp_path, "--seeds", "0", "--epochs", "9", "--resume")
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 1
    assert "can't go on with {'epochs': 9," in err
    assert (tmp_path / "checkpoint-0.pth").read_bytes() == before


def test_mnist(shared: Callable[[str], Path], tmp_path: Path, full: bool) -> None:
    images, tests = (60_000, 10_000) if full else (1_600, 500)
    small = tmp_path / "mnist.npz"
    with np.load(shared("data/mnist.npz")) as data:
        parts = {"x_train": images, "y_train": images, "x_test": tests, "y_test": tests}
        np.savez(small, **{name: data[name][:count] for name, count in parts.items()})
    out = finish("--data", small, "--out", tmp_path, "--seeds", "0")
    assert f"{images} images of 28x28 pixels to train on, {tests} to test on" in out
    accuracy = re.search(r"^accuracy ([\d.]+)%", out, re.MULTILINE)
    assert accuracy is not None, out
    assert float(accuracy[1]) >= (98.5 if full else 80)
