"""The state topics of Home Assistant (its MQTT Statestream): `<prefix>/<domain>/<object>/state`, one entity each.

Source: home-assistant.io/integrations/mqtt_statestream. A state is bare text; attributes are JSON, and older versions
wrote the state as JSON too. An entity that Home Assistant cannot reach is "unavailable".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from device_drivers.errors import DecodeError

_DOMAINS: Final = ("binary_sensor", "sensor")
_STATE: Final = "state"
_OUT_OF_REACH: Final = "unavailable"
_NOTHING: Final = frozenset({"unknown", "", "none", "null"})
_LONGEST: Final = 255  # characters of a state in Home Assistant
_STATES: Final = {"on": True, "off": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity: `binary_sensor.bathroom_presence` has the domain and the object on the two sides of its dot."""

    domain: str
    object_id: str


def entity_of(prefix: str, topic: str) -> Entity | None:
    """Whose state the topic carries; None of anything else."""
    parts = topic.removeprefix(f"{prefix}/").split("/")
    if not topic.startswith(f"{prefix}/") or len(parts) != 3 or parts[0] not in _DOMAINS or parts[2] != _STATE:
        return None
    return Entity(domain=parts[0], object_id=parts[1])


def state_of(payload: bytes) -> tuple[Any, bool]:
    """(true, false, a number or a word, or None where nothing is known; whether it can be reached).

    Raises:
        DecodeError: no text, or longer than a state can be.
    """
    if len(payload) > _LONGEST * 4:
        raise DecodeError(f"a state has {_LONGEST} characters at most")
    try:
        text = payload.decode("utf-8").strip()
    except UnicodeDecodeError as wrong:
        raise DecodeError("it is no text") from wrong
    if text.startswith('"'):
        try:
            text = str(json.loads(text))
        except ValueError as wrong:
            raise DecodeError("it is no text") from wrong
    lower = text.lower()
    if lower == _OUT_OF_REACH:
        return None, False
    if lower in _NOTHING:
        return None, True
    if lower in _STATES:
        return _STATES[lower], True
    try:
        return float(text), True
    except ValueError:
        return text, True
