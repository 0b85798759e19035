"""Device Information (180A) and PnP ID: bytes → `DeviceInformation`, tolerant of what devices put there.

Source: Bluetooth SIG, Device Information Service 1.2, §3. What a device says of itself is for people and for telling
devices apart: a field that cannot be read is None and never stops a measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Final

from device_drivers.decode.measured import wrong_length
from device_drivers.errors import DecodeError
from device_drivers.readings import DeviceInformation

MANUFACTURER: Final = "2a29"
MODEL: Final = "2a24"
SERIAL: Final = "2a25"
HARDWARE: Final = "2a27"
FIRMWARE: Final = "2a26"
SOFTWARE: Final = "2a28"
SYSTEM_ID: Final = "2a23"
BATTERY: Final = "2a19"
CHARACTERISTICS: Final = (MANUFACTURER, MODEL, SERIAL, HARDWARE, FIRMWARE, SOFTWARE, SYSTEM_ID)
"""What to read from service 180A, in this order."""

_EUI64_BYTES: Final = 8
_PNP: Final = Struct("<BHHH")  # vendor id source, vendor, product, version
_FULL_PERCENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PnpId:
    """2A50: who made it, by number. `source` 1 is the Bluetooth company identifiers, 2 the USB vendor list."""

    source: int
    vendor: int
    product: int
    version: int


def text(frame: bytes) -> str | None:
    """A text as devices send it: cut at the first NUL, wrong UTF-8 replaced, trimmed; None when nothing is left."""
    readable = frame.partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(letter for letter in readable if letter.isprintable()).strip() or None


def system_id(frame: bytes) -> bytes | None:
    """2A23 as sent (EUI-64, least significant byte first); None when all bits are equal, which names nobody.

    Raises:
        DecodeError: not eight bytes.
    """
    if len(frame) != _EUI64_BYTES:
        raise wrong_length(frame, _EUI64_BYTES, SYSTEM_ID)
    return None if frame in (bytes(_EUI64_BYTES), b"\xff" * _EUI64_BYTES) else bytes(frame)


def pnp_id(frame: bytes) -> PnpId:
    """2A50.

    Raises:
        DecodeError: not seven bytes.
    """
    if len(frame) != _PNP.size:
        raise wrong_length(frame, _PNP.size, "2a50")
    source, vendor, product, version = _PNP.unpack(frame)
    return PnpId(source=source, vendor=vendor, product=product, version=version)


def collect(read: Mapping[str, bytes]) -> DeviceInformation:
    """Everything that was read, by short lower-case characteristic ("2a24"); never raises, unknown keys are ignored."""
    battery = read.get(BATTERY, b"")
    return DeviceInformation(
        manufacturer=text(read.get(MANUFACTURER, b"")),
        model=text(read.get(MODEL, b"")),
        serial=text(read.get(SERIAL, b"")),
        firmware=text(read.get(FIRMWARE, b"")),
        hardware=text(read.get(HARDWARE, b"")),
        software=text(read.get(SOFTWARE, b"")),
        system_id=_system_id_or_none(read.get(SYSTEM_ID, b"")),
        battery_percent=battery[0] if len(battery) == 1 and battery[0] <= _FULL_PERCENT else None,
    )


def _system_id_or_none(frame: bytes) -> bytes | None:
    try:
        return system_id(frame)
    except DecodeError:
        return None
