"""The model card: what a network needs to be used as it was trained, and what it is worth, beside its weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from TumorApp.imaging.errors import ModelError

CARD_FILE = "card.json"
DEFAULT_MODEL = "compact_unet"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is written in ``card.json``.

    Attributes:
        name: Name of the model, and of its folder.
        version: Version of these weights.
        network: Name of the builder in ``learning.networks``.
        input_size: Side of the square network grid in pixels.
        resize: How a slice is brought to that grid; ``"bicubic"`` is the only way so far.
        window_hu: Window in Hounsfield units for slices that come with them; grey pictures are used as they are.
        normalisation: ``(subtract, divide)``: the network sees ``(grey - subtract) / divide``.
        inputs: What each input channel shows, in order: ``"grey"``, or ``"equalised"`` for the slice with its
            histogram made flat.
        members: Networks that answer together; their probabilities are averaged, member after member in the output
            channels of the twin.
        channels: Meaning of the output channels, in order; ``"liver"`` includes the tumours inside it.
        thresholds: Channel to the probability, 0..1, from which a pixel counts.
        smallest_lesion_px: Pixels on the network grid below which a tumour region is dropped.
        lesion_peak: Probability, 0..1, that a tumour region must reach somewhere; 0 asks for nothing.
        liver_margin_px: Pixels on the network grid by which a tumour may reach out of the liver that was found; None
            lets it lie anywhere.
        smallest_liver_px: Pixels on the network grid below which a region of liver is dropped.
        flip_average: Whether the slice is also shown mirrored, left for right, and both answers are averaged.
        calibration: By ``"lesion"`` and ``"slice"``, how a probability becomes a chance (see ``imaging.confidence``),
            with the calibration error before and after; empty where that was never measured.
        choices_made: Sentences, one for each time that people were looked at to choose a number of this card.
        training: Data, their licence and attribution, people trained on and held out, settings.
        scores: Figures, each with how it was measured.
        intended_use: For what the model may be used.
        limits: Known limits, as sentences.
        files: File name to its sha256 in hexadecimal.
    """

    name: str
    version: str
    network: str
    input_size: int
    resize: str
    window_hu: tuple[float, float]
    normalisation: tuple[float, float]
    channels: tuple[str, ...]
    thresholds: dict[str, float]
    smallest_lesion_px: int
    inputs: tuple[str, ...] = ("grey",)
    members: int = 1
    lesion_peak: float = 0.0
    liver_margin_px: float | None = None
    smallest_liver_px: int = 0
    flip_average: bool = False
    calibration: dict[str, Any] = field(default_factory=dict)
    choices_made: tuple[str, ...] = ()
    training: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    intended_use: str = ""
    limits: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)

    def channel(self, name: str) -> int:
        """Return the index of an output channel.

        Raises:
            ModelError: If the network has no such channel.
        """
        if name not in self.channels:
            raise ModelError(f"The model {self.name} has no channel {name!r}; it has {', '.join(self.channels)}.")
        return self.channels.index(name)

    def file_ending(self, ending: str) -> str:
        """Return the name of the one file of this model with that ending, such as ``".onnx"``.

        Raises:
            ModelError: If the card lists none or several.
        """
        names = [name for name in self.files if name.endswith(ending)]
        if len(names) != 1:
            raise ModelError(f"The card of {self.name} lists {len(names)} files ending in {ending}, not one.")
        return names[0]


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_card(folder: Path) -> ModelCard:
    """Read the card of a model folder.

    Raises:
        ModelError: If there is none, or it is not a card.
    """
    path = folder / CARD_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"There is no model in {folder}: {CARD_FILE} is missing.") from None
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON: {error}.") from error
    for name in ("window_hu", "normalisation", "channels", "inputs", "choices_made", "limits"):
        if name in values:
            values[name] = tuple(values[name])
    try:
        return ModelCard(**values)
    except TypeError as error:
        raise ModelError(f"{path} is not a model card: {error}.") from error


def write_card(card: ModelCard, folder: Path) -> None:
    """Write a card as ``card.json`` into a model folder, readable and in a stable order."""
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8")
