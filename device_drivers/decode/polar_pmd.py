"""Polar Measurement Data (PMD): acceleration frames and the control point.

Source: polarofficial/polar-ble-sdk, technical documentation and its tests (facts and frames only). Little-endian.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from device_drivers.decode import polar_delta
from device_drivers.errors import DecodeError

SERVICE: Final = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL_POINT: Final = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA: Final = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
ACCELERATION: Final = 0x02  # measurement type

GET_SETTINGS: Final = 0x01
START: Final = 0x02
STOP: Final = 0x03

RATE_HZ: Final = 0x00  # setting types
RESOLUTION_BITS: Final = 0x01
RANGE_G: Final = 0x02
CHANNELS: Final = 0x04

_HEADER: Final = Struct("<BQB")  # measurement type, ns since 2000-01-01 of the last sample, frame type
_COMPRESSED_G: Final = 0x80  # frame types: 16 bits over the full scale
_COMPRESSED_MG: Final = 0x81
_STEPS: Final = 1 << 15
_MG_PER_G: Final = 1000
_RESOLUTION_BITS: Final = 16
_AXIS_BYTES: Final[Mapping[int, int]] = MappingProxyType({0: 1, 1: 2, 2: 3})  # by frame type
_RESPONSE: Final = 0xF0
_SETTING_BYTES: Final[Mapping[int, int]] = MappingProxyType({0: 2, 1: 2, 2: 2, 3: 4, 4: 1, 5: 4})  # by setting type
_ERRORS: Final = (
    "success",
    "invalid-op-code",
    "invalid-measurement-type",
    "not-supported",
    "invalid-length",
    "invalid-parameter",
    "already-in-state",
    "invalid-resolution",
    "invalid-sample-rate",
    "invalid-range",
    "invalid-mtu",
    "invalid-number-of-channels",
    "invalid-state",
    "device-in-charger",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PmdFrame:
    """One notification of acceleration.

    Attributes:
        samples: int32 (n, 3), mg, oldest first, n ≥ 1.
        last_sample_ns: the strap's clock at the last sample, ns since 2000-01-01.
    """

    samples: NDArray[np.int32]
    last_sample_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlResponse:
    """What the control point answered.

    Attributes:
        operation: the operation it answers (`GET_SETTINGS`, `START`, `STOP`, or one that we do not know).
        measurement: the measurement type.
        error: "success", the strap's reason in words, or "error-N" for one that we do not know.
        more: further responses follow.
        settings: what may be chosen, by setting type; empty unless asked for.
    """

    operation: int
    measurement: int
    error: str
    more: bool
    settings: Mapping[int, tuple[int, ...]]

    @property
    def succeeded(self) -> bool:
        """The strap did what it was asked."""
        return self.error == _ERRORS[0]


def decode(frame: bytes, *, full_scale_g: float = 8.0) -> PmdFrame:
    """Decode one acceleration notification.

    Frame types 0, 1 and 2 have 8, 16 and 24 bits an axis; 0x80 and 0x81 are compressed, as Verity Sense and OH1 send.

    Args:
        frame: header and samples.
        full_scale_g: the range that the stream was started with; type 0x80 counts in 2¹⁵ths of it.

    Raises:
        DecodeError: another measurement, an unknown frame type, not a whole number of samples, or a broken block.
    """
    if len(frame) < _HEADER.size:
        raise DecodeError(f"pmd: {len(frame)} bytes are too few for a header of {_HEADER.size}")
    measurement, last_sample_ns, frame_type = _HEADER.unpack_from(frame)
    if measurement != ACCELERATION:
        raise DecodeError(f"pmd: measurement type {measurement} is not acceleration ({ACCELERATION})")
    if frame_type in (_COMPRESSED_G, _COMPRESSED_MG):
        mg_per_step = full_scale_g * _MG_PER_G / _STEPS if frame_type == _COMPRESSED_G else 1
        steps = polar_delta.samples(frame[_HEADER.size :], channels=3, resolution_bits=_RESOLUTION_BITS)
        return PmdFrame(samples=np.rint(steps * mg_per_step).astype(np.int32), last_sample_ns=last_sample_ns)
    axis_bytes = _AXIS_BYTES.get(frame_type)
    if axis_bytes is None:
        raise DecodeError(f"pmd: unknown frame type {frame_type:#04x}")
    body = len(frame) - _HEADER.size
    if body == 0 or body % (3 * axis_bytes):
        raise DecodeError(f"pmd: {body} bytes are not a whole number of samples of {3 * axis_bytes} bytes")
    return PmdFrame(samples=_samples(frame, axis_bytes), last_sample_ns=last_sample_ns)


def encode_get_settings(measurement: int = ACCELERATION) -> bytes:
    """Ask which settings a measurement offers."""
    return bytes((GET_SETTINGS, measurement))


def encode_start(*, rate_hz: int, range_g: int, resolution_bits: int = 16, channels: int | None = None) -> bytes:
    """Start the stream of acceleration. `channels` is for devices whose settings name it (Verity Sense: 3)."""
    settings = {RATE_HZ: rate_hz, RESOLUTION_BITS: resolution_bits, RANGE_G: range_g}
    if channels is not None:
        settings[CHANNELS] = channels
    return bytes((START, ACCELERATION)) + b"".join(
        bytes((setting, 1)) + value.to_bytes(_SETTING_BYTES[setting], "little") for setting, value in settings.items()
    )


def encode_stop(measurement: int = ACCELERATION) -> bytes:
    """Stop the stream: without it the strap's battery drains."""
    return bytes((STOP, measurement))


def decode_response(frame: bytes) -> ControlResponse:
    """Decode one indication of the control point.

    Raises:
        DecodeError: not a response, cut short, or with a setting of unknown size.
    """
    if len(frame) < 4 or frame[0] != _RESPONSE:
        raise DecodeError(
            f"pmd control point: {frame[:4].hex() or 'nothing'} is not a response (f0, operation, type, error)"
        )
    _, operation, measurement, error = frame[:4]
    succeeded = error == 0
    return ControlResponse(
        operation=operation,
        measurement=measurement,
        error=_ERRORS[error] if error < len(_ERRORS) else f"error-{error}",
        more=succeeded and len(frame) > 4 and frame[4] != 0,
        settings=_settings(frame[5:]) if succeeded and operation == GET_SETTINGS else {},
    )


def _samples(frame: bytes, axis_bytes: int) -> NDArray[np.int32]:
    if axis_bytes == 3:
        low_middle_high = np.frombuffer(frame, np.uint8, offset=_HEADER.size).reshape(-1, 3, 3)
        wide = np.zeros((*low_middle_high.shape[:2], 4), np.uint8)
        wide[..., 1:] = low_middle_high  # into the upper three bytes, so that the shift below carries the sign
        return np.asarray(wide.view("<i4")[..., 0].astype(np.int32) >> 8, np.int32)
    axes = np.frombuffer(frame, "<i2" if axis_bytes == 2 else np.int8, offset=_HEADER.size)
    return axes.reshape(-1, 3).astype(np.int32)


def _settings(rest: bytes) -> Mapping[int, tuple[int, ...]]:
    settings: dict[int, tuple[int, ...]] = {}
    at = 0
    while at < len(rest):
        setting = rest[at]
        size = _SETTING_BYTES.get(setting)
        if size is None:
            raise DecodeError(f"pmd control point: unknown setting {setting}")
        count = rest[at + 1] if at + 1 < len(rest) else 0
        first, at = at + 2, at + 2 + count * size
        if count == 0 or at > len(rest):
            raise DecodeError(f"pmd control point: setting {setting} is cut short")
        settings[setting] = tuple(
            int.from_bytes(rest[start : start + size], "little") for start in range(first, at, size)
        )
    return MappingProxyType(settings)
