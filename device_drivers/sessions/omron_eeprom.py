"""Omron's cuffs with a memory that is read by address: unlock, start, read the records, end. Nothing is ever written.

What is written to such a memory can hit the calibration of the cuff. So there is nothing here to write with: a command
is a `Start`, a `Read` or a `Finish`, and `_Memory.ask` takes no other. The cuff keeps its own time and its own count of
what is unread.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Final, TypeAlias

from device_drivers.decode import omron_eeprom as frames
from device_drivers.errors import DecodeError, DeviceRefused, LinkLost
from device_drivers.readings import DeviceInformation
from device_drivers.sessions.base import Arrivals, End, Memory, SessionClock, SessionResult, Sink
from device_drivers.sessions.information import read_information
from device_drivers.sessions.link import Link, Receipt, uuid128
from firmware_profiles import Profile

UNLOCK: Final = "b305b680-aee7-11e1-a730-0002a5d5c51b"
UNLOCK_KEY: Final = "unlock-key"  # in the device's memory: 32 hexadecimal digits
ANSWER_S: Final = 3.0
TRIES: Final = 3  # of a read whose answer was damaged
_FAMILY: Final = re.compile(r"HEM-7(138K|140T1|141T1|142T[12])")  # whose memory lies as we read it (eigger/hass-omron)
_WITH_KEY: Final = b"\x01"
_UNLOCKED: Final = b"\x81\x00"
_KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Start:
    """Begin."""


@dataclass(frozen=True, slots=True)
class Read:
    """`size` bytes at `address`."""

    address: int
    size: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Finish."""


Command: TypeAlias = Start | Read | Finish


async def omron_eeprom(
    link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
) -> SessionResult:
    """The session of driver "omron-eeprom". Every record in the memory, each time: who has it already knows it.

    Raises:
        LinkLost, BondLost: as `Link` does; LinkLost also for answers that stay damaged.
        DeviceRefused: another model, whose memory lies otherwise; it is locked, or refuses to be read.
    """
    del profile, tz  # its clock cannot be read without its memory map, nor set without writing
    await link.bond()
    information = await read_information(link)
    sink.information(information)
    _known_family(link, information)
    await _unlock(link, memory)
    cuff = _Memory(link, clock)
    await cuff.open()
    arrivals = Arrivals()
    await cuff.ask(Start())
    for address, size in frames.HEM_7142T2.reads():
        _hand_on(await cuff.ask(Read(address, size)), sink, arrivals)
    await cuff.ask(Finish())
    await arrivals.settled(clock)
    await link.disconnect()
    return SessionResult(information=information, clock=None, readings=arrivals.readings, end=End.NOTHING_MORE)


def _known_family(link: Link, information: DeviceInformation) -> None:
    if not {uuid128(frames.COMMAND_CHANNELS[0]), uuid128(frames.ANSWER_CHANNELS[0])} <= link.characteristics:
        raise DeviceRefused(
            "the device has not got Omron's memory service: another model answers under this name; "
            "check which device it is, and pair it again"
        )
    if information.model is not None and _FAMILY.match(information.model) is None:
        raise DeviceRefused(
            f"the cuff says that its model is {information.model!r}, whose memory may lie otherwise: nothing was read; "
            f"its model needs a profile of its own"
        )


async def _unlock(link: Link, memory: Memory) -> None:
    """Give the key, where there is one to give."""
    text = memory.get(UNLOCK_KEY)
    if text is None or uuid128(UNLOCK) not in link.characteristics:
        return
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise DeviceRefused("the unlock key of the cuff is not 32 hexadecimal digits: enter it anew")
    await link.write(uuid128(UNLOCK), _WITH_KEY + key)
    if not (await link.read(uuid128(UNLOCK))).startswith(_UNLOCKED):
        raise DeviceRefused("the cuff refuses the unlock key: enter the key that it was paired with")


def _hand_on(data: bytes, sink: Sink, arrivals: Arrivals) -> None:
    for at in range(0, len(data), frames.RECORD_BYTES):
        record = data[at : at + frames.RECORD_BYTES]
        try:
            reading = frames.decode(record)
        except DecodeError as error:
            sink.undecodable(frames.RECORD, record, error)
            continue
        if reading is not None:
            arrivals.arrived(sink.reading(reading))


class _Memory:
    """Commands and their answers, one at a time."""

    def __init__(self, link: Link, clock: SessionClock) -> None:
        self._link = link
        self._clock = clock
        self._channels = frames.Channels()
        self._answers: asyncio.Queue[bytes] = asyncio.Queue(1)  # an answer that nobody waits for is replaced

    async def open(self) -> None:
        for number, channel in enumerate(frames.ANSWER_CHANNELS):
            if uuid128(channel) in self._link.characteristics:
                await self._link.subscribe(uuid128(channel), partial(self._heard, number))

    async def ask(self, command: Command) -> bytes:
        """What stands there; nothing for `Start` and `Finish`.

        Raises:
            LinkLost: no answer, or none that was whole. DeviceRefused: it refuses.
        """
        wrong: DecodeError | None = None
        for _ in range(TRIES):
            frame = await self._exchange(_encoded(command))
            try:
                return _answered(command, frames.decode_answer(frame))
            except DecodeError as error:
                wrong = error
        raise LinkLost(f"the cuff's answers are damaged: {wrong}")

    async def _exchange(self, command: bytes) -> bytes:
        while not self._answers.empty():
            self._answers.get_nowait()
        for channel, part in zip(frames.COMMAND_CHANNELS, frames.chunks(command), strict=False):
            await self._link.write(uuid128(channel), part)
        try:
            async with self._clock.timeout(ANSWER_S):
                return await self._answers.get()
        except TimeoutError as silence:
            raise LinkLost("the cuff did not answer") from silence

    def _heard(self, channel: int, part: bytes) -> Receipt:
        try:
            whole = self._channels.feed(channel, part)
        except DecodeError:
            return None  # asked again when its time is up
        if whole is not None:
            if self._answers.full():
                self._answers.get_nowait()
            self._answers.put_nowait(whole)
        return None


def _encoded(command: Command) -> bytes:
    match command:
        case Start():
            return frames.start()
        case Read(address, size):
            return frames.read(address, size)
        case Finish():
            return frames.end()


def _answered(command: Command, answer: frames.Answer) -> bytes:
    """The data of the answer to this command.

    Raises:
        DecodeError: the answer to another. DeviceRefused: a refusal.
    """
    expected = {Start: frames.STARTED, Read: frames.READ, Finish: frames.ENDED}[type(command)]
    if answer.kind != expected or (isinstance(command, Read) and answer.address != command.address):
        raise DecodeError("omron memory: the answer to another command")
    if not isinstance(command, Read):
        return b""
    if answer.result:
        raise DeviceRefused(
            f"the cuff does not let its records be read ({answer.result:#04x}): pair it again, and give its unlock key "
            f"if another program has set one"
        )
    if len(answer.data) != command.size:
        raise DecodeError(f"omron memory: {len(answer.data)} bytes instead of {command.size}")
    return answer.data
