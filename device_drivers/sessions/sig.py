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
from device_drivers.sessions.device_time import mind_clock
from device_drivers.sessions.information import read_information
from device_drivers.sessions.link import FrameCallback, Link, Receipt, uuid128
from firmware_profiles import NO_QUIRKS, Profile, Quirks

# What is subscribed to. Not 2A36: the pressure while the cuff deflates is no result. Not 2A19: the battery is read.
MEASUREMENTS: Final = ("2a35", "2a9d", "2a37", "2a5e", "2a5f", "2a1c")


async def sig(
    link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
) -> SessionResult:
    """The session of driver "sig". A generic profile's quirks are not honoured: nobody vouches for them."""
    del memory  # the standard services need none
    quirks = NO_QUIRKS if profile.generic else profile.quirks
    settle_s = quirks.settle_ms / 1000
    information = await read_information(link)
    sink.information(information)
    if settle_s:
        await clock.sleep(settle_s)
    offset = await mind_clock(link, profile, clock, tz, settle_ms=quirks.settle_ms)
    if offset is not None:
        sink.clock(offset)
    arrivals = Arrivals()
    if quirks.finish_pairing == "disconnect":
        await link.bond()
        if link.newly_bonded:
            await link.disconnect()
            return SessionResult(information=information, clock=offset, readings=0, end=End.PAIRED)
    if settle_s:
        await clock.sleep(settle_s)
    end = End.NOT_MEASURING
    if await subscribe_measurements(link, sink, quirks, arrivals):
        end = await drain(link, clock, arrivals)
    await link.disconnect()
    return SessionResult(information=information, clock=offset, readings=arrivals.readings, end=end)


async def subscribe_measurements(link: Link, sink: Sink, quirks: Quirks, arrivals: Arrivals) -> int:
    """Subscribe to every measurement that the device has; how many there were.

    Raises:
        DeviceRefused: it has some and refuses all of them.
    """
    refused: DeviceRefused | None = None
    subscribed = 0
    for source in MEASUREMENTS:
        if uuid128(source) not in link.characteristics:
            continue
        try:
            await link.subscribe(uuid128(source), _decoding(source, sink, quirks, arrivals))
        except DeviceRefused as refusal:
            refused = refusal
            continue
        subscribed += 1
    if refused is not None and not subscribed:
        raise refused
    return subscribed


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
