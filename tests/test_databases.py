"""The whole web test suite a second time, on a real MariaDB; in the run around it, it uses SQLite."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mariadb import MariaDB

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 900.0


@pytest.mark.mariadb
def test_the_web_suite_passes_on_mariadb(mariadb: MariaDB, request: pytest.FixtureRequest) -> None:
    options = ["--all"] if request.config.getoption("--all") else []
    # What is marked `mariadb` has used a server of its own already.
    command = [sys.executable, "-m", "pytest", "tests/web", "-m", "not mariadb", "-p", "no:cacheprovider", *options]
    finished = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": mariadb.url("Liver")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "database: mysql" in finished.stdout
    passed = re.search(r"(\d+) passed", finished.stdout)
    assert passed is not None
    assert int(passed[1]) > 0
