"""The moment a payload speaks of: ISO 8601 with an offset, or milliseconds since 1970, as bridges write."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from device_drivers.readings import DeviceTime

_MS_PER_S: Final = 1000
_OLDEST_S: Final = 1_000_000_000  # September 2001: below it is a clock that nobody has set
_NEWEST_S: Final = 32_503_680_000  # the year 3000


def moment_of(value: Any) -> datetime | None:
    """Aware UTC; None for whatever is no moment, and for one without a zone: whose clock would that be?"""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        if not _OLDEST_S * _MS_PER_S <= value <= _NEWEST_S * _MS_PER_S:
            return None
        return datetime.fromtimestamp(value / _MS_PER_S, UTC)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def device_time(moment: datetime, zone: tzinfo) -> DeviceTime:
    """The same moment as a device in the home would have said it, in whole seconds."""
    local = moment.astimezone(zone)
    return DeviceTime(
        year=local.year, month=local.month, day=local.day, hour=local.hour, minute=local.minute, second=local.second
    )
