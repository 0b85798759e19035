"""The topics of zigbee2mqtt: which devices there are (`bridge/devices`), which is out of reach, what each says.

Source: zigbee2mqtt.io, docs/guide: usage/mqtt_topics_and_messages.md, configuration/device-availability.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from device_drivers.errors import DecodeError
from device_drivers.payloads.document import document_of

LARGEST_LIST: Final = 4 * 1024 * 1024  # some 10 kB a device with all that it exposes; a network holds 200
_IEEE: Final = re.compile(r"0x([0-9a-fA-F]{16})")
_SENSES: Final = frozenset({"occupancy", "presence", "contact", "vibration", "water_leak", "smoke", "temperature"})
_LONGEST: Final = 200  # characters of a name, a model, a vendor


@dataclass(frozen=True, slots=True, kw_only=True)
class ZigbeeDevice:
    """One row of the list.

    Attributes:
        eui64: 16 hexadecimal digits in lower case: the IEEE address, which no renaming changes.
        name: the friendly name, which is the topic.
        model, vendor: as zigbee2mqtt knows it; None where it does not.
        senses: it exposes something that a room's sensor tells.
    """

    eui64: str
    name: str
    model: str | None
    vendor: str | None
    senses: bool

    @property
    def identity(self) -> str:
        """By which stores know it."""
        return f"eui64:{self.eui64}"


def devices_of(payload: bytes) -> Mapping[str, ZigbeeDevice]:
    """By friendly name. Rows that are none are left out. Raises DecodeError: it is no list."""
    listed = document_of(payload, largest=LARGEST_LIST)
    if not isinstance(listed, list):
        raise DecodeError("it is no list of devices")
    found = (_device(row) for row in listed)
    return {device.name: device for device in found if device is not None}


def by_address(name: str) -> ZigbeeDevice | None:
    """A device that was never given a name has its address for one, so it is known before the list is."""
    address = _IEEE.fullmatch(name)
    if address is None:
        return None
    return ZigbeeDevice(eui64=address[1].lower(), name=name, model=None, vendor=None, senses=True)


def available(payload: bytes) -> bool:
    """True: in reach. `online` and `offline`, bare or as a JSON object. Raises DecodeError."""
    text = payload[:64].decode("utf-8", "replace").strip()
    if text.startswith("{"):
        try:
            document = json.loads(text)
        except ValueError as wrong:
            raise DecodeError("it is neither online nor offline") from wrong
        text = str(document.get("state")) if isinstance(document, dict) else ""
    if text not in ("online", "offline"):
        raise DecodeError("it is neither online nor offline")
    return text == "online"


def _device(row: Any) -> ZigbeeDevice | None:
    if not isinstance(row, dict) or row.get("type") == "Coordinator":
        return None
    address = _IEEE.fullmatch(str(row.get("ieee_address")))
    name = _text(row.get("friendly_name"))
    if address is None or name is None:
        return None
    definition = row.get("definition")
    known: dict[str, Any] = definition if isinstance(definition, dict) else {}
    exposes = known.get("exposes")
    return ZigbeeDevice(
        eui64=address[1].lower(),
        name=name,
        model=_text(known.get("model")) or _text(row.get("model_id")),
        vendor=_text(known.get("vendor")) or _text(row.get("manufacturer")),
        senses=any(isinstance(one, dict) and one.get("property") in _SENSES for one in exposes)
        if isinstance(exposes, list)
        else not known,
    )


def _text(value: Any) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) and value.strip() else None
