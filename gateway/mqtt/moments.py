"""When was it so? The moment in a payload against ours, and what was told before: late, unordered, repeated."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from hashlib import blake2b
from typing import Final

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.payloads.mapping import Told
from device_drivers.payloads.stamps import device_time, moment_of
from device_drivers.readings import DeviceTime
from gateway.mqtt.contracts import Arrived
from gateway.mqtt.status import Trouble

FUTURE: Final = timedelta(seconds=120)  # as `gateway.ingest.effective` has it
_Record = tuple[str, Kind, tuple[tuple[Quantity, float], ...]]
REMEMBERED: Final = 64  # payloads of one sensor: more than a broker holds unanswered, and than a publisher sends again


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Of one payload.

    Attributes:
        time: as a device in the home would have said it; None where the moment of reception counts.
        age_s: how long before its reception it was so, by its own word; 0 where that is worth nothing.
        repeated: the same was told before, of the same moment.
        known: retained, and no news: it says nothing that is not known, or not when.
        trouble: what is wrong with what it says of time.
    """

    time: DeviceTime | None = None
    age_s: float = 0.0
    repeated: bool = False
    known: bool = False
    trouble: Trouble | None = None


class Moments:
    """What one sensor has said of time. Bounded."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[datetime, bytes], None] = OrderedDict()
        self._seconds: OrderedDict[_Record, datetime] = OrderedDict()
        self._newest: datetime | None = None

    def judge(self, told: Told, arrived: Arrived, zone: tzinfo) -> Moment:
        """Where in time a payload belongs. What is wrong with its stamp costs the stamp, never the payload."""
        if not told.stamped:
            return Moment(known=arrived.retained)
        moment = moment_of(told.stamp)
        if moment is None:
            return Moment(known=arrived.retained, trouble=Trouble.NO_MOMENT)
        if arrived.synchronised and moment > arrived.received_at + FUTURE:
            return Moment(known=arrived.retained, trouble=Trouble.FUTURE)
        key = (moment, blake2b(arrived.payload, digest_size=16).digest())
        if key in self._told:
            return Moment(repeated=True)
        newest, self._newest = self._newest, max(moment, self._newest or moment)
        self._remember(key)
        age = max(0.0, (arrived.received_at - moment).total_seconds()) if arrived.synchronised else 0.0
        if newest is not None and moment < newest:
            if arrived.retained:
                return Moment(known=True)
            if not arrived.again:
                return Moment(trouble=Trouble.UNORDERED, age_s=age)
        time = device_time(moment, zone)
        return Moment(time=time if self._is_of_its_own(told, time.text(), moment) else None, age_s=age)

    def _is_of_its_own(self, told: Told, second: str, moment: datetime) -> bool:
        """Whether no other record of this second says the same: they are told apart by whole seconds and what they say.

        A door that is opened, closed and opened within a second ends open: its third record goes by its reception.
        """
        records = [(second, one.kind, tuple(sorted(one.values.items()))) for one in told.readings]
        others = [record for record in records if self._seconds.get(record, moment) != moment]
        for record in records:
            self._seconds.setdefault(record, moment)
        while len(self._seconds) > REMEMBERED:
            self._seconds.popitem(last=False)
        return not others

    def _remember(self, key: tuple[datetime, bytes]) -> None:
        self._told[key] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
