"""Fixtures of the whole suite."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

# A shell that starts the suite in the background has Ctrl-C ignored, and every process that the tests start inherits
# that: they would wait for it for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def recordings() -> Path | None:
    """The folder of published recordings (HUOMA_DATA), or None: tests then use synthetic ones."""
    folder = os.environ.get("HUOMA_DATA")
    return Path(folder) if folder else None
