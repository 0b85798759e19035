"""The recipes of devices: what to read, write, subscribe to and wait for, over a link that is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from device_drivers.sessions.base import ClockOffset, End, Memory, NoMemory, Session, SessionClock, SessionResult, Sink
from device_drivers.sessions.beurer_scale import beurer_scale
from device_drivers.sessions.glucose import glucose
from device_drivers.sessions.link import FrameCallback, Link, Receipt
from device_drivers.sessions.movesense import Movesense, movesense
from device_drivers.sessions.nonin import nonin
from device_drivers.sessions.omron_eeprom import omron_eeprom
from device_drivers.sessions.omron_sig import omron_sig
from device_drivers.sessions.polar_pmd import PolarPmd, polar_pmd
from device_drivers.sessions.sig import sig

# By the name that a profile's `driver` gives.
SESSIONS: Final[Mapping[str, Session]] = MappingProxyType(
    {
        "sig": sig,
        "glucose": glucose,
        "beurer-scale": beurer_scale,
        "omron-sig": omron_sig,
        "omron-eeprom": omron_eeprom,
        "nonin": nonin,
        "polar-pmd": polar_pmd,
        "movesense": movesense,
    }
)

__all__ = [
    "SESSIONS",
    "ClockOffset",
    "End",
    "FrameCallback",
    "Link",
    "Memory",
    "Movesense",
    "NoMemory",
    "PolarPmd",
    "Receipt",
    "Session",
    "SessionClock",
    "SessionResult",
    "Sink",
    "beurer_scale",
    "glucose",
    "movesense",
    "nonin",
    "omron_eeprom",
    "omron_sig",
    "polar_pmd",
    "sig",
]
