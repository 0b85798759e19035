"""What nobody alive shows, twice in a row. It is no number; that it comes again is said to a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from analytics.vitals.measured import Measured
from device_drivers.nomenclature import Kind, Quantity
from gateway.store.readings import ReadingRow
from gateway.vitals.crisis_words import figures_of
from gateway.vitals.plan import VitalPlan
from gateway.vitals.usable import doubted_quantities, is_number, is_sound, placed

_JUDGED: Final = frozenset({Quantity.SYSTOLIC, Quantity.DIASTOLIC, Quantity.SPO2})


def cannot_be(row: ReadingRow, plan: VitalPlan) -> bool:
    """Whether its device has nothing against it, and a value that a rule looks at cannot be.

    Or that value is alarming beside one that cannot be: a very high pressure with a pulse of 10.
    """
    doubted = doubted_quantities(row)
    return is_sound(row) and bool(doubted) and (bool(doubted & _JUDGED) or is_alarming(row, plan))


def is_alarming(row: ReadingRow, plan: VitalPlan) -> bool:
    """Whether it would call at once if it could be."""
    systolic, diastolic = figures_of(row)
    spo2 = row.values.get(Quantity.SPO2, float("nan"))
    return (
        systolic >= plan.crisis_systolic
        or diastolic >= plan.crisis_diastolic
        or spo2 <= plan.saturation_limit - plan.saturation_urgent_by
    )


def shown(rows: Sequence[ReadingRow], plan: VitalPlan, zone: tzinfo) -> Measured:
    """The rows as `analytics.vitals.implausible` looks at them. What is neither sound nor such a one does not count."""
    strange = [cannot_be(row, plan) for row in rows]
    values = [[float(one), float(one and is_alarming(row, plan))] for row, one in zip(rows, strange, strict=True)]
    counted = [one or is_number(row, irregular_is_usual=True) for row, one in zip(rows, strange, strict=True)]
    return placed(rows, values, counted, zone, columns=2, unknown_is_now=True)


def sentence(row: ReadingRow) -> str:
    """Of the newest one."""
    if row.kind == Kind.BLOOD_PRESSURE:
        device, figures = "cuff", "{:g}/{:g} mmHg".format(*figures_of(row))
        if Quantity.PULSE_RATE in doubted_quantities(row):
            figures += f", pulse {row.values[Quantity.PULSE_RATE]:g} /min"
    else:
        device, figures = "oximeter", f"{row.values.get(Quantity.SPO2, float('nan')):g} %"
    return (
        f"Twice in a row the {device} shows what cannot be ({figures}): no number to trust, see to the resident and "
        "measure again"
    )
