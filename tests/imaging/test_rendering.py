from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.phantoms import analysis, rectangle
from TumorApp.imaging.records import CTSlice, Lesion, SizeRule, Stage
from TumorApp.imaging.rendering import annotated_slice, caption, figure_png, mask_png, slice_png

LESION = Lesion((100, 200, 80, 64), 5120, None, None, 280.0, 0.5, "middle left of the picture", 0.9)


def found() -> object:
    labels = np.zeros((512, 512), np.uint8)
    labels[rectangle((512, 512), 100, 200, 80, 64)] = 2
    return analysis(
        ct_slice=CTSlice(np.full((512, 512), 100, np.float32), "PNG"),
        labels=labels,
        lesions=(LESION,),
        size_rule=SizeRule(Stage.I, 18.0, ((25, 50, 20, 16),)),
        affected_percent=12.34,
        affected_of="liver",
    )


def test_caption_keeps_the_two_lines_with_the_true_percentage() -> None:
    assert caption(found()) == ("Tumor Detected", "(Affected % = 12.3 ) Stage 1")
    assert caption(analysis()) == ("No Tumor Detected",)
    unstaged = analysis(lesions=(LESION,), affected_percent=0.5)
    assert caption(unstaged) == ("Tumor Detected", "(Affected % = 0.5 )")


def test_the_counting_box_is_truly_red_and_where_it_belongs() -> None:
    panel = annotated_slice(found())
    assert panel.shape == (400, 400, 3)
    left, top = round(25 * 400 / 128), round(50 * 400 / 128)
    right, bottom = round(45 * 400 / 128), round(66 * 400 / 128)
    for row, column in ((top, 100), (bottom, 100), (180, left), (180, right)):
        assert tuple(panel[row, column]) == (255, 0, 0)
    assert tuple(panel[top + 20, left + 20]) == (100, 100, 100)


def test_the_caption_stands_at_the_top_left_in_red() -> None:
    panel = annotated_slice(found()).astype(int)
    red = (panel[..., 0] > 200) & (panel[..., 1] < 60)
    assert red[8:28, 10:190].any()
    assert red[38:58, 10:300].any()
    nothing = annotated_slice(analysis()).astype(int)
    red = (nothing[..., 0] > 200) & (nothing[..., 1] < 60)
    assert red[8:28].any()
    assert not red[38:].any()


def test_the_figure_is_a_picture_of_two_panels() -> None:
    with Image.open(io.BytesIO(figure_png(found()))) as figure:
        assert figure.format == "PNG"
        assert figure.width > 1.5 * figure.height
        pixels = np.asarray(figure.convert("RGB")).astype(int)
    yellow = np.abs(pixels - [253, 231, 36]).sum(axis=-1) < 20  # viridis at its highest value: tumour
    columns = np.nonzero(yellow.any(axis=0))[0]
    assert columns.size
    assert columns.min() > figure.width / 2


@pytest.mark.parametrize("shape", [(300, 200), (200, 300), (33, 33)])
def test_any_shape_is_drawn(shape: tuple[int, int]) -> None:
    drawn = analysis(ct_slice=CTSlice(np.zeros(shape, np.float32), "PNG"), labels=np.zeros(shape, np.uint8))
    assert figure_png(drawn).startswith(b"\x89PNG")


def test_mask_and_slice_come_back_unchanged() -> None:
    labels = np.arange(60, dtype=np.uint8).reshape(6, 10) % 3
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(mask_png(labels)))), labels)
    grey = np.arange(60, dtype=np.float32).reshape(6, 10)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(slice_png(CTSlice(grey, "PNG"))))), grey)
