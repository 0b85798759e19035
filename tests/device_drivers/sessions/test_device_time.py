"""A clock in the night in which an hour comes twice, and in the one in which an hour is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from device_drivers.decode.date_time import encode_date_time
from device_drivers.sessions.device_time import mind_clock
from firmware_profiles import load
from tests.device_drivers.sessions.test_sessions import Device
from tests.virtual_time import VirtualClock

HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.mark.parametrize(
    ("now", "shown", "offset_s"),
    [
        ("2026-10-25T00:30:00", "2026-10-25T03:30:00", 0.0),  # for the first time
        ("2026-10-25T01:30:00", "2026-10-25T03:30:00", 0.0),  # for the second
        ("2026-10-25T01:30:00", "2026-10-25T04:30:00", 3600.0),  # left on summer time
        ("2026-10-25T02:30:00", "2026-10-25T05:30:00", 3600.0),
        ("2026-03-29T01:30:00", "2026-03-29T03:30:00", -3600.0),  # left on winter time, in the hour that is left out
        ("2026-03-29T01:30:00", "2026-03-29T04:30:00", 0.0),
    ],
)
async def test_the_offset_is_from_local_time(now: str, shown: str, offset_s: float) -> None:
    device = Device({"2a08": encode_date_time(datetime.fromisoformat(shown))})
    clock = VirtualClock(datetime.fromisoformat(now).replace(tzinfo=UTC))
    profile = load().get("generic/sig")
    assert profile is not None
    found = await mind_clock(device, profile, clock, HELSINKI)
    assert found is not None
    assert abs(found.offset_s - offset_s) <= found.uncertainty_s
    assert found.was_set
    assert abs(found.measured_at - clock.wall()) < timedelta(seconds=1)
