"""The scenarios that both stacks share, on the Bumble host. `tests/bluez` has them on BlueZ."""

from __future__ import annotations

from pathlib import Path

import pytest

from device_drivers.virtual.radio import virtual_radio
from tests.radio_scenarios.bumble_bench import BumbleBench
from tests.radio_scenarios.scenarios import SCENARIOS


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
async def test_scenario(name: str, tmp_path: Path) -> None:
    async with virtual_radio() as air:
        await SCENARIOS[name](BumbleBench(air, tmp_path / "bonds.json"))
