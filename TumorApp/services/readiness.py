"""Whether the site can do its work: database, storage and network."""

from __future__ import annotations

import logging

from django.db import DatabaseError

from TumorApp.imaging.errors import ModelError
from TumorApp.models import Account
from TumorApp.services import analyses, storage

logger = logging.getLogger(__name__)


def problems() -> list[str]:
    """Return a sentence for each part that is not ready. The log has the details, which are not for everyone."""
    found = []
    try:
        Account.objects.exists()
    except DatabaseError as error:
        logger.error("The database does not answer: %s", error)
        found.append("database: it does not answer, or its tables are missing")
    try:
        storage.probe()
    except OSError as error:
        logger.error("Files cannot be kept: %s", error)
        found.append("storage: files cannot be written")
    try:
        analyses.segmenter()
    except ModelError as error:
        logger.error("There is no usable network: %s", error)
        found.append("network: it cannot be loaded")
    return found
