"""How every session with a device that measures by itself begins: who it is, a pause, its clock, a pause."""

from __future__ import annotations

from datetime import tzinfo

from device_drivers.readings import DeviceInformation
from device_drivers.sessions.base import ClockOffset, SessionClock, Sink
from device_drivers.sessions.device_time import mind_clock
from device_drivers.sessions.information import read_information
from device_drivers.sessions.link import Link
from firmware_profiles import NO_QUIRKS, Profile, Quirks


async def begin(
    link: Link, profile: Profile, clock: SessionClock, sink: Sink, tz: tzinfo
) -> tuple[DeviceInformation, ClockOffset | None]:
    """Read who it is, measure and set its clock, with the pauses of its profile; the sink is told both.

    Raises:
        LinkLost, BondLost: as `Link` does.
    """
    quirks = quirks_of(profile)
    information = await read_information(link)
    sink.information(information)
    await settle(clock, quirks)
    offset = await mind_clock(link, profile, clock, tz, settle_ms=quirks.settle_ms)
    if offset is not None:
        sink.clock(offset)
    return information, offset


async def settle(clock: SessionClock, quirks: Quirks) -> None:
    """The pause between two steps."""
    if quirks.settle_ms:
        await clock.sleep(quirks.settle_ms / 1000)


def quirks_of(profile: Profile) -> Quirks:
    """A generic profile's quirks are not honoured: nobody vouches for them."""
    return NO_QUIRKS if profile.generic else profile.quirks
