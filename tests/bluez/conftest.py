"""One boot of the VM for all scenarios."""

from __future__ import annotations

import os

import pytest

from tests.bluez.vm import Report, run
from tests.radio_scenarios.scenarios import SCENARIOS

# The lane is part of the suite unless somebody is in a hurry.
collect_ignore = ["test_on_bluez.py"] if os.environ.get("HUOMA_FAST") == "1" else []


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Report:
    """Of the scenarios that were asked for, or of all."""
    asked = {item.name for item in request.session.items if "tests/bluez" in item.nodeid}
    return run(
        os.environ.get("HUOMA_BLUEZ_SUITE", "trixie"), [name for name in SCENARIOS if f"test_scenario[{name}]" in asked]
    )
