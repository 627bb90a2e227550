"""What a training has reached, kept on disk after each epoch, so that an interrupted one goes on as if nothing was."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

STATE_FILE = "state.json"
Weights = Sequence[NDArray[Any]]


class RunError(Exception):
    """A run folder holds something else than what was asked for; the message says what to do."""


@dataclass(slots=True)
class State:
    """Content of ``state.json``; files are names in the same folder.

    Attributes:
        identity: Plan and data of the run.
        phase: Number of the phase in progress; the number of phases once all are done.
        epochs: Complete epochs of that phase.
        over: Whether that phase ends before its last epoch.
        checkpoint: File of the phase in progress: network and optimizer, neither of them averaged.
        result: File of the averaged weights that the last complete phase left.
        best: File of the averaged weights that were best on the validation people so far.
        best_score: Their score; None before there is one.
        since_best: Epochs of this phase since a best one.
        rows: The log, one row an epoch.
    """

    identity: dict[str, Any]
    phase: int = 0
    epochs: int = 0
    over: bool = False
    checkpoint: str = ""
    result: str = ""
    best: str = ""
    best_score: float | None = None
    since_best: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)


class Progress:
    """The state of one training and the files that belong to it; every change of it is whole or has not happened."""

    def __init__(self, folder: Path, identity: dict[str, Any]) -> None:
        """Open a run folder, or make one.

        Args:
            folder: Of this training alone.
            identity: Plain values that say which training this is.

        Raises:
            RunError: If the folder holds another training, or its state cannot be read.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        identity = json.loads(json.dumps(identity))  # as it comes back from the file
        path = folder / STATE_FILE
        self.state = State(identity)
        if path.is_file():
            self.state = _read_state(path)
            _compare(self.state.identity, identity, folder)

    def restore_epoch(self, network: keras.Model) -> None:
        """Bring a compiled network and its built optimizer to where the phase in progress was left, if it was begun."""
        if self.state.checkpoint:
            for variable, value in zip(_variables(network), self._read(self.state.checkpoint), strict=True):
                variable.assign(value)

    def restore_weights(self) -> list[NDArray[Any]] | None:
        """Return the averaged weights that the last complete phase left; None before there is one."""
        return self._read(self.state.result) if self.state.result else None

    def restore_best(self) -> list[NDArray[Any]] | None:
        """Return the averaged weights that were best on the validation people; None before there are any."""
        return self._read(self.state.best) if self.state.best else None

    def keep_epoch(self, network: keras.Model, row: dict[str, Any], patience: int | None, phase_epochs: int) -> None:
        """Keep network, optimizer and a row of the log after a complete epoch.

        Args:
            network: In training, with weights that are not averaged.
            row: Of the log.
            patience: Epochs without a best one after which the phase is over.
            phase_epochs: After which it is over in any case.
        """
        state = self.state
        state.rows.append(row)
        state.epochs += 1
        state.over = state.epochs >= phase_epochs or (patience is not None and state.since_best >= patience)
        state.checkpoint = self._write("epoch", [keras.ops.convert_to_numpy(value) for value in _variables(network)])
        self._write_state()

    def judge_epoch(self, score: float, averaged: Weights) -> None:
        """Take note of an epoch's score, before ``keep_epoch``, which is what makes it last; nan is never the best."""
        state = self.state
        if score == score and (state.best_score is None or score > state.best_score):
            state.best_score, state.since_best = score, 0
            state.best = self._write("best", averaged, epoch=len(state.rows) + 1)
        else:
            state.since_best += 1

    def keep_phase(self, averaged: Weights) -> None:
        """Keep the result of a phase and go on to the next."""
        state = self.state
        state.result = self._write("phase", averaged)
        state.phase += 1
        state.epochs, state.over, state.checkpoint, state.since_best = 0, False, "", 0
        self._write_state()

    def _read(self, name: str) -> list[NDArray[Any]]:
        return read_weights(self.folder / name)

    def _write(self, kind: str, arrays: Weights, epoch: int | None = None) -> str:
        name = f"{kind}-{len(self.state.rows) if epoch is None else epoch:04d}.npz"
        with (self.folder / f"{name}.tmp").open("wb") as file:
            np.savez(file, *arrays)
            # The state must never name a file that a power cut leaves empty.
            file.flush()
            os.fsync(file.fileno())
        (self.folder / f"{name}.tmp").replace(self.folder / name)
        return name

    def _write_state(self) -> None:
        path = self.folder / STATE_FILE
        waiting = path.with_suffix(".json.tmp")
        waiting.write_text(json.dumps(asdict(self.state), indent=1) + "\n", encoding="utf-8")
        waiting.replace(path)
        named = {self.state.checkpoint, self.state.result, self.state.best}
        for old in self.folder.glob("*.npz"):
            if old.name not in named:
                old.unlink()


def read_weights(path: Path) -> list[NDArray[Any]]:
    """Read a file of arrays as a run folder keeps them, in their order."""
    with np.load(path, allow_pickle=False) as stored:
        return [stored[f"arr_{number}"] for number in range(len(stored.files))]


def has_run(folder: Path) -> bool:
    """Whether a run folder keeps the state of any training."""
    return any(folder.rglob(STATE_FILE))


def open_run(folder: Path, begin: str) -> None:
    """Make a run folder ready, so that neither work is lost nor an unwanted rest of work is gone on with.

    Args:
        folder: Of a whole run; each training in it has a folder of its own.
        begin: ``"new"`` where there must be no state yet, ``"resume"`` where there must be, ``"restart"`` to put what
            is there aside under another name.

    Raises:
        RunError: If the folder is not as ``begin`` says.
    """
    if begin == "resume" and not has_run(folder):
        raise RunError(f"There is no interrupted training in {folder}; run the command without --resume.")
    if begin == "new" and has_run(folder):
        raise RunError(f"{folder} keeps an interrupted training: go on with --resume, or begin anew with --restart.")
    if begin == "restart" and folder.exists():
        numbers = (number for number in range(1, 1000) if not _aside(folder, number).exists())
        folder.rename(_aside(folder, next(numbers)))


def _aside(folder: Path, number: int) -> Path:
    """A free name that still ends as run folders do, so that Git goes on to ignore it."""
    return folder.with_name(f"{folder.stem}.{number}{folder.suffix}")


def _variables(network: keras.Model) -> list[Any]:
    """Everything that changes in training: weights, running statistics, the dice of dropout, and the optimizer."""
    return [*network.variables, *network.optimizer.variables]


def _read_state(path: Path) -> State:
    try:
        return State(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise RunError(f"{path} cannot be read ({error}); begin anew with --restart.") from error


def _compare(kept: dict[str, Any], asked: dict[str, Any], folder: Path) -> None:
    """Refuse to go on with another training, and name what differs."""
    flat_kept, flat_asked = _flat(kept), _flat(asked)
    names = sorted(set(flat_kept) | set(flat_asked))
    different = [name for name in names if flat_kept.get(name) != flat_asked.get(name)]
    if different:
        raise RunError(
            f"{folder} keeps a training that differs in {', '.join(different)}. "
            "Resume it with the arguments it was begun with, or begin anew with --restart."
        )


def _flat(identity: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in identity.items() if name != "plan"}
    return {**identity.get("plan", {}), **rest}
