"""The whole of detection for many wearables: a PMD frame decoded, fed, its share of the ticks and of the watch after.

Frames of 36 samples at 50 Hz, as a Polar H10 sends them, from as many straps; a tick every half second, in which about
seven of ten have sent one. What a core carries is the processor time of one second of all straps, turned round. Beside
it: the bytes that detection keeps for each stream.
"""

from __future__ import annotations

import struct
import tracemalloc
from statistics import median
from time import process_time
from typing import Any, Final

import numpy as np

from analytics.falls import FallDetector, shipped
from device_drivers.decode import polar_pmd
from device_drivers.readings import Motion
from gateway.detection import Detection
from tests.benchmarks._moving import RATE_HZ, struck, walking

STREAMS: Final = 2_000
PACKET: Final = 36
TICK_S: Final = 0.5
SECONDS: Final = 24
DIFFERENT: Final = 40  # straps that move differently
TURNS: Final = 3
MEMORY_STREAMS: Final = 500
GOAL_STREAMS: Final = 20_000
GOAL_BYTES: Final = 16_000


def frames(*, impacting: bool) -> list[list[bytes]]:
    """Each strap's frames, mg in 16 bits."""
    felt = (struck if impacting else walking)(DIFFERENT, SECONDS + 1)
    whole = np.rint(felt * 1000).astype("<i2")
    return [
        [
            struct.pack("<BQB", 2, round((begin + PACKET) / RATE_HZ * 1e9), 1) + own[begin : begin + PACKET].tobytes()
            for begin in range(0, SECONDS * RATE_HZ, PACKET)
        ]
        for own in whole
    ]


class Straps:
    """Very many straps and what they send, in the order of arrival."""

    def __init__(self, streams: int, sent: list[list[bytes]]) -> None:
        self.sent = sent
        self.coming = sorted(
            (PACKET / RATE_HZ * (number + 1 + key / streams), key, number)
            for key in range(streams)
            for number in range(len(sent[0]))
        )
        self.keys = [f"A0:9E:1A:{key >> 16 & 255:02X}:{key >> 8 & 255:02X}:{key & 255:02X}" for key in range(streams)]

    def go(self, detection: Detection, until_s: float) -> tuple[float, int]:
        """Live until then: processor time of decoding, feeding and ticks, and how many packets there were."""
        packets = [one for one in self.coming if one[0] <= until_s]
        self.coming = self.coming[len(packets) :]
        began, next_tick = process_time(), packets[0][0] // TICK_S * TICK_S + TICK_S
        for at, key, number in packets:
            while next_tick <= at:
                detection.tick(next_tick)
                next_tick += TICK_S
            frame = self.sent[key % DIFFERENT][number]
            decoded = polar_pmd.decode(frame, full_scale_g=8.0)
            piece = Motion(
                samples=(decoded.samples / 1000).astype(np.float32),
                rate_hz=float(RATE_HZ),
                last_sample_ns=decoded.last_sample_ns,
                clipping_g=8.0,
                raw=frame,
            )
            detection.feed(self.keys[key], piece, at)
        detection.tick(next_tick)
        return process_time() - began, len(packets)


def decode_us(sent: list[list[bytes]]) -> float:
    """Of one frame."""
    began = process_time()
    for own in sent:
        for frame in own:
            polar_pmd.decode(frame, full_scale_g=8.0)
    return (process_time() - began) / (len(sent) * len(sent[0])) * 1e6


def kept_bytes() -> float:
    """Of one stream, after all its frames, everything that detection holds but the model."""
    detector, sent = FallDetector(model=shipped()["trunk"]), frames(impacting=False)
    Straps(2, sent).go(Detection(detector, max_streams=2), SECONDS)  # what is made once and kept
    straps = Straps(MEMORY_STREAMS, sent)
    tracemalloc.start()
    detection = Detection(detector, max_streams=MEMORY_STREAMS)
    straps.go(detection, SECONDS + 1)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return kept / MEMORY_STREAMS


def run() -> list[dict[str, Any]]:
    """Streams a core carries, the parts of a packet's time, and the memory of a stream."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows: list[dict[str, Any]] = []
    detector = FallDetector(model=shipped()["trunk"])
    with threadpool_limits(1):
        for impacting, words in ((False, "walking"), (True, "struck once a second")):
            sent = frames(impacting=impacting)
            straps, detection = Straps(STREAMS, sent), Detection(detector, max_streams=STREAMS)
            straps.go(detection, 8.0)  # until decisions fall due
            turns = [straps.go(detection, 8.0 + 5.0 * (number + 1)) for number in range(TURNS)]
            us = median(spent / packets * 1e6 for spent, packets in turns)
            carried = PACKET / RATE_HZ / (us / 1e6)
            rows += [
                {
                    "name": f"falls with ingest: streams at 50 Hz a core carries, {words}",
                    "value": carried,
                    "unit": "streams",
                    "peer": "the goal",
                    "peer_value": GOAL_STREAMS,
                    "ratio": carried / GOAL_STREAMS,
                    "goal": ">= 1",
                },
                {
                    "name": f"falls with ingest: a packet of {PACKET} samples, {words}",
                    "value": us,
                    "unit": "µs",
                    "peer": "decoding alone",
                    "peer_value": median(decode_us(sent) for _ in range(TURNS)),
                },
            ]
    kept = kept_bytes()
    rows.append(
        {
            "name": "falls: memory of a stream",
            "value": kept,
            "unit": "bytes",
            "peer": "the goal",
            "peer_value": GOAL_BYTES,
            "ratio": kept / GOAL_BYTES,
            "goal": "<= 1",
        }
    )
    return rows
