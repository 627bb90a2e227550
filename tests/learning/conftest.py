from __future__ import annotations

from collections.abc import Iterator

import pytest

from TumorApp.learning.networks import compact_unet, dilated_unet


@pytest.fixture(scope="module")
def narrow_networks() -> Iterator[None]:
    """Give networks that tests train few filters, so that they build, train and export in seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dilated_unet, "FILTERS", (2, 2, 4, 4))
        patch.setattr(dilated_unet, "BOTTOM_FILTERS", 8)
        patch.setattr(compact_unet, "FILTERS", (2, 2, 4, 4, 4))
        patch.setattr(compact_unet, "CONVOLUTIONS", (1, 1, 1, 1, 1))
        yield
