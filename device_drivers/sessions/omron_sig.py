"""Omron's cuffs with the standard Blood Pressure Service: the clock when it is told, records from the last number on.

Source: StanfordSpezi/SpeziDevices, SpeziOmron: the cuff sends its clock and is answered with the time; the control
point of its option service filters by Omron's own sequence number and tells the newest.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from device_drivers.decode import record_access
from device_drivers.errors import DeviceRefused
from device_drivers.sessions.base import Arrivals, End, Memory, SessionClock, SessionResult, Sink, drain
from device_drivers.sessions.begin import quirks_of, settle
from device_drivers.sessions.control_point import ControlPoint
from device_drivers.sessions.device_time import mind_told_clock
from device_drivers.sessions.information import read_information
from device_drivers.sessions.link import Link, uuid128
from device_drivers.sessions.sig import subscribe_measurements
from firmware_profiles import Profile

LAST_SEQUENCE: Final = "last-sequence"  # in the device's memory
TELLS_CLOCK_S: Final = 2.0  # from the subscription until the cuff says what time it has
STALLED_S: Final = 25.0  # between two records: each is confirmed when it is committed
_GREATEST: Final = 0xFFFF
_NOT_BY_NUMBER: Final = frozenset({"operator-not-supported", "operand-not-supported", "invalid-operand"})


async def omron_sig(
    link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
) -> SessionResult:
    """The session of driver "omron-sig".

    Raises:
        LinkLost, BondLost: as `Link` does.
        DeviceRefused: it does not report its records.
    """
    quirks = quirks_of(profile)
    await link.bond()
    information = await read_information(link)
    sink.information(information)
    offset = await mind_told_clock(link, profile, clock, tz, within_s=TELLS_CLOCK_S)
    if offset is not None:
        sink.clock(offset)
    await settle(clock, quirks)
    arrivals = Arrivals()
    end = End.NOT_MEASURING
    if await subscribe_measurements(link, sink, quirks, arrivals):
        if uuid128(record_access.CHARACTERISTIC) in link.characteristics:
            end = await _fetch(link, clock, arrivals, memory)
        else:
            end = await drain(link, clock, arrivals)
    await link.disconnect()
    return SessionResult(information=information, clock=offset, readings=arrivals.readings, end=end)


async def _fetch(link: Link, clock: SessionClock, arrivals: Arrivals, memory: Memory) -> End:
    """Every record that we do not have, and how far we are then."""
    control = ControlPoint(link, clock, uuid=record_access.CHARACTERISTIC, decode=record_access.decode)
    await control.open()
    arrivals.on_arrival = control.still_there
    # The newest number is asked for before the records: one that is measured meanwhile is not passed over.
    latest = await _latest(control)
    last = _last(memory)
    if last is not None and latest is not None and latest < last:
        last = None  # its numbers began anew
    if last is None or latest is None or latest > last:
        outcome = await _report(control, last)
        if outcome not in (record_access.SUCCESS, record_access.NO_RECORDS):
            raise DeviceRefused(f"the cuff does not report its records ({outcome})")
    await arrivals.settled(clock)
    if latest is not None and latest != last:
        await memory.keep({LAST_SEQUENCE: str(latest)})
    return End.NOTHING_MORE


async def _latest(control: ControlPoint[record_access.Response]) -> int | None:
    """The number of the newest record; None when the cuff does not tell."""
    answer = await control.ask(
        record_access.report_latest(), answers=lambda answer: answer.operation == record_access.OMRON_LATEST
    )
    return answer.number


async def _report(control: ControlPoint[record_access.Response], last: int | None) -> str:
    """Have the records after the last one that we have sent; the cuff's last word on it."""
    if last is not None and last < _GREATEST:
        outcome = await _ask(control, record_access.report_from(last + 1, by=record_access.OMRON_BY_SEQUENCE))
        if outcome not in _NOT_BY_NUMBER:
            return outcome
    return await _ask(control, record_access.report_all())


async def _ask(control: ControlPoint[record_access.Response], command: bytes) -> str:
    answer = await control.ask(
        command, answers=lambda answer: answer.operation == record_access.REPORT, within_s=STALLED_S
    )
    return answer.outcome


def _last(memory: Memory) -> int | None:
    text = memory.get(LAST_SEQUENCE)
    return int(text) if text is not None and text.isascii() and text.isdigit() and int(text) <= _GREATEST else None
