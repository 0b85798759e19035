"""The TinyFrame family: Hi-Link LD6002B and LD6002C, Seeed MR60FDA2 and MR60BHA2.

`01 | id u16 | length u16 | type u16 | check | data | check`, the numbers of the header big-endian, those of the data
little-endian. Each check is the complement of the XOR of what it covers. A frame without data comes with and without
its second check.

Sources: Hi-Link, LD6002C serial protocol (whose examples have wrong checks in places); Seeed, SeeedmmWave library.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

import numpy as np

from device_drivers.decode.radar.checks import only_finite, possible, size
from device_drivers.decode.radar.splitter import NO_FRAME, Framing
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import FURTHEST_M, Answer, Measure, RadarFrame, Targets

BEGIN: Final = 0x01
MOST_DATA: Final = 1024
_HEADER: Final = Struct(">BHHH")  # begin, id, length, type
_FLOAT: Final = Struct("<f")
_HEADER_BYTES: Final = _HEADER.size + 1  # and its check
_NO_DATA_CHECK: Final = 0xFF

FALL: Final = 0x0E02
PRESENCE: Final = 0x0F09
HEIGHT: Final = 0x0E0E
PARAMETERS: Final = 0x0E06
SET_INSTALLATION_HEIGHT: Final = 0x0E04
SET_THRESHOLD: Final = 0x0E08
SET_SENSITIVITY: Final = 0x0E0A
ALARM_AREA: Final = 0x0E0C
RESET: Final = 0x2110
TARGETS: Final = 0x0A04
POINTS: Final = 0x0A08
HOLD: Final = 0x0A0D
BREATH: Final = 0x0A14
HEART: Final = 0x0A15
DISTANCE: Final = 0x0A16  # whether there is one, u32, and centimetres
_RATES: Final = {BREATH: Measure.BREATH_RATE, HEART: Measure.HEART_RATE}
_ANSWERS: Final = frozenset({SET_INSTALLATION_HEIGHT, SET_THRESHOLD, SET_SENSITIVITY, ALARM_AREA, RESET, HOLD})
_TARGET: Final = np.dtype([("place", "<f4", 3), ("doppler", "<i4"), ("cluster", "<i4")])
_POINT: Final = np.dtype([("cluster", "<i4"), ("place", "<f4", 3), ("speed", "<f4")])
_PARAMETER_SIZES: Final = (12, 28)  # height, threshold, sensitivity; newer ones with the four sides of the zone
_MOST_PER_MINUTE: Final = 300.0


def check(data: bytes | bytearray) -> int:
    """The complement of the XOR of all bytes."""
    found = 0
    for byte in data:
        found ^= byte
    return found ^ 0xFF


def encode(kind: int, data: bytes = b"", *, number: int = 0) -> bytes:
    """A frame of this type: how commands are sent, and what virtual modules say."""
    header = _HEADER.pack(BEGIN, number, len(data), kind)
    return header + bytes((check(header),)) + data + bytes((check(data),))


def _length_at(held: bytearray, at: int, quiet: bool) -> int | None:
    length = _whole(held, at, quiet=quiet)
    if length and length > _HEADER_BYTES + 1 and _another_inside(held, at + 1, at + length):
        return NO_FRAME  # it lost bytes, and one check of eight bits was right by chance
    return length


def _another_inside(held: bytearray, begin: int, end: int) -> bool:
    while (begin := held.find(BEGIN, begin, end)) >= 0:
        inner = _whole(held, begin, quiet=False)
        if inner and begin + inner <= end:
            return True
        begin += 1
    return False


def _whole(held: bytearray, at: int, *, quiet: bool) -> int | None:
    if len(held) - at < _HEADER_BYTES:
        return None
    length = held[at + 3] << 8 | held[at + 4]
    header = held[at : at + _HEADER.size]
    if length > MOST_DATA or held[at + _HEADER.size] != check(header):
        return NO_FRAME
    end = at + _HEADER_BYTES + length
    if length == 0:
        if len(held) <= end:
            return end - at if quiet else None
        return end + 1 - at if held[end] == _NO_DATA_CHECK else end - at
    if len(held) <= end:
        return None
    return end + 1 - at if held[end] == check(held[end - length : end]) else NO_FRAME


FRAMING: Final = Framing(begins=(bytes((BEGIN,)),), longest=_HEADER_BYTES + MOST_DATA + 1, length_at=_length_at)


def decode(frame: bytes) -> RadarFrame:
    """What a whole frame says.

    Raises:
        DecodeError: not a frame with right checks, data of another size than its type has, impossible numbers.
    """
    if not frame or frame[0] != BEGIN or _whole(bytearray(frame), 0, quiet=True) != len(frame):
        raise DecodeError(f"tinyframe: {frame[:8].hex() or 'nothing'} is not a frame with right checks")
    _, number, length, kind = _HEADER.unpack_from(frame)
    data = frame[_HEADER_BYTES : _HEADER_BYTES + length]
    if kind in _ANSWERS or length == 0:
        done = length == 0 or any(data)  # a module that says how it went says 0 for "not"
        return RadarFrame(number=number, answers=(Answer(code=kind, data=data, done=done),), raw=frame)
    if kind == FALL:
        return RadarFrame(number=number, fallen=bool(_byte(data)), raw=frame)
    if kind == PRESENCE:
        return RadarFrame(number=number, present=bool(_byte(data)), raw=frame)
    if kind == PARAMETERS:
        if length not in _PARAMETER_SIZES:
            raise DecodeError(f"tinyframe: parameters of {length} bytes")
        return RadarFrame(number=number, answers=(Answer(code=kind, data=data),), raw=frame)
    if kind == TARGETS:
        return RadarFrame(number=number, targets=_targets(data), raw=frame)
    if kind == POINTS:
        return _points(number, data, frame)
    measures = _measures(kind, data)
    if measures is not None:
        return RadarFrame(number=number, measures=measures, raw=frame)
    return RadarFrame(number=number, unknown={kind: data}, raw=frame)


def _byte(data: bytes) -> int:
    size("tinyframe", data, 1)
    return data[0]


def _measures(kind: int, data: bytes) -> Mapping[Measure, float] | None:
    """None: the type is no measure. Empty: the module has none now."""
    if kind == HEIGHT:
        return {Measure.HEIGHT: possible("height", _float(data), 0.0, 10.0)}
    if kind in _RATES:
        rate = possible("rate", _float(data), 0.0, _MOST_PER_MINUTE)
        return {_RATES[kind]: rate} if rate else {}
    if kind == DISTANCE:
        size("tinyframe", data, 8)
        distance_m = possible("distance", _float(data[4:]) / 100.0, 0.0, FURTHEST_M)
        return {Measure.DISTANCE: distance_m} if any(data[:4]) else {}
    return None


def _float(data: bytes) -> float:
    size("tinyframe", data, _FLOAT.size)
    return float(_FLOAT.unpack(data)[0])


def _rows(data: bytes, row: np.dtype[np.void]) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    if len(data) < 4:
        raise DecodeError("tinyframe: a list without its count")
    count = int.from_bytes(data[:4], "little", signed=True)
    size("tinyframe", data, 4 + count * row.itemsize)
    return np.frombuffer(data, row, offset=4)


def _targets(data: bytes) -> Targets:
    rows = _rows(data, _TARGET)
    places = np.ascontiguousarray(rows["place"])
    only_finite("tinyframe", places)
    nothing = np.full((len(rows), 3), np.nan, np.float32)
    return Targets(
        ids=rows["cluster"].astype(np.int32), positions=places, velocities=nothing, heights=nothing[:, :2],
        confidences=nothing[:, 0],
    )  # fmt: skip


def _points(number: int, data: bytes, frame: bytes) -> RadarFrame:
    rows = _rows(data, _POINT)
    points = np.full((len(rows), 5), np.nan, np.float32)
    points[:, :3], points[:, 3] = rows["place"], rows["speed"]
    only_finite("tinyframe", points[:, :4])
    return RadarFrame(number=number, points=points, raw=frame)
