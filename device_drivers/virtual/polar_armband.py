"""Polar Verity Sense and OH1: the H10's protocol with compressed acceleration, at the one rate and range they have.

Source: polarofficial/polar-ble-sdk, documentation of both products (52 Hz, 8 g) and of compressed frames: a reference
sample, then blocks of a width in bits, a count, and differences of three axes packed from the lowest bit on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from device_drivers.virtual.polar_h10 import HeartRateStrap

FULL_SCALE_G = 8
_BLOCK = 8  # differences in a block: each has its own width
_STEPS = 1 << 15


class VeritySense(HeartRateStrap):
    """Counts in 2¹⁵ths of its full scale (frame type 0x80); asks for the number of channels when it is started.

    Whether it says that it touches skin means nothing: it does so on a table too.
    """

    model = "Polar Verity Sense"
    advertised_name = "Polar Sense"
    firmware = "2.1.0"
    rates_hz = (52,)
    ranges_g = (FULL_SCALE_G,)
    channels = 3
    settings = bytes.fromhex("00013400" + "01011000" + "02010800" + "040103")
    started = bytes.fromhex("050100008039")  # the factor: 2⁻¹² g a step, as a float
    samples_per_packet = 24

    def heart_rate_frame(self) -> bytes:
        return bytes([0x06, self.heart_rate])  # skin contact, always

    def pack(self, milli_g: NDArray[np.int16]) -> tuple[int, bytes]:
        steps = np.rint(milli_g.astype(np.float64) * _STEPS / (FULL_SCALE_G * 1000))
        return 0x80, compress(np.clip(steps, -_STEPS, _STEPS - 1).astype(np.int64))


class OH1(VeritySense):
    """Counts in mg (frame type 0x81)."""

    model = "Polar OH1"
    advertised_name = "Polar OH1"
    firmware = "2.0.8"

    def pack(self, milli_g: NDArray[np.int16]) -> tuple[int, bytes]:
        return 0x81, compress(milli_g.astype(np.int64))


def compress(samples: NDArray[np.int64]) -> bytes:
    """A reference sample and blocks of differences, of samples (n, 3) that fit into 16 bits."""
    body: bytes = samples[0].astype("<i2").tobytes()
    differences = np.diff(samples, axis=0)
    for at in range(0, len(differences), _BLOCK):
        block = differences[at : at + _BLOCK]
        width = max(int(value if value >= 0 else ~value).bit_length() + 1 for value in block.ravel())
        bits, used = 0, 0
        for value in block.ravel():
            bits |= (int(value) & ((1 << width) - 1)) << used
            used += width
        packed: bytes = bits.to_bytes((used + 7) // 8, "little")
        body += bytes([width, len(block)]) + packed
    return body
