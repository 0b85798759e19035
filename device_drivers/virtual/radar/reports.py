"""The bytes that radar modules send. Sources: as in the decoders, which this does not import."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import xor
from struct import Struct, pack
from typing import Final

import numpy as np
from numpy.typing import NDArray

_TI_MAGIC: Final = bytes.fromhex("0201040306050807")
_TI_NEW: Final = Struct("<8I")
_TI_OLD: Final = Struct("<9I2H")
_TI_PADDING: Final = 32


def complement(data: bytes | bytearray) -> int:
    """TinyFrame's check: the complement of the XOR of all bytes."""
    return 0xFF ^ reduce(xor, data, 0)


def tinyframe(kind: int, data: bytes = b"", *, number: int = 0) -> bytes:
    """Hi-Link LD6002, Seeed MR60FDA2 and MR60BHA2."""
    header = pack(">BHHH", 1, number, len(data), kind)
    return header + bytes((complement(header),)) + data + bytes((complement(data),))


def r60(code: int, data: bytes) -> bytes:
    """Seeed MR60FDA1; control and command in one number."""
    body = b"SY" + pack(">HH", code, len(data)) + data
    return body + bytes((sum(body) % 256,)) + b"TC"


def ld2410(
    state: int,
    *,
    moving: tuple[int, int] = (0, 0),
    still: tuple[int, int] = (0, 0),
    detected_cm: int = 0,
    gates: tuple[bytes, bytes] | None = None,
) -> bytes:
    """Hi-Link LD2410: 0 nobody, 1 moves, 2 still, 3 both; `moving` and `still` are centimetres and energy.

    `gates`: nine energies each, of who moves and who is still, as engineering mode has them.
    """
    body = pack("<BBBHBHBH", 2 if gates is None else 1, 0xAA, state, *moving, *still, detected_cm)
    if gates is not None:
        body += bytes((8, 8)) + gates[0] + gates[1] + bytes(2)
    body += bytes((0x55, 0))
    return bytes.fromhex("F4F3F2F1") + pack("<H", len(body)) + body + bytes.fromhex("F8F7F6F5")


def ld2450(places: Sequence[tuple[int, int, int, int]]) -> bytes:
    """Hi-Link LD2450: x, y (mm), speed away (cm/s) and resolution (mm) of up to three people."""
    body = b""
    for x, y, speed, resolution in [*places, *[(0, 0, 0, 0)] * 3][:3]:
        nobody = not (x or y or speed or resolution)
        body += b"".join(pack("<H", abs(n) | (0x8000 if n >= 0 and not nobody else 0)) for n in (x, y, speed))
        body += pack("<H", resolution)
    return bytes.fromhex("AAFF0300") + body + bytes.fromhex("55CC")


def ld24xx_answer(command: int, value: bytes = b"", *, went: int = 0) -> bytes:
    """How LD2410 and LD2450 answer a command."""
    body = pack("<HH", command | 0x0100, went) + value
    return bytes.fromhex("FDFCFBFA") + pack("<H", len(body)) + body + bytes.fromhex("04030201")


def ti(
    number: int,
    parts: Sequence[tuple[int, bytes]],
    *,
    old: bool = False,
    counted_in: bool = False,
) -> bytes:
    """TI 3D People Tracking, from types and contents. `old`, `counted_in`: as older firmware and older demos do."""
    body = b"".join(pack("<2I", kind, len(data) + 8 * counted_in) + data for kind, data in parts)
    length = len(_TI_MAGIC) + (_TI_OLD if old else _TI_NEW).size + len(body)
    length += -length % _TI_PADDING
    words = (0x03060000, length, 0x000A6843, number % 2**32)
    header = _TI_OLD.pack(*words, *[0] * 5, len(parts), 0) if old else _TI_NEW.pack(*words, 0, 0, len(parts), 0)
    return (_TI_MAGIC + header + body).ljust(length, b"\0")


def ti_points(spherical: NDArray[np.float64]) -> tuple[int, bytes]:
    """The part of compressed points, from (n, 5) elevation, azimuth (rad), speed (m/s), range (m), signal (dB)."""
    units = np.array([0.01, 0.01, 0.00028, 0.00025, 0.04])
    rows = np.zeros(len(spherical), [("e", "i1"), ("a", "i1"), ("d", "<i2"), ("r", "<u2"), ("s", "<u2")])
    for name, column, unit in zip("eadrs", spherical.T, units, strict=True):
        rows[name] = np.round(column / unit)
    return 1020, units.astype("<f4").tobytes() + rows.tobytes()


def ti_targets(ids: Sequence[int], moved: NDArray[np.float64]) -> tuple[int, bytes]:
    """The part of targets, from (k, 9) position, velocity, acceleration."""
    rows = b"".join(
        pack("<I27f", one, *row, *np.eye(4).ravel(), 3.0, 0.9) for one, row in zip(ids, moved.tolist(), strict=True)
    )
    return 1010, rows


def ti_index(whose: Sequence[int]) -> tuple[int, bytes]:
    """The part that says which target each point of the frame before belongs to; 253 and more: to none."""
    return 1011, bytes(whose)


def ti_heights(ids: Sequence[int], low_high: NDArray[np.float64]) -> tuple[int, bytes]:
    """The part of heights, from (k, 2) lowest and highest z."""
    return 1012, b"".join(
        pack("<B3x2f", one, high, low) for one, (low, high) in zip(ids, low_high.tolist(), strict=True)
    )


def ti_presence(there: bool) -> tuple[int, bytes]:  # the module's own word
    """The part that says whether somebody is there."""
    return 1021, pack("<I", there)
