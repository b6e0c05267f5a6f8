"""`fnnet plugins` and `fnnet doctor`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import fnnet.cli.doctor
import fnnet.cli.plugins
from fnnet.cli import main
from fnnet.cli.output import plain, table
from fnnet.plugins import doctor
from fnnet.version import __version__

LION = """
@hookimpl
def fnnet_optimizers():
    yield OptimizerSpec(name="lion", load=lambda: int)

@hookimpl
def fnnet_kernels():
    yield KernelSpec(device_type="cpu", provides=("gelu", "gelu.backward"), load=dict)
"""


@pytest.fixture
def command(site, monkeypatch, capsys):
    """Runs a command on the plugins of the site: exit status and output."""

    def run(*argv: str) -> tuple[int, str]:
        manager = site.manager(core=True)
        for module in (fnnet.cli.plugins, fnnet.cli.doctor):
            monkeypatch.setattr(module, "manager", lambda: manager)
        status = main(argv)
        return status, capsys.readouterr().out

    return run


def test_plugins(site, command):
    site.add("fnnet-lion", LION, version="1.2")
    site.add("fnnet-broken", "raise OSError('gone')", version="0.1")
    status, output = command("plugins")
    assert status == 0
    lines = output.splitlines()
    assert lines[0].split() == ["distribution", "version", "state", "provides"]
    assert lines[1].startswith(f"fnnet         {__version__}")
    assert lines[2].split() == ["fnnet-broken", "0.1", "failed"]
    assert " ".join(lines[3].split()) == "fnnet-lion 1.2 active kernels: gelu, gelu.backward; optimizer: lion"
    assert lines[4:] == ["", "1 problem:", "fnnet-broken 0.1: import: fnnet_broken.plugin: OSError: gone"]


def test_plugins_traceback(site, command):
    site.add("fnnet-broken", "raise OSError('gone')", version="0.1")
    _, output = command("plugins", "--traceback")
    assert "    OSError: gone\n" in output
    assert "raise OSError('gone')" in output


def test_plugins_json(site, command):
    site.add("fnnet-lion", LION)
    site.add("fnnet-broken", "raise OSError('gone')")
    status, output = command("plugins", "--json")
    found = json.loads(output)
    assert status == 0
    assert [p["distribution"] for p in found["plugins"]] == ["fnnet", "fnnet-broken", "fnnet-lion"]
    assert found["plugins"][2]["provides"] == [
        {"kind": "kernels", "name": "gelu"},
        {"kind": "kernels", "name": "gelu.backward"},
        {"kind": "optimizer", "name": "lion"},
    ]
    assert found["problems"][0]["stage"] == "import"


def test_plugins_names(site, command, capsys):
    site.add("fnnet-lion", LION)
    names = "adadelta adafactor adagrad adam adamax adamw asgd lbfgs lion muon nadam radam rmsprop rprop sgd"
    assert command("plugins", "--names", "optimizer") == (0, names.replace(" ", "\n") + "\n")
    assert main(["plugins", "--names", "optimiser"]) == 2
    assert "no kind 'optimiser', expected one of backend, op, optimizer" in capsys.readouterr().err


def test_doctor_of_a_sound_installation(command):
    status, output = command("doctor")
    assert status == 0
    assert f"fnnet         {__version__}" in output or __version__ in output
    assert "problem" not in output


def test_doctor_finds_problems(site, command):
    site.add("fnnet-broken", "raise OSError('gone')", version="0.1")
    site.add("fnnet-empty", "@hookimpl\ndef fnnet_ops():\n    yield OpSpec(name='x', load=lazy('no_such:x'))\n")
    status, output = command("doctor")
    assert status == 1
    lines = [" ".join(line.split()) for line in output.splitlines() if line.startswith("problem")]
    assert lines == [
        "problem plugin fnnet-broken 0.1: import: fnnet_broken.plugin: OSError: gone",
        "problem op fnnet-empty: OpSpec 'x' can't be loaded: ModuleNotFoundError: No module named 'no_such'",
    ]
    assert "    OSError: gone" in output


def test_doctor_json(site, command):
    site.add("fnnet-broken", "raise OSError('gone')")
    status, output = command("doctor", "--json")
    assert status == 1
    levels = {finding["level"] for finding in json.loads(output)}
    assert "problem" in levels
    assert levels <= {"ok", "note", "problem"}


def found(findings, topic):
    return [(f.level.value, f.text) for f in findings if f.topic == topic]


def test_doctor_sees_a_card_without_its_plugin(site, monkeypatch, tmp_path):
    card = tmp_path / "gpus" / "0000:01:00.0"
    card.mkdir(parents=True)
    (card / "information").write_text("Model: \t\t NVIDIA H100\nIRQ:   \t\t 16\n")
    monkeypatch.setattr(doctor, "NVIDIA_DRIVER", tmp_path / "gpus")
    assert found(doctor.hardware(site.manager(core=True)), "hardware") == [
        ("note", "CUDA card found (NVIDIA H100), fnnet-cuda not installed")
    ]


def test_doctor_without_a_card_or_with_its_plugin(site, monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "NVIDIA_DRIVER", tmp_path / "absent")
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert found(doctor.hardware(site.manager(core=True)), "hardware") == []
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    assert doctor.cuda_card() == "nvidia-smi is there"
    site.add(
        "fnnet-cuda",
        "@hookimpl\ndef fnnet_backends():\n"
        "    yield BackendSpec(name='cuda', device_type='cuda', load=int, probe=lambda: 'driver too old')\n",
    )
    findings = list(doctor.hardware(site.manager(core=True)))
    assert found(findings, "hardware") == []
    assert found(findings, "backend") == [
        ("ok", "numpy (fnnet) for cpu"),
        ("note", "cuda (fnnet-cuda) for cuda is not available: driver too old"),
    ]


def test_doctor_checks_dependencies(monkeypatch):
    import importlib.metadata as metadata

    requirements = ["numpy>=2", "no-such-thing>=1.0", 'no-such-extra>=3; extra == "train"', "attrs>=23.2"]
    monkeypatch.setattr(metadata, "requires", lambda name: requirements)
    findings = list(doctor.dependencies())
    assert [f.level.value for f in findings] == ["ok", "problem", "note", "ok"]
    assert findings[1].text == "no-such-thing is not installed: fnnet requires it"
    assert findings[2].text == "no-such-extra is not installed (optional: pip install 'fnnet[train]')"

    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", absent)
    assert [f.level.value for f in doctor.dependencies()] == ["note"]


def test_no_command_prints_help_and_version_exits(capsys):
    assert main([]) == 0
    assert "doctor" in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"fnnet {__version__}\n"


def test_tables(capsys, monkeypatch):
    assert plain(["a", "bb"], [["xxx", ""], ["y", "z"]]) == "a    bb\nxxx\ny    z\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    table(["name", "state"], [["[lion]", "failed"]])
    assert "[lion]" in capsys.readouterr().out


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "fnnet.cli", "plugins", "--names", "serializer"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert {"pth", "safetensors"} <= set(done.stdout.split())


def test_command_line_does_not_import_rich_for_a_pipe(site):
    code = "import sys; from fnnet.cli import main; main(['plugins']); assert 'rich' not in sys.modules"
    site.run(code)
