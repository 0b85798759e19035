"""What may be set for a resident: each setting with its default, its range and what it is for."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import date
from typing import Any, Final, Self

from analytics.vitals.pressure import CrisisLimits, WeekLimits
from analytics.vitals.pulse import LIMIT_PER_MIN
from analytics.vitals.saturation import FAR_PERCENT, LIMIT_PERCENT
from analytics.vitals.weight import GainLimits
from gateway.core.errors import Invalid

Value = bool | float | str | None

_WORD: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One of them, as people see it. `low` and `high` are inclusive."""

    name: str
    default: Value
    what: str
    unit: str | None
    low: float | None
    high: float | None
    whole: bool
    day: bool


def _number(default: float, low: float, high: float, unit: str, what: str) -> Any:
    return field(default=default, metadata={"what": what, "low": low, "high": high, "unit": unit})


def _count(default: int, low: int, high: int, what: str) -> Any:
    return field(default=default, metadata={"what": what, "low": low, "high": high, "whole": True})


def _switch(default: bool, what: str) -> Any:
    return field(default=default, metadata={"what": what})


def _text(what: str, *, day: bool = False) -> Any:
    return field(default=None, metadata={"what": what, "day": day})


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalPlan:
    """The settings of one resident. In the store and outside, `crisis_ask` is called "crisis-ask"."""

    by_night: bool = _switch(False, "findings of medium priority call by night too")
    crisis: bool = _switch(True, "one very high pressure is repeated, or the nurses are called")
    crisis_systolic: float = _number(CrisisLimits().systolic_mmhg, 140, 250, "mmHg", "very high from here")
    crisis_diastolic: float = _number(CrisisLimits().diastolic_mmhg, 90, 160, "mmHg", "very high from here")
    crisis_ask: str | None = _text("a word for who has it repeated, such as home-carer; none: the nurses are called")
    irregular_pulse_usual: bool = _switch(False, "pressures that the cuff flags for an irregular pulse count")
    pressure_week: bool = _switch(True, "the mean pressure of a week")
    pressure_week_systolic: float = _number(WeekLimits().systolic_mmhg, 100, 180, "mmHg", "raised from here")
    pressure_week_diastolic: float = _number(WeekLimits().diastolic_mmhg, 60, 120, "mmHg", "raised from here")
    pressure_week_readings: int = _count(WeekLimits().readings, 6, 56, "readings that make a mean")
    pressure_week_days: int = _count(WeekLimits().days, 2, 7, "days on which they must be")
    pressure_low: bool = _switch(False, "two low pressures in a row")
    pressure_low_systolic: float = _number(90, 60, 120, "mmHg", "low below here")
    weight_gain: bool = _switch(False, "water: weight that rises in days (heart failure)")
    weight_gain_kg: float = _number(GainLimits().kg, 0.5, 10, "kg", "a gain of more than this")
    weight_gain_days: int = _count(GainLimits().days, 1, 7, "in so many days")
    saturation: bool = _switch(True, "oxygen saturation below the own limit")
    saturation_limit: float = _number(LIMIT_PERCENT, 70, 98, "%", "low below here; 88 with COPD")
    saturation_urgent_by: float = _number(FAR_PERCENT, 4, 30, "%", "so far below it, one alone is urgent")
    pulse_drift: bool = _switch(True, "the pulse at rest away from the own")
    pulse_drift_by: float = _number(LIMIT_PER_MIN, 5, 40, "/min", "this far or more")
    pressure_per_day: int = _count(0, 0, 6, "times a day that the pressure is to be measured; 0: no plan")
    weight_per_day: int = _count(0, 0, 6, "times a day that the weight is to be measured; 0: no plan")
    saturation_per_day: int = _count(0, 0, 6, "times a day that the saturation is to be measured; 0: no plan")
    measure_from: str | None = _text("the first day of that plan; the day on which it is set", day=True)
    measure_until: str | None = _text("the last day of that plan; none: until further notice", day=True)
    missing_days: int = _count(2, 1, 7, "days in a row on which something is missing before it is said")

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> Self:
        """From what the store has. What cannot be meant here (a later version's) has its default: a rule is on then."""
        meant: dict[str, Any] = {}
        for name, value in plan.items():
            if name in SETTINGS:
                with suppress(Invalid):
                    meant[_field(name)] = _value(SETTINGS[name], value)
        return cls(**meant)

    def value(self, name: str) -> Value:
        """Of the setting of that name."""
        found: Value = getattr(self, _field(name))
        return found

    @property
    def crisis_limits(self) -> CrisisLimits:
        return CrisisLimits(systolic_mmhg=self.crisis_systolic, diastolic_mmhg=self.crisis_diastolic)

    @property
    def week_limits(self) -> WeekLimits:
        return WeekLimits(
            systolic_mmhg=self.pressure_week_systolic,
            diastolic_mmhg=self.pressure_week_diastolic,
            readings=self.pressure_week_readings,
            days=self.pressure_week_days,
        )

    @property
    def gain_limits(self) -> GainLimits:
        return GainLimits(kg=self.weight_gain_kg, days=self.weight_gain_days)


def _field(name: str) -> str:
    return name.replace("-", "_")


def _setting(one: Field[Any]) -> Setting:
    default: Value = None if one.default is MISSING else one.default
    return Setting(
        name=one.name.replace("_", "-"),
        default=default,
        what=one.metadata["what"],
        unit=one.metadata.get("unit"),
        low=one.metadata.get("low"),
        high=one.metadata.get("high"),
        whole=one.metadata.get("whole", False),
        day=one.metadata.get("day", False),
    )


SETTINGS: Final[Mapping[str, Setting]] = {one.name.replace("_", "-"): _setting(one) for one in fields(VitalPlan)}
PER_DAY: Final = ("pressure-per-day", "weight-per-day", "saturation-per-day")
# What must lie above what: else one rule would tell of everything that another one calls well.
_ABOVE: Final = (
    ("crisis-systolic", "pressure-week-systolic"),
    ("crisis-diastolic", "pressure-week-diastolic"),
    ("pressure-week-systolic", "pressure-low-systolic"),
)


def must_be_settings(changes: Mapping[str, Value]) -> dict[str, Value]:
    """The changes, each as it is kept. Nothing is said of how they go together: see `must_go_together`.

    Raises:
        Invalid: no such setting, or a value that cannot be meant; the sentence says what is allowed.
    """
    return {name: value if value is None else _value(_known(name), value) for name, value in changes.items()}


def must_go_together(plan: Mapping[str, Any]) -> None:
    """Whether a whole plan can be meant. Raises Invalid."""
    whole = VitalPlan.of(plan)
    for upper, lower in _ABOVE:
        above, below = whole.value(upper), whole.value(lower)
        if float(above or 0) <= float(below or 0):
            raise Invalid(f"{upper} ({above:g}) must be above {lower} ({below:g}).")
    if whole.measure_from and whole.measure_until and whole.measure_until < whole.measure_from:
        raise Invalid(f"measure-until ({whole.measure_until}) is before measure-from ({whole.measure_from}).")


def _known(name: str) -> Setting:
    if name not in SETTINGS:
        near = difflib.get_close_matches(name, SETTINGS, n=1)
        meant = f": did you mean '{near[0]}'?" if near else f". There are {', '.join(SETTINGS)}."
        raise Invalid(f"There is no setting '{name}'{meant}")
    return SETTINGS[name]


def _value(setting: Setting, value: bool | float | str) -> Value:
    if isinstance(setting.default, bool):
        if not isinstance(value, bool):
            raise Invalid(f"{setting.name} is either true or false ('yes' or 'no' at the command line).")
        return value
    if setting.default is None:
        return _day(setting, value) if setting.day else _word(setting, value)
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
    if not math.isfinite(number) or (setting.whole and number != int(number)):
        raise Invalid(f"{setting.name} is a {'whole ' if setting.whole else ''}number{_range(setting)}.")
    if not (setting.low or 0) <= number <= (setting.high or 0):
        raise Invalid(f"{setting.name} cannot be {number:g}: give a number{_range(setting)}.")
    return int(number) if setting.whole else float(number)


def _range(setting: Setting) -> str:
    return f" from {setting.low:g} to {setting.high:g}{f' {setting.unit}' if setting.unit else ''}"


def _word(setting: Setting, value: bool | float | str) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise Invalid(
            f"{setting.name} is a word of small letters, digits, '.', '_' or '-', at most 64, such as home-carer: who "
            "receives the messages knows by it whom to call."
        )
    return value


def _day(setting: Setting, value: bool | float | str) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise Invalid(f"{setting.name} is a day, such as 2026-03-01.") from None
