"""Where in a broker's payload a fact is: `[[device.field]]` and `[device.targets]` of sensors that speak MQTT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from firmware_profiles.table import Table

RadarFact = Literal["present", "moving", "fallen"]
RADAR_FACTS: Final[tuple[RadarFact, ...]] = get_args(RadarFact)

FIELD_KEYS: Final = ("path", "quantity", "radar", "flag", "inverted", "states", "factor", "offset")
TARGET_KEYS: Final = ("path", "id", "x", "y", "z", "unit_m")
_MEANINGS: Final = ("quantity", "radar", "flag")
DEFAULT_STAMP: Final = "$.last_seen"  # as zigbee2mqtt writes it where it is told to


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One fact of a payload. Exactly one of `quantity`, `radar` and `flag` is given.

    Attributes:
        path: JSONPath (RFC 9535); what it does not find is not told this time.
        quantity: by the name of the nomenclature.
        radar: what it says of whom a radar sees.
        flag: a status word that holds while it is true.
        inverted: true means that it is not so: a contact that is closed is no open door.
        states: words by which a state is told instead of true and false; other words tell nothing.
        factor, offset: the number times the factor, plus the offset, is in the unit of the nomenclature.
    """

    path: str
    quantity: str | None = None
    radar: RadarFact | None = None
    flag: str | None = None
    inverted: bool = False
    states: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    factor: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFields:
    """Where the people are whom a radar follows: `path` finds each, the others name the members of one."""

    path: str
    id: str
    x: str
    y: str
    z: str | None
    unit_m: float


def payload_fields(device: Table) -> tuple[Field, ...]:
    """Every `[[device.field]]` of a device.

    Raises:
        ProfileError: one of them is not as the schema says.
    """
    return tuple(_field(raw.known(FIELD_KEYS)) for raw in device.tables("field"))


def target_fields(device: Table) -> TargetFields | None:
    """The `[device.targets]` of a device; None where it has none. Raises ProfileError."""
    if "targets" not in device:
        return None
    table = device.table("targets", TARGET_KEYS)
    unit_m = table.number("unit_m") if "unit_m" in table else 1.0
    if unit_m <= 0:
        raise table.refuse("unit_m", "how many metres one is, such as 0.01 for centimetres")
    return TargetFields(
        path=table.text("path", 'a JSONPath that finds each target, such as "$.targets[*]"'),
        id=table.text("id", "the member with the number of a target"),
        x=table.text("x", "the member with its place to the right"),
        y=table.text("y", "the member with its place away from the module"),
        z=table.text("z") if "z" in table else None,
        unit_m=unit_m,
    )


def _field(table: Table) -> Field:
    named = [key for key in _MEANINGS if key in table]
    if len(named) != 1:
        raise table.refuse(
            named[1] if len(named) > 1 else "quantity", f"what it means, with one of {', '.join(_MEANINGS)}"
        )
    states = table.table("states", None)
    return Field(
        path=table.text("path", 'a JSONPath, such as "$.occupancy"'),
        quantity=table.text("quantity") if "quantity" in table else None,
        radar=table.choice("radar", RADAR_FACTS) if "radar" in table else None,
        flag=table.text("flag") if "flag" in table else None,
        inverted=table.truth("inverted"),
        states=MappingProxyType({word: states.truth(word) for word in states.keys()}),  # noqa: SIM118
        factor=table.number("factor") if "factor" in table else 1.0,
        offset=table.number("offset") if "offset" in table else 0.0,
    )
