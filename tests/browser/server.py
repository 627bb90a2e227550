"""Starts the real server on a free port, as ``run.sh`` does, with a data folder and a database of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 180.0
"""Migrating and warming the network on two busy cores takes some 20 s; a hanging start must still end."""

INHERITED_NOT = ("DATABASE_URL", "DATA_DIR", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "HTTPS", "TRUSTED_PROXY")


class ServerStartError(Exception):
    """The server did not become ready; the message ends with what it printed."""


def free_port() -> int:
    """Return a TCP port of the loopback interface that nothing listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_ready(url: str) -> bool:
    """Return whether the server at this address says that database, storage and network are ready."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return once the server answers.

    Raises:
        ServerStartError: If it ended, or is not ready within ``START_TIMEOUT_S``.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while not is_ready(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerStartError(f"The server did not become ready. It printed:\n{log.read_text(errors='replace')}")
        time.sleep(0.2)


@contextmanager
def running_server(data_dir: Path, database_url: str | None = None) -> Iterator[str]:
    """Run the server while the block lasts, and give its address without a slash at the end.

    Args:
        data_dir: An empty folder for its database, uploads and results; ``server.log`` goes there as well.
        database_url: As in ``DATABASE_URL``; None for SQLite in ``data_dir``.

    Raises:
        ServerStartError: If it does not become ready.
    """
    variables = {name: value for name, value in os.environ.items() if name not in INHERITED_NOT}
    variables |= {"DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"}
    if database_url is not None:
        variables["DATABASE_URL"] = database_url
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, str(ROOT / "manage.py"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    log = data_dir / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(process, url, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
