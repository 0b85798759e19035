"""What a nurse sets of the rules about a resident's measurements: the API and the command line are two callers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from gateway.core.clock import Clock
from gateway.store.registry import Registry
from gateway.store.resident_plans import Plan, ResidentPlans
from gateway.store.residents import Resident
from gateway.vitals.plan import PER_DAY, Value, VitalPlan, must_be_settings, must_go_together

_FROM: Final = "measure-from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The settings of one resident. `chosen` are those that somebody has set."""

    resident: Resident
    plan: VitalPlan
    chosen: frozenset[str]


class VitalSettings:
    """Reads and changes them.

    Args:
        zone: the home's: a plan begins with the home's own day.
    """

    def __init__(self, *, plans: ResidentPlans, registry: Registry, clock: Clock, zone: tzinfo) -> None:
        self._plans = plans
        self._registry = registry
        self._clock = clock
        self._zone = zone

    async def of(self, resident: str) -> Settled:
        """By id, or a name that only one has. Raises NotFound."""
        found = await self._registry.resident(resident)
        return _settled(found, await self._plans.of(found.id))

    async def change(self, resident: str, changes: Mapping[str, Value], *, actor: str) -> Settled:
        """Set these and leave the others; None takes one back to its default.

        A plan of how often to measure begins today unless it says when.

        Raises:
            NotFound: no such resident.
            Invalid: no such setting, or a value that cannot be meant, alone or with the others.
        """
        found = await self._registry.resident(resident)
        named = must_be_settings(changes)
        if any(named.get(name) for name in PER_DAY) and _FROM not in named:
            before = await self._plans.of(found.id)
            if not any(before.get(name) for name in PER_DAY):
                named[_FROM] = self._clock.wall().astimezone(self._zone).date().isoformat()
        return _settled(found, await self._plans.change(found.id, named, actor=actor, check=must_go_together))


def _settled(resident: Resident, plan: Plan) -> Settled:
    return Settled(resident=resident, plan=VitalPlan.of(plan), chosen=frozenset(plan))
