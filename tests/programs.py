"""Programs of the operating system that some tests need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def require(names: list[str], package: str) -> str:
    """Return the path of the first of these programs; without any, skip the test, or fail it where ``CI=true``.

    Args:
        names: What the program may be called.
        package: The Debian package to name in the advice.
    """
    # Server programs lie in folders that are not on every user's PATH.
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    for name in names:
        program = shutil.which(name, path=path)
        if program is not None:
            return program
    advice = f"{names[0]} is missing; on Debian and Ubuntu: apt install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{advice} (CI=true requires it)")
    pytest.skip(advice)


def fresh_python(code: str, variables: Mapping[str, str]) -> str:
    """Run code in a new interpreter, in the project's folder, and return what it printed."""
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=dict(variables), capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout
