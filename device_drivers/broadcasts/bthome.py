"""BTHome v2 sensors, scales and buttons: which advertisement is new, and which may be believed.

Repeats. A device repeats each event for seconds, some under a new encryption counter each time, so the packet id says
what is new. It wraps at 256 and begins anew with a new battery: the same one counts again after `REPEAT_S`. Without a
packet id the same bytes count again after `REPEAT_PLAIN_S`, and an encrypted message whenever its counter has grown.

Belief. A counter must be greater than the last one that was taken, except across 2**32. A new battery may begin
anywhere below, and so does a recording that somebody plays: which of the two it is only a person can tell, so the
bind key must be entered again (bthome-ble takes every counter below 100 instead). A press is never passed over for
that: it is handed on with its doubt. Once a bind key was entered, plain messages are not believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from zlib import crc32

from device_drivers.advertising import Advert, Broadcast, Trouble
from device_drivers.broadcasts.recent import first_heard, with_event
from device_drivers.decode.bthome import Packet, decode
from device_drivers.decode.bthome_envelope import KEY_BYTES, SOURCE, WrongKey, take_apart
from device_drivers.errors import DecodeError
from firmware_profiles import Profile

BIND_KEY: Final = "bind-key"
REPLAY_COUNTER: Final = "replay-counter"
# Bursts last seconds; BlueZ hands the last advertisement of a device out again for as long as it knows it, 30 s after
# it fell silent. 256 presses in two minutes is nobody's way to call.
REPEAT_S: Final = 120.0
REPEAT_PLAIN_S: Final = 10.0  # a burst, and some; a second call within it would join the alert of the first
_WRAP: Final = 1 << 16  # how near to 2**32 and to zero a counter is that has wrapped
_HIGHEST: Final = 1 << 32

_DOUBTS: Final[Mapping[Trouble, str]] = {
    Trouble.NOT_ENCRYPTED: "it was not encrypted as it should be",
    Trouble.OLD_COUNTER: "its number is lower than one before: its battery was changed, or somebody plays a recording",
}


def bthome(advert: Advert, profile: Profile, memory: Mapping[str, str], *, at: float) -> Broadcast:
    """A `Broadcaster`. An advertisement without BTHome data, such as one with only the name, tells nothing.

    Raises:
        DecodeError: not BTHome v2, or nothing in it can be read.
    """
    del profile
    data = advert.service_data.get(SOURCE)
    if data is None:
        return Broadcast()
    envelope = take_apart(data)
    key = _key(memory)
    if envelope.counter is None:
        packet = decode(data, address=advert.address)
        return _news(packet, data, memory, at, None if key is None else Trouble.NOT_ENCRYPTED)
    if key is None:
        return Broadcast(trouble=Trouble.NEEDS_KEY)
    last = _number(memory.get(REPLAY_COUNTER))
    if envelope.counter == last:
        return Broadcast()
    try:
        packet = decode(data, address=advert.address, key=key)
    except WrongKey:
        return Broadcast(trouble=Trouble.WRONG_KEY)
    trouble = None if last is None or _grown(envelope.counter, last) else Trouble.OLD_COUNTER
    return _news(packet, data, memory, at, trouble)


def _news(packet: Packet, data: bytes, memory: Mapping[str, str], at: float, trouble: Trouble | None) -> Broadcast:
    event, window = _event(packet, data)
    heard = first_heard(memory)
    repeated = _within(heard, event, at, window)
    if trouble is not None:
        if repeated and trouble is Trouble.OLD_COUNTER:  # a late repeat of what was taken: two adapters hear it
            return Broadcast()
        # Under a name of its own: what is not believed must not pass for the first hearing of what is.
        doubtful = f"d{crc32(data):08x}"
        if _within(heard, doubtful, at, REPEAT_S):
            return Broadcast(trouble=trouble)
        presses = tuple(replace(press, doubt=_DOUBTS[trouble]) for press in packet.presses)
        return Broadcast(presses=presses, meanwhile=with_event(memory, doubtful, at), trouble=trouble)
    return Broadcast(
        readings=() if repeated else packet.readings,
        presses=() if repeated else packet.presses,
        remember={} if packet.counter is None else {REPLAY_COUNTER: str(packet.counter)},
        meanwhile={} if repeated else with_event(memory, event, at),
    )


def _within(heard: Mapping[str, float], event: str, at: float, window_s: float) -> bool:
    return event in heard and 0 <= at - heard[event] < window_s


def _event(packet: Packet, data: bytes) -> tuple[str, float]:
    """A name for what is told, and for how long the same name means a repeat."""
    if packet.packet_id is not None:
        told = b"".join(bytes([item.id]) + item.data for item in packet.items)
        kind = "e" if packet.encrypted else "p"
        return f"{kind}{packet.packet_id:02x}-{crc32(told):08x}", REPEAT_S
    if packet.counter is not None:
        return f"c{packet.counter}", float("inf")
    return f"b{crc32(data):08x}", REPEAT_PLAIN_S


def _grown(counter: int, last: int) -> bool:
    return counter > last or (last >= _HIGHEST - _WRAP and counter < _WRAP)


def _key(memory: Mapping[str, str]) -> bytes | None:
    text = memory.get(BIND_KEY, "")
    try:
        key = bytes.fromhex(text)
    except ValueError as damaged:
        raise DecodeError(f"{SOURCE}: the bind key that is kept of it is none: enter it again") from damaged
    if key and len(key) != KEY_BYTES:
        raise DecodeError(f"{SOURCE}: the bind key that is kept of it is none: enter it again")
    return key or None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
