"""Lines of radar modules with garbage, cut anywhere: the same frames as in one piece, and only counted drops.

20,000 lines for each protocol; a million with HUOMA_RELIABILITY=full.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Final

import numpy as np
import pytest

from device_drivers.decode.radar.protocols import PROTOCOLS, Protocol
from device_drivers.decode.radar.splitter import Splitter
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import FURTHEST_M, RadarFrame
from tests.device_drivers.decode.radar.frames import FRAMES

LINES: Final = 1_000_000 if os.environ.get("HUOMA_RELIABILITY") == "full" else 20_000
SEED: Final = 20260302


def line(frames: Sequence[bytes], rng: random.Random) -> bytes:
    """Frames, whole, cut, and with flipped bits, with noise and pieces of each other between them."""
    parts = []
    for _ in range(rng.randrange(1, 6)):
        frame = bytearray(rng.choice(frames))
        match rng.randrange(6):
            case 0:
                frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
            case 1:
                del frame[rng.randrange(len(frame)) :]
            case 2:
                del frame[: rng.randrange(len(frame))]
            case 3:
                parts.append(rng.randbytes(rng.randrange(40)))
        parts.append(bytes(frame))
    return b"".join(parts)


def through(protocol: Protocol, pieces: Sequence[bytes]) -> tuple[list[bytes], int]:
    splitter = Splitter(protocol.framing)
    found = [frame for piece in pieces for frame in splitter.feed(piece)]
    assert len(splitter._held) <= protocol.framing.longest
    found += splitter.quiet()
    assert not splitter._held
    return found, splitter.dropped


def check(said: RadarFrame) -> None:
    if said.points is not None:
        assert said.points.dtype == np.float32
        assert (np.abs(said.points[:, :4]) <= FURTHEST_M).all()
    if said.targets is not None:
        k = len(said.targets.ids)
        assert said.targets.positions.shape == said.targets.velocities.shape == (k, 3)
        assert said.targets.heights.shape == (k, 2)
        assert said.targets.confidences.shape == (k,)
        assert (np.abs(said.targets.positions[:, :2]) <= FURTHEST_M + 20).all()
    assert all(np.isfinite(value) for value in said.measures.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", PROTOCOLS)
def test_cut_anywhere_the_same_frames_come_and_every_other_byte_is_counted(name: str) -> None:
    protocol, rng = PROTOCOLS[name], random.Random(f"{SEED} {name}")
    read = 0
    for _ in range(LINES):
        whole = line(FRAMES[name], rng)
        cuts = sorted(rng.randrange(len(whole) + 1) for _ in range(rng.randrange(8)))
        pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        found, dropped = through(protocol, pieces)
        assert (found, dropped) == through(protocol, [whole]), whole.hex()
        assert dropped + sum(map(len, found)) == len(whole), whole.hex()
        for frame in found:
            try:
                said = protocol.decode(frame)
            except DecodeError:
                continue
            check(said)
            read += 1
    assert read >= LINES, "most frames are whole"


@pytest.mark.slow
@pytest.mark.parametrize("name", PROTOCOLS)
def test_after_garbage_at_most_two_frames_are_lost(name: str) -> None:
    protocol, rng = PROTOCOLS[name], random.Random(f"{SEED} resync {name}")
    for _ in range(LINES):
        good = [rng.choice(FRAMES[name]) for _ in range(6)]
        broken = rng.choice(FRAMES[name])
        garbage = rng.randbytes(rng.randrange(60)) + broken[: rng.randrange(len(broken))]
        found, _ = through(protocol, [garbage + b"".join(good)])
        assert found[-4:] == good[-4:], (garbage.hex(), [one.hex() for one in good])


@pytest.mark.parametrize("name", PROTOCOLS)
def test_what_is_no_frame_is_refused(name: str) -> None:
    rng = random.Random(f"{SEED} {name} alone")
    for frame in (b"", b"\0", *(rng.randbytes(rng.randrange(80)) for _ in range(2000))):
        with pytest.raises(DecodeError):
            PROTOCOLS[name].decode(frame)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_line_that_never_ends_a_frame_is_bounded(name: str) -> None:
    protocol = PROTOCOLS[name]
    splitter = Splitter(protocol.framing)
    for _ in range(200):
        assert splitter.feed(protocol.framing.begins[0] + bytes(4000)) is not None
        assert len(splitter._held) <= protocol.framing.longest + 4010
