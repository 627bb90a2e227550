"""A private MariaDB server: own data folder, own port, own password, gone when the tests are done."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.programs import require

START_TIMEOUT_S = 120.0
"""A start takes a second; on a machine that computes something else as well, some more."""

PACKAGE = "mariadb-server"


class ServerStartError(Exception):
    """The server did not start; the message ends with its log."""


class StatementError(Exception):
    """A statement failed; the message is the server's."""


@dataclass(frozen=True, slots=True)
class MariaDB:
    """A running server.

    Attributes:
        folder: Holds its data, its log and its socket.
        port: Where it listens on 127.0.0.1.
        password: Of its administrator ``tester``.
        client: Path of the command-line client.
    """

    folder: Path
    port: int
    password: str
    client: str

    def url(self, database: str, user: str = "tester", password: str | None = None) -> str:
        """Return the ``DATABASE_URL`` of one of its databases."""
        return f"mysql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, sql: str) -> str:
        """Run statements through the command-line client, as an administrator would; return what it prints.

        Raises:
            StatementError: A statement failed, or the server cannot be reached.
        """
        command = [self.client, "--no-defaults", f"--socket={self.folder / 'socket'}", "--user=tester"]
        finished = subprocess.run(
            [*command, "--batch", "--skip-column-names", "--default-character-set=utf8mb4"],
            input=sql,
            env={**os.environ, "MYSQL_PWD": self.password},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if finished.returncode != 0:
            raise StatementError(finished.stderr)
        return finished.stdout


def free_port() -> int:
    """Return a TCP port of the loopback interface that nothing listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def prepare(folder: Path, password: str) -> None:
    """Fill the data folder, and write the statements that the server begins with."""
    install = require(["mariadb-install-db", "mysql_install_db"], PACKAGE)
    command = [install, "--no-defaults", f"--datadir={folder / 'data'}", f"--user={system_user()}"]
    subprocess.run(
        [*command, "--auth-root-authentication-method=normal", "--skip-test-db"], capture_output=True, check=True
    )
    (folder / "start.sql").write_text(
        f"CREATE USER tester@localhost IDENTIFIED BY '{password}';\n"
        "GRANT ALL PRIVILEGES ON *.* TO tester@localhost WITH GRANT OPTION;\n"
        # The administrators of a fresh data folder have no password.
        "DELETE FROM mysql.global_priv WHERE User = 'root';\n"
        "FLUSH PRIVILEGES;\n",
        encoding="ascii",
    )


def system_user() -> str:
    """Return the user of this process; the server refuses to run as root unless told so by name."""
    import pwd  # Windows has none, and imports this module for every test

    return pwd.getpwuid(os.getuid()).pw_name


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the server program; it is not ready yet when this returns."""
    command = [
        require(["mariadbd"], PACKAGE),
        "--no-defaults",
        f"--user={system_user()}",
        f"--datadir={folder / 'data'}",
        f"--socket={folder / 'socket'}",
        f"--pid-file={folder / 'pid'}",
        f"--init-file={folder / 'start.sql'}",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        # Strange defaults of a test server may not hide what is missing in the settings or the script.
        "--character-set-server=latin1",
        "--innodb-buffer-pool-size=32M",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-doublewrite=0",
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def wait_until_ready(server: MariaDB, process: subprocess.Popen[bytes]) -> None:
    """Return once the server answers its administrator.

    Raises:
        ServerStartError: It ended, or does not answer within ``START_TIMEOUT_S``.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            server.execute("SELECT 1;")
            return
        except StatementError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (server.folder / "log").read_text(errors="replace")
                raise ServerStartError(f"MariaDB did not start. Its log:\n{log}") from error
        time.sleep(0.2)


@contextmanager
def running_mariadb() -> Iterator[MariaDB]:
    """Run a server while the block lasts; skips, or fails in CI, where MariaDB is not installed."""
    require(["mariadbd"], PACKAGE)
    client = require(["mariadb"], PACKAGE)
    # Not under pytest's own folder: the path of a socket may not be longer than some 100 characters.
    folder = Path(tempfile.mkdtemp(prefix="liver-mariadb-"))
    server = MariaDB(folder, free_port(), secrets.token_hex(16), client)
    try:
        prepare(folder, server.password)
        process = start(folder, server.port)
        try:
            wait_until_ready(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
