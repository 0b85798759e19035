"""The scenarios that both stacks share, on the real BlueZ in a virtual machine (see docs/testing-bluez.md)."""

from __future__ import annotations

import pytest

from tests.bluez.vm import Report
from tests.radio_scenarios.scenarios import SCENARIOS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, report: Report) -> None:
    outcome = report.outcomes.get(name)
    if outcome is None:
        pytest.fail(f"the VM ended before it; see {report.folder}. Its last words:\n{report.last_words}", pytrace=False)
    if outcome.wrong is not None:
        pytest.fail(f"{outcome.wrong}\nsee {report.folder}", pytrace=False)


def test_the_kernel_is_well(report: Report) -> None:
    assert report.broken == []
    assert "DOWN" in report.console
