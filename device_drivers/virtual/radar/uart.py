"""What a receiver hears whose speed is not the sender's: garbage, bit by bit as a UART samples it."""

from __future__ import annotations

from typing import Final

_TOLERATED: Final = 0.04  # of the speed; up to half a bit over the ten of a byte


def heard(data: bytes, *, sent_baud: int, read_baud: int) -> bytes:
    """Eight bits, no parity, one stop bit. Bytes without a right stop bit are given as they are, as drivers do."""
    if abs(sent_baud - read_baud) <= _TOLERATED * sent_baud:
        return data
    line = bytearray()
    for byte in data:
        line.append(0)
        line += bytes(byte >> place & 1 for place in range(8))
        line.append(1)
    length = len(line)
    bits_per_read = sent_baud / read_baud
    found = bytearray()
    at = 0.0
    while (begin := line.find(0, int(at))) >= 0:
        start = max(float(begin), at)
        byte = 0
        for place in range(8):
            sample = int(start + (place + 1.5) * bits_per_read)
            byte |= (line[sample] if sample < length else 1) << place
        found.append(byte)
        at = start + 9.5 * bits_per_read  # the middle of the stop bit
    return bytes(found)
