"""Movesense sensors: commands and acceleration of the GATT SensorData Protocol.

Sources: movesense.com, "GATT SensorData Protocol"; noduslabs/movesense-nodejs-driver and its tests. IMU6 is not
decoded: public sources contradict each other on whether its gyroscope follows each sample or all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from device_drivers.errors import DecodeError

SERVICE: Final = "34802252-7185-4d5d-b431-630e7050e8f0"
COMMAND: Final = "34800001-7185-4d5d-b431-630e7050e8f0"
DATA: Final = "34800002-7185-4d5d-b431-630e7050e8f0"

STANDARD_GRAVITY: Final = 9.80665  # m/s², by definition
SUCCESS: Final = 200  # results are HTTP's

_SUBSCRIBE: Final = 0x01
_UNSUBSCRIBE: Final = 0x02
_RESULT: Final = 0x01
_STREAM: Final = 0x02
_HEADER: Final = Struct("<BBI")  # kind, reference, ms since the sensor's start of the first sample
_SAMPLE_BYTES: Final = 12
_RESULT_BYTES: Final = 4
_MOST_G: Final = 64.0  # no accelerometer of theirs measures more than 16 g
_MOST_BITS: Final = int(np.float32(_MOST_G * STANDARD_GRAVITY).view(np.uint32))
_WITHOUT_SIGN: Final = 0x7FFFFFFF
_NS_PER_MS: Final = 1_000_000
_NS_PER_S: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MovesenseFrame:
    """One notification of acceleration.

    Attributes:
        reference: of the subscription that it belongs to.
        first_sample_ms: the sensor's clock at the first sample, ms since it started; begins anew after 2³² ms.
        samples: float32 (n, 3), g, oldest first, n ≥ 1.
    """

    reference: int
    first_sample_ms: int
    samples: NDArray[np.float32]

    def last_sample_ns(self, rate_hz: float) -> int:
        """The sensor's clock at the last sample, in ns."""
        return self.first_sample_ms * _NS_PER_MS + round((len(self.samples) - 1) * _NS_PER_S / rate_hz)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the sensor answered to the command with this reference: 200 is success, 404 an unknown path or rate."""

    reference: int
    status: int

    @property
    def succeeded(self) -> bool:
        return self.status == SUCCESS


def subscribe(reference: int, path: str) -> bytes:
    """Begin a stream, "/Meas/Acc/52"; its frames carry the reference.

    Raises:
        ValueError: not a reference of 8 bits, or a path that is not ASCII.
    """
    return bytes((_SUBSCRIBE, _byte(reference))) + path.encode("ascii")


def unsubscribe(reference: int) -> bytes:
    """End a stream.

    Raises:
        ValueError: not a reference of 8 bits.
    """
    return bytes((_UNSUBSCRIBE, _byte(reference)))


def acceleration_path(rate_hz: int) -> str:
    """What to subscribe to for acceleration (13, 26, 52, 104, 208, 416 or 833 Hz)."""
    return f"/Meas/Acc/{rate_hz}"


def decode_result(frame: bytes) -> Result:
    """Decode the answer to a command.

    Raises:
        DecodeError: not an answer, or cut short.
    """
    if len(frame) < _RESULT_BYTES or frame[0] != _RESULT:
        raise DecodeError(f"movesense: {frame[:4].hex() or 'nothing'} is not an answer (01, reference, status)")
    return Result(reference=frame[1], status=frame[2] | frame[3] << 8)


def decode(frame: bytes) -> MovesenseFrame:
    """Decode one notification of acceleration, m/s² → g.

    Raises:
        DecodeError: not a stream's frame, not a whole number of samples, or numbers that no sensor gives.
    """
    if len(frame) < _HEADER.size or frame[0] != _STREAM:
        raise DecodeError(f"movesense: {frame[:4].hex() or 'nothing'} is not a stream's frame (02, reference, time)")
    body = len(frame) - _HEADER.size
    if body == 0 or body % _SAMPLE_BYTES:
        raise DecodeError(f"movesense: {body} bytes are not a whole number of samples of {_SAMPLE_BYTES} bytes")
    _, reference, first_sample_ms = _HEADER.unpack_from(frame)
    # Compared as bits, whose order is that of the numbers: arithmetic on what is no number would warn.
    if (np.frombuffer(frame, "<u4", offset=_HEADER.size) & _WITHOUT_SIGN > _MOST_BITS).any():
        raise DecodeError("movesense: no acceleration that a sensor measures")
    samples = np.frombuffer(frame, "<f4", offset=_HEADER.size).reshape(-1, 3) / STANDARD_GRAVITY
    return MovesenseFrame(reference=reference, first_sample_ms=first_sample_ms, samples=samples.astype(np.float32))


def _byte(reference: int) -> int:
    if not 0 <= reference <= 0xFF:
        raise ValueError(f"no reference: {reference}")
    return reference
