"""Any device that speaks the standard services: information, clock, subscribe, drain, hang up.

The order is A&D's, which suits everybody: read who it is, a pause, write the time, a pause, subscribe. Their cuffs send
what they have stored as soon as they are subscribed to, and switch off when they are kept waiting.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from device_drivers.decode.registry import DECODERS
from device_drivers.errors import DecodeError, DeviceRefused
from device_drivers.sessions.base import Arrivals, End, Memory, SessionClock, SessionResult, Sink, drain
from device_drivers.sessions.begin import begin, quirks_of, settle
from device_drivers.sessions.glucose import fetch_records, has_records
from device_drivers.sessions.link import FrameCallback, Link, Receipt, uuid128
from device_drivers.sessions.user_slots import UserSlots
from device_drivers.sessions.weighing import COMPOSITION, WEIGHT, Weighings
from firmware_profiles import Profile, Quirks

# What is subscribed to. Not 2A36: the pressure while the cuff deflates is no result. Not 2A19: the battery is read.
MEASUREMENTS: Final = ("2a35", WEIGHT, COMPOSITION, "2a37", "2a5e", "2a5f", "2a1c")


async def sig(
    link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
) -> SessionResult:
    """The session of driver "sig". A generic profile's quirks are not honoured: nobody vouches for them.

    Raises:
        LinkLost, BondLost, DeviceRefused: as `Link` does; DeviceRefused also for a consent code that it does not take.
    """
    quirks = quirks_of(profile)
    information, offset = await begin(link, profile, clock, sink, tz)
    arrivals = Arrivals()
    if quirks.finish_pairing == "disconnect":
        await link.bond()
        if link.newly_bonded:
            await link.disconnect()
            return SessionResult(information=information, clock=offset, readings=0, end=End.PAIRED)
    await settle(clock, quirks)
    end, fetched, closed_to_us = End.NOT_MEASURING, 0, False
    weighings = Weighings(sink, quirks, arrivals)
    try:
        if await subscribe_measurements(link, sink, quirks, arrivals, weighings):
            closed_to_us = UserSlots.on(link) and not await _consent(link, clock, memory, arrivals)
            end = await drain(link, clock, arrivals)
    finally:  # a packet that was confirmed does not come again
        weighings.close()
    if has_records(link) and end is not End.DEVICE_CLOSED:
        fetched = await fetch_records(link, clock, sink, memory)
        end = End.NOTHING_MORE
    if closed_to_us and not arrivals.readings + fetched:
        end = End.NO_CODE
    await link.disconnect()
    return SessionResult(information=information, clock=offset, readings=arrivals.readings + fetched, end=end)


async def subscribe_measurements(
    link: Link, sink: Sink, quirks: Quirks, arrivals: Arrivals, weighings: Weighings | None = None
) -> int:
    """Subscribe to every measurement that the device has; how many there were. Weight and composition by `weighings`.

    Raises:
        DeviceRefused: it has some and refuses all of them.
    """
    refused: DeviceRefused | None = None
    subscribed = 0
    joined = {} if weighings is None else {WEIGHT: weighings.weighed, COMPOSITION: weighings.analysed}
    for source in MEASUREMENTS:
        if uuid128(source) not in link.characteristics:
            continue
        try:
            await link.subscribe(uuid128(source), joined.get(source) or _decoding(source, sink, quirks, arrivals))
        except DeviceRefused as refusal_of_one:
            refused = refusal_of_one
            continue
        subscribed += 1
    if refused is not None and not subscribed:
        raise refused
    return subscribed


async def _consent(link: Link, clock: SessionClock, memory: Memory, arrivals: Arrivals) -> int:
    """A device with users gives their measurements to whoever has their codes; of how many users they are known.

    Raises:
        CodeNeeded: it refuses one, or that of the user who is wanted is not known.
    """
    slots = UserSlots(link, clock, memory)
    users = await slots.wanted(enrols=False)
    if users:
        await slots.open()
        await slots.fetch(users, link, clock, arrivals)
    return len(users)


def _decoding(source: str, sink: Sink, quirks: Quirks, arrivals: Arrivals) -> FrameCallback:
    decode = DECODERS[source]

    def frame_arrived(frame: bytes) -> Receipt:
        try:
            reading = decode(frame, quirks)
        except DecodeError as error:
            sink.undecodable(source, frame, error)
            return None
        return arrivals.arrived(sink.reading(reading))

    return frame_arrived
