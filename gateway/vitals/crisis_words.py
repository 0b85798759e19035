"""The sentences about one very high blood pressure, with the home's own times."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo
from typing import Final

from device_drivers.nomenclature import Quantity
from gateway.store.readings import ReadingRow
from gateway.vitals.usable import IRREGULAR, LATE_S, is_ahead, measured_at

_AHEAD: Final = " (the device's clock is ahead)"


def figures_of(row: ReadingRow) -> tuple[float, float]:
    """Systolic and diastolic pressure, mmHg; NaN where there is none."""
    return row.values.get(Quantity.SYSTOLIC, math.nan), row.values.get(Quantity.DIASTOLIC, math.nan)


class CrisisWords:
    """Sentences for a nurse, and for whoever has it repeated."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def request(self, row: ReadingRow, whom: str, *, until: datetime) -> str:
        return f"Blood pressure {self._at(row)}: {whom} is asked to have it repeated by {self._clock(until)}"

    def as_high(self, first: ReadingRow, row: ReadingRow) -> str:
        return f"Blood pressure {self._at(first)} and as high again: {self._at(row)}"

    def below(self, first: ReadingRow, row: ReadingRow) -> str:
        return f"Blood pressure {self._at(first)}, not confirmed: {self._at(row)}"

    def not_repeated(self, first: ReadingRow, unusable: int) -> str:
        said = f"Blood pressure {self._at(first)}, not repeated within 15 minutes"
        if unusable:
            said += f"; {unusable} measurement{'' if unusable == 1 else 's'} since gave nothing that can be used"
        return said

    def nobody_named(self, row: ReadingRow) -> str:
        return f"Blood pressure {self._at(row)}: have it repeated (nobody else is asked)"

    def of_somebody(self, row: ReadingRow) -> str:
        return (
            f"Blood pressure {self._at(row)} of somebody in this home: have it repeated, and say whose the reading is"
        )

    def unattended(self, row: ReadingRow) -> str:
        return f"Blood pressure {self._at(row)}: the gateway did not run since, nobody was asked to repeat it"

    def late(self, row: ReadingRow, at: datetime) -> str:
        day = at.astimezone(self._zone).date().isoformat()
        return f"Blood pressure was {_pressure(row)} on {day} at {self._clock(at)}, known only now: repeat it"

    def not_theirs(self) -> str:
        return "A reading behind this is not this resident's"

    def damaged(self) -> str:
        return "A very high blood pressure was to be repeated, and its reading cannot be found"

    def _at(self, row: ReadingRow) -> str:
        at = measured_at(row)
        came = f"received at {self._clock(row.received_at)}"
        if at is None:
            return f"{_pressure(row)} {came}{_AHEAD if is_ahead(row) else ''}"
        if (row.received_at - at).total_seconds() <= LATE_S:
            return f"{_pressure(row)} at {self._clock(at)}"
        day, today = (one.astimezone(self._zone).date() for one in (at, row.received_at))
        on = "" if day == today else f"on {day.isoformat()} "
        return f"{_pressure(row)} {on}at {self._clock(at)} by the device's clock, {came}"

    def _clock(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%H:%M")


def _pressure(row: ReadingRow) -> str:
    systolic, diastolic = figures_of(row)
    return f"{systolic:.0f}/{diastolic:.0f} mmHg{' (irregular pulse)' if IRREGULAR in row.flags else ''}"
