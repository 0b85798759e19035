"""The parts that watch measurements, over the store and the desk."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from api.core import Core
from gateway.core.clock import Clock
from gateway.core.health import HealthBoard
from gateway.core.subject import Subject, SubjectType
from gateway.store.followed import Followed
from gateway.store.vital_states import VitalStates
from gateway.supervision.supervisor import Part
from gateway.vitals.crisis import PART as REPEATS
from gateway.vitals.crisis import Crises
from gateway.vitals.crisis_words import CrisisWords
from gateway.vitals.standings import Standings
from gateway.vitals.watch import PART as VITALS
from gateway.vitals.watch import VitalWatch


def vitals_over(core: Core, *, clock: Clock, zone: ZoneInfo, health: HealthBoard) -> dict[str, Part]:
    """Made before the first reading is taken in, so that none is passed over."""
    crises = Crises(desk=core.desk, readings=core.readings, clock=clock, words=CrisisWords(zone), health=health)
    watch = VitalWatch(
        readings=core.readings,
        registry=core.registry,
        plans=core.plans,
        followed=Followed(core.database, core.stamper),
        crises=crises,
        standings=Standings(desk=core.desk, states=VitalStates(core.database, core.stamper), clock=clock, zone=zone),
        clock=clock,
        zone=zone,
        health=health,
        home=Subject(type=SubjectType.HOME, id=core.origin.home_id),
        on_commit=core.database.on_commit,
    )
    return {VITALS: watch.run, REPEATS: crises.run}
