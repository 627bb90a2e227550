"""Prepares the environment and starts the site or its tests; called by run.sh, run.bat and test.sh.

Runs before any package is installed, so it uses the standard library alone. The first start makes `.venv` beside
manage.py and installs the pinned packages there. A stamp, written only after success, lets later starts skip this and
makes an interrupted installation begin again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
WHEELS = ROOT / "wheels"
REQUIREMENTS = {"run": ["requirements.txt"], "test": ["requirements.txt", "requirements-dev.txt"]}


class StartError(Exception):
    """The site cannot be started; the message tells the person at the terminal what to do."""


def environment_python() -> Path:
    """Return the path of the interpreter inside `.venv`, there or not."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def child_environment() -> dict[str, str]:
    """Return the variables for the programs started from here."""
    variables = dict(os.environ)
    if variables.get("HOME") == "":
        del variables["HOME"]  # empty would mean the root folder to them; absent, they ask the system's user list
    variables["PYTHONUNBUFFERED"] = "1"  # the address must appear at once, also where the output is a pipe
    return variables


def succeeds(*arguments: str) -> bool:
    """Tell whether the interpreter of `.venv` can be started with these arguments and ends with status 0."""
    try:
        finished = subprocess.run(
            [str(environment_python()), *arguments], env=child_environment(), capture_output=True, check=False
        )
    except OSError:
        return False
    return finished.returncode == 0


def has_same_version() -> bool:
    """Tell whether the interpreter of `.venv` runs and is of the same Python version (3.x) as this one."""
    return succeeds("-c", f"import sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})")


def make_environment() -> None:
    """Make `.venv`, or make it again where it does not run or belongs to another Python.

    Raises:
        StartError: This Python has no `ensurepip`, or the folder cannot be written.
    """
    if not has_same_version():
        print(f"Making the environment {ENVIRONMENT} with Python {sys.version.split()[0]} …", flush=True)
        try:
            venv.EnvBuilder(clear=True, symlinks=os.name != "nt").create(ENVIRONMENT)
        except OSError as error:
            raise StartError(f"The folder {ENVIRONMENT} cannot be made: {error}") from error
    if succeeds("-c", "import pip"):
        return
    # Separate from the creation above, so that an environment that was left without pip is completed.
    if not succeeds("-m", "ensurepip", "--default-pip"):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise StartError(
            f"This Python cannot install packages into a new environment. On Debian and Ubuntu please install the"
            f" package python{version}-venv (or python3-venv) and start again."
        )


def fingerprint(mode: str) -> str:
    """Return a hex digest that changes with the requirement files of this mode and with the Python version."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for name in REQUIREMENTS[mode]:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def stamp_file(mode: str) -> Path:
    """Return the file whose content says which packages are installed; it stands inside `.venv`, there or not."""
    return ENVIRONMENT / f"installed-for-{mode}"


def is_installed(mode: str) -> bool:
    """Tell whether the packages of this mode were installed to the end, in these versions."""
    stamp = stamp_file(mode)
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint(mode)


def install(mode: str) -> None:
    """Install the packages of this mode ("run" or "test").

    Raises:
        StartError: pip did not succeed.
    """
    wanted = REQUIREMENTS[mode][-1]
    stamp_file(mode).unlink(missing_ok=True)
    print(f"Installing the packages of {wanted}. The first time this takes some minutes …", flush=True)
    source = ["--no-index", "--find-links", str(WHEELS)] if WHEELS.is_dir() else []
    pip = [str(environment_python()), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *source]
    if subprocess.run([*pip, "-r", str(ROOT / wanted)], env=child_environment(), check=False).returncode != 0:
        where = f"the folder {WHEELS}" if source else "the network"
        raise StartError(
            f"The packages could not be installed from {where}; pip says why above. docs/deployment.md tells how to"
            f" install without a network. Starting again repeats the installation."
        )
    for included in ("run", mode):  # the tests' packages include the site's
        stamp_file(included).write_text(fingerprint(included), encoding="utf-8")


def prepare(mode: str) -> None:
    """Make `.venv` and install the packages of this mode ("run" or "test"), where that has not been done.

    Raises:
        StartError: It cannot be done; the message says what to do.
    """
    if is_installed(mode) and has_same_version():
        return  # without the lock, so that a folder that this user may not write is no obstacle
    with alone():
        make_environment()
        if not is_installed(mode):
            install(mode)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one starter at a time prepare the environment; others wait here until it is done."""
    with (ROOT / ".venv.lock").open("a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError as error:
                    if error.errno != errno.EDEADLOCK:  # what it answers after ten seconds in vain
                        raise
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield  # closing the file gives the lock back


def replace_process(*arguments: str | Path) -> NoReturn:
    """Go on as the interpreter of `.venv` with these arguments; signals reach it directly."""
    command = [str(environment_python()), *map(str, arguments)]
    sys.stdout.flush()
    if os.name != "nt":
        os.execve(command[0], command, child_environment())
    # Windows has no real exec. Ctrl-C goes to both processes there; the child decides what to do with it.
    with subprocess.Popen(command, env=child_environment()) as child:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                sys.exit(child.wait())


def main(arguments: list[str]) -> NoReturn:
    """Prepare the environment and go on as the site ("run") or as pytest ("test").

    Args:
        arguments: The mode and what it passes on: options of `manage.py serve`, or of pytest.
    """
    if not arguments or arguments[0] not in REQUIREMENTS:
        sys.exit(f"usage: starter.py {{{'|'.join(REQUIREMENTS)}}} [options]")
    mode, *options = arguments
    try:
        prepare(mode)
    except StartError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Starting again repeats what is missing.")
    if mode == "test":
        os.chdir(ROOT)  # pytest looks for its settings and tests here
        replace_process("-m", "pytest", *options)
    replace_process(ROOT / "manage.py", "serve", *options)


if __name__ == "__main__":
    main(sys.argv[1:])
