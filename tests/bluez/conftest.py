"""One boot of the VM for all scenarios."""

from __future__ import annotations

import os

import pytest

from tests.bluez.vm import Report, run
from tests.radio_scenarios.scenarios import SCENARIOS


@pytest.fixture(scope="session")
def report() -> Report:
    return run(os.environ.get("HUOMA_BLUEZ_SUITE", "trixie"), list(SCENARIOS))
