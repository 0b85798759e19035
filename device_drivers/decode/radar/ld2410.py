"""Hi-Link LD2410: presence of whoever moves or sits still, with distances.

`F4 F3 F2 F1 | length u16 | type | AA | state | moving cm u16 | energy | still cm u16 | energy | detection cm u16 | … |
55 00 | F8 F7 F6 F5`; type 01 (engineering) has the energies of all gates before the end.

Sources: Hi-Link, LD2410 serial communication protocol 1.02, §2.3; aio-ld2410 for the states of calibration.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from device_drivers.decode.radar import ld24xx
from device_drivers.decode.radar.splitter import Framing
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import Measure, RadarFrame

BEGIN: Final = bytes.fromhex("F4F3F2F1")
TAIL: Final = bytes.fromhex("F8F7F6F5")
_BODY: Final = Struct("<BBBHBHBH")  # type, AA, state, then distances (cm) and energies
_TYPES: Final = (0x01, 0x02)
_MARK: Final = 0xAA
_LAST: Final = bytes.fromhex("5500")
_HEAD_BYTES: Final = 6
_STATES: Final = range(4)  # nobody, moves, still, both
_CALIBRATES: Final = range(4, 7)  # measures the noise of an empty room, has, could not: says nothing of people
_MOVES, _STILL = 0x01, 0x02


def _length_at(held: bytearray, at: int, quiet: bool) -> int | None:
    del quiet
    if held.startswith(ld24xx.BEGIN, at):
        return ld24xx.length_at(held, at)
    if not held.startswith(BEGIN, at):
        return None  # the piece of a beginning at the end of what came
    return ld24xx.framed_length(held, at, TAIL, ld24xx.MOST_DATA)


FRAMING: Final = Framing(begins=(BEGIN, ld24xx.BEGIN), longest=ld24xx.LONGEST, length_at=_length_at)


def decode(frame: bytes) -> RadarFrame:
    """What a whole frame says: a report, or the answer to a command.

    Raises:
        DecodeError: neither.
    """
    if frame.startswith(ld24xx.BEGIN):
        return RadarFrame(answers=(ld24xx.decode_answer(frame),), raw=frame)
    body = frame[_HEAD_BYTES : -len(TAIL)]
    if not frame.startswith(BEGIN) or _length_at(bytearray(frame), 0, True) != len(frame):
        raise DecodeError(f"ld2410: {frame[:8].hex() or 'nothing'} is not a report")
    if len(body) < _BODY.size + len(_LAST) or body[-len(_LAST) :] != _LAST:
        raise DecodeError(f"ld2410: a report of {len(body)} bytes")
    kind, mark, state, moving_cm, moving_energy, still_cm, still_energy, detected_cm = _BODY.unpack_from(body)
    if kind in _TYPES and mark == _MARK and state in _CALIBRATES:
        return RadarFrame(raw=frame)
    if kind not in _TYPES or mark != _MARK or state not in _STATES:
        raise DecodeError(f"ld2410: type {kind:02x}, mark {mark:02x}, state {state:02x} are none of a report")
    measures: dict[Measure, float] = {}
    if state:
        nearest_cm = moving_cm if state & _MOVES else still_cm
        measures = {
            Measure.DISTANCE: (detected_cm or nearest_cm) / 100.0,
            Measure.MOVING_ENERGY: float(moving_energy),
            Measure.STILL_ENERGY: float(still_energy),
        }
    return RadarFrame(present=bool(state), moving=bool(state & _MOVES), measures=measures, raw=frame)
