"""What a profile says: the dataclasses behind `[[device]]`, and the names of every key.

A profile is data. It names quantities and drivers as words; whether those words mean something is checked by
`device_drivers.profile_check`, which knows decoders and drivers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Final, Literal, get_args

from firmware_profiles.payload_fields import DEFAULT_STAMP, Field, TargetFields

RecordIdentity = Literal["device-time", "sequence", "reception"]
ClockCharacteristic = Literal["2a08", "2a2b"]
FinishPairing = Literal["disconnect"]
Outcome = Literal["reading", "press", "call", "motion", "radar", "failed", "nothing", "error"]
Meaning = Literal["alert", "test", "ignore"]
Carrier = Literal["characteristic", "advertisement", "manufacturer_data", "record", "payload"]

RECORD_IDENTITIES: Final[tuple[RecordIdentity, ...]] = get_args(RecordIdentity)
CLOCKS: Final[tuple[ClockCharacteristic, ...]] = get_args(ClockCharacteristic)
FINISH_PAIRING: Final[tuple[FinishPairing, ...]] = get_args(FinishPairing)
CARRIERS: Final[tuple[Carrier, ...]] = get_args(Carrier)
MEANINGS: Final[tuple[Meaning, ...]] = get_args(Meaning)
# How a button can be pressed (`device_drivers.readings.Pattern`), and what it means unless a profile says otherwise.
PRESSES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "press": "alert",
        "double-press": "alert",
        "triple-press": "alert",  # pressed again and again in fear
        "long-press": "alert",
        "long-double-press": "alert",
        "long-triple-press": "test",  # nobody does that without meaning to
        "hold": "alert",
        "other": "alert",
    }
)
LANGUAGES: Final = ("fi", "sv", "en")
ENOUGH_FRAMES: Final = 5  # a profile with fewer golden frames says why

DEVICE_KEYS: Final = (
    "vendor",
    "model",
    "kinds",
    "generic",
    "name",
    "services",
    "service_data",
    "company_ids",
    "zigbee_models",
    "driver",
    "record_identity",
    "sources",
    "few_frames",
    "quirks",
    "presses",
    "pairing",
    "stamp",
    "field",
    "targets",
    "frame",
)
OUTCOME_KEYS: Final = ("reading", "press", "call", "motion", "radar", "failed", "nothing", "error")
FRAME_KEYS: Final = (*CARRIERS, "hex", "address", "bind_key", *OUTCOME_KEYS, "source")
READING_KEYS: Final = ("time", "user_slot", "sequence", "flags", "missing", "series")  # every other key is a quantity
MOTION_KEYS: Final = ("samples_mg", "last_sample_ns", "first_sample_ms")
CALL_KEYS: Final = ("pairing", "stored")
RADAR_KEYS: Final = ("present", "moving", "fallen", "targets")


class ProfileError(Exception):
    """A profile file cannot be used: one sentence naming file, device and key, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """Where a device departs from the standard. The defaults are the standard: a profile names only departures.

    Attributes:
        settle_ms: pause between the steps after connecting (device information, clock, subscription); 0 is none.
        clock: the characteristic to set the clock by; None takes what the device offers, 2A2B before 2A08.
        clock_awaited: the device hangs up unless its clock is written in each connection.
        finish_pairing: "disconnect" when the device keeps the bond only if the gateway hangs up after pairing.
        battery_levels: the only percentages that the device ever reports; empty when it reports any.
        clipping_g: the accelerometer's full scale, g; at this value the true one may be greater.
        rates_hz: the acceleration rates that the device offers, ascending.
        tolerant_trailing: how many bytes may be left over behind a frame that is otherwise right; 0 is the standard.
        big_endian_pulse: the pulse of 2A35, alone of all its fields, has its high byte first.
        unflagged_user: 2A35 holds the user's byte although no flag announces it.
    """

    settle_ms: int = 0
    clock: ClockCharacteristic | None = None
    clock_awaited: bool = False
    finish_pairing: FinishPairing | None = None
    battery_levels: tuple[int, ...] = ()
    clipping_g: float | None = None
    rates_hz: tuple[int, ...] = ()
    tolerant_trailing: int = 0
    big_endian_pulse: bool = False
    unflagged_user: bool = False


QUIRK_KEYS: Final = tuple(quirk.name for quirk in fields(Quirks))
NO_QUIRKS: Final = Quirks()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedReading:
    """What a golden frame must decode to. `values` by quantity name, in the unit of the nomenclature."""

    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    missing: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    series: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}))
    flags: tuple[str, ...] = ()
    time: str | None = None  # as `DeviceTime.text()` writes it: `----` and `--` for unknown parts
    user_slot: int | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedMotion:
    """What a golden acceleration frame must decode to; whichever end of it the device stamps."""

    samples_mg: tuple[tuple[int, int, int], ...]
    last_sample_ns: int | None
    first_sample_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCall:
    """What golden manufacturer data must tell about connecting; None where the device does not tell."""

    pairing: bool | None
    stored: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRadar:
    """What a golden payload must tell of whom a radar sees; None where it does not speak of it. Targets in m."""

    present: bool | None = None
    moving: bool | None = None
    fallen: bool | None = None
    targets: tuple[tuple[float, ...], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenFrame:
    """A captured frame with what it means.

    `reading` is set for the outcomes "reading" and "failed" (where it may state the time), `motion` for "motion",
    `call` for "call"; `presses` for "press", and `radar` for "radar", both also beside a reading.

    Attributes:
        characteristic: its UUID; by `carrier` that of the service data, the company identifier in four hexadecimal
            digits, the name of a record of a memory, or "json" for what a broker hands on.
        address, bind_key: what an encrypted advertisement is opened with.
    """

    characteristic: str
    data: bytes
    outcome: Outcome
    reading: ExpectedReading | None
    motion: ExpectedMotion | None
    source: str
    carrier: Carrier = "characteristic"
    presses: tuple[str, ...] = ()
    call: ExpectedCall | None = None
    radar: ExpectedRadar | None = None
    address: str | None = None
    bind_key: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Who a device is, which driver speaks to it, and how it departs from the standard.

    Attributes:
        id: "vendor/model" in lower case, "a-and-d/ua-651ble": derived, the key under which stores know the profile.
        kinds: what it measures, by the names of the nomenclature; "motion" for acceleration.
        name: shell pattern on the advertised local name, case-sensitive; None when the name does not matter.
        services: short ("1810") or 128-bit UUIDs, lower case; the match rule of a profile without a name.
        service_data: UUIDs of advertised service data; a match rule like `services`, of devices that only advertise.
        zigbee_models: shell patterns on the models of zigbee2mqtt ("RTCGQ11LM"); the match rule of its sensors.
        company_ids: narrow the match to these manufacturers' identifiers; empty when they do not matter.
        driver: the session that speaks to it.
        record_identity: what makes two records the same one.
        pairing: the technician's steps by language.
        generic: serves whatever no vendor profile claims.
        sources: where the facts come from.
        presses: what pressing its button means, by pattern; where it says nothing, `PRESSES` does.
        few_frames: why there are fewer than `ENOUGH_FRAMES` golden frames; None when there are enough.
        stamp: JSONPath of the moment at which a payload was true; payloads may lack it.
        fields, targets: where in a payload the facts are, of one that speaks MQTT.
        file: the file that it was read from.
    """

    id: str
    vendor: str
    model: str
    kinds: tuple[str, ...]
    name: str | None
    services: tuple[str, ...]
    company_ids: tuple[int, ...]
    driver: str
    record_identity: RecordIdentity
    quirks: Quirks
    pairing: Mapping[str, tuple[str, ...]]
    frames: tuple[GoldenFrame, ...]
    generic: bool
    sources: tuple[str, ...]
    file: str
    service_data: tuple[str, ...] = ()
    few_frames: str | None = None
    presses: Mapping[str, Meaning] = field(default_factory=lambda: MappingProxyType({}))
    zigbee_models: tuple[str, ...] = ()
    stamp: str = DEFAULT_STAMP
    fields: tuple[Field, ...] = ()
    targets: TargetFields | None = None

    def meaning(self, pattern: str) -> Meaning:
        """What a press of this pattern means. A pattern that nobody has heard of is a call for help."""
        return self.presses.get(pattern, PRESSES.get(pattern, "alert"))


def profile_id(vendor: str, model: str) -> str:
    """The vendor "A&D" and its model "UA-651BLE" give "a-and-d/ua-651ble"."""
    return f"{_slug(vendor)}/{_slug(model)}"


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that refuses `word`: the nearest known name, or all of them."""
    from difflib import get_close_matches  # only needed to word an error

    names = [str(name) for name in known]
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names)}."


def _slug(text: str) -> str:
    spelled = text.lower().replace("&", "-and-")
    return "-".join("".join(letter if letter.isalnum() else " " for letter in spelled).split())
