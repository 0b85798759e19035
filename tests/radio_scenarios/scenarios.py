"""What both stacks must do alike. Each scenario is given a fresh bench and raises what it finds wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from tests.radio_scenarios import failing, measuring, pairing
from tests.radio_scenarios.bench import Bench

Scenario = Callable[[Bench], Awaitable[None]]

SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {
        one.__name__.replace("_", "-"): one
        for one in (
            measuring.scan,
            pairing.just_works,
            pairing.passkey_of_the_device,
            pairing.passkey_typed_on_the_device,
            pairing.numeric_comparison,
            pairing.different_numbers,
            pairing.nobody_to_answer,
            measuring.stored_records,
            measuring.bonded_reconnect,
            failing.dropped_in_mid_indication,
            failing.stack_killed_while_idle,
            failing.stack_killed_while_connected,
            failing.adapter_power_cycled,
            failing.bond_lost,
        )
    }
)
