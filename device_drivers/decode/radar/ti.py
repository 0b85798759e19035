"""Texas Instruments' 3D People Tracking (IWR6843, IWRL6432): frames of type-length-value parts.

Magic, then eight u32 (version, length, platform, frame, cycles, objects, parts, subframe), or in older firmware nine
u32 and two u16 (…, frame, subframe, four times, parts, sum). Parts follow, each with its type and length; older demos
count the eight bytes of those in. The length of a frame is padded to 32. Which it is is found by what fits.

Axes as the module has them: x to its right, y away from it, z up. How it is tilted and how high it hangs is known only
to whoever hung it (`gateway`).

Sources: TI, Radar Toolbox, "3D People Tracking" user's guide and "Understanding UART Data Output Format"; the number of
a target in its height is one byte and three that are not set.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

import numpy as np

from device_drivers.decode.radar.checks import only_finite
from device_drivers.decode.radar.splitter import NO_FRAME, Framing
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import Floats, RadarFrame, Targets

MAGIC: Final = bytes.fromhex("0201040306050807")
POINTS: Final = 1000
TARGETS: Final = 1010
INDEX: Final = 1011  # which target each point of the frame before belongs to: not needed here
HEIGHTS: Final = 1012
COMPRESSED: Final = 1020
PRESENCE: Final = 1021
_KNOWN: Final = frozenset({POINTS, TARGETS, INDEX, HEIGHTS, COMPRESSED, PRESENCE})
LONGEST: Final = 65536  # a frame of 1,000 points has half of it
_WORDS: Final = Struct("<8I")
_OLD_PARTS: Final = Struct("<H")
_OLD_PARTS_AT: Final = 44
_HEADERS: Final = (40, 48)
_PART: Final = Struct("<2I")
_PADDING: Final = 32
_MOST_PARTS: Final = 32
_TARGET_BYTES: Final = 112
_HEIGHT: Final = Struct("<B3x2f")  # which target, its highest and lowest z
_UNITS_BYTES: Final = 20
_COMPRESSED: Final = np.dtype(
    [("elevation", "i1"), ("azimuth", "i1"), ("doppler", "<i2"), ("range", "<u2"), ("snr", "<u2")]
)
_UNKNOWN: Final = (np.nan, np.nan)
_NO_TARGETS: Final = np.zeros((0, 28), np.float32)

_Parts = list[tuple[int, int, int]]  # type, where it begins, its length


def _length_at(held: bytearray, at: int, quiet: bool) -> int | None:
    del quiet
    if len(held) - at < _HEADERS[0]:
        return None
    length = int.from_bytes(held[at + 12 : at + 16], "little")
    if not held.startswith(MAGIC, at) or not _HEADERS[0] <= length <= LONGEST:
        return NO_FRAME
    if len(held) - at < length:
        return None
    # A frame that lost bytes reaches into the next one.
    return NO_FRAME if held.find(MAGIC, at + len(MAGIC), at + length) >= 0 else length


FRAMING: Final = Framing(begins=(MAGIC,), longest=LONGEST, length_at=_length_at)


def decode(frame: bytes) -> RadarFrame:
    """What a whole frame says.

    Raises:
        DecodeError: its parts do not fit in any of the known ways, or numbers that no room has.
    """
    if len(frame) < _HEADERS[0] or not frame.startswith(MAGIC) or len(frame) > LONGEST:
        raise DecodeError(f"ti: {frame[:8].hex() or 'nothing'} is not a frame")
    words = _WORDS.unpack_from(frame, len(MAGIC))
    points: Floats | None = None
    rows: Floats | None = None
    heights: dict[int, tuple[float, float]] = {}
    present: bool | None = None
    unknown: dict[int, bytes] = {}
    for kind, begin, length in _parts(frame, words[1], words[6]):
        if kind == COMPRESSED:
            points = _uncompressed(frame, begin, length)
        elif kind == TARGETS:
            rows = np.frombuffer(frame, "<f4", length // 4, begin).reshape(-1, 28)
        elif kind == HEIGHTS:
            heights = {one: (low, high) for one, high, low in _HEIGHT.iter_unpack(frame[begin : begin + length])}
        elif kind == POINTS:
            points = _plain(frame, begin, length)
        elif kind == PRESENCE:
            present = any(frame[begin : begin + length])
        elif kind != INDEX:
            unknown[kind] = frame[begin : begin + length]
    targets = None if rows is None and points is None else _targets(_NO_TARGETS if rows is None else rows, heights)
    if present is None and targets is not None and len(targets.ids):
        present = True
    return RadarFrame(
        number=words[3], points=points, targets=targets, present=present, unknown=unknown, raw=frame,
    )  # fmt: skip


def _parts(frame: bytes, length: int, count: int) -> _Parts:
    if length != len(frame):
        raise DecodeError(f"ti: a frame of {len(frame)} bytes says that it has {length}")
    fits: _Parts | None = None  # with parts that are not known: only when no other reading does without them
    for header in _HEADERS:
        if header == _HEADERS[1]:
            if length < header:
                break
            (count,) = _OLD_PARTS.unpack_from(frame, _OLD_PARTS_AT)
        for counted_in in (0, _PART.size):
            found = _walk(frame, header, count, counted_in)
            if found is not None and all(kind in _KNOWN for kind, _, _ in found):
                return found
            fits = fits or found
    if fits is not None:
        return fits
    raise DecodeError("ti: its parts do not fit: another firmware, or bytes that were lost")


def _walk(frame: bytes, at: int, count: int, counted_in: int) -> _Parts | None:
    """The parts, if so many with such lengths fill the frame and each has a length that its type can have."""
    if count > _MOST_PARTS:
        return None
    found: _Parts = []
    for _ in range(count):
        if len(frame) - at < _PART.size:
            return None
        kind, length = _PART.unpack_from(frame, at)
        length -= counted_in
        at += _PART.size
        if length < 0 or length > len(frame) - at or not _fits(kind, length):
            return None
        found.append((kind, at, length))
        at += length
    return found if len(frame) - at < _PADDING else None


def _fits(kind: int, length: int) -> bool:
    if kind == COMPRESSED:
        return length >= _UNITS_BYTES and (length - _UNITS_BYTES) % _COMPRESSED.itemsize == 0
    if kind == TARGETS:
        return length % _TARGET_BYTES == 0
    if kind == HEIGHTS:
        return length % _HEIGHT.size == 0
    if kind == POINTS:
        return length % 16 == 0
    return kind != PRESENCE or length == 4


def _plain(frame: bytes, begin: int, length: int) -> Floats:
    points = np.full((length // 16, 5), np.nan, np.float32)
    points[:, :4] = np.frombuffer(frame, "<f4", length // 4, begin).reshape(-1, 4)
    only_finite("ti", points[:, :4])
    return points


def _uncompressed(frame: bytes, begin: int, length: int) -> Floats:
    """Elevation, azimuth (radians), speed, range and signal, each in the unit that the part begins with."""
    units = np.frombuffer(frame, "<f4", 5, begin)
    rows = np.frombuffer(
        frame, _COMPRESSED, (length - _UNITS_BYTES) // _COMPRESSED.itemsize, begin + _UNITS_BYTES
    )  # fmt: skip
    only_finite("ti", units)
    elevation, azimuth = rows["elevation"] * units[0], rows["azimuth"] * units[1]
    distance = rows["range"] * units[3]
    level = distance * np.cos(elevation)
    points = np.empty((len(rows), 5), np.float32)
    np.multiply(level, np.sin(azimuth), out=points[:, 0])
    np.multiply(level, np.cos(azimuth), out=points[:, 1])
    np.multiply(distance, np.sin(elevation), out=points[:, 2])
    np.multiply(rows["doppler"], units[2], out=points[:, 3])
    np.multiply(rows["snr"], units[4], out=points[:, 4])
    only_finite("ti", points[:, :4])
    return points


def _targets(rows: Floats, heights: Mapping[int, tuple[float, float]]) -> Targets:
    ids = rows.view(np.int32)[:, 0]
    low_high = np.array([heights.get(one & 0xFF, _UNKNOWN) for one in ids.tolist()], np.float32).reshape(-1, 2)
    only_finite("ti", rows[:, 1:7])
    if heights:
        only_finite("ti", low_high[~np.isnan(low_high[:, 0])])
    return Targets(
        ids=ids, positions=rows[:, 1:4], velocities=rows[:, 4:7], heights=low_high, confidences=rows[:, 27],
    )  # fmt: skip
