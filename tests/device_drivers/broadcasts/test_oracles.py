"""Our decoders of advertisements against bthome-ble and xiaomi-ble: 100,000 made-up ones each, every difference named.

bthome-ble 3.25 and xiaomi-ble 1.21 are packages of others for the same devices; each advertisement goes through a new
parser of theirs, so neither's memory of the ones before counts.
"""

from __future__ import annotations

import logging
import math
import os
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from bleak.backends.device import BLEDevice
from bthome_ble import BTHomeBluetoothDeviceData
from bthome_ble.const import MEAS_TYPES
from bthome_ble.parser import parse_event_type
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from habluetooth import BluetoothServiceInfoBleak
from xiaomi_ble.parser import XiaomiBluetoothDeviceData

from device_drivers.decode import bthome, mi_scale
from device_drivers.decode.bthome_objects import OBJECTS
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import QUANTITIES, Quantity
from device_drivers.readings import Missing, Pattern, Press

COUNT: Final = 10_000 if os.environ.get("HUOMA_FAST") == "1" else 100_000
SEED: Final = 20260301
ADDRESS: Final = "54:48:E6:8F:80:A5"
OCTETS: Final = bytes.fromhex("5448E68F80A5")
KEY: Final = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
BTHOME: Final = "0000fcd2-0000-1000-8000-00805f9b34fb"
BASE: Final = "-0000-1000-8000-00805f9b34fb"

# What they call the quantities that we keep. Written down a second time on purpose: a wrong row of our table shows.
NAMES: Final[Mapping[Quantity, str]] = {
    Quantity.BATTERY_LEVEL: "battery",
    Quantity.ROOM_TEMPERATURE: "temperature",
    Quantity.HUMIDITY: "humidity",
    Quantity.AIR_PRESSURE: "pressure",
    Quantity.ILLUMINANCE: "illuminance",
    Quantity.WEIGHT: "mass",
    Quantity.DEW_POINT: "dew_point",
    Quantity.PM2_5: "pm25",
    Quantity.PM10: "pm10",
    Quantity.CO2: "carbon_dioxide",
    Quantity.TVOC: "volatile_organic_compounds",
    Quantity.ROTATION: "rotation",
    Quantity.OPENING_OPEN: "opening",
    Quantity.CARBON_MONOXIDE_DETECTED: "carbon_monoxide",
    Quantity.COLD_DETECTED: "cold",
    Quantity.DOOR_OPEN: "door",
    Quantity.GARAGE_DOOR_OPEN: "garage_door",
    Quantity.GAS_DETECTED: "gas",
    Quantity.HEAT_DETECTED: "heat",
    Quantity.LIGHT_DETECTED: "light",
    Quantity.UNLOCKED: "lock",
    Quantity.MOISTURE_DETECTED: "moisture",
    Quantity.MOTION_DETECTED: "motion",
    Quantity.OCCUPIED: "occupancy",
    Quantity.PRESENCE_DETECTED: "presence",
    Quantity.SMOKE_DETECTED: "smoke",
    Quantity.SOUND_DETECTED: "sound",
    Quantity.TAMPERED: "tamper",
    Quantity.VIBRATION_DETECTED: "vibration",
    Quantity.WINDOW_OPEN: "window",
}
EVENTS: Final[Mapping[str, Pattern]] = {
    "press": Pattern.PRESS,
    "double_press": Pattern.DOUBLE_PRESS,
    "triple_press": Pattern.TRIPLE_PRESS,
    "long_press": Pattern.LONG_PRESS,
    "long_double_press": Pattern.LONG_DOUBLE_PRESS,
    "long_triple_press": Pattern.LONG_TRIPLE_PRESS,
    "hold_press": Pattern.HOLD,
}


@dataclass(frozen=True, slots=True)
class Theirs:
    sensors: dict[str, Any]
    states: dict[str, bool]
    events: dict[str, str]


def info(service: str, data: bytes) -> BluetoothServiceInfoBleak:
    return BluetoothServiceInfoBleak(
        name="", address=ADDRESS, rssi=-60, manufacturer_data={}, service_data={service: data},
        service_uuids=[service], source="", device=BLEDevice(ADDRESS, None, {}), advertisement=None,
        connectable=False, time=0.0, tx_power=None, raw=None,
    )  # fmt: skip


def theirs(parser: Any, service: str, data: bytes) -> Theirs:
    update = parser.update(info(service, data))
    return Theirs(
        sensors={key.key: one.native_value for key, one in update.entity_values.items() if "signal" not in key.key},
        states={key.key: one.native_value for key, one in update.binary_entity_values.items()},
        events={key.key: one.event_type for key, one in update.events.items()},
    )


# ---- BTHome ---------------------------------------------------------------------------------------------------------


def an_object(rng: random.Random) -> bytes:
    number = rng.choice((*OBJECTS, 0x3A, 0x3A, 0x3A, 0x3A)) if rng.random() < 0.97 else rng.randrange(256)
    size = OBJECTS[number].size if number in OBJECTS else rng.randrange(5)
    if number in (0x53, 0x54):
        text = rng.randbytes(rng.randrange(5)) if number == 0x54 or rng.random() < 0.2 else b"abcd"[: rng.randrange(5)]
        return bytes([number, len(text)]) + text
    if number == 0x3B:
        arguments = rng.randbytes(rng.randrange(3))
        return bytes([number, len(arguments) | rng.choice((0, 0xE0)), rng.randrange(6)]) + arguments
    if number == 0x3A:
        return bytes([number, rng.choice((0, 1, 2, 3, 4, 5, 6, 0x80, 0x81, 0xFE, rng.randrange(256)))])
    if number in OBJECTS and OBJECTS[number].state:
        return bytes([number, rng.choice((0, 1, 0, 1, 0, 1, rng.randrange(256)))])
    return bytes([number]) + rng.randbytes(size)


def bthome_adverts(count: int) -> Iterator[bytes]:
    rng = random.Random(SEED)
    for _ in range(count):
        body = b"".join(an_object(rng) for _ in range(rng.randint(1, 5)))
        information = 0x40 | rng.choice((0, 4))
        inside = b""
        if rng.random() < 0.1:
            information |= 2
            inside = OCTETS[::-1] if rng.random() < 0.8 else rng.randbytes(6)
        if rng.random() < 0.3:
            information |= 1
            counter = rng.randbytes(4)
            address = inside[::-1] or OCTETS
            key = KEY if rng.random() < 0.9 else bytes(16)
            sealed = AESCCM(key, tag_length=4).encrypt(
                address + b"\xd2\xfc" + bytes([information]) + counter, body, None
            )
            data = bytes([information]) + inside + sealed[:-4] + counter + sealed[-4:]
        else:
            data = bytes([information]) + inside + body
        how = rng.random()
        if how < 0.15:
            data = data[: rng.randrange(1, len(data) + 1)]
        elif how < 0.3:
            flipped = bytearray(data)
            for _ in range(rng.randint(1, 3)):
                flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            data = bytes(flipped)
        yield data


def compare_bthome(data: bytes, named: Counter[str]) -> None:
    parser = BTHomeBluetoothDeviceData(bindkey=KEY if data[0] & 1 else None)
    they = theirs(parser, BTHOME, data)
    try:
        we = bthome.decode(data, address=ADDRESS, key=KEY)
    except DecodeError as refused:
        why = str(refused)
    else:
        agree(we, they, data, named)
        return
    if they != Theirs({}, {}, {}):
        assert "it says that it is" in why, (data.hex(), why, they)
        named["the address inside is not the advertiser's: not taken"] += 1


def agree(we: bthome.Packet, they: Theirs, data: bytes, named: Counter[str]) -> None:
    expected, presses = as_they_name(we, named)
    assert they.states == expected.states, data.hex()
    assert they.events == expected.events, data.hex()
    assert they.sensors.keys() == expected.sensors.keys(), data.hex()
    for name, value in expected.sensors.items():
        other = they.sensors[name]
        alike = math.isclose(other, value, rel_tol=1e-12) if isinstance(value, float) else other == value
        assert alike, (data.hex(), name, other, value)
    assert [(one.button, one.pattern) for one in we.presses] == presses, data.hex()
    check_readings(we, they, named)


def as_they_name(we: bthome.Packet, named: Counter[str]) -> tuple[Theirs, list[tuple[int, Pattern]]]:
    """Our objects under their names, and which presses they are."""
    expected = Theirs({}, {}, {})
    formats = Counter(id(MEAS_TYPES[item.id].meas_format) for item in we.items if not empty(item, named))
    seen: Counter[int] = Counter()
    presses: list[tuple[int, Pattern]] = []
    button = -1
    for item in we.items:
        form: Any = MEAS_TYPES[item.id].meas_format
        if form is None or empty(item, named):
            continue
        seen[id(form)] += 1
        suffix = f"_{seen[id(form)]}" if formats[id(form)] > 1 else ""
        if item.id in (0x3A, 0x3B, 0x3C):
            event = parse_event_type(str(form), item.data[0])
            if event is not None:
                expected.events[f"{form}{suffix}"] = event
            if item.id == 0x3A:
                button += 1
                if press := pressed(item.data[0], event, named):
                    presses.append((button, press))
            continue
        name = f"{form.device_class}{suffix}"
        if OBJECTS[item.id].state:
            expected.states[name] = bool(item.data[0])
        elif (value := plain_value(item, named)) is not None:
            expected.sensors[name] = value
    return expected, presses


def empty(item: bthome.Item, named: Counter[str]) -> bool:
    if item.id in (0x53, 0x54) and not item.data:
        named["an empty text says nothing to them, and is no use to us"] += 1
        return True
    return False


def plain_value(item: bthome.Item, named: Counter[str]) -> Any:
    if item.id == 0x58:
        named["steps of 0.35 degrees: they round to 0.1"] += 1
        rounded = round(int.from_bytes(item.data, "little", signed=True) * 0.35, 1)
        assert abs(item.number() - rounded) < 0.0501
        return rounded
    if item.id == 0x53:
        try:
            return item.data.decode()
        except UnicodeDecodeError:
            return None
    if item.id == 0x54:
        return item.data.hex()
    if item.id == 0x50:
        return datetime.fromtimestamp(item.number(), tz=UTC)
    return item.number()


def pressed(code: int, event: str | None, named: Counter[str]) -> Pattern | None:
    """What a button's code is to us, by what it is to them."""
    if event is not None and event in EVENTS:
        return EVENTS[event]
    if event == "hold_release":
        named["a hold that ends was a hold: its beginning may have been lost"] += 1
        return Pattern.HOLD
    if code == 0xFE:
        named["FE is the hold of older Shelly firmware; they drop it"] += 1
        return Pattern.HOLD
    if code == 0:
        return None
    named["an unknown code is a press all the same; they drop it"] += 1
    return Pattern.OTHER


def check_readings(we: bthome.Packet, they: Theirs, named: Counter[str]) -> None:
    """Each value that we keep is one of theirs, by their name of it."""
    for reading in we.readings:
        for quantity, value in reading.values.items():
            everything = they.states if QUANTITIES[quantity].ucum == "1" else they.sensors
            name = re.compile(rf"{NAMES[quantity]}(_\d+)?")
            found = [float(one) for key, one in everything.items() if name.fullmatch(key)]
            if quantity is Quantity.WEIGHT:
                found += [one * 0.45359237 for one in found]  # theirs may be in pounds
            rounded = 0.0501 if quantity is Quantity.ROOM_TEMPERATURE else 0.0
            alike = any(math.isclose(value, one, rel_tol=1e-12, abs_tol=rounded) for one in found)
            if not alike and quantity is Quantity.WEIGHT:
                named["a weight in kg and one in lb: they keep the last of the two"] += 1
                continue
            assert alike, (reading.raw.hex(), quantity, value, everything)
        for why in reading.missing.values():
            assert why is Missing.RESERVED
            named["a state beside 0 and 1, or a battery above 100 %: no number to us"] += 1


@pytest.mark.slow
def test_bthome_is_read_as_bthome_ble_reads_it() -> None:
    logging.disable(logging.CRITICAL)
    named: Counter[str] = Counter()
    try:
        for data in bthome_adverts(COUNT):
            compare_bthome(data, named)
    finally:
        logging.disable(logging.NOTSET)
    assert len(named) == 8, named  # every rule above is needed, and no other
    assert min(named.values()) >= COUNT // 10_000, named


# ---- Mi scales ------------------------------------------------------------------------------------------------------


def scale_adverts(count: int) -> Iterator[tuple[str, bytes]]:
    rng = random.Random(SEED)
    for _ in range(count):
        stamp = bytes((*rng.choice((1970, 2022, 2026)).to_bytes(2, "little"), rng.randint(1, 12), rng.randint(1, 28)))
        stamp += bytes((rng.randrange(24), rng.randrange(60), rng.randrange(60)))
        weight = rng.choice((0, rng.randrange(65_536), rng.randint(4_000, 40_000))).to_bytes(2, "little")
        flags = sum(bit for bit in (0x01, 0x02, 0x04, 0x10, 0x40, 0x80) if rng.random() < 0.15)
        flags |= 0x20 if rng.random() < 0.7 else 0
        if rng.random() < 0.5:
            service, data = "181d", bytes([flags]) + weight + stamp
        else:
            ohm = rng.choice((0, 0xFFFE, rng.randrange(65_536), rng.randint(300, 700))).to_bytes(2, "little")
            unit = rng.choice((2, 2, 2, 3, rng.randrange(256)))
            service, data = "181b", bytes([unit, flags]) + stamp + ohm + weight
        how = rng.random()
        if how < 0.1:
            data = data[: rng.randrange(1, len(data))] if how < 0.07 else data + rng.randbytes(1)
        elif how < 0.2:
            flipped = bytearray(data)
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            data = bytes(flipped)
        yield service, data


def compare_scale(service: str, data: bytes, named: Counter[str]) -> None:
    they = theirs(XiaomiBluetoothDeviceData(), f"0000{service}{BASE}", data)
    try:
        we = mi_scale.decode_v1(data) if service == "181d" else mi_scale.decode_v2(data)
    except DecodeError as refused:
        why = str(refused)
    else:
        agree_on_weight(we, they, data, named)
        return
    if they.sensors:
        rules = {
            "at once": "in two units at once: they take the pounds",
            "more than these": "more than a scale carries",
            "no such": "a time that does not exist; they do not read it",
        }
        rule = [rule for words, rule in rules.items() if words in why]
        assert rule, (data.hex(), why)
        named[rule[0]] += 1


def agree_on_weight(we: mi_scale.Weighing, they: Theirs, data: bytes, named: Counter[str]) -> None:
    assert math.isclose(they.sensors["mass_non_stabilized"], we.weight_kg, rel_tol=1e-12), data.hex()
    if we.reading is None:
        assert "mass" not in they.sensors, data.hex()
        assert "impedance" not in they.sensors, data.hex()
        return
    assert math.isclose(they.sensors["mass"], we.reading.values[Quantity.WEIGHT], rel_tol=1e-12), data.hex()
    ohm = they.sensors.get("impedance")
    if we.reading.missing:
        assert ohm in (0, 0xFFFE, 0xFFFF)
        named["an impedance of 0 or FFFE: the scale gave up"] += 1
    else:
        assert we.reading.values.get(Quantity.IMPEDANCE) == ohm, data.hex()


@pytest.mark.slow
def test_mi_scales_are_read_as_xiaomi_ble_reads_them() -> None:
    logging.disable(logging.CRITICAL)
    named: Counter[str] = Counter()
    try:
        for service, data in scale_adverts(COUNT):
            compare_scale(service, data, named)
    finally:
        logging.disable(logging.NOTSET)
    assert len(named) == 4, named
    assert min(named.values()) >= COUNT // 10_000, named


def test_the_oracles_see_what_they_should() -> None:
    """Without this, a parser of theirs that saw nothing would agree with anything."""
    plain = theirs(BTHomeBluetoothDeviceData(), BTHOME, bytes.fromhex("40001D01643A01"))
    assert plain == Theirs({"battery": 100, "packet_id": 29}, {}, {"button": "press"})
    hold = theirs(BTHomeBluetoothDeviceData(), BTHOME, bytes.fromhex("4400AC01643AFE"))
    assert hold.events == {}
    scale = theirs(XiaomiBluetoothDeviceData(), f"0000181b{BASE}", bytes.fromhex("0226E607020E10293AF7019A38"))
    assert scale.sensors["mass"] == 72.45
    assert scale.sensors["impedance"] == 503
    assert Press(pattern=Pattern.HOLD, counter=172, raw=bytes.fromhex("4400AC01643AFE"), source="fcd2") in (
        bthome.decode(bytes.fromhex("4400AC01643AFE")).presses
    )
