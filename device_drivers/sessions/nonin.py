"""Nonin's finger oximeters: a frame a second; the value to keep is the one they vouch for, and they are told so."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo
from typing import Final

from device_drivers.decode import nonin as frames
from device_drivers.errors import DecodeError, DeviceRefused, LinkLost
from device_drivers.readings import Reading
from device_drivers.sessions.base import Arrivals, End, Memory, SessionClock, SessionResult, Sink, drain
from device_drivers.sessions.information import read_information
from device_drivers.sessions.link import Link, Receipt, uuid128
from firmware_profiles import Profile

FINGER_S: Final = 5.0  # without a frame for so long it has been switched off
LONGEST_S: Final = 120.0  # a spot check takes 10 to 30 s
UNSETTLED: Final = "no-smart-point"  # the flag of a value that the oximeter did not vouch for


async def nonin(
    link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
) -> SessionResult:
    """The session of driver "nonin": one reading of one spot check.

    The first value with a SmartPoint is handed on, and once it is committed the oximeter is told that it was taken.
    When the finger is taken out before, the last value that had a number is handed on, with the flag `UNSETTLED`.

    Raises:
        LinkLost, BondLost: as `Link` does. DeviceRefused: it has not got Nonin's service.
    """
    del profile, tz, memory  # no quirks, no clock, nothing to remember
    await link.bond()
    information = await read_information(link)
    sink.information(information)
    if uuid128(frames.MEASUREMENT) not in link.characteristics:
        raise DeviceRefused(
            "the device has not got Nonin's service: another model answers under this name; "
            "check which device it is, and pair it again"
        )
    arrivals = Arrivals()
    spot_check = _SpotCheck(sink, arrivals)
    await link.subscribe(uuid128(frames.MEASUREMENT), spot_check.heard)
    end = await drain(link, clock, arrivals, idle_s=FINGER_S, longest_s=LONGEST_S, enough=1)
    spot_check.close()
    await arrivals.settled(clock)
    if spot_check.settled and end is not End.DEVICE_CLOSED:
        await _complete(link)
        end = await drain(link, clock, arrivals, idle_s=FINGER_S)
    await link.disconnect()
    return SessionResult(information=information, clock=None, readings=arrivals.readings, end=end)


class _SpotCheck:
    """The frames of one finger."""

    def __init__(self, sink: Sink, arrivals: Arrivals) -> None:
        self.settled = False
        self._sink = sink
        self._arrivals = arrivals
        self._last: Reading | None = None  # with a number, before it settled

    def heard(self, frame: bytes) -> Receipt:
        if self.settled:
            return None  # it goes on until the finger is out
        self._arrivals.stir.set()
        try:
            reading = frames.decode(frame)
        except DecodeError as error:
            self._sink.undecodable(frames.MEASUREMENT, frame, error)
            return None
        if reading.failed:
            return None
        if frames.SMART_POINT in reading.flags:
            self.settled = True
            self._last = None
            return self._arrivals.arrived(self._sink.reading(reading))
        self._last = reading
        return None

    def close(self) -> None:
        """The finger is out, or the time is up."""
        last, self._last = self._last, None
        if last is not None:
            self._arrivals.arrived(self._sink.reading(replace(last, flags=(*last.flags, UNSETTLED))))


async def _complete(link: Link) -> None:
    """The measurement was taken; an oximeter that cannot be told so has given it all the same."""
    if uuid128(frames.CONTROL_POINT) not in link.characteristics:
        return
    try:
        await link.write(uuid128(frames.CONTROL_POINT), frames.COMPLETE)
    except (DeviceRefused, LinkLost):
        return
