"""A payload and the rows of a profile → what it tells. The one place that knows JSONPath.

Nothing here says when or whose. A field that is not there, or null, is not told this time. A field of another type than
the row says is `strange`: its payload's schema has changed, and it gives no value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from device_drivers.errors import DecodeError
from device_drivers.nomenclature import QUANTITIES, Kind, Quantity
from device_drivers.payloads.document import document_of
from device_drivers.payloads.radar import radar_frame
from device_drivers.radar_frame import RadarFrame
from device_drivers.readings import Reading
from firmware_profiles import Field, Profile

if TYPE_CHECKING:
    from jsonpath import JSONPath

SOURCE: Final = "mqtt"
# What a sensor of a room may say over a broker. A person's measurements come from the device itself.
CLIMATE: Final = frozenset(
    {
        Quantity.ROOM_TEMPERATURE, Quantity.HUMIDITY, Quantity.DEW_POINT, Quantity.AIR_PRESSURE, Quantity.ILLUMINANCE,
        Quantity.CO2, Quantity.TVOC, Quantity.PM2_5, Quantity.PM10, Quantity.ROTATION,
    }
)  # fmt: skip
STATES: Final = frozenset(quantity for quantity, code in QUANTITIES.items() if code.ucum == "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one payload says.

    Attributes:
        readings: one of each kind, each with the whole payload as its raw bytes.
        radar: of whom a radar sees; None where it does not speak of that.
        stamp: what stands where the profile says that the moment stands; None when nothing does.
        strange: paths whose value is of another type than the profile says.
        stamped: something stands there.
    """

    readings: tuple[Reading, ...] = ()
    radar: RadarFrame | None = None
    stamp: Any = None
    strange: tuple[str, ...] = ()

    @property
    def stamped(self) -> bool:
        """It says when, rightly or not."""
        return self.stamp is not None


class PayloadMap:
    """The rows of one profile, ready for use.

    Raises:
        DecodeError: a path of the profile is no JSONPath, or a quantity none that a room's sensor may say.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._stamp = compiled(profile.stamp)
        self._fields = tuple((one, kind_of(one), compiled(one.path)) for one in profile.fields)
        self._targets = None if profile.targets is None else compiled(profile.targets.path)

    def tell(self, payload: bytes) -> Told:
        """What the payload says. Raises DecodeError: it is no JSON object."""
        return self.tell_of(document_of(payload), payload)

    def tell_of(self, document: Any, payload: bytes) -> Told:
        """As `tell`, of a document that was read already."""
        if not isinstance(document, dict):
            raise DecodeError("it is no JSON object")
        strange: list[str] = []
        found: dict[Kind, dict[Quantity, float]] = {}
        facts: dict[str, bool] = {}
        flags: list[str] = []
        for row, kind, path in self._fields:
            value = _first(path, document)
            if value is None:
                continue
            state = row.flag is not None or row.radar is not None or kind is Kind.ROOM_STATE
            number = _state(row, value) if state else _number(row, value)
            if number is None:
                if not (state and row.states and isinstance(value, str)):  # a word that tells nothing, such as ""
                    strange.append(row.path)
            elif row.radar is not None:
                facts[row.radar] = bool(number)
            elif row.flag is not None:
                flags += [row.flag] if number else []
            elif kind is not None and row.quantity is not None:
                found.setdefault(kind, {})[Quantity(row.quantity)] = number
        targets = None
        if self._targets is not None and self.profile.targets is not None:
            targets = self._targets.findall(document)
        return Told(
            readings=tuple(
                Reading(kind=kind, values=values, flags=tuple(flags), raw=payload, source=SOURCE)
                for kind, values in found.items()
            ),
            radar=radar_frame(facts, self.profile.targets, targets, payload, strange),
            stamp=_first(self._stamp, document),
            strange=tuple(strange),
        )


def compiled(path: str) -> JSONPath:
    """Raises DecodeError: it is no JSONPath."""
    from jsonpath import JSONPathEnvironment, JSONPathError  # 6 MB: only where a broker or a profile needs it

    try:
        made = JSONPathEnvironment(strict=True).compile(path)
    except JSONPathError as wrong:
        raise DecodeError(f"{path!r} is no JSONPath (RFC 9535), such as $.occupancy") from wrong
    return made  # type: ignore[return-value]  # strict: no compound paths


def kind_of(row: Field) -> Kind | None:
    """The kind of reading that a row makes; None of a radar's fact and of a flag. Raises DecodeError."""
    if row.quantity is None:
        return None
    if row.quantity not in list(Quantity):
        raise DecodeError(f"{row.path}: there is no quantity {row.quantity!r}")
    quantity = Quantity(row.quantity)
    if quantity is Quantity.BATTERY_LEVEL:
        return Kind.BATTERY
    if quantity in STATES:
        return Kind.ROOM_STATE
    if quantity in CLIMATE:
        return Kind.ROOM_CLIMATE
    raise DecodeError(f"{row.path}: {quantity} is of a person, and not taken from a broker")


def states_of(profile: Profile) -> Iterator[Quantity]:
    """Which states of a room the device tells."""
    for row in profile.fields:
        if row.quantity in STATES:
            yield Quantity(row.quantity)


def _first(path: JSONPath, document: Mapping[str, Any]) -> Any:
    """The first that the path finds and that is not null."""
    return next((value for value in path.findall(document) if value is not None), None)


def _state(row: Field, value: Any) -> float | None:
    if row.states and isinstance(value, str):
        so = row.states.get(value)
        return None if so is None else float(so is not row.inverted)
    return float(value is not row.inverted) if isinstance(value, bool) else None


def _number(row: Field, value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value) * row.factor + row.offset
    except OverflowError:  # an integer beyond every float
        return None
    return number if math.isfinite(number) else None
