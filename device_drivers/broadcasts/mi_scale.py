"""Mi scales: one reading of each weighing, however often it is advertised.

A weighing is known by the weight that the scale shows once it is stable, and by the scale's time of it. It ends when
the scale says that the person has stepped off or that the weight is not stable. The body composition scale (v2)
advertises the weight first and some seconds later, to bare feet, the same weighing with the impedance: the first is
unfinished, and both make one reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from typing import Final, Self

from device_drivers.advertising import Advert, Broadcast
from device_drivers.decode.date_time import DATE_TIME_FIELDS
from device_drivers.decode.mi_scale import SOURCE_V1, SOURCE_V2, Weighing, decode_v1, decode_v2
from device_drivers.readings import Reading
from firmware_profiles import Profile

WEIGHING: Final = "weighing"  # the key in the memory
# A scale that was not heard for this long shows another weighing, even if it is the same weight and its clock stands
# still because nobody ever set it. It shows one for some 15 s after the person has stepped off.
AGAIN_S: Final = 120.0
SAME_S: Final = 60.0  # a stamp that runs on while one stands there: still this weighing
_OPEN: Final = "open"
_DONE: Final = "done"
_ENDED: Final = "ended"
_STAMP: Final = Struct("<" + DATE_TIME_FIELDS)


def mi_scale(advert: Advert, profile: Profile, memory: Mapping[str, str], *, at: float) -> Broadcast:
    """A `Broadcaster`. An advertisement without the scale's data tells nothing.

    Raises:
        DecodeError: the data is none of these scales.
    """
    del profile
    v1, v2 = advert.service_data.get(SOURCE_V1), advert.service_data.get(SOURCE_V2)
    if v2 is not None:
        weighing = decode_v2(v2)
    elif v1 is not None:
        weighing = decode_v1(v1)
    else:
        return Broadcast()
    last = _Last.of(memory, at)
    if weighing.reading is None:
        return Broadcast(over=last.state == _OPEN, meanwhile=last.now(_ENDED, at))
    if last.is_of(weighing, weighing.reading):
        if last.state != _OPEN or not weighing.complete:
            return Broadcast(meanwhile=last.now(last.state, at))
        return Broadcast(readings=(weighing.reading,), meanwhile=last.now(_DONE, at))
    new = _Last(stamp=weighing.stamp, weight=repr(weighing.weight_kg), state=last.state, heard=at)
    over = last.state == _OPEN
    if weighing.complete:
        return Broadcast(readings=(weighing.reading,), over=over, meanwhile=new.now(_DONE, at))
    return Broadcast(unfinished=(weighing.reading,), over=over, meanwhile=new.now(_OPEN, at))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """The last weighing. `state`: "open" while its impedance may come, "done", "ended" once the person stepped off."""

    stamp: bytes
    weight: str
    state: str
    heard: float

    @classmethod
    def of(cls, memory: Mapping[str, str], at: float) -> Self:
        """From the memory; one that is empty, damaged or old knows none."""
        nothing = cls(stamp=b"", weight="", state=_ENDED, heard=at)
        try:
            stamp, weight, state, heard = memory.get(WEIGHING, "").split()
            known = cls(stamp=bytes.fromhex(stamp), weight=weight, state=state, heard=float(heard))
        except ValueError:
            return nothing
        return known if 0 <= at - known.heard < AGAIN_S else nothing

    def now(self, state: str, at: float) -> dict[str, str]:
        """What to keep of it."""
        return {WEIGHING: f"{self.stamp.hex()} {self.weight} {state} {at!r}"} if self.stamp else {}

    def is_of(self, weighing: Weighing, reading: Reading) -> bool:
        """Whether it is this one again."""
        if self.weight != repr(weighing.weight_kg) or (self.state == _ENDED and reading.time is None):
            return False  # a clock that was never set may stand still
        if self.stamp == weighing.stamp:
            return True
        first, now = _moment(self.stamp), _moment(weighing.stamp)
        if self.state == _ENDED or first is None or now is None:
            return False
        return 0 < (now - first).total_seconds() < SAME_S


def _moment(stamp: bytes) -> datetime | None:
    if len(stamp) != _STAMP.size:
        return None
    try:
        return datetime(*_STAMP.unpack(stamp))  # noqa: DTZ001  # the scale's own, only compared with itself
    except ValueError:
        return None
