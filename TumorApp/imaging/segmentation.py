"""ONNX Runtime turns a prepared slice into probabilities. Needs neither TensorFlow nor Keras."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from TumorApp.imaging.card import ModelCard, read_card, sha256_of
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.records import Float32, Uint8

LOADING_ERRORS = (runtime.Fail, runtime.InvalidProtobuf, runtime.InvalidGraph, runtime.InvalidArgument)

_loading = threading.Lock()
_loaded: dict[Path, Segmenter] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Segmenter:
    """A network that is ready to answer, safe to share between threads.

    Attributes:
        card: Its card.
        sha256: Of the weights that answer.
        member: Which of the card's members answers alone; None where all answer together.
    """

    card: ModelCard
    sha256: str
    _session: onnxruntime.InferenceSession
    member: int | None = None

    def only(self, member: int) -> Segmenter:
        """Return a segmenter, on the same loaded network, with which one member answers alone.

        It is for figures on people whom that member never saw; uploads are answered by all members together.

        Raises:
            ModelError: If the model has no such member; members are counted from 0.
        """
        if not 0 <= member < self.card.members:
            raise ModelError(f"The model {self.card.name} has no member {member}; it has {self.card.members}.")
        return replace(self, member=member)

    def probabilities(self, prepared: Float32) -> Uint8:
        """Ask the network about one prepared slice.

        The answer is kept in 8 bits, as the original's was, so that mask, boxes and stage all follow from one small
        map which can be stored, sent and thresholded again with the same result.

        The answers of the members are averaged before they are rounded, and so are those to the slice and its mirror
        image where the card asks for both.

        Args:
            prepared: ``(size, size, inputs) float32``, from ``preprocessing.prepare``.

        Returns:
            ``(channels, size, size) uint8``: probability × 255, rounded.
        """
        answer = self._answer(prepared)
        if self.card.flip_average:
            mirrored = self._answer(np.ascontiguousarray(prepared[:, ::-1]))[:, ::-1]
            answer = np.asarray((answer + mirrored) / 2, dtype=np.float32)
        scaled = np.rint(np.moveaxis(answer, -1, 0) * np.float32(255))
        return np.asarray(scaled.clip(0, 255), dtype=np.uint8)

    def _answer(self, prepared: Float32) -> Float32:
        """Return ``(size, size, channels) float32``, 0..1: of one member, or the mean of all."""
        (answer,) = self._session.run(None, {self._session.get_inputs()[0].name: prepared[np.newaxis]})
        members = np.asarray(answer, dtype=np.float32)[0].reshape(*prepared.shape[:2], self.card.members, -1)
        chosen = members.mean(axis=2) if self.member is None else members[:, :, self.member]
        return np.asarray(chosen, dtype=np.float32)


def load_segmenter(folder: Path) -> Segmenter:
    """Return the network of a model folder, loaded once per process.

    The lock makes simultaneous first uploads wait for one load; ``functools.cache`` would load once for each.

    Raises:
        ModelError: If the folder has no usable model, or its weights are not those that the card names.
    """
    with _loading:
        folder = folder.resolve()
        if folder not in _loaded:
            _loaded[folder] = _load(folder)
        return _loaded[folder]


def _load(folder: Path) -> Segmenter:
    card = read_card(folder)
    path = folder / card.file_ending(".onnx")
    if not path.is_file():
        raise ModelError(f"The weights {path} are missing. Restore them, or run: manage.py export_model {card.name}")
    sha256 = sha256_of(path)
    if sha256 != card.files[path.name]:
        raise ModelError(f"The weights {path} are not those that the card describes. Restore both together.")
    options = onnxruntime.SessionOptions()
    # Idle threads that spin would take the cores away from other requests.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except LOADING_ERRORS as error:
        raise ModelError(f"The weights {path} cannot be loaded: {error}.") from error
    _check_shapes(session, card, path)
    return Segmenter(card=card, sha256=sha256, _session=session)


def _check_shapes(session: onnxruntime.InferenceSession, card: ModelCard, path: Path) -> None:
    """Refuse a twin that does not fit its card; a size that it leaves open is a word and fits."""
    expected = (
        ("inputs", session.get_inputs(), len(card.inputs)),
        ("members × channels", session.get_outputs(), card.members * len(card.channels)),
    )
    for what, tensors, count in expected:
        found = tensors[0].shape[-1]
        if isinstance(found, int) and found != count:
            raise ModelError(f"The weights {path} have {found} {what}, and the card says {count}. Restore both.")
