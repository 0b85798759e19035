"""Glucose meters: records by their number, through the Record Access Control Point, from the last one that we have.

Source: Bluetooth SIG, Glucose Service 1.0.1 and Profile 1.0.1: §3.4, §4.5.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from device_drivers.decode import glucose as frames
from device_drivers.decode import record_access
from device_drivers.errors import DecodeError, DeviceRefused, LinkLost
from device_drivers.readings import Reading
from device_drivers.sessions.base import End, Memory, SessionClock, SessionResult, Sink
from device_drivers.sessions.begin import begin
from device_drivers.sessions.control_point import ControlPoint
from device_drivers.sessions.handover import Handover
from device_drivers.sessions.link import Link, Receipt, uuid128
from firmware_profiles import Profile

LAST_SEQUENCE: Final = "last-sequence"  # in the device's memory
STALLED_S: Final = 10.0  # between two records; slow meters take 1 s
_ATTEMPTS: Final = 2  # of a procedure that the meter did not complete
_GREATEST: Final = 0xFFFF
_NOT_COMPLETED: Final = "procedure-not-completed"
_NOT_BY_NUMBER: Final = frozenset({"operator-not-supported", "operand-not-supported", "invalid-operand"})


async def glucose(
    link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
) -> SessionResult:
    """The session of driver "glucose".

    Raises:
        LinkLost, BondLost: as `Link` does; LinkLost also for a meter that stops in the middle: it is asked again.
        DeviceRefused: it has no records to ask for, or does not report them.
    """
    information, offset = await begin(link, profile, clock, sink, tz)
    if not has_records(link):
        raise DeviceRefused(
            "the device has no glucose records to ask for (2a18 and 2a52): another model answers under this name; "
            "check which device it is, and pair it again"
        )
    readings = await fetch_records(link, clock, sink, memory)
    await link.disconnect()
    return SessionResult(information=information, clock=offset, readings=readings, end=End.NOTHING_MORE)


def has_records(link: Link) -> bool:
    """The device keeps glucose records that can be asked for."""
    return {uuid128(frames.MEASUREMENT), uuid128(record_access.CHARACTERISTIC)} <= link.characteristics


async def fetch_records(link: Link, clock: SessionClock, sink: Sink, memory: Memory) -> int:
    """Every record that we do not have, committed; how many there were.

    Raises:
        as `glucose` does.
    """
    control = ControlPoint(link, clock, uuid=record_access.CHARACTERISTIC, decode=record_access.decode)
    records = _Records(sink, control)
    await link.subscribe(uuid128(frames.MEASUREMENT), records.measured)
    if uuid128(frames.CONTEXT) in link.characteristics:
        await link.subscribe(uuid128(frames.CONTEXT), records.told)
    await control.open()
    for attempt in range(_ATTEMPTS):
        try:
            outcome = await _report(control, memory)
        except LinkLost:
            await _keep(records, clock, memory, complete=False)
            raise
        complete = outcome != _NOT_COMPLETED
        await _keep(records, clock, memory, complete=complete)
        if complete:
            break
        if attempt == _ATTEMPTS - 1:
            raise LinkLost("the meter did not complete its report: it is asked again on its next call")
    return records.box.handed


async def _report(control: ControlPoint[record_access.Response], memory: Memory) -> str:
    """Ask for what we do not have; the meter's last word on it."""
    last = _last(memory)
    if last is None or last == _GREATEST:
        outcome = await _ask(control, record_access.report_all())
    else:
        outcome = await _ask(control, record_access.report_from(last + 1))
        nothing_newer = outcome == record_access.NO_RECORDS
        if outcome in _NOT_BY_NUMBER or (nothing_newer and await _counts_anew(control, last)):
            outcome = await _ask(control, record_access.report_all())
    if outcome not in (record_access.SUCCESS, record_access.NO_RECORDS, _NOT_COMPLETED):
        raise DeviceRefused(f"the meter does not report its records ({outcome})")
    return outcome


async def _ask(control: ControlPoint[record_access.Response], command: bytes) -> str:
    try:
        answer = await control.ask(
            command, answers=lambda answer: answer.operation == record_access.REPORT, within_s=STALLED_S
        )
    except LinkLost:
        await _abort(control)
        raise
    return answer.outcome


async def _abort(control: ControlPoint[record_access.Response]) -> None:
    """It fell silent in the middle: let it know that nobody waits any more, where the link still stands."""
    try:
        await control.ask(record_access.abort(), answers=lambda answer: answer.operation == record_access.ABORT)
    except (LinkLost, DeviceRefused):
        return


async def _counts_anew(control: ControlPoint[record_access.Response], last: int) -> bool:
    """No record is newer than our last one, yet it has some, and ours is not among them: its numbers began anew."""
    try:
        answer = await control.ask(
            record_access.report_count(last), answers=lambda answer: answer.operation == record_access.COUNT
        )
        if answer.number != 0:  # ours is still there, or it does not count
            return False
        answer = await control.ask(
            record_access.report_count(), answers=lambda answer: answer.operation == record_access.COUNT
        )
    except DeviceRefused:
        return False
    return bool(answer.number)


class _Records:
    """Puts measurements and their contexts together, in order, and keeps account of the numbers."""

    def __init__(self, sink: Sink, control: ControlPoint[record_access.Response]) -> None:
        self.box = Handover(sink)
        self.newest: int | None = None
        self.ascending = True
        self._sink = sink
        self._control = control
        self._open: Reading | None = None  # its context follows

    def measured(self, frame: bytes) -> Receipt:
        self._control.still_there()
        self.close()
        try:
            reading = frames.decode(frame)
        except DecodeError as error:
            self._sink.undecodable(frames.MEASUREMENT, frame, error)
            return None
        number = reading.sequence
        if number is not None:
            self.ascending = self.ascending and (self.newest is None or number > self.newest)
            self.newest = number if self.newest is None else max(number, self.newest)
        if frames.context_follows(frame):
            self._open = reading
        else:
            self.box.put(reading)
        return None

    def told(self, frame: bytes) -> Receipt:
        self._control.still_there()
        reading, self._open = self._open, None
        try:
            context = frames.decode_context(frame)
            if reading is None:
                raise DecodeError(f"{frames.CONTEXT}: a context of no record")
            reading = frames.with_context(reading, context)
        except DecodeError as error:
            self._sink.undecodable(frames.CONTEXT, frame, error)
        if reading is not None:
            self.box.put(reading)
        return None

    def close(self) -> None:
        """A context that was announced did not come: the record stands without it."""
        reading, self._open = self._open, None
        if reading is not None:
            self.box.put(reading)


async def _keep(records: _Records, clock: SessionClock, memory: Memory, *, complete: bool) -> None:
    """Remember how far we are: never beyond a record that may be missing."""
    records.close()
    await records.box.settled(clock)
    if records.newest is not None and (complete or records.ascending):
        await memory.keep({LAST_SEQUENCE: str(records.newest)})


def _last(memory: Memory) -> int | None:
    text = memory.get(LAST_SEQUENCE)
    return int(text) if text is not None and text.isascii() and text.isdigit() and int(text) <= _GREATEST else None
