"""``manage.py serve``: the start, the end, and what is said when it cannot start."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from Tumor.server import Server

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 120


def serve(data_dir: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve", *arguments],
        cwd=ROOT,
        env={**inherited, "DATA_DIR": str(data_dir), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ready_line(process: subprocess.Popen[str]) -> list[str]:
    """Return what was printed up to the line that says where the site is."""
    assert process.stdout is not None
    watch = threading.Timer(START_TIMEOUT_S, process.kill)
    watch.start()
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if "ready at" in line:
            break
    watch.cancel()
    assert lines, process.communicate()
    assert "ready at" in lines[-1], process.communicate()
    return lines


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    data_dir = tmp_path_factory.mktemp("served") / "data"
    process = serve(data_dir, "--port", "0")
    try:
        (line,) = ready_line(process)
        found = re.fullmatch(r"Liver tumour detection is ready at (http://127\.0\.0\.1:\d+)/", line)
        assert found, line
        yield process, found[1], data_dir
    finally:
        process.kill()
        process.communicate()


Running = tuple[subprocess.Popen[str], str, Path]


def test_empty_folder_becomes_a_ready_site(running: Running) -> None:
    _, url, _ = running
    for path in ("/", "/healthz", "/readyz", "/static/TumorApp/site.css"):
        with urllib.request.urlopen(url + path, timeout=30) as answer:
            assert answer.status == 200


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
def test_only_the_owner_can_read_what_is_kept(running: Running) -> None:
    _, _, data_dir = running
    for path in (data_dir, *data_dir.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_second_start_on_the_port_says_so(running: Running, tmp_path: Path) -> None:
    port = running[1].rsplit(":", 1)[1]
    second = serve(tmp_path, "--port", port)
    output, errors = second.communicate(timeout=START_TIMEOUT_S)
    assert second.returncode == 1
    assert output == ""
    assert errors.strip() == (
        f"CommandError: Port {port} on 127.0.0.1 is taken by another program. Choose a different one with --port."
    )


def test_address_that_is_not_ours_says_so(tmp_path: Path) -> None:
    process = serve(tmp_path, "--host", "192.0.2.1", "--port", "0")
    _, errors = process.communicate(timeout=START_TIMEOUT_S)
    assert process.returncode == 1
    assert errors.startswith("CommandError: The address 192.0.2.1:0 cannot be used")


def test_open_address_asks_for_names(tmp_path: Path) -> None:
    process = serve(tmp_path, "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - the very case that is warned about
    try:
        lines = ready_line(process)
    finally:
        process.kill()
        process.communicate()
    assert any("ALLOWED_HOSTS" in line for line in lines)
    assert any("HTTPS" in line for line in lines)


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
def test_sigterm_ends_it_calmly(tmp_path: Path) -> None:
    process = serve(tmp_path, "--port", "0")
    ready_line(process)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert output.strip() == "Stopped."


def slow_application(started: threading.Event) -> Callable[..., Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started.set()
        time.sleep(1)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "1000000")])
        return [b"x" * 1_000_000]

    return application


def test_request_under_way_is_finished_and_no_other_begun() -> None:
    started = threading.Event()
    server = Server(slow_application(started), "127.0.0.1", 0, threads=2)
    url = f"http://127.0.0.1:{server.address[1]}/"
    serving = threading.Thread(target=server.run)
    serving.start()
    bodies: list[bytes] = []

    def ask() -> None:
        with urllib.request.urlopen(url, timeout=30) as answer:
            bodies.append(answer.read())

    asking = threading.Thread(target=ask)
    asking.start()
    assert started.wait(timeout=10)
    server.stop()
    serving.join(timeout=30)
    asking.join(timeout=30)
    assert not serving.is_alive()
    assert [len(body) for body in bodies] == [1_000_000]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=5)
