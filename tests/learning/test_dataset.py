from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.learning.folders import EIGHT, write_data_folder
from tests.phantoms import card
from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.pipeline import prepare
from TumorApp.imaging.preprocessing import normalise, show
from TumorApp.learning.dataset import (
    SOFT_TISSUE_HU,
    UNKNOWN,
    DataFolderError,
    Record,
    load_samples,
    people_of,
    read_grey,
    read_manifest,
    targets_of,
)


def test_manifest_rows_become_records(tmp_path: Path) -> None:
    records = read_manifest(write_data_folder(tmp_path / "data", EIGHT))
    assert [record.name for record in records] == [row[0] for row in EIGHT]
    assert people_of(records) == ("person0", "person1", "person2", "person3")
    assert records[0].covers("liver")
    assert records[0].covers("tumour")
    assert not records[7].covers("tumour")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,patient\n", "labels"),
        ("name,patient,labels\na,b,spleen\n", "line 2"),
        ("name,patient,labels\n", "no slices"),
        ("name,patient,labels,window\na,b,liver,wide\n", "line 2: the window 'wide'"),
        ("name,patient,labels,window\na,b,liver,HU 240..-160\n", "HU -160..240"),
        ("name,patient,labels,spacing_mm\na,b,liver,0.8\n", "row and column"),
        ("name,patient,labels,spacing_mm\na,b,liver,0.8 0\n", "not positive"),
    ],
)
def test_wrong_manifests_are_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(DataFolderError, match=says):
        read_manifest(tmp_path)


def test_optional_columns(tmp_path: Path) -> None:
    rows = ("a,p,liver,HU -40..160,0.8 0.7", "b,p,liver,,", 'c,p,liver,"0,255",')
    (tmp_path / "manifest.csv").write_text("\n".join(("name,patient,labels,window,spacing_mm", *rows)))
    first, second, third = read_manifest(tmp_path)
    assert (first.window_hu, first.spacing_mm) == ((-40.0, 160.0), (0.8, 0.7))
    assert (second.window_hu, second.spacing_mm) == (SOFT_TISSUE_HU, None)
    assert third.window_hu == (0.0, 255.0)


def test_a_folder_without_manifest_is_no_data_folder(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match=r"manifest\.csv"):
        read_manifest(tmp_path)


def test_a_mask_with_other_values_is_refused(tmp_path: Path) -> None:
    folder = write_data_folder(tmp_path / "data", EIGHT[:1])
    Image.fromarray(np.full((256, 256), 255, np.uint8)).save(folder / "masks" / "slice0.png")
    with pytest.raises(DataFolderError, match="slice0"):
        load_samples(read_manifest(folder), 64)


def test_training_sees_what_detection_sees(tmp_path: Path) -> None:
    record = read_manifest(write_data_folder(tmp_path / "data", EIGHT[:1]))[0]
    samples = load_samples([record], 128)
    trained = normalise(show(samples.grey[0].astype(np.float32), ("grey",)), (127.0, 127.0))
    detected = prepare(read_grey(record), card())
    # Samples are kept in 8 bits, so they may differ by half a grey level.
    np.testing.assert_allclose(trained, detected, atol=0.5 / 127 + 1e-6)


def record(labels: str) -> Record:
    return Record("a", "b", labels, Path())


def test_what_is_not_labelled_is_unknown() -> None:
    labels = draw_phantom(0).labels
    both, liver, tumour = (targets_of(labels, record(kind), 64) for kind in ("liver+tumour", "liver", "tumour"))
    assert set(np.unique(both)) == {0, 1}
    inside = both[..., 0] == 1
    assert (liver[..., 0] == both[..., 0]).all()
    assert (liver[inside, 1] == UNKNOWN).all()
    assert (liver[~inside, 1] == 0).all()
    assert (tumour[..., 0] == UNKNOWN).all()
    assert (tumour[..., 1] == both[..., 1]).all()


def test_the_tumour_counts_as_liver() -> None:
    targets = targets_of(draw_phantom(0).labels, record("liver+tumour"), 64)
    assert (targets[targets[..., 1] == 1, 0] == 1).all()
