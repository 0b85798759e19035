"""The device's clock: measure its offset, set it, verify. 2A08 (Date Time) or 2A2B (Current Time)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Final

from device_drivers.decode.date_time import (
    decode_current_time,
    decode_date_time,
    encode_current_time,
    encode_date_time,
)
from device_drivers.errors import DecodeError, DeviceRefused
from device_drivers.sessions.base import ClockOffset, SessionClock
from device_drivers.sessions.link import Link, Receipt, uuid128
from firmware_profiles import Profile

DATE_TIME: Final = uuid128("2a08")
CURRENT_TIME: Final = uuid128("2a2b")
RESOLUTION_S: Final = 1.0  # 2A08 has whole seconds: the true time is up to one later
VERIFIED_WITHIN_S: Final = 3.0  # reading back: the resolution, a slow link, and a device that rounds


async def mind_clock(
    link: Link, profile: Profile, clock: SessionClock, tz: tzinfo, *, settle_ms: int = 0
) -> ClockOffset | None:
    """Measure the offset of the device's clock; set it when the gateway's own clock is synchronised.

    Where the profile says that the device waits for its clock to be written, one that cannot be set is written what it
    says itself: it is content, and keeps the time it has, to the second.

    Returns None when the device has no readable clock, or it shows no full date and could not be set.

    Raises:
        LinkLost, BondLost: as `Link` does. A device that refuses its clock is left alone.
    """
    uuid = _characteristic(link, profile)
    if uuid is None:
        return None
    try:
        before = await _measure(link, uuid, clock, tz)
    except DeviceRefused:  # it may let itself be set all the same
        before = None
    synchronised = clock.synchronised()
    if not synchronised and not profile.quirks.clock_awaited:
        return before
    if settle_ms:
        await clock.sleep(settle_ms / 1000)
    try:
        if not synchronised:
            await link.write(uuid, await link.read(uuid))
            return before
        await link.write(uuid, _encode(uuid, clock.wall().astimezone(tz)))
        after = await _measure(link, uuid, clock, tz)
    except DeviceRefused:
        return before  # what was measured corrects its records, set or not
    return None if before is None else replace(before, was_set=_is_right(after))


async def mind_told_clock(
    link: Link, profile: Profile, clock: SessionClock, tz: tzinfo, *, within_s: float
) -> ClockOffset | None:
    """`mind_clock` for a device that tells its Current Time when it is subscribed to, and is answered with the time.

    One that has not told it `within_s` is read.

    Raises:
        LinkLost, BondLost: as `Link` does.
    """
    told: asyncio.Queue[tuple[bytes, datetime]] = asyncio.Queue(1)  # the first counts; what it tells later is dropped

    def heard(frame: bytes) -> Receipt:
        if not told.full():
            told.put_nowait((frame, clock.wall()))
        return None

    if CURRENT_TIME not in link.characteristics:
        return await mind_clock(link, profile, clock, tz)
    try:
        await link.subscribe(CURRENT_TIME, heard)
        async with clock.timeout(within_s):
            frame, at = await told.get()
    except (TimeoutError, DeviceRefused):
        return await mind_clock(link, profile, clock, tz)
    before = _offset(CURRENT_TIME, frame, at, 0.0, tz)
    if not clock.synchronised():
        return before
    try:
        await link.write(CURRENT_TIME, _encode(CURRENT_TIME, clock.wall().astimezone(tz)))
        after = await _measure(link, CURRENT_TIME, clock, tz)
    except DeviceRefused:
        return before
    return None if before is None else replace(before, was_set=_is_right(after))


def _characteristic(link: Link, profile: Profile) -> str | None:
    wanted = profile.quirks.clock
    candidates = (CURRENT_TIME, DATE_TIME) if wanted is None else (uuid128(wanted),)
    return next((uuid for uuid in candidates if uuid in link.characteristics), None)


async def _measure(link: Link, uuid: str, clock: SessionClock, tz: tzinfo) -> ClockOffset | None:
    asked = clock.monotonic()
    raw = await link.read(uuid)
    return _offset(uuid, raw, clock.wall(), clock.monotonic() - asked, tz)


def _is_right(after: ClockOffset | None) -> bool:
    return after is not None and abs(after.offset_s) <= VERIFIED_WITHIN_S


def _offset(uuid: str, raw: bytes, now: datetime, took: float, tz: tzinfo) -> ClockOffset | None:
    """What `raw`, which took so long to get, says; None without a full date."""
    try:
        said, resolution = _decode(uuid, raw)
    except DecodeError:
        return None
    if said is None:
        return None
    # The device answered somewhere within `took`, and has shown whole seconds: the middles are the best guess.
    # Local time from local time: in the hour that comes twice, the device cannot say which of the two it means.
    offset = (said - now.astimezone(tz).replace(tzinfo=None)).total_seconds() + took / 2 + resolution / 2
    return ClockOffset(
        offset_s=offset, uncertainty_s=took / 2 + resolution / 2, measured_at=now.astimezone(UTC), was_set=False
    )


def _decode(uuid: str, raw: bytes) -> tuple[datetime | None, float]:
    if uuid == DATE_TIME:
        return decode_date_time(raw).local(), RESOLUTION_S
    current = decode_current_time(raw)
    local = current.time.local()
    fraction = int(current.fraction_s * 1_000_000)
    return None if local is None else local.replace(microsecond=fraction), RESOLUTION_S if fraction == 0 else 1 / 256


def _encode(uuid: str, local: datetime) -> bytes:
    return encode_date_time(local) if uuid == DATE_TIME else encode_current_time(local)
