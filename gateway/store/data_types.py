"""What can be consented to: the kinds of readings, alerts, or everything."""

from __future__ import annotations

import difflib
from typing import Final

from device_drivers.nomenclature import Kind
from gateway.core.errors import Invalid

EVERYTHING: Final = "*"
DATA_TYPES: Final = (*(kind.value for kind in Kind), "alert")


def must_be_known(data_type: str) -> None:
    """Refuse a slip of the pen: it would look like a consent, or worse, like a withdrawal.

    Raises:
        Invalid: no such type; the text names the nearest one, and all.
    """
    if data_type == EVERYTHING or data_type in DATA_TYPES:
        return
    known = ", ".join(DATA_TYPES)
    close = difflib.get_close_matches(data_type.lower(), DATA_TYPES, n=1)
    guess = f" Did you mean '{close[0]}'?" if close else ""
    raise Invalid(f"There is no type of data '{data_type}' to consent to.{guess} Known: {known}, or * for everything.")
