"""The rules of the house that a machine can check, and the two commands that everybody starts with."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import venv
from importlib.metadata import requires, version
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.programs import fresh_python
from Tumor import starter
from TumorApp.imaging.card import DEFAULT_MODEL

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [("ruff", "check"), ("ruff", "format", "--check"), ("mypy",), ("mypy", "--strict", "Tumor/starter.py")],
    ids=" ".join,
)
def test_the_code_keeps_the_rules(command: tuple[str, ...]) -> None:
    finished = run(sys.executable, "-m", *command)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_migrations_match_the_models() -> None:
    finished = run(sys.executable, "manage.py", "makemigrations", "--check", "--dry-run")
    assert finished.returncode == 0, finished.stdout + finished.stderr


def requirements() -> list[Requirement]:
    """What both files name and this system needs."""
    lines = [line for name in starter.REQUIREMENTS["test"] for line in (ROOT / name).read_text().splitlines()]
    named = [Requirement(line.partition("#")[0]) for line in lines if re.match(r"\w", line)]
    return [requirement for requirement in named if requirement.marker is None or requirement.marker.evaluate()]


def test_every_requirement_is_pinned_and_installed() -> None:
    for requirement in requirements():
        assert str(requirement.specifier) == f"=={version(requirement.name)}", requirement.name


def test_the_pins_are_complete() -> None:
    """Nothing that a pinned package needs is left for pip to choose."""
    pinned = {canonicalize_name(requirement.name): requirement for requirement in requirements()}
    for name in pinned:
        for needed in map(Requirement, requires(name) or []):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in pinned, f"{name} needs {needed}"
                assert needed.specifier.contains(version(needed.name)), f"{name} needs {needed}"


@pytest.mark.parametrize("script", ["run.sh", "test.sh", ".ci/run"])
def test_scripts_can_be_started(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & stat.S_IXUSR
    assert b"\r" not in path.read_bytes()


def test_the_windows_script_has_windows_line_ends() -> None:
    lines = (ROOT / "run.bat").read_bytes().splitlines(keepends=True)
    assert lines
    assert all(line.endswith(b"\r\n") for line in lines)


@pytest.mark.parametrize("script", ["run.sh", "test.sh"])
def test_without_a_fitting_python_the_scripts_say_so(script: str, tmp_path: Path) -> None:
    copy = tmp_path / "a folder"
    (copy / "Tumor").mkdir(parents=True)
    shutil.copy(ROOT / script, copy)
    shutil.copy(ROOT / "Tumor" / "find_python.sh", copy / "Tumor")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "dirname", "pwd"):
        (programs / name).symlink_to(shutil.which(name) or name)
    # Version managers leave names behind that can be started and do nothing but fail.
    (programs / "python3").write_text("#!/bin/sh\nexit 127\n")
    (programs / "python3").chmod(0o755)
    finished = run(copy / script, PATH=str(programs), PYTHON="/nowhere/python")
    assert finished.returncode == 1
    assert "PYTHON=/nowhere/python is not Python 3.11" in finished.stderr
    assert "Python 3.11, 3.12 or 3.13 is needed and was not found." in finished.stderr


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The starter, at work in a folder of its own whose requirements name no package."""
    root = tmp_path / "a folder with spaces"
    root.mkdir()
    for name in ("requirements.txt", "requirements-dev.txt"):
        (root / name).write_text("# nothing\n")
    monkeypatch.setattr(starter, "ROOT", root)
    monkeypatch.setattr(starter, "ENVIRONMENT", root / ".venv")
    monkeypatch.setattr(starter, "WHEELS", root / "wheels")
    return starter


def test_the_second_start_installs_nothing(house: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    house.prepare("test")
    assert "Installing the packages of requirements-dev.txt" in capfd.readouterr().out
    assert house.is_installed("run")
    house.prepare("test")
    house.prepare("run")
    assert capfd.readouterr().out == ""


def test_changed_requirements_are_installed(house: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    house.prepare("test")
    (house.ROOT / "requirements-dev.txt").write_text("# something else\n")
    assert house.is_installed("run")
    assert not house.is_installed("test")
    (house.ROOT / "requirements.txt").write_text("# something else\n")
    capfd.readouterr()
    house.prepare("run")
    assert "Installing the packages of requirements.txt" in capfd.readouterr().out


def test_a_failed_installation_is_told_and_repeated(house: ModuleType) -> None:
    (house.ROOT / "requirements.txt").write_text("a-package-that-is-not-there==1.0\n")
    house.WHEELS.mkdir()  # empty: pip looks here and not in the network
    for _ in range(2):
        with pytest.raises(house.StartError, match=r"could not be installed from the folder .*wheels"):
            house.prepare("run")
        assert not house.is_installed("run")
    (house.ROOT / "requirements.txt").write_text("# nothing\n")
    house.prepare("run")
    assert house.is_installed("run")


def test_an_environment_left_half_made_is_completed(house: ModuleType) -> None:
    venv.EnvBuilder(with_pip=False, symlinks=True).create(house.ENVIRONMENT)
    house.prepare("run")
    assert house.succeeds("-m", "pip", "--version")


def test_an_environment_that_does_not_run_is_made_again(house: ModuleType) -> None:
    house.prepare("run")
    house.environment_python().unlink()
    house.environment_python().symlink_to("/nowhere/python")
    house.prepare("run")
    assert house.has_same_version()
    assert house.is_installed("run")


def test_an_empty_home_is_not_taken_for_the_root_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    assert "HOME" not in starter.child_environment()


def test_the_starter_explains_its_use() -> None:
    finished = run(sys.executable, "Tumor/starter.py", "fly")
    assert finished.returncode == 1
    assert "usage: starter.py {run|test}" in finished.stderr


def test_every_setting_is_documented() -> None:
    settings = (ROOT / "Tumor" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r"env\.\w+\(\s*\"(\w+)\"", settings))
    documented = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "deployment.md").read_text("utf-8"), re.MULTILINE))
    assert names
    assert names <= documented


def test_nothing_is_reported_to_the_makers_of_the_runtime(tmp_path: Path) -> None:
    """ONNX Runtime would give this machine a number, keep it under HOME, and send reports of its use."""
    load = f"""
from pathlib import Path
from TumorApp.imaging.segmentation import load_segmenter
load_segmenter(Path("model/{DEFAULT_MODEL}"))
"""
    variables = {name: value for name, value in os.environ.items() if name not in {"CI", "ORT_DISABLE_TELEMETRY"}}
    variables |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    fresh_python(load, variables)
    assert [path.name for path in tmp_path.rglob("*") if path.name in {"deviceid", "onnxruntime.db"}] == []
