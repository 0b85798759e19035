"""Polar's compressed samples: a reference sample, then blocks of differences of few bits each.

A block is a width in bits, a count, and `count` differences of each channel, packed from the lowest bit on; the last
byte is filled up. Differences add up from the reference sample on.

Source: polarofficial/polar-ble-sdk, technical documentation and its tests (facts and frames only).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from device_drivers.errors import DecodeError

_BLOCK_HEADER_BYTES: Final = 2
_WIDEST_BITS: Final = 32
# A notification holds 512 bytes at most; at the narrowest useful width, 1 bit of 3 axes, that is 1,400 samples.
_MOST_SAMPLES: Final = 2_048


def samples(body: bytes, *, channels: int, resolution_bits: int) -> NDArray[np.int64]:
    """Undo the compression: int64 (n, channels), oldest first, n ≥ 1.

    Args:
        body: everything behind the frame's header.
        channels: 3 for acceleration.
        resolution_bits: of the reference sample, in whole bytes; every sample must fit into it.

    Raises:
        DecodeError: cut short, an empty or too wide block, or samples that do not fit into the resolution.
    """
    wide = (resolution_bits + 7) // 8
    at = channels * wide
    if len(body) < at:
        raise DecodeError(f"pmd: {len(body)} bytes are too few for a reference sample of {at}")
    reference = [int.from_bytes(body[start : start + wide], "little", signed=True) for start in range(0, at, wide)]
    blocks = [np.array([reference], np.int64)]
    count = 1
    while at < len(body):
        block, at = _block(body, at, channels)
        count += len(block)
        if count > _MOST_SAMPLES:
            raise DecodeError(f"pmd: more than {_MOST_SAMPLES} samples in one frame")
        blocks.append(block)
    found = np.cumsum(np.concatenate(blocks), axis=0)
    limit = 1 << (resolution_bits - 1)
    if found.max() >= limit or found.min() < -limit:
        raise DecodeError(f"pmd: compressed samples run out of their {resolution_bits} bits")
    return found


def _block(body: bytes, at: int, channels: int) -> tuple[NDArray[np.int64], int]:
    """The differences (count, channels) of the block at `at`, and where the next one begins."""
    if at + _BLOCK_HEADER_BYTES > len(body):
        raise DecodeError("pmd: a compressed block is cut short")
    width, count = body[at], body[at + 1]
    if not 0 < width <= _WIDEST_BITS or count == 0:
        raise DecodeError(f"pmd: no compressed block: {count} differences of {width} bits")
    first = at + _BLOCK_HEADER_BYTES
    end = first + (count * channels * width + 7) // 8
    if end > len(body):
        raise DecodeError("pmd: a compressed block is cut short")
    bits = np.unpackbits(np.frombuffer(body, np.uint8, end - first, first), bitorder="little")
    each = bits[: count * channels * width].reshape(-1, width)
    weights = np.left_shift(np.int64(1), np.arange(width, dtype=np.int64))
    weights[-1] = -weights[-1]  # two's complement: the highest bit counts negative
    return (each.astype(np.int64) @ weights).reshape(count, channels), end
