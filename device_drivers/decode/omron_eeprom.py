"""Omron's memory protocol, for reading only: the frames, and a record of 14 bytes → reading.

There is no frame here that writes to the memory: what is written there can hit the calibration of the cuff.

Sources: userx14/omblepy (frames, checksum, channels); eigger/hass-omron (the record of the HEM-7142T2 family with its
sequence number, the memory map, and the refusal of a read: one public source only).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from device_drivers.decode.measured import positive, settle
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceTime, Missing, Reading

SERVICE: Final = "ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b"
# Commands go to the first of these, what does not fit to the next; answers come the same way. Newer cuffs have only the
# first of each.
COMMAND_CHANNELS: Final = (
    "db5b55e0-aee7-11e1-965e-0002a5d5c51b",
    "e0b8a060-aee7-11e1-92f4-0002a5d5c51b",
    "0ae12b00-aee8-11e1-a192-0002a5d5c51b",
    "10e1ba60-aee8-11e1-89e5-0002a5d5c51b",
)
ANSWER_CHANNELS: Final = (
    "49123040-aee8-11e1-a74d-0002a5d5c51b",
    "4d0bf320-aee8-11e1-a0d9-0002a5d5c51b",
    "5128ce60-aee8-11e1-b84b-0002a5d5c51b",
    "560f1420-aee8-11e1-8184-0002a5d5c51b",
)
CHANNEL_BYTES: Final = 16
RECORD_BYTES: Final = 14
RECORD: Final = "omron-eeprom"  # the source of its readings

STARTED: Final = 0x8000  # kinds of answers
READ: Final = 0x8100
ENDED: Final = 0x8F00

_HEADER_BYTES: Final = 6  # length, kind (2), address (2), how many bytes of data
_FRAME_BYTES: Final = 8  # header, 0 or a result, checksum
_LAST_ADDRESS: Final = 0xFFFF
_MOST_DATA: Final = len(ANSWER_CHANNELS) * CHANNEL_BYTES - _FRAME_BYTES

_SYSTOLIC_BASE_MMHG: Final = 25  # the record holds the systolic pressure less this
_LAST_SYSTOLIC: Final = 0xE1  # above it the slot was never written
_FIRST_YEAR: Final = 2000
_IRREGULAR: Final = 0x4000
_MOVED: Final = 0x8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Where the records of one user lie: a ring of slots."""

    address: int
    slots: int
    most_bytes: int  # in one read

    def reads(self) -> tuple[tuple[int, int], ...]:
        """(address, size) of the reads that fetch every slot, none of them cutting a record in two."""
        step = self.most_bytes // RECORD_BYTES * RECORD_BYTES
        end = self.address + self.slots * RECORD_BYTES
        return tuple((at, min(step, end - at)) for at in range(self.address, end, step))


HEM_7142T2: Final = Memory(address=0x02E8, slots=14, most_bytes=0x2C)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One frame from the cuff.

    Attributes:
        kind: `STARTED`, `READ` or `ENDED`.
        address: of the memory that was read.
        data: what stood there; empty when the read was refused, and for other kinds.
        result: 0 is success; the cuff's own number of what went wrong.
    """

    kind: int
    address: int
    data: bytes
    result: int


def start() -> bytes:
    """Begin a session."""
    return _frame(0x0000, 0, 0x10)


def read(address: int, size: int) -> bytes:
    """Read `size` bytes of the memory at `address`.

    Raises:
        ValueError: not an address of 16 bits, or more than one answer can hold.
    """
    if not 0 <= address <= _LAST_ADDRESS or not 0 < size <= _MOST_DATA:
        raise ValueError(f"nothing to read: {size} bytes at {address:#x}")
    return _frame(0x0100, address, size)


def end() -> bytes:
    """End the session."""
    return _frame(0x0F00, 0, 0)


def chunks(command: bytes) -> tuple[bytes, ...]:
    """What to write to each of `COMMAND_CHANNELS`, in order."""
    return tuple(command[at : at + CHANNEL_BYTES] for at in range(0, len(command), CHANNEL_BYTES))


def decode_answer(frame: bytes) -> Answer:
    """Decode one answer, put together from its channels.

    Raises:
        DecodeError: another length than it says, a wrong checksum, an unknown kind, or data cut short.
    """
    if len(frame) < _FRAME_BYTES or frame[0] != len(frame):
        raise DecodeError(f"omron memory: {len(frame)} bytes, which says {frame[0] if frame else 'nothing'}")
    if reduce(xor, frame):
        raise DecodeError("omron memory: the checksum is wrong")
    kind, address, size = frame[1] << 8 | frame[2], frame[3] << 8 | frame[4], frame[5]
    if kind not in (STARTED, READ, ENDED):
        raise DecodeError(f"omron memory: unknown kind of answer {kind:#06x}")
    if kind != READ or (len(frame) == _FRAME_BYTES and frame[6]):
        return Answer(kind=kind, address=address, data=b"", result=frame[6])
    if len(frame) != _FRAME_BYTES + size:
        raise DecodeError(f"omron memory: {len(frame) - _FRAME_BYTES} bytes of data instead of {size}")
    return Answer(kind=kind, address=address, data=frame[_HEADER_BYTES : _HEADER_BYTES + size], result=0)


class Channels:
    """Puts an answer together from the channels it comes by. Keeps one answer at most, of 64 bytes."""

    def __init__(self) -> None:
        self._parts: dict[int, bytes] = {}

    def feed(self, channel: int, part: bytes) -> bytes | None:
        """The whole answer, once all of it is there.

        Args:
            channel: its place in `ANSWER_CHANNELS`.
            part: one notification. The first channel begins an answer and drops what was left of another.

        Raises:
            DecodeError: no such channel, or an answer that says it is longer than the channels can hold.
        """
        if not 0 <= channel < len(ANSWER_CHANNELS) or not part:
            raise DecodeError(f"omron memory: nothing can come by channel {channel}")
        if channel == 0:
            self._parts.clear()
        self._parts[channel] = part
        first = self._parts.get(0)
        if first is None:
            return None
        wanted = first[0]
        if len(first) >= wanted:  # one channel that holds more, or a short answer
            self._parts.clear()
            return first[:wanted]
        if wanted > len(ANSWER_CHANNELS) * CHANNEL_BYTES:
            self._parts.clear()
            raise DecodeError(f"omron memory: an answer of {wanted} bytes")
        needed = range((wanted + CHANNEL_BYTES - 1) // CHANNEL_BYTES)
        if any(number not in self._parts for number in needed):
            return None
        whole = b"".join(self._parts[number] for number in needed)[:wanted]
        self._parts.clear()
        return whole


def decode(record: bytes) -> Reading | None:
    """Decode one slot of the memory: pressures in mmHg, pulse in 1/min; None for a slot that was never written.

    A time that is none (some cuffs have stored such) is unknown; the measurement stands.

    Raises:
        DecodeError: not 14 bytes.
    """
    if len(record) != RECORD_BYTES:
        raise DecodeError(f"{RECORD}: {len(record)} bytes instead of {RECORD_BYTES}")
    if record[0] > _LAST_SYSTOLIC or not any(record[1:8]):
        return None
    day_and_hour = record[4] | record[5] << 8
    values, missing = settle(
        Kind.BLOOD_PRESSURE,
        {
            Quantity.SYSTOLIC: float(record[0] + _SYSTOLIC_BASE_MMHG) if record[0] else Missing.MEASUREMENT_FAILED,
            Quantity.DIASTOLIC: positive(float(record[1])),
            Quantity.PULSE_RATE: positive(float(record[2])),
        },
    )
    moved = ("body-movement",) if day_and_hour & _MOVED else ()
    irregular = ("irregular-pulse",) if day_and_hour & _IRREGULAR else ()
    return Reading(
        kind=Kind.BLOOD_PRESSURE,
        values=values,
        missing=missing,
        flags=moved + irregular,
        time=_time(record[3] & 0x3F, day_and_hour, record[6] | record[7] << 8),
        sequence=record[10] | record[11] << 8,
        raw=record,
        source=RECORD,
    )


def _time(year: int, day_and_hour: int, minute_and_second: int) -> DeviceTime:
    time = DeviceTime(
        year=_FIRST_YEAR + year,
        month=day_and_hour >> 10 & 0x0F,
        day=day_and_hour >> 5 & 0x1F,
        hour=day_and_hour & 0x1F,
        minute=minute_and_second >> 6 & 0x3F,
        second=minute_and_second & 0x3F,
    )
    if time.local() is not None:
        return time
    return DeviceTime(year=None, month=None, day=None, hour=0, minute=0, second=0)


def _frame(kind: int, address: int, size: int) -> bytes:
    body = bytes((_FRAME_BYTES,)) + kind.to_bytes(2, "big") + address.to_bytes(2, "big") + bytes((size, 0))
    return body + bytes((reduce(xor, body),))
