"""Can it be? What is measured is kept as it is; what nobody alive shows is marked."""

from __future__ import annotations

import math

from device_drivers.nomenclature import ESSENTIAL, QUANTITIES
from device_drivers.readings import Reading


def doubtful_quantities(reading: Reading) -> list[str]:
    """Names of the quantities outside their plausible range (no number is outside every range)."""
    found: list[str] = []
    for quantity, value in reading.values.items():
        plausible = QUANTITIES[quantity].plausible
        if not math.isfinite(value) or (plausible is not None and not plausible[0] <= value <= plausible[1]):
            found.append(quantity.value)
    return found


def is_failed(reading: Reading) -> bool:
    """True for a measurement without a result: no value at all, or one that its kind cannot do without is missing."""
    return reading.failed or any(quantity not in reading.values for quantity in ESSENTIAL[reading.kind])
