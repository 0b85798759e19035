"""Fixtures of the whole suite."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def recordings() -> Path | None:
    """The folder of published recordings (HUOMA_DATA), or None: tests then use synthetic ones."""
    folder = os.environ.get("HUOMA_DATA")
    return Path(folder) if folder else None
