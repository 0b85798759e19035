"""Which record is it? The same one, sent again or read by two gateways, gets the same id; two different ones never do.

| rule | parts of the id |
|---|---|
| device-time | device, kind, the device's own stamp as it said it, user slot, what was measured |
| sequence | device, kind, record number, the device's own stamp, user slot, what was measured |
| reception | device, kind, and the moment and order of reception here |

What was measured is part of it because clocks fall back to one and the same factory date, and record numbers to one.
The offset of the clock is not, so a record keeps its id when the clock is set or lost between two transmissions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from device_drivers.readings import Reading
from gateway.core.ids import derived_id
from gateway.store.outgoing import json_text

DEVICE_TIME: Final = "device-time"
SEQUENCE: Final = "sequence"
RECEPTION: Final = "reception"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordIdentity:
    """The id and how it came about. `may_repeat`: a resend of this record could not be told from a new measurement."""

    id: str
    rule: str
    may_repeat: bool


def identify(device_identity: str, rule: str, reading: Reading, *, arrival: str) -> RecordIdentity:
    """The identity of a record by the rule of its profile, as far as the record allows.

    Args:
        device_identity: see `KnownDevice.identity`.
        rule: the profile's `record_identity`.
        reading: the record.
        arrival: unique per reception on this gateway: boot, moment and order.
    """
    full_stamp = reading.time is not None and reading.time.local() is not None
    said = "" if reading.time is None else reading.time.text()
    slot = "" if reading.user_slot is None else str(reading.user_slot)
    common = ("reading", device_identity, reading.kind.value)
    if rule == SEQUENCE and reading.sequence is not None:
        numbered = (SEQUENCE, str(reading.sequence), said, slot, measured_key(reading))
        return RecordIdentity(id=derived_id(*common, *numbered), rule=SEQUENCE, may_repeat=False)
    if rule in (SEQUENCE, DEVICE_TIME) and full_stamp:
        parts = (DEVICE_TIME, said, slot, measured_key(reading))
        return RecordIdentity(id=derived_id(*common, *parts), rule=DEVICE_TIME, may_repeat=False)
    return RecordIdentity(id=derived_id(*common, RECEPTION, arrival), rule=RECEPTION, may_repeat=rule != RECEPTION)


def measured_key(reading: Reading) -> str:
    """What was measured, as text that is equal for equal measurements; of a failed one how it failed."""
    values = {quantity.value: float(value) for quantity, value in reading.values.items()}
    missing = {quantity.value: why.value for quantity, why in reading.missing.items()}
    flags = sorted(reading.flags) if not values else []
    return json_text([sorted(values.items()), sorted(missing.items()), flags])
