"""What room sensors of one home said: the arrays that everything else here is made from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

DAY_S: Final = 86_400.0


class Kind(StrEnum):
    """What a sensor is. Only motion and contacts are signs of life: a meter also turns without anybody."""

    MOTION = "motion"
    DOOR = "door"  # the home's outer door
    CONTACT = "contact"  # fridge, cupboard: a hand opened it
    METER = "meter"
    UNKNOWN = "unknown"


class Place(IntEnum):
    """Where the resident was last seen. Toilet and bathroom are one: both are where one may not get up again."""

    BEDROOM = 0
    LIVING = 1
    KITCHEN = 2
    BATHROOM = 3
    ENTRANCE = 4
    OTHER = 5
    OUT = 6


PLACES: Final = len(Place)
LIFE: Final = (Kind.MOTION, Kind.DOOR, Kind.CONTACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One sensor by the name that its messages carry."""

    name: str
    kind: Kind
    place: Place = Place.OTHER


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Events:
    """One home's record, in the order of time.

    Attributes:
        first_day: local date of `at_s` = 0, datetime64[D].
        days: whole days that the record covers; what lies beyond was left out by whoever made it.
        sensors: who speaks.
        at_s: seconds of the home's own clock since midnight of `first_day`, float64 (n,), ascending.
        sensor: index into `sensors`, int16 (n,).
        on: whether the value was "on" (movement begun, opened), bool (n,).
        failed_at_s: moments at which the system said that it lost a sensor, or has it back, float64 (m,), ascending.
        failed_sensor: index into `sensors`, int16 (m,).
        failed: lost (True) or back (False), bool (m,).
        remarks: what was odd in the record, sentences for a person.
    """

    first_day: np.datetime64
    days: int
    sensors: tuple[Sensor, ...]
    at_s: NDArray[np.float64]
    sensor: NDArray[np.int16]
    on: NDArray[np.bool_]
    failed_at_s: NDArray[np.float64]
    failed_sensor: NDArray[np.int16]
    failed: NDArray[np.bool_]
    remarks: tuple[str, ...] = ()

    def of_kinds(self, *kinds: Kind) -> NDArray[np.bool_]:
        """Which sensors are of one of these kinds, bool (sensors,)."""
        return np.array([one.kind in kinds for one in self.sensors], bool)

    def until(self, day: int) -> Events:
        """The record as it was known at the beginning of a day: nothing later is in it."""
        return self.before(day * DAY_S)

    def before(self, at_s: float) -> Events:
        """The record as it was known at a moment; the day in which it lies is in it as far as it had come."""
        told, lost = self.at_s < at_s, self.failed_at_s < at_s
        return replace(
            self,
            days=min(math.ceil(at_s / DAY_S), self.days),
            at_s=self.at_s[told],
            sensor=self.sensor[told],
            on=self.on[told],
            failed_at_s=self.failed_at_s[lost],
            failed_sensor=self.failed_sensor[lost],
            failed=self.failed[lost],
        )
