"""Beurer's BF scales: bond, time, a user's consent, what is stored, and a measurement on command.

Sources: openScale, drivers of BF105, BF720, BF950, BF600 and BF850 (the order); ble-scale-sync, beurer-bf720.test.ts.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from device_drivers.decode.beurer_scale import FAMILIES, TAKE_MEASUREMENT
from device_drivers.errors import DeviceRefused
from device_drivers.sessions.base import Arrivals, End, Memory, SessionClock, SessionResult, Sink, drain
from device_drivers.sessions.begin import begin, quirks_of, settle
from device_drivers.sessions.link import Link, uuid128
from device_drivers.sessions.user_slots import STORED_S, UserSlots
from device_drivers.sessions.weighing import Weighings
from firmware_profiles import Profile

STEP_ON_S: Final = 30.0  # from "take a measurement" until somebody has stepped on and stands still


async def beurer_scale(
    link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
) -> SessionResult:
    """The session of driver "beurer-scale". On the first connection it makes a user on the scale.

    Raises:
        LinkLost, BondLost: as `Link` does.
        DeviceRefused: the scale is full, or refuses the code; what it gave for other users is handed on before.
    """
    await link.bond()
    information, offset = await begin(link, profile, clock, sink, tz)
    if not UserSlots.on(link):
        raise DeviceRefused(
            "the device has no users to consent for (2a9f): another model answers under this name; "
            "check which device it is, and pair it again"
        )
    quirks = quirks_of(profile)
    arrivals = Arrivals()
    weighings = Weighings(sink, quirks, arrivals)
    await weighings.subscribe(link)
    slots = UserSlots(link, clock, memory)
    await slots.open()
    await settle(clock, quirks)
    try:
        end = await _fetch(link, clock, slots, arrivals)
    finally:  # a packet that was confirmed does not come again
        weighings.close()
    await arrivals.settled(clock)
    await link.disconnect()
    return SessionResult(information=information, clock=offset, readings=arrivals.readings, end=end)


async def _fetch(link: Link, clock: SessionClock, slots: UserSlots, arrivals: Arrivals) -> End:
    """What is stored for every user we know; while somebody is being paired, else a measurement now.

    The scale gives it to whoever has consented: only then is it known who steps on.
    """
    users = await slots.wanted(enrols=True)
    end = await slots.fetch(users, link, clock, arrivals)
    sure = slots.pairing and len(users) == 1
    if arrivals.readings or end is End.DEVICE_CLOSED or not sure or not await _take(link):
        return end
    return await _first(link, clock, arrivals)


async def _take(link: Link) -> bool:
    """Ask for a measurement; whether the scale was asked."""
    for family in FAMILIES:
        if uuid128(family.service) in link.services and uuid128(family.take_measurement) in link.characteristics:
            try:
                await link.write(uuid128(family.take_measurement), TAKE_MEASUREMENT)
            except DeviceRefused:
                return False  # it only sends what it has stored
            return True
    return False


async def _first(link: Link, clock: SessionClock, arrivals: Arrivals) -> End:
    """Until somebody has stepped on, then until nothing more comes of it."""
    end = await drain(link, clock, arrivals, idle_s=STEP_ON_S, longest_s=STEP_ON_S, enough=1)
    if end is End.DEVICE_CLOSED or not arrivals.readings:
        return end
    return await drain(link, clock, arrivals, idle_s=STORED_S)
