"""Imports point one way, at the top of a module and inside functions; docs/architecture.md draws it."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.programs import fresh_python

ROOT = Path(__file__).resolve().parent.parent

MAY_IMPORT = {
    # the core and what trains it
    "imaging": {"imaging"},
    "learning": {"learning", "imaging"},
    # what the site knows and does
    "models": set(),
    "migrations": {"models"},
    "access": {"models"},
    "selectors": {"models", "access"},
    "uploads": {"imaging"},
    "forms": {"models", "uploads", "imaging"},
    "services": {"services", "models", "access", "selectors", "imaging"},
    # what answers requests
    "views": {"views", "forms", "services", "selectors", "access", "models", "uploads", "imaging"},
    "converters": set(),
    "urls": {"views", "converters"},
    "middleware": {"access", "models"},
    "context_processors": {"access", "models"},
    # what starts it
    "checks": {"models", "services", "imaging"},
    "apps": {"checks", "models", "services"},
    "commands": {"services", "learning", "imaging", "project"},
    "project": {"project", "access", "imaging", "urls"},
    "manage": set(),
}
"""For each layer the layers of our own that it may import, at the top of a module or inside a function."""

TRAINING_PACKAGES = {"keras", "tensorflow", "tf2onnx", "onnx", "h5py"}
MAY_NOT_IMPORT = {"imaging": {"django", *TRAINING_PACKAGES}, "learning": {"django"}}
"""Packages of others that a layer may not import; the web side's are in the test of what it reaches."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def project_sources() -> dict[str, str]:
    """Source text by module name, of all modules but the tests and the documentation's scripts."""
    paths = [ROOT / "manage.py", *(ROOT / "Tumor").rglob("*.py"), *(ROOT / "TumorApp").rglob("*.py")]
    return {module_name(path): path.read_text(encoding="utf-8") for path in paths}


def layer(module: str) -> str:
    """The layer of one of our modules: its folder, or its own name where it has none."""
    parts = module.split(".")
    if parts[0] != "TumorApp":
        return "manage" if parts[0] == "manage" else "project"
    if parts[1:2] == ["management"]:
        return "commands"
    return parts[1] if len(parts) > 1 else "TumorApp"


def imported(source: str, modules: Iterable[str]) -> set[str]:
    """Names that a module imports, wherever in it; of `from package import name` the submodule where there is one."""
    known = set(modules)
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            base = node.module or ""
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                found.add(submodule if submodule in known else base)
    return found


def is_own(module: str) -> bool:
    return module.split(".")[0] in {"Tumor", "TumorApp"}


def violations(sources: dict[str, str]) -> list[str]:
    """One line for each import that the tables above do not allow."""
    lines = []
    for module, source in sources.items():
        own_layer = layer(module)
        for name in sorted(imported(source, sources)):
            if is_own(name):
                allowed = layer(name) in MAY_IMPORT.get(own_layer, set())
            else:
                allowed = name.split(".")[0] not in MAY_NOT_IMPORT.get(own_layer, set())
            if not allowed:
                lines.append(f"{module} ({own_layer}) imports {name}")
    return lines


def reached_from(start: str, sources: dict[str, str]) -> set[str]:
    """Everything that a module imports, directly or through our other modules."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for name in imported(sources[waiting.pop()], sources) - reached:
            reached.add(name)
            if name in sources:
                waiting.append(name)
    return reached


def test_every_module_belongs_to_a_layer() -> None:
    layers = {layer(module) for module in project_sources() if module != "TumorApp"}
    assert layers <= set(MAY_IMPORT), "name the new layer, and what it may import, in MAY_IMPORT"
    assert {"imaging", "learning", "services", "views", "commands"} <= layers


def test_imports_point_one_way() -> None:
    assert violations(project_sources()) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("TumorApp.imaging.added", "import django.conf"),
        ("TumorApp.imaging.added", "from TumorApp.learning import losses"),
        ("TumorApp.imaging.added", "def use():\n    import keras"),
        ("TumorApp.learning.added", "from django.conf import settings"),
        ("TumorApp.learning.added", "from TumorApp import models"),
        ("TumorApp.services.added", "from TumorApp.views import pages"),
        ("TumorApp.services.added", "def use():\n    from TumorApp.learning import losses"),
        ("TumorApp.forms", "from TumorApp.services.accounts import Account"),
        ("TumorApp.urls", "from TumorApp.services import accounts"),
        ("TumorApp.views.added", "import TumorApp.urls"),
    ],
)
def test_a_forbidden_import_is_found(module: str, line: str) -> None:
    sources = project_sources()
    assert len(violations({**sources, module: line})) == 1


def test_the_web_side_reaches_neither_learning_nor_its_packages() -> None:
    sources = project_sources()
    # Of the commands, `serve` is the web process; the others run alone and may train.
    web = [name for name in sources if layer(name) not in {"learning", "commands"}]
    web.append("TumorApp.management.commands.serve")
    for start in web:
        reached = reached_from(start, sources)
        assert {name.split(".")[0] for name in reached}.isdisjoint(TRAINING_PACKAGES), start
        assert not [name for name in reached if name.startswith("TumorApp.learning")], start


def test_what_is_reached_is_followed_through_other_modules() -> None:
    sources = {"TumorApp.a": "from TumorApp import b", "TumorApp.b": "def use():\n    import keras.layers"}
    assert reached_from("TumorApp.a", sources) == {"TumorApp.b", "keras.layers"}


ANALYSE_IN_A_FRESH_PROCESS = """
import io, json, sys
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from TumorApp.imaging.phantom import phantom_png
from TumorApp.models import Account
client = Client(HTTP_HOST="localhost")
client.force_login(Account.objects.create_user("reader", "not the first password"))
file = io.BytesIO(phantom_png())
file.name = "slice.png"
answer = client.post("/DetectionAction", {"t1": "", "t2": file})
print(json.dumps({"status": answer.status_code, "modules": sorted({name.split(".")[0] for name in sys.modules})}))
"""


def test_the_web_process_never_loads_keras_or_tensorflow(tmp_path: Path) -> None:
    variables = {**os.environ, "DJANGO_SETTINGS_MODULE": "Tumor.settings", "DATA_DIR": str(tmp_path)}
    variables.pop("DATABASE_URL", None)
    printed = fresh_python(ANALYSE_IN_A_FRESH_PROCESS, variables)
    told = json.loads(printed.splitlines()[-1])
    assert told["status"] == 200
    assert "onnxruntime" in told["modules"]
    assert TRAINING_PACKAGES.isdisjoint(told["modules"])
