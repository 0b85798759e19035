"""The recipes of devices: what to read, write, subscribe to and wait for, over a link that is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from device_drivers.sessions.base import ClockOffset, End, Memory, NoMemory, Session, SessionClock, SessionResult, Sink
from device_drivers.sessions.link import FrameCallback, Link, Receipt
from device_drivers.sessions.polar_pmd import PolarPmd, polar_pmd
from device_drivers.sessions.sig import sig

# By the name that a profile's `driver` gives.
SESSIONS: Final[Mapping[str, Session]] = MappingProxyType({"sig": sig, "polar-pmd": polar_pmd})

__all__ = [
    "SESSIONS",
    "ClockOffset",
    "End",
    "FrameCallback",
    "Link",
    "Memory",
    "NoMemory",
    "PolarPmd",
    "Receipt",
    "Session",
    "SessionClock",
    "SessionResult",
    "Sink",
    "polar_pmd",
    "sig",
]
