"""2A35 frames/s → `Reading`, against building the same Reading and against bluetooth-sig's `parse_value`.

The three are measured in turns, in processor time, and the ratio is the median of the turns' ratios: a machine that is
busy for a while is busy for all of them. The peer runs in its own interpreter (HUOMA_BENCH_PYTHON), on the same frames
in the same loop.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, Final

from device_drivers.decode.registry import DECODERS
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceTime, Reading
from firmware_profiles.schema import NO_QUIRKS

TURNS: Final = 15
ROUNDS: Final = 2_000  # of all frames, a turn: some 30 ms for us, 150 ms for the peer
PEER: Final = Path(__file__).with_name("_decode_peer.py")
# Good measurements only: bluetooth-sig raises on a failed one.
FRAMES: Final = tuple(
    bytes.fromhex(text)
    for text in (
        "167D0050006600E10701100C273640000000",
        "1686004D006400E10701100D00183D000000",
        "167C0056006100E807060F11111B33000000",
    )
)
PARTS: Final = (
    (125.0, 80.0, 102.0, 64.0, 2017, 1, 16, 12, 39, 54, FRAMES[0]),
    (134.0, 77.0, 100.0, 61.0, 2017, 1, 16, 13, 0, 24, FRAMES[1]),
    (124.0, 86.0, 97.0, 51.0, 2024, 6, 15, 17, 17, 27, FRAMES[2]),
)


def decode(rounds: int) -> None:
    """What a session does with each frame."""
    decoder = DECODERS["2a35"]
    for _ in range(rounds):
        for frame in FRAMES:
            decoder(frame, NO_QUIRKS)


def build(rounds: int) -> None:
    """The same readings without any decoding: the floor."""
    for _ in range(rounds):
        for parts in PARTS:
            built(*parts)


def built(
    systolic: float,
    diastolic: float,
    mean: float,
    pulse: float,
    year: int,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    raw: bytes,
) -> Reading:
    """One reading, its mapping of values and its time."""
    return Reading(
        kind=Kind.BLOOD_PRESSURE,
        values={
            Quantity.SYSTOLIC: systolic,
            Quantity.DIASTOLIC: diastolic,
            Quantity.MEAN_ARTERIAL: mean,
            Quantity.PULSE_RATE: pulse,
        },
        time=DeviceTime(year=year, month=month, day=day, hour=hour, minute=minute, second=second),
        raw=raw,
        source="2a35",
    )


def run() -> list[dict[str, Any]]:
    """Two rows: against the construction, against bluetooth-sig.

    Raises:
        RuntimeError: there is no interpreter with the peer, or the peer failed.
    """
    if [DECODERS["2a35"](frame, NO_QUIRKS) for frame in FRAMES] != [built(*parts) for parts in PARTS]:
        raise RuntimeError("the decoder does not give the readings that the benchmark builds: mend one of them.")
    python = os.environ.get("HUOMA_BENCH_PYTHON")
    if not python:
        raise RuntimeError("HUOMA_BENCH_PYTHON names no interpreter with bluetooth-sig: run `make bench`.")
    decodes: list[float] = []
    builds: list[float] = []
    peers: list[float] = []
    version = "?"
    with subprocess.Popen([python, str(PEER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
        if peer.stdin is None or peer.stdout is None:
            raise RuntimeError("the peer has no pipes.")
        peer.stdin.write(" ".join(frame.hex() for frame in FRAMES) + "\n")
        for turn in range(TURNS + 1):
            rates = _rate(decode), _rate(build)
            peer.stdin.write(f"{ROUNDS}\n")
            peer.stdin.flush()
            answer = peer.stdout.readline()
            if not answer:
                raise RuntimeError(f"bluetooth-sig did not answer in {python}: see its message above.")
            if turn:  # the first turn warms up
                decodes.append(rates[0])
                builds.append(rates[1])
                peers.append(json.loads(answer)["frames_per_s"])
            version = json.loads(answer)["version"]
        peer.stdin.close()
    return [
        _row(
            "2A35 frame to Reading, cost against building it",
            median(decodes),
            "the same Reading, only built",
            median(builds),
            median(b / d for b, d in zip(builds, decodes, strict=True)),
            "<= 3",
        ),
        _row(
            "2A35 frame to Reading, speed against parse_value",
            median(decodes),
            f"bluetooth-sig {version}",
            median(peers),
            median(d / p for d, p in zip(decodes, peers, strict=True)),
            ">= 3",
        ),
    ]


def _rate(work: Callable[[int], None]) -> float:
    began = process_time()
    work(ROUNDS)
    return ROUNDS * len(FRAMES) / (process_time() - began)


def _row(name: str, value: float, peer: str, peer_value: float, ratio: float, goal: str) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "unit": "frames/s",
        "peer": peer,
        "peer_value": peer_value,
        "ratio": ratio,
        "goal": goal,
    }


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=1)
