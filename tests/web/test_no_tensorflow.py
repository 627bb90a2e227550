"""The web process answers without the training libraries: they cost seconds and half a gigabyte a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys
import django
django.setup()
from django.test import Client
from django.urls import get_resolver
import Tumor.server, Tumor.wsgi, TumorApp.management.commands.serve as serve
assert get_resolver().url_patterns
serve._warm_up()
assert Client(HTTP_HOST="localhost").get("/").status_code == 200
heavy = {"tensorflow", "keras", "h5py", "tf2onnx", "TumorApp.learning"}
print(sorted(name for name in sys.modules if name in heavy))
"""


def test_web_process_never_imports_the_training_libraries(tmp_path: Path) -> None:
    variables = {"DJANGO_SETTINGS_MODULE": "Tumor.settings", "DATA_DIR": str(tmp_path), "PATH": ""}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "[]"
