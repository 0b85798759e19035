"""Local times and UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DST_UNCERTAINTY_S: Final = 3600.0


def to_utc(local: datetime, zone: ZoneInfo) -> tuple[datetime, float | None]:
    """A naive local time in UTC, and an hour of uncertainty where summer time makes two of it, or none.

    Raises:
        OverflowError: it is out of the calendar in UTC.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return first, None if first == second else DST_UNCERTAINTY_S


def by_distance(local: datetime, distance_s: float) -> datetime:
    """A naive time of a clock that is so far ahead of UTC.

    Raises:
        OverflowError: it is out of the calendar in UTC.
    """
    return local.replace(tzinfo=UTC) - timedelta(seconds=distance_s)


def offset_of(at: datetime, zone: ZoneInfo) -> timedelta | None:
    """The zone's distance from UTC at a moment."""
    return at.astimezone(zone).utcoffset()
